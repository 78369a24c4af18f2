#include "string.h"

#include <stdint.h>

/* rep movsb is as fast as anything at these sizes, and the core has no vectors. */
void *
(memcpy)(void *to, const void *from, size_t n)
{
	void *d = to;

	__asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(n) : : "memory");
	return to;
}

void *
memmove(void *to, const void *from, size_t n)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	/* Not the compiler's, which may read ahead of what it writes. */
	if (d <= s || d >= s + n)
		return (memcpy)(to, from, n);
	while (n--)
		d[n] = s[n];
	return to;
}

/* `rep stosb` takes 40 ns to begin, which pays from some hundred bytes on. */
void *
(memset)(void *to, int c, size_t n)
{
	const uint64_t eight = UINT64_C(0x0101010101010101) * (unsigned char)c;
	char *d = to;

	if (n >= 8 && n <= 256) {
		for (char *last = d + n - 8; d < last; d += 8)
			__builtin_memcpy(d, &eight, 8);
		__builtin_memcpy((char *)to + n - 8, &eight, 8);
		return to;
	}
	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
	return to;
}

int
(memcmp)(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t
strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int
strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a - (unsigned char)*b;
		if (!*a)
			break;
	}
	return 0;
}

int
strcmp(const char *a, const char *b)
{
	return strncmp(a, b, (size_t)-1);
}

char *
strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *
strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

size_t
strlcpy(char *to, const char *from, size_t size)
{
	size_t n = strlen(from);

	if (size) {
		size_t k = n < size ? n : size - 1;

		memcpy(to, from, k);
		to[k] = 0;
	}
	return n;
}
