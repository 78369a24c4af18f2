#include "stack_freebsd.h"

#include <asm/errno.h>
#include <linux/elf.h>
#include <linux/mman.h>

#include "internal.h"
#include "translate/core/string.h"

/* sys/elf_common.h; AT_NULL and 3 to 9 are everybody's. */
enum {
	FREEBSD_AT_NULL = 0,
	FREEBSD_AT_PHDR = 3,
	FREEBSD_AT_PHENT = 4,
	FREEBSD_AT_PHNUM = 5,
	FREEBSD_AT_PAGESZ = 6,
	FREEBSD_AT_BASE = 7,
	FREEBSD_AT_FLAGS = 8,
	FREEBSD_AT_ENTRY = 9,
	FREEBSD_AT_EXECPATH = 15,
	FREEBSD_AT_CANARY = 16,
	FREEBSD_AT_CANARYLEN = 17,
	FREEBSD_AT_OSRELDATE = 18,
	FREEBSD_AT_NCPUS = 19,
	FREEBSD_AT_PAGESIZES = 20,
	FREEBSD_AT_PAGESIZESLEN = 21,
	FREEBSD_AT_TIMEKEEP = 22,
	FREEBSD_AT_STACKPROT = 23,
	FREEBSD_AT_EHDRFLAGS = 24,
	FREEBSD_AT_HWCAP = 25,
	FREEBSD_AT_HWCAP2 = 26,
	FREEBSD_AT_BSDFLAGS = 27,
	FREEBSD_AT_ARGC = 28,
	FREEBSD_AT_ARGV = 29,
	FREEBSD_AT_ENVC = 30,
	FREEBSD_AT_ENVV = 31,
	FREEBSD_AT_PS_STRINGS = 32,
	FREEBSD_AT_FXRNG = 33,
	FREEBSD_AT_KPRELOAD = 34,
	FREEBSD_AT_USRSTACKBASE = 35,
	FREEBSD_AT_USRSTACKLIM = 36,
};

#define FREEBSD_ELF_BSDF_SIGFASTBLK 1 /* sigfastblock(2) is there */

/* struct ps_strings (sys/exec.h) */
struct freebsd_ps_strings {
	uint64_t argv;
	uint32_t argc, pad1;
	uint64_t envp;
	uint32_t envc, pad2;
};
_Static_assert(sizeof(struct freebsd_ps_strings) == 32, "sys/exec.h");

/* hw.pagesizes of amd64 */
static const uint64_t page_sizes[] = {4096, 2 << 20, 1 << 30};

/*
 * What differs by release. The vector has room for every id the kernel knows
 * (AT_COUNT). Where the block lies in its 16 bytes is chance on a kernel with stack
 * randomisation; this is how it was on the recorded ones (recorded/…/frames.txt).
 */
struct release {
	uint32_t from; /* osreldate */
	uint16_t at_count;
	uint16_t block_mod_16;
};

static const struct release *
find_release(uint32_t osreldate)
{
	static const struct release releases[] = {
		{1500000, 40, 8}, /* AT_HWCAP3, AT_HWCAP4 */
		{0, 37, 0},
	};
	const struct release *r = releases;

	while (osreldate < r->from)
		r++;
	return r;
}

int
freebsd_stack_protection(const struct elf_info *info)
{
	if (!info->has_stack || info->stack_flags == 0)
		return PROT_READ | PROT_WRITE | PROT_EXEC;
	return (info->stack_flags & PF_R ? PROT_READ : 0) |
	       (info->stack_flags & PF_W ? PROT_WRITE : 0) |
	       (info->stack_flags & PF_X ? PROT_EXEC : 0);
}

static void
put_above_strings(struct stack *s, const struct freebsd_start *in, struct freebsd_stack *out)
{
	out->ps_strings = stack_take(s, sizeof(struct freebsd_ps_strings), 8);
	if (in->exec_path)
		out->exec_path = stack_put(s, in->exec_path, strlen(in->exec_path) + 1, 8);
	out->canary = stack_put(s, in->canary, sizeof in->canary, 1);
	out->page_sizes = stack_put(s, page_sizes, sizeof page_sizes, 8);
}

