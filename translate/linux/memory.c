/* Mappings, kept away from the core, and the break, which the host would put into the core's range. */
#include "linux.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/layout.h"
#include "core/process.h"
#include "core/sites.h"
#include "core/thread.h"

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
		sites_unmapped(c->t, where.addr, len);
	r = host_call(__NR_mmap, core ? 0 : where.addr, len, prot, flags, f, offset);
	if (r >= 0)
		sites_mapped((uint64_t)r, len, (int)prot, flags & MAP_SHARED);
	return r;
}

long
linux_munmap(struct call *c, struct guest_ptr where, uint64_t len)
{
	if (!guest_range_ok(where, len))
		return -EINVAL;
	sites_unmapped(c->t, where.addr, len);
	return host_call(__NR_munmap, where.addr, len);
}

long
linux_mprotect(struct call *c, struct guest_ptr where, uint64_t len, uint32_t prot)
{
	if (!guest_range_ok(where, len))
		return -ENOMEM;
	sites_protected(c->t, where.addr, len, (int)prot);
	return host_call(__NR_mprotect, where.addr, len, prot);
}

long
linux_pkey_mprotect(struct call *c, struct guest_ptr where, uint64_t len, uint32_t prot, int32_t key)
{
	if (!guest_range_ok(where, len))
		return -ENOMEM;
	sites_protected(c->t, where.addr, len, (int)prot);
	return host_call(__NR_pkey_mprotect, where.addr, len, prot, key);
}

long
linux_mremap(struct call *c, struct guest_ptr old, uint64_t oldlen, uint64_t newlen, uint32_t how,
	     struct guest_ptr new)
{
	if (!guest_range_ok(old, oldlen))
		return -EFAULT;
	if ((how & MREMAP_FIXED) && !guest_range_ok(new, newlen))
		return -EINVAL;
	sites_moved(c->t, old.addr, oldlen);
	if (how & MREMAP_FIXED)
		sites_unmapped(c->t, new.addr, newlen);
	return host_call(__NR_mremap, old.addr, oldlen, newlen, how, new.addr);
}

/* Some advice throws pages away: the core's are not there for the guest. */
long
linux_madvise(struct call *c, struct guest_ptr where, uint64_t len, int32_t advice)
{
	(void)c;
	/* One that wraps is the kernel's to refuse. */
	if (!guest_range_ok(where, len) && where.addr + len > where.addr)
		return -ENOMEM;
	return host_call(__NR_madvise, where.addr, len, advice);
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
