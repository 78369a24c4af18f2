/*
 * The lock of FreeBSD 5 to 10 (kern/kern_umtx.c: do_lock_umtx(), do_unlock_umtx()): a
 * long that names its owner, with the highest bit for contested.
 */
#include "umtx.h"

#include "core/copy.h"
#include "core/dispatch.h"

#define LONG_CONTESTED (UINT64_C(1) << 63)

static long
lock(struct call *c, struct guest_ptr word, uint64_t id, const struct umtx_limit *limit)
{
	uint64_t owner, seen;
	long waited = 0;

	if (load_u64(&owner, word) < 0)
		return -EFAULT;
	for (;; owner = seen) {
		bool is_free = !(owner & ~LONG_CONTESTED);

		if (!is_free && waited < 0)
			return waited;
		if (cas_u64(word, owner, is_free ? owner | id : owner | LONG_CONTESTED, &seen) < 0)
			return -EFAULT;
		if (seen != owner)
			continue;
		if (is_free)
			return 0;
		waited = umtx_sleep_on_long(c, word, owner | LONG_CONTESTED, limit);
		if (load_u64(&seen, word) < 0)
			return -EFAULT;
	}
}

static long
unlock(struct guest_ptr word, uint64_t id)
{
	uint64_t owner, seen;

	if (load_u64(&owner, word) < 0)
		return -EFAULT;
	for (;; owner = seen) {
		if ((owner & ~LONG_CONTESTED) != id)
			return -EPERM;
		if (cas_u64(word, owner, owner & LONG_CONTESTED, &seen) < 0)
			return -EFAULT;
		if (seen == owner)
			break;
	}
	/* Nobody asleep, and nobody can be about to: they expect an owner. */
	if ((owner & LONG_CONTESTED) && umtx_wake(word, 1, true, UMTX_ANY) == 0)
		cas_u64(word, LONG_CONTESTED, 0, &seen);
	return 0;
}

/* Without a timeout the call is always made again. */
static long
lock_call(struct call *c, struct guest_ptr word, uint64_t id, const struct umtx_limit *limit)
{
	long r = lock(c, word, id, limit);

	if (limit->is_set)
		return without_restart(c, r);
	return r == -EINTR ? CALL_RESTART : r;
}

long
umtx_op_lock(const struct umtx_call *u)
{
	struct umtx_limit limit = {0};
	struct __kernel_timespec time;
	long r = 0;

	if (!is_null(u->timeout))
		r = freebsd_copy_in_timespec(&time, u->timeout);
	if (r == 0 && !is_null(u->timeout))
		r = umtx_limit_on(u->c, &time, FREEBSD_CLOCK_REALTIME, false, &limit);
	return r < 0 ? r : lock_call(u->c, u->object, u->value, &limit);
}

long
umtx_op_unlock(const struct umtx_call *u)
{
	return unlock(u->object, u->value);
}

long
freebsd10__umtx_lock(struct call *c, struct guest_ptr word)
{
	const struct umtx_limit forever = {0};

	return lock_call(c, word, freebsd_tid_to_guest(c->t->tid), &forever);
}

long
freebsd10__umtx_unlock(struct call *c, struct guest_ptr word)
{
	return unlock(word, freebsd_tid_to_guest(c->t->tid));
}
