/*
 * loader/: the first stack, against what real FreeBSD kernels gave a program
 * (recorded/RELEASE/frames.txt, whose folder is the test's argument).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "host_stub.h"
#include "loader/stack_freebsd.h"

#define LOW UINT64_C(0x7000000000)
#define SIZE 0x4000

static const char *recorded;
static unsigned char *memory; /* SIZE bytes, with pages around that must not be touched */
static struct stack stack;
static struct freebsd_stack built;

static char words[][16] = {"hello", "", "a b", "PATH=/bin", "HOME=/"};
static char *const argv[] = {words[0], words[1], words[2], NULL};
static char *const envp[] = {words[3], words[4], NULL};
static const struct image image = {
	.base = 0,
	.entry = 0x201000,
	.phdr = 0x200040,
	.phnum = 5,
	.phent = 56,
	.info = {.has_stack = true, .stack_flags = 6},
};

static struct freebsd_start
start_of(uint32_t osreldate)
{
	struct freebsd_start start = {
		.image = &image,
		.exec_path = "/bin/hello",
		.argv = argv,
		.envp = envp,
		.osreldate = osreldate,
		.ncpus = 2,
		.stack_limit = 0x20000000,
		.timekeep = 0x7ffffffffbe0,
		.kpreload = 0x7ffffffff5d0,
	};

	memset(start.canary, 0xca, sizeof start.canary);
	return start;
}

