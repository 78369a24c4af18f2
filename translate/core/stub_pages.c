#include "stub_pages.h"

#include "call.h"
#include "copy.h"
#include "host.h"
#include "layout.h"
#include "linux_abi.h"
#include "process.h"
#include "string.h"

#define PAGE UINT64_C(STUB_PAGE)
/* A budget of pages in the guest's memory. */
#define PAGES_MAX 128

struct stub_page {
	uint64_t base;		/* 0: none, or no longer */
	uint64_t used;		/* bit n: slot n */
};

static struct stub_page pages[PAGES_MAX] BULKY;
static uint32_t npages;

static struct stub_page *
unused_page(void)
{
	for (uint32_t i = 0; i < npages; i++)
		if (!pages[i].base)
			return &pages[i];
	return npages < PAGES_MAX ? &pages[npages] : NULL;
}

/* A page of stubs at this address, if nothing is there. */
static struct stub_page *
map_page(const char *enter_code, uint64_t at)
{
	struct stub_page *page = unused_page();
	uint64_t enter = (uintptr_t)enter_code;
	long r;

	if (!page || !guest_range_ok(guest(at), PAGE))
		return NULL;
	r = core_call(__NR_mmap, at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		      -1, 0);
	if (r >= 0 && (uint64_t)r != at)	/* a kernel that takes the flag for a hint */
		core_call(__NR_munmap, r, PAGE);
	if (r < 0 || (uint64_t)r != at)
		return NULL;
	copy_out(guest(at), &enter, sizeof enter);
	page->used = 0;
	__atomic_store_n(&page->base, at, __ATOMIC_RELEASE);
	if (page == &pages[npages])
		__atomic_store_n(&npages, npages + 1, __ATOMIC_RELEASE);
	return page;
}

/* The break grows from the end of the program: not in its way. */
#define BREAK_ROOM (UINT64_C(1) << 30)

/* Is there something for sure, or will there be: the text, what the program has behind it, its break? */
static bool
is_taken(const struct stub_wanted *w, uint64_t at)
{
	const uint64_t end = w->p->break_start;

	if (at >= w->text_start && (at < w->text_end || (at < end && end - w->text_start < BREAK_ROOM)))
		return true;
	return at - end < BREAK_ROOM;
}

static struct stub_page *
map_in_reach(const struct stub_wanted *w, uint64_t at)
{
	uint64_t low, high;

	stub_reach(w->plan, w->site, &low, &high);
	if (is_taken(w, at) || at + PAGE <= low || at > high)
		return NULL;
	return map_page(w->enter, at);
}

/* Below the text first, where little is ever put; then above it. */
static struct stub_page *
map_page_near(const struct stub_wanted *w)
{
	const uint64_t first = UINT64_C(0x10000), room = UINT64_C(0x60000000);
	struct stub_page *page = NULL;
	uint64_t below = w->text_start & ~(first - 1), above = (w->text_end + first) & ~(first - 1);

	for (uint64_t d = first; !page && d <= room && d < below; d *= 2)
		page = map_in_reach(w, below - d);
	for (uint64_t d = room; !page && d >= first; d /= 2)
		page = map_in_reach(w, (above + d) & ~(PAGE - 1));
	return page;
}

/* In how many places of a window it is tried, at least. */
#define TRIES 16

/* In form B's window, at a place that the windows of the sites around have as well. */
static struct stub_page *
map_page_within(const struct stub_wanted *w)
{
	struct stub_page *page = NULL;
	uint64_t low, high, from, step;

	stub_reach(w->plan, w->site, &low, &high);
	step = high - low < TRIES * PAGE ? PAGE : (high - low) / TRIES & ~(PAGE - 1);
	from = (low + TRIES * PAGE - 1) & ~(TRIES * PAGE - 1);
	for (uint64_t at = from; !page && at + STUB_FIRST <= high; at += step)
		page = map_in_reach(w, at);
	for (uint64_t at = from - PAGE; !page && at >= low; at -= PAGE)
		page = map_in_reach(w, at);
	return page;
}

