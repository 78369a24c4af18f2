/*
 * Calls that are refused, but not before what the kernel looks at first: bad pointers,
 * descriptors and paths are reported as there.
 */
#include "files.h"

#include "core/core.h"

/* 0 if the path leads somewhere. */
static long
check_path(struct call *c, struct guest_ptr file, enum path_use use)
{
	struct host_path path;
	long r = path_for(c, file, use, &path);

	if (r < 0)
		return r;
	r = host_mode(AT_FDCWD, path.name, use == PATH_LINK ? AT_SYMLINK_NOFOLLOW : 0);
	return r < 0 ? r : 0;
}

static long
check_readable(struct guest_ptr p)
{
	char byte;

	return copy_in(&byte, p, sizeof byte);
}

/* Until 14 the privilege was asked first. */
long
freebsd_chroot(struct call *c, struct guest_ptr dir)
{
	long r = options.release < 1500 ? 0 : check_path(c, dir, PATH_FOLLOW);

	return r < 0 ? r : -EPERM;
}

long
freebsd_mount(struct call *c, struct guest_ptr type, struct guest_ptr dir, int32_t flags,
	      struct guest_ptr data)
{
	long r = check_readable(type);

	(void)c;
	(void)flags;
	(void)data;
	if (r == 0)
		r = check_readable(dir);
	return r < 0 ? r : -EPERM;
}

/* An odd number of words is EINVAL before anything else. */
long
freebsd_nmount(struct call *c, struct guest_ptr parts, uint32_t n, int32_t flags)
{
	(void)c;
	(void)flags;
	if (n < 4 || n % 2 || n > FREEBSD_UIO_MAXIOV)
		return -EINVAL;
	return check_readable(parts) < 0 ? -EFAULT : -EPERM;
}

/* Nothing but a character device can be revoked, and that only by its owner. */
long
freebsd_revoke(struct call *c, struct guest_ptr file)
{
	struct host_path path;
	long r = path_to_host(c, file, &path);

	if (r == 0)
		r = host_mode(AT_FDCWD, path.name, 0);
	if (r < 0)
		return r;
	return (r & S_IFMT) == S_IFCHR ? -EPERM : -EINVAL;
}

long
freebsd_undelete(struct call *c, struct guest_ptr file)
{
	long r = check_path(c, file, PATH_LINK);

	return r < 0 ? r : -EEXIST;
}

long
freebsd_quotactl(struct call *c, struct guest_ptr dir, int32_t command, uint32_t who,
		 struct guest_ptr arg)
{
	long r = check_path(c, dir, PATH_FOLLOW);

	(void)command;
	(void)who;
	(void)arg;
	return r < 0 ? r : -EOPNOTSUPP;
}

/* File handles are the superuser's. */
long
freebsd_fhstat(struct call *c, struct guest_ptr handle, struct guest_ptr buf)
{
	(void)c;
	(void)buf;
	return check_readable(handle) < 0 ? -EFAULT : -EPERM;
}

long
freebsd_getfhat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr handle,
		uint32_t flags)
{
	(void)c;
	(void)dir;
	(void)file;
	(void)handle;
	return flags_to_host(&freebsd_at_flags, flags) < 0 ? -EINVAL : -EPERM;
}

/* ---- ACLs (kern/vfs_acl.c) ---- */

long
freebsd___acl_get_file(struct call *c, struct guest_ptr file, int32_t type, struct guest_ptr list)
{
	long r = check_path(c, file, PATH_FOLLOW);

	(void)type;
	(void)list;
	return r < 0 ? r : -EOPNOTSUPP;
}

long
freebsd___acl_get_link(struct call *c, struct guest_ptr file, int32_t type, struct guest_ptr list)
{
	long r = check_path(c, file, PATH_LINK);

	(void)type;
	(void)list;
	return r < 0 ? r : -EOPNOTSUPP;
}

long
freebsd___acl_delete_file(struct call *c, struct guest_ptr file, int32_t type)
{
	return freebsd___acl_get_file(c, file, type, guest(0));
}

long
freebsd___acl_delete_link(struct call *c, struct guest_ptr file, int32_t type)
{
	return freebsd___acl_get_link(c, file, type, guest(0));
}

long
freebsd___acl_get_fd(struct call *c, int32_t f, int32_t type, struct guest_ptr list)
{
	long r = check_descriptor(f);

	(void)c;
	(void)type;
	(void)list;
	return r < 0 ? r : -EOPNOTSUPP;
}

/* The list is read before the file system is asked. */
long
freebsd___acl_set_fd(struct call *c, int32_t f, int32_t type, struct guest_ptr list)
{
	long r = check_descriptor(f);

	(void)c;
	(void)type;
	if (r == 0)
		r = check_readable(list);
	return r < 0 ? r : -EOPNOTSUPP;
}

long
freebsd___acl_delete_fd(struct call *c, int32_t f, int32_t type)
{
	return freebsd___acl_get_fd(c, f, type, guest(0));
}
