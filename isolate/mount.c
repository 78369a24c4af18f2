/*
 * Mounts by descriptor (Linux 5.12): no path is looked at twice, so nothing in a
 * tree can be swapped for a link between a check and its use.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolate.h"

/* What the kernel says of a failed mount beside errno: "e overlay: …" (fsopen(2)). */
static void
read_reason(int context, char *why, size_t size)
{
	ssize_t n = read(context, why, size - 1);

	why[n > 0 ? n : 0] = '\0';
	why[strcspn(why, "\n")] = '\0';
	if (n > 2)
		memmove(why, why + 2, strlen(why + 2) + 1);
}

int
mount_try(const char *type, const char *const settings[][2], unsigned attributes, char *why,
	  size_t size)
{
	int context = fsopen(type, FSOPEN_CLOEXEC), fd = -1, error;
	bool ok = context >= 0;

	why[0] = '\0';
	for (size_t n = 0; ok && settings != NULL && settings[n][0] != NULL; n++)
		ok = fsconfig(context,
			      settings[n][1] != NULL ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			      settings[n][0], settings[n][1], 0) == 0;
	ok = ok && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0;
	if (ok)
		fd = fsmount(context, FSMOUNT_CLOEXEC, attributes);
	error = errno;
	if (fd < 0 && context >= 0)
		read_reason(context, why, size);
	if (context >= 0)
		close(context);
	errno = error;
	return fd;
}

int
mount_new(const char *type, const char *const settings[][2], unsigned attributes)
{
	char why[256];
	int fd = mount_try(type, settings, attributes, why, sizeof(why));

	if (fd < 0 && errno == ENOSYS)
		fail(EXIT_OURS, "isolation needs Linux 5.12 or newer", "", "", 0);
	if (fd < 0)
		fail(EXIT_OURS, "the kernel refuses this room a ", type,
		     errno == EPERM || errno == EACCES
			     ? " (in a container: does it hide parts of /proc, or forbid mounts?)"
			     : "",
		     errno);
	return fd;
}

void
mount_limit(int mount, unsigned attributes, bool recursive)
{
	struct mount_attr attr = {.attr_set = attributes};

	if (mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
			  sizeof(attr)) != 0)
		fail(EXIT_OURS, "a mount of the room cannot be limited", "",
		     errno == ENOSYS ? " (Linux 5.12 or newer can)" : "", errno);
}

int
mount_copy(int dir, const char *path, unsigned attributes, bool recursive)
{
	int fd = open_tree(dir, path,
			   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
				   (recursive ? AT_RECURSIVE : 0));

	if (fd < 0)
		fail(EXIT_OURS, "cannot bring into the room: ", path, "", errno);
	mount_limit(fd, attributes, recursive);
	return fd;
}

void
mount_at(int mount, int target, const char *name)
{
	if (move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) !=
	    0)
		fail(EXIT_OURS, "cannot mount ", name, " in the room", errno);
}

int
open_in_root(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* The last component of path[len] under dir, made. */
static int
make_last(int dir, const char *name, bool folder)
{
	if (folder)
		return mkdirat(dir, name, 0755) == 0 || errno == EEXIST ? 0 : -1;

	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/*
 * Each folder on the way is opened inside the root again, so that a link there
 * leads where it would lead in the room; a dangling one is an error.
 */
int
make_in_root(int root, const char *path, bool folder)
{
	int fd = open_in_root(root, path);
	char at[PATH_MAX];
	size_t len = 0;

	if (fd >= 0 || errno != ENOENT || strlen(path) >= sizeof(at))
		return fd;
	while (path[len] != '\0') {
		size_t end = len + strspn(path + len, "/"), start = end;
		int parent;

		end += strcspn(path + end, "/");
		if (end == start)
			break;
		snprintf(at, sizeof(at), "/%.*s", (int)len, path);
		parent = open_in_root(root, at);
		if (parent < 0)
			return -1;
		snprintf(at, sizeof(at), "%.*s", (int)(end - start), path + start);
		if (faccessat(parent, at, F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
		    make_last(parent, at, folder || path[end] != '\0') != 0) {
			close(parent);
			return -1;
		}
		close(parent);
		len = end;
	}
	return open_in_root(root, path);
}
