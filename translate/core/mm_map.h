/*
 * What the host's kernel tells of the program to ps(1) and all who read its /proc/PID/cmdline, environ, stat and auxv:
 * the words it was started with, as long as they stand on its stack, and where its code, data and stack are. Without
 * this, that would be the core's. Linux has it for restored processes; a kernel that was built without
 * CONFIG_CHECKPOINT_RESTORE refuses, and goes on showing the core.
 */
#ifndef DRAGOMAN_CORE_MM_MAP_H
#define DRAGOMAN_CORE_MM_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct image;
struct stack_words;

void mm_map_program(const struct image *image, const struct stack_words *words);

/*
 * Other words for the command line: n bytes at `text`, which stay there; NULL: those that the program was started with. 0 or
 * -errno.
 */
long mm_map_args(const char *text, size_t n);

/*
 * The host's name of the file that a process (0: this one) runs: what is mapped where its code begins, since
 * /proc/PID/exe is the core's. As the kernel has it, without symlinks, and of a file that was renamed the new one. False: it
 * may not be asked, or is not known.
 */
bool mm_map_file(long pid, char *to, size_t size);

#endif
