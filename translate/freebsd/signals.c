/*
 * The signal calls (kern/kern_sig.c). Masks, actions and stacks are kept by the
 * core (core/signal.h); what waits while it is blocked is kept by the host.
 */
#include "freebsd.h"

#include "core/copy.h"
#include "core/core.h"
#include "core/dispatch.h"
#include "core/host.h"
#include "core/lock.h"
#include "core/process.h"
#include "core/signal.h"
#include "core/string.h"

#define NSEC INT64_C(1000000000)

struct freebsd_sigaction {
	uint64_t handler;
	uint32_t flags;
	uint32_t mask[4];	/* of words, so unaligned */
	uint32_t pad;
};
_Static_assert(sizeof(struct freebsd_sigaction) == 32, "sys/signal.h");

static bool
is_signal(const struct call *c, int32_t sig)
{
	return sig > 0 && sig <= (int)c->abi->signal_max;
}

static bool
cannot_be_caught(int32_t sig)
{
	return sig == FREEBSD_SIGKILL || sig == FREEBSD_SIGSTOP;
}

struct sigset
freebsd_maskable(struct sigset s)
{
	sigset_remove(&s, FREEBSD_SIGKILL);
	sigset_remove(&s, FREEBSD_SIGSTOP);
	return s;
}

/* ---- actions ---- */

/* FreeBSD's bits and the host's, in which the core keeps them (process.h). */
static const struct {
	uint32_t guest;
	uint64_t host;
} action_flags[] = {
	{FREEBSD_SA_ONSTACK, SA_ONSTACK},     {FREEBSD_SA_RESTART, SA_RESTART},
	{FREEBSD_SA_RESETHAND, SA_RESETHAND}, {FREEBSD_SA_NOCLDSTOP, SA_NOCLDSTOP},
	{FREEBSD_SA_NODEFER, SA_NODEFER},     {FREEBSD_SA_NOCLDWAIT, SA_NOCLDWAIT},
	{FREEBSD_SA_SIGINFO, SA_SIGINFO},
};
#define ACTION_FLAGS (sizeof action_flags / sizeof *action_flags)

#define KNOWN_FLAGS (FREEBSD_SA_ONSTACK | FREEBSD_SA_RESTART | FREEBSD_SA_RESETHAND | FREEBSD_SA_NOCLDSTOP | \
		     FREEBSD_SA_NODEFER | FREEBSD_SA_NOCLDWAIT | FREEBSD_SA_SIGINFO)

/* What kern_sigaction() keeps: of a handler all, without one not SA_SIGINFO; two flags of SIGCHLD only. */
static void
action_to_host(struct signal_action *to, int32_t sig, const struct freebsd_sigaction *from)
{
	uint32_t flags = from->flags;

	if (from->handler <= HANDLER_IGNORE)
		flags &= ~(uint32_t)FREEBSD_SA_SIGINFO;
	if (sig != FREEBSD_SIGCHLD)
		flags &= ~(uint32_t)(FREEBSD_SA_NOCLDSTOP | FREEBSD_SA_NOCLDWAIT);
	memset(to, 0, sizeof *to);
	to->handler = from->handler;
	for (size_t i = 0; i < ACTION_FLAGS; i++)
		if (flags & action_flags[i].guest)
			to->flags |= action_flags[i].host;
	memcpy(&to->mask, from->mask, sizeof to->mask);
	to->mask = freebsd_maskable(to->mask);
}

static void
action_to_guest(struct freebsd_sigaction *to, const struct signal_action *from)
{
	memset(to, 0, sizeof *to);
	to->handler = from->handler;
	for (size_t i = 0; i < ACTION_FLAGS; i++)
		if (from->flags & action_flags[i].host)
			to->flags |= action_flags[i].guest;
	memcpy(to->mask, &from->mask, sizeof to->mask);
}

/* A signal whose action was never set interrupts no call: sigaction(2) says so. */
void
freebsd_signals_begin(struct process *p)
{
	for (unsigned n = 1; n <= p->abi->signal_max; n++)
		p->actions[n].flags = SA_RESTART;
}

