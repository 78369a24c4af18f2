/*
 * Nothing of the program's is mapped where Dragoman's core is; on FreeBSD nothing at all. A call that is to
 * fill memory there answers EFAULT, and what is there stays as it is.
 */
#include "guest_socket.h"

enum { SYS_getitimer = 86, SYS_getrusage = 117, SYS_mincore = 78, SYS_getrandom = 563, SYS_pread = 475 };
enum { SYS_getgroups = 79, SYS_pipe2 = 542, PAGE = 4096, PAGES = 1024 };
#define PLACE 0x5f0000000000L

static int ends[2];
static long file, stream;
static char own_page[PAGE] __attribute__((aligned(4096)));

/* -1: nothing is there to be read. */
static int
byte_at(long at)
{
	unsigned char byte;

	if (call(SYS_write, ends[1], at, 1) != 1)
		return -1;
	CHECK_IS(call(SYS_read, ends[0], &byte, 1), 1);
	return byte;
}

static void
fill(long at)
{
	CHECK_IS(call(SYS_getrusage, 0, at), -EFAULT);
	CHECK_IS(call(SYS_getrusage, -1, at), -EFAULT);
	CHECK_IS(call(SYS_getrandom, at, 16, 0), -EFAULT);
	CHECK_IS(call(SYS_getitimer, 0, at), -EFAULT);
	CHECK_IS(call(SYS_mincore, own_page, PAGE, at), -EFAULT);
	CHECK_IS(call(SYS_pread, file, at, 1, 0), -EFAULT);
	CHECK_IS(call(SYS_recvfrom, stream, at, 1, MSG_PEEK, NULL, NULL), -EFAULT);
}

static void
nothing_is_filled_outside_the_programs_memory(void)
{
	for (long at = PLACE; at < PLACE + PAGES * PAGE; at += PAGE) {
		int byte = byte_at(at);

		if (byte < 0)
			continue;
		fill(at);
		CHECK_IS(byte_at(at), byte);
	}
}

static void
a_buffer_that_ends_there_is_good(void)
{
	long at = call(SYS_mmap, PLACE - PAGE, PAGE, 3, 0x1012 /* ANON|FIXED|PRIVATE */, -1, 0);

	CHECK_IS(at, PLACE - PAGE);
	CHECK_IS(call(SYS_getrandom, at + PAGE - 16, 16, 0), 16);
	CHECK_IS(call(SYS_getrandom, at + PAGE - 16, 17, 0) == -EFAULT || byte_at(PLACE) < 0, 1);
	CHECK_IS(call(SYS_munmap, at, PAGE), 0);
}

int
main(int argc, char **argv, char **envp)
{
	int pair[2];

	(void)argc;
	(void)argv;
	(void)envp;
	call(SYS_pipe2, ends, 0);
	call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, pair);
	stream = pair[0];
	call(SYS_write, pair[1], "x", 1);
	file = call(SYS_open, "/dev/zero", 0, 0);
	RUN(nothing_is_filled_outside_the_programs_memory);
	RUN(a_buffer_that_ends_there_is_good);
	return 0;
}
