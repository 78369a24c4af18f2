#include "host_stub.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "translate/core/host.h"
#include "translate/core/layout.h"

#define MAX_RANGES 4096

static struct range {
	uint64_t start, end;
} ranges[MAX_RANGES], fake;
static unsigned nranges;

static long fail_nr;
static unsigned fail_in;
static int fail_error;

static void
broken(const char *what, uint64_t start, uint64_t size)
{
	fprintf(stderr, "host_stub: %s: %#lx + %#lx\n", what, (unsigned long)start,
		(unsigned long)size);
	abort();
}

static void
add_range(uint64_t start, uint64_t end)
{
	if (nranges == MAX_RANGES)
		broken("too many ranges", start, end - start);
	ranges[nranges++] = (struct range){start, end};
}

static bool
is_ours(uint64_t start, uint64_t end)
{
	for (unsigned n = 0; n < nranges && start < end; n++)
		if (start >= ranges[n].start && start < ranges[n].end) {
			start = ranges[n].end;
			n = (unsigned)-1;
		}
	return start >= end;
}

static void
remove_range(uint64_t start, uint64_t end)
{
	for (unsigned n = nranges; n-- > 0;) {
		struct range r = ranges[n];

		if (r.start >= end || r.end <= start)
			continue;
		ranges[n] = ranges[--nranges];
		if (r.start < start)
			add_range(r.start, start);
		if (r.end > end)
			add_range(end, r.end);
	}
}

void
stub_fail_call(long nr, unsigned n, int error)
{
	fail_nr = nr;
	fail_in = n;
	fail_error = error;
}

void
stub_fake_map(uint64_t address)
{
	fake = (struct range){address, 0};
}

int
stub_failed(void)
{
	return fail_nr != 0 && fail_in == 0;
}

uint64_t
stub_mapped(void)
{
	uint64_t sum = 0;

	for (unsigned n = 0; n < nranges; n++)
		sum += ranges[n].end - ranges[n].start;
	return sum;
}

void
stub_unmap_all(void)
{
	while (nranges > 0) {
		nranges--;
		munmap((void *)(uintptr_t)ranges[nranges].start,
		       ranges[nranges].end - ranges[nranges].start);
	}
}

static void
check_mmap(uint64_t at, uint64_t size, long flags)
{
	if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && at < CORE_END && at + size > CORE_BASE)
		broken("mapping over the core", at, size);
	if ((flags & MAP_FIXED) && !is_ours(at, at + size))
		broken("mapping over what was not reserved", at, size);
}

/* Takes the fake mapping, or gives some of it back. */
static bool
is_fake(long nr, uint64_t at, uint64_t size, long flags)
{
	if (nr == SYS_mmap && fake.start != 0 && fake.end == 0 &&
	    !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		fake.end = fake.start + size;
		return true;
	}
	return nr == SYS_munmap && at >= fake.start && at + size <= fake.end;
}

long
gate_call(long nr, long a, long b, long c, long d, long e, long f)
{
	uint64_t at = (uint64_t)a, size = ((uint64_t)b + 4095) & ~UINT64_C(4095);
	long r;

	if (fail_in > 0 && nr == fail_nr && --fail_in == 0)
		return -fail_error;
	if (nr == SYS_mmap)
		check_mmap(at, size, d);
	if (nr == SYS_munmap && !is_ours(at, at + size))
		broken("unmapping what was not mapped", at, size);
	r = is_fake(nr, at, size, d) ? (long)fake.start : syscall(nr, a, b, c, d, e, f);
	if (r == -1)
		return -errno;
	if (nr == SYS_mmap && !(d & MAP_FIXED))
		add_range((uint64_t)r, (uint64_t)r + size);
	if (nr == SYS_munmap)
		remove_range(at, at + size);
	return r;
}
