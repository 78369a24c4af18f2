/*
 * What the handlers of file calls share.
 */
#ifndef DRAGOMAN_FREEBSD_FILES_H
#define DRAGOMAN_FREEBSD_FILES_H

#include "freebsd.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/linux_numbers.h"
#include "core/path.h"

/* What FreeBSD's UIO_MAXIOV and IOSIZE_MAX allow (sys/uio.h, kern/sys_generic.c). */
#define FREEBSD_UIO_MAXIOV 1024
#define FREEBSD_IOSIZE_MAX INT64_MAX

/* Does `fd` stand for an open file? 0 or -EBADF. */
static inline long
check_descriptor(int fd)
{
	long r = core_call(__NR_fcntl, fd, F_GETFD, 0);

	return r < 0 ? r : 0;
}

/* "/proc/self/fd/N": the host's name for whatever a descriptor stands for. */
#define DESCRIPTOR_PATH 32
void descriptor_path(char to[DESCRIPTOR_PATH], int fd);

/* The host's st_mode of a name (`flags` as fstatat's, AT_EMPTY_PATH for dir itself), or -errno. */
long host_mode(int dir, const char *name, int flags);

/* makedev() of sys/types.h and its reverse: the host's dev_t as mknod(2) takes it. */
uint64_t device_to_guest(uint32_t major, uint32_t minor);
uint32_t device_to_host(uint64_t device);

/* Is the last component itself a symlink? */
bool is_symlink(int dir, const char *name);

/* The folder for path_for_at(): a path that must stay beneath it is the host's to walk. */
static inline int
folder_for(int dir, uint32_t flags)
{
	return flags & FREEBSD_AT_RESOLVE_BENEATH ? -1 : dir;
}

/* AT_RESOLVE_BENEATH, as O_RESOLVE_BENEATH: a path that leaves `dir` is ENOTCAPABLE; 0 or an error.
 */
long check_beneath(int dir, const char *name, bool follow_last);

/*
 * A file as the calls with `at` in their names take it: the host's path, and the AT_ flags in the host's terms, or
 * -errno. Flags that `flags` does not have are refused before the path is read; AT_RESOLVE_BENEATH is done here.
 */
long at_path(struct call *c, const struct flag_map *flags, int dir, struct guest_ptr file, uint32_t how,
	     struct host_path *path);

/* locks.c: F_GETLK and its kin. */
long freebsd_record_lock(int fd, int command, struct guest_ptr where);
/* file_info.c: F_KINFO. */
long freebsd_file_info(int fd, struct guest_ptr where);

#endif
