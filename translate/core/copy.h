/*
 * Guest memory. A guest address may be unmapped, unaligned, gone in the middle
 * of the copy, or written by another thread at the same time: every access goes
 * through these, each answers 0 (or what it says) or -EFAULT, and a field is read
 * once. Addresses inside the core are -EFAULT too.
 */
#ifndef DRAGOMAN_CORE_COPY_H
#define DRAGOMAN_CORE_COPY_H

#include "abi.h"

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
 * the order in which it looks at things: after a bad descriptor, say, and only where it is wanted.
 */
#define UNREADABLE ((void *)-4096)

/*
 * Would the host's kernel, told to read or write n bytes at `p`, touch the core's memory? Of n it
 * takes 2 GiB at most (MAX_RW_COUNT, linux/fs.h); what is wrong with n is for it to say.
 */
_Bool guest_reaches_core(struct guest_ptr p, uint64_t n);
/* Are the n bytes at `p` outside the core and not wrapping? */
_Bool guest_range_ok(struct guest_ptr p, size_t n);

#endif
