/*
 * From a rewritten site into the core and back (stub: site_stub_x86_64.h).
 *
 * The guest's registers go to the thread's frame, the FP state stays in the processor.
 * What a signal finds by address (sites_interrupted()):
 *	[site_enter, site_entered)	the call has not begun: back to the `syscall`
 *	[site_leaving, site_left)	the frame is complete: the guest, as the frame has it
 *	all else			core code
 */
#include "layout.h"

#define FRAME(offset)	(THREAD_FRAME + UC_R8 + (offset))(%r11)
#define R8	0
#define R9	8
#define R10	16
#define R11	24
#define R12	32
#define R13	40
#define R14	48
#define R15	56
#define RDI	64
#define RSI	72
#define RBP	80
#define RBX	88
#define RDX	96
#define RAX	104
#define RCX	112
#define RSP	120
#define RIP	128
#define FLAGS	(UCONTEXT_FLAGS - UC_R8)

/* Carry, parity, adjust, zero, sign, interrupt, overflow, and the one that is always set. */
#define USUAL_FLAGS 0xad7

	.text
	.p2align 6
	.globl	site_enter, site_entered, site_leaving, site_left
/* r11 the thread, rcx the address behind the syscall, all else the guest's. */
site_enter:
	movq	%rsp, FRAME(RSP)
	leaq	FRAME(FLAGS + 8), %rsp
	pushfq
site_entered:
	testl	$~USUAL_FLAGS, FRAME(FLAGS)
	jne	site_unusual
	leaq	THREAD_FRAME(%r11), %rsp
	movq	%r8, FRAME(R8)
	movq	%r9, FRAME(R9)
	movq	%r10, FRAME(R10)
	movq	%r12, FRAME(R12)
	movq	%r13, FRAME(R13)
	movq	%r14, FRAME(R14)
	movq	%r15, FRAME(R15)
	movq	%rdi, FRAME(RDI)
	movq	%rsi, FRAME(RSI)
	movq	%rbp, FRAME(RBP)
	movq	%rbx, FRAME(RBX)
	movq	%rdx, FRAME(RDX)
	movq	%rax, FRAME(RAX)
	movq	%rcx, FRAME(RCX)
	movq	%rcx, FRAME(RIP)
	movq	FRAME(FLAGS), %rax
	movq	%rax, FRAME(R11)
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
	movq	FRAME(FLAGS), %rax
	movl	%eax, %ecx
	movb	%al, %ah
	shrl	$11, %ecx		/* overflow */
	andb	$1, %cl
	movb	$0x7f, %al
	addb	%cl, %al
	sahf
	movq	FRAME(R8), %r8
	movq	FRAME(R9), %r9
	movq	FRAME(R10), %r10
	movq	FRAME(RDI), %rdi
	movq	FRAME(RSI), %rsi
	movq	FRAME(RDX), %rdx
	movq	FRAME(RAX), %rax
	movq	FRAME(RIP), %rcx
	movq	FRAME(RSP), %rsp
	movq	FRAME(FLAGS), %r11
	jmp	*%rcx
site_left:

	.globl	site_last_made
site_last_made:
	movq	%rsp, %rdi
	andq	$-THREAD_BLOCK, %rdi
	call	signal_site_last
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
	jmp	site_made

/* A signal to deliver, or more has changed than results: as from a trap. */
site_slowly:
	movq	%r11, %rdi
	call	signal_site_leaves
	movq	%rax, %rdi
	jmp	gate_return

/* Flags that C cannot have, or that are dear to put back: the syscall itself will trap. */
site_unusual:
	leaq	-2(%rcx), %rcx
	leaq	FRAME(FLAGS), %rsp
	popfq
	movq	FRAME(RSP), %rsp
	jmp	*%rcx
	.section .note.GNU-stack,"",@progbits
