#include "signal.h"

#include "core.h"
#include "exec.h"
#include "host.h"
#include "last.h"
#include "personality.h"
#include "process.h"
#include "string.h"
#include "thread.h"
#include "trace.h"

/* entry_x86_64.S */
void entry_signal(void);
void entry_restorer(void);

#define HOST_IGNORE ((void (*)(void))1)

/* Three of them lie on a thread's stack at worst: a call's, a fault's of a copy, a signal's. */
#define LARGEST_FRAME THREAD_FP_SPACE

bool
signal_is_always_open(int host_signal)
{
	return ALWAYS_OPEN >> (host_signal - 1) & 1;
}

bool
signal_is_carrier(const struct personality *abi, int host_signal)
{
	return host_signal == HOST_CARRIER && number_to_guest(abi->signals, HOST_CARRIER) < 0;
}

int
signal_to_host(const struct personality *abi, int number)
{
	int host = number_to_host(abi->signals, (unsigned)number);

	if (host > 0 || number <= 0 || number > (int)abi->signal_max)
		return host;
	return signal_is_carrier(abi, HOST_CARRIER) ? HOST_CARRIER : -1;
}

host_sigset
sigset_to_host(const struct thread *t, const struct sigset *s)
{
	const struct personality *abi = t->p->abi;
	host_sigset h = 0;

	for (unsigned w = 0; w < 2; w++)
		for (uint64_t bits = s->word[w] & ~t->p->watch.set.word[w]; bits; bits &= bits - 1) {
			int host = number_to_host(abi->signals, w * 64 + (unsigned)__builtin_ctzll(bits) + 1);

			if (host > 0)
				h |= SIGNAL_BIT(host);
		}
	return h & ~ALWAYS_OPEN;
}

struct sigset
sigset_to_guest(const struct thread *t, host_sigset h)
{
	struct sigset s = {{0, 0}};

	for (; h; h &= h - 1) {
		int number = number_to_guest(t->p->abi->signals, (unsigned)__builtin_ctzll(h) + 1);

		if (number > 0)
			sigset_add(&s, number);
	}
	return s;
}

/* ---- dispositions ---- */

void
signal_host_action(int host_signal, void (*handler)(void), uint64_t flags, host_sigset mask)
{
	struct host_sigaction sa = {handler, flags | SA_RESTORER, entry_restorer, mask};

	core_call(__NR_rt_sigaction, host_signal, &sa, 0, sizeof mask);
}

static void
host_catch(int host_signal, uint64_t flags)
{
	if (host_signal == SIGSYS)	/* of every call: at no cost, and what may end the call comes in */
		signal_host_action(host_signal, entry_signal, SA_SIGINFO | SA_ONSTACK | SA_NODEFER, 0);
	else if (signal_is_always_open(host_signal))	/* kill(2) sends them too, faster than one is handled */
		signal_host_action(host_signal, entry_signal, SA_SIGINFO | SA_ONSTACK, ~(host_sigset)0);
	else
		signal_host_action(host_signal, entry_signal, SA_SIGINFO | SA_ONSTACK | flags, ~ALWAYS_OPEN);
}

/*
 * May the host do the default action by itself? Only if that is the guest's, and
 * what a parent sees is the guest's number.
 */
static bool
default_is_hosts(const struct personality *abi, int number, int host)
{
	switch (abi->default_action(number)) {
	case DEFAULT_IGNORE:
		return host == SIGCHLD || host == SIGURG || host == SIGWINCH;
	case DEFAULT_TERMINATE:	/* the trace has the last word */
		return number == host && !trace_active;
	default:
		return true;
	}
}

/* How a guest's action is said to the host. */
enum host_way { BY_DEFAULT, BY_IGNORING, BY_CATCHING };

static enum host_way
host_way(const struct process *p, int number, int host)
{
	const struct signal_action *a = &p->actions[number];

	if (signal_is_always_open(host) || a->handler > HANDLER_IGNORE || sigset_has(&p->watch.set, number))
		return BY_CATCHING;
	if (a->handler == HANDLER_IGNORE)
		return BY_IGNORING;
	if (default_is_hosts(p->abi, number, host))
		return BY_DEFAULT;
	/* What the host would not ignore: so that it interrupts nothing. */
	return p->abi->default_action(number) == DEFAULT_IGNORE ? BY_IGNORING : BY_CATCHING;
}

