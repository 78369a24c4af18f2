/*
 * Mutexes (kern/kern_umtx.c: do_lock_normal(), do_unlock_normal(), do_wake_umutex(),
 * do_wake2_umutex(), umtx_handle_rb()). A waiter sleeps on the owner word while it
 * names an owner and has the contested bit: both must change before it can be
 * missed, and whoever unlocks such a word comes here.
 *
 * The kernel keeps everybody out while it counts waiters and stores the new
 * owner; here more may come in between. So after a word was freed without the
 * bit and a sleeper was woken, the bit is put back if others still sleep.
 */
#include "umtx.h"

#include "core/copy.h"
#include "core/dispatch.h"
#include "core/layout.h"
#include "core/lock.h"
#include "core/process.h"

/* struct umutex (sys/_umtx.h) */
#define M_OWNER		0
#define M_FLAGS		4
#define M_CEILINGS	8
#define M_ROBUST_LINK	16
#define MUTEX_SIZE	32

#define CONTESTED FREEBSD_UMUTEX_CONTESTED
#define OWNER_DEAD FREEBSD_UMUTEX_RB_OWNERDEAD
#define NOT_RECOVERABLE FREEBSD_UMUTEX_RB_NOTRECOV
#define PROTOCOLS (FREEBSD_UMUTEX_PRIO_INHERIT | FREEBSD_UMUTEX_PRIO_PROTECT)

enum lock_mode { MODE_LOCK, MODE_TRY, MODE_WAIT };

static bool
is_free(uint32_t owner)
{
	return (owner & ~CONTESTED) == 0 || owner == OWNER_DEAD || owner == NOT_RECOVERABLE;
}

static bool
is_shared(uint32_t flags)
{
	return flags & FREEBSD_USYNC_PROCESS_SHARED;
}

/* 0, -EOWNERDEAD (locked too), -ENOTRECOVERABLE, -EFAULT; -EBUSY: *seen has it. */
static long
try_lock(struct guest_ptr word, uint32_t id, uint32_t *seen)
{
	uint32_t owner, now;

	if (load_u32(&owner, word) < 0)
		return -EFAULT;
	for (;; owner = now) {
		long r;

		*seen = owner;
		if (owner == NOT_RECOVERABLE)
			return -ENOTRECOVERABLE;
		if (!is_free(owner))
			return -EBUSY;
		r = cas_u32(word, owner, owner ? id | CONTESTED : id, &now);
		if (r < 0)
			return -EFAULT;
		if (now == owner)
			return owner == OWNER_DEAD ? -EOWNERDEAD : 0;
	}
}

/* Sleeps until the mutex may be free: 0, or why the wait is over. */
static long
sleep_on_owner(struct call *c, struct guest_ptr mutex, uint32_t owner, bool shared, const struct umtx_limit *limit)
{
	const struct guest_ptr word = guest_at(mutex, M_OWNER);
	const struct umtx_wait w = {word, owner | CONTESTED, shared, UMTX_ANY};
	uint32_t seen;

	if (!(owner & CONTESTED)) {
		if (cas_u32(word, owner, owner | CONTESTED, &seen) < 0)
			return -EFAULT;
		if (seen != owner)
			return 0;
	}
	return umtx_sleep(c, &w, limit);
}

/* One look at the mutex: -EBUSY if it must be waited for. */
static long
look_at(struct guest_ptr word, uint32_t id, enum lock_mode mode, uint32_t *owner)
{
	if (mode != MODE_WAIT)
		return try_lock(word, id, owner);
	if (load_u32(owner, word) < 0)
		return -EFAULT;
	return is_free(*owner) ? 0 : -EBUSY;
}

static long
lock_loop(const struct umtx_call *u, uint32_t flags, enum lock_mode mode, const struct umtx_limit *limit)
{
	const uint32_t id = freebsd_tid_to_guest(u->c->t->tid);
	const struct guest_ptr word = guest_at(u->object, M_OWNER);
	long waited = 0;

	for (;;) {
		uint32_t owner;
		long r = look_at(word, id, mode, &owner);

		if (r != -EBUSY || mode == MODE_TRY)
			return r;
		/* Once more looked after the time was over or a signal had come. */
		if (waited != 0)
			return waited;
		if ((flags & FREEBSD_UMUTEX_PRIO_INHERIT) && (owner & ~CONTESTED) == id)
			return -EDEADLK;
		waited = sleep_on_owner(u->c, u->object, owner, is_shared(flags), limit);
	}
}

