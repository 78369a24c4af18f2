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

uint64_t
linux_frame_begin(struct thread *t, struct ucontext *uc, const struct signal_action *a, struct sigcontext *saved)
{
	uint64_t sp = stack_for(t, uc->uc_mcontext.rsp, a);
	size_t fp = frame_fp_size(uc);

	*saved = uc->uc_mcontext;
	if (!fp)
		return sp;
	sp = (sp - fp) & ~UINT64_C(63);
	if (copy_out(guest(sp), (const void *)saved->fpstate, fp) < 0)
		return 0;
	memcpy(&saved->fpstate, &sp, sizeof sp);
	return sp;
}

bool
linux_frame_end(struct thread *t, struct ucontext *uc, const struct linux_frame *f)
{
	struct sigcontext *r = &uc->uc_mcontext;
	uint64_t sp = ((f->sp - f->size) & ~UINT64_C(15)) - 8;	/* as after a call */

	if (copy_out(guest(sp), f->bytes, f->size) < 0)
		return false;
	linux_disarm_altstack(t);
	r->rdi = (uint64_t)f->signal;
	r->rsi = sp + f->info;
	r->rdx = sp + f->context;
	r->rax = 0;
	r->rsp = sp;
	r->rip = f->handler;
	r->eflags &= ~UINT64_C(0x10500);	/* RF, DF, TF */
	return true;
}

bool
linux_enter_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
		    const struct signal_action *a, const struct sigset *old_mask)
{
	struct linux_sigframe f = {.restorer = a->trampoline, .uc = *uc, .info = s->info};
	uint64_t sp = linux_frame_begin(t, uc, a, &f.uc.uc_mcontext);

	f.uc.uc_link = NULL;
	f.uc.uc_stack = linux_altstack(t);
	f.uc.uc_sigmask = old_mask->word[0];
	return sp && linux_frame_end(t, uc, &(struct linux_frame){
		.sp = sp, .bytes = &f, .size = sizeof f, .signal = s->number, .handler = a->handler,
		.info = offsetof(struct linux_sigframe, info), .context = offsetof(struct linux_sigframe, uc),
	});
}

/* What a guest's frame may not change: selectors of the core's choice, and where its own FP state lies. */
static void
take_registers(struct ucontext *uc, const struct sigcontext *from)
{
	struct sigcontext own = uc->uc_mcontext;

	uc->uc_mcontext = *from;
	uc->uc_mcontext.cs = own.cs;
	uc->uc_mcontext.ss = own.ss;
	uc->uc_mcontext.fpstate = own.fpstate;
}

bool
linux_frame_restore(struct ucontext *uc, const struct sigcontext *from)
{
	size_t fp = frame_fp_size(uc);

	if (fp && from->fpstate) {
		char kept[48];	/* sw_reserved: the kernel's own description of this frame */
		char *own = (char *)uc->uc_mcontext.fpstate;

		memcpy(kept, own + LEGACY_FP - sizeof kept, sizeof kept);
		if (copy_in(own, guest((uintptr_t)from->fpstate), fp) < 0)
			return false;
		memcpy(own + LEGACY_FP - sizeof kept, kept, sizeof kept);
	}
	take_registers(uc, from);
	return true;
}

/* rt_sigreturn: rsp is behind the return address that the handler popped. */
long
linux_rt_sigreturn(struct call *c)
{
	struct thread *t = c->t;
	struct ucontext *uc, from;
	struct sigset mask = {{0, 0}};

	if (copy_in(&from, guest(t->frame->uc_mcontext.rsp), sizeof from) < 0)
		signal_die(t, SIGSEGV);
	uc = from.uc_mcontext.fpstate ? thread_frame_to_fill(t) : thread_whole_frame(t);
	if (!linux_frame_restore(uc, &from.uc_mcontext))
		signal_die(t, SIGSEGV);
	linux_set_altstack(t, &from.uc_stack, from.uc_mcontext.rsp);	/* a bad one is left alone */
	mask.word[0] = from.uc_sigmask & ~LINUX_NEVER_BLOCKED;
	signal_set_mask(t, &mask);
	if (t->by_site)
		signal_leaves_whole(t, uc);
	return CALL_REGS_SET;
}
