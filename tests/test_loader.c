/*
 * loader/: parsing. What is wrong with a file is told, whatever byte of it is
 * wrong, and nothing outside of it is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "elf_image.h"
#include "loader/loader.h"

#define GUARDED 0x3000 /* room before the page that must not be touched */

static unsigned char *guarded_end;

static int
make_guard(void **state)
{
	unsigned char *p = mmap(NULL, GUARDED + 0x1000, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	if (p == MAP_FAILED || mprotect(p + GUARDED, 0x1000, PROT_NONE) < 0)
		return -1;
	guarded_end = p + GUARDED;
	return 0;
}

/* elf_parse() of a copy that ends where memory does. */
static int
parse(const void *bytes, size_t len, uint64_t file_size, struct elf_info *info,
      struct load_error *e)
{
	size_t head = len < ELF_HEAD ? len : ELF_HEAD;
	unsigned char *p = guarded_end - head;

	memcpy(p, bytes, head);
	memset(e, 0, sizeof *e);
	return elf_parse(p, head, file_size, info, e);
}

static int
parse_image(const struct elf_image *im, struct elf_info *info, struct load_error *e)
{
	return parse(im->bytes, im->size, im->size, info, e);
}

static void
assert_refused(const struct elf_image *im, const char *reason)
{
	struct load_error e;
	struct elf_info info;

	assert_int_equal(parse_image(im, &info, &e), -1);
	assert_string_equal(e.reason, reason);
	assert_int_equal(e.code, 126);
	assert_int_equal(e.host_errno, ENOEXEC);
}

static void
static_program_is_described(void **state)
{
	struct elf_image im;
	struct elf_info info;
	struct load_error e;

	(void)state;
	image_static(&im);
	assert_int_equal(parse_image(&im, &info, &e), 0);
	assert_int_equal(info.brand, BRAND_FREEBSD);
	assert_int_equal(info.osrel, 1302001);
	assert_int_equal(info.nloads, 3);
	assert_int_equal(info.lowest, IMAGE_BASE);
	assert_int_equal(info.highest, IMAGE_BASE + 0x7000);
	assert_int_equal(info.phdr_vaddr, IMAGE_BASE + sizeof(Elf64_Ehdr));
	assert_true(info.has_stack);
	assert_int_equal(info.stack_flags, PF_R | PF_W);
	assert_false(info.has_interp);
	assert_false(info.has_tls);
}

static void
narrow_programs_are_described_alike(void **state)
{
	static const uint16_t machines[] = {EM_386, EM_X86_64};
	struct elf_image im;
	struct elf_info wide, info;
	struct load_error e;

	(void)state;
	for (size_t n = 0; n < sizeof machines / sizeof *machines; n++) {
		image_dynamic(&im, "/libexec/ld-elf.so.1");
		assert_int_equal(parse_image(&im, &wide, &e), 0);
		image_narrow(&im, machines[n]);
		assert_int_equal(parse_image(&im, &info, &e), 0);
		assert_int_equal(info.class, ELFCLASS32);
		assert_int_equal(info.machine, machines[n]);
		assert_int_equal(info.phent, sizeof(Elf32_Phdr));
		assert_int_equal(info.phdr_vaddr, sizeof(Elf32_Ehdr));
		assert_string_equal(info.interp, wide.interp);
		assert_int_equal(info.osrel, wide.osrel);
		assert_int_equal(info.entry, wide.entry);
		assert_int_equal(info.nloads, wide.nloads);
		assert_memory_equal(info.loads, wide.loads, sizeof info.loads);
		assert_int_equal(info.stack_flags, wide.stack_flags);
	}
}

static void
assert_truncations_refused(const struct elf_image *im)
{
	for (size_t n = 0; n < im->size; n++) {
		struct elf_info info;
		struct load_error e;

		assert_int_equal(parse(im->bytes, n, n, &info, &e), -1);
		assert_non_null(e.reason);
		assert_int_equal(e.code, 126);
	}
}

static void
every_truncation_is_refused(void **state)
{
	struct elf_image im;

	(void)state;
	image_static(&im);
	assert_truncations_refused(&im);
	image_narrow(&im, EM_386);
	assert_truncations_refused(&im);
}

static void
every_truncation_of_what_was_read_is_safe(void **state)
{
	struct elf_image im;

	(void)state;
	image_dynamic(&im, "/libexec/ld-elf.so.1");
	for (size_t n = 0; n < ELF_HEAD; n++) {
		struct elf_info info;
		struct load_error e;

		if (parse(im.bytes, n, im.size, &info, &e) == 0) /* the rest can be read later */
			assert_true(n >= sizeof(Elf64_Ehdr) + im.eh.e_phnum * sizeof(Elf64_Phdr));
		else
			assert_non_null(e.reason);
	}
	image_narrow(&im, EM_386);
	for (size_t n = 0; n < ELF_HEAD; n++) {
		struct elf_info info;
		struct load_error e;

		if (parse(im.bytes, n, im.size, &info, &e) == 0)
			assert_true(n >= sizeof(Elf32_Ehdr) + info.phnum * sizeof(Elf32_Phdr));
		else
			assert_non_null(e.reason);
	}
}

/* What must hold of anything that is accepted: mapping relies on it. */
static void
assert_sound(const struct elf_info *info, uint64_t file_size)
{
	bool entry_found = false;

	assert_in_range(info->nloads, 1, ELF_MAX_LOADS);
	assert_in_range(info->nnotes, 0, ELF_MAX_NOTES);
	assert_true(info->lowest < info->highest && info->highest <= UINT64_C(0x7ffffffff000));
	assert_true(info->align >= 0x1000 && (info->align & (info->align - 1)) == 0);
	assert_int_equal(info->interp[sizeof info->interp - 1], 0);
	for (unsigned n = 0; n < info->nloads; n++) {
		const struct elf_segment *s = &info->loads[n];

		assert_true(s->memsz > 0 && s->filesz <= s->memsz);
		assert_true(s->vaddr >= info->lowest && s->vaddr + s->memsz > s->vaddr &&
			    s->vaddr + s->memsz <= info->highest);
		assert_true(s->offset <= file_size && s->filesz <= file_size - s->offset);
		for (unsigned k = 0; k < n; k++) {
			const struct elf_segment *o = &info->loads[k];

			assert_true(s->vaddr + s->memsz <= o->vaddr ||
				    o->vaddr + o->memsz <= s->vaddr);
		}
		entry_found |= info->entry >= s->vaddr && info->entry < s->vaddr + s->memsz;
	}
	assert_true(entry_found);
}

static void
parse_spoilt(const struct elf_image *im)
{
	struct elf_info info;
	struct load_error e;

	if (parse_image(im, &info, &e) == 0) {
		assert_sound(&info, im->size);
	} else {
		assert_non_null(e.reason);
		assert_int_equal(e.code, 126);
		assert_non_null(memchr(e.detail, 0, sizeof e.detail));
	}
}

static void
spoil_each_byte(const struct elf_image *good, size_t headers)
{
	struct elf_image im;

	for (size_t n = 0; n < headers; n++) {
		const unsigned char values[] = {0x00, 0xff, 0x7f, 0x80,
						(unsigned char)(good->bytes[n] + 1)};

		for (size_t k = 0; k < sizeof values; k++) {
			im = *good;
			im.bytes[n] = values[k];
			parse_spoilt(&im);
		}
	}
}

static void
every_header_byte_may_be_anything(void **state)
{
	struct elf_image good;
	size_t headers;

	(void)state;
	image_dynamic(&good, "/libexec/ld-elf.so.1");
	headers = sizeof good.eh + good.eh.e_phnum * sizeof *good.ph;
	spoil_each_byte(&good, headers);
	image_narrow(&good, EM_386);
	spoil_each_byte(&good, headers);
}

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void
random_damage_is_survived(void **state)
{
	static struct elf_image good[4], im;
	uint64_t x = 20240229;

	(void)state;
	image_static(&good[0]);
	image_dynamic(&good[1], "/libexec/ld-elf.so.1");
	good[2] = good[0];
	image_narrow(&good[2], EM_386);
	good[3] = good[1];
	image_narrow(&good[3], EM_X86_64);
	for (unsigned round = 0; round < 100000; round++) {
		unsigned changes = 1 + next_random(&x) % 4;

		memcpy(im.bytes, good[round & 3].bytes, ELF_HEAD);
		im.size = good[0].size;
		while (changes--)
			im.bytes[next_random(&x) % 0x400] = (unsigned char)next_random(&x);
		parse_spoilt(&im);
	}
}

static void
bad_headers_are_named(void **state)
{
	struct elf_image im;

	(void)state;
#define REFUSED(change, reason)                                                                    \
	do {                                                                                       \
		image_static(&im);                                                                 \
		change;                                                                            \
		assert_refused(&im, reason);                                                       \
	} while (0)
	REFUSED(im.size = 0, "is empty");
	REFUSED(im.bytes[0] = '#', "not an ELF program");
	REFUSED(im.size = 3, "not an ELF program");
	REFUSED(im.eh.e_ident[EI_CLASS] = 3, "neither a 32-bit nor a 64-bit ELF file");
	REFUSED(im.eh.e_ident[EI_DATA] = ELFDATA2MSB, "a big-endian program, not for this machine");
	REFUSED(im.eh.e_version = 2, "an unknown version of ELF");
	REFUSED(im.eh.e_machine = EM_AARCH64, "for another machine");
	REFUSED(im.eh.e_type = ET_REL, "an object file, not linked yet");
	REFUSED(im.eh.e_type = ET_CORE, "a core dump, not a program");
	REFUSED(im.eh.e_type = 0xfe00, "not an executable type of ELF file");
	REFUSED(im.eh.e_phnum = 0, "has no program headers: nothing to load");
	REFUSED(im.eh.e_phentsize = 32, "program headers have the wrong size");
	REFUSED(im.eh.e_phoff = 65, "program headers are not aligned");
	REFUSED(im.eh.e_phnum = 73, "program headers are not in the first page of the file");
	REFUSED(im.eh.e_phoff = UINT64_MAX - 7,
		"program headers are not in the first page of the file");
	REFUSED(im.eh.e_entry = 0, "has no entry point (a shared library?)");
	REFUSED(im.eh.e_entry = IMAGE_DATA_VADDR, "its entry point lies in no executable segment");
}

static void
bad_segments_are_named(void **state)
{
	struct elf_image im;
	Elf64_Phdr *data = &im.ph[IMAGE_DATA_SEGMENT], *text = &im.ph[IMAGE_TEXT];

	(void)state;
	REFUSED(im.ph[IMAGE_HEAD].p_type = text->p_type = data->p_type = PT_NULL,
		"has no segment to load");
	REFUSED(data->p_filesz = data->p_memsz + 1,
		"a segment is larger in the file than in memory");
	REFUSED(data->p_filesz++, "truncated: a segment goes past the end of the file");
	REFUSED(data->p_offset = UINT64_MAX - 0xff,
		"truncated: a segment goes past the end of the file");
	REFUSED(data->p_memsz = UINT64_MAX - data->p_vaddr + 2,
		"a segment lies outside of user memory");
	REFUSED(data->p_memsz = UINT64_C(1) << 47, "a segment lies outside of user memory");
	REFUSED(data->p_vaddr = UINT64_C(0x7fffffffe010), "a segment lies outside of user memory");
	REFUSED(data->p_vaddr = UINT64_C(0xffffffff80000010),
		"a segment lies outside of user memory");
	REFUSED(data->p_align = 0x1800, "a segment's alignment is not a power of two");
	REFUSED(data->p_align = UINT64_C(1) << 63,
		"a segment's alignment is larger than user memory");
	REFUSED(data->p_vaddr += 8, "a segment's address and file offset do not agree");
	REFUSED(data->p_vaddr = text->p_vaddr + 0x10, "two segments overlap, or share a page");
	REFUSED(data->p_vaddr = IMAGE_BASE - 0x1ff0, "two segments overlap, or share a page");
#undef REFUSED
}

static void
bad_narrow_files_are_named(void **state)
{
	struct elf_image im;

	(void)state;
#define REFUSED(machine, change, reason)                                                           \
	do {                                                                                       \
		image_static(&im);                                                                 \
		change;                                                                            \
		image_narrow(&im, machine);                                                        \
		assert_refused(&im, reason);                                                       \
	} while (0)
	REFUSED(EM_ARM, (void)0, "for another machine");
	REFUSED(EM_386, im.eh.e_type = ET_REL, "an object file, not linked yet");
	REFUSED(EM_386, im.ph[IMAGE_DATA_SEGMENT].p_vaddr = 0xffffd010, "a segment lies outside of user memory");
	REFUSED(EM_386, im.ph[IMAGE_DATA_SEGMENT].p_memsz = 0xfffff000, "a segment lies outside of user memory");
	REFUSED(EM_386, im.ph[IMAGE_DATA_SEGMENT].p_filesz = 0x124,
		"truncated: a segment goes past the end of the file");
#undef REFUSED
	image_static(&im);
	im.eh.e_machine = EM_386; /* in the wide class there is no such thing */
	assert_refused(&im, "for another machine");
}

static void
overlap_is_by_pages(void **state)
{
	struct elf_image im;
	struct elf_info info;
	struct load_error e;

	(void)state;
	/* One byte more of text in memory reaches into the free page, not into data. */
	image_static(&im);
	im.ph[IMAGE_TEXT].p_memsz++;
	assert_int_equal(parse_image(&im, &info, &e), 0);
	/* The page behind that is data's. */
	im.ph[IMAGE_TEXT].p_memsz = 0x2001;
	assert_refused(&im, "two segments overlap, or share a page");
	/* In whichever order they come. */
	im.ph[IMAGE_HEAD] = im.ph[IMAGE_TEXT];
	im.ph[IMAGE_TEXT] = im.ph[IMAGE_DATA_SEGMENT];
	im.ph[IMAGE_DATA_SEGMENT] = im.ph[IMAGE_HEAD];
	im.ph[IMAGE_HEAD].p_type = PT_NULL;
	assert_refused(&im, "two segments overlap, or share a page");
}

static void
interpreter_is_found(void **state)
{
	struct elf_image im;
	struct elf_info info;
	struct load_error e;
	Elf64_Phdr *p = &im.ph[IMAGE_NHEADERS];

	(void)state;
	image_dynamic(&im, "/libexec/ld-elf.so.1");
	assert_int_equal(parse_image(&im, &info, &e), 0);
	assert_true(info.has_interp);
	assert_string_equal(info.interp, "/libexec/ld-elf.so.1");
	p->p_filesz--;
	assert_refused(&im, "the interpreter's name does not end");
	p->p_filesz = 0;
	assert_refused(&im, "the interpreter's name is empty");
	p->p_filesz = 1025;
	assert_refused(&im, "the interpreter's name is too long");
	p->p_filesz = 100;
	p->p_offset = im.size - 99;
	assert_refused(&im, "truncated: the interpreter's name is not in the file");
	image_dynamic(&im, "");
	assert_refused(&im, "the interpreter's name is empty");
	image_dynamic(&im, "/libexec/ld-elf.so.1");
	im.ph[im.eh.e_phnum++] = *p;
	assert_refused(&im, "names two interpreters");
}

static void
what_lies_beyond_the_head_is_read_later(void **state)
{
	struct elf_image im;
	struct elf_info info;
	struct load_error e;
	int fd;

	(void)state;
	image_dynamic(&im, "/libexec/ld.elf_so");
	im.eh.e_ident[EI_OSABI] = 0;
	memcpy(im.bytes + 0x1800, im.bytes + IMAGE_NOTE_AT, 0x80);
	memcpy(im.bytes + 0x1900, im.bytes + IMAGE_INTERP_AT, 0x20);
	im.ph[IMAGE_NOTE].p_offset = 0x1800;
	im.ph[IMAGE_NHEADERS].p_offset = 0x1900;
	assert_int_equal(parse_image(&im, &info, &e), 0);
	assert_int_equal(info.brand, BRAND_UNKNOWN);
	fd = image_file(im.bytes, im.size);
	assert_int_equal(elf_complete(fd, &info, &e), 0);
	assert_int_equal(info.brand, BRAND_FREEBSD); /* the note before the interpreter */
	assert_int_equal(info.osrel, 1302001);
	assert_string_equal(info.interp, "/libexec/ld.elf_so");
}

struct brand_case {
	const char *what;
	uint8_t osabi;
	const char *note; /* NULL: none */
	uint32_t type;
	uint32_t desc[4];
	uint32_t len;
	const char *interp;
	enum brand brand;
	uint32_t osrel;
};

static const struct brand_case brands[] = {
	{"nothing", 0, NULL, 0, {0}, 0, NULL, BRAND_UNKNOWN, 0},
	{"OSABI 9", 9, NULL, 0, {0}, 0, NULL, BRAND_FREEBSD, 0},
	{"OSABI 2", 2, NULL, 0, {0}, 0, NULL, BRAND_NETBSD, 0},
	{"OSABI 12", 12, NULL, 0, {0}, 0, NULL, BRAND_OPENBSD, 0},
	{"OSABI 3", 3, NULL, 0, {0}, 0, NULL, BRAND_LINUX, 0},
	{"an OSABI of nobody here", 6, NULL, 0, {0}, 0, NULL, BRAND_UNKNOWN, 0},
	{"FreeBSD's note", 0, "FreeBSD", 1, {1501000}, 4, NULL, BRAND_FREEBSD, 1501000},
	{"NetBSD's note", 0, "NetBSD", 1, {1000000000}, 4, NULL, BRAND_NETBSD, 1000000000},
	{"OpenBSD's note", 0, "OpenBSD", 1, {0}, 4, NULL, BRAND_OPENBSD, 0},
	{"DragonFly's note", 0, "DragonFly", 1, {600400}, 4, NULL, BRAND_DRAGONFLY, 600400},
	{"GNU's tag, Linux 3.2", 0, "GNU", 1, {0, 3, 2, 0}, 16, NULL, BRAND_LINUX, 0x30200},
	{"GNU's tag, kFreeBSD", 0, "GNU", 1, {3, 10, 1, 0}, 16, NULL, BRAND_FREEBSD, 1001000},
	{"GNU's tag, Hurd", 0, "GNU", 1, {1, 0, 0, 0}, 16, NULL, BRAND_UNKNOWN, 0},
	{"GNU's build id", 0, "GNU", 3, {0, 3, 2, 0}, 16, NULL, BRAND_UNKNOWN, 0},
	{"a note that only begins like FreeBSD's",
	 0,
	 "FreeBSDx",
	 1,
	 {1},
	 4,
	 NULL,
	 BRAND_UNKNOWN,
	 0},
	{"FreeBSD's note without a version", 0, "FreeBSD", 1, {0}, 0, NULL, BRAND_UNKNOWN, 0},
	{"the note before the OSABI", 9, "NetBSD", 1, {5}, 4, NULL, BRAND_NETBSD, 5},
	{"FreeBSD's interpreter", 0, NULL, 0, {0}, 0, "/libexec/ld-elf.so.1", BRAND_FREEBSD, 0},
	{"NetBSD's interpreter", 0, NULL, 0, {0}, 0, "/libexec/ld.elf_so", BRAND_NETBSD, 0},
	{"OpenBSD's interpreter", 0, NULL, 0, {0}, 0, "/usr/libexec/ld.so", BRAND_OPENBSD, 0},
	{"DragonFly's interpreter",
	 0,
	 NULL,
	 0,
	 {0},
	 0,
	 "/usr/libexec/ld-elf.so.2",
	 BRAND_DRAGONFLY,
	 0},
	{"glibc's interpreter", 0, NULL, 0, {0}, 0, "/lib64/ld-linux-x86-64.so.2", BRAND_LINUX, 0},
	{"musl's interpreter", 0, NULL, 0, {0}, 0, "/lib/ld-musl-x86_64.so.1", BRAND_LINUX, 0},
	{"an interpreter in a store",
	 0,
	 NULL,
	 0,
	 {0},
	 0,
	 "/nix/store/x/lib/ld-linux-x86-64.so.2",
	 BRAND_LINUX,
	 0},
	{"an interpreter of nobody here", 0, NULL, 0, {0}, 0, "/lib/ld.so.1", BRAND_UNKNOWN, 0},
	{"the OSABI before the interpreter",
	 9,
	 NULL,
	 0,
	 {0},
	 0,
	 "/lib64/ld-linux-x86-64.so.2",
	 BRAND_FREEBSD,
	 0},
};

static void
brands_are_told_apart(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof brands / sizeof *brands; n++) {
		const struct brand_case *b = &brands[n];
		struct elf_image im;
		struct elf_info info;
		struct load_error e;

		image_dynamic(&im, b->interp);
		im.eh.e_ident[EI_OSABI] = b->osabi;
		im.ph[IMAGE_NOTE].p_type = PT_NULL;
		if (b->note) {
			im.ph[IMAGE_NOTE].p_type = PT_NOTE;
			image_set_note(&im, b->note, b->type, b->desc, b->len);
		}
		assert_int_equal(parse_image(&im, &info, &e), 0);
		if (info.brand != b->brand || info.osrel != b->osrel)
			fail_msg("%s: %s, version %u", b->what, brand_name(info.brand), info.osrel);
	}
}

