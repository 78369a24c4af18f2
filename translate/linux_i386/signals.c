/* Signal calls of i386: narrow structs, and those from before there were 64 signals. */
#include "linux_i386.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/signal.h"
#include "core/thread.h"

int
linux_i386_fault_signal(struct thread *t, struct ucontext *uc, int host_signal, const struct siginfo *info)
{
	if (host_signal == SIGSEGV && linux_i386_load_segment(t, uc))
		return 0;
	return linux_fault_signal(t, uc, host_signal, info);
}

/* ---- actions ---- */

struct sigaction_i386 {		/* struct compat_sigaction */
	uint32_t handler, flags, restorer, mask[2];
};
_Static_assert(sizeof(struct sigaction_i386) == 20, "include/linux/compat.h");

struct old_sigaction {		/* struct compat_old_sigaction */
	uint32_t handler, mask, flags, restorer;
};
_Static_assert(sizeof(struct old_sigaction) == 16, "include/linux/compat.h");

static uint32_t
narrow_flags(const struct signal_action *a)
{
	return (uint32_t)a->flags;
}

long
linux_i386_rt_sigaction(struct call *c, int32_t sig, struct guest_ptr new, struct guest_ptr old, uint64_t setsize)
{
	struct signal_action was;
	struct sigaction_i386 g;

	if (setsize != sizeof g.mask || sig < 1 || sig > HOST_NSIG)
		return -EINVAL;
	was = c->p->actions[sig];
	if (!is_null(new)) {
		struct signal_action a = {0};

		if (copy_in(&g, new, sizeof g) < 0)
			return -EFAULT;
		a.handler = g.handler;
		a.flags = g.flags;
		a.trampoline = g.restorer;
		a.mask.word[0] = (uint64_t)g.mask[1] << 32 | g.mask[0];
		if (linux_set_action(c->p, sig, &a) < 0)
			return -EINVAL;
	}
	if (is_null(old))
		return 0;
	g = (struct sigaction_i386){(uint32_t)was.handler, narrow_flags(&was), (uint32_t)was.trampoline,
				    {(uint32_t)was.mask.word[0], (uint32_t)(was.mask.word[0] >> 32)}};
	return copy_out(old, &g, sizeof g);
}

long
linux_i386_sigaction(struct call *c, int32_t sig, struct guest_ptr new, struct guest_ptr old)
{
	struct signal_action was;
	struct old_sigaction g;

	if (sig < 1 || sig > HOST_NSIG)
		return -EINVAL;
	was = c->p->actions[sig];
	if (!is_null(new)) {
		struct signal_action a = {0};

		if (copy_in(&g, new, sizeof g) < 0)
			return -EFAULT;
		a.handler = g.handler;
		a.flags = g.flags;
		a.trampoline = g.restorer;
		a.mask.word[0] = g.mask;
		if (linux_set_action(c->p, sig, &a) < 0)
			return -EINVAL;
	}
	if (is_null(old))
		return 0;
	g = (struct old_sigaction){(uint32_t)was.handler, (uint32_t)was.mask.word[0], narrow_flags(&was),
				   (uint32_t)was.trampoline};
	return copy_out(old, &g, sizeof g);
}

/* signal(2) as System V had it: for once, and not held back while it runs. */
long
linux_i386_signal(struct call *c, int32_t sig, struct guest_ptr handler)
{
	struct signal_action a = {.handler = handler.addr, .flags = SA_RESETHAND | SA_NODEFER};
	uint64_t was;

	if (sig < 1 || sig > HOST_NSIG)
		return -EINVAL;
	was = c->p->actions[sig].handler;
	return linux_set_action(c->p, sig, &a) < 0 ? -EINVAL : (long)was;
}

/* ---- masks: the first 32 signals in a word ---- */

static void
set_low_mask(struct thread *t, uint32_t low)
{
	struct sigset mask = t->mask;

	mask.word[0] = (mask.word[0] & ~UINT64_C(0xffffffff)) | (low & ~(uint32_t)LINUX_NEVER_BLOCKED);
	signal_set_mask(t, &mask);
}

long
linux_i386_sigprocmask(struct call *c, int32_t how, struct guest_ptr new, struct guest_ptr old)
{
	uint32_t was = (uint32_t)c->t->mask.word[0], set;

	if (!is_null(new)) {
		if (load_u32(&set, new) < 0)
			return -EFAULT;
		if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
			return -EINVAL;
		set_low_mask(c->t, how == SIG_BLOCK ? was | set : how == SIG_UNBLOCK ? was & ~set : set);
	}
	return is_null(old) ? 0 : store_u32(old, was);
}

long
linux_i386_sigpending(struct call *c, struct guest_ptr set)
{
	struct sigset pending = signal_pending_set(c->t);

	return store_u32(set, (uint32_t)(pending.word[0] & c->t->mask.word[0]));
}

/* sigsuspend(unused, unused, mask): the mask comes by value. */
long
linux_i386_sigsuspend(struct call *c, uint64_t unused1, uint64_t unused2, uint64_t mask)
{
	struct sigset s = {{mask & ~LINUX_NEVER_BLOCKED, 0}};
	host_sigset host;

	(void)unused1;
	(void)unused2;
	signal_set_mask_for_call(c->t, &s);
	host = sigset_to_host(c->t, &s);
	return host_call(__NR_rt_sigsuspend, &host, sizeof host);
}

long
linux_i386_sgetmask(struct call *c)
{
	return (long)(uint32_t)c->t->mask.word[0];
}

/* ssetmask(2) sets all of them, those above 32 to be open. */
long
linux_i386_ssetmask(struct call *c, uint64_t mask)
{
	struct sigset s = {{mask & ~LINUX_NEVER_BLOCKED, 0}};
	uint32_t was = (uint32_t)c->t->mask.word[0];

	signal_set_mask(c->t, &s);
	return (long)was;
}

/* ---- the alternate stack ---- */

struct stack_i386 {		/* compat_stack_t */
	uint32_t sp;
	int32_t flags;
	uint32_t size;
};

long
linux_i386_sigaltstack(struct call *c, struct guest_ptr new, struct guest_ptr old)
{
	uint64_t sp = c->t->frame->uc_mcontext.rsp;
	stack_t was = linux_altstack(c->t), set;
	struct stack_i386 g;
	long r = 0;

	was.ss_flags |= !c->t->altstack.enabled ? SS_DISABLE : linux_on_altstack(c->t, sp) ? SS_ONSTACK : 0;
	if (!is_null(new)) {
		if (copy_in(&g, new, sizeof g) < 0)
			return -EFAULT;
		set = (stack_t){(void *)(uintptr_t)g.sp, g.flags, g.size};
		r = linux_set_altstack(c->t, &set, sp);
	}
	if (r < 0 || is_null(old))
		return r;
	g = (struct stack_i386){(uint32_t)(uintptr_t)was.ss_sp, was.ss_flags, (uint32_t)was.ss_size};
	return copy_out(old, &g, sizeof g);
}
