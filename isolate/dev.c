/* The room's /dev: the few devices that every program may have, terminals of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolate.h"

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};

static const struct {
	const char *name, *to;
} links[] = {
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"ptmx", "pts/ptmx"},
};

static const char *const dev_options[][2] = {{"mode", "0755"}, {"size", "4m"}, {NULL, NULL}};
static const char *const shm_options[][2] = {{"mode", "1777"}, {NULL, NULL}};
static const char *const pts_options[][2] = {{"ptmxmode", "0666"}, {"mode", "0620"}, {NULL, NULL}};

/*
 * A room's root may make no device nodes: the host's are bound, whatever the tree has. Read-only:
 * that is about the node (the room's root may be its owner, and could change its mode for
 * everybody), not about what is written to the device.
 */
static void
add_device(int dev, const char *name)
{
	int host = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const unsigned limits = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	int mount = mount_copy(host, name, limits, false);
	int target = openat(dev, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (target < 0)
		fail(EXIT_OURS, "cannot make the room's /dev/", name, "", errno);
	mount_at(mount, target, name);
	close(target);
	close(mount);
	close(host);
}

static void
add_folder(int dev, const char *name, const char *type, const char *const settings[][2],
	   unsigned attributes)
{
	int mount = mount_new(type, settings, attributes), target;

	if (mkdirat(dev, name, 0755) != 0 ||
	    (target = openat(dev, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		fail(EXIT_OURS, "cannot make the room's /dev/", name, "", errno);
	mount_at(mount, target, name);
	close(target);
	close(mount);
}

void
room_dev(int root)
{
	int target = make_in_root(root, "/dev", true);
	int dev = mount_new("tmpfs", dev_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);

	if (target < 0)
		fail(EXIT_OURS, "no place in the tree for ", "/dev", "", errno);
	mount_at(dev, target, "/dev");
	close(target);
	for (size_t n = 0; n < sizeof(devices) / sizeof(*devices); n++)
		add_device(dev, devices[n]);
	for (size_t n = 0; n < sizeof(links) / sizeof(*links); n++)
		if (symlinkat(links[n].to, dev, links[n].name) != 0)
			fail(EXIT_OURS, "cannot make the room's /dev/", links[n].name, "", errno);
	add_folder(dev, "pts", "devpts", pts_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	add_folder(dev, "shm", "tmpfs", shm_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	close(dev);
}

/* Which of the room's devices st is; NULL: none. */
static const char *
device_named(const struct stat *st, char *name, size_t size)
{
	struct stat ours;

	for (size_t n = 0; S_ISCHR(st->st_mode) && n < sizeof(devices) / sizeof(*devices); n++) {
		snprintf(name, size, "/dev/%s", devices[n]);
		if (stat(name, &ours) == 0 && ours.st_rdev == st->st_rdev)
			return name;
	}
	return NULL;
}

void
dev_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++) {
		int flags = fcntl(fd, F_GETFL), own;
		struct stat st;
		char name[32];

		if (fstat(fd, &st) != 0 || device_named(&st, name, sizeof(name)) == NULL)
			continue;
		own = open(name, (flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)) | O_NOCTTY);
		if (own < 0 || dup2(own, fd) < 0)
			fail(EXIT_OURS, "cannot open the room's ", name, "", errno);
		close(own);
	}
}
