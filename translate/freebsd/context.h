/*
 * A thread's context as FreeBSD/amd64 keeps it in a signal frame and for
 * getcontext(3) (x86/include/ucontext.h), and the host's own, where the guest's
 * registers are while the core works.
 */
#ifndef DRAGOMAN_FREEBSD_CONTEXT_H
#define DRAGOMAN_FREEBSD_CONTEXT_H

#include "freebsd.h"

struct freebsd_stack {
	uint64_t sp, size;
	int32_t flags, pad;
};

struct freebsd_mcontext {
	uint64_t onstack;
	uint64_t rdi, rsi, rdx, rcx, r8, r9, rax, rbx, rbp, r10, r11, r12, r13, r14, r15;
	uint32_t trapno;
	uint16_t fs, gs;
	uint64_t addr;
	uint32_t flags;
	uint16_t es, ds;
	uint64_t err, rip, cs, rflags, rsp, ss;
	uint64_t len, fpformat, ownedfp;
	uint8_t fpstate[512];
	uint64_t fsbase, gsbase, xfpustate, xfpustate_len, tlsbase, spare[3];
};
_Static_assert(sizeof(struct freebsd_mcontext) == 0x320, "x86/include/ucontext.h");

struct freebsd_ucontext {
	struct sigset sigmask;
	struct freebsd_mcontext mcontext;
	uint64_t link;
	struct freebsd_stack stack;
	int32_t flags;
	int32_t spare[4];
} __attribute__((aligned(16)));	/* mcontext is */
_Static_assert(sizeof(struct freebsd_ucontext) == 0x370, "sys/_ucontext.h");

#define MC_HASSEGS	0x1
#define MC_HASBASES	0x2
#define MC_HASFPXSTATE	0x4
#define MC_FLAG_MASK	0xf
#define FPFMT_NODEV	0x10000
#define FPFMT_XMM	0x10002
#define FPOWNED_NONE	0x20000
#define FPOWNED_FPU	0x20001
#define FPOWNED_PCB	0x20002

/* The flags a program may set itself: PSL_USERCHANGE (x86/include/psl.h); and those that are always set. */
#define FREEBSD_USER_FLAGS UINT64_C(0x254dd5)
#define CONTEXT_FLAGS_SET UINT64_C(0x202)

/* Registers as they are, after a call as the call left them; of a fault, what the processor said too. */
void freebsd_registers_to_guest(struct freebsd_mcontext *m, const struct thread *t, const struct ucontext *uc,
				bool is_fault);
/*
 * Checks and takes over a context: registers, FP state, segment bases if `bases`.
 * -EINVAL or -EFAULT with nothing changed but FP state.
 */
long freebsd_context_to_host(struct ucontext *uc, const struct freebsd_mcontext *m, bool bases);
/* The part of the FP state that is always there. */
void freebsd_fp_to_guest(struct freebsd_mcontext *m, const struct ucontext *uc);
bool freebsd_on_altstack(const struct thread *t, uint64_t sp);

#endif
