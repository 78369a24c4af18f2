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

#endif
