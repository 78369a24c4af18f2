/*
 * The stat(2) family: the layout of FreeBSD 12 and later, that of FreeBSD 5 to 11, and
 * the BSD/OS-like nstat (sys/stat.h; kern/vfs_syscalls.c: cvtstat(), cvtnstat()).
 */
#include "files.h"

#include <linux/magic.h>
#include <linux/stat.h>

struct freebsd_timespec {
	int64_t sec, nsec;
};

struct freebsd_stat {
	uint64_t dev, ino, nlink;
	uint16_t mode;
	int16_t pad0;
	uint32_t uid, gid;
	int32_t pad1;
	uint64_t rdev;
	struct freebsd_timespec atim, mtim, ctim, birthtim;
	int64_t size, blocks;
	int32_t blksize;
	uint32_t flags;
	uint64_t gen;
	uint64_t spare[10];
};
_Static_assert(sizeof(struct freebsd_stat) == 224, "sys/stat.h");
_Static_assert(offsetof(struct freebsd_stat, atim) == 48, "sys/stat.h");
_Static_assert(offsetof(struct freebsd_stat, size) == 112, "sys/stat.h");

struct freebsd11_stat {
	uint32_t dev, ino;
	uint16_t mode, nlink;
	uint32_t uid, gid, rdev;
	struct freebsd_timespec atim, mtim, ctim;
	int64_t size, blocks;
	int32_t blksize;
	uint32_t flags, gen;
	int32_t spare;
	struct freebsd_timespec birthtim;
};
_Static_assert(sizeof(struct freebsd11_stat) == 120, "sys/stat.h");
_Static_assert(offsetof(struct freebsd11_stat, size) == 72, "sys/stat.h");

struct freebsd11_nstat {
	uint32_t dev, ino, mode, nlink, uid, gid, rdev;
	struct freebsd_timespec atim, mtim, ctim;
	int64_t size, blocks;
	int32_t blksize;
	uint32_t flags, gen;
	struct freebsd_timespec birthtim;
};
_Static_assert(sizeof(struct freebsd11_nstat) == 128, "sys/stat.h");

/* 32 bits each, interleaved so that old 16-bit numbers keep their value. */
uint64_t
device_to_guest(uint32_t major, uint32_t minor)
{
	return (uint64_t)(major & 0xffffff00) << 32 | (major & 0xff) << 8 |
	       (uint64_t)(minor & 0xff00) << 24 | (minor & 0xffff00ff);
}

