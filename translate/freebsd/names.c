/*
 * Making, removing and renaming names (kern/vfs_syscalls.c). Where the kernels give
 * other errors, the page of the call says FreeBSD's.
 */
#include "files.h"

#include <linux/stat.h>

/* PATH_FOLLOW and so on for an optional flag. */
static enum path_use
followed(bool follows)
{
	return follows ? PATH_FOLLOW : PATH_LINK;
}

static bool
is_directory(int dir, const char *name, int flags)
{
	long mode = host_mode(dir, name, flags);

	return mode >= 0 && (mode & S_IFMT) == S_IFDIR;
}

long
freebsd_linkat(struct call *c, int32_t olddir, struct guest_ptr old, int32_t newdir,
	       struct guest_ptr made, uint32_t flags)
{
	long host = flags_to_host(&freebsd_linkat_flags, flags), r;
	bool follows = flags & FREEBSD_AT_SYMLINK_FOLLOW;
	struct host_path from, to;

	if (host < 0)
		return host;
	r = path_for_at(c, folder_for(olddir, flags), old, followed(follows), &from);
	if (r == 0)
		r = path_for_at(c, newdir, made, PATH_MAKE, &to);
	if (r == 0 && flags & FREEBSD_AT_RESOLVE_BENEATH)
		r = check_beneath(olddir, from.name, follows);
	return r < 0 ? r : host_call(__NR_linkat, olddir, from.name, newdir, to.name, host);
}

/* link(2) follows a symlink, where Linux's links to the symlink itself. */
long
freebsd_link(struct call *c, struct guest_ptr old, struct guest_ptr made)
{
	return freebsd_linkat(c, AT_FDCWD, old, AT_FDCWD, made, FREEBSD_AT_SYMLINK_FOLLOW);
}

long
freebsd_symlinkat(struct call *c, struct guest_ptr text, int32_t dir, struct guest_ptr made)
{
	char target[4096];
	struct host_path path;
	long r = copy_in_string(target, text, c->abi->path_max);

	if (r >= 0)
		r = path_for_at(c, dir, made, PATH_MAKE, &path);
	return r < 0 ? r : host_call(__NR_symlinkat, target, dir, path.name);
}

long
freebsd_symlink(struct call *c, struct guest_ptr text, struct guest_ptr made)
{
	return freebsd_symlinkat(c, text, AT_FDCWD, made);
}

long
freebsd_readlinkat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr buf,
		   uint64_t n)
{
	struct host_path path;
	long r;

	if (n > FREEBSD_IOSIZE_MAX)
		return -EINVAL;
	r = path_for_at(c, dir, file, PATH_LINK, &path);
	if (r < 0)
		return r;
	if (n == 0) /* Linux: EINVAL for a buffer without room */
		return is_symlink(dir, path.name)
			       ? 0
			       : host_call(__NR_readlinkat, dir, path.name, path.text, 1);
	n = n > INT32_MAX ? INT32_MAX : n;
	r = host_call(__NR_readlinkat, dir, path.name, buf.addr, n);
	/* "" is what `dir` stands for: EINVAL if that is no symlink. */
	return r == -ENOENT && !path.name[0] ? -EINVAL : r;
}

long
freebsd_readlink(struct call *c, struct guest_ptr file, struct guest_ptr buf, uint64_t n)
{
	return freebsd_readlinkat(c, AT_FDCWD, file, buf, n);
}

/* A directory is EPERM (unlink(2)), EISDIR on Linux. */
static long
unlink_errno(int dir, const char *name, long r)
{
	return r == -EISDIR || (r == -ENOTDIR && is_directory(dir, name, AT_SYMLINK_NOFOLLOW))
		       ? -EPERM
		       : r;
}

/* Only the file that `same` stands for, if it is given, may go: EDEADLK otherwise. */
static long
check_same(int dir, const char *name, int same)
{
	struct statx a, b;
	long r = core_call(__NR_statx, same, "", AT_EMPTY_PATH, STATX_INO, &a);

	if (r < 0)
		return r;
	r = core_call(__NR_statx, dir, name, AT_SYMLINK_NOFOLLOW, STATX_INO, &b);
	if (r < 0)
		return r;
	return a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major &&
			       a.stx_dev_minor == b.stx_dev_minor
		       ? 0
		       : -EDEADLK;
}

long
freebsd_funlinkat(struct call *c, int32_t dir, struct guest_ptr file, int32_t same, uint32_t flags)
{
	long host = flags_to_host(&freebsd_unlinkat_flags, flags), r;
	struct host_path path;

	if (host < 0)
		return host;
	r = path_for_at(c, folder_for(dir, flags), file, PATH_NAME, &path);
	if (r == 0 && flags & FREEBSD_AT_RESOLVE_BENEATH)
		r = check_beneath(dir, path.name, false);
	if (r == 0 && same != FREEBSD_FD_NONE)
		r = check_same(dir, path.name, same);
	if (r < 0)
		return r;
	r = host_call(__NR_unlinkat, dir, path.name, host);
	return host & AT_REMOVEDIR ? r : unlink_errno(dir, path.name, r);
}

