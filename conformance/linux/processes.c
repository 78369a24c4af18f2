/* covers: linux fork vfork execve execveat exit_group wait4 waitid getpid getppid setpgid getpgid getpgrp setsid getsid
   prctl arch_prctl personality pidfd_open pidfd_send_signal pidfd_getfd kcmp process_vm_readv process_vm_writev
   process_madvise process_mrelease ptrace */
/* noted: i386 tracing_asks_for_a_process: ptrace: refused, a tracer would see the layer's registers */
/* noted: x32 tracing_asks_for_a_process: ptrace: refused, a tracer would see the layer's registers */
#include "guest_signal.h"
#include "guest_thread.h"

#include <linux/prctl.h>
#include <linux/uio.h>
#include <linux/wait.h>

static struct siginfo info;
static char self[4096];

TEST(children_end)
{
	static const int statuses[] = {0, 1, 255, 256, -1};
	int status = -1;
	long pid;

	for (size_t i = 0; i < COUNT(statuses); i++) {
		if (fork() == 0)
			leave(statuses[i]);
		VALUE(wait_for(-1));
	}
	SHOW(wait4, -1, &status, 0, NULL);
	SHOW(wait4, -1, &status, 0x1000, NULL);
	SHOW(wait4, 1, &status, 0, NULL);
	SHOW(wait4, (int)0x80000000, &status, 0, NULL);
	pid = fork();
	if (pid == 0) {
		sleep_ms(30);
		leave(3);
	}
	SHOW(wait4, pid, &status, WNOHANG, NULL);
	SHOW(waitid, P_PID, pid, &info, WEXITED | WNOHANG, NULL);
	SHOW(waitid, P_PID, pid, &info, WEXITED | WNOWAIT, NULL);
	VALUE(info.si_signo);
	VALUE(info.si_code);
	VALUE(info.si_status);
	TRUTH(info.si_pid == pid);
	SHOW_OK(wait4, pid, NOWHERE, 0, NULL);
	SHOW(waitid, P_PID, pid, &info, WEXITED, NULL);
	SHOW(waitid, P_ALL, 0, &info, WEXITED, NULL);
	SHOW(waitid, P_ALL, 0, &info, 0, NULL);
	SHOW(waitid, 9, 0, &info, WEXITED, NULL);
	SHOW(waitid, P_PID, 0, &info, WEXITED, NULL);
	SHOW(waitid, P_PIDFD, 99, &info, WEXITED, NULL);
	if (fork() == 0)
		leave(1);
	sleep_ms(10);
	SHOW(waitid, P_ALL, 0, NOWHERE, WEXITED, NULL);
	SHOW(waitid, P_ALL, 0, NULL, WEXITED, NULL);
}

TEST(children_stop_and_go_on)
{
	long pid = fork();
	int status = -1;

	if (pid == 0) {
		call(kill, call(getpid), SIGSTOP);
		sleep_ms(50);
		leave(4);
	}
	SHOW_OK(wait4, pid, &status, WUNTRACED, NULL);
	VALUE(status);
	SHOW(kill, pid, SIGCONT);
	SHOW(waitid, P_PID, pid, &info, WCONTINUED, NULL);
	VALUE(info.si_code);
	VALUE(info.si_status);
	VALUE(wait_for(pid));
}

TEST(children_tell_their_parent)
{
	catch(SIGCHLD, 0);
	long pid = fork();

	if (pid == 0)
		leave(6);
	VALUE(wait_for(pid));
	SHOW_SEEN();
	VALUE(seen_info.si_status);
	TRUTH(seen_info.si_pid == pid);
	catch(SIGCHLD, SA_NOCLDWAIT);
	if (fork() == 0)
		leave(7);
	SHOW(wait4, -1, NULL, 0, NULL);
	be_default(SIGCHLD);
}

