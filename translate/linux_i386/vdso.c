/*
 * The guest's linux-gate.so.1: made of vdso/ by the build, mapped by itself. Its clocks are those of the host's own 32-bit
 * vDSO, where the kernel maps it (CONFIG_CHECKPOINT_RESTORE, and CONFIG_IA32_EMULATION): they read them where they are.
 */
#include "linux_i386.h"

#include <asm/prctl.h>
#include <linux/auxvec.h>
#include <linux/elf.h>

#include "core/exec.h"
#include "core/host.h"
#include "core/host_clock.h"
#include "core/low.h"
#include "core/sites.h"
#include "core/string.h"
#include "vdso/vdso_i386.h"

extern const unsigned char linux_i386_vdso_image[];
extern const unsigned long linux_i386_vdso_image_size;

struct linux_i386_vdso linux_i386_vdso;

#define NOPS 64		/* before __kernel_vsyscall: vdso_i386.S */

#define PAGE UINT64_C(4096)

/* What a vDSO says of itself: an offset in it. It is one segment that is linked at 0, so that these are addresses, too. */
static uint32_t
dynamic_value(const unsigned char *image, Elf32_Sword tag)
{
	const Elf32_Ehdr *eh = (const void *)image;
	const Elf32_Phdr *ph = (const void *)(image + eh->e_phoff);

	while (ph->p_type != PT_DYNAMIC)
		ph++;
	for (const Elf32_Dyn *d = (const void *)(image + ph->p_offset); d->d_tag != DT_NULL; d++)
		if (d->d_tag == tag)
			return d->d_un.d_val;
	return 0;
}

/* 0: it has none of this name. The symbols go up to the strings, as every linker lays them out. */
static uint32_t
offset_of(const unsigned char *image, const char *name)
{
	const Elf32_Sym *symbol = (const void *)(image + dynamic_value(image, DT_SYMTAB));
	const char *strings = (const char *)image + dynamic_value(image, DT_STRTAB);

	for (; (const char *)symbol < strings; symbol++)
		if (symbol->st_value && strcmp(strings + symbol->st_name, name) == 0)
			return symbol->st_value;
	return 0;
}

/* ---- the host's own ---- */

/* More than the kernel's data and code for one take. */
#define HOST_VDSO_ROOM (16 * PAGE)

/* Is this page of the vDSO, or of the kernel's data that it reads? Such mappings are never dumped. */
static bool
is_special(uint64_t page)
{
	return core_call(__NR_madvise, page, PAGE, MADV_DODUMP) == -EINVAL;
}

static uint64_t
special_end(uint64_t page)
{
	while (is_special(page))
		page += PAGE;
	return page;
}

/* The 64-bit one goes, which the core reads its clocks by: the kernel maps one for a process. */
static bool
unmap_host_vdso(void)
{
	uint64_t start = host_auxv(AT_SYSINFO_EHDR) & ~(PAGE - 1), end = special_end(start);

	while (start != end && is_special(start - PAGE))
		start -= PAGE;
	if (start == end || core_call(__NR_munmap, start, end - start) < 0)	/* EPERM: it is sealed */
		return false;
	host_clock_stop();
	return true;
}

/*
 * Where the host's 32-bit vDSO is, mapped in place of its 64-bit one; 0: this kernel cannot, or its clocks take a call
 * from there as well.
 */
static uint64_t
map_host_vdso(void)
{
	struct timespec now;
	long at, size;
	uint64_t end;

	if (!host_clock_read(CLOCK_MONOTONIC, &now))
		return 0;
	at = low_reserve(HOST_VDSO_ROOM);
	if (at < 0)
		return 0;
	/* EEXIST: it could, if there were none. */
	if (core_call(__NR_arch_prctl, ARCH_MAP_VDSO_32, at) != -EEXIST || !unmap_host_vdso()) {
		low_munmap((uint64_t)at, HOST_VDSO_ROOM);
		return 0;
	}
	core_call(__NR_munmap, at, HOST_VDSO_ROOM);
	size = core_call(__NR_arch_prctl, ARCH_MAP_VDSO_32, at);
	end = size > 0 ? special_end((uint64_t)at) : (uint64_t)at;
	low_mark(end, (uint64_t)at + HOST_VDSO_ROOM, false);
	return end > (uint64_t)at ? end - (uint64_t)size : 0;
}

static const struct {
	const char *name;
	uint32_t forward;
} clocks[] = {
	{"__vdso_clock_gettime", FORWARD_CHECKED}, {"__vdso_clock_gettime64", FORWARD_CHECKED},
	{"__vdso_clock_getres", FORWARD_CHECKED}, {"__vdso_gettimeofday", FORWARD}, {"__vdso_time", FORWARD},
	{"__vdso_getcpu", FORWARD},
};

/* base: our own, which stays the guest's, since it has the way into the core and what unwinders want to know of it. */
static void
forward_clocks(unsigned char *base)
{
	const uint64_t host = map_host_vdso();

	for (unsigned i = 0; host && i < sizeof clocks / sizeof *clocks; i++) {
		uint32_t target = offset_of((const void *)host, clocks[i].name), distance;
		unsigned char *jump = base + offset_of(base, clocks[i].name) + clocks[i].forward;

		if (!target)
			continue;
		distance = (uint32_t)(host + target - (uintptr_t)(jump + 5));
		memcpy(jump + 1, &distance, sizeof distance);
	}
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
	const unsigned char *image = linux_i386_vdso_image;
	long base = low_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base < 0)
		return base;
	memcpy((void *)base, image, size);
	linux_i386_vdso = (struct linux_i386_vdso){
		.base = (uint64_t)base,
		.syscall = (uint64_t)base + offset_of(image, "__kernel_vsyscall"),
		.sigreturn = (uint64_t)base + offset_of(image, "__kernel_sigreturn"),
		.rt_sigreturn = (uint64_t)base + offset_of(image, "__kernel_rt_sigreturn"),
	};
	forward_clocks((unsigned char *)base);
	open_fast_entry((uint64_t)base + size);
	return core_call(__NR_mprotect, base, size, PROT_READ | PROT_EXEC);
}
