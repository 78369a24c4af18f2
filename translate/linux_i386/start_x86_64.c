/*
 * The first stack and registers of an i386 program as a 64-bit kernel makes them
 * (create_elf_tables(), fs/binfmt_elf.c, compiled for compat): at the end of 32-bit
 * memory, room for mappings below it, and a vDSO.
 */
#include "linux_i386.h"

#include <linux/auxvec.h>
#include <linux/elf.h>

#include "core/exec.h"
#include "core/host.h"
#include "core/low.h"
#include "core/string.h"
#include "core/thread.h"
#include "loader/loader.h"
#include "loader/stack.h"

#ifndef AT_SYSINFO
#define AT_SYSINFO 32
#endif

#define STACK_CHANCE 0x7ff	/* pages: stack_maxrandom_size() */

static uint64_t
stack_top(void)
{
	uint16_t r = 0;

	core_call(__NR_getrandom, &r, sizeof r, 1 /* GRND_NONBLOCK */);
	return LOW_END - (r & STACK_CHANCE) * UINT64_C(4096);
}

/* As programs say that were linked for it, or before there was a way to say so (elf_read_implies_exec()). */
static int
stack_protection(const struct elf_info *info)
{
	int exec = !info->has_stack || (info->stack_flags & PF_X) ? PROT_EXEC : 0;

	return PROT_READ | PROT_WRITE | exec;
}

static long
low_memory(const struct image *image, struct stack *s)
{
	long r = low_start();

	if (r < 0)
		return r;
	low_mark(image->program.start, image->program.end, true);
	low_mark(image->interp.start, image->interp.end, true);
	r = stack_map_at(s, stack_top(), low_stack_size(), stack_protection(&image->info));
	if (r < 0)
		return r;
	low_mark(s->low - 4096, s->top, true);	/* with its guard */
	s->word = sizeof(uint32_t);
	return linux_i386_vdso_map();
}

static void
set_registers(struct thread *t, struct ucontext *uc, const struct image *image, uint64_t sp)
{
	core_call(__NR_arch_prctl, ARCH_SET_FS, t);
	uc->uc_mcontext.cs = USER32_CS;
	uc->uc_mcontext.ss = USER_DS;
	uc->uc_mcontext.rip = image->start;
	uc->uc_mcontext.rsp = sp;
	linux_i386_set_segment(t, SEGMENT_DS, USER_DS);
	linux_i386_set_segment(t, SEGMENT_ES, USER_DS);
}

long
linux_i386_start(struct thread *t, struct ucontext *uc, const struct start_request *request)
{
	struct stack s;
	uint64_t sp = 0;
	long r = low_memory(request->image, &s);

	if (r == 0) {
		const struct linux_aux own[] = {
			{AT_SYSINFO, linux_i386_vdso.syscall},
			{AT_SYSINFO_EHDR, linux_i386_vdso.base},
			{AT_NULL, 0},
		};

		r = linux_stack_build(&s, request, "i686", own, &sp);
	}
	if (r < 0)
		return r;
	linux_i386_wait_for_empty_gdt();
	t->p->stack_base = s.top;
	t->p->stack_size = s.top - s.low;
	t->p->shared_page = linux_i386_vdso.base;
	set_registers(t, uc, request->image, sp);
	return 0;
}
