/*
 * Scheduling (kern/p1003_1b.c, ksched.c, kern_resource.c) and processor sets
 * (kern/kern_cpuset.c). The host's scheduler does the work; what it calls
 * differently is renamed, what only root may ask for is asked of the host.
 */
#include "freebsd.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/lock.h"
#include "core/process.h"
#include "core/string.h"

/* Priorities of the real-time policies: 0..31 here, 1..99 on the host, higher is better on both. */
#define HIGHEST_REALTIME 31
#define HIGHEST_TIMESHARE 103

static long
policy_of(int pid)
{
	long policy = host_call(__NR_sched_getscheduler, pid);

	if (policy < 0)
		return policy;
	policy &= ~(long)SCHED_RESET_ON_FORK;
	return policy == SCHED_FIFO ? FREEBSD_SCHED_FIFO : policy == SCHED_RR ? FREEBSD_SCHED_RR : FREEBSD_SCHED_OTHER;
}

long
freebsd_sched_getscheduler(struct call *c, int32_t who)
{
	(void)c;
	return who < 0 ? -ESRCH : policy_of(who);
}

static bool
is_realtime(long policy)
{
	return policy == FREEBSD_SCHED_FIFO || policy == FREEBSD_SCHED_RR;
}

long
freebsd_sched_getparam(struct call *c, int32_t who, struct guest_ptr parameters)
{
	int32_t priority = 0;
	long policy = freebsd_sched_getscheduler(c, who), r;

	if (policy < 0)
		return policy;
	r = host_call(__NR_sched_getparam, who, &priority);
	if (r < 0)
		return r;
	return store_u32(parameters, is_realtime(policy) ? (uint32_t)(priority - 1) : 0);
}

static long
set_policy(int pid, long policy, uint32_t priority)
{
	int32_t host_priority = is_realtime(policy) ? (int32_t)priority + 1 : 0;
	long host = flags_to_host(&freebsd_sched_policy, (uint64_t)policy);

	if (host < 0 || priority > (is_realtime(policy) ? HIGHEST_REALTIME : HIGHEST_TIMESHARE))
		return -EINVAL;
	return host_call(__NR_sched_setscheduler, pid, host, &host_priority);
}

long
freebsd_sched_setparam(struct call *c, int32_t who, struct guest_ptr parameters)
{
	uint32_t priority;
	long policy;

	if (load_u32(&priority, parameters) < 0)
		return -EFAULT;
	policy = freebsd_sched_getscheduler(c, who);
	return policy < 0 ? policy : set_policy(who, policy, priority);
}

/* Only root may set a policy, be it the one there is (sys_sched_setscheduler()). */
long
freebsd_sched_setscheduler(struct call *c, int32_t who, int32_t policy, struct guest_ptr parameters)
{
	uint32_t priority;
	long r;

	if (load_u32(&priority, parameters) < 0)
		return -EFAULT;
	r = freebsd_sched_getscheduler(c, who);
	if (r < 0)
		return r;
	if (core_call(__NR_geteuid) != 0)
		return -EPERM;
	return set_policy(who, policy, priority);
}

long
freebsd_sched_get_priority_max(struct call *c, int32_t policy)
{
	(void)c;
	if (is_realtime(policy))
		return HIGHEST_REALTIME;
	return policy == FREEBSD_SCHED_OTHER ? HIGHEST_TIMESHARE : -EINVAL;
}

long
freebsd_sched_get_priority_min(struct call *c, int32_t policy)
{
	long r = freebsd_sched_get_priority_max(c, policy);

	return r < 0 ? r : 0;
}

/* kern.sched.quantum of a recorded kernel. */
#define QUANTUM_NSEC 94488000

long
freebsd_sched_rr_get_interval(struct call *c, int32_t who, struct guest_ptr interval)
{
	const struct __kernel_timespec t = {0, QUANTUM_NSEC};
	long r = freebsd_sched_getscheduler(c, who);

	return r < 0 ? r : copy_out(interval, &t, sizeof t);
}

long
freebsd_sched_getcpu(struct call *c)
{
	uint32_t cpu = 0;
	long r = host_call(__NR_getcpu, &cpu, 0, 0);

	(void)c;
	return r < 0 ? r : (long)cpu;
}

/* Commands and their numbers are Linux's; of those FreeBSD leaves the rseq ones out. */
#define MEMBARRIER_COMMANDS 0x27f

long
freebsd_membarrier(struct call *c, int32_t command, uint32_t flags, int32_t cpu)
{
	long r;

	(void)c;
	(void)cpu;
	if (flags || (command & ~MEMBARRIER_COMMANDS) || (command & (command - 1)))
		return -EINVAL;
	r = host_call(__NR_membarrier, command, 0, 0);
	return r > 0 ? r & MEMBARRIER_COMMANDS : r;
}

