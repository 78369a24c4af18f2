/* covers: freebsd pipe2 freebsd10_pipe dup dup2 read write close */
/*
 * Pipes and copies of descriptors.
 */
#include "guest.h"

enum {
	SYS_dup = 41, SYS_freebsd10_pipe = 42, SYS_dup2 = 90, SYS_fcntl = 92, SYS_pipe2 = 542,
	SYS_poll = 209, SIGPIPE = 13, SIG_IGN = 1, SIG_DFL = 0,
};
enum { O_NONBLOCK = 4, O_CLOEXEC = 0x100000, F_GETFD = 1, F_GETFL = 3, FD_CLOEXEC = 1 };
enum { POLLIN = 1, POLLOUT = 4, POLLHUP = 0x10 };

struct sigaction {
	long handler;
	int flags;
	uint32_t mask[4];
};
struct pollfd {
	int fd;
	int16_t events, revents;
};

static void
on_sigpipe(long action)
{
	struct sigaction act = {action, 0, {0}};

	CHECK_IS(call(SYS_sigaction, SIGPIPE, &act, NULL), 0);
}

static void
close_both(const int ends[2])
{
	CHECK_IS(call(SYS_close, ends[0]), 0);
	CHECK_IS(call(SYS_close, ends[1]), 0);
}

TEST(the_old_pipe_answers_in_two_registers)
{
	int ends[2];

	ends[0] = (int)call(SYS_freebsd10_pipe);
	ends[1] = (int)guest_second;
	CHECK_IS(ends[0], 3);
	CHECK_IS(ends[1], 4);
	CHECK_IS(call(SYS_write, ends[1], "x", 1), 1);
	close_both(ends);
}

TEST(bytes_come_out_as_they_went_in)
{
	char buf[16];
	int ends[2];

	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	CHECK_IS(call(SYS_write, ends[1], "hello", 5), 5);
	CHECK_IS(call(SYS_write, ends[1], " you", 4), 4);
	CHECK_IS(call(SYS_read, ends[0], buf, 3), 3);
	CHECK(same(buf, "hel", 3));
	CHECK_IS(call(SYS_read, ends[0], buf, sizeof buf), 6);
	CHECK(same(buf, "lo you", 6));
	CHECK_IS(call(SYS_close, ends[1]), 0);
	CHECK_IS(call(SYS_read, ends[0], buf, sizeof buf), 0);
	CHECK_IS(call(SYS_close, ends[0]), 0);
}

TEST(flags_of_pipe2_are_kept)
{
	char byte;
	int ends[2];

	CHECK_IS(call(SYS_pipe2, ends, O_NONBLOCK | O_CLOEXEC), 0);
	CHECK_IS(call(SYS_fcntl, ends[0], F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_fcntl, ends[1], F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_fcntl, ends[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_IS(call(SYS_read, ends[0], &byte, 1), -EAGAIN);
	close_both(ends);
	CHECK_IS(call(SYS_pipe2, ends, 0x40), -EINVAL);
	CHECK_IS(call(SYS_pipe2, ends, 1), -EINVAL);
	CHECK_IS(call(SYS_pipe2, NOWHERE, 0), -EFAULT);
	/* The failed ones must have left no descriptor open. */
	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	CHECK_IS(ends[0], 3);
	close_both(ends);
}

TEST(a_full_pipe_that_may_not_block_says_so)
{
	static char block[65536];
	long total = 0, n;
	int ends[2];

	CHECK_IS(call(SYS_pipe2, ends, O_NONBLOCK), 0);
	while ((n = call(SYS_write, ends[1], block, sizeof block)) > 0)
		total += n;
	CHECK_IS(n, -EAGAIN);
	CHECK(total >= 4096);
	close_both(ends);
}

TEST(writing_with_no_reader_raises_sigpipe)
{
	int ends[2];
	long child;

	on_sigpipe(SIG_IGN);
	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	CHECK_IS(call(SYS_close, ends[0]), 0);
	CHECK_IS(call(SYS_write, ends[1], "x", 1), -EPIPE);
	on_sigpipe(SIG_DFL);
	child = fork();
	if (child == 0) {
		call(SYS_write, ends[1], "x", 1);
		leave(0);
	}
	CHECK_IS(wait_for(child), KILLED(SIGPIPE));
	CHECK_IS(call(SYS_close, ends[1]), 0);
}

TEST(poll_tells_of_bytes_and_of_the_other_end)
{
	struct pollfd fds[2] = {{0, POLLIN, 0}, {0, POLLOUT, 0}};
	int ends[2];

	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	fds[0].fd = ends[0], fds[1].fd = ends[1];
	CHECK_IS(call(SYS_poll, fds, 1, 0), 0);
	CHECK_IS(call(SYS_poll, fds, 2, -1), 1);
	CHECK_IS(fds[1].revents, POLLOUT);
	CHECK_IS(call(SYS_write, ends[1], "x", 1), 1);
	CHECK_IS(call(SYS_poll, fds, 1, -1), 1);
	CHECK_IS(fds[0].revents, POLLIN);
	CHECK_IS(call(SYS_close, ends[1]), 0);
	CHECK_IS(call(SYS_poll, fds, 1, -1), 1);
	CHECK_IS(fds[0].revents, POLLIN | POLLHUP);
	CHECK_IS(call(SYS_close, ends[0]), 0);
}

TEST(copies_share_one_offset_and_no_flags)
{
	int ends[2];
	char byte;
	long copy;

	CHECK_IS(call(SYS_pipe2, ends, O_CLOEXEC), 0);
	copy = call(SYS_dup, ends[0]);
	CHECK_IS(copy, 5);
	CHECK_IS(call(SYS_fcntl, copy, F_GETFD), 0);
	CHECK_IS(call(SYS_write, ends[1], "ab", 2), 2);
	CHECK_IS(call(SYS_read, copy, &byte, 1), 1);
	CHECK_IS(call(SYS_read, ends[0], &byte, 1), 1);
	CHECK_IS(byte, 'b');
	CHECK_IS(call(SYS_dup2, ends[0], 20), 20);
	CHECK_IS(call(SYS_fcntl, 20, F_GETFD), 0);
	CHECK_IS(call(SYS_dup2, ends[0], ends[0]), ends[0]);
	CHECK_IS(call(SYS_fcntl, ends[0], F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_dup2, ends[1], copy), copy);
	CHECK_IS(call(SYS_write, copy, "c", 1), 1);
	CHECK_IS(call(SYS_dup, 77), -EBADF);
	CHECK_IS(call(SYS_dup2, 77, 5), -EBADF);
	CHECK_IS(call(SYS_dup2, 0, -1), -EBADF);
	CHECK_IS(call(SYS_dup2, 0, 0x7fffffff), -EBADF);
	CHECK_IS(call(SYS_close, 20), 0);
	CHECK_IS(call(SYS_close, copy), 0);
	close_both(ends);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(the_old_pipe_answers_in_two_registers);
	RUN(bytes_come_out_as_they_went_in);
	RUN(flags_of_pipe2_are_kept);
	RUN(a_full_pipe_that_may_not_block_says_so);
	RUN(writing_with_no_reader_raises_sigpipe);
	RUN(poll_tells_of_bytes_and_of_the_other_end);
	RUN(copies_share_one_offset_and_no_flags);
	return 0;
}
