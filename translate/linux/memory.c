/*
 * Mappings, kept away from the core, and the break, which the host would put into the core's range. What a call finds
 * mapped it may change; from CORE_BASE on that is nothing, and there the host's kernel stops by itself, but for
 * those calls that pass over gaps.
 */
#include "linux.h"

#include <linux/ipc.h>
#include <asm/ipcbuf.h>
#include <asm/shmbuf.h>

#include "core/copy.h"
#include "core/host.h"
#include "core/last.h"
#include "core/layout.h"
#include "core/linux_numbers.h"
#include "core/process.h"
#include "core/sites.h"
#include "core/thread.h"

#ifndef __NR_map_shadow_stack
#define __NR_map_shadow_stack 453	/* Linux 6.6 */
#endif

#define PAGE UINT64_C(4096)

static uint64_t
round_page(uint64_t n)
{
	return (n + PAGE - 1) & ~(PAGE - 1);
}

long
linux_mmap(struct call *c, struct guest_ptr where, uint64_t len, uint32_t prot, uint32_t flags, int32_t f,
	   int64_t offset)
{
	bool core = !guest_range_ok(where, len);
	long r;

	if (core && (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		return -ENOMEM;
	if (flags & MAP_FIXED)
		sites_replaced(c->t, where.addr, len);
	r = host_call(__NR_mmap, core ? 0 : where.addr, len, prot, flags, f, offset);
	if (r >= 0)
		sites_mapped((uint64_t)r, len, (int)prot, flags & MAP_SHARED);
	return r;
}

/* Of a range what comes before the core's memory. One that wraps is the kernel's to refuse. */
static uint64_t
before_core(struct guest_ptr where, uint64_t len)
{
	bool reaches = where.addr < CORE_TEXT && where.addr + len > CORE_TEXT;

	return reaches ? CORE_TEXT - where.addr : len;
}

long
linux_munmap(struct call *c, struct guest_ptr where, uint64_t len)
{
	uint64_t asked = c->arg[0], end = asked + len;	/* maybe inside the core, where `where` is not */
	long r = 0;

	sites_unmapped(c->t, asked, len);
	/* First what lies behind: if there can be no such memory, none is unmapped. */
	if (asked < CORE_END && end > CORE_END && asked % PAGE == 0)
		r = host_call(__NR_munmap, CORE_END, end - CORE_END);
	return r < 0 ? r : host_call(__NR_munmap, where.addr, before_core(where, len));
}

long
linux_mprotect(struct call *c, struct guest_ptr where, uint64_t len, uint32_t prot)
{
	sites_protected(c->t, where.addr, len, (int)prot);
	return host_call(__NR_mprotect, where.addr, len, prot);
}

long
linux_pkey_mprotect(struct call *c, struct guest_ptr where, uint64_t len, uint32_t prot, int32_t key)
{
	sites_protected(c->t, where.addr, len, (int)prot);
	return host_call(__NR_pkey_mprotect, where.addr, len, prot, key);
}

long
linux_mremap(struct call *c, struct guest_ptr old, uint64_t oldlen, uint64_t newlen, uint32_t how,
	     struct guest_ptr new)
{
	long r;

	if ((how & MREMAP_FIXED) && !guest_range_ok(new, newlen))
		return -EINVAL;
	sites_replaced(c->t, old.addr, oldlen);
	if (how & MREMAP_FIXED)
		sites_replaced(c->t, new.addr, newlen);
	/* Without MREMAP_FIXED it is a hint. */
	if (!guest_range_ok(new, newlen))
		new = guest(0);
	if (how & MREMAP_FIXED || guest_range_ok(old, newlen))
		return host_call(__NR_mremap, old.addr, oldlen, newlen, how, new.addr);
	/* Not to grow where it is, as nothing does where the core is. */
	core_call(__NR_mmap, CORE_BASE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	r = host_call(__NR_mremap, old.addr, oldlen, newlen, how, new.addr);
	core_call(__NR_munmap, CORE_BASE, PAGE);
	return r;
}

/*
 * shmat(2) to a place of the guest's choosing. Where something is in the way, as the core is, nothing is attached (ipc/shm.c,
 * do_shmat()); with SHM_REMAP it takes what is there away, as mmap(2) does with MAP_FIXED.
 */
long
linux_attach_at(struct call *c, int32_t id, struct guest_ptr where, uint32_t how)
{
	uint64_t at = how & SHM_RND ? where.addr & -PAGE : where.addr;
	struct shmid64_ds ds;

	/* If the host does not tell the size, it will say why. */
	if (core_call(__NR_shmctl, id, IPC_STAT, &ds) == 0) {
		if (!guest_range_ok(guest(at), round_page(ds.shm_segsz)))
			return -EINVAL;
		if (how & SHM_REMAP)
			sites_replaced(c->t, at, ds.shm_segsz);
	}
	return host_call(__NR_shmat, id, where.addr, how);
}

long
linux_shmat(struct call *c, int32_t id, struct guest_ptr where, uint32_t how)
{
	return is_null(where) ? host_call_last(__NR_shmat, id, 0, how) : linux_attach_at(c, id, where, how);
}

long
linux_map_shadow_stack(struct call *c, struct guest_ptr where, uint64_t len, uint32_t how)
{
	(void)c;
	return guest_range_ok(where, len) ? host_call(__NR_map_shadow_stack, where.addr, len, how) : -ENOMEM;
}

/* It passes over gaps, and some advice throws pages away. */
long
linux_madvise(struct call *c, struct guest_ptr where, uint64_t len, int32_t advice)
{
	(void)c;
	return host_call(__NR_madvise, where.addr, before_core(where, len), advice);
}

/* brk(2) answers the break as it is now, whether it moved or not. */
long
linux_brk(struct call *c, struct guest_ptr end)
{
	struct process *p = c->p;
	uint64_t now = round_page(p->break_now), want = round_page(end.addr);
	long r = 0;

	if (end.addr < p->break_start || end.addr > CORE_BASE)
		return (long)p->break_now;
	if (want > now)
		r = host_call(__NR_mmap, now, want - now, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	else if (want < now)
		r = host_call(__NR_munmap, want, now - want);
	if (r == -EINTR)
		return r;
	if (r >= 0)
		p->break_now = end.addr;
	return (long)p->break_now;
}