static void
notes_are_read_to_their_end_and_no_further(void **state)
{
	struct elf_image im;
	struct elf_info info;
	size_t len;

	(void)state;
	image_static(&im);
	len = im.ph[IMAGE_NOTE].p_filesz;
	for (size_t n = 0; n <= len; n++) {
		memset(&info, 0, sizeof info);
		memcpy(guarded_end - n, im.bytes + IMAGE_NOTE_AT, n);
		elf_read_notes(&info, guarded_end - n, n);
		assert_int_equal(info.note_brand, n == len ? BRAND_FREEBSD : BRAND_UNKNOWN);
	}
	/* Sizes that wrap around. */
	memset(guarded_end - 64, 0xff, 64);
	elf_read_notes(&info, guarded_end - 64, 64);
}

struct script_case {
	const char *line;
	const char *interpreter, *argument; /* NULL: refused with… */
	int error;
};

static const struct script_case scripts[] = {
	{"#!/bin/sh\n", "/bin/sh", "", 0},
	{"#!/bin/sh", "/bin/sh", "", 0},
	{"#! \t/bin/sh\necho", "/bin/sh", "", 0},
	{"#!/bin/sh -e\n", "/bin/sh", "-e", 0},
	{"#!/bin/sh \t -e  -x \t\n", "/bin/sh", "-e  -x", 0},
	{"#!/bin/sh \t \n", "/bin/sh", "", 0},
	{"#!/bin/sh -e", "/bin/sh", "-e", 0},
	{"#!bin/sh\n", "bin/sh", "", 0},
	{"#!/bin/sh\r\n", "/bin/sh\r", "", 0},
	{"#!/bin/sh -e\r\n", "/bin/sh", "-e\r", 0},
	{"#!\n/bin/sh\n", NULL, NULL, ENOEXEC},
	{"#!", NULL, NULL, ENOEXEC},
	{"#!  \t\n", NULL, NULL, ENOEXEC},
};

