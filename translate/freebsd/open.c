/*
 * open(2), openat(2) (kern/vfs_syscalls.c: openatfl(); kern/vfs_vnops.c: vn_open_vnode()).
 */
#include "files.h"

#include "core/core.h"
#include "core/print.h"
#include "core/string.h"

#include <linux/openat2.h>
#include <linux/stat.h>

#define FREEBSD_RELEASE_CHECKS_OFLAGS 1500 /* 15.0: unknown flags are EINVAL, before: ignored */

void
descriptor_path(char to[DESCRIPTOR_PATH], int fd)
{
	format(to, DESCRIPTOR_PATH, "/proc/self/fd/%d", fd);
}

long
host_mode(int dir, const char *name, int flags)
{
	struct statx st;
	long r = core_call(__NR_statx, dir, name, flags, STATX_TYPE | STATX_MODE, &st);

	return r < 0 ? r : st.stx_mode;
}

bool
is_symlink(int dir, const char *name)
{
	long mode = host_mode(dir, name, AT_SYMLINK_NOFOLLOW);

	return mode >= 0 && (mode & S_IFMT) == S_IFLNK;
}

/* RESOLVE_BENEATH's EXDEV is ENOTCAPABLE on FreeBSD, which gives it to absolute paths too. */
static long
open_beneath(int dir, const char *name, long flags, unsigned mode)
{
	struct open_how how = {.flags = (uint64_t)flags, .mode = mode, .resolve = RESOLVE_BENEATH};
	long r = host_call(__NR_openat2, dir, name, &how, sizeof how);

	return r == -EXDEV ? GUEST_ERROR(FREEBSD_ENOTCAPABLE) : r;
}

long
check_beneath(int dir, const char *name, bool follow_last)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (follow_last ? 0 : O_NOFOLLOW),
		.resolve = RESOLVE_BENEATH,
	};
	long r = core_call(__NR_openat2, dir, name, &how, sizeof how);

	if (r == -EXDEV)
		return GUEST_ERROR(FREEBSD_ENOTCAPABLE);
	if (r >= 0)
		core_call(__NR_close, r);
	return 0; /* what else is wrong, the call itself will find */
}

long
at_path(struct call *c, const struct flag_map *flags, int dir, struct guest_ptr file, uint32_t how,
	struct host_path *path)
{
	const bool follows = !(how & FREEBSD_AT_SYMLINK_NOFOLLOW);
	long host = flags_to_host(flags, how), r;

	if (host < 0)
		return host;
	r = path_for_at(c, folder_for(dir, how), file, follows ? PATH_FOLLOW : PATH_LINK, path);
	if (r == 0 && how & FREEBSD_AT_RESOLVE_BENEATH)
		r = check_beneath(dir, path->name, follows);
	return r < 0 ? r : host;
}

/* Checks of the word alone; they come before the path is read. Host flags, or -errno. */
static long
open_flags(uint32_t *how)
{
	uint32_t accmode = *how & FREEBSD_O_ACCMODE;
	uint32_t known = FREEBSD_O_ACCMODE;
	long flags;

	for (const struct flag *f = freebsd_oflags.flags;
	     f < freebsd_oflags.flags + freebsd_oflags.n; f++)
		if (f->kind != FLAG_REFUSED)
			known |= (uint32_t)f->value;
	if (options.release < FREEBSD_RELEASE_CHECKS_OFLAGS)
		*how &= known;
	/* Only O_EXEC contradicts an access mode; O_PATH overrules both. */
	if (*how & FREEBSD_O_PATH)
		*how &= ~(uint32_t)(FREEBSD_O_ACCMODE | FREEBSD_O_CREAT);
	else if (*how & FREEBSD_O_EXEC ? accmode != 0 : accmode == FREEBSD_O_ACCMODE)
		return -EINVAL;
	if ((*how & (FREEBSD_O_CREAT | FREEBSD_O_DIRECTORY)) ==
	    (FREEBSD_O_CREAT | FREEBSD_O_DIRECTORY))
		return -EINVAL;
	flags = flags_to_host(&freebsd_oflags, *how);
	if (flags < 0)
		return flags;
	/* Opening a terminal never makes it the controlling one (open(2), O_NOCTTY). */
	flags |= O_NOCTTY;
	/* Linux has no execute-only descriptors; a path-only one can be executed and not read. */
	return *how & FREEBSD_O_EXEC ? (flags & (O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY)) | O_PATH
				     : flags;
}

