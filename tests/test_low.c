/* core/low.c: places below 4 GiB. The host is asked, so that what is said to be mapped is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "low.h"

#define PAGE UINT64_C(4096)
#define MIB (UINT64_C(1) << 20)

static long
map(uint64_t at, uint64_t len, uint32_t flags)
{
	return low_mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

static bool
is_mapped(uint64_t at)
{
	return msync((void *)at, PAGE, MS_ASYNC) == 0;
}

static void
places_go_down_from_the_top(void **state)
{
	long a = map(0, PAGE, 0), b = map(0, 3 * PAGE, 0), c = map(0, 100, 0);

	(void)state;
	assert_int_equal(a, low_top() - PAGE);
	assert_int_equal(b, a - 3 * (long)PAGE);
	assert_int_equal(c, b - (long)PAGE);
	memset((void *)b, 1, 3 * PAGE);
	assert_int_equal(low_munmap((uint64_t)b, 3 * PAGE), 0);
	assert_false(is_mapped((uint64_t)b));
	/* The highest hole that is large enough. */
	assert_int_equal(map(0, 2 * PAGE, 0), b + (long)PAGE);
	assert_int_equal(map(0, 2 * PAGE, 0), c - 2 * (long)PAGE);
	assert_int_equal(map(0, PAGE, 0), b);
	assert_int_equal(low_munmap((uint64_t)c - 2 * PAGE, low_top() - (uint64_t)c + 2 * PAGE), 0);
	assert_int_equal(map(0, PAGE, 0), a);
	assert_int_equal(low_munmap((uint64_t)a, PAGE), 0);
}

static void
hints_are_taken_where_nothing_is(void **state)
{
	const uint64_t at = UINT64_C(0x40000000);

	(void)state;
	assert_int_equal(map(at, 2 * PAGE, 0), at);
	assert_int_equal(map(at + 10, PAGE, 0), low_top() - PAGE);
	assert_int_equal(map(at + 2 * PAGE + 10, PAGE, 0), at + 2 * PAGE);	/* page_down, as the kernel has it */
	assert_int_equal(map(LOW_END, PAGE, 0), low_top() - 2 * PAGE);
	assert_int_equal(low_munmap(at, 3 * PAGE), 0);
	assert_int_equal(low_munmap(low_top() - 2 * PAGE, 2 * PAGE), 0);
}

static void
fixed_places_are_the_callers(void **state)
{
	const uint64_t at = UINT64_C(0x40000000);

	(void)state;
	assert_int_equal(map(at, PAGE, MAP_FIXED), at);
	assert_int_equal(map(at, PAGE, MAP_FIXED), at);
	assert_int_equal(map(at, PAGE, MAP_FIXED_NOREPLACE), -EEXIST);
	assert_int_equal(map(LOW_END, PAGE, MAP_FIXED), -ENOMEM);
	assert_int_equal(map(LOW_END - PAGE, 2 * PAGE, MAP_FIXED), -ENOMEM);
	assert_int_equal(map(UINT64_C(0x100000000), PAGE, MAP_FIXED), -ENOMEM);
	assert_int_equal(low_munmap(at, PAGE), 0);
	assert_int_equal(low_munmap(LOW_END, PAGE), -EINVAL);
	assert_int_equal(map(0, 0, 0), -EINVAL);
	assert_int_equal(map(0, LOW_END, 0), -ENOMEM);
	assert_int_equal(map(0, UINT64_C(1) << 33, 0), -ENOMEM);
}

static void
what_others_have_mapped_is_learnt(void **state)
{
	const uint64_t at = low_top() - 64 * PAGE;

	(void)state;
	assert_int_equal(mmap((void *)at, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
			 at);
	assert_int_equal(map(0, 128 * PAGE, 0), at - 128 * PAGE);
	assert_int_equal(map(0, 61 * PAGE, 0), at + 3 * PAGE);
	munmap((void *)at, 3 * PAGE);
	low_mark(at, at + 3 * PAGE, false);
	assert_int_equal(low_munmap(at - 128 * PAGE, 192 * PAGE), 0);
}

static void
all_of_it_can_be_had_and_then_no_more(void **state)
{
	uint64_t total = 0;
	unsigned n = 0;
	static uint64_t places[8192];
	long r;

	(void)state;
	while (n < 8192 && (r = map(0, MIB, 0)) > 0) {
		assert_true((uint64_t)r + MIB <= LOW_END);
		places[n++] = (uint64_t)r;
		total += MIB;
	}
	assert_int_equal(r, -ENOMEM);
	assert_true(total > UINT64_C(3900) * MIB);
	while (n > 0)
		assert_int_equal(low_munmap(places[--n], MIB), 0);
	assert_int_equal(map(0, PAGE, 0), low_top() - PAGE);
	assert_int_equal(low_munmap(low_top() - PAGE, PAGE), 0);
}

static void
mappings_move_and_stay_below(void **state)
{
	long a = map(0, PAGE, 0), b = map(0, PAGE, 0), c;

	(void)state;
	memset((void *)b, 7, PAGE);
	assert_int_equal(low_mremap((uint64_t)b, PAGE, 2 * PAGE, 0, 0), -ENOMEM);	/* a is in the way */
	c = low_mremap((uint64_t)b, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
	assert_int_equal(c, b - 2 * (long)PAGE);
	assert_int_equal(*(char *)c, 7);
	assert_false(is_mapped((uint64_t)b));
	assert_int_equal(map(0, PAGE, 0), b);	/* its place is free again */
	assert_int_equal(low_mremap((uint64_t)c, 2 * PAGE, PAGE, 0, 0), c);	/* so is what it gave up */
	assert_int_equal(map(0, PAGE, 0), c + (long)PAGE);
	assert_int_equal(low_mremap((uint64_t)c, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, LOW_END), -EINVAL);
	assert_int_equal(low_mremap((uint64_t)c, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 0x40000000), 0x40000000);
	assert_int_equal(low_munmap(0x40000000, PAGE), 0);
	assert_int_equal(low_munmap((uint64_t)c, (uint64_t)(a - c) + PAGE), 0);
}

static void
reserved_places_are_nobody_elses(void **state)
{
	long a = low_reserve(5 * PAGE);

	(void)state;
	assert_int_equal(a, low_top() - 5 * PAGE);
	assert_int_equal(map(0, PAGE, 0), a - (long)PAGE);
	assert_int_equal(low_munmap((uint64_t)a - PAGE, 6 * PAGE), 0);
	assert_int_equal(low_reserve(UINT64_C(1) << 33), -ENOMEM);
}

static int
start(void **state)
{
	(void)state;
	return (int)low_start();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_go_down_from_the_top),
		cmocka_unit_test(hints_are_taken_where_nothing_is),
		cmocka_unit_test(fixed_places_are_the_callers),
		cmocka_unit_test(what_others_have_mapped_is_learnt),
		cmocka_unit_test(all_of_it_can_be_had_and_then_no_more),
		cmocka_unit_test(mappings_move_and_stay_below),
		cmocka_unit_test(reserved_places_are_nobody_elses),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
