/* The time by a call that makes none: the rows that are `early`. glibc and musl ask so where the vDSO has no clocks. */
#include "linux_i386.h"

#include "core/copy.h"
#include "core/host_clock.h"

/* A struct old_timespec32 or old_timeval32 (linux/time32.h): seconds, and what is left in units of so many nanoseconds. */
static bool
give_old(int clock, struct guest_ptr to, uint32_t unit)
{
	struct timespec now;

	return host_clock_read(clock, &now) && store_u32(to, (uint32_t)now.tv_sec) == 0 &&
	       store_u32(guest_at(to, sizeof(uint32_t)), (uint32_t)now.tv_nsec / unit) == 0;
}

/* time(2): the seconds of the last tick (kernel/time/time.c, SYSCALL_DEFINE1(time32)). */
static bool
give_seconds(struct guest_ptr to, long *answer)
{
	struct timespec now;

	if (!host_clock_read(CLOCK_REALTIME_COARSE, &now) || (!is_null(to) && store_u32(to, (uint32_t)now.tv_sec) != 0))
		return false;
	*answer = (int32_t)now.tv_sec;
	return true;
}

bool
linux_i386_answers(struct thread *t, const struct sigcontext *r, long *answer)
{
	const struct guest_ptr first = guest((uint32_t)r->rbx), second = guest((uint32_t)r->rcx);

	(void)t;
	switch ((uint32_t)r->rax) {
	case LINUX_I386_SYS_clock_gettime64:
		return host_clock_for_guest((int32_t)r->rbx, second);
	case LINUX_I386_SYS_clock_gettime:
		return give_old((int32_t)r->rbx, second, 1);
	case LINUX_I386_SYS_gettimeofday:	/* the zone is the usual way's */
		return is_null(second) && !is_null(first) && give_old(CLOCK_REALTIME, first, 1000);
	case LINUX_I386_SYS_time:
		return give_seconds(first, answer);
	default:
		return false;
	}
}
