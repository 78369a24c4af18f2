/* covers: freebsd sendfile freebsd4_sendfile copy_file_range posix_fallocate posix_fadvise */
/* covers: freebsd fspacectl */
/*
 * Data that the kernel moves by itself, and room that it is told about.
 */
#include "guest.h"

enum {
	SYS_fcntl = 92,
	SYS_socketpair = 135,
	SYS_sysctl = 202,
	SYS_sendfile4 = 336,
	SYS_sendfile = 393,
	SYS_pread = 475,
	SYS_lseek = 478,
	SYS_ftruncate = 480,
	SYS_posix_fallocate = 530,
	SYS_posix_fadvise = 531,
	SYS_pipe2 = 542,
	SYS_fstat = 551,
	SYS_copy_file_range = 569,
	SYS_fspacectl = 580,
};
enum {
	O_RDONLY = 0,
	O_WRONLY = 1,
	O_RDWR = 2,
	O_NONBLOCK = 4,
	O_CREAT = 0x200,
	O_TRUNC = 0x400,
	F_SETFL = 4,
	PF_LOCAL = 1,
	SOCK_STREAM = 1,
	SPACECTL_DEALLOC = 1
};

struct iovec {
	void *base;
	size_t len;
};
struct sf_hdtr {
	struct iovec *headers;
	int hdr_cnt;
	struct iovec *trailers;
	int trl_cnt;
};
struct range {
	int64_t offset, len;
};

static long
new_file(const char *name, const char *text)
{
	long fd = call(SYS_open, name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_write, fd, text, length(text)), length(text));
	CHECK_IS(call(SYS_lseek, fd, 0L, 0), 0);
	return fd;
}

/* kern.osreldate */
static long
release(void)
{
	int name[] = {1, 24}, value = 0;
	size_t size = sizeof value;

	return call(SYS_sysctl, name, 2, &value, &size, NULL, 0) == 0 ? value : 0;
}

static int ends[2];

static void
expect(const char *text)
{
	char buf[64];
	size_t n = length(text);

	CHECK_IS(call(SYS_read, ends[1], buf, sizeof buf), n);
	CHECK(same(buf, text, n));
}

