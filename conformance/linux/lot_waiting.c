/* covers: linux poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2 */
/* Pipes, sockets and events drawn by lot, and asked in every way whether they are ready, without waiting. */
#include "guest_lot.h"
#include "guest_signal.h"
#include "guest_socket.h"

#include <asm/poll.h>
#include <linux/eventpoll.h>
#include <linux/time_types.h>

#define LAST 16
#define WORDS (128 / sizeof(unsigned long))

#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2 GUEST_NUMBER(441)
#endif

typedef struct {
	unsigned long words[WORDS];
} set;

static char data[4096];

static int
draw_fd(void)
{
	return draw(20) ? 3 + (int)draw(LAST - 2) : (int)draw(3) * 500 - 1;
}

static void
new_ones(void)
{
	int ends[2] = {-1, -1};

	switch (draw(4)) {
	case 0:
		print("pipe");
		answer(call(pipe2, ends, O_NONBLOCK));
		break;
	case 1:
		print("socketpair");
		answer(call(socketpair, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
		break;
	case 2:
		print("eventfd");
		answer(call(eventfd2, draw(2), O_NONBLOCK));
		break;
	default:
		print("epoll");
		answer(call(epoll_create1, 0));
	}
	say("first", ends[0]);
	say("second", ends[1]);
}

static void
use(int f)
{
	long long one = 1;

	say("of", f);
	switch (draw(6)) {
	case 0:
		print(" write");
		answer(call(write, f, data, draw(4) ? 8 : sizeof data));
		break;
	case 1:
		print(" one");
		answer(call(write, f, &one, sizeof one));
		break;
	case 2:
		print(" read");
		answer(call(read, f, data, 8));
		break;
	case 3:
		print(" read much");
		answer(call(read, f, data, sizeof data));
		break;
	case 4:
		print(" shutdown");
		answer(call(shutdown, f, draw(3)));
		break;
	default:
		print(" close");
		answer(call(close, f));
	}
}

static void
ask_poll(void)
{
	static const short events[] = {POLLIN, POLLOUT, POLLPRI, 0x2000 /* POLLRDHUP */, POLLRDNORM, POLLWRBAND, -1};
	struct __kernel_old_timespec none = {0, draw(8) ? 0 : -1};
	struct pollfd f[6];
	struct guest_mask mask = {{0, 0}};
	unsigned n = draw(7);
	long r;

	for (unsigned i = 0; i < n && i < COUNT(f); i++)
		f[i] = (struct pollfd){draw_fd(), (short)(DRAW(events) | DRAW(events)), 0x55};
	n = n < COUNT(f) ? n : COUNT(f);
	say("poll", n);
	if (draw(2)) {
		r = answer(call(poll, f, n, 0));
	} else {
		print(" ppoll");
		r = answer(call(ppoll, f, n, &none, draw(2) ? &mask : NULL, draw(8) ? MASK_SIZE : 4));
	}
	for (unsigned i = 0; r >= 0 && i < n; i++) {
		say("", f[i].fd);
		say(":", f[i].revents);
	}
}

static set *
draw_set(set *s, unsigned n)
{
	memset(s, 0, sizeof *s);
	if (draw(4) == 0)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		if (draw(6) == 0)
			s->words[i / (8 * sizeof(long))] |= 1ul << i % (8 * sizeof(long));
	return s;
}

static void
show_set(const set *s)
{
	print(" {");
	for (unsigned i = 0; i < 64; i++)
		if (s->words[i / (8 * sizeof(long))] >> i % (8 * sizeof(long)) & 1)
			say("", i);
	print(" }");
}

static void
ask_select(void)
{
	set in, out, other;
	unsigned n = draw(LAST + 8);
	set *pin = draw_set(&in, n), *pout = draw_set(&out, n), *pother = draw_set(&other, n);
	struct __kernel_old_timeval none = {0, 0};
	struct __kernel_old_timespec old = {0, 0};
	struct guest_mask mask = {{0, 0}};
	struct { guest_word mask, size; } pair = {draw(2) ? (guest_word)(unsigned long)&mask : 0, draw(8) ? MASK_SIZE : 4};

	say("select", n);
	if (draw(2)) {
		answer(call(select, n, pin, pout, pother, &none));
	} else {
		print(" pselect");
		answer(call(pselect6, n, pin, pout, pother, &old, draw(4) ? &pair : NULL));
	}
	show_set(&in);
	show_set(&out);
	show_set(&other);
}

static void
change_epoll(int e, int f)
{
	static const unsigned events[] = {EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLET, EPOLLONESHOT};
	struct epoll_event event = {draw_flags(events, COUNT(events)), (uint64_t)f << 32 | 7};
	int op = (int)draw(5);

	say("epoll_ctl of", e);
	say("op", op);
	say("fd", f);
	say("events", event.events);
	answer(call(epoll_ctl, e, op, f, &event));
}

static void
ask_epoll(int e)
{
	struct __kernel_timespec none = {0, 0};
	struct guest_mask mask = {{0, 0}};
	struct epoll_event events[8];
	int most = (int)draw(9);
	long r;

	memset(events, 0, sizeof events);
	say("epoll_wait of", e);
	say("most", most);
	switch (draw(3)) {
	case 0:
		r = answer(call(epoll_wait, e, events, most, 0));
		break;
	case 1:
		print(" pwait");
		r = answer(call(epoll_pwait, e, events, most, 0, draw(2) ? &mask : NULL, draw(8) ? MASK_SIZE : 4));
		break;
	default:
		print(" pwait2");
		r = answer(call(epoll_pwait2, e, events, most, &none, draw(2) ? &mask : NULL, MASK_SIZE));
	}
	for (long i = 0; i < r; i++) {
		say("", (long long)events[i].data);
		say(":", events[i].events);
	}
}

TEST(readiness_is_the_kernels)
{
	struct guest_action ignored = {(void *)1, SA_RESTORER, guest_restorer, {{0, 0}}};

	call(rt_sigaction, SIGPIPE, &ignored, NULL, MASK_SIZE);
	for (int i = 0; i < CALLS; i++) {
		switch (draw(10)) {
		case 0:
			new_ones();
			break;
		case 1:
		case 2:
			use(draw_fd());
			break;
		case 3:
		case 4:
			ask_poll();
			break;
		case 5:
		case 6:
			ask_select();
			break;
		case 7:
			change_epoll(draw_fd(), draw_fd());
			break;
		default:
			ask_epoll(draw_fd());
		}
		print_end();
	}
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(readiness_is_the_kernels);
	return 0;
}
