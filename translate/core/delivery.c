/*
 * From a thread's queue to the guest's handler: what has arrived (arrival.c) leaves the
 * queue on the way out to the guest.
 */
#include "signal.h"

#include "core.h"
#include "host.h"
#include "layout.h"
#include "lock.h"
#include "memory.h"
#include "personality.h"
#include "process.h"
#include "segment.h"
#include "thread.h"
#include "trace.h"

#define FIRST_REALTIME 32
#define TRAP_FLAG UINT64_C(0x100)

/* ---- the queue ---- */

/*
 * Called by the host's handler and by what it may interrupt: the place is taken
 * before it is filled. Room for what cannot be left to the host: after one
 * deferred signal all are blocked until the exit, so the ring is never nearly full.
 */
void
signal_raise(struct thread *t, int number, const struct siginfo *info)
{
	struct queued_signal *q;

	if (t->queue_tail - t->queue_head >= SIGNAL_QUEUE - 2)
		die(70, "internal error: more than %d signals for one call", SIGNAL_QUEUE - 2);
	q = &t->queue[__atomic_fetch_add(&t->queue_tail, 1, __ATOMIC_RELAXED) % SIGNAL_QUEUE];
	q->number = number;
	q->info = *info;
	__atomic_store_n(&t->pending, 1, __ATOMIC_RELEASE);
}

static bool
handler_ignores(const struct process *p, int number, uint64_t handler)
{
	enum default_action d;

	if (handler != HANDLER_DEFAULT)
		return handler == HANDLER_IGNORE;
	d = p->abi->default_action(number);
	return d == DEFAULT_IGNORE || d == DEFAULT_CONTINUE;
}

bool
signal_is_ignored(const struct process *p, int number)
{
	return handler_ignores(p, number, p->actions[number].handler);
}

static enum interruption
interruption_by(const struct thread *t, const struct queued_signal *q)
{
	const struct signal_action *a = &t->p->actions[q->number];

	if (sigset_has(&t->mask, q->number) || signal_is_ignored(t->p, q->number))
		return INTERRUPTED_NOT;
	/* A default action ends or stops the process; after a stop the call goes on. */
	return a->handler == HANDLER_DEFAULT || (a->flags & SA_RESTART) ? INTERRUPTED_RESTARTS : INTERRUPTED_ENDS;
}

enum interruption
signal_interruption(struct thread *t)
{
	enum interruption how = INTERRUPTED_NOT;

	if (t->p->abi->holds_signals && t->p->abi->holds_signals(t))
		return INTERRUPTED_NOT;
	for (uint32_t i = 0; i < t->nheld && how == INTERRUPTED_NOT; i++)
		how = interruption_by(t, &t->held[i]);
	for (uint32_t i = t->queue_head; i != t->queue_tail && how == INTERRUPTED_NOT; i++)
		how = interruption_by(t, &t->queue[i % SIGNAL_QUEUE]);
	return how;
}

/* ---- delivery ---- */

_Noreturn void
signal_die(struct thread *t, int number)
{
	host_sigset all = ~(host_sigset)0;

	trace_killed(t, number);
	if (number <= HOST_NSIG && number != SIGKILL) {
		signal_host_action(number, 0, 0, 0);
		core_call(__NR_rt_sigprocmask, SIG_UNBLOCK, &all, 0, sizeof all);
	}
	/* To this thread, so that it is dead when the call returns and does not go on to exit. */
	if (number <= HOST_NSIG)
		core_call(__NR_tgkill, core_call(__NR_getpid), core_call(__NR_gettid), number);
	for (;;)	/* a number the host does not have, or one whose default does not kill there */
		core_call(__NR_exit_group, 128 + number);
}

static void
stop_process(struct process *p, int number)
{
	int host = number_to_host(p->abi->signals, (unsigned)number);

	signal_host_action(host, 0, 0, 0);
	core_call(__NR_kill, core_call(__NR_getpid), SIGSTOP);
	signal_update_host(p, number);
}

/* Can the host keep it until the mask lets it in? */
static bool
host_can_keep(const struct thread *t, const struct queued_signal *q)
{
	return q->info.si_signo > 0 && !signal_is_always_open(q->info.si_signo) &&
	       !signal_is_carrier(t->p->abi, q->info.si_signo) && !sigset_has(&t->p->watch.set, q->number);
}

