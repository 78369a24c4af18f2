/* maps.c: flag words and numbers between guest and host, with maps made for the purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "call.h"

/* A field of two bits, in which value 2 is not allowed; single bits of every kind; a number. */
static const struct flag flags[] = {
	{.mask = 0x3, .value = 0, .host = 0x10, .name = "MODE_SYNC", .kind = FLAG_SAME},
	{.mask = 0x3, .value = 1, .host = 0x20, .name = "MODE_ASYNC", .kind = FLAG_SAME},
	{.mask = 0x3, .value = 2, .name = "MODE_NEVER", .kind = FLAG_REFUSED},
	{.mask = 0x4, .value = 0x4, .host = 0x400, .name = "MOVED", .kind = FLAG_SAME},
	{.mask = 0x8, .value = 0x8, .host = 0x8, .name = "SAME", .kind = FLAG_SAME},
	{.mask = 0x10, .value = 0x10, .name = "OURS", .kind = FLAG_HANDLER},
	{.mask = 0x20, .value = 0x20, .name = "NOTHING", .kind = FLAG_HARMLESS},
	{.mask = 0x40, .value = 0x40, .name = "NO", .kind = FLAG_REFUSED},
	{.mask = 0xff00, .value = 0, .name = "SHIFT", .kind = FLAG_NUMBER},
};
static const struct flag_map map = {.name = "test", .n = sizeof flags / sizeof *flags, .flags = flags};

/* A `values` block: each claims the whole word. */
static const struct flag values[] = {
	{.mask = UINT32_MAX, .value = 1, .host = 7, .name = "ONE", .kind = FLAG_SAME},
	{.mask = UINT32_MAX, .value = UINT32_MAX, .host = (uint64_t)-1, .name = "ALL", .kind = FLAG_SAME},
	{.mask = UINT32_MAX, .value = 3, .name = "NEVER", .kind = FLAG_REFUSED},
	{.mask = UINT32_MAX, .value = 4, .name = "OURS", .kind = FLAG_HANDLER},
};
static const struct flag_map choice = {.name = "choice", .n = sizeof values / sizeof *values, .flags = values};

static const uint16_t to_host[] = {0, 1, NO_TWIN, 77};
static const uint16_t to_guest[] = {0, 1, NO_TWIN};
static const struct number_map numbers = {
	.name = "test", .n_to_host = 4, .n_to_guest = 3, .to_host = to_host, .to_guest = to_guest};

static void
flags_are_moved_to_the_hosts_bits(void **state)
{
	(void)state;
	assert_int_equal(flags_to_host(&map, 0x0), 0x10);
	assert_int_equal(flags_to_host(&map, 0x1), 0x20);
	assert_int_equal(flags_to_host(&map, 0x1 | 0x4 | 0x8), 0x20 | 0x400 | 0x8);
}

static void
flags_of_the_handler_and_harmless_ones_are_left_out(void **state)
{
	(void)state;
	assert_int_equal(flags_to_host(&map, 0x1 | 0x10 | 0x20), 0x20);
	assert_int_equal(flags_to_host(&map, 0x1 | 0xab00), 0x20);
}

static void
choices_may_be_negative(void **state)
{
	long host = 99;

	(void)state;
	assert_int_equal(choice_to_host(&choice, 1, &host), 0);
	assert_int_equal(host, 7);
	assert_int_equal(choice_to_host(&choice, UINT32_MAX, &host), 0);
	assert_int_equal(host, -1);
	assert_int_equal(choice_to_host(&choice, 4, &host), 0);
	assert_int_equal(host, 0);
}

static void
choices_that_are_none_are_refused(void **state)
{
	long host = 99;

	(void)state;
	assert_int_equal(choice_to_host(&choice, 0, &host), -EINVAL);
	assert_int_equal(choice_to_host(&choice, 2, &host), -EINVAL);
	assert_int_equal(choice_to_host(&choice, 3, &host), -EINVAL);
}

static void
flags_unknown_bit_is_refused(void **state)
{
	(void)state;
	for (int bit = 0; bit < 64; bit++)
		if (bit == 7 || bit > 15)
			assert_int_equal(flags_to_host(&map, 1ull << bit), -EINVAL);
}

static void
flags_refused_bit_and_field_value_are_refused(void **state)
{
	(void)state;
	assert_int_equal(flags_to_host(&map, 0x40), -EINVAL);
	assert_int_equal(flags_to_host(&map, 0x2), -EINVAL);
	assert_int_equal(flags_to_host(&map, 0x3), -EINVAL);	/* a value without a name */
}

static void
flags_come_back_as_the_guests(void **state)
{
	(void)state;
	assert_int_equal(flags_to_guest(&map, 0x20 | 0x400 | 0x8), 0x1 | 0x4 | 0x8);
	assert_int_equal(flags_to_guest(&map, 0x80000), 0);
}

static void
numbers_without_a_twin_say_so(void **state)
{
	(void)state;
	assert_int_equal(number_to_host(&numbers, 3), 77);
	assert_int_equal(number_to_host(&numbers, 2), -1);
	assert_int_equal(number_to_host(&numbers, 4), -1);
	assert_int_equal(number_to_host(&numbers, 0xffff), -1);
	assert_int_equal(number_to_guest(&numbers, 1), 1);
	assert_int_equal(number_to_guest(&numbers, 2), -1);
	assert_int_equal(number_to_guest(&numbers, 3), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_moved_to_the_hosts_bits),
		cmocka_unit_test(flags_of_the_handler_and_harmless_ones_are_left_out),
		cmocka_unit_test(choices_may_be_negative),
		cmocka_unit_test(choices_that_are_none_are_refused),
		cmocka_unit_test(flags_unknown_bit_is_refused),
		cmocka_unit_test(flags_refused_bit_and_field_value_are_refused),
		cmocka_unit_test(flags_come_back_as_the_guests),
		cmocka_unit_test(numbers_without_a_twin_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
