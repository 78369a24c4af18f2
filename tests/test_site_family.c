/* What fork's children tell of call sites, between real processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "call.h"
#include "copy.h"
#include "site_family.h"

static uint8_t code[0x4000];

/* The address of the n-th site there, far enough from the others. */
static uint64_t
site(int n)
{
	return (uintptr_t)code + 0x100 + (uintptr_t)n * 0x40;
}

long
copy_in(void *to, struct guest_ptr from, size_t n)
{
	memcpy(to, (const void *)(uintptr_t)from.addr, n);
	return 0;
}

/* In a child that fork has made as the core does it. */
static void
in_child(void (*tells)(void))
{
	int status = -1;
	pid_t pid;

	site_family_begins();
	pid = fork();
	if (pid == 0) {
		site_family_child();
		tells();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
nothing(void)
{
}

static void
tell_one(void)
{
	site_family_tell(site(1));
	site_family_tell(site(1));
}

static void
tell_of_other_code(void)
{
	code[site(2) - (uintptr_t)code - 5] ^= 1;
	site_family_tell(site(2));
}

static void
tell_many(void)
{
	for (int n = 0; n < 200; n++)
		site_family_tell(site(n));
}

static void
a_first_child_tells_nothing(void **state)
{
	(void)state;
	in_child(tell_one);
	assert_int_equal(site_family_told(), 0);
}

static void
a_later_child_tells_once(void **state)
{
	(void)state;
	in_child(tell_one);
	assert_int_equal(site_family_told(), site(1));
	assert_int_equal(site_family_told(), 0);
	in_child(tell_one);
	assert_int_equal(site_family_told(), site(1));
}

static void
who_is_no_child_tells_nothing(void **state)
{
	(void)state;
	tell_one();
	assert_int_equal(site_family_told(), 0);
}

static void
other_code_is_not_told(void **state)
{
	(void)state;
	in_child(tell_of_other_code);
	assert_int_equal(site_family_told(), 0);
	in_child(tell_one);	/* and its place is free again */
	assert_int_equal(site_family_told(), site(1));
}

static void
there_is_an_end_to_what_is_kept(void **state)
{
	int told = 0;

	(void)state;
	in_child(tell_many);
	while (site_family_told())
		told++;
	assert_in_range(told, 8, 199);
	in_child(nothing);
	assert_int_equal(site_family_told(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_child_tells_nothing),
		cmocka_unit_test(a_later_child_tells_once),
		cmocka_unit_test(who_is_no_child_tells_nothing),
		cmocka_unit_test(other_code_is_not_told),
		cmocka_unit_test(there_is_an_end_to_what_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
