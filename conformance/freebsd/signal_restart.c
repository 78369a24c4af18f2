/* covers: freebsd sigaction thr_suspend */
#include "guest_signal.h"

/* What a signal does to a call that sleeps: with SA_RESTART, without, and what it says itself. */

static volatile int caught;
static int pipe_ends[2];
static volatile uint32_t word;
static struct {
	volatile uint32_t owner;
	uint32_t flags, ceilings[2];
	uintptr_t link;
	uint32_t spare[2];
} mutex;
static volatile bool asleep;	/* or as good as */
static long first_tid;
static struct test_thread helper;

static void
note(int signal)
{
	(void)signal;
	caught++;
}

struct sleeper {
	const char *name;
	long (*sleep)(void);
	void (*finish)(void);
	bool restarts;		/* with SA_RESTART */
	bool always;		/* or whatever the action says */
	long done;		/* the answer when it was finished */
};

static long
read_pipe(void)
{
	char byte;

	return call(SYS_read, pipe_ends[0], &byte, 1);
}
static void
fill_pipe(void)
{
	call(SYS_write, pipe_ends[1], "x", 1);
}

static long child;

static long
wait_child(void)
{
	return call(SYS_wait4, child, NULL, 0, NULL) == child ? 0 : -EINTR;
}
static void
end_child(void)
{
	call(SYS_kill, child, SIGKILL);
}

static long
sleep_a_while(void)
{
	struct timespec t = {0, 400000000};

	return call(SYS_nanosleep, &t, NULL);
}
static void
nothing(void)
{
}

static long
wait_word(void)
{
	return umtx(&word, UMTX_OP_WAIT_UINT_PRIVATE, 0, 0, 0);
}
static void
wake_word(void)
{
	word = 1;
	umtx(&word, UMTX_OP_WAKE_PRIVATE, 1, 0, 0);
}

static long
lock_mutex(void)
{
	return umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0);
}
static long
lock_mutex_in_time(void)
{
	struct timespec t = {5, 0};

	return umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, &t);
}
static void
free_mutex(void)
{
	/* The helper owns it. */
	umtx(&mutex, UMTX_OP_MUTEX_UNLOCK, 0, 0, 0);
}

static long
select_pipe(void)
{
	uint64_t set[16] = {0};

	set[pipe_ends[0] / 64] = 1ul << pipe_ends[0] % 64;
	return call(93 /* select */, pipe_ends[0] + 1, set, NULL, NULL, NULL);
}
static long
poll_pipe(void)
{
	struct {
		int fd;
		short events, revents;
	} p = {pipe_ends[0], 1, 0};

	return call(209 /* poll */, &p, 1, -1);
}

static long
kevent_pipe(void)
{
	struct {
		uint64_t ident;
		int16_t filter;
		uint16_t flags;
		uint32_t fflags;
		int64_t data;
		uint64_t udata, ext[4];
	} ev = {.ident = (uint64_t)pipe_ends[0], .filter = -1, .flags = 1};
	long kq = call(362 /* kqueue */), r = call(560, kq, &ev, 1, &ev, 1, NULL);

	call(SYS_close, kq);
	return r;
}

static long
suspend(void)
{
	struct sigset none = {{0}};

	return call(SYS_sigsuspend, &none);
}

static long
thr_suspend(void)
{
	return call(SYS_thr_suspend, NULL);
}
static void
thr_wake(void)
{
	call(SYS_thr_wake, first_tid);
}

static const struct sleeper sleepers[] = {
	{"read", read_pipe, fill_pipe, true, false, 1},
	{"wait4", wait_child, end_child, true, false, 0},
	{"nanosleep", sleep_a_while, nothing, false, false, 0},
	{"_umtx_op WAIT_UINT_PRIVATE", wait_word, wake_word, false, false, 0},
	{"_umtx_op MUTEX_LOCK", lock_mutex, free_mutex, true, true, 0},
	{"_umtx_op MUTEX_LOCK with a timeout", lock_mutex_in_time, free_mutex, false, false, 0},
	{"select", select_pipe, fill_pipe, false, false, 1},
	{"poll", poll_pipe, fill_pipe, false, false, 1},
	{"kevent", kevent_pipe, fill_pipe, false, false, 1},
	{"sigsuspend", suspend, nothing, false, false, 0},
	{"thr_suspend", thr_suspend, thr_wake, true, false, 0},
};

