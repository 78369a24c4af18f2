/*
 * EVFILT_TIMER: all timers of a kqueue in one heap, one host timerfd set to the
 * next of them. sys/kern/kern_event.c, filt_timer*().
 */
#include "kqueue_private.h"

#include <linux/eventpoll.h>
#include <linux/timerfd.h>

#include "core/fd.h"
#include "core/host.h"
#include "core/host_clock.h"
#include "core/linux_abi.h"
#include "core/memory.h"
#include "core/string.h"

#define SECOND INT64_C(1000000000)
#define NO_PLACE (~0u)
#define MOST_TIMERS 4096	/* kern.kq_calloutmax */

static int64_t
clock_now(int clock)
{
	struct timespec t;

	host_clock_gettime(clock, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* ---- the heap ---- */

static void
put(struct kqueue *kq, unsigned place, struct knote *kn)
{
	kq->timers[place] = kn;
	kn->timer.place = place;
}

static void
sift(struct kqueue *kq, unsigned at, struct knote *kn)
{
	while (at > 0 && kq->timers[(at - 1) / 2]->timer.next > kn->timer.next) {
		put(kq, at, kq->timers[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		unsigned child = 2 * at + 1;

		if (child + 1 < kq->n_timers &&
		    kq->timers[child + 1]->timer.next < kq->timers[child]->timer.next)
			child++;
		if (child >= kq->n_timers || kq->timers[child]->timer.next >= kn->timer.next)
			break;
		put(kq, at, kq->timers[child]);
		at = child;
	}
	put(kq, at, kn);
}

static void
heap_remove(struct knote *kn)
{
	struct kqueue *kq = kn->kq;
	unsigned place = kn->timer.place;
	struct knote *last;

	if (place == NO_PLACE)
		return;
	kn->timer.place = NO_PLACE;
	last = kq->timers[--kq->n_timers];
	if (last != kn)
		sift(kq, place, last);
}

static void
heap_add(struct knote *kn)
{
	struct kqueue *kq = kn->kq;

	sift(kq, kq->n_timers++, kn);
}

static long
heap_room(struct kqueue *kq)
{
	unsigned size = kq->timers_size ? 2 * kq->timers_size : 16;
	struct knote **bigger;

	if (kq->n_timers < kq->timers_size)
		return 0;
	if (kq->n_timers >= MOST_TIMERS)
		return -ENOMEM;
	bigger = core_alloc(size * sizeof *bigger);
	if (!bigger)
		return -ENOMEM;
	if (kq->timers)
		memcpy(bigger, kq->timers, kq->n_timers * sizeof *bigger);
	core_free(kq->timers);
	kq->timers = bigger;
	kq->timers_size = size;
	return 0;
}

/* ---- the host's timer ---- */

static void
set_host_timer(struct kqueue *kq)
{
	struct itimerspec t = {{0, 0}, {0, 0}};

	if (kq->n_timers) {
		int64_t next = kq->timers[0]->timer.next;

		if (next < 1)
			next = 1;	/* 0 would disarm it */
		t.it_value = (struct timespec){next / SECOND, next % SECOND};
	}
	core_call(__NR_timerfd_settime, kq->timerfd, TFD_TIMER_ABSTIME, &t, 0);
}

static long
need_timerfd(struct kqueue *kq)
{
	int fd;

	if (kq->timerfd >= 0)
		return 0;
	fd = core_fd_move_high(
		(int)core_call(__NR_timerfd_create, CLOCK_MONOTONIC, O_CLOEXEC | O_NONBLOCK));
	if (fd < 0)
		return fd;
	kq->timerfd = fd;
	return kqueue_add_source(kq, fd, EPOLLIN, source_key(SOURCE_TIMER, 0, 0));
}

static void
expire(struct knote *kn, int64_t time)
{
	int64_t times = 1;

	heap_remove(kn);
	if (kn->timer.period && !(kn->ev.flags & EV_ONESHOT)) {
		/* Late by several periods: they all count, and the next one is in the future. */
		times += (time - kn->timer.next) / kn->timer.period;
		kn->timer.next += times * kn->timer.period;
		heap_add(kn);
	}
	kn->ev.data += times;
	knote_activate(kn);
}

void
kqueue_timers_expire(struct kqueue *kq)
{
	int64_t time = clock_now(CLOCK_MONOTONIC);

	while (kq->n_timers && kq->timers[0]->timer.next <= time)
		expire(kq->timers[0], time);
	set_host_timer(kq);
}

/* ---- the filter ---- */

/* ns of a count in the unit that fflags name; -1: no such unit. A time beyond all others is cut. */
static int64_t
in_nanoseconds(int64_t n, uint32_t fflags)
{
	int64_t unit, ns;

	switch (fflags & NOTE_UNITS) {
	case NOTE_SECONDS:
		unit = SECOND;
		break;
	case 0:
	case NOTE_MSECONDS:
		unit = 1000000;
		break;
	case NOTE_USECONDS:
		unit = 1000;
		break;
	case NOTE_NSECONDS:
		unit = 1;
		break;
	default:
		return -1;
	}
	return __builtin_mul_overflow(n, unit, &ns) ? INT64_MAX / 4
	       : ns > INT64_MAX / 4		    ? INT64_MAX / 4
						    : ns;
}

/* From kn->wanted and wanted_data. */
static long
start(struct knote *kn)
{
	int64_t ns, time;

	if (kn->wanted_data < 0 || (kn->wanted & ~(NOTE_UNITS | NOTE_ABSTIME)))
		return -EINVAL;
	if (kn->wanted_data == 0 && !(kn->ev.flags & EV_ONESHOT))
		kn->wanted_data = 1;
	ns = in_nanoseconds(kn->wanted_data, kn->wanted);
	if (ns < 0)
		return -EINVAL;
	time = clock_now(CLOCK_MONOTONIC);
	if (kn->wanted & NOTE_ABSTIME) {
		/* A time of the uptime clock from now on: a later step of the date moves nothing. */
		kn->timer.next = ns - clock_now(CLOCK_REALTIME) + time;
		kn->timer.period = 0;
	} else {
		kn->timer.next = time + ns;
		kn->timer.period = ns;
	}
	heap_add(kn);
	set_host_timer(kn->kq);
	return 0;
}

static long
timer_attach(struct knote *kn)
{
	long r = need_timerfd(kn->kq);

	kn->timer.place = NO_PLACE;
	if (r == 0)
		r = heap_room(kn->kq);
	if (r == 0)
		r = start(kn);
	if (r == 0 && !(kn->wanted & NOTE_ABSTIME))
		kn->ev.flags |= EV_CLEAR;
	return r;
}

static void
timer_detach(struct knote *kn)
{
	heap_remove(kn);
	if (kn->kq->timerfd >= 0)
		set_host_timer(kn->kq);
}

static bool
timer_event(struct knote *kn)
{
	return kn->ev.data != 0;
}

/* Added again: a new beginning, and what had expired is forgotten. */
static void
timer_change(struct knote *kn, struct kevent *change)
{
	long r;

	if (!(change->flags & EV_ADD))
		return;
	heap_remove(kn);
	knote_deactivate(kn);
	kn->ev.data = 0;
	kn->wanted = change->fflags;
	kn->wanted_data = change->data;
	r = heap_room(kn->kq);
	if (r == 0)
		r = start(kn);
	if (r < 0) {
		kn->ev.flags |= EV_ERROR;
		kn->ev.data = -r;	/* EINVAL, the same number everywhere */
	}
}

static void
timer_report(struct knote *kn, struct kevent *out)
{
	*out = kn->ev;
	if (kn->ev.flags & EV_CLEAR) {
		kn->ev.data = 0;
		kn->ev.fflags = 0;
	}
}

const struct filter kqueue_timer_filter = {
	.attach = timer_attach,
	.detach = timer_detach,
	.event = timer_event,
	.change = timer_change,
	.report = timer_report,
};
