#include "trace_decode.h"

#include "copy.h"
#include "dispatch.h"
#include "linux_abi.h"
#include "personality.h"
#include "string.h"

#define BYTES_SHOWN 32
#define STRINGS_SHOWN 32
#define ELEMENTS_SHOWN 8
#define STRUCT_MAX 512

/* ---- numbers ---- */

/* One of some values, not a word of bits: each row claims the whole. */
static bool
is_number(const struct flag_map *map)
{
	return map->flags->mask == UINT32_MAX || map->flags->mask == UINT64_MAX;
}

static void
decode_flags(struct text *t, const struct flag_map *map, uint64_t bits)
{
	uint64_t left = bits;
	bool any = false;

	for (const struct flag *f = map->flags; f < map->flags + map->n; f++) {
		/* A field's value may be 0; a bit, or a value seen under another name, may not. */
		if ((bits & f->mask) != f->value || (any && !(left & f->mask)))
			continue;
		text_add(t, any ? "|%s" : "%s", f->name);
		left &= ~f->mask;
		any = true;
	}
	if (left && !any && map->n && is_number(map))
		text_add(t, "%lu", (unsigned long)bits);
	else if (left)
		text_add(t, any ? "|0x%lx" : "0x%lx", (unsigned long)left);
	else if (!any)
		text_add(t, "0");
}

void
decode_signal(struct text *t, const struct personality *abi, int number)
{
	const struct number_map *map = abi->signals;

	if (number > 0 && (unsigned)number < map->n_to_host && map->guest_names[number])
		text_add(t, "%s", map->guest_names[number]);
	else
		text_add(t, "%d", number);
}

static int64_t
sign_extend(uint64_t value, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (int64_t)(value << unused) >> unused;
}

void
decode_number(struct text *t, const struct call *c, unsigned kind, unsigned size,
	      const struct flag_map *map, uint64_t value)
{
	int64_t number = sign_extend(value, size);

	value = (uint64_t)number & (size == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * size) - 1);
	switch (kind) {
	case ARG_FD:
		if (number == AT_FDCWD)
			text_add(t, "AT_FDCWD"); /* the same number on every system here */
		else
			text_add(t, "%ld", (long)number);
		break;
	case ARG_INT:
		text_add(t, "%ld", (long)number);
		break;
	case ARG_UINT:
		text_add(t, "%lu", (unsigned long)value);
		break;
	case ARG_MODE:
		text_add(t, "0%03lo", (unsigned long)value);
		break;
	case ARG_SIGNAL:
		decode_signal(t, c->abi, (int)number);
		break;
	case ARG_FLAGS:
		decode_flags(t, map, value);
		break;
	default:
		if (kind != ARG_HEX && value == 0)
			text_add(t, "NULL");
		else
			text_add(t, "0x%lx", (unsigned long)value);
	}
}

/* ---- structs ---- */

static void
decode_fields(struct text *t, const struct call *c, const struct struct_layout *l, const char *data)
{
	bool named = l->nfields > 0 && l->fields[0].name[0];

	if (named)
		text_add(t, "{");
	for (const struct field *f = l->fields; f < l->fields + l->nfields; f++) {
		uint64_t value = 0;

		if (f > l->fields)
			text_add(t, ", ");
		if (named)
			text_add(t, "%s=", f->name);
		memcpy(&value, data + f->offset, f->size);
		decode_number(t, c, f->kind, f->size, f->map, value);
	}
	if (named)
		text_add(t, "}");
}

static bool
decode_one(struct text *t, const struct call *c, const struct struct_layout *l, struct guest_ptr at)
{
	char data[STRUCT_MAX] __attribute__((aligned(8)));

	if (l->size > sizeof data || copy_in(data, at, l->size) < 0)
		return false;
	decode_fields(t, c, l, data);
	return true;
}

/*
 * How many elements, or bytes, argument `a` has before the call; 1 struct if the row does not say.
 */
static uint64_t
length_of(const struct call *c, const struct arg *a)
{
	const struct arg *length = a->with >= 0 ? &c->row->args[a->with] : NULL;
	uint64_t value;

	if (!length)
		return a->fixed ? a->fixed : 1;
	value = c->arg[a->with];
	if (!length->layout)
		return length->size == 4 ? (uint32_t)value : value;
	/* The length is behind a pointer. */
	if (length->layout->size == 4) {
		uint32_t word;

		return load_u32(&word, guest(value)) == 0 ? word : 0;
	}
	return load_u64(&value, guest(value)) == 0 ? value : 0;
}

static void
decode_struct(struct text *t, const struct call *c, const struct arg *a, struct guest_ptr at,
	      uint64_t count)
{
	const struct struct_layout *l = a->layout;
	bool is_array = a->with >= 0 || a->fixed || (l && l->nfields && !l->fields[0].name[0]);

	if (is_null(at)) {
		text_add(t, "NULL");
		return;
	}
	if (c->abi->decode && c->abi->decode(t, c, a->type, at, count))
		return;
	if (!l || !l->nfields) {
		text_add(t, "0x%lx", (unsigned long)at.addr);
		return;
	}
	if (is_array)
		text_add(t, "[");
	for (uint64_t i = 0; i < count && i <= ELEMENTS_SHOWN; i++) {
		if (i)
			text_add(t, ", ");
		if (i == ELEMENTS_SHOWN)
			text_add(t, "...");
		else if (!decode_one(t, c, l, guest_at(at, i * l->size))) {
			text_add(t, "0x%lx", (unsigned long)at.addr);
			break;
		}
	}
	if (is_array)
		text_add(t, "]");
}

