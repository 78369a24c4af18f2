/*
 * The room's file system: TREE as `/`, read-only or through an overlay, the binds
 * and tmpfs on it, and the host's file system gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolate.h"

#define ROOT_ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* "/proc/self/fd/N": an overlay takes names only, and these need no quoting. */
struct fd_name {
	char text[32];
};

static struct fd_name
fd_name(int fd)
{
	struct fd_name name;

	snprintf(name.text, sizeof(name.text), "/proc/self/fd/%d", fd);
	return name;
}

static bool
is_there(int tree, const char *path)
{
	int fd = open_in_root(tree, path);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Is the n-th mount's place made in another one's, which stands before it? */
static bool
is_below_another(const struct room *r, size_t n)
{
	const char *path = r->mounts[n].target;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(r->mounts[i].target);

		if (!r->mounts[i].read_only && strncmp(path, r->mounts[i].target, len) == 0 &&
		    path[len] == '/')
			return true;
	}
	return false;
}

/* The first place for a mount that the tree lacks; NULL: it has all. */
static const char *
missing_place(const struct room *r, int tree)
{
	if (!is_there(tree, "/dev"))
		return "/dev";
	if (!is_there(tree, "/proc"))
		return "/proc";
	for (size_t n = 0; n < r->mount_count; n++)
		if (!is_below_another(r, n) && !is_there(tree, r->mounts[n].target))
			return r->mounts[n].target;
	return NULL;
}

static int
open_folder(int dir, const char *name, const char *said)
{
	int fd;

	if (mkdirat(dir, name, 0755) != 0 && errno != EEXIST)
		fail(EXIT_OURS, "cannot make the folder ", said, "", errno);
	fd = openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail(EXIT_OURS, "", said, "", errno);
	return fd;
}

/* An overlay of `tree` whose changes go to `changes`, or -1 and the reason. */
static int
overlay(int tree, int changes, const char *said, char *why, size_t size)
{
	struct stat st;
	int upper = open_folder(changes, "upper", said), work = open_folder(changes, "work", said);
	struct fd_name lower_name = fd_name(tree), upper_name = fd_name(upper),
		       work_name = fd_name(work);
	/* The room's first process may not set the trusted attributes overlays use elsewhere. */
	const char *const settings[][2] = {
		{"lowerdir", lower_name.text},
		{"upperdir", upper_name.text},
		{"workdir", work_name.text},
		{"userxattr", NULL},
		{NULL, NULL},
	};
	int fd;

	/* What the tree's own folder lets whom do. */
	if (fstat(tree, &st) == 0)
		(void)fchmodat(changes, "upper", st.st_mode & 07777, 0);
	fd = mount_try("overlay", settings, ROOT_ATTRIBUTES, why, size);
	close(upper);
	close(work);
	return fd;
}

/* Where the room has but one id, a copy cannot keep the tree's owners. */
static bool
has_one_id(void)
{
	unsigned long count = 0;
	FILE *f = fopen("/proc/self/uid_map", "re");
	bool one = f != NULL && fscanf(f, "%*u %*u %lu", &count) == 1 && count == 1;

	if (f != NULL)
		fclose(f);
	return one;
}

/* `cp -ax`, which knows about holes, links, attributes and reflinks. */
static void
copy_tree(int from, const char *to)
{
	struct fd_name source = fd_name(from);
	char dots[sizeof(source.text) + 2];
	int status;
	pid_t child;

	snprintf(dots, sizeof(dots), "%s/.", source.text);
	/* Its own descriptors close when it is executed. */
	if (fcntl(from, F_SETFD, 0) != 0)
		fail(EXIT_OURS, "cannot copy the tree to ", to, "", errno);
	child = fork();
	if (child == 0) {
		execlp("cp", "cp", "-ax", "--reflink=auto",
		       has_one_id() ? "--no-preserve=ownership" : "--preserve=ownership", dots, to,
		       (char *)NULL);
		fail(EXIT_OURS, "cannot copy the tree without cp(1)", "", "", errno);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		fail(EXIT_OURS, "cannot copy the tree to ", to, "", 0);
	(void)fcntl(from, F_SETFD, FD_CLOEXEC);
}

/* Where the kernel refuses overlays: a copy of the tree, made once if it is kept. */
static int
copied(int tree, int changes, bool kept)
{
	struct stat st;
	struct fd_name folder = fd_name(changes);
	char fresh[sizeof(folder.text) + 16];

	if (!kept || fstatat(changes, "copy", &st, AT_SYMLINK_NOFOLLOW) != 0) {
		int fd = open_folder(changes, "copy.new", "for a copy of the tree");

		close(fd);
		snprintf(fresh, sizeof(fresh), "%s/copy.new", folder.text);
		(void)fcntl(changes, F_SETFD, 0);
		copy_tree(tree, fresh);
		(void)fcntl(changes, F_SETFD, FD_CLOEXEC);
		if (renameat(changes, "copy.new", changes, "copy") != 0)
			fail(EXIT_OURS, "cannot keep the copy of the tree", "", "", errno);
	}
	return mount_copy(changes, "copy", ROOT_ATTRIBUTES, false);
}

/* One inside the other: an overlay may not, and a copy would have no end. */
static void
check_apart(int tree, const char *folder)
{
	struct stat top, at, above;
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), up;

	if (fd < 0 || fstat(tree, &top) != 0 || fstat(fd, &at) != 0)
		fail(EXIT_OURS, "--overlay ", folder, "", errno);
	for (;; at = above) {
		if (at.st_dev == top.st_dev && at.st_ino == top.st_ino)
			fail(EXIT_OURS, "--overlay ", folder, ": inside the tree itself", 0);
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = up;
		if (fd < 0 || fstat(fd, &above) != 0)
			fail(EXIT_OURS, "--overlay ", folder, "", errno);
		if (above.st_dev == at.st_dev && above.st_ino == at.st_ino)
			break;
	}
	close(fd);
}

