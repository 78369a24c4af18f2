/* Descriptors of processes (procdesc.c): what closing, copying and forking tell them. */
#ifndef DRAGOMAN_FREEBSD_PROCDESC_H
#define DRAGOMAN_FREEBSD_PROCDESC_H

struct process;

/* Before the host closes [first, last]. */
void procdesc_closed(struct process *p, unsigned first, unsigned last);
void procdesc_copied(struct process *p, int from, int to);
/* In fork's child: its descriptors are not the last ones. */
void procdesc_after_fork(void);
/* exit(2): all are closed. */
void procdesc_process_ends(struct process *p);

#endif
