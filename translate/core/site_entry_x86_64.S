/*
 * From a rewritten site into the core and back (stub: site_stub_x86_64.h).
 *
 * The guest's registers go to the thread's frame, the FP state stays in the processor.
 * What a signal finds by address (sites_interrupted()):
 *	[site_enter, site_entered)	the call has not begun: back to the `syscall`
 *	[site_trap_32, site_entered_32)	the same: back to the int $0x80
 *	[site_leaving, site_left)	the frame is complete: the guest, as the frame has it
 *	[site_direct, site_direct_end)	a direct call, not begun: back to the `syscall`
 *	[gate_direct, gate_direct_made)	the same
 *	[site_direct_leaving, site_direct_left)	a direct call, done: the guest
 *	all else			core code
 */
#include "layout.h"

#define FRAME(offset)	(THREAD_FRAME + UC_R8 + (offset))(%r11)
#define FAR_POINTER	0		/* 32-bit code has no r8 that was to be kept there */
#define RCX	112
#define RSP	120
#define RIP	128
#define FLAGS	(UCONTEXT_FLAGS - UC_R8)
#define CS	144
#define SS	150

	.set	offset_r8, 0
	.set	offset_r9, 8
	.set	offset_r10, 16
	.set	offset_r11, 24
	.set	offset_r12, 32
	.set	offset_r13, 40
	.set	offset_r14, 48
	.set	offset_r15, 56
	.set	offset_rdi, 64
	.set	offset_rsi, 72
	.set	offset_rbp, 80
	.set	offset_rbx, 88
	.set	offset_rdx, 96
	.set	offset_rax, 104
	.set	offset_rcx, RCX

.macro save registers:vararg
	.irp r, \registers
	movq	%\r, FRAME(offset_\r)
	.endr
.endm

.macro load registers:vararg
	.irp r, \registers
	movq	FRAME(offset_\r), %\r
	.endr
.endm

/* Flags that C cannot have, or that are dear to put back, are the trap's business. */
.macro save_flags
	leaq	FRAME(FLAGS + 8), %rsp
	pushfq
.endm

.macro unsave_flags
	leaq	FRAME(FLAGS), %rsp
	popfq
.endm

/* Those that C changes, by way of rax and rcx. */
.macro load_flags
	movq	FRAME(FLAGS), %rax
	movl	%eax, %ecx
	movb	%al, %ah
	shrl	$11, %ecx		/* overflow */
	andb	$1, %cl
	movb	$0x7f, %al
	addb	%cl, %al
	sahf
.endm

/* Carry, parity, adjust, zero, sign, interrupt, overflow, and the one that is always set. */
#define USUAL_FLAGS 0xad7
/* And ID, which means nothing and changes nowhere on the way: OpenSSL tries whether it can be set, and leaves it so. */
#define USUAL_FLAGS_32 (USUAL_FLAGS | 0x200000)

	.text
	.p2align 6
	.globl	site_enter, site_entered, site_leaving, site_left
/* r11 the thread, rcx the address behind the syscall, all else the guest's. */
site_enter:
	movq	%rsp, FRAME(RSP)
	save_flags
site_entered:
	testl	$~USUAL_FLAGS, FRAME(FLAGS)
	jne	site_unusual
	movq	%rcx, FRAME(RIP)
	movq	%rax, FRAME(offset_rax)
	cmpl	%eax, THREAD_DIRECT + DIRECT_N(%r11)
	ja	site_direct
site_not_direct:
	leaq	THREAD_FRAME(%r11), %rsp
	save	rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15
	movq	FRAME(RIP), %rax
	movq	%rax, FRAME(RCX)
	movq	FRAME(FLAGS), %rax
	movq	%rax, FRAME(offset_r11)
site_call:
	movq	%r11, %rdi
	call	signal_site_call
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
	cmpl	$SITE_LAST, %eax
	je	gate_last
site_made:
	testl	%eax, %eax
	jne	site_slowly
site_leaving:
	cmpl	$0, THREAD_PENDING(%r11)
	jne	site_slowly
	cmpw	$USER32_CS, FRAME(CS)
	je	site_leaving_32
	load_flags
	load	r8, r9, r10, rdi, rsi, rdx, rax
	movq	FRAME(RIP), %rcx
	movq	FRAME(RSP), %rsp
	movq	FRAME(FLAGS), %r11
	jmp	*%rcx
site_leaving_32:
	movl	FRAME(RIP), %eax
	movl	%eax, FRAME(FAR_POINTER)
	movl	$USER32_CS, FRAME(FAR_POINTER + 4)
	load_flags
	load	rax, rbx, rcx, rdx, rsi, rdi, rbp
	movq	FRAME(RSP), %rsp
	ljmpl	*FRAME(FAR_POINTER)
site_left:

/*
 * A direct call: rax is all that is given up of the guest's for it, and rsp stands in the frame, so that
 * thread and frame are found by it when the host has taken rcx and r11.
 */
#define BY_RSP		(-THREAD_FRAME - UCONTEXT_FLAGS)	/* the thread, from rsp */
#define FRAME_BY_RSP(offset) (THREAD_FRAME + UC_R8 + (offset) + BY_RSP)(%rsp)
#define ANSWER		offset_r11	/* where the frame has r11, till it is complete */

/* An argument that the host must not get unseen. */
.macro look_at argument, register
	testl	$1 << (DIRECT_ADDRESSES + \argument), %ecx
	je	1f
	movq	\register, %rax
	shrq	$DIRECT_CORE_SHIFT, %rax
	cmpl	$DIRECT_CORE, %eax
	je	site_not_direct
