/* string.c, built under other names, against libc's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* meson.build renames memcpy to core_memcpy, and so on, in string.c. */
void *core_memcpy(void *to, const void *from, size_t n);
void *core_memmove(void *to, const void *from, size_t n);
void *core_memset(void *to, int c, size_t n);
int core_memcmp(const void *a, const void *b, size_t n);
size_t core_strlen(const char *s);
int core_strcmp(const char *a, const char *b);
int core_strncmp(const char *a, const char *b, size_t n);
char *core_strchr(const char *s, int c);
char *core_strrchr(const char *s, int c);
size_t core_strlcpy(char *to, const char *from, size_t size);

enum { SPACE = 96 };
static char ours[SPACE], theirs[SPACE];

static void
fill(void)
{
	for (int i = 0; i < SPACE; i++)
		ours[i] = theirs[i] = (char)(i * 7 + 1);
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
copies_are_exact_at_every_length_and_place(void **state)
{
	(void)state;
	for (size_t n = 0; n < 40; n++) {
		for (size_t at = 0; at < 9; at++) {
			fill();
			assert_ptr_equal(core_memcpy(ours + at, ours + 50, n), ours + at);
			memcpy(theirs + at, theirs + 50, n);
			assert_memory_equal(ours, theirs, SPACE);
			core_memset(ours + at, 0x1a5, n);
			memset(theirs + at, 0xa5, n);
			assert_memory_equal(ours, theirs, SPACE);
		}
	}
}

static void
memory_is_set_exactly_at_every_length(void **state)
{
	static unsigned char mine[320], libcs[320];

	(void)state;
	for (size_t n = 0; n <= 300; n++) {
		memset(mine, 0, sizeof mine);
		memset(libcs, 0, sizeof libcs);
		assert_ptr_equal(core_memset(mine + 3, 0x1a5, n), mine + 3);
		memset(libcs + 3, 0xa5, n);
		assert_memory_equal(mine, libcs, sizeof mine);
	}
}

static void
overlapping_moves_keep_every_byte(void **state)
{
	(void)state;
	for (size_t n = 0; n < 40; n++) {
		for (size_t to = 0; to < 40; to += 3) {
			fill();
			assert_ptr_equal(core_memmove(ours + to, ours + 20, n), ours + to);
			memmove(theirs + to, theirs + 20, n);
			assert_memory_equal(ours, theirs, SPACE);
		}
	}
}

static void
comparisons_have_libcs_sign(void **state)
{
	static const char *const words[] = {"", "a", "ab", "abc", "b", "\xff", "a\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
			const char *a = words[i], *b = words[j];
			size_t both = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

			assert_int_equal(sign(core_strcmp(a, b)), sign(strcmp(a, b)));
			assert_int_equal(sign(core_memcmp(a, b, both)), sign(memcmp(a, b, both)));
			for (size_t n = 0; n < 5; n++)
				assert_int_equal(sign(core_strncmp(a, b, n)), sign(strncmp(a, b, n)));
		}
	}
}

static void
searches_find_what_libc_finds(void **state)
{
	static const char text[] = "/usr/libexec/ld-elf.so.1";

	(void)state;
	assert_int_equal(core_strlen(text), strlen(text));
	assert_int_equal(core_strlen(""), 0);
	for (int c = 0; c < 128; c++) {
		assert_ptr_equal(core_strchr(text, c), strchr(text, c));
		assert_ptr_equal(core_strrchr(text, c), strrchr(text, c));
	}
}

static void
strlcpy_ends_what_it_cuts(void **state)
{
	char space[6];

	(void)state;
	for (size_t size = 0; size <= sizeof space; size++) {
		memset(space, '#', sizeof space);
		assert_int_equal(core_strlcpy(space, "longer", size), 6);
		if (size > 0) {
			assert_int_equal(strlen(space), size - 1);
			assert_memory_equal(space, "longer", size - 1);
		}
		for (size_t i = size; i < sizeof space; i++)
			assert_int_equal(space[i], '#');
	}
	assert_int_equal(core_strlcpy(space, "abc", sizeof space), 3);
	assert_string_equal(space, "abc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_are_exact_at_every_length_and_place),
		cmocka_unit_test(memory_is_set_exactly_at_every_length),
		cmocka_unit_test(overlapping_moves_keep_every_byte),
		cmocka_unit_test(comparisons_have_libcs_sign),
		cmocka_unit_test(searches_find_what_libc_finds),
		cmocka_unit_test(strlcpy_ends_what_it_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
