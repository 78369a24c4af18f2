#include "print.h"

#include <stdbool.h>
#include <stdint.h>

#include "core.h"
#include "host.h"
#include "linux_abi.h"
#include "string.h"

struct out {
	char *to;
	size_t size, n;
};

static void
put(struct out *o, char c)
{
	if (o->n + 1 < o->size)
		o->to[o->n] = c;
	o->n++;
}

static void
put_text(struct out *o, const char *s, size_t n, unsigned width)
{
	for (size_t i = n; i < width; i++)
		put(o, ' ');
	while (n--)
		put(o, *s++);
}

/* Of a string that need not be ended if there are as many characters as `limit` (-1: no limit). */
static size_t
length(const char *s, int limit)
{
	size_t n = 0;

	while (n != (size_t)limit && s[n])
		n++;
	return n;
}

static void
put_number(struct out *o, uint64_t v, unsigned base, bool negative, unsigned width, char fill)
{
	char digits[24], *p = digits + sizeof digits;
	size_t n;

	do
		*--p = "0123456789abcdef"[v % base];
	while (v /= base);
	n = (size_t)(digits + sizeof digits - p);
	if (negative && fill == '0')
		put(o, '-');
	for (size_t i = n + negative; i < width; i++)
		put(o, fill);
	if (negative && fill != '0')
		put(o, '-');
	put_text(o, p, n, 0);
}

size_t
format_list(char *to, size_t size, const char *form, va_list list)
{
	struct out o = {to, size, 0};

	for (; *form; form++) {
		char fill = ' ';
		unsigned width = 0;
		int precision = -1;
		bool wide = false;

		if (*form != '%') {
			put(&o, *form);
			continue;
		}
		if (*++form == '0')
			fill = '0';
		for (; *form >= '0' && *form <= '9'; form++)
			width = width * 10 + (unsigned)(*form - '0');
		if (form[0] == '.' && form[1] == '*') {
			precision = va_arg(list, int);
			form += 2;
		}
		for (; *form == 'l' || *form == 'z'; form++)
			wide = true;
		switch (*form) {
		case 's': {
			const char *s = va_arg(list, const char *);

			if (!s)
				s = "(null)";
			put_text(&o, s, length(s, precision), width);
			break;
		}
		case 'c':
			put(&o, (char)va_arg(list, int));
			break;
		case 'd': {
			int64_t v = wide ? va_arg(list, long) : va_arg(list, int);

			put_number(&o, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0, width, fill);
			break;
		}
		case 'u':
		case 'x':
		case 'o': {
			uint64_t v = wide ? va_arg(list, unsigned long) : va_arg(list, unsigned);

			put_number(&o, v, *form == 'u' ? 10 : *form == 'x' ? 16 : 8, false, width, fill);
			break;
		}
		case 'p':
			put_text(&o, "0x", 2, 0);
			put_number(&o, (uintptr_t)va_arg(list, void *), 16, false, width, fill);
			break;
		case '%':
			put(&o, '%');
			break;
		default:	/* a mistake in the core's own text: show it */
			put(&o, '%');
			put(&o, *form);
		}
	}
	if (size)
		to[o.n < size ? o.n : size - 1] = 0;
	return o.n;
}

size_t
format(char *to, size_t size, const char *form, ...)
{
	va_list list;
	size_t n;

	va_start(list, form);
	n = format_list(to, size, form, list);
	va_end(list);
	return n;
}

/* One write, so that lines of several processes do not mix. */
static void
say(const char *form, va_list list)
{
	char line[1024];
	size_t n = format(line, sizeof line, "dragoman: ");

	n += format_list(line + n, sizeof line - n - 1, form, list);
	if (n > sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	core_call(__NR_write, 2, line, n);
}

void
complain(const char *form, ...)
{
	va_list list;

	va_start(list, form);
	say(form, list);
	va_end(list);
}

void
die(int status, const char *form, ...)
{
	va_list list;

	va_start(list, form);
	say(form, list);
	va_end(list);
	for (;;)
		core_call(__NR_exit_group, status);
}
