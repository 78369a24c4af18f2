/* The host's convention: number in rax, arguments in rdi, rsi, rdx, r10, r8, r9; a value or -errno in rax. */
#include "linux.h"

#include "core/dispatch.h"

#define SYSCALL_LENGTH 2	/* 0f 05 */

long
linux_fetch(struct call *c, const struct sigcontext *r)
{
	c->nr = (uint32_t)r->rax;
	c->arg[0] = r->rdi;
	c->arg[1] = r->rsi;
	c->arg[2] = r->rdx;
	c->arg[3] = r->r10;
	c->arg[4] = r->r8;
	c->arg[5] = r->r9;
	return 0;
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
