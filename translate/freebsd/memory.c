/*
 * Mappings (FreeBSD sys/vm/vm_mmap.c, kern_mmap() and its neighbours).
 *
 * The order of the checks is the kernel's, since programs and the recorded probe
 * look at which error wins. No mapping may touch the core's own range.
 */
#include "freebsd.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/layout.h"
#include "core/lock.h"
#include "core/process.h"
#include "core/sites.h"
#include "core/thread.h"

#define PAGE UINT64_C(4096)
#define USER_START PAGE				/* nothing at zero: security.bsd.map_at_zero */
#define USER_END UINT64_C(0x800000000000)	/* VM_MAXUSER_ADDRESS, LA48 */
#define END_32BIT UINT64_C(0x80000000)		/* MAP_32BIT_MAX_ADDR */
#define SUPERPAGE (UINT64_C(2) << 20)
#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)
#define PROT_MAX_SHIFT 16

static uint64_t
round_page(uint64_t n)
{
	return (n + PAGE - 1) & ~(PAGE - 1);
}

/*
 * Page-rounds [*where, *where + *len), c's first argument, the way munmap, mprotect and the like do;
 * -EINVAL if it wraps or leaves the user's range, or reaches into the core.
 */
static long
page_range(const struct call *c, uint64_t *where, uint64_t *len)
{
	uint64_t start = *where & ~(PAGE - 1), n = round_page(*len + (*where - start));
	struct guest_ptr asked = guest(c->arg[0] & ~(PAGE - 1));

	if (start < USER_START || start + n < start || start + n > USER_END || *len > USER_END)
		return -EINVAL;
	/* What lies in the core is not mapped; what only reaches in is refused as a whole. */
	if (!guest_range_ok(asked, n) && (asked.addr < CORE_BASE || n > CORE_END - asked.addr))
		return -EINVAL;
	if (start < CORE_TEXT && n > CORE_TEXT - start)
		n = CORE_TEXT - start;
	*where = start;
	*len = n;
	return 0;
}

/* ---- mmap ---- */

struct mapping {
	uint64_t where, len, align;	/* align 0: a page */
	int64_t offset;
	uint32_t how;			/* FREEBSD_MAP_* */
	int prot, fd;
	long host;			/* MAP_* of the host */
};

static long
check_protection(uint32_t access)
{
	uint32_t max = access >> PROT_MAX_SHIFT & PROT_ALL, prot = access & 0xffff;

	if (access & ~(PROT_ALL | (uint32_t)PROT_ALL << PROT_MAX_SHIFT))
		return -EINVAL;
	if (max && (prot & ~max))
		return -EOPNOTSUPP;
	return (long)prot;
}

static long
check_alignment(struct mapping *m)
{
	uint32_t align = m->how & FREEBSD_MAP_ALIGNMENT_MASK;
	unsigned shift = align >> FREEBSD_MAP_ALIGNMENT_SHIFT;

	if (align == FREEBSD_MAP_ALIGNED_SUPER) {
		m->align = m->len >= SUPERPAGE ? SUPERPAGE : 0;
		return 0;
	}
	if (align && (shift >= 64 || (UINT64_C(1) << shift) < PAGE))
		return -EINVAL;
	m->align = align ? UINT64_C(1) << shift : 0;
	return 0;
}

static long
check_flags(const struct mapping *m)
{
	const uint32_t both = FREEBSD_MAP_SHARED | FREEBSD_MAP_PRIVATE;
	const uint32_t with_guard = FREEBSD_MAP_GUARD | FREEBSD_MAP_FIXED | FREEBSD_MAP_EXCL |
				    FREEBSD_MAP_32BIT | FREEBSD_MAP_ALIGNMENT_MASK;

	if (m->len == 0 || ((m->how & FREEBSD_MAP_ANON) && (m->fd != -1 || m->offset != 0)))
		return -EINVAL;
	if ((m->how & (FREEBSD_MAP_EXCL | FREEBSD_MAP_FIXED)) == FREEBSD_MAP_EXCL)
		return -EINVAL;
	if ((m->how & both) == both)
		return -EINVAL;
	if ((m->how & FREEBSD_MAP_GUARD) &&
	    (m->prot || m->fd != -1 || m->offset || (m->how & ~with_guard)))
		return -EINVAL;
	if ((m->how & FREEBSD_MAP_STACK) &&
	    (m->fd != -1 || (m->prot & (PROT_READ | PROT_WRITE)) != (PROT_READ | PROT_WRITE)))
		return -EINVAL;
	return 0;
}

