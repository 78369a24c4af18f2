/*
 * _umtx_op(2) on the host's futexes. FreeBSD queues its waiters by key and kind;
 * here a waiter sleeps on a word of the object while that word has the value that
 * made it wait, so that whoever changes the word first cannot be missed.
 */
#ifndef DRAGOMAN_FREEBSD_UMTX_H
#define DRAGOMAN_FREEBSD_UMTX_H

#include "freebsd.h"

/* A wait's end: an absolute time of the host's clock. */
struct umtx_limit {
	bool is_set, is_realtime, is_relative;
	struct __kernel_timespec until;
};

/* Kinds of waiters at one address that are woken apart: bits of FUTEX_WAIT_BITSET. */
#define UMTX_ANY	0xffffffffu
#define UMTX_READERS	0x1u
#define UMTX_WRITERS	0x2u

struct umtx_wait {
	struct guest_ptr word;
	uint32_t expected;
	bool shared;		/* between processes */
	uint32_t kind;
};

struct umtx_call {
	struct call *c;
	struct guest_ptr object;
	uint64_t value;
	struct guest_ptr arg, timeout;
};

/* Sleeps: 0 when woken or when the word is not as expected, -ETIMEDOUT, -EINTR, CALL_RESTART, -EFAULT. */
long umtx_sleep(struct call *c, const struct umtx_wait *w, const struct umtx_limit *limit);
/* Wakes up to n sleepers: how many there were. */
long umtx_wake(struct guest_ptr word, uint64_t n, bool shared, uint32_t kind);
/* How many sleep there. More may come unless the word's value keeps them from it. */
long umtx_count(struct guest_ptr word, bool shared);
/* UMTX_OP_WAIT's sleep: while the long at `word` is as expected. Woken by umtx_wake(word). */
long umtx_sleep_on_long(struct call *c, struct guest_ptr word, uint64_t expected, const struct umtx_limit *limit);

/* The timeout of an operation whose `arg` is the size of it; not set if there is none. */
long umtx_limit(const struct umtx_call *u, struct umtx_limit *limit);
/* The same for a bare timespec of the given clock. */
long umtx_limit_on(struct call *c, const struct __kernel_timespec *time, unsigned clock, bool is_absolute,
		   struct umtx_limit *limit);

/* umtx_mutex.c; `id` is the thread that has locked it, `dies` that it ends without unlocking. */
long umtx_unlock_mutex(struct guest_ptr mutex, uint32_t id, bool dies);

/* The operations, by file. */
long umtx_op_mutex_lock(const struct umtx_call *u);
long umtx_op_mutex_trylock(const struct umtx_call *u);
long umtx_op_mutex_wait(const struct umtx_call *u);
long umtx_op_mutex_unlock(const struct umtx_call *u);
long umtx_op_mutex_wake(const struct umtx_call *u);
long umtx_op_mutex_wake2(const struct umtx_call *u);
long umtx_op_set_ceiling(const struct umtx_call *u);

long umtx_op_robust_lists(const struct umtx_call *u);

long umtx_op_cv_wait(const struct umtx_call *u);
long umtx_op_cv_signal(const struct umtx_call *u);
long umtx_op_cv_broadcast(const struct umtx_call *u);
long umtx_op_rw_rdlock(const struct umtx_call *u);
long umtx_op_rw_wrlock(const struct umtx_call *u);
long umtx_op_rw_unlock(const struct umtx_call *u);
long umtx_op_sem_wait(const struct umtx_call *u);
long umtx_op_sem_wake(const struct umtx_call *u);
long umtx_op_sem2_wait(const struct umtx_call *u);
long umtx_op_sem2_wake(const struct umtx_call *u);

long umtx_op_lock(const struct umtx_call *u);
long umtx_op_unlock(const struct umtx_call *u);
long umtx_op_shm(const struct umtx_call *u);

#endif
