/* covers: linux time gettimeofday settimeofday clock_gettime clock_settime clock_getres clock_nanosleep nanosleep
   clock_adjtime adjtimex times timer_create timer_settime timer_gettime timer_getoverrun timer_delete getrusage */
#include "guest_signal.h"

#include <linux/time_types.h>

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define ABSOLUTE 1

struct guest_timeval {
	__kernel_long_t sec, usec;
};
static struct guest_timespec t, left;

TEST(clocks_agree)
{
	struct guest_timeval v;
	__kernel_long_t seconds = 0;
	int zone[2] = {77, 77};
	long now = call(time, NULL);

	TRUTH(now > 1600000000);
	TRUTH(call(time, &seconds) - now <= 1 && seconds >= now);
	SHOW(time, NOWHERE);
	SHOW(gettimeofday, &v, zone);
	TRUTH(v.sec - now <= 1);
	VALUE(zone[0]);
	SHOW(gettimeofday, NOWHERE, NULL);
	SHOW(gettimeofday, NULL, NULL);
	SHOW(clock_gettime, CLOCK_REALTIME, &t);
	TRUTH(t.sec - now <= 1);
	SHOW(settimeofday, &v, NOWHERE);
	SHOW(settimeofday, NOWHERE, NULL);
	v.usec = 1000000;
	SHOW(settimeofday, &v, NULL);
}

TEST(every_clock)
{
	for (int clock = -2; clock < 14; clock++) {
		t = (struct guest_timespec){-1, -1};
		guest_show("clock_gettime", call(clock_gettime, clock, &t), true);
		TRUTH(t.sec >= 0);
		t = (struct guest_timespec){-1, -1};
		guest_show("clock_getres", call(clock_getres, clock, &t), true);
		VALUE(t.nsec);
	}
	SHOW(clock_gettime, CLOCK_MONOTONIC, NOWHERE);
	SHOW(clock_getres, CLOCK_MONOTONIC, NULL);
	SHOW(clock_getres, CLOCK_MONOTONIC, NOWHERE);
	SHOW(clock_settime, CLOCK_MONOTONIC, &t);
	SHOW(clock_settime, CLOCK_REALTIME, NOWHERE);
	t.nsec = -1;
	SHOW(clock_settime, CLOCK_REALTIME, &t);
	SHOW(clock_settime, 99, &t);
}

