/* covers: freebsd fork vfork wait4 wait6 getpid getppid exit kill setpgid getpgid getsid setsid */
/* covers: freebsd getpgrp */
/*
 * Processes: how they come about, end, and are waited for.
 */
#include "guest.h"

enum {
	SYS_vfork = 66, SYS_getpgrp = 81, SYS_setpgid = 82, SYS_setsid = 147, SYS_getpgid = 207,
	SYS_getsid = 310, SYS_wait6 = 532, SYS_pipe2 = 542,
};
/* sys/sys/signal.h, sys/sys/wait.h */
enum {
	SIGKILL = 9, SIGTERM = 15, SIGSTOP = 17, SIGCONT = 19, SIGCHLD = 20, SIGUSR1 = 30,
	WNOHANG = 1, WUNTRACED = 2, WCONTINUED = 4, WNOWAIT = 8, WEXITED = 16, WTRAPPED = 32,
	P_PID = 0, P_PGID = 2, P_ALL = 7, CLD_EXITED = 1, CLD_KILLED = 2,
};

struct siginfo {
	int signo, error, code, pid;
	uint32_t uid;
	int status;
	void *addr;
	long value, reason[5];
};
_Static_assert(sizeof(struct siginfo) == 80, "siginfo_t");

struct wrusage {
	struct rusage {
		struct timeval user, system;
		long counts[14];
	} own, children;
};
_Static_assert(sizeof(struct wrusage) == 288, "struct __wrusage");

TEST(fork_answers_zero_and_one_in_the_child)
{
	long parent = call(SYS_getpid), child = fork();

	if (child == 0) {
		CHECK_IS(guest_second, 1);
		CHECK_IS(call(SYS_getppid), parent);
		CHECK(call(SYS_getpid) != parent);
		leave_as_checked();
	}
	CHECK(child > 0);
	CHECK(child != parent);
	CHECK_IS(wait_for(child), EXITED(0));
}

TEST(memory_and_descriptors_are_apart_after_fork)
{
	static volatile int here = 1;
	long child = fork();

	if (child == 0) {
		here = 2;
		call(SYS_close, 0);
		leave(here);
	}
	CHECK_IS(wait_for(child), EXITED(2));
	CHECK_IS(here, 1);
}

