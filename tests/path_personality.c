/* A personality for test_path.c: its header and libc's do not go together. */
#include "personality.h"

extern const struct personality guest_system;
const struct personality guest_system = {.name = "test", .path_max = 1024};
