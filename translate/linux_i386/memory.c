/*
 * Memory of 32-bit programs: everything below 4 GiB (core/low.h), in the forms that only
 * i386 has: offsets in pages, and the old call with its arguments in memory.
 */
#include "linux_i386.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/low.h"
#include "core/process.h"
#include "core/sites.h"

#define PAGE UINT64_C(4096)

static uint64_t
round_page(uint64_t n)
{
	return (n + PAGE - 1) & ~(PAGE - 1);
}

/* Is it, rounded up to pages, a range that a 32-bit program can have? */
static bool
in_reach(struct guest_ptr where, uint64_t len)
{
	return where.addr <= LOW_END && round_page(len) <= LOW_END - where.addr;
}

long
linux_i386_map(struct call *c, uint64_t at, uint64_t len, uint32_t prot, uint32_t flags, int f, uint64_t offset)
{
	long r;

	if (flags & MAP_FIXED)
		sites_replaced(c->t, at, len);
	r = low_mmap(at, len, prot, flags, f, offset);
	if (r >= 0)
		sites_mapped((uint64_t)r, len, (int)prot, flags & MAP_SHARED);
	return r;
}

/* The offset is in pages of 4096 bytes: files of up to 16 TiB. */
long
linux_i386_mmap2(struct call *c, struct guest_ptr where, uint64_t len, uint32_t prot, uint32_t flags, int32_t f,
		 uint64_t page)
{
	return linux_i386_map(c, where.addr, len, prot, flags, f, page * PAGE);
}

struct old_mmap {		/* struct mmap_arg_struct32 (arch/x86/kernel/sys_ia32.c) */
	uint32_t at, len, prot, flags, f, offset;
};
_Static_assert(sizeof(struct old_mmap) == 24, "arch/x86/kernel/sys_ia32.c");

long
linux_i386_mmap(struct call *c, struct guest_ptr words)
{
	struct old_mmap m;

	if (copy_in(&m, words, sizeof m) < 0)
		return -EFAULT;
	if (m.offset % PAGE)
		return -EINVAL;
	return linux_i386_map(c, m.at, m.len, m.prot, m.flags, (int)m.f, m.offset);
}

long
linux_i386_munmap(struct call *c, struct guest_ptr where, uint64_t len)
{
	sites_unmapped(c->t, where.addr, len);
	return low_munmap(where.addr, len);
}

long
linux_i386_mremap(struct call *c, struct guest_ptr old, uint64_t old_len, uint64_t len, uint32_t flags,
		  struct guest_ptr at)
{
	sites_replaced(c->t, old.addr, old_len);
	if (flags & MREMAP_FIXED)
		sites_replaced(c->t, at.addr, len);
	return low_mremap(old.addr, old_len, len, flags, at.addr);
}

/* PROT_READ brings no PROT_EXEC: as for a program whose stack is not executable. */
long
linux_i386_mprotect(struct call *c, struct guest_ptr where, uint64_t len, uint32_t prot)
{
	if (!in_reach(where, len))
		return -ENOMEM;
	sites_protected(c->t, where.addr, len, (int)prot);
	return host_call(__NR_mprotect, where.addr, len, prot);
}

/* brk(2) answers the break as it is now, whether it moved or not. */
long
linux_i386_brk(struct call *c, struct guest_ptr end)
{
	struct process *p = c->p;
	uint64_t now = round_page(p->break_now), want = round_page(end.addr);
	long r = 0;

	if (end.addr < p->break_start || end.addr > LOW_END)	/* x32's registers have 64 bits */
		return (long)p->break_now;
	if (want > now)
		r = low_mmap(now, want - now, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	else if (want < now)
		r = low_munmap(want, now - want);
	if (r == CALL_RESTART)
		return r;
	if (r >= 0)
		p->break_now = end.addr;
	return (long)p->break_now;
}
