/* Signal calls: the host's own structs, but the core's masks, actions and stacks. */
#include "linux.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"

enum default_action
linux_default_action(int signal)
{
	switch (signal) {
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH:
		return DEFAULT_IGNORE;
	case SIGCONT:
		return DEFAULT_CONTINUE;
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return DEFAULT_STOP;
	default:
		return DEFAULT_TERMINATE;
	}
}

int
linux_fault_signal(struct thread *t, struct ucontext *uc, int host_signal, const struct siginfo *info)
{
	(void)t;
	(void)uc;
	(void)info;
	return host_signal;
}

/* kernel/signal.c, do_sigaction(), takes others away: programs find out so which flags there are. */
#ifndef SA_EXPOSE_TAGBITS
#define SA_EXPOSE_TAGBITS 0x800
#endif
#define KNOWN_FLAGS \
	(uint64_t)(uint32_t)(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | \
			     SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER)

static bool
catchable(int32_t sig)
{
	return sig >= 1 && sig <= HOST_NSIG && sig != SIGKILL && sig != SIGSTOP;
}

long
linux_set_action(struct process *p, int sig, struct signal_action *a)
{
	if (!catchable(sig))
		return -EINVAL;
	a->flags &= KNOWN_FLAGS;
	a->mask.word[0] &= ~LINUX_NEVER_BLOCKED;
	return signal_set_action(p, sig, a);
}

static void
action_to_guest(struct host_sigaction *to, const struct signal_action *a)
{
	*to = (struct host_sigaction){(void (*)(void))(uintptr_t)a->handler, a->flags,
				      (void (*)(void))(uintptr_t)a->trampoline, a->mask.word[0]};
}

long
linux_rt_sigaction(struct call *c, int32_t sig, struct guest_ptr new, struct guest_ptr old, uint64_t setsize)
{
	struct signal_action was;
	struct host_sigaction h;

	if (setsize != sizeof(host_sigset) || sig < 1 || sig > HOST_NSIG)
		return -EINVAL;
	was = c->p->actions[sig];
	if (!is_null(new)) {
		struct signal_action a = {0};

		if (copy_in(&h, new, sizeof h) < 0)
			return -EFAULT;
		a.handler = (uintptr_t)h.handler;
		a.flags = h.flags;
		a.trampoline = (uintptr_t)h.restorer;
		a.mask.word[0] = h.mask;
		if (linux_set_action(c->p, sig, &a) < 0)
			return -EINVAL;
	}
	if (is_null(old))
		return 0;
	action_to_guest(&h, &was);
	return copy_out(old, &h, sizeof h);
}

long
linux_rt_sigprocmask(struct call *c, int32_t how, struct guest_ptr new, struct guest_ptr old, uint64_t setsize)
{
	struct sigset was = c->t->mask, mask = was;
	uint64_t set;

	if (setsize != sizeof set)
		return -EINVAL;
	if (!is_null(new)) {
		if (load_u64(&set, new) < 0)
			return -EFAULT;
		set &= ~LINUX_NEVER_BLOCKED;
		switch (how) {
		case SIG_BLOCK:
			mask.word[0] |= set;
			break;
		case SIG_UNBLOCK:
			mask.word[0] &= ~set;
			break;
		case SIG_SETMASK:
			mask.word[0] = set;
			break;
		default:
			return -EINVAL;
		}
		signal_set_mask(c->t, &mask);
	}
	return is_null(old) ? 0 : store_u64(old, was.word[0]);
}

const void *
linux_mask_for_call(struct call *c, struct guest_ptr mask, host_sigset *host)
{
	struct sigset s = {{0, 0}};

	if (is_null(mask))
		return NULL;
	if (load_u64(&s.word[0], mask) < 0)
		return UNREADABLE;
	s.word[0] &= ~LINUX_NEVER_BLOCKED;
	signal_set_mask_for_call(c->t, &s);
	*host = sigset_to_host(c->t, &s);
	return host;
}

long
linux_rt_sigsuspend(struct call *c, struct guest_ptr mask, uint64_t setsize)
{
	host_sigset host;

	if (setsize != sizeof host)
		return -EINVAL;
	if (linux_mask_for_call(c, mask, &host) != &host)
		return -EFAULT;
	return host_call(__NR_rt_sigsuspend, &host, sizeof host);
}

/* kernel/signal.c, do_sigpending(): only what is blocked. */
long
linux_rt_sigpending(struct call *c, struct guest_ptr set, uint64_t setsize)
{
	uint64_t pending;

	if (setsize > sizeof pending)
		return -EINVAL;
	pending = signal_pending_set(c->t).word[0] & c->t->mask.word[0];
	return copy_out(set, &pending, setsize);
}

bool
linux_take_held(struct thread *t, struct guest_ptr set, uint64_t setsize, struct queued_signal *out)
{
	struct sigset wanted = {0};

	return t->nheld && setsize == sizeof wanted.word[0] && load_u64(&wanted.word[0], set) == 0 &&
	       signal_take_held(t, &wanted, out);
}

long
linux_rt_sigtimedwait(struct call *c, struct guest_ptr set, struct guest_ptr info, struct guest_ptr timeout,
		      uint64_t setsize)
{
	struct queued_signal q;

	if (linux_take_held(c->t, set, setsize, &q))
		return is_null(info) || copy_out(info, &q.info, sizeof q.info) == 0 ? q.number : -EFAULT;
	return host_call(__NR_rt_sigtimedwait, set.addr, info.addr, timeout.addr, setsize);
}

