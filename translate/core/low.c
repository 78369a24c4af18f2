#include "low.h"

#include <linux/resource.h>
#include <stdbool.h>

#include "host.h"
#include "linux_abi.h"
#include "lock.h"
#include "memory.h"
#include "string.h"

#define PAGE_SHIFT 12
#define PAGE UINT64_C(4096)
#define PAGES (1u << (32 - PAGE_SHIFT))
#define WORD 64u
#define WORDS (PAGES / WORD)

/*
 * Kernels let a stack grow as far as its limit says; here it is mapped as a whole, where
 * that is not too much, so that the smallest gap of mmap_base() (arch/x86/mm/mmap.c) always does.
 */
#define USUAL_STACK (UINT64_C(8) << 20)
#define LARGEST_STACK (UINT64_C(64) << 20)
#define SMALLEST_STACK (UINT64_C(1) << 20)
#define STACK_GAP (UINT64_C(128) << 20)
#define MMAP_CHANCE 0xff	/* vm.mmap_rnd_compat_bits */

#define USUAL_HUGE_SHIFT 21

static uint64_t *used;		/* a bit for each page */
static uint32_t top_page;	/* places are found below */
static uint32_t full_from;	/* all pages from this word's to top_page are in use */
struct lock low_lock;

static uint64_t
page_up(uint64_t n)
{
	return (n + PAGE - 1) & ~(PAGE - 1);
}

uint64_t
low_stack_size(void)
{
	struct { uint64_t now, most; } limit = {USUAL_STACK, USUAL_STACK};

	core_call(__NR_prlimit64, 0, RLIMIT_STACK, 0, &limit);
	if (limit.now > LARGEST_STACK)
		return LARGEST_STACK;
	return limit.now < SMALLEST_STACK ? SMALLEST_STACK : limit.now;
}

uint64_t
low_top(void)
{
	static uint64_t top;
	uint8_t r = 0;

	if (top)
		return top;
	core_call(__NR_getrandom, &r, sizeof r, 1 /* GRND_NONBLOCK */);
	top = LOW_END - STACK_GAP - (r & MMAP_CHANCE) * PAGE;
	return top;
}

long
low_start(void)
{
	used = arena_map(PAGES / 8, PAGE);
	if (!used)
		return -ENOMEM;
	top_page = (uint32_t)(low_top() >> PAGE_SHIFT);
	full_from = (top_page + WORD - 1) / WORD;
	return 0;
}

/* The bits of word `w` that stand for pages in [first, end). */
static uint64_t
word_mask(uint32_t w, uint32_t first, uint32_t end)
{
	uint64_t mask = ~UINT64_C(0);

	if (first > w * WORD)
		mask &= ~UINT64_C(0) << (first - w * WORD);
	if (end < (w + 1) * WORD)
		mask &= ~(~UINT64_C(0) << (end - w * WORD));
	return mask;
}

static void
mark(uint32_t first, uint32_t end, bool taken)
{
	for (uint32_t w = first / WORD; w * WORD < end; w++) {
		uint64_t mask = word_mask(w, first, end);

		used[w] = taken ? used[w] | mask : used[w] & ~mask;
	}
	if (!taken && first < end && first < top_page && (end - 1) / WORD + 1 > full_from)
		full_from = (end - 1) / WORD + 1;
}

/*
 * The highest free run of n pages below `end` that starts at a multiple of `align`
 * pages; 0: none (page 0 is never one). Called with the lock.
 */
static uint32_t
find(uint32_t end, uint32_t n, uint32_t align)
{
	uint32_t page = end;

	while (page > 0) {
		uint64_t word = used[(page - 1) / WORD] << (WORD - 1 - (page - 1) % WORD);
		uint32_t here = (page - 1) % WORD + 1;	/* pages of the word, down from `page` */
		uint32_t step = word ? (uint32_t)__builtin_clzll(word) : here;

		if (step > here)
			step = here;
		page -= step;		/* all free */
		if (end - page >= n && ((end - n) & ~(align - 1)) >= page && end - n > 0)
			return (end - n) & ~(align - 1);
		if (word && page > 0 && step < here) {
			uint64_t rest = ~(used[(page - 1) / WORD] << (WORD - 1 - (page - 1) % WORD));
			uint32_t taken = rest ? (uint32_t)__builtin_clzll(rest) : WORD;

			here -= step;
			page -= taken < here ? taken : here;
			end = page;
		}
	}
	return 0;
}

