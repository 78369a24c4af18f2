/* covers: freebsd kevent */
/*
 * Several threads on one kqueue.
 */
#include "guest_kqueue.h"

enum {
	SYS_thr_exit = 431, SYS_thr_new = 455, SYS_umtx_op = 454, SYS_shutdown = 134,
	UMTX_OP_WAIT_UINT = 11,
};
enum { AF_UNIX = 1, SOCK_STREAM = 1, THREADS = 4 };

struct thr_param {
	void (*start)(void *);
	void *arg;
	char *stack_base;
	size_t stack_size;
	char *tls_base;
	size_t tls_size;
	long *child_tid, *parent_tid;
	int flags;
	void *rtp, *spare[3];
};

static char stacks[THREADS][16384] __attribute__((aligned(16)));
static volatile int running, taken, kq, stop;

static void
start(int n, void (*f)(void *))
{
	long tid;
	struct thr_param p = {.start = f,
			      .arg = (void *)(long)n,
			      .stack_base = stacks[n],
			      .stack_size = sizeof stacks[n] - 8,
			      .child_tid = &tid,
			      .parent_tid = &tid};

	__atomic_fetch_add(&running, 1, __ATOMIC_SEQ_CST);
	CHECK_IS(call(SYS_thr_new, &p, sizeof p), 0);
}

static void
leave_thread(void)
{
	__atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
	call(SYS_thr_exit, NULL);
}

static void
wait_for_threads(void)
{
	for (int i = 0; i < 500 && running; i++)
		sleep_ms(10);
	CHECK_IS(running, 0);
}

static void
take_until_stopped(void *arg)
{
	struct kevent e[4];

	(void)arg;
	while (!stop) {
		long n = take(kq, e, 4, 200);

		if (n > 0)
			__atomic_fetch_add(&taken, (int)n, __ATOMIC_SEQ_CST);
	}
	leave_thread();
}

TEST(each_one_shot_is_taken_once)
{
	enum { MANY = 400 };

	kq = (int)call(SYS_kqueue);
	taken = stop = 0;
	for (int i = 0; i < THREADS; i++)
		start(i, take_until_stopped);
	for (int i = 0; i < MANY; i++) {
		CHECK_IS(change(kq, (uint64_t)i, EVFILT_USER, EV_ADD | EV_ONESHOT, 0, 0), 0);
		CHECK_IS(change(kq, (uint64_t)i, EVFILT_USER, 0, NOTE_TRIGGER, 0), 0);
	}
	for (int i = 0; i < 300 && taken < MANY; i++)
		sleep_ms(10);
	sleep_ms(50);
	stop = 1;
	wait_for_threads();
	CHECK_IS(taken, MANY);
	CHECK_IS(call(SYS_close, kq), 0);
}

TEST(a_dispatched_descriptor_wakes_one_thread_only)
{
	int p[2];

	kq = (int)call(SYS_kqueue);
	taken = stop = 0;
	CHECK_IS(call(SYS_pipe2, p, 0), 0);
	for (int i = 0; i < THREADS; i++)
		start(i, take_until_stopped);
	CHECK_IS(change(kq, (uint64_t)p[0], EVFILT_READ, EV_ADD | EV_DISPATCH, 0, 0), 0);
	CHECK_IS(call(SYS_write, p[1], "x", 1), 1);
	for (int round = 1; round <= 50; round++) {
		for (int i = 0; i < 300 && taken < round; i++)
			sleep_ms(1);
		CHECK_IS(taken, round);
		CHECK_IS(change(kq, (uint64_t)p[0], EVFILT_READ, EV_ENABLE, 0, 0), 0);
	}
	sleep_ms(30);
	stop = 1;
	wait_for_threads();
	CHECK_IS(taken, 51);
	CHECK_IS(call(SYS_close, p[0]), 0);
	CHECK_IS(call(SYS_close, p[1]), 0);
	CHECK_IS(call(SYS_close, kq), 0);
}

static void
wait_for_one(void *arg)
{
	struct kevent e;

	(void)arg;
	if (call(SYS_kevent, kq, NULL, 0, &e, 1, NULL) == 1)
		__atomic_fetch_add(&taken, 1, __ATOMIC_SEQ_CST);
	leave_thread();
}

TEST(what_is_registered_while_another_waits_wakes_it)
{
	int p[2];

	kq = (int)call(SYS_kqueue);
	taken = 0;
	CHECK_IS(call(SYS_pipe2, p, 0), 0);
	CHECK_IS(call(SYS_write, p[1], "x", 1), 1);
	start(0, wait_for_one);
	sleep_ms(30);
	CHECK_IS(change(kq, (uint64_t)p[0], EVFILT_READ, EV_ADD, 0, 0), 0);
	wait_for_threads();
	start(0, wait_for_one);
	CHECK_IS(change(kq, (uint64_t)p[0], EVFILT_READ, EV_DELETE, 0, 0), 0);
	sleep_ms(30);
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, 10), 0);
	wait_for_threads();
	CHECK_IS(taken, 2);
	CHECK_IS(call(SYS_close, p[0]), 0);
	CHECK_IS(call(SYS_close, p[1]), 0);
	CHECK_IS(call(SYS_close, kq), 0);
}

/* Traffic, and descriptors that come and go under it. */
static void
echo(void *arg)
{
	struct kevent e[8];
	char buf[64];

	(void)arg;
	while (!stop) {
		long n = take(kq, e, 8, 100);

		for (long i = 0; i < n; i++) {
			long got;

			if (e[i].filter != EVFILT_READ)
				continue;
			while ((got = call(SYS_read, e[i].ident, buf, sizeof buf)) > 0)
				call(SYS_write, e[i].ident, buf, got);
		}
	}
	leave_thread();
}

TEST(echo_by_edges_loses_nothing)
{
	int p[2];
	char out = 'a', in;

	kq = (int)call(SYS_kqueue);
	stop = 0;
	for (int i = 0; i < 3; i++)
		start(i, echo);
	for (int round = 0; round < 60; round++) {
		CHECK_IS(call(SYS_socketpair, AF_UNIX, SOCK_STREAM | 0x20000000, 0, p), 0);
		CHECK_IS(change(kq, (uint64_t)p[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0), 0);
		CHECK_IS(change(kq, (uint64_t)p[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0), 0);
		for (int k = 0; k < 20; k++, out++) {
			int tries = 0;

			CHECK_IS(call(SYS_write, p[1], &out, 1), 1);
			/* Seconds, on a busy machine; a lost event never comes. */
			while (call(SYS_read, p[1], &in, 1) != 1 && tries++ < 6000)
				tries < 1000 ? (void)call(SYS_sched_yield) : sleep_ms(1);
			CHECK(tries < 6000);
			CHECK_IS(in, out);
		}
		CHECK_IS(call(SYS_close, p[0]), 0);
		CHECK_IS(call(SYS_close, p[1]), 0);
	}
	stop = 1;
	wait_for_threads();
	CHECK_IS(call(SYS_close, kq), 0);
}

TEST(closing_while_another_waits_does_not_hang)
{
	kq = (int)call(SYS_kqueue);
	taken = 0;
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, 80), 0);
	start(0, wait_for_one);
	sleep_ms(20);
	CHECK_IS(call(SYS_close, kq), 0);
	/* The call holds it until it returns. */
	wait_for_threads();
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(each_one_shot_is_taken_once);
	RUN(a_dispatched_descriptor_wakes_one_thread_only);
	RUN(what_is_registered_while_another_waits_wakes_it);
	RUN(echo_by_edges_loses_nothing);
	RUN(closing_while_another_waits_does_not_hang);
	return 0;
}
