/*
 * getcontext(3) and its kin as calls, and a thread made from a context
 * (kern/kern_context.c, amd64/amd64/exec_machdep.c: get_mcontext(), set_mcontext()).
 */
#include "context.h"

#include "core/copy.h"
#include "core/process.h"
#include "core/segment.h"
#include "core/signal.h"
#include "core/string.h"

#define CARRY UINT64_C(1)
#define COPIED offsetof(struct freebsd_ucontext, link)	/* UC_COPY_SIZE */

/* As the context would be after the call, with 0 for its result. */
static void
context_now(struct call *c, struct freebsd_ucontext *uc)
{
	struct freebsd_mcontext *m = &uc->mcontext;

	memset(uc, 0, sizeof *uc);
	freebsd_registers_to_guest(m, c->t, thread_whole_frame(c->t), false);
	freebsd_fp_to_guest(m, c->t->frame);
	m->onstack = freebsd_on_altstack(c->t, m->rsp);
	m->trapno = 0;
	m->err = 0;
	m->addr = 0;
	m->rax = 0;
	m->rdx = 0;
	m->rflags &= ~CARRY;
	uc->sigmask = c->t->mask;
}

static long
enter_context(struct call *c, struct freebsd_ucontext *from)
{
	struct ucontext *uc = thread_whole_frame(c->t);
	struct freebsd_mcontext *m = &from->mcontext;
	long r;

	if (m->len != sizeof *m)
		return -EINVAL;
	from->sigmask = freebsd_maskable(from->sigmask);
	if (signal_comes_first(c->t, &from->sigmask))
		return CALL_RESTART;
	m->rflags = (m->rflags & FREEBSD_USER_FLAGS) | (uc->uc_mcontext.eflags & ~FREEBSD_USER_FLAGS);
	r = freebsd_context_to_host(uc, m, m->flags & MC_HASBASES);
	if (r < 0)
		return r;
	signal_set_mask(c->t, &from->sigmask);
	return CALL_REGS_SET;
}

long
freebsd_getcontext(struct call *c, struct guest_ptr context)
{
	struct freebsd_ucontext uc;

	if (is_null(context))
		return -EINVAL;
	context_now(c, &uc);
	return copy_out(context, &uc, COPIED);
}

long
freebsd_setcontext(struct call *c, struct guest_ptr context)
{
	struct freebsd_ucontext uc;

	if (is_null(context))
		return -EINVAL;
	if (copy_in(&uc, context, COPIED) < 0)
		return -EFAULT;
	return enter_context(c, &uc);
}

long
freebsd_swapcontext(struct call *c, struct guest_ptr old, struct guest_ptr new)
{
	struct freebsd_ucontext uc;

	if (is_null(old) || is_null(new))
		return -EINVAL;
	context_now(c, &uc);
	if (copy_out(old, &uc, COPIED) < 0 || copy_in(&uc, new, COPIED) < 0)
		return -EFAULT;
	return enter_context(c, &uc);
}

/* thr_create(2), of the time before thr_new: the new thread goes on in the context. */
long
freebsd_thr_create(struct call *c, struct guest_ptr context, struct guest_ptr made, int32_t flags)
{
	struct freebsd_ucontext from;
	struct thread *nt;
	long r;

	(void)flags;	/* the kernel has never looked at them (sys_thr_create()) */
	if (copy_in(&from, context, sizeof from) < 0)
		return -EFAULT;
	if (from.mcontext.len != sizeof from.mcontext)
		return -EINVAL;
	nt = freebsd_new_thread(c);
	if (!nt)
		return -ENOMEM;
	from.mcontext.rflags = (from.mcontext.rflags & FREEBSD_USER_FLAGS) | CONTEXT_FLAGS_SET;
	r = freebsd_context_to_host(thread_fresh_frame(nt), &from.mcontext, false);
	if (r < 0) {
		thread_free(nt);
		return r;
	}
	return freebsd_start_thread(c, nt, from.mcontext.flags & MC_HASBASES ? from.mcontext.fsbase : segment_fs_base(),
				    made, guest(0), (struct freebsd_rtprio){FREEBSD_RTP_PRIO_NORMAL, 0});
}
