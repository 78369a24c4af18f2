/* A FreeBSD program for tests/test_events.py: does as its first argument says. */
#include "guest_socket.h"
#include "guest_thread.h"

enum { SYS_unlink = 10, SYS_setuid = 23, SYS_rename = 128, SYS_fexecve = 492, SYS_openat = 499 };
enum { PROCESSES = 8, THREADS = 4, ROUNDS = 50, FLOOD = 400 };

/* Names that JSON cannot hold as they are, that are no UTF-8, too long, and nowhere. */
static void
odd(void)
{
	static char longest[1024], control[1000], beyond[5000];

	call(SYS_unlink, "plain");
	call(SYS_unlink, "quote\" back\\ tab\t line\n bell\a del\177");
	call(SYS_unlink, "gr\303\274n \342\202\254 \360\237\220\252");
	call(SYS_unlink, "bad \377 \300\257 \355\240\200 \364\220\200\200 \303");
	for (size_t i = 0; i < sizeof longest - 1; i++)
		longest[i] = 'a';
	call(SYS_unlink, longest);
	for (size_t i = 0; i < sizeof control - 1; i++)
		control[i] = 1;
	call(SYS_unlink, control);
	call(SYS_rename, "short", control);
	for (size_t i = 0; i < sizeof beyond - 1; i++)
		beyond[i] = '\377';
	call(SYS_unlink, beyond);
	call(SYS_unlink, NOWHERE);
	call(SYS_unlink, NULL);
}

static void
opens(void)
{
	call(SYS_close, call(SYS_openat, AT_FDCWD, "made", 0x601 /* WRONLY|CREAT|TRUNC */, 0640));
	call(SYS_close, call(SYS_open, "made", 0 /* RDONLY */, 0));
	call(SYS_open, "missing", 1 /* WRONLY */, 0);
	call(SYS_open, "missing", 0, 0);
	call(SYS_unlink, "made");
}

static void
sockets(void)
{
	struct sockaddr_in at = {sizeof at, AF_INET, 0, {127, 0, 0, 1}, {0}};
	struct sockaddr_in6 at6 = {sizeof at6, AF_INET6, 0x5000, 0, {0xfe, 0x80, [15] = 1}, 0};
	uint32_t n = sizeof at;
	long s = call(SYS_socket, AF_INET, SOCK_STREAM, 0), s2 = call(SYS_socket, AF_INET, SOCK_STREAM, 0);

	call(SYS_bind, s, &at, sizeof at);
	call(SYS_listen, s, 1);
	call(SYS_getsockname, s, &at, &n);
	call(SYS_connect, s2, &at6, sizeof at6);
	call(SYS_connect, s2, &at, sizeof at);
	call(SYS_accept, s, &at, &n);
	call(SYS_setuid, -1);
}

static void
thread_opens(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		call(SYS_open, "/nowhere/\377\"hammer", 1, 0);
}

static void
hammer(void)
{
	static struct test_thread threads[THREADS];

	for (int i = 0; i < PROCESSES; i++)
		if (call(SYS_fork) == 0) {
			for (int k = 0; k < THREADS; k++)
				thread_start(&threads[k], thread_opens, NULL);
			for (int k = 0; k < THREADS; k++)
				thread_join(&threads[k]);
			leave(0);
		}
	for (int i = 0; i < PROCESSES; i++)
		call(SYS_wait4, -1, NULL, 0, NULL);
}

/* More events than its reader takes; then, once told that it has read, one more. */
static void
floods(void)
{
	char go;

	for (int i = 0; i < FLOOD; i++)
		call(SYS_open, "/nowhere/flood", 1, 0);
	call(SYS_write, 1, "full", 4);
	call(SYS_read, 0, &go, 1);
	call(SYS_open, "/nowhere/last", 1, 0);
}

/* Runs itself by name and by descriptor in turn, until its second argument is empty. */
static void
chain(char **argv, char **envp)
{
	char *rest = argv[2] + 1, *none[] = {"none", "of these", NULL}, *next[] = {argv[0], "chain", rest, NULL};

	if (argv[2][0] == 0)
		leave(7);
	call(SYS_execve, "/no/such/program", none, envp);
	if (argv[2][0] == 'n')
		call(SYS_execve, argv[0], next, envp);
	else
		call(SYS_fexecve, call(SYS_open, argv[0], 0x100000 /* CLOEXEC */, 0), next, envp);
	leave(1);
}

/* What a program may do to every descriptor it can name; the lowest free one is 3 all the same. */
static void
close_all(void)
{
	for (int fd = 3; fd < 5000; fd++)
		call(SYS_close, fd);
	for (int fd = 1000; fd < 1100; fd++)
		call(90 /* dup2 */, 2, fd);
	call(575 /* close_range */, 3, -1, 0);
	call(SYS_open, "/dev/null", 1, 0);
}

/* Often enough from one place for a quicker way to be found. */
static void
clocks(void)
{
	struct timespec now;

	for (int i = 0; i < 100; i++)
		call(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
}

int
main(int argc, char **argv, char **envp)
{
	static const struct {
		const char *name;
		void (*does)(void);
	} parts[] = {
		{"odd", odd}, {"opens", opens}, {"sockets", sockets}, {"hammer", hammer}, {"close_all", close_all},
		{"clocks", clocks}, {"floods", floods},
	};

	if (argc > 2 && same_text(argv[1], "chain"))
		chain(argv, envp);
	for (size_t i = 0; argc > 1 && i < COUNT(parts); i++)
		if (same_text(argv[1], parts[i].name))
			parts[i].does();
	leave(7);
}
