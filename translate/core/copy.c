#include "copy.h"

#include <asm/errno.h>

#include "layout.h"

/* copy_x86_64.S */
long guest_copy(void *to, const void *from, size_t n);
long guest_zero(void *to, size_t n);
long guest_copy_string(char *to, const char *from, size_t n);
long guest_load_u32(uint32_t *to, const void *from);
long guest_load_u64(uint64_t *to, const void *from);
long guest_store_u32(void *to, uint32_t value);
long guest_store_u64(void *to, uint64_t value);
long guest_cas_u32(void *at, uint32_t expected, uint32_t desired, uint32_t *seen);
long guest_cas_u64(void *at, uint64_t expected, uint64_t desired, uint64_t *seen);

_Bool
guest_range_ok(struct guest_ptr p, size_t n)
{
	uint64_t end;

	if (__builtin_add_overflow(p.addr, n, &end))
		return 0;
	return end <= CORE_BASE || p.addr >= CORE_END;
}

static void *
address(struct guest_ptr p)
{
	return (void *)(uintptr_t)p.addr;
}

long
copy_in(void *to, struct guest_ptr from, size_t n)
{
	if (!guest_range_ok(from, n))
		return -EFAULT;
	return guest_copy(to, address(from), n);
}

long
copy_out(struct guest_ptr to, const void *from, size_t n)
{
	if (!guest_range_ok(to, n))
		return -EFAULT;
	return guest_copy(address(to), from, n);
}

long
zero_out(struct guest_ptr to, size_t n)
{
	if (!guest_range_ok(to, n))
		return -EFAULT;
	return guest_zero(address(to), n);
}

long
copy_in_string(char *to, struct guest_ptr from, size_t size)
{
	size_t room = from.addr < CORE_BASE && CORE_BASE - from.addr < size ? CORE_BASE - from.addr : size;
	long n;

	if (!guest_range_ok(from, 1))
		return -EFAULT;
	n = guest_copy_string(to, address(from), room);
	if (n < (long)room)
		return n;
	return room < size ? -EFAULT : -ENAMETOOLONG;
}

long
load_u32(uint32_t *to, struct guest_ptr from)
{
	return guest_range_ok(from, sizeof *to) ? guest_load_u32(to, address(from)) : -EFAULT;
}

long
load_u64(uint64_t *to, struct guest_ptr from)
{
	return guest_range_ok(from, sizeof *to) ? guest_load_u64(to, address(from)) : -EFAULT;
}

long
store_u32(struct guest_ptr to, uint32_t value)
{
	return guest_range_ok(to, sizeof value) ? guest_store_u32(address(to), value) : -EFAULT;
}

long
store_u64(struct guest_ptr to, uint64_t value)
{
	return guest_range_ok(to, sizeof value) ? guest_store_u64(address(to), value) : -EFAULT;
}

long
cas_u32(struct guest_ptr at, uint32_t expected, uint32_t desired, uint32_t *seen)
{
	if (at.addr % sizeof expected)
		return -EINVAL;
	if (!guest_range_ok(at, sizeof expected))
		return -EFAULT;
	return guest_cas_u32(address(at), expected, desired, seen);
}

long
cas_u64(struct guest_ptr at, uint64_t expected, uint64_t desired, uint64_t *seen)
{
	if (at.addr % sizeof expected)
		return -EINVAL;
	if (!guest_range_ok(at, sizeof expected))
		return -EFAULT;
	return guest_cas_u64(address(at), expected, desired, seen);
}
