/* covers: freebsd kqueue kevent freebsd11_kevent kqueuex */
/*
 * kevent's own rules, with EVFILT_USER and EVFILT_TIMER, which need nothing else.
 */
#include "guest_kqueue.h"

static int kq;

static void
begin(void)
{
	kq = (int)call(SYS_kqueue);
	CHECK(kq >= 0);
}

static void
end(void)
{
	CHECK_IS(call(SYS_close, kq), 0);
}

TEST(a_triggered_user_event_arrives_with_its_flags_and_data)
{
	struct kevent e;

	begin();
	CHECK_IS(change(kq, 7, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	CHECK_IS(change(kq, 7, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFCOPY | 0x55, 99), 0);
	CHECK_IS(take(kq, &e, 1, 1000), 1);
	CHECK_IS(e.ident, 7);
	CHECK_IS(e.filter, EVFILT_USER);
	CHECK_IS(e.flags, EV_CLEAR);
	CHECK_IS(e.fflags, 0x55);
	CHECK_IS(e.data, 99);
	CHECK(e.udata == UDATA);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	end();
}

TEST(user_flags_are_combined_as_the_control_bits_say)
{
	struct kevent e;

	begin();
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ADD, 0x0f, 0), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, 0, NOTE_FFOR | 0x30, 0), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, 0, NOTE_FFAND | 0x3c, 0), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER | 0xff, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 1);
	CHECK_IS(e.fflags, 0x3c);
	/* Without EV_CLEAR it stays. */
	CHECK_IS(take(kq, &e, 1, 0), 1);
	end();
}

TEST(a_trigger_in_the_same_change_as_the_add_is_lost)
{
	struct kevent e;

	begin();
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	end();
}

TEST(one_shot_is_deleted_when_taken)
{
	struct kevent e;

	begin();
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ADD | EV_ONESHOT, 0, 0), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 1);
	CHECK_IS(e.flags, EV_ONESHOT);
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_DELETE, 0, 0), -ENOENT);
	end();
}

TEST(dispatch_disables_until_enabled)
{
	struct kevent e;

	begin();
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ADD | EV_DISPATCH, 0, 0), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 1);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ENABLE, 0, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 1);
	end();
}

TEST(a_disabled_event_is_kept_for_later)
{
	struct kevent e;

	begin();
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ADD | EV_DISABLE, 0, 0), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ENABLE | EV_DISABLE, 0, 0), -EINVAL);
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ENABLE, 0, 0), 0);
	CHECK_IS(take(kq, &e, 1, 0), 1);
	end();
}

TEST(errors_go_to_the_event_list_if_there_is_room)
{
	struct kevent changes[3] = {
		{5, EVFILT_USER, EV_DELETE, 0, 0, 11, {0}},
		{1, EVFILT_USER, EV_ADD | EV_RECEIPT, 0, 0, 22, {0}},
		{999, EVFILT_READ, EV_ADD, 0, 0, 33, {0}},
	};
	struct kevent e[3];

	begin();
	CHECK_IS(call(SYS_kevent, kq, changes, 3, e, 3, NULL), 3);
	CHECK_IS(e[0].flags, EV_ERROR);
	CHECK_IS(e[0].data, ENOENT);
	CHECK_IS(e[0].udata, 11);
	CHECK_IS(e[1].flags, EV_ERROR);
	CHECK_IS(e[1].data, 0);
	CHECK_IS(e[2].data, EBADF);
	CHECK_IS(e[2].ident, 999);
	/* No room: the error is the answer, and what follows is not done. */
	changes[1].ident = 2;
	CHECK_IS(call(SYS_kevent, kq, changes, 3, NULL, 0, NULL), -ENOENT);
	CHECK_IS(change(kq, 2, EVFILT_USER, EV_DELETE, 0, 0), -ENOENT);
	end();
}

TEST(wrong_arguments_are_refused)
{
	struct timespec bad = {0, 1000000000}, none = {0, 0};
	struct kevent e;

	begin();
	CHECK_IS(call(SYS_kevent, kq, NULL, 0, &e, 1, &bad), -EINVAL);
	CHECK_IS(call(SYS_kevent, kq, NULL, 0, NULL, 0, &bad), 0);
	CHECK_IS(call(SYS_kevent, kq, NULL, 0, &e, 1, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_kevent, kq, NOWHERE, 1, &e, 1, &none), -EFAULT);
	CHECK_IS(call(SYS_kevent, 999, NULL, 0, &e, 1, &none), -EBADF);
	CHECK_IS(change(kq, 1, 1, EV_ADD, 0, 0), -EINVAL);
	CHECK_IS(change(kq, 1, -99, EV_ADD, 0, 0), -EINVAL);
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ADD | EV_KEEPUDATA, 0, 0), -EINVAL);
	CHECK_IS(change(kq, (uint64_t)kq, EVFILT_READ, EV_ADD, 0, 0), -EINVAL);
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ADD, 0, 0), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0), 0);
	CHECK_IS(take(kq, NOWHERE, 1, 0), -EFAULT);
	end();
}

