#include "umtx.h"

#include <linux/futex.h>

#include "core/copy.h"
#include "core/dispatch.h"
#include "core/host.h"
#include "core/linux_numbers.h"

#define NSEC 1000000000

/* struct _umtx_time (sys/_umtx.h) */
struct freebsd_umtx_time {
	struct __kernel_timespec timeout;
	uint32_t flags, clockid;
};
_Static_assert(sizeof(struct freebsd_umtx_time) == 24, "sys/_umtx.h");

/* ---- time ---- */

long
freebsd_copy_in_timespec(struct __kernel_timespec *to, struct guest_ptr from)
{
	if (copy_in(to, from, sizeof *to) < 0)
		return -EFAULT;
	return to->tv_sec < 0 || to->tv_nsec < 0 || to->tv_nsec >= NSEC ? -EINVAL : 0;
}

static bool
is_realtime(unsigned clock)
{
	return clock == FREEBSD_CLOCK_REALTIME || clock == FREEBSD_CLOCK_REALTIME_PRECISE ||
	       clock == FREEBSD_CLOCK_REALTIME_FAST || clock == FREEBSD_CLOCK_SECOND || clock == FREEBSD_CLOCK_TAI;
}

static bool
is_waitable(unsigned clock)
{
	return is_realtime(clock) || clock == FREEBSD_CLOCK_MONOTONIC || clock == FREEBSD_CLOCK_UPTIME ||
	       clock == FREEBSD_CLOCK_UPTIME_PRECISE || clock == FREEBSD_CLOCK_UPTIME_FAST ||
	       clock == FREEBSD_CLOCK_MONOTONIC_PRECISE || clock == FREEBSD_CLOCK_MONOTONIC_FAST;
}

/* From now on; a call that is made again goes on with the end it had. */
struct __kernel_timespec
freebsd_end_of_wait(struct thread *t, const struct __kernel_timespec *length)
{
	struct __kernel_timespec now;
	int64_t end;

	if (!t->has_deadline) {
		core_call(__NR_clock_gettime, CLOCK_MONOTONIC, &now);
		now.tv_sec += length->tv_sec > INT32_MAX ? INT32_MAX : length->tv_sec;
		t->deadline = now.tv_sec * NSEC + now.tv_nsec + length->tv_nsec;
		t->has_deadline = true;
	}
	end = t->deadline;
	return (struct __kernel_timespec){end / NSEC, end % NSEC};
}

long
umtx_limit_on(struct call *c, const struct __kernel_timespec *time, unsigned clock, bool is_absolute,
	      struct umtx_limit *limit)
{
	if (!is_waitable(clock))
		return -EINVAL;
	limit->is_set = true;
	limit->is_relative = !is_absolute;
	limit->is_realtime = is_absolute && is_realtime(clock);
	limit->until = is_absolute ? *time : freebsd_end_of_wait(c->t, time);
	return 0;
}

/* umtx_copyin_umtx_time(): an old program hands over a timespec only. */
long
umtx_limit(const struct umtx_call *u, struct umtx_limit *limit)
{
	struct freebsd_umtx_time time = {.clockid = FREEBSD_CLOCK_REALTIME};
	size_t size = u->arg.addr <= sizeof time.timeout ? sizeof time.timeout : sizeof time;

	*limit = (struct umtx_limit){0};
	if (is_null(u->timeout))
		return 0;
	if (copy_in(&time, u->timeout, size) < 0)
		return -EFAULT;
	if (time.timeout.tv_sec < 0 || time.timeout.tv_nsec < 0 || time.timeout.tv_nsec >= NSEC)
		return -EINVAL;
	return umtx_limit_on(u->c, &time.timeout, time.clockid, time.flags & FREEBSD_UMTX_ABSTIME, limit);
}

/* ---- sleeping and waking ---- */

static long
futex_op(int op, bool shared)
{
	return shared ? op : op | FUTEX_PRIVATE_FLAG;
}

long
umtx_sleep(struct call *c, const struct umtx_wait *w, const struct umtx_limit *limit)
{
	long op = futex_op(FUTEX_WAIT_BITSET, w->shared), r;

	(void)c;
	if (!guest_range_ok(w->word, sizeof w->expected))
		return -EFAULT;
	if (limit->is_realtime)
		op |= FUTEX_CLOCK_REALTIME;
	r = host_call(__NR_futex, w->word.addr, op, w->expected, limit->is_set ? &limit->until : NULL, 0, w->kind);
	return r == -EAGAIN ? 0 : r;
}