static long
check_fixed(const struct mapping *m)
{
	if (!(m->how & FREEBSD_MAP_FIXED))
		return 0;
	if (m->where & (PAGE - 1) || m->where + m->len < m->where || m->where + m->len > USER_END)
		return -EINVAL;
	if ((m->how & FREEBSD_MAP_32BIT) && m->where + m->len > END_32BIT)
		return -EINVAL;
	/* Somebody else's, as far as the guest can tell. */
	return guest_range_ok(guest(m->where), m->len) ? 0 : -ENOMEM;
}

/* A hint inside the core, or above 2 GiB for MAP_32BIT, is no hint. */
static uint64_t
usable_hint(const struct mapping *m)
{
	if (m->how & FREEBSD_MAP_FIXED)
		return m->where;
	if (!guest_range_ok(guest(m->where), m->len) || m->where >= USER_END)
		return 0;
	return m->how & FREEBSD_MAP_32BIT && m->where >= END_32BIT ? 0 : m->where & ~(PAGE - 1);
}

static long
host_map(const struct mapping *m, uint64_t where, uint64_t len, long more)
{
	long r, how = m->host | more;

	if (how & MAP_FIXED)
		sites_replaced(thread_self(), where, len);
	r = host_call(__NR_mmap, where, len, m->prot, how, m->fd, m->offset);
	if (r >= 0)
		sites_mapped((uint64_t)r, len, m->prot, how & MAP_SHARED);
	/* MAP_EXCL over something: the kernel's vm_map_find has no space there. */
	return r == -EEXIST ? -ENOMEM : r;
}

/* Reserve more than is needed, put the mapping on the aligned part, give the rest back. */
static long
map_aligned(const struct mapping *m)
{
	uint64_t room = m->len + m->align, at;
	struct mapping reserve = {.prot = PROT_NONE, .fd = -1,
				  .host = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (m->host & MAP_32BIT)};
	long r;

	if (room < m->len)
		return -ENOMEM;
	r = host_map(&reserve, usable_hint(m), room, 0);
	if (r < 0)
		return r;
	at = ((uint64_t)r + m->align - 1) & ~(m->align - 1);
	if (at > (uint64_t)r)
		core_call(__NR_munmap, r, at - (uint64_t)r);
	if (at + m->len < (uint64_t)r + room)
		core_call(__NR_munmap, at + m->len, (uint64_t)r + room - at - m->len);
	r = host_map(m, at, m->len, MAP_FIXED);
	if (r < 0)
		core_call(__NR_munmap, at, m->len);
	return r;
}

/*
 * MAP_STACK: memory that grows down, with a guard below. Here all of it is there
 * from the start (the host makes pages on first touch), but for the guard page.
 */
static void
add_stack_guard(uint64_t where, uint64_t len)
{
	if (len > PAGE)
		core_call(__NR_mprotect, where, PAGE, PROT_NONE);
}

static void
choose_host_flags(struct mapping *m)
{
	bool shared = m->how & FREEBSD_MAP_SHARED;

	m->host = shared ? MAP_SHARED : MAP_PRIVATE;
	/* FreeBSD overcommits private memory; so does the host if told not to count it. */
	if (m->how & (FREEBSD_MAP_ANON | FREEBSD_MAP_STACK | FREEBSD_MAP_GUARD)) {
		m->host |= MAP_ANONYMOUS | MAP_NORESERVE;
		m->offset = 0;
		m->fd = -1;
	}
	if (m->how & FREEBSD_MAP_FIXED)
		m->host |= m->how & FREEBSD_MAP_EXCL ? MAP_FIXED_NOREPLACE : MAP_FIXED;
	else if (m->how & FREEBSD_MAP_32BIT)
		m->host |= MAP_32BIT;
}