TEST(groups_and_sessions)
{
	long me = call(getpid), pid;

	TRUTH(call(getpgrp) == me);
	TRUTH(call(getpgid, 0) == me);
	TRUTH(call(getsid, 0) == me);
	SHOW(getpgid, -1);
	SHOW(getsid, 0x7ffffff);
	SHOW(setpgid, 0, 0);
	SHOW(setpgid, 0, -1);
	SHOW(setpgid, 0x7ffffff, 0);
	SHOW(setsid);
	pid = fork();
	if (pid == 0) {
		TRUTH(call(getpgrp) == me);
		SHOW(setpgid, 0, 0);
		TRUTH(call(getpgrp) == call(getpid));
		SHOW(setsid);
		leave(0);
	}
	VALUE(wait_for(pid));
	pid = fork();
	if (pid == 0) {
		SHOW_OK(setsid);
		TRUTH(call(getsid, 0) == call(getpid));
		leave(0);
	}
	VALUE(wait_for(pid));
	TRUTH(call(getppid) > 0);
}

TEST(vfork_borrows_memory)
{
	static volatile int touched;
	long pid = guest_vfork();

	if (pid == 0) {
		touched = 12;
		call(exit_group, 8);
	}
	VALUE(touched);
	VALUE(wait_for(pid));
}

TEST(programs_are_replaced)
{
	static char *const again[] = {"guest", "again", "with words", NULL}, *const words[] = {"A=1", "B=two", NULL};
	static char *const bad[] = {"guest", NOWHERE, NULL};
	long pid, f;

	call(readlink, "/proc/self/exe", self, sizeof self);
	TRUTH(same_text(self, guest_argv[0]));
	pid = fork();
	if (pid == 0)
		leave((int)call(execve, self, again, words));
	VALUE(wait_for(pid));
	f = call(open, self, O_RDONLY | O_CLOEXEC);
	pid = fork();
	if (pid == 0)
		leave((int)call(execveat, f, "", again, words, 0x1000));
	VALUE(wait_for(pid));
	pid = guest_vfork();
	if (pid == 0) {
		call(execve, self, again, words);
		call(exit_group, 99);
	}
	VALUE(wait_for(pid));
	make_file("plain", "no program");
	SHOW(execve, "plain", again, words);
	call(chmod, "plain", 0755);
	SHOW(execve, "plain", again, words);
	SHOW(execve, "nothing", again, words);
	SHOW(execve, ".", again, words);
	SHOW(execve, "plain/x", again, words);
	SHOW(execve, NOWHERE, again, words);
	SHOW(execve, self, NOWHERE, words);
	SHOW(execve, self, bad, words);
	SHOW(execve, self, again, NOWHERE);
	SHOW(execveat, 99, "plain", again, words, 0);
	SHOW(execveat, AT_CWD, "plain", again, words, 0);
	SHOW(execveat, AT_CWD, self, again, words, 0x8000);
	SHOW(execveat, AT_CWD, "", again, words, 0);
	make_file("script", "#!/nowhere/interpreter\n");
	call(chmod, "script", 0755);
	SHOW(execve, "script", again, words);
	make_file("script", "#! /bin/sh -e\necho \"$0 $*\"; exit 5\n");
	pid = fork();
	if (pid == 0)
		leave((int)call(execve, "script", again, words));
	VALUE(wait_for(pid));
	call(close, f);
}

