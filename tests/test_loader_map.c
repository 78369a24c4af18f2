/*
 * loader/: mapping. The stub for host calls (host_stub.h) aborts if anything is
 * mapped over what was there, or over the core.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "elf_image.h"
#include "host_stub.h"
#include "loader/loader.h"
#include "translate/core/layout.h"

#define PAGE UINT64_C(0x1000)

static struct image image;
static struct load_error error;

static int
start_clean(void **state)
{
	(void)state;
	stub_fail_call(-1, 0, 0);
	memset(&error, 0, sizeof error);
	return 0;
}

static int
end_clean(void **state)
{
	(void)state;
	stub_unmap_all();
	return 0;
}

/* The interpreter that tests have: a memfd, or an errno. */
struct interp {
	int fd; /* or -errno */
	char asked[ELF_MAX_INTERP];
};

static int
open_interp(void *context, const char *path)
{
	struct interp *i = context;

	snprintf(i->asked, sizeof i->asked, "%s", path);
	return i->fd < 0 ? i->fd : fcntl(i->fd, F_DUPFD_CLOEXEC, 0);
}

static int
load(const struct elf_image *im, struct interp *interp, uint64_t base)
{
	struct load_options o = {
		.open_path = interp ? open_interp : NULL, .context = interp, .base = base};
	int fd = image_file(im->bytes, im->size), r = image_load(fd, &o, &image, &error);

	close(fd);
	return r;
}

/* "r-xp" and the like; "" where nothing is mapped. */
static const char *
protection_at(uint64_t address)
{
	static char prot[8];
	unsigned long start, end;
	char line[512];
	FILE *f = fopen("/proc/self/maps", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof line, f))
		found = sscanf(line, "%lx-%lx %4s", &start, &end, prot) == 3 && address >= start &&
			address < end;
	if (f)
		fclose(f);
	return found ? prot : "";
}

static void
assert_image_at(const struct elf_image *im, uint64_t base)
{
	const unsigned char *data = (const unsigned char *)(base + 0x3010);

	assert_memory_equal((void *)base, im->bytes, 0x400);
	assert_memory_equal((void *)(base + IMAGE_TEXT_AT), im->bytes + IMAGE_TEXT_AT, 0x1000);
	assert_memory_equal(data, im->bytes + IMAGE_DATA_AT, IMAGE_DATA);
	for (unsigned n = IMAGE_DATA; n < IMAGE_BSS; n++)
		assert_int_equal(data[n], 0);
	assert_string_equal(protection_at(base), "r--p");
	assert_string_equal(protection_at(base + 0x1000), "r-xp");
	assert_string_equal(protection_at(base + 0x2000), "");
	assert_string_equal(protection_at(base + 0x3000), "rw-p");
	assert_string_equal(protection_at(base + 0x6000), "rw-p");
}

static void
assert_refused(const struct elf_image *im, struct interp *interp, int code, int host_errno,
	       const char *reason, const char *detail)
{
	uint64_t before = stub_mapped();

	assert_int_equal(load(im, interp, 0), -1);
	assert_string_equal(error.reason, reason);
	assert_string_equal(error.detail, detail);
	assert_int_equal(error.code, code);
	assert_int_equal(error.host_errno, host_errno);
	assert_int_equal(stub_mapped(), before);
}

static void
static_program_is_where_it_was_linked(void **state)
{
	struct elf_image im;

	(void)state;
	image_static(&im);
	assert_int_equal(load(&im, NULL, 0), 0);
	assert_image_at(&im, IMAGE_BASE);
	assert_string_equal(protection_at(IMAGE_BASE + 0x7000), "");
	assert_int_equal(image.base, 0);
	assert_int_equal(image.entry, im.eh.e_entry);
	assert_int_equal(image.start, im.eh.e_entry);
	assert_int_equal(image.phdr, IMAGE_BASE + sizeof im.eh);
	assert_int_equal(image.phnum, IMAGE_NHEADERS);
	assert_int_equal(image.brk_start, IMAGE_BASE + 0x7000);
	assert_int_equal(image.interp_base, 0);
}