static int
parse_script(const char *text, size_t len, struct script *s, struct load_error *e)
{
	memcpy(guarded_end - len, text, len);
	return script_parse(guarded_end - len, len, s, e);
}

static void
script_lines_are_read_as_freebsd_reads_them(void **state)
{
	static struct script s;

	(void)state;
	for (size_t n = 0; n < sizeof scripts / sizeof *scripts; n++) {
		const struct script_case *c = &scripts[n];
		struct load_error e = {0};
		int r = parse_script(c->line, strlen(c->line), &s, &e);

		if (c->interpreter) {
			assert_int_equal(r, 1);
			assert_string_equal(s.interpreter, c->interpreter);
			assert_string_equal(s.argument, c->argument);
		} else {
			assert_int_equal(r, -1);
			assert_int_equal(e.host_errno, c->error);
		}
	}
}

static void
other_files_are_not_scripts(void **state)
{
	static struct script s;
	struct load_error e;

	(void)state;
	assert_int_equal(parse_script("", 0, &s, &e), 0);
	assert_int_equal(parse_script("#", 1, &s, &e), 0);
	assert_int_equal(parse_script("# !/bin/sh\n", 11, &s, &e), 0);
	assert_int_equal(parse_script("\177ELF", 4, &s, &e), 0);
}

