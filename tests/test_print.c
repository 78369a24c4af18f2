/* print.c: what the core writes with no libc, against what libc writes. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core.h"
#include "host.h"
#include "print.h"

/* The gate: keeps what was written, and leaves by longjmp where the core would exit. */
static char written[4096];
static size_t written_bytes;
static unsigned writes;
static int exit_status;
static jmp_buf exited;
unsigned char host_calls_traced;

long
gate_call(long nr, long a, long b, long c, long d, long e, long f)
{
	(void)d, (void)e, (void)f;
	if (nr == __NR_exit_group) {
		exit_status = (int)a;
		longjmp(exited, 1);
	}
	assert_int_equal(nr, __NR_write);
	assert_int_equal(a, 2);
	memcpy(written, (const void *)b, (size_t)c);
	written_bytes = (size_t)c;
	writes++;
	return c;
}

#define SAME(...) \
	do { \
		char ours[200], theirs[200]; \
		size_t n = format(ours, sizeof ours, __VA_ARGS__); \
		assert_int_equal(n, snprintf(theirs, sizeof theirs, __VA_ARGS__)); \
		assert_string_equal(ours, theirs); \
	} while (0)

static void
forms_are_printfs(void **state)
{
	(void)state;
	SAME("plain");
	SAME("100%%");
	SAME("%s|%10s|%s", "text", "right", "");
	SAME("%c%c", 'a', '\n');
	SAME("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
	SAME("%ld %ld", LONG_MAX, LONG_MIN);
	SAME("%u %lu %zu", UINT_MAX, ULONG_MAX, sizeof(int));
	SAME("%x %lx %08x %016lx", 0xbeefu, ULONG_MAX, 0xbeefu, 0xbeeful);
	SAME("%o %lo %03o", 0644u, ULONG_MAX, 7u);
	SAME("%5d|%05d|%5u|%2d", -42, -42, 42u, 12345);
	SAME("%p", (void *)0x600000000000);
}

static void
precision_cuts_strings_and_stops_at_their_end(void **state)
{
	(void)state;
	SAME("%.*s", 3, "abcdef");
	SAME("%.*s", 0, "abcdef");
	SAME("%.*s|", 10, "abc");
}

static void
short_space_is_ended_and_never_overrun(void **state)
{
	char space[16];

	(void)state;
	for (size_t size = 0; size < sizeof space; size++) {
		memset(space, '#', sizeof space);
		assert_int_equal(format(space, size, "%s-%d", "0123456789", 77), 13);
		if (size > 0)
			assert_memory_equal(space, "0123456789-77", size - 1 < 13 ? size - 1 : 13);
		if (size > 0)
			assert_int_equal(space[size - 1 < 13 ? size - 1 : 13], 0);
		for (size_t i = size; i < sizeof space; i++)
			assert_int_equal(space[i], '#');
	}
}

static void
a_complaint_is_one_line_and_one_write(void **state)
{
	static const char line[] = "dragoman: x: no 7\n";

	(void)state;
	writes = 0;
	complain("%s: no %d", "x", 7);
	assert_int_equal(writes, 1);
	assert_int_equal(written_bytes, sizeof line - 1);
	assert_memory_equal(written, line, sizeof line - 1);
}

static void
a_long_complaint_is_cut_and_still_ends_its_line(void **state)
{
	char name[3000];

	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	complain("%s", name);
	assert_in_range(written_bytes, 1000, 1024);
	assert_int_equal(written[written_bytes - 1], '\n');
	assert_int_equal(written[written_bytes - 2], 'n');
}

static void
dying_says_why_and_exits_with_the_status(void **state)
{
	(void)state;
	writes = 0;
	exit_status = 0;
	if (setjmp(exited) == 0)
		die(126, "%s", "why");
	assert_int_equal(exit_status, 126);
	assert_int_equal(writes, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_printfs),
		cmocka_unit_test(precision_cuts_strings_and_stops_at_their_end),
		cmocka_unit_test(short_space_is_ended_and_never_overrun),
		cmocka_unit_test(a_complaint_is_one_line_and_one_write),
		cmocka_unit_test(a_long_complaint_is_cut_and_still_ends_its_line),
		cmocka_unit_test(dying_says_why_and_exits_with_the_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
