#include "memory.h"

#include <stdbool.h>
#include <stdint.h>

#include "host.h"
#include "layout.h"
#include "linux_abi.h"
#include "lock.h"
#include "process.h"
#include "string.h"

#define PAGE 4096UL

static uintptr_t arena_used;	/* of the arena, where the next is looked for */

/* The next n bytes in the arena, which begins again at its end; 0: there cannot be so many. */
static uintptr_t
next_place(size_t n, size_t align)
{
	uintptr_t at, from = __atomic_load_n(&arena_used, __ATOMIC_RELAXED);

	do {
		at = (CORE_ARENA + from + align - 1) & ~(align - 1);
		if (at + n > CORE_END)
			at = (CORE_ARENA + align - 1) & ~(align - 1);
		if (at + n > CORE_END)
			return 0;
	} while (!__atomic_compare_exchange_n(&arena_used, &from, at + n - CORE_ARENA, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return at;
}

/* Addresses are handed out upwards, round and round: what is still in use is passed over. */
static void *
map(size_t n, size_t align, int how)
{
	size_t passed = 0;
	long r = -EEXIST;

	if (n > CORE_END - CORE_ARENA)
		return NULL;
	n = (n + PAGE - 1) & ~(PAGE - 1);
	for (; r == -EEXIST && passed <= CORE_END - CORE_ARENA; passed += n) {
		uintptr_t at = next_place(n, align);

		if (!at)
			return NULL;
		r = core_call(__NR_mmap, at, n, PROT_READ | PROT_WRITE,
			      how | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	}
	return r < 0 ? NULL : (void *)r;
}

void *
arena_map(size_t n, size_t align)
{
	return map(n, align, MAP_PRIVATE);
}

void *
arena_map_shared(size_t n)
{
	return map(n, PAGE, MAP_SHARED);
}

void
arena_unmap(void *p, size_t n)
{
	core_call(__NR_munmap, p, n);
}

void
memory_populate(const void *from, const void *to)
{
	const uintptr_t start = (uintptr_t)from & -PAGE;

	core_call(__NR_madvise, start, (uintptr_t)to - start, MADV_POPULATE_WRITE);
}

/*
 * The heap: power-of-two classes with free lists, cut from 64 KiB chunks; what is
 * larger is mapped by itself. The header says which, so that free needs no search.
 */
#define CLASS_MIN 5		/* 32 bytes */
#define CLASS_MAX 14		/* 16 KiB */
#define CHUNK 0x10000UL

struct header {
	size_t size;		/* of the whole piece */
	struct header *next;	/* while free */
};

static struct header *free_lists[CLASS_MAX + 1];
static uintptr_t chunk_at, chunk_end;
struct lock heap_lock;

static unsigned
class_of(size_t n)
{
	unsigned c = CLASS_MIN;

	while (((size_t)1 << c) < n)
		c++;
	return c;
}

void
core_heap_start(void *memory, size_t n)
{
	chunk_at = (uintptr_t)memory;
	chunk_end = chunk_at + n;
}

/* Zeroed: what has not been touched stays so. */
static struct header *
cut_piece(size_t size)
{
	struct header *h;

	if (chunk_at + size > chunk_end) {
		uintptr_t chunk = (uintptr_t)arena_map(CHUNK, PAGE);

		if (!chunk)
			return NULL;
		/* In this order: a thread that dies in between leaves no room, rather than what is not there. */
		__atomic_store_n(&chunk_end, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&chunk_at, chunk, __ATOMIC_RELEASE);
		__atomic_store_n(&chunk_end, chunk + CHUNK, __ATOMIC_RELEASE);
	}
	h = (struct header *)chunk_at;
	chunk_at += size;
	return h;
}

void *
core_alloc(size_t n)
{
	size_t whole = n + sizeof(struct header);
	struct header *h;

	if (whole < n)
		return NULL;
	if (whole > (size_t)1 << CLASS_MAX) {
		whole = (whole + PAGE - 1) & ~(PAGE - 1);
		h = arena_map(whole, PAGE);
	} else {
		unsigned c = class_of(whole);
		bool was_used;

		whole = (size_t)1 << c;
		lock_acquire(&heap_lock);
		h = free_lists[c];
		was_used = h != NULL;
		if (was_used)
			__atomic_store_n(&free_lists[c], h->next, __ATOMIC_RELEASE);
		else
			h = cut_piece(whole);
		lock_release(&heap_lock);
		if (was_used)
			memset(h, 0, whole);
	}
	if (!h)
		return NULL;
	h->size = whole;
	return h + 1;
}

void
core_free(void *p)
{
	struct header *h;
	unsigned c;

	if (!p)
		return;
	h = (struct header *)p - 1;
	if (h->size > (size_t)1 << CLASS_MAX) {
		arena_unmap(h, h->size);
		return;
	}
	c = class_of(h->size);
	lock_acquire(&heap_lock);
	h->next = free_lists[c];
	__atomic_store_n(&free_lists[c], h, __ATOMIC_RELEASE);
	lock_release(&heap_lock);
}
