/* What call sites of the processor's modes differ in. */
#ifndef DRAGOMAN_CORE_SITE_KIND_X86_64_H
#define DRAGOMAN_CORE_SITE_KIND_X86_64_H

#include <stdint.h>

#include "site_decode.h"

struct site_kind {
	uint16_t machine;	/* personality.machine */
	uint16_t segment;	/* code's selector */
	enum code_mode mode;
	uint8_t call[SITE_CALL];
	const char *enter;	/* where stubs lead to */
};

const struct site_kind *site_kind(uint16_t machine);

#endif
