/*
 * The two frames of an i386 handler (ia32_setup_frame() and ia32_setup_rt_frame(),
 * arch/x86/kernel/signal_32.c), and the way back. Above them lies the FP state: the
 * registers as FSAVE lays them out, then as the host's frame has them
 * (copy_fpstate_to_sigframe(), arch/x86/kernel/fpu/signal.c).
 */
#include "linux_i386.h"

#include "core/copy.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"

#define SA_SIGINFO_FRAME(a) ((a)->flags & SA_SIGINFO)

struct sigcontext_i386 {	/* struct sigcontext_32: selectors in 32-bit words */
	uint32_t gs, fs, es, ds;
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t trapno, err, eip, cs, eflags, esp_at_signal, ss;
	uint32_t fpstate, oldmask, cr2;
};
_Static_assert(sizeof(struct sigcontext_i386) == 88, "asm/sigcontext.h");

#define FSAVE_AND_FXSAVE 624	/* sizeof(struct _fpstate_32) */

struct frame {			/* struct sigframe_ia32 */
	uint32_t pretcode, sig;
	struct sigcontext_i386 sc;
	uint8_t fpstate_unused[FSAVE_AND_FXSAVE];
	uint32_t extramask;
	uint8_t retcode[8];
};
_Static_assert(sizeof(struct frame) == 732 && offsetof(struct frame, extramask) == 720, "asm/sigframe.h");

struct ucontext_i386 {
	uint32_t flags, link;
	struct { uint32_t sp; int32_t flags; uint32_t size; } stack;
	struct sigcontext_i386 mcontext;
	uint32_t mask[2];
};
_Static_assert(sizeof(struct ucontext_i386) == 116, "asm/ia32.h");

struct rt_frame {		/* struct rt_sigframe_ia32 */
	uint32_t pretcode, sig, pinfo, puc;
	uint8_t info[LINUX_I386_SIGINFO];
	struct ucontext_i386 uc;
	uint8_t retcode[8];
};
_Static_assert(offsetof(struct rt_frame, uc) == 144 && offsetof(struct rt_frame, retcode) == 260, "asm/sigframe.h");

/* Not run, but what debuggers know a frame by. */
static const uint8_t retcode[8] = {0x58, 0xb8, 0x77, 0, 0, 0, 0xcd, 0x80};
static const uint8_t rt_retcode[8] = {0xb8, 0xad, 0, 0, 0, 0xcd, 0x80, 0};

/* ---- FP state ---- */

struct fsave {			/* struct fregs_state: user_i387_ia32_struct, and the kernel's status word */
	uint32_t cwd, swd, twd, fip, fcs, foo, fos;
	uint8_t st[8][10];
	uint16_t status, magic;	/* 0: FXSAVE's image follows */
};
_Static_assert(sizeof(struct fsave) == 112, "asm/fpu/types.h");

#define TAG_VALID 0
#define TAG_ZERO 1
#define TAG_SPECIAL 2
#define TAG_EMPTY 3

/* What the x87 would say of a register: FXSAVE keeps only whether it is empty (twd_fxsr_to_i387()). */
static unsigned
tag_of(const struct _fpxreg *st)
{
	unsigned exponent = st->exponent & 0x7fff;
	bool zero = !(st->significand[0] | st->significand[1] | st->significand[2] | st->significand[3]);

	if (exponent == 0x7fff)
		return TAG_SPECIAL;
	if (exponent == 0)
		return zero ? TAG_ZERO : TAG_SPECIAL;
	return st->significand[3] & 0x8000 ? TAG_VALID : TAG_SPECIAL;
}

static const struct _fpxreg *
st_of(const struct _fpstate_64 *fx, unsigned n)
{
	return (const struct _fpxreg *)fx->st_space + n;
}

static uint32_t
tags_of(const struct _fpstate_64 *fx)
{
	unsigned top = fx->swd >> 11 & 7;
	uint32_t tags = 0;

	for (unsigned n = 0; n < 8; n++) {
		unsigned tag = fx->twd >> n & 1 ? tag_of(st_of(fx, (n - top) & 7)) : TAG_EMPTY;

		tags |= tag << 2 * n;
	}
	return tags;
}

/* convert_from_fxsr() */
static void
fsave_from(struct fsave *to, const struct _fpstate_64 *fx, const struct sigcontext *r)
{
	*to = (struct fsave){
		.cwd = fx->cwd | 0xffff0000,
		.swd = fx->swd | 0xffff0000,
		.twd = tags_of(fx) | 0xffff0000,
		.fip = (uint32_t)fx->rip,
		.fcs = r->cs,
		.foo = (uint32_t)fx->rdp,
		.fos = 0xffff0000 | linux_i386_segment(SEGMENT_DS),
		.status = fx->swd,
	};
	for (unsigned n = 0; n < 8; n++)
		memcpy(to->st[n], st_of(fx, n), sizeof to->st[n]);
}

