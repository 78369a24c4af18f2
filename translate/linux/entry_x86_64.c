/* The host's convention: number in rax, arguments in rdi, rsi, rdx, r10, r8, r9; a value or -errno in rax. */
#include "linux.h"

#include "core/dispatch.h"
#include "core/signal.h"
#include "core/thread.h"

#define SYSCALL_LENGTH 2	/* 0f 05 */

void
linux_syscall(struct thread *t, struct ucontext *uc)
{
	struct sigcontext *r = &uc->uc_mcontext;
	struct call *c = &t->call;
	long answer;

	*c = (struct call){
		.t = t, .p = t->p, .abi = t->p->abi, .nr = (uint32_t)r->rax,
		.arg = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9},
	};
	answer = dispatch(c);
	if (answer != CALL_LAST)
		linux_answer(c, uc, answer);
}

void
linux_answer(struct call *c, struct ucontext *uc, long answer)
{
	struct sigcontext *r = &uc->uc_mcontext;

	if (answer == CALL_REGS_SET)
		return;
	if (answer == CALL_RESTART)
		r->rip -= SYSCALL_LENGTH;	/* rax still holds the number */
	else
		r->rax = (uint64_t)(IS_ERROR(answer) ? -(long)guest_errno(c, answer) : answer);
}

long
linux_missing(struct call *c)
{
	(void)c;
	return -ENOSYS;
}