static void
position_independent_program_is_where_it_is_asked_for(void **state)
{
	struct elf_image im;

	(void)state;
	image_dynamic(&im, NULL);
	assert_int_equal(load(&im, NULL, UINT64_C(0x120000000000)), 0);
	assert_int_equal(image.base, UINT64_C(0x120000000000));
	assert_image_at(&im, image.base);
	assert_int_equal(image.entry, image.base + im.eh.e_entry);
	assert_int_equal(image.phdr, image.base + sizeof im.eh);
}

static void
position_independent_program_is_elsewhere_if_that_is_taken(void **state)
{
	struct elf_image im;
	uint64_t first;

	(void)state;
	image_dynamic(&im, NULL);
	assert_int_equal(load(&im, NULL, UINT64_C(0x120000000000)), 0);
	first = image.base;
	assert_int_equal(load(&im, NULL, UINT64_C(0x120000000000)), 0);
	assert_int_not_equal(image.base, first);
	assert_image_at(&im, first);
	assert_image_at(&im, image.base);
}

static void
base_is_as_aligned_as_segments_want(void **state)
{
	struct elf_image im;

	(void)state;
	image_dynamic(&im, NULL);
	im.ph[IMAGE_TEXT].p_align = UINT64_C(1) << 30;
	for (int n = 0; n < 8; n++) {
		assert_int_equal(load(&im, NULL, 0), 0);
		assert_int_equal(image.base % (UINT64_C(1) << 30), 0);
		assert_image_at(&im, image.base);
	}
	assert_int_equal(load(&im, NULL, UINT64_C(0x120000001000)), 0);
	assert_int_equal(image.base, UINT64_C(0x120000000000));
	/* Also where the host chooses. */
	assert_int_equal(load(&im, NULL, UINT64_C(0x120000000000)), 0);
	assert_int_equal(image.base % (UINT64_C(1) << 30), 0);
	/* Nothing stays of the room that was asked for to align it: holes are 0x1000 each. */
	assert_int_equal(stub_mapped(), 10 * 0x6000);
}

static void
narrow_programs_are_below_4_gib(void **state)
{
	struct elf_image im, ld;
	struct interp interp;

	(void)state;
	image_dynamic(&ld, NULL);
	image_narrow(&ld, EM_386);
	interp.fd = image_file(ld.bytes, ld.size);
	image_dynamic(&im, "/lib/ld-linux.so.2");
	image_narrow(&im, EM_386);
	for (int n = 0; n < 3; n++) { /* also where the first choice is taken */
		assert_int_equal(load(&im, &interp, 0), 0);
		assert_true(image.base >= PAGE && image.program.end <= UINT64_C(0xffffe000));
		assert_int_equal(image.program.end - image.program.start, 0x7000);
		assert_true(image.interp_base >= PAGE && image.interp.end <= UINT64_C(0xffffe000));
		assert_string_equal(protection_at(image.base + IMAGE_TEXT_AT), "r-xp");
		assert_string_equal(protection_at(image.interp_base + IMAGE_TEXT_AT), "r-xp");
		assert_int_equal(image.start, image.interp_base + IMAGE_TEXT_AT + 0x10);
	}
	assert_int_equal(stub_mapped(), 6 * 0x6000);
	close(interp.fd);
}

static void
interpreter_must_be_of_the_programs_kind(void **state)
{
	struct elf_image im, ld;
	struct interp interp;

	(void)state;
	image_dynamic(&ld, NULL);
	interp.fd = image_file(ld.bytes, ld.size);
	image_dynamic(&im, "/lib/ld-linux.so.2");
	image_narrow(&im, EM_386);
	assert_int_equal(load(&im, &interp, 0), -1);
	assert_non_null(strstr(error.detail, "is for another machine than the program"));
	assert_int_equal(stub_mapped(), 0);
	close(interp.fd);
}

static void
bases_differ(void **state)
{
	struct elf_image im;
	uint64_t first;

	(void)state;
	image_dynamic(&im, NULL);
	assert_int_equal(load(&im, NULL, 0), 0);
	first = image.base;
	assert_int_equal(load(&im, NULL, 0), 0);
	assert_int_not_equal(image.base, first);
}

