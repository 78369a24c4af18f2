/*
 * A guest's call that ends with a host call, whose answer is its own. By a rewritten site
 * such a call is not made down here: the functions return first, and the way back to the
 * guest begins at the host call (site_entry_x86_64.S). For where the host's kernel empties
 * the processor's predictor of returns (Linux: srso, Safe RET), each function that is
 * open over a host call costs some 8 ns.
 *
 * Only for the last statement of what a row runs; no handler may look at the answer.
 */
#ifndef DRAGOMAN_CORE_LAST_H
#define DRAGOMAN_CORE_LAST_H

#include "host.h"
#include "thread.h"

static inline long
host_last_n(unsigned nargs, struct host_nr nr, long a, long b, long c, long d, long e, long f)
{
	struct thread *t = thread_self();

	if (!t->last_allowed)
		return host_call_n(nargs, nr, a, b, c, d, e, f);
	t->last = (struct host_request){nr.value, {a, b, c, d, e, f}};
	t->last_wanted = true;
	return CALL_LAST;
}

#define host_call_last(...) HOST_CALLS(host_last_n, HOST_NR, __VA_ARGS__)

#endif
