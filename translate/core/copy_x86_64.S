/*
 * The only instructions of the core that touch guest memory. A fault whose
 * address lies in [guest_access_begin, guest_access_end) is sent to
 * guest_access_fault by signal.c; nothing here may use the stack before its last
 * access.
 */
	.text
	.globl	guest_access_begin, guest_access_end, guest_access_fault
guest_access_begin:

/* long guest_copy(void *to, const void *from, size_t n) */
	.globl	guest_copy
	.type	guest_copy, @function
guest_copy:
	movq	%rdx, %rcx
	rep	movsb
	xorl	%eax, %eax
	ret

/* long guest_zero(void *to, size_t n) */
	.globl	guest_zero
	.type	guest_zero, @function
guest_zero:
	movq	%rsi, %rcx
	xorl	%eax, %eax
	rep	stosb
	ret

/* long guest_copy_string(char *to, const char *from, size_t n): length without the NUL; n: no NUL seen */
	.globl	guest_copy_string
	.type	guest_copy_string, @function
guest_copy_string:
	xorl	%eax, %eax
1:	cmpq	%rdx, %rax
	je	2f
	movb	(%rsi,%rax), %cl
	movb	%cl, (%rdi,%rax)
	testb	%cl, %cl
	je	2f
	incq	%rax
	jmp	1b
2:	ret

/* long guest_load_u32(uint32_t *to, const uint32_t *from); likewise u64: one access, aligned by the caller's check */
	.globl	guest_load_u32
	.type	guest_load_u32, @function
guest_load_u32:
	movl	(%rsi), %ecx
	movl	%ecx, (%rdi)
	xorl	%eax, %eax
	ret
	.globl	guest_load_u64
	.type	guest_load_u64, @function
guest_load_u64:
	movq	(%rsi), %rcx
	movq	%rcx, (%rdi)
	xorl	%eax, %eax
	ret

/* long guest_store_u32(uint32_t *to, uint32_t value) */
	.globl	guest_store_u32
	.type	guest_store_u32, @function
guest_store_u32:
	movl	%esi, (%rdi)
	xorl	%eax, %eax
	ret
	.globl	guest_store_u64
	.type	guest_store_u64, @function
guest_store_u64:
	movq	%rsi, (%rdi)
	xorl	%eax, %eax
	ret

/*
 * long guest_cas_u32(uint32_t *at, uint32_t expected, uint32_t desired, uint32_t *seen): compare and exchange;
 * *seen is what stood there. Likewise u64.
 */
	.globl	guest_cas_u32
	.type	guest_cas_u32, @function
guest_cas_u32:
	movl	%esi, %eax
	lock cmpxchgl %edx, (%rdi)
	movl	%eax, (%rcx)
	xorl	%eax, %eax
	ret
	.globl	guest_cas_u64
	.type	guest_cas_u64, @function
guest_cas_u64:
	movq	%rsi, %rax
	lock cmpxchgq %rdx, (%rdi)
	movq	%rax, (%rcx)
	xorl	%eax, %eax
	ret

guest_access_end:
guest_access_fault:
	movq	$-14, %rax		/* -EFAULT */
	ret
	.section .note.GNU-stack,"",@progbits
