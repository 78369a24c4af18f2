/*
 * core/site_decode.c: lengths against capstone's over all code this process has
 * mapped (and files named on the command line), and what becomes of a site.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <capstone/capstone.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "site_decode.h"

struct tally {
	enum code_mode mode;
	unsigned long instructions, unknown, wrong;
};

static csh capstone[2];	/* by enum code_mode */

/* As capstone reads the code, one after the other; a byte it cannot read is passed over. */
static void
compare(struct tally *t, const uint8_t *code, size_t n)
{
	cs_insn *i = cs_malloc(capstone[t->mode]);

	for (uint64_t address = 0; n > 0;) {
		const uint8_t *at = code;

		if (!cs_disasm_iter(capstone[t->mode], &code, &n, &address, i)) {
			code++;
			n--;
			continue;
		}
		unsigned length = site_instruction(t->mode, at, n + i->size).length;

		t->instructions++;
		t->unknown += length == 0;
		if (length && length != i->size && t->wrong++ < 20)
			print_error("%u, not %u: %02x %02x %02x %02x %02x %s %s\n", length, i->size, at[0], at[1],
				    at[2], at[3], at[4], i->mnemonic, i->op_str);
	}
	cs_free(i, 1);
}

static int
compare_object(struct dl_phdr_info *o, size_t size, void *tally)
{
	(void)size;
	for (int i = 0; i < o->dlpi_phnum; i++)
		if (o->dlpi_phdr[i].p_type == PT_LOAD && o->dlpi_phdr[i].p_flags & PF_X)
			compare(tally, (const uint8_t *)(o->dlpi_addr + o->dlpi_phdr[i].p_vaddr), o->dlpi_phdr[i].p_filesz);
	return 0;
}

static char **files;

#define COMPARE_SEGMENTS(t, image, Ehdr, Phdr) do { \
	const Ehdr *e = (const void *)(image); \
	const Phdr *p = (const void *)((image) + e->e_phoff); \
	for (int i = 0; i < e->e_phnum; i++) \
		if (p[i].p_type == PT_LOAD && p[i].p_flags & PF_X) \
			compare(t, (image) + p[i].p_offset, p[i].p_filesz); \
} while (0)

static void
compare_file(struct tally *t, const char *name)
{
	int f = open(name, O_RDONLY);
	struct stat s;

	assert_true(f >= 0 && fstat(f, &s) == 0);
	const uint8_t *image = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, f, 0);
	if (image[EI_CLASS] == (t->mode == CODE_64 ? ELFCLASS64 : ELFCLASS32)) {
		if (t->mode == CODE_64)
			COMPARE_SEGMENTS(t, image, Elf64_Ehdr, Elf64_Phdr);
		else
			COMPARE_SEGMENTS(t, image, Elf32_Ehdr, Elf32_Phdr);
	}
}

static void
compare_all(struct tally *t)
{
	dl_iterate_phdr(compare_object, t);
	for (char **f = files; *f; f++)
		compare_file(t, *f);
	print_message("%lu instructions, %lu of them not known, %lu wrong\n", t->instructions, t->unknown, t->wrong);
	assert_true(t->instructions > 100000);
	assert_int_equal(t->wrong, 0);
}

static void
lengths_are_those_of_capstone(void **state)
{
	struct tally t = {.mode = CODE_64};

	(void)state;
	compare_all(&t);
	assert_true(t.unknown * 2000 < t.instructions);
}

/* The same bytes, read as what they are not: every opcode, and combinations that nobody writes. */
static void
lengths_of_32_bit_code_are_those_of_capstone(void **state)
{
	struct tally t = {.mode = CODE_32};

	(void)state;
	compare_all(&t);
	assert_true(t.unknown * 20 < t.instructions);
}

static void
lengths_stay_within_the_bytes_given(void **state)
{
	static const uint8_t code[] = {0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8};

	(void)state;
	for (size_t n = 0; n < sizeof code; n++)
		assert_int_equal(site_instruction(CODE_64, code, n).length, 0);
	assert_int_equal(site_instruction(CODE_64, code, sizeof code).length, sizeof code);
}