static void
script_line_ends_at_a_nul(void **state)
{
	static struct script s;
	struct load_error e;

	(void)state;
	assert_int_equal(parse_script("#!/bin/sh\0-e\n", 13, &s, &e), 1);
	assert_string_equal(s.interpreter, "/bin/sh");
	assert_string_equal(s.argument, "");
	assert_int_equal(parse_script("#!/bin/sh -e\0 -x\n", 17, &s, &e), 1);
	assert_string_equal(s.argument, "-e");
}

static void
long_script_lines(void **state)
{
	static char text[ELF_HEAD];
	static struct script s;
	struct load_error e = {0};

	(void)state;
	memset(text, 'x', sizeof text);
	text[0] = '#';
	text[1] = '!';
	text[2] = '/';
	assert_int_equal(parse_script(text, sizeof text, &s, &e), -1);
	assert_int_equal(e.host_errno, ENAMETOOLONG);
	/* A name that ends within the page is one; a longer argument is cut, as the kernel cuts it.
	 */
	text[sizeof text - 1] = '\n';
	assert_int_equal(parse_script(text, sizeof text, &s, &e), 1);
	assert_int_equal(strlen(s.interpreter), sizeof text - 3);
	text[100] = ' ';
	text[sizeof text - 1] = 'x';
	assert_int_equal(parse_script(text, sizeof text, &s, &e), 1);
	assert_int_equal(strlen(s.argument), sizeof text - 101);
}