/* Below it is the highest page that may be free. */
static uint32_t
highest_free(void)
{
	while (full_from > 0 && (used[full_from - 1] | ~word_mask(full_from - 1, 0, top_page)) == ~UINT64_C(0))
		full_from--;
	return full_from * WORD < top_page ? full_from * WORD : top_page;
}

/* A free run, marked as used; 0: none. */
static uint64_t
take(uint64_t len, uint64_t align)
{
	uint32_t n = (uint32_t)(len >> PAGE_SHIFT), first;

	lock_acquire(&low_lock);
	first = find(highest_free(), n, (uint32_t)(align >> PAGE_SHIFT));
	if (!first)	/* what the stack has left, as kernels do it when all else is full */
		first = find((uint32_t)(LOW_END >> PAGE_SHIFT), n, (uint32_t)(align >> PAGE_SHIFT));
	if (first)
		mark(first, first + n, true);
	lock_release(&low_lock);
	return (uint64_t)first << PAGE_SHIFT;
}

static bool
is_free(uint64_t at, uint64_t len)
{
	uint32_t first = (uint32_t)(at >> PAGE_SHIFT), end = (uint32_t)((at + len) >> PAGE_SHIFT);

	for (uint32_t w = first / WORD; w * WORD < end; w++)
		if (used[w] & word_mask(w, first, end))
			return false;
	return true;
}

void
low_mark(uint64_t start, uint64_t end, bool taken)
{
	if (start >= LOW_END)
		return;
	if (end > LOW_END)
		end = LOW_END;
	lock_acquire(&low_lock);
	mark((uint32_t)(start >> PAGE_SHIFT), (uint32_t)(page_up(end) >> PAGE_SHIFT), taken);
	lock_release(&low_lock);
}

