/* Signals, waiting for descriptors (kevent or epoll), and a TCP echo over the loopback. */
#include "micro.h"

enum { AF_INET = 2, SOCK_STREAM = 1, IPPROTO_TCP = 6, TCP_NODELAY = 1 };

static volatile long delivered;
static long self;

static void
count_signal(int number)
{
	(void)number;
	delivered++;
}

static void
take_signals(long parameter)
{
	(void)parameter;
	self = call(getpid, 0);
	handle_signal(FACE_SIGUSR1, count_signal);
}

static void
signal_self(long count)
{
	long wanted = delivered + count;

	while (count-- > 0)
		call(kill, self, FACE_SIGUSR1);
	must_be("signals delivered", delivered, wanted);
}

static int events, ready[2];

/* PARAMETER descriptors are waited for, one of which always has a byte to read. */
static void
register_many(long parameter)
{
	int idle[2];

	events = events_make();
	must("pipe", call(pipe2, ready, 0));
	must("pipe", call(pipe2, idle, 0));
	must_be("write", call(write, ready[1], "", 1), 1);
	events_add_readable(events, ready[0]);
	for (long i = 1; i < parameter; i++)
		events_add_readable(events, (int)must("dup (ulimit -n?)", call(dup, idle[0])));
}

static void
wait_for_ready(long count)
{
	while (count-- > 0)
		must_be("descriptors that are ready", events_take(events), 1);
}

/* And how many bytes there are, which a kevent says and an epoll event does not. */
static void
wait_and_count(long count)
{
	int bytes = 0;

	while (count-- > 0) {
		must_be("descriptors that are ready", events_take(events), 1);
		call(ioctl, ready[0], FACE_FIONREAD, &bytes);
	}
}

/* As a server's loop has it: a byte arrives, the wait says so, it is read. */
static void
wait_and_read(long count)
{
	char byte = 0;

	call(read, ready[0], &byte, 1);
	while (count-- > 0) {
		call(write, ready[1], &byte, 1);
		must_be("descriptors that are ready", events_take(events), 1);
		call(read, ready[0], &byte, 1);
	}
	call(write, ready[1], &byte, 1);
}

static int peer;

static int
connection(void)
{
	int fd = (int)must("socket", call(socket, AF_INET, SOCK_STREAM, 0));

	return fd;
}

static void
no_delay(int fd)
{
	int yes = 1;

	must("TCP_NODELAY", call(setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes));
}

static _Noreturn void
echo(int listener)
{
	int fd = (int)must("accept", call(accept, listener, 0, 0, 0));
	char byte;

	no_delay(fd);
	while (call(read, fd, &byte, 1) == 1)
		call(write, fd, &byte, 1);
	leave(0);
}

static void
start_echo(long parameter)
{
	struct sockaddr_in address = FACE_LOOPBACK;
	unsigned size = sizeof address;
	int listener = connection();

	(void)parameter;
	must("bind", call(bind, listener, &address, size));
	must("listen", call(listen, listener, 1));
	must("getsockname", call(getsockname, listener, &address, &size));
	if (must("fork", call(fork, 0)) == 0)
		echo(listener);
	peer = connection();
	must("connect", call(connect, peer, &address, sizeof address));
	no_delay(peer);
}

static void
socket_echo(long count)
{
	char byte = 0;

	while (count-- > 0) {
		must_be("write", call(write, peer, &byte, 1), 1);
		must_be("read", call(read, peer, &byte, 1), 1);
	}
}

const struct benchmark events_family[] = {
	{"signal", take_signals, signal_self},
	{"event-wait", register_many, wait_for_ready},
	{"event-wait-and-count", register_many, wait_and_count},
	{"event-arrives", register_many, wait_and_read},
	{"echo", start_echo, socket_echo},
	{NULL, NULL, NULL},
};
