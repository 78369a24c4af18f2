/* core/site_stub_x86_64.c: a stub runs as the code it took over, and says where it came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <capstone/capstone.h>
#include <string.h>

#include "layout.h"
#include "site_stub_x86_64.h"

#define PAGE UINT64_C(0x1f0000)
#define ADDRESS (PAGE + STUB_FIRST)
#define SITE UINT64_C(0x200128)

static const struct site_plan plan_64 = {CODE_64, SITE_FORM_A, 8, 5, 0, 0}, plan_32 = {CODE_32, SITE_FORM_A, 7, 5, 0, 0};
static const uint8_t moved_32[] = {0xb8, 20, 0, 0, 0, 0x31, 0xdb};	/* mov $20, %eax; xor %ebx, %ebx */
static const uint8_t moved[] = {0xb8, 20, 0, 0, 0, 0x49, 0x89, 0xca};	/* mov $20, %eax; mov %rcx, %r10 */

static void
a_stub_is_what_its_header_says(void **state)
{
	static const char *const wanted[] = {
		"mov eax, 0x14", "mov r10, rcx", "mov r11, qword ptr gs:[8]", "mov rcx, qword ptr gs:[0x10]",
		"lea rcx, [rcx + r11 + 0x6472676d]", "jrcxz ", "jmp 0x200128", "lea rcx, [rip + ", "jmp qword ptr [rip - ",
	};
	struct stub s;
	csh handle;
	cs_insn *i;
	char text[200];
	uint64_t lea = 0, jump_over = 0;

	(void)state;
	stub_encode(&s, ADDRESS, moved, &plan_64, SITE);
	assert_int_equal(cs_open(CS_ARCH_X86, CS_MODE_64, &handle), CS_ERR_OK);
	cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	assert_true(cs_disasm(handle, s.code, sizeof s.code, ADDRESS, 9, &i) == 9);
	for (unsigned n = 0; n < 9; n++) {
		strcat(strcat(strcpy(text, i[n].mnemonic), " "), i[n].op_str);
		if (strncmp(text, wanted[n], strlen(wanted[n])) != 0)
			fail_msg("%s, not %s", text, wanted[n]);
	}
	jump_over = (uint64_t)i[5].detail->x86.operands[0].imm;
	lea = i[7].address;
	assert_int_equal(jump_over, lea);
	assert_int_equal(i[7].address + i[7].size + (uint64_t)i[7].detail->x86.operands[1].mem.disp, SITE + 2);
	assert_int_equal(i[8].address + i[8].size + (uint64_t)i[8].detail->x86.operands[0].mem.disp, PAGE);
	cs_free(i, 9);
	cs_close(&handle);
}

static void
the_longest_stretch_fits(void **state)
{
	uint8_t code[SITE_MOVED_MAX];
	struct stub s;

	(void)state;
	memset(code, 0x57, sizeof code);
	for (enum code_mode mode = CODE_64; mode <= CODE_32; mode++) {
		const struct site_plan plan = {mode, SITE_FORM_A, sizeof code, 5, 0, 0};

		stub_encode(&s, ADDRESS, code, &plan, SITE);
		assert_int_equal(s.from, SITE - sizeof code);
		assert_int_equal(s.site, SITE);
		assert_memory_equal(s.code, code, sizeof code);
	}
}

/* The instruction at `offset` of the stub. */
static void
assert_text(const struct stub *s, enum code_mode mode, size_t *offset, const char *wanted)
{
	csh handle;
	cs_insn *i;
	char text[200];

	assert_int_equal(cs_open(CS_ARCH_X86, mode == CODE_64 ? CS_MODE_64 : CS_MODE_32, &handle), CS_ERR_OK);
	assert_true(cs_disasm(handle, s->code + *offset, sizeof s->code - *offset, ADDRESS + *offset, 1, &i) == 1);
	strcat(strcat(strcpy(text, i->mnemonic), " "), i->op_str);
	assert_string_equal(text, wanted);
	*offset += i->size;
	cs_free(i, 1);
	cs_close(&handle);
}

