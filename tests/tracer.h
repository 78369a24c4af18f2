/* For tests that run a program under ptrace(2), step by step. Any failure ends them; exit status 77: no ptrace here. */
#ifndef TESTS_TRACER_H
#define TESTS_TRACER_H

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

_Noreturn static inline void
fails(const char *what)
{
	perror(what);
	exit(1);
}

/* The signal with which it has stopped; ends us when it has ended. */
static inline int
stopped(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fails("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		exit(77);
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "the program has ended, status %#x\n", (unsigned)status);
		exit(1);
	}
	return WSTOPSIG(status);
}

/* Before the program's first instruction. */
static inline pid_t
started(char **words)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(77);
		execv(words[0], words);
		_exit(127);
	}
	stopped(pid);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL);
	return pid;
}

static inline void
goes_on(pid_t pid, int signal)
{
	if (ptrace(PTRACE_CONT, pid, 0, signal) < 0)
		fails("PTRACE_CONT");
}

static inline struct user_regs_struct
registers(pid_t pid)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, pid, 0, &r) < 0)
		fails("PTRACE_GETREGS");
	return r;
}

#define BREAKPOINT 0xcc

/* Puts a breakpoint there; answers what it stands on. */
static inline long
breakpoint_put(pid_t pid, unsigned long at)
{
	long was = ptrace(PTRACE_PEEKTEXT, pid, at, 0);

	if (ptrace(PTRACE_POKETEXT, pid, at, (was & ~0xffL) | BREAKPOINT) < 0)
		fails("PTRACE_POKETEXT");
	return was;
}

/* Takes it away; the program, if it has stopped at it, is before the instruction. */
static inline bool
breakpoint_taken(pid_t pid, unsigned long at, long was)
{
	struct user_regs_struct r = registers(pid);

	ptrace(PTRACE_POKETEXT, pid, at, was);
	if (r.rip-- != at + 1)
		return false;
	if (ptrace(PTRACE_SETREGS, pid, 0, &r) < 0)
		fails("PTRACE_SETREGS");
	return true;
}

static inline void
step_begins(pid_t pid)
{
	if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) < 0)
		fails("PTRACE_SINGLESTEP");
}

static inline void
step_ends(pid_t pid)
{
	int signal = stopped(pid);

	if (signal != SIGTRAP) {
		fprintf(stderr, "signal %d while stepping: the call is no longer without a trap\n", signal);
		exit(1);
	}
}

/* pushf shows the flag by which we step, which no program is without us. */
static inline void
hide_trap_flag(pid_t pid)
{
	unsigned long stack = registers(pid).rsp;
	long word = ptrace(PTRACE_PEEKDATA, pid, stack, 0);

	ptrace(PTRACE_POKEDATA, pid, stack, word & ~(long)TRAP_FLAG);
}

#endif
