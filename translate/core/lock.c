#include "lock.h"

#include <linux/futex.h>
#include <stdbool.h>

#include "host.h"
#include "layout.h"

#define WANTED UINT32_C(0x80000000)

/* Blocks lie in the core's range, so that the number of one is not 0, nor that of another. */
_Static_assert(CORE_BASE / THREAD_BLOCK > 0 && CORE_END / THREAD_BLOCK < WANTED, "a block's number fits");

static uint32_t
number_of(const void *block)
{
	return (uint32_t)((uintptr_t)block / THREAD_BLOCK) & ~WANTED;
}

static uint32_t
own_number(void)
{
	return number_of(__builtin_frame_address(0));
}

unsigned char locks_are_shared;

static bool
change(struct lock *l, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&l->word, &from, to, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* The futex mutex of Drepper's "Futexes Are Tricky", with who holds it. */
void
lock_acquire(struct lock *l)
{
	uint32_t own = own_number(), seen;

	if (!locks_are_shared && !l->word) {
		l->word = own;
		return;
	}
	if (change(l, 0, own))
		return;
	/* Once it has waited, it cannot know whether others still do. */
	while (!change(l, 0, own | WANTED)) {
		seen = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
		if (seen && ((seen & WANTED) || change(l, seen, seen | WANTED)))
			core_call(__NR_futex, &l->word, FUTEX_WAIT_PRIVATE, seen | WANTED, 0);
	}
}

void
lock_release(struct lock *l)
{
	if (!locks_are_shared)
		l->word = 0;
	else if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) & WANTED)
		core_call(__NR_futex, &l->word, FUTEX_WAKE_PRIVATE, 1);
}

void
lock_take_back(struct lock *l, const void *block)
{
	if ((__atomic_load_n(&l->word, __ATOMIC_ACQUIRE) & ~WANTED) == number_of(block))
		lock_release(l);
}
