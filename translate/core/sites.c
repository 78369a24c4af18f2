#include "sites.h"

#include "call.h"
#include "copy.h"
#include "core.h"
#include "every_thread.h"
#include "host.h"
#include "layout.h"
#include "linux_abi.h"
#include "lock.h"
#include "memory.h"
#include "personality.h"
#include "print.h"
#include "process.h"
#include "segment.h"
#include "site_family.h"
#include "site_kind_x86_64.h"
#include "site_stub_x86_64.h"
#include "string.h"
#include "stub_pages.h"
#include "thread.h"

#define PAGE UINT64_C(4096)
#define HOST_END (UINT64_C(1) << 56)	/* of user memory, with five levels of page tables */

/* The visit on which a site is rewritten: a trap costs some twelve calls, rewriting no more than twenty. */
#define WORTH_IT 2
/* A budget of this core's memory. */
#define SITES_MAX 4096

/* Where the guest has code that only the core may write. */
struct text {
	uint64_t start, end;
	int prot;
	struct text *next;
};

enum site_state {
	SITE_SEEN,
	SITE_REWRITTEN,
	SITE_NOT_TEXT,		/* the rest: left to trap, and why */
	SITE_UNCERTAIN_START,
	SITE_UNFIT,
	SITE_NO_STUB,
	SITE_REFUSED,
	SITE_ENDING,		/* no longer rewritten, but a thread may still be at its hole */
	SITE_STATES
};

struct site {
	uint64_t address;	/* of the call */
	struct site *next;	/* with the same hash */
	uint64_t stub;
	uint32_t visits;	/* by trap */
	uint8_t state;
	struct site_plan plan;
	uint8_t was[5];		/* what the jump replaced */
	uint8_t hole_was[5];	/* form C: and that in the hole */
	const struct thread *ender;	/* SITE_ENDING: who will give the hole back */
};

struct lock sites_lock;
static struct text *texts;
static struct site *sites[256] BULKY;
static unsigned nsites;
static uint64_t ntraps;
static uint32_t nforms[SITE_FORMS];

static bool
are_wanted(void)
{
	return !options.no_rewrite && segment_by_instruction();
}

/* ---- text ---- */

static struct text *
text_of(uint64_t address)
{
	struct text *x = texts;

	while (x && (address < x->start || address >= x->end))
		x = x->next;
	return x;
}

static void
add_text(uint64_t start, uint64_t end, int prot)
{
	struct text *x = start < end ? core_alloc(sizeof *x) : NULL;

	if (!x)
		return;
	*x = (struct text){start, end, prot, texts};
	texts = x;
}

/* What is left of texts on both sides of [start, end) stays. */
static void
cut_texts(uint64_t start, uint64_t end)
{
	struct text **at = &texts;

	while (*at) {
		struct text *x = *at;

		if (x->end <= start || x->start >= end) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		/* In front, where this loop does not come any more. */
		add_text(x->start, start, x->prot);
		add_text(end, x->end, x->prot);
		if (at == &texts)	/* they stand where we stand: go past them */
			while (*at && *at != x->next)
				at = &(*at)->next;
		core_free(x);
	}
}

static bool
touches_text(uint64_t start, uint64_t end)
{
	for (const struct text *x = texts; x; x = x->next)
		if (x->start < end && x->end > start)
			return true;
	return false;
}

/* ---- writing ---- */