static void
put_aux(struct stack *s, const struct freebsd_start *in, const struct freebsd_stack *out)
{
	const struct image *image = in->image;
	uint64_t base = image->interp_base ? image->interp_base : image->base, at = out->auxv;
	const struct {
		uint16_t type;
		bool absent;
		uint64_t value;
	} entries[] = {
		{FREEBSD_AT_PHDR, false, image->phdr},
		{FREEBSD_AT_PHENT, false, image->phent},
		{FREEBSD_AT_PHNUM, false, image->phnum},
		{FREEBSD_AT_PAGESZ, false, PAGE},
		{FREEBSD_AT_FLAGS, false, 0},
		{FREEBSD_AT_ENTRY, false, image->entry},
		{FREEBSD_AT_BASE, false, base},
		{FREEBSD_AT_EHDRFLAGS, false, image->info.eflags},
		{FREEBSD_AT_EXECPATH, !in->exec_path, out->exec_path},
		{FREEBSD_AT_OSRELDATE, false, in->osreldate},
		{FREEBSD_AT_CANARY, false, out->canary},
		{FREEBSD_AT_CANARYLEN, false, FREEBSD_CANARY},
		{FREEBSD_AT_NCPUS, false, in->ncpus},
		{FREEBSD_AT_PAGESIZES, false, out->page_sizes},
		{FREEBSD_AT_PAGESIZESLEN, false, sizeof page_sizes},
		{FREEBSD_AT_TIMEKEEP, !in->timekeep, in->timekeep},
		{FREEBSD_AT_STACKPROT, false, (uint64_t)freebsd_stack_protection(&image->info)},
		{FREEBSD_AT_HWCAP, !in->hwcap, in->hwcap},
		{FREEBSD_AT_HWCAP2, !in->hwcap2, in->hwcap2},
		{FREEBSD_AT_BSDFLAGS, false, FREEBSD_ELF_BSDF_SIGFASTBLK},
		{FREEBSD_AT_ARGC, false, out->argc},
		{FREEBSD_AT_ARGV, false, out->argv},
		{FREEBSD_AT_ENVC, false, out->envc},
		{FREEBSD_AT_ENVV, false, out->envp},
		{FREEBSD_AT_PS_STRINGS, false, out->ps_strings},
		{FREEBSD_AT_FXRNG, !in->fxrng, in->fxrng},
		{FREEBSD_AT_KPRELOAD, !in->kpreload, in->kpreload},
		{FREEBSD_AT_USRSTACKBASE, false, page_up(s->top)},
		{FREEBSD_AT_USRSTACKLIM, false, in->stack_limit},
		{FREEBSD_AT_NULL, false, 0},
	};

	for (size_t n = 0; n < sizeof entries / sizeof *entries; n++)
		if (!entries[n].absent)
			stack_write_aux(s, &at, entries[n].type, entries[n].value);
}

long
freebsd_stack_build(struct stack *s, const struct freebsd_start *in, struct freebsd_stack *out)
{
	const struct release *release = find_release(in->osreldate);
	uint64_t strings, vector, vector_size, aux_size = release->at_count * UINT64_C(16);

	memset(out, 0, sizeof *out);
	put_above_strings(s, in, out);
	out->argc = stack_count(in->argv, &out->args_size);
	out->envc = stack_count(in->envp, &out->env_size);
	strings = stack_take(s, out->args_size + out->env_size, 8);
	vector_size = 8 + (out->argc + UINT64_C(1) + out->envc + 1) * 8;
	if ((s->next - aux_size - vector_size) % 16 != release->block_mod_16)
		stack_take(s, 8, 8);
	out->auxv = stack_take(s, aux_size, 8);
	out->block = stack_take(s, vector_size, 8);
	if (s->full)
		return -E2BIG;

	stack_write_word(s, out->block, out->argc);
	out->argv = vector = out->block + 8;
	out->args = strings;
	stack_write_strings(s, in->argv, &strings, &vector);
	out->envp = vector;
	out->env = strings;
	stack_write_strings(s, in->envp, &strings, &vector);
	put_aux(s, in, out);
	stack_write(s, out->ps_strings,
		    &(struct freebsd_ps_strings){out->argv, out->argc, 0, out->envp, out->envc, 0},
		    sizeof(struct freebsd_ps_strings));
	out->rsp = ((out->block - 8) & ~UINT64_C(15)) + 8;
	return s->full ? -E2BIG : 0;
}
