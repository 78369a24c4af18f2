/*
 * Where a static dragoman starts: the run comes first, libc only if there is
 * something left to say. Starting glibc costs 0.5 ms on a virtual machine, half
 * of what a guest's whole start may cost: it asks the processor about its caches,
 * and each such cpuid instruction traps to the hypervisor.
 */
	.text
	.globl	entry
	.type	entry, @function
entry:
	movq	%rsp, entry_stack(%rip)
	movq	%rsp, %rdi
	xorl	%ebp, %ebp
	andq	$-16, %rsp
	call	run_before_libc

/* On to libc's own start, with the stack as the kernel gave it. */
	.globl	entry_libc
	.type	entry_libc, @function
entry_libc:
	movq	entry_stack(%rip), %rsp
	xorl	%edx, %edx	/* nothing to call at exit: there is no ld.so */
	jmp	_start

	.bss
	.p2align 3
	.globl	entry_stack
entry_stack:
	.skip	8
	.section .note.GNU-stack,"",@progbits