static void
dynamic_object_linked_at_an_address_stays_there(void **state)
{
	struct elf_image im;

	(void)state;
	image_static(&im);
	im.eh.e_type = ET_DYN;
	assert_int_equal(load(&im, NULL, 0), 0);
	assert_image_at(&im, IMAGE_BASE);
	assert_int_equal(image.base, 0);
}

static void
bss_is_zero_whatever_the_file_has_there(void **state)
{
	struct elf_image im;
	const unsigned char *data = (const unsigned char *)IMAGE_DATA_VADDR;

	(void)state;
	image_static(&im);
	im.ph[IMAGE_DATA_SEGMENT].p_filesz = 0x10;
	im.ph[IMAGE_DATA_SEGMENT].p_memsz = 0x40;
	assert_int_equal(load(&im, NULL, 0), 0);
	assert_memory_equal(data, im.bytes + IMAGE_DATA_AT, 0x10);
	for (unsigned n = 0x10; n < 0xff0; n++)
		assert_int_equal(data[n], 0);
}

static void
segment_without_file_part_is_zero(void **state)
{
	struct elf_image im;
	const unsigned char *data = (const unsigned char *)IMAGE_DATA_VADDR - 0x10;

	(void)state;
	image_static(&im);
	im.ph[IMAGE_DATA_SEGMENT].p_filesz = 0;
	assert_int_equal(load(&im, NULL, 0), 0);
	for (unsigned n = 0; n < 0x4000; n++)
		assert_int_equal(data[n], 0);
}

static void
read_only_bss_is_read_only(void **state)
{
	struct elf_image im;

	(void)state;
	image_static(&im);
	im.ph[IMAGE_DATA_SEGMENT].p_flags = PF_R;
	assert_int_equal(load(&im, NULL, 0), 0);
	assert_string_equal(protection_at(IMAGE_BASE + 0x3000), "r--p");
	assert_string_equal(protection_at(IMAGE_BASE + 0x6000), "r--p");
	assert_memory_equal((void *)IMAGE_DATA_VADDR, im.bytes + IMAGE_DATA_AT, IMAGE_DATA);
}

static void
writes_do_not_reach_the_file(void **state)
{
	struct elf_image im;
	unsigned char byte = 0;
	int fd;

	(void)state;
	image_static(&im);
	im.ph[IMAGE_HEAD].p_flags |= PF_W;
	fd = image_file(im.bytes, im.size);
	assert_int_equal(image_load(fd, &(struct load_options){0}, &image, &error), 0);
	*(volatile unsigned char *)IMAGE_BASE = 'X';
	assert_int_equal(pread(fd, &byte, 1, 0), 1);
	assert_int_equal(byte, 0x7f);
	close(fd);
}

static void
interpreter_is_loaded_and_entered(void **state)
{
	static struct elf_image im, ld;
	struct interp interp;

	(void)state;
	image_dynamic(&im, "/libexec/ld-elf.so.1");
	image_dynamic(&ld, NULL);
	interp.fd = image_file(ld.bytes, ld.size);
	assert_int_equal(load(&im, &interp, 0), 0);
	assert_string_equal(interp.asked, "/libexec/ld-elf.so.1");
	assert_image_at(&im, image.base);
	assert_image_at(&ld, image.interp_base);
	assert_int_equal(image.entry, image.base + im.eh.e_entry);
	assert_int_equal(image.start, image.interp_base + ld.eh.e_entry);
	assert_int_equal(image.brk_start, image.base + 0x7000);
	close(interp.fd);
}

static void
missing_interpreter_is_named(void **state)
{
	static struct elf_image im;
	struct interp interp = {.fd = -ENOENT};

	(void)state;
	image_dynamic(&im, "/libexec/ld-elf.so.1");
	assert_refused(&im, &interp, 127, ENOENT, "its interpreter ",
		       "/libexec/ld-elf.so.1: no such file or directory");
	interp.fd = -EACCES;
	assert_refused(&im, &interp, 126, EACCES, "its interpreter ",
		       "/libexec/ld-elf.so.1: permission denied");
	image_dynamic(&im, "/nonexistent/ld");
	assert_refused(&im, NULL, 127, ENOENT, "its interpreter ",
		       "/nonexistent/ld: no such file or directory");
}

