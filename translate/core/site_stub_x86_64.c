#include "site_stub_x86_64.h"

#include "layout.h"
#include "string.h"

#define JUMP_LENGTH	5
#define SHORT_JUMP_LENGTH 2
#define GS_LOAD_LENGTH	9

static uint8_t *
put(uint8_t *to, const char *bytes, size_t n)
{
	memcpy(to, bytes, n);
	return to + n;
}

/* The opcode's bytes, then the distance from behind it to `target`; `at` is where `to` will be. */
static uint8_t *
put_relative(uint8_t *to, const char *opcode, size_t n, uint64_t at, uint64_t target)
{
	int32_t distance = (int32_t)(target - (at + n + 4));

	to = put(to, opcode, n);
	memcpy(to, &distance, 4);
	return to + 4;
}

/* Both behind what was moved: the end of the stub at `address`, of which p is the next byte. */
static void
put_end_64(struct stub *s, uint8_t *p, uint64_t address, uint64_t site)
{
	static const char self[GS_LOAD_LENGTH] = {0x65, 0x4c, (char)0x8b, 0x1c, 0x25, THREAD_SELF};
	static const char seal[GS_LOAD_LENGTH] = {0x65, 0x48, (char)0x8b, 0x0c, 0x25, THREAD_SEAL};
	const uint32_t sum = SEAL;

	p = put(p, self, sizeof self);
	p = put(p, seal, sizeof seal);
	p = put(p, "\x4a\x8d\x8c\x19", 4);
	p = put(p, (const char *)&sum, sizeof sum);
	p = put(p, "\xe3\x05", 2);
	p = put_relative(p, "\xe9", 1, address + (uint64_t)(p - s->code), site);
	p = put_relative(p, "\x48\x8d\x0d", 3, address + (uint64_t)(p - s->code), site + SITE_CALL);
	put_relative(p, "\xff\x25", 2, address + (uint64_t)(p - s->code), address & ~(uint64_t)(STUB_PAGE - 1));
}
#define END_64 (2 * GS_LOAD_LENGTH + 8 + 2 + 5 + 7 + 6)

struct far_pointer {
	uint32_t offset;
	uint16_t selector;
} __attribute__((packed));

static uint8_t *
put_far_pointer(uint8_t *to, uint64_t offset, uint16_t selector)
{
	const struct far_pointer f = {(uint32_t)offset, selector};

	return put(to, (const char *)&f, sizeof f);
}

static void
put_end_32(struct stub *s, uint8_t *p, uint64_t address, uint64_t site)
{
	const uint32_t call = (uint32_t)site;
	uint8_t *pointer = s->code + sizeof s->code - sizeof(struct far_pointer);

	p = put(p, "\xea", 1);
	p = put_far_pointer(p, address + (uint64_t)(p - s->code) + sizeof(struct far_pointer), USER_CS);
	p = put(p, "\x41\xba", 2);
	p = put(p, (const char *)&call, sizeof call);
	p = put_relative(p, "\x4c\x8d\x0d", 3, address + (uint64_t)(p - s->code),
			 address + (uint64_t)(pointer - s->code));
	put_relative(p, "\xff\x25", 2, address + (uint64_t)(p - s->code), address & ~(uint64_t)(STUB_PAGE - 1));
	put_far_pointer(pointer, site, USER32_CS);
}
#define END_32 (7 + 6 + 7 + 6 + sizeof(struct far_pointer))

_Static_assert(SITE_MOVED_MAX + END_64 <= STUB_SLOT - 16, "a stub fits its slot");
_Static_assert(SITE_MOVED_MAX + END_32 <= STUB_SLOT - 16, "a stub fits its slot");

void
stub_encode(struct stub *s, uint64_t address, const uint8_t *moved_code, const struct site_plan *plan, uint64_t site)
{
	memset(s, 0xcc, sizeof *s);
	s->from = site - plan->moved;
	s->site = site;
	memcpy(s->code, moved_code, plan->moved);
	if (plan->mode == CODE_64)
		put_end_64(s, s->code + plan->moved, address, site);
	else
		put_end_32(s, s->code + plan->moved, address, site);
}

#define END_OF_32 (UINT64_C(0xffffffff) - STUB_SLOT)
/* What a stub says relative to itself reaches a little further than its beginning. */
#define REACH (UINT64_C(0x7fffffff) - STUB_PAGE)

/* Form B: where the jump leads with the free bytes of its displacement all 0 and all 1. */
static void
window(const struct site_plan *plan, uint64_t site, uint64_t *low, uint64_t *high)
{
	*low = site - plan->moved + JUMP_LENGTH + (uint64_t)(int64_t)plan->distance;
	if (plan->mode == CODE_32)
		*low = (uint32_t)*low;
	*high = *low + (UINT64_C(1) << 8 * (plan->changed - 1)) - 1;
	if (plan->mode == CODE_32 && *high > END_OF_32)
		*high = END_OF_32;
}

void
stub_reach(const struct site_plan *plan, uint64_t site, uint64_t *low, uint64_t *high)
{
	if (plan->form == SITE_FORM_B) {
		window(plan, site, low, high);
	} else if (plan->mode == CODE_32) {	/* where addresses wrap */
		*low = 0;
		*high = END_OF_32;
	} else {
		*low = site > REACH ? site - REACH : 0;
		*high = site - plan->moved + REACH;
	}
}

bool
stub_in_reach(const struct site_plan *plan, uint64_t site, uint64_t address)
{
	uint64_t low, high;

	stub_reach(plan, site, &low, &high);
	return address >= low && address <= high;
}

unsigned
stub_jump(uint8_t jump[5], const struct site_plan *plan, uint64_t site, uint64_t address)
{
	if (plan->form == SITE_FORM_C) {
		jump[0] = 0xeb;
		jump[1] = (uint8_t)(plan->moved - SHORT_JUMP_LENGTH - plan->hole);
	} else {
		put_relative(jump, "\xe9", 1, site - plan->moved, address);
	}
	return plan->changed;
}

void
stub_hole_jump(uint8_t jump[5], const struct site_plan *plan, uint64_t site, uint64_t address)
{
	put_relative(jump, "\xe9", 1, site - (uint64_t)(int64_t)plan->hole, address);
}

uint64_t
stub_original(const struct stub *s, uint64_t offset)
{
	return offset < s->site - s->from ? s->from + offset : s->site;
}

bool
stub_tries_gs(const struct stub *s, uint64_t offset)
{
	const uint64_t loads = s->site - s->from;

	return offset == loads || offset == loads + GS_LOAD_LENGTH;
}
