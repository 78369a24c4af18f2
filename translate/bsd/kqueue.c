/*
 * kevent(2): changes, the queue of active knotes, waiting. Rules as in FreeBSD's
 * sys/kern/kern_event.c (kqueue_register(), kqueue_scan()) and kqueue(2).
 */
#include "kqueue_private.h"

#include <linux/eventpoll.h>

#include "core/copy.h"
#include "core/core.h"
#include "core/dispatch.h"
#include "core/fd.h"
#include "core/host.h"
#include "core/host_clock.h"
#include "core/linux_abi.h"
#include "core/memory.h"
#include "core/process.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"

static const struct filter *const filters[KQ_UNKNOWN + 1] = {
	[KQ_READ] = &kqueue_read_filter,
	[KQ_WRITE] = &kqueue_write_filter,
	[KQ_VNODE] = &kqueue_vnode_filter,
	[KQ_SIGNAL] = &kqueue_signal_filter,
	[KQ_PROC] = &kqueue_proc_filter,
	[KQ_PROCDESC] = &kqueue_procdesc_filter,
	[KQ_TIMER] = &kqueue_timer_filter,
	[KQ_USER] = &kqueue_user_filter,
};

/* ---- the queue ---- */

static void
enqueue(struct knote *kn)
{
	struct kqueue *kq = kn->kq;

	kn->queued = true;
	kn->queue_next = NULL;
	kn->queue_before = kq->last;
	if (kq->last)
		kq->last->queue_next = kn;
	else
		kq->first = kn;
	kq->last = kn;
	kq->n_queued++;
}

static void
dequeue(struct knote *kn)
{
	struct kqueue *kq = kn->kq;

	if (!kn->queued)
		return;
	if (kn->queue_before)
		kn->queue_before->queue_next = kn->queue_next;
	else
		kq->first = kn->queue_next;
	if (kn->queue_next)
		kn->queue_next->queue_before = kn->queue_before;
	else
		kq->last = kn->queue_before;
	kn->queued = false;
	kq->n_queued--;
}

void
knote_activate(struct knote *kn)
{
	kn->active = true;
	if (!kn->queued && !kn->disabled)
		enqueue(kn);
}

void
knote_deactivate(struct knote *kn)
{
	kn->active = false;
	dequeue(kn);
}

/* Others must wake up, or poll must see it, if active notes are left; done before the lock goes. */
static void
settle(struct kqueue *kq)
{
	bool wanted = kq->n_queued != 0;
	uint64_t one = 1;

	if (kq->armed == wanted)
		return;
	core_call_nr(wanted ? HOST_NR(__NR_write) : HOST_NR(__NR_read), kq->wake, &one, sizeof one);
	kq->armed = wanted;
}

void
kqueue_lock(struct kqueue *kq)
{
	lock_acquire(&kq->lock);
}

void
kqueue_unlock(struct kqueue *kq)
{
	settle(kq);
	lock_release(&kq->lock);
}

/* ---- knotes ---- */

static struct knote **
chain_of(struct kqueue *kq, const struct filter *f, uint64_t ident)
{
	if (f->is_descriptor)
		return ident < kq->n_watched && kq->watched[ident] ? &kq->watched[ident]->notes
								   : NULL;
	return &kq->hash[(ident ^ ident >> 8 ^ ident >> 20) % HASH_SIZE];
}

struct knote *
knote_find(struct kqueue *kq, enum kq_filter filter, uint64_t ident)
{
	struct knote **chain = chain_of(kq, filters[filter], ident);
	struct knote *kn = chain ? *chain : NULL;

	while (kn && (kn->ev.filter != filter || kn->ev.ident != ident))
		kn = kn->next;
	return kn;
}

static long
make_room(struct kqueue *kq, uint64_t fd)
{
	if (fd >= kq->n_watched) {
		unsigned n = (unsigned)(fd + 64) & ~63u;
		struct watched **w = core_alloc(n * sizeof *w);

		if (!w)
			return -ENOMEM;
		if (kq->watched)
			memcpy(w, kq->watched, kq->n_watched * sizeof *w);
		core_free(kq->watched);
		kq->watched = w;
		kq->n_watched = n;
	}
	if (!kq->watched[fd]) {
		struct watched *w = core_alloc(sizeof *w);

		if (!w)
			return -ENOMEM;
		w->generation = ++kq->generation;
		w->slots[0].fd = (int)fd;
		w->slots[1].fd = -1;
		kq->watched[fd] = w;
	}
	return 0;
}

