#include "trace_text.h"

#include "call.h"
#include "copy.h"
#include "print.h"
#include "string.h"

#define PIECE 256

void
text_clear(struct text *t, char *space, size_t size)
{
	*t = (struct text){space, 0, size};
	space[0] = 0;
}

void
text_add(struct text *t, const char *form, ...)
{
	size_t room = t->size - t->n, n;
	va_list list;

	va_start(list, form);
	n = format_list(t->at + t->n, room, form, list);
	va_end(list);
	if (n < room) {
		t->n += n;
		return;
	}
	t->n = t->size - 1;
	memcpy(t->at + t->size - 4, "...", 4);
}

void
text_add_escaped(struct text *t, unsigned char c, unsigned char next)
{
	static const char letters[] = "\aa\bb\tt\nn\vv\ff\rr\"\"\\\\";

	for (const char *l = letters; *l; l += 2)
		if (c == (unsigned char)*l) {
			text_add(t, "\\%c", l[1]);
			return;
		}
	if (c >= ' ' && c < 0x7f)
		text_add(t, "%c", c);
	else if (next >= '0' && next <= '9')
		text_add(t, "\\%03o", c);
	else
		text_add(t, "\\%o", c);
}

static void
add_escaped_piece(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_add_escaped(t, (unsigned char)s[i],
				 (unsigned char)(i + 1 < n ? s[i + 1] : '0'));
}

void
text_add_bytes(struct text *t, struct guest_ptr from, uint64_t n, size_t limit)
{
	char piece[PIECE];
	size_t shown = n < limit ? n : limit;

	if (shown > sizeof piece)
		shown = sizeof piece;
	if (is_null(from)) {
		text_add(t, "NULL");
		return;
	}
	if (copy_in(piece, from, shown) < 0) {
		text_add(t, "0x%lx", (unsigned long)from.addr);
		return;
	}
	text_add(t, "\"");
	add_escaped_piece(t, piece, shown);
	text_add(t, shown < n ? "\"..." : "\"");
}

/*
 * Byte by byte over page ends is what copy_in_string is for; here in pieces, to need little stack.
 */
void
text_add_string(struct text *t, struct guest_ptr from, size_t limit)
{
	char piece[PIECE];
	size_t done = 0;
	long n;

	if (is_null(from)) {
		text_add(t, "NULL");
		return;
	}
	do {
		size_t want = limit - done + 1 < sizeof piece ? limit - done + 1 : sizeof piece;

		n = copy_in_string(piece, guest_at(from, done), want);
		if (n == -EFAULT) {
			if (done)
				text_add(t, "\"...");
			else
				text_add(t, "0x%lx", (unsigned long)from.addr);
			return;
		}
		if (done == 0)
			text_add(t, "\"");
		add_escaped_piece(t, piece, n >= 0 ? (size_t)n : want - 1);
		done += n >= 0 ? (size_t)n : want - 1;
	} while (n < 0 && done < limit);
	text_add(t, n < 0 ? "\"..." : "\"");
}
