/*
 * --events: a line of JSON for each chosen call (docs/events.md).
 *
 * A chosen call's row is replaced, at start, by one whose function writes the event around the
 * row's own; all others run as if there were no events, and cost nothing more. The line is
 * gathered in the thread's own buffer and goes out by one write when the call is over.
 */
#ifndef DRAGOMAN_CORE_EVENTS_H
#define DRAGOMAN_CORE_EVENTS_H

#include "personality.h"

struct event_buffer;

/* Once, when the guest's ABI is known: the ABI with its chosen rows replaced. Reads options. */
const struct personality *events_start(const struct personality *abi);
/* The call under way may not return (exit, execve): its line is written now. */
void events_leave(struct thread *t);
/* In fork's child: the line, and what was lost before it, are the parent's. */
void events_after_fork(struct thread *t);

#endif
