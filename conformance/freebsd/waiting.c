/* covers: freebsd poll ppoll select pselect */
/*
 * Waiting for descriptors: what is told of whom, for how long, and what ends it.
 */
#include "guest.h"

enum {
	SYS_select = 93,
	SYS_poll = 209,
	SYS_socketpair = 135,
	SYS_sigprocmask = 340,
	SYS_setitimer = 83,
	SYS_pselect = 522,
	SYS_pipe2 = 542,
	SYS_ppoll = 545
};
/* sys/sys/poll.h */
enum {
	POLLIN = 1,
	POLLPRI = 2,
	POLLOUT = 4,
	POLLERR = 8,
	POLLHUP = 0x10,
	POLLNVAL = 0x20,
	POLLRDNORM = 0x40
};
enum { SIGALRM = 14, SA_RESTART = 2, SIG_BLOCK = 1, SIG_SETMASK = 3 };

struct pollfd {
	int fd;
	short events, revents;
};
struct sigset {
	uint32_t bits[4];
};
struct sigaction {
	void (*handler)(int);
	int flags;
	struct sigset mask;
};
struct itimerval {
	struct timeval interval, value;
};

static struct timespec *
spec(int64_t sec, int64_t nsec)
{
	static struct timespec t;

	t = (struct timespec){sec, nsec};
	return &t;
}

static struct timeval *
val(int64_t sec, int64_t usec)
{
	static struct timeval t;

	t = (struct timeval){sec, usec};
	return &t;
}

static volatile int alarms;

static void
on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

static void
catch_alarm(int flags)
{
	struct sigaction a = {.handler = on_alarm, .flags = flags};

	CHECK_IS(call(SYS_sigaction, SIGALRM, &a, NULL), 0);
}

static void
alarm_in(long ms)
{
	struct itimerval t = {{0, 0}, {ms / 1000, ms % 1000 * 1000}};

	CHECK_IS(call(SYS_setitimer, 0, &t, NULL), 0);
}

TEST(poll_tells_what_can_be_done)
{
	struct pollfd p[4] = {{.events = POLLIN | POLLRDNORM},
			      {.events = POLLOUT},
			      {77, POLLIN, 99},
			      {-1, POLLIN, 99}};
	int pair[2];

	CHECK_IS(call(SYS_pipe2, pair, 0), 0);
	p[0].fd = pair[0];
	p[1].fd = pair[1];
	CHECK_IS(call(SYS_poll, p, 4, 0), 2);
	CHECK_IS(p[0].revents, 0);
	CHECK_IS(p[1].revents, POLLOUT);
	CHECK_IS(p[2].revents, POLLNVAL);
	CHECK_IS(p[3].revents, 0);
	CHECK_IS(call(SYS_write, pair[1], "x", 1), 1);
	CHECK_IS(call(SYS_poll, p, 1, -1), 1);
	CHECK_IS(p[0].revents, POLLIN | POLLRDNORM);
	CHECK_IS(call(SYS_read, pair[0], &(char){0}, 1), 1);
	CHECK_IS(call(SYS_close, pair[1]), 0);
	CHECK_IS(call(SYS_poll, p, 1, -1), 1);
	CHECK_IS(p[0].revents, POLLIN | POLLRDNORM | POLLHUP);
	CHECK_IS(call(SYS_close, pair[0]), 0);
	CHECK_IS(call(SYS_pipe2, pair, 0), 0);
	CHECK_IS(call(SYS_close, pair[0]), 0);
	p[1].fd = pair[1];
	CHECK_IS(call(SYS_poll, &p[1], 1, 0), 1);
	CHECK_IS(p[1].revents, POLLOUT | POLLHUP);
	CHECK_IS(call(SYS_close, pair[1]), 0);
}

TEST(poll_checks_its_arguments)
{
	struct pollfd p = {1, POLLOUT, 0};

	CHECK_IS(call(SYS_poll, NOWHERE, 1, 0), -EFAULT);
	CHECK_IS(call(SYS_poll, NULL, 0, 0), 0);
	CHECK_IS(call(SYS_poll, &p, 0xffffffff, 0), -EINVAL);
	CHECK_IS(call(SYS_poll, &p, 1, -2), -EINVAL);
	CHECK_IS(call(SYS_ppoll, &p, 1, spec(0, 1000000000), NULL), -EINVAL);
	CHECK_IS(call(SYS_ppoll, &p, 1, spec(-1, 0), NULL), -EINVAL);
	CHECK_IS(call(SYS_ppoll, &p, 1, NOWHERE, NULL), -EFAULT);
	CHECK_IS(call(SYS_ppoll, &p, 1, NULL, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_ppoll, &p, 1, spec(0, 0), NULL), 1);
}

