#include "site_family.h"

#include <stdbool.h>

#include "call.h"
#include "copy.h"
#include "memory.h"
#include "site_decode.h"
#include "string.h"

/* What must be the same at both: the child may have mapped something else there. */
#define ALIKE 32

struct visit {
	uint64_t address;	/* 0: free */
	uint8_t code[ALIKE + SITE_CALL];
};
#define FREE	0
#define WRITTEN	1		/* is being; for good if its writer dies */

#define VISITS 32

static struct visit *visits;	/* shared by all of the family; NULL: none has been founded */
static bool has_forked, is_child;

static bool
read_code(uint8_t *code, uint64_t address)
{
	return copy_in(code, guest(address - ALIKE), ALIKE + SITE_CALL) == 0;
}

static bool
is_told(uint64_t address)
{
	for (int i = 0; i < VISITS; i++)
		if (__atomic_load_n(&visits[i].address, __ATOMIC_RELAXED) == address)
			return true;
	return false;
}

void
site_family_tell(uint64_t address)
{
	uint8_t code[ALIKE + SITE_CALL];

	if (!is_child || is_told(address) || !read_code(code, address))
		return;
	for (int i = 0; i < VISITS; i++) {
		uint64_t seen = FREE;

		if (!__atomic_compare_exchange_n(&visits[i].address, &seen, WRITTEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		memcpy(visits[i].code, code, sizeof code);
		__atomic_store_n(&visits[i].address, address, __ATOMIC_RELEASE);
		return;
	}
}

uint64_t
site_family_told(void)
{
	for (int i = 0; visits && i < VISITS; i++) {
		uint64_t address = __atomic_load_n(&visits[i].address, __ATOMIC_ACQUIRE);
		uint8_t code[ALIKE + SITE_CALL];
		bool alike;

		if (address == FREE || address == WRITTEN)
			continue;
		alike = read_code(code, address) && memcmp(code, visits[i].code, sizeof code) == 0;
		if (__atomic_compare_exchange_n(&visits[i].address, &address, FREE, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED) &&
		    alike)
			return address;
	}
	return 0;
}

void
site_family_begins(void)
{
	if (has_forked && !visits)
		visits = arena_map_shared(VISITS * sizeof *visits);
	has_forked = true;
}

void
site_family_child(void)
{
	is_child = visits != NULL;
	has_forked = false;
}
