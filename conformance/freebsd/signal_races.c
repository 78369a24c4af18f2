/* covers: freebsd sigaction sigprocmask sigpending thr_kill kill */
/*
 * Signals that come while other threads, the same thread's call or a fork are at
 * work on the same masks and actions: none is lost, none runs a handler that is gone.
 */
#include "guest_thread.h"

enum { SYS_sigprocmask = 340, SYS_sigpending = 343 };
enum { SIG_BLOCK = 1, SIG_UNBLOCK = 2, SIGILL = 4, SIGSYS = 12, SIGUSR1 = 30, SIGUSR2 = 31, SIGRTMIN = 65, SIGRTMAX = 126 };

struct sigaction {
	void (*handler)(int);
	int flags;
	uint32_t mask[4];
};
#define DEFAULT ((void (*)(int))0)
#define IGNORE ((void (*)(int))1)

static volatile int seen, stop;

static void
count(int sig)
{
	(void)sig;
	seen++;
}

static void
set_action(int sig, void (*handler)(int))
{
	struct sigaction a = {handler, 0, {0}};

	CHECK_IS(call(SYS_sigaction, sig, &a, NULL), 0);
}

static void
change_mask(int how, int sig)
{
	uint32_t set[4] = {0};

	set[(sig - 1) / 32] = 1u << (sig - 1) % 32;
	CHECK_IS(call(SYS_sigprocmask, how, set, NULL), 0);
}

static bool
is_pending(int sig)
{
	uint32_t set[4];

	CHECK_IS(call(SYS_sigpending, set), 0);
	return set[(sig - 1) / 32] >> (sig - 1) % 32 & 1;
}

static bool
wait_until_seen(int number)
{
	long limit = now_ms() + 3000;

	while (seen < number && now_ms() < limit)
		call(SYS_sched_yield);
	return seen >= number;
}

static void
block_and_unblock(void *argument)
{
	(void)argument;
	while (!stop) {
		change_mask(SIG_UNBLOCK, SIGUSR1);
		change_mask(SIG_BLOCK, SIGUSR1);
	}
}

/* The thread has taken the signal from the host's kernel and then blocks it: it must go back to the process. */
TEST(a_signal_of_the_process_is_not_lost_by_a_thread_that_blocks_it)
{
	static struct test_thread t;
	int sent = 0;

	set_action(SIGUSR1, count);
	change_mask(SIG_BLOCK, SIGUSR1);
	seen = stop = 0;
	CHECK_IS(thread_start(&t, block_and_unblock, NULL), 0);
	while (sent < 1000 && wait_until_seen(sent)) {
		CHECK_IS(call(SYS_kill, call(SYS_getpid), SIGUSR1), 0);
		sent++;
	}
	CHECK(wait_until_seen(sent));
	CHECK_IS(seen, 1000);
	stop = 1;
	thread_join(&t);
}

/* ---- actions ---- */

static void
change_action(void *argument)
{
	(void)argument;
	while (!stop) {
		set_action(SIGUSR2, IGNORE);
		set_action(SIGUSR2, count);
	}
}

static void
make_calls(void *argument)
{
	(void)argument;
	while (!stop)
		call(SYS_getpid);
}

TEST(a_handler_that_was_just_removed_is_not_entered_by_half)
{
	static struct test_thread changes, receives;
	long limit = now_ms() + 300, end = limit + 3000;

	set_action(SIGUSR2, count);
	seen = stop = 0;
	CHECK_IS(thread_start(&changes, change_action, NULL), 0);
	CHECK_IS(thread_start(&receives, make_calls, NULL), 0);
	while (now_ms() < limit || (seen == 0 && now_ms() < end))
		CHECK_IS(call(SYS_thr_kill, receives.tid, SIGUSR2), 0);
	stop = 1;
	thread_join(&changes);
	thread_join(&receives);
	CHECK(seen > 0);
	set_action(SIGUSR2, DEFAULT);
}

/* ---- faults' signals, sent ---- */

static struct test_thread flooded;
static const int fault_signals[] = {4 /* ILL */, 5 /* TRAP */, 8 /* FPE */, 10 /* BUS */, 11 /* SEGV */};

static void
flood(void *argument)
{
	(void)argument;
	while (!stop)
		for (unsigned n = 0; n < COUNT(fault_signals); n++)
			call(SYS_thr_kill, flooded.tid, fault_signals[n]);
}