/* convert_to_fxsr(): of the x87, FSAVE's part is what counts. */
static void
fsave_to(struct _fpstate_64 *fx, const struct fsave *from)
{
	fx->cwd = (uint16_t)from->cwd;
	fx->swd = (uint16_t)from->swd;
	fx->fop = (uint16_t)(from->fcs >> 16);
	fx->rip = from->fip;
	fx->rdp = from->foo;
	fx->twd = 0;
	for (unsigned n = 0; n < 8; n++) {
		fx->twd |= (uint16_t)((from->twd >> 2 * n & 3) != TAG_EMPTY) << n;
		memcpy((struct _fpxreg *)fx->st_space + n, from->st[n], sizeof from->st[n]);
	}
}

#define LEGACY_FP 512
#define XSTATE_HEADER 64
#define SW_RESERVED 464
#define DEFAULT_CWD 0x37f
#define DEFAULT_MXCSR 0x1f80
#define DEFAULT_MXCSR_MASK 0xffbf
#define FEATURE_X87 1
#define FEATURE_SSE 2

static struct _fpstate_64 *
own_fp(const struct ucontext *uc)
{
	return (struct _fpstate_64 *)uc->uc_mcontext.fpstate;
}

/* Below sp, on a multiple of 64; where it begins is the guest's pointer to it. 0: the stack cannot take it. */
static uint64_t
put_fp(uint64_t sp, const struct ucontext *uc, uint64_t *fpstate)
{
	const struct _fpstate_64 *fx = own_fp(uc);
	struct _fpx_sw_bytes sw;
	struct fsave header;
	uint64_t at;

	*fpstate = 0;
	if (!fx)
		return sp;
	at = (sp - frame_fp_size(uc)) & ~UINT64_C(63);
	*fpstate = at - sizeof header;
	fsave_from(&header, fx, &uc->uc_mcontext);
	sw = fx->sw_reserved;
	sw.extended_size += sizeof header;
	if (copy_out(guest(*fpstate), &header, sizeof header) < 0 || copy_out(guest(at), fx, frame_fp_size(uc)) < 0 ||
	    copy_out(guest(at + SW_RESERVED), &sw, sizeof sw) < 0)
		return 0;
	return *fpstate;
}

/* What the program starts with: handlers too (fpu__clear_user_states()). */
static void
reset_fp(struct ucontext *uc)
{
	struct _fpstate_64 *fx = own_fp(uc);

	if (!fx)
		return;
	memset(fx, 0, SW_RESERVED);
	fx->cwd = DEFAULT_CWD;
	fx->mxcsr = DEFAULT_MXCSR;
	if (frame_fp_size(uc) > LEGACY_FP)
		memset((char *)fx + LEGACY_FP, 0, sizeof(uint64_t));	/* xstate_bv: all as at the start */
}

static uint64_t *
features_of(struct _fpstate_64 *fx)
{
	return (uint64_t *)(void *)((char *)fx + LEGACY_FP);
}

/* An image that the guest has made may be FXSAVE's alone: what is beyond it is then as at the start. */
static bool
is_extended(const struct _fpstate_64 *fx, uint64_t at, const struct _fpx_sw_bytes *sw)
{
	uint32_t mark;

	return fx->sw_reserved.magic1 == FP_XSTATE_MAGIC1 && sw->magic1 == FP_XSTATE_MAGIC1 &&
	       sw->xstate_size == fx->sw_reserved.xstate_size &&
	       load_u32(&mark, guest(at + sw->xstate_size)) == 0 && mark == FP_XSTATE_MAGIC2;
}

/* __fpu_restore_sig(). The host's own description of its image stays. */
static bool
get_fp(struct ucontext *uc, uint64_t fpstate)
{
	struct _fpstate_64 *fx = own_fp(uc);
	uint64_t at = fpstate + sizeof(struct fsave);
	struct _fpx_sw_bytes own, theirs;
	struct fsave header;
	uint32_t mxcsr_bits;
	bool extended;

	if (!fx)
		return true;
	own = fx->sw_reserved;
	mxcsr_bits = fx->mxcsr_mask ? fx->mxcsr_mask : DEFAULT_MXCSR_MASK;
	if (copy_in(&theirs, guest(at + SW_RESERVED), sizeof theirs) < 0 ||
	    copy_in(&header, guest(fpstate), sizeof header) < 0)
		return false;
	extended = is_extended(fx, at, &theirs);
	if (copy_in(fx, guest(at), extended ? own.xstate_size : LEGACY_FP) < 0)
		return false;
	fx->sw_reserved = own;
	fx->mxcsr &= mxcsr_bits;	/* others would fault where the host loads it */
	if (own.magic1 == FP_XSTATE_MAGIC1) {
		uint64_t *features = features_of(fx);

		features[0] = extended ? (features[0] | FEATURE_X87) & own.xfeatures : FEATURE_X87 | FEATURE_SSE;
		memset(features + 1, 0, XSTATE_HEADER - sizeof *features);
	}
	fsave_to(fx, &header);
	return true;
}

