/* What the programs of every ABI need of a libc, and have none. */
#ifndef CONFORMANCE_GUEST_TEXT_H
#define CONFORMANCE_GUEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* An address that nothing is ever mapped at. */
#define NOWHERE ((void *)0x10)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The compiler calls these. */
__attribute__((used)) void *
memset(void *to, int byte, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = (char)byte;
	return to;
}

__attribute__((used)) void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}

static inline size_t
length(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0')
		n++;
	return n;
}

static inline bool
same(const void *a, const void *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((const char *)a)[i] != ((const char *)b)[i])
			return false;
	return true;
}

static inline bool
same_text(const char *a, const char *b)
{
	return length(a) == length(b) && same(a, b, length(a));
}

#endif
