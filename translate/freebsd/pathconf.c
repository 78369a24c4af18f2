/*
 * pathconf(2), fpathconf(2), lpathconf(2): constants of the kernel by kind of file, as
 * UFS, devfs and pipes give them (ufs/ufs/ufs_vnops.c, fs/devfs/devfs_vnops.c,
 * kern/vfs_default.c, kern/kern_descrip.c: kern_fpathconf()).
 */
#include "files.h"

#include "core/linux_abi.h"

#include <linux/stat.h>

#define FREEBSD_PIPE_BUF 512
#define FREEBSD_MAX_CANON 255
#define FREEBSD_VDISABLE 0xff
#define FREEBSD_POSIX_ASYNCHRONOUS_IO 200112

static long
of_terminal(const struct statx *st, long value)
{
	return (st->stx_mode & S_IFMT) == S_IFCHR ? value : -EINVAL;
}

/* -1 is an answer: no limit. */
static long
value_for(const struct statx *st, int name)
{
	uint32_t type = st->stx_mode & S_IFMT;

	switch (name) {
	case FREEBSD__PC_LINK_MAX:
		return 32767;
	case FREEBSD__PC_MAX_CANON:
	case FREEBSD__PC_MAX_INPUT:
		return of_terminal(st, FREEBSD_MAX_CANON);
	case FREEBSD__PC_VDISABLE:
		return of_terminal(st, FREEBSD_VDISABLE);
	case FREEBSD__PC_NAME_MAX:
		return 255;
	case FREEBSD__PC_PATH_MAX:
	case FREEBSD__PC_SYMLINK_MAX:
		return 1024;
	case FREEBSD__PC_PIPE_BUF:
		return type == S_IFDIR || type == S_IFIFO ? FREEBSD_PIPE_BUF : -EINVAL;
	case FREEBSD__PC_CHOWN_RESTRICTED:
	case FREEBSD__PC_NO_TRUNC:
		return 1;
	case FREEBSD__PC_ALLOC_SIZE_MIN:
	case FREEBSD__PC_REC_INCR_XFER_SIZE:
	case FREEBSD__PC_REC_MIN_XFER_SIZE:
	case FREEBSD__PC_MIN_HOLE_SIZE:
		return st->stx_blksize;
	case FREEBSD__PC_REC_MAX_XFER_SIZE:
		return -1;
	case FREEBSD__PC_REC_XFER_ALIGN:
		return 4096;
	case FREEBSD__PC_FILESIZEBITS:
		return 64;
	case FREEBSD__PC_ASYNC_IO:
		return FREEBSD_POSIX_ASYNCHRONOUS_IO;
	case FREEBSD__PC_PRIO_IO:
	case FREEBSD__PC_SYNC_IO:
	case FREEBSD__PC_ACL_EXTENDED:
	case FREEBSD__PC_ACL_NFS4:
	case FREEBSD__PC_CAP_PRESENT:
	case FREEBSD__PC_INF_PRESENT:
	case FREEBSD__PC_MAC_PRESENT:
	case FREEBSD__PC_DEALLOC_PRESENT:
		return 0;
	case FREEBSD__PC_ACL_PATH_MAX:
		return 3;
	}
	return -EINVAL;
}

static long
pathconf_of_name(struct call *c, struct guest_ptr file, int32_t name, enum path_use use)
{
	struct host_path path;
	struct statx st;
	long r = path_for(c, file, use, &path);

	if (r == 0)
		r = host_call(__NR_statx, AT_FDCWD, path.name,
			      use == PATH_LINK ? AT_SYMLINK_NOFOLLOW : 0, STATX_BASIC_STATS, &st);
	return r < 0 ? r : value_for(&st, name);
}

long
freebsd_pathconf(struct call *c, struct guest_ptr file, int32_t name)
{
	return pathconf_of_name(c, file, name, PATH_FOLLOW);
}

long
freebsd_lpathconf(struct call *c, struct guest_ptr file, int32_t name)
{
	return pathconf_of_name(c, file, name, PATH_LINK);
}

/* Of pipes and sockets only PIPE_BUF is known; named FIFOs cannot be told from pipes here. */
long
freebsd_fpathconf(struct call *c, int32_t f, int32_t name)
{
	struct statx st;
	long r = host_call(__NR_statx, f, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st);

	(void)c;
	if (r < 0)
		return r;
	if (name == FREEBSD__PC_ASYNC_IO)
		return FREEBSD_POSIX_ASYNCHRONOUS_IO;
	switch (st.stx_mode & S_IFMT) {
	case S_IFSOCK:
	case S_IFIFO:
		return name == FREEBSD__PC_PIPE_BUF ? FREEBSD_PIPE_BUF : -EINVAL;
	case 0:
		return -EOPNOTSUPP;
	}
	return value_for(&st, name);
}