1:	testl	$1 << (DIRECT_SMALL + \argument), %ecx
	je	1f
	movq	\register, %rax
	shrq	$32, %rax
	jne	site_not_direct
1:
.endm

	.globl	site_direct, site_direct_end, site_direct_made, site_direct_leaving, site_direct_left, site_not_direct
site_direct:
	movl	%eax, %eax
	movq	THREAD_DIRECT(%r11), %rcx
	movl	(%rcx, %rax, 4), %ecx
	testl	%ecx, %ecx
	jns	site_not_this
	cmpl	$DIRECT_CALL | DIRECT_NR, %ecx
	jbe	site_direct_seen
	look_at	0, %rdi
	look_at	1, %rsi
	look_at	2, %rdx
	look_at	3, %r10
	look_at	4, %r8
	look_at	5, %r9
	andl	$DIRECT_NR, %ecx
site_direct_seen:
	movzwl	%cx, %eax
	jmp	gate_direct
site_direct_end:

site_not_this:
	testl	$DIRECT_EARLY, %ecx
	je	site_not_direct
	save	rdi, rsi, rdx, r8, r9, r10
	leaq	THREAD_FRAME(%r11), %rsp
	leaq	THREAD_FRAME + UC_R8(%r11), %rsi
	movq	%r11, %rdi
	call	*THREAD_DIRECT + DIRECT_ANSWERS(%r11)
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
	load	rdi, rsi, rdx, r8, r9, r10
	testb	%al, %al
	je	site_not_direct
	leaq	FRAME(FLAGS), %rsp
	xorl	%eax, %eax
site_direct_made:
	movq	%rax, FRAME_BY_RSP(ANSWER)
	cmpq	$-4095, %rax
	jae	site_direct_fails
site_direct_leaving:
	cmpl	$0, THREAD_PENDING + BY_RSP(%rsp)
	jne	site_direct_fails
	movq	THREAD_DIRECT + DIRECT_SCRATCH + BY_RSP(%rsp), %rcx
	andq	%rcx, %r8
	andq	%rcx, %r9
	andq	%rcx, %r10
	movq	FRAME_BY_RSP(FLAGS), %r11
	andq	THREAD_DIRECT + DIRECT_FLAGS + BY_RSP(%rsp), %r11
	movl	%r11d, %eax
	rolw	$8, %ax
	shrb	$3, %al			/* overflow */
	andb	$1, %al
	addb	$0x7f, %al
	sahf
	movq	FRAME_BY_RSP(ANSWER), %rax
	movq	FRAME_BY_RSP(RIP), %rcx
	movq	FRAME_BY_RSP(RSP), %rsp
	jmp	*%rcx
site_direct_left:

/* An error, or a signal to deliver: the frame is made as complete as for any call, and C has the answer. */
site_direct_fails:
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
	movq	FRAME(ANSWER), %rax
	leaq	THREAD_FRAME(%r11), %rsp
	save	rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15
	movq	FRAME(RIP), %rcx
	movq	%rcx, FRAME(RCX)
	movq	FRAME(FLAGS), %rcx
	movq	%rcx, FRAME(offset_r11)
	movq	%r11, %rdi
	movq	%rax, %rsi
	call	signal_site_direct
	jmp	site_returned

	.globl	site_last_made
site_last_made:
	movq	%rsp, %rdi
	andq	$-THREAD_BLOCK, %rdi
	call	signal_site_last
site_returned:
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
	jmp	site_made

/* A signal to deliver, or more has changed than results: as from a trap. */
site_slowly:
	movq	%r11, %rdi
	call	signal_site_leaves
	movq	%rax, %rdi
	jmp	gate_return

/* The syscall itself will trap. */
site_unusual:
	leaq	-2(%rcx), %rcx
	unsave_flags
	movq	FRAME(RSP), %rsp
	jmp	*%rcx

/*
 * From 32-bit code: r10 the address of the int $0x80, r9 that of a far pointer to it, r8 and r11
 * free, all else the guest's; the high halves of registers are nobody's. %fs's base is the
 * thread's block, unless the guest has loaded %fs itself: then it lies below 4 GiB. Before the
 * FP state's form is known (sites_fp_known) no call may come without a trap.
 */
	.globl	site_trap_32, site_enter_32, site_saved_32, site_entered_32
site_trap_32:
	movq	%r8, %rcx
	ljmpl	*(%r9)
site_enter_32:
	movq	%rcx, %r8
	rdfsbase %r11
	movl	%r11d, %ecx
	notq	%rcx
	leaq	1(%rcx, %r11), %rcx
	jrcxz	site_trap_32
	movzbl	sites_fp_known(%rip), %ecx
	jrcxz	site_trap_32
	movq	%r8, %rcx
	movl	$0, FRAME(RSP + 4)
	movl	%esp, FRAME(RSP)
site_saved_32:
	save_flags
site_entered_32:
	testl	$~USUAL_FLAGS_32, FRAME(FLAGS)
	jne	site_unusual_32
	leaq	THREAD_FRAME(%r11), %rsp
	save	rax, rbx, rcx, rdx, rsi, rdi, rbp
	addl	$2, %r10d
	movq	%r10, FRAME(RIP)
	movw	$USER32_CS, FRAME(CS)
	movw	$USER_DS, FRAME(SS)
	jmp	site_call

site_unusual_32:
	unsave_flags
	movl	FRAME(RSP), %esp
	ljmpl	*(%r9)
	.section .note.GNU-stack,"",@progbits
