/*
 * Segments into memory. All of an image's addresses are reserved first, so that
 * nothing is mapped over (not the core either), then filled, then what lies
 * between the segments is given back.
 */
#include "internal.h"

#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "translate/core/host.h"
#include "translate/core/layout.h"
#include "translate/core/string.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* linux/mman.h, since 4.17 */
#endif

/* Bits of st_mode: <linux/stat.h> leaves them out where there is a libc. */
#define TYPE 0170000
#define TYPE_REGULAR 0100000
#define TYPE_FOLDER 0040000
#define ANY_EXECUTE 0111

struct place {	       /* where an image's addresses are */
	uint64_t bias; /* added to addresses as linked */
	uint64_t start, end;
};

static long
map(uint64_t at, uint64_t size, int prot, int flags, int fd, uint64_t offset)
{
	return core_call(__NR_mmap, at, size, prot, MAP_PRIVATE | flags, fd, offset);
}

static void
unmap(uint64_t start, uint64_t end)
{
	if (start < end)
		core_call(__NR_munmap, start, end - start);
}

static bool
touches_core(uint64_t start, uint64_t end)
{
	return start < CORE_END && end > CORE_BASE;
}

/* Reads exactly n bytes; -EIO if the file has become shorter. */
static long
read_exactly(int fd, void *to, uint64_t n, uint64_t offset)
{
	unsigned char *p = to;

	while (n > 0) {
		long r = core_call(__NR_pread64, fd, p, n, offset);

		if (r == -EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? r : -EIO;
		p += r;
		n -= (uint64_t)r;
		offset += (uint64_t)r;
	}
	return 0;
}

/*
 * As FreeBSD's ASLR: anywhere far from the core that leaves room for the break. Narrow
 * programs as Linux has them (COMPAT_ELF_ET_DYN_BASE and mmap_rnd_compat_bits).
 */
static uint64_t
random_base(const struct elf_info *info)
{
	uint64_t r = 0;

	core_call(__NR_getrandom, &r, sizeof r, 1 /* GRND_NONBLOCK */);
	if (info->class == ELFCLASS32)
		return UINT64_C(0x56555000) + (r & 0xff) * PAGE;
	return UINT64_C(0x100000000000) + (r & ((UINT64_C(1) << 33) - 1)) * PAGE;
}

/* Where an interpreter goes: narrow ones directly below the place for mappings. */
static uint64_t
interp_hint(const struct elf_info *info, const struct load_options *o)
{
	if (info->class != ELFCLASS32)
		return 0;
	return (o->narrow_top ? o->narrow_top : NARROW_TOP) - (info->highest - info->lowest) - (info->align - PAGE);
}

static int
reserve_fixed(const struct elf_info *info, struct place *p, struct load_error *e)
{
	long r;

	*p = (struct place){0, info->lowest, info->highest};
	if (touches_core(p->start, p->end))
		return load_fail(e, ENOMEM, "its addresses are those of dragoman's own core");
	r = map(p->start, p->end - p->start, PROT_NONE,
		MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (r == (long)p->start)
		return 0;
	if (r >= 0) { /* a kernel that takes the flag for a hint */
		unmap((uint64_t)r, (uint64_t)r + (p->end - p->start));
		r = -EEXIST;
	}
	if (r == -EPERM)
		load_fail(e, ENOMEM,
			  "its addresses are lower than the host allows (vm.mmap_min_addr)");
	else
		load_fail_errno(e, r);
	detail_text(e, ": ");
	detail_hex(e, p->start);
	detail_text(e, " to ");
	detail_hex(e, p->end);
	return -1;
}

/*
 * The host chooses addresses above 4 GiB: for a narrow program the first free place from
 * `at` down. At exec there is next to nothing in its way.
 */
static long
reserve_low(uint64_t at, uint64_t size)
{
	long r = -ENOMEM;

	for (at = page_down(at); at > size && at < NARROW_END - size; at -= page_up(size)) {
		r = map(at, size, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
		if (r == (long)at || (r < 0 && r != -EEXIST))
			return r;
		if (r >= 0)
			unmap((uint64_t)r, (uint64_t)r + size);
		r = -ENOMEM;
	}
	return r;
}

static int
reserve_anywhere(const struct elf_info *info, uint64_t hint, struct place *p, struct load_error *e)
{
	uint64_t size = info->highest - info->lowest, slack = info->align - PAGE;
	uint64_t start, end;
	long r;

	if (info->class == ELFCLASS32)
		r = reserve_low(hint, size + slack);
	else
		r = map(hint & ~(info->align - 1), size + slack, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r < 0) {
		load_fail_errno(e, r);
		detail_text(e, ": ");
		detail_number(e, size);
		detail_text(e, " bytes for its segments");
		return -1;
	}
	start = (uint64_t)r;
	end = start + size + slack;
	p->bias = (start - info->lowest + info->align - 1) & ~(info->align - 1);
	p->start = p->bias + info->lowest;
	p->end = p->start + size;
	unmap(start, p->start);
	unmap(p->end, end);
	if (touches_core(p->start, p->end)) {
		unmap(p->start, p->end);
		return load_fail(e, ENOMEM, "the host's only room for it is dragoman's own");
	}
	return 0;
}

static int
protection(uint32_t flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

/*
 * The page in which the file's part ends is anonymous with the rest read into it,
 * as FreeBSD does it: memory behind the file's part is zero whatever the file has
 * there, and no write of ours can meet a file that has been cut off meanwhile.
 */
static long
fill_segment(int fd, const struct elf_segment *s, uint64_t bias)
{
	uint64_t start = page_down(bias + s->vaddr), end = page_up(bias + s->vaddr + s->memsz);
	uint64_t file_end = bias + s->vaddr + s->filesz;
	uint64_t mapped_end = s->memsz > s->filesz ? page_down(file_end) : page_up(file_end);
	int prot = protection(s->flags);
	long r;

	if (s->filesz > 0 && mapped_end > start) {
		r = map(start, mapped_end - start, prot, MAP_FIXED, fd, page_down(s->offset));
		if (r < 0)
			return r;
	} else {
		mapped_end = start;
	}
	if (mapped_end >= end)
		return 0;
	r = map(mapped_end, end - mapped_end, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_ANONYMOUS, -1,
		0);
	if (r < 0)
		return r;
	if (s->filesz > 0 && file_end > mapped_end) {
		r = read_exactly(fd, (void *)mapped_end, file_end - mapped_end,
				 s->offset + s->filesz - (file_end - mapped_end));
		if (r < 0)
			return r;
	}
	return prot == (PROT_READ | PROT_WRITE)
		       ? 0
		       : core_call(__NR_mprotect, mapped_end, end - mapped_end, prot);
}

static const struct elf_segment *
next_segment(const struct elf_info *info, uint64_t from)
{
	const struct elf_segment *next = NULL;

	for (unsigned n = 0; n < info->nloads; n++)
		if (info->loads[n].vaddr >= from && (!next || info->loads[n].vaddr < next->vaddr))
			next = &info->loads[n];
	return next;
}

static void
unmap_holes(const struct elf_info *info, const struct place *p)
{
	uint64_t done = info->lowest;
	const struct elf_segment *s;

	while ((s = next_segment(info, done))) {
		unmap(p->bias + done, p->bias + page_down(s->vaddr));
		done = page_up(s->vaddr + s->memsz);
	}
}

static int
fill_failed(struct load_error *e, long r)
{
	if (r == -EPERM)
		return load_fail(e, EACCES, "its file system is mounted noexec");
	load_fail_errno(e, r);
	detail_text(e, " (mapping a segment)");
	return -1;
}

static void
tell_of_code(const struct load_options *o, const struct elf_segment *s, uint64_t bias)
{
	uint64_t start = page_down(bias + s->vaddr), end = bias + s->vaddr + s->filesz;

	if (o->mapped_code && s->filesz == s->memsz && s->flags & PF_X && !(s->flags & PF_W))
		o->mapped_code(o->context, start, page_up(end) - start, protection(s->flags));
}

static int
map_segments(int fd, const struct load_options *o, const struct elf_info *info, bool fixed, uint64_t hint,
	     struct place *p, struct load_error *e)
{
	if ((fixed ? reserve_fixed(info, p, e) : reserve_anywhere(info, hint, p, e)) < 0)
		return -1;
	for (unsigned n = 0; n < info->nloads; n++) {
		long r = fill_segment(fd, &info->loads[n], p->bias);

		if (r < 0) {
			unmap(p->start, p->end);
			return fill_failed(e, r);
		}
		tell_of_code(o, &info->loads[n], p->bias);
	}
	return 0;
}

static int
check_file(int fd, struct stat *st, struct load_error *e)
{
	long r = core_call(__NR_fstat, fd, st);

	if (r < 0)
		return load_fail_errno(e, r);
	if ((st->st_mode & TYPE) == TYPE_FOLDER)
		return load_fail(e, EACCES, "is a directory");
	if ((st->st_mode & TYPE) != TYPE_REGULAR)
		return load_fail(e, EACCES, "not a regular file");
	return 0;
}

int
elf_complete(int fd, struct elf_info *info, struct load_error *e)
{
	unsigned char bytes[ELF_MAX_INTERP];
	long r;

	for (unsigned n = 0; n < info->nnotes; n++) {
		uint64_t size = info->notes[n].size;

		if (size > sizeof bytes)
			size = sizeof bytes;
		if (read_exactly(fd, bytes, size, info->notes[n].offset) == 0)
			elf_read_notes(info, bytes, size);
	}
	info->nnotes = 0;
	if (info->has_interp && info->interp[0] == 0) {
		r = read_exactly(fd, bytes, info->interp_range.size, info->interp_range.offset);
		if (r < 0)
			return load_fail_errno(e, r);
		if (elf_take_interp(info, bytes, e) < 0)
			return -1;
	}
	brand_decide(info);
	return 0;
}

static int
read_info(int fd, struct elf_info *info, struct stat *st, struct load_error *e)
{
	unsigned char head[ELF_HEAD];
	uint64_t size;
	long r;

	if (check_file(fd, st, e) < 0)
		return -1;
	size = (uint64_t)st->st_size < sizeof head ? (uint64_t)st->st_size : sizeof head;
	r = read_exactly(fd, head, size, 0);
	if (r < 0)
		return load_fail_errno(e, r);
	if (elf_parse(head, size, (uint64_t)st->st_size, info, e) < 0)
		return -1;
	return elf_complete(fd, info, e);
}

static int
open_interp(const struct load_options *o, const char *path)
{
	if (o->open_path)
		return o->open_path(o->context, path);
	return (int)core_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

static int
load_interp(const struct load_options *o, struct image *out, struct place *p, struct load_error *e)
{
	struct elf_info info = {0};
	struct stat st = {0};
	int fd = open_interp(o, out->info.interp), r;

	if (fd < 0)
		return load_fail_errno(e, fd);
	r = read_info(fd, &info, &st, e);
	if (r == 0 && !(st.st_mode & ANY_EXECUTE))
		r = load_fail_errno(e, -EACCES);
	if (r == 0 && (info.class != out->info.class || info.machine != out->info.machine))
		r = load_fail(e, ELIBBAD, "is for another machine than the program");
	if (r == 0)
		r = map_segments(fd, o, &info, info.type == ET_EXEC, interp_hint(&info, o), p, e);
	core_call(__NR_close, fd);
	if (r < 0)
		return -1;
	unmap_holes(&info, p);
	out->interp = (struct image_range){p->start, p->end};
	out->interp_base = p->bias + page_down(info.loads[0].vaddr);
	out->start = p->bias + info.entry;
	return 0;
}

int
image_load(int fd, const struct load_options *o, struct image *out, struct load_error *e)
{
	struct stat st = {0};
	struct place program = {0}, interp = {0};
	bool fixed;

	memset(out, 0, sizeof *out);
	if (o->info)
		out->info = *o->info;
	else if (read_info(fd, &out->info, &st, e) < 0)
		return -1;
	/* FreeBSD honours the address of an ET_DYN program that is not linked at 0. */
	fixed = out->info.type == ET_EXEC || out->info.lowest > 0;
	if (map_segments(fd, o, &out->info, fixed, fixed || o->base ? o->base : random_base(&out->info), &program, e) < 0)
		return -1;
	out->program = (struct image_range){program.start, program.end};
	out->base = program.bias;
	out->entry = out->start = program.bias + out->info.entry;
	out->phdr = out->info.phdr_vaddr ? program.bias + out->info.phdr_vaddr : 0;
	out->phnum = out->info.phnum;
	out->phent = out->info.phent;
	out->brk_start = program.end;
	if (out->info.has_interp && load_interp(o, out, &interp, e) < 0) {
		unmap(program.start, program.end);
		return load_fail_interpreter(e, out->info.interp);
	}
	unmap_holes(&out->info, &program);
	return 0;
}