static void
bad_interpreter_is_named(void **state)
{
	static struct elf_image im, ld;
	struct interp interp;

	(void)state;
	image_dynamic(&im, "/ld");
	image_dynamic(&ld, NULL);
	interp.fd = image_file(ld.bytes, 100);
	assert_refused(&im, &interp, 126, ENOEXEC, "its interpreter ",
		       "/ld: truncated in its program headers");
	close(interp.fd);
	interp.fd = image_file("#!/bin/sh\n", 10);
	assert_refused(&im, &interp, 126, ENOEXEC, "its interpreter ", "/ld: not an ELF program");
	close(interp.fd);
	interp.fd = image_file(ld.bytes, ld.size);
	fchmod(interp.fd, 0644);
	assert_refused(&im, &interp, 126, EACCES, "its interpreter ", "/ld: permission denied");
	close(interp.fd);
	interp.fd = open("/", O_RDONLY | O_CLOEXEC);
	assert_refused(&im, &interp, 126, EACCES, "its interpreter ", "/ld: is a directory");
	close(interp.fd);
	interp.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_refused(&im, &interp, 126, EACCES, "its interpreter ", "/ld: not a regular file");
	close(interp.fd);
}

static void
move_to(struct elf_image *im, uint64_t base)
{
	image_static(im);
	im->eh.e_entry += base - IMAGE_BASE;
	for (unsigned n = 0; n < IMAGE_NHEADERS; n++)
		im->ph[n].p_vaddr += base - IMAGE_BASE;
}

static void
nothing_is_mapped_over_the_core(void **state)
{
	const uint64_t bases[] = {CORE_BASE, CORE_BASE - 0x6000, CORE_BASE - 0x1000, CORE_ARENA,
				  CORE_END - 0x1000};
	static struct elf_image im;

	(void)state;
	for (size_t n = 0; n < sizeof bases / sizeof *bases; n++) {
		move_to(&im, bases[n]);
		assert_refused(&im, NULL, 126, ENOMEM,
			       "its addresses are those of dragoman's own core", "");
	}
	move_to(&im, CORE_BASE - 0x10000);
	im.ph[IMAGE_DATA_SEGMENT].p_memsz = UINT64_C(0x2000000000);
	assert_refused(&im, NULL, 126, ENOMEM, "its addresses are those of dragoman's own core",
		       "");
	/* Right beside it is not over it, though the sanitizer may live there. */
	move_to(&im, CORE_BASE - 0x7000);
	assert_true(load(&im, NULL, 0) == 0 || error.host_errno == EEXIST);
	move_to(&im, CORE_END);
	assert_true(load(&im, NULL, 0) == 0 || error.host_errno == EEXIST);
}

static void
position_independent_program_keeps_away_from_the_core(void **state)
{
	static struct elf_image im;

	(void)state;
	image_dynamic(&im, NULL);
	stub_fake_map(CORE_BASE - 0x1000);
	assert_int_equal(load(&im, NULL, 0), -1);
	assert_string_equal(error.reason, "the host's only room for it is dragoman's own");
	assert_int_equal(stub_mapped(), 0);
}

static void
occupied_addresses_are_refused(void **state)
{
	static struct elf_image im;

	(void)state;
	image_static(&im);
	assert_int_equal(load(&im, NULL, 0), 0);
	assert_refused(&im, NULL, 126, EEXIST, "the addresses are in use",
		       ": 0x200000 to 0x207000");
	assert_image_at(&im, IMAGE_BASE);
}

static void
page_zero_is_refused(void **state)
{
	static struct elf_image im;

	(void)state;
	move_to(&im, 0);
	assert_refused(&im, NULL, 126, ENOEXEC,
		       "its addresses begin at zero, which no program may have", "");
}

static void
huge_segments_are_refused(void **state)
{
	static struct elf_image im;

	(void)state;
	image_dynamic(&im, NULL);
	im.ph[IMAGE_DATA_SEGMENT].p_memsz = UINT64_C(0x7fff00000000);
	assert_int_equal(load(&im, NULL, 0), -1);
	assert_int_equal(error.host_errno, ENOMEM);
	assert_int_equal(stub_mapped(), 0);
}

