/*
 * From a rewritten site into the core and back (stub: site_stub_x86_64.h).
 *
 * The guest's registers go to the thread's frame, the FP state stays in the processor.
 * What a signal finds by address (sites_interrupted()):
 *	[site_enter, site_entered)	the call has not begun: back to the `syscall`
 *	[site_trap_32, site_entered_32)	the same: back to the int $0x80
 *	[site_leaving, site_left)	the frame is complete: the guest, as the frame has it
 *	all else			core code
 */
#include "site_frame_x86_64.h"

	.text
	.p2align 6
	.globl	site_enter, site_entered, site_not_direct, site_leaving, site_left
/* r11 the thread, rcx the address behind the syscall, all else the guest's. */
site_enter:
	movq	%rsp, FRAME(RSP)
	save_flags
site_entered:
	testl	$~USUAL_FLAGS, FRAME(FLAGS)
	jne	site_unusual
	movq	%rcx, FRAME(RIP)
	movq	%rax, FRAME(offset_rax)
	cmpl	%eax, THREAD_DIRECT + DIRECT_N(%r11)
	ja	site_direct
site_not_direct:
	complete_frame %rax
site_call:
	movq	%r11, %rdi
	call	guest_call_by_site
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
	cmpw	$USER32_CS, FRAME(CS)
	je	site_leaving_32
	movl	FRAME(FLAGS), %eax
	load_flags_from_eax
	load	r8, r9, r10, rdi, rsi, rdx, rax
	movq	FRAME(RIP), %rcx
	movq	FRAME(RSP), %rsp
	movq	FRAME(FLAGS), %r11
	jmp	*%rcx
site_leaving_32:
	movl	FRAME(RIP), %eax
	movl	%eax, FRAME(FAR_POINTER)
	movl	$USER32_CS, FRAME(FAR_POINTER + 4)
	movl	FRAME(FLAGS), %eax
	load_flags_from_eax
	load	rax, rbx, rcx, rdx, rsi, rdi, rbp
	movq	FRAME(RSP), %rsp
	ljmpl	*FRAME(FAR_POINTER)
site_left:

	.globl	site_last_made
site_last_made:
	movq	%rsp, %rdi
	andq	$-THREAD_BLOCK, %rdi
	call	guest_call_last_made
	.globl	site_returned
site_returned:
	movq	%rsp, %r11
	andq	$-THREAD_BLOCK, %r11
	jmp	site_made

/* A signal to deliver, or more has changed than results: as from a trap. */
site_slowly:
	movq	%r11, %rdi
	call	guest_call_leaves
	movq	%rax, %rdi
	jmp	gate_return

/* The syscall itself will trap. */
site_unusual:
	leaq	-2(%rcx), %rcx
	unsave_flags
	movq	FRAME(RSP), %rsp
	jmp	*%rcx

/*
 * From 32-bit code: r10 the address of the int $0x80, r9 that of a far pointer to it, r8 and r11
 * free, all else the guest's; the high halves of registers are nobody's. %fs's base is the
 * thread's block, unless the guest has loaded %fs itself: then there are other words, or a fault
 * (sites_interrupted()). Before the FP state's form is known (sites_fp_known) no call may come without a trap.
 */
	.globl	site_trap_32, site_enter_32, site_reads_fs, site_read_fs, site_saved_32, site_entered_32, site_not_direct_32
site_trap_32:
	movq	%r8, %rcx
	ljmpl	*(%r9)
site_enter_32:
	movq	%rcx, %r8
site_reads_fs:
	movq	%fs:THREAD_SELF, %r11
	movq	%fs:THREAD_SEAL, %rcx
site_read_fs:
	leaq	SEAL(%rcx, %r11), %rcx
	jrcxz	1f
	jmp	site_trap_32
1:	movzbl	sites_fp_known(%rip), %ecx
	jrcxz	site_trap_32
	movq	%r8, %rcx
	movl	$0, FRAME(RSP + 4)
	movl	%esp, FRAME(RSP)
site_saved_32:
	save_flags
site_entered_32:
	testl	$~USUAL_FLAGS_32, FRAME(FLAGS)
	jne	site_unusual_32
	save	rax, rcx, rsi, rdi
	addl	$2, %r10d
	movq	%r10, FRAME(RIP)
	cmpl	%eax, THREAD_DIRECT + DIRECT_N(%r11)
	ja	site_direct_32
site_not_direct_32:
	leaq	THREAD_FRAME(%r11), %rsp
	save	rbx, rdx, rbp
	movw	$USER32_CS, FRAME(CS)
	movw	$USER_DS, FRAME(SS)
	jmp	site_call

site_unusual_32:
	unsave_flags
	movl	FRAME(RSP), %esp
	ljmpl	*(%r9)
	.section .note.GNU-stack,"",@progbits
