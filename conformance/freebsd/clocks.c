/* covers: freebsd adjtime ntp_adjtime ntp_gettime clock_getcpuclockid2 */
/*
 * The clocks of other threads and processes, and what an unprivileged program
 * learns of the clock's discipline.
 */
#include "guest.h"

enum {
	SYS_adjtime = 140, SYS_ntp_adjtime = 176, SYS_clock_gettime = 232, SYS_clock_getcpuclockid2 = 247,
	SYS_ntp_gettime = 248, SYS_thr_self = 432, SYS_setuid = 23,
	CLOCK_REALTIME = 0, CLOCK_PROCESS_CPUTIME_ID = 15, WHICH_PID = 0, WHICH_TID = 1,
	TIME_ERROR = 5,
};

struct timex {
	unsigned modes;
	long offset, freq, maxerror, esterror;
	int status;
	long constant, precision, tolerance, ppsfreq, jitter;
	int shift;
	long stabil, jitcnt, calcnt, errcnt, stbcnt;
};
_Static_assert(sizeof(struct timex) == 136, "sys/timex.h");
struct ntptimeval {
	struct timespec time;
	long maxerror, esterror, tai;
	int state;
};

static long
nanoseconds(int clock)
{
	struct timespec t = {0, 0};

	CHECK_IS(call(SYS_clock_gettime, clock, &t), 0);
	return t.sec * 1000000000 + t.nsec;
}

static void
work(void)
{
	for (volatile long i = 0; i < 3000000; i++)
		;
}

TEST(a_process_can_be_asked_for_its_processor_time)
{
	int own = 0, clock = 0;
	long before, t;

	CHECK_IS(call(SYS_clock_getcpuclockid2, 0, WHICH_PID, &own), 0);
	CHECK_IS(call(SYS_clock_getcpuclockid2, call(SYS_getpid), WHICH_PID, &clock), 0);
	CHECK(own < 0);
	before = nanoseconds(clock);
	work();
	CHECK(nanoseconds(clock) > before);
	t = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
	CHECK(nanoseconds(own) >= t);
	CHECK_IS(call(SYS_clock_getcpuclockid2, call(SYS_getppid), WHICH_PID, &clock), 0);
	CHECK(nanoseconds(clock) >= 0);
}

TEST(a_thread_can_be_asked_for_its_processor_time)
{
	long self = 0, before;
	int clock = 0, own = 0;

	CHECK_IS(call(SYS_thr_self, &self), 0);
	CHECK_IS(call(SYS_clock_getcpuclockid2, self, WHICH_TID, &clock), 0);
	CHECK_IS(call(SYS_clock_getcpuclockid2, 0, WHICH_TID, &own), 0);
	before = nanoseconds(clock);
	work();
	CHECK(nanoseconds(clock) > before);
	CHECK(nanoseconds(own) > before);
}

TEST(nobodys_clock_is_refused)
{
	int clock;

	CHECK_IS(call(SYS_clock_getcpuclockid2, 0x3ffffff, WHICH_PID, &clock), -ESRCH);
	CHECK_IS(call(SYS_clock_getcpuclockid2, 7, WHICH_TID, &clock), -ESRCH);
	CHECK_IS(call(SYS_clock_getcpuclockid2, 0, 2, &clock), -EINVAL);
	CHECK_IS(call(SYS_clock_getcpuclockid2, 0, WHICH_PID, NOWHERE), -EFAULT);
}

/* As root the changes would be made: the tests below ask only. */
TEST(adjustments_can_be_read)
{
	struct timeval old = {9, 9};
	struct timex t = {.modes = 0, .precision = -1};
	struct ntptimeval n = {.tai = -1};
	long state, now = nanoseconds(CLOCK_REALTIME);

	CHECK_IS(call(SYS_adjtime, NULL, &old), 0);
	CHECK_IS(call(SYS_adjtime, NULL, NULL), 0);
	CHECK_IS(call(SYS_adjtime, NOWHERE, NULL), -EFAULT);
	state = call(SYS_ntp_adjtime, &t);
	CHECK(state >= 0 && state <= TIME_ERROR);
	CHECK(t.precision >= 0);
	CHECK_IS(call(SYS_ntp_adjtime, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_ntp_gettime, &n), state);
	CHECK_IS(n.state, state);
	CHECK(n.time.sec * 1000000000 + n.time.nsec >= now);
	CHECK_IS(call(SYS_ntp_gettime, NOWHERE), -EFAULT);
}

