/* covers: freebsd accept recvfrom recvmsg sendto */
/*
 * What a signal does to a socket call that waits: SA_RESTART lets it go on, without
 * it the call ends with EINTR, and what was already transferred is never lost.
 */
#include "guest_socket.h"

enum { SIGUSR1 = 30, SA_RESTART = 2 };

static volatile int handled;

static void
on_signal(int number)
{
	(void)number;
	handled++;
}

static void
handle(int flags)
{
	struct sigaction act = {(long)on_signal, flags, {0}};

	handled = 0;
	CHECK_IS(call(SYS_sigaction, SIGUSR1, &act, NULL), 0);
}

/* A child that sends the signal after a while, and later does `then` to s. */
static long
disturb(void (*then)(long s), long s)
{
	long parent = call(SYS_getpid), pid = fork();

	if (pid == 0) {
		sleep_ms(60);
		call(SYS_kill, parent, SIGUSR1);
		sleep_ms(60);
		if (then)
			then(s);
		leave(0);
	}
	return pid;
}

static void
send_word(long s)
{
	call(SYS_sendto, s, "late", 4, 0, NULL, 0);
}

static void
connect_to(long s)
{
	struct sockaddr_in at;
	uint32_t len = sizeof at;
	long t = call(SYS_socket, AF_INET, SOCK_STREAM, 0);

	call(SYS_getsockname, s, &at, &len);
	call(SYS_connect, t, &at, sizeof at);
	sleep_ms(20);
}

TEST(receiving_is_interrupted_without_sa_restart)
{
	char buf[8];
	int ends[2];
	long pid;

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	handle(0);
	pid = disturb(NULL, 0);
	CHECK_IS(call(SYS_recvfrom, ends[0], buf, sizeof buf, 0, NULL, NULL), -EINTR);
	CHECK_IS(handled, 1);
	CHECK_IS(wait_for(pid), EXITED(0));
	close_both(ends);
}

TEST(receiving_goes_on_with_sa_restart)
{
	char buf[8], control[256];
	struct iovec iov = {buf, sizeof buf};
	struct msghdr m = {NULL, 0, &iov, 1, control, sizeof control, 0};
	int ends[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	for (int i = 0; i < 2; i++) {
		long pid;

		handle(SA_RESTART);
		pid = disturb(send_word, ends[1]);
		m.controllen = sizeof control;
		CHECK_IS(i == 0 ? call(SYS_recvfrom, ends[0], buf, sizeof buf, 0, NULL, NULL)
				: call(SYS_recvmsg, ends[0], &m, 0),
			 4);
		CHECK_IS(handled, 1);
		CHECK_IS(wait_for(pid), EXITED(0));
	}
	close_both(ends);
}

TEST(accepting_goes_on_with_sa_restart)
{
	struct sockaddr_in at;
	long l = listener(&at, 0), pid;

	handle(SA_RESTART);
	pid = disturb(connect_to, l);
	CHECK(call(SYS_accept, l, NULL, NULL) > 0);
	CHECK_IS(handled, 1);
	CHECK_IS(wait_for(pid), EXITED(0));
	handle(0);
	pid = disturb(NULL, 0);
	CHECK_IS(call(SYS_accept, l, NULL, NULL), -EINTR);
	CHECK_IS(wait_for(pid), EXITED(0));
}

TEST(what_was_received_counts_more_than_a_signal)
{
	char buf[8];
	int ends[2];
	long pid;

	connected_pair(ends);
	CHECK_IS(call(SYS_sendto, ends[0], "abc", 3, 0, NULL, 0), 3);
	handle(0);
	pid = disturb(NULL, 0);
	CHECK_IS(call(SYS_recvfrom, ends[1], buf, sizeof buf, MSG_WAITALL, NULL, NULL), 3);
	CHECK_IS(handled, 1);
	CHECK_IS(wait_for(pid), EXITED(0));
	close_both(ends);
}

static char block[1 << 20];

TEST(what_was_sent_counts_more_than_a_signal)
{
	int ends[2];
	long pid, n;

	connected_pair(ends);
	handle(0);
	pid = disturb(NULL, 0);
	do
		n = call(SYS_sendto, ends[0], block, sizeof block, 0, NULL, 0);
	while (n == sizeof block);
	CHECK(n == -EINTR || (n > 0 && n < (long)sizeof block));
	CHECK_IS(handled, 1);
	CHECK_IS(wait_for(pid), EXITED(0));
	close_both(ends);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(receiving_is_interrupted_without_sa_restart);
	RUN(receiving_goes_on_with_sa_restart);
	RUN(accepting_goes_on_with_sa_restart);
	RUN(what_was_received_counts_more_than_a_signal);
	RUN(what_was_sent_counts_more_than_a_signal);
	return 0;
}
