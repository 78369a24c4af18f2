#include "site_decode.h"

/* What follows an opcode, and whether the instruction may be moved. */
enum {
	M = 1,		/* ModRM, with SIB and displacement as it says */
	I8 = 2,
	I16 = 4,
	IZ = 8,		/* 4 bytes; 2 with the operand-size prefix */
	IV = 16,	/* as IZ, but 8 with REX.W */
	MOFFS = 32,	/* an address: 8 bytes, or 4; half of that with the address-size prefix */
	GROUP3 = 64,	/* f6, f7: an immediate where the register field is 0 or 1 */
	MOVES = 128,	/* but for what pads: the program does not come from there */
	NEAR = 256,	/* relative, 4 bytes whatever REX.W says */
	NONE = 512,	/* nothing more; a name for zero that a table can show */
};

/* Opcodes first..last have `what` (Intel SDM volume 2, appendix A); in the order of `first`, and later lines win. */
struct opcodes {
	uint8_t first, last;
	uint16_t what;
};

static const struct opcodes one_byte[] = {
	{0x50, 0x5f, NONE | MOVES}, {0x63, 0x63, M | MOVES}, {0x68, 0x68, IZ | MOVES},	   {0x69, 0x69, M | IZ | MOVES},
	{0x6a, 0x6a, I8 | MOVES},	 {0x6b, 0x6b, M | I8 | MOVES}, {0x6c, 0x6f, NONE}, {0x70, 0x7f, I8},
	{0x80, 0x80, M | I8 | MOVES}, {0x81, 0x81, M | IZ | MOVES}, {0x83, 0x83, M | I8 | MOVES},
	{0x84, 0x8b, M | MOVES}, {0x8c, 0x8c, M},	  {0x8d, 0x8d, M | MOVES}, {0x8e, 0x8f, M},
	{0x90, 0x90, NONE}, {0x91, 0x99, NONE | MOVES}, {0x9b, 0x9f, NONE},	  {0xa0, 0xa3, MOFFS},	   {0xa4, 0xa7, NONE},
	{0xa8, 0xa8, I8 | MOVES}, {0xa9, 0xa9, IZ | MOVES}, {0xaa, 0xaf, NONE},	   {0xb0, 0xb7, I8 | MOVES},
	{0xb8, 0xbf, IV | MOVES}, {0xc0, 0xc1, M | I8 | MOVES}, {0xc2, 0xc2, I16}, {0xc3, 0xc3, NONE},
	{0xc6, 0xc6, M | I8 | MOVES}, {0xc7, 0xc7, M | IZ | MOVES}, {0xc8, 0xc8, I16 | I8},
	{0xc9, 0xc9, NONE},	 {0xca, 0xca, I16},	  {0xcb, 0xcc, NONE},	   {0xcd, 0xcd, I8},
	{0xcf, 0xcf, NONE},	 {0xd0, 0xd3, M | MOVES}, {0xd7, 0xd7, NONE},	   {0xd8, 0xdf, M},
	{0xe0, 0xe7, I8},	 {0xe8, 0xe9, NEAR},	  {0xeb, 0xeb, I8},	   {0xec, 0xef, NONE},
	{0xf1, 0xf1, NONE},	 {0xf4, 0xf5, NONE},	  {0xf6, 0xf6, M | I8 | GROUP3 | MOVES},
	{0xf7, 0xf7, M | IZ | GROUP3 | MOVES}, {0xf8, 0xfd, NONE}, {0xfe, 0xff, M},
};

