/*
 * Guest paths. With --root DIR an absolute path is looked up under DIR first and,
 * if nothing is there, on the host (the Linuxulator's emul_path, qemu's -L):
 *
 *  - a symlink under DIR is resolved there too, absolute targets included, and
 *    `..` does not lead out of DIR;
 *  - a file there hides what the host has behind its name as if it were a folder;
 *  - a name that is to be made goes where its folder is;
 *  - /dev and /proc are the host kernel's whatever DIR holds;
 *  - in a room (isolate/) a BSD guest finds no /proc, which is there for the core;
 *  - a relative path is the host's as it stands, but where the host could be led elsewhere by it
 *    (by `..`, a symlink, or to /dev and /proc): that one is looked up from the guest's name of its folder;
 *  - without --root all paths are the host's.
 */
#ifndef DRAGOMAN_CORE_PATH_H
#define DRAGOMAN_CORE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "call.h"

/* What the call does with the last component of a path. */
enum path_use {
	PATH_FOLLOW,	     /* what a symlink there leads to */
	PATH_LINK,	     /* the file of that name, be it a symlink */
	PATH_NAME,	     /* the name itself, which is to go */
	PATH_MAKE,	     /* the name itself, which is to be made */
	PATH_FOLLOW_OR_MAKE, /* open(2) with O_CREAT */
};

/* Is what a symlink as the last component leads to meant, and not the symlink? */
static inline bool
path_follows(enum path_use use)
{
	return use == PATH_FOLLOW || use == PATH_FOLLOW_OR_MAKE;
}

/* What the flags of open(2), of the *at calls and of linkat(2) make of it. */
enum path_use path_use_of_open(uint32_t how);
enum path_use path_use_of_at(uint32_t how);
enum path_use path_use_of_linkat(uint32_t how);

/* Whose program it is, if the path is /proc/self/exe, /proc/thread-self/exe or /proc/PID/exe; else 0. */
int path_names_program(const struct call *c, struct guest_ptr path);
/* The guest's name of that file; false: it is nobody's, not known, or no program of ours, and the host knows it. */
bool path_of_program(const struct call *c, int pid, char *to, size_t size);

/*
 * Copies the guest's path in and finds what it stands for: 0 or -errno. -ENAMETOOLONG
 * from the guest's own PATH_MAX on (personality.path_max). A relative path is one from the
 * folder `dir` (-1: it stays as it is), or from where the process is.
 */
long path_for_at(struct call *c, int dir, struct guest_ptr path, enum path_use use, struct host_path *out);
long path_for(struct call *c, struct guest_ptr path, enum path_use use, struct host_path *out);

/* The same for a path that is here, into `to` of `size` bytes. */
long path_look(int dir, const char *path, enum path_use use, char *to, size_t size);

/*
 * Opens the guest's `file` under the root by one host call, without looking its name up, if no symlink is on its way;
 * `how` and `mode` are the host's. True: `result` is the descriptor, or says that a signal interrupted the call.
 * False: the file was not opened, there may be no root, and the name is to be looked up.
 */
bool path_open_straight(struct call *c, int dir, struct guest_ptr file, uint32_t how, uint16_t mode, long *result);

/*
 * The host name for `path` in `to`; `path` itself if it is the same. NULL: longer
 * than `size`, or a loop of symlinks.
 */
const char *path_on_host(const char *path, char *to, size_t size);

/* The guest's name for an absolute host path, in place: without the root in front. */
void path_to_guest(char *path);

#endif
