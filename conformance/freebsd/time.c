/* covers: freebsd clock_gettime clock_getres gettimeofday nanosleep clock_nanosleep */
/* covers: freebsd setitimer getitimer */
/*
 * Clocks, sleeping, and the interval timers.
 */
#include "guest.h"

enum {
	SYS_setitimer = 83, SYS_getitimer = 86, SYS_gettimeofday = 116, SYS_clock_gettime = 232,
	SYS_clock_getres = 234, SYS_clock_nanosleep = 244, SYS_sigsuspend = 341,
	SYS_sigprocmask = 340, SYS_sigreturn = 417,
};
/* sys/sys/_clock_id.h, sys/sys/time.h */
enum {
	CLOCK_REALTIME = 0, CLOCK_VIRTUAL = 1, CLOCK_PROF = 2, CLOCK_MONOTONIC = 4,
	CLOCK_UPTIME = 5, CLOCK_UPTIME_PRECISE = 7, CLOCK_UPTIME_FAST = 8,
	CLOCK_REALTIME_PRECISE = 9, CLOCK_REALTIME_FAST = 10, CLOCK_MONOTONIC_PRECISE = 11,
	CLOCK_MONOTONIC_FAST = 12, CLOCK_SECOND = 13, CLOCK_THREAD_CPUTIME_ID = 14,
	CLOCK_PROCESS_CPUTIME_ID = 15, TIMER_ABSTIME = 1, ITIMER_REAL = 0, ITIMER_VIRTUAL = 1,
	SIGALRM = 14, SIGVTALRM = 26, SIG_BLOCK = 1, SIG_SETMASK = 3,
};

struct itimerval {
	struct timeval interval, value;
};
struct sigaction {
	void (*handler)(int);
	int flags;
	uint32_t mask[4];
};

static volatile int rings;

static void
ring(int sig)
{
	(void)sig;
	rings++;
}

static long
nanoseconds(long clock)
{
	struct timespec now = {-1, -1};

	CHECK_IS(call(SYS_clock_gettime, clock, &now), 0);
	CHECK(now.nsec >= 0 && now.nsec < 1000000000);
	return now.sec * 1000000000 + now.nsec;
}

TEST(every_clock_runs_forward)
{
	static const int clocks[] = {0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15};

	for (size_t n = 0; n < COUNT(clocks); n++) {
		long first = nanoseconds(clocks[n]), second = nanoseconds(clocks[n]);

		CHECK(second >= first);
	}
	CHECK_IS(call(SYS_clock_gettime, 3, &(struct timespec){0}), -EINVAL);
	CHECK_IS(call(SYS_clock_gettime, 99, &(struct timespec){0}), -EINVAL);
	CHECK_IS(call(SYS_clock_gettime, CLOCK_REALTIME, NOWHERE), -EFAULT);
}

TEST(real_time_is_the_same_on_every_way)
{
	struct timeval now;
	long a = nanoseconds(CLOCK_REALTIME), b;

	CHECK_IS(call(SYS_gettimeofday, &now, NULL), 0);
	b = nanoseconds(CLOCK_REALTIME_PRECISE);
	CHECK(now.sec >= a / 1000000000 && now.sec <= b / 1000000000);
	CHECK(now.usec >= 0 && now.usec < 1000000);
	CHECK_IS(nanoseconds(CLOCK_SECOND) % 1000000000, 0);
	CHECK_IS(call(SYS_gettimeofday, NULL, NULL), 0);
	CHECK_IS(call(SYS_gettimeofday, NOWHERE, NULL), -EFAULT);
}

TEST(the_processor_clocks_count_work_and_not_sleep)
{
	long before = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), after;

	sleep_ms(50);
	after = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
	CHECK(after - before < 40000000);
	while (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - after < 5000000)
		;
	CHECK(nanoseconds(CLOCK_THREAD_CPUTIME_ID) > 0);
}

TEST(resolutions_are_given)
{
	struct timespec res = {-1, -1};

	CHECK_IS(call(SYS_clock_getres, CLOCK_MONOTONIC, &res), 0);
	CHECK(res.sec == 0 && res.nsec > 0 && res.nsec <= 10000000);
	CHECK_IS(call(SYS_clock_getres, CLOCK_SECOND, &res), 0);
	CHECK(res.sec == 1 && res.nsec == 0);
	CHECK_IS(call(SYS_clock_getres, CLOCK_REALTIME, NULL), 0);
	CHECK_IS(call(SYS_clock_getres, 99, &res), -EINVAL);
}

