/* covers: linux open openat openat2 creat close dup dup2 dup3 fcntl close_range write writev pwrite64 pwritev pwritev2
   sendfile splice copy_file_range execve vfork sendmsg recvmsg */
/* only: i386 */
#include "guest_socket.h"
#include "guest_thread.h"

#include <linux/fs.h>
#include <linux/openat2.h>

#define LARGEST INT64_C(0x7fffffff)	/* of a file without O_LARGEFILE (MAX_NON_LFS) */
#define LARGE 0100000

static char buf[16] = "0123456789abcdef";

/* F_GETFL of what was opened just now. */
static long
flags(long f)
{
	return SHOW(fcntl, f, F_GETFL);
}

static void
length_of(const char *name, int64_t n)
{
	long f = call(open, name, O_CREAT | O_RDWR | LARGE, 0644);

	SHOW(ftruncate64, f, WIDE(n));
	call(close, f);
}

static long
seek(long f, int64_t to)
{
	int64_t at = -1;

	return call(_llseek, f, (long)(to >> 32), (long)to, &at, 0);
}

TEST(flags_tell_how_a_file_was_opened)
{
	struct open_how how = {.flags = O_RDONLY};
	int ends[2];
	long f = call(open, "file", O_CREAT | O_RDWR, 0644), g;

	flags(f);
	g = SHOW(dup, f);
	flags(g);
	g = SHOW(fcntl, f, F_DUPFD, 10);
	flags(g);
	SHOW(dup2, f, 12);
	flags(12);
	g = SHOW(open, "file", O_RDWR | LARGE | O_APPEND);
	flags(g);
	SHOW(dup2, g, 12);
	flags(12);
	SHOW(dup3, f, 12, O_CLOEXEC);
	flags(12);
	SHOW(fcntl, f, F_SETFL, O_NONBLOCK);
	flags(f);
	flags(12);
	flags(g);
	if (fork() == 0) {
		flags(f);
		flags(g);
		leave(0);
	}
	wait_for(-1);
	SHOW(close_range, 3, 20, 0);
	f = SHOW(creat, "file", 0644);
	flags(f);
	call(close, f);
	f = SHOW(openat2, AT_CWD, "file", &how, sizeof how);
	flags(f);
	call(close, f);
	f = SHOW(open, "file", O_PATH);
	flags(f);
	call(close, f);
	f = SHOW(open, ".", O_RDONLY | O_DIRECTORY);
	flags(f);
	call(close, f);
	f = SHOW(open, "/dev/null", O_RDWR);
	flags(f);
	call(close, f);
	f = SHOW(memfd_create, "memory", 0);
	flags(f);
	call(close, f);
	call(pipe, ends);
	flags(ends[0]);
	call(close_range, 3, 20, 0);
}

TEST(a_large_file_is_not_opened)
{
	struct open_how how = {.flags = O_RDONLY};
	long f;

	length_of("large", LARGEST + 1);
	SHOW(open, "large", O_RDONLY);
	SHOW(openat, AT_CWD, "large", O_RDWR);
	SHOW(open, "large", O_WRONLY | O_TRUNC);
	SHOW(open, "large", O_CREAT | O_EXCL | O_TRUNC | O_RDWR, 0644);
	SHOW(open, "large/below", O_TRUNC | O_RDWR);
	SHOW(open, "large", O_DIRECTORY | O_TRUNC | O_RDWR);
	f = SHOW(open, "large", O_PATH);
	call(close, f);
	f = SHOW(open, "large", O_RDONLY | LARGE);
	call(close, f);
	f = SHOW(openat2, AT_CWD, "large", &how, sizeof how);
	call(close, f);
	f = SHOW(open, "large", O_RDWR | LARGE);
	SHOW(write, f, buf, 1);
	call(close, f);
	length_of("large", LARGEST);
	f = SHOW(open, "large", O_RDWR);
	call(close, f);
	f = SHOW(open, "large", O_RDWR | O_TRUNC);
	SHOW(lseek, f, 0, 2);
	call(close, f);
	length_of("large", 0);
}

