/*
 * Which host calls a room may make: those that the core can make (host_calls.py), less what
 * policy.tbl takes away, by architecture and number alone, so that the kernel answers from a
 * bitmap (seccomp_cache_check_allow(), kernel/seccomp.c) and runs no filter for them.
 *
 * All others answer ENOSYS, as on a kernel built without them: libraries have a way round
 * that, and none round EPERM (clone3 under glibc). Never a signal: under --trap=seccomp the guest's
 * own calls, with the guest's numbers, meet this filter too, and the trap's answer must win.
 */
#ifndef DRAGOMAN_ISOLATE_POLICY_H
#define DRAGOMAN_ISOLATE_POLICY_H

#include <seccomp.h>
#include <stdbool.h>

/*
 * For this process and all that come of it, for good. The last step before the core is
 * executed; the process has given up gaining privileges, or is privileged. 0 or -errno.
 */
int policy_load(bool strict);

/* The filter, not yet loaded; calls that are not on the list get `otherwise`. NULL: no memory. */
scmp_filter_ctx policy_filter(bool strict, uint32_t otherwise);

#endif
