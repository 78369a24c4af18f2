/*
 * Thread areas: three segments of each thread's own, which programs make with
 * set_thread_area(2) or clone(2) and load as the selectors 0x63, 0x6b and 0x73. Those are
 * entries of the host's GDT, which a 64-bit process cannot set; so each area is an entry
 * of the LDT, and a load of its GDT selector, which faults, becomes a load of that.
 *
 * The guest can see it: it reads another selector back than it has loaded. libcs make an
 * entry's number of that (clone with CLONE_SETTLS), so the LDT's numbers are taken as well.
 */
#include "linux_i386.h"

#include <asm/ldt.h>

#include "core/copy.h"
#include "core/host.h"
#include "core/memory.h"
#include "core/process.h"
#include "core/string.h"
#include "core/thread.h"

#define FIRST_AREA 12		/* GDT_ENTRY_TLS_MIN (asm/segment.h) */
#define AREAS 3

/* Entries of the LDT; those below are left to the guest's own modify_ldt(2). */
#define FIRST_SLOT 1024
#define SLOTS (LDT_ENTRIES - FIRST_SLOT)

#define LDT_WRITE 0x11
#define SELECTOR(slot) ((uint16_t)((slot) << 3 | 7))	/* in the LDT, for programs */

struct areas {
	struct user_desc of[AREAS];
	uint16_t slot[AREAS];		/* 0: none yet */
	uint16_t parent_slot[AREAS];
	uint16_t parent_fs;
};

/* The LDT belongs to the address space, so vfork's child has the same. */
static uint64_t slots_used[SLOTS / 64] BULKY;

