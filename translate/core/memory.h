/*
 * The core's own memory, from the arena in its own range of addresses (layout.h),
 * so that it can neither land where the guest asks for a fixed address nor be
 * unmapped by it.
 */
#ifndef DRAGOMAN_CORE_MEMORY_H
#define DRAGOMAN_CORE_MEMORY_H

#include <stddef.h>

/* n bytes of zeroed pages, aligned to `align` (a power of two of at least a page); NULL: no memory. */
void *arena_map(size_t n, size_t align);
/* The same on pages that a fork's child goes on sharing. */
void *arena_map_shared(size_t n);
void arena_unmap(void *p, size_t n);

/*
 * Pages that will all be written, in one call instead of a page fault for each (0.8 us instead of 1.9 where it was
 * measured; where they are to be copied from a parent's it saves nothing). Linux before 5.14 refuses: no harm.
 */
void memory_populate(const void *from, const void *to);

/* Zeroed memory to cut the first pieces from, before anything is allocated. */
void core_heap_start(void *memory, size_t n);
/* Zeroed, 16-byte aligned; NULL: no memory. */
void *core_alloc(size_t n);
void core_free(void *p);

#endif