static void
what_depends_on_its_place_is_not_moved(void **state)
{
	static const uint8_t relative[] = {0x48, 0x8b, 5, 0, 0, 0, 0}, call[] = {0xe8, 0, 0, 0, 0},
			     jump[] = {0xeb, 0}, branch[] = {0x0f, 0x84, 0, 0, 0, 0}, ret[] = {0xc3},
			     syscall[] = {0x0f, 5}, move[] = {0xb8, 1, 0, 0, 0}, load[] = {0x48, 0x8b, 0x44, 0x24, 8};

	(void)state;
#define MOVES(code) (assert_int_equal(site_instruction(CODE_64, code, sizeof(code)).length, sizeof(code)), \
		     site_instruction(CODE_64, code, sizeof(code)).moves)
	assert_false(MOVES(relative));
	assert_false(MOVES(call));
	assert_false(MOVES(jump));
	assert_false(MOVES(branch));
	assert_false(MOVES(ret));
	assert_false(MOVES(syscall));
	assert_true(MOVES(move));
	assert_true(MOVES(load));
}

/* ---- plans ---- */

/* A FreeBSD libc stub, with the end of the one before it. */
static const uint8_t libc_stub[] = {
	0xb8, 19, 0, 0, 0,			/* mov $19, %eax */
	0x49, 0x89, 0xca,			/* mov %rcx, %r10 */
	0x0f, 0x05,				/* syscall */
	0x0f, 0x82, 0x1e, 0xa2, 0x0c, 0,	/* jb cerror */
	0xc3,					/* ret */
	0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, /* nop */
	0x0f, 0x1f, 0x40, 0,			/* nop */
	0xb8, 1, 0, 0, 0, 0x49, 0x89, 0xca, 0x0f, 0x05,
	0xe9, 0x7b, 0x12, 0, 0,			/* jmp cerror */
	0xc3,					/* ret */
	0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, /* nop */
	0xb8, 20, 0, 0, 0,			/* mov $20, %eax */
	0x49, 0x89, 0xca,			/* mov %rcx, %r10 */
	0x0f, 0x05,
};
#define STUB_BEFORE (sizeof libc_stub - 2)

static enum site_answer
plan(struct site_plan *p, const uint8_t *code, size_t before, uint64_t address)
{
	const struct site_code c = {CODE_64, code + before, before, 0, address};

	memset(p, 0xee, sizeof *p);
	return site_plan(p, &c, 0);
}

static void
a_constant_in_one_word_is_form_a(void **state)
{
	struct site_plan p;

	(void)state;
	for (unsigned at = 0; at < 8; at++) {
		enum site_answer a = plan(&p, libc_stub, STUB_BEFORE, 0x1000 + at + 8);

		assert_int_equal(a, at <= 3 || (at + 5) % 8 <= 5 ? SITE_PLANNED : SITE_NO_ROOM);
		if (at <= 3) {
			assert_int_equal(p.form, SITE_FORM_A);
			assert_int_equal(p.moved, 8);
		} else if (a == SITE_PLANNED) {
			assert_int_equal(p.form, SITE_FORM_B);
			assert_int_equal(p.moved, 3);
		}
	}
}

/* The best plan of this form; else what is said when no plan is left. */
static enum site_answer
plan_of_form(struct site_plan *p, enum site_form form, const struct site_code *c)
{
	enum site_answer a = SITE_PLANNED;

	for (unsigned tried = 0; a == SITE_PLANNED; tried++) {
		assert_true(tried < SITE_MOVED_MAX + SITE_FORMS);
		a = site_plan(p, c, tried);
		if (a == SITE_PLANNED && p->form == form)
			return a;
	}
	return a;
}

static void
a_plan_that_was_tried_is_not_made_again(void **state)
{
	const struct site_code c = {CODE_64, libc_stub + STUB_BEFORE, STUB_BEFORE, 0, 0x1108};
	struct site_plan p;

	(void)state;
	assert_int_equal(site_plan(&p, &c, 0), SITE_PLANNED);
	assert_int_equal(p.form, SITE_FORM_A);
	assert_int_equal(site_plan(&p, &c, 1), SITE_PLANNED);
	assert_int_equal(p.form, SITE_FORM_B);
	assert_int_equal(site_plan(&p, &c, 2), SITE_PLANNED);
	assert_int_equal(p.form, SITE_FORM_C);
	assert_int_equal(site_plan(&p, &c, 3), SITE_NO_ROOM);
}

/* ---- form B ---- */

#define PUSHES 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53

/* Syscall6 of Go for 32-bit Linux: seven loads of four bytes each. */
static const uint8_t syscall6_32[] = {
	PUSHES, PUSHES, PUSHES, PUSHES,		/* decoding is begun far enough away */
	0x83, 0xc4, 0x2c, 0xc3,			/* add $44, %esp; ret */
	0xe8, 1, 2, 3, 4, 0xeb, 0x84, 0xcc, 0xcc, 0xcc, 0xcc,	/* call morestack; jmp */
	0x8b, 0x44, 0x24, 4, 0x8b, 0x5c, 0x24, 8, 0x8b, 0x4c, 0x24, 12, 0x8b, 0x54, 0x24, 16,
	0x8b, 0x74, 0x24, 20, 0x8b, 0x7c, 0x24, 24, 0x8b, 0x6c, 0x24, 28,
	0xcd, 0x80,				/* int $0x80 */
};
#define SYSCALL6_32_BEFORE (sizeof syscall6_32 - SITE_CALL)

