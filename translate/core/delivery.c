/*
 * From the host's signal to the guest's handler: what arrives is queued by the
 * host's handler, and leaves the queue on the way out to the guest.
 */
#include "signal.h"

#include "call.h"
#include "core.h"
#include "dispatch.h"
#include "every_thread.h"
#include "host.h"
#include "host_clock.h"
#include "layout.h"
#include "lock.h"
#include "memory.h"
#include "personality.h"
#include "process.h"
#include "segment.h"
#include "sites.h"
#include "string.h"
#include "thread.h"
#include "trace.h"

/* gate_x86_64.S, copy_x86_64.S */
extern const char gate_check[], gate_made[], gate_not_made[], gate_exit_check[], gate_exit_end[];
extern const char gate_last_check[], gate_last_made[], gate_last_not_made[];
extern const char gate_quick[], gate_quick_jump[], gate_whole_jump[], gate_whole_32_jump[];
extern const char guest_access_begin[], guest_access_end[], guest_access_fault[];

#define FIRST_REALTIME 32
#define TRAP_FLAG UINT64_C(0x100)

/* ---- the queue ---- */

/*
 * Called by the host's handler and by what it may interrupt: the place is taken
 * before it is filled. Room for what cannot be left to the host: after one
 * deferred signal all are blocked until the exit, so the ring is never nearly full.
 */
static void
queue_add(struct thread *t, int number, const struct siginfo *info)
{
	struct queued_signal *q;

	if (t->queue_tail - t->queue_head >= SIGNAL_QUEUE - 2)
		die(70, "internal error: more than %d signals for one call", SIGNAL_QUEUE - 2);
	q = &t->queue[__atomic_fetch_add(&t->queue_tail, 1, __ATOMIC_RELAXED) % SIGNAL_QUEUE];
	q->number = number;
	q->info = *info;
	__atomic_store_n(&t->pending, 1, __ATOMIC_RELEASE);
}