static void
unlink_note(struct knote *kn)
{
	struct knote **at = chain_of(kn->kq, kn->filter, kn->ev.ident);

	while (*at != kn)
		at = &(*at)->next;
	*at = kn->next;
}

void
knote_drop(struct knote *kn)
{
	dequeue(kn);
	unlink_note(kn);
	kn->filter->detach(kn);
	core_free(kn);
}

long
knote_add(struct kqueue *kq, struct kevent *change)
{
	const struct filter *f = filters[change->filter];
	struct knote *kn, **chain;
	long r = f->is_descriptor ? make_room(kq, change->ident) : 0;

	if (r < 0)
		return r;
	kn = core_alloc(sizeof *kn);
	if (!kn)
		return -ENOMEM;
	kn->kq = kq;
	kn->filter = f;
	kn->wanted = change->fflags;
	kn->wanted_data = change->data;
	change->fflags = 0;		/* what EV_RECEIPT shows */
	change->data = 0;
	kn->ev = *change;
	kn->ev.flags &= ~(uint32_t)(EV_ADD | EV_DELETE | EV_ENABLE | EV_DISABLE | EV_FORCEONESHOT);
	kn->disabled = change->flags & EV_DISABLE;
	chain = chain_of(kq, f, change->ident);
	kn->next = *chain;
	*chain = kn;
	r = f->attach(kn);
	if (r < 0) {
		unlink_note(kn);
		core_free(kn);
		return r;
	}
	/* attach may have chosen another filter: a file's. */
	if (!kn->filter->on_epoll && !kn->disabled && kn->filter->event(kn))
		knote_activate(kn);
	return 0;
}

static void
change_note(struct knote *kn, struct kevent *change)
{
	const struct filter *f = kn->filter;

	if (change->flags & EV_FORCEONESHOT) {
		kn->ev.flags |= EV_ONESHOT;
		knote_activate(kn);
	}
	if (change->flags & EV_ENABLE)
		kn->disabled = false;
	else if (change->flags & EV_DISABLE)
		kn->disabled = true;
	if (!(change->flags & EV_KEEPUDATA))
		kn->ev.udata = change->udata;
	if (f->change) {
		f->change(kn, change);
	} else {
		kn->wanted = change->fflags;
		kn->wanted_data = change->data;
	}
	if (f->on_epoll)
		kqueue_io_update(kn->kq, (int)kn->ev.ident, true);
	else if (!kn->disabled && f->event(kn))
		kn->active = true;
	if (kn->disabled)
		dequeue(kn);
	else if (kn->active)
		knote_activate(kn);
}

static bool
is_open(uint64_t fd)
{
	return fd <= INT32_MAX && !core_fd_reserved((int)fd) &&
	       core_call(__NR_fcntl, fd, F_GETFD) >= 0;
}

static long
apply(struct kqueue *kq, struct kevent *change)
{
	const struct filter *f = filters[change->filter];
	struct knote *kn;

	if ((change->flags & (EV_ENABLE | EV_DISABLE)) == (EV_ENABLE | EV_DISABLE))
		return -EINVAL;
	if (!f)
		return change->filter == KQ_UNKNOWN ? -EINVAL : -ENXIO;
	if ((change->flags & EV_ADD) && (change->flags & EV_KEEPUDATA))
		return -EINVAL;
	if (f->is_descriptor && !is_open(change->ident))
		return -EBADF;
	if (f->is_descriptor && kqueue_of(kq->p, (int)change->ident) == kq)
		return -EINVAL;
	kn = knote_find(kq, change->filter, change->ident);
	if (!kn)
		return change->flags & EV_ADD ? knote_add(kq, change) : -ENOENT;
	if (change->flags & EV_DELETE)
		knote_drop(kn);
	else
		change_note(kn, change);
	return 0;
}

/* ---- a guest's lists ---- */

struct lists {
	const struct kevent_form *form;
	struct guest_ptr changes, events;
	int room, done;		/* of events */
};

static long
put_event(struct lists *l, const struct kevent *ev)
{
	char buffer[KEVENT_FORM_MAX];
	long r;

	l->form->out(buffer, ev);
	r = copy_out(guest_at(l->events, (uint64_t)l->done * l->form->size), buffer, l->form->size);
	if (r == 0)
		l->done++;
	return r;
}

