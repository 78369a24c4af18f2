/*
 * utimes(2), utimensat(2) and their kin (kern/vfs_syscalls.c: getutimes(),
 * getutimens()). The times are read and checked before the path is.
 */
#include "files.h"

#include "core/linux_abi.h"

#include <linux/stat.h>

/* include/linux/fs.h keeps these to itself. */
#define UTIME_NOW ((1L << 30) - 1)
#define UTIME_OMIT ((1L << 30) - 2)

struct two_times {
	struct __kernel_timespec access, modification;
};

/* NULL stands for now, twice. */
static long
times_from_timevals(struct guest_ptr times, struct two_times *to)
{
	int64_t tv[4];

	if (is_null(times)) {
		to->access.tv_nsec = to->modification.tv_nsec = UTIME_NOW;
		return 0;
	}
	if (copy_in(tv, times, sizeof tv) < 0)
		return -EFAULT;
	if (tv[1] < 0 || tv[1] >= 1000000 || tv[3] < 0 || tv[3] >= 1000000)
		return -EINVAL;
	*to = (struct two_times){{tv[0], tv[1] * 1000}, {tv[2], tv[3] * 1000}};
	return 0;
}

static long
nanoseconds_to_host(int64_t nsec)
{
	if (nsec == FREEBSD_UTIME_NOW)
		return UTIME_NOW;
	if (nsec == FREEBSD_UTIME_OMIT)
		return UTIME_OMIT;
	return nsec >= 0 && nsec < 1000000000 ? nsec : -EINVAL;
}

static long
times_from_timespecs(struct guest_ptr times, struct two_times *to)
{
	int64_t ts[4];

	if (is_null(times))
		return times_from_timevals(times, to);
	if (copy_in(ts, times, sizeof ts) < 0)
		return -EFAULT;
	*to = (struct two_times){{ts[0], nanoseconds_to_host(ts[1])},
				 {ts[2], nanoseconds_to_host(ts[3])}};
	return to->access.tv_nsec < 0 || to->modification.tv_nsec < 0 ? -EINVAL : 0;
}

static long
set_times(struct call *c, int dir, struct guest_ptr file, uint32_t flags,
	  const struct two_times *times)
{
	struct host_path path;
	long host = at_path(c, &freebsd_at_flags, dir, file, flags, &path), r;

	if (host < 0)
		return host;
	/* With nothing to change Linux does not even look at the path. */
	if (times->access.tv_nsec == UTIME_OMIT && times->modification.tv_nsec == UTIME_OMIT)
		return (r = host_mode(dir, path.name, (int)host)) < 0 ? r : 0;
	return host_call(__NR_utimensat, dir, path.name, times, host);
}

static long
set_descriptor_times(int fd, const struct two_times *times)
{
	if (times->access.tv_nsec == UTIME_OMIT && times->modification.tv_nsec == UTIME_OMIT)
		return check_descriptor(fd);
	return host_call(__NR_utimensat, fd, 0, times, 0);
}

long
freebsd_futimesat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr times)
{
	struct two_times t = {0};
	long r = times_from_timevals(times, &t);

	return r < 0 ? r : set_times(c, dir, file, 0, &t);
}

long
freebsd_utimes(struct call *c, struct guest_ptr file, struct guest_ptr times)
{
	return freebsd_futimesat(c, AT_FDCWD, file, times);
}

long
freebsd_lutimes(struct call *c, struct guest_ptr file, struct guest_ptr times)
{
	struct two_times t = {0};
	long r = times_from_timevals(times, &t);

	return r < 0 ? r : set_times(c, AT_FDCWD, file, FREEBSD_AT_SYMLINK_NOFOLLOW, &t);
}

long
freebsd_futimes(struct call *c, int32_t f, struct guest_ptr times)
{
	struct two_times t = {0};
	long r = times_from_timevals(times, &t);

	(void)c;
	return r < 0 ? r : set_descriptor_times(f, &t);
}

long
freebsd_utimensat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr times,
		  uint32_t flags)
{
	struct two_times t = {0};
	long r;

	if (flags_to_host(&freebsd_at_flags, flags) < 0)
		return -EINVAL;
	r = times_from_timespecs(times, &t);
	return r < 0 ? r : set_times(c, dir, file, flags, &t);
}

long
freebsd_futimens(struct call *c, int32_t f, struct guest_ptr times)
{
	struct two_times t = {0};
	long r = times_from_timespecs(times, &t);

	(void)c;
	return r < 0 ? r : set_descriptor_times(f, &t);
}
