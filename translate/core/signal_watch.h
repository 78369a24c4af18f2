/*
 * Counting signals that reach the process, whatever becomes of them: kqueue's
 * EVFILT_SIGNAL. A watched signal is caught on the host even if the guest ignores
 * it, and let in even if the guest has it blocked (it is then held, as those are
 * that the host cannot keep).
 */
#ifndef DRAGOMAN_CORE_SIGNAL_WATCH_H
#define DRAGOMAN_CORE_SIGNAL_WATCH_H

#include <stdint.h>

#include "sigset.h"

struct process;
struct thread;

struct signal_watch {			/* in struct process */
	struct sigset set;
	int wake;			/* eventfd, written for each arrival; 0: none */
	uint32_t seen[SIGSET_MAX + 1];	/* since the process began */
	uint16_t watchers[SIGSET_MAX + 1];
};

/* Begins to count guest signal `number`; the eventfd of the process's watch, or -errno. */
long signal_watch(struct thread *t, int number);
void signal_unwatch(struct process *p, int number);
/* In fork's child. */
void signal_unwatch_all(struct process *p);
/* A watched signal has arrived. */
void signal_seen(struct process *p, int number);

#endif