/* new_encode_dev() of include/linux/kdev_t.h. */
uint32_t
device_to_host(uint64_t device)
{
	uint32_t major = (uint32_t)((device >> 32 & 0xffffff00) | (device >> 8 & 0xff));
	uint32_t minor = (uint32_t)((device >> 24 & 0xff00) | (device & 0xffff00ff));

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static struct freebsd_timespec
time_to_guest(const struct statx_timestamp *t)
{
	return (struct freebsd_timespec){t->tv_sec, t->tv_nsec};
}

static uint32_t
flags_of_file(const struct statx *st)
{
	uint32_t flags = 0;

	if (st->stx_attributes & STATX_ATTR_NODUMP)
		flags |= FREEBSD_UF_NODUMP;
	/* Only the superuser sets these two on Linux, as it is with FreeBSD's SF_ ones. */
	if (st->stx_attributes & STATX_ATTR_IMMUTABLE)
		flags |= FREEBSD_SF_IMMUTABLE;
	if (st->stx_attributes & STATX_ATTR_APPEND)
		flags |= FREEBSD_SF_APPEND;
	return flags;
}

/*
 * What has no type on Linux (epoll, eventfd, …) serves kqueues and the like, which
 * show as pipes without permissions (kqueue_stat(), eventfd_stat()).
 */
static uint16_t
mode_to_guest(uint16_t mode)
{
	return mode & S_IFMT ? mode : S_IFIFO;
}

/* Every member is named: else the compiler clears the whole first, and `rep stos` takes 40 ns to begin. */
static void
stat_to_guest(struct freebsd_stat *to, const struct statx *st)
{
	*to = (struct freebsd_stat){
		.dev = device_to_guest(st->stx_dev_major, st->stx_dev_minor),
		.ino = st->stx_ino,
		.nlink = st->stx_nlink,
		.mode = mode_to_guest(st->stx_mode),
		.pad0 = 0,
		.uid = st->stx_uid,
		.gid = st->stx_gid,
		.pad1 = 0,
		.rdev = device_to_guest(st->stx_rdev_major, st->stx_rdev_minor),
		.atim = time_to_guest(&st->stx_atime),
		.mtim = time_to_guest(&st->stx_mtime),
		.ctim = time_to_guest(&st->stx_ctime),
		/* A file system without it: -1 s (kern/vfs_vnops.c, vn_stat()). */
		.birthtim = st->stx_mask & STATX_BTIME ? time_to_guest(&st->stx_btime)
						       : (struct freebsd_timespec){-1, 0},
		.size = (int64_t)st->stx_size,
		.blocks = (int64_t)st->stx_blocks,
		.blksize = (int32_t)st->stx_blksize,
		.flags = flags_of_file(st),
		.gen = 0,
		.spare = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	};
}

/* Wider numbers are cut, as with vfs.ino64_trunc_error=0, the default. */
static void
stat11_to_guest(void *to, const struct freebsd_stat *st)
{
	*(struct freebsd11_stat *)to = (struct freebsd11_stat){
		.dev = (uint32_t)st->dev,
		.ino = (uint32_t)st->ino,
		.mode = st->mode,
		.nlink = st->nlink > UINT16_MAX ? UINT16_MAX : (uint16_t)st->nlink,
		.uid = st->uid,
		.gid = st->gid,
		.rdev = (uint32_t)st->rdev,
		.atim = st->atim,
		.mtim = st->mtim,
		.ctim = st->ctim,
		.size = st->size,
		.blocks = st->blocks,
		.blksize = st->blksize,
		.flags = st->flags,
		.birthtim = st->birthtim,
	};
}

static void
nstat_to_guest(void *to, const struct freebsd_stat *st)
{
	*(struct freebsd11_nstat *)to = (struct freebsd11_nstat){
		.dev = (uint32_t)st->dev,
		.ino = (uint32_t)st->ino,
		.mode = st->mode,
		.nlink = (uint32_t)st->nlink,
		.uid = st->uid,
		.gid = st->gid,
		.rdev = (uint32_t)st->rdev,
		.atim = st->atim,
		.mtim = st->mtim,
		.ctim = st->ctim,
		.size = st->size,
		.blocks = st->blocks,
		.blksize = st->blksize,
		.flags = st->flags,
		.birthtim = st->birthtim,
	};
}

static inline long
stat_host(int dir, const char *name, int flags, struct freebsd_stat *to)
{
	struct statx st;
	long r = host_call(__NR_statx, dir, name, flags, STATX_BASIC_STATS | STATX_BTIME, &st);

	if (r >= 0)
		stat_to_guest(to, &st);
	return r;
}

static inline long
stat_path(struct call *c, int dir, struct guest_ptr file, uint32_t how, struct freebsd_stat *to)
{
	struct host_path path;
	long flags = at_path(c, &freebsd_at_flags, dir, file, how, &path);

	return flags < 0 ? flags : stat_host(dir, path.name, (int)flags, to);
}

static bool
is_nameless(int fd)
{
	int64_t fs[15]; /* struct statfs; the type comes first */

	return core_call(__NR_fstatfs, fd, fs) == 0 && fs[0] == PIPEFS_MAGIC;
}

/* pipe_stat(): nobody's permissions, no links, and what waits to be read. */
static void
stat_pipe(int fd, struct freebsd_stat *to)
{
	int waiting = 0;

	core_call(__NR_ioctl, fd, FIONREAD, &waiting);
	to->mode = S_IFIFO;
	to->nlink = 0;
	to->size = waiting;
	to->blocks = (waiting + to->blksize - 1) / to->blksize;
}

static long
stat_descriptor(int fd, struct freebsd_stat *to)
{
	long r = stat_host(fd, "", AT_EMPTY_PATH, to);

	if (r == 0 && (to->mode & S_IFMT) == S_IFIFO && is_nameless(fd))
		stat_pipe(fd, to);
	/* soo_stat(): what can be done with a socket, not who may. */
	if (r == 0 && (to->mode & S_IFMT) == S_IFSOCK)
		to->mode = S_IFSOCK | 0666;
	return r;
}

/* How a call's struct is made of the present one. */
struct form {
	size_t size;
	void (*make)(void *to, const struct freebsd_stat *st);
};
static const struct form stat11 = {sizeof(struct freebsd11_stat), stat11_to_guest};
static const struct form nstat = {sizeof(struct freebsd11_nstat), nstat_to_guest};

static long
give(struct guest_ptr buf, const struct freebsd_stat *st, long r)
{
	return r < 0 ? r : copy_out(buf, st, sizeof *st);
}

static long
give_as(const struct form *form, struct guest_ptr buf, const struct freebsd_stat *st, long r)
{
	union {
		struct freebsd11_stat stat;
		struct freebsd11_nstat nstat;
	} old;

	if (r < 0)
		return r;
	form->make(&old, st);
	return copy_out(buf, &old, form->size);
}

static long
fstat_as(const struct form *form, int f, struct guest_ptr buf)
{
	struct freebsd_stat st;

	return give_as(form, buf, &st, stat_descriptor(f, &st));
}

static long
fstatat_as(const struct form *form, struct call *c, int dir, struct guest_ptr file,
	   struct guest_ptr buf, uint32_t flags)
{
	struct freebsd_stat st;

	return give_as(form, buf, &st, stat_path(c, dir, file, flags, &st));
}

long
freebsd_fstat(struct call *c, int32_t f, struct guest_ptr buf)
{
	struct freebsd_stat st;

	(void)c;
	return give(buf, &st, stat_descriptor(f, &st));
}

long
freebsd_fstatat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr buf,
		uint32_t flags)
{
	struct freebsd_stat st;

	return give(buf, &st, stat_path(c, dir, file, flags, &st));
}

