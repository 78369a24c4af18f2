/* Processes: making and ending them, replacing them, and bytes between two. */
#include "micro.h"

static int there[2], back[2];

static void
make_pipe(int pipe[2])
{
	must("pipe", call(pipe2, pipe, 0));
}

static void
wait_for(long pid)
{
	int status = -1;

	must("wait", call(wait4, pid, &status, 0, 0));
	must_be("a child's status", status, 0);
}

static void
fork_exit(long count)
{
	while (count-- > 0) {
		long pid = must("fork", call(fork, 0));

		if (pid == 0)
			leave(0);
		wait_for(pid);
	}
}

static void
fork_exec(long count)
{
	const char *const argv[] = {own_path, "exit", NULL}, *const envp[] = {NULL};

	while (count-- > 0) {
		long pid = must("fork", call(fork, 0));

		if (pid == 0) {
			call(execve, own_path, argv, envp);
			leave(127);
		}
		wait_for(pid);
	}
}

/* Answers each byte with a byte until there are no more. */
static void
answer(int from, int to)
{
	char byte;

	while (call(read, from, &byte, 1) == 1)
		call(write, to, &byte, 1);
	leave(0);
}

static void
start_answering(long parameter)
{
	(void)parameter;
	make_pipe(there);
	make_pipe(back);
	if (must("fork", call(fork, 0)) == 0) {
		call(close, there[1]);
		answer(there[0], back[1]);
	}
}

static void
ping_pong(long count)
{
	char byte = 0;

	while (count-- > 0) {
		call(write, there[1], &byte, 1);
		must_be("read", call(read, back[0], &byte, 1), 1);
	}
}

static long together;

static void
how_many(long parameter)
{
	together = parameter;
}

/* PARAMETER processes that all are there at once, and end when the last one has been made. */
static void
crowd(long count)
{
	char byte;
	int status;

	while (count-- > 0) {
		make_pipe(there);
		for (long i = 0; i < together; i++)
			if (must("fork", call(fork, 0)) == 0) {
				call(close, there[1]);
				call(read, there[0], &byte, 1);
				leave(0);
			}
		call(close, there[0]);
		call(close, there[1]);
		for (long i = 0; i < together; i++)
			must("wait", call(wait4, -1, &status, 0, 0));
	}
}

const struct benchmark processes_family[] = {
	{"fork-exit", NULL, fork_exit},
	{"fork-exec", NULL, fork_exec},
	{"ping-pong", start_answering, ping_pong},
	{"crowd", how_many, crowd},
	{NULL, NULL, NULL},
};