long
freebsd_sigaction(struct call *c, int32_t sig, struct guest_ptr new, struct guest_ptr old)
{
	struct freebsd_sigaction from = {0}, to;
	struct signal_action a;

	if (!is_null(new) && copy_in(&from, new, sizeof from) < 0)
		return -EFAULT;
	if (!is_signal(c, sig))
		return -EINVAL;
	if (!is_null(new) && from.handler > HANDLER_IGNORE && (from.flags & ~(uint32_t)KNOWN_FLAGS))
		return -EINVAL;
	/* The two may be set to what they are (kern_sigaction()). */
	if (!is_null(new) && cannot_be_caught(sig) && from.handler != HANDLER_DEFAULT)
		return -EINVAL;
	lock_acquire(&c->p->lock);
	action_to_guest(&to, &c->p->actions[sig]);
	if (!is_null(new) && !cannot_be_caught(sig)) {
		action_to_host(&a, sig, &from);
		signal_set_action(c->p, sig, &a);
	}
	lock_release(&c->p->lock);
	if (!is_null(old) && copy_out(old, &to, sizeof to) < 0)
		return -EFAULT;
	return 0;
}

/* On amd64 the calls of FreeBSD 4 are today's by another number (amd64/amd64/exec_machdep.c). */
long
freebsd4_sigaction(struct call *c, int32_t sig, struct guest_ptr new, struct guest_ptr old)
{
	return freebsd_sigaction(c, sig, new, old);
}

long
freebsd4_sigreturn(struct call *c, struct guest_ptr context)
{
	return freebsd_sigreturn(c, context);
}

/* ---- masks ---- */

long
freebsd_sigprocmask(struct call *c, int32_t how, struct guest_ptr new, struct guest_ptr old)
{
	struct sigset set = {{0, 0}}, was = c->t->mask;

	if (!is_null(new) && copy_in(&set, new, sizeof set) < 0)
		return -EFAULT;
	if (!is_null(new)) {
		set = freebsd_maskable(set);
		if (how == FREEBSD_SIG_BLOCK)
			set = sigset_union(was, set);
		else if (how == FREEBSD_SIG_UNBLOCK)
			set = sigset_minus(was, set);
		else if (how != FREEBSD_SIG_SETMASK)
			return -EINVAL;
		if (signal_comes_first(c->t, &set))
			return CALL_RESTART;
		signal_set_mask(c->t, &set);
	}
	if (!is_null(old) && copy_out(old, &was, sizeof was) < 0)
		return -EFAULT;
	return 0;
}

long
freebsd_sigpending(struct call *c, struct guest_ptr pending)
{
	struct sigset s = signal_pending_set(c->t);

	return copy_out(pending, &s, sizeof s);
}

long
freebsd_sigsuspend(struct call *c, struct guest_ptr mask)
{
	struct sigset set;
	host_sigset host;

	if (copy_in(&set, mask, sizeof set) < 0)
		return -EFAULT;
	set = freebsd_maskable(set);
	host = sigset_to_host(c->t, &set);
	signal_set_mask_for_call(c->t, &set);
	return host_call(__NR_rt_sigsuspend, &host, sizeof host);
}

/* ---- waiting for signals ---- */

/* kern_sigtimedwait(): a value of 0 with *out filled, or -errno. */
static long
wait_for(struct call *c, struct guest_ptr signals, const struct __kernel_timespec *timeout,
	 struct queued_signal *out)
{
	struct sigset set;
	host_sigset host;
	long r;

	if (copy_in(&set, signals, sizeof set) < 0)
		return -EFAULT;
	set = freebsd_maskable(set);
	if (signal_take_held(c->t, &set, out))
		return 0;
	host = sigset_to_host(c->t, &set);
	r = host_call(__NR_rt_sigtimedwait, &host, &out->info, timeout, sizeof host);
	if (r < 0)
		return r;
	signal_info_arrives(&out->info);
	out->number = number_to_guest(c->abi->signals, (unsigned)r);
	return 0;
}