/* They come faster than each is handled, also in the middle of a call. */
TEST(a_flood_of_signals_that_are_else_faults_is_taken)
{
	static struct test_thread sender;

	for (unsigned n = 0; n < COUNT(fault_signals); n++)
		set_action(fault_signals[n], count);
	seen = stop = 0;
	CHECK_IS(thread_start(&flooded, make_calls, NULL), 0);
	CHECK_IS(thread_start(&sender, flood, NULL), 0);
	sleep_ms(200);
	CHECK(wait_until_seen(100));
	stop = 1;
	thread_join(&sender);
	thread_join(&flooded);
	for (unsigned n = 0; n < COUNT(fault_signals); n++)
		set_action(fault_signals[n], DEFAULT);
}

/* ---- fork ---- */

static void
check_child_has_none(int sig)
{
	long pid;

	set_action(sig, count);
	change_mask(SIG_BLOCK, sig);
	CHECK_IS(call(SYS_kill, call(SYS_getpid), sig), 0);
	CHECK(is_pending(sig));
	pid = fork();
	if (pid == 0) {
		CHECK(!is_pending(sig));
		seen = 0;
		change_mask(SIG_UNBLOCK, sig);
		CHECK_IS(seen, 0);
		leave_as_checked();
	}
	CHECK_IS(wait_for(pid), EXITED(0));
	seen = 0;
	change_mask(SIG_UNBLOCK, sig);
	CHECK_IS(seen, 1);
	set_action(sig, DEFAULT);
}

/* fork(2): the child's set of pending signals is empty, whatever kind they are. */
TEST(what_is_pending_stays_with_the_parent)
{
	check_child_has_none(SIGUSR1);
	check_child_has_none(SIGRTMIN);
	check_child_has_none(SIGRTMAX);
}

/* ---- exec ---- */

static const char *self;

/* What execve(2) does with signals, it does when nothing can fail any more. */
TEST(an_exec_that_fails_harms_no_other_thread)
{
	static char long_word[1 << 20];
	static struct test_thread t;
	const char *const words[] = {self, long_word, NULL}, *const none[] = {NULL};
	long limit = now_ms() + 300;

	memset(long_word, 'x', sizeof long_word - 1);
	for (int sig = SIGILL; sig <= SIGSYS; sig += SIGSYS - SIGILL)
		set_action(sig, IGNORE);
	stop = 0;
	CHECK_IS(thread_start(&t, make_calls, NULL), 0);
	while (now_ms() < limit)
		CHECK_IS(call(SYS_execve, self, words, none), -E2BIG);
	stop = 1;
	thread_join(&t);
	for (int sig = SIGILL; sig <= SIGSYS; sig += SIGSYS - SIGILL)
		set_action(sig, DEFAULT);
}

static void
become_child(void *argument)
{
	(void)argument;
	call(SYS_execve, self, ((const char *const[]){self, "child", NULL}), ((const char *const[]){NULL}));
}

TEST(what_is_ignored_stays_so_when_one_of_several_threads_execs)
{
	static struct test_thread t;
	long child = fork();

	if (child == 0) {
		set_action(SIGSYS, IGNORE);
		set_action(SIGUSR1, IGNORE);
		stop = 0;
		thread_start(&t, become_child, NULL);
		make_calls(NULL);
	}
	CHECK_IS(wait_for(child), EXITED(0));
}

static int
as_child(void)
{
	struct sigaction sys, usr1, ill;

	call(SYS_sigaction, SIGSYS, NULL, &sys);
	call(SYS_sigaction, SIGUSR1, NULL, &usr1);
	call(SYS_sigaction, SIGILL, NULL, &ill);
	return sys.handler != IGNORE || usr1.handler != IGNORE || ill.handler != DEFAULT;
}

int
main(int argc, char **argv, char **envp)
{
	if (argc > 1)
		leave(as_child());
	self = argv[0];
	(void)envp;
	RUN(what_is_pending_stays_with_the_parent);
	RUN(a_signal_of_the_process_is_not_lost_by_a_thread_that_blocks_it);
	RUN(a_handler_that_was_just_removed_is_not_entered_by_half);
	RUN(a_flood_of_signals_that_are_else_faults_is_taken);
	RUN(an_exec_that_fails_harms_no_other_thread);
	RUN(what_is_ignored_stays_so_when_one_of_several_threads_execs);
	return 0;
}
