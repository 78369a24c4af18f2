/*
 * How many instructions a program of the core's takes for one call by a rewritten site, the
 * guest's and the core's: counted one by one, so the same on every machine.
 *
 *	steps BEGIN END COMMAND…
 *
 * BEGIN and END, in hexadecimal, are a function of the program's that makes one call of the
 * kernel. Behind its second trap, by which the site is rewritten, the program goes on in single
 * steps; printed is how many there are from one BEGIN to the next. Exit status 77: no ptrace here.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRAP_FLAG 0x100
#define PUSHF 0x9c
#define ROUNDS 8

static unsigned long begin, end;

static void
fails(const char *what)
{
	perror(what);
	exit(1);
}

static int
started(char **words)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(77);
		execv(words[0], words);
		_exit(127);
	}
	return pid;
}

/* The signal with which it has stopped; ends us when it has ended. */
static int
stopped(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fails("waitpid");
	if (WIFEXITED(status))
		exit(WEXITSTATUS(status) == 77 ? 77 : 1);
	if (WIFSIGNALED(status))
		exit(1);
	return WSTOPSIG(status);
}

static bool
is_trap_of_the_site(pid_t pid)
{
	siginfo_t info;
	unsigned long at;

	if (ptrace(PTRACE_GETSIGINFO, pid, 0, &info) < 0)
		return false;
	at = (unsigned long)info.si_call_addr;
	return at > begin && at < end;
}

#define BREAKPOINT 0xcc

/* From the trap to the instruction behind the call: by the core's handler, which would be many steps. */
static void
run_through_trap(pid_t pid)
{
	struct user_regs_struct r;
	long was;

	if (ptrace(PTRACE_GETREGS, pid, 0, &r) < 0)
		fails("PTRACE_GETREGS");
	was = ptrace(PTRACE_PEEKTEXT, pid, r.rip, 0);
	ptrace(PTRACE_POKETEXT, pid, r.rip, (was & ~0xffL) | BREAKPOINT);
	ptrace(PTRACE_CONT, pid, 0, SIGSYS);
	if (stopped(pid) != SIGTRAP)
		fails("the breakpoint behind the call");
	ptrace(PTRACE_POKETEXT, pid, r.rip, was);
	if (ptrace(PTRACE_GETREGS, pid, 0, &r) < 0)
		fails("PTRACE_GETREGS");
	r.rip--;
	ptrace(PTRACE_SETREGS, pid, 0, &r);
}

/* Passes every signal on, until the site has trapped for the second time. */
static void
run_to_second_trap(pid_t pid)
{
	for (int traps = 0, signal = 0;;) {
		if (ptrace(PTRACE_CONT, pid, 0, signal) < 0)
			fails("PTRACE_CONT");
		signal = stopped(pid);
		if (signal == SIGSYS && is_trap_of_the_site(pid) && ++traps == 2)
			return;
		if (signal == SIGTRAP)	/* exec */
			signal = 0;
	}
}

static void
step(pid_t pid)
{
	int signal;

	if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) < 0)
		fails("PTRACE_SINGLESTEP");
	signal = stopped(pid);
	if (signal != SIGTRAP) {
		fprintf(stderr, "signal %d while stepping: the call is no longer without a trap\n", signal);
		exit(1);
	}
}

/* pushf shows the flag by which we step, which no program is without us. */
static void
hide_trap_flag(pid_t pid, unsigned long stack)
{
	long word = ptrace(PTRACE_PEEKDATA, pid, stack, 0);

	ptrace(PTRACE_POKEDATA, pid, stack, word & ~(long)TRAP_FLAG);
}

int
main(int argc, char **argv)
{
	struct user_regs_struct r;
	unsigned long steps = 0;
	int rounds = 0;
	pid_t pid;

	if (argc < 4)
		return 2;
	begin = strtoul(argv[1], NULL, 16);
	end = strtoul(argv[2], NULL, 16);
	pid = started(argv + 3);
	stopped(pid);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL);
	run_to_second_trap(pid);
	run_through_trap(pid);
	for (; rounds < ROUNDS; steps++) {
		bool pushes;

		if (ptrace(PTRACE_GETREGS, pid, 0, &r) < 0)
			fails("PTRACE_GETREGS");
		if (r.rip == begin && rounds++ > 0)
			printf("%lu\n", steps);
		if (r.rip == begin)
			steps = 0;
		pushes = (ptrace(PTRACE_PEEKTEXT, pid, r.rip, 0) & 0xff) == PUSHF;
		step(pid);
		if (pushes && ptrace(PTRACE_GETREGS, pid, 0, &r) == 0)
			hide_trap_flag(pid, r.rsp);
	}
	kill(pid, SIGKILL);
	return 0;
}
