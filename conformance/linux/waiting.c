/* covers: linux poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
   eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime signalfd signalfd4 inotify_init inotify_init1
   inotify_add_watch inotify_rm_watch fanotify_init fanotify_mark */
#include "guest_signal.h"

#include <asm/poll.h>
#include <linux/eventpoll.h>
#include <linux/inotify.h>

#define BITS (8 * sizeof(long))

static int ends[2];
static char buf[256];

static long
later(long ms)
{
	long pid = fork();

	if (pid == 0) {
		sleep_ms(ms);
		call(write, ends[1], "x", 1);
		leave(0);
	}
	return pid;
}

TEST(poll_says_what_is_ready)
{
	struct pollfd p[3] = {{0, POLLIN, 0}, {0, POLLOUT, 0}, {99, POLLIN, 0}};
	struct guest_timespec none = {0, 0}, bad = {0, -1}, some = {0, 5000000};
	struct guest_mask mask = {{0, 0}};

	call(pipe, ends);
	p[0].fd = ends[0];
	p[1].fd = ends[1];
	SHOW(poll, p, 3, 0);
	VALUE(p[0].revents);
	VALUE(p[1].revents);
	VALUE(p[2].revents);
	SHOW(poll, p, 1, 5);
	SHOW(poll, NOWHERE, 1, 0);
	SHOW(poll, NULL, 0, 1);
	SHOW(poll, p, 1u << 30, 0);
	SHOW(ppoll, p, 1, &none, NULL, MASK_SIZE);
	SHOW(ppoll, p, 1, &some, &mask, MASK_SIZE);
	SHOW(ppoll, p, 1, &none, &mask, 4);
	SHOW(ppoll, p, 1, &bad, NULL, MASK_SIZE);
	SHOW(ppoll, p, 1, NOWHERE, NULL, MASK_SIZE);
	SHOW(ppoll, p, 1, &none, NOWHERE, MASK_SIZE);
	p[2].fd = -1;
	long child = later(10);
	SHOW(poll, p, 1, -1);
	VALUE(p[0].revents);
	VALUE(wait_for(child));
	call(read, ends[0], buf, 1);
	call(close, ends[1]);
	SHOW(poll, p, 1, -1);
	VALUE(p[0].revents);
	call(close, ends[0]);
}

TEST(select_says_what_is_ready)
{
	struct { __kernel_long_t sec, usec; } none = {0, 0}, some = {0, 5000}, bad = {-1, 0};
	struct guest_timespec nano = {0, 5000000};
	struct guest_mask mask = {{0, 0}};
	struct { guest_word mask, size; } pair = {(guest_word)&mask, MASK_SIZE};
	unsigned long readable[1024 / BITS] = {0}, writable[1024 / BITS] = {0};

	call(pipe, ends);
	readable[0] = 1ul << ends[0];
	writable[0] = 1ul << ends[1];
	SHOW(select, 10, readable, writable, NULL, &none);
	VALUE(readable[0]);
	VALUE(writable[0]);
	SHOW(select, 10, NULL, NULL, NULL, &some);
	TRUTH(some.usec == 0);
	SHOW(select, 10, NULL, NULL, NULL, &bad);
	SHOW(select, -1, NULL, NULL, NULL, &none);
	SHOW(select, 10, NOWHERE, NULL, NULL, &none);
	SHOW(select, 10, readable, NULL, NULL, NOWHERE);
	readable[0] = 1ul << 20;
	SHOW(select, 30, readable, NULL, NULL, &none);
	readable[0] = 1ul << ends[0];
	SHOW(pselect6, 10, readable, NULL, NULL, &nano, &pair);
	SHOW(pselect6, 10, readable, NULL, NULL, &nano, NULL);
	pair.size = 4;
	SHOW(pselect6, 10, readable, NULL, NULL, &nano, &pair);
	SHOW(pselect6, 10, readable, NULL, NULL, &nano, NOWHERE);
	call(close, ends[0]);
	call(close, ends[1]);
}

