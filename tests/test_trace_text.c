/*
 * trace_text.c: text in a given space, and guest strings in it. Guest memory is this test's, up to
 * `mapped_end`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call.h"
#include "copy.h"
#include "trace_text.h"

static const char *mapped_end = (const char *)UINTPTR_MAX;

long
copy_in(void *to, struct guest_ptr from, size_t n)
{
	const char *p = (const char *)(uintptr_t)from.addr;

	if (from.addr < 4096 || n > (size_t)(mapped_end - p))
		return -EFAULT;
	memcpy(to, p, n);
	return 0;
}

long
copy_in_string(char *to, struct guest_ptr from, size_t size)
{
	const char *p = (const char *)(uintptr_t)from.addr;

	for (size_t i = 0; i < size; i++) {
		if (from.addr < 4096 || p + i >= mapped_end)
			return -EFAULT;
		to[i] = p[i];
		if (!p[i])
			return (long)i;
	}
	return -ENAMETOOLONG;
}

static char space[64];

static struct text
fresh(size_t size)
{
	struct text t;

	memset(space, '#', sizeof space);
	text_clear(&t, space, size);
	return t;
}

static struct guest_ptr
at(const char *s)
{
	return guest((uintptr_t)s);
}

static void
text_grows_and_stops_at_its_end(void **state)
{
	(void)state;
	for (size_t size = 8; size < sizeof space; size++) {
		struct text t = fresh(size);

		for (int i = 0; i < 100; i++)
			text_add(&t, "%d,", i);
		assert_int_equal(t.n, size - 1);
		assert_int_equal(space[t.n], 0);
		assert_memory_equal(space + size - 4, "...", 4);
		assert_memory_equal(space, "0,1,", 4);
		assert_int_equal(space[size], '#');
	}
}

static void
what_just_fits_is_not_marked(void **state)
{
	struct text t = fresh(5);

	(void)state;
	text_add(&t, "abcd");
	assert_string_equal(space, "abcd");
	text_add(&t, "e");
	assert_string_equal(space, "a...");
}

static void
characters_are_escaped_as_in_c(void **state)
{
	struct text t = fresh(sizeof space);

	(void)state;
	text_add_bytes(&t, at("a\"\\\n\t\r\0\0011\3779\200"), 12, 32);
	assert_string_equal(space, "\"a\\\"\\\\\\n\\t\\r\\0\\0011\\3779\\200\"");
}

static void
strings_are_cut_after_the_limit_only(void **state)
{
	struct text t = fresh(sizeof space);

	(void)state;
	text_add_string(&t, at("12345"), 5);
	text_add_string(&t, at("123456"), 5);
	text_add_string(&t, at(""), 5);
	assert_string_equal(space, "\"12345\"\"12345\"...\"\"");
	t = fresh(sizeof space);
	text_add_bytes(&t, at("12345"), 5, 5);
	text_add_bytes(&t, at("123456"), 6, 5);
	text_add_bytes(&t, at("x"), 0, 5);
	assert_string_equal(space, "\"12345\"\"12345\"...\"\"");
}

static void
long_strings_come_in_pieces(void **state)
{
	static char large[4000], out[5000];
	struct text t;

	(void)state;
	memset(large, 'y', sizeof large - 1);
	text_clear(&t, out, sizeof out);
	text_add_string(&t, at(large), 4096);
	assert_int_equal(t.n, sizeof large - 1 + 2);
	assert_int_equal(out[t.n - 1], '"');
	assert_null(strstr(out, "..."));
}

static void
addresses_that_cannot_be_read_are_shown_as_such(void **state)
{
	static char page[600];
	struct text t = fresh(sizeof space);

	(void)state;
	text_add_string(&t, guest(0), 32);
	text_add_string(&t, guest(16), 32);
	text_add_bytes(&t, guest(0), 3, 32);
	text_add_bytes(&t, guest(16), 3, 32);
	assert_string_equal(space, "NULL0x10NULL0x10");
	/* A string that runs into what is not mapped, after a first piece. */
	memset(page, 'z', sizeof page);
	mapped_end = page + 300;
	static char out[1000];
	text_clear(&t, out, sizeof out);
	text_add_string(&t, at(page), 4096);
	mapped_end = (const char *)UINTPTR_MAX;
	assert_int_equal(out[0], '"');
	assert_string_equal(out + t.n - 4, "\"...");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_grows_and_stops_at_its_end),
		cmocka_unit_test(what_just_fits_is_not_marked),
		cmocka_unit_test(characters_are_escaped_as_in_c),
		cmocka_unit_test(strings_are_cut_after_the_limit_only),
		cmocka_unit_test(long_strings_come_in_pieces),
		cmocka_unit_test(addresses_that_cannot_be_read_are_shown_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
