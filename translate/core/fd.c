#include "fd.h"

#include <linux/resource.h>
#include <stdint.h>

#include "core.h"
#include "host.h"
#include "layout.h"
#include "linux_abi.h"

/*
 * Not higher than this although limits often are: the host's table of descriptors
 * is as long as the highest one in use, and fork copies it.
 */
#define HIGHEST_START	4096
#define ROOM		256	/* how far below the limit we begin */
#define NUMBERS		65536

static uint64_t reserved[NUMBERS / 64] BULKY;
static bool any_reserved;	/* while there is none, no page of that is looked at */

static bool
is_ours(int fd)
{
	return any_reserved && fd >= 0 && fd < NUMBERS &&
	       __atomic_load_n(&reserved[fd / 64], __ATOMIC_RELAXED) >> fd % 64 & 1;
}

bool
core_fd_reserved(int fd)
{
	return is_ours(fd) || (fd > 2 && (fd == options.trace_fd || fd == options.events_fd || fd == options.core_fd));
}

unsigned
core_fd_next(unsigned from)
{
	const int told[] = {options.trace_fd, options.events_fd, options.core_fd};
	unsigned next = from;

	while (next < NUMBERS && !is_ours((int)next))
		next = next % 64 == 0 && !reserved[next / 64] ? next + 64 : next + 1;
	if (next >= NUMBERS)
		next = ~0u;
	for (unsigned n = 0; n < sizeof told / sizeof *told; n++)
		if (told[n] > 2 && (unsigned)told[n] >= from && (unsigned)told[n] < next)
			next = (unsigned)told[n];
	return next;
}

static void
set_reserved(int fd, bool on)
{
	uint64_t bit = UINT64_C(1) << fd % 64;

	any_reserved = true;
	if (on)
		__atomic_fetch_or(&reserved[fd / 64], bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&reserved[fd / 64], ~bit, __ATOMIC_RELAXED);
}

static unsigned
first_number(void)
{
	struct rlimit64 limit = {0, 0};

	core_call(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
	if (limit.rlim_cur > HIGHEST_START)
		limit.rlim_cur = HIGHEST_START;
	return limit.rlim_cur > 2 * ROOM ? (unsigned)limit.rlim_cur - ROOM
					 : (unsigned)limit.rlim_cur / 2;
}

int
core_fd_duplicate(int fd)
{
	long high = core_call(__NR_fcntl, fd, F_DUPFD_CLOEXEC, first_number());

	if (high < 0)
		return (int)high;
	if (high >= NUMBERS) {
		core_call(__NR_close, high);
		return -EMFILE;
	}
	set_reserved((int)high, true);
	return (int)high;
}

int
core_fd_move_high(int fd)
{
	int high;

	if (fd < 0)
		return fd;
	high = core_fd_duplicate(fd);
	core_call(__NR_close, fd);
	return high;
}

void
core_fd_close(int fd)
{
	if (!is_ours(fd))
		return;
	/* First: behind the close the number may be another thread's, reserved again. */
	set_reserved(fd, false);
	core_call(__NR_close, fd);
}

long
core_fd_close_range(unsigned low, unsigned high, long flags)
{
	for (;;) {
		unsigned own = core_fd_next(low), end = own > high ? high : own - 1;
		long r = own > low ? core_call(__NR_close_range, low, end, flags) : 0;

		if (r < 0 || own >= high)
			return r;
		low = own + 1;
	}
}
