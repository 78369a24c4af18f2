/*
 * x32's rt_sigframe (arch/x86/kernel/signal_64.c, x32_setup_rt_frame()): 64-bit registers
 * between narrow words.
 */
#include "linux_x32.h"

#include "core/copy.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"

struct ucontext_x32 {		/* arch/x86/include/asm/ucontext.h */
	uint32_t flags, link;
	struct { uint32_t sp; int32_t flags; uint32_t size; } stack;
	uint32_t pad;
	struct sigcontext registers;
	uint64_t mask;
};
_Static_assert(offsetof(struct ucontext_x32, registers) == 24, "arch/x86/include/asm/ucontext.h");

struct sigframe_x32 {
	uint64_t restorer;
	struct ucontext_x32 uc;
	char info[LINUX_I386_SIGINFO] __attribute__((aligned(8)));
};

#define CHILD_TIMES 24		/* _sigchld_x32 (include/linux/compat.h): two s64 */

void
linux_x32_siginfo(void *to, const struct siginfo *from)
{
	linux_i386_siginfo(to, from);
	if (from->si_signo == SIGCHLD && from->si_code > 0) {
		const int64_t times[] = {from->si_utime, from->si_stime};

		memcpy((char *)to + CHILD_TIMES, times, sizeof times);
	}
}

bool
linux_x32_enter_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
			const struct signal_action *a, const struct sigset *old_mask)
{
	stack_t stack = linux_altstack(t);
	struct sigframe_x32 f = {
		.restorer = a->trampoline,
		.uc = {
			.flags = (uint32_t)uc->uc_flags, .mask = old_mask->word[0],
			.stack = {(uint32_t)(uintptr_t)stack.ss_sp, stack.ss_flags, (uint32_t)stack.ss_size},
		},
	};
	uint64_t sp = linux_frame_begin(t, uc, a, &f.uc.registers);

	linux_x32_siginfo(f.info, &s->info);
	return sp && linux_frame_end(t, uc, &(struct linux_frame){
		.sp = sp, .bytes = &f, .size = sizeof f, .signal = s->number, .handler = a->handler,
		.info = offsetof(struct sigframe_x32, info), .context = offsetof(struct sigframe_x32, uc),
	});
}

/* rsp is behind the return address that the handler popped. */
long
linux_x32_rt_sigreturn(struct call *c)
{
	struct thread *t = c->t;
	struct ucontext *uc = thread_whole_frame(t);
	struct ucontext_x32 from;
	struct sigset mask = {{0, 0}};
	stack_t stack;

	if (copy_in(&from, guest(uc->uc_mcontext.rsp), sizeof from) < 0 ||
	    !linux_frame_restore(uc, &from.registers))
		signal_die(t, SIGSEGV);
	stack = (stack_t){(void *)(uintptr_t)from.stack.sp, from.stack.flags, from.stack.size};
	linux_set_altstack(t, &stack, from.registers.rsp);	/* a bad one is left alone */
	mask.word[0] = from.mask & ~LINUX_NEVER_BLOCKED;
	signal_set_mask(t, &mask);
	return CALL_REGS_SET;
}
