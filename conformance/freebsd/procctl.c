/* Control over processes: procctl(2), of the caller itself. */
#include "guest.h"

enum { SYS_pipe2 = 542, SYS_procctl = 544, P_PID = 0, P_PGID = 2, SIGTERM = 15, SIGUSR1 = 30 };
/* sys/sys/procctl.h */
enum {
	PROC_REAP_ACQUIRE = 2, PROC_REAP_RELEASE = 3, PROC_REAP_STATUS = 4, PROC_TRACE_CTL = 7,
	PROC_TRACE_STATUS = 8, PROC_PDEATHSIG_CTL = 11, PROC_PDEATHSIG_STATUS = 12, PROC_ASLR_STATUS = 14,
	PROC_STACKGAP_STATUS = 18, PROC_NO_NEW_PRIVS_CTL = 19, PROC_NO_NEW_PRIVS_STATUS = 20,
	REAPER_STATUS_OWNED = 1, NO_NEW_PRIVS_ENABLE = 1, NO_NEW_PRIVS_DISABLE = 2, TRACE_CTL_ENABLE = 1,
	TRACE_CTL_DISABLE = 2,
};

static long
control(int command, void *data)
{
	return call(SYS_procctl, P_PID, call(SYS_getpid), command, data);
}

static long
in_child(void (*checks)(void))
{
	long pid = fork();

	if (pid == 0) {
		checks();
		leave_as_checked();
	}
	return wait_for(pid);
}

struct reaper_status {
	unsigned flags, children, descendants;
	int reaper, pid;
	unsigned pad[15];
};

static void
become_reaper(void)
{
	struct reaper_status s = {0};
	int ends[2], orphan = 0;
	long child;

	CHECK_IS(control(PROC_REAP_RELEASE, NULL), -EINVAL);
	CHECK_IS(control(PROC_REAP_ACQUIRE, NULL), 0);
	CHECK_IS(control(PROC_REAP_ACQUIRE, NULL), -EBUSY);
	CHECK_IS(control(PROC_REAP_STATUS, &s), 0);
	CHECK(s.flags & REAPER_STATUS_OWNED);
	CHECK_IS(s.reaper, call(SYS_getpid));
	CHECK_IS(control(PROC_REAP_STATUS, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	child = fork();
	if (child == 0) {
		int pid = (int)fork();

		if (pid == 0) {
			sleep_ms(50);
			leave(9);
		}
		call(SYS_write, ends[1], &pid, sizeof pid);
		leave(0);
	}
	CHECK_IS(wait_for(child), EXITED(0));
	CHECK_IS(call(SYS_read, ends[0], &orphan, sizeof orphan), sizeof orphan);
	CHECK_IS(wait_for(orphan), EXITED(9));
	CHECK_IS(control(PROC_REAP_RELEASE, NULL), 0);
}

TEST(a_reaper_gets_the_orphans)
{
	CHECK_IS(in_child(become_reaper), EXITED(0));
}

TEST(a_child_can_ask_to_die_with_its_parent)
{
	int signal, ends[2];
	char byte;
	long parent;

	signal = 1000;
	CHECK_IS(control(PROC_PDEATHSIG_CTL, &signal), -EINVAL);
	CHECK_IS(control(PROC_PDEATHSIG_CTL, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	parent = fork();
	if (parent == 0) {
		if (fork() == 0) {
			CHECK_IS(control(PROC_PDEATHSIG_STATUS, &signal), 0);
			CHECK_IS(signal, 0);
			signal = SIGUSR1;
			CHECK_IS(control(PROC_PDEATHSIG_CTL, &signal), 0);
			signal = 0;
			CHECK_IS(control(PROC_PDEATHSIG_STATUS, &signal), 0);
			CHECK_IS(signal, SIGUSR1);
			if (guest_ok)
				sleep_ms(20000);
			leave_as_checked();
		}
		sleep_ms(100);
		leave(0);
	}
	CHECK_IS(call(SYS_close, ends[1]), 0);
	CHECK_IS(wait_for(parent), EXITED(0));
	/* The last one that could write is dead. */
	CHECK_IS(call(SYS_read, ends[0], &byte, 1), 0);
	CHECK_IS(call(SYS_close, ends[0]), 0);
}

static void
give_up_privileges(void)
{
	int how = 0;

	CHECK_IS(control(PROC_NO_NEW_PRIVS_STATUS, &how), 0);
	CHECK(how == NO_NEW_PRIVS_ENABLE || how == NO_NEW_PRIVS_DISABLE);
	how = NO_NEW_PRIVS_DISABLE;
	CHECK_IS(control(PROC_NO_NEW_PRIVS_CTL, &how), -EINVAL);
	how = NO_NEW_PRIVS_ENABLE;
	CHECK_IS(control(PROC_NO_NEW_PRIVS_CTL, &how), 0);
	CHECK_IS(control(PROC_NO_NEW_PRIVS_STATUS, &how), 0);
	CHECK_IS(how, NO_NEW_PRIVS_ENABLE);
}

static void
refuse_tracing(void)
{
	int how = TRACE_CTL_DISABLE;

	CHECK_IS(control(PROC_TRACE_CTL, &how), 0);
	CHECK_IS(control(PROC_TRACE_STATUS, &how), 0);
	CHECK_IS(how, -1);
	how = TRACE_CTL_ENABLE;
	CHECK_IS(control(PROC_TRACE_CTL, &how), 0);
	CHECK_IS(control(PROC_TRACE_STATUS, &how), 0);
	CHECK_IS(how, 0);
	how = 77;
	CHECK_IS(control(PROC_TRACE_CTL, &how), -EINVAL);
}

TEST(privileges_and_tracing_are_given_up)
{
	CHECK_IS(in_child(give_up_privileges), EXITED(0));
	CHECK_IS(in_child(refuse_tracing), EXITED(0));
}

TEST(wrong_commands_are_refused)
{
	int how = 0;

	CHECK_IS(control(9999, &how), -EINVAL);
	CHECK_IS(control(-1, &how), -EINVAL);
	CHECK_IS(control(PROC_ASLR_STATUS, &how), 0);
	CHECK_IS(control(PROC_STACKGAP_STATUS, &how), 0);
	CHECK_IS(control(PROC_ASLR_STATUS, NOWHERE), -EFAULT);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_reaper_gets_the_orphans);
	RUN(a_child_can_ask_to_die_with_its_parent);
	RUN(privileges_and_tracing_are_given_up);
	RUN(wrong_commands_are_refused);
	return 0;
}
