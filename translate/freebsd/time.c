/*
 * Clocks and sleeps: sys/kern/kern_time.c, sys/kern/kern_ntptime.c.
 */
#include "freebsd.h"
#include "timekeep.h"

#include <linux/resource.h>
#include <linux/timex.h>

#include "core/copy.h"
#include "core/core.h"
#include "core/dispatch.h"
#include "core/host.h"
#include "core/host_clock.h"
#include "core/process.h"
#include "core/signal.h"
#include "core/thread.h"

#define SECOND 1000000000
#define HZ 100	/* kern.clockrate */

/* sys/sys/proc.h: a clock of one thread's or process's processor time. */
#define CPU_CLOCK		0x80000000u
#define CPU_CLOCK_PROCESS	0x40000000u
#define CPU_CLOCK_ID		0x3fffffffu

/* linux/posix-timers.h: the same on the host, of the id's complement. */
#define HOST_ID_MAX		((1 << 28) - 1)	/* the shift by three leaves no more */
#define HOST_CPU_CLOCK(id)	((int)((~(unsigned)(id) << 3) | 2))
#define HOST_THREAD_CLOCK(id)	((int)((~(unsigned)(id) << 3) | 6))

/* The host's clock; -1: the handler reads it, or there is none. */
static int
host_clock(int clock)
{
	uint32_t bits = (uint32_t)clock;

	if (bits & CPU_CLOCK) {
		int id = (int)(bits & CPU_CLOCK_ID);

		if (id > HOST_ID_MAX)
			return -1;
		if (bits & CPU_CLOCK_PROCESS)
			return HOST_CPU_CLOCK(id);
		id = freebsd_tid_to_host(id);
		return id ? HOST_THREAD_CLOCK(id) : -1;
	}
	switch (clock) {
	case FREEBSD_CLOCK_REALTIME:
	case FREEBSD_CLOCK_REALTIME_PRECISE:
		return CLOCK_REALTIME;
	/* Not the coarse ones: mixed with the exact ones, time would go back. */
	case FREEBSD_CLOCK_REALTIME_FAST:
		return CLOCK_REALTIME;
	case FREEBSD_CLOCK_MONOTONIC_FAST:
	case FREEBSD_CLOCK_UPTIME_FAST:
	case FREEBSD_CLOCK_MONOTONIC:
	case FREEBSD_CLOCK_UPTIME:
	case FREEBSD_CLOCK_MONOTONIC_PRECISE:
	case FREEBSD_CLOCK_UPTIME_PRECISE:
		return CLOCK_MONOTONIC;
	case FREEBSD_CLOCK_THREAD_CPUTIME_ID:
		return CLOCK_THREAD_CPUTIME_ID;
	case FREEBSD_CLOCK_PROCESS_CPUTIME_ID:
		return CLOCK_PROCESS_CPUTIME_ID;
	case FREEBSD_CLOCK_TAI:
		return options.release >= 1500 ? CLOCK_TAI : -1;
	default:
		return -1;
	}
}

/* CLOCK_VIRTUAL is the process's time in user mode, CLOCK_PROF that in both. */
static long
processor_time(struct timespec *t, bool in_kernel_too)
{
	struct rusage u;
	long r = core_call(__NR_getrusage, RUSAGE_SELF, &u), usec;

	usec = u.ru_utime.tv_usec + (in_kernel_too ? u.ru_stime.tv_usec : 0);
	t->tv_sec = u.ru_utime.tv_sec + (in_kernel_too ? u.ru_stime.tv_sec : 0) + usec / 1000000;
	t->tv_nsec = usec % 1000000 * 1000;
	return r;
}

/* Nobody may have told the host how far TAI is ahead: FreeBSD then refuses to tell it, the host gives real time. */
static bool
knows_tai(void)
{
	struct timespec real, tai;

	host_clock_gettime(CLOCK_REALTIME, &real);
	host_clock_gettime(CLOCK_TAI, &tai);
	return tai.tv_sec - real.tv_sec > 1;
}

