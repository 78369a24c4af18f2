/* Structs of other word sizes: each policy, both ways, and what a call's arguments become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "convert.h"
#include "copy.h"

struct narrow { int32_t sec; uint16_t id; uint16_t link; uint32_t limit; uint32_t place; uint32_t list[2]; };
struct wide { uint64_t place; int64_t sec; uint32_t id; uint64_t link; uint64_t limit; uint64_t list[2]; uint64_t more; };

#define FIELD(name, n, sign, how) \
	{offsetof(struct narrow, name), offsetof(struct wide, name), n, sizeof(((struct narrow *)0)->name) / (n), \
	 sizeof(((struct wide *)0)->name) / (n), sign, how}
static const struct map_field fields[] = {
	FIELD(sec, 1, 1, FIELD_CUT), FIELD(id, 1, 0, FIELD_ID), FIELD(link, 1, 0, FIELD_FITS),
	FIELD(limit, 1, 0, FIELD_SATURATES), FIELD(place, 1, 0, FIELD_CUT), FIELD(list, 2, 0, FIELD_FITS),
};
static const struct struct_map map = {sizeof(struct narrow), sizeof(struct wide), 6, 0, fields};

/* The guest's memory is ours, but for one bad place. */
#define BAD 0x10

long
copy_in(void *to, struct guest_ptr from, size_t n)
{
	if (from.addr <= BAD)
		return -EFAULT;
	memcpy(to, (const void *)from.addr, n);
	return 0;
}

long
copy_out(struct guest_ptr to, const void *from, size_t n)
{
	if (to.addr <= BAD)
		return -EFAULT;
	memcpy((void *)to.addr, from, n);
	return 0;
}

long
load_u64(uint64_t *to, struct guest_ptr from)
{
	return copy_in(to, from, sizeof *to);
}

void *
core_alloc(size_t n)
{
	return calloc(1, n);
}

void
core_free(void *p)
{
	free(p);
}

static void
signs_are_kept_and_lacking_fields_are_zero(void **state)
{
	struct narrow n = {-5, 7, 1, 9, 0xfffff000, {1, 0xffffffff}};
	struct wide w;

	(void)state;
	memset(&w, 0xff, sizeof w);
	struct_to_host(&map, &w, &n);
	assert_int_equal(w.sec, -5);
	assert_int_equal(w.place, 0xfffff000);
	assert_int_equal(w.list[1], 0xffffffff);
	assert_int_equal(w.more, 0);
}

static void
the_largest_stands_for_the_largest(void **state)
{
	struct narrow n = {.id = 0xffff, .limit = 0xffffffff};
	struct wide w = {0};

	(void)state;
	struct_to_host(&map, &w, &n);
	assert_int_equal(w.id, 0xffffffff);
	assert_true(w.limit == UINT64_MAX);
	w.id = 70000;
	w.limit = UINT64_C(1) << 40;
	assert_int_equal(struct_to_guest(&map, &n, &w), 0);
	assert_int_equal(n.id, 65534);
	assert_int_equal(n.limit, 0xffffffff);
}

static void
what_must_fit_and_does_not_is_an_overflow(void **state)
{
	struct wide w = {.link = 0x10000};
	struct narrow n;

	(void)state;
	assert_int_equal(struct_to_guest(&map, &n, &w), -EOVERFLOW);
	w = (struct wide){.link = 0xffff, .sec = INT64_C(0x100000001), .list = {1, 0x100000000}};
	assert_int_equal(struct_to_guest(&map, &n, &w), -EOVERFLOW);
	w.list[1] = 2;
	assert_int_equal(struct_to_guest(&map, &n, &w), 0);
	assert_int_equal(n.sec, 1);
	assert_int_equal(n.link, 0xffff);
}

static struct guest_ptr
at(const void *p)
{
	return guest((uintptr_t)p);
}

static void
an_argument_is_read_and_only_a_success_is_written(void **state)
{
	struct narrow n = {.sec = 3};
	struct converted v = {0};
	struct wide *w;

	(void)state;
	assert_int_equal(convert_begin(&v, &map, at(&n), 1, CONVERT_INOUT), 0);
	w = v.host;
	assert_int_equal(w->sec, 3);
	w->sec = 4;
	assert_int_equal(convert_end(&v, 1, -EAGAIN), -EAGAIN);
	assert_int_equal(n.sec, 3);
	assert_int_equal(convert_end(&v, 1, -EINTR), -EINTR);
	assert_int_equal(n.sec, 4);
	w->sec = 5;
	assert_int_equal(convert_end(&v, 1, 7), 7);
	assert_int_equal(n.sec, 5);
}

