/*
 * The ELF header and program headers, checked. The rules are FreeBSD's
 * (exec_elf64_imgact(), kern/imgact_elf.c) where it has one, and stricter where a
 * kernel would go on to fail at mapping: this is where the reason can be told.
 * Headers of the 32-bit class are widened as they are read.
 */
#include "internal.h"

#include <asm/errno.h>
#include <linux/elf.h>

#include "translate/core/string.h"

struct head {
	const unsigned char *bytes;
	size_t len;
	uint64_t file_size;
};

static int
bad(struct load_error *e, const char *reason)
{
	return load_fail(e, ENOEXEC, reason);
}

static int
bad_segment(struct load_error *e, unsigned n, const char *reason)
{
	bad(e, reason);
	detail_text(e, " (program header ");
	detail_number(e, n);
	detail_text(e, ")");
	return -1;
}

static bool
is_narrow(const struct head *h)
{
	return h->bytes[EI_CLASS] == ELFCLASS32;
}

static void
read_header(const struct head *h, Elf64_Ehdr *to)
{
	Elf32_Ehdr from;

	if (!is_narrow(h)) {
		memcpy(to, h->bytes, sizeof *to);
		return;
	}
	memcpy(&from, h->bytes, sizeof from);
	*to = (Elf64_Ehdr){
		.e_type = from.e_type,
		.e_machine = from.e_machine,
		.e_version = from.e_version,
		.e_entry = from.e_entry,
		.e_phoff = from.e_phoff,
		.e_flags = from.e_flags,
		.e_phentsize = from.e_phentsize,
		.e_phnum = from.e_phnum,
	};
	memcpy(to->e_ident, from.e_ident, sizeof to->e_ident);
}

static void
read_program_header(const struct head *h, uint64_t at, Elf64_Phdr *to)
{
	Elf32_Phdr from;

	if (!is_narrow(h)) {
		memcpy(to, h->bytes + at, sizeof *to);
		return;
	}
	memcpy(&from, h->bytes + at, sizeof from);
	*to = (Elf64_Phdr){
		.p_type = from.p_type,
		.p_flags = from.p_flags,
		.p_offset = from.p_offset,
		.p_vaddr = from.p_vaddr,
		.p_paddr = from.p_paddr,
		.p_filesz = from.p_filesz,
		.p_memsz = from.p_memsz,
		.p_align = from.p_align,
	};
}

static int
check_ident(const struct head *h, struct load_error *e)
{
	static const char magic[] = {0x7f, 'E', 'L', 'F'};

	if (h->len == 0)
		return bad(e, "is empty");
	if (h->len < sizeof magic || memcmp(h->bytes, magic, sizeof magic) != 0)
		return bad(e, "not an ELF program");
	if (h->len <= EI_DATA)
		return bad(e, "truncated in its ELF header");
	if (!is_narrow(h) && h->bytes[EI_CLASS] != ELFCLASS64)
		return bad(e, "neither a 32-bit nor a 64-bit ELF file");
	if (h->bytes[EI_DATA] != ELFDATA2LSB)
		return bad(e, "a big-endian program, not for this machine");
	if (h->len < (is_narrow(h) ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr)))
		return bad(e, "truncated in its ELF header");
	return 0;
}

/* x86-64 in both classes (the narrow one is x32), i386 in its own. */
static int
check_machine(const struct head *h, const Elf64_Ehdr *eh, struct load_error *e)
{
	if (eh->e_machine == EM_X86_64 || (eh->e_machine == EM_386 && is_narrow(h)))
		return 0;
	bad(e, "for another machine");
	detail_text(e, " (ELF machine ");
	detail_number(e, eh->e_machine);
	detail_text(e, is_narrow(h) ? ", not i386)" : ", not x86-64)");
	return -1;
}

static int
check_type(const Elf64_Ehdr *eh, struct load_error *e)
{
	if (eh->e_type == ET_REL)
		return bad(e, "an object file, not linked yet");
	if (eh->e_type == ET_CORE)
		return bad(e, "a core dump, not a program");
	if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
		return bad(e, "not an executable type of ELF file");
	return 0;
}

static int
check_headers(const struct head *h, const Elf64_Ehdr *eh, struct load_error *e)
{
	size_t one = is_narrow(h) ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
	uint64_t size = (uint64_t)eh->e_phnum * one;

	if (eh->e_phnum == 0)
		return bad(e, "has no program headers: nothing to load");
	if (eh->e_phentsize != one)
		return bad(e, "program headers have the wrong size");
	if (eh->e_phoff % (is_narrow(h) ? sizeof(uint32_t) : sizeof(uint64_t)) != 0)
		return bad(e, "program headers are not aligned");
	if (eh->e_phoff > ELF_HEAD || size > ELF_HEAD - eh->e_phoff)
		return bad(e, "program headers are not in the first page of the file");
	if (eh->e_phoff + size > h->file_size || eh->e_phoff + size > h->len)
		return bad(e, "truncated in its program headers");
	return 0;
}