static int
changeable(int tree, int changes, const char *said, bool kept)
{
	char why[256];
	int fd = overlay(tree, changes, said, why, sizeof(why));

	if (fd >= 0)
		return fd;
	fprintf(stderr, "dragoman: %s: no overlay here (%s): the tree is copied\n", said,
		why[0] != '\0' ? why : strerror(errno));
	return copied(tree, changes, kept);
}

static int
kept_changes(const char *folder)
{
	int fd;

	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		fail(EXIT_OURS, "--overlay ", folder, "", errno);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail(EXIT_OURS, "--overlay ", folder, "", errno);
	/* Two rooms' overlays on one folder destroy each other's files. Held by init till its end. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		fail(EXIT_OURS, "--overlay ", folder, ": in use by another room", 0);
	return fd;
}

/* Mounted over the tree, since an overlay's folders must be mounted somewhere. */
static int
dropped_changes(int tree)
{
	static const char *const settings[][2] = {{"mode", "0755"}, {NULL, NULL}};
	int fd = mount_new("tmpfs", settings, ROOT_ATTRIBUTES);

	mount_at(fd, tree, "the room's changes");
	return fd;
}

/* The room's root, mounted over the tree's own place; *read_only: make it so at the end. */
static int
make_root(const struct room *r, int tree, bool *read_only)
{
	const char *missing = missing_place(r, tree);
	char why[256];
	int fd, changes;

	*read_only = r->changes == CHANGES_REFUSED;
	if (*read_only && missing == NULL) {
		fd = mount_copy(tree, "", ROOT_ATTRIBUTES | MOUNT_ATTR_RDONLY, true);
		mount_at(fd, tree, r->tree);
		return fd;
	}
	if (r->changes == CHANGES_KEPT) {
		changes = kept_changes(r->overlay);
		check_apart(tree, r->overlay);
		fd = changeable(tree, changes, r->overlay, true);
		mount_at(fd, tree, r->tree);
		return fd;
	}
	changes = dropped_changes(tree);
	fd = *read_only ? overlay(tree, changes, r->tree, why, sizeof(why))
			: changeable(tree, changes, r->tree, false);
	if (fd < 0)
		fail(EXIT_OURS, missing, "",
		     ": the tree has no such place to mount on, and no overlay can give it one: make it",
		     errno);
	mount_at(fd, changes, r->tree);
	return fd;
}

static void
make_mount(struct room_mount *m)
{
	static const char *const settings[][2] = {{"mode", "1777"}, {NULL, NULL}};
	const unsigned limits = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	struct stat st;

	if (m->source == NULL) {
		m->fd = mount_new("tmpfs", settings, limits);
		return;
	}
	m->fd = mount_copy(AT_FDCWD, m->source, limits | (m->read_only ? MOUNT_ATTR_RDONLY : 0), true);
	if (fstat(m->fd, &st) != 0)
		fail(EXIT_OURS, "--bind ", m->source, "", errno);
	m->folder = S_ISDIR(st.st_mode);
}

/* While the tree is the host's own: what is bound may lie in it, and the room's root comes over it. */
static void
make_mounts(struct room *r)
{
	for (size_t n = 0; n < r->mount_count; n++)
		make_mount(&r->mounts[n]);
}

static void
add_mounts(const struct room *r, int root)
{
	for (size_t n = 0; n < r->mount_count; n++) {
		const struct room_mount *m = &r->mounts[n];
		int target = make_in_root(root, m->target, m->folder);

		if (target < 0)
			fail(EXIT_OURS, "no place in the tree for ", m->target, "", errno);
		mount_at(m->fd, target, m->target);
		close(m->fd);
		close(target);
	}
}

/* "." twice: the old root lands on top of the new one, and is taken off (pivot_root(2)). */
static void
enter(int root)
{
	if (fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0)
		fail(EXIT_OURS, "cannot make the tree the room's root", "", "", errno);
	if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		fail(EXIT_OURS, "cannot leave the host's file system", "", "", errno);
}

void
room_root(struct room *r)
{
	bool read_only;
	int tree, root, proc;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		fail(EXIT_OURS, "cannot separate the room's mounts", "", "", errno);
	tree = open(r->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree < 0)
		fail(EXIT_OURS, "--root ", r->tree, "", errno);
	make_mounts(r);
	root = make_root(r, tree, &read_only);
	add_mounts(r, root);
	room_dev(root);
	proc = make_in_root(root, "/proc", true);
	if (proc < 0)
		fail(EXIT_OURS, "no place in the tree for ", "/proc", "", errno);
	close(proc);
	if (read_only)
		mount_limit(root, MOUNT_ATTR_RDONLY, false);
	enter(root);
	close(root);
	close(tree);
}
