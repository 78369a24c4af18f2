/*
 * What the parts of loader/ share.
 */
#ifndef DRAGOMAN_LOADER_INTERNAL_H
#define DRAGOMAN_LOADER_INTERNAL_H

#include "loader.h"

#define PAGE UINT64_C(4096)

/* The lowest address no user mapping can have: TASK_SIZE of the host, 4-level paging. */
#define USER_END UINT64_C(0x7ffffffff000)

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
