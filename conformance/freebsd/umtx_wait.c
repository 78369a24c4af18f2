/* covers: freebsd _umtx_op */
#include "guest_thread.h"

static struct test_thread threads[4];
static volatile uint32_t word;
static volatile long long_word __attribute__((aligned(8)));
static volatile int woken;

#define MS(n) ((struct timespec){(n) / 1000, (n) % 1000 * 1000000L})

TEST(a_word_that_differs_is_not_waited_on)
{
	word = 5;
	long_word = 5;
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT, 4, 0, 0), 0);
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT_PRIVATE, 4, 0, 0), 0);
	CHECK_IS(umtx(&long_word, UMTX_OP_WAIT, 4, 0, 0), 0);
	CHECK_IS(umtx(NOWHERE, UMTX_OP_WAIT_UINT, 4, 0, 0), -EFAULT);
	CHECK_IS(umtx(NOWHERE, UMTX_OP_WAIT, 4, 0, 0), -EFAULT);
}

TEST(a_wait_on_a_long_compares_all_of_it)
{
	struct timespec t = MS(10);

	long_word = 0x100000005;
	CHECK_IS(umtx(&long_word, UMTX_OP_WAIT, 5, 0, &t), 0);
	CHECK_IS(umtx(&long_word, UMTX_OP_WAIT, 0x200000005, 0, &t), 0);
	CHECK_IS(umtx(&long_word, UMTX_OP_WAIT, 0x100000005, 0, &t), -ETIMEDOUT);
}

TEST(timeouts_are_relative_or_absolute)
{
	struct timespec t = MS(50);
	struct umtx_time ut = {MS(50), 0, CLOCK_MONOTONIC};
	long before = now_ms();

	word = 1;
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT_PRIVATE, 1, 0, &t), -ETIMEDOUT);
	CHECK(now_ms() - before >= 49);
	before = now_ms();
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT_PRIVATE, 1, sizeof ut, &ut), -ETIMEDOUT);
	CHECK(now_ms() - before >= 49);
	ut.flags = UMTX_ABSTIME;	/* 50 ms after the machine's start: long past */
	before = now_ms();
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT_PRIVATE, 1, sizeof ut, &ut), -ETIMEDOUT);
	CHECK(now_ms() - before < 40);
	call(SYS_clock_gettime, CLOCK_REALTIME, &ut.timeout);
	ut.timeout.sec += 1;
	ut.timeout.nsec = 0;
	ut.clock = CLOCK_REALTIME;
	before = now_ms();
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT, 1, sizeof ut, &ut), -ETIMEDOUT);
	CHECK(now_ms() - before <= 1001);
}

TEST(bad_timeouts_are_refused)
{
	struct timespec t = {0, 1000000000}, negative = {-1, 0};

	word = 1;
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT, 1, 0, &t), -EINVAL);
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT, 1, 0, &negative), -EINVAL);
	CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT, 1, 0, NOWHERE), -EFAULT);
}

TEST(unknown_operations_are_refused)
{
	CHECK_IS(umtx(&word, 29, 0, 0, 0), -EINVAL);
	CHECK_IS(umtx(&word, -1, 0, 0, 0), -EINVAL);
}

static void
wait_private(void *arg)
{
	(void)arg;
	while (word == 0)
		CHECK_IS(umtx(&word, UMTX_OP_WAIT_UINT_PRIVATE, 0, 0, 0), 0);
	__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
}

TEST(wake_wakes_as_many_as_it_says)
{
	word = 0;
	woken = 0;
	for (int i = 0; i < 4; i++)
		CHECK_IS(thread_start(&threads[i], wait_private, NULL), 0);
	sleep_ms(50);
	word = 1;
	CHECK_IS(umtx(&word, UMTX_OP_WAKE_PRIVATE, 1, 0, 0), 0);
	sleep_ms(50);
	CHECK_IS(woken, 1);
	CHECK_IS(umtx(&word, UMTX_OP_WAKE_PRIVATE, 0x7fffffff, 0, 0), 0);
	for (int i = 0; i < 4; i++)
		thread_join(&threads[i]);
	CHECK_IS(woken, 4);
}

static void
wait_with(void *arg)
{
	struct timespec limit = MS(3000);

	if (umtx(&long_word, (long)arg, 0, 0, &limit) == 0)
		__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
}

