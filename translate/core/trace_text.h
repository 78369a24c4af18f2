/*
 * Text that grows to the end of its space and then stops: what does not fit is
 * marked by "..." at the end, and never written past it.
 */
#ifndef DRAGOMAN_CORE_TRACE_TEXT_H
#define DRAGOMAN_CORE_TRACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

struct text {
	char *at;
	size_t n, size; /* n < size: it is always ended */
};

void text_clear(struct text *t, char *space, size_t size);
void text_add(struct text *t, const char *form, ...) __attribute__((format(printf, 2, 3)));
/* One more character of a C string in quotes; `next` says whether octal digits may be short. */
void text_add_escaped(struct text *t, unsigned char c, unsigned char next);
/* n bytes of guest memory, quoted; the first `limit` if there are more, then "...". */
void text_add_bytes(struct text *t, struct guest_ptr from, uint64_t n, size_t limit);
/* A guest's NUL-terminated string, quoted, cut likewise. */
void text_add_string(struct text *t, struct guest_ptr from, size_t limit);

#endif
