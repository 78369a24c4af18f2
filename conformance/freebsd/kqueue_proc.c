/* covers: freebsd kevent */
/*
 * EVFILT_PROC.
 */
#include "guest_kqueue.h"

static int kq;

static long
child_that_exits(int status, int after_ms)
{
	long pid = fork();

	if (pid == 0) {
		sleep_ms(after_ms);
		leave(status);
	}
	return pid;
}

TEST(an_exit_is_reported_with_the_status)
{
	struct kevent e;
	long pid = child_that_exits(7, 50);

	CHECK_IS(change(kq, (uint64_t)pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0), 0);
	CHECK_IS(take(kq, &e, 1, 5000), 1);
	CHECK_IS(e.ident, pid);
	CHECK_IS(e.filter, EVFILT_PROC);
	CHECK_IS(e.fflags, NOTE_EXIT);
	CHECK_IS(e.data, EXITED(7));
	CHECK_IS(e.flags, EV_EOF | EV_ONESHOT | EV_CLEAR);
	CHECK(e.udata == UDATA);
	/* The event takes the registration with it, and not the status. */
	CHECK_IS(change(kq, (uint64_t)pid, EVFILT_PROC, EV_DELETE, 0, 0), -ENOENT);
	CHECK_IS(wait_for(pid), EXITED(7));
}

TEST(a_zombie_is_reported_at_once)
{
	struct kevent e;
	long pid = child_that_exits(3, 0);

	sleep_ms(50);
	CHECK_IS(change(kq, (uint64_t)pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0), 0);
	CHECK_IS(take(kq, &e, 1, 5000), 1);
	CHECK_IS(e.data, EXITED(3));
	CHECK_IS(wait_for(pid), EXITED(3));
}

TEST(death_by_a_signal_is_told)
{
	struct kevent e;
	long pid = child_that_exits(0, 20000);

	CHECK_IS(change(kq, (uint64_t)pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	CHECK_IS(call(SYS_kill, pid, 9), 0);
	CHECK_IS(take(kq, &e, 1, 5000), 1);
	CHECK_IS(e.data, KILLED(9));
	CHECK_IS(wait_for(pid), KILLED(9));
}

TEST(nobody_is_not_watched)
{
	CHECK_IS(change(kq, 0x3fffffff, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0), -ESRCH);
	CHECK_IS(change(kq, 0, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0), -ESRCH);
}

TEST(an_exit_nobody_wants_drops_the_registration)
{
	struct kevent e;
	long pid = child_that_exits(0, 20);

	CHECK_IS(change(kq, (uint64_t)pid, EVFILT_PROC, EV_ADD, NOTE_FORK, 0), 0);
	CHECK_IS(take(kq, &e, 1, 200), 0);
	CHECK_IS(change(kq, (uint64_t)pid, EVFILT_PROC, EV_DELETE, 0, 0), -ENOENT);
	CHECK_IS(wait_for(pid), 0);
}

TEST(own_forks_are_seen)
{
	struct kevent e;
	long pid, self = call(SYS_getpid);

	CHECK_IS(change(kq, (uint64_t)self, EVFILT_PROC, EV_ADD, NOTE_FORK, 0), 0);
	pid = child_that_exits(0, 0);
	CHECK_IS(take(kq, &e, 1, 1000), 1);
	CHECK_IS(e.ident, self);
	CHECK_IS(e.fflags, NOTE_FORK);
	CHECK_IS(wait_for(pid), 0);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	CHECK_IS(change(kq, (uint64_t)self, EVFILT_PROC, EV_DELETE, 0, 0), 0);
}

TEST(a_tracked_child_is_announced_and_followed)
{
	struct kevent e[4];
	long pid, self = call(SYS_getpid), n;
	bool announced = false, forked = false, ended = false;

	CHECK_IS(change(kq, (uint64_t)self, EVFILT_PROC, EV_ADD, NOTE_TRACK | NOTE_FORK | NOTE_EXIT,
			0),
		 0);
	pid = child_that_exits(5, 20);
	for (int tries = 0; tries < 5 && !(announced && forked && ended); tries++) {
		n = take(kq, e, 4, 1000);
		for (long i = 0; i < n; i++) {
			if (e[i].ident == (uint64_t)self && (e[i].fflags & NOTE_FORK))
				forked = true;
			if (e[i].ident == (uint64_t)pid && (e[i].fflags & NOTE_CHILD)) {
				announced = true;
				CHECK_IS(e[i].data, self);
			}
			if (e[i].ident == (uint64_t)pid && (e[i].fflags & NOTE_EXIT)) {
				ended = true;
				CHECK_IS(e[i].data, EXITED(5));
			}
		}
	}
	CHECK(announced);
	CHECK(forked);
	CHECK(ended);
	CHECK_IS(wait_for(pid), EXITED(5));
	CHECK_IS(change(kq, (uint64_t)self, EVFILT_PROC, EV_DELETE, 0, 0), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	kq = (int)call(SYS_kqueue);
	RUN(an_exit_is_reported_with_the_status);
	RUN(a_zombie_is_reported_at_once);
	RUN(death_by_a_signal_is_told);
	RUN(nobody_is_not_watched);
	RUN(an_exit_nobody_wants_drops_the_registration);
	RUN(own_forks_are_seen);
	RUN(a_tracked_child_is_announced_and_followed);
	return 0;
}
