/*
 * Condition variables (kern/kern_umtx.c: do_cv_wait(), do_cv_signal(),
 * do_cv_broadcast()). The kernel queues the waiter before it frees the mutex;
 * here the waiter reads a sequence number before it, which every signal raises,
 * and sleeps while it has not changed. The number stands in the structure's spare
 * word. A waiter between the two steps may be woken beside the one that a signal
 * was for: POSIX lets it, and libthr looks again.
 *
 * c_has_waiters, by which libthr saves itself a call, is any odd number here: that of
 * the sequence number at which the latest waiter came. So a signal that found nobody
 * asleep can clear it, and does not take it from one who has just come.
 */
#include "umtx.h"

#include "core/copy.h"
#include "core/dispatch.h"

/* struct ucond (sys/_umtx.h) */
#define C_HAS_WAITERS	0
#define C_FLAGS		4
#define C_CLOCK		8
#define C_SEQUENCE	12	/* c_spare */

/* It only grows: who comes late with an old number must not hide one who sleeps already. */
static long
say_that_one_waits(struct guest_ptr cv, uint32_t sequence)
{
	const struct guest_ptr word = guest_at(cv, C_HAS_WAITERS);
	const uint32_t mine = sequence << 1 | 1;
	uint32_t value, now;

	if (load_u32(&value, word) < 0)
		return -EFAULT;
	for (; value == 0 || (int32_t)(value - mine) < 0; value = now) {
		if (cas_u32(word, value, mine, &now) < 0)
			return -EFAULT;
		if (now == value)
			break;
	}
	return 0;
}

static long
raise_sequence(struct guest_ptr cv)
{
	const struct guest_ptr word = guest_at(cv, C_SEQUENCE);
	uint32_t value, now;

	if (load_u32(&value, word) < 0)
		return -EFAULT;
	for (;; value = now) {
		if (cas_u32(word, value, value + 1, &now) < 0)
			return -EFAULT;
		if (now == value)
			return 0;
	}
}

/* Only what do_cv_wait() takes: not the clocks of processes and threads. */
static long
clock_of(const struct umtx_call *u, uint32_t *clock)
{
	*clock = FREEBSD_CLOCK_REALTIME;
	if (!(u->value & FREEBSD_CVWAIT_CLOCKID))
		return 0;
	if (load_u32(clock, guest_at(u->object, C_CLOCK)) < 0)
		return -EFAULT;
	return *clock >= FREEBSD_CLOCK_THREAD_CPUTIME_ID ? -EINVAL : 0;
}

static long
limit_of(const struct umtx_call *u, uint32_t clock, struct umtx_limit *limit)
{
	struct __kernel_timespec time;
	long r;

	if (is_null(u->timeout))
		return 0;
	r = freebsd_copy_in_timespec(&time, u->timeout);
	return r < 0 ? r : umtx_limit_on(u->c, &time, clock, u->value & FREEBSD_CVWAIT_ABSTIME, limit);
}

/* Once the mutex is free the call cannot be made again: every interruption is its end. */
static long
after_wait(const struct umtx_call *u, long r)
{
	u->c->t->has_deadline = false;
	return r == -EINTR || r == CALL_RESTART ? GUEST_ERROR(FREEBSD_EINTR) : r;
}

long
umtx_op_cv_wait(const struct umtx_call *u)
{
	struct umtx_wait w = {guest_at(u->object, C_SEQUENCE), 0, false, UMTX_ANY};
	struct umtx_limit limit = {0};
	uint32_t flags, clock;
	long r;

	if (load_u32(&flags, guest_at(u->object, C_FLAGS)) < 0)
		return -EFAULT;
	w.shared = flags & FREEBSD_USYNC_PROCESS_SHARED;
	r = clock_of(u, &clock);
	if (r == 0)
		r = limit_of(u, clock, &limit);
	if (r < 0)
		return r;
	/* In this order: a signal after the first line changes the number. */
	if (load_u32(&w.expected, w.word) < 0 || say_that_one_waits(u->object, w.expected) < 0)
		return -EFAULT;
	r = umtx_unlock_mutex(u->arg, freebsd_tid_to_guest(u->c->t->tid), false);
	return r < 0 ? r : after_wait(u, umtx_sleep(u->c, &w, &limit));
}

static long
cv_wake(const struct umtx_call *u, uint64_t n)
{
	const struct guest_ptr waiters = guest_at(u->object, C_HAS_WAITERS);
	uint32_t flags, value, now;
	bool shared;

	if (load_u32(&flags, guest_at(u->object, C_FLAGS)) < 0 || load_u32(&value, waiters) < 0 ||
	    raise_sequence(u->object) < 0)
		return -EFAULT;
	shared = flags & FREEBSD_USYNC_PROCESS_SHARED;
	if (umtx_wake(guest_at(u->object, C_SEQUENCE), n, shared, UMTX_ANY) > 0 && n == 1)
		return 0;	/* there may be more */
	return cas_u32(waiters, value, 0, &now);
}

long
umtx_op_cv_signal(const struct umtx_call *u)
{
	return cv_wake(u, 1);
}

long
umtx_op_cv_broadcast(const struct umtx_call *u)
{
	return cv_wake(u, INT32_MAX);
}
