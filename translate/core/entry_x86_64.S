/*
 * Ways into the core: the process start, and the host signal handlers.
 *
 * Host signals run on the thread's own block (its alternate stack): rdi = signal,
 * rsi = siginfo, rdx = ucontext. %fs is the guest's and is not touched.
 */
#include "layout.h"

#define FLAG_ALIGNMENT 0x40000

	.text

	.globl	_start
_start:
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	core_start
	ud2

/* _Noreturn void entry_on_stack(void *top, void (*f)(void *), void *argument) */
	.globl	entry_on_stack
	.type	entry_on_stack, @function
entry_on_stack:
	movq	%rdi, %rsp
	andq	$-16, %rsp
	xorl	%ebp, %ebp
	movq	%rdx, %rdi
	call	*%rsi
	ud2

/*
 * long entry_vdso(int clock, struct timespec *, reader *read, uint64_t *stack): host_clock.c. Where it is left in the
 * middle, rsp is what *stack says, and rax is set.
 */
	.globl	entry_vdso, entry_vdso_left
	.type	entry_vdso, @function
entry_vdso:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rcx
	movq	%rsp, (%rcx)
	call	*%rdx
entry_vdso_left:
	popq	%rcx
	movq	$0, (%rcx)
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

/*
 * void entry_signal(int, siginfo *, ucontext *): every host signal comes in
 * here. signal_arrived() says whether guest code or core code was interrupted.
 */
	.globl	entry_signal
	.type	entry_signal, @function
entry_signal:
	cld
	/* The host leaves the guest's alignment checks on: no flag of a compiler's code. */
	testb	$FLAG_ALIGNMENT >> 16, UCONTEXT_FLAGS + 2(%rdx)
	jz	1f
	pushfq
	andl	$~FLAG_ALIGNMENT, (%rsp)
	popfq
1:
	movq	%rdx, %rbx
	call	signal_arrived
	movq	%rbx, %rdi
	testl	%eax, %eax
	jnz	gate_return
	jmp	gate_resume_core

/* The restorer the kernel wants to be told of; never reached. */
	.globl	entry_restorer
entry_restorer:
	ud2
	.section .note.GNU-stack,"",@progbits
