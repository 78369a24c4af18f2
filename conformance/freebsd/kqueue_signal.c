/* covers: freebsd kevent */
/*
 * EVFILT_SIGNAL.
 */
#include "guest_kqueue.h"

enum {
	SYS_sigprocmask = 340, SYS_sigpending = 343, SYS_sigtimedwait = 345,
	SIGUSR1 = 30, SIGUSR2 = 31, SIGCHLD = 20, SIG_DFL = 0, SIG_IGN = 1, SIG_BLOCK = 1,
	SIG_SETMASK = 3,
};

struct sigaction {
	void (*handler)(int);
	int flags;
	uint32_t mask[4];
};

static int kq;
static volatile int handled;

static void
handler(int number)
{
	(void)number;
	handled++;
}

static void
set_action(int number, void (*to)(int))
{
	struct sigaction act = {to, 0, {0}};

	CHECK_IS(call(SYS_sigaction, number, &act, NULL), 0);
}

static void
send(int number)
{
	CHECK_IS(call(SYS_kill, call(SYS_getpid), number), 0);
}

TEST(an_ignored_signal_is_counted)
{
	struct kevent e;

	set_action(SIGUSR1, (void (*)(int))SIG_IGN);
	CHECK_IS(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	for (int i = 0; i < 3; i++)
		send(SIGUSR1);
	CHECK_IS(take(kq, &e, 1, 1000), 1);
	CHECK_IS(e.ident, SIGUSR1);
	CHECK_IS(e.filter, EVFILT_SIGNAL);
	CHECK_IS(e.flags, EV_CLEAR);
	CHECK_IS(e.data, 3);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	CHECK_IS(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, 0, 0), 0);
	send(SIGUSR1);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	set_action(SIGUSR1, (void (*)(int))SIG_DFL);
}

TEST(a_handled_signal_is_counted_as_well)
{
	struct kevent e;

	handled = 0;
	set_action(SIGUSR2, handler);
	CHECK_IS(change(kq, SIGUSR2, EVFILT_SIGNAL, EV_ADD, 0, 0), 0);
	send(SIGUSR2);
	send(SIGUSR2);
	CHECK_IS(handled, 2);
	CHECK_IS(take(kq, &e, 1, 1000), 1);
	CHECK_IS(e.data, 2);
	CHECK_IS(change(kq, SIGUSR2, EVFILT_SIGNAL, EV_DELETE, 0, 0), 0);
	set_action(SIGUSR2, (void (*)(int))SIG_DFL);
}

TEST(a_blocked_signal_is_counted_and_still_delivered_later)
{
	uint32_t block[4] = {1u << (SIGUSR1 - 1)}, none[4] = {0}, waiting[4];
	struct kevent e;

	handled = 0;
	set_action(SIGUSR1, handler);
	CHECK_IS(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0), 0);
	CHECK_IS(call(SYS_sigprocmask, SIG_BLOCK, block, NULL), 0);
	send(SIGUSR1);
	send(SIGUSR1);
	CHECK_IS(take(kq, &e, 1, 1000), 1);
	CHECK_IS(e.data, 2);
	CHECK_IS(handled, 0);
	CHECK_IS(call(SYS_sigpending, waiting), 0);
	CHECK(waiting[0] & 1u << (SIGUSR1 - 1));
	CHECK_IS(call(SYS_sigprocmask, SIG_SETMASK, none, NULL), 0);
	CHECK_IS(handled, 1);
	CHECK_IS(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, 0, 0), 0);
	set_action(SIGUSR1, (void (*)(int))SIG_DFL);
}

TEST(blocked_before_it_is_watched)
{
	uint32_t block[4] = {1u << (SIGUSR1 - 1)}, waiting[4];
	struct timespec none = {0, 0};
	struct kevent e;

	CHECK_IS(call(SYS_sigprocmask, SIG_BLOCK, block, NULL), 0);
	CHECK_IS(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0), 0);
	send(SIGUSR1);
	CHECK_IS(take(kq, &e, 1, 1000), 1);
	CHECK_IS(e.data, 1);
	CHECK_IS(call(SYS_sigtimedwait, block, NULL, &none), SIGUSR1);
	CHECK_IS(call(SYS_sigpending, waiting), 0);
	CHECK_IS(waiting[0], 0);
	CHECK_IS(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, 0, 0), 0);
}

TEST(the_end_of_a_child_is_a_signal)
{
	struct kevent e;
	long pid;

	CHECK_IS(change(kq, SIGCHLD, EVFILT_SIGNAL, EV_ADD, 0, 0), 0);
	pid = fork();
	if (pid == 0)
		leave(0);
	CHECK_IS(take(kq, &e, 1, 2000), 1);
	CHECK_IS(e.ident, SIGCHLD);
	CHECK_IS(wait_for(pid), 0);
	CHECK_IS(change(kq, SIGCHLD, EVFILT_SIGNAL, EV_DELETE, 0, 0), 0);
}

TEST(a_signal_with_a_handler_ends_the_wait)
{
	struct kevent e;
	long pid, self = call(SYS_getpid);

	handled = 0;
	set_action(SIGUSR2, handler);
	pid = fork();
	if (pid == 0) {
		sleep_ms(50);
		call(SYS_kill, self, SIGUSR2);
		leave(0);
	}
	CHECK_IS(take(kq, &e, 1, 5000), -EINTR);
	CHECK_IS(handled, 1);
	CHECK_IS(wait_for(pid), 0);
	set_action(SIGUSR2, (void (*)(int))SIG_DFL);
}

TEST(no_such_signal)
{
	CHECK_IS(change(kq, 0, EVFILT_SIGNAL, EV_ADD, 0, 0), -EINVAL);
	CHECK_IS(change(kq, 200, EVFILT_SIGNAL, EV_ADD, 0, 0), -EINVAL);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	kq = (int)call(SYS_kqueue);
	RUN(an_ignored_signal_is_counted);
	RUN(a_handled_signal_is_counted_as_well);
	RUN(a_blocked_signal_is_counted_and_still_delivered_later);
	RUN(blocked_before_it_is_watched);
	RUN(the_end_of_a_child_is_a_signal);
	RUN(a_signal_with_a_handler_ends_the_wait);
	RUN(no_such_signal);
	return 0;
}