static int
check_header(const struct head *h, const Elf64_Ehdr *eh, struct load_error *e)
{
	if (eh->e_ident[EI_VERSION] != EV_CURRENT || eh->e_version != EV_CURRENT)
		return bad(e, "an unknown version of ELF");
	if (check_machine(h, eh, e) < 0 || check_type(eh, e) < 0)
		return -1;
	return check_headers(h, eh, e);
}

/* Whether [offset, offset + size) lies in the file. */
static bool
in_file(const struct head *h, uint64_t offset, uint64_t size)
{
	return offset <= h->file_size && size <= h->file_size - offset;
}

static int
check_load(const struct head *h, const Elf64_Phdr *p, unsigned n, struct load_error *e)
{
	uint64_t user_end = is_narrow(h) ? NARROW_END : USER_END;

	if (p->p_filesz > p->p_memsz)
		return bad_segment(e, n, "a segment is larger in the file than in memory");
	if (!in_file(h, p->p_offset, p->p_filesz))
		return bad_segment(e, n, "truncated: a segment goes past the end of the file");
	if (p->p_vaddr >= user_end || p->p_memsz > user_end - p->p_vaddr)
		return bad_segment(e, n, "a segment lies outside of user memory");
	if (p->p_align > 1 && (p->p_align & (p->p_align - 1)) != 0)
		return bad_segment(e, n, "a segment's alignment is not a power of two");
	if (p->p_align >= user_end)
		return bad_segment(e, n, "a segment's alignment is larger than user memory");
	if (p->p_filesz != 0 && p->p_vaddr % PAGE != p->p_offset % PAGE)
		return bad_segment(e, n, "a segment's address and file offset do not agree");
	return 0;
}

static int
check_overlap(const struct elf_info *info, const struct elf_segment *s, unsigned n,
	      struct load_error *e)
{
	for (unsigned k = 0; k < info->nloads; k++) {
		const struct elf_segment *o = &info->loads[k];

		if (page_down(s->vaddr) < page_up(o->vaddr + o->memsz) &&
		    page_down(o->vaddr) < page_up(s->vaddr + s->memsz))
			return bad_segment(e, n, "two segments overlap, or share a page");
	}
	return 0;
}

static int
add_load(struct elf_info *info, const struct head *h, const Elf64_Phdr *p, unsigned n,
	 struct load_error *e)
{
	struct elf_segment *s = &info->loads[info->nloads];

	if (p->p_memsz == 0 && p->p_filesz == 0)
		return 0;
	if (check_load(h, p, n, e) < 0)
		return -1;
	if (info->nloads == ELF_MAX_LOADS)
		return bad(e, "too many segments");
	*s = (struct elf_segment){p->p_vaddr, p->p_memsz, p->p_offset, p->p_filesz, p->p_flags};
	if (check_overlap(info, s, n, e) < 0)
		return -1;
	if (info->nloads == 0 || page_down(s->vaddr) < info->lowest)
		info->lowest = page_down(s->vaddr);
	if (page_up(s->vaddr + s->memsz) > info->highest)
		info->highest = page_up(s->vaddr + s->memsz);
	if (p->p_align > info->align)
		info->align = p->p_align;
	info->nloads++;
	return 0;
}

int
elf_take_interp(struct elf_info *info, const void *bytes, struct load_error *e)
{
	size_t n = info->interp_range.size;
	const char *name = bytes;

	if (name[n - 1] != 0)
		return bad(e, "the interpreter's name does not end");
	if (name[0] == 0)
		return bad(e, "the interpreter's name is empty");
	memcpy(info->interp, name, n);
	return 0;
}

static int
add_interp(struct elf_info *info, const struct head *h, const Elf64_Phdr *p, unsigned n,
	   struct load_error *e)
{
	if (info->has_interp)
		return bad_segment(e, n, "names two interpreters");
	if (p->p_filesz == 0)
		return bad_segment(e, n, "the interpreter's name is empty");
	if (p->p_filesz > ELF_MAX_INTERP)
		return bad_segment(e, n, "the interpreter's name is too long");
	if (!in_file(h, p->p_offset, p->p_filesz))
		return bad_segment(e, n, "truncated: the interpreter's name is not in the file");
	info->has_interp = true;
	info->interp_range = (struct elf_range){p->p_offset, p->p_filesz};
	if (p->p_offset > h->len || p->p_filesz > h->len - p->p_offset)
		return 0; /* elf_complete() reads it */
	return elf_take_interp(info, h->bytes + p->p_offset, e);
}