/* Meant for one thread: sent so, or the host's own for what this thread did (SIGPIPE). */
static bool
is_for_thread(const struct queued_signal *q)
{
	return q->info.si_code == SI_TKILL || q->info.si_signo == SIGPIPE;
}

/* What a signal's code is while si_errno has it: no program's, and not the kernel's. */
#define CODE_IN_ERRNO (-0x44)

/*
 * Only to its own number may a thread say what kill(2) and the kernel say (rt_sigqueueinfo(2):
 * a code of 0 and more), and the process has the number of the first thread.
 */
static void
requeue_for_process(struct thread *t, const struct queued_signal *q)
{
	struct siginfo info = q->info;

	if (core_call(__NR_rt_sigqueueinfo, t->p->pid, info.si_signo, &info) != -EPERM)
		return;
	info.si_errno = info.si_code;
	info.si_code = CODE_IN_ERRNO;
	core_call(__NR_rt_sigqueueinfo, t->p->pid, info.si_signo, &info);
}

static void
requeue_on_host(struct thread *t, struct queued_signal *q)
{
	if (is_for_thread(q))
		core_call(__NR_rt_tgsigqueueinfo, t->p->pid, t->tid, q->info.si_signo, &q->info);
	else
		requeue_for_process(t, q);
}

void
signal_info_arrives(struct siginfo *info)
{
	if (info->si_code != CODE_IN_ERRNO)
		return;
	info->si_code = info->si_errno;
	info->si_errno = 0;
}

/* Signals of the process that this thread has taken from the host but will not handle. */
void
signal_thread_ends(struct thread *t)
{
	for (; t->queue_head != t->queue_tail; t->queue_head++) {
		struct queued_signal *q = &t->queue[t->queue_head % SIGNAL_QUEUE];

		if (host_can_keep(t, q) && !is_for_thread(q))
			requeue_on_host(t, q);
	}
}

/* Of a signal that is not real-time one is pending, as everywhere. */
static bool
is_queued_once(const struct queued_signal *q)
{
	return q->info.si_signo < FIRST_REALTIME;
}

static void
hold(struct thread *t, const struct queued_signal *q)
{
	for (uint32_t i = 0; i < t->nheld; i++)
		if (t->held[i].number == q->number && is_queued_once(q))
			return;
	if (!t->held)
		t->held = core_alloc(HELD_MAX * sizeof *t->held);
	if (t->held && t->nheld < HELD_MAX)
		t->held[t->nheld++] = *q;
}

/* The action in one piece, which another thread may be changing; SA_RESETHAND is good for this once. */
static struct signal_action
take_action(struct process *p, int number)
{
	struct signal_action a;

	lock_acquire(&p->lock);
	a = p->actions[number];
	if (a.handler > HANDLER_IGNORE && (a.flags & SA_RESETHAND)) {
		p->actions[number].handler = HANDLER_DEFAULT;
		/* With a default that ignores it the host would throw away what else is pending. */
		if (!handler_ignores(p, number, HANDLER_DEFAULT))
			signal_update_host(p, number);
	}
	lock_release(&p->lock);
	return a;
}

static void
run_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *q, const struct signal_action *a)
{
	struct sigset old = t->mask_saved ? t->saved_mask : t->mask;
	struct sigset mask = sigset_union(t->mask, a->mask);

	t->mask_saved = false;
	t->has_deadline = false;
	if (!(a->flags & SA_NODEFER))
		sigset_add(&mask, q->number);
	if (!t->p->abi->enter_handler(t, uc, q, a, &old))
		signal_die(t, number_to_guest(t->p->abi->signals, SIGILL));
	t->mask = mask;
	t->in_call = false;
}

static void
deliver(struct thread *t, struct ucontext *uc, const struct queued_signal *q)
{
	struct process *p = t->p;
	struct signal_action a = take_action(p, q->number);

	if (handler_ignores(p, q->number, a.handler))
		return;
	trace_signal(t, q);
	if (a.handler > HANDLER_IGNORE)
		run_handler(t, uc, q, &a);
	else if (p->abi->default_action(q->number) == DEFAULT_STOP)
		stop_process(p, q->number);
	else
		signal_die(t, q->number);
}

/*
 * What the guest has blocked goes back to the host, where other threads may take it.
 * What only a handler that is being entered blocks stays here, in front of its kin,
 * for the handler's end.
 */