TEST(sleeping_takes_as_long_as_asked)
{
	struct timespec nap = {0, 30000000}, bad = {0, 1000000000}, negative = {-1, 0};
	long before = nanoseconds(CLOCK_MONOTONIC), until;

	CHECK_IS(call(SYS_nanosleep, &nap, NULL), 0);
	CHECK(nanoseconds(CLOCK_MONOTONIC) - before >= 30000000);
	until = nanoseconds(CLOCK_MONOTONIC) + 30000000;
	nap.sec = until / 1000000000, nap.nsec = until % 1000000000;
	CHECK_IS(call(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &nap, NULL), 0);
	CHECK(nanoseconds(CLOCK_MONOTONIC) >= until);
	/* Long past: no wait at all. */
	nap.sec = 1;
	CHECK_IS(call(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &nap, NULL), 0);
	CHECK_IS(call(SYS_nanosleep, &bad, NULL), -EINVAL);
	CHECK_IS(call(SYS_nanosleep, &negative, NULL), 0);
	CHECK_IS(call(SYS_nanosleep, NOWHERE, NULL), -EFAULT);
	/* POSIX wants this one's error as its value: no carry flag. */
	CHECK_IS(call(SYS_clock_nanosleep, CLOCK_REALTIME, 0, &bad, NULL), EINVAL);
	CHECK_IS(call(SYS_clock_nanosleep, CLOCK_REALTIME, 0, NOWHERE, NULL), EFAULT);
}

TEST(a_signal_ends_a_sleep_and_tells_the_rest)
{
	struct sigaction act = {ring, 0, {0}};
	struct itimerval soon = {{0, 0}, {0, 20000}};
	struct timespec nap = {5, 0}, left = {0, 0};

	rings = 0;
	CHECK_IS(call(SYS_sigaction, SIGALRM, &act, NULL), 0);
	CHECK_IS(call(SYS_setitimer, ITIMER_REAL, &soon, NULL), 0);
	CHECK_IS(call(SYS_nanosleep, &nap, &left), -EINTR);
	CHECK_IS(rings, 1);
	CHECK(left.sec == 4 && left.nsec > 0);
}

TEST(an_interval_timer_rings_again_until_stopped)
{
	struct sigaction act = {ring, 0, {0}};
	struct itimerval often = {{0, 10000}, {0, 10000}}, seen, none = {{0, 0}, {0, 0}};
	struct itimerval bad = {{0, 0}, {0, 1000000}};
	struct timespec nap = {1, 0};

	rings = 0;
	CHECK_IS(call(SYS_sigaction, SIGALRM, &act, NULL), 0);
	CHECK_IS(call(SYS_setitimer, ITIMER_REAL, &often, NULL), 0);
	while (rings < 3)
		call(SYS_nanosleep, &nap, NULL);
	CHECK_IS(call(SYS_getitimer, ITIMER_REAL, &seen), 0);
	CHECK_IS(seen.interval.usec, 10000);
	CHECK(seen.value.sec == 0 && seen.value.usec <= 10000);
	CHECK_IS(call(SYS_setitimer, ITIMER_REAL, &none, &seen), 0);
	CHECK_IS(seen.interval.usec, 10000);
	CHECK_IS(call(SYS_getitimer, ITIMER_REAL, &seen), 0);
	CHECK(seen.value.sec == 0 && seen.value.usec == 0);
	CHECK_IS(call(SYS_setitimer, ITIMER_REAL, &bad, NULL), -EINVAL);
	CHECK_IS(call(SYS_setitimer, 3, &often, NULL), -EINVAL);
	CHECK_IS(call(SYS_getitimer, 3, &seen), -EINVAL);
	CHECK_IS(call(SYS_getitimer, ITIMER_REAL, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_setitimer, ITIMER_REAL, NOWHERE, NULL), -EFAULT);
}

TEST(the_virtual_timer_counts_only_work)
{
	struct sigaction act = {ring, 0, {0}};
	struct itimerval soon = {{0, 0}, {0, 20000}};

	rings = 0;
	CHECK_IS(call(SYS_sigaction, SIGVTALRM, &act, NULL), 0);
	CHECK_IS(call(SYS_setitimer, ITIMER_VIRTUAL, &soon, NULL), 0);
	sleep_ms(60);
	CHECK_IS(rings, 0);
	for (long until = nanoseconds(CLOCK_MONOTONIC) + 3000000000; rings == 0;)
		for (volatile int n = 0; n < 100000; n++)
			if (n == 0 && nanoseconds(CLOCK_MONOTONIC) > until) {
				CHECK(!"the timer rang");
				return;
			}
	CHECK_IS(rings, 1);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(every_clock_runs_forward);
	RUN(real_time_is_the_same_on_every_way);
	RUN(the_processor_clocks_count_work_and_not_sleep);
	RUN(resolutions_are_given);
	RUN(sleeping_takes_as_long_as_asked);
	RUN(a_signal_ends_a_sleep_and_tells_the_rest);
	RUN(an_interval_timer_rings_again_until_stopped);
	RUN(the_virtual_timer_counts_only_work);
	return 0;
}
