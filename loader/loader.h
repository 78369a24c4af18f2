/*
 * From a file to a process image: which program a file is, and its segments and
 * its interpreter's in memory.
 *
 * Parsing is pure: a function of bytes that were read, no host calls, and no
 * trust in any field. Mapping makes host calls through core_call. All of it also
 * compiles in hosted code, for tests and fuzzing.
 *
 * What fails says why in a struct load_error and answers -1; nothing stays mapped.
 */
#ifndef DRAGOMAN_LOADER_H
#define DRAGOMAN_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum brand {
	BRAND_UNKNOWN,
	BRAND_FREEBSD,
	BRAND_NETBSD,
	BRAND_OPENBSD,
	BRAND_DRAGONFLY,
	BRAND_LINUX,
};

/* As a person writes it: "FreeBSD"; "unknown" for the rest. */
const char *brand_name(enum brand brand);
/* The EI_OSABI that says so; -1: only a note or an interpreter can. */
int brand_osabi(enum brand brand);

/* One clear line is "dragoman: FILE: " reason detail. */
struct load_error {
	int code;	/* to exit with: 126 not executable, 127 not found */
	int host_errno; /* for the guest's execve */
	const char *reason;
	char detail[192]; /* goes on where reason ends, with its own separator; may be empty */
};

/* Always -1; the reason alone, or the text of the negative errno `r`. */
int load_fail(struct load_error *e, int host_errno, const char *reason);
int load_fail_errno(struct load_error *e, long r);
/* What failed was not the program but the interpreter it names: reason and detail say so. */
int load_fail_interpreter(struct load_error *e, const char *interpreter);
/* "no such file or directory", "permission denied", …; never NULL. */
const char *load_errno_text(int host_errno);

/*
 * How much of a file is looked at before anything is mapped: its first page, in
 * which BSD kernels want the program headers, the interpreter's name and `#!` lines.
 */
#define ELF_HEAD 4096

#define ELF_MAX_LOADS 64
#define ELF_MAX_NOTES 8
#define ELF_MAX_INTERP 1024 /* MAXPATHLEN of the BSDs */

struct elf_segment { /* a PT_LOAD with a size; fields checked */
	uint64_t vaddr, memsz, offset, filesz;
	uint32_t flags; /* PF_R, PF_W, PF_X */
};

struct elf_range { /* of the file */
	uint64_t offset, size;
};

struct elf_info {
	uint16_t machine, type; /* EM_X86_64 or EM_386; ET_EXEC or ET_DYN */
	uint8_t class;		/* ELFCLASS64, or ELFCLASS32: i386, and x32 with EM_X86_64 */
	uint8_t osabi;
	uint32_t eflags;
	uint64_t entry;
	uint64_t phoff;
	uint16_t phnum, phent;
	uint64_t phdr_vaddr; /* where the headers will be in memory; 0: nowhere */

	enum brand brand; /* of all below together */
	enum brand note_brand;
	uint32_t osrel;	   /* the version in the brand's note; FreeBSD's osreldate; 0: none */
	uint32_t features; /* FreeBSD's NT_FREEBSD_FEATURE_CTL */

	bool has_interp;
	char interp[ELF_MAX_INTERP]; /* empty if it lies beyond the head: elf_complete() */
	struct elf_range interp_range;

	bool has_stack; /* PT_GNU_STACK */
	uint32_t stack_flags;
	uint64_t stack_size;

	bool has_tls;
	uint64_t tls_vaddr, tls_filesz, tls_memsz, tls_align;

	uint64_t lowest, highest; /* page bounds of all segments, as linked */
	uint64_t align;		  /* the largest p_align, at least a page */

	unsigned nloads, nnotes;
	struct elf_segment loads[ELF_MAX_LOADS];
	struct elf_range notes[ELF_MAX_NOTES]; /* those beyond the head */
};

/*
 * Checks and describes the program whose first head_len bytes (ELF_HEAD, or the
 * whole file) are at `head`. Pure. 0 or -1.
 */
int elf_parse(const void *head, size_t head_len, uint64_t file_size, struct elf_info *out,
	      struct load_error *e);
/* One segment of notes: the brand and version that it names. Pure. */
void elf_read_notes(struct elf_info *info, const void *notes, size_t len);
/* Reads what elf_parse() found to lie beyond the head: notes, interpreter. 0 or -1. */
int elf_complete(int fd, struct elf_info *info, struct load_error *e);

struct load_options {
	/*
	 * Opens a guest's file for reading: a descriptor or -errno. NULL: the
	 * path is the host's.
	 */
	int (*open_path)(void *context, const char *guest_path);
	void *context;
	/* Is told of segments that are code: mapped from the file, not writable. May be NULL. */
	void (*mapped_code)(void *context, uint64_t start, uint64_t len, int prot);
	const struct elf_info *info; /* what the program's file says, complete; NULL: to be read */
	uint64_t base; /* where ET_DYN programs go if that is free; 0: at random */
	uint64_t narrow_top; /* 32-bit class: interpreters end here; 0: as on a kernel without chance */
};

struct image_range { /* addresses in memory, on pages */
	uint64_t start, end;
};

struct image {
	uint64_t base;	/* added to the program's addresses as linked */
	uint64_t entry; /* the program's */
	uint64_t start; /* the first instruction: the interpreter's entry, or the program's */
	uint64_t phdr;	/* program headers in memory, 0: not there */
	uint64_t phnum, phent;
	uint64_t interp_base; /* 0: none */
	uint64_t brk_start;   /* behind the last segment, on a page */
	struct image_range program, interp; /* where they are, holes included; empty: none */
	struct elf_info info;
};

/* Maps the program and its interpreter. Keeps no reference to fd. 0 or -1. */
int image_load(int fd, const struct load_options *o, struct image *out, struct load_error *e);

/* A `#!` line. */
struct script {
	char interpreter[ELF_HEAD];
	char argument[ELF_HEAD]; /* the rest of the line; empty: none */
};

/*
 * FreeBSD's rules (kern/imgact_shell.c), which the other BSDs' only differ from in
 * lengths. 1: a script; 0: not one; -1: a `#!` line that names no interpreter, or
 * one that is too long.
 */
int script_parse(const void *head, size_t head_len, struct script *out, struct load_error *e);

#endif
