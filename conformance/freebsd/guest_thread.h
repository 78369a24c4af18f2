/* Threads and umtx words for conformance programs: include it in guest.h's place. */
#ifndef CONFORMANCE_FREEBSD_GUEST_THREAD_H
#define CONFORMANCE_FREEBSD_GUEST_THREAD_H

#include "guest.h"

/* sys/sys/syscall.h */
enum {
	SYS_thr_exit = 431, SYS_thr_self = 432, SYS_thr_kill = 433, SYS_thr_suspend = 442,
	SYS_thr_wake = 443, SYS__umtx_op = 454, SYS_thr_new = 455, SYS_thr_set_name = 464,
	SYS_thr_kill2 = 481, SYS_clock_gettime = 232,
};

/* sys/sys/umtx.h */
enum {
	UMTX_OP_LOCK = 0, UMTX_OP_UNLOCK, UMTX_OP_WAIT, UMTX_OP_WAKE, UMTX_OP_MUTEX_TRYLOCK, UMTX_OP_MUTEX_LOCK,
	UMTX_OP_MUTEX_UNLOCK, UMTX_OP_SET_CEILING, UMTX_OP_CV_WAIT, UMTX_OP_CV_SIGNAL, UMTX_OP_CV_BROADCAST,
	UMTX_OP_WAIT_UINT, UMTX_OP_RW_RDLOCK, UMTX_OP_RW_WRLOCK, UMTX_OP_RW_UNLOCK, UMTX_OP_WAIT_UINT_PRIVATE,
	UMTX_OP_WAKE_PRIVATE, UMTX_OP_MUTEX_WAIT, UMTX_OP_MUTEX_WAKE, UMTX_OP_SEM_WAIT, UMTX_OP_SEM_WAKE,
	UMTX_OP_NWAKE_PRIVATE, UMTX_OP_MUTEX_WAKE2, UMTX_OP_SEM2_WAIT, UMTX_OP_SEM2_WAKE, UMTX_OP_SHM,
	UMTX_OP_ROBUST_LISTS, UMTX_OP_GET_MIN_TIMEOUT, UMTX_OP_SET_MIN_TIMEOUT,
	UMTX_ABSTIME = 1,
};

enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 4 };

struct umtx_time {
	struct timespec timeout;
	uint32_t flags, clock;
};

/* sys/sys/thr.h */
struct thr_param {
	void (*start)(void *);
	void *arg;
	char *stack_base;
	size_t stack_size;
	char *tls_base;
	size_t tls_size;
	long *child_tid, *parent_tid;
	int flags;
	void *rtp;
	void *spare[3];
};

#define umtx(word, op, value, arg, timeout) call(SYS__umtx_op, word, op, value, arg, timeout)

/* A thread of a test. Its stack is its own; `ended` is what thr_exit(2) sets and wakes. */
#define STACK_SIZE 65536
struct test_thread {
	void (*run)(void *);
	void *arg;
	long tid;
	volatile long ended;
	char stack[STACK_SIZE] __attribute__((aligned(16)));
};

static inline void
thread_runs(void *pointer)
{
	struct test_thread *t = pointer;

	t->run(t->arg);
	call(SYS_thr_exit, &t->ended);
	__builtin_trap();
}

static inline long
thread_start(struct test_thread *t, void (*run)(void *), void *arg)
{
	struct thr_param p = {.start = thread_runs, .arg = t, .stack_base = t->stack, .stack_size = STACK_SIZE,
			      .child_tid = &t->tid, .parent_tid = &t->tid};

	t->run = run;
	t->arg = arg;
	t->ended = 0;
	return call(SYS_thr_new, &p, sizeof p);
}

static inline void
thread_join(struct test_thread *t)
{
	while (t->ended == 0)
		umtx(&t->ended, UMTX_OP_WAIT, 0, 0, 0);
}

static inline long
my_tid(void)
{
	long tid = 0;

	call(SYS_thr_self, &tid);
	return tid;
}

static inline long
now_ms(void)
{
	struct timespec t;

	call(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return t.sec * 1000 + t.nsec / 1000000;
}

#endif