/* ---- frames ---- */

static uint64_t
stack_for(const struct thread *t, uint64_t sp, const struct signal_action *a)
{
	if ((a->flags & SA_ONSTACK) && t->altstack.enabled && !linux_on_altstack(t, sp))
		return t->altstack.base + t->altstack.size;
	return sp;
}

static uint64_t
align_frame(uint64_t sp)
{
	return ((sp + 4) & ~UINT64_C(15)) - 4;	/* as after a call */
}

static struct sigcontext_i386
context_from(const struct sigcontext *r, uint64_t fpstate, uint64_t mask)
{
	return (struct sigcontext_i386){
		.gs = linux_i386_segment(SEGMENT_GS),
		.fs = linux_i386_segment(SEGMENT_FS),
		.es = linux_i386_segment(SEGMENT_ES),
		.ds = linux_i386_segment(SEGMENT_DS),
		.edi = (uint32_t)r->rdi,
		.esi = (uint32_t)r->rsi,
		.ebp = (uint32_t)r->rbp,
		.esp = (uint32_t)r->rsp,
		.ebx = (uint32_t)r->rbx,
		.edx = (uint32_t)r->rdx,
		.ecx = (uint32_t)r->rcx,
		.eax = (uint32_t)r->rax,
		.trapno = (uint32_t)r->trapno,
		.err = (uint32_t)r->err,
		.eip = (uint32_t)r->rip,
		.cs = r->cs,
		.eflags = (uint32_t)r->eflags,
		.esp_at_signal = (uint32_t)r->rsp,
		.ss = r->ss,
		.fpstate = (uint32_t)fpstate,
		.oldmask = (uint32_t)mask,
		.cr2 = (uint32_t)r->cr2,
	};
}

static bool
put_frame(uint64_t sp, const struct queued_signal *s, const struct signal_action *a,
	  const struct sigcontext_i386 *sc, const struct sigset *mask)
{
	struct frame f = {
		.pretcode = (uint32_t)(a->flags & SA_RESTORER ? a->trampoline : linux_i386_vdso.sigreturn),
		.sig = (uint32_t)s->number,
		.sc = *sc,
		.extramask = (uint32_t)(mask->word[0] >> 32),
	};

	memcpy(f.retcode, retcode, sizeof retcode);
	/* Of the unused part nothing is written, as the kernel does it. */
	return copy_out(guest(sp), &f, offsetof(struct frame, fpstate_unused)) == 0 &&
	       copy_out(guest(sp + offsetof(struct frame, extramask)), &f.extramask,
			sizeof f - offsetof(struct frame, extramask)) == 0;
}

static bool
put_rt_frame(const struct thread *t, uint64_t sp, const struct queued_signal *s, const struct signal_action *a,
	     const struct sigcontext_i386 *sc, const struct sigset *mask, bool extended)
{
	stack_t altstack = linux_altstack(t);
	struct rt_frame f = {
		.pretcode = (uint32_t)(a->flags & SA_RESTORER ? a->trampoline : linux_i386_vdso.rt_sigreturn),
		.sig = (uint32_t)s->number,
		.pinfo = (uint32_t)(sp + offsetof(struct rt_frame, info)),
		.puc = (uint32_t)(sp + offsetof(struct rt_frame, uc)),
		.uc = {
			.flags = extended ? UC_FP_XSTATE : 0,
			.stack = {(uint32_t)(uintptr_t)altstack.ss_sp, altstack.ss_flags, (uint32_t)altstack.ss_size},
			.mcontext = *sc,
			.mask = {(uint32_t)mask->word[0], (uint32_t)(mask->word[0] >> 32)},
		},
	};

	linux_i386_siginfo(f.info, &s->info);
	((uint32_t *)(void *)f.info)[0] = (uint32_t)s->number;
	memcpy(f.retcode, rt_retcode, sizeof rt_retcode);
	return copy_out(guest(sp), &f, sizeof f) == 0;
}

