/* The guest's linux-gate.so.1: made of vdso/ by the build, mapped by itself. */
#include "linux_i386.h"

#include <linux/elf.h>

#include "core/core.h"
#include "core/host.h"
#include "core/low.h"
#include "core/segment.h"
#include "core/string.h"
#include "core/thread.h"

extern const unsigned char linux_i386_vdso_image[];
extern const unsigned long linux_i386_vdso_image_size;

struct linux_i386_vdso linux_i386_vdso;

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

/* ---- the way in without a trap: fast_entry_x86_64.S ---- */

extern const char linux_i386_enter[], linux_i386_saved[], linux_i386_entered[], linux_i386_leaving[];
extern const char linux_i386_left[], linux_i386_low_code[], linux_i386_low_trap[], linux_i386_low_end[];
extern struct far_pointer {
	uint32_t offset;
	uint16_t selector;
} linux_i386_way_back, linux_i386_way_by_trap;

#define LOW_CODE_SIZE ((uintptr_t)linux_i386_low_end - (uintptr_t)linux_i386_low_code)

/* __kernel_vsyscall: a far jump, int $0x80, ret. */
#define INT80_AT 7
#define BACK_AT 9

static uint64_t low_code;	/* of the guest; 0: there is no such way */

static void
open_fast_entry(uint64_t at)
{
	uint8_t jump[INT80_AT] = {0xea};
	const uint16_t selector = USER_CS;
	const uint32_t target = (uint32_t)at;

	if (options.no_rewrite || !segment_by_instruction())
		return;
	low_code = at;
	linux_i386_way_back.offset = (uint32_t)linux_i386_vdso.syscall + BACK_AT;
	linux_i386_way_by_trap.offset = (uint32_t)linux_i386_vdso.syscall + INT80_AT;
	memcpy((void *)at, linux_i386_low_code, LOW_CODE_SIZE);
	memcpy((char *)at + ((uintptr_t)linux_i386_low_trap - (uintptr_t)linux_i386_low_code), &linux_i386_way_by_trap.offset,
	       sizeof linux_i386_way_by_trap.offset);
	memcpy(jump + 1, &target, sizeof target);
	memcpy(jump + 5, &selector, sizeof selector);
	memcpy((void *)linux_i386_vdso.syscall, jump, sizeof jump);
}

static bool
in_range(uint64_t ip, const char *begin, const char *end)
{
	return ip >= (uintptr_t)begin && ip < (uintptr_t)end;
}

static void
to_guest(struct sigcontext *r, uint64_t ip)
{
	r->rip = ip;
	r->cs = USER32_CS;
	r->ss = USER_DS;
}

void
linux_i386_interrupted(struct thread *t, struct ucontext *uc)
{
	struct sigcontext *r = &uc->uc_mcontext;
	const struct sigcontext *frame = &thread_frame(t)->uc_mcontext;

	if (low_code && r->cs == USER_CS && r->rip - low_code < LOW_CODE_SIZE) {
		to_guest(r, linux_i386_way_by_trap.offset);
	} else if (in_range(r->rip, linux_i386_enter, linux_i386_entered)) {
		if (r->rip >= (uintptr_t)linux_i386_saved)
			r->rsp = frame->rsp;
		to_guest(r, linux_i386_way_by_trap.offset);
	} else if (in_range(r->rip, linux_i386_leaving, linux_i386_left)) {
		r->rbx = frame->rbx;
		r->rcx = frame->rcx;
		r->rdx = frame->rdx;
		r->rsi = frame->rsi;
		r->rdi = frame->rdi;
		r->rbp = frame->rbp;
		r->rax = frame->rax;
		r->rsp = frame->rsp;
		to_guest(r, frame->rip);
	}
}

/* ---- mapping ---- */

static uint64_t
round_16(uint64_t n)
{
	return (n + 15) & ~UINT64_C(15);
}

long
linux_i386_vdso_map(void)
{
	const uint64_t size = round_16(linux_i386_vdso_image_size) + LOW_CODE_SIZE;
	long base = low_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base < 0)
		return base;
	memcpy((void *)base, linux_i386_vdso_image, linux_i386_vdso_image_size);
	linux_i386_vdso = (struct linux_i386_vdso){
		.base = (uint64_t)base,
		.syscall = symbol((uint64_t)base, "__kernel_vsyscall"),
		.sigreturn = symbol((uint64_t)base, "__kernel_sigreturn"),
		.rt_sigreturn = symbol((uint64_t)base, "__kernel_rt_sigreturn"),
	};
	open_fast_entry((uint64_t)base + round_16(linux_i386_vdso_image_size));
	return core_call(__NR_mprotect, base, size, PROT_READ | PROT_EXEC);
}