/* Not the guest's to set, or caught from the start. */
static bool
is_cores(const struct process *p, int host)
{
	return host <= 0 || host == SIGKILL || host == SIGSTOP || signal_is_carrier(p->abi, host);
}

void
signal_update_host(struct process *p, int number)
{
	const struct signal_action *a = &p->actions[number];
	int host = signal_to_host(p->abi, number);
	/* No SA_RESTART where the guest's own rule decides (signal_interruption). */
	uint64_t flags = a->flags & (SA_NOCLDSTOP | SA_NOCLDWAIT | (p->abi->host_restarts ? SA_RESTART : 0));

	if (is_cores(p, host))
		return;
	if (host == SIGCHLD && a->handler == HANDLER_IGNORE && sigset_has(&p->watch.set, number))
		flags |= SA_NOCLDWAIT;	/* caught, and yet nobody waits */
	switch (host_way(p, number, host)) {
	case BY_CATCHING:
		host_catch(host, flags);
		break;
	case BY_IGNORING:
		signal_host_action(host, HOST_IGNORE, flags, 0);
		break;
	case BY_DEFAULT:
		signal_host_action(host, 0, flags, 0);
		break;
	}
}

long
signal_set_action(struct process *p, int number, const struct signal_action *a)
{
	p->actions[number] = *a;
	signal_update_host(p, number);
	return 0;
}

static bool
is_ignored_from_start(int host)
{
	struct host_sigaction old = {0};

	if (options.ignored_told & SIGNAL_BIT(host))
		return options.ignored & SIGNAL_BIT(host);
	core_call(__NR_rt_sigaction, host, 0, &old, sizeof old.mask);
	return old.handler == HOST_IGNORE;
}

void
signal_start(struct thread *t)
{
	struct process *p = t->p;
	host_sigset mask = 0;

	for (int n = 1; n <= (int)p->abi->signal_max; n++) {
		int host = signal_to_host(p->abi, n);
		enum host_way was;

		if (is_cores(p, host))
			continue;
		was = is_ignored_from_start(host) ? BY_IGNORING : BY_DEFAULT;
		/* exec keeps what is ignored, and only that; for some it is how their default was said. */
		if (was == BY_IGNORING && (p->abi->default_action(n) != DEFAULT_IGNORE || default_is_hosts(p->abi, n, host)))
			p->actions[n].handler = HANDLER_IGNORE;
		if (host_way(p, n, host) != was)
			signal_update_host(p, n);
	}
	if (signal_is_carrier(p->abi, HOST_CARRIER))
		host_catch(HOST_CARRIER, 0);
	if (host_auxv(AT_MINSIGSTKSZ) > LARGEST_FRAME)
		die(126, "the processor's state is %lu bytes in a signal frame, more than there is room for",
		    (unsigned long)host_auxv(AT_MINSIGSTKSZ));
	core_call(__NR_rt_sigprocmask, SIG_BLOCK, 0, &mask, sizeof mask);
	t->mask = sigset_to_guest(t, mask);
}

host_sigset
signal_ignored(const struct process *p)
{
	host_sigset ignored = 0;

	for (int n = 1; n <= (int)p->abi->signal_max; n++) {
		int host = signal_to_host(p->abi, n);

		if (!is_cores(p, host) &&
		    (p->actions[n].handler == HANDLER_IGNORE || host_way(p, n, host) == BY_IGNORING))
			ignored |= SIGNAL_BIT(host);
	}
	return ignored;
}

void
signal_before_exec(struct process *p)
{
	/*
	 * The host makes caught signals default; ignored ones that are caught all the same: say
	 * so. Not of its own while other threads run: a trap of theirs, ignored, would kill.
	 * A next core is told of those (signal_ignored()), a program of the host is not.
	 */
	bool alone = !p->threads->next;

	for (int n = 1; n <= (int)p->abi->signal_max; n++) {
		int host = number_to_host(p->abi->signals, (unsigned)n);

		if (host > 0 && (signal_is_always_open(host) ? alone : sigset_has(&p->watch.set, n)) &&
		    p->actions[n].handler == HANDLER_IGNORE)
			signal_host_action(host, (void (*)(void))1, 0, 0);
	}
}

/* ---- masks ---- */