long
linux_ppoll(struct call *c, struct guest_ptr fds, uint32_t n, struct guest_ptr timeout, struct guest_ptr mask,
	    uint64_t setsize)
{
	host_sigset host;
	const void *given = linux_mask_for_call(c, mask, &host);

	return host_call(__NR_ppoll, fds.addr, n, timeout.addr, given, setsize);
}

/* What the sixth argument of pselect6 and io_pgetevents points at: a mask and its size. */
struct mask_pair {
	uint64_t set, size;
};

static const void *
pair_for_call(struct call *c, struct guest_ptr at, struct mask_pair *pair, host_sigset *host)
{
	*pair = (struct mask_pair){0, sizeof *host};
	if (!is_null(at) && copy_in(pair, at, sizeof *pair) < 0)
		return UNREADABLE;
	pair->set = (uintptr_t)linux_mask_for_call(c, guest(pair->set), host);
	return pair;
}

long
linux_pselect6(struct call *c, int32_t n, struct guest_ptr readable, struct guest_ptr writable,
	       struct guest_ptr except, struct guest_ptr timeout, struct guest_ptr mask)
{
	struct mask_pair pair;
	host_sigset host;
	const void *given = pair_for_call(c, mask, &pair, &host);

	return host_call(__NR_pselect6, n, readable.addr, writable.addr, except.addr, timeout.addr, given);
}

long
linux_io_pgetevents(struct call *c, uint64_t context, int64_t least, int64_t n, struct guest_ptr events,
		    struct guest_ptr timeout, struct guest_ptr mask)
{
	struct mask_pair pair;
	host_sigset host;
	const void *given = pair_for_call(c, mask, &pair, &host);

	return host_call(__NR_io_pgetevents, context, least, n, events.addr, timeout.addr, given);
}

static long
wait_for_events(struct call *c, struct host_nr nr, int32_t f, struct guest_ptr events, int32_t n, uint64_t timeout,
		struct guest_ptr mask, uint64_t setsize)
{
	host_sigset host;
	const void *given = linux_mask_for_call(c, mask, &host);

	return host_call_nr(nr, f, events.addr, n, timeout, given, setsize);
}

long
linux_epoll_pwait(struct call *c, int32_t f, struct guest_ptr events, int32_t n, int32_t timeout,
		  struct guest_ptr mask, uint64_t setsize)
{
	return wait_for_events(c, HOST_NR(__NR_epoll_pwait), f, events, n, (uint64_t)timeout, mask, setsize);
}

long
linux_epoll_pwait2(struct call *c, int32_t f, struct guest_ptr events, int32_t n, struct guest_ptr timeout,
		   struct guest_ptr mask, uint64_t setsize)
{
	return wait_for_events(c, HOST_NR(__NR_epoll_pwait2), f, events, n, timeout.addr, mask, setsize);
}

/* linux/signal.h */
#define SS_AUTODISARM (1U << 31)

bool
linux_on_altstack(const struct thread *t, uint64_t sp)
{
	return t->altstack.enabled && !(t->altstack.flags & SS_AUTODISARM) && sp > t->altstack.base &&
	       sp - t->altstack.base <= t->altstack.size;
}

/* sigaltstack(2) tells whether the program is on it; a frame has only what it gave. */
stack_t
linux_altstack(const struct thread *t)
{
	return (stack_t){(void *)(uintptr_t)t->altstack.base, (int)t->altstack.flags, t->altstack.size};
}

/* SS_AUTODISARM: a handler is entered, whose frame brings it back (sas_ss_reset()). */
void
linux_disarm_altstack(struct thread *t)
{
	if (!(t->altstack.flags & SS_AUTODISARM))
		return;
	memset(&t->altstack, 0, sizeof t->altstack);
	t->altstack.flags = SS_DISABLE;
}

/* kernel/signal.c, do_sigaltstack(). */
long
linux_set_altstack(struct thread *t, const stack_t *s, uint64_t sp)
{
	unsigned mode = (unsigned)s->ss_flags & ~SS_AUTODISARM;
	bool enabled = mode != SS_DISABLE;

	if (linux_on_altstack(t, sp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (t->altstack.base == (uintptr_t)s->ss_sp && t->altstack.size == s->ss_size &&
	    t->altstack.flags == (unsigned)s->ss_flags)
		return 0;
	if (enabled && s->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	t->altstack.enabled = enabled;
	t->altstack.flags = (unsigned)s->ss_flags;
	t->altstack.base = enabled ? (uintptr_t)s->ss_sp : 0;
	t->altstack.size = enabled ? s->ss_size : 0;
	return 0;
}

long
linux_sigaltstack(struct call *c, struct guest_ptr new, struct guest_ptr old)
{
	uint64_t sp = c->t->frame->uc_mcontext.rsp;
	stack_t was = linux_altstack(c->t), s;
	long r = 0;

	was.ss_flags &= (int)SS_AUTODISARM;
	was.ss_flags |= !c->t->altstack.enabled ? SS_DISABLE : linux_on_altstack(c->t, sp) ? SS_ONSTACK : 0;
	if (!is_null(new))
		r = copy_in(&s, new, sizeof s) < 0 ? -EFAULT : linux_set_altstack(c->t, &s, sp);
	return r < 0 || is_null(old) ? r : copy_out(old, &was, sizeof was);
}
