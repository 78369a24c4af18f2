/*
 * What a guest's call needs on its way from a filled struct call to the row's function and back (guest_call.c).
 */
#ifndef DRAGOMAN_CORE_DISPATCH_H
#define DRAGOMAN_CORE_DISPATCH_H

#include "call.h"

/*
 * For an ABI with 32-bit words, before the row is run: arguments that are 64 bits wide (row.pairs)
 * came as two words, low first, and become one each. Words have nothing above their 32 bits.
 */
void join_argument_pairs(struct call *c);

/*
 * For a handler whose call is never made again under SA_RESTART although the
 * row's calls in general are: -EINTR becomes final if the guest has seen a signal.
 */
long without_restart(struct call *c, long r);

/*
 * What becomes of -EINTR or CALL_RESTART: one of the two. A call that was not made, and asks for
 * no mask of its own, has not begun: the signal came before it.
 */
long call_interrupted(struct call *c, long r);

/* An answer's errno in the guest's numbers; the personality calls it once, at the return. */
unsigned guest_errno(const struct call *c, long answer);

#endif