/* The helper has the mutex from the moment it runs. */
static void
interrupt_and_finish(void *arg)
{
	const struct sleeper *s = arg;

	mutex.owner = (uint32_t)my_tid();
	while (!asleep)
		call(SYS_sched_yield);
	sleep_ms(50);
	call(SYS_thr_kill, first_tid, SIGUSR1);
	sleep_ms(60);
	s->finish();
}

/* The answer of the call, with the signal 50 ms after it began and its end 110 ms after. */
static long
run(const struct sleeper *s, int flags)
{
	long r;

	call(542 /* pipe2 */, pipe_ends, 0);
	word = 0;
	caught = 0;
	memset(&mutex, 0, sizeof mutex);
	mutex.owner = 100001;
	child = fork();
	if (child == 0) {
		sleep_ms(5000);
		leave(0);
	}
	on_signal(SIGUSR1, note, flags);
	asleep = false;
	thread_start(&helper, interrupt_and_finish, (void *)s);
	while (mutex.owner == 100001)
		call(SYS_sched_yield);
	asleep = true;
	r = s->sleep();
	thread_join(&helper);
	CHECK_IS(caught, 1);
	call(SYS_kill, child, SIGKILL);
	wait_for(child);
	call(SYS_close, pipe_ends[0]);
	call(SYS_close, pipe_ends[1]);
	call(SYS_thr_wake, first_tid);
	call(SYS_thr_suspend, NULL);
	return r;
}

TEST(without_sa_restart_a_call_ends)
{
	for (size_t i = 0; i < COUNT(sleepers); i++) {
		const struct sleeper *s = &sleepers[i];
		long r = run(s, 0), wanted = s->always ? s->done : -EINTR;

		if (r != wanted)
			guest_fails(__FILE__, __LINE__, s->name, true, r, wanted);
	}
}

TEST(with_sa_restart_a_call_goes_on_if_it_may)
{
	for (size_t i = 0; i < COUNT(sleepers); i++) {
		const struct sleeper *s = &sleepers[i];
		long r = run(s, SA_RESTART), wanted = s->restarts ? s->done : -EINTR;

		if (r != wanted)
			guest_fails(__FILE__, __LINE__, s->name, true, r, wanted);
	}
}

/*
 * Signals all the time: calls that do not sleep must never answer EINTR. With pauses of every
 * length up to some ten microseconds: on any kernel a flood that is faster than a handler returns leaves
 * the other thread no time at all.
 */
static volatile int stop;

static void
pester(void *arg)
{
	for (unsigned n = 0; !stop; n++) {
		call(SYS_thr_kill, (long)arg, SIGUSR1);
		for (volatile unsigned pause = n * 997 % 65536; pause; pause--)
			;
	}
}

TEST(calls_that_do_not_sleep_are_never_interrupted)
{
	static struct test_thread t;
	long bad = 0, r;
	char byte = 'x';

	on_signal(SIGUSR1, note, 0);
	call(542, pipe_ends, 0);
	stop = 0;
	CHECK_IS(thread_start(&t, pester, (void *)first_tid), 0);
	for (int i = 0; i < 20000 && !bad; i++) {
		r = call(SYS_write, pipe_ends[1], &byte, 1);
		if (r == 1)
			r = call(SYS_read, pipe_ends[0], &byte, 1);
		if (r == 1 && call(SYS_getpid) < 0)
			r = -1;
		if (r != 1)
			bad = r;
	}
	stop = 1;
	thread_join(&t);
	CHECK_IS(bad, 0);
}

/* A signal that the program ignores, or does not see, takes nothing from a timeout. */
TEST(a_signal_by_default_ignored_is_not_noticed)
{
	struct timespec t = {0, 150000000};
	long before, pid = call(SYS_getpid), sender;

	on_signal(SIGINFO, SIG_DFL, 0);
	on_signal(SIGIO, SIG_DFL, 0);
	word = 0;
	sender = fork();
	if (sender == 0) {
		for (int i = 0; i < 10; i++) {
			sleep_ms(20);
			call(SYS_kill, pid, i & 1 ? SIGINFO : SIGIO);
		}
		leave(0);
	}
	before = now_ms();
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT_PRIVATE, 0, 0, &t), -ETIMEDOUT);
	CHECK(now_ms() - before >= 149);
	CHECK(now_ms() - before < 190);
	wait_for(sender);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	first_tid = my_tid();
	RUN(without_sa_restart_a_call_ends);
	RUN(with_sa_restart_a_call_goes_on_if_it_may);
	RUN(calls_that_do_not_sleep_are_never_interrupted);
	RUN(a_signal_by_default_ignored_is_not_noticed);
	return 0;
}
