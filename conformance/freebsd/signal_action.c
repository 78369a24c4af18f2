/* covers: freebsd sigaction freebsd4_sigaction kill sigreturn sigqueue sigprocmask */
#include "guest_signal.h"

static volatile int caught, depth, deepest;
static struct siginfo last;
static struct sigset mask_inside;

static void
note(int signal, struct siginfo *info, void *context)
{
	(void)signal, (void)context;
	if (++depth > deepest)
		deepest = depth;
	last = *info;
	call(SYS_sigprocmask, SIG_BLOCK, NULL, &mask_inside);
	caught++;
	depth--;
}

TEST(actions_are_handed_back)
{
	struct sigaction a = {note, SA_SIGINFO | SA_RESTART | SA_NOCLDSTOP, {{0x70000001, 0, 1, 0}}}, old = {0};

	CHECK_IS(call(SYS_sigaction, SIGUSR2, NULL, &old), 0);
	CHECK(old.handler == SIG_DFL);
	CHECK_IS(old.flags, SA_RESTART);	/* what is not set interrupts nothing (kern_sigaction()) */
	CHECK_IS(call(SYS_sigaction, SIGUSR2, &a, NULL), 0);
	CHECK_IS(call(SYS_sigaction, SIGUSR2, NULL, &old), 0);
	CHECK(old.handler == (void *)note);
	CHECK_IS(old.flags, SA_SIGINFO | SA_RESTART);	/* SA_NOCLDSTOP is SIGCHLD's */
	CHECK(same(&old.mask, &a.mask, sizeof a.mask));
	a.handler = SIG_DFL;
	CHECK_IS(call(SYS_sigaction, SIGUSR2, &a, NULL), 0);
	CHECK_IS(call(SYS_sigaction, SIGUSR2, NULL, &old), 0);
	CHECK_IS(old.flags, SA_RESTART);
}

TEST(numbers_and_flags_are_checked)
{
	struct sigaction a = {note, 0x80, {{0}}};

	CHECK_IS(call(SYS_sigaction, 0, NULL, NULL), -EINVAL);
	CHECK_IS(call(SYS_sigaction, 129, NULL, NULL), -EINVAL);
	CHECK_IS(call(SYS_sigaction, 128, NULL, NULL), 0);
	CHECK_IS(call(SYS_sigaction, 40, NULL, NULL), 0);
	CHECK_IS(call(SYS_sigaction, SIGUSR1, &a, NULL), -EINVAL);
	CHECK_IS(call(SYS_sigaction, SIGUSR1, NOWHERE, NULL), -EFAULT);
	CHECK_IS(call(SYS_sigaction, SIGUSR1, NULL, NOWHERE), -EFAULT);
	CHECK_IS(on_signal(SIGKILL, note, 0), -EINVAL);
	CHECK_IS(on_signal(SIGSTOP, SIG_IGN, 0), -EINVAL);
	CHECK_IS(on_signal(SIGKILL, SIG_DFL, 0), 0);
	CHECK_IS(call(SYS_kill, call(SYS_getpid), 129), -EINVAL);
	CHECK_IS(call(SYS_kill, call(SYS_getpid), -1), -EINVAL);
	CHECK_IS(call(SYS_kill, 99999, 0), -ESRCH);
	CHECK_IS(call(342, SIGUSR1, NULL, NULL), 0);
}

TEST(a_handler_runs_before_kill_returns)
{
	caught = 0;
	CHECK_IS(on_signal(SIGUSR1, note, SA_SIGINFO), 0);
	CHECK_IS(kill_self(SIGUSR1), 0);
	CHECK_IS(caught, 1);
	CHECK_IS(last.signo, SIGUSR1);
	CHECK_IS(last.code, SI_USER);
	CHECK_IS(last.pid, call(SYS_getpid));
	CHECK(has(&mask_inside, SIGUSR1));
}

TEST(every_number_can_be_sent_and_caught)
{
	for (int n = 1; n <= 128; n++) {
		if (n == SIGKILL || n == SIGSTOP)
			continue;
		caught = 0;
		CHECK_IS(on_signal(n, note, SA_SIGINFO), 0);
		CHECK_IS(kill_self(n), 0);
		CHECK_IS(caught, 1);
		CHECK_IS(last.signo, n);
		CHECK_IS(last.code, SI_USER);
		CHECK_IS(on_signal(n, SIG_DFL, 0), 0);
	}
}

