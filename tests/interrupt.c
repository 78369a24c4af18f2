/*
 * A signal at every instruction of a call by a rewritten site.
 *
 *	interrupt COMMAND…
 *
 * The program (interrupted.c) makes one call over and over, and says by int3, which it never sees, that it is about
 * to. The third time, when the site is rewritten, it goes in single steps until the call has returned. Then, before
 * each of these steps once, it gets SIGUSR1. A call that sleeps gets it asleep, too, and that for the last time.
 * Printed is where the program was. In the end it gets SIGUSR2, and the exit status is its own.
 */
#include "tracer.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>

#define VISITS_BEFORE 3		/* two traps, and the first without */
#define MOST_STEPS 16384
#define TRIES 8
#define USER32_CS 0x23
#define SYSCALL 0x050f
#define REP 0xf3

/* The way of one call. */
static struct {
	unsigned long at[MOST_STEPS];
	unsigned n;
	bool sleeps;
} way;

/* Asleep in a call, which no program is that has stopped for us. */
static bool
is_asleep(pid_t pid)
{
	char name[32], line[512], *state;
	FILE *f;

	snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
	f = fopen(name, "r");
	if (!f || !fgets(line, sizeof line, f))
		fails(name);
	fclose(f);
	state = strrchr(line, ')');
	return state && state[1] == ' ' && state[2] == 'S';
}

static bool
has_stopped(pid_t pid)
{
	siginfo_t info = {.si_signo = 0};

	if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) < 0)
		fails("waitid");
	return info.si_pid == pid;
}

/* It runs: until it sleeps, or stops, which is false. */
static bool
falls_asleep(pid_t pid)
{
	while (!has_stopped(pid)) {
		if (is_asleep(pid))
			return true;
		sched_yield();
	}
	return false;
}

/* One instruction; false: it is a call that sleeps. */
static bool
step(pid_t pid, unsigned long at)
{
	unsigned long bytes = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, at, 0);

	step_begins(pid);
	if ((bytes & 0xffff) == SYSCALL && falls_asleep(pid))
		return false;
	step_ends(pid);
	if ((bytes & 0xff) == PUSHF)
		hide_trap_flag(pid);
	return true;
}

/* Passes every signal on, and runs to the next int3, the program's or ours. */
static void
run_to_int3(pid_t pid, int signal)
{
	siginfo_t info;

	for (;;) {
		goes_on(pid, signal);
		signal = stopped(pid);
		if (signal != SIGTRAP)
			continue;
		if (ptrace(PTRACE_GETSIGINFO, pid, 0, &info) < 0)
			fails("PTRACE_GETSIGINFO");
		if (info.si_code == SI_KERNEL)
			return;
		signal = 0;	/* exec, or a step */
	}
}

static unsigned long
return_address(pid_t pid)
{
	struct user_regs_struct r = registers(pid);
	unsigned long word = (unsigned long)ptrace(PTRACE_PEEKDATA, pid, r.rsp, 0);

	return r.cs == USER32_CS ? (unsigned)word : word;
}

/* Repeated instructions count as one. */
static void
note_step(unsigned long at)
{
	if (way.n > 0 && way.at[way.n - 1] == at)
		return;
	if (way.n == MOST_STEPS)
		fails("the way of a call");
	way.at[way.n++] = at;
}

/* While it sleeps; it goes on to the next call. It may first say that a step is done. */
static void
interrupt_asleep(pid_t pid)
{
	int signal;

	puts("asleep");
	if (kill(pid, SIGUSR1) < 0)
		fails("kill");
	signal = stopped(pid);
	run_to_int3(pid, signal == SIGTRAP ? 0 : signal);
}

static void
find_way(pid_t pid)
{
	unsigned long back = return_address(pid), at;

	while (!way.sleeps && (at = registers(pid).rip) != back) {
		note_step(at);
		way.sleeps = !step(pid, at);
	}
	if (way.sleeps)
		interrupt_asleep(pid);
	else
		run_to_int3(pid, 0);
}

/* To the n-th step of the way; false: it did not come there, and is at its next call. */
static bool
run_to(pid_t pid, unsigned n)
{
	unsigned long at = way.at[n];
	unsigned times = 1;
	long was;

	for (unsigned i = 0; i < n; i++)
		times += way.at[i] == at;
	for (;;) {
		was = breakpoint_put(pid, at);
		run_to_int3(pid, 0);
		if (!breakpoint_taken(pid, at, was))
			return false;
		if (--times == 0)
			return true;
		step(pid, at);
	}
}

/* A clock's way is not always the same. */
static void
interrupt_at(pid_t pid, unsigned n)
{
	int tries = 0;

	while (tries < TRIES && !run_to(pid, n))
		tries++;
	if (tries == TRIES)
		return;
	printf("at %lx\n", way.at[n]);
	run_to_int3(pid, SIGUSR1);
}

static void
interrupt_each(pid_t pid)
{
	for (unsigned n = 0; n < way.n; n++)
		interrupt_at(pid, n);
	if (!way.sleeps)
		return;
	goes_on(pid, 0);
	if (!falls_asleep(pid))
		fails("the call that sleeps");
	interrupt_asleep(pid);
}

int
main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	pid = started(argv + 1);
	for (int n = 0; n < VISITS_BEFORE; n++)
		run_to_int3(pid, 0);
	find_way(pid);
	interrupt_each(pid);
	if (ptrace(PTRACE_DETACH, pid, 0, SIGUSR2) < 0 || waitpid(pid, &status, 0) != pid)
		fails("its end");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
