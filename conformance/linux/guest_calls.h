/*
 * Names that one source needs for all ABIs. Where an ABI has a call only in another shape, a name
 * shared by the programs stands for the shape that it has: mostly i386, whose numbers below 400 are
 * older than x86-64's.
 */
#ifndef CONFORMANCE_LINUX_GUEST_CALLS_H
#define CONFORMANCE_LINUX_GUEST_CALLS_H

#ifdef __i386__
#define __NR_newfstatat __NR_fstatat64
#define __NR_semop __NR_semtimedop_time64	/* without the fourth argument */
#undef __NR_mmap				/* one pointer to six arguments */
#define __NR_mmap __NR_mmap2
#undef __NR_select				/* one pointer to five arguments */
#define __NR_select __NR__newselect
#undef __NR_getrlimit				/* limits cut off at 31 bits */
#define __NR_getrlimit __NR_ugetrlimit
#define MMAP_UNIT 4096				/* what mmap's offset counts */
#else
#define MMAP_UNIT 1
#endif

/*
 * A number as this ABI's calls have it (the header has x32's bit for x86-64, too), and preadv's
 * offset: two words, of which x86-64's second says nothing, but in x32 one.
 */
#if defined(__x86_64__) && defined(__ILP32__)
#define GUEST_NUMBER(nr) (__X32_SYSCALL_BIT + (nr))
#define OFFSET(low, high) (low)
#else
#define GUEST_NUMBER(nr) (nr)
#define OFFSET(low, high) low, high
#endif

/* Calls newer than some machines' headers: since 424 one number in every ABI. */
#ifndef __NR_cachestat
#define __NR_cachestat GUEST_NUMBER(451)
#endif
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 GUEST_NUMBER(452)
#endif
#ifndef __NR_futex_wake
#define __NR_futex_wake GUEST_NUMBER(454)
#define __NR_futex_wait GUEST_NUMBER(455)
#define __NR_futex_requeue GUEST_NUMBER(456)
#endif
#ifndef __NR_mseal
#define __NR_mseal GUEST_NUMBER(462)
#endif

#endif
