/*
 * procctl(2) (kern/kern_procctl.c), as far as the host can do it to the calling
 * process: orphans, death signals, privileges, dumps. Its switches on how a program
 * is laid out are answered as they are, and cannot be moved.
 */
#include "freebsd.h"

#include <linux/prctl.h>

#include "core/copy.h"
#include "core/host.h"
#include "core/process.h"

struct freebsd_reaper_status {	/* struct procctl_reaper_status */
	uint32_t flags, children, descendants;
	int32_t reaper, pid;
	uint32_t pad[15];
};
_Static_assert(sizeof(struct freebsd_reaper_status) == 80, "sys/procctl.h");

#define REAPER_STATUS_OWNED 1

static long
reap_acquire(struct call *c, struct guest_ptr data)
{
	int32_t already = 0;

	(void)c;
	(void)data;
	core_call(__NR_prctl, PR_GET_CHILD_SUBREAPER, &already, 0, 0, 0);
	return already ? -EBUSY : host_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static long
reap_release(struct call *c, struct guest_ptr data)
{
	int32_t already = 0;

	(void)c;
	(void)data;
	core_call(__NR_prctl, PR_GET_CHILD_SUBREAPER, &already, 0, 0, 0);
	return already ? host_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) : -EINVAL;
}

static long
reap_status(struct call *c, struct guest_ptr data)
{
	struct freebsd_reaper_status s = {.reaper = 1, .pid = -1};
	int32_t own = 0;

	core_call(__NR_prctl, PR_GET_CHILD_SUBREAPER, &own, 0, 0, 0);
	if (own) {
		s.flags = REAPER_STATUS_OWNED;
		s.reaper = c->p->pid;
	}
	return copy_out(data, &s, sizeof s);
}

static long
death_signal_set(struct call *c, struct guest_ptr data)
{
	uint32_t sig;
	int host = 0;

	(void)c;
	if (load_u32(&sig, data) < 0)
		return -EFAULT;
	if (sig)
		host = number_to_host(&freebsd_signals, sig);
	return host < 0 ? -EINVAL : host_call(__NR_prctl, PR_SET_PDEATHSIG, host, 0, 0, 0);
}

static long
death_signal_get(struct call *c, struct guest_ptr data)
{
	int32_t host = 0;

	(void)c;
	core_call(__NR_prctl, PR_GET_PDEATHSIG, &host, 0, 0, 0);
	return store_u32(data, host ? (uint32_t)number_to_guest(&freebsd_signals, (unsigned)host) : 0);
}

static long
no_new_privs_set(struct call *c, struct guest_ptr data)
{
	uint32_t how;

	(void)c;
	if (load_u32(&how, data) < 0)
		return -EFAULT;
	return how == FREEBSD_PROC_NO_NEW_PRIVS_ENABLE ? host_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
						       : -EINVAL;
}

static long
no_new_privs_get(struct call *c, struct guest_ptr data)
{
	(void)c;
	return store_u32(data, core_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
				       ? FREEBSD_PROC_NO_NEW_PRIVS_ENABLE
				       : FREEBSD_PROC_NO_NEW_PRIVS_DISABLE);
}

/* Whether others may trace it and it dumps core: one switch on the host. */
static long
trace_set(struct call *c, struct guest_ptr data)
{
	uint32_t how;

	(void)c;
	if (load_u32(&how, data) < 0)
		return -EFAULT;
	switch (how) {
	case FREEBSD_PROC_TRACE_CTL_ENABLE:
		return host_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	case FREEBSD_PROC_TRACE_CTL_DISABLE:
		return host_call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	default:
		return -EINVAL;
	}
}

/* 0: nobody traces it; -1: nobody may. */
static long
trace_get(struct call *c, struct guest_ptr data)
{
	(void)c;
	return store_u32(data, core_call(__NR_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0) ? 0 : UINT32_MAX);
}

static long
aslr_get(struct call *c, struct guest_ptr data)
{
	(void)c;
	return store_u32(data, FREEBSD_PROC_ASLR_NOFORCE | FREEBSD_PROC_ASLR_ACTIVE);
}

static long
protmax_get(struct call *c, struct guest_ptr data)
{
	(void)c;
	return store_u32(data, FREEBSD_PROC_PROTMAX_NOFORCE);
}

static long
stackgap_get(struct call *c, struct guest_ptr data)
{
	(void)c;
	return store_u32(data, FREEBSD_PROC_STACKGAP_ENABLE | FREEBSD_PROC_STACKGAP_ENABLE_EXEC);
}

static long (*const commands[])(struct call *c, struct guest_ptr data) = {
	[FREEBSD_PROC_REAP_ACQUIRE] = reap_acquire,
	[FREEBSD_PROC_REAP_RELEASE] = reap_release,
	[FREEBSD_PROC_REAP_STATUS] = reap_status,
	[FREEBSD_PROC_TRACE_CTL] = trace_set,
	[FREEBSD_PROC_TRACE_STATUS] = trace_get,
	[FREEBSD_PROC_PDEATHSIG_CTL] = death_signal_set,
	[FREEBSD_PROC_PDEATHSIG_STATUS] = death_signal_get,
	[FREEBSD_PROC_ASLR_STATUS] = aslr_get,
	[FREEBSD_PROC_PROTMAX_STATUS] = protmax_get,
	[FREEBSD_PROC_STACKGAP_STATUS] = stackgap_get,
	[FREEBSD_PROC_NO_NEW_PRIVS_CTL] = no_new_privs_set,
	[FREEBSD_PROC_NO_NEW_PRIVS_STATUS] = no_new_privs_get,
};

long
freebsd_procctl(struct call *c, int32_t type, int64_t who, int32_t command, struct guest_ptr data)
{
	if (command < 0 || (size_t)command >= sizeof commands / sizeof *commands || !commands[command])
		return -EINVAL;
	if (type != FREEBSD_P_PID && type != FREEBSD_P_PGID)
		return -EINVAL;
	/* The host lets a process do these to itself only. */
	if (type != FREEBSD_P_PID || (who != 0 && who != c->p->pid))
		return -EPERM;
	return commands[command](c, data);
}
