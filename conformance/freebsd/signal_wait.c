/* covers: freebsd sigprocmask sigpending sigsuspend sigtimedwait sigwaitinfo sigwait sigqueue */
#include "guest_signal.h"

static volatile int caught;
static volatile uint64_t values[64];

static void
note(int signal, struct siginfo *info, void *context)
{
	(void)signal, (void)context;
	values[caught++ % 64] = info->value;
}

TEST(the_mask_is_changed_as_asked)
{
	struct sigset s = only(SIGUSR1), old, now;

	CHECK_IS(call(SYS_sigprocmask, SIG_SETMASK, &s, &old), 0);
	s = only(SIGUSR2);
	CHECK_IS(call(SYS_sigprocmask, SIG_BLOCK, &s, &now), 0);
	CHECK(has(&now, SIGUSR1) && !has(&now, SIGUSR2));
	CHECK_IS(call(SYS_sigprocmask, 0, NULL, &now), 0);
	CHECK(has(&now, SIGUSR1) && has(&now, SIGUSR2));
	CHECK_IS(unblock(SIGUSR2), 0);
	CHECK_IS(call(SYS_sigprocmask, SIG_SETMASK, &old, &now), 0);
	CHECK(has(&now, SIGUSR1) && !has(&now, SIGUSR2));
	CHECK_IS(call(SYS_sigprocmask, 4, &old, NULL), -EINVAL);
	CHECK_IS(call(SYS_sigprocmask, SIG_BLOCK, NOWHERE, NULL), -EFAULT);
}

TEST(kill_and_stop_cannot_be_blocked)
{
	struct sigset all = {{~0u, ~0u, ~0u, ~0u}}, old, now;

	CHECK_IS(call(SYS_sigprocmask, SIG_SETMASK, &all, &old), 0);
	CHECK_IS(call(SYS_sigprocmask, SIG_SETMASK, &old, &now), 0);
	CHECK(!has(&now, SIGKILL) && !has(&now, SIGSTOP));
	CHECK(has(&now, SIGSEGV) && has(&now, SIGSYS) && has(&now, SIGRTMAX) && has(&now, 128));
}

static void
blocked_and_delivered(int signal)
{
	struct sigset waiting;

	caught = 0;
	on_signal(signal, note, SA_SIGINFO);
	block(signal);
	CHECK_IS(kill_self(signal), 0);
	CHECK_IS(caught, 0);
	CHECK_IS(call(SYS_sigpending, &waiting), 0);
	CHECK(has(&waiting, signal));
	CHECK_IS(unblock(signal), 0);
	CHECK_IS(caught, 1);
	CHECK_IS(call(SYS_sigpending, &waiting), 0);
	CHECK(!has(&waiting, signal));
	on_signal(signal, SIG_DFL, 0);
}

TEST(what_is_blocked_waits)
{
	static const int signals[] = {SIGUSR1, SIGSEGV, SIGSYS, SIGBUS, SIGFPE, SIGTERM, SIGTHR, SIGINFO, SIGEMT,
				      SIGRTMIN, 94, 95, SIGRTMAX, 40};

	for (size_t i = 0; i < COUNT(signals); i++)
		blocked_and_delivered(signals[i]);
	CHECK_IS(call(SYS_sigpending, NOWHERE), -EFAULT);
}

TEST(queued_values_come_in_order_and_all_of_them)
{
	static const int signals[] = {SIGRTMIN + 3, SIGRTMAX - 1};

	for (size_t k = 0; k < COUNT(signals); k++) {
		caught = 0;
		on_signal(signals[k], note, SA_SIGINFO);
		block(signals[k]);
		for (uint64_t n = 0; n < 10; n++)
			CHECK_IS(call(SYS_sigqueue, call(SYS_getpid), signals[k], 100 + n), 0);
		unblock(signals[k]);
		CHECK_IS(caught, 10);
		for (uint64_t n = 0; n < 10; n++)
			CHECK_IS(values[n], 100 + n);
	}
}

TEST(sigsuspend_waits_with_its_own_mask)
{
	struct sigset none = {{0}}, now;
	long pid;

	caught = 0;
	on_signal(SIGUSR1, note, SA_SIGINFO | SA_RESTART);
	block(SIGUSR1);
	kill_self(SIGUSR1);
	CHECK_IS(call(SYS_sigsuspend, &none), -EINTR);
	CHECK_IS(caught, 1);
	call(SYS_sigprocmask, 0, NULL, &now);
	CHECK(has(&now, SIGUSR1));
	pid = call(SYS_getpid);
	if (fork() == 0) {
		sleep_ms(30);
		call(SYS_kill, pid, SIGUSR1);
		leave(0);
	}
	CHECK_IS(call(SYS_sigsuspend, &none), -EINTR);
	CHECK_IS(caught, 2);
	wait_for(-1);
	unblock(SIGUSR1);
	CHECK_IS(caught, 2);
	CHECK_IS(call(SYS_sigsuspend, NOWHERE), -EFAULT);
}