/* ---- strings ---- */

static void
decode_strings(struct text *t, const struct call *c, struct guest_ptr vector)
{
	uint64_t word;

	if (is_null(vector)) {
		text_add(t, "NULL");
		return;
	}
	text_add(t, "[");
	for (unsigned i = 0;; i++) {
		if (load_pointer(c, vector, i, &word) < 0 || i == STRINGS_SHOWN) {
			text_add(t, ", ...");
			break;
		}
		if (!word)
			break;
		if (i)
			text_add(t, ", ");
		text_add_string(t, guest(word), BYTES_SHOWN);
	}
	text_add(t, "]");
}

/* An environment is long and seldom what one looks for. */
static void
decode_count_of_strings(struct text *t, const struct call *c, struct guest_ptr vector)
{
	uint64_t word;
	unsigned n = 0;

	text_add(t, "0x%lx", (unsigned long)vector.addr);
	while (n < 0x10000 && load_pointer(c, vector, n, &word) == 0 && word)
		n++;
	text_add(t, " /* %u strings */", n);
}

/* ---- arguments ---- */

bool
decode_is_in(const struct arg *a)
{
	return a->kind != ARG_BYTES_OUT && a->kind != ARG_STRUCT_OUT;
}

bool
decode_is_out(const struct arg *a)
{
	return a->kind == ARG_BYTES_OUT || a->kind == ARG_STRUCT_OUT || a->kind == ARG_STRUCT_INOUT;
}

void
decode_in(struct text *t, const struct call *c, unsigned i)
{
	const struct arg *a = &c->row->args[i];
	struct guest_ptr at = guest(c->arg[i]);

	switch (a->kind) {
	case ARG_PATH:
		text_add_string(t, at, 4096);
		break;
	case ARG_STRINGS:
		if (i > 0 && c->row->args[i - 1].kind == ARG_STRINGS)
			decode_count_of_strings(t, c, at);
		else
			decode_strings(t, c, at);
		break;
	case ARG_BYTES_IN:
		text_add_bytes(t, at, length_of(c, a), BYTES_SHOWN);
		break;
	case ARG_STRUCT_IN:
	case ARG_STRUCT_INOUT:
		decode_struct(t, c, a, at, length_of(c, a));
		break;
	default:
		decode_number(t, c, a->kind, a->size, a->map, c->arg[i]);
	}
}

/*
 * Does the answer tell how much of `a` was filled? (read, kevent; not poll, which answers how many
 * are ready)
 */
static bool
answer_counts(const struct call *c, const struct arg *a)
{
	if (a->with < 0 || c->row->args[a->with].layout || a->kind == ARG_STRUCT_INOUT)
		return false;
	return a->kind == ARG_STRUCT_OUT ? c->row->result.kind != ARG_FD
					 : strcmp(c->row->result.type, "size") == 0;
}

void
decode_out(struct text *t, const struct call *c, unsigned i, long answer)
{
	const struct arg *a = &c->row->args[i];
	struct guest_ptr at = guest(c->arg[i]);
	uint64_t n;

	if (IS_ERROR(answer)) {
		decode_number(t, c, ARG_PTR, 8, NULL, at.addr);
		return;
	}
	n = length_of(c, a);
	if (answer_counts(c, a) && (uint64_t)answer < n)
		n = (uint64_t)answer;
	if (a->kind == ARG_BYTES_OUT)
		text_add_bytes(t, at, n, BYTES_SHOWN);
	else
		decode_struct(t, c, a, at, n);
}

/* ---- the answer ---- */

const char *
decode_errno_name(const struct call *c, long answer)
{
	const struct number_map *map = c->abi->errnos;
	unsigned e = guest_errno(c, answer);

	return e < map->n_to_host ? map->guest_names[e] : NULL;
}

static void
decode_error(struct text *t, const struct call *c, long answer)
{
	const char *name = decode_errno_name(c, answer);
	const char *meaning = IS_GUEST_ERROR(answer) ? NULL : host_errno_text((unsigned)-answer);

	if (name)
		text_add(t, " = -1 %s", name);
	else
		text_add(t, " = -1 errno %u", guest_errno(c, answer));
	if (meaning)
		text_add(t, " (%s)", meaning);
}

void
decode_answer(struct text *t, const struct call *c, long answer, uint64_t second)
{
	const struct arg *r = c->row ? &c->row->result : NULL;

	if (answer == CALL_RESTART) {
		text_add(t, " = ? ERESTART (interrupted; made again)");
	} else if (answer == CALL_REGS_SET) {
		text_add(t, " = ? (registers from the context)");
	} else if (IS_ERROR(answer)) {
		decode_error(t, c, answer);
	} else {
		text_add(t, " = ");
		if (!r || r->kind == ARG_VOID)
			text_add(t, "%ld", answer);
		else
			decode_number(t, c, r->kind, r->size, r->map, (uint64_t)answer);
		if (c->second != second)
			text_add(t, ", %ld", (long)c->second);
	}
}
