/*
 * Calls by rewritten sites that go no further than here (struct direct, abi.h): a direct call is made with the
 * guest's registers, for an early one C is asked. What a signal finds by address (sites_interrupted()):
 *	[site_direct, site_direct_end), [gate_direct, gate_direct_made)	not begun: back to the `syscall`
 *	[site_direct_leaving, site_direct_left)				done: the guest
 *	all else							core code
 * and the same with names that end in _32, for 32-bit code. The frame has rax, rip, rsp and flags from
 * site_entry_x86_64.S.
 */
#include "site_frame_x86_64.h"

/* rsp stays in the frame meanwhile, so that thread and frame are found when the host has taken rcx and r11. */
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

/* Is the call done? al says so; the answer is in the frame. C has taken what it may. */
.macro ask_for_answer
	leaq	THREAD_FRAME(%r11), %rsp
	leaq	THREAD_FRAME + UC_R8(%r11), %rsi
	leaq	FRAME(ANSWER), %rdx
	movq	$0, (%rdx)
	movq	%r11, %rdi
	call	*THREAD_DIRECT + DIRECT_ANSWERS(%r11)
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
.endm

	.text
	.p2align 6
	.globl	site_direct, site_direct_end, site_direct_made, site_direct_leaving, site_direct_left
/* r11 the thread, rcx free, all else the guest's. */
site_direct:
	movl	%eax, %eax
	movq	THREAD_DIRECT(%r11), %rcx
	movl	(%rcx, %rax, 4), %ecx
	testl	%ecx, %ecx
	jns	site_early
	cmpl	$DIRECT_CALL | DIRECT_NR, %ecx
	jbe	2f
	look_at	0, %rdi
	look_at	1, %rsi
	look_at	2, %rdx
	look_at	3, %r10
	look_at	4, %r8
	look_at	5, %r9
	andl	$DIRECT_NR, %ecx
2:	movzwl	%cx, %eax
	jmp	gate_direct
site_direct_end:

site_early:
	testl	$DIRECT_EARLY, %ecx
	je	site_not_direct
	save	rdi, rsi, rdx, r8, r9, r10
	ask_for_answer
	load	rdi, rsi, rdx, r8, r9, r10
	testb	%al, %al
	je	site_not_direct
	movq	FRAME(ANSWER), %rax
	leaq	FRAME(FLAGS), %rsp
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
	load_flags_from_eax
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
	complete_frame %rcx
	movq	%r11, %rdi
	movq	%rax, %rsi
	call	guest_call_direct_made
	jmp	site_returned

/*
 * From 32-bit code, whose arguments are in ebx, ecx, edx, esi, edi, ebp and below 4 GiB, where no core is. The frame
 * also has rcx, rsi and rdi; r8 and above are free.
 */
	.p2align 6
	.globl	site_direct_32, site_direct_32_end, site_direct_32_made, site_direct_32_leaving, site_direct_32_left
site_direct_32:
	movl	%eax, %eax
	movq	THREAD_DIRECT(%r11), %r8
	movl	(%r8, %rax, 4), %eax
	testl	%eax, %eax
	jns	site_early_32
	andl	$DIRECT_NR, %eax
	movl	%esi, %r10d
	movl	%edi, %r8d
	movl	%ebp, %r9d
	movl	%ebx, %edi
	movl	%ecx, %esi
	movl	%edx, %edx
	jmp	gate_direct_32
site_direct_32_end:

site_early_32:
	testl	$DIRECT_EARLY, %eax
	je	site_not_direct_32
	save	rbx, rdx
	ask_for_answer
	load	rdx
	testb	%al, %al
	je	site_not_direct_32
	movq	FRAME(ANSWER), %rax
	leaq	FRAME(FLAGS), %rsp
site_direct_32_made:
	movq	%rax, FRAME_BY_RSP(ANSWER)
	cmpq	$-4095, %rax
	jae	site_direct_32_fails
site_direct_32_leaving:
	cmpl	$0, THREAD_PENDING + BY_RSP(%rsp)
	jne	site_direct_32_fails
	movl	FRAME_BY_RSP(RIP), %eax
	movl	%eax, FRAME_BY_RSP(FAR_POINTER)
	movl	$USER32_CS, FRAME_BY_RSP(FAR_POINTER + 4)
	movl	FRAME_BY_RSP(FLAGS), %eax
	load_flags_from_eax
	movl	FRAME_BY_RSP(ANSWER), %eax
	movl	FRAME_BY_RSP(offset_rcx), %ecx
	movl	FRAME_BY_RSP(offset_rsi), %esi
	movl	FRAME_BY_RSP(offset_rdi), %edi
	leaq	FRAME_BY_RSP(FAR_POINTER), %r11
	movl	FRAME_BY_RSP(RSP), %esp
	ljmpl	*(%r11)
site_direct_32_left:

site_direct_32_fails:
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
	movq	FRAME(ANSWER), %rsi
	leaq	THREAD_FRAME(%r11), %rsp
	save	rbx, rdx, rbp
	movw	$USER32_CS, FRAME(CS)
	movw	$USER_DS, FRAME(SS)
	movq	%r11, %rdi
	call	guest_call_direct_made
	jmp	site_returned
	.section .note.GNU-stack,"",@progbits
