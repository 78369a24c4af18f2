/*
 * /proc: the room's own processes. What shows or steers the whole machine is
 * covered, as crun and runc do (the OCI runtime spec's maskedPaths, readonlyPaths):
 * the room's root may be the host's by number, and then the kernel would let it
 * write /proc/sys/kernel/core_pattern without any capability.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolate.h"

#define PROC_ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static const char *const hidden[] = {
	"acpi",	       "asound",      "interrupts", "kcore",	  "keys",
	"kmsg",	       "latency_stats", "sched_debug", "scsi", "timer_list", "timer_stats",
};
static const char *const read_only[] = {
	"bus", "dynamic_debug", "fs", "irq", "mtrr", "sys", "sysrq-trigger",
};

int
proc_make(void)
{
	return mount_new("proc", NULL, PROC_ATTRIBUTES);
}

/* By nothing, or by its own read-only self. */
static void
cover(int proc, const char *name, bool hide)
{
	int target = openat(proc, name, O_PATH | O_CLOEXEC | O_NOFOLLOW), mount;
	struct stat st;

	if (target < 0)
		return;
	if (fstat(target, &st) != 0)
		fail(EXIT_OURS, "cannot hide /proc/", name, "", errno);
	if (!hide)
		mount = mount_copy(target, "", PROC_ATTRIBUTES | MOUNT_ATTR_RDONLY, true);
	else if (S_ISDIR(st.st_mode))
		mount = mount_new("tmpfs", NULL, PROC_ATTRIBUTES | MOUNT_ATTR_RDONLY);
	else
		mount = mount_copy(AT_FDCWD, "/dev/null", MOUNT_ATTR_RDONLY, false);
	mount_at(mount, target, name);
	close(mount);
	close(target);
}

void
proc_mount(int proc)
{
	int target = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (target < 0)
		fail(EXIT_OURS, "no place in the tree for ", "/proc", "", errno);
	mount_at(proc, target, "/proc");
	close(target);
	for (size_t n = 0; n < sizeof(hidden) / sizeof(*hidden); n++)
		cover(proc, hidden[n], true);
	for (size_t n = 0; n < sizeof(read_only) / sizeof(*read_only); n++)
		cover(proc, read_only[n], false);
}