static void
a_stub_of_32_bit_code_is_what_its_header_says(void **state)
{
	static const uint8_t pointer[] = {0x28, 0x01, 0x20, 0, USER32_CS, 0};
	struct stub s;
	size_t at = 0;

	(void)state;
	stub_encode(&s, ADDRESS, moved_32, &plan_32, SITE);
	assert_text(&s, CODE_32, &at, "mov eax, 0x14");
	assert_text(&s, CODE_32, &at, "xor ebx, ebx");
	assert_text(&s, CODE_32, &at, "ljmp 0x33:0x1f004e");
	assert_int_equal(ADDRESS + at, 0x1f004e);
	assert_text(&s, CODE_64, &at, "mov r10d, 0x200128");
	assert_text(&s, CODE_64, &at, "lea r9, [rip + 0x37]");
	assert_memory_equal(s.code + at + 0x37, pointer, sizeof pointer);
	assert_text(&s, CODE_64, &at, "jmp qword ptr [rip - 0x61]");
	assert_int_equal(ADDRESS + at - 0x61, PAGE);
}

static void
a_thread_in_a_stub_is_where_its_site_has_the_same(void **state)
{
	struct stub s;

	(void)state;
	stub_encode(&s, ADDRESS, moved, &plan_64, SITE);
	assert_int_equal(stub_original(&s, 0), SITE - 8);
	assert_int_equal(stub_original(&s, 5), SITE - 3);
	for (uint64_t offset = 8; offset < sizeof s.code; offset++)
		assert_int_equal(stub_original(&s, offset), SITE);
	for (uint64_t offset = 0; offset < sizeof s.code; offset++)
		assert_int_equal(stub_tries_gs(&s, offset), offset == 8 || offset == 17);
}

/* Where a five-byte jump at `from` goes. */
static uint64_t
goes_to(const uint8_t jump[5], uint64_t from)
{
	int32_t distance;

	assert_int_equal(jump[0], 0xe9);
	memcpy(&distance, jump + 1, 4);
	return from + 5 + (uint64_t)(int64_t)distance;
}

static void
jumps_of_form_a_reach_two_gigabytes_either_way(void **state)
{
	const struct site_plan plan = {CODE_64, SITE_FORM_A, 8, 5, 0, 0};
	const uint64_t site = UINT64_C(0x7f0000000008);
	uint64_t low, high;
	uint8_t jump[5];

	(void)state;
	stub_reach(&plan, site, &low, &high);
	for (unsigned n = 0; n < 2; n++) {
		uint64_t at = n ? high : low;

		assert_true(stub_in_reach(&plan, site, at));
		assert_int_equal(stub_jump(jump, &plan, site, at), 5);
		assert_int_equal(goes_to(jump, site - 8), at);
	}
	assert_true(high - low > UINT64_C(0xfff00000));
	assert_false(stub_in_reach(&plan, site, low - 1));
	assert_false(stub_in_reach(&plan, site, high + 1));
	stub_reach(&plan, 0x400008, &low, &high);
	assert_int_equal(low, 0);
}

static void
jumps_in_32_bit_code_reach_everywhere(void **state)
{
	uint64_t low, high;
	uint8_t jump[5];

	(void)state;
	stub_reach(&plan_32, SITE, &low, &high);
	assert_int_equal(low, 0);
	assert_true(high > UINT64_C(0xffffe000));
	for (uint64_t at = 0x10000; at < high; at += UINT64_C(0x12345678)) {
		assert_int_equal(stub_jump(jump, &plan_32, SITE, at), 5);
		assert_int_equal((uint32_t)goes_to(jump, SITE - 7), at);
	}
}

/* All jumps into the window change `changed` bytes, and have in the others what the plan's distance has there. */
static void
assert_window(const struct site_plan *plan, uint64_t site, uint64_t low, uint64_t high)
{
	uint64_t from, to;

	stub_reach(plan, site, &from, &to);
	assert_int_equal(from, low);
	assert_int_equal(to, high);
	for (uint64_t at = low; at <= high; at += (high - low) / 0xff) {
		uint8_t jump[5];
		uint64_t leads_to;

		assert_true(stub_in_reach(plan, site, at));
		assert_int_equal(stub_jump(jump, plan, site, at), plan->changed);
		assert_memory_equal(jump + plan->changed, (const uint8_t *)&plan->distance + plan->changed - 1,
				    5u - plan->changed);
		leads_to = goes_to(jump, site - plan->moved);
		assert_int_equal(plan->mode == CODE_32 ? (uint32_t)leads_to : leads_to, at);
	}
	assert_false(stub_in_reach(plan, site, low - 1));
	assert_false(stub_in_reach(plan, site, high + 1));
}

