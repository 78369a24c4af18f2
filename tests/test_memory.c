/* memory.c and lock.c: the core's heap. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "layout.h"
#include "lock.h"
#include "memory.h"

static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 4096, 16368, 16369, 70000, 1 << 20};
enum { SIZES = sizeof sizes / sizeof *sizes };

static int
all_zero(const unsigned char *p, size_t n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n == 0;
}

static void
pieces_are_aligned_and_in_the_cores_own_range(void **state)
{
	(void)state;
	for (int i = 0; i < SIZES; i++) {
		uintptr_t p = (uintptr_t)core_alloc(sizes[i]);

		assert_in_range(p, CORE_ARENA, CORE_END - 1);
		assert_int_equal(p % 16, 0);
		core_free((void *)p);
	}
}

static void
used_memory_comes_back_zeroed(void **state)
{
	(void)state;
	for (int i = 0; i < SIZES; i++) {
		for (int round = 0; round < 3; round++) {
			unsigned char *p = core_alloc(sizes[i]);

			assert_true(all_zero(p, sizes[i]));
			memset(p, 0xff, sizes[i]);
			core_free(p);
		}
	}
}

static void
pieces_do_not_overlap(void **state)
{
	enum { PIECES = 400 };
	static unsigned char *pieces[PIECES];

	(void)state;
	for (int i = 0; i < PIECES; i++) {
		pieces[i] = core_alloc(sizes[i % SIZES]);
		memset(pieces[i], i, sizes[i % SIZES]);
	}
	for (int i = 0; i < PIECES; i++) {
		for (size_t n = 0; n < sizes[i % SIZES]; n++)
			assert_int_equal(pieces[i][n], i & 0xff);
		core_free(pieces[i]);
	}
}

static void
small_pieces_are_used_again(void **state)
{
	void *first = core_alloc(100);

	(void)state;
	core_free(first);
	assert_ptr_equal(core_alloc(100), first);
	core_free(first);
}

static void
impossible_sizes_are_refused_and_harm_nothing(void **state)
{
	static const size_t absurd[] = {SIZE_MAX, SIZE_MAX - 8, SIZE_MAX - 5000, SIZE_MAX / 2, CORE_END};

	(void)state;
	for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
		assert_null(core_alloc(absurd[i]));
		assert_null(arena_map(absurd[i], 4096));
	}
	core_free(NULL);
	pieces_do_not_overlap(state);
}

static void
mapped_ranges_have_the_alignment_asked_for(void **state)
{
	(void)state;
	for (size_t align = 4096; align <= THREAD_BLOCK; align *= 2) {
		void *p = arena_map(5000, align);

		assert_int_equal((uintptr_t)p % align, 0);
		arena_unmap(p, 5000);
	}
}

/* A program that asks for process lists, say, maps and unmaps for as long as it runs. */
static void
addresses_are_used_again(void **state)
{
	const size_t large = (CORE_END - CORE_ARENA) / 64;
	unsigned char *kept = arena_map(4096, 4096);

	(void)state;
	*kept = 1;
	for (int i = 0; i < 100; i++) {
		void *p = arena_map(large, 4096);

		assert_non_null(p);
		arena_unmap(p, large);
	}
	assert_int_equal(*kept, 1);
	arena_unmap(kept, 4096);
}

static void *
hammer(void *seed)
{
	for (int i = 0; i < 20000; i++) {
		size_t n = sizes[(i + (intptr_t)seed) % 7];
		unsigned char *p = core_alloc(n);

		memset(p, (int)(intptr_t)seed, n);
		for (size_t k = 0; k < n; k += 64)
			if (p[k] != (unsigned char)(intptr_t)seed)
				return (void *)1;
		core_free(p);
	}
	return NULL;
}

static void
threads_never_get_the_same_piece(void **state)
{
	pthread_t threads[4];
	void *wrong;

	(void)state;
	locks_are_shared = 1;
	for (intptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_and_in_the_cores_own_range),
		cmocka_unit_test(used_memory_comes_back_zeroed),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(small_pieces_are_used_again),
		cmocka_unit_test(impossible_sizes_are_refused_and_harm_nothing),
		cmocka_unit_test(mapped_ranges_have_the_alignment_asked_for),
		cmocka_unit_test(addresses_are_used_again),
		cmocka_unit_test(threads_never_get_the_same_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
