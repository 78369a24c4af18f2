/*
 * The signal trampoline, as guest code: rsp is at the frame that
 * freebsd_enter_handler() made. Unwinders walk from a handler into what it
 * interrupted by the register rules here, so every register has one.
 */
#include "vdso_x86_64.h"

.macro saved register, offset
	.cfi_offset	\register, FRAME_REGISTERS + \offset
.endm

	.text
	/* So that core/site_decode.c is certain of what follows, and can put a jump over the movq. */
	.p2align 4
	.skip	64, 0xcc
	.globl	__vdso_sigcode
	.type	__vdso_sigcode, @function
__vdso_sigcode:
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa	%rsp, 0		/* the frame itself: the interrupted stack may be another one */
	saved	%rdi, REGISTER_RDI
	saved	%rsi, REGISTER_RSI
	saved	%rdx, REGISTER_RDX
	saved	%rcx, REGISTER_RCX
	saved	%r8, REGISTER_R8
	saved	%r9, REGISTER_R9
	saved	%rax, REGISTER_RAX
	saved	%rbx, REGISTER_RBX
	saved	%rbp, REGISTER_RBP
	saved	%r10, REGISTER_R10
	saved	%r11, REGISTER_R11
	saved	%r12, REGISTER_R12
	saved	%r13, REGISTER_R13
	saved	%r14, REGISTER_R14
	saved	%r15, REGISTER_R15
	saved	%rip, REGISTER_RIP
	saved	%rsp, REGISTER_RSP

	call	*FRAME_HANDLER(%rsp)
	leaq	FRAME_UCONTEXT(%rsp), %rdi
	pushq	$0			/* where a stub's return address would be */
	.cfi_adjust_cfa_offset 8
	movq	$SIGRETURN, %rax
	syscall
	/* Only a context that the kernel refused comes back. */
1:	hlt
	jmp	1b
	.cfi_endproc
	.size	__vdso_sigcode, . - __vdso_sigcode
	.section .note.GNU-stack,"",@progbits
