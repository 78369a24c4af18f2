/*
 * Resource limits, usage and priorities (kern/kern_resource.c). The host's limits
 * where it has them; the first thread's stack is the core's making.
 */
#include "freebsd.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/process.h"
#include "core/thread.h"

#include <linux/resource.h>

#define GUEST_INFINITY INT64_MAX	/* RLIM_INFINITY */
#define HOST_INFINITY (~UINT64_C(0))

struct limits {		/* struct rlimit: the same shape, another infinity */
	uint64_t now, most;
};

static uint64_t
limit_to_guest(uint64_t v)
{
	return v > GUEST_INFINITY ? GUEST_INFINITY : v;
}

static uint64_t
limit_to_host(uint64_t v)
{
	return v >= GUEST_INFINITY ? HOST_INFINITY : v;
}

/* The host's number; -1: only FreeBSD has it; -EINVAL: nobody. */
static long
host_resource(uint32_t which)
{
	for (unsigned i = 0; i < freebsd_rlimit_resource.n; i++)
		if (freebsd_rlimit_resource.flags[i].value == which)
			return freebsd_rlimit_resource.flags[i].kind == FLAG_SAME
				       ? (long)freebsd_rlimit_resource.flags[i].host
				       : -1;
	return -EINVAL;
}

long
freebsd_limits(const struct process *p, uint32_t which, uint64_t to[2])
{
	struct limits l = {HOST_INFINITY, HOST_INFINITY};
	long host = host_resource(which), r = 0;

	if (host == -EINVAL)
		return -EINVAL;
	if (which == FREEBSD_RLIMIT_STACK)
		l.now = l.most = p->stack_size;
	else if (host >= 0)
		r = host_call(__NR_prlimit64, 0, host, 0, &l);
	to[0] = limit_to_guest(l.now);
	to[1] = limit_to_guest(l.most);
	return r;
}

long
freebsd_getrlimit(struct call *c, uint32_t which, struct guest_ptr limit)
{
	uint64_t limits[2];
	long r = freebsd_limits(c->p, which, limits);

	return r < 0 ? r : copy_out(limit, limits, sizeof limits);
}

long
freebsd_setrlimit(struct call *c, uint32_t which, struct guest_ptr limit)
{
	struct limits l;
	long host = host_resource(which);

	if (copy_in(&l, limit, sizeof l) < 0)
		return -EFAULT;
	if (host == -EINVAL)
		return -EINVAL;
	l.now = limit_to_host(l.now);
	l.most = limit_to_host(l.most);
	if (l.now > l.most)
		l.now = l.most;
	if (which == FREEBSD_RLIMIT_STACK)	/* made whole at the start; more cannot be had */
		return l.now <= c->p->stack_size || l.now == HOST_INFINITY ? 0 : -EPERM;
	if (host < 0)				/* not counted here: only "no limit" can be kept */
		return l.now == HOST_INFINITY ? 0 : -EPERM;
	return host_call(__NR_prlimit64, 0, host, &l, 0);
}

/* The host's raw answer is 20 - nice, so that it is never negative; FreeBSD's is the value. */
long
freebsd_getpriority(struct call *c, int32_t which, int32_t who)
{
	long r;

	if (which < 0 || which > PRIO_USER)
		return -EINVAL;
	r = host_call(__NR_getpriority, which, who);
	if (r < 0)
		return r;
	/* -1 to -20 look like errors to dispatch; as a 32-bit int they are the value. */
	(void)c;
	return (long)(uint32_t)(20 - r);
}

long
freebsd_setpriority(struct call *c, int32_t which, int32_t who, int32_t priority)
{
	(void)c;
	if (which < 0 || which > PRIO_USER)
		return -EINVAL;
	return host_call(__NR_setpriority, which, who, priority);
}

long
freebsd_getdtablesize(struct call *c)
{
	struct limits l;
	long r = host_call(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &l);

	(void)c;
	return r < 0 ? r : (long)(l.now > INT32_MAX ? INT32_MAX : l.now);
}

/* The second number of /proc/self/statm is what is resident, the first all, in pages. */
static long
memory_pages(uint64_t to[2])
{
	char text[128], *s = text;
	long fd = core_call(__NR_openat, AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC), n;

	if (fd < 0)
		return fd;
	n = core_call(__NR_read, fd, text, sizeof text - 1);
	core_call(__NR_close, fd);
	text[n > 0 ? n : 0] = 0;
	for (int i = 0; i < 2; i++) {
		for (to[i] = 0; *s >= '0' && *s <= '9'; s++)
			to[i] = to[i] * 10 + (uint64_t)(*s - '0');
		s += *s == ' ';
	}
	return 0;
}

#define USAGE_BY_EUID 1		/* GETRLIMITUSAGE_EUID */

/* getrlimitusage(2): how much of a limit is used; of those that are a user's or cannot be told, ENXIO. */
long
freebsd_getrlimitusage(struct call *c, uint32_t which, int32_t flags, struct guest_ptr usage)
{
	struct timespec ran;
	uint64_t pages[2];
	long r;

	(void)c;
	if ((flags & ~USAGE_BY_EUID) || host_resource(which) == -EINVAL)
		return -EINVAL;
	switch (which) {
	case FREEBSD_RLIMIT_CPU:
		core_call(__NR_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &ran);
		return store_u64(usage, (uint64_t)ran.tv_sec);
	case FREEBSD_RLIMIT_AS:
	case FREEBSD_RLIMIT_RSS:
		r = memory_pages(pages);
		return r < 0 ? r : store_u64(usage, pages[which == FREEBSD_RLIMIT_RSS] * 4096);
	default:
		return -ENXIO;
	}
}