TEST(masks_for_the_length_of_a_call)
{
	struct guest_mask none = {{0, 0}};
	struct guest_timespec second = {1, 0};
	struct { guest_word mask, size; } pair = {(guest_word)&none, MASK_SIZE};
	long e = call(epoll_create1, 0);
	struct epoll_event event;

	catch(SIGUSR1, SA_RESTART);
	change_mask(SIG_BLOCK, SIGUSR1);
	call(kill, call(getpid), SIGUSR1);
	SHOW(ppoll, NULL, 0, &second, &none, MASK_SIZE);
	VALUE(seen_count);
	call(kill, call(getpid), SIGUSR1);
	SHOW(pselect6, 0, NULL, NULL, NULL, &second, &pair);
	VALUE(seen_count);
	call(kill, call(getpid), SIGUSR1);
	SHOW(epoll_pwait, e, &event, 1, 1000, &none, MASK_SIZE);
	VALUE(seen_count);
	call(kill, call(getpid), SIGUSR1);
	SHOW(ppoll, NULL, 0, &second, NULL, MASK_SIZE);
	VALUE(seen_count);
	call(close, e);
	change_mask(SIG_UNBLOCK, SIGUSR1);
	VALUE(seen_count);
}

TEST(epoll)
{
	struct epoll_event event = {EPOLLIN, 0x123456789abcdef}, got[4];
	struct { int64_t sec, nsec; } none = {0, 0};
	struct guest_mask mask = {{0, 0}};
	long e = SHOW(epoll_create1, O_CLOEXEC);

	SHOW(epoll_create1, 1);
	SHOW(epoll_create, 0);
	SHOW(epoll_create, 5);
	SHOW(close, e + 1);
	call(pipe, ends);
	SHOW(epoll_ctl, e, EPOLL_CTL_ADD, ends[0], &event);
	SHOW(epoll_ctl, e, EPOLL_CTL_ADD, ends[0], &event);
	SHOW(epoll_ctl, e, EPOLL_CTL_MOD, ends[1], &event);
	SHOW(epoll_ctl, e, EPOLL_CTL_DEL, ends[1], &event);
	SHOW(epoll_ctl, e, EPOLL_CTL_ADD, 99, &event);
	SHOW(epoll_ctl, e, EPOLL_CTL_ADD, e, &event);
	SHOW(epoll_ctl, e, EPOLL_CTL_ADD, ends[1], NOWHERE);
	SHOW(epoll_ctl, e, 9, ends[1], &event);
	SHOW(epoll_ctl, 1, EPOLL_CTL_ADD, ends[1], &event);
	SHOW(epoll_wait, e, got, 4, 0);
	SHOW(epoll_wait, e, got, 4, 2);
	long child = later(10);
	SHOW(epoll_wait, e, got, 4, -1);
	VALUE(got[0].events);
	BYTES(&got[0], sizeof got[0]);
	VALUE(wait_for(child));
	SHOW(epoll_wait, e, got, 0, 0);
	SHOW(epoll_wait, e, got, -1, 0);
	SHOW(epoll_wait, e, NOWHERE, 4, 0);
	SHOW(epoll_wait, ends[0], got, 4, 0);
	SHOW(epoll_wait, 99, got, 4, 0);
	SHOW(epoll_pwait, e, got, 4, 0, NULL, MASK_SIZE);
	SHOW(epoll_pwait, e, got, 4, 0, &mask, MASK_SIZE);
	SHOW(epoll_pwait, e, got, 4, 0, &mask, 4);
	SHOW(epoll_pwait, e, got, 4, 0, NOWHERE, MASK_SIZE);
	SHOW(epoll_pwait2, e, got, 4, &none, NULL, MASK_SIZE);
	SHOW(epoll_pwait2, e, got, 4, NOWHERE, NULL, MASK_SIZE);
	event.events = EPOLLIN | EPOLLET | EPOLLONESHOT;
	SHOW(epoll_ctl, e, EPOLL_CTL_MOD, ends[0], &event);
	SHOW(epoll_wait, e, got, 4, 0);
	SHOW(epoll_wait, e, got, 4, 0);
	call(close_range, 3, 20, 0);
}

TEST(counters)
{
	uint64_t n = 3;
	long e = SHOW(eventfd2, 2, 04000), f = SHOW(eventfd2, 1, 1);

	SHOW(write, e, &n, 8);
	SHOW(read, e, &n, 8);
	VALUE(n);
	SHOW(read, e, &n, 8);
	SHOW(read, e, &n, 4);
	SHOW(write, e, &n, 4);
	n = UINT64_MAX;
	SHOW(write, e, &n, 8);
	SHOW(read, f, &n, 8);
	VALUE(n);
	SHOW(eventfd2, 0, 2);
	SHOW(eventfd, 5);
	SHOW(close, 5);
	call(close, e);
	call(close, f);
}

