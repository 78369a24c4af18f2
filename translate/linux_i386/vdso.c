/* The guest's linux-gate.so.1: made of vdso/ by the build, mapped by itself. */
#include "linux_i386.h"

#include <linux/elf.h>

#include "core/host.h"
#include "core/low.h"
#include "core/sites.h"
#include "core/string.h"

extern const unsigned char linux_i386_vdso_image[];
extern const unsigned long linux_i386_vdso_image_size;

struct linux_i386_vdso linux_i386_vdso;

#define NOPS 64		/* before __kernel_vsyscall: vdso_i386.S */

/* Offsets in the file are addresses: it is one segment that is linked at 0. */
static const void *
in_image(uint32_t offset)
{
	return linux_i386_vdso_image + offset;
}

static uint32_t
dynamic_value(Elf32_Sword tag)
{
	const Elf32_Ehdr *eh = in_image(0);
	const Elf32_Phdr *ph = in_image(eh->e_phoff);

	while (ph->p_type != PT_DYNAMIC)
		ph++;
	for (const Elf32_Dyn *d = in_image(ph->p_offset); d->d_tag != DT_NULL; d++)
		if (d->d_tag == tag)
			return d->d_un.d_val;
	return 0;
}

static uint64_t
symbol(uint64_t base, const char *name)
{
	const Elf32_Sym *sym = in_image(dynamic_value(DT_SYMTAB));
	const char *names = in_image(dynamic_value(DT_STRTAB));
	uint32_t n = ((const uint32_t *)in_image(dynamic_value(DT_HASH)))[1];	/* nchain: one for each symbol */

	while (n-- > 0)
		if (strcmp(names + sym[n].st_name, name) == 0)
			return base + sym[n].st_value;
	return 0;
}

/*
 * __kernel_vsyscall is the one site here that may be rewritten: the others unwinders know by their
 * bytes. It stands behind them, in a page's last text.
 */
static void
open_fast_entry(uint64_t end)
{
	const uint64_t text = linux_i386_vdso.syscall - NOPS;

	sites_mapped(text, end - text, PROT_READ | PROT_EXEC, false);
}

long
linux_i386_vdso_map(void)
{
	const uint64_t size = linux_i386_vdso_image_size;
	long base = low_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base < 0)
		return base;
	memcpy((void *)base, linux_i386_vdso_image, size);
	linux_i386_vdso = (struct linux_i386_vdso){
		.base = (uint64_t)base,
		.syscall = symbol((uint64_t)base, "__kernel_vsyscall"),
		.sigreturn = symbol((uint64_t)base, "__kernel_sigreturn"),
		.rt_sigreturn = symbol((uint64_t)base, "__kernel_rt_sigreturn"),
	};
	open_fast_entry((uint64_t)base + size);
	return core_call(__NR_mprotect, base, size, PROT_READ | PROT_EXEC);
}