/* A change that failed, or wants a receipt, becomes an event while there is room. */
static long
one_change(struct call *c, struct kqueue *kq, struct lists *l, struct kevent *change)
{
	long r;

	if (change->filter == KQ_NONE)
		return 0;
	change->flags &= ~(uint32_t)EV_SYSFLAGS;
	kqueue_lock(kq);
	r = apply(kq, change);
	kqueue_unlock(kq);
	if (r == 0 && !(change->flags & EV_RECEIPT))
		return 0;
	if (l->done == l->room)
		return r ? r : 1;	/* FreeBSD stops at a receipt without room */
	change->flags = EV_ERROR;
	change->data = r ? guest_errno(c, r) : 0;
	if (put_event(l, change) < 0)
		l->done++;
	return 0;
}

/* KQ_NEVENTS: a bad address later in the list shows up after these were made. */
#define CHANGES_AT_ONCE 8

static long
make_changes(struct call *c, struct kqueue *kq, struct lists *l, int n)
{
	char buffer[CHANGES_AT_ONCE * KEVENT_FORM_MAX];
	unsigned size = l->form->size;

	for (int i = 0; i < n; i++) {
		struct kevent change;
		long r;

		if (i % CHANGES_AT_ONCE == 0) {
			int count = n - i < CHANGES_AT_ONCE ? n - i : CHANGES_AT_ONCE;

			r = copy_in(buffer, guest_at(l->changes, (uint64_t)i * size),
				    (size_t)count * size);
			if (r < 0)
				return r;
		}
		l->form->in(&change, buffer + (unsigned)(i % CHANGES_AT_ONCE) * size);
		r = one_change(c, kq, l, &change);
		if (r != 0)
			return r;
	}
	return 0;
}

/* ---- waiting ---- */

#define AT_ONCE 128

static void
take_host_events(struct kqueue *kq, const struct epoll_event *e, long n)
{
	for (long i = 0; i < n; i++) {
		switch ((enum source)(e[i].data >> 56 & 0x7f)) {
		case SOURCE_IO:
			kqueue_io_ready(kq, &e[i]);
			break;
		case SOURCE_TIMER:
			kqueue_timers_expire(kq);
			break;
		case SOURCE_VNODE:
			kqueue_vnodes_ready(kq);
			break;
		case SOURCE_SIGNAL:
			kqueue_signals_arrived(kq);
			break;
		case SOURCE_PROC:
		case SOURCE_PROCDESC:
			kqueue_process_ended(kq, (enum source)(e[i].data >> 56 & 0x7f),
					     (uint32_t)e[i].data);
			break;
		case SOURCE_WAKE:
			break;
		}
	}
}

static void
report(struct knote *kn, struct kevent *out)
{
	if (kn->filter->report) {
		kn->filter->report(kn, out);
		return;
	}
	*out = kn->ev;
	if (kn->ev.flags & EV_CLEAR) {
		kn->ev.data = 0;
		kn->ev.fflags = 0;
	}
}

/* After its event went out. */
static void
reported(struct knote *kn)
{
	bool stays = !(kn->ev.flags & (EV_CLEAR | EV_DISPATCH));

	if (kn->ev.flags & EV_DISPATCH)
		kn->disabled = true;
	if (kn->filter->on_epoll)
		kqueue_io_looked_at(kn, true);
	kn->active = stays && !kn->filter->on_epoll;
	if (kn->active)
		enqueue(kn);
}

/* Takes what is on the queue now, not what comes back to it; 0 or -EFAULT. */
static long
collect(struct kqueue *kq, struct lists *l)
{
	for (unsigned n = kq->n_queued; n > 0 && l->done < l->room; n--) {
		struct knote *kn = kq->first;
		struct kevent out;
		bool once = kn->ev.flags & EV_ONESHOT, holds;
		long r;

		dequeue(kn);
		if (kn->ev.flags & EV_DROP) {
			knote_drop(kn);
			continue;
		}
		/* A one-shot note is reported as it was when it fired. */
		holds = (once && !kn->filter->on_epoll) || kn->filter->event(kn);
		if (!holds) {
			kn->active = false;
			if (kn->filter->on_epoll)
				kqueue_io_looked_at(kn, false);
			continue;
		}
		if (once) {
			out = kn->ev;
			knote_drop(kn);
		} else {
			report(kn, &out);
			reported(kn);
		}
		r = put_event(l, &out);
		if (r < 0)
			return r;
	}
	return 0;
}

