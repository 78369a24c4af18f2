/*
 * Pages of stubs in the guest's memory: where they lie, and which slots are taken. The caller
 * holds sites_lock, but for stub_at().
 */
#ifndef DRAGOMAN_CORE_STUB_PAGES_H
#define DRAGOMAN_CORE_STUB_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site_stub_x86_64.h"

struct process;

/* Whose stub it is to be, and what it is looked for with. */
struct stub_wanted {
	const struct process *p;
	const char *enter;		/* where stubs of this guest lead to */
	uint64_t text_start, text_end;	/* of the memory around the site */
	const struct site_plan *plan;
	uint64_t site;
	const uint8_t *moved_code;
};

/* A stub, written; 0: there is no room, or its memory could not be written. */
uint64_t stub_make(const struct stub_wanted *w);
/* Nobody is in it, or can come there. */
void stub_free(uint64_t stub);

bool stub_pages_are_in(uint64_t start, uint64_t end);
/* These have become the guest's memory. */
void stub_pages_forget(uint64_t start, uint64_t end);

/* Whose code has this address, and how far in; NULL: none. For signal handlers as well. */
const struct stub *stub_at(uint64_t address, uint64_t *offset);

#endif
