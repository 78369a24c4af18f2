/*
 * Landlock: even by a descriptor, a magic link or a mistake in a mount, the program
 * reaches no file but the room's. Rights below `/` are the mounts' business; the
 * core's file and mq_open(3)'s queues stand beside the room and are named by themselves.
 *
 * Kernels without it (before 5.13, or not among the booted lsm=) lose this one wall
 * of several; doctor tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolate.h"

/* The kernel's ABI (linux/landlock.h), of which headers may know an older version. */
struct ruleset {
	uint64_t files, network, scoped;
};
struct beneath {
	uint64_t allowed;
	int parent;
} __attribute__((packed));

enum {
	CREATE_RULESET_VERSION = 1,
	RULE_PATH_BENEATH = 1,
	ACCESS_EXECUTE = 1 << 0,
	ACCESS_READ_FILE = 1 << 2,
	FIRST_VERSION = (1 << 13) - 1,
	ACCESS_REFER = 1 << 13,	    /* 2 */
	ACCESS_TRUNCATE = 1 << 14,  /* 3 */
	ACCESS_IOCTL_DEV = 1 << 15, /* 5 */
	SCOPE_ALL = 3,		    /* 6: abstract sockets, signals */
};

static void
allow(int rules, int file, uint64_t access)
{
	struct beneath rule = {access, file};

	if (syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0) != 0)
		fail(EXIT_OURS, "Landlock takes no rule", "", "", errno);
}

static long
version_here(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
}

bool
landlock_scopes_signals(void)
{
	return version_here() >= 6;
}

void
landlock_apply(const struct room *r)
{
	long version = version_here();
	struct ruleset set = {.files = FIRST_VERSION};
	size_t size = sizeof(set.files);
	int rules, root;

	if (version < 0)
		return;
	set.files |= version >= 2 ? ACCESS_REFER : 0;
	set.files |= version >= 3 ? ACCESS_TRUNCATE : 0;
	set.files |= version >= 5 ? ACCESS_IOCTL_DEV : 0;
	if (version >= 6) {
		set.scoped = SCOPE_ALL;
		size = sizeof(set);
	}
	rules = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rules < 0 || root < 0)
		fail(EXIT_OURS, "Landlock makes no rules", "", "", errno);
	allow(rules, root, set.files);
	allow(rules, r->queues, set.files);
	allow(rules, r->core, ACCESS_EXECUTE | ACCESS_READ_FILE);
	if (syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		fail(EXIT_OURS, "Landlock does not hold", "", "", errno);
	close(root);
	close(rules);
}
