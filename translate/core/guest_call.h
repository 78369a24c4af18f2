#ifndef DRAGOMAN_CORE_GUEST_CALL_H
#define DRAGOMAN_CORE_GUEST_CALL_H

#include <stdbool.h>

struct thread;
struct ucontext;

/* Makes the call that the registers in uc ask for; they then have its answer. */
void guest_call(struct thread *t, struct ucontext *uc);
/* The same for one that has trapped, whose site is noted. */
void guest_call_trapped(struct thread *t, struct ucontext *uc);

/*
 * A queued signal has come together with the answer of the host call by which a site's call ends (a signal to oneself,
 * or one that interrupted it): the call is finished in uc, the host's frame, with no way back into the core only to find
 * the signal. False: that is not where the thread was.
 */
bool guest_call_ends_with_signal(struct thread *t, struct ucontext *uc);

/* Called by assembly: how a call by a site goes on (SITE_LEAVES and its like, layout.h). */
int guest_call_by_site(struct thread *t);
int guest_call_last_made(struct thread *t, long answer);
int guest_call_direct_made(struct thread *t, long answer);
struct ucontext *guest_call_leaves(struct thread *t);

#endif
