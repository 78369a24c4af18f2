/*
 * Paths under the root that no symlink, no `..` and none of the kernel's own folders is on: most are so, and
 * openat2(2), which refuses symlinks on request, tells by one host call what else takes one for each component.
 */
#ifndef DRAGOMAN_CORE_PATH_STRAIGHT_H
#define DRAGOMAN_CORE_PATH_STRAIGHT_H

#include <stdbool.h>
#include <stddef.h>

/* Is the path written as walking it would leave it, but for symlinks, and not one of the kernel's own? */
bool path_is_plain(const char *path);

/*
 * Do the first `n` bytes of the host's `name` (in a buffer of `size` bytes, which needs room for four more) name a folder
 * or a file, by no symlink? Also true if one that they want as a folder is a file. From the folder `dir`.
 */
bool path_is_straight(int dir, char *name, size_t n, size_t size);

#endif
