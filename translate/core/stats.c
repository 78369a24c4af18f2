#include "stats.h"

#include "host.h"
#include "linux_abi.h"
#include "memory.h"
#include "print.h"
#include "sites.h"
#include "string.h"
#include "trace.h"

struct count {
	uint64_t calls, errors, nanoseconds;
};

static const struct personality *abi;
static struct count *counts; /* by number; [nrows]: numbers that have no row */
static uint32_t printed;

bool
stats_start(const struct personality *p)
{
	abi = p;
	counts = arena_map((p->nrows + 1) * sizeof *counts, 4096);
	return counts != NULL;
}

uint64_t
stats_clock(void)
{
	struct __kernel_timespec now;

	core_call(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void
stats_count(const struct call *c, bool failed, uint64_t nanoseconds)
{
	struct count *n = &counts[c->nr < abi->nrows ? c->nr : abi->nrows];

	__atomic_fetch_add(&n->calls, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&n->errors, failed, __ATOMIC_RELAXED);
	__atomic_fetch_add(&n->nanoseconds, nanoseconds, __ATOMIC_RELAXED);
}

void
stats_reset(void)
{
	memset(counts, 0, (abi->nrows + 1) * sizeof *counts);
	printed = 0;
}

/* The call with the most time below `limit`, ties by number; -1: none. */
static int
next_slower(const struct count *now, uint64_t limit, int after)
{
	int best = -1;

	for (int i = 0; i <= (int)abi->nrows; i++) {
		uint64_t t = now[i].nanoseconds;

		if (!now[i].calls || t > limit || (t == limit && i <= after))
			continue;
		if (best < 0 || t > now[best].nanoseconds)
			best = i;
	}
	return best;
}

static size_t
add_row(char *to, size_t size, const struct count *n, const char *name, uint64_t whole)
{
	uint64_t part = whole ? n->nanoseconds * 10000 / whole : 0;
	char errors[24] = "";

	if (n->errors)
		format(errors, sizeof errors, "%lu", n->errors);
	return format(to, size, "%3lu.%02lu %5lu.%06lu %11lu %9lu %9s %s\n", part / 100, part % 100,
		      n->nanoseconds / 1000000000, n->nanoseconds / 1000 % 1000000,
		      n->calls ? n->nanoseconds / 1000 / n->calls : 0, n->calls, errors, name);
}

static const char *
name_of(int nr)
{
	return nr < (int)abi->nrows && abi->rows[nr] ? abi->rows[nr]->name : "(no such call)";
}

#define LINE 128

static size_t
add_table(char *to, size_t size, const struct count *now)
{
	static const char rule[] =
		"------ ------------ ----------- --------- --------- ----------------\n";
	struct count all = {0, 0, 0};
	uint64_t limit = UINT64_MAX;
	int nr = -1;
	size_t n;

	for (unsigned i = 0; i <= abi->nrows; i++) {
		all.calls += now[i].calls;
		all.errors += now[i].errors;
		all.nanoseconds += now[i].nanoseconds;
	}
	n = format(to, size, "%%time      seconds   usecs/call     calls    errors call\n%s", rule);
	while ((nr = next_slower(now, limit, nr)) >= 0) {
		limit = now[nr].nanoseconds;
		n += add_row(to + n, size - n, &now[nr], name_of(nr), all.nanoseconds);
	}
	n += format(to + n, size - n, "%s", rule);
	return n + add_row(to + n, size - n, &all, "total", all.nanoseconds);
}

void
stats_print(int pid)
{
	size_t rows = abi->nrows + 1, size = (rows + 8) * (LINE + sizeof(struct count)) + SITES_REPORT_MAX, n = 0;
	struct count *now = arena_map(size, 4096);
	char *text = (char *)(now + rows);

	if (!now || __atomic_exchange_n(&printed, 1, __ATOMIC_RELAXED))
		return;
	/* Other threads may still count. */
	memcpy(now, counts, rows * sizeof *now);
	if (pid)
		n = format(text, LINE, "[%d]\n", pid);
	n += add_table(text + n, rows * LINE, now);
	n += sites_report(text + n, SITES_REPORT_MAX);
	trace_write(text, n);
	arena_unmap(now, size);
}
