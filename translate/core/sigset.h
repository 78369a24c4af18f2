/* Sets of guest signals, 1 to 128: bit n-1 of the pair. */
#ifndef DRAGOMAN_CORE_SIGSET_H
#define DRAGOMAN_CORE_SIGSET_H

#include <stdbool.h>
#include <stdint.h>

#define SIGSET_MAX 128

struct sigset {
	uint64_t word[2];
};

static inline bool
sigset_has(const struct sigset *s, int n)
{
	return s->word[(n - 1) / 64] >> (n - 1) % 64 & 1;
}

static inline void
sigset_add(struct sigset *s, int n)
{
	s->word[(n - 1) / 64] |= UINT64_C(1) << (n - 1) % 64;
}

static inline void
sigset_remove(struct sigset *s, int n)
{
	s->word[(n - 1) / 64] &= ~(UINT64_C(1) << (n - 1) % 64);
}

static inline struct sigset
sigset_union(struct sigset a, struct sigset b)
{
	return (struct sigset){{a.word[0] | b.word[0], a.word[1] | b.word[1]}};
}

static inline struct sigset
sigset_minus(struct sigset a, struct sigset b)
{
	return (struct sigset){{a.word[0] & ~b.word[0], a.word[1] & ~b.word[1]}};
}

#endif
