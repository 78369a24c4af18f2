#include "timekeep.h"

#include <linux/futex.h>

#include "core/core.h"
#include "core/host.h"
#include "core/host_clock.h"
#include "core/layout.h"
#include "core/linux_abi.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/thread.h"

#define NSEC UINT64_C(1000000000)
#define MSEC UINT64_C(1000000)
#define LEASE (300 * MSEC)
#define RENEW_AFTER (100 * MSEC)	/* an anchor younger than this is good enough */
#define BASELINE_MIN (100 * MSEC)	/* 100 ns of uncertainty over it: one part in a million */
#define BASELINE_MAX (4 * NSEC)
#define WORTH_IT 64			/* clock calls before anything is done */
#define SAMPLE_CYCLES_MAX 20000		/* a wider bracket was interrupted */
#define SHIFT 1				/* 32 bits of half cycles: more than a second below 8 GHz */

/* sys/sys/_bintime.h: seconds, and 2^-64 parts of one. */
struct bintime {
	int64_t sec;
	uint64_t frac;
};

struct timehands {
	uint32_t algo, gen;
	uint64_t scale;			/* 2^-64 seconds for one count */
	uint32_t offset_count, counter_mask;
	struct bintime offset, boottime;
	uint32_t x86_shift, x86_hpet_idx;
	uint64_t pvc_last_systime;
	uint8_t pvc_stable_mask, pad[15];
};
_Static_assert(sizeof(struct timehands) == 88, "sys/sys/vdso.h, sys/x86/include/vdso.h");

#define HANDS 4				/* VDSO_TH_NUM */
#define TIMEKEEP_VERSION 1		/* VDSO_TK_VER_CURR */
#define ALGO_TSC 1			/* VDSO_TH_ALGO_X86_TSC */

struct timekeep {
	uint32_t version, enabled, current, pad;
	struct timehands hands[HANDS];
};
_Static_assert(sizeof(struct timekeep) <= FREEBSD_TIMEKEEP_PAGE, "one page");

/* The host's clock and the counter at one moment. */
struct sample {
	uint64_t cycles, nsec;
};

/* Where the formula stands: time(cycles) = nsec + (cycles - at) * rate. */
struct anchor {
	struct sample at;
	uint64_t rate;			/* nanoseconds per cycle, as 2^-32 parts */
};

static struct {
	struct timekeep *page;		/* NULL: it stays not enabled */
	uint32_t calls;
	bool refused;			/* the host's clock is not the TSC, or no thread could be had */
	bool used;			/* the page has been enabled once */
	struct lock lock;
	struct sample base, next_base;	/* the rate is measured from base on */
	struct anchor anchor;
	uint64_t lease_end;		/* cycles */
	int64_t real_offset;		/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
	bool has_keeper;
	uint32_t leased;		/* futex: the keeper sleeps while 0 */
} tk;

