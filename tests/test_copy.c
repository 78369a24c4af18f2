/* copy.c and copy_x86_64.S: guest memory is read and written as far as it goes, and no further. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cmocka.h>

#include "copy.h"
#include "layout.h"

#define PAGE 4096
#define AROUND 0x5a

/* The core's handler does this (arrival.c, core_fault()). */
extern const char guest_access_begin[], guest_access_end[], guest_access_fault[];

static void
fault(int number, siginfo_t *info, void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	(void)info;
	if (*rip < (greg_t)guest_access_begin || *rip >= (greg_t)guest_access_end)
		signal(number, SIG_DFL);
	else
		*rip = (greg_t)guest_access_fault;
}

/* Two pages, and behind them nothing. */
static char *pages;

static int
begin(void **state)
{
	(void)state;
	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return pages == MAP_FAILED || mprotect(pages + 2 * PAGE, PAGE, PROT_NONE) < 0;
}

static struct guest_ptr
at(const char *p)
{
	return (struct guest_ptr){(uintptr_t)p};
}

/* A string of n bytes at `from`, and behind its NUL what is no 0. */
static void
put_string(char *from, size_t n)
{
	memset(from, 'a', n);
	from[n] = '\0';
	for (char *p = from + n + 1; p < from + n + 9 && p < pages + 2 * PAGE; p++)
		*p = 'z';
}

static void
strings_of_all_lengths_in_all_places(void **state)
{
	char to[64];

	(void)state;
	for (size_t offset = PAGE - 24; offset < PAGE + 16; offset++)
		for (size_t n = 0; n < 40; n++)
			for (size_t size = 1; size < sizeof to; size++) {
				long wanted = n < size ? (long)n : -ENAMETOOLONG;

				put_string(pages + offset, n);
				memset(to, AROUND, sizeof to);
				assert_int_equal(copy_in_string(to, at(pages + offset), size), wanted);
				assert_memory_equal(to, pages + offset, n < size ? n + 1 : size);
				for (size_t i = size; i < sizeof to; i++)	/* never beyond the room */
					assert_int_equal(to[i], AROUND);
			}
}

static void
high_bytes_are_no_ends(void **state)
{
	char to[32];

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		memset(pages, byte, 16);
		pages[16] = '\0';
		assert_int_equal(copy_in_string(to, at(pages), sizeof to), 16);
	}
	memcpy(pages, "\x01\x80\xff\x01\x01\x01\x01\x80\x01", 10);
	assert_int_equal(copy_in_string(to, at(pages), sizeof to), 9);
}

static void
the_end_of_memory(void **state)
{
	const struct sigaction act = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
	char to[64], *end = pages + 2 * PAGE;

	(void)state;
	assert_int_equal(sigaction(SIGSEGV, &act, NULL), 0);	/* in cmocka's place */
	for (size_t n = 0; n < 24; n++) {
		put_string(end - n - 1, n);
		assert_int_equal(copy_in_string(to, at(end - n - 1), sizeof to), n);
		end[-1] = 'a';
		assert_int_equal(copy_in_string(to, at(end - n - 1), sizeof to), -EFAULT);
		assert_int_equal(copy_in_string(to, at(end - n - 1), n + 1), -ENAMETOOLONG);
		assert_int_equal(copy_in(to, at(end - n), n + 1), -EFAULT);
		assert_int_equal(copy_out(at(end - n), to, n + 1), -EFAULT);
		assert_int_equal(copy_in(to, at(end - n), n), 0);
	}
	assert_int_equal(copy_in_string(to, at(end), sizeof to), -EFAULT);
}

static void
the_cores_memory_is_nobodys(void **state)
{
	const struct guest_ptr core = {CORE_BASE}, before = {CORE_BASE - 1}, last = {CORE_END - 1}, behind = {CORE_END};
	char to[8];

	(void)state;
	assert_int_equal(copy_in(to, core, 1), -EFAULT);
	assert_int_equal(copy_in(to, before, 2), -EFAULT);
	assert_int_equal(copy_out(last, to, 1), -EFAULT);
	assert_int_equal(copy_in_string(to, core, sizeof to), -EFAULT);
	/* Where nothing is, and the lower half as it was: an int, what it is aligned to. */
	assert_int_equal(outside_core(CORE_TEXT + 12), CORE_BASE + 12);
	assert_int_equal(outside_core(last.addr), CORE_BASE + (uint32_t)last.addr);
	assert_int_equal(outside_core(before.addr), before.addr);
	assert_int_equal(outside_core(behind.addr), behind.addr);
	assert_int_equal(copy_in(to, (struct guest_ptr){UINT64_MAX}, 2), -EFAULT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_of_all_lengths_in_all_places),
		cmocka_unit_test(high_bytes_are_no_ends),
		cmocka_unit_test(the_end_of_memory),
		cmocka_unit_test(the_cores_memory_is_nobodys),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