/* What is left of the time: a signal that only the core keeps interrupts the host's wait for it. */
static void
time_left(struct thread *t, struct __kernel_timespec *length)
{
	struct __kernel_timespec end = freebsd_end_of_wait(t, length), now;
	int64_t left;

	core_call(__NR_clock_gettime, CLOCK_MONOTONIC, &now);
	left = (end.tv_sec - now.tv_sec) * NSEC + end.tv_nsec - now.tv_nsec;
	*length = (struct __kernel_timespec){0, 0};
	if (left > 0)
		*length = (struct __kernel_timespec){left / NSEC, left % NSEC};
}

static long
put_info(struct call *c, struct guest_ptr to, const struct queued_signal *q)
{
	struct freebsd_siginfo info;

	if (is_null(to))
		return 0;
	freebsd_siginfo_from_host(c->t, &info, q);
	return copy_out(to, &info, sizeof info);
}

long
freebsd_sigtimedwait(struct call *c, struct guest_ptr signals, struct guest_ptr info, struct guest_ptr timeout)
{
	struct __kernel_timespec length, *limit = NULL;
	struct queued_signal q;
	long r = 0;

	if (!is_null(timeout)) {
		r = freebsd_copy_in_timespec(&length, timeout);
		limit = &length;
	}
	if (r == 0 && limit && (length.tv_sec || length.tv_nsec))
		time_left(c->t, &length);
	if (r == 0)
		r = wait_for(c, signals, limit, &q);
	if (r == 0)
		r = put_info(c, info, &q);
	return r < 0 ? r : q.number;
}

long
freebsd_sigwaitinfo(struct call *c, struct guest_ptr signals, struct guest_ptr info)
{
	return freebsd_sigtimedwait(c, signals, info, guest(0));
}

/* sigwait(2) answers the error itself, and is made again when a handler has run (sys_sigwait()). */
long
freebsd_sigwait(struct call *c, struct guest_ptr signals, struct guest_ptr sig)
{
	struct queued_signal q;
	long r = wait_for(c, signals, NULL, &q);

	if (r == 0)
		r = store_u32(sig, (uint32_t)q.number);
	if (r == -EINTR || r == CALL_RESTART)
		return CALL_RESTART;
	return r < 0 ? (long)guest_errno(c, r) : 0;
}

/* ---- the alternate stack ---- */

struct freebsd_stack_t {
	uint64_t base, size;
	int32_t flags, pad;
};

static bool
on_altstack(const struct thread *t)
{
	return t->altstack.enabled && t->frame->uc_mcontext.rsp - t->altstack.base < t->altstack.size;
}

static long
set_altstack(struct thread *t, const struct freebsd_stack_t *s, bool on)
{
	if (on)
		return -EPERM;
	if (s->flags & ~FREEBSD_SS_DISABLE)
		return -EINVAL;
	if (s->flags & FREEBSD_SS_DISABLE) {
		t->altstack.enabled = false;
		return 0;
	}
	if (s->size < FREEBSD_MINSIGSTKSZ)
		return -ENOMEM;
	t->altstack.base = s->base;
	t->altstack.size = s->size;
	t->altstack.enabled = true;
	return 0;
}

long
freebsd_sigaltstack(struct call *c, struct guest_ptr new, struct guest_ptr old)
{
	struct thread *t = c->t;
	bool on = on_altstack(t);
	struct freebsd_stack_t to = {t->altstack.base, t->altstack.size, 0, 0}, from;
	long r = 0;

	to.flags = !t->altstack.enabled ? FREEBSD_SS_DISABLE : on ? FREEBSD_SS_ONSTACK : 0;
	if (!is_null(new)) {
		if (copy_in(&from, new, sizeof from) < 0)
			return -EFAULT;
		r = set_altstack(t, &from, on);
	}
	if (r == 0 && !is_null(old))
		r = copy_out(old, &to, sizeof to);
	return r;
}