static void
null_and_bad_places(void **state)
{
	struct converted v = {0};

	(void)state;
	assert_int_equal(convert_begin(&v, &map, guest(0), 1, CONVERT_IN | CONVERT_NULL), 0);
	assert_null(v.host);
	assert_int_equal(convert_end(&v, 1, 0), 0);
	assert_int_equal(convert_begin(&v, &map, guest(0), 1, CONVERT_INOUT), 0);
	assert_ptr_equal(v.host, UNREADABLE);
	assert_int_equal(convert_end(&v, 1, 0), 0);
	assert_int_equal(convert_begin(&v, &map, guest(BAD), 1, CONVERT_OUT), 0);
	assert_int_equal(convert_end(&v, 1, 0), -EFAULT);
	assert_int_equal(convert_begin(&v, &map, guest(BAD), UINT64_MAX, CONVERT_OUT), -EINVAL);
}

static void
an_array_is_written_as_far_as_answered(void **state)
{
	struct narrow n[40] = {{0}};
	struct converted v = {0};
	struct wide *w;

	(void)state;
	assert_int_equal(convert_begin(&v, &map, at(n), 40, CONVERT_OUT | CONVERT_ANSWERED), 0);
	w = v.host;
	for (int i = 0; i < 40; i++)
		w[i].sec = i + 1;
	assert_int_equal(convert_end(&v, 1, 39), 39);
	assert_int_equal(n[38].sec, 39);
	assert_int_equal(n[39].sec, 0);
}

/* A part of a vector, in the host's layout. */
struct part { uint64_t length; uint64_t place; };
static const struct map_field places[] = {{8, 8, 1, 8, 8, 0, FIELD_MEMORY}};
static const struct struct_map parts_map = {sizeof(struct part), sizeof(struct part), 1, 1, places};
enum { PARTS = 200 };	/* more than fit in struct converted */

static void
what_points_outside_the_core_is_not_copied(void **state)
{
	struct part parts[PARTS] = {{CORE_TEXT, 0x1000}, {CORE_TEXT, CORE_BASE - 1}, {CORE_TEXT, CORE_END}};
	struct converted v = {0};

	(void)state;
	assert_false(points_into_core(&parts_map, at(parts), PARTS));
	assert_int_equal(convert_memory(&v, &parts_map, at(parts), PARTS), 0);
	assert_ptr_equal(v.host, parts);
	assert_int_equal(convert_end(&v, 1, 3), 3);
	assert_int_equal(convert_memory(&v, &parts_map, guest(BAD - 8), PARTS), 0);
	assert_ptr_equal(v.host, (void *)(BAD - 8));
}

static void
what_points_into_the_core_points_nowhere_in_a_copy(void **state)
{
	struct part parts[PARTS] = {{1, 0x1000}, {CORE_TEXT, 0x2000}}, *copy;
	struct converted v = {0};

	(void)state;
	parts[PARTS - 1] = (struct part){CORE_TEXT, CORE_TEXT + 0x1234};
	assert_int_equal(convert_memory(&v, &parts_map, at(parts), PARTS), 0);
	copy = v.host;
	assert_ptr_not_equal(copy, parts);
	assert_int_equal(copy[0].place, 0x1000);
	assert_true(copy[1].length == CORE_TEXT);
	assert_true(copy[PARTS - 1].length == CORE_TEXT);
	assert_true(copy[PARTS - 1].place == CORE_BASE + 0x1234);
	assert_true(parts[PARTS - 1].place == CORE_TEXT + 0x1234);
	assert_int_equal(convert_end(&v, 1, 3), 3);
}

static void
small_ids(void **state)
{
	(void)state;
	assert_int_equal(wide_id(0xffff), 0xffffffff);
	assert_int_equal(wide_id(1000), 1000);
	assert_int_equal(narrow_id(70000), 65534);
	assert_int_equal(narrow_id(1000), 1000);
	assert_int_equal(narrow_id(-EPERM), -EPERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_are_kept_and_lacking_fields_are_zero),
		cmocka_unit_test(the_largest_stands_for_the_largest),
		cmocka_unit_test(what_must_fit_and_does_not_is_an_overflow),
		cmocka_unit_test(an_argument_is_read_and_only_a_success_is_written),
		cmocka_unit_test(null_and_bad_places),
		cmocka_unit_test(an_array_is_written_as_far_as_answered),
		cmocka_unit_test(what_points_outside_the_core_is_not_copied),
		cmocka_unit_test(what_points_into_the_core_points_nowhere_in_a_copy),
		cmocka_unit_test(small_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