/* mmap(2) has an alignment, guards, exclusive places and growing stacks besides Linux's. */
long
freebsd_mmap(struct call *c, struct guest_ptr where, uint64_t len, uint32_t access, uint32_t how, int32_t f,
	     int64_t offset)
{
	struct mapping m = {.where = where.addr, .len = len, .how = how, .fd = f, .offset = offset};
	uint64_t within = (uint64_t)offset & (PAGE - 1);
	long r = check_protection(access);

	(void)c;
	if (r < 0)
		return r;
	m.prot = (int)r;
	if (flags_to_host(&freebsd_mapflags, how & ~FREEBSD_MAP_ALIGNMENT_MASK) < 0)
		return -EINVAL;
	r = check_flags(&m);
	if (r < 0)
		return r;
	/* A file offset inside a page is allowed: the mapping begins at the page, the answer inside it. */
	m.offset -= (int64_t)within;
	if (len + within < len || round_page(len + within) < len)
		return -ENOMEM;
	m.len = round_page(len + within);
	if (m.how & FREEBSD_MAP_FIXED)
		m.where -= within;
	r = check_alignment(&m);
	if (r == 0)
		r = check_fixed(&m);
	if (r < 0)
		return r;
	choose_host_flags(&m);
	/* Files: since 10.0's MAP_FSTRICT programs must say which of the two. */
	if (!(m.host & MAP_ANONYMOUS) && !(how & (FREEBSD_MAP_SHARED | FREEBSD_MAP_PRIVATE)))
		return -EINVAL;
	r = m.align && !(m.how & FREEBSD_MAP_FIXED) ? map_aligned(&m) : host_map(&m, usable_hint(&m), m.len, 0);
	if (r > 0 && (how & FREEBSD_MAP_STACK))
		add_stack_guard((uint64_t)r, m.len);
	return r < 0 ? r : r + (long)within;
}

/* The form with a pad word before the offset, until FreeBSD 7. */
long
freebsd6_mmap(struct call *c, struct guest_ptr where, uint64_t len, uint32_t access, uint32_t how, int32_t f,
	      int32_t pad, int64_t offset)
{
	(void)pad;
	return freebsd_mmap(c, where, len, access, how, f, offset);
}

/* munmap(2) rounds an unaligned address down, where Linux refuses it. */
long
freebsd_munmap(struct call *c, struct guest_ptr where, uint64_t len)
{
	long r;

	if (len == 0)
		return -EINVAL;
	r = page_range(c, &where.addr, &len);
	if (r < 0)
		return r;
	sites_unmapped(c->t, where.addr, len);
	return host_call(__NR_munmap, where.addr, len);
}

/* mprotect(2): unaligned addresses as munmap, and PROT_MAX. */
long
freebsd_mprotect(struct call *c, struct guest_ptr where, uint64_t len, uint32_t access)
{
	long prot = check_protection(access), r;

	if (prot < 0)
		return prot;
	if (len == 0)
		return 0;
	r = page_range(c, &where.addr, &len);
	if (r < 0)
		return r;
	sites_protected(c->t, where.addr, len, (int)prot);
	return host_call(__NR_mprotect, where.addr, len, prot);
}

/*
 * madvise(2). MADV_DONTNEED and MADV_FREE are advice here: contents stay as they
 * are, or may, and memory that cannot be freed lazily is no error.
 */
long
freebsd_madvise(struct call *c, struct guest_ptr where, uint64_t len, int32_t advice)
{
	long r = page_range(c, &where.addr, &len), host;

	(void)c;
	if (advice == FREEBSD_MADV_PROTECT)	/* from the out-of-memory killer: a privilege */
		return core_call(__NR_geteuid) == 0 ? 0 : -EPERM;
	if (advice < FREEBSD_MADV_NORMAL || advice > FREEBSD_MADV_CORE)
		return -EINVAL;
	if (r < 0)
		return r;
	switch (advice) {
	case FREEBSD_MADV_NORMAL:	host = MADV_NORMAL; break;
	case FREEBSD_MADV_RANDOM:	host = MADV_RANDOM; break;
	case FREEBSD_MADV_SEQUENTIAL:	host = MADV_SEQUENTIAL; break;
	case FREEBSD_MADV_WILLNEED:	host = MADV_WILLNEED; break;
	case FREEBSD_MADV_DONTNEED:	host = MADV_COLD; break;
	case FREEBSD_MADV_FREE:		host = MADV_FREE; break;
	case FREEBSD_MADV_NOCORE:	host = MADV_DONTDUMP; break;
	case FREEBSD_MADV_CORE:		host = MADV_DODUMP; break;
	default:			return 0;	/* NOSYNC, AUTOSYNC: about write-back only */
	}
	r = host_call(__NR_madvise, where.addr, len, host);
	return r == -EINVAL || r == -EBADF ? 0 : r;	/* not for this kind of memory: it was advice */
}