TEST(sleeping)
{
	t = (struct guest_timespec){0, 1000000};
	SHOW(nanosleep, &t, NULL);
	SHOW(nanosleep, NOWHERE, NULL);
	t.nsec = 1000000000;
	SHOW(nanosleep, &t, NULL);
	t = (struct guest_timespec){-1, 0};
	SHOW(nanosleep, &t, NULL);
	t = (struct guest_timespec){0, 1000000};
	SHOW(clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
	SHOW(clock_nanosleep, CLOCK_MONOTONIC, ABSOLUTE, &t, NULL);
	SHOW(clock_nanosleep, 99, 0, &t, NULL);
	SHOW(clock_nanosleep, 3, 0, &t, NULL);
	SHOW(clock_nanosleep, CLOCK_MONOTONIC, 0, NOWHERE, NULL);
	t.nsec = -1;
	SHOW(clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
}

struct timer_value {
	struct guest_timespec interval, value;
};

TEST(sleeps_that_signals_end)
{
	struct { __kernel_long_t a, b, sec, usec; } soon = {0, 0, 0, 10000};

	catch(SIGALRM, SA_RESTART);
	t = (struct guest_timespec){2, 0};
	call(setitimer, 0, &soon, NULL);
	SHOW(clock_nanosleep, CLOCK_MONOTONIC, 0, &t, &left);
	TRUTH(left.sec == 1);
	call(clock_gettime, CLOCK_MONOTONIC, &t);
	t.sec += 2;
	left.sec = 5;
	call(setitimer, 0, &soon, NULL);
	SHOW(clock_nanosleep, CLOCK_MONOTONIC, ABSOLUTE, &t, &left);
	VALUE(left.sec);
	VALUE(seen_count);
	t = (struct guest_timespec){2, 0};
	call(setitimer, 0, &soon, NULL);
	SHOW(nanosleep, &t, NOWHERE);
	be_default(SIGALRM);
}

TEST(adjusting)
{
	static char what[512];

	TRUTH(call(adjtimex, what) >= 0);
	SHOW(adjtimex, NOWHERE);
	TRUTH(call(clock_adjtime, CLOCK_REALTIME, what) >= 0);
	SHOW(clock_adjtime, CLOCK_MONOTONIC, what);
	SHOW(clock_adjtime, CLOCK_REALTIME, NOWHERE);
}

TEST(time_used)
{
	static __kernel_long_t words[18];
	__kernel_long_t spent[4] = {-1, -1, -1, -1};

	SHOW_OK(times, spent);
	TRUTH(spent[0] >= 0 && spent[3] >= 0);
	SHOW_OK(times, NULL);
	SHOW(times, NOWHERE);
	memset(words, 0xff, sizeof words);
	SHOW(getrusage, 0, words);
	TRUTH(words[0] >= 0 && words[1] >= 0 && words[2] >= 0 && words[17] >= 0);
	SHOW(getrusage, -1, words);
	SHOW(getrusage, 1, words);
	SHOW(getrusage, 7, words);
	SHOW(getrusage, 0, NOWHERE);
}

TEST(timers_send_signals)
{
	struct sigevent { union { int number; void *pointer; } value; int signal, notify, thread; char rest[64]; } e;
	struct timer_value v = {{0, 0}, {0, 2000000}}, was;
	int id = -1;

	memset(&e, 0, sizeof e);
	e.signal = SIGRTMIN + 1;
	e.value.number = 4321;
	catch(SIGRTMIN + 1, 0);
	SHOW(timer_create, CLOCK_MONOTONIC, &e, &id);
	SHOW(timer_settime, id, 0, &v, NULL);
	t = (struct guest_timespec){1, 0};
	SHOW(nanosleep, &t, NULL);
	SHOW_SEEN();
	VALUE(seen_value);
	SHOW(timer_gettime, id, &was);
	BYTES(&was, sizeof was);
	SHOW(timer_getoverrun, id);
	v.value.sec = 1000;
	SHOW(timer_settime, id, 0, &v, &was);
	SHOW(timer_gettime, id, &was);
	TRUTH(was.value.sec >= 999);
	v.value.nsec = -1;
	SHOW(timer_settime, id, 0, &v, NULL);
	SHOW(timer_settime, id, 0, NOWHERE, NULL);
	SHOW(timer_settime, 99, 0, &v, NULL);
	SHOW(timer_gettime, 99, &was);
	SHOW(timer_gettime, id, NOWHERE);
	SHOW(timer_getoverrun, 99);
	SHOW(timer_delete, id);
	SHOW(timer_delete, id);
	SHOW(timer_create, 99, &e, &id);
	SHOW(timer_create, CLOCK_MONOTONIC, NOWHERE, &id);
	SHOW(timer_create, CLOCK_MONOTONIC, &e, NOWHERE);
	e.notify = 77;
	SHOW(timer_create, CLOCK_MONOTONIC, &e, &id);
	/* To one thread; and none at all. */
	e.notify = 4;
	e.thread = (int)call(gettid);
	SHOW(timer_create, CLOCK_MONOTONIC, &e, &id);
	v = (struct timer_value){{0, 0}, {0, 1000000}};
	catch(SIGRTMIN + 1, 0);
	SHOW(timer_settime, id, 0, &v, NULL);
	SHOW(nanosleep, &t, NULL);
	SHOW_SEEN();
	SHOW(timer_delete, id);
	e.thread = 1;
	SHOW(timer_create, CLOCK_MONOTONIC, &e, &id);
	catch(SIGALRM, 0);
	SHOW(timer_create, CLOCK_MONOTONIC, NULL, &id);
	SHOW(timer_settime, id, 0, &v, NULL);
	SHOW(nanosleep, &t, NULL);
	SHOW_SEEN();
	SHOW(timer_delete, id);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(clocks_agree);
	RUN(every_clock);
	RUN(sleeping);
	RUN(sleeps_that_signals_end);
	RUN(adjusting);
	RUN(time_used);
	RUN(timers_send_signals);
	return 0;
}
