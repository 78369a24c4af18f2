/*
 * Where instructions begin before a guest's call of its kernel, and which of them may be
 * moved elsewhere. Pure: works on a copy of the bytes.
 *
 * The lengths are of code as compilers and assemblers write it; bytes that are no
 * instruction, or one that no program has near a system call, have length 0.
 */
#ifndef DRAGOMAN_CORE_SITE_DECODE_H
#define DRAGOMAN_CORE_SITE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTRUCTION_MAX 15

/* In which mode the processor runs it. */
enum code_mode {
	CODE_64,
	CODE_32,
};

struct instruction {
	uint8_t length;
	bool moves;	/* means the same at any address, and goes on behind itself */
};

/* The instruction at `code`, of which n bytes can be read; length 0: none that is known. */
struct instruction site_instruction(enum code_mode mode, const uint8_t *code, size_t n);

/* `syscall`, `int $0x80`: what calls the kernel. */
#define SITE_CALL 2
/* What is looked at before it, and behind it, at most. */
#define SITE_WINDOW 208
#define SITE_BEHIND 128
/* The longest stretch that a stub takes over (site_stub_x86_64.h). */
#define SITE_MOVED_MAX 40

enum site_form {
	SITE_FORM_A,	/* an instruction of five bytes or more becomes a jump to the stub */
	SITE_FORM_B,	/* one of three or four does, the bytes behind which are the upper ones of the jump's displacement */
	SITE_FORM_C,	/* an instruction of two bytes or more becomes a short jump to a hole, which jumps to the stub */
	SITE_FORMS,
};

struct site_plan {
	enum code_mode mode;
	enum site_form form;
	uint8_t moved;	/* bytes before the call from which the stub takes over */
	uint8_t changed; /* bytes from there on that become others, all in one word */
	int16_t hole;	/* form C: as moved, for the hole: padding between functions, in the jump's own page */
	int32_t distance; /* form B: the least displacement, its upper bytes being those that are kept */
};

enum site_answer {
	SITE_PLANNED,
	SITE_UNCERTAIN,		/* where instructions begin is not certain */
	SITE_NO_ROOM,		/* none that can be replaced, or none by one store */
};

/*
 * call: its bytes, with `before` bytes before it and `behind` bytes behind it to read; it stands at
 * `address`.
 */
struct site_code {
	enum code_mode mode;
	const uint8_t *call;
	size_t before, behind;
	uint64_t address;
};
/* The next best plan when so many were of no use. */
enum site_answer site_plan(struct site_plan *plan, const struct site_code *c, unsigned tried);

#endif
