/* What x32 has neither in common with x86-64 nor with i386. */
#include "linux_x32.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/string.h"

long
linux_x32_mmap(struct call *c, struct guest_ptr where, uint64_t len, uint32_t prot, uint32_t how, int32_t f,
	       int64_t offset)
{
	if (offset & 4095)
		return -EINVAL;
	return linux_i386_map(c, where.addr, len, prot, how, f, (uint64_t)offset);
}

/* Times are of 64 bits here (COMPAT_USE_64BIT_TIME): the usage is the host's struct. */
long
linux_x32_waitid(struct call *c, int32_t which, int32_t who, struct guest_ptr info, uint32_t how,
		 struct guest_ptr usage)
{
	struct siginfo s;
	long r;

	(void)c;
	memset(&s, 0, sizeof s);
	r = host_call(__NR_waitid, which, who, &s, how, usage.addr);
	/* EFAULT is the usage's, of which the info is told nothing; zero if nobody was found, or with another error. */
	return is_null(info) || r == -EFAULT ? r : linux_i386_put_waited(info, &s) < 0 ? -EFAULT : r;
}

long
linux_x32_setsockopt(struct call *c, int32_t f, int32_t level, int32_t name, struct guest_ptr value, uint32_t n)
{
	if (level == SOL_SOCKET && (name == SO_RCVTIMEO_OLD || name == SO_SNDTIMEO_OLD))
		return host_call(__NR_setsockopt, f, level, name, value.addr, n);
	return linux_i386_setsockopt(c, f, level, name, value, n);
}
