/*
 * The gate: every host `syscall` instruction of the core stands between
 * gate_begin and gate_end. The trap lets calls from here through and catches
 * all others (trap.c).
 */
#include "layout.h"

#define NOT_MADE	-0x2001	/* CALL_RESTART, call.h */
#define NR_rt_sigreturn	15
#define CLONE_VM	0x100

/* For the list of host calls (HOST_NR, host.h): those that the gate makes by itself. */
	.pushsection .host_calls, "MS", @progbits, 1
	.string "15 translate/core/gate_x86_64.S"	/* rt_sigreturn */
	.string "56 translate/core/gate_x86_64.S"	/* clone */
	.popsection

	.text
	.p2align 6
	.globl gate_begin, gate_end
gate_begin:

/* C's arguments (nr, a, b, c, d, e, f) to the kernel's registers. */
.macro shift_arguments
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	8(%rsp), %r9
.endm

/* long gate_call(nr, a, b, c, d, e, f): made whatever is pending. */
	.globl	gate_call
	.type	gate_call, @function
gate_call:
	shift_arguments
	syscall
	ret

/* long gate_call_for_guest(nr, a, b, c, d, e, f, nargs): the next, unless host calls are shown. */
	.globl	gate_call_for_guest
	.type	gate_call_for_guest, @function
gate_call_for_guest:
	cmpb	$0, host_calls_traced(%rip)
	jne	host_call_traced
/*
 * long gate_call_interruptible(nr, a, b, c, d, e, f)
 *
 * A signal between the check and the syscall would be noticed only after a call
 * that may block for ever. The signal handler looks at the address it
 * interrupted: in [gate_check, gate_made) the call has not been made, and it
 * moves the thread to gate_not_made (the form of QEMU's safe-syscall).
 */
	.globl	gate_call_interruptible, gate_check, gate_made, gate_not_made
	.type	gate_call_interruptible, @function
gate_call_interruptible:
	shift_arguments
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
gate_check:
	cmpl	$0, THREAD_PENDING(%r11)
	jne	gate_not_made
	syscall
gate_made:
	ret
gate_not_made:
	movq	$NOT_MADE, %rax
	ret

/*
 * The host call in r11's thread.last, for site_entry_x86_64.S; its answer goes to
 * site_last_made in rsi. Not made if a signal waits, as above.
 */
	.globl	gate_last, gate_last_check, gate_last_made, gate_last_not_made
gate_last:
	movq	THREAD_LAST(%r11), %rax
	movq	THREAD_LAST+8(%r11), %rdi
	movq	THREAD_LAST+16(%r11), %rsi
	movq	THREAD_LAST+24(%r11), %rdx
	movq	THREAD_LAST+32(%r11), %r10
	movq	THREAD_LAST+40(%r11), %r8
	movq	THREAD_LAST+48(%r11), %r9
gate_last_check:
	cmpl	$0, THREAD_PENDING(%r11)
	jne	gate_last_not_made
	syscall
gate_last_made:
	movq	%rax, %rsi
	jmp	site_last_made
gate_last_not_made:
	movq	$NOT_MADE, %rsi
	jmp	site_last_made

/* Direct calls (site_direct_x86_64.S), with the guest's registers; C's business if a signal waits. */
	.globl	gate_direct, gate_direct_made, gate_direct_32, gate_direct_32_made
gate_direct:
	cmpl	$0, THREAD_PENDING(%r11)
	jne	site_not_direct
	syscall
gate_direct_made:
	jmp	site_direct_made
gate_direct_32:
	cmpl	$0, THREAD_PENDING(%r11)
	jne	site_not_direct_32
	syscall
gate_direct_32_made:
	jmp	site_direct_32_made

/*
 * _Noreturn void gate_return(struct ucontext *uc): to the guest, with the
 * registers and the mask in uc. A signal that came while the core worked is
 * delivered first; one that arrives between the check and the sigreturn is moved
 * back to the check.
 *
 * Where thread.quick says so FP state, flags and registers are put back here, and the mask is as it should be. A
 * signal before the last instruction begins again at gate_return (nothing of uc is lost); at the last one the guest's
 * registers are complete but for rip, which rcx has, or thread.goes_on: found by the core's %gs when every register is
 * the guest's.
 */
	.globl	gate_return, gate_exit_check, gate_exit_end, gate_quick, gate_quick_jump
	.globl	gate_whole_jump, gate_whole_32_jump
	.type	gate_return, @function
gate_return:
	movq	%rdi, %rbx
	movq	%rdi, %r12
	andq	$-THREAD_BLOCK, %r12
	movq	%rdi, %rsp
