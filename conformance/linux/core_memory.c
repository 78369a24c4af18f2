/*
 * Addresses in structs, and ranges, that lead to where a layer which shares the address space has its own memory
 * (translate/core/layout.h): no program's is there, and so natively nothing. Addresses that are arguments: pointers.c.
 *
 * only: x86_64
 */
#include "guest_socket.h"

#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>

enum { PAGE = 4096, READ_WRITE = 3, FIXED = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, SIGCHLD = 17, MSG_WAITFORONE = 0x10000 };

#define EDGE 0x5f0000000000
#define END 0x5f1000000000
/* In the layer's text, its data and its heap. */
static void *const inside[] = {(void *)0x5f0200001000, (void *)0x5f0200140000, (void *)0x5f0300000000};
static char text[64] = "some text", room[64];
static int ends[2], both[2];

#define EACH(at) for (void *const *p = inside, *at = *p; p < inside + COUNT(inside) && (at = *p, true); p++)

TEST(parts_of_a_vector)
{
	long file = call(open, "file", O_CREAT | O_RDWR, 0644), self = call(getpid);
	struct iovec good[] = {{room, 8}, {room + 8, 8}};

	call(write, file, text, 16);
	EACH(at) {
		struct iovec first[] = {{at, 8}, {text, 8}}, second[] = {{text, 8}, {at, 8}}, none[] = {{text, 8}, {at, 0}};

		SHOW(writev, ends[1], first, 2);
		SHOW(writev, ends[1], second, 2);
		SHOW(writev, ends[1], none, 2);
		SHOW(read, ends[0], room, sizeof room);
		SHOW(writev, -1, first, 2);
		SHOW(writev, ends[1], first, 2000);
		SHOW(preadv, file, first, 2, 0);
		SHOW(preadv, file, second, 2, 0);
		SHOW(pwritev, file, first, 2, 100);
		SHOW(preadv2, file, first, 2, 0, 0, 0);
		SHOW(pwritev2, file, second, 2, 100, 0, 0);
		SHOW(vmsplice, ends[1], first, 2, 0);
		SHOW(process_vm_readv, self, good, 2, first, 2, 0);
		SHOW(process_vm_readv, self, first, 2, good, 2, 0);
		SHOW(process_vm_writev, self, good, 2, second, 2, 0);
		SHOW(process_vm_writev, 0x7ffffff, first, 2, second, 2, 0);
	}
	call(close, file);
}

TEST(parts_of_a_message)
{
	EACH(at) {
		struct iovec good = {room, 4}, bad = {at, 4};
		struct msghdr to_bad = {.iov = &bad, .iovlen = 1}, of_bad = {.iov = at, .iovlen = 1};
		struct msghdr named = {.name = at, .namelen = 16, .iov = &good, .iovlen = 1};
		struct msghdr controlled = {.control = at, .controllen = 64, .iov = &good, .iovlen = 1};
		struct msghdr *const each[] = {&to_bad, &of_bad, &named, &controlled};
		struct mmsghdr several[2] = {{.header = {.iov = &good, .iovlen = 1}}};

		for (size_t i = 0; i < COUNT(each); i++) {
			SHOW(sendmsg, both[0], each[i], MSG_DONTWAIT);
			SHOW(sendmsg, -1, each[i], MSG_DONTWAIT);
			call(write, both[1], "text", 4);
			SHOW(recvmsg, both[0], each[i], MSG_DONTWAIT);
			VALUE(each[i]->namelen);
			VALUE(each[i]->controllen);
			TRUTH(each[i]->name == NULL || each[i]->name == at);
			SHOW(recvmsg, both[0], each[i], MSG_DONTWAIT);
		}
		several[1].header = to_bad;
		SHOW(sendmmsg, both[0], several, 2, MSG_DONTWAIT);
		VALUE(several[0].len);
		call(write, both[1], "one", 3);
		call(write, both[1], "two", 3);
		SHOW(recvmmsg, both[0], several, 2, MSG_DONTWAIT, NULL);
		VALUE(several[0].len);
		TRUTH(several[1].header.iov == &bad && bad.iov_base == at);
		while (call(read, both[1], room, sizeof room) > 0)
			;
		while (call(read, both[0], room, sizeof room) > 0)
			;
	}
}