static long
make_writable(uint64_t page)
{
	return core_call(__NR_mprotect, page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

/*
 * Puts n bytes at `at` by one store, if `expected` is what is there. Never without
 * PROT_EXEC: other threads run the page.
 */
static bool
write_code(uint64_t at, const uint8_t *bytes, const uint8_t *expected, unsigned n, int prot)
{
	const uint64_t word_at = at & ~UINT64_C(7), page = at & ~(PAGE - 1);
	uint64_t word;
	uint8_t *in_word = (uint8_t *)&word + (at & 7);
	bool done = false;

	if (make_writable(page) < 0)
		return false;
	if (load_u64(&word, guest(word_at)) == 0 && memcmp(in_word, expected, n) == 0) {
		memcpy(in_word, bytes, n);
		done = store_u64(guest(word_at), word) == 0;
	}
	core_call(__NR_mprotect, page, PAGE, prot);
	return done;
}

/* ---- rewriting ---- */

static uint64_t
hole_of(const struct site *s)
{
	return s->address - (uint64_t)(int64_t)s->plan.hole;
}

static bool
has_hole_in(const struct site *s, uint64_t start, uint64_t end)
{
	const uint64_t hole = hole_of(s);

	return (s->state == SITE_REWRITTEN || s->state == SITE_ENDING) && s->plan.form == SITE_FORM_C &&
	       hole < end && hole + sizeof s->hole_was > start;
}

/* Has no other site this hole, or a part of it? */
static bool
hole_is_free(const struct site *wanted)
{
	const uint64_t hole = hole_of(wanted);

	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
		for (const struct site *s = sites[i]; s; s = s->next)
			if (has_hole_in(s, hole, hole + sizeof s->hole_was))
				return false;
	return true;
}

/* Form C: before the short jump that leads there. */
static bool
write_hole(struct site *s, const uint8_t *padding, int prot)
{
	uint8_t jump[5];

	if (!hole_is_free(s))
		return false;
	memcpy(s->hole_was, padding, sizeof s->hole_was);
	stub_hole_jump(jump, &s->plan, s->address, s->stub);
	return write_code(hole_of(s), jump, s->hole_was, sizeof jump, prot);
}

static void
restore_hole(const struct site *s, int prot)
{
	uint8_t jump[5];

	stub_hole_jump(jump, &s->plan, s->address, s->stub);
	write_code(hole_of(s), s->hole_was, jump, sizeof jump, prot);
}

/* call: its bytes' copy, with all before it that is looked at. */
static bool
write_jump(struct site *s, const uint8_t *call, int prot)
{
	uint8_t jump[5];
	unsigned n = stub_jump(jump, &s->plan, s->address, s->stub);

	if (s->plan.form == SITE_FORM_C && !write_hole(s, call - s->plan.hole, prot))
		return false;
	memcpy(s->was, call - s->plan.moved, n);
	if (write_code(s->address - s->plan.moved, jump, s->was, n, prot))
		return true;
	if (s->plan.form == SITE_FORM_C)
		restore_hole(s, prot);
	return false;
}

static enum site_state
use_plan(const struct process *p, struct site *s, const struct text *x, const uint8_t *call)
{
	const struct stub_wanted w = {
		p, site_kind(p->abi->machine)->enter, x->start, x->end, &s->plan, s->address, call - s->plan.moved,
	};

	s->stub = stub_make(&w);
	if (!s->stub)
		return SITE_NO_STUB;
	if (!write_jump(s, call, x->prot)) {
		stub_free(s->stub);
		return SITE_REFUSED;
	}
	nforms[s->plan.form]++;
	return SITE_REWRITTEN;
}

static size_t
at_most(uint64_t n, size_t most)
{
	return n < most ? n : most;
}

static enum site_state
rewrite(const struct process *p, struct site *s)
{
	const struct site_kind *k = site_kind(p->abi->machine);
	const struct text *x = text_of(s->address);
	uint8_t bytes[SITE_WINDOW + SITE_CALL + SITE_BEHIND];
	struct site_code code = {.mode = k->mode, .address = s->address};
	enum site_state state = SITE_UNFIT;

	if (!x)
		return SITE_NOT_TEXT;
	code.before = at_most(s->address - x->start, SITE_WINDOW);
	code.behind = at_most(x->end - s->address - SITE_CALL, SITE_BEHIND);
	code.call = bytes + code.before;
	if (copy_in(bytes, guest(s->address - code.before), code.before + SITE_CALL + code.behind) < 0 ||
	    memcmp(code.call, k->call, sizeof k->call) != 0)
		return SITE_REFUSED;
	for (unsigned tried = 0;; tried++) {
		enum site_answer a = site_plan(&s->plan, &code, tried);

		if (a != SITE_PLANNED)
			return tried ? state : a == SITE_UNCERTAIN ? SITE_UNCERTAIN_START : SITE_UNFIT;
		state = use_plan(p, s, x, code.call);
		if (state != SITE_NO_STUB)
			return state;
	}
}

static struct site **
bucket(uint64_t address)
{
	return &sites[(address ^ address >> 8 ^ address >> 16) % (sizeof sites / sizeof *sites)];
}

static struct site *
site_at(uint64_t address)
{
	struct site *s = *bucket(address);

	while (s && s->address != address)
		s = s->next;
	return s;
}

/* What the host's frames of FP state say of themselves; the same for all of a process's. */
static struct _fpx_sw_bytes fp_words;
unsigned char sites_fp_known;

static bool
visited_again(const struct process *p, uint64_t address)
{
	struct site *s = nsites ? site_at(address) : NULL;

	if (s && ++s->visits >= WORTH_IT && s->state == SITE_SEEN)
		s->state = (uint8_t)rewrite(p, s);
	return s != NULL;
}

static void
note(uint64_t address)
{
	struct site *s = NULL;

	if (nsites < SITES_MAX)
		s = core_alloc(sizeof *s);
	if (!s)
		return;
	nsites++;
	*s = (struct site){.address = address, .visits = 1, .next = *bucket(address)};
	*bucket(address) = s;
}

void
sites_visit(struct thread *t, const struct ucontext *uc)
{
	const struct _fpstate_64 *fp = (const void *)uc->uc_mcontext.fpstate;
	uint64_t address = uc->uc_mcontext.rip - SITE_CALL;
	bool again;

	t->new_site = 0;
	if (!are_wanted() || !fp || fp->sw_reserved.magic1 != FP_XSTATE_MAGIC1 ||
	    fp->sw_reserved.extended_size > THREAD_FP_SPACE)
		return;
	lock_acquire(&sites_lock);
	ntraps++;
	fp_words = fp->sw_reserved;
	sites_fp_known = true;
	again = uc->uc_mcontext.cs != site_kind(t->p->abi->machine)->segment || visited_again(t->p, address);
	if (!again && t->p->is_vfork_child)
		note(address);
	lock_release(&sites_lock);
	if (again || t->p->is_vfork_child)
		return;
	site_family_tell(address);
	t->new_site = address;
}

void
sites_note(struct thread *t)
{
	if (!t->new_site)
		return;
	lock_acquire(&sites_lock);
	if (!site_at(t->new_site))	/* no other thread has been here meanwhile */
		note(t->new_site);
	lock_release(&sites_lock);
	t->new_site = 0;
}

void
sites_before_fork(struct thread *t)
{
	uint64_t address;

	if (!are_wanted())
		return;
	while ((address = site_family_told())) {
		lock_acquire(&sites_lock);
		if (!site_at(address))
			note(address);
		visited_again(t->p, address);	/* by the child that is about to be made, most likely */
		lock_release(&sites_lock);
	}
	lock_acquire(&sites_lock);
	site_family_begins();
	lock_release(&sites_lock);
}

void
sites_after_fork(void)
{
	site_family_child();
}

/* ---- going back ---- */

static void
restore(const struct site *s, int prot)
{
	uint8_t jump[5];
	unsigned n = stub_jump(jump, &s->plan, s->address, s->stub);

	write_code(s->address - s->plan.moved, s->was, jump, n, prot);
}

enum end {
	MEMORY_GONE,		/* and with it any thread that could be in a stub */
	MEMORY_STAYS,
	STUB_GONE,
};

static bool
site_ends(const struct site *s, uint64_t start, uint64_t end, enum end how)
{
	uint64_t first = how == STUB_GONE ? s->stub : s->address - s->plan.moved;
	uint64_t last = how == STUB_GONE ? s->stub : s->address + SITE_CALL - 1;

	if (s->state == SITE_ENDING && how != MEMORY_GONE)
		return false;
	return first < end && last >= start && (how != STUB_GONE || s->state == SITE_REWRITTEN);
}

static void
drop(struct site **at)
{
	struct site *s = *at;

	*at = s->next;
	core_free(s);
	nsites--;
}

static int
prot_of(uint64_t address)
{
	const struct text *x = text_of(address);

	return x ? x->prot : PROT_READ | PROT_EXEC;
}

/* Whether there is a hole that a thread may be at: finish_ending() when none can be. */
static bool
end_sites(const struct thread *t, uint64_t start, uint64_t end, enum end how)
{
	bool any_ending = false;

	if (!nsites)
		return false;
	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
		for (struct site **at = &sites[i], *s; (s = *at);) {
			if (!site_ends(s, start, end, how)) {
				at = &s->next;
				continue;
			}
			if (s->state == SITE_REWRITTEN && how == MEMORY_GONE)
				stub_free(s->stub);
			else if (s->state == SITE_REWRITTEN)
				restore(s, prot_of(s->address));
			if (s->state == SITE_REWRITTEN && how != MEMORY_GONE && s->plan.form == SITE_FORM_C) {
				s->state = SITE_ENDING;
				s->ender = t;
				any_ending = true;
				at = &s->next;
			} else {
				drop(at);
			}
		}
	return any_ending;
}

static void
finish_ending(const struct thread *t)
{
	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
		for (struct site **at = &sites[i]; *at;) {
			if ((*at)->state != SITE_ENDING || (*at)->ender != t) {
				at = &(*at)->next;
				continue;
			}
			restore_hole(*at, prot_of((*at)->address));
			drop(at);
		}
}

static void
memory_changes(struct thread *t, uint64_t start, uint64_t len, enum end how)
{
	uint64_t end = (start + len + PAGE - 1) & ~(PAGE - 1);
	bool had_stubs, any_ending = false;

	if (!are_wanted())
		return;
	start &= ~(PAGE - 1);
	lock_acquire(&sites_lock);
	had_stubs = stub_pages_are_in(start, end);
	if (had_stubs)
		any_ending = end_sites(t, start, end, STUB_GONE);
	if (touches_text(start, end)) {
		any_ending |= end_sites(t, start, end, how);
		cut_texts(start, end);
	}
	lock_release(&sites_lock);
	if (!had_stubs && !any_ending)
		return;
	interrupt_every_thread(t);
	lock_acquire(&sites_lock);
	finish_ending(t);
	stub_pages_forget(start, end);
	lock_release(&sites_lock);
}

void
sites_mapped(uint64_t start, uint64_t len, int prot, bool shared)
{
	const uint64_t end = (start + len + PAGE - 1) & ~(PAGE - 1);

	if (!are_wanted() || shared || !(prot & PROT_EXEC) || prot & PROT_WRITE)
		return;
	lock_acquire(&sites_lock);
	end_sites(NULL, start, end, MEMORY_GONE);	/* what was called here when it was no text */
	add_text(start, end, prot);
	lock_release(&sites_lock);
}

void
sites_unmapped(struct thread *t, uint64_t start, uint64_t len)
{
	if (start % PAGE == 0 && len != 0 && start <= HOST_END && len <= HOST_END - start)
		memory_changes(t, start, len, MEMORY_GONE);
}

void
sites_replaced(struct thread *t, uint64_t start, uint64_t len)
{
	memory_changes(t, start, len, MEMORY_STAYS);
}

static bool
is_text_otherwise(uint64_t start, uint64_t end, int prot)
{
	for (const struct text *x = texts; x; x = x->next)
		if (x->start < end && x->end > start && x->prot != prot)
			return true;
	return false;
}

/* Code that comes to be as it was later must not be left with a protection that is not the guest's any more. */
void
sites_protected(struct thread *t, uint64_t start, uint64_t len, int prot)
{
	const uint64_t end = (start + len + PAGE - 1) & ~(PAGE - 1);
	bool other = prot & PROT_WRITE || !(prot & PROT_EXEC);

	if (!other) {
		lock_acquire(&sites_lock);
		other = is_text_otherwise(start, end, prot);
		lock_release(&sites_lock);
	}
	if (other)
		memory_changes(t, start, len, MEMORY_STAYS);
}

bool
sites_made(uint64_t start, uint64_t end)
{
	bool any;

	lock_acquire(&sites_lock);
	any = stub_pages_are_in(start, end);
	lock_release(&sites_lock);
	return any;
}

void
sites_make_fp(struct ucontext *uc, void *area)
{
	struct _xstate *fp = area;
	uint32_t *end = (uint32_t *)((char *)area + fp_words.xstate_size);

	memset(&fp->xstate_hdr, 0, sizeof fp->xstate_hdr);
	fp->fpstate.sw_reserved = fp_words;
	*end = FP_XSTATE_MAGIC2;
	uc->uc_flags |= UC_FP_XSTATE;
	uc->uc_mcontext.fpstate = area;
}

void
sites_save_fp(struct ucontext *uc, void *area)
{
	const uint64_t features = fp_words.xfeatures;

	sites_make_fp(uc, area);
	/* Not into sw_reserved: to the processor these bytes are the programs'. */
	__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"((uint32_t)features), "d"((uint32_t)(features >> 32)) : "memory");
}

/* ---- report ---- */

static const char *const why[SITE_STATES] = {
	[SITE_SEEN] = "visited once",
	[SITE_NOT_TEXT] = "not in text",
	[SITE_UNCERTAIN_START] = "uncertain",
	[SITE_UNFIT] = "nothing to replace",
	[SITE_NO_STUB] = "no room for a stub",
	[SITE_REFUSED] = "memory refused it",
	[SITE_ENDING] = "about to be as it was",
};

/* The site that traps most of those that trap for good, after `last` (NULL: the first of all). */
static const struct site *
next_left(const struct site *last)
{
	const struct site *most = NULL;

	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
		for (const struct site *s = sites[i]; s; s = s->next)
			if (s->visits > WORTH_IT && (!last || s->visits < last->visits ||
						     (s->visits == last->visits && s->address > last->address)) &&
			    (!most || s->visits > most->visits ||
			     (s->visits == most->visits && s->address < most->address)))
				most = s;
	return most;
}

static size_t
report_left(char *to, size_t size)
{
	const struct site *s = NULL;
	size_t used = 0;

	for (unsigned n = 0; n < SITES_NAMED && (s = next_left(s)); n++)
		used += format(to + used, size - used, "  %lx trapped %u times: %s\n", (unsigned long)s->address, s->visits,
			       s->state == SITE_REWRITTEN ? "jumped to, or called with unusual flags" : why[s->state]);
	return used;
}

size_t
sites_report(char *to, size_t size)
{
	unsigned n[SITE_STATES] = {0};
	size_t used;

	if (!are_wanted())
		return format(to, size, "sites: not rewritten\n");
	lock_acquire(&sites_lock);
	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
		for (const struct site *s = sites[i]; s; s = s->next)
			n[s->state]++;
	used = format(to, size, "sites: %u visited, %lu traps; %u rewritten (form A %u, B %u, C %u)", nsites,
		      (unsigned long)ntraps, n[SITE_REWRITTEN], nforms[SITE_FORM_A], nforms[SITE_FORM_B],
		      nforms[SITE_FORM_C]);
	for (unsigned i = 0; i < SITE_STATES; i++)
		if (n[i] && why[i])
			used += format(to + used, size - used, "; %u %s", n[i], why[i]);
	used += format(to + used, size - used, "\n");
	used += report_left(to + used, size - used);
	lock_release(&sites_lock);
	return used;
}
