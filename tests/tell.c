/*
 * A FreeBSD program for tests/test_run.py: does as its first argument says.
 *	tell all ARG…	its arguments, environment, folder and open descriptors, a line each
 *	tell time	seconds since 1970
 *	tell exit N
 *	tell kill N	itself, by signal N
 *	tell crash	by a write to an unmapped address
 *	tell missing	makes a call that no kernel has
 *	tell exec FILE ARG…
 *	tell wait	until SIGTERM, which it exits with 15 for; says `waiting` when that is so
 *	tell open FILE	ends with the error of opening it, or 0
 */
#include "guest.h"

enum { SYS_sigsuspend = 341, SIGTERM = 15 };
enum { SYS_fcntl = 92, SYS_clock_gettime = 232, SYS_getcwd = 326, F_GETFD = 1, CLOCK_REALTIME = 0, NO_CALL = 9999 };

static void
line(const char *what, const char *value)
{
	print(what);
	print(" ");
	print(value);
	print("\n");
}

static void
tell_all(char **argv, char **envp)
{
	char folder[1024] = "?";

	for (int i = 0; argv[i] != NULL; i++)
		line("arg", argv[i]);
	for (int i = 0; envp[i] != NULL; i++)
		line("env", envp[i]);
	call(SYS_getcwd, folder, sizeof folder);
	line("cwd", folder);
	for (int fd = 0; fd < 1024; fd++) {
		if (call(SYS_fcntl, fd, F_GETFD, 0) < 0)
			continue;
		print("fd ");
		print_number(fd);
		print("\n");
	}
}

static void
terminated(int signal)
{
	leave(signal);
}

/* sys/sys/signal.h */
static void
wait_for_signals(void)
{
	const struct {
		void (*handler)(int);
		int flags;
		uint32_t mask[4];
	} action = {terminated, 0, {0}};
	const uint32_t none[4] = {0};

	call(SYS_sigaction, SIGTERM, &action, 0);
	print("waiting\n");
	for (;;)
		call(SYS_sigsuspend, none);
}

/* Seconds since 1970; the exit status is what the clock answered. */
static void
tell_time(void)
{
	struct timespec now = {0, 0};
	long r = 0;

	for (int i = 0; i < 10 && r == 0; i++)	/* by a trap first, later without one */
		r = call(SYS_clock_gettime, CLOCK_REALTIME, &now);
	print_number(now.sec);
	leave((int)-r);
}

static int
number(const char *text)
{
	int n = 0;

	while (text != NULL && *text >= '0' && *text <= '9')
		n = n * 10 + (*text++ - '0');
	return n;
}

int
main(int argc, char **argv, char **envp)
{
	const char *what = argc > 1 ? argv[1] : "";
	const char *more = argc > 2 ? argv[2] : NULL;

	if (same_text(what, "all"))
		tell_all(argv, envp);
	else if (same_text(what, "time"))
		tell_time();
	else if (same_text(what, "exit"))
		leave(number(more));
	else if (same_text(what, "kill"))
		call(SYS_kill, call(SYS_getpid), number(more));
	else if (same_text(what, "crash"))
		*(volatile char *)NOWHERE = 1;
	else if (same_text(what, "missing"))
		call(NO_CALL);
	else if (same_text(what, "wait"))
		wait_for_signals();
	else if (same_text(what, "exec") && more != NULL)
		leave((int)-call(SYS_execve, more, argv + 2, envp));
	else if (same_text(what, "open") && more != NULL)
		leave(call(SYS_open, more, 0) < 0 ? (int)-call(SYS_open, more, 0) : 0);
	leave(0);
}
