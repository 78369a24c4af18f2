/*
 * Semaphores (kern/kern_umtx.c: do_sem_wait(), do_sem2_wait() and their wakes). Of
 * both kinds a waiter sleeps while the count is 0.
 */
#include "umtx.h"

#include "core/copy.h"
#include "core/dispatch.h"
#include "core/host.h"

#define NSEC 1000000000

/* struct _usem, of FreeBSD 9 and 10 */
#define SEM_HAS_WAITERS	0
#define SEM_COUNT	4
#define SEM_FLAGS	8

/* struct _usem2 */
#define SEM2_COUNT	0
#define SEM2_FLAGS	4

#define HAS_WAITERS FREEBSD_USEM_HAS_WAITERS
#define COUNT FREEBSD_USEM_MAX_COUNT

static bool
is_relative(const struct umtx_limit *limit)
{
	return limit->is_set && limit->is_relative;
}

/* A relative timeout cannot be restarted. */
static long
interrupted(const struct umtx_call *u, long r, const struct umtx_limit *limit)
{
	return is_relative(limit) ? without_restart(u->c, r) : r;
}

/*
 * _has_waiters is set and never cleared: a wake that found nobody asleep cannot know
 * of one that is about to. It costs the program a call that does nothing.
 */
long
umtx_op_sem_wait(const struct umtx_call *u)
{
	struct umtx_wait w = {guest_at(u->object, SEM_COUNT), 0, false, UMTX_ANY};
	struct umtx_limit limit;
	uint32_t flags, count;
	long r;

	if (load_u32(&flags, guest_at(u->object, SEM_FLAGS)) < 0)
		return -EFAULT;
	w.shared = flags & FREEBSD_USYNC_PROCESS_SHARED;
	r = umtx_limit(u, &limit);
	if (r < 0)
		return r;
	if (store_u32(guest_at(u->object, SEM_HAS_WAITERS), 1) < 0 || load_u32(&count, w.word) < 0)
		return -EFAULT;
	if (count != 0)
		return 0;
	return interrupted(u, umtx_sleep(u->c, &w, &limit), &limit);
}

long
umtx_op_sem_wake(const struct umtx_call *u)
{
	uint32_t flags;

	if (load_u32(&flags, guest_at(u->object, SEM_FLAGS)) < 0)
		return -EFAULT;
	umtx_wake(guest_at(u->object, SEM_COUNT), 1, flags & FREEBSD_USYNC_PROCESS_SHARED, UMTX_ANY);
	return 0;
}

/* The bit that says so is part of the count: 0 if there is something to take. */
static long
set_waiters(struct guest_ptr word)
{
	uint32_t value, now;

	if (load_u32(&value, word) < 0)
		return -EFAULT;
	for (;; value = now) {
		if (value & COUNT)
			return 0;
		if (value & HAS_WAITERS)
			return HAS_WAITERS;
		if (cas_u32(word, value, HAS_WAITERS, &now) < 0)
			return -EFAULT;
		if (now == value)
			return HAS_WAITERS;
	}
}

/* What is left of a relative timeout goes behind it, if there is room (__umtx_op_sem2_wait()). */
#define UMTX_TIME_SIZE 24

static long
put_rest(const struct umtx_call *u, const struct umtx_limit *limit)
{
	struct __kernel_timespec now, rest = {0, 0};
	int64_t left;

	core_call(__NR_clock_gettime, CLOCK_MONOTONIC, &now);
	left = (limit->until.tv_sec - now.tv_sec) * NSEC + limit->until.tv_nsec - now.tv_nsec;
	if (left > 0)
		rest = (struct __kernel_timespec){left / NSEC, left % NSEC};
	return copy_out(guest_at(u->timeout, UMTX_TIME_SIZE), &rest, sizeof rest);
}

long
umtx_op_sem2_wait(const struct umtx_call *u)
{
	struct umtx_wait w = {guest_at(u->object, SEM2_COUNT), HAS_WAITERS, false, UMTX_ANY};
	struct umtx_limit limit;
	uint32_t flags;
	long r;

	if (load_u32(&flags, guest_at(u->object, SEM2_FLAGS)) < 0)
		return -EFAULT;
	w.shared = flags & FREEBSD_USYNC_PROCESS_SHARED;
	r = umtx_limit(u, &limit);
	if (r == 0)
		r = set_waiters(w.word);
	if (r <= 0)
		return r;
	r = interrupted(u, umtx_sleep(u->c, &w, &limit), &limit);
	if (r == GUEST_ERROR(FREEBSD_EINTR) && u->arg.addr >= UMTX_TIME_SIZE + sizeof(struct __kernel_timespec) &&
	    put_rest(u, &limit) < 0)
		return -EFAULT;
	return r;
}

static long
clear_waiters(struct guest_ptr word)
{
	uint32_t value, now;

	if (load_u32(&value, word) < 0)
		return -EFAULT;
	for (; value & HAS_WAITERS; value = now) {
		if (cas_u32(word, value, value & ~HAS_WAITERS, &now) < 0)
			return -EFAULT;
		if (now == value)
			break;
	}
	return 0;
}

/*
 * The bit goes with the last sleeper. One that is about to sleep expects it in the
 * count, and so does not; one that has come since the count looks again. Without a
 * sleeper nothing is touched: the memory may be another's by now.
 */
long
umtx_op_sem2_wake(const struct umtx_call *u)
{
	const struct guest_ptr word = guest_at(u->object, SEM2_COUNT);
	uint32_t flags;
	bool shared;
	long n;

	if (load_u32(&flags, guest_at(u->object, SEM2_FLAGS)) < 0)
		return -EFAULT;
	shared = flags & FREEBSD_USYNC_PROCESS_SHARED;
	n = umtx_count(word, shared);
	if (n == 1 && clear_waiters(word) < 0)
		return -EFAULT;
	umtx_wake(word, n == 1 ? INT32_MAX : 1, shared, UMTX_ANY);
	return 0;
}