TEST(vfork_lends_the_memory_until_the_child_leaves)
{
	static volatile int lent;
	long child, second;

	lent = 1;
	/* As libc's stub: the return address must not lie on the shared stack. */
	__asm__ volatile("syscall; movq %%rdx, %1"
			 : "=a"(child), "=r"(second)
			 : "0"((long)SYS_vfork)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	if (child == 0) {
		lent = 2;
		__asm__ volatile("syscall" ::"a"((long)SYS_exit), "D"(second + 6L) : "memory");
	}
	CHECK(child > 0);
	CHECK_IS(lent, 2);
	CHECK_IS(wait_for(child), EXITED(7));
}

TEST(wait4_tells_how_a_child_ended)
{
	struct rusage usage;
	int status = -1;
	long child = fork();

	if (child == 0)
		leave(0x1ff);
	CHECK_IS(call(SYS_wait4, child, &status, 0, &usage), child);
	CHECK_IS(status, EXITED(0xff));
	CHECK(usage.user.usec >= 0 && usage.user.usec < 1000000);
	child = fork();
	if (child == 0) {
		call(SYS_kill, call(SYS_getpid), SIGKILL);
		leave(1);
	}
	CHECK_IS(wait_for(child), KILLED(SIGKILL));
	child = fork();
	if (child == 0) {
		call(SYS_kill, call(SYS_getpid), SIGUSR1);
		leave(1);
	}
	CHECK_IS(wait_for(child), KILLED(SIGUSR1));
	CHECK_IS(call(SYS_wait4, -1, &status, 0, NULL), -ECHILD);
	CHECK_IS(call(SYS_wait4, child, &status, 0, NULL), -ECHILD);
	CHECK_IS(call(SYS_wait4, -1, &status, 0x1000, NULL), -EINVAL);
}

TEST(wnohang_does_not_wait)
{
	int ends[2], status = 77;
	long child;
	char byte;

	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	child = fork();
	if (child == 0) {
		call(SYS_close, ends[1]);
		call(SYS_read, ends[0], &byte, 1);
		leave(3);
	}
	CHECK_IS(call(SYS_wait4, child, &status, WNOHANG, NULL), 0);
	CHECK_IS(call(SYS_wait4, -1, &status, WNOHANG, NULL), 0);
	CHECK_IS(status, 77);
	CHECK_IS(call(SYS_close, ends[1]), 0);
	CHECK_IS(wait_for(child), EXITED(3));
	CHECK_IS(call(SYS_close, ends[0]), 0);
}

TEST(a_stopped_child_is_seen_and_goes_on)
{
	int status;
	long child = fork();

	if (child == 0) {
		call(SYS_kill, call(SYS_getpid), SIGSTOP);
		leave(4);
	}
	CHECK_IS(call(SYS_wait4, child, &status, WUNTRACED, NULL), child);
	CHECK_IS(status, 0177 | SIGSTOP << 8);
	CHECK_IS(call(SYS_kill, child, SIGCONT), 0);
	CHECK_IS(call(SYS_wait4, child, &status, WUNTRACED, NULL), child);
	CHECK_IS(status, EXITED(4));
}

TEST(wait6_fills_in_usage_and_siginfo)
{
	struct wrusage usage;
	struct siginfo info;
	int status = -1;
	long child = fork();

	if (child == 0)
		leave(5);
	memset(&info, 0xee, sizeof info);
	CHECK_IS(call(SYS_wait6, P_PID, child, &status, WEXITED | WNOWAIT, &usage, &info), child);
	CHECK_IS(status, EXITED(5));
	CHECK_IS(info.signo, SIGCHLD);
	CHECK_IS(info.code, CLD_EXITED);
	CHECK_IS(info.pid, child);
	CHECK_IS(info.status, 5);
	CHECK_IS(call(SYS_wait6, P_ALL, 0, &status, WEXITED, NULL, NULL), child);
	CHECK_IS(call(SYS_wait6, P_PID, child, &status, WEXITED, NULL, NULL), -ECHILD);
	CHECK_IS(call(SYS_wait6, P_PID, child, &status, 0, NULL, NULL), -EINVAL);
	CHECK_IS(call(SYS_wait6, P_PID, child, &status, 0x1000, NULL, NULL), -EINVAL);
}

TEST(groups_and_sessions_are_what_they_were_made)
{
	long me = call(SYS_getpid), child, status;

	CHECK_IS(call(SYS_getpgid, 0), call(SYS_getpgrp));
	CHECK_IS(call(SYS_getsid, 0), call(SYS_getsid, me));
	child = fork();
	if (child == 0) {
		long own = call(SYS_getpid);

		CHECK_IS(call(SYS_setpgid, 0, 0), 0);
		CHECK_IS(call(SYS_getpgrp), own);
		CHECK_IS(call(SYS_setsid), -EPERM);
		CHECK_IS(call(SYS_setpgid, 0, -1), -EINVAL);
		leave_as_checked();
	}
	CHECK_IS(wait_for(child), EXITED(0));
	child = fork();
	if (child == 0) {
		long own = call(SYS_getpid);

		CHECK_IS(call(SYS_setsid), own);
		CHECK_IS(call(SYS_getsid, 0), own);
		CHECK_IS(call(SYS_getpgid, 0), own);
		leave_as_checked();
	}
	status = wait_for(child);
	CHECK_IS(status, EXITED(0));
	CHECK_IS(call(SYS_getpgid, 0x7ffffff), -ESRCH);
}

TEST(kill_checks_whom_and_what)
{
	long me = call(SYS_getpid);

	CHECK_IS(call(SYS_kill, me, 0), 0);
	CHECK_IS(call(SYS_kill, me, 129), -EINVAL); /* _SIG_MAXSIG is 128 */
	CHECK_IS(call(SYS_kill, me, -1), -EINVAL);
	CHECK_IS(call(SYS_kill, 0x7ffffff, 0), -ESRCH);
}

TEST(an_orphan_gets_another_parent)
{
	int ends[2], parent = 0;
	long child;

	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	child = fork();
	if (child == 0) {
		long mother = call(SYS_getpid);

		if (fork() != 0)
			leave(0);
		for (int n = 0; n < 500 && call(SYS_getppid) == mother; n++)
			sleep_ms(10);
		parent = (int)call(SYS_getppid) == (int)mother ? -1 : 1;
		call(SYS_write, ends[1], &parent, sizeof parent);
		leave(0);
	}
	CHECK_IS(wait_for(child), EXITED(0));
	CHECK_IS(call(SYS_read, ends[0], &parent, sizeof parent), sizeof parent);
	CHECK_IS(parent, 1);
	CHECK_IS(call(SYS_close, ends[0]), 0);
	CHECK_IS(call(SYS_close, ends[1]), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(fork_answers_zero_and_one_in_the_child);
	RUN(memory_and_descriptors_are_apart_after_fork);
	RUN(vfork_lends_the_memory_until_the_child_leaves);
	RUN(wait4_tells_how_a_child_ended);
	RUN(wnohang_does_not_wait);
	RUN(a_stopped_child_is_seen_and_goes_on);
	RUN(wait6_fills_in_usage_and_siginfo);
	RUN(groups_and_sessions_are_what_they_were_made);
	RUN(kill_checks_whom_and_what);
	RUN(an_orphan_gets_another_parent);
	return 0;
}