static const struct opcodes two_byte[] = {
	{0x00, 0x03, M},	 {0x05, 0x09, NONE},	  {0x0b, 0x0b, NONE},	   {0x0d, 0x0d, M},
	{0x0e, 0x0e, NONE},	 {0x0f, 0x0f, M | I8},	  {0x10, 0x1e, M},	   {0x1f, 0x1f, M},
	{0x20, 0x23, M},	 {0x28, 0x2f, M},	  {0x30, 0x35, NONE},	   {0x37, 0x37, NONE},
	{0x40, 0x4f, M | MOVES}, {0x50, 0x6f, M},	  {0x70, 0x73, M | I8},	   {0x74, 0x76, M},
	{0x77, 0x77, NONE},	 {0x78, 0x79, M},	  {0x7c, 0x7f, M},	   {0x80, 0x8f, NEAR},
	{0x90, 0x9f, M | MOVES}, {0xa0, 0xa2, NONE},	  {0xa3, 0xa3, M},	   {0xa4, 0xa4, M | I8},
	{0xa5, 0xa5, M},	 {0xa8, 0xaa, NONE},	  {0xab, 0xab, M},	   {0xac, 0xac, M | I8},
	{0xad, 0xb9, M},	 {0xaf, 0xaf, M | MOVES}, {0xb6, 0xb7, M | MOVES}, {0xba, 0xba, M | I8},
	{0xbb, 0xc1, M},	 {0xbe, 0xbf, M | MOVES}, {0xc2, 0xc2, M | I8},	   {0xc3, 0xc3, M},
	{0xc4, 0xc6, M | I8},	 {0xc7, 0xc7, M},	  {0xc8, 0xcf, NONE},	   {0xd0, 0xff, M},
};