static void
deliver_or_keep(struct thread *t, struct ucontext *uc, struct queued_signal *q, const struct sigset *blocked)
{
	if (blocked && !sigset_has(&t->mask, q->number))
		deliver(t, uc, q);
	else if (blocked && sigset_has(blocked, q->number) && host_can_keep(t, q))
		requeue_on_host(t, q);
	else
		hold(t, q);
}

/* ---- the way back ---- */

void
signal_leaves_quickly(struct thread *t, const struct ucontext *uc)
{
	t->quick = uc->uc_mcontext.fpstate && !(uc->uc_mcontext.eflags & TRAP_FLAG) ? QUICK_RESULTS : 0;
}

/* Bits that every processor here has; with another one the host's kernel shall say what becomes of the frame. */
#define USUAL_MXCSR 0xffffu

/* Nothing for which the processor would refuse to load it. */
static bool
is_loadable(const struct _fpstate_64 *fp)
{
	const struct _header *h = &((const struct _xstate *)(const void *)fp)->xstate_hdr;
	uint64_t reserved = h->reserved1[0] | h->reserved1[1];

	if (fp->mxcsr & ~USUAL_MXCSR)
		return false;
	if (fp->sw_reserved.magic1 != FP_XSTATE_MAGIC1)
		return true;
	for (unsigned i = 0; i < sizeof h->reserved2 / sizeof *h->reserved2; i++)
		reserved |= h->reserved2[i];
	return reserved == 0 && (h->xfeatures & ~fp->sw_reserved.xfeatures) == 0;
}

/* By the host's selectors: of 32-bit programs, or 64-bit code whose %gs is the core's. */
static bool
is_usual_code(const struct thread *t, const struct sigcontext *r)
{
	return r->cs == USER32_CS || (r->cs == USER_CS && segment_is_cores(t));
}

/* What popfq can put back with no harm to the core: nothing that traps, or checks its alignment. */
#define USUAL_FLAGS UINT64_C(0x200ed7)

/*
 * A sigreturn of the host's costs more than to set its mask by a call, and to put back FP state and registers at the
 * gate. Not with a signal to deliver: its kin would come in while the thread's mask already has them blocked.
 */
void
signal_leaves_whole(struct thread *t, const struct ucontext *uc)
{
	const struct sigcontext *r = &uc->uc_mcontext;

	if (t->pending || !r->fpstate || !is_loadable((const void *)r->fpstate) || (r->eflags & ~USUAL_FLAGS) ||
	    !is_usual_code(t, r))
		return;
	core_call(__NR_rt_sigprocmask, SIG_SETMASK, &uc->uc_sigmask, 0, sizeof(host_sigset));
	t->quick = QUICK_WHOLE;
}

host_sigset
signal_host_mask(struct thread *t)
{
	bool held_back = t->p->abi->holds_signals && t->p->abi->holds_signals(t);

	return held_back ? ~ALWAYS_OPEN : sigset_to_host(t, &t->mask);
}

/*
 * Called by gate_return with signals queued; uc is what the guest goes on with.
 * While the guest's word of sigfastblock(2) holds them back, what came is held and
 * the host keeps the rest.
 */
void
signal_deliver_pending(struct ucontext *uc)
{
	struct thread *t = thread_self();
	bool held_back = t->p->abi->holds_signals && t->p->abi->holds_signals(t);
	struct sigset mask = t->mask;
	struct queued_signal *held = t->held;
	uint32_t nheld = t->nheld;

	__atomic_store_n(&t->pending, 0, __ATOMIC_RELEASE);
	t->quick = 0;	/* the mask is set, and a handler may be entered */
	t->held = NULL;
	t->nheld = 0;
	for (uint32_t i = 0; i < nheld; i++)
		deliver_or_keep(t, uc, &held[i], held_back ? NULL : &mask);
	core_free(held);
	while (t->queue_head != t->queue_tail) {
		struct queued_signal q = t->queue[t->queue_head % SIGNAL_QUEUE];

		t->queue_head++;
		deliver_or_keep(t, uc, &q, held_back ? NULL : &mask);
	}
	if (t->mask_saved) {
		t->mask = t->saved_mask;
		t->mask_saved = false;
	}
	uc->uc_sigmask = signal_host_mask(t);
	signal_leaves_whole(t, uc);
}
