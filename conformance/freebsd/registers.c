/* covers: freebsd getpid __getcwd thr_self */
/*
 * What a call leaves alone: flags that programs hardly ever set, but may, are no
 * hindrance to the kernel and are there again afterwards.
 */
#include "guest.h"

enum { SYS___getcwd = 326, SYS_thr_self = 432 };
enum { FLAG_DIRECTION = 0x400, FLAG_ALIGNMENT = 0x40000, FLAG_CARRY = 1, FLAG_ID = 0x200000 };

/* The call with `set` added to the flags; flags behind it, with those taken out again. */
static long
call_with_flags(uint64_t set, long nr, void *a, long b, uint64_t *flags)
{
	long r;

	__asm__ volatile("pushfq\n"
			 "orq %[set], (%%rsp)\n"
			 "popfq\n"
			 "syscall\n"
			 "pushfq\n"
			 "popq %[flags]\n"
			 "pushq $0x202\n"
			 "popfq\n"
			 : "=a"(r), [flags] "=r"(*flags)
			 : "0"(nr), "D"(a), "S"(b), [set] "r"(set)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	return r;
}

static void
check_flag(uint64_t flag)
{
	static char name[1100];
	uint64_t flags = 0;

	CHECK_IS(call_with_flags(flag, SYS_getpid, NULL, 0, &flags), call(SYS_getpid));
	CHECK_IS(flags & (flag | FLAG_CARRY), flag);
	/* Kernel code that copies and compares. */
	CHECK_IS(call_with_flags(flag, SYS___getcwd, name + 1, 1024, &flags), 0);
	CHECK_IS(flags & (flag | FLAG_CARRY), flag);
	CHECK(name[1] == '/');
	CHECK_IS(call_with_flags(flag, SYS_thr_self, name + 3, 0, &flags), 0);
	CHECK_IS(call_with_flags(flag, SYS___getcwd, NOWHERE, 1024, &flags), EFAULT);
	CHECK_IS(flags & (flag | FLAG_CARRY), flag | FLAG_CARRY);
}

TEST(a_call_with_the_direction_flag)
{
	check_flag(FLAG_DIRECTION);
}

TEST(a_call_with_alignment_checks)
{
	check_flag(FLAG_ALIGNMENT);
}

TEST(a_call_with_the_id_flag)
{
	check_flag(FLAG_ID);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_call_with_the_direction_flag);
	RUN(a_call_with_alignment_checks);
	RUN(a_call_with_the_id_flag);
	return 0;
}