TEST(a_file_goes_to_a_socket)
{
	long fd = new_file("data", "0123456789");
	int64_t sent = -1;

	CHECK_IS(call(SYS_socketpair, PF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(call(SYS_sendfile, fd, ends[0], 0L, 0L, NULL, &sent, 0), 0);
	CHECK_IS(sent, 10);
	expect("0123456789");
	CHECK_IS(call(SYS_sendfile, fd, ends[0], 3L, 4L, NULL, &sent, 0), 0);
	CHECK_IS(sent, 4);
	expect("3456");
	CHECK_IS(call(SYS_sendfile, fd, ends[0], 8L, 100L, NULL, &sent, 0), 0);
	CHECK_IS(sent, 2);
	expect("89");
	CHECK_IS(call(SYS_lseek, fd, 0L, 1), 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(headers_and_trailers_go_with_it)
{
	struct iovec head[2] = {{"<", 1}, {"head>", 5}}, tail = {"<tail>", 6};
	struct sf_hdtr extra = {head, 2, &tail, 1};
	long fd = new_file("data", "0123456789");
	int64_t sent = -1;

	CHECK_IS(call(SYS_sendfile, fd, ends[0], 0L, 3L, &extra, &sent, 0), 0);
	CHECK_IS(sent, 15);
	expect("<head>012<tail>");
	CHECK_IS(call(SYS_sendfile, fd, ends[0], 0L, 3L, NOWHERE, &sent, 0), -EFAULT);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(before_freebsd_5_the_headers_counted)
{
	struct iovec head = {"<head>", 6};
	struct sf_hdtr extra = {&head, 1, NULL, 0};
	long fd = new_file("data", "0123456789"), r;
	int64_t sent = -1;

	r = call(SYS_sendfile4, fd, ends[0], 0L, 9L, &extra, &sent, 0);
	CHECK_IS(call(SYS_close, fd), 0);
	if (r == -ENXIO) /* docs/quirks.md: numbers that seccomp lets by */
		SKIP("the host takes number 336 for its own");
	CHECK_IS(r, 0);
	CHECK_IS(sent, 9);
	expect("<head>012");
}

TEST(a_full_socket_says_how_far_it_came)
{
	long fd = new_file("big", "");
	int64_t sent = -1;

	CHECK_IS(call(SYS_ftruncate, fd, 8L << 20), 0);
	CHECK_IS(call(SYS_fcntl, ends[0], F_SETFL, O_NONBLOCK), 0);
	CHECK_IS(call(SYS_sendfile, fd, ends[0], 0L, 0L, NULL, &sent, 0), -EAGAIN);
	CHECK(sent > 0 && sent < 8 << 20);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(sendfile_names_its_errors)
{
	long fd = new_file("data", "0123456789"), other = call(SYS_open, "data", O_WRONLY);
	int64_t sent;
	int pair[2];

	CHECK_IS(call(SYS_sendfile, fd, ends[0], -1L, 1L, NULL, &sent, 0), -EINVAL);
	CHECK_IS(call(SYS_sendfile, 77, ends[0], 0L, 1L, NULL, &sent, 0), -EBADF);
	CHECK_IS(call(SYS_sendfile, fd, 77, 0L, 1L, NULL, &sent, 0), -EBADF);
	CHECK_IS(call(SYS_sendfile, other, ends[0], 0L, 1L, NULL, &sent, 0), -EBADF);
	CHECK_IS(call(SYS_sendfile, fd, fd, 0L, 1L, NULL, &sent, 0), -ENOTSOCK);
	CHECK_IS(call(SYS_pipe2, pair, 0), 0);
	CHECK_IS(call(SYS_sendfile, pair[0], ends[0], 0L, 1L, NULL, &sent, 0), -EINVAL);
	for (int i = 0; i < 2; i++) {
		CHECK_IS(call(SYS_close, pair[i]), 0);
		CHECK_IS(call(SYS_close, ends[i]), 0);
	}
	CHECK_IS(call(SYS_close, other), 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_range_is_copied_between_files)
{
	long from = new_file("data", "0123456789"), to = new_file("copy", "xxxxxxxx");
	long reader = call(SYS_open, "copy", O_RDONLY);
	int64_t in = 2, out = 1;
	char buf[16];

	CHECK_IS(call(SYS_copy_file_range, from, &in, to, &out, 3L, 0), 3);
	CHECK_IS(in, 5);
	CHECK_IS(out, 4);
	CHECK_IS(call(SYS_lseek, from, 0L, 1), 0);
	CHECK_IS(call(SYS_pread, to, buf, 8, 0L), 8);
	CHECK(same(buf, "x234xxxx", 8));
	CHECK_IS(call(SYS_copy_file_range, from, NULL, to, NULL, 100L, 0), 10);
	CHECK_IS(call(SYS_lseek, from, 0L, 1), 10);
	CHECK_IS(call(SYS_lseek, to, 0L, 1), 10);
	CHECK_IS(call(SYS_copy_file_range, from, NULL, to, NULL, 100L, 0), 0);
	CHECK_IS(call(SYS_copy_file_range, from, NULL, to, NULL, 1L, 1), -EINVAL);
	CHECK_IS(call(SYS_copy_file_range, from, NULL, 77, NULL, 1L, 0), -EBADF);
	CHECK_IS(call(SYS_copy_file_range, from, NULL, reader, NULL, 1L, 0), -EBADF);
	CHECK_IS(call(SYS_copy_file_range, from, NOWHERE, to, NULL, 1L, 0), -EFAULT);
	CHECK_IS(call(SYS_close, reader), 0);
	CHECK_IS(call(SYS_close, from), 0);
	CHECK_IS(call(SYS_close, to), 0);
}

/* These two return the errno itself. */
TEST(room_is_reserved_and_use_foretold)
{
	long fd = new_file("data", "0123456789"), reader = call(SYS_open, "data", O_RDONLY);
	int pair[2];

	CHECK_IS(call(SYS_posix_fallocate, fd, 0L, 4096L), 0);
	CHECK_IS(call(SYS_lseek, fd, 0L, 2), 4096);
	CHECK_IS(call(SYS_posix_fallocate, fd, 0L, 10L), 0);
	CHECK_IS(call(SYS_lseek, fd, 0L, 2), 4096);
	CHECK_IS(call(SYS_posix_fallocate, fd, -1L, 10L), EINVAL);
	CHECK_IS(call(SYS_posix_fallocate, fd, 0L, 0L), EINVAL);
	CHECK_IS(call(SYS_posix_fallocate, 77, 0L, 1L), EBADF);
	CHECK_IS(call(SYS_posix_fallocate, reader, 0L, 1L), EBADF);
	CHECK_IS(call(SYS_posix_fadvise, fd, 0L, 0L, 3), 0);
	CHECK_IS(call(SYS_posix_fadvise, fd, 0L, 0L, 6), EINVAL);
	CHECK_IS(call(SYS_posix_fadvise, fd, -1L, 0L, 0), EINVAL);
	CHECK_IS(call(SYS_posix_fadvise, 77, 0L, 0L, 0), EBADF);
	CHECK_IS(call(SYS_pipe2, pair, 0), 0);
	CHECK_IS(call(SYS_posix_fadvise, pair[0], 0L, 0L, 0), ESPIPE);
	CHECK_IS(call(SYS_posix_fallocate, pair[1], 0L, 1L), ESPIPE);
	CHECK_IS(call(SYS_close, pair[0]), 0);
	CHECK_IS(call(SYS_close, pair[1]), 0);
	CHECK_IS(call(SYS_close, reader), 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_hole_is_made_in_a_file)
{
	long fd = new_file("data", "0123456789");
	struct range r = {2, 4}, left = {-1, -1};
	char buf[16];

	if (release() < 1400000)
		SKIP("fspacectl is FreeBSD 14's");
	CHECK_IS(call(SYS_fspacectl, fd, SPACECTL_DEALLOC, &r, 0, &left), 0);
	CHECK_IS(left.len, 0);
	CHECK_IS(call(SYS_pread, fd, buf, 16, 0L), 10);
	CHECK(same(buf,
		   "01\0\0\0\0"
		   "6789",
		   10));
	r = (struct range){8, 100};
	CHECK_IS(call(SYS_fspacectl, fd, SPACECTL_DEALLOC, &r, 0, NULL), 0);
	CHECK_IS(call(SYS_pread, fd, buf, 16, 0L), 10);
	r.len = 0;
	CHECK_IS(call(SYS_fspacectl, fd, SPACECTL_DEALLOC, &r, 0, NULL), -EINVAL);
	r.len = 1;
	CHECK_IS(call(SYS_fspacectl, fd, 2, &r, 0, NULL), -EINVAL);
	CHECK_IS(call(SYS_fspacectl, fd, SPACECTL_DEALLOC, &r, 1, NULL), -EINVAL);
	CHECK_IS(call(SYS_fspacectl, 77, SPACECTL_DEALLOC, &r, 0, NULL), -EBADF);
	CHECK_IS(call(SYS_fspacectl, fd, SPACECTL_DEALLOC, NOWHERE, 0, NULL), -EFAULT);
	CHECK_IS(call(SYS_close, fd), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_file_goes_to_a_socket);
	RUN(headers_and_trailers_go_with_it);
	RUN(before_freebsd_5_the_headers_counted);
	RUN(a_full_socket_says_how_far_it_came);
	RUN(sendfile_names_its_errors);
	RUN(a_range_is_copied_between_files);
	RUN(room_is_reserved_and_use_foretold);
	RUN(a_hole_is_made_in_a_file);
	return 0;
}