struct timer_value {
	struct guest_timespec interval, value;
};

TEST(timers_as_descriptors)
{
	struct timer_value t = {{0, 0}, {0, 1000000}}, was;
	uint64_t n = 0;
	long f = SHOW(timerfd_create, 1, 0);

	SHOW(timerfd_create, 99, 0);
	SHOW(timerfd_create, 1, 1);
	SHOW(timerfd_settime, f, 0, &t, NULL);
	SHOW(read, f, &n, 8);
	VALUE(n);
	SHOW(timerfd_gettime, f, &was);
	BYTES(&was, sizeof was);
	t.value.sec = 1000;
	t.interval.sec = 5;
	SHOW(timerfd_settime, f, 0, &t, &was);
	SHOW(timerfd_gettime, f, &was);
	VALUE(was.interval.sec);
	TRUTH(was.value.sec >= 999);
	SHOW(timerfd_settime, f, 8, &t, NULL);
	t.value.nsec = -1;
	SHOW(timerfd_settime, f, 0, &t, NULL);
	SHOW(timerfd_settime, f, 0, NOWHERE, NULL);
	SHOW(timerfd_settime, 1, 0, &t, NULL);
	SHOW(timerfd_gettime, f, NOWHERE);
	SHOW(timerfd_gettime, 1, &was);
	call(close, f);
}

TEST(signals_as_descriptors)
{
	struct guest_mask mask = MASK_OF(SIGUSR1);
	struct { uint32_t number; int32_t error, code; char rest[116]; } info;
	long f;

	change_mask(SIG_BLOCK, SIGUSR1);
	f = SHOW(signalfd4, -1, &mask, MASK_SIZE, 04000);
	SHOW(read, f, &info, sizeof info);
	call(kill, call(getpid), SIGUSR1);
	SHOW(read, f, &info, sizeof info);
	VALUE(info.number);
	VALUE(info.code);
	SHOW(read, f, &info, 7);
	mask = MASK_OF(SIGUSR2);
	SHOW(signalfd4, f, &mask, MASK_SIZE, 0);
	SHOW(signalfd4, -1, &mask, 4, 0);
	SHOW(signalfd4, -1, &mask, MASK_SIZE, 1);
	SHOW(signalfd4, -1, NOWHERE, MASK_SIZE, 0);
	SHOW(signalfd4, 1, &mask, MASK_SIZE, 0);
	SHOW(signalfd, -1, &mask, MASK_SIZE);
	SHOW(close, f + 1);
	call(close, f);
	change_mask(SIG_UNBLOCK, SIGUSR1);
}

TEST(changes_of_files)
{
	const struct inotify_event *event = (const void *)buf;
	long f = SHOW(inotify_init1, 04000), w;

	call(mkdir, "watched", 0700);
	w = SHOW(inotify_add_watch, f, "watched", IN_CREATE | IN_DELETE);
	SHOW(inotify_add_watch, f, "nothing", IN_CREATE);
	SHOW(inotify_add_watch, f, "watched", 0);
	SHOW(inotify_add_watch, f, NOWHERE, IN_CREATE);
	SHOW(inotify_add_watch, 1, "watched", IN_CREATE);
	SHOW(read, f, buf, sizeof buf);
	make_file("watched/name", "");
	SHOW(read, f, buf, 4);
	SHOW(read, f, buf, sizeof buf);
	VALUE(event->wd);
	VALUE(event->mask);
	TEXT(event->name);
	call(unlink, "watched/name");
	SHOW(read, f, buf, sizeof buf);
	VALUE(event->mask);
	SHOW(inotify_rm_watch, f, w);
	SHOW(inotify_rm_watch, f, w);
	SHOW(inotify_rm_watch, 1, 1);
	SHOW(inotify_init1, 1);
	SHOW(inotify_init);
	SHOW(close, f + 1);
	call(close, f);
	SHOW(fanotify_init, 0x10000000, 0);
	SHOW(fanotify_mark, 1, 1, WIDE(1), AT_CWD, "watched");
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(poll_says_what_is_ready);
	RUN(select_says_what_is_ready);
	RUN(masks_for_the_length_of_a_call);
	RUN(epoll);
	RUN(counters);
	RUN(timers_as_descriptors);
	RUN(signals_as_descriptors);
	RUN(changes_of_files);
	return 0;
}