static void
errors_stay_on_one_line(void **state)
{
	struct load_error e;

	(void)state;
	assert_int_equal(load_fail_errno(&e, -ENOENT), -1);
	assert_int_equal(e.code, 127);
	load_fail_interpreter(&e, "/bin/sh\r\n\033[31m");
	assert_string_equal(e.detail, "/bin/sh???[31m: no such file or directory");
	assert_int_equal(e.code, 127);
	for (int n = 0; n < 4096; n++)
		assert_non_null(load_errno_text(n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(static_program_is_described),
		cmocka_unit_test(narrow_programs_are_described_alike),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_truncation_of_what_was_read_is_safe),
		cmocka_unit_test(every_header_byte_may_be_anything),
		cmocka_unit_test(random_damage_is_survived),
		cmocka_unit_test(bad_headers_are_named),
		cmocka_unit_test(bad_segments_are_named),
		cmocka_unit_test(bad_narrow_files_are_named),
		cmocka_unit_test(overlap_is_by_pages),
		cmocka_unit_test(interpreter_is_found),
		cmocka_unit_test(what_lies_beyond_the_head_is_read_later),
		cmocka_unit_test(brands_are_told_apart),
		cmocka_unit_test(notes_are_read_to_their_end_and_no_further),
		cmocka_unit_test(script_lines_are_read_as_freebsd_reads_them),
		cmocka_unit_test(other_files_are_not_scripts),
		cmocka_unit_test(script_line_ends_at_a_nul),
		cmocka_unit_test(long_script_lines),
		cmocka_unit_test(errors_stay_on_one_line),
	};

	return cmocka_run_group_tests(tests, make_guard, NULL);
}