/* What 32-bit code has in other places, or what 64-bit code has lost. */
static const struct opcodes one_byte_32[] = {
	{0x06, 0x07, NONE}, {0x0e, 0x0e, NONE}, {0x16, 0x17, NONE}, {0x1e, 0x1f, NONE}, {0x27, 0x27, NONE},
	{0x2f, 0x2f, NONE}, {0x37, 0x37, NONE}, {0x3f, 0x3f, NONE}, {0x40, 0x4f, NONE | MOVES}, {0x60, 0x61, NONE},
	{0x62, 0x62, M}, {0x63, 0x63, M}, {0x82, 0x82, M | I8 | MOVES}, {0x9a, 0x9a, IZ | I16}, {0xc4, 0xc5, M},
	{0xce, 0xce, NONE}, {0xd4, 0xd5, I8}, {0xd6, 0xd6, NONE}, {0xea, 0xea, IZ | I16},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static unsigned
find(const struct opcodes *table, size_t n, uint8_t opcode)
{
	unsigned what = 0;

	for (const struct opcodes *o = table; o < table + n && o->first <= opcode; o++)
		if (opcode <= o->last)
			what = o->what;
	return what;
}

struct cursor {
	enum code_mode mode;
	const uint8_t *at, *end;
	bool operand_size, address_size, wide, strange;	/* strange: LOCK, REP, a segment: is not moved */
};

/* 00..3f: eight operations, each with register, memory and immediate forms. */
static unsigned
arithmetic(uint8_t opcode)
{
	static const uint16_t forms[8] = {M | MOVES, M | MOVES, M | MOVES, M | MOVES, I8 | MOVES, IZ | MOVES, 0, 0};

	return forms[opcode & 7];
}

static bool
take_prefix(struct cursor *c, uint8_t byte)
{
	switch (byte) {
	case 0x66:
		c->operand_size = true;
		return true;
	case 0x67:
		c->address_size = c->strange = true;
		return true;
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0xf0: case 0xf2: case 0xf3:
		c->strange = true;
		return true;
	default:
		return false;
	}
}

/* The VEX and EVEX maps: 1 is that of 0f, 2 of 0f 38, 3 of 0f 3a. Always a ModRM, but for vzeroupper. */
static unsigned
vector_opcode(unsigned map, uint8_t opcode)
{
	if (map == 3)
		return M | I8;
	if (map == 1 && opcode == 0x77)
		return NONE;
	if (map == 1)
		return M | (find(two_byte, COUNT(two_byte), opcode) & I8);
	return map == 2 || map == 5 || map == 6 ? M : 0;
}

/* Behind c4, c5 or 62: the prefix's own bytes, then the opcode. 0: no such instruction. */
static unsigned
take_vector(struct cursor *c, uint8_t first)
{
	unsigned own = first == 0x62 ? 3 : first == 0xc4 ? 2 : 1;
	unsigned map = first == 0xc5 ? 1 : 0;

	if (c->end - c->at <= (long)own)
		return 0;
	if (first != 0xc5)
		map = c->at[0] & (first == 0x62 ? 7 : 0x1f);
	c->at += own;
	c->strange = true;
	return vector_opcode(map, *c->at++);
}

/* Do these bytes begin a vector instruction? In 32-bit code they do where the old one would have no memory. */
static bool
is_vector(const struct cursor *c, uint8_t byte)
{
	if (byte != 0xc4 && byte != 0xc5 && byte != 0x62)
		return false;
	return c->mode == CODE_64 || (c->at < c->end && *c->at >= 0xc0);
}

static unsigned
one_byte_opcode(const struct cursor *c, uint8_t byte)
{
	unsigned what = c->mode == CODE_32 ? find(one_byte_32, COUNT(one_byte_32), byte) : 0;

	if (what)
		return what;
	return byte < 0x40 ? arithmetic(byte) : find(one_byte, COUNT(one_byte), byte);
}

static unsigned
take_opcode(struct cursor *c)
{
	uint8_t byte = 0;
	unsigned what;

	while (c->at < c->end && take_prefix(c, byte = *c->at))
		c->at++;
	if (c->mode == CODE_64 && c->at < c->end && (byte & 0xf0) == 0x40) {
		c->wide = byte & 8;
		byte = *++c->at;
	}
	if (c->at >= c->end)
		return 0;
	c->at++;
	if (is_vector(c, byte))
		return take_vector(c, byte);
	if (byte != 0x0f)
		return one_byte_opcode(c, byte);
	if (c->at >= c->end)
		return 0;
	byte = *c->at++;
	what = find(two_byte, COUNT(two_byte), byte);
	if (byte == 0x38 || byte == 0x3a) {
		what = byte == 0x38 ? M : M | I8;
		c->at++;
	}
	return what;
}

/* What a ModRM asks for behind itself, with 16-bit addresses. */
static unsigned
displacement_16(uint8_t mod, uint8_t rm)
{
	if (mod == 0)
		return rm == 6 ? 2 : 0;
	return mod;
}

/* ModRM and what it asks for; the register field, or -1 past the end. */
static int
take_modrm(struct cursor *c, bool *relative)
{
	uint8_t modrm, mod, rm;

	if (c->at >= c->end)
		return -1;
	modrm = *c->at++;
	mod = modrm >> 6;
	rm = modrm & 7;
	if (mod == 3)
		return modrm >> 3 & 7;
	if (c->mode == CODE_32 && c->address_size) {
		c->at += displacement_16(mod, rm);
		return modrm >> 3 & 7;
	}
	if (rm == 4) {
		if (c->at >= c->end)
			return -1;
		rm = *c->at++ & 7;
		c->at += mod == 0 && rm == 5 ? 4 : 0;
	} else if (mod == 0 && rm == 5) {
		*relative = c->mode == CODE_64;
		c->at += 4;
	}
	c->at += mod == 1 ? 1 : mod == 2 ? 4 : 0;
	return modrm >> 3 & 7;
}

static unsigned
immediate_size(const struct cursor *c, unsigned what)
{
	unsigned n = (what & I8 ? 1 : 0) + (what & I16 ? 2 : 0);

	if (what & (IZ | IV))
		n += what & IV && c->wide ? 8 : c->operand_size && !c->wide ? 2 : 4;
	if (what & NEAR)
		n += 4;
	if (what & MOFFS)
		n += (c->mode == CODE_64 ? 8 : 4) >> c->address_size;
	return n;
}

struct instruction
site_instruction(enum code_mode mode, const uint8_t *code, size_t n)
{
	const struct instruction none = {0, false};
	struct cursor c = {.mode = mode, .at = code, .end = code + n};
	unsigned what = take_opcode(&c);
	bool relative = false;

	if (!what || (what & NEAR && c.operand_size && !c.wide))
		return none;
	if (what & M) {
		int field = take_modrm(&c, &relative);

		if (field < 0)
			return none;
		if (what & GROUP3 && field > 1)
			what &= ~(unsigned)(I8 | IZ);
	}
	c.at += immediate_size(&c, what);
	if (c.at > c.end || c.at - code > INSTRUCTION_MAX)
		return none;
	return (struct instruction){(uint8_t)(c.at - code), what & MOVES && !c.strange && !relative};
}

/* ---- a site ---- */

#define JUMP 5

/* What is before a call: at each byte, the instruction if one begins there. Each is looked up many times. */
struct stretch {
	enum code_mode mode;
	const uint8_t *code;
	size_t before;
	struct instruction at[SITE_WINDOW];
};

/* `most` bytes of it are enough. */
static void
decode(struct stretch *s, const struct site_code *c, size_t most)
{
	s->mode = c->mode;
	s->before = c->before < most ? c->before : most;
	s->code = c->call - s->before;
	for (size_t at = 0; at < s->before; at++)
		s->at[at] = site_instruction(s->mode, s->code + at, s->before + SITE_CALL - at);
}

/* Decoded from `from` on, is there an instruction at `to`? */
static bool
leads_to(const struct stretch *s, size_t from, size_t to)
{
	while (from < to) {
		unsigned length = s->at[from].length;

		if (!length)
			return false;
		from += length;
	}
	return from == to;
}

/*
 * Where decoding is begun: so many places, that far before the instruction in question.
 * Wrong decodings fall into step with the right one within a few instructions, but one
 * begun near, in the zeros of a long nop, say, may not have done so yet.
 */
#define STARTS 32
#define STARTS_FAR 56
#define AGREEING 3

/*
 * Is `at` the beginning of an instruction? Of 15 bytes of code one begins an
 * instruction, and the call is known to be one: so if no decoding that comes to the
 * call passes over `at`, the program's own does not.
 */
static bool
is_certain(const struct stretch *s, size_t at)
{
	size_t from = at > STARTS_FAR ? at - STARTS_FAR : 0, end = from + STARTS < at ? from + STARTS : at;
	unsigned agreeing = 0;

	if (end - from < INSTRUCTION_MAX)
		return false;
	for (; from < end; from++) {
		if (!leads_to(s, from, s->before))
			continue;
		if (!leads_to(s, from, at))
			return false;
		agreeing++;
	}
	return agreeing >= AGREEING;
}

/* How long the instruction is, right before the call, that seems to put its number into %eax; 0: there is none. */
static size_t
number_before(const struct stretch *s)
{
	const uint8_t *c = s->code + s->before;

	if (s->before < 7 || c[-2] != 0 || (c[-1] & ~0x40) != 0)	/* x32's numbers have bit 30 */
		return 0;
	if (c[-5] == 0xb8)
		return 5;
	return s->mode == CODE_64 && c[-7] == 0x48 && c[-6] == 0xc7 && c[-5] == 0xc0 ? 7 : 0;
}

/* Where decoding passes over the number it may have begun in data before a function, which no start tells apart. */
static bool
hides_number(const struct stretch *s)
{
	size_t n = number_before(s);

	return n && !is_certain(s, s->before - n);
}

/* From `at` to the call: may all of it be moved? */
static bool
all_move(const struct stretch *s, size_t at)
{
	while (at < s->before) {
		if (!s->at[at].length || !s->at[at].moves)
			return false;
		at += s->at[at].length;
	}
	return at == s->before;
}

static bool
in_one_word(uint64_t address, unsigned n)
{
	return (address & 7) + n <= 8;
}

/* What seems to begin at `at`, of `least` bytes or more, may be replaced. */
static bool
may_jump(const struct stretch *s, size_t at, unsigned least)
{
	return s->at[at].length >= least && all_move(s, at) && is_certain(s, at);
}

static bool
plan_form_a(struct site_plan *plan, const struct stretch *s, uint64_t address)
{
	for (size_t n = JUMP; n <= s->before && n <= SITE_MOVED_MAX; n++)
		if (in_one_word(address - n, JUMP) && may_jump(s, s->before - n, JUMP)) {
			*plan = (struct site_plan){s->mode, SITE_FORM_A, (uint8_t)n, JUMP, 0, 0};
			return true;
		}
	return false;
}

/* ---- form B ---- */

/* With one byte of the displacement alone no page of stubs would be in reach. */
#define JUMP_LEAST 3

/* How much of a jump at `at`, which stands at `address`, lies in the instruction there and in one word. */
static unsigned
changed_by_jump(const struct stretch *s, size_t at, uint64_t address)
{
	unsigned in_word = 8 - (address & 7), length = s->at[at].length;

	return length < in_word ? length : in_word;
}

/* A jump's displacement if but `changed` bytes of the jump at c are free, and those 0. */
static int32_t
least_distance(const uint8_t *c, unsigned changed)
{
	uint32_t d = 0;

	for (unsigned i = changed; i < JUMP; i++)
		d |= (uint32_t)c[i] << 8 * (i - 1);
	return (int32_t)d;
}

/* By an instruction that begins from `first` to `last` bytes before the call; *tried is counted down. */
static bool
plan_form_b(struct site_plan *plan, const struct stretch *s, uint64_t address, size_t first, size_t last, unsigned *tried)
{
	for (size_t n = first; n <= s->before && n <= last; n++) {
		const size_t at = s->before - n;
		unsigned changed = changed_by_jump(s, at, address - n);

		if (changed < JUMP_LEAST || changed >= JUMP || !may_jump(s, at, JUMP_LEAST) || (*tried)-- > 0)
			continue;
		*plan = (struct site_plan){s->mode, SITE_FORM_B, (uint8_t)n, (uint8_t)changed, 0,
					   least_distance(s->code + at, changed)};
		return true;
	}
	return false;
}

/* ---- form C ---- */

#define SHORT_JUMP 2
#define SHORT_REACH 126
#define PAGE UINT64_C(4096)

/* Does what begins here never go on behind itself? ret; jmp; int3; ud2. */
static bool
is_end(const uint8_t *c)
{
	return c[0] == 0xc3 || c[0] == 0xe9 || c[0] == 0xeb || c[0] == 0xcc || (c[0] == 0x0f && c[1] == 0x0b) ||
	       (c[0] == 0xff && (c[1] & 0xf8) == 0xe0);
}

/* int3, or one of the long nops. */
static bool
is_padding(const uint8_t *c, const uint8_t *end)
{
	while (c + 1 < end && (*c == 0x66 || *c == 0x2e))
		c++;
	return *c == 0xcc || *c == 0x90 || (c + 1 < end && c[0] == 0x0f && c[1] == 0x1f);
}

/*
 * Where nothing comes to: the padding that begins at c, behind an instruction where the program's way ends,
 * and ends where functions are usually aligned to; its length, 0 if there is none.
 */
static size_t
padding(enum code_mode mode, const uint8_t *c, const uint8_t *end, uint64_t address)
{
	size_t n = 0;

	while (c + n < end && is_padding(c + n, end)) {
		unsigned length = site_instruction(mode, c + n, (size_t)(end - c) - n).length;

		if (!length)
			return 0;
		n += length;
		if ((address + n) % 16 == 0)
			return n;
	}
	return 0;
}

/* Bytes as padding has them: in what has become another site's hole there would be its jump's opcode. */
static bool
is_untouched(const uint8_t *c)
{
	for (unsigned i = 0; i < JUMP; i++)
		if (c[i] == 0xe9)
			return false;
	return true;
}

/* A place for a jump by one store, in reach of a short one at `from`. */
static bool
fits_hole(const uint8_t *c, uint64_t at, uint64_t from)
{
	return in_one_word(at, JUMP) && is_untouched(c) && at / PAGE == from / PAGE &&
	       at - from + SHORT_REACH <= 2 * SHORT_REACH;
}

/* The address of a hole in the padding behind the end at c, of `length` bytes; 0: none. */
static uint64_t
hole_behind(const struct site_code *code, const uint8_t *c, unsigned length, uint64_t from)
{
	const uint8_t *end = code->call + SITE_CALL + code->behind;
	uint64_t at = code->address + (uint64_t)(c - code->call) + length;
	size_t n = padding(code->mode, c + length, c < code->call ? code->call : end, at);

	for (size_t i = 0; i + JUMP <= n; i++)
		if (fits_hole(c + length + i, at + i, from))
			return at + i;
	return 0;
}

/* Before the call, where it must be certain that instructions begin. */
static uint64_t
hole_before(const struct site_code *code, const struct stretch *s, uint64_t from)
{
	for (size_t last = 0; last < s->before; last++) {
		unsigned length = s->at[last].length;
		uint64_t hole = length && is_end(s->code + last) ? hole_behind(code, s->code + last, length, from) : 0;

		if (hole && is_certain(s, last) && is_certain(s, last + length))
			return hole;
	}
	return 0;
}

/* Behind it, one instruction after the other. */
static uint64_t
hole_after(const struct site_code *code, uint64_t from)
{
	const uint8_t *c = code->call + SITE_CALL, *end = c + code->behind;

	while (c + 1 < end) {
		unsigned length = site_instruction(code->mode, c, (size_t)(end - c)).length;
		uint64_t hole = length && is_end(c) ? hole_behind(code, c, length, from) : 0;

		if (!length || hole)
			return hole;
		c += length;
	}
	return 0;
}

static bool
plan_form_c(struct site_plan *plan, const struct site_code *code, const struct stretch *s)
{
	for (size_t n = SHORT_JUMP; n <= s->before && n <= SITE_MOVED_MAX; n++) {
		const size_t at = s->before - n;
		const uint64_t from = code->address - n;
		uint64_t hole;

		if (!in_one_word(from, SHORT_JUMP) || !may_jump(s, at, SHORT_JUMP))
			continue;
		hole = hole_after(code, from);
		if (!hole)
			hole = hole_before(code, s, from);
		if (hole) {
			*plan = (struct site_plan){s->mode, SITE_FORM_C, (uint8_t)n, SHORT_JUMP,
						   (int16_t)(code->address - hole), 0};
			return true;
		}
	}
	return false;
}

/* What the other forms look at. */
#define NEAR_WINDOW 96

/*
 * Form B by the instruction right before the call comes before form C: the kept bytes are the call's, and stubs of all
 * such sites lie at one distance, on the same pages. Other bytes lead anywhere, to a page for each site.
 */
enum site_answer
site_plan(struct site_plan *plan, const struct site_code *c, unsigned tried)
{
	struct stretch s;

	decode(&s, c, NEAR_WINDOW);
	if (hides_number(&s))
		return SITE_UNCERTAIN;
	if (plan_form_a(plan, &s, c->address) && tried-- == 0)
		return SITE_PLANNED;
	if (plan_form_b(plan, &s, c->address, JUMP_LEAST, JUMP - 1, &tried))
		return SITE_PLANNED;
	if (!is_certain(&s, s.before))
		return SITE_UNCERTAIN;
	decode(&s, c, SITE_WINDOW);
	if (plan_form_c(plan, c, &s) && tried-- == 0)
		return SITE_PLANNED;
	return plan_form_b(plan, &s, c->address, JUMP, SITE_MOVED_MAX, &tried) ? SITE_PLANNED : SITE_NO_ROOM;
}
