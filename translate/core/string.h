/*
 * The few functions of <string.h> the core needs; gcc and clang also emit calls
 * to the first four. For the core's own memory only.
 */
#ifndef DRAGOMAN_CORE_STRING_H
#define DRAGOMAN_CORE_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
/* Copies what fits and always ends it; the length of `from`, as BSD's. */
size_t strlcpy(char *to, const char *from, size_t size);

/*
 * -ffreestanding has the compiler forget what these are; known to it, a copy of eight bytes is two instructions and not a
 * call of 10 ns. (Not in the unit tests of string.c, which rename them.)
 */
#ifndef memcpy
#define memcpy(to, from, n) __builtin_memcpy(to, from, n)
#define memset(to, c, n) __builtin_memset(to, c, n)
#define memcmp(a, b, n) __builtin_memcmp(a, b, n)
#endif

#endif
