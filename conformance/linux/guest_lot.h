/*
 * Calls drawn by lot: the same on every run and for every ABI. A longer search is the same program built with
 * -DLOT=N, another draw, and -DCALLS=N.
 */
#ifndef CONFORMANCE_LINUX_GUEST_LOT_H
#define CONFORMANCE_LINUX_GUEST_LOT_H

#include "guest.h"

#ifndef LOT
#define LOT 1
#endif
#ifndef CALLS
#define CALLS 1500
#endif

static uint32_t lot = LOT * 2654435u + 1;

/* Less than n (xorshift32). */
static inline unsigned
draw(unsigned n)
{
	lot ^= lot << 13;
	lot ^= lot >> 17;
	lot ^= lot << 5;
	return (lot >> 8) % n;
}

#define DRAW(list) ((list)[draw(COUNT(list))])

/* One of these words or another: each with a chance of 1 in 3. */
static inline unsigned
draw_flags(const unsigned *flags, unsigned n)
{
	unsigned drawn = 0;

	for (unsigned i = 0; i < n; i++)
		if (draw(3) == 0)
			drawn |= flags[i];
	return drawn;
}

/* A line of the result: words, numbers, and what a call answered. */
static inline void
say(const char *word, long long number)
{
	print(" ");
	print(word);
	print(" ");
	print_number(number);
}

static inline guest_word
answer(guest_word value)
{
	print(" = ");
	if (value >= 0)
		print_number(value);	/* x32's may be wider than its long */
	else
		print_result((long)value, true);
	return value;
}

#endif
