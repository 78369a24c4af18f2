/* core/json.c: what does not fit, and what is no text, still leaves JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

#define TAIL 8

static const char *
string(struct json *j, char *space, size_t size, const char *s, size_t n, bool *is_text)
{
	memset(space, '#', size);
	json_begin(j, space, size, TAIL);
	*is_text = json_string(j, s, n);
	return space;
}

static void
strings_are_escaped(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"", "\"\""},
		{"plain /name", "\"plain /name\""},
		{"\"\\\n\t\r\b\f", "\"\\\"\\\\\\n\\t\\r\\b\\f\""},
		{"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
		{"\xc3\xbc \xe2\x82\xac \xf0\x9f\x90\xaa", "\"\xc3\xbc \xe2\x82\xac \xf0\x9f\x90\xaa\""},
	};
	char space[256];
	struct json j;
	bool is_text;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_string_equal(string(&j, space, sizeof space, cases[i].from, strlen(cases[i].from), &is_text),
				    cases[i].to);
		assert_true(is_text);
		assert_false(j.is_cut);
	}
}

/* RFC 3629: bytes that never occur, overlong forms, surrogates, beyond U+10FFFF, and what ends early. */
static void
other_bytes_are_replaced(void **state)
{
	static const struct {
		const char *from;
		size_t replaced;
	} cases[] = {
		{"\xff", 1},		{"\x80", 1},		 {"\xc0\xaf", 2},	  {"\xc1\xbf", 2},
		{"\xe0\x9f\xbf", 3},	{"\xed\xa0\x80", 3},	 {"\xf0\x8f\xbf\xbf", 4}, {"\xf4\x90\x80\x80", 4},
		{"\xc3", 1},		{"\xe2\x82", 2},	 {"\xf0\x9f\x90", 3},	  {"\xf5\x80\x80\x80", 4},
	};
	char space[256], wanted[64];
	struct json j;
	bool is_text;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		strcpy(wanted, "\"");
		for (size_t k = 0; k < cases[i].replaced; k++)
			strcat(wanted, "\xef\xbf\xbd");
		strcat(wanted, "\"");
		assert_string_equal(string(&j, space, sizeof space, cases[i].from, strlen(cases[i].from), &is_text),
				    wanted);
		assert_false(is_text);
	}
}

/* Every size of space: never past it, and always closed. */
static void
what_does_not_fit_is_cut(void **state)
{
	static const char from[] = "ab\x01\"\xc3\xbc\xff";
	char space[64];
	struct json j;
	bool is_text;

	(void)state;
	for (size_t size = TAIL + 1; size <= 40; size++) {
		memset(space, '#', sizeof space);
		string(&j, space, size, from, sizeof from - 1, &is_text);
		assert_true(j.n < size - TAIL || j.n == 0);
		assert_int_equal(space[j.n], 0);
		assert_int_equal(space[size], '#');
		if (j.n) {
			assert_int_equal(space[0], '"');
			assert_int_equal(space[j.n - 1], '"');
		}
		assert_int_equal(j.is_cut, size - TAIL < sizeof "\"ab\\u0001\\\"\xc3\xbc\xef\xbf\xbd\"");
	}
}

static void
members_have_commas_between(void **state)
{
	char space[64];
	struct json j;

	(void)state;
	json_begin(&j, space, sizeof space, TAIL);
	assert_true(json_raw(&j, "{"));
	assert_true(json_name(&j, "one") && json_raw(&j, "%d", 1));
	assert_true(json_name(&j, "two") && json_raw(&j, "%d", 2));
	assert_true(json_raw(&j, "}"));
	assert_string_equal(space, "{\"one\":1,\"two\":2}");
}

static void
the_tail_is_there_for_the_end(void **state)
{
	char space[16];
	struct json j;

	(void)state;
	json_begin(&j, space, sizeof space, TAIL);
	assert_true(json_raw(&j, "1234567"));
	assert_false(json_raw(&j, "8"));
	assert_true(j.is_cut);
	json_reclaim(&j, TAIL);
	assert_true(json_raw(&j, "end"));
	assert_string_equal(space, "1234567end");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_escaped),	       cmocka_unit_test(other_bytes_are_replaced),
		cmocka_unit_test(what_does_not_fit_is_cut),    cmocka_unit_test(members_have_commas_between),
		cmocka_unit_test(the_tail_is_there_for_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
