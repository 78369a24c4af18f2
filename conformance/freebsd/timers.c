/* covers: freebsd ktimer_create ktimer_delete ktimer_settime ktimer_gettime ktimer_getoverrun */
/*
 * POSIX timers.
 */
#include "guest.h"

enum {
	SYS_ktimer_create = 235, SYS_ktimer_delete, SYS_ktimer_settime, SYS_ktimer_gettime,
	SYS_ktimer_getoverrun, SYS_clock_gettime = 232, SYS_sigprocmask = 340, SYS_sigtimedwait = 345,
	SYS_thr_self = 432,
};
enum {
	SIGALRM = 14, SIGUSR1 = 30, SIGRT = 70, SIG_BLOCK = 1, SI_TIMER = 0x10003, SA_SIGINFO = 0x40,
	SIGEV_NONE = 0, SIGEV_SIGNAL = 1, SIGEV_THREAD = 2, SIGEV_THREAD_ID = 4, TIMER_ABSTIME = 1,
	CLOCK_REALTIME = 0, CLOCK_VIRTUAL = 1, CLOCK_MONOTONIC = 4,
};

struct sigevent {
	int notify, signo;
	long value;
	int tid, pad;
	long spare[7];
};
struct itimerspec {
	struct timespec interval, value;
};
struct siginfo {
	int signo, error, code, pid;
	unsigned uid;
	int status;
	long addr, value;
	int timerid, overrun;
	long spare[4];
};
_Static_assert(sizeof(struct siginfo) == 80, "sys/signal.h");
struct sigaction {
	void (*handler)(int, struct siginfo *, void *);
	int flags;
	uint32_t mask[4];
};

static volatile int handled;
static struct siginfo seen;

static void
handler(int number, struct siginfo *info, void *context)
{
	(void)number;
	(void)context;
	seen = *info;
	handled++;
}

static void
catch(int number)
{
	struct sigaction act = {handler, SA_SIGINFO, {0}};

	handled = 0;
	CHECK_IS(call(SYS_sigaction, number, &act, NULL), 0);
}

static void
wait_handled(int times)
{
	for (int i = 0; i < 200 && handled < times; i++)
		sleep_ms(10);
	CHECK(handled >= times);
}

TEST(a_timer_sends_its_signal_with_its_value)
{
	struct sigevent e = {SIGEV_SIGNAL, SIGUSR1, 0x123456789abc, 0, 0, {0}};
	struct itimerspec t = {{0, 0}, {0, 20000000}}, now, before;
	int id = -1;

	catch(SIGUSR1);
	CHECK_IS(call(SYS_ktimer_create, CLOCK_MONOTONIC, &e, &id), 0);
	CHECK_IS(id, 3);
	CHECK_IS(call(SYS_ktimer_gettime, id, &now), 0);
	CHECK_IS(now.value.nsec, 0);
	CHECK_IS(call(SYS_ktimer_settime, id, 0, &t, &before), 0);
	CHECK_IS(before.value.nsec, 0);
	CHECK_IS(call(SYS_ktimer_gettime, id, &now), 0);
	CHECK(now.value.nsec > 0 && now.value.nsec <= 20000000);
	wait_handled(1);
	CHECK_IS(seen.signo, SIGUSR1);
	CHECK_IS(seen.code, SI_TIMER);
	CHECK_IS(seen.value, 0x123456789abc);
	CHECK_IS(seen.timerid, id);
	CHECK_IS(call(SYS_ktimer_delete, id), 0);
	CHECK_IS(call(SYS_ktimer_delete, id), -EINVAL);
}

TEST(without_an_event_it_is_sigalrm_and_the_id)
{
	struct itimerspec t = {{0, 0}, {0, 1000000}};
	int id = -1;

	catch(SIGALRM);
	CHECK_IS(call(SYS_ktimer_create, CLOCK_REALTIME, NULL, &id), 0);
	CHECK_IS(call(SYS_ktimer_settime, id, 0, &t, NULL), 0);
	wait_handled(1);
	CHECK_IS(seen.value & 0xffffffff, id);
	CHECK_IS(call(SYS_ktimer_delete, id), 0);
}

TEST(a_real_time_signal_and_an_absolute_time)
{
	struct sigevent e = {SIGEV_SIGNAL, SIGRT, 77, 0, 0, {0}};
	struct itimerspec t = {{0, 0}, {0, 0}};
	int id = -1;

	catch(SIGRT);
	CHECK_IS(call(SYS_clock_gettime, CLOCK_REALTIME, &t.value), 0);
	t.value.sec += (t.value.nsec + 30000000) / 1000000000;
	t.value.nsec = (t.value.nsec + 30000000) % 1000000000;
	CHECK_IS(call(SYS_ktimer_create, CLOCK_REALTIME, &e, &id), 0);
	CHECK_IS(call(SYS_ktimer_settime, id, TIMER_ABSTIME, &t, NULL), 0);
	wait_handled(1);
	CHECK_IS(seen.signo, SIGRT);
	CHECK_IS(seen.value, 77);
	CHECK_IS(call(SYS_ktimer_delete, id), 0);
}

