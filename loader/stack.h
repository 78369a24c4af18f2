/*
 * A program's first stack: memory that is filled from its top down. What is the
 * same for every ABI; the order in which things lie there is each ABI's own
 * (stack_freebsd.c).
 */
#ifndef DRAGOMAN_LOADER_STACK_H
#define DRAGOMAN_LOADER_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stack {
	unsigned char *memory; /* where [low, top) can be written now */
	uint64_t low, top;     /* the program's addresses */
	uint64_t next;	       /* what is below is still free */
	unsigned word;	       /* bytes of an address: 8, or 4 once its owner says so */
	bool full;	       /* something did not fit; nothing was written out of bounds */
};

/* What others may ask for of a stack that is finished. */
struct stack_words {
	uint64_t block;	     /* where the program finds it: argc */
	uint64_t args, env, env_end; /* the strings, one behind the other */
	uint64_t auxv;
	uint32_t auxv_size;
};

/*
 * Maps room for a stack that grows down from `top`, with a guard below it; memory
 * is used as it is touched. `above` bytes behind the top are mapped with it, for
 * what the kernel keeps there. If the host has not room for `size`, less. 0 or -errno.
 */
long stack_map(struct stack *s, uint64_t size, int prot, uint64_t above);
/* The same at a place of the caller's choice, for 32-bit programs; -EEXIST if something is there. */
long stack_map_at(struct stack *s, uint64_t top, uint64_t size, int prot);
void stack_on_memory(struct stack *s, void *memory, uint64_t low, uint64_t size);

/* The address of n free bytes below all others, aligned down (a power of two). */
uint64_t stack_take(struct stack *s, uint64_t n, uint64_t align);
/* The same, filled. */
uint64_t stack_put(struct stack *s, const void *data, uint64_t n, uint64_t align);
/* Writes into what has been taken. */
void stack_write(struct stack *s, uint64_t at, const void *data, uint64_t n);
void stack_write_word(struct stack *s, uint64_t at, uint64_t value);

/* Number of strings, and bytes with their NULs (added to *bytes). */
unsigned stack_count(char *const *strings, uint64_t *bytes);
/*
 * Strings from *strings_at up, their addresses from *vector_at up, a null address
 * at the end; both are moved on behind what was written.
 */
void stack_write_strings(struct stack *s, char *const *strings, uint64_t *strings_at,
			 uint64_t *vector_at);

/* Auxiliary vector entries, from *at up. */
void stack_write_aux(struct stack *s, uint64_t *at, uint64_t type, uint64_t value);

#endif