long
umtx_wake(struct guest_ptr word, uint64_t n, bool shared, uint32_t kind)
{
	return core_call(__NR_futex, word.addr, futex_op(FUTEX_WAKE_BITSET, shared), n > INT32_MAX ? INT32_MAX : n, 0,
			 0, kind);
}

/*
 * FUTEX_REQUEUE to where they sleep already moves nobody, and says how many it
 * would have.
 */
long
umtx_count(struct guest_ptr word, bool shared)
{
	return core_call(__NR_futex, word.addr, futex_op(FUTEX_REQUEUE, shared), 0, INT32_MAX, word.addr, 0);
}

/*
 * Simple waiters. In memory that is not shared FreeBSD makes no difference between
 * the private operations and the others (umtx_key_get(), AUTO_SHARE), and libthr
 * mixes them; the host's futexes are two. So whom the one kind does not need wakes
 * of the other: in memory that is shared that is a wake-up too many, of which
 * every waiter must be able to make sense.
 */
static long
wake_simple(struct guest_ptr word, uint64_t n, bool shared)
{
	long woken = umtx_wake(word, n, shared, UMTX_ANY);

	if (woken < 0)
		return woken;
	if ((uint64_t)woken < n)
		umtx_wake(word, n - (uint64_t)woken, !shared, UMTX_ANY);
	return 0;
}

void
freebsd_umtx_wake_all(struct guest_ptr word)
{
	wake_simple(word, INT32_MAX, true);
}

/*
 * UMTX_OP_WAIT compares a long, the host's futex 32 bits. The host waits on both
 * halves at once where it can (futex_waitv, Linux 5.16); an older one on the lower
 * half, where the words that libthr waits on (thread ids) have their values.
 */
long
umtx_sleep_on_long(struct call *c, struct guest_ptr word, uint64_t expected, const struct umtx_limit *limit)
{
	const struct umtx_wait low = {word, (uint32_t)expected, true, UMTX_ANY};
	const struct futex_waitv both[2] = {
		{.val = (uint32_t)expected, .uaddr = word.addr, .flags = FUTEX_32},
		{.val = expected >> 32, .uaddr = word.addr + 4, .flags = FUTEX_32},
	};
	static bool is_missing;
	long r = -ENOSYS;

	if (!__atomic_load_n(&is_missing, __ATOMIC_RELAXED))
		r = host_call(__NR_futex_waitv, both, 2, 0, limit->is_set ? &limit->until : NULL,
			      limit->is_realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC);
	if (r == -ENOSYS) {
		__atomic_store_n(&is_missing, true, __ATOMIC_RELAXED);
		return umtx_sleep(c, &low, limit);
	}
	return r == -EAGAIN || r > 0 ? 0 : r;
}

static long
umtx_op_wait(const struct umtx_call *u)
{
	struct umtx_limit limit;
	uint64_t now = 0;
	long r = umtx_limit(u, &limit);

	if (r == 0)
		r = load_u64(&now, u->object);
	if (r == 0 && now == u->value)
		r = umtx_sleep_on_long(u->c, u->object, u->value, &limit);
	return without_restart(u->c, r);
}

static long
wait_uint(const struct umtx_call *u, bool shared)
{
	const struct umtx_wait w = {u->object, (uint32_t)u->value, shared, UMTX_ANY};
	struct umtx_limit limit;
	long r = umtx_limit(u, &limit);

	if (r == 0)
		r = umtx_sleep(u->c, &w, &limit);
	return without_restart(u->c, r);
}

static long
umtx_op_wait_uint(const struct umtx_call *u)
{
	return wait_uint(u, true);
}

static long
umtx_op_wait_uint_private(const struct umtx_call *u)
{
	return wait_uint(u, false);
}

/* The number is an int, and one is woken before it is looked at (umtxq_signal_queue()). */
static uint64_t
how_many(const struct umtx_call *u)
{
	int32_t n = (int32_t)u->value;

	return n > 1 ? (uint64_t)n : 1;
}

static long
umtx_op_wake(const struct umtx_call *u)
{
	return wake_simple(u->object, how_many(u), true);
}

static long
umtx_op_wake_private(const struct umtx_call *u)
{
	return wake_simple(u->object, how_many(u), false);
}

