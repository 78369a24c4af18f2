/*
 * Nothing of the program's is mapped where Dragoman's core is (translate/core/layout.h); on FreeBSD nothing at all.
 * Whatever leads there is EFAULT, and the descriptor is looked at before.
 */
#include "guest_socket.h"

enum { SYS_getitimer = 86, SYS_getrusage = 117, SYS_mincore = 78, SYS_getrandom = 563, SYS_pread = 475 };
enum { SYS_pipe2 = 542, SYS_writev = 121, SYS_preadv = 289 };
enum { SYS_mprotect = 74, SYS_aio_write = 256, SYS_aio_error = 317, PAGE = 4096 };
enum { EDGE_FLAGS = 0x1012 /* ANON|FIXED|PRIVATE */, READ_WRITE = 3, O_RDWR = 2, O_CREAT = 0x200 };
#define EDGE 0x5f0000000000L

/* In the core's text, its data and its heap. */
static const long inside[] = {0x5f0200001000, 0x5f0200140000, 0x5f0300000000};
static int ends[2];
static long file, stream;
static char own_page[PAGE] __attribute__((aligned(4096)));

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
	CHECK_IS(call(SYS_pread, -1, at, 1, 0), -EBADF);
}

static void
nothing_is_read_or_filled_there(void)
{
	for (size_t n = 0; n < COUNT(inside); n++) {
		CHECK_IS(call(SYS_write, ends[1], inside[n], 1), -EFAULT);
		CHECK_IS(call(SYS_open, inside[n], 0, 0), -EFAULT);
		fill(inside[n]);
	}
}

static void
parts_of_vectors_are_as_bad(void)
{
	for (size_t n = 0; n < COUNT(inside); n++) {
		struct iovec parts[] = {{(void *)inside[n], 8}, {own_page, 8}};
		struct msghdr message = {.iov = parts, .iovlen = 2};

		CHECK_IS(call(SYS_writev, ends[1], parts, 2), -EFAULT);
		CHECK_IS(call(SYS_writev, -1, parts, 2), -EBADF);
		CHECK_IS(call(SYS_preadv, file, parts, 2, 0), -EFAULT);
		CHECK_IS(call(SYS_sendmsg, stream, &message, MSG_NOSIGNAL), -EFAULT);
		CHECK_IS(call(SYS_recvmsg, stream, &message, MSG_PEEK), -EFAULT);
		CHECK(message.iov == parts && parts[0].base == (void *)inside[n]);
	}
}

/* sys/sys/aio.h */
struct aiocb {
	int fildes;
	int64_t offset;
	void *buf;
	size_t nbytes;
	long more[16];
};
_Static_assert(sizeof(struct aiocb) == 160, "struct aiocb");

static void
what_a_job_writes_is_as_bad(void)
{
	long f = call(SYS_open, "file", O_RDWR | O_CREAT, 0644);

	for (size_t n = 0; n < COUNT(inside); n++) {
		struct aiocb job = {.fildes = (int)f, .buf = (void *)inside[n], .nbytes = 8};

		CHECK_IS(call(SYS_aio_write, &job), 0);
		CHECK_IS(call(SYS_aio_error, &job), EFAULT);
	}
}

static void
no_page_is_there(void)
{
	for (size_t n = 0; n < COUNT(inside); n++) {
		CHECK_IS(call(SYS_munmap, inside[n], PAGE), 0);
		CHECK_IS(call(SYS_mprotect, inside[n], PAGE, READ_WRITE), -ENOMEM);
		CHECK_IS(call(SYS_mincore, inside[n], PAGE, own_page), -ENOMEM);
	}
}

static void
a_buffer_that_ends_there_is_good(void)
{
	long at = call(SYS_mmap, EDGE - PAGE, PAGE, READ_WRITE, EDGE_FLAGS, -1, 0);

	CHECK_IS(at, EDGE - PAGE);
	CHECK_IS(call(SYS_getrandom, at + PAGE - 16, 16, 0), 16);
	CHECK_IS(call(SYS_getrusage, 0, at + PAGE - 16), -EFAULT);
	CHECK(call(SYS_write, ends[1], at + PAGE - 16, 17) < 17);
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
	RUN(nothing_is_read_or_filled_there);
	RUN(parts_of_vectors_are_as_bad);
	RUN(what_a_job_writes_is_as_bad);
	RUN(no_page_is_there);
	RUN(a_buffer_that_ends_there_is_good);
	return 0;
}