long
freebsd_unlinkat(struct call *c, int32_t dir, struct guest_ptr file, uint32_t flags)
{
	return freebsd_funlinkat(c, dir, file, FREEBSD_FD_NONE, flags);
}

long
freebsd_unlink(struct call *c, struct guest_ptr file)
{
	return freebsd_unlinkat(c, AT_FDCWD, file, 0);
}

long
freebsd_rmdir(struct call *c, struct guest_ptr dir)
{
	return freebsd_unlinkat(c, AT_FDCWD, dir, FREEBSD_AT_REMOVEDIR);
}

/* `.` and `..` as last component are EINVAL, EBUSY on Linux. */
static bool
is_dots(const char *name)
{
	size_t n = 0;

	while (name[n])
		n++;
	while (n > 1 && name[n - 1] == '/')
		n--;
	if (n == 0 || name[n - 1] != '.')
		return false;
	return n == 1 || name[n - 2] == '/' ||
	       (name[n - 2] == '.' && (n == 2 || name[n - 3] == '/'));
}

long
freebsd_renameat2(struct call *c, int32_t olddir, struct guest_ptr old, int32_t newdir,
		  struct guest_ptr made, uint32_t flags)
{
	long host = flags_to_host(&freebsd_renameat2_flags, flags), r;
	struct host_path from, to;

	if (host < 0)
		return host;
	r = path_for_at(c, olddir, old, PATH_NAME, &from);
	if (r == 0)
		r = path_for_at(c, newdir, made, PATH_MAKE, &to);
	if (r < 0)
		return r;
	r = host_call(__NR_renameat2, olddir, from.name, newdir, to.name, host);
	return r == -EBUSY && (is_dots(from.name) || is_dots(to.name)) ? -EINVAL : r;
}

long
freebsd_renameat(struct call *c, int32_t olddir, struct guest_ptr old, int32_t newdir,
		 struct guest_ptr made)
{
	return freebsd_renameat2(c, olddir, old, newdir, made, 0);
}

long
freebsd_rename(struct call *c, struct guest_ptr from, struct guest_ptr to)
{
	return freebsd_renameat2(c, AT_FDCWD, from, AT_FDCWD, to, 0);
}

long
freebsd_mkdirat(struct call *c, int32_t dir, struct guest_ptr made, uint16_t perm)
{
	struct host_path path;
	long r = path_for_at(c, dir, made, PATH_MAKE, &path);

	return r < 0 ? r : host_call(__NR_mkdirat, dir, path.name, perm & 0777);
}

long
freebsd_mkdir(struct call *c, struct guest_ptr dir, uint16_t perm)
{
	return freebsd_mkdirat(c, AT_FDCWD, dir, perm);
}

long
freebsd_mkfifoat(struct call *c, int32_t dir, struct guest_ptr made, uint16_t perm)
{
	struct host_path path;
	long r = path_for_at(c, dir, made, PATH_MAKE, &path);

	return r < 0 ? r : host_call(__NR_mknodat, dir, path.name, S_IFIFO | (perm & 07777), 0);
}

long
freebsd_mkfifo(struct call *c, struct guest_ptr file, uint16_t perm)
{
	return freebsd_mkfifoat(c, AT_FDCWD, file, perm);
}

/*
 * kern_mknodat(): a FIFO with device 0 is mkfifo's; devices want privilege, whiteouts a
 * union file system; all else, regular files among them, is EINVAL.
 */
long
freebsd_mknodat(struct call *c, int32_t dir, struct guest_ptr made, uint16_t perm, uint64_t device)
{
	struct host_path path;
	long r;

	switch (perm & S_IFMT) {
	case S_IFCHR:
	case S_IFBLK:
		if (device == UINT64_MAX)
			return -EINVAL;
		r = path_for_at(c, dir, made, PATH_MAKE, &path);
		return r < 0 ? r
			     : host_call(__NR_mknodat, dir, path.name, perm,
					 device_to_host(device));
	case S_IFIFO:
		if (device == 0)
			return freebsd_mkfifoat(c, dir, made, perm);
		return -EINVAL;
	}
	return -EINVAL;
}

long
freebsd11_mknodat(struct call *c, int32_t dir, struct guest_ptr made, uint16_t perm,
		  uint32_t device)
{
	return freebsd_mknodat(c, dir, made, perm, device == UINT32_MAX ? UINT64_MAX : device);
}

long
freebsd11_mknod(struct call *c, struct guest_ptr file, uint16_t perm, uint32_t device)
{
	return freebsd11_mknodat(c, AT_FDCWD, file, perm, device);
}
