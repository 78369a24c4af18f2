/*
 * 4 GiB that are used up to the last page: what finds no place is ENOMEM, by whatever call, and is not put above.
 *
 * covers: linux_i386 mmap2 munmap mremap brk shmat io_setup
 * only: i386
 */
#include "guest.h"

#include <asm/mman.h>
#include <linux/ipc.h>
#include <linux/mman.h>

enum { PAGE = 4096, NONE = 0, MIB = 1 << 20, ROOM_ENOUGH = 3840 /* MiB; the stack and what a kernel leaves free */ };

static long
map(size_t n)
{
	return call(mmap, NULL, n, NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static bool
is_error(long r)
{
	return r < 0 && r >= -4095;
}

static unsigned long last;	/* of the larger pieces */

/* By smaller and smaller pieces. */
TEST(all_of_it_can_be_had)
{
	unsigned long total = 0;
	long at = 0;

	for (size_t n = 512 * MIB; n >= PAGE; n /= 2)
		while (!is_error(at = map(n))) {
			total += n / PAGE;
			if (n == 4 * MIB)
				last = (unsigned long)at;
		}
	SHOW_OK(mmap, NULL, PAGE, NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TRUTH(total > ROOM_ENOUGH * (MIB / PAGE));
	TRUTH(total < 4096ul * (MIB / PAGE));
}

TEST(nothing_finds_room)
{
	long end = call(brk, 0), segment = call(shmget, IPC_PRIVATE, PAGE, 0600), pid;
	unsigned long context = 0;

	SHOW_OK(mmap, last, PAGE, NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW_OK(mmap, (void *)-PAGE, PAGE, NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW_OK(mmap, (void *)-PAGE, PAGE, NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	SHOW_OK(mmap, last, PAGE, NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	SHOW_OK(mremap, last, PAGE, 2 * PAGE, 0, 0);
	SHOW_OK(mremap, last, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
	SHOW_OK(mremap, last, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)-PAGE);
	TRUTH(call(brk, end + 2 * PAGE) == end);
	SHOW_OK(shmat, segment, NULL, 0);
	call(shmctl, segment, IPC_RMID, NULL);
	SHOW_OK(io_setup, 1, &context);
	pid = fork();
	if (pid == 0) {
		SHOW_OK(mmap, NULL, PAGE, NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		leave(0);
	}
	VALUE(wait_for(pid));
}

TEST(what_is_given_back_is_found_again)
{
	SHOW(munmap, last + PAGE, 2 * PAGE);
	TRUTH((unsigned long)map(3 * PAGE) >= -4095ul);
	TRUTH((unsigned long)map(2 * PAGE) == last + PAGE);
	SHOW_OK(mmap, NULL, PAGE, NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW(munmap, last, PAGE);
	TRUTH((unsigned long)map(1) == last);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(all_of_it_can_be_had);
	RUN(nothing_finds_room);
	RUN(what_is_given_back_is_found_again);
	return 0;
}
