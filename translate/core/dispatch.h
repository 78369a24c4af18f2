/*
 * From a filled struct call to the row's function and back; the place where
 * trace and statistics see every call.
 */
#ifndef DRAGOMAN_CORE_DISPATCH_H
#define DRAGOMAN_CORE_DISPATCH_H

#include "call.h"

/*
 * Runs the call. Answers a value, -errno (host), GUEST_ERROR, CALL_REGS_SET, CALL_LAST, or
 * CALL_RESTART, which an interrupted call becomes where the guest's rules say so.
 */
long dispatch(struct call *c);
/* The rest of it after CALL_LAST, with the host call's answer. */
long dispatch_end(struct call *c, long answer);

/*
 * For an ABI with 32-bit words, before dispatch(): arguments that are 64 bits wide (row.pairs)
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
