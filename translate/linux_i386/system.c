/* Queries of the system and of the process that differ by more than the width of a struct's fields. */
#include "linux_i386.h"

#include <linux/sysinfo.h>
#include <linux/utsname.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/string.h"

#define PAGE 4096

/* Sizes in larger units where they do not fit in 32 bits (kernel/sys.c, compat_sys_sysinfo()). */
long
linux_i386_sysinfo(struct call *c, struct guest_ptr info)
{
	struct sysinfo s;
	long r = host_call(__NR_sysinfo, &s);
	unsigned shift = 0;

	(void)c;
	if (r < 0)
		return r;
	if (s.totalram >> 32 || s.totalswap >> 32) {
		for (; s.mem_unit < PAGE; s.mem_unit <<= 1)
			shift++;
		s.totalram >>= shift;
		s.freeram >>= shift;
		s.sharedram >>= shift;
		s.bufferram >>= shift;
		s.totalswap >>= shift;
		s.freeswap >>= shift;
		s.totalhigh >>= shift;
		s.freehigh >>= shift;
	}
	return copy_out_struct(&linux_i386_sysinfo_map, info, &s);
}

/* Nine bytes a name, with its NUL (kernel/sys.c, sys_olduname()). */
long
linux_i386_oldolduname(struct call *c, struct guest_ptr buf)
{
	struct new_utsname n;
	struct oldold_utsname old;
	long r = host_call(__NR_uname, &n);

	(void)c;
	if (r < 0)
		return r;
	strlcpy(old.sysname, n.sysname, sizeof old.sysname);
	strlcpy(old.nodename, n.nodename, sizeof old.nodename);
	strlcpy(old.release, n.release, sizeof old.release);
	strlcpy(old.version, n.version, sizeof old.version);
	strlcpy(old.machine, n.machine, sizeof old.machine);
	return copy_out(buf, &old, sizeof old);
}

/* What is more than a long is the largest long, which is less than RLIM_INFINITY. */
long
linux_i386_getrlimit(struct call *c, int32_t which, struct guest_ptr limit)
{
	struct rlimit r;
	long e = host_call(__NR_getrlimit, which, &r);

	(void)c;
	if (e < 0)
		return e;
	if (r.rlim_cur > INT32_MAX)
		r.rlim_cur = INT32_MAX;
	if (r.rlim_max > INT32_MAX)
		r.rlim_max = INT32_MAX;
	return copy_out_struct(&linux_i386_rlimit_map, limit, &r);
}

/* kernel/sched/core.c, sys_nice(); getpriority(2) answers 20 - nice. */
long
linux_i386_nice(struct call *c, int32_t by)
{
	long now = 20 - host_call(__NR_getpriority, 0 /* PRIO_PROCESS */, 0), want, r;

	(void)c;
	by = by < -40 ? -40 : by > 40 ? 40 : by;
	want = now + by < -20 ? -20 : now + by > 19 ? 19 : now + by;
	r = host_call(__NR_setpriority, 0, 0, want);
	return r == -EACCES ? -EPERM : r;
}

long
linux_i386_stime(struct call *c, struct guest_ptr now)
{
	struct timespec ts = {0, 0};
	uint32_t sec;

	(void)c;
	if (load_u32(&sec, now) < 0)
		return -EFAULT;
	ts.tv_sec = (int32_t)sec;
	return host_call(__NR_clock_settime, CLOCK_REALTIME, &ts);
}

/* Only what is not about registers (arch/x86/kernel/process_64.c, compat_sys_arch_prctl()). */
long
linux_i386_arch_prctl(struct call *c, int32_t code, uint64_t data)
{
	(void)c;
	if (code >= ARCH_SET_GS && code <= ARCH_GET_GS)
		return -EINVAL;
	return host_call(__NR_arch_prctl, code, data);
}

/* The host's masks are words of 64 bits. How many bits there are the kernel counts in 32 (kernel/sched/syscalls.c). */
long
linux_i386_sched_getaffinity(struct call *c, int32_t who, uint32_t n, struct guest_ptr set)
{
	char mask[1024];
	uint32_t bytes = n & 0x1fffffff, size = bytes + 4 < sizeof mask ? (bytes + 7) & ~7u : sizeof mask;
	long r;

	(void)c;
	if (n & 3)
		return -EINVAL;
	r = host_call(__NR_sched_getaffinity, who, size, mask);
	if (r < 0)
		return r;
	if (r > n)
		r = n;
	return copy_out(set, mask, (size_t)r) < 0 ? -EFAULT : r;
}