static long
read_clock(int clock, struct timespec *t)
{
	int host = host_clock(clock);
	long r;

	if (host == CLOCK_TAI && !knows_tai())
		return -EINVAL;
	/* What the guest reads without a call and by one is one clock. */
	if ((host == CLOCK_REALTIME || host == CLOCK_MONOTONIC) &&
	    freebsd_timekeep_read(host == CLOCK_REALTIME, t))
		return 0;
	if (host != -1)
		return host_clock_gettime(host, t);
	switch (clock) {
	case FREEBSD_CLOCK_VIRTUAL:
	case FREEBSD_CLOCK_PROF:
		return processor_time(t, clock == FREEBSD_CLOCK_PROF);
	case FREEBSD_CLOCK_SECOND:
		r = host_clock_gettime(CLOCK_REALTIME, t);
		t->tv_nsec = 0;
		return r;
	default:
		return -EINVAL;
	}
}

long
freebsd_clock_gettime(struct call *c, int32_t clock, struct guest_ptr to)
{
	struct timespec t;
	long r = read_clock(clock, &t);

	(void)c;
	return r < 0 ? r : copy_out(to, &t, sizeof t);
}

/*
 * The call that programs make most for nothing but its answer, clock_gettime (the one row that is `early`). What
 * is more than reading a clock in the host's vDSO is left to the call's usual way.
 */
bool
freebsd_answers(struct thread *t, const struct sigcontext *r, long *answer)
{
	const int host = host_clock((int)r->rdi);

	(void)t;
	(void)answer;
	return host >= 0 && host != CLOCK_TAI && !freebsd_timekeep_serves() && host_clock_for_guest(host, guest(r->rsi));
}

/* kern_clock_getres(): what the time counter can do, not when the clock is updated. */
long
freebsd_clock_getres(struct call *c, int32_t clock, struct guest_ptr to)
{
	struct timespec resolution = {0, 1};

	(void)c;
	if (is_null(to))
		return 0;
	if (clock == FREEBSD_CLOCK_VIRTUAL || clock == FREEBSD_CLOCK_PROF)
		resolution.tv_nsec = SECOND / HZ;
	else if (clock == FREEBSD_CLOCK_SECOND)
		resolution = (struct timespec){1, 0};
	else if (clock >= 0 && host_clock(clock) == -1)
		return -EINVAL;
	return copy_out(to, &resolution, sizeof resolution);
}

long
freebsd_gettimeofday(struct call *c, struct guest_ptr to, struct guest_ptr zone)
{
	struct timespec t;
	int64_t now[2];
	long r;

	(void)c;
	read_clock(FREEBSD_CLOCK_REALTIME, &t);
	now[0] = t.tv_sec;
	now[1] = t.tv_nsec / 1000;
	r = is_null(to) ? 0 : copy_out(to, now, sizeof now);
	/* The zone of the kernel, which nobody sets any more. */
	return r < 0 || is_null(zone) ? r : zero_out(zone, 8);
}

/* clock_getcpuclockid2(2) */
long
freebsd_clock_getcpuclockid2(struct call *c, int64_t who, int32_t which, struct guest_ptr to)
{
	struct timespec t;
	uint32_t clock;

	switch (which) {
	case FREEBSD_CPUCLOCK_WHICH_PID:
		clock = CPU_CLOCK | CPU_CLOCK_PROCESS |
			((uint32_t)(who ? who : c->p->pid) & CPU_CLOCK_ID);
		break;
	case FREEBSD_CPUCLOCK_WHICH_TID:
		clock = CPU_CLOCK |
			((uint32_t)(who ? who : freebsd_tid_to_guest(c->t->tid)) & CPU_CLOCK_ID);
		break;
	default:
		return -EINVAL;
	}
	if (read_clock((int)clock, &t) < 0)
		return -ESRCH;
	return store_u32(to, clock);
}

/* ---- sleeping ---- */