gate_exit_check:
	cmpl	$0, THREAD_PENDING(%r12)
	jne	gate_exit_pending
	cmpl	$0, THREAD_QUICK(%r12)
	jne	gate_quick
	movl	$NR_rt_sigreturn, %eax
	syscall
gate_exit_end:
	ud2
gate_exit_pending:
	movq	%rbx, %rdi
	andq	$-16, %rsp
	call	signal_deliver_pending
	movq	%rbx, %rdi
	jmp	gate_return

/* Of rbx's frame, all but rbx itself, rcx, r11, rsp and rip. */
.macro put_back
	movq	UC_FPSTATE(%rbx), %rdi
	cmpl	$0x46505853, FP_MAGIC(%rdi)	/* FP_XSTATE_MAGIC1 */
	jne	1f
	movl	FP_FEATURES(%rdi), %eax
	movl	FP_FEATURES+4(%rdi), %edx
	xrstor64 (%rdi)
	jmp	2f
1:	fxrstor64 (%rdi)
2:	pushq	UCONTEXT_FLAGS(%rbx)
	popfq
	movq	UC_R8(%rbx), %r8
	movq	UC_R8+8(%rbx), %r9
	movq	UC_R8+16(%rbx), %r10
	movq	UC_R8+32(%rbx), %r12
	movq	UC_R8+40(%rbx), %r13
	movq	UC_R8+48(%rbx), %r14
	movq	UC_R8+56(%rbx), %r15
	movq	UC_R8+64(%rbx), %rdi
	movq	UC_R8+72(%rbx), %rsi
	movq	UC_R8+80(%rbx), %rbp
	movq	UC_R8+96(%rbx), %rdx
	movq	UC_R8+104(%rbx), %rax
.endm

gate_quick:
	cmpl	$QUICK_WHOLE, THREAD_QUICK(%r12)
	je	gate_whole
	put_back
	movq	UC_R8+128(%rbx), %rcx	/* rip */
	movq	UCONTEXT_FLAGS(%rbx), %r11
	pushq	UC_R8+120(%rbx)		/* rsp */
	movq	UC_R8+88(%rbx), %rbx
	popq	%rsp
gate_quick_jump:
	jmp	*%rcx
gate_whole:
	cmpw	$USER32_CS, UC_R8+144(%rbx)	/* cs */
	je	gate_whole_32
	movq	UC_R8+128(%rbx), %rax
	movq	%rax, THREAD_GOES_ON(%r12)
	put_back
	movq	UC_R8+112(%rbx), %rcx
	movq	UC_R8+24(%rbx), %r11
	pushq	UC_R8+120(%rbx)
	movq	UC_R8+88(%rbx), %rbx
	popq	%rsp
gate_whole_jump:
	jmp	*%gs:THREAD_GOES_ON
gate_whole_32:			/* which has no r11 */
	movl	UC_R8+128(%rbx), %eax
	movl	%eax, THREAD_GOES_ON(%r12)
	movl	$USER32_CS, THREAD_GOES_ON+4(%r12)
	leaq	THREAD_GOES_ON(%r12), %r11
	put_back
	movq	UC_R8+112(%rbx), %rcx
	pushq	UC_R8+120(%rbx)
	movq	UC_R8+88(%rbx), %rbx
	popq	%rsp
gate_whole_32_jump:
	ljmpl	*(%r11)

/*
 * _Noreturn void gate_resume_core(struct ucontext *uc): back into core code
 * that a signal interrupted.
 */
	.globl	gate_resume_core
	.type	gate_resume_core, @function
gate_resume_core:
	movq	%rdi, %rsp
	movl	$NR_rt_sigreturn, %eax
	syscall
	ud2

/*
 * long gate_clone(flags, stack, parent_tid, child_tid, tls, void (*start)(void *), void *argument)
 *
 * The child runs start(argument) on `stack` (the top of its own block) and
 * never returns. In the parent: the child's tid or -errno. The seventh
 * argument is on the stack; start and argument reach the child in registers.
 */
	.globl	gate_clone
	.type	gate_clone, @function
gate_clone:
	pushq	%rbx
	pushq	%r12
	movq	%r9, %rbx
	movq	24(%rsp), %r12
	movq	%rcx, %r10
	testl	$CLONE_VM, %edi
	jz	2f
	movb	$1, locks_are_shared(%rip)
2:	movl	$56, %eax
	syscall
	testq	%rax, %rax
	jz	1f
	popq	%r12
	popq	%rbx
	ret
1:	xorl	%ebp, %ebp
	movq	%r12, %rdi
	call	*%rbx
	ud2

gate_end:
	.section .note.GNU-stack,"",@progbits
