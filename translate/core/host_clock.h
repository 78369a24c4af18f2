/* The host's clocks, read without a call where its vDSO can (host_clock.c). */
#ifndef DRAGOMAN_CORE_HOST_CLOCK_H
#define DRAGOMAN_CORE_HOST_CLOCK_H

struct thread;
struct timespec;
struct ucontext;

/* At the first thread's start: looks for the vDSO. */
void host_clock_start(void);

/* clock_gettime(2) of the host into our own memory: 0 or -errno. */
long host_clock_gettime(int clock, struct timespec *t);

/*
 * A call has trapped, or a fault come, while t is in the vDSO (t->vdso_stack): it cannot read this host's clock
 * and asks the kernel, or it is not there any more. uc leaves it, and it is never entered again.
 */
void host_clock_fails(struct thread *t, struct ucontext *uc);

#endif
