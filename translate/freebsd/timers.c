/*
 * ktimer_*(2), POSIX timers: sys/kern/kern_time.c. The host's timers do the work;
 * ids are FreeBSD's, small and used again, and so is what siginfo says.
 */
#include "freebsd.h"

#include "core/copy.h"
#include "core/core.h"
#include "core/host.h"
#include "core/layout.h"
#include "core/process.h"
#include "core/signal.h"
#include "core/thread.h"

#define FIRST_TIMER 3	/* those below are setitimer's */
#define TIMERS 32	/* TIMER_MAX, sys/timers.h */

static struct ktimer {
	int host;
	uint64_t value;		/* for the signal's receiver */
} timers[TIMERS] BULKY;
static uint32_t used;		/* bit n: timer n */
_Static_assert(TIMERS <= 32, "a bit for each");

static bool
is_used(int id)
{
	return __atomic_load_n(&used, __ATOMIC_ACQUIRE) >> id & 1;
}

static void
set_unused(int id)
{
	__atomic_and_fetch(&used, ~(UINT32_C(1) << id), __ATOMIC_RELEASE);
}

/* itimers exist for these clocks only (register_posix_clock()). */
static int
timer_clock(int clock)
{
	switch (clock) {
	case FREEBSD_CLOCK_REALTIME:
		return CLOCK_REALTIME;
	case FREEBSD_CLOCK_MONOTONIC:
		return CLOCK_MONOTONIC;
	case FREEBSD_CLOCK_TAI:
		return options.release >= 1500 ? CLOCK_TAI : -1;
	default:
		return -1;
	}
}

static long
event_to_host(struct call *c, struct host_sigevent *to, const struct freebsd_sigevent *e, int id)
{
	int host;

	switch (e->notify) {
	case FREEBSD_SIGEV_NONE:
		to->notify = SIGEV_NONE;
		return 0;
	case FREEBSD_SIGEV_SIGNAL:
		to->notify = SIGEV_SIGNAL;
		break;
	case FREEBSD_SIGEV_THREAD_ID:
		to->notify = SIGEV_THREAD_ID;
		to->tid = freebsd_tid_to_host(e->thread_id);
		if (!to->tid)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	host = e->signo > 0 ? signal_to_host(c->abi, e->signo) : -1;
	if (host <= 0)
		return -EINVAL;
	to->signo = host;
	to->value = TIMER_SIGNAL_VALUE(id, e->signo);
	return 0;
}

static long
take_id(struct process *p)
{
	int id = FIRST_TIMER;

	lock_acquire(&p->lock);
	while (id < TIMERS && is_used(id))
		id++;
	if (id < TIMERS)
		__atomic_or_fetch(&used, UINT32_C(1) << id, __ATOMIC_RELEASE);
	lock_release(&p->lock);
	return id < TIMERS ? id : -EAGAIN;
}

long
freebsd_ktimer_create(struct call *c, int32_t clock, struct guest_ptr event, struct guest_ptr to)
{
	struct freebsd_sigevent e = {.notify = FREEBSD_SIGEV_SIGNAL, .signo = FREEBSD_SIGALRM};
	struct host_sigevent h = {0};
	int host = -1;
	long r = is_null(event) ? 0 : copy_in(&e, event, sizeof e), id;

	if (r < 0)
		return r;
	if (timer_clock(clock) < 0)
		return -EINVAL;
	id = take_id(c->p);
	if (id < 0)
		return id;
	r = event_to_host(c, &h, &e, (int)id);
	if (r == 0)
		r = core_call(__NR_timer_create, timer_clock(clock), &h, &host);
	if (r == 0)
		r = store_u32(to, (uint32_t)id);
	if (r < 0) {
		if (host >= 0)
			core_call(__NR_timer_delete, host);
		set_unused((int)id);
		return r;
	}
	timers[id].value = is_null(event) ? (uint64_t)id : e.value;
	timers[id].host = host;
	return 0;
}

static int
host_timer(int timer)
{
	return timer >= FIRST_TIMER && timer < TIMERS && is_used(timer) ? timers[timer].host : -1;
}

long
freebsd_ktimer_delete(struct call *c, int32_t timer)
{
	int host = host_timer(timer);

	(void)c;
	if (host < 0)
		return -EINVAL;
	set_unused(timer);
	return core_call(__NR_timer_delete, host);
}

long
freebsd_ktimer_settime(struct call *c, int32_t timer, uint32_t flags, struct guest_ptr new,
		       struct guest_ptr old)
{
	struct itimerspec value, before;
	int host = host_timer(timer);
	long r = copy_in(&value, new, sizeof value);

	(void)c;
	if (r < 0)
		return r;
	if (host < 0)
		return -EINVAL;
	/* Disarming: whatever stands in the interval is not looked at. */
	if (value.it_value.tv_sec == 0 && value.it_value.tv_nsec == 0)
		value.it_interval = value.it_value;
	r = core_call(__NR_timer_settime, host, flags & FREEBSD_TIMER_ABSTIME ? TIMER_ABSTIME : 0,
		      &value, &before);
	return r < 0 || is_null(old) ? r : copy_out(old, &before, sizeof before);
}

long
freebsd_ktimer_gettime(struct call *c, int32_t timer, struct guest_ptr value)
{
	struct itimerspec now;
	int host = host_timer(timer);
	long r = host < 0 ? -EINVAL : core_call(__NR_timer_gettime, host, &now);

	(void)c;
	return r < 0 ? r : copy_out(value, &now, sizeof now);
}

long
freebsd_ktimer_getoverrun(struct call *c, int32_t timer)
{
	int host = host_timer(timer);

	(void)c;
	return host < 0 ? -EINVAL : core_call(__NR_timer_getoverrun, host);
}

void
freebsd_timer_info(struct freebsd_siginfo *to, const struct siginfo *from)
{
	unsigned id = TIMER_SIGNAL_ID((uint64_t)(uintptr_t)from->si_ptr);

	to->reason.timer.timerid = (int32_t)id;
	to->reason.timer.overrun = from->si_overrun;
	to->value = id < TIMERS ? timers[id].value : 0;
}

HOT void
freebsd_timers_after_fork(void)
{
	if (used != 0)
		used = 0;
}