static void
add_note(struct elf_info *info, const struct head *h, const Elf64_Phdr *p)
{
	/* A bad note is not a reason to refuse: kernels only look for theirs. */
	if (!in_file(h, p->p_offset, p->p_filesz))
		return;
	if (p->p_offset <= h->len && p->p_filesz <= h->len - p->p_offset)
		elf_read_notes(info, h->bytes + p->p_offset, p->p_filesz);
	else if (info->nnotes < ELF_MAX_NOTES)
		info->notes[info->nnotes++] = (struct elf_range){p->p_offset, p->p_filesz};
}

static int
add_header(struct elf_info *info, const struct head *h, const Elf64_Phdr *p, unsigned n,
	   struct load_error *e)
{
	switch (p->p_type) {
	case PT_LOAD:
		return add_load(info, h, p, n, e);
	case PT_INTERP:
		return add_interp(info, h, p, n, e);
	case PT_NOTE:
		add_note(info, h, p);
		break;
	case PT_PHDR:
		info->phdr_vaddr = p->p_vaddr;
		break;
	case PT_GNU_STACK:
		info->has_stack = true;
		info->stack_flags = p->p_flags & (PF_R | PF_W | PF_X);
		info->stack_size = p->p_memsz;
		break;
	case PT_TLS:
		info->has_tls = true;
		info->tls_vaddr = p->p_vaddr;
		info->tls_filesz = p->p_filesz;
		info->tls_memsz = p->p_memsz;
		info->tls_align = p->p_align;
		break;
	default:
		break;
	}
	return 0;
}

/* Static programs have no PT_PHDR: then it is the segment that holds the headers which tells. */
static void
find_headers_in_memory(struct elf_info *info)
{
	uint64_t size = (uint64_t)info->phnum * info->phent;

	for (unsigned n = 0; n < info->nloads && info->phdr_vaddr == 0; n++) {
		const struct elf_segment *s = &info->loads[n];

		if (s->offset <= info->phoff && info->phoff - s->offset <= s->filesz &&
		    size <= s->filesz - (info->phoff - s->offset))
			info->phdr_vaddr = s->vaddr + (info->phoff - s->offset);
	}
}

static bool
entry_is_code(const struct elf_info *info)
{
	for (unsigned n = 0; n < info->nloads; n++) {
		const struct elf_segment *s = &info->loads[n];

		if ((s->flags & PF_X) && info->entry >= s->vaddr &&
		    info->entry - s->vaddr < s->memsz)
			return true;
	}
	return false;
}

int
elf_parse(const void *head, size_t head_len, uint64_t file_size, struct elf_info *out,
	  struct load_error *e)
{
	struct head h = {head, head_len < file_size ? head_len : file_size, file_size};
	Elf64_Ehdr eh;

	memset(out, 0, sizeof *out);
	if (check_ident(&h, e) < 0)
		return -1;
	read_header(&h, &eh);
	if (check_header(&h, &eh, e) < 0)
		return -1;
	out->machine = eh.e_machine;
	out->type = eh.e_type;
	out->class = eh.e_ident[EI_CLASS];
	out->osabi = eh.e_ident[EI_OSABI];
	out->eflags = eh.e_flags;
	out->entry = eh.e_entry;
	out->phoff = eh.e_phoff;
	out->phnum = eh.e_phnum;
	out->phent = eh.e_phentsize;
	out->align = PAGE;
	for (unsigned n = 0; n < eh.e_phnum; n++) {
		Elf64_Phdr p;

		read_program_header(&h, eh.e_phoff + (uint64_t)n * eh.e_phentsize, &p);
		if (add_header(out, &h, &p, n, e) < 0)
			return -1;
	}
	if (out->nloads == 0)
		return bad(e, "has no segment to load");
	/* security.bsd.map_at_zero is 0, and no host lets an ordinary user have it. */
	if (out->type == ET_EXEC && out->lowest == 0)
		return bad(e, "its addresses begin at zero, which no program may have");
	if (!entry_is_code(out))
		return bad(e, out->entry ? "its entry point lies in no executable segment"
					 : "has no entry point (a shared library?)");
	find_headers_in_memory(out);
	brand_decide(out);
	return 0;
}