/* UMTX_OP_NWAKE_PRIVATE: all who sleep at each of `value` addresses; fetched in pieces. */
static long
umtx_op_nwake_private(const struct umtx_call *u)
{
	uint64_t words[64];
	struct guest_ptr at = u->object;

	for (uint64_t left = u->value; left > 0;) {
		size_t n = left < 64 ? left : 64;

		if (copy_in(words, at, n * sizeof *words) < 0)
			return -EFAULT;
		for (size_t i = 0; i < n; i++)
			wake_simple(guest(outside_core(words[i])), INT32_MAX, false);
		at = guest_at(at, n * sizeof *words);
		left -= n;
	}
	return 0;
}

/*
 * The shortest timeout a process wants to be woken for, in nanoseconds: kept, but
 * the host's timers are precise enough without.
 */
static int64_t min_timeout;

static long
umtx_op_get_min_timeout(const struct umtx_call *u)
{
	return copy_out(u->arg, &min_timeout, sizeof min_timeout);
}

static long
umtx_op_set_min_timeout(const struct umtx_call *u)
{
	if ((int64_t)u->value < 0)
		return -EINVAL;
	min_timeout = (int64_t)u->value;
	return 0;
}

/* ---- the call ---- */

static long (*const operations[])(const struct umtx_call *u) = {
	[FREEBSD_UMTX_OP_LOCK] = umtx_op_lock,
	[FREEBSD_UMTX_OP_UNLOCK] = umtx_op_unlock,
	[FREEBSD_UMTX_OP_WAIT] = umtx_op_wait,
	[FREEBSD_UMTX_OP_WAKE] = umtx_op_wake,
	[FREEBSD_UMTX_OP_MUTEX_TRYLOCK] = umtx_op_mutex_trylock,
	[FREEBSD_UMTX_OP_MUTEX_LOCK] = umtx_op_mutex_lock,
	[FREEBSD_UMTX_OP_MUTEX_UNLOCK] = umtx_op_mutex_unlock,
	[FREEBSD_UMTX_OP_SET_CEILING] = umtx_op_set_ceiling,
	[FREEBSD_UMTX_OP_CV_WAIT] = umtx_op_cv_wait,
	[FREEBSD_UMTX_OP_CV_SIGNAL] = umtx_op_cv_signal,
	[FREEBSD_UMTX_OP_CV_BROADCAST] = umtx_op_cv_broadcast,
	[FREEBSD_UMTX_OP_WAIT_UINT] = umtx_op_wait_uint,
	[FREEBSD_UMTX_OP_RW_RDLOCK] = umtx_op_rw_rdlock,
	[FREEBSD_UMTX_OP_RW_WRLOCK] = umtx_op_rw_wrlock,
	[FREEBSD_UMTX_OP_RW_UNLOCK] = umtx_op_rw_unlock,
	[FREEBSD_UMTX_OP_WAIT_UINT_PRIVATE] = umtx_op_wait_uint_private,
	[FREEBSD_UMTX_OP_WAKE_PRIVATE] = umtx_op_wake_private,
	[FREEBSD_UMTX_OP_MUTEX_WAIT] = umtx_op_mutex_wait,
	[FREEBSD_UMTX_OP_MUTEX_WAKE] = umtx_op_mutex_wake,
	[FREEBSD_UMTX_OP_SEM_WAIT] = umtx_op_sem_wait,
	[FREEBSD_UMTX_OP_SEM_WAKE] = umtx_op_sem_wake,
	[FREEBSD_UMTX_OP_NWAKE_PRIVATE] = umtx_op_nwake_private,
	[FREEBSD_UMTX_OP_MUTEX_WAKE2] = umtx_op_mutex_wake2,
	[FREEBSD_UMTX_OP_SEM2_WAIT] = umtx_op_sem2_wait,
	[FREEBSD_UMTX_OP_SEM2_WAKE] = umtx_op_sem2_wake,
	[FREEBSD_UMTX_OP_SHM] = umtx_op_shm,
	[FREEBSD_UMTX_OP_ROBUST_LISTS] = umtx_op_robust_lists,
	[FREEBSD_UMTX_OP_GET_MIN_TIMEOUT] = umtx_op_get_min_timeout,
	[FREEBSD_UMTX_OP_SET_MIN_TIMEOUT] = umtx_op_set_min_timeout,
};
#define OPERATIONS (sizeof operations / sizeof *operations)

long
freebsd__umtx_op(struct call *c, struct guest_ptr word, uint32_t op, uint64_t value, struct guest_ptr arg,
		 struct guest_ptr timeout)
{
	const struct umtx_call u = {c, word, value, arg, timeout};

	if (op >= OPERATIONS || !operations[op])
		return -EINVAL;
	return operations[op](&u);
}

