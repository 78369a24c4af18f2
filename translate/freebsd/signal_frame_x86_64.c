/*
 * The frame a FreeBSD/amd64 handler finds, and the way back (amd64/amd64/
 * exec_machdep.c: sendsig(), sys_sigreturn(); x86/include/ucontext.h).
 */
#include "context.h"
#include "vdso/vdso_x86_64.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/signal.h"
#include "core/segment.h"
#include "core/string.h"
#include "core/thread.h"

struct freebsd_sigframe {
	uint64_t handler, pad;
	struct freebsd_ucontext uc;
	struct freebsd_siginfo info;
};

/* What the trampoline and its unwind rules go by. */
_Static_assert(FREEBSD_SYS_sigreturn == SIGRETURN, "vdso_x86_64.h");
_Static_assert(offsetof(struct freebsd_sigframe, handler) == FRAME_HANDLER, "vdso_x86_64.h");
_Static_assert(offsetof(struct freebsd_sigframe, uc) == FRAME_UCONTEXT, "vdso_x86_64.h");
_Static_assert(offsetof(struct freebsd_sigframe, uc.mcontext) == FRAME_REGISTERS, "vdso_x86_64.h");
#define CHECK_REGISTER(field, offset) \
	_Static_assert(offsetof(struct freebsd_mcontext, field) == REGISTER_##offset, "vdso_x86_64.h")
CHECK_REGISTER(rdi, RDI);
CHECK_REGISTER(rsi, RSI);
CHECK_REGISTER(rdx, RDX);
CHECK_REGISTER(rcx, RCX);
CHECK_REGISTER(r8, R8);
CHECK_REGISTER(r9, R9);
CHECK_REGISTER(rax, RAX);
CHECK_REGISTER(rbx, RBX);
CHECK_REGISTER(rbp, RBP);
CHECK_REGISTER(r10, R10);
CHECK_REGISTER(r11, R11);
CHECK_REGISTER(r12, R12);
CHECK_REGISTER(r13, R13);
CHECK_REGISTER(r14, R14);
CHECK_REGISTER(r15, R15);
CHECK_REGISTER(rip, RIP);
CHECK_REGISTER(rsp, RSP);

#define SYSCALL_LENGTH	2
#define HOST_PAGE_FAULT	14
#define RESUME_FLAG	UINT64_C(0x10000)	/* the processor's own mark of a fault's frame */

#define FP_CONTROL_START 0x37f
#define MXCSR_START	0x1f80
#define MXCSR_DEFAULT_MASK 0xffbf
#define SELECTOR_RING	3
#define LEGACY_FP	512	/* fxsave's part of the XSAVE area */
#define LEGACY_FP_USED	416	/* to the last xmm register; what follows the host leaves as its stack had it */
#define RED_ZONE	128

/* The host's selectors differ; the guest sees its own kernel's (x86/include/segments.h). */
#define UCODE 0x43
#define UDATA 0x3b
#define UFS 0x13
#define UGS 0x1b

/*
 * What the processor and the kernel's entry code leave in a trap frame. A system
 * call fills part of one (amd64/amd64/exception.S, fast_syscall): rcx is the fourth
 * argument, the error code the instruction's length, and r10, r11, trap number and
 * address are still those of the last fault.
 */
static void
trap_to_guest(struct freebsd_mcontext *m, const struct thread *t, const struct sigcontext *r, bool is_fault)
{
	if (is_fault) {
		m->trapno = freebsd_trap_number((unsigned)r->trapno);
		m->err = r->err;
		m->addr = r->trapno == HOST_PAGE_FAULT ? r->cr2 : 0;
		m->rflags &= ~RESUME_FLAG;
	} else if (t->in_call) {
		m->trapno = freebsd_trap_number(t->last_fault.number);
		m->err = SYSCALL_LENGTH;
		m->addr = t->last_fault.number == HOST_PAGE_FAULT ? t->last_fault.address : 0;
		m->rcx = r->r10;
		m->r10 = t->last_fault.r10;
		m->r11 = t->last_fault.r11;
	}
}

void
freebsd_registers_to_guest(struct freebsd_mcontext *m, const struct thread *t, const struct ucontext *uc,
			   bool is_fault)
{
	const struct sigcontext *r = &uc->uc_mcontext;

	m->rdi = r->rdi; m->rsi = r->rsi; m->rdx = r->rdx; m->rcx = r->rcx;
	m->r8 = r->r8; m->r9 = r->r9; m->r10 = r->r10; m->r11 = r->r11;
	m->r12 = r->r12; m->r13 = r->r13; m->r14 = r->r14; m->r15 = r->r15;
	m->rax = r->rax; m->rbx = r->rbx; m->rbp = r->rbp;
	m->rip = r->rip; m->rsp = r->rsp; m->rflags = r->eflags;
	m->cs = UCODE; m->ss = UDATA; m->es = UDATA; m->ds = UDATA; m->fs = UFS; m->gs = UGS;
	m->flags = MC_HASSEGS;
	m->len = sizeof *m;
	m->fsbase = segment_fs_base();
	m->gsbase = segment_gs_base();
	trap_to_guest(m, t, r, is_fault);
}

static void
registers_to_host(struct sigcontext *r, const struct freebsd_mcontext *m)
{
	r->rdi = m->rdi; r->rsi = m->rsi; r->rdx = m->rdx; r->rcx = m->rcx;
	r->r8 = m->r8; r->r9 = m->r9; r->r10 = m->r10; r->r11 = m->r11;
	r->r12 = m->r12; r->r13 = m->r13; r->r14 = m->r14; r->r15 = m->r15;
	r->rax = m->rax; r->rbx = m->rbx; r->rbp = m->rbp;
	r->rip = m->rip; r->rsp = m->rsp; r->eflags = m->rflags;
}

/* Bytes of the host's extended FP state behind the legacy part; 0: it saved none. */
static size_t
extended_size(const struct ucontext *uc)
{
	const struct _fpstate_64 *fp = (const void *)uc->uc_mcontext.fpstate;

	if (!fp || fp->sw_reserved.magic1 != FP_XSTATE_MAGIC1)
		return 0;
	return fp->sw_reserved.xstate_size - LEGACY_FP;
}

bool
freebsd_on_altstack(const struct thread *t, uint64_t sp)
{
	return t->altstack.enabled && sp - t->altstack.base < t->altstack.size;
}

static void
stack_to_guest(const struct thread *t, struct freebsd_stack *s, bool on)
{
	s->sp = t->altstack.base;
	s->size = t->altstack.size;
	s->flags = !t->altstack.enabled ? FREEBSD_SS_DISABLE : on ? FREEBSD_SS_ONSTACK : 0;
}

void
freebsd_fp_to_guest(struct freebsd_mcontext *m, const struct ucontext *uc)
{
	m->fpformat = FPFMT_XMM;
	m->ownedfp = FPOWNED_PCB;
	if (uc->uc_mcontext.fpstate)
		memcpy(m->fpstate, (const void *)uc->uc_mcontext.fpstate, LEGACY_FP_USED);
}

static bool
is_fault(const struct thread *t, const struct queued_signal *s)
{
	return s->info.si_code > 0 && !t->in_call && signal_is_always_open(s->info.si_signo);
}

/* sendsig() drops the FP state: a handler begins with a processor as after fninit. */
static void
reset_fp(struct ucontext *uc)
{
	struct _fpstate_64 *fp = (void *)uc->uc_mcontext.fpstate;

	if (!fp)
		return;
	memset(fp, 0, LEGACY_FP_USED);
	fp->cwd = FP_CONTROL_START;
	fp->mxcsr = MXCSR_START;
	if (extended_size(uc))	/* no component of the extended part is in use */
		memset(&((struct _xstate *)fp)->xstate_hdr, 0, sizeof(struct _header));
}

bool
freebsd_enter_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
		      const struct signal_action *a, const struct sigset *old_mask)
{
	struct sigcontext *r = &uc->uc_mcontext;
	bool on = freebsd_on_altstack(t, r->rsp);
	size_t extended = extended_size(uc);
	struct freebsd_sigframe f = {.handler = a->handler};
	uint64_t sp = r->rsp - RED_ZONE;
	struct guest_ptr frame;

	if (t->altstack.enabled && !on && (a->flags & SA_ONSTACK))
		sp = t->altstack.base + t->altstack.size;
	f.uc.sigmask = *old_mask;
	freebsd_registers_to_guest(&f.uc.mcontext, t, uc, is_fault(t, s));
	f.uc.mcontext.onstack = on;
	stack_to_guest(t, &f.uc.stack, on);
	freebsd_fp_to_guest(&f.uc.mcontext, uc);
	freebsd_siginfo_from_host(t, &f.info, s);
	if (extended) {
		sp = (sp - extended) & ~UINT64_C(63);
		f.uc.mcontext.flags |= MC_HASFPXSTATE;
		f.uc.mcontext.xfpustate = sp;
		f.uc.mcontext.xfpustate_len = extended;
		if (copy_out(guest(sp), (const char *)r->fpstate + LEGACY_FP, extended) < 0)
			return false;
	}
	frame = guest((sp - sizeof f) & ~UINT64_C(15));
	if (copy_out(frame, &f, sizeof f) < 0)
		return false;
	r->rdi = (uint64_t)s->number;
	r->rdx = frame.addr + offsetof(struct freebsd_sigframe, uc);
	r->rsi = a->flags & SA_SIGINFO ? frame.addr + offsetof(struct freebsd_sigframe, info)
				       : (uint64_t)f.info.code;
	r->rcx = f.info.addr;
	r->rsp = frame.addr;
	r->rip = t->p->signal_trampoline;
	r->eflags &= ~UINT64_C(0x500);		/* PSL_T, PSL_D */
	reset_fp(uc);
	return true;
}

