/*
 * Ids and such belong to the process on the guests' kernels and to the thread on the
 * host: what changes them is done by every thread. The others are told by the signal
 * HOST_CARRIER, which is open whenever a thread may wait; one that ends, forks or
 * makes a thread before it has heard does it then. Guests that have that number themselves
 * are told by SIGFPE: should one be pending already, ours is lost, but that one tells as well;
 * and a division that it hides is made again.
 */
#ifndef DRAGOMAN_CORE_EVERY_THREAD_H
#define DRAGOMAN_CORE_EVERY_THREAD_H

#include <stdbool.h>

#include "host.h"

struct siginfo;
struct thread;

/* Makes the host call on t and, if it succeeded there, on all other threads of the process; t's answer. */
long call_on_every_thread(struct thread *t, struct host_nr nr, long a, long b, long c);

/* Brings all other threads of the process out of guest code, for a moment: no longer where they were, but where a
 * signal shows them (sites.h). */
void interrupt_every_thread(struct thread *t);

/* Does what t was asked for, if anything: before anything that hands its ids on. */
void errand_run(struct thread *t);
/* Is the signal one that asks for it, and nothing else? */
bool errand_asks(int host_signal, const struct siginfo *info);

#endif