TEST(sigtimedwait_takes_what_is_blocked)
{
	struct sigset s = only(SIGUSR1);
	struct timespec none = {0, 0}, little = {0, 20000000}, bad = {0, -1};
	struct siginfo info;
	long before = now_ms();

	caught = 0;
	on_signal(SIGUSR1, note, SA_SIGINFO);
	block(SIGUSR1);
	CHECK_IS(call(SYS_sigtimedwait, &s, &info, &none), -EAGAIN);
	CHECK_IS(call(SYS_sigtimedwait, &s, &info, &little), -EAGAIN);
	CHECK(now_ms() - before >= 19);
	CHECK_IS(call(SYS_sigtimedwait, &s, &info, &bad), -EINVAL);
	kill_self(SIGUSR1);
	CHECK_IS(call(SYS_sigtimedwait, &s, &info, &little), SIGUSR1);
	CHECK_IS(info.signo, SIGUSR1);
	CHECK_IS(info.code, SI_USER);
	CHECK_IS(caught, 0);
	kill_self(SIGUSR1);
	CHECK_IS(call(SYS_sigwaitinfo, &s, NULL), SIGUSR1);
	unblock(SIGUSR1);
	CHECK_IS(caught, 0);
	CHECK_IS(call(SYS_sigtimedwait, NOWHERE, &info, &none), -EFAULT);
}

TEST(sigtimedwait_takes_signals_that_the_host_lacks)
{
	struct sigset s = only(SIGRTMAX);
	struct timespec little = {1, 0};
	struct siginfo info;
	long pid = call(SYS_getpid);

	on_signal(SIGRTMAX, note, SA_SIGINFO);
	block(SIGRTMAX);
	CHECK_IS(call(SYS_sigqueue, pid, SIGRTMAX, 5), 0);
	CHECK_IS(call(SYS_sigtimedwait, &s, &info, &little), SIGRTMAX);
	CHECK_IS(info.value, 5);
	if (fork() == 0) {
		sleep_ms(20);
		call(SYS_sigqueue, pid, SIGRTMAX, 6);
		leave(0);
	}
	CHECK_IS(call(SYS_sigtimedwait, &s, &info, &little), SIGRTMAX);
	CHECK_IS(info.value, 6);
	wait_for(-1);
	unblock(SIGRTMAX);
}

static volatile int waiting_for = SIGUSR2;

static void
signal_the_process(void *arg)
{
	sleep_ms(30);
	call(SYS_kill, call(SYS_getpid), (long)arg);
}

TEST(sigwait_stores_the_number_and_answers_the_error)
{
	static struct test_thread t;
	struct sigset s = only(SIGUSR2);
	int signal = 0;

	block(waiting_for);
	CHECK_IS(thread_start(&t, signal_the_process, (void *)SIGUSR2), 0);
	CHECK_IS(call(SYS_sigwait, &s, &signal), 0);
	CHECK_IS(signal, SIGUSR2);
	thread_join(&t);
	unblock(SIGUSR2);
	CHECK_IS(call(SYS_sigwait, NOWHERE, &signal), EFAULT);
}

static void
queue_to_first(void *arg)
{
	(void)arg;
	block(SIGRTMIN);
	for (int n = 0; n < 200; n++)
		if (call(SYS_sigqueue, call(SYS_getpid), SIGRTMIN, n) != 0)
			n--;
}

TEST(a_thread_with_an_open_mask_takes_the_processes_signals)
{
	static struct test_thread t;

	caught = 0;
	on_signal(SIGRTMIN, note, SA_SIGINFO);
	CHECK_IS(thread_start(&t, queue_to_first, NULL), 0);
	thread_join(&t);
	for (int n = 0; n < 100 && caught < 200; n++)
		sleep_ms(10);
	CHECK_IS(caught, 200);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(the_mask_is_changed_as_asked);
	RUN(kill_and_stop_cannot_be_blocked);
	RUN(what_is_blocked_waits);
	RUN(queued_values_come_in_order_and_all_of_them);
	RUN(sigsuspend_waits_with_its_own_mask);
	RUN(sigtimedwait_takes_what_is_blocked);
	RUN(sigtimedwait_takes_signals_that_the_host_lacks);
	RUN(sigwait_stores_the_number_and_answers_the_error);
	RUN(a_thread_with_an_open_mask_takes_the_processes_signals);
	return 0;
}
