/*
 * AT_SYSINFO's way into the core and back, without a trap.
 *
 * __kernel_vsyscall is a far jump to 64-bit code in its own page (linux_i386_low_code, of
 * which the guest has a copy), and that jumps here. %fs's base is the thread's block, unless
 * the guest has loaded %fs itself: then, and whenever something is not as usual, the call is
 * made by the int $0x80 behind the far jump. The guest's registers go to the thread's frame,
 * the FP state stays in the processor, as for rewritten sites (core/site_entry_x86_64.S).
 *
 * What a signal finds by address (linux_i386_interrupted()):
 *	the guest's copy, [linux_i386_enter, linux_i386_entered)
 *					the call has not begun: back to the int $0x80
 *	[linux_i386_leaving, linux_i386_left)
 *					the frame is complete: the guest, as the frame has it
 *	all else			core code
 */
#include "core/layout.h"

#define FRAME(offset)	(THREAD_FRAME + UC_R8 + (offset))(%r11)
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
#define CS	144
#define SS	150

#define USER32_CS 0x23
#define USER_DS 0x2b

/*
 * Carry, parity, adjust, zero, sign, interrupt, overflow, and the one that is always set; and ID, which means
 * nothing and changes nowhere on the way: OpenSSL tries whether it can be set, and leaves it so.
 */
#define USUAL_FLAGS 0x200ad7

	.text
	.p2align 6
	.globl	linux_i386_enter, linux_i386_saved, linux_i386_entered, linux_i386_leaving, linux_i386_left
/* r11 the thread, r10 free, all else the guest's; the high halves of registers are nobody's. */
linux_i386_enter:
	cmpb	$0, sites_fp_known(%rip)
	je	linux_i386_unknown
	movl	%esp, %r10d
	movq	%r10, FRAME(RSP)
linux_i386_saved:
	leaq	FRAME(FLAGS + 8), %rsp
	pushfq
linux_i386_entered:
	testl	$~USUAL_FLAGS, FRAME(FLAGS)
	jne	linux_i386_unusual
	leaq	THREAD_FRAME(%r11), %rsp
	movq	%rax, FRAME(RAX)
	movq	%rbx, FRAME(RBX)
	movq	%rcx, FRAME(RCX)
	movq	%rdx, FRAME(RDX)
	movq	%rsi, FRAME(RSI)
	movq	%rdi, FRAME(RDI)
	movq	%rbp, FRAME(RBP)
	movl	linux_i386_way_back(%rip), %eax
	movq	%rax, FRAME(RIP)
	movw	$USER32_CS, FRAME(CS)
	movw	$USER_DS, FRAME(SS)
	movq	%r11, %rdi
	call	signal_site_call
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
	testl	%eax, %eax
	jne	linux_i386_slowly
linux_i386_leaving:
	cmpl	$0, THREAD_PENDING(%r11)
	jne	linux_i386_slowly
	movl	linux_i386_way_back(%rip), %eax
	cmpq	%rax, FRAME(RIP)
	jne	linux_i386_slowly	/* made again, or gone on somewhere else */
	movl	FRAME(RBX), %ebx
	movl	FRAME(RCX), %ecx
	movl	FRAME(RDX), %edx
	movl	FRAME(RSI), %esi
	movl	FRAME(RDI), %edi
	movl	FRAME(RBP), %ebp
	movl	FRAME(RAX), %eax
	movl	FRAME(RSP), %esp
	ljmpl	*linux_i386_way_back(%rip)
linux_i386_left:

/* A signal to deliver, or more has changed than results: as from a trap. */
linux_i386_slowly:
	movq	%r11, %rdi
	call	signal_site_leaves
	movq	%rax, %rdi
	jmp	gate_return

/* Flags that C cannot have, or that are dear to put back: the trap does it. */
linux_i386_unusual:
	leaq	FRAME(FLAGS), %rsp
	popfq
	movl	FRAME(RSP), %esp
linux_i386_unknown:
	ljmpl	*linux_i386_way_by_trap(%rip)

/* What the guest has a copy of. */
	.globl	linux_i386_low_code, linux_i386_low_trap, linux_i386_low_end
linux_i386_low_code:
	rdfsbase %r11
	movq	%r11, %r10
	shrq	$32, %r10
	subl	$(CORE_BASE >> 32), %r10d
	cmpl	$((CORE_END - CORE_BASE) >> 32), %r10d
	jae	1f
	movabsq	$linux_i386_enter, %r10
	jmp	*%r10
1:	ljmpl	*linux_i386_low_trap(%rip)
linux_i386_low_trap:
	.long	0		/* where the int $0x80 stands */
	.word	USER32_CS
linux_i386_low_end:

/* Far pointers to __kernel_vsyscall: behind its int $0x80, and to it. */
	.data
	.p2align 3
	.globl	linux_i386_way_back, linux_i386_way_by_trap
linux_i386_way_back:
	.long	0
	.word	USER32_CS
	.p2align 3
linux_i386_way_by_trap:
	.long	0
	.word	USER32_CS
	.section .note.GNU-stack,"",@progbits
