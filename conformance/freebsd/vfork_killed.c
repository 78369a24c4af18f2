/*
 * A child of vfork(2) is killed at any moment, in the middle of a call too: its parent, whose memory it has
 * used, goes on.
 */
#include "guest.h"

enum { SYS_vfork = 66, SYS_poll = 209 };
enum { SIGKILL = 9, ROUNDS = 200, KILLED = SIGKILL, MANY = 1000 };

/* Shared with the one who kills. */
static struct {
	volatile long pid;
} *shared;

/* For each of these a large piece is allocated, cleared and given back. */
static void
poll_many(int times)
{
	static struct { int fd; short events, revents; } none[MANY];

	for (int i = 0; i < MANY; i++)
		none[i].fd = -1;
	for (int i = 0; i != times; i++)
		call(SYS_poll, none, MANY, 0);
}

static void
kill_whoever_comes(void)
{
	unsigned long random = 1;

	for (int i = 0; i < ROUNDS; i++) {
		long pid;

		while ((pid = shared->pid) == 0)
			__asm__ volatile("pause");
		shared->pid = 0;
		random = random * 6364136223846793005 + 1442695040888963407;
		for (unsigned long n = random >> 49; n > 0; n--)
			__asm__ volatile("pause");
		call(SYS_kill, pid, SIGKILL);
	}
	leave(0);
}

static long
vfork_and_wait_for_the_end(void)
{
	long child;

	/* As libc's stub: the return address must not lie on the shared stack. */
	__asm__ volatile("syscall" : "=a"(child) : "0"((long)SYS_vfork) :
			 "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
	if (child == 0) {
		shared->pid = call(SYS_getpid);
		poll_many(-1);
	}
	return child;
}

TEST(a_parent_goes_on_whenever_its_child_is_killed)
{
	long killer, child;

	shared = (void *)call(SYS_mmap, NULL, 4096, 3, 0x1001 /* ANON|SHARED */, -1, 0);
	CHECK((long)shared > 0);
	killer = call(SYS_fork);
	if (killer == 0)
		kill_whoever_comes();
	for (int i = 0; i < ROUNDS; i++) {
		child = vfork_and_wait_for_the_end();
		CHECK(child > 0);
		CHECK_IS(wait_for(child), KILLED);
		poll_many(3);
	}
	CHECK_IS(wait_for(killer), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_parent_goes_on_whenever_its_child_is_killed);
	return 0;
}
