/*
 * Locks of the core. Held for short stretches of core code only, never over a
 * blocking host call and never while guest code runs. A signal handler that
 * interrupts core code only queues, so it never wants one.
 *
 * Locks that fork must find free are listed in process.c (fork_locks).
 */
#ifndef DRAGOMAN_CORE_LOCK_H
#define DRAGOMAN_CORE_LOCK_H

#include <stdint.h>

struct lock {
	uint32_t word;		/* 0 free, 1 held, 2 held and wanted */
};

void lock_acquire(struct lock *l);
void lock_release(struct lock *l);

#endif
