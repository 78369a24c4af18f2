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
#include "tracer.h"

#define ROUNDS 8

static unsigned long begin, end;

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

/* From the trap to the instruction behind the call: by the core's handler, which would be many steps. */
static void
run_through_trap(pid_t pid)
{
	unsigned long behind = registers(pid).rip;
	long was = breakpoint_put(pid, behind);

	goes_on(pid, SIGSYS);
	if (stopped(pid) != SIGTRAP || !breakpoint_taken(pid, behind, was))
		fails("the breakpoint behind the call");
}

/* Passes every signal on, until the site has trapped for the second time. */
static void
run_to_second_trap(pid_t pid)
{
	for (int traps = 0, signal = 0;;) {
		goes_on(pid, signal);
		signal = stopped(pid);
		if (signal == SIGSYS && is_trap_of_the_site(pid) && ++traps == 2)
			return;
		if (signal == SIGTRAP)	/* exec */
			signal = 0;
	}
}

int
main(int argc, char **argv)
{
	unsigned long steps = 0;
	int rounds = 0;
	pid_t pid;

	if (argc < 4)
		return 2;
	begin = strtoul(argv[1], NULL, 16);
	end = strtoul(argv[2], NULL, 16);
	pid = started(argv + 3);
	run_to_second_trap(pid);
	run_through_trap(pid);
	for (; rounds < ROUNDS; steps++) {
		unsigned long at = registers(pid).rip;
		bool pushes = (ptrace(PTRACE_PEEKTEXT, pid, at, 0) & 0xff) == PUSHF;

		if (at == begin && rounds++ > 0)
			printf("%lu\n", steps);
		if (at == begin)
			steps = 0;
		step_begins(pid);
		step_ends(pid);
		if (pushes)
			hide_trap_flag(pid);
	}
	kill(pid, SIGKILL);
	return 0;
}
