/* The policy of host calls, as the kernel answers under it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "isolate/policy.h"

#include "host_calls.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define X32_BIT 0x40000000L

/* What `ask` answers in a process under the policy. */
static int
under_policy(bool strict, int (*ask)(void))
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (policy_load(strict) < 0)
			_exit(99);
		_exit(ask());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool
answers_enosys(long number)
{
	return syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) == -1 && errno == ENOSYS;
}

static int
count_never_allowed(void)
{
	int allowed = 0;

	for (size_t i = 0; i < COUNT(never_calls); i++)
		allowed += !answers_enosys(never_calls[i].number);
	return allowed;
}

static void
never_calls_are_missing(void **state)
{
	(void)state;
	assert_in_range(COUNT(never_calls), 30, 100);
	assert_int_equal(under_policy(false, count_never_allowed), 0);
	assert_int_equal(under_policy(true, count_never_allowed), 0);
}

static int
own_pid_is_known(void)
{
	return syscall(SCMP_SYS(getpid)) == getpid() && getppid() > 0;
}

static void
calls_of_the_core_are_made(void **state)
{
	(void)state;
	assert_int_equal(under_policy(false, own_pid_is_known), true);
	assert_int_equal(under_policy(true, own_pid_is_known), true);
}

static int
unknown_numbers_are_missing(void)
{
	return answers_enosys(5000) && answers_enosys(SCMP_SYS(getpid) | X32_BIT) && answers_enosys(-1);
}

static void
other_numbers_are_missing(void **state)
{
	(void)state;
	assert_int_equal(under_policy(false, unknown_numbers_are_missing), true);
}

/* int 0x80 with getpid's number there; a host without that entry raises a signal instead. */
static int
foreign_entry_is_missing(void)
{
	long r = 20;

	__asm__ volatile("int $0x80" : "+a"(r) : : "memory");
	return r == -ENOSYS;
}

static void
other_architectures_are_missing(void **state)
{
	pid_t child = fork();
	int status = -1;

	(void)state;
	if (child == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (policy_load(false) < 0)
			_exit(99);
		_exit(foreign_entry_is_missing());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		skip();
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == true);
}

static int
strict_leaves_out(void)
{
	int allowed = 0;

	for (size_t i = 0; i < COUNT(host_calls); i++)
		if (!host_calls[i].strict)
			allowed += !answers_enosys(host_calls[i].number);
	return allowed;
}

static void
strict_is_smaller(void **state)
{
	(void)state;
	assert_int_equal(under_policy(true, strict_leaves_out), 0);
}

static int
ptrace_is_there(void)
{
	return !answers_enosys(SCMP_SYS(ptrace));
}

static void
strict_has_no_ptrace(void **state)
{
	(void)state;
	assert_int_equal(under_policy(false, ptrace_is_there), true);
	assert_int_equal(under_policy(true, ptrace_is_there), false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_calls_are_missing),
		cmocka_unit_test(calls_of_the_core_are_made),
		cmocka_unit_test(other_numbers_are_missing),
		cmocka_unit_test(other_architectures_are_missing),
		cmocka_unit_test(strict_is_smaller),
		cmocka_unit_test(strict_has_no_ptrace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