TEST(what_prctl_sets)
{
	char name[32] = "";
	int value = -1;

	SHOW(prctl, PR_GET_NAME, name);
	TEXT(name);
	SHOW(prctl, PR_SET_NAME, "a rather long name");
	SHOW(prctl, PR_GET_NAME, name);
	TEXT(name);
	SHOW(prctl, PR_SET_NAME, NOWHERE);
	SHOW(prctl, PR_GET_NAME, NOWHERE);
	SHOW(prctl, PR_SET_PDEATHSIG, SIGUSR1);
	SHOW(prctl, PR_GET_PDEATHSIG, &value);
	VALUE(value);
	SHOW(prctl, PR_SET_PDEATHSIG, 99);
	SHOW(prctl, PR_SET_PDEATHSIG, 0);
	SHOW(prctl, PR_GET_DUMPABLE);
	SHOW(prctl, PR_SET_DUMPABLE, 0);
	SHOW(prctl, PR_GET_DUMPABLE);
	SHOW(prctl, PR_SET_DUMPABLE, 7);
	SHOW(prctl, PR_SET_DUMPABLE, 1);
	SHOW(prctl, PR_GET_KEEPCAPS);
	SHOW(prctl, PR_SET_KEEPCAPS, 1);
	SHOW(prctl, PR_GET_KEEPCAPS);
	SHOW(prctl, PR_SET_KEEPCAPS, 2);
	SHOW(prctl, PR_GET_TIMERSLACK);
	SHOW(prctl, PR_SET_TIMERSLACK, 60000);
	SHOW(prctl, PR_GET_TIMERSLACK);
	SHOW(prctl, PR_SET_TIMERSLACK, 0);
	SHOW(prctl, PR_GET_TIMERSLACK);
	SHOW(prctl, PR_GET_CHILD_SUBREAPER, &value);
	VALUE(value);
	SHOW(prctl, PR_SET_CHILD_SUBREAPER, 1);
	SHOW(prctl, PR_GET_CHILD_SUBREAPER, &value);
	VALUE(value);
	SHOW(prctl, PR_GET_TSC, &value);
	VALUE(value);
	SHOW(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0);
	SHOW(prctl, PR_CAPBSET_READ, 0);
	SHOW(prctl, PR_CAPBSET_READ, 99);
	SHOW(prctl, 54321, 0, 0, 0, 0);
	SHOW(prctl, PR_GET_TID_ADDRESS, NOWHERE);
	SHOW(prctl, PR_MCE_KILL_GET, 0, 0, 0, 0);
	SHOW(prctl, PR_GET_ENDIAN, &value);
	SHOW(prctl, PR_GET_UNALIGN, &value);
	SHOW(prctl, PR_GET_FPEMU, &value);
	SHOW(prctl, PR_GET_TIMING);
	SHOW(prctl, PR_SET_TIMING, 1);
	SHOW(prctl, PR_GET_SECUREBITS);
	SHOW(prctl, PR_SET_VMA, 0, 1, 4096, 0);
}