void
signal_raise(struct thread *t, int number, const struct siginfo *info)
{
	queue_add(t, number, info);
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

static bool
is_ignored(const struct process *p, int number)
{
	return handler_ignores(p, number, p->actions[number].handler);
}

static enum interruption
interruption_by(const struct thread *t, const struct queued_signal *q)
{
	const struct signal_action *a = &t->p->actions[q->number];

	if (sigset_has(&t->mask, q->number) || is_ignored(t->p, q->number))
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

/* What the host has to block while the guest runs. */
static host_sigset
host_mask(struct thread *t)
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
	uc->uc_sigmask = host_mask(t);
	signal_leaves_whole(t, uc);
}

/* ---- arrival ---- */

static bool
is_syscall_trap(int host_signal, const struct siginfo *info)
{
	return host_signal == SIGSYS && (info->si_code == SYS_SECCOMP || info->si_code == SYS_USER_DISPATCH);
}

/*
 * Linux (6.11 and later) lets its own uretprobe call past every seccomp filter, and
 * answers it with SIGILL where no probe is: the guest's call of that number.
 */
#define HOST_URETPROBE 335

static bool
is_unfiltered_call(int host_signal, const struct siginfo *info, const struct ucontext *uc)
{
	return host_signal == SIGILL && info->si_code == SI_KERNEL && uc->uc_mcontext.rcx == uc->uc_mcontext.rip;
}

static bool
is_fault(int host_signal, const struct siginfo *info)
{
	return signal_is_always_open(host_signal) && info->si_code > 0;
}

static bool
in_range(uint64_t ip, const char *begin, const char *end)
{
	return ip >= (uintptr_t)begin && ip < (uintptr_t)end;
}

static bool
is_core_code(uint64_t ip)
{
	return ip >= CORE_BASE && ip < CORE_END;
}

static void
core_fault(int host_signal, const struct siginfo *info, struct ucontext *uc)
{
	uint64_t ip = uc->uc_mcontext.rip;

	if (!in_range(ip, guest_access_begin, guest_access_end))
		die(70, "internal error: signal %d at %lx, address %p", host_signal, (unsigned long)ip,
		    info->si_addr);
	/* A signal that was deferred has blocked the others; this frame is older than that. */
	if (thread_self()->pending)
		uc->uc_sigmask |= ~ALWAYS_OPEN;
	uc->uc_mcontext.rip = (uintptr_t)guest_access_fault;
	uc->uc_mcontext.eflags &= ~UINT64_C(0x400);	/* direction flag, as the ABI has it */
}

static bool
is_queued(const struct thread *t, int number)
{
	for (uint32_t i = t->queue_head; i != t->queue_tail; i++)
		if (t->queue[i % SIGNAL_QUEUE].number == number)
			return true;
	return false;
}

/* Those that are always open may come again and again while the core works. */
static void
queue_arrived(struct thread *t, int number, const struct siginfo *info)
{
	if (!is_queued(t, number) || !signal_is_always_open(info->si_signo))
		queue_add(t, number, info);
}

/* A signal in the middle of core code, which keeps it: block the rest, and do not begin to wait. */
static void
defer(struct thread *t, struct ucontext *uc)
{
	uint64_t ip = uc->uc_mcontext.rip;

	uc->uc_sigmask |= ~ALWAYS_OPEN;
	if (in_range(ip, gate_check, gate_made))
		uc->uc_mcontext.rip = (uintptr_t)gate_not_made;
	else if (in_range(ip, gate_last_check, gate_last_made))
		uc->uc_mcontext.rip = (uintptr_t)gate_last_not_made;
	else if (in_range(ip, gate_exit_check, gate_exit_end))
		uc->uc_mcontext.rip = (uintptr_t)gate_exit_check;
	else if (in_range(ip, gate_quick, gate_whole_32_jump)) {
		uc->uc_mcontext.rip = (uintptr_t)gate_return;
		uc->uc_mcontext.rdi = (uintptr_t)t->frame;
	}
}

/* What a kernel's next frames still show of this fault. */
static void
remember_fault(struct thread *t, const struct ucontext *uc)
{
	const struct sigcontext *r = &uc->uc_mcontext;

	t->last_fault.r10 = r->r10;
	t->last_fault.r11 = r->r11;
	t->last_fault.number = (uint32_t)r->trapno;
	t->last_fault.address = r->cr2;
}

/* A fault that the guest has blocked or ignored kills it, as on every kernel. */
static void
guest_fault(struct thread *t, int host_signal, const struct siginfo *info, struct ucontext *uc)
{
	const struct personality *abi = t->p->abi;
	int number = abi->fault_signal(t, uc, host_signal, info);

	if (number == 0)
		return;
	remember_fault(t, uc);
	if (sigset_has(&t->mask, number) || t->p->actions[number].handler == HANDLER_IGNORE ||
	    (abi->holds_signals && abi->holds_signals(t)))
		signal_die(t, number);
	queue_add(t, number, info);
}

/* The guest's number of a signal that is no fault; 0: not one for the guest. */
static int
arrived_number(const struct thread *t, int host_signal, struct siginfo *info)
{
	int number;

	if (!signal_is_carrier(t->p->abi, host_signal))
		return number_to_guest(t->p->abi->signals, (unsigned)host_signal);
	if (info->si_code == SI_TIMER)
		return TIMER_SIGNAL_NUMBER((uint64_t)(uintptr_t)info->si_ptr);
	number = info->si_errno & 0xff;
	if (info->si_code != SI_QUEUE || signal_to_host(t->p->abi, number) != HOST_CARRIER)
		return 0;
	info->si_code = (int8_t)(info->si_errno >> 8);
	info->si_errno = 0;
	return number;
}

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

/* Registers → struct call → dispatch → registers, unless it ends with a host call that is still to be made. */
static void
make_call(struct thread *t, struct ucontext *uc)
{
	struct call *c = call_of(t);
	long answer = c->abi->fetch(c, &uc->uc_mcontext);

	if (answer == 0)
		answer = dispatch(c);
	if (answer != CALL_LAST)
		c->abi->answer(c, uc, answer);
}

static void
guest_call(struct thread *t, struct ucontext *uc)
{
	const uint64_t mask = uc->uc_sigmask;

	call_begins(t);
	make_call(t, uc);
	signal_end_mask_for_call(t);
	if (t->mask_changed || uc->uc_sigmask != mask)
		t->quick = 0;
}

static void
trapped_call(struct thread *t, struct ucontext *uc)
{
	const uint64_t seen_first = sites_visit(t, uc);

	guest_call(t, uc);
	if (seen_first)
		sites_note(seen_first);
}

void
signal_leaves_quickly(struct thread *t, const struct ucontext *uc)
{
	t->quick = uc->uc_mcontext.fpstate && !(uc->uc_mcontext.eflags & TRAP_FLAG) ? QUICK_RESULTS : 0;
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
	c->abi->answer(c, uc, dispatch_end(c, answer));
}

static void
answer_last(struct thread *t, struct ucontext *uc, long answer)
{
	struct call *c = &t->call;

	t->last_wanted = false;
	c->abi->answer(c, uc, dispatch_end(c, answer));
}

/* Has the call that came by a site changed the host's mask, or the guest's for its own time? */
static bool
site_call_changed_mask(struct thread *t)
{
	return t->mask_saved || t->mask_changed || thread_frame(t)->uc_sigmask != MASK_AS_IT_IS;
}

/*
 * A queued signal has come together with the answer of the host call by which a site's call ends (a signal to oneself,
 * or one that interrupted it): the call is finished here, in uc, with no way back into the core only to find the signal.
 */
static bool
ends_site_call(struct thread *t, struct ucontext *uc)
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
		mask = host_mask(t);
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
signal_site_call(struct thread *t)
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
signal_site_last(struct thread *t, long answer)
{
	answer_last(t, t->frame, answer);
	return site_call_ends(t);
}

/* A direct call has been made; its answer is an error, or there is a signal to deliver. */
int
signal_site_direct(struct thread *t, long answer)
{
	answer_direct(t, site_call_begins(t), answer);
	return site_call_ends(t);
}

/* Makes the frame as whole as a trap's: for gate_return(). */
struct ucontext *
signal_site_leaves(struct thread *t)
{
	struct ucontext *uc = thread_whole_frame(t);

	if (uc->uc_sigmask == MASK_AS_IT_IS) {
		uc->uc_sigmask = host_mask(t);
		t->quick = 0;
	}
	return uc;
}

/* At the gate's last instruction a thread is as good as where that leads. */
static void
jump_is_made(const struct thread *t, struct sigcontext *r)
{
	if (r->rip == (uintptr_t)gate_quick_jump) {
		r->rip = r->rcx;
	} else if (r->rip == (uintptr_t)gate_whole_jump) {
		r->rip = t->goes_on;
	} else if (r->rip == (uintptr_t)gate_whole_32_jump) {
		r->rip = (uint32_t)t->goes_on;
		r->cs = USER32_CS;
	}
}

/*
 * From entry_x86_64.S, on the thread's block. 1: guest code was interrupted,
 * leave by gate_return(uc); 0: core code, go on with it.
 */
int
signal_arrived(int host_signal, struct siginfo *info, struct ucontext *uc)
{
	struct thread *t = thread_self();
	bool in_core;
	int number;

	jump_is_made(t, &uc->uc_mcontext);
	if (sites_interrupted(t, host_signal, info, uc))
		return 0;
	in_core = is_core_code(uc->uc_mcontext.rip) || t->vdso_stack;
	if (t->vdso_stack && (is_syscall_trap(host_signal, info) || is_fault(host_signal, info))) {
		host_clock_fails(t, uc, info);
		return 0;
	}
	if (is_fault(host_signal, info) && in_core) {
		core_fault(host_signal, info, uc);
		return 0;
	}
	if (!in_core) {
		t->frame = uc;
		t->by_site = false;
		t->in_call = false;
		t->quick = 0;
		/* What follows may fault at the guest's memory. */
		if (host_signal != SIGSYS && signal_is_always_open(host_signal))
			core_call(__NR_rt_sigprocmask, SIG_SETMASK, &uc->uc_sigmask, 0, sizeof(host_sigset));
	}
	if (!in_core && t->p->abi->faults_to_call && t->p->abi->faults_to_call(uc, host_signal, info)) {
		trapped_call(t, uc);
		return 1;
	}
	if (!in_core && is_unfiltered_call(host_signal, info, uc)) {
		uc->uc_mcontext.rax = HOST_URETPROBE;
		guest_call(t, uc);
		return 1;
	}
	if (is_syscall_trap(host_signal, info)) {
		trapped_call(t, uc);
		return 1;
	}
	if (host_signal == SIGFPE)	/* one that asks may be lost behind it */
		errand_run(t);
	if (is_fault(host_signal, info)) {
		guest_fault(t, host_signal, info, uc);
		return 1;
	}
	if (errand_asks(host_signal, info)) {
		errand_run(t);
		return !in_core;
	}
	signal_info_arrives(info);
	number = arrived_number(t, host_signal, info);
	if (number > 0 && sigset_has(&t->p->watch.set, number)) {
		signal_seen(t->p, number);
		/* Ignored: it was caught only to be counted, and ends no call. */
		if (is_ignored(t->p, number) && !sigset_has(&t->mask, number))
			return !in_core;
	}
	if (number <= 0)
		return !in_core;
	queue_arrived(t, number, info);
	if (!in_core || ends_site_call(t, uc))
		return 1;
	defer(t, uc);
	return 0;
}
