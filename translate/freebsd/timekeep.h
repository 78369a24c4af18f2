/*
 * The time without a call: struct vdso_timekeep (sys/sys/vdso.h, sys/x86/include/
 * vdso.h), which libc and Go read with rdtsc where it is enabled, and otherwise ask
 * the kernel.
 *
 * Here nobody keeps it up to date by tick. With --fast-clock it is enabled for a short *lease*, anchored
 * to the host's clock when a program that reads clocks often makes one more clock
 * call; a thread of the core ends the lease. Readers multiply a 32-bit count in
 * 64 bits and so are wrong from one second after the anchor on: a lease is a third
 * of that. While a process has used the page, its clock calls are answered from the
 * page's own formula, so that the two never disagree and never go back.
 */
#ifndef DRAGOMAN_FREEBSD_TIMEKEEP_H
#define DRAGOMAN_FREEBSD_TIMEKEEP_H

#include <stdbool.h>
#include <stdint.h>

#define FREEBSD_TIMEKEEP_PAGE 4096

struct timespec;

/* The page at this guest address, writable for the core, is the time page; not enabled yet. */
void freebsd_timekeep_start(uint64_t page);
/*
 * CLOCK_MONOTONIC (and CLOCK_REALTIME with `real`) as the page has it, after having
 * renewed the lease if it is worth it. False: ask the host.
 */
bool freebsd_timekeep_read(bool real, struct timespec *t);
/* Whether that can have an answer. */
bool freebsd_timekeep_serves(void);
/* fork's child has the page, but not the thread that ends leases. */
void freebsd_timekeep_after_fork(void);

#endif
