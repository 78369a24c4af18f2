/* Entry and start: x86-64's, with a bit in the number, and a stack of 32-bit words below 4 GiB. */
#include "linux_x32.h"

#include <linux/auxvec.h>
#include <linux/elf.h>

#include "core/host.h"
#include "core/low.h"
#include "core/signal.h"
#include "core/thread.h"
#include "loader/loader.h"
#include "loader/stack.h"

#define CALL_BIT 0x40000000	/* __X32_SYSCALL_BIT (asm/unistd.h) */

/* A number without the bit is missing, where the kernel would make x86-64's call. */
long
linux_x32_fetch(struct call *c, const struct sigcontext *r)
{
	long failed = linux_fetch(c, r);

	c->nr ^= CALL_BIT;
	return failed;
}

static long
low_memory(const struct image *image, struct stack *s)
{
	bool exec = !image->info.has_stack || (image->info.stack_flags & PF_X);
	long r = low_start();

	if (r < 0)
		return r;
	low_mark(image->program.start, image->program.end, true);
	low_mark(image->interp.start, image->interp.end, true);
	r = stack_map_at(s, LOW_END, low_stack_size(), PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0));
	if (r < 0)
		return r;
	low_mark(s->low - 4096, s->top, true);	/* with its guard */
	s->word = sizeof(uint32_t);
	return 0;
}

/* No AT_SYSINFO_EHDR: the host's vDSO is an ELF file of the other class. */
long
linux_x32_start(struct thread *t, struct ucontext *uc, const struct start_request *request)
{
	static const struct linux_aux none[] = {{AT_NULL, 0}};
	struct stack s;
	uint64_t sp = 0;
	long r = low_memory(request->image, &s);

	if (r == 0)
		r = linux_stack_build(&s, request, "x86_64", none, &sp);
	if (r < 0)
		return r;
	t->p->stack_base = s.top;
	t->p->stack_size = s.top - s.low;
	uc->uc_mcontext.rsp = sp;
	uc->uc_mcontext.rip = request->image->start;
	return 0;
}
