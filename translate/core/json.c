#include "json.h"

#include <stdarg.h>
#include <stdint.h>

#include "print.h"
#include "string.h"

#define REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */

void
json_begin(struct json *j, char *space, size_t size, size_t tail)
{
	*j = (struct json){.at = space, .size = size - tail};
	space[0] = 0;
}

void
json_reclaim(struct json *j, size_t tail)
{
	j->size += tail;
}

bool
json_raw(struct json *j, const char *form, ...)
{
	size_t room = j->size - j->n, n;
	va_list list;

	va_start(list, form);
	n = format_list(j->at + j->n, room, form, list);
	va_end(list);
	if (n >= room) {
		j->at[j->n] = 0;
		j->is_cut = true;
		return false;
	}
	j->n += n;
	return true;
}

bool
json_name(struct json *j, const char *name)
{
	if (!json_raw(j, j->has_member ? ",\"%s\":" : "\"%s\":", name))
		return false;
	j->has_member = true;
	return true;
}

/* How many bytes the character at s has; 0: it is not UTF-8 (RFC 3629, section 4). */
static size_t
character(const unsigned char *s, size_t n)
{
	static const struct {
		uint8_t first, last, length, second_low, second_high;
	} forms[] = {
		{0x00, 0x7f, 1, 0, 0},		{0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
		{0xe1, 0xec, 3, 0x80, 0xbf},	{0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
		{0xf0, 0xf0, 4, 0x90, 0xbf},	{0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t length = forms[i].length;

		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (length > n || (length > 1 && (s[1] < forms[i].second_low || s[1] > forms[i].second_high)))
			return 0;
		for (size_t k = 2; k < length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return length;
	}
	return 0;
}

/* Room is kept for the closing quote. */
static bool
add(struct json *j, const char *s, size_t n)
{
	if (j->n + n + 2 > j->size) {
		j->is_cut = true;
		return false;
	}
	memcpy(j->at + j->n, s, n);
	j->n += n;
	j->at[j->n] = 0;
	return true;
}

static bool
add_escaped(struct json *j, unsigned char c)
{
	static const char letters[] = "\bb\tt\nn\ff\rr\"\"\\\\";
	char text[8];

	for (const char *l = letters; *l; l += 2)
		if (c == (unsigned char)*l)
			return add(j, (const char[]){'\\', l[1]}, 2);
	return add(j, text, format(text, sizeof text, "\\u%04x", c));
}

bool
json_string_open(struct json *j)
{
	if (j->n + 3 > j->size) {
		j->is_cut = true;
		return false;
	}
	return json_raw(j, "\"");
}

bool
json_string_bytes(struct json *j, const char *s, size_t n)
{
	bool is_text = true, fits = true;

	for (size_t i = 0; i < n && fits;) {
		unsigned char c = (unsigned char)s[i];
		size_t length = character((const unsigned char *)s + i, n - i);

		is_text = is_text && length;
		if (!length)
			fits = add(j, REPLACEMENT, sizeof REPLACEMENT - 1);
		else if (c < ' ' || c == '"' || c == '\\' || c == 0x7f)
			fits = add_escaped(j, c);
		else
			fits = add(j, s + i, length);
		i += length ? length : 1;
	}
	return is_text;
}

void
json_string_close(struct json *j)
{
	j->at[j->n++] = '"';
	j->at[j->n] = 0;
}

bool
json_string(struct json *j, const char *s, size_t n)
{
	bool is_text;

	if (!json_string_open(j))
		return true;
	is_text = json_string_bytes(j, s, n);
	json_string_close(j);
	return is_text;
}
