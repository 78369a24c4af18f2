/*
 * A guest's call, from its registers to its row and back, by the trap or by a rewritten site (site_entry_x86_64.S,
 * site_direct_x86_64.S).
 */
#include "guest_call.h"

#include "call.h"
#include "dispatch.h"
#include "host.h"
#include "layout.h"
#include "personality.h"
#include "process.h"
#include "signal.h"
#include "sites.h"
#include "thread.h"
#include "trace.h"

static void
call_begins(struct thread *t)
{
	t->in_call = true;
	t->quick = 0;
	t->mask_changed = false;
}

/* The call that the registers ask for; nothing in it is known but whose it is. */
static struct call *
call_of(struct thread *t)
{
	struct call *c = &t->call;

	c->t = t;
	c->p = t->p;
	c->abi = c->p->abi;
	c->row = NULL;
	return c;
}

/*
 * An answer that is no longer CALL_RESTART unless the guest's rules say so; trace and statistics see every call here and
 * where it began.
 */
static long
row_ends(struct call *c, long r)
{
	if (r == -EINTR || r == CALL_RESTART)
		r = call_interrupted(c, r);
	if (r != CALL_RESTART)
		c->t->has_deadline = false;
	if (__builtin_expect(trace_active, 0))
		trace_end(c, r);
	return r;
}

/*
 * Registers → struct call → row → registers, unless it ends with a host call that is still to be made. Inline, as each
 * function that the host call is to return through costs 8 ns where a call of the kernel empties the processor's
 * predictor of returns.
 */
static inline __attribute__((always_inline)) void
make_call(struct thread *t, struct ucontext *uc)
{
	struct call *c = call_of(t);
	long answer = c->abi->fetch(c, &uc->uc_mcontext);

	if (answer == 0) {
		c->row = c->nr < c->abi->nrows ? c->abi->rows[c->nr] : NULL;
		if (__builtin_expect(trace_active, 0))
			trace_begin(c);
		answer = c->row && c->row->run ? c->row->run(c) : call_missing(c);
		if (answer == CALL_LAST)
			return;
		answer = row_ends(c, answer);
	}
	c->abi->answer(c, uc, answer);
}

void
guest_call(struct thread *t, struct ucontext *uc)
{
	const uint64_t mask = uc->uc_sigmask;

	call_begins(t);
	make_call(t, uc);
	signal_end_mask_for_call(t);
	if (t->mask_changed || uc->uc_sigmask != mask)
		t->quick = 0;
}

void
guest_call_trapped(struct thread *t, struct ucontext *uc)
{
	sites_visit(t, uc);
	guest_call(t, uc);
	sites_note(t);
}

/* ---- calls by rewritten sites ---- */

/* No mask: the host can block neither SIGKILL nor what is always open. */
#define MASK_AS_IT_IS (~(host_sigset)0)

static void
answer_direct(struct thread *t, struct ucontext *uc, long answer)
{
	struct call *c = call_of(t);

	call_begins(t);
	c->abi->fetch(c, &uc->uc_mcontext);
	c->row = c->abi->rows[c->nr];
	c->abi->answer(c, uc, row_ends(c, answer));
}

static void
answer_last(struct thread *t, struct ucontext *uc, long answer)
{
	struct call *c = &t->call;

	t->last_wanted = false;
	c->abi->answer(c, uc, row_ends(c, answer));
}

/* Has the call that came by a site changed the host's mask, or the guest's for its own time? */
static bool
site_call_changed_mask(struct thread *t)
{
	return t->mask_saved || t->mask_changed || thread_frame(t)->uc_sigmask != MASK_AS_IT_IS;
}

bool
guest_call_ends_with_signal(struct thread *t, struct ucontext *uc)
{
	long answer;

	if ((t->last_wanted && site_call_changed_mask(t)) || !sites_host_call_made(t, uc, &answer))
		return false;
	t->frame = uc;
	t->by_site = false;
	if (t->last_wanted)
		answer_last(t, uc, answer);
	else
		answer_direct(t, uc, answer);
	return true;
}

/* The call is done. */
static int
site_call_ends(struct thread *t)
{
	host_sigset mask;

	if (t->mask_saved)
		signal_end_mask_for_call(t);
	if (t->frame->uc_mcontext.fpstate || t->pending)
		return SITE_WHOLE;
	if (site_call_changed_mask(t)) {
		mask = signal_host_mask(t);
		core_call(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask);
	}
	return SITE_LEAVES;
}

static struct ucontext *
site_call_begins(struct thread *t)
{
	struct ucontext *uc = thread_frame(t);

	t->frame = uc;
	t->by_site = true;
	uc->uc_sigmask = MASK_AS_IT_IS;
	uc->uc_mcontext.fpstate = NULL;
	return uc;
}

/* From site_entry_x86_64.S, with the guest's registers in the thread's frame. */
int
guest_call_by_site(struct thread *t)
{
	struct ucontext *uc = site_call_begins(t);

	call_begins(t);
	t->last_allowed = !trace_active;
	make_call(t, uc);
	t->last_allowed = false;
	return t->last_wanted ? SITE_LAST : site_call_ends(t);
}

/* The host call that was wanted has been made, or a signal has kept it from being. */
int
guest_call_last_made(struct thread *t, long answer)
{
	answer_last(t, t->frame, answer);
	return site_call_ends(t);
}

/* A direct call has been made; its answer is an error, or there is a signal to deliver. */
int
guest_call_direct_made(struct thread *t, long answer)
{
	answer_direct(t, site_call_begins(t), answer);
	return site_call_ends(t);
}

/* Makes the frame as whole as a trap's: for gate_return(). */
struct ucontext *
guest_call_leaves(struct thread *t)
{
	struct ucontext *uc = thread_whole_frame(t);

	if (uc->uc_sigmask == MASK_AS_IT_IS) {
		uc->uc_sigmask = signal_host_mask(t);
		t->quick = 0;
	}
	return uc;
}
