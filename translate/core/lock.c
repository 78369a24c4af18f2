#include "lock.h"

#include <linux/futex.h>

#include "host.h"

/* The three-state futex mutex (Drepper, "Futexes Are Tricky"). */
void
lock_acquire(struct lock *l)
{
	uint32_t seen = 0;

	if (__atomic_compare_exchange_n(&l->word, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
		core_call(__NR_futex, &l->word, FUTEX_WAIT_PRIVATE, 2, 0);
}

void
lock_release(struct lock *l)
{
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
		core_call(__NR_futex, &l->word, FUTEX_WAKE_PRIVATE, 1);
}
