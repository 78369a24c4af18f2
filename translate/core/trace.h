/*
 * What the user asked to see of calls: --trace and --stats (and --warn, which
 * costs nothing until a call is missing). Nothing here runs unless trace_active
 * is set, but for trace_missing.
 *
 * A call's line is gathered in the thread's own buffer and written at once when
 * the call is over, so that lines of many threads and processes stay whole. All of
 * it runs between a call's entry and its exit, never in a signal handler that
 * interrupted the core, and takes no lock.
 */
#ifndef DRAGOMAN_CORE_TRACE_H
#define DRAGOMAN_CORE_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "call.h"

struct queued_signal;

extern bool trace_active;

/*
 * Once, when the guest's ABI is known. Reads options; a filter word that means nothing there ends
 * us.
 */
void trace_start(const struct personality *abi);
void trace_begin(struct call *c);
void trace_end(struct call *c, long answer);
/* A call that this release of Dragoman does not have. */
void trace_missing(struct call *c);
/* The call under way may not return (exit, execve): its line is written now. */
void trace_leaves(struct thread *t);
/* The guest is about to take the signal, or to die of it. */
void trace_signal(struct thread *t, const struct queued_signal *s);
void trace_killed(struct thread *t, int number);
/* The whole process ends: --stats. */
void trace_process_ends(struct thread *t);

/* Lines are labelled from here on: there is more than one thread, or process. */
void trace_many_threads(void);
void trace_many_processes(void);
bool trace_is_labelled(void);
/* In fork's child; when a thread's block is given back. */
void trace_after_fork(struct thread *t);
void trace_thread_ends(struct thread *t);

/* Whole lines to where --trace goes; what cannot be written is lost silently. */
void trace_write(const char *text, size_t n);

#endif
