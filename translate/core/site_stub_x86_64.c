#include "site_stub_x86_64.h"

#include "layout.h"
#include "string.h"

#define SYSCALL_LENGTH	2
#define JUMP_LENGTH	5
#define RDGSBASE_LENGTH	5

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

void
stub_encode(struct stub *s, uint64_t address, const uint8_t *moved_code, unsigned moved, uint64_t site)
{
	static const char self[] = {0x4c, (char)0x8b, 0x59, THREAD_SELF};
	uint8_t *p = s->code;

	memset(s, 0xcc, sizeof *s);
	s->from = site - moved;
	s->site = site;
	memcpy(p, moved_code, moved);
	p = put(p + moved, "\xf3\x48\x0f\xae\xc9", RDGSBASE_LENGTH);
	p = put(p, self, sizeof self);
	p = put(p, "\x48\xf7\xd1", 3);
	p = put(p, "\x4a\x8d\x4c\x19\x01", 5);
	p = put(p, "\xe3\x05", 2);
	p = put_relative(p, "\xe9", 1, address + (uint64_t)(p - s->code), site);
	p = put_relative(p, "\x48\x8d\x0d", 3, address + (uint64_t)(p - s->code), site + SYSCALL_LENGTH);
	put_relative(p, "\xff\x25", 2, address + (uint64_t)(p - s->code), address & ~(uint64_t)(STUB_PAGE - 1));
}
_Static_assert(SITE_MOVED_MAX + RDGSBASE_LENGTH + 4 + 3 + 5 + 2 + 5 + 7 + 6 <= STUB_SLOT - 16, "a stub fits its slot");

/* Form B: the displacement's upper half is the syscall's own bytes. */
#define FORM_B_DISTANCE UINT64_C(0x050f0000)
/* What a stub says relative to itself reaches a little further than its beginning. */
#define REACH (UINT64_C(0x7fffffff) - STUB_PAGE)

void
stub_reach(const struct site_plan *plan, uint64_t site, uint64_t *low, uint64_t *high)
{
	if (plan->form == SITE_FORM_B) {
		*low = site - plan->moved + JUMP_LENGTH + FORM_B_DISTANCE;
		*high = *low + 0xffff;
		return;
	}
	*low = site > REACH ? site - REACH : 0;
	*high = site - plan->moved + REACH;
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
	put_relative(jump, "\xe9", 1, site - plan->moved, address);
	return plan->form == SITE_FORM_B ? JUMP_LENGTH - SYSCALL_LENGTH : JUMP_LENGTH;
}

uint64_t
stub_original(const struct stub *s, uint64_t offset)
{
	return offset < s->site - s->from ? s->from + offset : s->site;
}

bool
stub_tries_gs(const struct stub *s, uint64_t offset)
{
	return offset == s->site - s->from + RDGSBASE_LENGTH;
}
