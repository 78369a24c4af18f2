/*
 * What the parts of loader/ share.
 */
#ifndef DRAGOMAN_LOADER_INTERNAL_H
#define DRAGOMAN_LOADER_INTERNAL_H

#include "loader.h"

#define PAGE UINT64_C(4096)

/* The lowest address no user mapping can have: TASK_SIZE of the host, 4-level paging. */
#define USER_END UINT64_C(0x7ffffffff000)

/* The same for a program of the 32-bit class, as a 64-bit kernel has it (IA32_PAGE_OFFSET). */
#define NARROW_END UINT64_C(0xffffe000)

/* And below what its mappings lie: room for a stack of 128 MiB (mmap_base(), arch/x86/mm/mmap.c). */
#define NARROW_TOP (NARROW_END - UINT64_C(0x8000000))

static inline uint64_t
page_down(uint64_t a)
{
	return a & ~(PAGE - 1);
}

/* The caller has checked that `a` is far from wrapping. */
static inline uint64_t
page_up(uint64_t a)
{
	return (a + PAGE - 1) & ~(PAGE - 1);
}

/* Add to the detail; what does not fit is cut off. */
void detail_text(struct load_error *e, const char *text);
void detail_number(struct load_error *e, uint64_t n);
void detail_hex(struct load_error *e, uint64_t n);

/* parse.c: info->interp_range's bytes become info->interp. 0 or -1. */
int elf_take_interp(struct elf_info *info, const void *bytes, struct load_error *e);
/* brand.c: info->brand from what the file has said so far. */
void brand_decide(struct elf_info *info);

#endif
