/*
 * EVFILT_SIGNAL: counts what was sent to the process, ignored, blocked or not
 * (sys/kern/kern_sig.c, filt_signal(); core/signal_watch.h).
 */
#include "kqueue_private.h"

#include <linux/eventpoll.h>

#include "core/host.h"
#include "core/linux_abi.h"
#include "core/personality.h"
#include "core/process.h"
#include "core/signal_watch.h"
#include "core/thread.h"

static uint32_t
seen(const struct knote *kn)
{
	return __atomic_load_n(&kn->kq->p->watch.seen[kn->ev.ident], __ATOMIC_RELAXED);
}

static long
signal_attach(struct knote *kn)
{
	struct kqueue *kq = kn->kq;
	long wake, r;

	if (kn->ev.ident == 0 || kn->ev.ident > kq->p->abi->signal_max)
		return -EINVAL;
	wake = signal_watch(thread_self(), (int)kn->ev.ident);
	if (wake < 0)
		return wake;
	/* Never read, so that every kqueue sees every edge. */
	r = kqueue_add_source(kq, (int)wake, EPOLLIN | EPOLLET, source_key(SOURCE_SIGNAL, 0, 0));
	if (r < 0 && r != -EEXIST) {
		signal_unwatch(kq->p, (int)kn->ev.ident);
		return r;
	}
	kn->ev.flags |= EV_CLEAR;
	kn->signal.seen = seen(kn);
	return 0;
}

static void
signal_detach(struct knote *kn)
{
	signal_unwatch(kn->kq->p, (int)kn->ev.ident);
}

static bool
signal_event(struct knote *kn)
{
	uint32_t now = seen(kn);

	kn->ev.data += now - kn->signal.seen;
	kn->signal.seen = now;
	return kn->ev.data != 0;
}

void
kqueue_signals_arrived(struct kqueue *kq)
{
	const struct sigset *set = &kq->p->watch.set;

	for (unsigned number = 1; number <= kq->p->abi->signal_max; number++) {
		struct knote *kn =
			sigset_has(set, (int)number) ? knote_find(kq, KQ_SIGNAL, number) : NULL;

		if (kn && signal_event(kn))
			knote_activate(kn);
	}
}

const struct filter kqueue_signal_filter = {
	.attach = signal_attach, .detach = signal_detach, .event = signal_event,
};
