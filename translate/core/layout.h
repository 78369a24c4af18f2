/*
 * Where the core lives in the guest's address space. Shared with assembly.
 *
 * The address is unusual on purpose: no program is linked there (nor, a little
 * above, AddressSanitizer's heap at 0x600000000000), the host's
 * mmap comes down from the stack and does not reach it, and, being the same in
 * every process, it lets one seccomp filter by instruction pointer stay valid
 * over exec.
 */
#ifndef DRAGOMAN_CORE_LAYOUT_H
#define DRAGOMAN_CORE_LAYOUT_H

#define CORE_BASE	0x5f0000000000	/* nothing is mapped from here to CORE_TEXT: copy.h, outside_core() */
#define CORE_TEXT	0x5f0200000000	/* also given to the linker: meson.build */
#define CORE_ARENA	0x5f0300000000	/* thread blocks and the core's heap */
#define CORE_END	0x5f1000000000	/* no guest mapping may overlap [CORE_BASE, CORE_END) */

/*
 * A thread's block: struct thread, a guard page, the stack on which core code
 * runs for it, the frame of a call that comes without a trap (site_entry_x86_64.S) and
 * of the thread's first entry, and room for the FP state of that frame. Aligned to its
 * size, so that masking the stack pointer finds it.
 */
#define THREAD_BLOCK	0x20000
#define THREAD_STRUCT_SPACE 0x4000	/* room for struct thread; in the first one's block, for the core's own words as well */
#define THREAD_GUARD	0x1000
#define THREAD_STACK	(THREAD_STRUCT_SPACE + THREAD_GUARD)	/* its low end */
#define THREAD_FP_SPACE	0x3000	/* the largest FP state, which the host's largest frame has room for too */
#define THREAD_FP	(THREAD_BLOCK - THREAD_FP_SPACE)
#define THREAD_FRAME	(THREAD_FP - 0x400)	/* also the top of the stack */

/* For a large table of which most programs use little: not among the words that all use (core.lds.S). */
#define BULKY __attribute__((section(".bss.bulky")))
/* For what only the start writes, and does not need any more. */
#define IN_START __attribute__((section(".bss.start")))
/* For what each start, fork, exec or end of a process runs, or looks up, and the file's other things not (core.lds.S). */
#define HOT __attribute__((section(".text.hot")))
#define HOT_TABLE __attribute__((section(".data.rel.ro.hot")))

/* Offsets in struct thread that assembly uses; asserted in thread.c. */
#define THREAD_PENDING	0
#define THREAD_QUICK	4
#define THREAD_SELF	8
#define THREAD_SEAL	16
#define THREAD_LAST	24
#define THREAD_DIRECT	80	/* struct direct */
#define THREAD_GOES_ON	120
/* struct thread.quick: what the gate puts back of a frame by itself (gate_return()). */
#define QUICK_RESULTS	1	/* all but rcx and r11, which are a call's */
#define QUICK_WHOLE	2
/* What self and seal add up to is minus this: no two words that a guest has where its own gs base points to. */
#define SEAL		0x6472676d
#define DIRECT_N	8
#define DIRECT_SCRATCH	16
#define DIRECT_FLAGS	24
#define DIRECT_ANSWERS	32
/*
 * A direct call (abi.h): the host's number and which arguments are looked at, by bits from these on; or
 * one that `answers` has a try at; 0: none.
 */
#define DIRECT_CALL	0x80000000
#define DIRECT_EARLY	0x40000000
#define DIRECT_NR	0x3ff
#define DIRECT_ADDRESSES 10
#define DIRECT_SMALL	16
/* Arguments that the host is not given unseen: addresses with these bits above 41, which are the core's. */
#define DIRECT_CORE_SHIFT 41
#define DIRECT_CORE	(CORE_BASE >> DIRECT_CORE_SHIFT)
/* What guest_call_by_site() and its like answer: how a call by a rewritten site goes on. */
#define SITE_LEAVES	0	/* with the registers in the frame */
#define SITE_WHOLE	1	/* by gate_return() */
#define SITE_LAST	2	/* with the host call in thread.last */
/* The host's selectors (asm/segment.h), which it has whether it runs 32-bit programs or not. */
#define USER32_CS	0x23
#define USER_DS		0x2b
#define USER_CS		0x33
/* And in the host's struct ucontext, and in the FP state that it points to. */
#define UCONTEXT_FLAGS	176
#define UC_R8		40
#define UC_FPSTATE	224
#define FP_MAGIC	464
#define FP_FEATURES	472

#endif