static void
an_instruction_of_four_bytes_is_form_b(void **state)
{
	struct site_plan p;

	(void)state;
	for (uint64_t at = 0x10c0; at < 0x10c8; at++) {
		const struct site_code c = {CODE_32, syscall6_32 + SYSCALL6_32_BEFORE, SYSCALL6_32_BEFORE, 0, at};
		unsigned room = 8 - ((at - 4) & 7);

		/* Its last byte, or its last two, may stay with the int's; else the next load has it whole. */
		assert_int_equal(site_plan(&p, &c, 0), SITE_PLANNED);
		assert_int_equal(p.form, SITE_FORM_B);
		assert_int_equal(p.moved, room >= 3 ? 4 : 8);
		assert_int_equal(p.changed, room >= 4 || room < 3 ? 4 : 3);
		assert_int_equal((uint32_t)p.distance, room < 3 ? 0x8b000000 : room == 3 ? 0xcd1c0000 : 0xcd000000);
	}
}

static void
each_instruction_that_fits_is_tried_for_form_b(void **state)
{
	const struct site_code c = {CODE_32, syscall6_32 + SYSCALL6_32_BEFORE, SYSCALL6_32_BEFORE, 0, 0x10c0};
	struct site_plan p;

	(void)state;
	for (unsigned n = 0; n < 7; n++) {
		assert_int_equal(site_plan(&p, &c, n), SITE_PLANNED);
		assert_int_equal(p.form, SITE_FORM_B);
		assert_int_equal(p.moved, 4 * (n + 1));
		assert_int_equal((uint32_t)p.distance, n ? 0x8b000000 : 0xcd000000);
	}
	assert_int_equal(site_plan(&p, &c, 7), SITE_NO_ROOM);
}

/* ---- form C ---- */

/* Go's Syscall6: nothing of five bytes before the call, and int3 between functions. */
static const uint8_t syscall6[] = {
	0x48, 0x83, 0xc4, 0x18, 0x5d, 0xc3,	/* add $24, %rsp; pop %rbp; ret */
	0xe8, 1, 2, 3, 4, 0xeb, 0xf3,		/* call morestack; jmp */
	0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
	0x49, 0x89, 0xf2, 0x48, 0x89, 0xfa, 0x48, 0x89, 0xce, 0x48, 0x89, 0xdf,	/* four moves */
	0x0f, 0x05,
	0x48, 0x3d, 1, 0xf0, 0xff, 0xff,	/* cmp */
	0xc3, 0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0,	/* ret; nop */
	0x66, 0x90, 0x90, 0x90,
};
#define SYSCALL6_CALL 44
#define SYSCALL6_ADDRESS UINT64_C(0x10ac)	/* the first move is aligned */

static enum site_answer
plan_syscall6(struct site_plan *p, const uint8_t *code, size_t behind, uint64_t address)
{
	const struct site_code c = {CODE_64, code + SYSCALL6_CALL, SYSCALL6_CALL, behind, address};

	return plan_of_form(p, SITE_FORM_C, &c);
}

static void
padding_before_or_behind_makes_form_c(void **state)
{
	struct site_plan p;

	(void)state;
	assert_int_equal(plan_syscall6(&p, syscall6, 0, SYSCALL6_ADDRESS), SITE_PLANNED);
	assert_in_range(p.hole, 12 + 5, 12 + 19);
	assert_true(p.moved == 3 || p.moved == 9 || p.moved == 12);
	/* 16 bytes from the address that ends in 0xae: the ret is at 0xb4, the nops end at 0xc0 */
	assert_int_equal(plan_syscall6(&p, syscall6, sizeof syscall6 - SYSCALL6_CALL - 2, SYSCALL6_ADDRESS), SITE_PLANNED);
	assert_in_range(-p.hole, 9, 20 - 5);
}

