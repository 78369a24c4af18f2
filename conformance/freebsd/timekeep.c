/* covers: freebsd clock_gettime gettimeofday */
/* also with: --fast-clock */
/*
 * The time that programs read without a call, through AT_TIMEKEEP (sys/vdso.h), against
 * the calls: the two mixed never go back, agree, and survive fork. Where the kernel
 * does not enable it, or not always, the calls alone are tested.
 */
#include "guest.h"

enum { SYS_clock_gettime = 232, SYS_gettimeofday = 116 };
enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 4, CLOCK_UPTIME = 5 };
enum { AT_TIMEKEEP = 22 };

typedef struct {
	int64_t sec;
	uint64_t frac;
} bintime;

typedef struct {
	uint32_t algo, gen;
	uint64_t scale;
	uint32_t offset_count, counter_mask;
	bintime offset, boottime;
	uint32_t shift, hpet;
	uint64_t rest[3];
} timehands;

typedef struct {
	uint32_t version, enabled, current, pad;
	timehands hands[4];
} timekeep;

static const volatile timekeep *tk;
static long read_without_call;

static uint32_t
counter(uint32_t shift)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint32_t)(((uint64_t)high << 32 | low) >> shift);
}

static int64_t
by_call(long clock)
{
	int64_t t[2] = {0, 0};

	CHECK_IS(call(SYS_clock_gettime, clock, t), 0);
	return t[0] * 1000000000 + t[1];
}

/* As libc and Go read it; a call where it is not enabled. */
static int64_t
now(void)
{
	uint32_t current, gen;
	bintime b;

	if (tk == NULL || !tk->enabled)
		return by_call(CLOCK_MONOTONIC);
	do {
		const volatile timehands *h;
		uint64_t add;

		current = __atomic_load_n(&tk->current, __ATOMIC_ACQUIRE);
		h = &tk->hands[current];
		gen = __atomic_load_n(&h->gen, __ATOMIC_ACQUIRE);
		b.sec = h->offset.sec;
		b.frac = h->offset.frac;
		add = h->scale * ((counter(h->shift) - h->offset_count) & h->counter_mask);
		b.frac += add;
		b.sec += b.frac < add;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (gen == h->gen && gen != 0 && current == tk->current)
			break;
	} while (1);
	read_without_call++;
	return b.sec * 1000000000 + (int64_t)(((b.frac >> 32) * 1000000000) >> 32);
}

static void
find(char **envp)
{
	uint64_t *aux;

	while (*envp != NULL)
		envp++;
	for (aux = (uint64_t *)(envp + 1); aux[0] != 0; aux += 2)
		if (aux[0] == AT_TIMEKEEP)
			tk = (const volatile timekeep *)aux[1];
}

/* For `ms` milliseconds, how often a reading lies before the last one, of whatever kind. */
static long
mix(int64_t ms)
{
	int64_t start = by_call(CLOCK_MONOTONIC), last = start, t;
	long back = 0, n = 0;

	do {
		t = n++ % 64 == 0 ? by_call(CLOCK_UPTIME) : now();
		back += t < last;
		last = t;
	} while (last - start < ms * 1000000);
	return back;
}

TEST(calls_and_page_mixed_never_go_back)
{
	CHECK_IS(mix(1200), 0);
}

TEST(a_pause_longer_than_a_second_is_seen_as_long_as_it_was)
{
	const int64_t pause[2] = {1, 300000000};
	int64_t before = now(), gone;

	CHECK_IS(call(SYS_nanosleep, pause, NULL), 0);
	gone = now() - before;
	CHECK(gone >= 1300000000 && gone < 4000000000);
}

TEST(a_child_reads_its_own)
{
	long child = fork();

	if (child == 0) {
		leave(mix(400) != 0);
	}
	CHECK_IS(mix(400), 0);
	CHECK_IS(wait_for(child), EXITED(0));
}

TEST(the_calls_agree_on_the_date)
{
	int64_t t[2], real = by_call(CLOCK_REALTIME);

	CHECK_IS(call(SYS_gettimeofday, t, NULL), 0);
	real -= t[0] * 1000000000 + t[1] * 1000;
	CHECK(real > -50000000 && real < 50000000);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	find(envp);
	RUN(calls_and_page_mixed_never_go_back);
	RUN(a_pause_longer_than_a_second_is_seen_as_long_as_it_was);
	RUN(a_child_reads_its_own);
	RUN(the_calls_agree_on_the_date);
	print("# readings without a call: ");
	print_number(read_without_call);
	print("\n");
	return 0;
}
