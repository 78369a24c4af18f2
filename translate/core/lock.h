/*
 * Locks of the core. Held for short stretches of core code only, never over a
 * blocking host call and never while guest code runs. A signal handler that
 * interrupts core code only queues, so it never wants one.
 *
 * Locks that fork must find free are listed in process.c (fork_locks). A child of
 * vfork can be killed while it holds one of them: what they guard is then as its last
 * store left it, which must be a state to go on from.
 */
#ifndef DRAGOMAN_CORE_LOCK_H
#define DRAGOMAN_CORE_LOCK_H

#include <stdint.h>

struct lock {
	uint32_t word;		/* 0 free, else which thread block holds it; the top bit: others want it */
};

/*
 * Has the memory ever had a second thread? gate_clone() says so before it makes one. Until then locks are taken by plain
 * stores: an atomic exchange waits some 20 cycles for those before it.
 */
extern unsigned char locks_are_shared;

void lock_acquire(struct lock *l);
void lock_release(struct lock *l);
/* Releases l if the thread of this block has died with it. */
void lock_take_back(struct lock *l, const void *block);

#endif
