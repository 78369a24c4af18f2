/*
 * What a 64-bit kernel gives 32-bit programs in their vDSO: the way into the kernel, and
 * the two ends of a signal handler. Debuggers and libgcc know the bytes of these by heart
 * (MD_FALLBACK_FRAME_STATE_FOR), everybody else reads the unwind rules: each register is
 * where linux_i386_enter_handler() has put it.
 */
#include "vdso_i386.h"

	.text

/* `at` is where struct sigcontext_32 lies from esp. */
.macro registers_at at
	.cfi_offset	%edi, \at + 16
	.cfi_offset	%esi, \at + 20
	.cfi_offset	%ebp, \at + 24
	.cfi_offset	%esp, \at + 28
	.cfi_offset	%ebx, \at + 32
	.cfi_offset	%edx, \at + 36
	.cfi_offset	%ecx, \at + 40
	.cfi_offset	%eax, \at + 44
	.cfi_offset	%eip, \at + 56
.endm

	/* An unwinder looks for the caller at the address before the one it returns to. */
	nop
	.p2align 4
	.globl	__kernel_sigreturn
	.type	__kernel_sigreturn, @function
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa	%esp, 0
	registers_at 4
	nop
__kernel_sigreturn:
	popl	%eax
	.cfi_def_cfa	%esp, -4
	movl	$119, %eax
	int	$0x80
	.cfi_endproc
	nop
	.size	__kernel_sigreturn, . - __kernel_sigreturn

	.p2align 4
	.globl	__kernel_rt_sigreturn
	.type	__kernel_rt_sigreturn, @function
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa	%esp, 0
	registers_at 160
	nop
__kernel_rt_sigreturn:
	movl	$173, %eax
	int	$0x80
	.cfi_endproc
	nop
	.size	__kernel_rt_sigreturn, . - __kernel_rt_sigreturn

/*
 * Clocks and their like. What begins at FORWARD becomes a jump to the host's own 32-bit vDSO, where that is to be had
 * (vdso.c); else, and for clocks that only the kernel can tell, it is a call. Arguments are taken from where there may
 * be fewer: the caller's stack.
 */
.macro	asks name, nr, checked
	.p2align 4
	.globl	__vdso_\name
	.type	__vdso_\name, @function
	.cfi_startproc
__vdso_\name:
	.if \checked
	movl	4(%esp), %eax
	cmpl	$READABLE_LAST, %eax
	ja	1f
	movl	$READABLE_CLOCKS, %ecx
	btl	%eax, %ecx
	jnc	1f
	.org	__vdso_\name + FORWARD_CHECKED, 0x90
	.endif
	.byte	0xe9, 0, 0, 0, 0	/* jmp 1f */
1:	pushl	%ebx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset	%ebx, 0
	movl	8(%esp), %ebx
	movl	12(%esp), %ecx
	movl	16(%esp), %edx
	movl	$\nr, %eax
	call	__kernel_vsyscall
	popl	%ebx
	.cfi_adjust_cfa_offset -4
	.cfi_restore %ebx
	ret
	.cfi_endproc
	.size	__vdso_\name, . - __vdso_\name
.endm

	asks	clock_gettime, 265, 1
	asks	clock_gettime64, 403, 1
	asks	clock_getres, 266, 1
	asks	gettimeofday, 78, 0
	asks	time, 13, 0
	asks	getcpu, 318, 0

/*
 * Last, with bytes before it that are nothing but instructions: by then they can be told for
 * certain, and the seven bytes that do nothing become a jump (core/sites.h).
 */
	.p2align 4
	.skip	64, 0x90
	.globl	__kernel_vsyscall
	.type	__kernel_vsyscall, @function
__kernel_vsyscall:
	.cfi_startproc
	.byte	0x8d, 0xb4, 0x26, 0, 0, 0, 0
	int	$0x80
	ret
	.cfi_endproc
	.size	__kernel_vsyscall, . - __kernel_vsyscall
	.section .note.GNU-stack,"",@progbits