/* A frame that would leave user mode: SIGBUS as the processor's protection fault. */
static void
bad_selector(struct thread *t)
{
	struct siginfo info = {.si_signo = SIGBUS, .si_code = BUS_OBJERR};

	signal_raise(t, FREEBSD_SIGBUS, &info);
}

/* Does the host's sigreturn take the header, or kill the process for it? */
static bool
extended_header_ok(const struct _xstate *saved, const struct _header *header)
{
	static const struct _header none;

	return (header->xfeatures & ~saved->fpstate.sw_reserved.xfeatures) == 0 &&
	       memcmp(&header->reserved1, &none.reserved1, sizeof none - offsetof(struct _header, reserved1)) == 0;
}

static long
extended_to_host(struct ucontext *uc, const struct freebsd_mcontext *m)
{
	struct _xstate *fp = (void *)uc->uc_mcontext.fpstate;
	struct _header header;

	if (m->xfpustate_len > extended_size(uc) || m->xfpustate_len < sizeof header)
		return -EINVAL;
	if (copy_in(&header, guest(m->xfpustate), sizeof header) < 0)
		return -EFAULT;
	if (!extended_header_ok(fp, &header))
		return -EINVAL;
	if (copy_in((char *)fp + LEGACY_FP, guest(m->xfpustate), m->xfpustate_len) < 0)
		return -EFAULT;
	fp->xstate_hdr = header;	/* once more: another thread may write there */
	return 0;
}