TEST(writes_end_at_the_limit)
{
	struct iovec parts[3] = {{buf, 4}, {buf, 3}, {buf, 5}};
	long f = call(open, "limit", O_CREAT | O_RDWR, 0644);

	seek(f, LARGEST - 10);
	SHOW(write, f, buf, 16);
	SHOW(write, f, buf, 16);
	SHOW(write, f, buf, 0);
	SHOW(write, f, NOWHERE, 16);
	SHOW(pwrite64, f, buf, 16, WIDE(LARGEST - 1));
	SHOW(pwrite64, f, buf, 16, WIDE(LARGEST));
	SHOW(pwrite64, f, buf, 0, WIDE(LARGEST));
	SHOW(pwrite64, f, buf, 16, WIDE(LARGEST + 100));
	SHOW(pwrite64, f, buf, 16, WIDE(-1));
	seek(f, LARGEST - 6);
	SHOW(writev, f, parts, 3);
	SHOW(writev, f, parts, 3);
	SHOW(pwritev, f, parts, 3, LARGEST - 5, 0);
	SHOW(pwritev, f, parts, 3, LARGEST, 0);
	SHOW(pwritev2, f, parts, 3, LARGEST - 5, 0, 0);
	SHOW(pwritev2, f, parts, 3, LARGEST, 0, 0);
	SHOW(pwritev2, f, parts, 3, 0, 0, RWF_APPEND);
	SHOW(pwritev2, f, parts, 3, -1, -1, 0);
	call(close, f);
	f = call(open, "limit", O_WRONLY | O_APPEND);
	SHOW(write, f, buf, 16);
	SHOW(pwrite64, f, buf, 16, WIDE(0));
	call(close, f);
	f = call(open, "limit", O_RDONLY);
	seek(f, LARGEST);
	SHOW(write, f, buf, 16);
	SHOW(read, f, buf, 16);
	call(close, f);
	length_of("limit", 0);
}

TEST(data_moves_up_to_the_limit)
{
	__kernel_off_t from_start = 0;
	int64_t zero = 0, at = LARGEST - 3;
	long from = call(open, "from", O_CREAT | O_RDWR, 0644), to = call(open, "to", O_CREAT | O_RDWR, 0644);
	int ends[2];

	call(write, from, buf, sizeof buf);
	seek(to, LARGEST - 5);
	SHOW(sendfile, to, from, &from_start, 10);
	SHOW(sendfile, to, from, &from_start, 10);
	VALUE(from_start);
	SHOW(copy_file_range, from, &zero, to, &at, 10, 0);
	VALUE(at);
	zero = 0;
	SHOW(copy_file_range, from, &zero, to, &at, 10, 0);
	SHOW(copy_file_range, from, NOWHERE, to, &at, 10, 0);
	call(pipe, ends);
	call(write, ends[1], buf, 16);
	at = LARGEST - 3;
	SHOW(splice, ends[0], NULL, to, &at, 10, 0);
	SHOW(splice, ends[0], NULL, to, &at, 10, 0);
	SHOW(splice, ends[0], NULL, to, NULL, 10, 0);
	call(close_range, 3, 20, 0);
	length_of("to", 0);
}

/* What a descriptor's flags say, and where its writes end. */
static void
show_limit(long f)
{
	flags(f);
	seek(f, LARGEST - 10);
	SHOW(write, f, buf, 16);
	seek(f, 0);
}

/* Of files 3, without O_LARGEFILE, and 4, with it. */
static void
show_both(void)
{
	show_limit(3);
	show_limit(4);
}

/* The program again, which shows both; pid: fork's or vfork's answer. */
static void
execute_again(long pid)
{
	char *again[] = {"again", NULL}, *none[] = {NULL};

	if (pid == 0) {
		call(execve, "/proc/self/exe", again, none);
		leave(1);
	}
	VALUE(wait_for(pid));
}

