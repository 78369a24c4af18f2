/* covers: freebsd getrlimit getrusage getpriority getdtablesize */
/* Limits, usage, priorities: kern/kern_resource.c. */
#include "guest.h"

enum {
	SYS_getdtablesize = 89, SYS_setpriority = 96, SYS_getpriority = 100, SYS_getrusage = 117,
	SYS_getrlimit = 194, SYS_setrlimit = 195, SYS_geteuid = 25,
};
/* sys/sys/resource.h */
enum {
	RLIMIT_CPU = 0, RLIMIT_FSIZE = 1, RLIMIT_DATA = 2, RLIMIT_STACK = 3, RLIMIT_CORE = 4, RLIMIT_NOFILE = 8,
	RLIMIT_SBSIZE = 9, RLIMIT_PIPEBUF = 15, PRIO_PROCESS = 0, PRIO_USER = 2, RUSAGE_SELF = 0,
	RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1,
};
#define INFINITY ((long)(~0UL >> 1))

struct rlimit {
	long now, most;
};
struct rusage {
	struct timeval user, system;
	long maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv, nsignals, nvcsw,
		nivcsw;
};
_Static_assert(sizeof(struct rusage) == 144, "sys/resource.h");

TEST(every_limit_is_told)
{
	struct rlimit l;

	for (int i = 0; i <= RLIMIT_PIPEBUF - 1; i++) {
		l = (struct rlimit){-1, -1};
		CHECK_IS(call(SYS_getrlimit, i, &l), 0);
		CHECK(l.now >= 0 && l.now <= l.most);
	}
	CHECK_IS(call(SYS_getrlimit, 99, &l), -EINVAL);
	CHECK_IS(call(SYS_getrlimit, -1, &l), -EINVAL);
	CHECK_IS(call(SYS_getrlimit, RLIMIT_CPU, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_setrlimit, RLIMIT_CPU, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_setrlimit, 99, &l), -EINVAL);
}

/* In a child: what is lowered stays low. */
static void
lower(void)
{
	struct rlimit l = {10, 20};

	CHECK_IS(call(SYS_setrlimit, RLIMIT_NOFILE, &l), 0);
	l = (struct rlimit){0, 0};
	CHECK_IS(call(SYS_getrlimit, RLIMIT_NOFILE, &l), 0);
	CHECK_IS(l.now, 10);
	CHECK_IS(l.most, 20);
	CHECK_IS(call(SYS_getdtablesize), 10);
	l.now = 20;
	CHECK_IS(call(SYS_setrlimit, RLIMIT_NOFILE, &l), 0);
	l = (struct rlimit){0, 0};
	CHECK_IS(call(SYS_setrlimit, RLIMIT_CORE, &l), 0);
	CHECK_IS(call(SYS_getrlimit, RLIMIT_CORE, &l), 0);
	CHECK_IS(l.most, 0);
}

TEST(a_lowered_limit_counts)
{
	long pid = fork();

	if (pid == 0) {
		lower();
		leave_as_checked();
	}
	CHECK_IS(wait_for(pid), EXITED(0));
}

/* Without a limit is without a limit, before and after. */
TEST(infinity_is_the_largest_positive_number)
{
	struct rlimit l = {0, 0};

	CHECK_IS(call(SYS_getrlimit, RLIMIT_CPU, &l), 0);
	CHECK_IS(l.now, INFINITY);
	CHECK_IS(call(SYS_setrlimit, RLIMIT_CPU, &l), 0);
	CHECK_IS(call(SYS_getrlimit, RLIMIT_CPU, &l), 0);
	CHECK_IS(l.now, INFINITY);
}

static long
microseconds(const struct timeval *t)
{
	return t->sec * 1000000 + t->usec;
}

/* Long enough to be seen: until this thread has used so much itself. */
static void
work(long until)
{
	struct rusage ru;

	do
		CHECK_IS(call(SYS_getrusage, RUSAGE_THREAD, &ru), 0);
	while (microseconds(&ru.user) + microseconds(&ru.system) < until);
}

TEST(usage_is_that_of_self_thread_or_children)
{
	struct rusage before, after;
	long pid;

	CHECK_IS(call(SYS_getrusage, RUSAGE_CHILDREN, &before), 0);
	pid = fork();
	if (pid == 0) {
		work(30000);
		leave(0);
	}
	CHECK_IS(wait_for(pid), EXITED(0));
	CHECK_IS(call(SYS_getrusage, RUSAGE_CHILDREN, &after), 0);
	CHECK(microseconds(&after.user) + microseconds(&after.system) >=
	      microseconds(&before.user) + microseconds(&before.system) + 20000);
	CHECK_IS(call(SYS_getrusage, RUSAGE_SELF, &after), 0);
	CHECK(after.maxrss > 0);
	CHECK_IS(call(SYS_getrusage, 2, &after), -EINVAL);
	CHECK_IS(call(SYS_getrusage, -2, &after), -EINVAL);
	CHECK_IS(call(SYS_getrusage, RUSAGE_SELF, NOWHERE), -EFAULT);
}

static void
nicer(void)
{
	CHECK_IS(call(SYS_setpriority, PRIO_PROCESS, 0, 7), 0);
	CHECK_IS(call(SYS_getpriority, PRIO_PROCESS, 0), 7);
	CHECK_IS(call(SYS_setpriority, PRIO_PROCESS, 0, 1000), 0);
	/* PRIO_MAX is 20, and for Linux's scheduler 19. */
	CHECK(call(SYS_getpriority, PRIO_PROCESS, call(SYS_getpid)) >= 19);
}

TEST(priorities_are_kept_to_what_there_is)
{
	long pid = fork();

	if (pid == 0) {
		nicer();
		leave_as_checked();
	}
	CHECK_IS(wait_for(pid), EXITED(0));
	CHECK_IS(call(SYS_getpriority, 3, 0), -EINVAL);
	CHECK_IS(call(SYS_getpriority, PRIO_PROCESS, 99998), -ESRCH);
	CHECK_IS(call(SYS_setpriority, PRIO_PROCESS, 99998, 0), -ESRCH);
	CHECK_IS(call(SYS_setpriority, -1, 0, 0), -EINVAL);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(every_limit_is_told);
	RUN(a_lowered_limit_counts);
	RUN(infinity_is_the_largest_positive_number);
	RUN(usage_is_that_of_self_thread_or_children);
	RUN(priorities_are_kept_to_what_there_is);
	return 0;
}
