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

/*
 * long guest_copy_string(char *to, const char *from, size_t n): length without the NUL; n: no NUL seen. Eight bytes at
 * a time where they lie in one page and there is room for them: what stands behind the NUL is then copied too.
 */
	.globl	guest_copy_string
	.type	guest_copy_string, @function
guest_copy_string:
	movabsq	$0x0101010101010101, %r8
	movabsq	$0x8080808080808080, %r9
	xorl	%eax, %eax
1:	leaq	8(%rax), %rcx
	cmpq	%rdx, %rcx
	ja	2f
	leal	(%rsi,%rax), %ecx
	andl	$0xfff, %ecx
	cmpl	$0xff8, %ecx
	ja	2f
	movq	(%rsi,%rax), %rcx
	movq	%rcx, (%rdi,%rax)
	movq	%rcx, %r10
	subq	%r8, %rcx
	notq	%r10
	andq	%r9, %rcx
	andq	%r10, %rcx		/* the high bit of the first byte that is 0 */
	jne	3f
	addq	$8, %rax
	jmp	1b
2:	cmpq	%rdx, %rax
	je	4f
	movb	(%rsi,%rax), %cl
	movb	%cl, (%rdi,%rax)
	testb	%cl, %cl
	je	4f
	incq	%rax
	jmp	1b
3:	bsfq	%rcx, %rcx
	shrl	$3, %ecx
	addq	%rcx, %rax
4:	ret

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