TEST(select_keeps_the_bits_that_are_ready)
{
	uint64_t in[16] = {0}, out[16] = {0};
	struct timeval time = {0, 20000};
	int pair[2];

	CHECK_IS(call(SYS_pipe2, pair, 0), 0);
	in[0] = 1u << pair[0];
	out[0] = 1u << pair[1];
	CHECK_IS(call(SYS_select, 1024, in, out, NULL, NULL), 1);
	CHECK_IS(in[0], 0);
	CHECK_IS(out[0], 1u << pair[1]);
	in[0] = 1u << pair[0];
	CHECK_IS(call(SYS_select, pair[0] + 1, in, NULL, NULL, &time), 0);
	CHECK_IS(in[0], 0);
	CHECK_IS(time.usec, 20000);
	in[0] = 1u << 20;
	CHECK_IS(call(SYS_select, 64, in, NULL, NULL, &time), -EBADF);
	CHECK_IS(call(SYS_select, -1, in, NULL, NULL, &time), -EINVAL);
	CHECK_IS(call(SYS_select, 64, NOWHERE, NULL, NULL, &time), -EFAULT);
	CHECK_IS(call(SYS_select, 0, NULL, NULL, NULL, val(0, 1000000)), -EINVAL);
	CHECK_IS(call(SYS_select, 0, NULL, NULL, NULL, val(-1, 0)), -EINVAL);
	CHECK_IS(call(SYS_pselect, 0, NULL, NULL, NULL, spec(0, 1000000), NULL), 0);
	CHECK_IS(call(SYS_close, pair[0]), 0);
	CHECK_IS(call(SYS_close, pair[1]), 0);
}

TEST(a_signal_ends_the_wait_even_if_it_restarts_calls)
{
	struct pollfd none = {-1, 0, 0};

	catch_alarm(SA_RESTART);
	alarms = 0;
	alarm_in(20);
	CHECK_IS(call(SYS_poll, &none, 1, 5000), -EINTR);
	alarm_in(20);
	CHECK_IS(call(SYS_select, 0, NULL, NULL, NULL, val(5, 0)), -EINTR);
	alarm_in(20);
	CHECK_IS(call(SYS_ppoll, &none, 1, spec(5, 0), NULL), -EINTR);
	CHECK_IS(alarms, 3);
}

TEST(a_mask_for_the_wait_lets_one_signal_in)
{
	struct sigset alarm = {{1u << (SIGALRM - 1)}}, empty = {{0}}, now = {{0}};
	struct pollfd none = {-1, 0, 0};

	catch_alarm(0);
	alarms = 0;
	CHECK_IS(call(SYS_sigprocmask, SIG_BLOCK, &alarm, NULL), 0);
	alarm_in(10);
	CHECK_IS(call(SYS_poll, &none, 1, 50), 0);
	CHECK_IS(alarms, 0);
	CHECK_IS(call(SYS_ppoll, &none, 1, spec(5, 0), &empty), -EINTR);
	CHECK_IS(alarms, 1);
	alarm_in(10);
	CHECK_IS(call(SYS_pselect, 0, NULL, NULL, NULL, spec(5, 0), &empty), -EINTR);
	CHECK_IS(alarms, 2);
	CHECK_IS(call(SYS_sigprocmask, SIG_BLOCK, NULL, &now), 0);
	CHECK_IS(now.bits[0], 1u << (SIGALRM - 1));
	CHECK_IS(call(SYS_sigprocmask, SIG_SETMASK, &empty, NULL), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(poll_tells_what_can_be_done);
	RUN(poll_checks_its_arguments);
	RUN(select_keeps_the_bits_that_are_ready);
	RUN(a_signal_ends_the_wait_even_if_it_restarts_calls);
	RUN(a_mask_for_the_wait_lets_one_signal_in);
	return 0;
}