/* Whichever host call fails, the error says so and nothing stays mapped. */
static void
failing_host_calls_leave_nothing_behind(void **state)
{
	static const long calls[] = {SYS_fstat, SYS_pread64, SYS_mmap, SYS_mprotect};
	static struct elf_image im, ld;
	struct interp interp;
	unsigned failures = 0;

	(void)state;
	image_dynamic(&im, "/ld");
	im.ph[IMAGE_DATA_SEGMENT].p_flags = PF_R;
	image_dynamic(&ld, NULL);
	interp.fd = image_file(ld.bytes, ld.size);
	for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
		unsigned n = 0;

		do {
			stub_fail_call(calls[c], ++n, EMFILE);
			if (load(&im, &interp, 0) < 0) {
				assert_int_equal(error.host_errno, EMFILE);
				assert_int_equal(stub_mapped(), 0);
				failures++;
			}
			stub_unmap_all();
		} while (stub_failed());
	}
	assert_in_range(failures, 14, 40);
	close(interp.fd);
}

static void
noexec_file_systems_are_named(void **state)
{
	static struct elf_image im;

	(void)state;
	image_static(&im);
	stub_fail_call(SYS_mmap, 3, EPERM);
	assert_refused(&im, NULL, 126, EACCES, "its file system is mounted noexec", "");
}

static void
files_that_became_shorter_are_refused(void **state)
{
	static struct elf_image im;
	int fd;

	(void)state;
	image_static(&im);
	fd = image_file(im.bytes, im.size);
	stub_fail_call(SYS_pread64, 2, EIO);
	assert_int_equal(image_load(fd, &(struct load_options){0}, &image, &error), -1);
	assert_string_equal(error.reason, "input/output error");
	assert_int_equal(stub_mapped(), 0);
	close(fd);
}

static void
other_files_are_refused(void **state)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(image_load(fd, &(struct load_options){0}, &image, &error), -1);
	assert_string_equal(error.reason, "is a directory");
	close(fd);
	assert_int_equal(image_load(fd, &(struct load_options){0}, &image, &error), -1);
	assert_int_equal(error.host_errno, EBADF);
}

static void
every_header_byte_may_be_anything_to_map(void **state)
{
	static struct elf_image good, im;
	size_t headers;

	(void)state;
	image_dynamic(&good, NULL);
	headers = sizeof good.eh + good.eh.e_phnum * sizeof *good.ph;
	for (size_t n = 0; n < headers; n++) {
		const unsigned char values[] = {0x00, 0xff, 0x7f, 0x80,
						(unsigned char)(good.bytes[n] + 1)};

		for (size_t k = 0; k < sizeof values; k++) {
			im = good;
			im.bytes[n] = values[k];
			if (load(&im, NULL, 0) < 0)
				assert_int_equal(stub_mapped(), 0);
			stub_unmap_all();
		}
	}
}

#define CLEAN(test) cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CLEAN(static_program_is_where_it_was_linked),
		CLEAN(position_independent_program_is_where_it_is_asked_for),
		CLEAN(position_independent_program_is_elsewhere_if_that_is_taken),
		CLEAN(base_is_as_aligned_as_segments_want),
		CLEAN(narrow_programs_are_below_4_gib),
		CLEAN(interpreter_must_be_of_the_programs_kind),
		CLEAN(bases_differ),
		CLEAN(dynamic_object_linked_at_an_address_stays_there),
		CLEAN(bss_is_zero_whatever_the_file_has_there),
		CLEAN(segment_without_file_part_is_zero),
		CLEAN(read_only_bss_is_read_only),
		CLEAN(writes_do_not_reach_the_file),
		CLEAN(interpreter_is_loaded_and_entered),
		CLEAN(missing_interpreter_is_named),
		CLEAN(bad_interpreter_is_named),
		CLEAN(nothing_is_mapped_over_the_core),
		CLEAN(position_independent_program_keeps_away_from_the_core),
		CLEAN(occupied_addresses_are_refused),
		CLEAN(page_zero_is_refused),
		CLEAN(huge_segments_are_refused),
		CLEAN(failing_host_calls_leave_nothing_behind),
		CLEAN(noexec_file_systems_are_named),
		CLEAN(files_that_became_shorter_are_refused),
		CLEAN(other_files_are_refused),
		CLEAN(every_header_byte_may_be_anything_to_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
