/*
 * Extended attributes (extattr(2), kern/vfs_extattr.c): the user's namespace is the
 * host's `user.`; the system's is the superuser's and not shown.
 */
#include "files.h"

#include "core/core.h"
#include "core/memory.h"
#include "core/personality.h"
#include "core/string.h"

#define FREEBSD_EXTATTR_MAXNAMELEN 255
#define PREFIX "user."
#define PREFIX_LEN 5
#define VALUE_MAX 65536 /* XATTR_SIZE_MAX of linux/limits.h, also of a list */

/* How a call names its file. */
struct file_ref {
	bool by_fd;
	int fd;
	struct guest_ptr path;
	enum path_use use;
};

/* The file, and the attribute. */
struct target {
	struct file_ref file;
	struct host_path path;
	char name[PREFIX_LEN + FREEBSD_EXTATTR_MAXNAMELEN + 1];
};

static long
namespace_errno(int32_t space)
{
	if (space == FREEBSD_EXTATTR_NAMESPACE_USER)
		return 0;
	return space == FREEBSD_EXTATTR_NAMESPACE_SYSTEM ? -EPERM : -EINVAL;
}

/* Order as there: the attribute's name, then the file, then the namespace. */
static long
set_target(struct call *c, struct target *t, struct file_ref file, const struct guest_ptr *name,
	   int32_t space)
{
	long r = 0;

	t->file = file;
	memcpy(t->name, PREFIX, PREFIX_LEN);
	if (name)
		r = copy_in_string(t->name + PREFIX_LEN, *name, FREEBSD_EXTATTR_MAXNAMELEN + 1);
	if (r >= 0)
		r = file.by_fd ? check_descriptor(file.fd)
			       : path_for(c, file.path, file.use, &t->path);
	if (r >= 0 && !file.by_fd)
		r = host_mode(AT_FDCWD, t->path.name,
			      file.use == PATH_LINK ? AT_SYMLINK_NOFOLLOW : 0);
	if (r < 0)
		return r;
	if (file.by_fd && (host_mode(file.fd, "", AT_EMPTY_PATH) & S_IFMT) == S_IFCHR)
		return -EOPNOTSUPP;
	return namespace_errno(space);
}

/* A call of the f…, l… or plain form. */
static long
xattr(const struct target *t, struct host_nr by_path, struct host_nr by_link, struct host_nr by_fd,
      long a, long b, long d, long e)
{
	if (t->file.by_fd)
		return host_call_nr(by_fd, t->file.fd, a, b, d, e);
	return host_call_nr(t->file.use == PATH_LINK ? by_link : by_path, t->path.name, a, b, d, e);
}

static long
get_xattr(const struct target *t, void *to, size_t n)
{
	return xattr(t, HOST_NR(__NR_getxattr), HOST_NR(__NR_lgetxattr), HOST_NR(__NR_fgetxattr),
		     (long)t->name, (long)to, (long)n, 0);
}

static long
list_xattr(const struct target *t, void *to, size_t n)
{
	return xattr(t, HOST_NR(__NR_listxattr), HOST_NR(__NR_llistxattr), HOST_NR(__NR_flistxattr),
		     (long)to, (long)n, 0, 0);
}

/* Without a buffer only the size is asked; a short buffer gets what fits. */
static long
get(const struct target *t, struct guest_ptr data, uint64_t n)
{
	char *value;
	long r;

	if (n > FREEBSD_IOSIZE_MAX)
		return -EINVAL;
	if (is_null(data))
		return get_xattr(t, 0, 0);
	value = core_alloc(VALUE_MAX);
	if (!value)
		return -ENOMEM;
	r = get_xattr(t, value, VALUE_MAX);
	if (r > 0 && (uint64_t)r > n)
		r = (long)n;
	if (r > 0 && copy_out(data, value, (size_t)r) < 0)
		r = -EFAULT;
	core_free(value);
	return r;
}

static long
set(const struct target *t, struct guest_ptr data, uint64_t n)
{
	long r;

	if (n > FREEBSD_IOSIZE_MAX)
		return -EINVAL;
	r = xattr(t, HOST_NR(__NR_setxattr), HOST_NR(__NR_lsetxattr), HOST_NR(__NR_fsetxattr),
		  (long)t->name, (long)data.addr, (long)n, 0);
	return r < 0 ? r : (long)n;
}

static long delete (const struct target *t, struct guest_ptr data, uint64_t n)
{
	(void)data;
	(void)n;
	return xattr(t, HOST_NR(__NR_removexattr), HOST_NR(__NR_lremovexattr),
		     HOST_NR(__NR_fremovexattr), (long)t->name, 0, 0, 0);
}

/* The host's names end with a NUL each; the guest's start with their length, in place. */
static size_t
names_to_guest(char *list, size_t n)
{
	size_t to = 0;

	for (size_t at = 0; at < n;) {
		size_t len = strlen(list + at);

		if (strncmp(list + at, PREFIX, PREFIX_LEN) == 0) {
			size_t k = len - PREFIX_LEN;

			memmove(list + to + 1, list + at + PREFIX_LEN, k);
			list[to] = (char)k;
			to += k + 1;
		}
		at += len + 1;
	}
	return to;
}