TEST(words_that_are_waited_for)
{
	static unsigned word = 1;

	EACH(at) {
		struct futex_waitv list[] = {{.val = 2, .uaddr = (uintptr_t)&word, .flags = 2}, {.uaddr = (uintptr_t)at, .flags = 2}};
		struct { uint64_t mask, size; } pair = {(uintptr_t)at, 8};
		struct guest_timespec none = {0, 0};

		SHOW(futex_waitv, list + 1, 1, 0, NULL, 0);
		list[0].val = 1;
		SHOW(futex_waitv, list, 2, 0, NULL, 0);
		SHOW(futex, at, FUTEX_WAKE, 1, NULL, NULL, 0);
		SHOW(futex, at, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		SHOW(futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 0, 1, at, 1);
		SHOW(futex, &word, FUTEX_WAKE_OP_PRIVATE, 0, 0, at, 0);
		SHOW(pselect6, 0, NULL, NULL, NULL, &none, &pair);
		SHOW(io_pgetevents, 0, 0, 0, NULL, &none, &pair);
	}
}

TEST(pages_that_are_asked_for)
{
	EACH(at) {
		void *pages[] = {at};
		int status = 1;

		SHOW(move_pages, 0, 1, pages, NULL, &status, 0);
		VALUE(status);
	}
}

TEST(jobs)
{
	aio_context_t context = 0;
	struct iocb job = {.aio_lio_opcode = IOCB_CMD_NOOP, .aio_fildes = (unsigned)-1};

	SHOW(io_setup, 1, &context);
	EACH(at) {
		struct iocb *list[] = {(struct iocb *)at, &job};

		SHOW(io_submit, context, 2, list);
		SHOW(io_submit, 0, 2, list);
		SHOW(io_cancel, context, at, room);
	}
	SHOW(io_destroy, context);
}

TEST(a_thread_to_be)
{
	EACH(at) {
		struct clone_args a = {.flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uintptr_t)at};
		long pid = SHOW_OK(clone3, &a, sizeof a);

		if (pid == 0)
			leave(0);
		if (pid > 0)
			wait_for(pid);
	}
}

/* From memory of the program's to where there is none. */
TEST(what_begins_below)
{
	char *below = (char *)call(mmap, EDGE - 2 * PAGE, 2 * PAGE, READ_WRITE, FIXED, -1, 0);
	char *last = below + 2 * PAGE - 4;
	struct iovec vector = {last, 8};

	SHOW(write, ends[1], last, 4);
	SHOW(write, ends[1], last, 8);
	SHOW(writev, ends[1], &vector, 1);
	while (call(read, ends[0], room, 1) > 0)
		;
	SHOW(write, ends[1], text, 12);
	SHOW(read, ends[0], last, 8);
	while (call(read, ends[0], room, 1) > 0)
		;
	BYTES(last, 4);
	SHOW(getrandom, last, 8, 0);
	SHOW(uname, last);
	SHOW(madvise, below, 4 * PAGE, MADV_DONTNEED);
	BYTES(last, 4);
	last[0] = 'x';
	SHOW(madvise, below, END - EDGE + 4 * PAGE, MADV_DONTNEED);
	BYTES(last, 4);
	SHOW(mlock, below, 4 * PAGE);
	SHOW(munlock, below, 4 * PAGE);
	SHOW(msync, below, END - EDGE + 4 * PAGE, MS_SYNC);
	SHOW(mprotect, below, 4 * PAGE, READ_WRITE);
	SHOW(munmap, below + PAGE, END - EDGE + 4 * PAGE);
	SHOW(mprotect, below, PAGE, READ_WRITE);
	SHOW(mprotect, below + PAGE, PAGE, READ_WRITE);
	SHOW(munmap, below + 1, 4 * PAGE);
	SHOW(munmap, below, -1L);
	SHOW(munmap, below, PAGE);
}

/* Natively it grows where it is. */
TEST(what_grows_to_there)
{
	char *last = (char *)call(mmap, EDGE - PAGE, PAGE, READ_WRITE, FIXED, -1, 0);

	last[0] = 'x';
	last = (char *)SHOW_OK(mremap, last, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	last[2 * PAGE - 1] = 'y';
	BYTES(last, 1);
	EACH(at)
		SHOW(write, ends[1], at, 1);
	SHOW(munmap, last, 2 * PAGE);
}

/* And behind it. */
TEST(what_ends_above)
{
	char *above = (char *)call(mmap, END, PAGE, READ_WRITE, FIXED, -1, 0);

	SHOW(write, ends[1], above, 4);
	SHOW(munmap, END - PAGE, 2 * PAGE);
	SHOW(write, ends[1], above, 4);
	SHOW(mprotect, above, PAGE, READ_WRITE);
	while (call(read, ends[0], room, 1) > 0)
		;
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	call(pipe2, ends, O_NONBLOCK);
	call(socketpair, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, both);
	RUN(parts_of_a_vector);
	RUN(parts_of_a_message);
	RUN(words_that_are_waited_for);
	RUN(pages_that_are_asked_for);
	RUN(jobs);
	RUN(a_thread_to_be);
	RUN(what_begins_below);
	RUN(what_grows_to_there);
	RUN(what_ends_above);
	return 0;
}