TEST(filters_are_the_guests_own)
{
	SHOW(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	SHOW(prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0);
	SHOW(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
	SHOW(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	SHOW(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	SHOW(prctl, PR_SET_SECCOMP, 77, NULL);
	SHOW(prctl, 59 /* PR_SET_SYSCALL_USER_DISPATCH */, 7, 0, 0, 0);
}

#ifndef __i386__
TEST(segment_bases)
{
	unsigned long base = 1;

	SHOW(arch_prctl, 0x1002 /* ARCH_SET_FS */, &info);
	SHOW(arch_prctl, 0x1003 /* ARCH_GET_FS */, &base);
	TRUTH(base == (unsigned long)&info);
	SHOW(arch_prctl, 0x1001 /* ARCH_SET_GS */, &info);
	SHOW(arch_prctl, 0x1004 /* ARCH_GET_GS */, &base);
	TRUTH(base == (unsigned long)&info);
	SHOW(arch_prctl, 0x1002, -1L);
	SHOW(arch_prctl, 0x1003, NOWHERE);
	SHOW(arch_prctl, 0x9999, 0);
	SHOW(arch_prctl, 0x1011 /* ARCH_GET_CPUID */, 0);
	info.si_signo = 4711;
	int there;
	__asm__ volatile("movl %%fs:0, %0" : "=r"(there));
	VALUE(there);
	__asm__ volatile("movl %%gs:0, %0" : "=r"(there));
	VALUE(there);
	SHOW(arch_prctl, 0x1001, 0);
}
#endif

TEST(personalities)
{
	SHOW(personality, 0xffffffff);
	SHOW(personality, 0x0040000);
	SHOW(personality, 0xffffffff);
	SHOW(personality, 0);
}

TEST(descriptors_of_processes)
{
	int ends[2];
	long pid, f, other;

	call(pipe, ends);
	pid = fork();
	if (pid == 0) {
		call(read, ends[0], self, 1);
		leave(2);
	}
	f = SHOW(pidfd_open, pid, 0);
	SHOW(fcntl, f, F_GETFD);
	SHOW(pidfd_open, pid, 1);
	SHOW(pidfd_open, 0x7ffffff, 0);
	SHOW(pidfd_open, -1, 0);
	other = SHOW(pidfd_getfd, f, 1, 0);
	SHOW(kcmp, call(getpid), pid, 0, 1, other);
	SHOW_OK(kcmp, call(getpid), pid, 0, 1, 99);
	SHOW(kcmp, call(getpid), pid, 99, 1, 1);
	SHOW(pidfd_getfd, f, 99, 0);
	SHOW(pidfd_getfd, f, 1, 1);
	SHOW(pidfd_send_signal, f, SIGTERM, NULL, 0);
	SHOW(waitid, P_PIDFD, f, &info, WEXITED, NULL);
	VALUE(info.si_code);
	VALUE(info.si_status);
	SHOW(pidfd_send_signal, f, SIGTERM, NULL, 0);
	SHOW(pidfd_send_signal, 0, SIGTERM, NULL, 0);
	SHOW(process_mrelease, f, 0);
	SHOW(process_mrelease, f, 1);
	SHOW(process_madvise, f, NOWHERE, 1, 4, 0);
	SHOW(process_madvise, 99, NOWHERE, 1, 4, 0);
	call(close_range, 3, 20, 0);
}

TEST(memory_of_processes)
{
	static char theirs[] = "in the parent", mine[16];
	struct iovec local = {mine, 6}, remote = {theirs + 7, 6}, bad = {NOWHERE, 6};
	long parent = call(getpid), pid = fork();

	if (pid == 0) {
		SHOW(process_vm_readv, parent, &local, 1, &remote, 1, 0);
		TEXT(mine);
		local = (struct iovec){"IN", 2};
		remote = (struct iovec){theirs, 2};
		SHOW(process_vm_writev, parent, &local, 1, &remote, 1, 0);
		SHOW(process_vm_readv, parent, &local, 1, &bad, 1, 0);
		SHOW(process_vm_readv, parent, &bad, 1, &remote, 1, 0);
		SHOW(process_vm_readv, parent, NOWHERE, 1, &remote, 1, 0);
		SHOW(process_vm_readv, parent, &local, 1, &remote, 1, 5);
		SHOW(process_vm_readv, 0x7ffffff, &local, 1, &remote, 1, 0);
		leave(0);
	}
	VALUE(wait_for(pid));
	TEXT(theirs);
}

TEST(tracing_asks_for_a_process)
{
	SHOW(ptrace, 16 /* PTRACE_ATTACH */, 0x7ffffff, 0, 0);
	SHOW(ptrace, 9999, 1, 0, 0);
}

static int
second_life(char **argv, char **envp)
{
	for (; *argv != NULL; argv++)
		TEXT(*argv);
	for (; *envp != NULL; envp++)
		TEXT(*envp);
	SHOW(fcntl, 3, F_GETFD);
	return 12;
}

int
main(int argc, char **argv, char **envp)
{
	if (argc == 3)
		return second_life(argv, envp);
	RUN(children_end);
	RUN(children_stop_and_go_on);
	RUN(children_tell_their_parent);
	RUN(groups_and_sessions);
	RUN(vfork_borrows_memory);
	RUN(programs_are_replaced);
	RUN(what_prctl_sets);
	RUN(filters_are_the_guests_own);
#ifndef __i386__
	RUN(segment_bases);
#endif
	RUN(personalities);
	RUN(descriptors_of_processes);
	RUN(memory_of_processes);
	RUN(tracing_asks_for_a_process);
	return 0;
}