static long
check_protocol(const struct umtx_call *u, uint32_t *flags)
{
	uint32_t ceiling;

	if (load_u32(flags, guest_at(u->object, M_FLAGS)) < 0)
		return -EFAULT;
	if ((*flags & PROTOCOLS) == PROTOCOLS)
		return -EINVAL;
	if (!(*flags & FREEBSD_UMUTEX_PRIO_PROTECT))
		return 0;
	if (load_u32(&ceiling, guest_at(u->object, M_CEILINGS)) < 0)
		return -EFAULT;
	return ceiling > FREEBSD_RTP_PRIO_MAX ? -EINVAL : 0;
}

/* do_lock_umutex(): without a timeout a lock is always made again, with one never. */
static long
lock(const struct umtx_call *u, enum lock_mode mode)
{
	struct umtx_limit limit = {0};
	uint32_t flags;
	long r = mode == MODE_TRY ? 0 : umtx_limit(u, &limit);

	if (r == 0)
		r = check_protocol(u, &flags);
	if (r == 0)
		r = lock_loop(u, flags, mode, &limit);
	if (limit.is_set)
		return without_restart(u->c, r);
	return r == -EINTR && mode == MODE_LOCK ? CALL_RESTART : r;
}

long
umtx_op_mutex_lock(const struct umtx_call *u)
{
	return lock(u, MODE_LOCK);
}

long
umtx_op_mutex_trylock(const struct umtx_call *u)
{
	return lock(u, MODE_TRY);
}

long
umtx_op_mutex_wait(const struct umtx_call *u)
{
	return lock(u, MODE_WAIT);
}

/* ---- unlocking ---- */

/* The bit must stand if sleepers could be missed without it; a free mutex wakes one. */
static long
repair(struct guest_ptr word, bool shared)
{
	long n = umtx_count(word, shared);
	uint32_t owner, now;

	if (n <= 0)
		return 0;	/* nobody there: the memory may be another's by now */
	if (load_u32(&owner, word) < 0) {
		umtx_wake(word, INT32_MAX, shared, UMTX_ANY);
		return -EFAULT;
	}
	while (!(owner & CONTESTED) && (n > 1 || owner != FREEBSD_UMUTEX_UNOWNED)) {
		if (cas_u32(word, owner, owner | CONTESTED, &now) < 0)
			return -EFAULT;
		if (now == owner)
			break;
		owner = now;
	}
	if (is_free(owner))
		umtx_wake(word, 1, shared, UMTX_ANY);
	return 0;
}

/* umtx_unlock_val() */
static uint32_t
value_when_free(uint32_t flags, bool dies)
{
	if (dies)
		return OWNER_DEAD;
	return flags & FREEBSD_UMUTEX_NONCONSISTENT ? NOT_RECOVERABLE : FREEBSD_UMUTEX_UNOWNED;
}

long
umtx_unlock_mutex(struct guest_ptr mutex, uint32_t id, bool dies)
{
	const struct guest_ptr word = guest_at(mutex, M_OWNER);
	uint32_t flags, owner, free, now;
	bool shared;

	if (load_u32(&flags, guest_at(mutex, M_FLAGS)) < 0 || load_u32(&owner, word) < 0)
		return -EFAULT;
	if ((flags & PROTOCOLS) == PROTOCOLS)
		return -EINVAL;
	shared = is_shared(flags);
	for (;; owner = now) {
		if ((owner & ~CONTESTED) != id)
			return -EPERM;
		free = value_when_free(flags, dies);
		/* A priority-protected one never loses the bit: no fast path in user space. */
		if ((flags & FREEBSD_UMUTEX_PRIO_PROTECT) || ((owner & CONTESTED) && umtx_count(word, shared) > 1))
			free |= CONTESTED;
		if (cas_u32(word, owner, free, &now) < 0)
			return -EFAULT;
		if (now == owner)
			break;
	}
	if ((owner & CONTESTED) && umtx_wake(word, 1, shared, UMTX_ANY) > 0 && !(free & CONTESTED))
		repair(word, shared);
	return 0;
}

long
umtx_op_mutex_unlock(const struct umtx_call *u)
{
	return umtx_unlock_mutex(u->object, freebsd_tid_to_guest(u->c->t->tid), false);
}

/* Of an old libthr: user space has stored CONTESTED and asks for the rest. */
long
umtx_op_mutex_wake(const struct umtx_call *u)
{
	const struct guest_ptr word = guest_at(u->object, M_OWNER);
	uint32_t owner, flags, now;
	bool shared;
	long n;

	if (load_u32(&owner, word) < 0 || load_u32(&flags, guest_at(u->object, M_FLAGS)) < 0)
		return -EFAULT;
	if (!is_free(owner))
		return 0;
	shared = is_shared(flags);
	n = umtx_count(word, shared);
	if (n <= 1 && owner == CONTESTED && cas_u32(word, CONTESTED, FREEBSD_UMUTEX_UNOWNED, &now) < 0)
		return -EFAULT;
	if (umtx_wake(word, 1, shared, UMTX_ANY) > 0)
		repair(word, shared);
	return 0;
}

