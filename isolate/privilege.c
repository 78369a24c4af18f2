/*
 * Everything a process can have over others, given up for good: by init after the
 * room is built, and so by all that it starts.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolate.h"

#define BITS \
	(SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_CAP_AMBIENT_RAISE | \
	 SECURE_ALL_LOCKS)

static void
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	int last = 0;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	while (prctl(PR_CAPBSET_DROP, last, 0, 0, 0) == 0)
		last++;
	if (errno != EINVAL || prctl(PR_SET_SECUREBITS, BITS, 0, 0, 0) != 0 ||
	    syscall(SYS_capset, &header, none) != 0)
		fail(EXIT_OURS, "cannot give up capabilities", "", "", errno);
}

/* setgroups(2) is denied where the room has one id only; then the caller's groups stay. */
static void
become(const struct room *r)
{
	if (setgroups(0, NULL) != 0 && errno != EPERM)
		fail(EXIT_OURS, "cannot leave the caller's groups", "", "", errno);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setresgid(r->gid, r->gid, r->gid) != 0 ||
	    setresuid(r->uid, r->uid, r->uid) != 0)
		fail(EXIT_OURS, "the program cannot be user ", r->settings.value[OPT_USER],
		     ": no such id in this user namespace", errno);
}

void
privileges_drop(const struct room *r)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	become(r);
	/* Not zero as a user any more, but still to clear the bounding set: raise what was kept. */
	if (syscall(SYS_capget, &header, data) == 0) {
		for (int n = 0; n < _LINUX_CAPABILITY_U32S_3; n++)
			data[n].effective = data[n].permitted;
		(void)syscall(SYS_capset, &header, data);
	}
	drop_capabilities();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fail(EXIT_OURS, "cannot give up gaining rights by exec", "", "", errno);
	/* A keyring of its own: the caller's session keyring is inherited else. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		fail(EXIT_OURS, "cannot leave the caller's keyring", "", "", errno);
}