static void
enter(struct thread *t, struct sigcontext *r, uint64_t sp, uint64_t handler)
{
	r->rsp = sp;
	r->rip = handler;
	r->cs = USER32_CS;
	r->ss = USER_DS;
	r->eflags &= ~UINT64_C(0x10500);	/* RF, DF, TF */
	linux_i386_set_segment(t, SEGMENT_DS, USER_DS);
	linux_i386_set_segment(t, SEGMENT_ES, USER_DS);
}

bool
linux_i386_enter_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
			 const struct signal_action *a, const struct sigset *old_mask)
{
	struct sigcontext *r = &uc->uc_mcontext;
	bool rt = SA_SIGINFO_FRAME(a), extended = frame_fp_size(uc) > LEGACY_FP;
	struct sigcontext_i386 sc;
	uint64_t fpstate, sp = put_fp(stack_for(t, (uint32_t)r->rsp, a), uc, &fpstate);

	if (!sp)
		return false;
	sc = context_from(r, fpstate, old_mask->word[0]);
	sp = align_frame(sp - (rt ? sizeof(struct rt_frame) : sizeof(struct frame)));
	if (rt ? !put_rt_frame(t, sp, s, a, &sc, old_mask, extended) : !put_frame(sp, s, a, &sc, old_mask))
		return false;
	linux_disarm_altstack(t);
	/* For handlers built with -mregparm=3 too. */
	r->rax = (uint32_t)s->number;
	r->rdx = rt ? sp + offsetof(struct rt_frame, info) : 0;
	r->rcx = rt ? sp + offsetof(struct rt_frame, uc) : 0;
	reset_fp(uc);
	enter(t, r, sp, a->handler);
	return true;
}

/* ---- and back ---- */

#define SETTABLE_FLAGS UINT64_C(0x50dd5)	/* FIX_EFLAGS (arch/x86/kernel/signal.c), with RF */

/* ia32_restore_sigcontext() */
static bool
restore(struct thread *t, const struct sigcontext_i386 *sc)
{
	struct ucontext *uc = thread_whole_frame(t);
	struct sigcontext *r = &uc->uc_mcontext;

	r->rdi = sc->edi;
	r->rsi = sc->esi;
	r->rbp = sc->ebp;
	r->rsp = sc->esp;
	r->rbx = sc->ebx;
	r->rdx = sc->edx;
	r->rcx = sc->ecx;
	r->rax = sc->eax;
	r->rip = sc->eip;
	r->eflags = (r->eflags & ~SETTABLE_FLAGS) | (sc->eflags & SETTABLE_FLAGS);
	r->cs = USER32_CS;
	r->ss = USER_DS;
	linux_i386_set_segment(t, SEGMENT_GS, (uint16_t)sc->gs);
	linux_i386_set_segment(t, SEGMENT_FS, (uint16_t)sc->fs);
	linux_i386_set_segment(t, SEGMENT_DS, (uint16_t)sc->ds);
	linux_i386_set_segment(t, SEGMENT_ES, (uint16_t)sc->es);
	if (sc->fpstate)
		return get_fp(uc, sc->fpstate);
	reset_fp(uc);
	return true;
}

static void
set_mask(struct thread *t, uint32_t low, uint32_t high)
{
	struct sigset mask = {{((uint64_t)high << 32 | low) & ~LINUX_NEVER_BLOCKED, 0}};

	signal_set_mask(t, &mask);
}

/* esp is behind the return address and, once the trampoline has popped it, the signal. */
long
linux_i386_sigreturn(struct call *c)
{
	struct thread *t = c->t;
	uint64_t at = (uint32_t)t->frame->uc_mcontext.rsp - offsetof(struct frame, sc);
	struct sigcontext_i386 sc;
	uint32_t high;

	if (copy_in(&sc, guest(at + offsetof(struct frame, sc)), sizeof sc) < 0 ||
	    load_u32(&high, guest(at + offsetof(struct frame, extramask))) < 0 || !restore(t, &sc))
		signal_die(t, SIGSEGV);
	set_mask(t, sc.oldmask, high);
	return CALL_REGS_SET;
}

long
linux_i386_rt_sigreturn(struct call *c)
{
	struct thread *t = c->t;
	uint64_t at = (uint32_t)t->frame->uc_mcontext.rsp - offsetof(struct rt_frame, sig);
	struct ucontext_i386 from;
	stack_t altstack;

	if (copy_in(&from, guest(at + offsetof(struct rt_frame, uc)), sizeof from) < 0 || !restore(t, &from.mcontext))
		signal_die(t, SIGSEGV);
	altstack = (stack_t){(void *)(uintptr_t)from.stack.sp, from.stack.flags, from.stack.size};
	linux_set_altstack(t, &altstack, from.mcontext.esp);	/* a bad one is left alone */
	set_mask(t, from.mask[0], from.mask[1]);
	return CALL_REGS_SET;
}
