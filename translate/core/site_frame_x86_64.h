/*
 * The thread's frame, for the ways from rewritten sites into the core and back (site_entry_x86_64.S,
 * site_direct_x86_64.S). Assembly only.
 */
#ifndef DRAGOMAN_CORE_SITE_FRAME_X86_64_H
#define DRAGOMAN_CORE_SITE_FRAME_X86_64_H

#include "layout.h"

/* r11 is the thread. */
#define FRAME(offset)	(THREAD_FRAME + UC_R8 + (offset))(%r11)
#define FAR_POINTER	0		/* 32-bit code has no r8 that was to be kept there */
#define RCX	112
#define RSP	120
#define RIP	128
#define FLAGS	(UCONTEXT_FLAGS - UC_R8)
#define CS	144
#define SS	150

	.set	offset_r8, 0
	.set	offset_r9, 8
	.set	offset_r10, 16
	.set	offset_r11, 24
	.set	offset_r12, 32
	.set	offset_r13, 40
	.set	offset_r14, 48
	.set	offset_r15, 56
	.set	offset_rdi, 64
	.set	offset_rsi, 72
	.set	offset_rbp, 80
	.set	offset_rbx, 88
	.set	offset_rdx, 96
	.set	offset_rax, 104
	.set	offset_rcx, RCX

.macro save registers:vararg
	.irp r, \registers
	movq	%\r, FRAME(offset_\r)
	.endr
.endm

.macro load registers:vararg
	.irp r, \registers
	movq	FRAME(offset_\r), %\r
	.endr
.endm

/*
 * What the frame does not have yet of a call by 64-bit code, which is about to go down to C; \scratch is free. As the
 * kernel leaves them, rcx is the address and r11 the flags.
 */
.macro complete_frame scratch
	leaq	THREAD_FRAME(%r11), %rsp
	save	rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15
	movq	FRAME(RIP), \scratch
	movq	\scratch, FRAME(RCX)
	movq	FRAME(FLAGS), \scratch
	movq	\scratch, FRAME(offset_r11)
.endm

/* Flags that C cannot have, or that are dear to put back, are the trap's business. */
.macro save_flags
	leaq	FRAME(FLAGS + 8), %rsp
	pushfq
.endm

.macro unsave_flags
	leaq	FRAME(FLAGS), %rsp
	popfq
.endm

/* Those that C changes, from eax, which they take with them. popfq would cost 9 ns. */
.macro load_flags_from_eax
	rolw	$8, %ax
	shrb	$3, %al			/* overflow */
	andb	$1, %al
	addb	$0x7f, %al
	sahf
.endm

/* Carry, parity, adjust, zero, sign, interrupt, overflow, and the one that is always set. */
#define USUAL_FLAGS 0xad7
/* And ID, which means nothing and changes nowhere on the way: OpenSSL tries whether it can be set, and leaves it so. */
#define USUAL_FLAGS_32 (USUAL_FLAGS | 0x200000)

#endif
