#include "dispatch.h"

#include <linux/elf.h>

#include "copy.h"
#include "core.h"
#include "personality.h"
#include "signal.h"
#include "thread.h"
#include "trace.h"

long
call_missing(struct call *c)
{
	trace_missing(c);
	return c->abi->missing(c);
}

bool
row_exists(const struct row *row)
{
	return options.release >= row->since && (!row->until || options.release < row->until);
}

long
call_interrupted(struct call *c, long r)
{
	enum interruption how = signal_interruption(c->t);

	if (how == INTERRUPTED_NOT || (r == CALL_RESTART && !c->t->mask_saved))
		return CALL_RESTART;
	if (how == INTERRUPTED_RESTARTS && !c->abi->host_restarts && !(c->row && c->row->never_restarts))
		return CALL_RESTART;
	return -EINTR;
}

long
without_restart(struct call *c, long r)
{
	if (r != -EINTR || signal_interruption(c->t) == INTERRUPTED_NOT)
		return r;
	return GUEST_ERROR(number_to_guest(c->abi->errnos, EINTR));
}

void
join_argument_pairs(struct call *c)
{
	const struct row *row = c->nr < c->abi->nrows ? c->abi->rows[c->nr] : NULL;
	unsigned word = 0;

	if (!row || !row->pairs)
		return;
	for (unsigned i = 0; i < row->nargs && word < CALL_ARGS; i++) {
		c->arg[i] = c->arg[word++];
		if (row->pairs >> i & 1)
			c->arg[i] |= c->arg[word++] << 32;
	}
}

long
load_pointer(const struct call *c, struct guest_ptr vector, uint64_t n, uint64_t *to)
{
	uint32_t narrow = 0;
	long r;

	if (c->abi->elf_class == ELFCLASS64)
		return load_u64(to, guest_at(vector, n * sizeof *to));
	r = load_u32(&narrow, guest_at(vector, n * sizeof narrow));
	*to = narrow;
	return r;
}

unsigned
guest_errno(const struct call *c, long answer)
{
	int e;

	if (IS_GUEST_ERROR(answer))
		return (unsigned)(-answer - 0x1000);
	e = number_to_guest(c->abi->errnos, (unsigned)-answer);
	/* An errno of the host that the tables do not know: EINVAL on every system here. */
	return e > 0 ? (unsigned)e : EINVAL;
}