long
freebsd11_stat(struct call *c, struct guest_ptr file, struct guest_ptr buf)
{
	return fstatat_as(&stat11, c, AT_FDCWD, file, buf, 0);
}

long
freebsd11_lstat(struct call *c, struct guest_ptr file, struct guest_ptr buf)
{
	return fstatat_as(&stat11, c, AT_FDCWD, file, buf, FREEBSD_AT_SYMLINK_NOFOLLOW);
}

long
freebsd11_fstat(struct call *c, int32_t f, struct guest_ptr buf)
{
	(void)c;
	return fstat_as(&stat11, f, buf);
}

long
freebsd11_fstatat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr buf,
		  uint32_t flags)
{
	return fstatat_as(&stat11, c, dir, file, buf, flags);
}

long
freebsd11_nstat(struct call *c, struct guest_ptr file, struct guest_ptr buf)
{
	return fstatat_as(&nstat, c, AT_FDCWD, file, buf, 0);
}

long
freebsd11_nlstat(struct call *c, struct guest_ptr file, struct guest_ptr buf)
{
	return fstatat_as(&nstat, c, AT_FDCWD, file, buf, FREEBSD_AT_SYMLINK_NOFOLLOW);
}

long
freebsd11_nfstat(struct call *c, int32_t f, struct guest_ptr buf)
{
	(void)c;
	return fstat_as(&nstat, f, buf);
}
