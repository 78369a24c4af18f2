/* lock.c: threads one after the other, and one that has gone with the lock. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "layout.h"
#include "lock.h"

enum { THREADS = 4, ROUNDS = 100000 };

static struct lock lock;
static long counted;

static void *
count(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		lock_acquire(&lock);
		counted++;
		lock_release(&lock);
	}
	return NULL;
}

static void
one_at_a_time_holds_it(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	locks_are_shared = 1;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counted, (long)THREADS * ROUNDS);
	assert_int_equal(lock.word, 0);
}

static void *
take(void *block)
{
	*(uintptr_t *)block = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(THREAD_BLOCK - 1);
	lock_acquire(&lock);
	return NULL;
}

static void *
count_once(void *unused)
{
	(void)unused;
	lock_acquire(&lock);
	counted++;
	lock_release(&lock);
	return NULL;
}

static void
what_a_dead_thread_held_is_taken_back(void **state)
{
	uintptr_t block = 0;
	pthread_t holder, waiter;

	(void)state;
	locks_are_shared = 1;
	pthread_create(&holder, NULL, take, &block);
	pthread_join(holder, NULL);
	assert_int_not_equal(lock.word, 0);
	counted = 0;
	pthread_create(&waiter, NULL, count_once, NULL);
	lock_take_back(&lock, (const void *)(block + THREAD_BLOCK));
	assert_int_not_equal(lock.word, 0);
	lock_take_back(&lock, (const void *)block);
	pthread_join(waiter, NULL);
	assert_int_equal(counted, 1);
	assert_int_equal(lock.word, 0);
	lock_take_back(&lock, (const void *)block);
	assert_int_equal(lock.word, 0);
}

static void
alone_it_is_taken_and_given_back_as_well(void **state)
{
	struct lock l = {0};

	(void)state;
	locks_are_shared = 0;
	lock_acquire(&l);
	assert_int_not_equal(l.word, 0);
	/* Another thread comes while it is held. */
	locks_are_shared = 1;
	lock_release(&l);
	assert_int_equal(l.word, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone_it_is_taken_and_given_back_as_well),
		cmocka_unit_test(one_at_a_time_holds_it),
		cmocka_unit_test(what_a_dead_thread_held_is_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