/* ---- a word that holds signals back ---- */

/*
 * sigfastblock(2), by which rtld and libthr block signals without a call: while the
 * word counts anything, a signal that comes only sets its lowest bit, and the
 * program asks for it when it has counted down (fetch_sigfastblock()).
 */
bool
freebsd_holds_signals(struct thread *t)
{
	const struct guest_ptr word = guest(t->signal_block);
	uint32_t value, seen;

	if (!t->signal_block || load_u32(&value, word) < 0)
		return false;
	while (value & ~(uint32_t)FREEBSD_SIGFASTBLOCK_FLAGS) {
		if (value & FREEBSD_SIGFASTBLOCK_PEND)
			return true;
		if (cas_u32(word, value, value | FREEBSD_SIGFASTBLOCK_PEND, &seen) < 0)
			return false;
		if (seen == value)
			return true;
		value = seen;
	}
	return false;
}

/* Lets in what was held. The word must say that something was, and count no more. */
static long
unblock(struct thread *t)
{
	uint32_t seen;

	if (cas_u32(guest(t->signal_block), FREEBSD_SIGFASTBLOCK_PEND, 0, &seen) < 0)
		return -EFAULT;
	if (seen != FREEBSD_SIGFASTBLOCK_PEND)
		return -EBUSY;
	signal_set_mask(t, &t->mask);
	return 0;
}

long
freebsd_sigfastblock(struct call *c, int32_t command, struct guest_ptr word)
{
	struct thread *t = c->t;
	uint32_t value;

	switch (command) {
	case FREEBSD_SIGFASTBLOCK_SETPTR:
		if (t->signal_block)
			return -EBUSY;
		if (word.addr & 3)
			return -EINVAL;
		if (load_u32(&value, word) < 0)
			return -EFAULT;
		t->signal_block = word.addr;
		return 0;
	case FREEBSD_SIGFASTBLOCK_UNSETPTR:
		if (!t->signal_block)
			return -EINVAL;
		if (load_u32(&value, guest(t->signal_block)) < 0)
			return -EFAULT;
		if (value & ~(uint32_t)FREEBSD_SIGFASTBLOCK_FLAGS)
			return -EBUSY;
		t->signal_block = 0;
		signal_set_mask(t, &t->mask);
		return 0;
	case FREEBSD_SIGFASTBLOCK_UNBLOCK:
		return t->signal_block ? unblock(t) : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* ---- sending ---- */

long
freebsd_kill(struct call *c, int32_t who, int32_t sig)
{
	const struct siginfo info = {.si_code = SI_USER};

	if (sig && !is_signal(c, sig))
		return -EINVAL;
	/* The host's -1 leaves the caller out, as FreeBSD's does; its INT_MIN is no group. */
	return signal_send(c->t, who, 0, sig, &info);
}

/* To a thread of the process, since FreeBSD 14: what pthread_sigqueue(3) asks for. */
static long
queue_to_thread(struct call *c, int32_t lwp, int32_t sig, const struct siginfo *info)
{
	int tid = freebsd_tid_to_host(lwp);

	if (options.release < 1400 || (sig && !is_signal(c, sig)))
		return -EINVAL;
	return tid ? signal_send(c->t, c->p->pid, tid, sig, info) : -ESRCH;
}

/* sigqueue(2): to one process only (sys_sigqueue()); signal 0 asks whether it is there. */
long
freebsd_sigqueue(struct call *c, int32_t who, int32_t sig, struct guest_ptr value)
{
	struct siginfo info = {.si_code = SI_QUEUE};

	info.si_ptr = (void *)(uintptr_t)value.addr;
	if ((uint32_t)sig & FREEBSD___SIGQUEUE_TID)
		return queue_to_thread(c, who, (int32_t)((uint32_t)sig & ~FREEBSD___SIGQUEUE_TID), &info);
	if (sig && !is_signal(c, sig))
		return -EINVAL;
	if (who <= 0)
		return -EINVAL;
	return signal_send(c->t, who, 0, sig, &info);
}
