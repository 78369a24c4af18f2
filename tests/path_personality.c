/* A personality and a process for test_path.c: their headers and libc's do not go together. */
#include "personality.h"
#include "process.h"

extern const struct personality guest_system;
const struct personality guest_system = {.name = "test", .path_max = 1024};
extern struct process guest_process;
struct process guest_process = {.pid = 123, .exec_path = "/dir/sub/file"};
