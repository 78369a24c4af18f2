/*
 * The little that options.c, find.c and run.c need in libc's place. Of libc's
 * headers they use the constants and types only.
 */
#ifndef DRAGOMAN_CLI_PLAIN_H
#define DRAGOMAN_CLI_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

/* The kernel's answer: a value or -errno. */
static inline long
kernel(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;

	__asm__ volatile("syscall"
			 : "+a"(nr)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return nr;
}

static inline bool
equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

/* What follows `start` in text, or NULL if it does not begin so. */
static inline const char *
after(const char *text, const char *start)
{
	while (*start != '\0')
		if (*text++ != *start++)
			return NULL;
	return text;
}

/* A string that is built piece by piece in buf[size]. */
struct text {
	char *buf;
	size_t size, len;
	bool too_long;
};

static inline void
add_bytes(struct text *t, const char *from, size_t n)
{
	for (; n > 0 && *from != '\0'; n--) {
		if (t->len + 1 >= t->size) {
			t->too_long = true;
			break;
		}
		t->buf[t->len++] = *from++;
	}
	t->buf[t->len] = '\0';
}

static inline void
add(struct text *t, const char *from)
{
	add_bytes(t, from, (size_t)-1);
}

static inline void
add_number(struct text *t, unsigned n)
{
	char digits[12];
	char *p = digits + sizeof(digits) - 1;

	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	add(t, p);
}

#endif
