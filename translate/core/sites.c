#include "sites.h"

#include <linux/elf.h>

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
#include "site_decode.h"
#include "site_stub_x86_64.h"
#include "string.h"
#include "stub_pages.h"
#include "thread.h"

/* site_entry_x86_64.S */
extern const char site_enter[], site_entered[], site_leaving[], site_left[];
extern const char site_trap_32[], site_enter_32[], site_saved_32[], site_entered_32[];

/* What the processor's modes differ in. */
static const struct kind {
	uint16_t machine;	/* personality.machine */
	uint16_t segment;	/* code's selector */
	enum code_mode mode;
	uint8_t call[SITE_CALL];
	const char *enter;
} kinds[] = {
	{EM_X86_64, USER_CS, CODE_64, {0x0f, 0x05}, site_enter},
	{EM_386, USER32_CS, CODE_32, {0xcd, 0x80}, site_enter_32},
};

#define PAGE UINT64_C(4096)
#define TRAP_FLAG UINT64_C(0x100)

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
};

struct lock sites_lock;
static struct text *texts;
static struct site *sites[256] BULKY;
static unsigned nsites;
static uint32_t nforms[SITE_FORMS];

static bool
are_wanted(void)
{
	return !options.no_rewrite && segment_by_instruction();
}

static const struct kind *
kind_of(const struct process *p)
{
	const struct kind *k = kinds;

	while (k->machine != p->abi->machine)
		k++;
	return k;
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

static bool
write_jump(struct site *s, const uint8_t *moved_code, int prot)
{
	uint8_t jump[5];
	unsigned n = stub_jump(jump, &s->plan, s->address, s->stub);

	memcpy(s->was, moved_code, n);
	return write_code(s->address - s->plan.moved, jump, s->was, n, prot);
}

static enum site_state
use_plan(const struct process *p, struct site *s, const struct text *x, const uint8_t *moved_code)
{
	const struct stub_wanted w = {
		p, kind_of(p)->enter, x->start, x->end, &s->plan, s->address, moved_code,
	};

	s->stub = stub_make(&w);
	if (!s->stub)
		return SITE_NO_STUB;
	if (!write_jump(s, moved_code, x->prot)) {
		stub_free(s->stub);
		return SITE_REFUSED;
	}
	nforms[s->plan.form]++;
	return SITE_REWRITTEN;
}

static enum site_state
rewrite(const struct process *p, struct site *s)
{
	const struct kind *k = kind_of(p);
	const struct text *x = text_of(s->address);
	uint8_t code[SITE_WINDOW + SITE_CALL];
	enum site_state state = SITE_UNFIT;
	unsigned tried = 0;
	size_t before;

	if (!x)
		return SITE_NOT_TEXT;
	before = s->address - x->start < SITE_WINDOW ? s->address - x->start : SITE_WINDOW;
	if (copy_in(code, guest(s->address - before), sizeof k->call + before) < 0 ||
	    memcmp(code + before, k->call, sizeof k->call) != 0)
		return SITE_REFUSED;
	for (;;) {
		enum site_answer a = site_plan(&s->plan, k->mode, code, before, s->address, tried);

		if (a != SITE_PLANNED)
			return tried ? state : a == SITE_UNCERTAIN ? SITE_UNCERTAIN_START : SITE_UNFIT;
		state = use_plan(p, s, x, code + before - s->plan.moved);
		if (state != SITE_NO_STUB)
			return state;
		tried |= 1u << s->plan.form;
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
	if (s || nsites == SITES_MAX)
		return s;
	s = core_alloc(sizeof *s);
	if (!s)
		return NULL;
	nsites++;
	s->address = address;
	s->next = *bucket(address);
	*bucket(address) = s;
	return s;
}

/* What the host's frames of FP state say of themselves; the same for all of a process's. */
static struct _fpx_sw_bytes fp_words;
unsigned char sites_fp_known;

void
sites_visit(struct thread *t, const struct ucontext *uc)
{
	const struct _fpstate_64 *fp = (const void *)uc->uc_mcontext.fpstate;
	struct site *s;

	if (!are_wanted() || !fp || fp->sw_reserved.magic1 != FP_XSTATE_MAGIC1 ||
	    fp->sw_reserved.extended_size > THREAD_FP_SPACE)
		return;
	lock_acquire(&sites_lock);
	fp_words = fp->sw_reserved;
	sites_fp_known = true;
	s = uc->uc_mcontext.cs == kind_of(t->p)->segment ? site_at(uc->uc_mcontext.rip - SITE_CALL) : NULL;
	if (s && ++s->visits >= WORTH_IT && s->state == SITE_SEEN)
		s->state = (uint8_t)rewrite(t->p, s);
	lock_release(&sites_lock);
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

	return first < end && last >= start && (how != STUB_GONE || s->state == SITE_REWRITTEN);
}

static void
end_sites(uint64_t start, uint64_t end, enum end how)
{
	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
		for (struct site **at = &sites[i], *s; (s = *at);) {
			if (!site_ends(s, start, end, how)) {
				at = &s->next;
				continue;
			}
			if (s->state == SITE_REWRITTEN && how == MEMORY_GONE)
				stub_free(s->stub);
			else if (s->state == SITE_REWRITTEN)
				restore(s, how == STUB_GONE ? text_of(s->address)->prot : PROT_READ | PROT_EXEC);
			*at = s->next;
			core_free(s);
			nsites--;
		}
}

static void
memory_changes(struct thread *t, uint64_t start, uint64_t len, enum end how)
{
	uint64_t end = (start + len + PAGE - 1) & ~(PAGE - 1);
	bool had_stubs;

	if (!are_wanted())
		return;
	start &= ~(PAGE - 1);
	lock_acquire(&sites_lock);
	had_stubs = stub_pages_are_in(start, end);
	if (had_stubs)
		end_sites(start, end, STUB_GONE);
	if (touches_text(start, end)) {
		end_sites(start, end, how);
		cut_texts(start, end);
	}
	lock_release(&sites_lock);
	if (!had_stubs)
		return;
	/* A signal brings every thread out of them. */
	if (t->p->threads->next)
		call_on_every_thread(t, HOST_NR(__NR_getpid), 0, 0, 0);
	lock_acquire(&sites_lock);
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
	end_sites(start, end, MEMORY_GONE);	/* what was called here when it was no text */
	add_text(start, end, prot);
	lock_release(&sites_lock);
}

void
sites_unmapped(struct thread *t, uint64_t start, uint64_t len)
{
	memory_changes(t, start, len, MEMORY_GONE);
}

void
sites_moved(struct thread *t, uint64_t start, uint64_t len)
{
	memory_changes(t, start, len, MEMORY_STAYS);
}

void
sites_protected(struct thread *t, uint64_t start, uint64_t len, int prot)
{
	if (prot & PROT_WRITE)
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

/* ---- signals ---- */

static bool
in_range(uint64_t ip, const char *begin, const char *end)
{
	return ip >= (uintptr_t)begin && ip < (uintptr_t)end;
}

/* By one step of a guest that steps itself, to a stub's first instruction: the next ones are the guest's own. */
static bool
is_first_step(int host_signal, const struct sigcontext *r, uint64_t offset)
{
	return host_signal == SIGTRAP && offset == 0 && r->eflags & TRAP_FLAG;
}

static bool
in_stub(const struct kind *k, int host_signal, struct sigcontext *r, const struct stub *s, uint64_t offset)
{
	bool ours = host_signal == SIGSEGV && stub_tries_gs(s, offset);

	if (is_first_step(host_signal, r, offset))
		return true;
	r->rip = stub_original(s, offset);
	r->cs = k->segment;
	return ours;
}

static void
entering_32(struct sigcontext *r, const struct sigcontext *frame)
{
	if (r->rip != (uintptr_t)site_enter_32)
		r->rcx = r->r8;
	if (r->rip >= (uintptr_t)site_saved_32)
		r->rsp = frame->rsp;
	r->rip = r->r10;
	r->cs = USER32_CS;
}

static void
leaving(struct sigcontext *r, const struct sigcontext *frame)
{
	memcpy(r, frame, offsetof(struct sigcontext, eflags) + sizeof r->eflags);
	r->cs = frame->cs;
}

bool
sites_interrupted(struct thread *t, int host_signal, struct ucontext *uc)
{
	struct sigcontext *r = &uc->uc_mcontext;
	const struct sigcontext *frame = &thread_frame(t)->uc_mcontext;
	const struct stub *stub;
	uint64_t offset = 0;

	if (in_range(r->rip, site_enter, site_entered)) {
		if (r->rip != (uintptr_t)site_enter)
			r->rsp = frame->rsp;
		r->rip = r->rcx - SITE_CALL;
		return false;
	}
	if (in_range(r->rip, site_trap_32, site_entered_32)) {
		entering_32(r, frame);
		return false;
	}
	if (in_range(r->rip, site_leaving, site_left)) {
		leaving(r, frame);
		return false;
	}
	stub = stub_at(r->rip, &offset);
	return stub && in_stub(kind_of(t->p), host_signal, r, stub, offset);
}

void
sites_save_fp(struct ucontext *uc, void *area)
{
	struct _xstate *fp = area;
	const uint64_t features = fp_words.xfeatures;
	uint32_t *end = (uint32_t *)((char *)area + fp_words.xstate_size);

	memset(&fp->xstate_hdr, 0, sizeof fp->xstate_hdr);
	__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"((uint32_t)features), "d"((uint32_t)(features >> 32)) : "memory");
	fp->fpstate.sw_reserved = fp_words;
	*end = FP_XSTATE_MAGIC2;
	uc->uc_flags |= UC_FP_XSTATE;
	uc->uc_mcontext.fpstate = area;
}

/* ---- report ---- */

size_t
sites_report(char *to, size_t size)
{
	static const char *const why[SITE_STATES] = {
		[SITE_SEEN] = "visited once",
		[SITE_NOT_TEXT] = "not in text",
		[SITE_UNCERTAIN_START] = "uncertain",
		[SITE_UNFIT] = "nothing to replace",
		[SITE_NO_STUB] = "no room for a stub",
		[SITE_REFUSED] = "memory refused it",
	};
	unsigned n[SITE_STATES] = {0};
	uint64_t traps = 0;
	size_t used;

	if (!are_wanted())
		return format(to, size, "sites: not rewritten\n");
	lock_acquire(&sites_lock);
	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
		for (const struct site *s = sites[i]; s; s = s->next) {
			n[s->state]++;
			traps += s->visits;
		}
	used = format(to, size, "sites: %u visited, %lu traps; %u rewritten (form A %u, B %u)", nsites,
		      (unsigned long)traps, n[SITE_REWRITTEN], nforms[SITE_FORM_A], nforms[SITE_FORM_B]);
	lock_release(&sites_lock);
	for (unsigned i = 0; i < SITE_STATES; i++)
		if (n[i] && why[i])
			used += format(to + used, size - used, "; %u %s", n[i], why[i]);
	return used + format(to + used, size - used, "\n");
}
