/*
 * Programs for the loader's tests, made in memory: nothing is fetched, and every
 * field can be spoilt.
 */
#ifndef DRAGOMAN_TESTS_ELF_IMAGE_H
#define DRAGOMAN_TESTS_ELF_IMAGE_H

#include <linux/elf.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_HEADERS 8 /* room for program headers */
#define IMAGE_BASE UINT64_C(0x200000)
#define IMAGE_NOTE_AT 0x300
#define IMAGE_INTERP_AT 0x380
#define IMAGE_TEXT_AT 0x1000
#define IMAGE_DATA_AT 0x2010
#define IMAGE_DATA 0x123 /* bytes of data in the file */
#define IMAGE_BSS 0x3000 /* bytes of it in memory */
/* One page stays free between text and data. */
#define IMAGE_DATA_VADDR (IMAGE_BASE + 0x3010)

/* Program headers of image_static(), by index. */
enum { IMAGE_NOTE, IMAGE_HEAD, IMAGE_TEXT, IMAGE_DATA_SEGMENT, IMAGE_STACK, IMAGE_NHEADERS };

struct elf_image {
	size_t size;
	union {
		unsigned char bytes[IMAGE_DATA_AT + IMAGE_DATA];
		struct {
			Elf64_Ehdr eh;
			Elf64_Phdr ph[IMAGE_HEADERS];
		};
	};
};

/* A static FreeBSD program, ET_EXEC. Text is 0xcc, data counts up from 1. */
void image_static(struct elf_image *im);
/* ET_DYN linked at 0, with an interpreter if that is not NULL. */
void image_dynamic(struct elf_image *im, const char *interp);
/* Makes a finished image one of the 32-bit class: i386, or x32 with EM_X86_64. */
void image_narrow(struct elf_image *im, uint16_t machine);
/* Puts another note in the place of FreeBSD's. */
void image_set_note(struct elf_image *im, const char *name, uint32_t type, const void *desc,
		    uint32_t len);
/* A descriptor of a file with this content. */
int image_file(const void *bytes, size_t size);

#endif