static uint16_t
slot_take(void)
{
	for (unsigned w = 0; w < SLOTS / 64; w++) {
		uint64_t seen = __atomic_load_n(&slots_used[w], __ATOMIC_RELAXED);

		while (~seen) {
			unsigned bit = (unsigned)__builtin_ctzll(~seen);

			if (__atomic_compare_exchange_n(&slots_used[w], &seen, seen | UINT64_C(1) << bit, false,
							__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				return (uint16_t)(FIRST_SLOT + w * 64 + bit);
		}
	}
	return 0;
}

static void
slot_set(uint16_t slot, bool taken)
{
	unsigned n = (unsigned)slot - FIRST_SLOT;

	if (taken)
		__atomic_or_fetch(&slots_used[n / 64], UINT64_C(1) << n % 64, __ATOMIC_RELEASE);
	else
		__atomic_and_fetch(&slots_used[n / 64], ~(UINT64_C(1) << n % 64), __ATOMIC_RELEASE);
}

static struct areas *
areas_of(struct thread *t)
{
	if (!t->areas)
		t->areas = core_alloc(sizeof(struct areas));
	return t->areas;
}

/* LDT_empty() and LDT_zero() (asm/desc.h) */
static bool
is_empty(const struct user_desc *d)
{
	if (d->base_addr || d->limit || d->contents || d->seg_32bit || d->limit_in_pages || d->useable)
		return false;
	return d->read_exec_only == d->seg_not_present;
}

/* tls_desc_okay(), arch/x86/kernel/tls.c */
static bool
is_allowed(const struct user_desc *d)
{
	return is_empty(d) || (d->seg_32bit && d->contents <= 1 && !d->seg_not_present);
}

/* ---- registers ---- */

uint16_t
linux_i386_segment(enum segment which)
{
	uint16_t s = 0;

	switch (which) {
	case SEGMENT_DS:
		__asm__ volatile("movw %%ds, %0" : "=rm"(s));
		break;
	case SEGMENT_ES:
		__asm__ volatile("movw %%es, %0" : "=rm"(s));
		break;
	case SEGMENT_FS:
		__asm__ volatile("movw %%fs, %0" : "=rm"(s));
		break;
	case SEGMENT_GS:
		__asm__ volatile("movw %%gs, %0" : "=rm"(s));
		break;
	default:
		break;
	}
	return s;
}

/* Would loading it fault? Access rights (LAR): present, and data or code that can be read. */
static bool
is_loadable(uint16_t selector)
{
	uint32_t rights = 0;
	bool ok;

	if (selector <= 3)
		return true;
	__asm__("larl %2, %0" : "=r"(rights), "=@ccz"(ok) : "r"((uint32_t)selector), "0"(rights));
	return ok && (rights & 0x9000) == 0x9000 && (rights & 0xa00) != 0x800;
}

static void
load(enum segment which, uint16_t s)
{
	switch (which) {
	case SEGMENT_DS:
		__asm__ volatile("movl %0, %%ds" : : "r"((uint32_t)s));
		break;
	case SEGMENT_ES:
		__asm__ volatile("movl %0, %%es" : : "r"((uint32_t)s));
		break;
	case SEGMENT_FS:
		__asm__ volatile("movl %0, %%fs" : : "r"((uint32_t)s));
		break;
	case SEGMENT_GS:
		__asm__ volatile("movl %0, %%gs" : : "r"((uint32_t)s));
		break;
	default:
		break;
	}
}

static bool
gdt_has(unsigned selector)
{
	unsigned rights = 0;
	bool valid;

	__asm__("lar %2, %0" : "+r"(rights), "=@ccz"(valid) : "r"(selector));
	return valid;
}

/*
 * The host's flush_thread() (arch/x86/kernel/process.c) forgets the areas of the 32-bit program that
 * executed us, but the processor's table is written at the next switch of threads: until then loads of
 * their selectors would not fault.
 */
void
linux_i386_wait_for_empty_gdt(void)
{
	const long a_moment[2] = {0, 1000};	/* a struct timespec */

	for (unsigned n = FIRST_AREA; n < FIRST_AREA + AREAS; n++)
		for (int tries = 0; tries < 100 && gdt_has(n << 3 | 3); tries++)
			core_call(__NR_nanosleep, a_moment, 0);
}

/* The area that a selector or its entry's number means, GDT's or LDT's; -1: none. */
static int
area_by_entry(const struct areas *a, uint32_t entry)
{
	for (int i = 0; i < AREAS; i++)
		if (entry == FIRST_AREA + (uint32_t)i || (a && a->slot[i] && entry == a->slot[i]))
			return i;
	return -1;
}

void
linux_i386_set_segment(struct thread *t, enum segment which, uint16_t selector)
{
	const struct areas *a = t->areas;
	int area = area_by_entry(a, selector >> 3);

	if (area >= 0)
		selector = a && a->slot[area] ? SELECTOR(a->slot[area]) : 0;
	if (!is_loadable(selector))
		selector = 0;
	if (selector || linux_i386_segment(which) > 3)
		load(which, selector);
}

/* ---- areas ---- */

static long
write_slot(struct areas *a, int i)
{
	struct user_desc d = a->of[i];

	if (!a->slot[i])
		a->slot[i] = slot_take();
	if (!a->slot[i])
		return -ESRCH;
	d.entry_number = a->slot[i];
	return core_call(__NR_modify_ldt, LDT_WRITE, &d, sizeof d);
}

static long
set_area(struct thread *t, const struct user_desc *d, int i)
{
	struct areas *a = areas_of(t);
	long r;

	if (!a)
		return -ENOMEM;
	a->of[i] = *d;
	a->of[i].entry_number = FIRST_AREA + (uint32_t)i;
	r = write_slot(a, i);
	if (r < 0)
		return r;
	for (enum segment s = SEGMENT_DS; s <= SEGMENT_GS; s++)	/* what is loaded is loaded anew */
		if (linux_i386_segment(s) == SELECTOR(a->slot[i]))
			linux_i386_set_segment(t, s, SELECTOR(a->slot[i]));
	return 0;
}

static int
free_area(const struct areas *a)
{
	for (int i = 0; i < AREAS; i++)
		if (!a || !a->slot[i] || is_empty(&a->of[i]))
			return i;
	return -ESRCH;
}

/* do_set_thread_area(), arch/x86/kernel/tls.c */
long
linux_i386_set_thread_area(struct call *c, struct guest_ptr desc)
{
	struct user_desc d;
	int area;

	if (copy_in(&d, desc, sizeof d) < 0)
		return -EFAULT;
	if (!is_allowed(&d))
		return -EINVAL;
	if (d.entry_number != (uint32_t)-1) {
		area = area_by_entry(c->t->areas, d.entry_number);
		return area < 0 ? -EINVAL : set_area(c->t, &d, area);
	}
	area = free_area(c->t->areas);
	if (area < 0)
		return area;
	if (store_u32(desc, FIRST_AREA + (uint32_t)area) < 0)
		return -EFAULT;
	return set_area(c->t, &d, area);
}

long
linux_i386_get_thread_area(struct call *c, struct guest_ptr desc)
{
	const struct areas *a = c->t->areas;
	struct user_desc d = {.read_exec_only = 1, .seg_not_present = 1};
	uint32_t entry;
	int area;

	if (load_u32(&entry, desc) < 0)
		return -EFAULT;
	area = area_by_entry(a, entry);
	if (area < 0)
		return -EINVAL;
	if (a && a->slot[area])
		d = a->of[area];
	d.entry_number = FIRST_AREA + (uint32_t)area;
	return copy_out(desc, &d, sizeof d);
}

/* The guest's own LDT is the host's, but for the entries that are its thread areas. */
long
linux_i386_modify_ldt(struct call *c, int32_t what, struct guest_ptr at, uint64_t n)
{
	static bool has_own;	/* of the address space, as the table is */
	const bool writes = what == 1 || what == LDT_WRITE;
	uint32_t entry;
	int32_t r;

	(void)c;
	if (writes && n == sizeof(struct user_desc)) {
		if (load_u32(&entry, at) < 0)
			return -EFAULT;
		if (entry >= FIRST_SLOT)
			return -EINVAL;
	}
	if (what == 0 && !has_own)
		return 0;
	if (!writes && n > FIRST_SLOT * LDT_ENTRY_SIZE)
		n = FIRST_SLOT * LDT_ENTRY_SIZE;
	r = (int32_t)host_call(__NR_modify_ldt, what, at.addr, n);
	has_own = has_own || (writes && r == 0);
	return r;
}

/* ---- threads ---- */

/* Areas of the child's own with what its parent's say, but for the one that it has been given. */
static long
inherit_areas(const struct areas *from, struct areas *to)
{
	long r = 0;

	for (int i = 0; i < AREAS && r == 0; i++) {
		to->parent_slot[i] = from->slot[i];
		if (!from->slot[i] || to->slot[i])
			continue;
		to->of[i] = from->of[i];
		r = write_slot(to, i);
	}
	return r;
}

/* CLONE_SETTLS gives a descriptor as for set_thread_area(2), whose entry must be said. */
static long
set_given_area(struct thread *t, const struct areas *known, struct guest_ptr at)
{
	struct user_desc d;
	int area;

	if (copy_in(&d, at, sizeof d) < 0)
		return -EFAULT;
	area = area_by_entry(known, d.entry_number);
	if (area < 0 || !is_allowed(&d))
		return -EINVAL;
	return set_area(t, &d, area);
}

long
linux_i386_child_pointer(struct thread *t, struct thread *child, bool given, uint64_t pointer)
{
	struct areas *from = areas_of(t), *to = areas_of(child);
	long r = 0;

	if (!from || !to)
		return -ENOMEM;
	if (given)
		r = set_given_area(child, from, guest(pointer));
	if (from == to)
		return r;
	to->parent_fs = linux_i386_segment(SEGMENT_FS);
	if (r == 0)
		r = inherit_areas(from, to);
	if (r < 0)
		linux_i386_thread_ends(child);
	return r;
}

/* The host copied %gs and the others from the parent; its fs base is the thread's block (entry_x86_64.c). */
void
linux_i386_thread_begins(struct thread *t)
{
	const struct areas *a = t->areas;

	if (t->p->is_vfork_child)
		core_call(__NR_arch_prctl, ARCH_SET_FS, t);
	for (enum segment s = SEGMENT_ES; a && s <= SEGMENT_GS; s++) {
		uint16_t selector = s == SEGMENT_FS ? a->parent_fs : linux_i386_segment(s);

		for (int i = 0; i < AREAS; i++)
			if (a->parent_slot[i] && selector == SELECTOR(a->parent_slot[i]))
				linux_i386_set_segment(t, s, SELECTOR(a->slot[i]));
	}
}

void
linux_i386_thread_ends(struct thread *t)
{
	const struct areas *a = t->areas;

	if (t->p->is_vfork_child)
		return;		/* they are its parent's */
	for (int i = 0; a && i < AREAS; i++)
		if (a->slot[i])
			slot_set(a->slot[i], false);
	core_free(t->areas);
	t->areas = NULL;
}

/* The child has a copy of the LDT, and one thread. */
void
linux_i386_after_fork(struct thread *t)
{
	const struct areas *a = t->areas;
	uint64_t own[SLOTS / 64] = {0};

	for (int i = 0; a && i < AREAS; i++)
		if (a->slot[i])
			own[(a->slot[i] - FIRST_SLOT) / 64] |= UINT64_C(1) << (a->slot[i] - FIRST_SLOT) % 64;
	/* What is so already is not written: that would be a page to copy. */
	for (unsigned w = 0; w < SLOTS / 64; w++)
		if (slots_used[w] != own[w])
			slots_used[w] = own[w];
}

/* ---- the instruction that faulted ---- */

struct segment_load {
	enum segment which;
	unsigned length;	/* of the instruction */
	unsigned popped;	/* bytes of the stack */
};

/* Bytes of ModRM, SIB and displacement with 32-bit addresses (Intel SDM 2A, table 2-2). */
static unsigned
operand_length(const uint8_t *modrm)
{
	unsigned mod = modrm[0] >> 6, rm = modrm[0] & 7, n = 1;

	if (mod == 3)
		return n;
	if (rm == 4) {
		n++;
		if (mod == 0 && (modrm[1] & 7) == 5)
			return n + 4;
	}
	if (mod == 0)
		return rm == 5 ? n + 4 : n;
	return n + (mod == 1 ? 1 : 4);
}

static bool
is_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x26 || byte == 0x64 ||
	       byte == 0x65;
}

#define INSTRUCTION_MAX 15

static bool
decode(const uint8_t code[INSTRUCTION_MAX + 8], struct segment_load *out)
{
	unsigned n = 0, word = 4;

	while (n < INSTRUCTION_MAX && is_prefix(code[n])) {
		if (code[n] == 0x66)
			word = 2;
		n++;
	}
	*out = (struct segment_load){SEGMENT_ES, n + 1, word};
	switch (code[n]) {
	case 0x07:		/* pop %es */
		return true;
	case 0x1f:		/* pop %ds */
		out->which = SEGMENT_DS;
		return true;
	case 0x0f:		/* pop %fs, pop %gs */
		out->which = code[n + 1] == 0xa1 ? SEGMENT_FS : SEGMENT_GS;
		out->length++;
		return code[n + 1] == 0xa1 || code[n + 1] == 0xa9;
	case 0x8e:		/* mov to a segment register */
		out->which = (enum segment)(code[n + 1] >> 3 & 7);
		out->length += operand_length(code + n + 1);
		out->popped = 0;
		return out->which == SEGMENT_ES || (out->which >= SEGMENT_DS && out->which <= SEGMENT_GS);
	default:
		return false;
	}
}

/* What there is of the instruction: it may end where memory does. */
static void
read_code(uint8_t *code, size_t n, uint64_t at)
{
	for (size_t i = 0; i < n; i++)
		if (copy_in(code + i, guest(at + i), 1) < 0)
			return;
}

#define GENERAL_PROTECTION 13

bool
linux_i386_load_segment(struct thread *t, struct ucontext *uc)
{
	struct sigcontext *r = &uc->uc_mcontext;
	const struct areas *a = t->areas;
	uint8_t code[INSTRUCTION_MAX + 8] = {0};
	struct segment_load load;
	int area = area_by_entry(NULL, (uint32_t)(r->err >> 3));

	/* The error code is the selector, without its lowest bits. */
	if (r->trapno != GENERAL_PROTECTION || r->cs != USER32_CS || (r->err & 7) || area < 0 || !a || !a->slot[area])
		return false;
	read_code(code, sizeof code, r->rip);
	if (!decode(code, &load))
		return false;
	linux_i386_set_segment(t, load.which, SELECTOR(a->slot[area]));
	r->rip += load.length;
	r->rsp += load.popped;
	return true;
}