static int
make_memory(void **state)
{
	unsigned char *p = mmap(NULL, SIZE + 0x2000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	if (p == MAP_FAILED || mprotect(p + 0x1000, SIZE, PROT_READ | PROT_WRITE) < 0)
		return -1;
	memory = p + 0x1000;
	return 0;
}

static long
build(const struct freebsd_start *start, uint64_t size)
{
	memset(memory, 0, SIZE);
	stack_on_memory(&stack, memory + SIZE - size, LOW + SIZE - size, size);
	return freebsd_stack_build(&stack, start, &built);
}

static uint64_t
u64_at(uint64_t address)
{
	uint64_t v;

	assert_true(address >= LOW && address <= LOW + SIZE - 8);
	memcpy(&v, memory + (address - LOW), 8);
	return v;
}

static const char *
text_at(uint64_t address)
{
	assert_true(address >= LOW && address < LOW + SIZE);
	return (const char *)memory + (address - LOW);
}

static uint64_t
aux(uint64_t type)
{
	for (uint64_t at = built.auxv; u64_at(at) != 0; at += 16)
		if (u64_at(at) == type)
			return u64_at(at + 8);
	fail_msg("no auxv entry %lu", (unsigned long)type);
	return 0;
}

/* The ids of the recorded vector, in their order. */
static size_t
recorded_ids(const char *release, uint64_t *ids, size_t max)
{
	char path[4096], line[4096], *word, *save = NULL;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s/frames.txt", recorded, release);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) && strncmp(line, " auxv", 5) != 0)
		;
	fclose(f);
	strtok_r(line, " \n", &save);
	while ((word = strtok_r(NULL, " \n", &save)) && n < max)
		ids[n++] = strtoul(word, NULL, 16);
	return n;
}

static void
assert_as_recorded(const char *release, uint32_t osreldate)
{
	struct freebsd_start start = start_of(osreldate);
	uint64_t ids[64];
	size_t n = recorded_ids(release, ids, 64);

	assert_in_range(n, 20, 40);
	assert_int_equal(build(&start, SIZE), 0);
	for (size_t k = 0; k < n; k++)
		assert_int_equal(u64_at(built.auxv + 16 * k), ids[k]);
	assert_int_equal(u64_at(built.auxv + 16 * n), 0);
}

static void
auxv_is_in_the_order_of_13_2(void **state)
{
	(void)state;
	assert_as_recorded("13.2", 1302001);
}

static void
auxv_is_in_the_order_of_15_1(void **state)
{
	(void)state;
	assert_as_recorded("15.1", 1501000);
}

static void
auxv_says_what_was_given(void **state)
{
	struct freebsd_start start = start_of(1302001);

	(void)state;
	assert_int_equal(build(&start, SIZE), 0);
	assert_int_equal(aux(3), 0x200040);
	assert_int_equal(aux(4), 56);
	assert_int_equal(aux(5), 5);
	assert_int_equal(aux(7), 0);
	assert_int_equal(aux(9), 0x201000);
	assert_string_equal(text_at(aux(15)), "/bin/hello");
	assert_int_equal(aux(17), 64);
	assert_int_equal((unsigned char)text_at(aux(16))[63], 0xca);
	assert_int_equal(aux(18), 1302001);
	assert_int_equal(aux(19), 2);
	assert_int_equal(aux(21), 24);
	assert_int_equal(u64_at(aux(20) + 16), 1 << 30);
	assert_int_equal(aux(22), 0x7ffffffffbe0);
	assert_int_equal(aux(23), 3);
	assert_int_equal(aux(34), 0x7ffffffff5d0);
	assert_int_equal(aux(35), LOW + SIZE);
	assert_int_equal(aux(36), 0x20000000);
}

static void
base_is_the_interpreters_if_there_is_one(void **state)
{
	struct freebsd_start start = start_of(1302001);
	struct image dynamic = image;

	(void)state;
	dynamic.base = 0x10000;
	start.image = &dynamic;
	assert_int_equal(build(&start, SIZE), 0);
	assert_int_equal(aux(7), 0x10000);
	dynamic.interp_base = 0x80000;
	assert_int_equal(build(&start, SIZE), 0);
	assert_int_equal(aux(7), 0x80000);
}

static void
what_is_absent_has_no_entry(void **state)
{
	struct freebsd_start start = start_of(1302001);

	(void)state;
	start.exec_path = NULL;
	start.timekeep = start.kpreload = 0;
	assert_int_equal(build(&start, SIZE), 0);
	for (uint64_t at = built.auxv; u64_at(at) != 0; at += 16) {
		assert_int_not_equal(u64_at(at), 15);
		assert_int_not_equal(u64_at(at), 22);
		assert_int_not_equal(u64_at(at), 34);
	}
}

static void
arguments_are_where_the_program_looks(void **state)
{
	struct freebsd_start start = start_of(1501000);

	(void)state;
	assert_int_equal(build(&start, SIZE), 0);
	assert_int_equal(u64_at(built.block), 3);
	assert_int_equal(built.argv, built.block + 8);
	assert_string_equal(text_at(u64_at(built.argv)), "hello");
	assert_string_equal(text_at(u64_at(built.argv + 8)), "");
	assert_string_equal(text_at(u64_at(built.argv + 16)), "a b");
	assert_int_equal(u64_at(built.argv + 24), 0);
	assert_int_equal(built.envp, built.argv + 32);
	assert_string_equal(text_at(u64_at(built.envp)), "PATH=/bin");
	assert_string_equal(text_at(u64_at(built.envp + 8)), "HOME=/");
	assert_int_equal(u64_at(built.envp + 16), 0);
	assert_int_equal(built.auxv, built.envp + 24);
	assert_int_equal(built.args_size, 11);
	assert_int_equal(built.env, built.args + 11);
	assert_int_equal(built.env_size, 17);
}

static void
ps_strings_tell_of_them(void **state)
{
	struct freebsd_start start = start_of(1501000);

	(void)state;
	assert_int_equal(build(&start, SIZE), 0);
	assert_int_equal(built.ps_strings, LOW + SIZE - 32);
	assert_int_equal(aux(32), built.ps_strings);
	assert_int_equal(u64_at(built.ps_strings), built.argv);
	assert_int_equal(u64_at(built.ps_strings + 8), 3);
	assert_int_equal(u64_at(built.ps_strings + 16), built.envp);
	assert_int_equal(u64_at(built.ps_strings + 24), 2);
}

static void
things_lie_in_the_kernels_order(void **state)
{
	struct freebsd_start start = start_of(1302001);

	(void)state;
	assert_int_equal(build(&start, SIZE), 0);
	assert_true(built.block < built.auxv && built.auxv < built.args &&
		    built.args < built.page_sizes);
	assert_true(built.page_sizes < built.canary && built.canary < built.exec_path);
	assert_true(built.exec_path < built.ps_strings);
	/* As in recorded/13.2/auxv.txt: 24 bytes of sizes, the canary, the path. */
	assert_int_equal(built.canary - built.page_sizes, 24);
	assert_int_equal(built.exec_path - built.canary, 64);
}

static void
stack_pointer_is_as_after_a_call(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 16; n++) {
		struct freebsd_start start = start_of(n & 1 ? 1302001 : 1501000);
		char text[32];
		char *const args[] = {text, NULL};

		memset(text, 'x', sizeof text);
		text[n] = 0;
		start.argv = args;
		start.envp = n & 2 ? args : NULL;
		assert_int_equal(build(&start, SIZE), 0);
		assert_int_equal(built.rsp % 16, 8);
		assert_true(built.rsp <= built.block && built.block - built.rsp <= 8);
		assert_int_equal(built.block - built.rsp, n & 1 ? 8 : 0); /* as recorded */
	}
}

