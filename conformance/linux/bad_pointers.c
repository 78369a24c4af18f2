/*
 * Every number of the ABI, with addresses that cannot be read or written wherever it may
 * take one. What is printed is each call that did not come back: natively none.
 */
#include "guest.h"

enum { LAST = 547 /* of x32 */, PAGE = 4096, NOBODY = 65534, SIGALRM = 14, RLIMIT_CORE = 4 };

/* What ends or doubles a process, goes on elsewhere, or reaches others. */
static const int left_out[] = {
	__NR_exit, __NR_exit_group, __NR_fork, __NR_vfork, __NR_clone, __NR_clone3, __NR_rt_sigreturn, __NR_kill,
	__NR_tkill, __NR_tgkill, __NR_rt_sigqueueinfo, __NR_rt_tgsigqueueinfo, __NR_pidfd_send_signal, __NR_ptrace,
	__NR_reboot, __NR_unshare, __NR_setns, __NR_setpriority, __NR_ioprio_set, __NR_sched_setaffinity,
	__NR_sched_setparam, __NR_sched_setscheduler, __NR_sched_setattr, __NR_prlimit64, __NR_setrlimit,
	__NR_vhangup, __NR_sync, __NR_shmget, __NR_semget, __NR_msgget, __NR_add_key,	/* what outlives a process */
#ifdef __i386__
	__NR_sigreturn, __NR_nice, __NR_ipc,
#else
	GUEST_NUMBER(335), GUEST_NUMBER(336),	/* uretprobe, uprobe: for code that the kernel has put there */
#endif
};

static bool
is_left_out(int number)
{
	for (size_t i = 0; i < COUNT(left_out); i++)
		if (left_out[i] == GUEST_NUMBER(number))
			return true;
	return false;
}

/* Nowhere, across the end of what is mapped, the highest addresses, where a 64-bit process keeps what is its own. */
static guest_word bad[5];

static void
find_bad_places(void)
{
	guest_word pages = call(mmap, NULL, 2 * PAGE, 3, 0x22, -1, 0);

	call(munmap, pages + PAGE, PAGE);
	bad[0] = (guest_word)NOWHERE;
	bad[1] = pages + PAGE - 2;
	bad[2] = -PAGE;
#ifdef __x86_64__
	bad[3] = 0x5f0000000000;
	bad[4] = 0x7ffffffff000 - 8;
#else
	bad[3] = 0xffffd000;
	bad[4] = 0x80000000;
#endif
}

/* As a user with no rights and no time, so that nothing is harmed and nothing waits for ever. */
static void
try_all(int number)
{
	guest_word soon[4] = {0, 0, 0, 100000}, none[2] = {0, 0};

	call(close, 1);
	call(open, "/dev/null", 2);
	call(setrlimit, RLIMIT_CORE, none);
	call(setresgid, NOBODY, NOBODY, NOBODY);
	call(setresuid, NOBODY, NOBODY, NOBODY);
	call(setitimer, 0, soon, NULL);
	for (size_t i = 0; i < COUNT(bad); i++) {
		guest_word b = bad[i];

		guest_syscall(GUEST_NUMBER(number), 1, b, 64, b, 64, b);
		guest_syscall(GUEST_NUMBER(number), b, 64, b, 64, b, 64);
		guest_syscall(GUEST_NUMBER(number), 1, 1, b, b, b, b);
		guest_syscall(GUEST_NUMBER(number), b, b, b, b, b, b);
		guest_syscall(GUEST_NUMBER(number), b, 1, 3, b, 16, b);
	}
}

TEST(no_call_is_brought_down_by_an_address)
{
	long died = 0;

	find_bad_places();
	for (int number = 0; number <= LAST; number++) {
		long pid, status;

		if (is_left_out(number))
			continue;
		pid = fork();
		if (pid == 0) {
			try_all(number);
			leave(0);
		}
		status = wait_for(pid);
		if (status == 0 || (status & 0x7f) == SIGALRM)
			continue;
		died++;
		print("call ");
		print_number(number);
		print(" ends with status ");
		print_number(status);
		print_end();
	}
	VALUE(died);
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
