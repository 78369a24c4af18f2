/*
 * The first 4 GiB of the address space, for guests with 32-bit addresses. The host's
 * kernel takes this for a 64-bit process and would place mappings anywhere, so the
 * places are chosen here: top-down below low_start()'s top, as a 64-bit kernel does it
 * for 32-bit programs (arch_get_unmapped_area_topdown()).
 *
 * A map of the pages in use is only what to try first: each place is asked of the host
 * with MAP_FIXED_NOREPLACE, and what the map did not know is learnt from its answer. It
 * belongs to the address space: vfork's child shares it, fork's has a copy.
 */
#ifndef DRAGOMAN_CORE_LOW_H
#define DRAGOMAN_CORE_LOW_H

#include <stdint.h>

/* The end of a 32-bit program's addresses under a 64-bit kernel (IA32_PAGE_OFFSET). */
#define LOW_END UINT64_C(0xffffe000)

/* How large the first thread's stack is to be, by the host's limit. */
uint64_t low_stack_size(void);
/* Where mappings end, with room for that stack above; chosen once, with a chance of a megabyte. */
uint64_t low_top(void);
/* Once per process image, before the first of the calls below. 0 or -ENOMEM. */
long low_start(void);
/* Somebody else has mapped, or unmapped, these addresses. */
void low_mark(uint64_t start, uint64_t end, _Bool used);

/* As the host's calls (with its flags and errors) for addresses that all lie below LOW_END. */
long low_mmap(uint64_t at, uint64_t len, uint32_t prot, uint32_t flags, int fd, uint64_t offset);
long low_munmap(uint64_t at, uint64_t len);
long low_mremap(uint64_t old, uint64_t old_len, uint64_t len, uint32_t flags, uint64_t at);

/*
 * A place for what another host call maps there (shmat with SHM_REMAP): inaccessible
 * memory of that size, or -errno. low_munmap() gives it back.
 */
long low_reserve(uint64_t len);

#endif