/* N of /dev/fd/N, /dev/stdin, … or -1. */
static int
descriptor_named(const char *name)
{
	static const char *const standard[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
	int n = 0;

	for (int i = 0; i < 3; i++)
		if (strcmp(name, standard[i]) == 0)
			return i;
	if (strncmp(name, "/dev/fd/", 8) != 0 || !name[8])
		return -1;
	for (const char *p = name + 8; *p; p++) {
		if (*p < '0' || *p > '9' || n > 99999)
			return -1;
		n = n * 10 + (*p - '0');
	}
	return n;
}

/* Opening /dev/fd/N is dup(N), not a new open of the file (fdescfs(5); dupfdopen()). */
static long
open_descriptor(int fd, uint32_t how)
{
	long has = core_call(__NR_fcntl, fd, F_GETFL, 0);
	uint32_t wants = how & FREEBSD_O_ACCMODE;

	if (has < 0)
		return has;
	if ((has & O_ACCMODE) != O_RDWR && wants != (uint32_t)(has & O_ACCMODE))
		return -EACCES;
	return host_call(__NR_fcntl, fd, how & FREEBSD_O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
}

/* O_EXEC asks for search or execute permission, which O_PATH does not check. */
static long
open_execute_only(long fd)
{
	long r;

	if (fd < 0)
		return fd;
	if ((host_mode((int)fd, "", AT_EMPTY_PATH) & S_IFMT) == S_IFLNK)
		r = GUEST_ERROR(FREEBSD_EMLINK);
	else
		r = core_call(__NR_faccessat2, fd, "", X_OK, AT_EACCESS | AT_EMPTY_PATH);
	if (r == 0)
		return fd;
	core_call(__NR_close, fd);
	return r;
}

/* The lock is tried, or waited for, after the open; if it is refused the open fails with it. */
static long
lock_opened(long fd, uint32_t how)
{
	int type = how & FREEBSD_O_EXLOCK ? LOCK_EX : LOCK_SH;
	long r;

	if (fd < 0)
		return fd;
	r = core_call(__NR_flock, fd, type | LOCK_NB);
	if (r == -EAGAIN && !(how & FREEBSD_O_NONBLOCK))
		r = host_call(__NR_flock, fd, type);
	if (r == 0)
		return fd;
	core_call(__NR_close, fd);
	/* Made again, it must not find its own file in the way. */
	return r == -EINTR && how & FREEBSD_O_EXCL ? GUEST_ERROR(FREEBSD_EINTR) : r;
}

/* O_EMPTY_PATH with "": the file that `dir` stands for, opened once more. */
static long
open_again(int dir, long flags)
{
	char name[DESCRIPTOR_PATH];

	if (dir == AT_FDCWD)
		return host_call(__NR_openat, AT_FDCWD, ".", flags, 0);
	descriptor_path(name, dir);
	return host_call(__NR_openat, AT_FDCWD, name, flags & ~O_NOFOLLOW, 0);
}

static bool
ends_with_slash(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && name[n - 1] == '/';
}

static long
open_errno(int dir, const char *name, uint32_t how, long r)
{
	/* The last component being a symlink is EMLINK, a loop on the way to it ELOOP. */
	if ((r == -ELOOP || r == -ENOTDIR) && how & FREEBSD_O_NOFOLLOW && is_symlink(dir, name))
		return GUEST_ERROR(FREEBSD_EMLINK);
	/* "new/" is no name for a file to be made (kern/vfs_lookup.c). */
	if (r == -EISDIR && how & FREEBSD_O_CREAT && ends_with_slash(name) &&
	    host_mode(dir, name, 0) < 0)
		return -ENOENT;
	/* A socket cannot be opened by name: EOPNOTSUPP where Linux says ENXIO. */
	if (r == -ENXIO && (host_mode(dir, name, 0) & S_IFMT) == S_IFSOCK)
		return -EOPNOTSUPP;
	return r;
}

/* By the place that its name stands for on the host. */
static long
open_named(struct call *c, int dir, struct guest_ptr file, uint32_t how, long flags, uint16_t mode)
{
	struct host_path path;
	int fd;
	long r = path_for_at(c, how & FREEBSD_O_RESOLVE_BENEATH ? -1 : dir, file, path_use_of_open((uint32_t)flags), &path);

	if (r < 0)
		return r;
	fd = descriptor_named(path.name);
	if (fd >= 0 && !(how & FREEBSD_O_PATH))
		return open_descriptor(fd, how);
	if (!path.name[0] && how & FREEBSD_O_EMPTY_PATH)
		r = open_again(dir, flags);
	else if (how & FREEBSD_O_RESOLVE_BENEATH)
		r = open_beneath(dir, path.name, flags, mode);
	else
		r = host_call(__NR_openat, dir, path.name, flags, mode);
	return r < 0 ? open_errno(dir, path.name, how, r) : r;
}

long
freebsd_openat(struct call *c, int32_t dir, struct guest_ptr file, uint32_t how, uint16_t mode)
{
	long flags = open_flags(&how), r;

	if (flags < 0)
		return flags;
	if (how & FREEBSD_O_RESOLVE_BENEATH || !path_open_straight(c, dir, file, (uint32_t)flags, mode & 06777, &r))
		r = open_named(c, dir, file, how, flags, mode & 06777);
	if (r < 0)
		return r;
	if (how & FREEBSD_O_EXEC)
		r = open_execute_only(r);
	if (how & (FREEBSD_O_SHLOCK | FREEBSD_O_EXLOCK))
		r = lock_opened(r, how);
	return r;
}

long
freebsd_open(struct call *c, struct guest_ptr file, uint32_t how, uint16_t mode)
{
	return freebsd_openat(c, AT_FDCWD, file, how, mode);
}
