/*
 * covers: linux open close dup dup2 dup3 fcntl lseek read write pread64 pwrite64 readv writev preadv pwritev ftruncate
 * covers: linux truncate sendfile copy_file_range splice pipe2 eventfd2 close_range fallocate statx sendmsg recvmsg
 */
/* Calls on a handful of descriptors, drawn by lot: files about the limit of small ones, pipes, a socket pair. */
#include "guest_lot.h"
#include "guest_signal.h"
#include "guest_socket.h"

#include <linux/close_range.h>
#include <linux/stat.h>

#define LAST 14		/* descriptors are 3 to LAST */
#define LARGE 0100000	/* O_LARGEFILE, which the headers of 64-bit ABIs call 0 */
#define AT_EMPTY 0x1000

static char buffer[64];
static const char *const files[] = {"one", "two", "three"};
static const long long places[] = {0, 1, 5, 4096, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000005, 0xffffffff, -1};

static int
draw_fd(void)
{
	return 3 + (int)draw(LAST - 2);
}

static struct iovec *
draw_parts(void)
{
	static struct iovec parts[2];

	for (int i = 0; i < 2; i++)
		parts[i] = (struct iovec){buffer + draw(8), draw(20)};
	return parts;
}

static void
open_one(void)
{
	static const unsigned flags[] = {O_CREAT, O_TRUNC, O_APPEND, LARGE, LARGE, O_CLOEXEC};
	const char *file = DRAW(files);
	unsigned how = (unsigned)draw(3) | draw_flags(flags, COUNT(flags)) | (draw(12) ? 0 : O_EXCL) | (draw(12) ? 0 : O_PATH);

	print("open ");
	print(file);
	say("how", how & ~LARGE);
	say("large", !!(how & LARGE));
	answer(call(open, file, how, 0644));
}

static void
copy_one(int f, int to)
{
	print("copy");
	say("from", f);
	say("to", to);
	switch (draw(5)) {
	case 0:
		answer(call(dup, f));
		break;
	case 1:
		print(" dup2");
		answer(call(dup2, f, to));
		break;
	case 2:
		print(" dup3");
		answer(call(dup3, f, to, draw(2) ? O_CLOEXEC : 0));
		break;
	case 3:
		print(" F_DUPFD");
		answer(call(fcntl, f, F_DUPFD, to));
		break;
	default:
		print(" F_DUPFD_CLOEXEC");
		answer(call(fcntl, f, F_DUPFD_CLOEXEC, to));
	}
}

static void
control(int f)
{
	unsigned how = O_NONBLOCK | (draw(2) ? O_APPEND : 0);
	long r;

	print("fcntl");
	say("of", f);
	switch (draw(5)) {
	case 0:
		print(" F_GETFD");
		answer(call(fcntl, f, F_GETFD));
		break;
	case 1:
		print(" F_SETFD");
		answer(call(fcntl, f, F_SETFD, draw(2)));
		break;
	case 2:
		print(" F_SETFL");
		answer(call(fcntl, f, F_SETFL, how));
		break;
	case 3:
		print(" F_GETSIG");
		answer(call(fcntl, f, F_GETSIG));
		break;
	default:
		/* What a 64-bit kernel adds is not another's. */
		r = call(fcntl, f, F_GETFL);
		print(" F_GETFL");
#ifndef __i386__
		r = r < 0 ? r : r & ~LARGE;
#endif
		answer(r);
	}
}

static void
seek(int f)
{
	static const unsigned from[] = {0, 1, 2, 0, 3, 4, 7};
	long long to = DRAW(places);
	unsigned whence = DRAW(from);

	print("lseek");
	say("of", f);
	say("to", to);
	say("from", whence);
#ifdef __NR__llseek
	{
		long long at = -1;
		long r = call(_llseek, f, (unsigned long)(to >> 32), (unsigned long)to, &at, whence);

		answer(r);
		say("at", r < 0 ? -1 : at);
		print(" short");
		answer(call(lseek, f, (long)to, whence));
	}
#else
	answer(call(lseek, f, to, whence));
#endif
}

static void
move_data(int f)
{
	long long at = DRAW(places);
	unsigned n = draw(20);
	long r;

	say("of", f);
	say("at", at);
	say("bytes", n);
	switch (draw(8)) {
	case 0:
		print(" read");
		r = answer(call(read, f, buffer, n));
		break;
	case 1:
		print(" write");
		r = answer(call(write, f, buffer, n));
		break;
	case 2:
		print(" pread");
		r = answer(call(pread64, f, buffer, n, WIDE(at)));
		break;
	case 3:
		print(" pwrite");
		r = answer(call(pwrite64, f, buffer, n, WIDE(at)));
		break;
	case 4:
		print(" readv");
		r = answer(call(readv, f, draw_parts(), 2));
		break;
	case 5:
		print(" writev");
		r = answer(call(writev, f, draw_parts(), 2));
		break;
	case 6:
		print(" preadv");
		r = answer(call(preadv, f, draw_parts(), 2, OFFSET((guest_word)at, (guest_word)(at >> 32))));
		break;
	default:
		print(" pwritev");
		r = answer(call(pwritev, f, draw_parts(), 2, OFFSET((guest_word)at, (guest_word)(at >> 32))));
	}
	if (r > 0)
		say("first", buffer[0]);
}