/* ---- rtprio(2): the same by other names ---- */

long
freebsd_set_priority(int tid, struct freebsd_rtprio p)
{
	const int32_t none = 0;

	if (p.priority > FREEBSD_RTP_PRIO_MAX)
		return -EINVAL;
	switch (p.type) {
	case FREEBSD_RTP_PRIO_REALTIME:
		return set_policy(tid, FREEBSD_SCHED_RR, HIGHEST_REALTIME - p.priority);
	case FREEBSD_RTP_PRIO_FIFO:
		return set_policy(tid, FREEBSD_SCHED_FIFO, HIGHEST_REALTIME - p.priority);
	case FREEBSD_RTP_PRIO_NORMAL:
		return set_policy(tid, FREEBSD_SCHED_OTHER, 0);
	case FREEBSD_RTP_PRIO_IDLE:
		return host_call(__NR_sched_setscheduler, tid, SCHED_IDLE, &none);
	default:
		return -EINVAL;
	}
}

static long
look_up(int tid, long policy, struct guest_ptr where)
{
	struct freebsd_rtprio p = {FREEBSD_RTP_PRIO_NORMAL, 0};
	int32_t priority = 0;

	if (is_realtime(policy) && host_call(__NR_sched_getparam, tid, &priority) == 0) {
		p.type = policy == FREEBSD_SCHED_FIFO ? FREEBSD_RTP_PRIO_FIFO : FREEBSD_RTP_PRIO_REALTIME;
		p.priority = (uint16_t)(HIGHEST_REALTIME + 1 - priority);
	} else if (host_call(__NR_sched_getscheduler, tid) == SCHED_IDLE) {
		p.type = FREEBSD_RTP_PRIO_IDLE;
	}
	return copy_out(where, &p, sizeof p);
}

static long
rtprio(int tid, int32_t function, struct guest_ptr where)
{
	struct freebsd_rtprio p;
	long policy = policy_of(tid);

	if (policy < 0)
		return policy;
	if (function == FREEBSD_RTP_LOOKUP)
		return look_up(tid, policy, where);
	if (function != FREEBSD_RTP_SET)
		return -EINVAL;
	return copy_in(&p, where, sizeof p) < 0 ? -EFAULT : freebsd_set_priority(tid, p);
}

long
freebsd_rtprio(struct call *c, int32_t function, int32_t who, struct guest_ptr priority)
{
	return who < 0 ? -ESRCH : rtprio(who ? who : c->p->pid, function, priority);
}

long
freebsd_rtprio_thread(struct call *c, int32_t function, int32_t who, struct guest_ptr priority)
{
	int tid = who == 0 ? c->t->tid : freebsd_tid_to_host(who);

	return tid ? rtprio(tid, function, priority) : -ESRCH;
}

/* ---- processor sets ---- */

#define SET_BYTES 128		/* CPU_MAXSIZE / NBBY */
#define ROOT_SET 1

/* Which host thread or process `who` is; 0: the calling one. */
static long
cpuset_target(struct call *c, int32_t which, int64_t who)
{
	switch (which) {
	case FREEBSD_CPU_WHICH_TID:
		if (who == -1)
			return c->t->tid;
		return freebsd_tid_to_host(who) ? freebsd_tid_to_host(who) : -ESRCH;
	case FREEBSD_CPU_WHICH_PID:
	case FREEBSD_CPU_WHICH_TIDPID:
		if (who == -1)
			return c->p->pid;
		if (freebsd_tid_to_host(who))
			return freebsd_tid_to_host(who);
		return who > 0 && who <= INT32_MAX ? who : -ESRCH;
	case FREEBSD_CPU_WHICH_CPUSET:
	case FREEBSD_CPU_WHICH_JAIL:
		return who == -1 || who == 0 || who == ROOT_SET ? c->p->pid : -ESRCH;
	default:
		return -EINVAL;
	}
}

static bool
is_level(int32_t level)
{
	return level == FREEBSD_CPU_LEVEL_ROOT || level == FREEBSD_CPU_LEVEL_CPUSET || level == FREEBSD_CPU_LEVEL_WHICH;
}

/* The host's affinity, in the guest's size: zero bits to the end. */
long
freebsd_cpuset_getaffinity(struct call *c, int32_t level, int32_t which, int64_t who, uint64_t n,
			   struct guest_ptr mask)
{
	uint8_t set[SET_BYTES] = {0};
	long target, r;

