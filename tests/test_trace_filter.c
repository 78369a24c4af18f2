/* trace_filter.c: which calls --trace=WORD,… shows, on a table of a few rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core.h"
#include "trace_filter.h"

enum { OPEN, OLD_STAT, STAT, SYSCTL, KILL, ROWS = 6 };	/* number 5 has no row */

static const struct row rows[] = {
	[OPEN] = {.nr = OPEN, .name = "open", .classes = CLASS_FILE | CLASS_DESC},
	[OLD_STAT] = {.nr = OLD_STAT, .name = "freebsd11_stat", .classes = CLASS_FILE},
	[STAT] = {.nr = STAT, .name = "stat", .classes = CLASS_FILE},
	[SYSCTL] = {.nr = SYSCTL, .name = "__sysctl"},
	[KILL] = {.nr = KILL, .name = "kill", .classes = CLASS_SIGNAL | CLASS_PROCESS},
};
static const struct row *const table[ROWS] = {&rows[OPEN], &rows[OLD_STAT], &rows[STAT], &rows[SYSCTL], &rows[KILL]};
static const struct personality abi = {.name = "freebsd", .rows = table, .nrows = ROWS};

static jmp_buf died;
static char last_words[200];

void
die(int status, const char *form, ...)
{
	va_list list;

	assert_int_equal(status, 125);
	va_start(list, form);
	vsnprintf(last_words, sizeof last_words, form, list);
	va_end(list);
	longjmp(died, 1);
}

/* The filter is set once a process: each case looks at words that add to none. */
static unsigned
shown(const char *words)
{
	unsigned set = 0;

	trace_filter_start(&abi, "!open,!%file,!%signal,!sysctl");	/* all, less all of these */
	trace_filter_start(&abi, words);
	for (unsigned nr = 0; nr < ROWS - 1; nr++)
		set |= (unsigned)trace_filter_has(nr) << nr;
	return set;
}

static void
no_words_show_everything(void **state)
{
	(void)state;
	assert_int_equal(shown(""), 0x1f);
	assert_true(trace_filter_has(5));
	assert_true(trace_filter_has(9999));
	assert_true(trace_filter_has_signals());
}

static void
a_name_means_its_older_versions_and_its_librarys_name(void **state)
{
	(void)state;
	assert_int_equal(shown("stat"), 1 << STAT | 1 << OLD_STAT);
	assert_int_equal(shown("freebsd11_stat"), 1 << OLD_STAT);
	assert_int_equal(shown("sysctl"), 1 << SYSCTL);
	assert_int_equal(shown("open,kill"), 1 << OPEN | 1 << KILL);
	assert_false(trace_filter_has_signals());
}

static void
a_class_means_its_calls(void **state)
{
	(void)state;
	assert_int_equal(shown("%file"), 1 << OPEN | 1 << OLD_STAT | 1 << STAT);
	assert_int_equal(shown("%signal"), 1 << KILL);
	assert_true(trace_filter_has_signals());
}

static void
an_exclamation_mark_takes_away(void **state)
{
	(void)state;
	assert_int_equal(shown("!%file"), 1 << SYSCTL | 1 << KILL);
	assert_int_equal(shown("%file,!open"), 1 << OLD_STAT | 1 << STAT);
}

static void
a_word_that_names_nothing_is_refused(void **state)
{
	static const char *const wrong[] = {"nonsense", "%nonsense", "open,nonsense", "ope", "opens", "%fil", ",", "!"};

	(void)state;
	for (volatile size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (setjmp(died) == 0) {
			trace_filter_start(&abi, wrong[i]);
			fail_msg("taken: %s", wrong[i]);
		}
		assert_non_null(strstr(last_words, "--trace="));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_words_show_everything),
		cmocka_unit_test(a_name_means_its_older_versions_and_its_librarys_name),
		cmocka_unit_test(a_class_means_its_calls),
		cmocka_unit_test(an_exclamation_mark_takes_away),
		cmocka_unit_test(a_word_that_names_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
