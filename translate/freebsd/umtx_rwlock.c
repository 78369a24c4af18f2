/*
 * Read-write locks (kern/kern_umtx.c: do_rw_rdlock(), do_rw_wrlock(),
 * do_rw_unlock()). Readers and writers sleep on rw_state, apart by their kind. The
 * kernel keeps count of both kinds and clears their bit with the last one; here
 * whoever wakes a kind clears its bit and wakes all of it, and those that must
 * wait again set it again. rw_blocked_readers and rw_blocked_writers, which only the
 * kernel reads, stay 0.
 */
#include "umtx.h"

#include "core/copy.h"
#include "core/dispatch.h"

/* struct urwlock (sys/_umtx.h) */
#define RW_STATE	0
#define RW_FLAGS	4

#define WRITE_OWNER FREEBSD_URWLOCK_WRITE_OWNER
#define WRITE_WAITERS FREEBSD_URWLOCK_WRITE_WAITERS
#define READ_WAITERS FREEBSD_URWLOCK_READ_WAITERS
#define READERS FREEBSD_URWLOCK_MAX_READERS	/* the bits that count them */

/* What one side waits for, and how it takes the lock. */
struct side {
	uint32_t blocked_by;	/* bits of rw_state that keep it out */
	uint32_t waiters, kind;
	bool writes;
};

static bool
is_blocked(uint32_t state, const struct side *s)
{
	return state & s->blocked_by;
}

/* 0 locked, -EBUSY with *seen, -EAGAIN, -EFAULT */
static long
try_lock(struct guest_ptr word, const struct side *s, uint32_t *seen)
{
	uint32_t state, now;

	if (load_u32(&state, word) < 0)
		return -EFAULT;
	for (;; state = now) {
		*seen = state;
		if (is_blocked(state, s))
			return -EBUSY;
		if (!s->writes && (state & READERS) == READERS)
			return -EAGAIN;
		if (cas_u32(word, state, s->writes ? state | WRITE_OWNER : state + 1, &now) < 0)
			return -EFAULT;
		if (now == state)
			return 0;
	}
}

/* Clears the bits and wakes everybody of those kinds. */
static long
wake_kinds(struct guest_ptr word, uint32_t waiters, bool shared)
{
	uint32_t state, now, kinds = 0;

	if (load_u32(&state, word) < 0)
		return -EFAULT;
	for (; state & waiters; state = now) {
		if (cas_u32(word, state, state & ~waiters, &now) < 0)
			return -EFAULT;
		if (now == state)
			break;
	}
	if (state & waiters & WRITE_WAITERS)
		kinds |= UMTX_WRITERS;
	if (state & waiters & READ_WAITERS)
		kinds |= UMTX_READERS;
	return kinds ? umtx_wake(word, INT32_MAX, shared, kinds) : 0;
}

static long
sleep_on_state(struct call *c, struct guest_ptr word, uint32_t state, const struct side *s, bool shared,
	       const struct umtx_limit *limit)
{
	const struct umtx_wait w = {word, state | s->waiters, shared, s->kind};
	uint32_t now;

	if (!(state & s->waiters)) {
		if (cas_u32(word, state, state | s->waiters, &now) < 0)
			return -EFAULT;
		if (now != state)
			return 0;
	}
	return umtx_sleep(c, &w, limit);
}

static long
lock(const struct umtx_call *u, const struct side *s, bool shared)
{
	const struct guest_ptr word = guest_at(u->object, RW_STATE);
	struct umtx_limit limit;
	long waited = umtx_limit(u, &limit);

	if (waited < 0)
		return waited;
	for (;;) {
		uint32_t state;
		long r = try_lock(word, s, &state);

		if (r != -EBUSY)
			return r;
		if (waited < 0) {
			/* A writer that gives up may have been all that kept readers out. */
			if (s->writes && waited != CALL_RESTART)
				wake_kinds(word, WRITE_WAITERS | READ_WAITERS, shared);
			return without_restart(u->c, waited);
		}
		waited = sleep_on_state(u->c, word, state, s, shared, &limit);
	}
}

long
umtx_op_rw_rdlock(const struct umtx_call *u)
{
	struct side s = {WRITE_OWNER, READ_WAITERS, UMTX_READERS, false};
	uint32_t flags;

	if (load_u32(&flags, guest_at(u->object, RW_FLAGS)) < 0)
		return -EFAULT;
	if (!((flags | u->value) & FREEBSD_URWLOCK_PREFER_READER))
		s.blocked_by |= WRITE_WAITERS;
	return lock(u, &s, flags & FREEBSD_USYNC_PROCESS_SHARED);
}

long
umtx_op_rw_wrlock(const struct umtx_call *u)
{
	static const struct side s = {WRITE_OWNER | READERS, WRITE_WAITERS, UMTX_WRITERS, true};
	uint32_t flags;

	if (load_u32(&flags, guest_at(u->object, RW_FLAGS)) < 0)
		return -EFAULT;
	return lock(u, &s, flags & FREEBSD_USYNC_PROCESS_SHARED);
}

/* The state without the caller; -EPERM if it has nothing locked. */
static long
drop(struct guest_ptr word, uint32_t *left)
{
	uint32_t state, now;

	if (load_u32(&state, word) < 0)
		return -EFAULT;
	for (;; state = now) {
		if (state & WRITE_OWNER)
			*left = state & ~WRITE_OWNER;
		else if (state & READERS)
			*left = state - 1;
		else
			return -EPERM;
		if (cas_u32(word, state, *left, &now) < 0)
			return -EFAULT;
		if (now == state)
			return 0;
	}
}

long
umtx_op_rw_unlock(const struct umtx_call *u)
{
	const struct guest_ptr word = guest_at(u->object, RW_STATE);
	uint32_t flags, left, first, second;
	bool shared;
	long r;

	if (load_u32(&flags, guest_at(u->object, RW_FLAGS)) < 0)
		return -EFAULT;
	shared = flags & FREEBSD_USYNC_PROCESS_SHARED;
	r = drop(word, &left);
	if (r < 0 || (left & READERS))
		return r;
	first = flags & FREEBSD_URWLOCK_PREFER_READER ? READ_WAITERS : WRITE_WAITERS;
	second = first ^ (READ_WAITERS | WRITE_WAITERS);
	/* The kind that comes first may have gone: then the other. */
	if (wake_kinds(word, first, shared) == 0)
		wake_kinds(word, second, shared);
	return 0;
}
