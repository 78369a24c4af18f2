/*
 * The kernel's own rt_sigframe, made by the core (arch/x86/kernel/signal_64.c): return
 * address, ucontext, siginfo, and the FP state above, as the kernel gave it to the core.
 */
#include "linux.h"

#include "core/copy.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"

struct linux_sigframe {
	uint64_t restorer;
	struct ucontext uc;
	struct siginfo info;
};

#define RED_ZONE 128
#define LEGACY_FP 512

static uint64_t
stack_for(const struct thread *t, uint64_t sp, const struct signal_action *a)
{
	if ((a->flags & SA_ONSTACK) && t->altstack.enabled && !linux_on_altstack(t, sp))
		return t->altstack.base + t->altstack.size;
	return sp - RED_ZONE;
}

bool
linux_enter_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
		    const struct signal_action *a, const struct sigset *old_mask)
{
	struct sigcontext *r = &uc->uc_mcontext;
	struct linux_sigframe f = {.restorer = a->trampoline, .uc = *uc, .info = s->info};
	uint64_t sp = stack_for(t, r->rsp, a);
	size_t fp = frame_fp_size(uc);

	if (fp) {
		sp = (sp - fp) & ~UINT64_C(63);
		if (copy_out(guest(sp), (const void *)r->fpstate, fp) < 0)
			return false;
		memcpy(&f.uc.uc_mcontext.fpstate, &sp, sizeof sp);
	}
	f.uc.uc_link = NULL;
	f.uc.uc_stack = linux_altstack(t);
	f.uc.uc_sigmask = old_mask->word[0];
	sp = ((sp - sizeof f) & ~UINT64_C(15)) - 8;	/* as after a call */
	if (copy_out(guest(sp), &f, sizeof f) < 0)
		return false;
	linux_disarm_altstack(t);
	r->rdi = (uint64_t)s->number;
	r->rsi = sp + offsetof(struct linux_sigframe, info);
	r->rdx = sp + offsetof(struct linux_sigframe, uc);
	r->rax = 0;
	r->rsp = sp;
	r->rip = a->handler;
	r->eflags &= ~UINT64_C(0x10500);	/* RF, DF, TF */
	return true;
}

/* What a guest's frame may not change: selectors of the core's choice, and where its own FP state lies. */
static void
take_registers(struct ucontext *uc, const struct ucontext *from)
{
	struct sigcontext own = uc->uc_mcontext;

	uc->uc_mcontext = from->uc_mcontext;
	uc->uc_mcontext.cs = own.cs;
	uc->uc_mcontext.ss = own.ss;
	uc->uc_mcontext.fpstate = own.fpstate;
}

/* rt_sigreturn: rsp is behind the return address that the handler popped. */
long
linux_rt_sigreturn(struct call *c)
{
	struct thread *t = c->t;
	struct ucontext *uc = thread_whole_frame(t), from;
	struct sigset mask = {{0, 0}};
	size_t fp = frame_fp_size(uc);

	if (copy_in(&from, guest(uc->uc_mcontext.rsp), sizeof from) < 0)
		signal_die(t, SIGSEGV);
	if (fp && from.uc_mcontext.fpstate) {
		char kept[48];	/* sw_reserved: the kernel's own description of this frame */
		char *own = (char *)uc->uc_mcontext.fpstate;

		memcpy(kept, own + LEGACY_FP - sizeof kept, sizeof kept);
		if (copy_in(own, guest((uintptr_t)from.uc_mcontext.fpstate), fp) < 0)
			signal_die(t, SIGSEGV);
		memcpy(own + LEGACY_FP - sizeof kept, kept, sizeof kept);
	}
	take_registers(uc, &from);
	linux_set_altstack(t, &from.uc_stack, from.uc_mcontext.rsp);	/* a bad one is left alone */
	mask.word[0] = from.uc_sigmask & ~LINUX_NEVER_BLOCKED;
	signal_set_mask(t, &mask);
	return CALL_REGS_SET;
}
