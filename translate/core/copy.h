/*
 * Guest memory. A guest address may be unmapped, unaligned, gone in the middle
 * of the copy, or written by another thread at the same time: every access goes
 * through these, each answers 0 (or what it says) or -EFAULT, and a field is read
 * once. Addresses inside the core are -EFAULT too.
 */
#ifndef DRAGOMAN_CORE_COPY_H
#define DRAGOMAN_CORE_COPY_H

#include "abi.h"
#include "layout.h"

long copy_in(void *to, struct guest_ptr from, size_t n);
long copy_out(struct guest_ptr to, const void *from, size_t n);
long zero_out(struct guest_ptr to, size_t n);
/*
 * The NUL-terminated string at `from`: its length, or -EFAULT, or
 * -ENAMETOOLONG if there is no NUL in `size` bytes.
 */
long copy_in_string(char *to, struct guest_ptr from, size_t size);

/* Single words, each one access. */
long load_u32(uint32_t *to, struct guest_ptr from);
long load_u64(uint64_t *to, struct guest_ptr from);
long store_u32(struct guest_ptr to, uint32_t value);
long store_u64(struct guest_ptr to, uint64_t value);
/* Atomic compare and exchange; *seen is what was there. Unaligned: -EINVAL. */
long cas_u32(struct guest_ptr at, uint32_t expected, uint32_t desired, uint32_t *seen);
long cas_u64(struct guest_ptr at, uint64_t expected, uint64_t desired, uint64_t *seen);

/*
 * What a host call is given in place of guest memory that could not be read, so that the host's kernel finds it, and in
 * the order in which it looks at things: after a bad descriptor, say, and only where it is wanted. A user's address, as
 * the kernel sees it, where nothing is.
 */
#define UNREADABLE ((void *)CORE_BASE)

/*
 * A guest's address for a host call. To the guest nothing is where the core is, so an address there becomes one between
 * CORE_BASE and CORE_TEXT, where nothing is indeed; its lower half is kept, for the kernel may look at no more than that (an
 * int), or at its alignment. What begins below the core and reaches in ends at CORE_BASE by itself: no
 * size is asked for. Every argument that is or may be an address comes to its row like this; a handler does
 * it to addresses that it reads from memory and hands on.
 */
static inline uint64_t
outside_core(uint64_t addr)
{
	return addr - CORE_BASE < CORE_END - CORE_BASE ? CORE_BASE | (uint32_t)addr : addr;
}

/* Are the n bytes at `p` outside the core and not wrapping? */
_Bool guest_range_ok(struct guest_ptr p, size_t n);

#endif