static uint64_t
slot_address(const struct stub_page *page, unsigned slot)
{
	return page->base + STUB_FIRST + slot * STUB_SLOT;
}

/* A free slot in reach: its address, 0 if the page has none. */
static uint64_t
take_slot(struct stub_page *page, const struct stub_wanted *w)
{
	for (unsigned slot = 0; page->base && slot < STUBS_IN_PAGE; slot++)
		if (!(page->used >> slot & 1) && stub_in_reach(w->plan, w->site, slot_address(page, slot))) {
			page->used |= UINT64_C(1) << slot;
			return slot_address(page, slot);
		}
	return 0;
}

static bool
is_stub_for(uint64_t at, const struct stub_wanted *w)
{
	uint64_t site;
	struct stub s;

	if (load_u64(&site, guest(at + offsetof(struct stub, site))) < 0 || site != w->site ||
	    !stub_in_reach(w->plan, w->site, at) || copy_in(&s, guest(at), sizeof s) < 0)
		return false;
	return s.from == w->site - w->plan->moved && memcmp(s.code, w->moved_code, w->plan->moved) == 0;
}

/*
 * One that this site has had before: its memory was made writable, and a thread may still have been in the
 * stub, which therefore was not freed.
 */
static uint64_t
old_stub(const struct stub_page *page, const struct stub_wanted *w)
{
	for (unsigned slot = 0; page->base && slot < STUBS_IN_PAGE; slot++)
		if (page->used >> slot & 1 && is_stub_for(slot_address(page, slot), w))
			return slot_address(page, slot);
	return 0;
}

static uint64_t
find_slot(const struct stub_wanted *w)
{
	struct stub_page *page;
	uint64_t stub = 0;

	for (uint32_t i = 0; i < npages && !stub; i++)
		stub = take_slot(&pages[i], w);
	if (stub)
		return stub;
	page = w->plan->form == SITE_FORM_B ? map_page_within(w) : map_page_near(w);
	return page ? take_slot(page, w) : 0;
}

static bool
write_stub(const struct stub_wanted *w, uint64_t at)
{
	const uint64_t page = at & ~(PAGE - 1);
	struct stub s;
	bool done;

	stub_encode(&s, at, w->moved_code, w->plan, w->site);
	done = core_call(__NR_mprotect, page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0 &&
	       copy_out(guest(at), &s, sizeof s) == 0;
	return core_call(__NR_mprotect, page, PAGE, PROT_READ | PROT_EXEC) == 0 && done;
}

uint64_t
stub_make(const struct stub_wanted *w)
{
	uint64_t stub = 0;

	for (uint32_t i = 0; i < npages && !stub; i++)
		stub = old_stub(&pages[i], w);
	if (stub)
		return stub;
	stub = find_slot(w);
	if (!stub || write_stub(w, stub))
		return stub;
	stub_free(stub);
	return 0;
}

static struct stub_page *
page_of(uint64_t address)
{
	const uint32_t n = __atomic_load_n(&npages, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t base = __atomic_load_n(&pages[i].base, __ATOMIC_ACQUIRE);

		if (base && address - base < PAGE)
			return &pages[i];
	}
	return NULL;
}

void
stub_free(uint64_t stub)
{
	struct stub_page *page = page_of(stub);

	if (page)
		page->used &= ~(UINT64_C(1) << (stub - page->base - STUB_FIRST) / STUB_SLOT);
}

bool
stub_pages_are_in(uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < npages; i++)
		if (pages[i].base && pages[i].base < end && pages[i].base + PAGE > start)
			return true;
	return false;
}

void
stub_pages_forget(uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < npages; i++)
		if (pages[i].base < end && pages[i].base + PAGE > start)
			__atomic_store_n(&pages[i].base, 0, __ATOMIC_RELEASE);
}

const struct stub *
stub_at(uint64_t address, uint64_t *offset)
{
	const struct stub_page *page = page_of(address);

	if (!page)
		return NULL;
	*offset = (address - page->base - STUB_FIRST) % STUB_SLOT;
	return (const struct stub *)(uintptr_t)(address - *offset);
}
