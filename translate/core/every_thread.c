#include "every_thread.h"

#include <linux/futex.h>

#include "call.h"
#include "host.h"
#include "process.h"
#include "signal.h"
#include "thread.h"

struct errand {
	struct host_nr nr;
	long argument[3];
	uint32_t left;		/* threads that have not done it yet */
};

/* In si_errno, where signal.c puts a signal's number: no guest has this one. */
#define ERRAND 0xff

bool
errand_asks(int host_signal, const struct siginfo *info)
{
	return (host_signal == HOST_CARRIER || host_signal == SIGFPE) && info->si_code == SI_QUEUE &&
	       info->si_errno == ERRAND;
}

static int
messenger(const struct thread *t)
{
	return signal_is_carrier(t->p->abi, HOST_CARRIER) ? HOST_CARRIER : SIGFPE;
}

void
errand_run(struct thread *t)
{
	struct errand *e = __atomic_exchange_n(&t->errand, NULL, __ATOMIC_ACQ_REL);

	if (!e)
		return;
	core_call_nr(e->nr, e->argument[0], e->argument[1], e->argument[2]);
	/* The asker may be gone after this: waking nobody at an address does no harm. */
	if (__atomic_sub_fetch(&e->left, 1, __ATOMIC_ACQ_REL) == 0)
		core_call(__NR_futex, &e->left, FUTEX_WAKE_PRIVATE, 1);
}

static void
ask_others(struct thread *t, struct errand *e)
{
	struct process *p = t->p;
	const int signal = messenger(t);
	struct siginfo info = {.si_signo = signal, .si_errno = ERRAND, .si_code = SI_QUEUE};

	lock_acquire(&p->lock);
	for (struct thread *other = p->threads; other; other = other->next)
		e->left += other != t;
	for (struct thread *other = p->threads; other; other = other->next)
		if (other != t)
			__atomic_store_n(&other->errand, e, __ATOMIC_RELEASE);
	for (struct thread *other = p->threads; other; other = other->next)
		if (other != t)
			core_call(__NR_rt_tgsigqueueinfo, p->pid, other->tid, signal, &info);
	lock_release(&p->lock);
}

/* One errand at a time; who waits for its turn may be the one that is waited for. */
static void
take_turn(struct thread *t)
{
	while (__atomic_exchange_n(&t->p->errand_busy, 1, __ATOMIC_ACQUIRE)) {
		errand_run(t);
		core_call(__NR_sched_yield);
	}
}

static void
tell_others(struct thread *t, struct errand *e)
{
	uint32_t left;

	ask_others(t, e);
	while ((left = __atomic_load_n(&e->left, __ATOMIC_ACQUIRE)) != 0)
		core_call(__NR_futex, &e->left, FUTEX_WAIT_PRIVATE, left, 0);
}

static void
end_turn(struct thread *t)
{
	__atomic_store_n(&t->p->errand_busy, 0, __ATOMIC_RELEASE);
}

long
call_on_every_thread(struct thread *t, struct host_nr nr, long a, long b, long c)
{
	struct errand e = {nr, {a, b, c}, 0};
	long r;

	take_turn(t);
	r = host_call_nr(nr, a, b, c);
	if (r == 0 && signal_is_carrier(t->p->abi, HOST_CARRIER))
		tell_others(t, &e);
	end_turn(t);
	return r;
}

void
interrupt_every_thread(struct thread *t)
{
	struct errand e = {HOST_NR(__NR_getpid), {0, 0, 0}, 0};

	if (!t->p->threads->next)
		return;
	take_turn(t);
	tell_others(t, &e);
	end_turn(t);
}