TEST(private_and_other_operations_meet_in_private_memory)
{
	static const long waits[] = {UMTX_OP_WAIT, UMTX_OP_WAIT_UINT, UMTX_OP_WAIT_UINT_PRIVATE};
	static const long wakes[] = {UMTX_OP_WAKE, UMTX_OP_WAKE_PRIVATE};

	for (size_t i = 0; i < COUNT(waits); i++)
		for (size_t k = 0; k < COUNT(wakes); k++) {
			long_word = 0;
			woken = 0;
			CHECK_IS(thread_start(&threads[0], wait_with, (void *)waits[i]), 0);
			sleep_ms(30);
			CHECK_IS(umtx(&long_word, wakes[k], 1, 0, 0), 0);
			thread_join(&threads[0]);
			CHECK_IS(woken, 1);
		}
}

TEST(nwake_wakes_all_at_each_address)
{
	volatile uint32_t *words[2] = {&word, &word};

	word = 0;
	woken = 0;
	for (int i = 0; i < 2; i++)
		CHECK_IS(thread_start(&threads[i], wait_private, NULL), 0);
	sleep_ms(30);
	word = 1;
	CHECK_IS(umtx(words, UMTX_OP_NWAKE_PRIVATE, 2, 0, 0), 0);
	for (int i = 0; i < 2; i++)
		thread_join(&threads[i]);
	CHECK_IS(woken, 2);
	CHECK_IS(umtx(NOWHERE, UMTX_OP_NWAKE_PRIVATE, 2, 0, 0), -EFAULT);
}

TEST(shared_memory_wakes_another_process)
{
	volatile uint32_t *shared = (void *)call(SYS_mmap, 0, 4096, 3, 0x1001 /* MAP_ANON | MAP_SHARED */, -1, 0);
	struct timespec limit = MS(5000);
	long pid = fork();

	if (pid == 0) {
		while (*shared == 0)
			if (umtx(shared, UMTX_OP_WAIT_UINT, 0, 0, &limit) < 0)
				leave(1);
		leave(0);
	}
	sleep_ms(30);
	*shared = 1;
	CHECK_IS(umtx(shared, UMTX_OP_WAKE, 1, 0, 0), 0);
	CHECK_IS(wait_for(pid), EXITED(0));
}

TEST(a_process_shared_page_is_found_by_its_address)
{
	char *memory = (char *)call(SYS_mmap, 0, 4096, 3, 0x1001, -1, 0);
	long fd, again;

	CHECK_IS(umtx(0, UMTX_OP_SHM, 2 /* LOOKUP */, memory, 0), -ESRCH);
	fd = umtx(0, UMTX_OP_SHM, 1 /* CREAT */, memory, 0);
	CHECK(fd >= 0);
	again = umtx(0, UMTX_OP_SHM, 2, memory, 0);
	CHECK(again >= 0);
	*(volatile int *)call(SYS_mmap, 0, 4096, 3, 1, fd, 0) = 77;
	CHECK_IS(*(volatile int *)call(SYS_mmap, 0, 4096, 3, 1, again, 0), 77);
	CHECK_IS(umtx(0, UMTX_OP_SHM, 8 /* ALIVE */, memory, 0), 0);
	CHECK_IS(umtx(0, UMTX_OP_SHM, 4 /* DESTROY */, memory, 0), 0);
	CHECK_IS(umtx(0, UMTX_OP_SHM, 2, memory, 0), -ESRCH);
	CHECK_IS(umtx(0, UMTX_OP_SHM, 3, memory, 0), -EINVAL);
	CHECK_IS(umtx(0, UMTX_OP_SHM, 1, NOWHERE, 0), -EFAULT);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(a_word_that_differs_is_not_waited_on);
	RUN(a_wait_on_a_long_compares_all_of_it);
	RUN(timeouts_are_relative_or_absolute);
	RUN(bad_timeouts_are_refused);
	RUN(unknown_operations_are_refused);
	RUN(wake_wakes_as_many_as_it_says);
	RUN(private_and_other_operations_meet_in_private_memory);
	RUN(nwake_wakes_all_at_each_address);
	RUN(shared_memory_wakes_another_process);
	RUN(a_process_shared_page_is_found_by_its_address);
	return 0;
}