TEST(the_old_layout_is_served)
{
	struct kevent11 {
		uint64_t ident;
		int16_t filter;
		uint16_t flags;
		uint32_t fflags;
		int64_t data;
		uint64_t udata;
	} changes[2] = {
		{3, EVFILT_USER, EV_ADD, 0, 0, 44},
		{3, EVFILT_USER, 0, NOTE_TRIGGER, 5, 44},
	}, e[2];

	begin();
	CHECK_IS(call(SYS_freebsd11_kevent, kq, changes, 2, e, 2, NULL), 1);
	CHECK_IS(e[0].ident, 3);
	CHECK_IS(e[0].data, 5);
	CHECK_IS(e[0].udata, 44);
	end();
}

TEST(a_periodic_timer_counts_what_was_missed)
{
	struct kevent e;
	int64_t t = milliseconds();

	begin();
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_ADD, NOTE_MSECONDS, 20), 0);
	CHECK_IS(take(kq, &e, 1, 2000), 1);
	CHECK(milliseconds() - t >= 19);
	CHECK(e.data >= 1);
	CHECK_IS(e.flags, EV_CLEAR);
	sleep_ms(110);
	CHECK_IS(take(kq, &e, 1, 0), 1);
	CHECK(e.data >= 3 && e.data < 100);
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_DELETE, 0, 0), 0);
	CHECK_IS(take(kq, &e, 1, 50), 0);
	end();
}

TEST(timer_units_and_absolute_time)
{
	struct timespec now;
	struct kevent e;
	int64_t t = milliseconds();

	begin();
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_USECONDS, 30000), 0);
	CHECK_IS(take(kq, &e, 1, 2000), 1);
	CHECK_IS(e.data, 1);
	CHECK(milliseconds() - t >= 29);
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_DELETE, 0, 0), -ENOENT);
	CHECK_IS(call(SYS_clock_gettime, 0, &now), 0);
	t = milliseconds();
	CHECK_IS(change(kq, 2, EVFILT_TIMER, EV_ADD, NOTE_ABSTIME | NOTE_MSECONDS,
			now.sec * 1000 + now.nsec / 1000000 + 40), 0);
	CHECK_IS(take(kq, &e, 1, 2000), 1);
	CHECK(milliseconds() - t >= 37 && milliseconds() - t < 1000);
	CHECK_IS(change(kq, 3, EVFILT_TIMER, EV_ADD, NOTE_SECONDS | NOTE_MSECONDS, 1), -EINVAL);
	CHECK_IS(change(kq, 3, EVFILT_TIMER, EV_ADD, 0, -1), -EINVAL);
	CHECK_IS(change(kq, 3, EVFILT_TIMER, EV_ADD, 0x100, 1), -EINVAL);
	end();
}

TEST(adding_a_timer_again_sets_it_anew)
{
	struct kevent e;
	int64_t t = milliseconds();

	begin();
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_ADD, 0, 10000), 0);
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_ADD, 0, 20), 0);
	CHECK_IS(take(kq, &e, 1, 5000), 1);
	CHECK(milliseconds() - t < 5000);
	end();
}

TEST(timers_fire_in_order)
{
	struct kevent e;

	begin();
	for (int i = 0; i < 40; i++)
		CHECK_IS(change(kq, (uint64_t)i, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0,
				10 + i * 7 % 40 * 3),
			 0);
	for (int i = 0, last = -1; i < 40; i++) {
		int due;

		CHECK_IS(take(kq, &e, 1, 2000), 1);
		due = (int)e.ident * 7 % 40;
		CHECK(due > last);
		last = due;
	}
	CHECK_IS(take(kq, &e, 1, 0), 0);
	end();
}

TEST(a_timeout_ends_the_wait)
{
	struct kevent e;
	int64_t t = milliseconds();

	begin();
	CHECK_IS(take(kq, &e, 1, 60), 0);
	CHECK(milliseconds() - t >= 59);
	CHECK(milliseconds() - t < 2000);
	end();
}