/* set_fpcontext() */
static long
fp_to_host(struct ucontext *uc, const struct freebsd_mcontext *m)
{
	struct _fpstate_64 *fp = (void *)uc->uc_mcontext.fpstate;

	if (m->fpformat == FPFMT_NODEV)
		return 0;
	if (m->fpformat != FPFMT_XMM)
		return -EINVAL;
	if (m->ownedfp == FPOWNED_NONE) {
		reset_fp(uc);
		return 0;
	}
	if (m->ownedfp != FPOWNED_FPU && m->ownedfp != FPOWNED_PCB)
		return -EINVAL;
	if (!fp)
		return 0;
	if (m->flags & MC_HASFPXSTATE) {
		long r = extended_to_host(uc, m);

		if (r < 0)
			return r;
	} else if (extended_size(uc)) {		/* the legacy part is in use, nothing else */
		memset(&((struct _xstate *)fp)->xstate_hdr, 0, sizeof(struct _header));
		((struct _xstate *)fp)->xstate_hdr.xfeatures = 3;
	}
	memcpy(fp, m->fpstate, LEGACY_FP_USED);
	fp->mxcsr &= fp->mxcsr_mask ? fp->mxcsr_mask : MXCSR_DEFAULT_MASK;
	return 0;
}

long
freebsd_context_to_host(struct ucontext *uc, const struct freebsd_mcontext *m, bool bases)
{
	long r;

	if (m->flags & ~(uint32_t)MC_FLAG_MASK)
		return -EINVAL;
	r = fp_to_host(uc, m);
	if (r < 0)
		return r;
	registers_to_host(&uc->uc_mcontext, m);
	if (bases)
		segment_set_bases(m->fsbase, m->gsbase);
	return 0;
}

/* sigreturn(2): everything from the frame; refused frames leave the registers as they are. */
long
freebsd_sigreturn(struct call *c, struct guest_ptr context)
{
	struct freebsd_ucontext from;
	struct ucontext *uc = c->t->frame;
	struct _fpstate_64 *fp = (void *)uc->uc_mcontext.fpstate;
	long r = copy_in(&from, context, sizeof from);

	if (r < 0)
		return r;
	if ((from.mcontext.rflags ^ uc->uc_mcontext.eflags) & ~FREEBSD_USER_FLAGS)
		return -EINVAL;
	if ((from.mcontext.cs & SELECTOR_RING) != SELECTOR_RING) {	/* CS_SECURE() */
		bad_selector(c->t);
		return -EINVAL;
	}
	from.sigmask = freebsd_maskable(from.sigmask);
	if (signal_comes_first(c->t, &from.sigmask))
		return CALL_RESTART;
	uc = from.mcontext.fpformat == FPFMT_XMM ? thread_frame_to_fill(c->t) : thread_whole_frame(c->t);
	r = freebsd_context_to_host(uc, &from.mcontext, true);
	if (r < 0) {	/* the state is still where it was */
		uc->uc_mcontext.fpstate = (void *)fp;
		return r;
	}
	signal_set_mask(c->t, &from.sigmask);
	if (c->t->by_site)
		signal_leaves_whole(c->t, uc);
	return CALL_REGS_SET;
}