static uint64_t
read_cycles(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t
host_nsec(int clock)
{
	struct timespec t;

	host_clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NSEC + (uint64_t)t.tv_nsec;
}

/* (a << 32) / b and a * b >> 32, in 128 bits, without libgcc. */
static uint64_t
divide_scaled(uint64_t a, uint64_t b)
{
	uint64_t quotient, rest;

	__asm__("divq %4" : "=a"(quotient), "=d"(rest) : "0"(a << 32), "1"(a >> 32), "r"(b) : "cc");
	return quotient;
}

static uint64_t
multiply_scaled(uint64_t a, uint64_t b)
{
	uint64_t low, high;

	__asm__("mulq %3" : "=a"(low), "=d"(high) : "0"(a), "r"(b) : "cc");
	return high << 32 | low >> 32;
}

/* The narrowest of a few brackets; false: none was narrow, the machine is busy. */
static bool
take_sample(struct sample *s)
{
	uint64_t best = SAMPLE_CYCLES_MAX;

	for (int i = 0; i < 4; i++) {
		uint64_t before = read_cycles(), nsec = host_nsec(CLOCK_MONOTONIC), width = read_cycles() - before;

		if (width < best) {
			best = width;
			*s = (struct sample){before + width / 2, nsec};
		}
	}
	return best < SAMPLE_CYCLES_MAX;
}

static uint64_t
time_at(const struct anchor *a, uint64_t cycles)
{
	return a->at.nsec + multiply_scaled(cycles - a->at.cycles, a->rate);
}

/*
 * The time the host's clock would have to be the TSC's: then it runs at one rate on
 * all processors, and only then may programs read it instead.
 */
static bool
host_clock_is_tsc(void)
{
	char name[8] = "";
	long fd;

	if (options.host_clock)
		return strcmp(options.host_clock, "tsc") == 0;
	fd = core_call(__NR_openat, AT_FDCWD, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
		       O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	core_call(__NR_read, fd, name, sizeof name - 1);
	core_call(__NR_close, fd);
	return strcmp(name, "tsc\n") == 0;
}

/* ---- the page ---- */

static struct bintime
bintime_of(uint64_t nsec)
{
	struct bintime b = {(int64_t)(nsec / NSEC), 0};

	/* 2^64 / 10^9, to 2^-32: exact to a thousandth of a nanosecond below a second. */
	b.frac = (nsec % NSEC) * UINT64_C(18446744073) + ((nsec % NSEC) * UINT64_C(3047500985) >> 32);
	return b;
}

/* Readers take a generation of 0, or one that changes meanwhile, as "again". */
static void
publish(void)
{
	uint32_t next = (tk.page->current + 1) % HANDS;
	struct timehands *h = &tk.page->hands[next];
	uint32_t gen = tk.page->hands[tk.page->current].gen + 1;

	__atomic_store_n(&h->gen, 0, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	h->algo = ALGO_TSC;
	/* rate is 2^-32 ns a cycle; a count is 2 cycles and wants 2^-64 s: times 2 * 2^32 / 10^9. */
	h->scale = divide_scaled(tk.anchor.rate << SHIFT, NSEC);
	h->offset_count = (uint32_t)(tk.anchor.at.cycles >> SHIFT);
	h->counter_mask = UINT32_MAX;
	h->offset = bintime_of(tk.anchor.at.nsec);
	h->boottime = bintime_of((uint64_t)tk.real_offset);
	h->x86_shift = SHIFT;
	__atomic_store_n(&h->gen, gen ? gen : 1, __ATOMIC_RELEASE);
	__atomic_store_n(&tk.page->current, next, __ATOMIC_RELEASE);
	__atomic_store_n(&tk.page->enabled, 1, __ATOMIC_RELEASE);
}

/* ---- the keeper: a thread of the core that ends leases ---- */

static void
end_lease(void)
{
	lock_acquire(&tk.lock);
	if (read_cycles() >= tk.lease_end) {
		__atomic_store_n(&tk.page->enabled, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&tk.leased, 0, __ATOMIC_RELEASE);
	}
	lock_release(&tk.lock);
}

/* It has no struct thread: only core_call here, and every signal blocked. */
static void
keep(void *argument)
{
	const struct timespec nap = {0, LEASE / 3};

	(void)argument;
	for (;;) {
		while (!__atomic_load_n(&tk.leased, __ATOMIC_ACQUIRE))
			core_call(__NR_futex, &tk.leased, FUTEX_WAIT_PRIVATE, 0, 0);
		core_call(__NR_nanosleep, &nap, 0);
		end_lease();
	}
}

#define KEEPER_STACK 8192

static bool
start_keeper(void)
{
	const unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	char *stack = arena_map(KEEPER_STACK, KEEPER_STACK);
	host_sigset all = ~(host_sigset)0, mask;
	long r = -ENOMEM;

	if (stack) {
		core_call(__NR_rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof mask);
		r = gate_clone(flags, stack + KEEPER_STACK, 0, 0, 0, keep, 0);
		core_call(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask);
	}
	return r > 0;
}

/* ---- leases ---- */

/*
 * The formula from now on. It must not go back: where it had run ahead of the host it
 * goes on from there, a little slower, until the next anchor.
 */
static void
set_anchor(const struct sample *now)
{
	uint64_t cycles = now->cycles - tk.base.cycles, rate = divide_scaled(now->nsec - tk.base.nsec, cycles);
	struct sample at = *now;

	if (tk.used) {
		uint64_t until = now->cycles < tk.lease_end ? now->cycles : tk.lease_end;
		uint64_t was = time_at(&tk.anchor, until);

		if (was > at.nsec) {
			uint64_t ahead = was - at.nsec < LEASE / 2 ? was - at.nsec : LEASE / 2;

			at.nsec = was;
			rate -= multiply_scaled(rate, (ahead << 32) / LEASE);
		}
	}
	tk.anchor = (struct anchor){at, rate};
	tk.lease_end = now->cycles + divide_scaled(LEASE, rate);
}

#define REAL_UNCERTAIN 2000	/* ns: what two reads in a row cannot tell apart */

/* CLOCK_REALTIME is slewed with the other clock; only a step that somebody set changes the offset. */
static void
follow_steps(void)
{
	uint64_t before = host_nsec(CLOCK_MONOTONIC), real = host_nsec(CLOCK_REALTIME),
		 after = host_nsec(CLOCK_MONOTONIC);
	int64_t offset = (int64_t)(real - before - (after - before) / 2), change = offset - tk.real_offset;

	if (after - before < REAL_UNCERTAIN && (change > REAL_UNCERTAIN || change < -REAL_UNCERTAIN))
		tk.real_offset = offset;
}

/* The rate follows the host's by measuring over the last seconds only. */
static void
move_base(const struct sample *now)
{
	if (now->nsec - tk.next_base.nsec < BASELINE_MAX / 2)
		return;
	tk.base = tk.next_base;
	tk.next_base = *now;
}

static bool
is_ready(const struct sample *now)
{
	if (!tk.base.cycles) {
		tk.base = tk.next_base = *now;
		return false;
	}
	if (now->nsec - tk.base.nsec < BASELINE_MIN)
		return false;
	/* After a long pause the old base would say little of the rate now. */
	if (now->nsec - tk.base.nsec > 4 * BASELINE_MAX) {
		tk.base = tk.next_base = *now;
		return false;
	}
	if (!tk.has_keeper) {
		tk.has_keeper = host_clock_is_tsc() && start_keeper();
		tk.refused = !tk.has_keeper;
	}
	return tk.has_keeper;
}

static void
renew(void)
{
	struct sample now;

	if (!take_sample(&now) || !is_ready(&now))
		return;
	follow_steps();
	if (!tk.real_offset)		/* not known yet: the machine is too busy to tell */
		return;
	set_anchor(&now);
	move_base(&now);
	publish();
	tk.used = true;
	if (!tk.leased) {
		__atomic_store_n(&tk.leased, 1, __ATOMIC_RELEASE);
		core_call(__NR_futex, &tk.leased, FUTEX_WAKE_PRIVATE, 1);
	}
}

static bool
anchor_is_old(uint64_t cycles)
{
	return !tk.used || cycles >= tk.lease_end ||
	       time_at(&tk.anchor, cycles) - tk.anchor.at.nsec > RENEW_AFTER;
}

bool
freebsd_timekeep_serves(void)
{
	return tk.page && !tk.refused;
}

bool
freebsd_timekeep_read(bool real, struct timespec *t)
{
	uint64_t cycles, nsec;
	bool leased;

	if (!tk.page || tk.refused || ++tk.calls < WORTH_IT)
		return false;
	lock_acquire(&tk.lock);
	cycles = read_cycles();
	if (anchor_is_old(cycles))
		renew();
	cycles = read_cycles();
	leased = tk.used && cycles < tk.lease_end;
	nsec = leased ? time_at(&tk.anchor, cycles) + (real ? (uint64_t)tk.real_offset : 0) : 0;
	lock_release(&tk.lock);
	t->tv_sec = (long)(nsec / NSEC);
	t->tv_nsec = (long)(nsec % NSEC);
	return leased;
}

HOT void
freebsd_timekeep_start(uint64_t page)
{
	((struct timekeep *)(uintptr_t)page)->version = TIMEKEEP_VERSION;
	if (options.fast_clock)
		tk.page = (struct timekeep *)(uintptr_t)page;
}

HOT void
freebsd_timekeep_after_fork(void)
{
	if (!tk.page)
		return;
	__atomic_store_n(&tk.page->enabled, 0, __ATOMIC_RELEASE);
	tk.lock = (struct lock){0};
	tk.has_keeper = false;
	tk.leased = 0;
	tk.lease_end = tk.used ? read_cycles() : 0;
}
