/*
 * FreeBSD/amd64 system call convention: number in rax, arguments in rdi, rsi, rdx,
 * r10, r8, r9, further ones above the return address; carry flag clear and values
 * in rax and rdx, or carry set and a positive errno in rax (amd64/amd64/trap.c,
 * cpu_fetch_syscall_args() and cpu_set_syscall_retval()).
 */
#include "freebsd.h"

#include "core/copy.h"
#include "core/core.h"
#include "core/dispatch.h"
#include "core/signal.h"
#include "core/thread.h"

#define SYSCALL_LENGTH 2	/* 0f 05 */

/* syscall(2) and __syscall(2): the number is the first argument. */
static bool
is_indirect(uint64_t nr)
{
	return nr == FREEBSD_SYS_syscall || nr == FREEBSD_SYS___syscall;
}

long
freebsd_fetch(struct call *c, const struct sigcontext *r)
{
	unsigned have = 6;

	c->second = r->rdx;
	c->nr = (uint32_t)r->rax;
	c->arg[0] = r->rdi;
	c->arg[1] = r->rsi;
	c->arg[2] = r->rdx;
	c->arg[3] = r->r10;
	c->arg[4] = r->r8;
	c->arg[5] = r->r9;
	if (__builtin_expect(is_indirect(c->nr), 0)) {
		c->nr = (uint32_t)c->arg[0];
		have = 5;
		for (unsigned n = 0; n < have; n++)
			c->arg[n] = c->arg[n + 1];
		c->arg[have] = 0;
	}
	if (c->nr < c->abi->nrows && c->abi->rows[c->nr] && c->abi->rows[c->nr]->nargs > have)
		return copy_in(&c->arg[have], guest(r->rsp + 8), (CALL_ARGS - have) * sizeof c->arg[0]);
	return 0;
}

static void
set_result(struct call *c, struct sigcontext *r, long answer)
{
	if (IS_ERROR(answer)) {
		r->rax = guest_errno(c, answer);
		r->eflags |= FREEBSD_CARRY;
		return;
	}
	r->rax = (uint64_t)answer;
	r->rdx = c->second;
	r->eflags &= ~FREEBSD_CARRY;
}

/* What the kernel clears on its short way out, which it does not take to a signal handler. */
static void
clear_scratch(struct sigcontext *r)
{
	r->r8 = r->r9 = r->r10 = 0;
}

void
freebsd_answer(struct call *c, struct ucontext *uc, long answer)
{
	struct thread *t = c->t;
	struct sigcontext *r = &uc->uc_mcontext;

	t->in_call = answer != CALL_REGS_SET && answer != CALL_RESTART;
	if (answer == CALL_RESTART)
		r->rip -= SYSCALL_LENGTH;	/* rax still holds the number */
	else if (answer != CALL_REGS_SET)
		set_result(c, r, answer);
	if (!t->in_call)
		return;
	if (!t->pending) {
		clear_scratch(r);
		t->in_call = false;	/* a signal from now on comes behind it */
	}
	signal_leaves_quickly(t, uc);
}

/* nosys(): SIGSYS and ENOSYS (kern/kern_sig.c). */
long
freebsd_missing(struct call *c)
{
	struct siginfo info = {.si_signo = SIGSYS, .si_code = SI_KERNEL};

	if (!c->row || options.release >= c->row->silent_before)
		signal_raise(c->t, FREEBSD_SIGSYS, &info);
	return -ENOSYS;
}
