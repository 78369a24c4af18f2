/*
 * A FreeBSD program for tests/test_trace.py: does as its first argument says, and
 * what it does stands there, line for line, as the trace must show it.
 */
#include "guest_socket.h"
#include "guest_thread.h"

enum { SYS_unlink = 10, SYS_oexecv = 11, NO_CALL = 9999 };
enum { SYS_openat = 499, SYS_pipe_old = 42, SYS_sigprocmask = 340 };
enum { SIGUSR1 = 30, SIGTERM = 15, SIG_BLOCK = 1, SIG_SETMASK = 3 };

static void
files(void)
{
	char buf[64];
	long fd = call(SYS_openat, AT_FDCWD, "new \"file\"\n",
		       0x100a02 /* RDWR|CREAT|EXCL|CLOEXEC */, 0640);

	call(SYS_write, fd, "short", 5);
	call(SYS_write, fd, "exactly thirty-two bytes of data!", 32);
	call(SYS_write, fd, "more than thirty-two bytes are cut off after those", 50);
	call(SYS_write, fd, "\0\1\0012\177\377\t", 7);
	call(SYS_read, fd, buf, sizeof buf);
	call(SYS_close, fd);
	call(SYS_close, fd);
	call(SYS_open, "/no/such/file", 0, 0);
	call(SYS_open, NOWHERE, 0x80000000, 0);
	call(SYS_open, NULL, 0x1, 0);
	fd = call(SYS_open, "new \"file\"\n", 0, 0);
	call(SYS_read, fd, buf, 3);
	call(SYS_unlink, "new \"file\"\n");
}

static void
sockets(void)
{
	struct sockaddr_in at = {sizeof at, AF_INET, 0, {127, 0, 0, 1}, {0}};
	struct sockaddr_in6 at6 = {sizeof at6, AF_INET6, 0x5000, 0, {0xfe, 0x80, [15] = 1}, 0};
	struct iovec iov = {"data", 4};
	int ends[2];
	struct {
		struct cmsghdr head;
		int pad, fds[2];
	} control = {{CMSG_LEN(8), SOL_SOCKET, SCM_RIGHTS}, 0, {1, 2}};
	struct msghdr m = {NULL, 0, &iov, 1, &control, sizeof control, 0};
	long s = call(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	call(SYS_bind, s, &at, sizeof at);
	call(SYS_connect, s, &at6, sizeof at6);
	call(SYS_socket, 77, 1, 0);
	call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends);
	call(SYS_sendmsg, ends[0], &m, MSG_NOSIGNAL);
	call(SYS_sendto, ends[0], "x", 1, MSG_DONTWAIT | 0x40000000, NULL, 0);
	call(SYS_shutdown, ends[0], SHUT_RDWR);
}

/* An absolute name: under --root it is the root's. */
static void
named(void)
{
	struct sockaddr_un un = {2 + 12, AF_LOCAL, "/folder/name"}, got;
	uint32_t len = sizeof got;
	long l = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0),
	     s = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0);

	call(SYS_bind, l, &un, un.len);
	call(SYS_listen, l, 1);
	call(SYS_connect, s, &un, un.len);
	call(SYS_getpeername, s, &got, &len);
}

static void
on_usr1(int number)
{
	(void)number;
}

static void
signals(void)
{
	struct sigaction act = {(long)on_usr1, 0, {0}};
	uint32_t set[4] = {1u << (SIGUSR1 - 1) | 1u << (SIGTERM - 1), 0, 0, 0}, none[4] = {0};

	call(SYS_sigaction, SIGUSR1, &act, NULL);
	call(SYS_sigprocmask, SIG_BLOCK, set, NULL);
	call(SYS_kill, call(SYS_getpid), SIGUSR1);
	call(SYS_sigprocmask, SIG_SETMASK, none, set);
	call(SYS_kill, call(SYS_getpid), SIGTERM);
}

static void
two_results(void)
{
	call(SYS_pipe_old);
}

static void
missing(void)
{
	struct sigaction act = {SIG_IGN, 0, {0}};

	call(SYS_sigaction, 12 /* SIGSYS */, &act, NULL);
	call(SYS_oexecv, 1, 2);
	call(SYS_oexecv, 3, 4);
	call(NO_CALL, 1, 2, 3);
}

static void
children(char **argv, char **envp)
{
	long pid = fork();
	char *words[] = {argv[0], "two_results", NULL};

	if (pid == 0) {
		call(SYS_execve, "/no/such/program", words, envp);
		call(SYS_execve, argv[0], words, envp);
		leave(9);
	}
	call(SYS_wait4, pid, NULL, 0, NULL);
}

#define THREADS 4
#define ROUNDS 200

static struct test_thread threads[THREADS];

static void
many_calls(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		call(SYS_getppid);
}

static void
many(void)
{
	for (int i = 0; i < THREADS; i++)
		thread_start(&threads[i], many_calls, NULL);
	for (int i = 0; i < THREADS; i++)
		thread_join(&threads[i]);
}

/* What a program may do to every descriptor it can name. */
static void
close_all(void)
{
	for (int fd = 3; fd < 5000; fd++)
		call(SYS_close, fd);
	for (int fd = 1000; fd < 1100; fd++)
		call(90 /* dup2 */, 2, fd);
	call(575 /* close_range */, 3, -1, 0);
	call(SYS_getppid);
}

int
main(int argc, char **argv, char **envp)
{
	static const struct {
		const char *name;
		void (*does)(void);
	} parts[] = {
		{"files", files},     {"sockets", sockets},	    {"named", named},
		{"signals", signals}, {"two_results", two_results}, {"missing", missing},
		{"many", many},	      {"close_all", close_all},
	};

	if (argc > 1 && same_text(argv[1], "children"))
		children(argv, envp);
	for (size_t i = 0; argc > 1 && i < COUNT(parts); i++)
		if (same_text(argv[1], parts[i].name))
			parts[i].does();
	leave(7);
}
