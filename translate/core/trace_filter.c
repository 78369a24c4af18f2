#include "trace_filter.h"

#include "core.h"
#include "layout.h"
#include "string.h"

#define NUMBERS 1024 /* more than any table has rows */

static uint64_t wanted[NUMBERS / 64] BULKY;
static bool signals_wanted;

static const char *const class_names[] = {
	"file", "desc", "memory", "process", "signal", "network", "time", "thread",
};

static void
want(unsigned nr, bool on)
{
	if (on)
		wanted[nr / 64] |= UINT64_C(1) << nr % 64;
	else
		wanted[nr / 64] &= ~(UINT64_C(1) << nr % 64);
}

bool
trace_filter_has(unsigned nr)
{
	return nr < NUMBERS ? wanted[nr / 64] >> nr % 64 & 1 : wanted[0] == ~UINT64_C(0);
}

bool
trace_filter_has_signals(void)
{
	return signals_wanted;
}

static bool
is_word(const char *word, size_t n, const char *name)
{
	return strncmp(word, name, n) == 0 && name[n] == 0;
}

/* Behind `freebsd11_` and leading underscores; NULL: the name has neither. */
static const char *
bare_name(const struct personality *abi, const char *name)
{
	size_t n = strlen(abi->name);
	const char *s = name;

	if (strncmp(s, abi->name, n) == 0 && s[n] >= '0' && s[n] <= '9')
		for (s += n; *s && *s != '_'; s++)
			;
	while (*s == '_')
		s++;
	return s == name ? NULL : s;
}

bool
row_is_named(const struct personality *abi, const struct row *row, const char *word, size_t n)
{
	const char *bare = bare_name(abi, row->name);

	return is_word(word, n, row->name) || (bare && is_word(word, n, bare));
}

uint8_t
class_named(const char *word, size_t n)
{
	for (size_t i = 0; i < sizeof class_names / sizeof *class_names; i++)
		if (is_word(word, n, class_names[i]))
			return (uint8_t)(1 << i);
	return 0;
}

static bool
apply(const struct personality *abi, const char *word, size_t n, bool on)
{
	bool is_class = n > 0 && word[0] == '%', found = false;
	uint8_t class = is_class ? class_named(word + 1, n - 1) : 0;

	if (is_class && !class)
		return false;
	if (class == CLASS_SIGNAL)
		signals_wanted = on;
	for (unsigned nr = 0; nr < abi->nrows && nr < NUMBERS; nr++) {
		const struct row *row = abi->rows[nr];

		if (row && (is_class ? row->classes & class : row_is_named(abi, row, word, n))) {
			want(nr, on);
			found = true;
		}
	}
	return found || is_class;
}

static void
want_all(void)
{
	memset(wanted, 0xff, sizeof wanted);
	signals_wanted = true;
}

void
trace_filter_start(const struct personality *abi, const char *words)
{
	if (!*words || *words == '!')
		want_all();
	while (*words) {
		const char *comma = strchr(words, ',');
		size_t n = comma ? (size_t)(comma - words) : strlen(words);
		bool on = *words != '!';

		if (!apply(abi, words + !on, n - !on, on))
			die(125,
			    "--trace=%.*s: no call of %s, nor a class (%%file %%desc %%memory "
			    "%%process "
			    "%%signal %%network %%time %%thread)",
			    (int)n, words, abi->name);
		words += n + !!comma;
	}
}