static void
a_hole_is_in_the_same_page_and_in_nobodys_way(void **state)
{
	uint8_t code[sizeof syscall6];
	struct site_plan p;

	(void)state;
	/* Another page. */
	assert_int_equal(plan_syscall6(&p, syscall6, 0, 0x100c), SITE_NO_ROOM);
	/* The way goes on behind a call that returns. */
	memcpy(code, syscall6, sizeof code);
	for (unsigned i = 11; i < 32; i++)
		code[i] = 0x90;
	assert_int_equal(plan_syscall6(&p, code, 0, SYSCALL6_ADDRESS), SITE_NO_ROOM);
	/* Padding that no function begins behind. */
	memcpy(code, syscall6, sizeof code);
	memset(code + 13, 0x53, 10);
	assert_int_equal(plan_syscall6(&p, code, 0, SYSCALL6_ADDRESS), SITE_PLANNED);
	assert_int_equal(plan_syscall6(&p, code, 0, SYSCALL6_ADDRESS + 8), SITE_NO_ROOM);
	/* Another site's hole. */
	memcpy(code, syscall6, sizeof code);
	for (unsigned i = 13; i < 32; i += 4)
		code[i] = 0xe9;
	assert_int_equal(plan_syscall6(&p, code, 0, SYSCALL6_ADDRESS), SITE_NO_ROOM);
}

static void
a_constant_inside_another_instruction_is_left_alone(void **state)
{
	/* movabs $0x53000000b8535353, %rax; the five bytes from b8 on look like a mov. */
	static const uint8_t code[] = {
		0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53,
		0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53,
		0x48, 0xb8, 0x53, 0x53, 0x53, 0xb8, 0, 0, 0, 0x53, 0x0f, 0x05,
	};
	struct site_plan p;

	(void)state;
	/* The movabs itself will do, where enough of it lies in one word. */
	for (uint64_t address = 0x1000; address < 0x1008; address++) {
		unsigned room = 8 - ((address - 10) & 7);

		assert_int_equal(plan(&p, code, sizeof code - 2, address), room < 3 ? SITE_NO_ROOM : SITE_PLANNED);
		if (room >= 3)
			assert_int_equal(p.moved, 10);
	}
}

static void
a_function_right_behind_data_is_left_alone(void **state)
{
	/* Decoded from wherever in the text, the last zero of the data swallows the mov. */
	static const uint8_t code[] = {
		0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53,
		'c', 'o', 'd', 'e', ' ', 'a', 't', 12, 0, 0, 0, 0,
		0xb8, 39, 0, 0, 0, 0x0f, 0x05,
	};
	struct site_plan p;

	(void)state;
	for (uint64_t address = 0x1000; address < 0x1008; address++)
		assert_int_equal(plan(&p, code, sizeof code - 2, address), SITE_UNCERTAIN);
}

static void
a_site_behind_a_branch_is_left_alone(void **state)
{
	static const uint8_t code[] = {
		0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53, 0x53,
		0xb8, 1, 0, 0, 0,	/* mov */
		0x74, 2,		/* je */
		0x31, 0xff,		/* xor %edi, %edi */
		0x0f, 0x05,
	};
	struct site_plan p;

	(void)state;
	assert_int_equal(plan(&p, code, sizeof code - 2, 0x1009), SITE_NO_ROOM);
}

static void
too_little_before_a_site_is_uncertain(void **state)
{
	struct site_plan p;

	(void)state;
	assert_int_equal(plan(&p, libc_stub + STUB_BEFORE - 8, 8, 0x1008), SITE_UNCERTAIN);
	assert_int_equal(plan(&p, libc_stub + STUB_BEFORE, 0, 0x1008), SITE_UNCERTAIN);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_are_those_of_capstone),
		cmocka_unit_test(lengths_of_32_bit_code_are_those_of_capstone),
		cmocka_unit_test(lengths_stay_within_the_bytes_given),
		cmocka_unit_test(what_depends_on_its_place_is_not_moved),
		cmocka_unit_test(a_constant_in_one_word_is_form_a),
		cmocka_unit_test(a_plan_that_was_tried_is_not_made_again),
		cmocka_unit_test(an_instruction_of_four_bytes_is_form_b),
		cmocka_unit_test(each_instruction_that_fits_is_tried_for_form_b),
		cmocka_unit_test(padding_before_or_behind_makes_form_c),
		cmocka_unit_test(a_hole_is_in_the_same_page_and_in_nobodys_way),
		cmocka_unit_test(a_constant_inside_another_instruction_is_left_alone),
		cmocka_unit_test(a_function_right_behind_data_is_left_alone),
		cmocka_unit_test(a_site_behind_a_branch_is_left_alone),
		cmocka_unit_test(too_little_before_a_site_is_uncertain),
	};
	int failed;

	(void)argc;
	files = argv + 1;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &capstone[CODE_64]) != CS_ERR_OK ||
	    cs_open(CS_ARCH_X86, CS_MODE_32, &capstone[CODE_32]) != CS_ERR_OK)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	cs_close(&capstone[CODE_64]);
	cs_close(&capstone[CODE_32]);
	return failed;
}