static int64_t
now(void)
{
	struct timespec t;

	host_clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

/* epoll_pwait2(2) came with Linux 5.11; before it, whole milliseconds, never too early. */
static long
host_wait(struct kqueue *kq, struct epoll_event *e, int n, const int64_t *left)
{
	static bool no_pwait2;
	long ms, r;

	if (left && *left <= 0)
		return core_call(__NR_epoll_wait, kq->epoll, e, n, 0);
	if (!left)
		return host_call(__NR_epoll_wait, kq->epoll, e, n, -1);
	if (!no_pwait2) {
		struct timespec t = {*left / 1000000000, *left % 1000000000};

		r = host_call(__NR_epoll_pwait2, kq->epoll, e, n, &t, 0, 0);
		/* EPERM: an older container's filter. */
		if (r != -ENOSYS && r != -EPERM)
			return r;
		no_pwait2 = true;
	}
	ms = *left / 1000000 + 1;
	return host_call(__NR_epoll_wait, kq->epoll, e, n, ms > INT32_MAX ? INT32_MAX : ms);
}

/*
 * An interrupted wait ends with EINTR, never begins again (kqueue_scan()) and has
 * made its changes. If the program will see no signal it is made again all the
 * same; that it has a deadline by then says that it has begun (dispatch.h).
 */
static long
after_interruption(struct thread *t)
{
	if (signal_interruption(t) != INTERRUPTED_NOT)
		return -EINTR;
	return t->pending ? CALL_RESTART : 0;
}

static void
set_deadline(struct thread *t, const struct kevent_wait *wait)
{
	if (t->has_deadline || (!wait->forever && wait->sec == 0 && wait->nsec == 0))
		return;
	t->deadline = INT64_MAX;
	if (!wait->forever && wait->sec <= INT32_MAX)
		t->deadline = now() + wait->sec * 1000000000 + wait->nsec;
	t->has_deadline = true;
}

static long
scan(struct call *c, struct kqueue *kq, struct lists *l, const struct kevent_wait *wait)
{
	struct epoll_event e[AT_ONCE];
	struct thread *t = c->t;
	int at_once = l->room < AT_ONCE ? l->room : AT_ONCE;
	int64_t left = wait->sec * 1000000000 + wait->nsec;
	const int64_t none = 0;
	bool began = t->has_deadline;

	set_deadline(t, wait);
	for (;;) {
		bool limited = !t->has_deadline || t->deadline != INT64_MAX, interrupted;
		long n, r;

		if (began && limited)
			left = t->deadline > now() ? t->deadline - now() : 0;
		n = host_wait(kq, e, at_once, limited ? &left : NULL);
		interrupted = n == -EINTR || n == CALL_RESTART;
		/* A signal is looked at only by a call that would have to wait. */
		if (interrupted)
			n = host_wait(kq, e, at_once, &none);
		if (n < 0)
			return n;
		kqueue_lock(kq);
		take_host_events(kq, e, n);
		r = collect(kq, l);
		kqueue_unlock(kq);
		if (r < 0 || l->done)
			return r < 0 ? r : l->done;
		r = interrupted ? after_interruption(t) : 0;
		if (r < 0 || (limited && !t->has_deadline))
			return r;
		if (limited && now() >= t->deadline)
			return 0;
		began = true;
	}
}

static bool
is_valid(const struct kevent_wait *w)
{
	return w->forever || (w->sec >= 0 && w->nsec >= 0 && w->nsec < 1000000000);
}

static long
kevent_on(struct call *c, struct kqueue *kq, struct lists *l, int nchanges,
	  const struct kevent_wait *wait)
{
	long r;

	if (nchanges < 0)
		return -EINVAL;
	r = c->t->has_deadline ? 0 : make_changes(c, kq, l, nchanges);
	if (r != 0)
		return r < 0 ? r : 0;
	if (l->done || l->room == 0)
		return l->done;
	if (l->room < 0 || !is_valid(wait))
		return -EINVAL;
	return scan(c, kq, l, wait);
}

long
kqueue_kevent(struct call *c, int fd, const struct kevent_form *form, struct guest_ptr changes,
	      int nchanges, struct guest_ptr events, int nevents, const struct kevent_wait *wait)
{
	struct lists l = {form, changes, events, nevents, 0};
	struct kqueue *kq = kqueue_acquire(c->p, fd);
	long r;

	if (!kq)
		return -EBADF;
	r = kevent_on(c, kq, &l, nchanges, wait);
	kqueue_release(kq);
	return r;
}