TEST(what_is_missed_is_overrun)
{
	uint32_t block[4] = {1u << (SIGUSR1 - 1)};
	struct sigevent e = {SIGEV_SIGNAL, SIGUSR1, 5, 0, 0, {0}};
	struct itimerspec t = {{0, 5000000}, {0, 5000000}}, off = {{0, 0}, {0, 0}};
	struct timespec limit = {1, 0};
	struct siginfo info;
	int id = -1;

	CHECK_IS(call(SYS_sigprocmask, SIG_BLOCK, block, NULL), 0);
	CHECK_IS(call(SYS_ktimer_create, CLOCK_MONOTONIC, &e, &id), 0);
	CHECK_IS(call(SYS_ktimer_settime, id, 0, &t, NULL), 0);
	sleep_ms(100);
	CHECK_IS(call(SYS_sigtimedwait, block, &info, &limit), SIGUSR1);
	CHECK_IS(info.code, SI_TIMER);
	CHECK(info.overrun >= 5);
	CHECK_IS(call(SYS_ktimer_getoverrun, id), info.overrun);
	CHECK_IS(call(SYS_ktimer_settime, id, 0, &off, NULL), 0);
	CHECK_IS(call(SYS_ktimer_delete, id), 0);
}

TEST(a_timer_can_be_for_one_thread)
{
	struct sigevent e = {SIGEV_THREAD_ID, SIGUSR1, 6, 0, 0, {0}};
	struct itimerspec t = {{0, 0}, {0, 1000000}};
	uint32_t none[4] = {0};
	long self = 0;
	int id = -1;

	catch(SIGUSR1);
	CHECK_IS(call(SYS_sigprocmask, 3, none, NULL), 0);
	CHECK_IS(call(SYS_thr_self, &self), 0);
	e.tid = (int)self;
	CHECK_IS(call(SYS_ktimer_create, CLOCK_MONOTONIC, &e, &id), 0);
	CHECK_IS(call(SYS_ktimer_settime, id, 0, &t, NULL), 0);
	wait_handled(1);
	CHECK_IS(seen.value, 6);
	CHECK_IS(call(SYS_ktimer_delete, id), 0);
}

TEST(none_only_counts_down)
{
	struct sigevent e = {SIGEV_NONE, 0, 0, 0, 0, {0}};
	struct itimerspec t = {{0, 0}, {100, 0}}, now;
	int id = -1;

	CHECK_IS(call(SYS_ktimer_create, CLOCK_MONOTONIC, &e, &id), 0);
	CHECK_IS(call(SYS_ktimer_settime, id, 0, &t, NULL), 0);
	CHECK_IS(call(SYS_ktimer_gettime, id, &now), 0);
	CHECK(now.value.sec >= 98 && now.value.sec <= 100);
	CHECK_IS(call(SYS_ktimer_delete, id), 0);
}

TEST(there_are_29_and_fork_copies_none)
{
	int id[40], n = 0;
	long pid;

	while (n < 40 && call(SYS_ktimer_create, CLOCK_MONOTONIC, NULL, &id[n]) == 0)
		n++;
	CHECK_IS(n, 29);
	CHECK_IS(call(SYS_ktimer_create, CLOCK_MONOTONIC, NULL, &id[n]), -EAGAIN);
	pid = fork();
	if (pid == 0) {
		struct itimerspec now;

		CHECK_IS(call(SYS_ktimer_gettime, id[0], &now), -EINVAL);
		leave_as_checked();
	}
	CHECK_IS(wait_for(pid), 0);
	while (n > 0)
		CHECK_IS(call(SYS_ktimer_delete, id[--n]), 0);
}

TEST(wrong_arguments_are_refused)
{
	struct sigevent e = {SIGEV_THREAD, SIGUSR1, 0, 0, 0, {0}};
	struct itimerspec bad = {{0, 0}, {0, 1000000000}}, odd = {{0, 2000000000}, {0, 0}};
	int id = -1;

	CHECK_IS(call(SYS_ktimer_create, CLOCK_REALTIME, &e, &id), -EINVAL);
	e.notify = SIGEV_SIGNAL;
	e.signo = 200;
	CHECK_IS(call(SYS_ktimer_create, CLOCK_REALTIME, &e, &id), -EINVAL);
	CHECK_IS(call(SYS_ktimer_create, CLOCK_VIRTUAL, NULL, &id), -EINVAL);
	CHECK_IS(call(SYS_ktimer_create, CLOCK_REALTIME, NULL, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_ktimer_create, CLOCK_REALTIME, NOWHERE, &id), -EFAULT);
	CHECK_IS(call(SYS_ktimer_create, CLOCK_REALTIME, NULL, &id), 0);
	CHECK_IS(call(SYS_ktimer_settime, id, 0, &bad, NULL), -EINVAL);
	CHECK_IS(call(SYS_ktimer_settime, id, 0, &odd, NULL), 0);
	CHECK_IS(call(SYS_ktimer_settime, id, 0, NOWHERE, NULL), -EFAULT);
	CHECK_IS(call(SYS_ktimer_settime, 31, 0, &odd, NULL), -EINVAL);
	CHECK_IS(call(SYS_ktimer_getoverrun, 31), -EINVAL);
	CHECK_IS(call(SYS_ktimer_delete, id), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_timer_sends_its_signal_with_its_value);
	RUN(without_an_event_it_is_sigalrm_and_the_id);
	RUN(a_real_time_signal_and_an_absolute_time);
	RUN(what_is_missed_is_overrun);
	RUN(a_timer_can_be_for_one_thread);
	RUN(none_only_counts_down);
	RUN(there_are_29_and_fork_copies_none);
	RUN(wrong_arguments_are_refused);
	return 0;
}