static void
no_arguments_at_all(void **state)
{
	struct freebsd_start start = start_of(1501000);

	(void)state;
	start.argv = start.envp = NULL;
	assert_int_equal(build(&start, SIZE), 0);
	assert_int_equal(u64_at(built.block), 0);
	assert_int_equal(u64_at(built.argv), 0);
	assert_int_equal(u64_at(built.envp), 0);
	assert_int_equal(built.auxv, built.block + 24);
}

static void
stack_protection_is_what_the_program_asks_for(void **state)
{
	struct elf_info info = {0};

	(void)state;
	assert_int_equal(freebsd_stack_protection(&info), PROT_READ | PROT_WRITE | PROT_EXEC);
	info.has_stack = true;
	info.stack_flags = 6;
	assert_int_equal(freebsd_stack_protection(&info), PROT_READ | PROT_WRITE);
	info.stack_flags = 7;
	assert_int_equal(freebsd_stack_protection(&info), PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* Sizes from nothing to enough: the pages around the memory catch a stray write. */
static void
too_small_a_stack_is_refused(void **state)
{
	struct freebsd_start start = start_of(1501000);
	uint64_t needed;

	(void)state;
	assert_int_equal(build(&start, SIZE), 0);
	needed = LOW + SIZE - built.block;
	for (uint64_t size = 0; size < needed; size += 8)
		assert_int_equal(build(&start, size), -E2BIG);
	assert_int_equal(build(&start, needed), 0);
}

static void
stack_grows_down_to_a_guard(void **state)
{
	struct stack s;

	(void)state;
	assert_int_equal(stack_map(&s, 0x100000, PROT_READ | PROT_WRITE, 0x1000), 0);
	assert_int_equal(s.top - s.low, 0x100000);
	assert_ptr_equal(s.memory, s.low);
	assert_int_equal(stub_mapped(), 0x102000);
	*(volatile char *)s.low = 1;
	*(volatile char *)(s.top + 0xfff) = 1;
	stub_unmap_all();
}

static void
less_of_a_stack_is_better_than_none(void **state)
{
	struct stack s;

	(void)state;
	assert_int_equal(stack_map(&s, UINT64_C(1) << 47, PROT_READ | PROT_WRITE, 0), 0);
	assert_in_range(s.top - s.low, 0x100000, UINT64_C(1) << 46);
	stub_unmap_all();
}

int
main(int argc, char **argv_)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auxv_is_in_the_order_of_13_2),
		cmocka_unit_test(auxv_is_in_the_order_of_15_1),
		cmocka_unit_test(auxv_says_what_was_given),
		cmocka_unit_test(base_is_the_interpreters_if_there_is_one),
		cmocka_unit_test(what_is_absent_has_no_entry),
		cmocka_unit_test(arguments_are_where_the_program_looks),
		cmocka_unit_test(ps_strings_tell_of_them),
		cmocka_unit_test(things_lie_in_the_kernels_order),
		cmocka_unit_test(stack_pointer_is_as_after_a_call),
		cmocka_unit_test(no_arguments_at_all),
		cmocka_unit_test(stack_protection_is_what_the_program_asks_for),
		cmocka_unit_test(too_small_a_stack_is_refused),
		cmocka_unit_test(stack_grows_down_to_a_guard),
		cmocka_unit_test(less_of_a_stack_is_better_than_none),
	};

	if (argc != 2)
		return 2;
	recorded = argv_[1];
	return cmocka_run_group_tests(tests, make_memory, NULL);
}