TEST(an_executed_program_knows_how_files_were_opened)
{
	call(open, "small", O_CREAT | O_RDWR, 0644);
	call(open, "big", O_CREAT | O_RDWR | LARGE, 0644);
	execute_again(fork());
	execute_again(guest_vfork());
	show_both();
	SHOW(fcntl, 3, F_GETSIG);
	SHOW(fcntl, 4, F_GETSIG);
	call(close_range, 3, 20, 0);
}

TEST(so_it_does_of_what_vforks_child_did)
{
	long pid;

	call(open, "big", O_RDWR | LARGE);
	call(open, "small", O_RDWR);
	pid = guest_vfork();
	if (pid == 0) {
		call(dup2, 3, 5);
		call(dup2, 4, 3);
		call(dup2, 5, 4);
	}
	execute_again(pid);
	show_limit(3);
	show_limit(4);
	call(close_range, 3, 20, 0);
	pid = guest_vfork();
	if (pid == 0) {
		call(open, "small", O_RDWR);
		call(open, "big", O_RDWR | LARGE);
		show_both();
	}
	execute_again(pid);
	SHOW(fcntl, 3, F_GETFL);
}

/* Shows nothing: the receiver is showing what it has at the same time. */
static long
send(long socket, int f)
{
	struct { struct cmsghdr c; int fd; } rights = {{sizeof rights, SOL_SOCKET, SCM_RIGHTS}, f};
	struct iovec part = {buf, 1};
	struct msghdr m = {.iov = &part, .iovlen = 1, .control = &rights, .controllen = sizeof rights};

	return call(sendmsg, socket, &m, 0);
}

static int
receive(long socket)
{
	struct { struct cmsghdr c; int fd; } rights = {.fd = -1};
	struct iovec part = {buf, 1};
	struct msghdr m = {.iov = &part, .iovlen = 1, .control = &rights, .controllen = sizeof rights};

	SHOW(recvmsg, socket, &m, 0);
	return rights.fd;
}

TEST(who_receives_a_descriptor_knows_how_its_file_was_opened)
{
	int ends[2];
	long small, large, pid, sent;

	call(socketpair, AF_UNIX, SOCK_STREAM, 0, ends);
	pid = fork();
	if (pid == 0) {
		/* A number of a file that was closed, and one of none. */
		call(close, call(open, "big", O_RDWR | LARGE));
		show_limit(receive(ends[1]));
		show_limit(receive(ends[1]));
		leave(0);
	}
	small = call(open, "small", O_RDWR);
	large = call(open, "big", O_RDWR | LARGE);
	sent = send(ends[0], (int)small) + send(ends[0], (int)large);
	VALUE(wait_for(pid));
	VALUE(sent);
	call(close_range, 3, 20, 0);
}

TEST(the_signal_for_asynchronous_io_stays_the_programs)
{
	long f = call(open, "small", O_RDWR);

	execute_again(fork());
	SHOW(fcntl, f, F_GETSIG);
	SHOW(fcntl, f, F_SETLEASE, F_WRLCK);
	SHOW(fcntl, f, F_SETLEASE, F_UNLCK);
	SHOW(fcntl, f, F_SETSIG, 10);
	SHOW(fcntl, f, F_GETSIG);
	SHOW(fcntl, f, F_SETSIG, 0);
	SHOW(fcntl, f, F_GETSIG);
	show_limit(f);
	call(close, f);
	length_of("small", 0);
	length_of("big", 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)envp;
	if (argc == 1 && same_text(argv[0], "again")) {
		show_both();
		return 0;
	}
	RUN(flags_tell_how_a_file_was_opened);
	RUN(a_large_file_is_not_opened);
	RUN(writes_end_at_the_limit);
	RUN(data_moves_up_to_the_limit);
	RUN(an_executed_program_knows_how_files_were_opened);
	RUN(so_it_does_of_what_vforks_child_did);
	RUN(who_receives_a_descriptor_knows_how_its_file_was_opened);
	RUN(the_signal_for_asynchronous_io_stays_the_programs);
	return 0;
}
