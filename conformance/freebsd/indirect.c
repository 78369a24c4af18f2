/* covers: freebsd syscall __syscall getrandom */
/* Calls by way of another call, and random numbers. */
#include "guest.h"

enum { SYS_syscall = 0, SYS___syscall = 198, SYS_getrandom = 563, PAGE = 4096 };
enum { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4 };

TEST(the_number_may_be_an_argument)
{
	CHECK_IS(call(SYS_syscall, SYS_getpid), call(SYS_getpid));
	CHECK_IS(call(SYS___syscall, SYS_getppid), call(SYS_getppid));
	CHECK_IS(call(SYS_syscall, SYS_write, 1, "", 0), 0);
	CHECK_IS(call(SYS_syscall, SYS_write, 77, "x", 1), -EBADF);
	CHECK_IS(call(SYS___syscall, SYS_read, 1, NOWHERE, -1), -EINVAL);
}

/* mmap has six: the last comes from the stack. */
TEST(arguments_move_up_by_one)
{
	char *p = (char *)call(SYS___syscall, SYS_mmap, NULL, PAGE, 3, 0x1002, -1, 0);

	CHECK((long)p > 0);
	p[PAGE - 1] = 1;
	CHECK_IS(call(SYS_syscall, SYS_munmap, p, PAGE), 0);
	CHECK_IS(call(SYS___syscall, SYS_mmap, NULL, PAGE, 3, 0x1002, -1, PAGE), -EINVAL);
}

TEST(random_bytes_differ)
{
	char a[32] = {0}, b[32] = {0};

	CHECK_IS(call(SYS_getrandom, a, sizeof a, 0), sizeof a);
	CHECK_IS(call(SYS_getrandom, b, sizeof b, GRND_NONBLOCK), sizeof b);
	CHECK(!same(a, b, sizeof a));
	CHECK_IS(call(SYS_getrandom, a, 16, GRND_RANDOM), 16);
	CHECK_IS(call(SYS_getrandom, a, 16, GRND_INSECURE), 16);
	CHECK_IS(call(SYS_getrandom, a, 16, 8), -EINVAL);
	CHECK_IS(call(SYS_getrandom, NOWHERE, 16, 0), -EFAULT);
	CHECK_IS(call(SYS_getrandom, a, 0, 0), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(the_number_may_be_an_argument);
	RUN(arguments_move_up_by_one);
	RUN(random_bytes_differ);
	return 0;
}