/* kern_clock_nanosleep(): which clocks one can sleep by. */
static long
sleep_clock(int clock)
{
	switch (clock) {
	case FREEBSD_CLOCK_REALTIME:
	case FREEBSD_CLOCK_REALTIME_PRECISE:
	case FREEBSD_CLOCK_REALTIME_FAST:
	case FREEBSD_CLOCK_SECOND:
		return CLOCK_REALTIME;
	case FREEBSD_CLOCK_TAI:
		return options.release >= 1500 ? CLOCK_TAI : -EINVAL;
	case FREEBSD_CLOCK_MONOTONIC:
	case FREEBSD_CLOCK_MONOTONIC_PRECISE:
	case FREEBSD_CLOCK_MONOTONIC_FAST:
	case FREEBSD_CLOCK_UPTIME:
	case FREEBSD_CLOCK_UPTIME_PRECISE:
	case FREEBSD_CLOCK_UPTIME_FAST:
		return CLOCK_MONOTONIC;
	case FREEBSD_CLOCK_VIRTUAL:
	case FREEBSD_CLOCK_PROF:
	case FREEBSD_CLOCK_PROCESS_CPUTIME_ID:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

static int64_t
nanoseconds(int host)
{
	struct timespec t;

	host_clock_gettime(host, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* From a length of time, or a time of the host's clock; kept if the call is made again. */
static void
set_deadline(struct thread *t, const struct timespec *length, bool until)
{
	const int64_t most = INT64_MAX / 4;

	if (t->has_deadline)
		return;
	t->deadline =
		length->tv_sec < most / SECOND ? length->tv_sec * SECOND + length->tv_nsec : most;
	if (!until)
		t->deadline += nanoseconds(CLOCK_MONOTONIC);
	t->has_deadline = true;
}

static long
put_left(const struct thread *t, struct guest_ptr to)
{
	int64_t left = t->deadline - nanoseconds(CLOCK_MONOTONIC);
	struct timespec rest = {0, 0};

	if (left > 0)
		rest = (struct timespec){left / SECOND, left % SECOND};
	return copy_out(to, &rest, sizeof rest);
}

static long
sleep_on(struct call *c, int clock, uint32_t flags, struct guest_ptr length, struct guest_ptr left)
{
	struct timespec t;
	bool until = flags & FREEBSD_TIMER_ABSTIME;
	long host, r = copy_in(&t, length, sizeof t);

	if (r < 0)
		return r;
	if (t.tv_nsec < 0 || t.tv_nsec >= SECOND || (flags & ~(uint32_t)FREEBSD_TIMER_ABSTIME))
		return -EINVAL;
	host = sleep_clock(clock);
	if (host < 0)
		return host;
	if (t.tv_sec < 0 || (t.tv_sec == 0 && t.tv_nsec == 0))
		return 0;
	set_deadline(c->t, &t, until);
	t = (struct timespec){c->t->deadline / SECOND, c->t->deadline % SECOND};
	r = host_call(__NR_clock_nanosleep, until ? host : CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0);
	if (r == -EINTR && signal_interruption(c->t) != INTERRUPTED_NOT && !until &&
	    !is_null(left) && put_left(c->t, left) < 0)
		return -EFAULT;
	return r;
}

long
freebsd_nanosleep(struct call *c, struct guest_ptr length, struct guest_ptr left)
{
	return sleep_on(c, FREEBSD_CLOCK_REALTIME, 0, length, left);
}

/* A POSIX function that answers its error: a value here, no carry flag (kern_posix_error()). */
long
freebsd_clock_nanosleep(struct call *c, int32_t clock, uint32_t flags, struct guest_ptr length,
			struct guest_ptr left)
{
	long r = sleep_on(c, clock, flags, length, left);

	if (r >= 0 || r == CALL_RESTART ||
	    (r == -EINTR && signal_interruption(c->t) == INTERRUPTED_NOT))
		return r;
	return (long)guest_errno(c, r);
}

/* ---- setting the time: as for a user without privilege ---- */

long
freebsd_clock_settime(struct call *c, int32_t clock, struct guest_ptr now)
{
	struct timespec t;

	(void)c;
	(void)clock;
	return copy_in(&t, now, sizeof t) < 0 ? -EFAULT : -EPERM;
}

long
freebsd_settimeofday(struct call *c, struct guest_ptr now, struct guest_ptr zone)
{
	char t[16];

	(void)c;
	if (!is_null(now) && copy_in(t, now, sizeof t) < 0)
		return -EFAULT;
	return !is_null(zone) && copy_in(t, zone, 8) < 0 ? -EFAULT : -EPERM;
}

long
freebsd_adjtime(struct call *c, struct guest_ptr delta, struct guest_ptr old)
{
	int64_t d[2];

	(void)c;
	if (!is_null(delta))
		return copy_in(d, delta, sizeof d) < 0 ? -EFAULT : -EPERM;
	return is_null(old) ? 0 : zero_out(old, sizeof d);
}

/* sys/sys/timex.h */
struct freebsd_timex {
	uint32_t modes, pad;
	int64_t offset, freq, maxerror, esterror;
	int32_t status, pad2;
	int64_t constant, precision, tolerance, ppsfreq, jitter;
	int32_t shift, pad3;
	int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
};
_Static_assert(sizeof(struct freebsd_timex) == 136, "sys/timex.h");

struct freebsd_ntptimeval {
	int64_t sec, nsec, maxerror, esterror, tai;
	int32_t state, pad;
};
_Static_assert(sizeof(struct freebsd_ntptimeval) == 48, "sys/timex.h");

static long
host_timex(struct timex *t)
{
	*t = (struct timex){.modes = 0};
	return core_call(__NR_adjtimex, t);
}

long
freebsd_ntp_adjtime(struct call *c, struct guest_ptr clock)
{
	struct freebsd_timex t;
	struct timex h;
	long state, r = copy_in(&t, clock, sizeof t);

	(void)c;
	if (r < 0)
		return r;
	if (t.modes)
		return -EPERM;
	state = host_timex(&h);
	if (state < 0)
		return state;
	t = (struct freebsd_timex){
		.offset = h.offset,
		.freq = h.freq,
		.maxerror = h.maxerror,
		.esterror = h.esterror,
		.status = h.status,
		.constant = h.constant,
		.precision = h.precision,
		.tolerance = h.tolerance,
		.ppsfreq = h.ppsfreq,
		.jitter = h.jitter,
		.shift = h.shift,
		.stabil = h.stabil,
		.jitcnt = h.jitcnt,
		.calcnt = h.calcnt,
		.errcnt = h.errcnt,
		.stbcnt = h.stbcnt,
	};
	r = copy_out(clock, &t, sizeof t);
	return r < 0 ? r : state;
}

long
freebsd_ntp_gettime(struct call *c, struct guest_ptr to)
{
	struct freebsd_ntptimeval n = {0};
	struct timespec t;
	struct timex h;
	long state = host_timex(&h), r;

	(void)c;
	if (state < 0)
		return state;
	host_clock_gettime(CLOCK_REALTIME, &t);
	n.sec = t.tv_sec;
	n.nsec = t.tv_nsec;
	n.maxerror = h.maxerror;
	n.esterror = h.esterror;
	n.tai = h.tai;
	n.state = (int32_t)state;
	r = copy_out(to, &n, sizeof n);
	return r < 0 ? r : state;
}

/* ---- interval timers: the host's, whose three have the same numbers, signals and layout ---- */

long
freebsd_getitimer(struct call *c, int32_t which, struct guest_ptr value)
{
	int64_t now[4];
	long r = core_call(__NR_getitimer, which, now);

	(void)c;
	return r < 0 ? r : copy_out(value, now, sizeof now);
}

/* itimerfix() */
static bool
is_valid_time(const int64_t t[2])
{
	return t[0] >= 0 && t[0] <= INT32_MAX / 2 && t[1] >= 0 && t[1] < 1000000;
}

long
freebsd_setitimer(struct call *c, int32_t which, struct guest_ptr new, struct guest_ptr old)
{
	int64_t value[4], before[4];
	long r;

	if (is_null(new))
		return freebsd_getitimer(c, which, old);	/* EFAULT if that is NULL too */
	r = copy_in(value, new, sizeof value);
	if (r < 0)
		return r;
	if (!is_valid_time(value + 2))
		return -EINVAL;
	if (value[2] == 0 && value[3] == 0)
		value[0] = value[1] = 0;
	else if (!is_valid_time(value))
		return -EINVAL;
	r = core_call(__NR_setitimer, which, value, before);
	return r < 0 || is_null(old) ? r : copy_out(old, before, sizeof before);
}
