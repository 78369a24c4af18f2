/*
 * A call's arguments and answer in the guest's terms, from its row.
 *
 * What the call reads is decoded before it is made, what it fills afterwards;
 * the line has both: `{in} => {out}` where an argument is both.
 */
#ifndef DRAGOMAN_CORE_TRACE_DECODE_H
#define DRAGOMAN_CORE_TRACE_DECODE_H

#include "call.h"
#include "trace_text.h"

/* Is there something to show of argument `i` before the call; after it, given its answer? */
bool decode_is_in(const struct arg *a);
bool decode_is_out(const struct arg *a);
void decode_in(struct text *t, const struct call *c, unsigned i);
void decode_out(struct text *t, const struct call *c, unsigned i, long answer);
/*
 * The answer: ` = 3`, ` = -1 ENOENT (…)`; `second` is what the second register held before the
 * call.
 */
void decode_answer(struct text *t, const struct call *c, long answer, uint64_t second);

/* A number as its kind says. */
void decode_number(struct text *t, const struct call *c, unsigned kind, unsigned size,
		   const struct flag_map *map, uint64_t value);
void decode_signal(struct text *t, const struct personality *abi, int number);
/* "ENOENT", for an answer that is an error; NULL: a number without a name. */
const char *decode_errno_name(const struct call *c, long answer);

/* host_names.c, made from the host's headers; NULL: no such number. */
const char *host_call_name(unsigned nr);
const char *host_errno_name(unsigned e);
const char *host_errno_text(unsigned e);

#endif