static void
jumps_of_form_b_keep_their_upper_bytes(void **state)
{
	/* Kept: the syscall; the first byte of it; what mov 28(%esp), %ebp begins with; int. */
	static const struct site_plan syscall = {CODE_64, SITE_FORM_B, 3, 3, 0, 0x050f0000},
				      half = {CODE_64, SITE_FORM_B, 4, 4, 0, 0x0f000000},
				      load = {CODE_32, SITE_FORM_B, 8, 4, 0, (int32_t)0x8b000000},
				      interrupt = {CODE_32, SITE_FORM_B, 4, 4, 0, (int32_t)0xcd000000};
	static const struct site_plan back = {CODE_64, SITE_FORM_B, 6, 3, 0, (int32_t)0x89480000};
	const uint64_t high_site = UINT64_C(0x7f0000000008);

	(void)state;
	assert_window(&syscall, SITE, SITE + 2 + 0x050f0000, SITE + 2 + 0x050fffff);
	assert_window(&half, SITE, SITE + 1 + 0x0f000000, SITE + 1 + 0x0fffffff);
	assert_window(&load, SITE, SITE - 3 + 0x8b000000, SITE - 3 + 0x8bffffff);
	assert_window(&interrupt, SITE, SITE + 1 + 0xcd000000, SITE + 1 + 0xcdffffff);
	assert_window(&back, high_site, high_site - 1 - 0x76b80000, high_site - 1 - 0x76b70001);
}

static void
a_window_of_32_bit_code_wraps_and_ends_with_the_addresses(void **state)
{
	const struct site_plan plan = {CODE_32, SITE_FORM_B, 4, 4, 0, (int32_t)0xcd000000};
	uint64_t low, high;

	(void)state;
	stub_reach(&plan, 0xf7000104, &low, &high);
	assert_int_equal(low, 0xc4000105);
	stub_reach(&plan, 0x32800003, &low, &high);
	assert_int_equal(low, 0xff800004);
	assert_in_range(high, low, UINT64_C(0xffffffff) - STUB_SLOT);
}

static void
jumps_of_form_c_go_by_the_hole(void **state)
{
	static const int16_t holes[] = {17, 130, -9, -120};
	uint8_t jump[5];

	(void)state;
	for (unsigned n = 0; n < sizeof holes / sizeof *holes; n++) {
		const struct site_plan plan = {CODE_64, SITE_FORM_C, 6, 2, holes[n], 0};
		const uint64_t hole = SITE - (uint64_t)(int64_t)holes[n];

		assert_int_equal(stub_jump(jump, &plan, SITE, ADDRESS), 2);
		assert_int_equal(jump[0], 0xeb);
		assert_int_equal(SITE - 6 + 2 + (uint64_t)(int64_t)(int8_t)jump[1], hole);
		stub_hole_jump(jump, &plan, SITE, ADDRESS);
		assert_int_equal(goes_to(jump, hole), ADDRESS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stub_is_what_its_header_says),
		cmocka_unit_test(a_stub_of_32_bit_code_is_what_its_header_says),
		cmocka_unit_test(the_longest_stretch_fits),
		cmocka_unit_test(a_thread_in_a_stub_is_where_its_site_has_the_same),
		cmocka_unit_test(jumps_of_form_a_reach_two_gigabytes_either_way),
		cmocka_unit_test(jumps_in_32_bit_code_reach_everywhere),
		cmocka_unit_test(jumps_of_form_c_go_by_the_hole),
		cmocka_unit_test(jumps_of_form_b_keep_their_upper_bytes),
		cmocka_unit_test(a_window_of_32_bit_code_wraps_and_ends_with_the_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
