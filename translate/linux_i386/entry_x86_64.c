/*
 * int $0x80: number in eax, arguments in ebx, ecx, edx, esi, edi, ebp; a value or -errno
 * in eax. Where the host's kernel has IA32 emulation the trap catches it as it catches
 * every call. Where it has not, the gate of interrupt 0x80 is not open to programs and the
 * instruction is a general protection fault.
 */
#include "linux_i386.h"

#include "core/copy.h"
#include "core/core.h"
#include "core/dispatch.h"
#include "core/signal.h"
#include "core/thread.h"

#define INT80_LENGTH 2		/* cd 80 */
#define INT80_BYTES 0x80cd
#define GENERAL_PROTECTION 13	/* trapno */
#define INT80_ERROR 0x402	/* the vector, in the IDT (Intel SDM 3A, 6.13) */

static bool
is_int80_at(uint64_t address)
{
	uint16_t bytes;

	return copy_in(&bytes, guest(address), sizeof bytes) == 0 && bytes == INT80_BYTES;
}

/* --int80=fault: the trap's frame becomes what a host without IA32 emulation would have made of the instruction. */
static bool
becomes_fault(struct sigcontext *r, int host_signal, const struct siginfo *info)
{
	if (!options.int80_faults || host_signal != SIGSYS || info->si_code <= 0 || r->cs != USER32_CS ||
	    !is_int80_at(r->rip - INT80_LENGTH))
		return false;
	r->rip -= INT80_LENGTH;
	r->trapno = GENERAL_PROTECTION;
	r->err = INT80_ERROR;
	return true;
}

bool
linux_i386_faults_to_call(struct ucontext *uc, int host_signal, const struct siginfo *info)
{
	struct sigcontext *r = &uc->uc_mcontext;

	if (host_signal != SIGSEGV && !becomes_fault(r, host_signal, info))
		return false;
	if (r->trapno != GENERAL_PROTECTION || r->err != INT80_ERROR || !is_int80_at(r->rip))
		return false;
	r->rip += INT80_LENGTH;
	return true;
}

long
linux_i386_fetch(struct call *c, const struct sigcontext *r)
{
	c->nr = (uint32_t)r->rax;
	c->arg[0] = (uint32_t)r->rbx;
	c->arg[1] = (uint32_t)r->rcx;
	c->arg[2] = (uint32_t)r->rdx;
	c->arg[3] = (uint32_t)r->rsi;
	c->arg[4] = (uint32_t)r->rdi;
	c->arg[5] = (uint32_t)r->rbp;
	join_argument_pairs(c);
	return 0;
}

void
linux_i386_answer(struct call *c, struct ucontext *uc, long answer)
{
	struct sigcontext *r = &uc->uc_mcontext;

	if (answer == CALL_REGS_SET)
		return;
	if (answer == CALL_RESTART)
		r->rip -= INT80_LENGTH;	/* eax still holds the number */
	else
		r->rax = (uint32_t)(IS_ERROR(answer) ? -(long)guest_errno(c, answer) : answer);
}