TEST(adjustments_are_roots)
{
	struct timeval delta = {0, 1};
	struct timex t = {.modes = 1};
	long pid = fork();

	if (pid == 0) {
		call(SYS_setuid, 65534);
		CHECK_IS(call(SYS_adjtime, &delta, NULL), -EPERM);
		CHECK_IS(call(SYS_ntp_adjtime, &t), -EPERM);
		leave_as_checked();
	}
	CHECK_IS(wait_for(pid), 0);
}

/* From one place in the text: the tenth call may take another way than the first. */
static long
read_clock(int clock, void *to)
{
	return call(SYS_clock_gettime, clock, to);
}

TEST(a_clock_answers_the_same_way_however_often_it_is_asked)
{
	struct timespec before = {0, 0}, now;

	for (int i = 0; i < 10; i++) {
		CHECK_IS(read_clock(CLOCK_REALTIME, &now), 0);
		CHECK(now.sec > before.sec || (now.sec == before.sec && now.nsec >= before.nsec));
		CHECK(now.nsec >= 0 && now.nsec < 1000000000);
		before = now;
		CHECK_IS(read_clock(CLOCK_REALTIME, NOWHERE), -EFAULT);
		CHECK_IS(read_clock(CLOCK_REALTIME, NULL), -EFAULT);
		CHECK_IS(read_clock(77, &now), -EINVAL);
		CHECK_IS(read_clock(-3, &now), -EINVAL);
	}
}

/* Where the host shows its own memory map: the text of its vDSO. */
static bool
find_vdso(uint64_t *start, uint64_t *end)
{
	static char text[65536];
	long n = 0, r, fd = call(SYS_open, "/proc/self/maps", 0);

	if (fd < 0)
		return false;
	while ((r = call(SYS_read, fd, text + n, sizeof text - 1 - (size_t)n)) > 0)
		n += r;
	call(SYS_close, fd);
	for (char *line = text, *p = text; *p != '\0'; p++) {
		if (*p == '\n')
			line = p + 1;
		if (!same(p, "[vdso]", 6))
			continue;
		*start = *end = 0;
		for (; *line != '-'; line++)
			*start = *start * 16 + (uint64_t)(*line <= '9' ? *line - '0' : *line - 'a' + 10);
		for (line++; *line != ' '; line++)
			*end = *end * 16 + (uint64_t)(*line <= '9' ? *line - '0' : *line - 'a' + 10);
		return true;
	}
	return false;
}

/* A program may map what it wants where it wants: also over what is not its own. */
TEST(the_clock_goes_on_when_the_hosts_code_for_it_is_gone)
{
	uint64_t start, end;
	struct timespec before, after;
	long child;

	if (!find_vdso(&start, &end))
		SKIP("no vDSO of a host here");
	child = fork();
	if (child == 0) {
		CHECK_IS(call(SYS_clock_gettime, CLOCK_REALTIME, &before), 0);
		CHECK_IS(call(SYS_munmap, start, end - start), 0);
		CHECK_IS(call(SYS_clock_gettime, CLOCK_REALTIME, &after), 0);
		CHECK(after.sec * 1000000000 + after.nsec >= before.sec * 1000000000 + before.nsec);
		CHECK(after.sec - before.sec < 5);
		leave_as_checked();
	}
	CHECK_IS(wait_for(child), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_process_can_be_asked_for_its_processor_time);
	RUN(a_thread_can_be_asked_for_its_processor_time);
	RUN(nobodys_clock_is_refused);
	RUN(adjustments_can_be_read);
	RUN(a_clock_answers_the_same_way_however_often_it_is_asked);
	RUN(the_clock_goes_on_when_the_hosts_code_for_it_is_gone);
	RUN(adjustments_are_roots);
	return 0;
}