TEST(a_threads_number_can_be_meant)
{
	caught = 0;
	CHECK_IS(on_signal(SIGUSR1, note, SA_SIGINFO), 0);
	CHECK_IS(call(SYS_thr_kill, my_tid(), SIGUSR1), 0);
	CHECK_IS(caught, 1);
	CHECK_IS(last.code, SI_LWP);
	CHECK_IS(last.pid, call(SYS_getpid));
}

TEST(a_queued_value_arrives)
{
	caught = 0;
	CHECK_IS(on_signal(SIGRTMIN + 1, note, SA_SIGINFO), 0);
	CHECK_IS(call(SYS_sigqueue, call(SYS_getpid), SIGRTMIN + 1, 0x123456789a), 0);
	CHECK_IS(caught, 1);
	CHECK_IS(last.code, SI_QUEUE);
	CHECK_IS(last.value, 0x123456789a);
	CHECK_IS(last.pid, call(SYS_getpid));
	CHECK_IS(on_signal(SIGRTMAX, note, SA_SIGINFO), 0);
	CHECK_IS(call(SYS_sigqueue, call(SYS_getpid), SIGRTMAX, 77), 0);
	CHECK_IS(caught, 2);
	CHECK_IS(last.signo, SIGRTMAX);
	CHECK_IS(last.code, SI_QUEUE);
	CHECK_IS(last.value, 77);
	CHECK_IS(call(SYS_sigqueue, call(SYS_getpid), 0, 0), 0);
	CHECK_IS(call(SYS_sigqueue, 0, SIGUSR1, 0), -EINVAL);
	/* A thread's number, since FreeBSD 14 (__SIGQUEUE_TID); before it no signal's. */
	if (call(SYS_sigqueue, my_tid(), 0x80000000, 0) == 0) {
		CHECK_IS(call(SYS_sigqueue, my_tid(), 0x80000000 | (SIGRTMIN + 1), 78), 0);
		CHECK_IS(caught, 3);
		CHECK_IS(last.value, 78);
		CHECK_IS(call(SYS_sigqueue, 5, 0x80000000 | SIGUSR1, 0), -ESRCH);
	}
	CHECK_IS(call(SYS_sigqueue, call(SYS_getpid), 129, 0), -EINVAL);
}

static void
again(int signal)
{
	if (++depth > deepest)
		deepest = depth;
	if (++caught < 3)
		kill_self(signal);
	depth--;
}

TEST(a_handler_is_not_interrupted_by_its_own_signal)
{
	caught = deepest = 0;
	CHECK_IS(on_signal(SIGUSR1, again, 0), 0);
	kill_self(SIGUSR1);
	CHECK_IS(caught, 3);
	CHECK_IS(deepest, 1);
	caught = deepest = 0;
	CHECK_IS(on_signal(SIGUSR1, again, SA_NODEFER), 0);
	kill_self(SIGUSR1);
	CHECK_IS(caught, 3);
	CHECK_IS(deepest, 3);
}

TEST(the_actions_mask_holds_inside_the_handler)
{
	struct sigaction a = {note, SA_SIGINFO, only(SIGUSR2)};
	struct sigset now;

	CHECK_IS(call(SYS_sigaction, SIGUSR1, &a, NULL), 0);
	kill_self(SIGUSR1);
	CHECK(has(&mask_inside, SIGUSR2));
	CHECK(has(&mask_inside, SIGUSR1));
	call(SYS_sigprocmask, SIG_BLOCK, NULL, &now);
	CHECK(!has(&now, SIGUSR1));
	CHECK(!has(&now, SIGUSR2));
}

TEST(resethand_catches_once)
{
	struct sigaction old;
	long pid = fork();

	if (pid == 0) {
		on_signal(SIGUSR1, note, SA_SIGINFO | SA_RESETHAND);
		caught = 0;
		kill_self(SIGUSR1);
		CHECK_IS(caught, 1);
		call(SYS_sigaction, SIGUSR1, NULL, &old);
		if (!guest_ok || old.handler != SIG_DFL)
			leave(1);
		kill_self(SIGUSR1);
		leave(2);
	}
	CHECK_IS(wait_for(pid), KILLED(SIGUSR1));
}

