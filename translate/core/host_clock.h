/* The host's clocks, read without a call where its vDSO can (host_clock.c). */
#ifndef DRAGOMAN_CORE_HOST_CLOCK_H
#define DRAGOMAN_CORE_HOST_CLOCK_H

#include <stdbool.h>

#include "call.h"

struct thread;
struct siginfo;
struct timespec;
struct ucontext;

/* At the first thread's start: looks for the vDSO. */
void host_clock_start(void);
/* The vDSO has been unmapped. */
void host_clock_stop(void);

/* clock_gettime(2) of the host into our own memory: 0 or -errno. */
long host_clock_gettime(int clock, struct timespec *t);

/* The same without a call. False: not to be had so. */
bool host_clock_read(int clock, struct timespec *t);
/* And into the guest's memory, which must have struct timespec's layout. If it is bad, false; some of it may be written. */
bool host_clock_for_guest(int clock, struct guest_ptr to);

/*
 * A call has trapped, or a fault come, while t is in the vDSO (t->vdso_stack). uc leaves it, and it is never
 * entered again if it cannot read this host's clock and asks the kernel, or is not there any more.
 */
void host_clock_fails(struct thread *t, struct ucontext *uc, const struct siginfo *info);

#endif