static long
probe(uint64_t at, uint64_t len)
{
	return core_call(__NR_mmap, at, len, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

/* [at, at+len) is not as free as the map had it: halves it until it is known which pages are. */
static void
learn(uint64_t at, uint64_t len)
{
	uint64_t half = (len / 2) & ~(PAGE - 1);

	if (probe(at, len) == (long)at) {
		core_call(__NR_munmap, at, len);
		low_mark(at, at + len, false);
	} else if (half == 0) {
		low_mark(at, at + len, true);
	} else {
		learn(at, half);
		learn(at + half, len - half);
	}
}

static uint64_t
alignment(uint32_t flags)
{
	unsigned shift = flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

	if (!(flags & MAP_HUGETLB))
		return PAGE;
	return UINT64_C(1) << (shift ? shift : USUAL_HUGE_SHIFT);
}

static long
map_at(uint64_t at, uint64_t len, uint32_t prot, uint32_t flags, int fd, uint64_t offset)
{
	long r = host_call(__NR_mmap, at, len, prot, flags | MAP_FIXED_NOREPLACE, fd, offset);

	if (r < 0 && r != -EEXIST)
		low_mark(at, at + len, false);
	return r;
}

/* The caller has asked for no place, or for one that is not free. */
static long
map_anywhere(uint64_t len, uint32_t prot, uint32_t flags, int fd, uint64_t offset)
{
	for (;;) {
		uint64_t at = take(len, alignment(flags));
		long r;

		if (!at)
			return -ENOMEM;
		r = map_at(at, len, prot, flags, fd, offset);
		if (r != -EEXIST)
			return r;
		learn(at, len);
	}
}

static bool
take_hint(uint64_t at, uint64_t len)
{
	bool ok;

	if (at == 0 || at > LOW_END - len)
		return false;
	lock_acquire(&low_lock);
	ok = is_free(at, len);
	if (ok)
		mark((uint32_t)(at >> PAGE_SHIFT), (uint32_t)((at + len) >> PAGE_SHIFT), true);
	lock_release(&low_lock);
	return ok;
}

/* At an address of the guest's own choice. */
static long
map_fixed(uint64_t at, uint64_t len, uint32_t prot, uint32_t flags, int fd, uint64_t offset)
{
	long r;

	/* The host's kernel has no such place either: ENOMEM, if it finds nothing else wrong before. */
	if (at > LOW_END - len)
		at = -PAGE;
	r = host_call(__NR_mmap, at, len, prot, flags, fd, offset);
	if (r >= 0)
		low_mark(at, at + len, true);
	return r;
}

/*
 * MAP_SHARED_VALIDATE refuses flags that are new to a file, as MAP_FIXED_NOREPLACE is, which we add. Is there none among
 * the program's own, MAP_SHARED does the same (linux/mman.h, LEGACY_MAP_MASK).
 */
static uint32_t
old_sharing(uint32_t flags)
{
	const uint32_t old = MAP_FIXED | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE |
			     MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | (uint32_t)MAP_HUGE_MASK << MAP_HUGE_SHIFT;

	if ((flags & MAP_TYPE) != MAP_SHARED_VALIDATE || (flags & ~(old | MAP_TYPE)) != 0)
		return flags;
	return (flags & ~(uint32_t)MAP_TYPE) | MAP_SHARED;
}

long
low_mmap(uint64_t at, uint64_t len, uint32_t prot, uint32_t flags, int fd, uint64_t offset)
{
	uint64_t size = page_up(len);
	long r;

	flags = old_sharing(flags & ~(uint32_t)MAP_32BIT);
	if (len == 0)
		return -EINVAL;
	if (len > LOW_END)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return map_fixed(at, size, prot, flags, fd, offset);
	at = page_up(at & ~(PAGE - 1));
	if (take_hint(at, size)) {
		r = map_at(at, size, prot, flags, fd, offset);
		/* Nobody's map has page zero and its neighbours (vm.mmap_min_addr): EPERM. */
		if (r != -EEXIST && r != -EPERM)
			return r;
		learn(at, size);
	}
	return map_anywhere(size, prot, flags, fd, offset);
}

long
low_munmap(uint64_t at, uint64_t len)
{
	long r;

	if (len > LOW_END || at > LOW_END - len)
		return -EINVAL;
	r = host_call(__NR_munmap, at, len);
	if (r == 0)
		low_mark(at, at + page_up(len), false);
	return r;
}

long
low_reserve(uint64_t len)
{
	if (len == 0 || len > LOW_END)
		return -ENOMEM;
	return map_anywhere(page_up(len), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* To another place, which is reserved first, so that the host chooses none. */
static long
move(uint64_t old, uint64_t old_len, uint64_t len, uint32_t flags)
{
	long at = low_reserve(len), r;

	if (at < 0)
		return at;
	r = host_call(__NR_mremap, old, old_len, len, flags | MREMAP_MAYMOVE | MREMAP_FIXED, at);
	if (r < 0)
		low_munmap((uint64_t)at, len);
	return r;
}

static long
resize(uint64_t old, uint64_t old_len, uint64_t len, uint32_t flags)
{
	long r = -ENOMEM;

	/* A second mapping of the same pages (old_len 0), or one that stays, is always elsewhere. */
	if (old_len && !(flags & MREMAP_DONTUNMAP) && old <= LOW_END - len)
		r = host_call(__NR_mremap, old, old_len, len, flags & ~(uint32_t)MREMAP_MAYMOVE);
	if (r == -ENOMEM && (flags & MREMAP_MAYMOVE))
		r = move(old, old_len, len, flags);
	return r;
}

long
low_mremap(uint64_t old, uint64_t old_len, uint64_t len, uint32_t flags, uint64_t at)
{
	long r;

	old_len = page_up(old_len);
	len = page_up(len);
	if (len > LOW_END || old_len > LOW_END || len == 0)
		return -EINVAL;
	if (old > LOW_END - old_len)
		return old % PAGE ? -EINVAL : -EFAULT;
	if (flags & MREMAP_FIXED) {
		if (at > LOW_END - len)
			return -EINVAL;
		r = host_call(__NR_mremap, old, old_len, len, flags, at);
	} else {
		r = resize(old, old_len, len, flags);
	}
	if (r < 0)
		return r;
	if (old_len && !(flags & MREMAP_DONTUNMAP))
		low_mark(old, old + old_len, false);
	low_mark((uint64_t)r, (uint64_t)r + len, true);
	return r;
}