/* Something in the queue, or held back, that the guest's mask now lets through? */
static bool
something_deliverable(const struct thread *t)
{
	for (uint32_t i = 0; i < t->nheld; i++)
		if (!sigset_has(&t->mask, t->held[i].number))
			return true;
	return t->queue_head != t->queue_tail;
}

void
signal_set_mask(struct thread *t, const struct sigset *mask)
{
	t->mask = *mask;
	t->frame->uc_sigmask = sigset_to_host(t, mask);
	if (something_deliverable(t))
		t->pending = 1;
}

bool
signal_comes_first(struct thread *t, const struct sigset *mask)
{
	struct sigset added = sigset_minus(*mask, t->mask);
	host_sigset host = sigset_to_host(t, &added);

	if (!added.word[0] && !added.word[1])
		return false;
	if (host) {
		t->mask_changed = true;
		core_call(__NR_rt_sigprocmask, SIG_BLOCK, &host, 0, sizeof host);
	}
	return __atomic_load_n(&t->pending, __ATOMIC_ACQUIRE);
}

void
signal_set_mask_for_call(struct thread *t, const struct sigset *mask)
{
	if (!t->mask_saved) {
		t->saved_mask = t->mask;
		t->mask_saved = true;
	}
	t->mask = *mask;
	if (something_deliverable(t))
		t->pending = 1;
}

void
signal_end_mask_for_call(struct thread *t)
{
	if (t->mask_saved && !t->pending) {
		t->mask_saved = false;
		signal_set_mask(t, &t->saved_mask);
	}
}

host_sigset
signal_block_host(void)
{
	host_sigset all = ~ALWAYS_OPEN, old = 0;

	thread_self()->mask_changed = true;
	core_call(__NR_rt_sigprocmask, SIG_BLOCK, &all, &old, sizeof all);
	return old;
}

struct sigset
signal_pending_set(struct thread *t)
{
	host_sigset h = 0;
	struct sigset s;

	core_call(__NR_rt_sigpending, &h, sizeof h);
	s = sigset_to_guest(t, h);
	for (uint32_t i = 0; i < t->nheld; i++)
		sigset_add(&s, t->held[i].number);
	for (uint32_t i = t->queue_head; i != t->queue_tail; i++)
		sigset_add(&s, t->queue[i % SIGNAL_QUEUE].number);
	return s;
}

bool
signal_take_held(struct thread *t, const struct sigset *set, struct queued_signal *out)
{
	for (uint32_t i = 0; i < t->nheld; i++) {
		if (!sigset_has(set, t->held[i].number))
			continue;
		*out = t->held[i];
		t->nheld--;
		memmove(&t->held[i], &t->held[i + 1], (t->nheld - i) * sizeof *t->held);
		return true;
	}
	return false;
}

/* ---- sending ---- */

static long
send_info(int pid, int tid, int host, struct siginfo *info)
{
	if (tid)
		return core_call(__NR_rt_tgsigqueueinfo, pid, tid, host, info);
	return core_call(__NR_rt_sigqueueinfo, pid, host, info);
}

/* A signal the host has no number for travels as another one, with its own number in si_errno. */
static long
send_carried(struct thread *t, int pid, int tid, int number, const struct siginfo *info)
{
	struct siginfo carrier = *info;

	if (pid <= 0)
		return -EINVAL;
	carrier.si_signo = HOST_CARRIER;
	carrier.si_code = SI_QUEUE;
	carrier.si_errno = number | (info->si_code & 0xff) << 8;
	carrier.si_pid = t->p->pid;
	carrier.si_uid = (uint32_t)core_call(__NR_getuid);
	return send_info(pid, tid, HOST_CARRIER, &carrier);
}

long
signal_send(struct thread *t, int pid, int tid, int number, const struct siginfo *info)
{
	int host = number ? signal_to_host(t->p->abi, number) : 0;

	if (host < 0)
		return -EINVAL;
	if (signal_is_carrier(t->p->abi, host))
		return send_carried(t, pid, tid, number, info);
	if (info->si_code == SI_QUEUE && number) {
		struct siginfo queued = *info;

		queued.si_signo = host;
		queued.si_pid = t->p->pid;
		queued.si_uid = (uint32_t)core_call(__NR_getuid);
		return send_info(pid, tid, host, &queued);
	}
	if (tid)
		return host_call_last(__NR_tgkill, pid, tid, host);
	return host_call_last(__NR_kill, pid, host);
}