	if (!is_level(level))
		return -EINVAL;
	if (n > sizeof set)
		return -ERANGE;
	target = cpuset_target(c, which, who);
	if (target < 0)
		return target;
	r = host_call(__NR_sched_getaffinity, target, sizeof set, set);
	if (r < 0)
		return r;
	for (size_t i = n; i < sizeof set; i++)
		if (set[i])
			return -ERANGE;
	return copy_out(mask, set, n);
}

static bool
is_empty(const uint8_t *set, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (set[i])
			return false;
	return true;
}

/*
 * Of a process: of all its threads, one after the other, as the host has it. A set
 * without processors is EDEADLK, whatever the rest says (cpuset_modify()).
 */
static long
set_affinity(struct call *c, long target, bool is_process, const uint8_t *set, size_t n)
{
	long r = core_call(__NR_sched_setaffinity, target, n, set);

	if (r < 0 || !is_process || target != c->p->pid)
		return r;
	lock_acquire(&c->p->lock);
	for (struct thread *t = c->p->threads; t && r == 0; t = t->next)
		if (t->tid)
			r = core_call(__NR_sched_setaffinity, t->tid, n, set);
	lock_release(&c->p->lock);
	return r;
}

long
freebsd_cpuset_setaffinity(struct call *c, int32_t level, int32_t which, int64_t who, uint64_t n,
			   struct guest_ptr mask)
{
	uint8_t set[SET_BYTES] = {0};
	long target;

	if (n <= sizeof set && copy_in(set, mask, n) < 0)
		return -EFAULT;
	if (n > sizeof set && copy_in(set, mask, sizeof set) < 0)
		return -EFAULT;
	if (is_empty(set, n < sizeof set ? n : sizeof set))
		return n == 0 ? -EDEADLK : -EINVAL;
	if (n > sizeof set)
		return -ERANGE;
	if (!is_level(level))
		return -EINVAL;
	target = cpuset_target(c, which, who);
	if (target < 0)
		return target;
	return set_affinity(c, target, which != FREEBSD_CPU_WHICH_TID, set, n);
}

/* One set is all there is: everybody is in it, and a new one is it again. */
long
freebsd_cpuset(struct call *c, struct guest_ptr set)
{
	(void)c;
	return store_u32(set, ROOT_SET);
}

long
freebsd_cpuset_getid(struct call *c, int32_t level, int32_t which, int64_t who, struct guest_ptr set)
{
	long target;

	if (level == FREEBSD_CPU_LEVEL_WHICH && which != FREEBSD_CPU_WHICH_CPUSET)
		return -EINVAL;
	if (!is_level(level))
		return -EINVAL;
	target = cpuset_target(c, which, who);
	return target < 0 ? target : store_u32(set, ROOT_SET);
}

long
freebsd_cpuset_setid(struct call *c, int32_t which, int64_t who, int32_t set)
{
	long target;

	if (which != FREEBSD_CPU_WHICH_PID)
		return -EINVAL;
	target = cpuset_target(c, which, who);
	if (target < 0)
		return target;
	return set == ROOT_SET ? 0 : -ESRCH;
}

/* ---- memory domains: there is one, number 0 ---- */

#define DOMAIN_BYTES_MIN 8
#define DOMAIN_BYTES_MAX 32
#define POLICY_FIRST_TOUCH 2
#define POLICY_LAST 4

long
freebsd_cpuset_getdomain(struct call *c, int32_t level, int32_t which, int64_t who, uint64_t n,
			 struct guest_ptr mask, struct guest_ptr policy)
{
	const uint8_t set[DOMAIN_BYTES_MAX] = {1};
	long target;

	if (n < DOMAIN_BYTES_MIN || n > DOMAIN_BYTES_MAX)
		return -ERANGE;
	if (!is_level(level))
		return -EINVAL;
	target = cpuset_target(c, which, who);
	if (target < 0)
		return target;
	if (copy_out(mask, set, n) < 0)
		return -EFAULT;
	return is_null(policy) ? 0 : store_u32(policy, POLICY_FIRST_TOUCH);
}

long
freebsd_cpuset_setdomain(struct call *c, int32_t level, int32_t which, int64_t who, uint64_t n,
			 struct guest_ptr mask, int32_t policy)
{
	uint8_t set[DOMAIN_BYTES_MAX] = {0};
	long target;

	if (n < DOMAIN_BYTES_MIN || n > DOMAIN_BYTES_MAX)
		return -ERANGE;
	if (copy_in(set, mask, n) < 0)
		return -EFAULT;
	if (!is_level(level) || policy < 1 || policy > POLICY_LAST)
		return -EINVAL;
	target = cpuset_target(c, which, who);
	if (target < 0)
		return target;
	return set[0] == 1 && is_empty(set + 1, n - 1) ? 0 : -EINVAL;
}