/* User space has stored the free value; `value` has the flags, for the mutex may be gone. */
long
umtx_op_mutex_wake2(const struct umtx_call *u)
{
	uint32_t flags = (uint32_t)u->value;

	if ((flags & PROTOCOLS) == PROTOCOLS)
		return -EINVAL;
	return repair(guest_at(u->object, M_OWNER), is_shared(flags));
}

/* ---- priority ceilings ---- */

static long
store_ceiling(const struct umtx_call *u, uint32_t *old)
{
	const struct guest_ptr at = guest_at(u->object, M_CEILINGS);

	return load_u32(old, at) < 0 || store_u32(at, (uint32_t)u->value) < 0 ? -EFAULT : 0;
}

/* do_set_ceiling(): under the lock, which the caller may have already. */
long
umtx_op_set_ceiling(const struct umtx_call *u)
{
	const uint32_t id = freebsd_tid_to_guest(u->c->t->tid);
	const struct umtx_limit forever = {0};
	uint32_t flags, owner, old;
	bool mine;
	long r;

	if (load_u32(&flags, guest_at(u->object, M_FLAGS)) < 0 || load_u32(&owner, guest_at(u->object, M_OWNER)) < 0)
		return -EFAULT;
	if (!(flags & FREEBSD_UMUTEX_PRIO_PROTECT) || (uint32_t)u->value > FREEBSD_RTP_PRIO_MAX)
		return -EINVAL;
	mine = (owner & ~CONTESTED) == id;
	r = mine ? 0 : lock_loop(u, flags, MODE_LOCK, &forever);
	if (r < 0)
		return r == -EINTR ? CALL_RESTART : r;
	r = store_ceiling(u, &old);
	if (!mine)
		umtx_unlock_mutex(u->object, id, false);
	if (r == 0 && !is_null(u->arg))
		r = store_u32(u->arg, old);
	return r;
}

/* ---- what a thread leaves locked ---- */

#define ROBUST_MAX 1000		/* kern.ipc.umtx_max_robust */
enum { ROBUST_SHARED, ROBUST_PRIVATE, ROBUST_IN_TRANSITION };

long
umtx_op_robust_lists(const struct umtx_call *u)
{
	uint64_t lists[3] = {0};

	if (u->value > sizeof lists)
		return -EINVAL;
	if (copy_in(lists, u->arg, u->value) < 0)
		return -EFAULT;
	for (int i = 0; i < 3; i++)
		u->c->t->robust[i] = lists[i];
	return 0;
}

/* umtx_handle_rb(): false at the end of the list, or where it makes no sense. */
static bool
leave_robust(struct guest_ptr mutex, uint32_t id, bool in_transition, uint64_t *next)
{
	uint32_t owner, flags;

	if (load_u32(&owner, guest_at(mutex, M_OWNER)) < 0 || load_u32(&flags, guest_at(mutex, M_FLAGS)) < 0 ||
	    load_u64(next, guest_at(mutex, M_ROBUST_LINK)) < 0)
		return false;
	if (!(flags & FREEBSD_UMUTEX_ROBUST))
		return false;
	if ((owner & ~CONTESTED) != id)
		return in_transition;
	return umtx_unlock_mutex(mutex, id, true) == 0;
}

static void
walk(uint64_t head, uint32_t id, uint64_t *in_transition)
{
	uint64_t at = 0, next = 0;

	if (!head || load_u64(&at, guest(head)) < 0)
		return;
	for (int i = 0; at && i < ROBUST_MAX; i++, at = next) {
		bool is_it = at == *in_transition;

		if (is_it)
			*in_transition = 0;
		if (!leave_robust(guest(at), id, is_it, &next))
			return;
	}
}

void
freebsd_robust_ends(struct thread *t)
{
	uint32_t id = freebsd_tid_to_guest(t->tid);
	uint64_t in_transition = 0, next;

	if (t->robust[ROBUST_IN_TRANSITION])
		load_u64(&in_transition, guest(t->robust[ROBUST_IN_TRANSITION]));
	walk(t->robust[ROBUST_SHARED], id, &in_transition);
	walk(t->robust[ROBUST_PRIVATE], id, &in_transition);
	if (in_transition)
		leave_robust(guest(in_transition), id, true, &next);
	for (int i = 0; i < 3; i++)
		t->robust[i] = 0;
}

/* All threads end at once; each one's list is read by whoever ends the process. */
HOT void
freebsd_robust_process_ends(struct process *p)
{
	lock_acquire(&p->lock);
	for (struct thread *t = p->threads; t; t = t->next)
		if (t->robust[ROBUST_SHARED] || t->robust[ROBUST_PRIVATE])
			freebsd_robust_ends(t);
	lock_release(&p->lock);
}