TEST(more_events_than_room_come_with_the_next_calls)
{
	struct kevent e[4];
	unsigned seen = 0;

	begin();
	for (unsigned i = 0; i < 10; i++) {
		CHECK_IS(change(kq, i, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0), 0);
		CHECK_IS(change(kq, i, EVFILT_USER, 0, NOTE_TRIGGER, 0), 0);
	}
	for (int round = 0; round < 3; round++) {
		long n = take(kq, e, 4, 0);

		CHECK_IS(n, round < 2 ? 4 : 2);
		for (long i = 0; i < n; i++)
			seen |= 1u << e[i].ident;
	}
	CHECK_IS(seen, 0x3ff);
	end();
}

TEST(a_kqueue_is_closed_in_forks_child)
{
	long pid;

	begin();
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ADD, 0, 0), 0);
	pid = fork();
	if (pid == 0) {
		struct kevent e;

		CHECK_IS(take(kq, &e, 1, 0), -EBADF);
		CHECK_IS(call(SYS_kqueue), kq);
		leave_as_checked();
	}
	CHECK_IS(wait_for(pid), 0);
	CHECK_IS(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0), 0);
	end();
}

TEST(fstat_calls_it_a_fifo)
{
	struct {
		uint64_t dev, ino, nlink;
		uint16_t mode;
		char rest[198];
	} st;

	begin();
	CHECK_IS(call(SYS_fstat, kq, &st), 0);
	CHECK_IS(st.mode, 0010000);
	end();
}

TEST(a_copy_is_the_same_kqueue)
{
	struct kevent e;
	int copy;

	begin();
	CHECK_IS(change(kq, 1, EVFILT_USER, EV_ADD, 0, 0), 0);
	copy = (int)call(SYS_dup, kq);
	end();
	CHECK_IS(change(copy, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0), 0);
	CHECK_IS(take(copy, &e, 1, 0), 1);
	CHECK_IS(call(SYS_close, copy), 0);
	CHECK_IS(take(copy, &e, 1, 0), -EBADF);
}

TEST(descriptors_of_the_machinery_are_not_the_programs)
{
	int highest = 0;

	begin();
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_ADD, 0, 10000), 0);
	CHECK_IS(call(SYS_dup, 0), kq + 1);
	CHECK_IS(call(SYS_close, kq + 1), 0);
	/* Whatever else is open, close leaves it alone. */
	for (int fd = kq + 1; fd < 5000; fd++)
		if (call(SYS_close, fd) == 0)
			highest = fd;
	CHECK_IS(highest, 0);
	CHECK_IS(change(kq, 2, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, 1), 0);
	{
		struct kevent e;

		CHECK_IS(take(kq, &e, 1, 1000), 1);
	}
	end();
}

TEST(closing_it_frees_the_number)
{
	struct kevent e;

	begin();
	CHECK_IS(change(kq, 1, EVFILT_TIMER, EV_ADD, 0, 10), 0);
	end();
	CHECK_IS(take(kq, &e, 1, 0), -EBADF);
	CHECK_IS(call(SYS_kqueue), kq);
	CHECK_IS(take(kq, &e, 1, 30), 0);
	end();
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_triggered_user_event_arrives_with_its_flags_and_data);
	RUN(user_flags_are_combined_as_the_control_bits_say);
	RUN(a_trigger_in_the_same_change_as_the_add_is_lost);
	RUN(one_shot_is_deleted_when_taken);
	RUN(dispatch_disables_until_enabled);
	RUN(a_disabled_event_is_kept_for_later);
	RUN(errors_go_to_the_event_list_if_there_is_room);
	RUN(wrong_arguments_are_refused);
	RUN(the_old_layout_is_served);
	RUN(a_periodic_timer_counts_what_was_missed);
	RUN(timer_units_and_absolute_time);
	RUN(adding_a_timer_again_sets_it_anew);
	RUN(timers_fire_in_order);
	RUN(a_timeout_ends_the_wait);
	RUN(more_events_than_room_come_with_the_next_calls);
	RUN(a_kqueue_is_closed_in_forks_child);
	RUN(fstat_calls_it_a_fifo);
	RUN(a_copy_is_the_same_kqueue);
	RUN(descriptors_of_the_machinery_are_not_the_programs);
	RUN(closing_it_frees_the_number);
	return 0;
}
