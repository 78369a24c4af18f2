/*
 * Every call, with addresses that cannot be read or written where it may want to:
 * whatever it answers, the program goes on.
 */
#include "guest.h"

enum { SYS_setuid = 23, SYS_setitimer = 83, SYS_setrlimit = 195, LAST_CALL = 602, PAGE = 4096 };
enum { SIGSYS = 12, SIGALRM = 14, RLIMIT_CORE = 4, NOBODY = 65534 };

/* What ends or doubles a process, goes on elsewhere, or reaches others. */
static const short left_out[] = {0, 1, 2, 36, 37, 55, 66, 103, 146, 198, 251, 344, 417, 422, 423, 431, 433, 455, 456,
				 463, 481, 518, 600};

static bool
is_left_out(int number)
{
	for (size_t i = 0; i < COUNT(left_out); i++)
		if (left_out[i] == number)
			return true;
	return false;
}

/*
 * Nowhere, across the end of what is mapped, between user and kernel, the kernel's, a far place of the user's, and
 * where Dragoman's core has its text, its data and its heap (translate/core/layout.h); the last reaches in.
 */
static long bad[9];

static void
find_bad_places(void)
{
	long pages = call(SYS_mmap, NULL, 2 * PAGE, 3, 0x1002, -1, 0);

	CHECK(pages > 0);
	CHECK_IS(call(SYS_munmap, pages + PAGE, PAGE), 0);
	bad[0] = (long)NOWHERE;
	bad[1] = pages + PAGE - 2;
	bad[2] = 0x7ffffffffff8;
	bad[3] = -PAGE;
	bad[4] = 0x600000000000;
	bad[5] = 0x5f0200001000;
	bad[6] = 0x5f0200140000;
	bad[7] = 0x5f0300000010;
	bad[8] = 0x5f0000000000 - 2;
}

/* As a user with no rights and no time, so that nothing is harmed and nothing waits for ever. */
static void
try_all(int number)
{
	struct timeval soon[2] = {{0, 0}, {0, 100000}};
	long none[2] = {0, 0};

	call(SYS_close, 1);
	call(SYS_open, "/dev/null", 2);
	call(SYS_setrlimit, RLIMIT_CORE, none);
	call(SYS_setuid, NOBODY);
	call(SYS_setitimer, 0, soon, NULL);
	for (size_t i = 0; i < COUNT(bad); i++) {
		long b = bad[i];

		call(number, 1, b, 64, b, 64, b, 64, b);
		call(number, b, 64, b, 64, b, 64, b, 64);
		call(number, 1, 1, b, b, b, b, b, b);
		call(number, b, b, b, b, b, b, b, b);
		call(number, b, 1, 3, b, 16, b, 16, b);
	}
}

/* Dead of nothing but the clock or a number that is not there. */
static bool
survives(int number)
{
	long pid = fork(), status;

	if (pid == 0) {
		try_all(number);
		leave(0);
	}
	status = wait_for(pid);
	return status == EXITED(0) || (status & 0x7f) == SIGALRM || (status & 0x7f) == SIGSYS;
}

TEST(no_call_is_brought_down_by_an_address)
{
	find_bad_places();
	for (int number = 0; number <= LAST_CALL; number++)
		if (!is_left_out(number) && !survives(number)) {
			print("# call ");
			print_number(number);
			print("\n");
			CHECK(!"survives");
		}
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(no_call_is_brought_down_by_an_address);
	return 0;
}