static long
list(const struct target *t, struct guest_ptr data, uint64_t n)
{
	char *names;
	long r;

	if (n > FREEBSD_IOSIZE_MAX)
		return -EINVAL;
	names = core_alloc(VALUE_MAX);
	if (!names)
		return -ENOMEM;
	r = list_xattr(t, names, VALUE_MAX);
	if (r > 0)
		r = (long)names_to_guest(names, (size_t)r);
	if (r > 0 && !is_null(data)) {
		if ((uint64_t)r > n)
			r = (long)n;
		if (copy_out(data, names, (size_t)r) < 0)
			r = -EFAULT;
	}
	core_free(names);
	return r;
}

/* ---- the calls: what is done, to a file that is named in one of three ways ---- */

typedef long action(const struct target *t, struct guest_ptr data, uint64_t n);

static long
run(struct call *c, struct file_ref file, const struct guest_ptr *name, int32_t space, action *does,
    struct guest_ptr data, uint64_t n)
{
	struct target t;
	long r = set_target(c, &t, file, name, space);

	return r < 0 ? r : does(&t, data, n);
}

static struct file_ref
file_of(struct guest_ptr path)
{
	return (struct file_ref){.path = path, .use = PATH_FOLLOW};
}

static struct file_ref
link_of(struct guest_ptr path)
{
	return (struct file_ref){.path = path, .use = PATH_LINK};
}

static struct file_ref
descriptor(int fd)
{
	return (struct file_ref){.by_fd = true, .fd = fd};
}

long
freebsd_extattr_set_file(struct call *c, struct guest_ptr file, int32_t space,
			 struct guest_ptr name, struct guest_ptr data, uint64_t n)
{
	return run(c, file_of(file), &name, space, set, data, n);
}

long
freebsd_extattr_set_link(struct call *c, struct guest_ptr file, int32_t space,
			 struct guest_ptr name, struct guest_ptr data, uint64_t n)
{
	return run(c, link_of(file), &name, space, set, data, n);
}

long
freebsd_extattr_set_fd(struct call *c, int32_t f, int32_t space, struct guest_ptr name,
		       struct guest_ptr data, uint64_t n)
{
	return run(c, descriptor(f), &name, space, set, data, n);
}

long
freebsd_extattr_get_file(struct call *c, struct guest_ptr file, int32_t space,
			 struct guest_ptr name, struct guest_ptr data, uint64_t n)
{
	return run(c, file_of(file), &name, space, get, data, n);
}

long
freebsd_extattr_get_link(struct call *c, struct guest_ptr file, int32_t space,
			 struct guest_ptr name, struct guest_ptr data, uint64_t n)
{
	return run(c, link_of(file), &name, space, get, data, n);
}

long
freebsd_extattr_get_fd(struct call *c, int32_t f, int32_t space, struct guest_ptr name,
		       struct guest_ptr data, uint64_t n)
{
	return run(c, descriptor(f), &name, space, get, data, n);
}

long
freebsd_extattr_delete_file(struct call *c, struct guest_ptr file, int32_t space,
			    struct guest_ptr name)
{
	return run(c, file_of(file), &name, space, delete, guest(0), 0);
}

long
freebsd_extattr_delete_link(struct call *c, struct guest_ptr file, int32_t space,
			    struct guest_ptr name)
{
	return run(c, link_of(file), &name, space, delete, guest(0), 0);
}

long
freebsd_extattr_delete_fd(struct call *c, int32_t f, int32_t space, struct guest_ptr name)
{
	return run(c, descriptor(f), &name, space, delete, guest(0), 0);
}

long
freebsd_extattr_list_file(struct call *c, struct guest_ptr file, int32_t space,
			  struct guest_ptr data, uint64_t n)
{
	return run(c, file_of(file), NULL, space, list, data, n);
}

long
freebsd_extattr_list_link(struct call *c, struct guest_ptr file, int32_t space,
			  struct guest_ptr data, uint64_t n)
{
	return run(c, link_of(file), NULL, space, list, data, n);
}

long
freebsd_extattr_list_fd(struct call *c, int32_t f, int32_t space, struct guest_ptr data, uint64_t n)
{
	return run(c, descriptor(f), NULL, space, list, data, n);
}

/* Attributes as files of their own folder (UFS1); no other file system has this call. */
long
freebsd_extattrctl(struct call *c, struct guest_ptr dir, int32_t command, struct guest_ptr file,
		   int32_t space, struct guest_ptr name)
{
	struct host_path path;
	char attribute[FREEBSD_EXTATTR_MAXNAMELEN + 1];
	long r = 0;

	(void)command;
	(void)space;
	if (!is_null(name))
		r = copy_in_string(attribute, name, sizeof attribute);
	if (r >= 0 && !is_null(file)) {
		r = path_to_host(c, file, &path);
		if (r >= 0)
			r = host_mode(AT_FDCWD, path.name, 0);
	}
	if (r >= 0)
		r = path_to_host(c, dir, &path);
	if (r >= 0)
		r = host_mode(AT_FDCWD, path.name, 0);
	return r < 0 ? r : -EOPNOTSUPP;
}