/*
 * msync(2). Bits without a name are passed over, MS_SYNC is 0, MS_ASYNC with MS_INVALIDATE
 * is the only wrong pair (vm/vm_mmap.c, kern_msync()); what is not mapped is ENOMEM.
 */
long
freebsd_msync(struct call *c, struct guest_ptr where, uint64_t len, uint32_t how)
{
	const uint32_t both = FREEBSD_MS_ASYNC | FREEBSD_MS_INVALIDATE;
	uint64_t within = where.addr & (PAGE - 1);

	(void)c;
	if (round_page(len + within) + where.addr - within < where.addr - within || (how & both) == both)
		return -EINVAL;
	if (len == 0)		/* all of the mapping there; the host has no such form */
		len = 1;
	if (page_range(c, &where.addr, &len) < 0)
		return -ENOMEM;
	return host_call(__NR_msync, where.addr, len, flags_to_host(&freebsd_msyncflags, how & both));
}

/* mincore(2): the host knows of "in core" only; the other bits stay clear. */
long
freebsd_mincore(struct call *c, struct guest_ptr where, uint64_t len, struct guest_ptr pages)
{
	(void)c;
	if (page_range(c, &where.addr, &len) < 0)
		return -ENOMEM;
	return host_call(__NR_mincore, where.addr, len, pages.addr);
}

static const struct { int zero, fork; } inherit_advice[] = {
	[FREEBSD_INHERIT_SHARE] = {0, 0},
	[FREEBSD_INHERIT_COPY] = {MADV_KEEPONFORK, MADV_DOFORK},
	[FREEBSD_INHERIT_NONE] = {0, MADV_DONTFORK},
	[FREEBSD_INHERIT_ZERO] = {MADV_WIPEONFORK, MADV_DOFORK},
};

/* minherit(2): what fork's child gets of a range. */
long
freebsd_minherit(struct call *c, struct guest_ptr where, uint64_t len, int32_t how)
{
	long r;

	(void)c;
	how = (int8_t)how;	/* the kernel keeps a char of it */
	if (how < FREEBSD_INHERIT_SHARE || how > FREEBSD_INHERIT_ZERO)
		return -EINVAL;
	if (len == 0)
		return 0;
	r = page_range(c, &where.addr, &len);
	if (r < 0)
		return r;
	if (how == FREEBSD_INHERIT_SHARE)
		return -EACCES;
	if (inherit_advice[how].zero)
		r = host_call(__NR_madvise, where.addr, len, inherit_advice[how].zero);
	return r < 0 ? r : host_call(__NR_madvise, where.addr, len, inherit_advice[how].fork);
}

/* Moves the end of the data from `now` to `want`, both at pages. */
static long
move_break(uint64_t now, uint64_t want)
{
	if (want > now)
		return host_call(__NR_mmap, now, want - now, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	return want < now ? host_call(__NR_munmap, want, now - want) : 0;
}

/*
 * break(2) works in whole pages; an address below the data, also by rounding up past
 * the last one, only asks (vm/vm_unix.c, kern_break()).
 */
long
freebsd_break(struct call *c, struct guest_ptr end)
{
	struct process *p = c->p;
	uint64_t want = round_page(end.addr);
	long r;

	if (want < round_page(p->break_start))
		return (long)round_page(p->break_now);
	if (want > CORE_BASE)
		return -ENOMEM;
	lock_acquire(&p->lock);
	r = move_break(round_page(p->break_now), want);
	if (r >= 0)
		p->break_now = want;
	lock_release(&p->lock);
	if (r < 0)
		return r == -EINTR ? r : -ENOMEM;
	return (long)want;
}