static void
change_length(int f)
{
	long long to = DRAW(places);

	say("length", to);
	switch (draw(4)) {
	case 0:
		say("of", f);
		answer(call(ftruncate, f, (guest_word)to));
		break;
#ifdef __NR_ftruncate64
	case 1:
		say("of", f);
		print(" wide");
		answer(call(ftruncate64, f, WIDE(to)));
		break;
	case 2:
		print(" named wide");
		answer(call(truncate64, files[0], WIDE(to)));
		break;
#endif
	default:
		say("of", f);
		print(" fallocate");
		answer(call(fallocate, f, draw(2), WIDE(to), WIDE((long long)draw(100))));
	}
}

/* Not about the limit of `to`: there the kernel of 32-bit programs looks at all else first, the layer at the limit. */
static void
between(int from, int to)
{
	long long at = places[draw(4)], there = places[draw(4)];
	long how = call(fcntl, to, F_GETFL);

	call(lseek, to, 0, 0);
	if (how >= 0 && how & O_APPEND)
		return;
	say("from", from);
	say("to", to);
	say("at", at);
	switch (draw(4)) {
	case 0:
		print(" sendfile");
#ifdef __NR_sendfile64
		answer(call(sendfile64, to, from, draw(2) ? &at : NULL, 10));
#else
		answer(call(sendfile, to, from, draw(2) ? &at : NULL, 10));
#endif
		break;
	case 1:
		print(" copy_file_range");
		answer(call(copy_file_range, from, &at, to, &there, 10, 0));
		break;
	case 2:
		print(" splice in");
		answer(call(splice, from, draw(2) ? &at : NULL, to, NULL, 10, 2));
		break;
	default:
		print(" splice out");
		answer(call(splice, from, NULL, to, draw(2) ? &at : NULL, 10, 2));
	}
	say("now", at);
}

static void
send_over(int f, int f2, bool sends)
{
	struct { struct cmsghdr c; int fd; } rights = {{sizeof rights, 1, SCM_RIGHTS}, f2};
	struct iovec part = {buffer, 1};
	struct msghdr m = {.iov = &part, .iovlen = 1, .control = &rights, .controllen = sizeof rights};

	say("by", f);
	say("descriptor", f2);
	print(sends ? " sendmsg" : " recvmsg");
	rights.c.len = sizeof rights.c + sizeof rights.fd;
	if (sends) {
		answer(call(sendmsg, f, &m, MSG_DONTWAIT));
	} else if (answer(call(recvmsg, f, &m, MSG_DONTWAIT)) >= 0) {
		say("flags", m.flags & ~0x40000000u);
		say("came", m.controllen ? rights.fd : -1);
	}
}

static void
show_file(int f)
{
	struct statx st;

	memset(&st, 0, sizeof st);
	print("statx");
	say("of", f);
	if (answer(call(statx, f, "", AT_EMPTY, STATX_BASIC_STATS, &st)) == 0) {
		say("mode", st.stx_mode);
		say("size", (long long)st.stx_size);
	}
}

static void
new_pair(void)
{
	int ends[2] = {-1, -1};
	unsigned how = O_NONBLOCK | (draw(2) ? O_CLOEXEC : 0);

	switch (draw(3)) {
	case 0:
		print("pipe");
		answer(call(pipe2, ends, how));
		break;
	case 1:
		print("socketpair");
		answer(call(socketpair, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
		break;
	default:
		print("eventfd");
		answer(call(eventfd2, draw(3), how));
	}
	say("first", ends[0]);
	say("second", ends[1]);
}

static void
one_call(void)
{
	int f = draw_fd(), f2 = draw_fd();

	switch (draw(16)) {
	case 0:
	case 1:
	case 2:
		return open_one();
	case 3:
		return copy_one(f, f2);
	case 4:
		print("close");
		say("of", f);
		answer(call(close, f));
		return;
	case 5:
		return control(f);
	case 6:
		return seek(f);
	case 7:
	case 8:
	case 9:
		return move_data(f);
	case 10:
		return change_length(f);
	case 11:
		return between(f, f2);
	case 12:
		return show_file(f);
	case 13:
		return send_over(f, f2, draw(2));
	case 14:
		return new_pair();
	default:
		if (draw(4))
			return show_file(f);
		print("close_range");
		f2 = f + (int)draw(3);
		say("from", f);
		say("to", f2);
		answer(call(close_range, f, f2, draw(2) ? CLOSE_RANGE_CLOEXEC : 0));
	}
}

TEST(descriptors_are_as_the_kernels)
{
	struct guest_action ignored = {(void *)1, SA_RESTORER, guest_restorer, {{0, 0}}};

	call(rt_sigaction, SIGPIPE, &ignored, NULL, MASK_SIZE);
	for (unsigned i = 0; i < sizeof buffer; i++)
		buffer[i] = (char)i;
	for (int i = 0; i < CALLS; i++) {
		one_call();
		print_end();
	}
	call(close_range, 3, LAST + 10, 0);
	for (unsigned i = 0; i < COUNT(files); i++)
		call(truncate, files[i], 5);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(descriptors_are_as_the_kernels);
	return 0;
}