TEST(default_actions_end_the_process_with_the_number)
{
	static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGEMT, SIGFPE, SIGKILL, SIGBUS,
				   SIGSEGV, SIGSYS, SIGPIPE, SIGALRM, SIGTERM, 24, 25, 26, 27, SIGUSR1, SIGUSR2};

	for (size_t i = 0; i < COUNT(ends); i++) {
		long pid = fork();

		if (pid == 0) {
			on_signal(ends[i], SIG_DFL, 0);
			kill_self(ends[i]);
			leave(1);
		}
		CHECK_IS(DEATH(wait_for(pid)), ends[i]);
	}
}

TEST(default_actions_ignore_some)
{
	static const int ignored[] = {SIGURG, SIGCONT, SIGCHLD, SIGIO, SIGWINCH, SIGINFO};

	for (size_t i = 0; i < COUNT(ignored); i++) {
		on_signal(ignored[i], SIG_DFL, 0);
		CHECK_IS(kill_self(ignored[i]), 0);
		on_signal(ignored[i], SIG_IGN, 0);
		CHECK_IS(kill_self(ignored[i]), 0);
		on_signal(ignored[i], SIG_DFL, 0);
	}
}

TEST(a_child_says_how_it_ended)
{
	struct timespec moment = {1, 0};
	long pid;

	caught = 0;
	on_signal(SIGCHLD, note, SA_SIGINFO);
	pid = fork();
	if (pid == 0)
		leave(3);
	while (!caught && call(SYS_nanosleep, &moment, NULL) == 0)
		;
	CHECK_IS(last.signo, SIGCHLD);
	CHECK_IS(last.code, CLD_EXITED);
	CHECK_IS(last.status, 3);
	CHECK_IS(last.pid, pid);
	CHECK_IS(wait_for(pid), EXITED(3));
	caught = 0;
	pid = fork();
	if (pid == 0) {
		on_signal(SIGUSR1, SIG_DFL, 0);
		kill_self(SIGUSR1);
	}
	while (!caught && call(SYS_nanosleep, &moment, NULL) == 0)
		;
	CHECK_IS(last.code, CLD_KILLED);
	CHECK_IS(last.status, SIGUSR1);
	CHECK_IS(wait_for(pid), KILLED(SIGUSR1));
	on_signal(SIGCHLD, SIG_DFL, 0);
}

TEST(children_of_an_ignored_sigchld_leave_nothing)
{
	long pid;

	on_signal(SIGCHLD, SIG_IGN, 0);
	pid = fork();
	if (pid == 0)
		leave(0);
	CHECK_IS(wait_for(pid), -ECHILD);
	on_signal(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
	pid = fork();
	if (pid == 0)
		leave(0);
	CHECK_IS(wait_for(pid), -ECHILD);
	on_signal(SIGCHLD, SIG_DFL, 0);
}

TEST(a_stop_and_a_continue_are_seen_by_the_parent)
{
	int status = 0;
	long pid = fork();

	if (pid == 0) {
		kill_self(SIGSTOP);
		leave(0);
	}
	CHECK_IS(call(SYS_wait4, pid, &status, 2 /* WUNTRACED */, NULL), pid);
	CHECK_IS(status, SIGSTOP << 8 | 0x7f);
	CHECK_IS(call(SYS_kill, pid, SIGCONT), 0);
	CHECK_IS(wait_for(pid), EXITED(0));
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(actions_are_handed_back);
	RUN(numbers_and_flags_are_checked);
	RUN(a_handler_runs_before_kill_returns);
	RUN(every_number_can_be_sent_and_caught);
	RUN(a_threads_number_can_be_meant);
	RUN(a_queued_value_arrives);
	RUN(a_handler_is_not_interrupted_by_its_own_signal);
	RUN(the_actions_mask_holds_inside_the_handler);
	RUN(resethand_catches_once);
	RUN(default_actions_end_the_process_with_the_number);
	RUN(default_actions_ignore_some);
	RUN(a_child_says_how_it_ended);
	RUN(children_of_an_ignored_sigchld_leave_nothing);
	RUN(a_stop_and_a_continue_are_seen_by_the_parent);
	return 0;
}
