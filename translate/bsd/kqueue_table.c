/*
 * Which descriptors are kqueues: creation, dup, close, fork.
 */
#include "kqueue_private.h"

#include <linux/eventpoll.h>

#include "core/fd.h"
#include "core/host.h"
#include "core/layout.h"
#include "core/linux_abi.h"
#include "core/memory.h"
#include "core/process.h"
#include "core/signal_watch.h"
#include "core/string.h"

/* Few programs have more than two: a search is enough. */
struct table {
	unsigned n, size;
	struct entry {
		int fd;
		struct kqueue *kq;
	} entries[];
};

static struct entry *
find(struct process *p, int fd)
{
	struct table *t = p->kqueues;

	for (unsigned i = 0; t && i < t->n; i++)
		if (t->entries[i].fd == fd)
			return &t->entries[i];
	return NULL;
}

static long
add_entry(struct process *p, int fd, struct kqueue *kq)
{
	struct table *t = p->kqueues;

	if (!t || t->n == t->size) {
		unsigned size = t ? 2 * t->size : 4;
		struct table *bigger = core_alloc(sizeof *t + size * sizeof t->entries[0]);

		if (!bigger)
			return -ENOMEM;
		if (t)
			memcpy(bigger, t, sizeof *t + t->n * sizeof t->entries[0]);
		bigger->size = size;
		core_free(t);
		p->kqueues = t = bigger;
	}
	t->entries[t->n++] = (struct entry){fd, kq};
	kq->descriptors++;
	return 0;
}

const struct kqueue *
kqueue_of(struct process *p, int fd)
{
	struct entry *e;
	const struct kqueue *kq;

	lock_acquire(&p->lock);
	e = find(p, fd);
	kq = e ? e->kq : NULL;
	lock_release(&p->lock);
	return kq;
}

bool
kqueue_is(struct process *p, int fd)
{
	return p->kqueues && kqueue_of(p, fd);
}

struct kqueue *
kqueue_acquire(struct process *p, int fd)
{
	struct entry *e;
	struct kqueue *kq = NULL;

	if (!p->kqueues)
		return NULL;
	lock_acquire(&p->lock);
	e = find(p, fd);
	if (e) {
		kq = e->kq;
		kq->users++;
	}
	lock_release(&p->lock);
	return kq;
}

/* In fork's child the epoll instance is the parent's as well: nothing may be taken out of it. */
static void
close_descriptors(struct kqueue *kq)
{
	core_fd_close(kq->epoll);
	core_fd_close(kq->wake);
	core_fd_close(kq->timerfd);
	kqueue_vnodes_close(kq);
	kq->epoll = kq->wake = kq->timerfd = -1;
}

static void
drop_notes(struct knote **chain)
{
	while (*chain)
		knote_drop(*chain);
}

static void
destroy(struct kqueue *kq)
{
	close_descriptors(kq);
	for (unsigned i = 0; i < kq->n_watched; i++) {
		if (!kq->watched[i])
			continue;
		drop_notes(&kq->watched[i]->notes);
		core_free(kq->watched[i]);
	}
	for (unsigned i = 0; i < HASH_SIZE; i++)
		drop_notes(&kq->hash[i]);
	core_free(kq->watched);
	core_free(kq->timers);
	core_free(kq->vnodes);
	core_free(kq);
}

void
kqueue_release(struct kqueue *kq)
{
	struct process *p = kq->p;
	bool last;

	lock_acquire(&p->lock);
	last = --kq->users == 0 && kq->descriptors == 0;
	lock_release(&p->lock);
	if (last)
		destroy(kq);
}

static struct kqueue *
new_kqueue(struct process *p)
{
	struct kqueue *kq = core_alloc(sizeof *kq);

	if (!kq)
		return NULL;
	kq->p = p;
	kq->users = 1;
	kq->timerfd = -1;
	return kq;
}

long
kqueue_create(struct call *c)
{
	struct kqueue *kq = new_kqueue(c->p);
	/* Its state is in this process: it cannot outlive exec, as it would on FreeBSD. */
	long fd = kq ? host_call(__NR_epoll_create1, EPOLL_CLOEXEC) : -ENOMEM, r;

	if (fd < 0) {
		core_free(kq);
		return fd;
	}
	kq->epoll = core_fd_duplicate((int)fd);
	kq->wake = core_fd_move_high((int)core_call(__NR_eventfd2, 0, O_NONBLOCK | O_CLOEXEC));
	if (kq->epoll < 0 || kq->wake < 0)
		r = kq->epoll < 0 ? kq->epoll : kq->wake;
	else
		r = kqueue_add_source(kq, kq->wake, EPOLLIN, source_key(SOURCE_WAKE, 0, 0));
	if (r == 0) {
		lock_acquire(&c->p->lock);
		r = add_entry(c->p, (int)fd, kq);
		lock_release(&c->p->lock);
	}
	if (r < 0)
		core_call(__NR_close, fd);
	kqueue_release(kq);
	return r < 0 ? r : fd;
}

/* The n-th kqueue, with a reference: so that none is locked while the table is. */
static struct kqueue *
acquire_nth(struct process *p, unsigned n)
{
	struct table *t;
	struct kqueue *kq = NULL;

	lock_acquire(&p->lock);
	t = p->kqueues;
	if (t && n < t->n) {
		kq = t->entries[n].kq;
		kq->users++;
	}
	lock_release(&p->lock);
	return kq;
}

static void
drop_entries(struct process *p, unsigned first, unsigned last)
{
	struct table *t;

	lock_acquire(&p->lock);
	t = p->kqueues;
	for (unsigned i = 0; t && i < t->n;) {
		struct kqueue *kq = t->entries[i].kq;

		if ((unsigned)t->entries[i].fd < first || (unsigned)t->entries[i].fd > last) {
			i++;
			continue;
		}
		t->entries[i] = t->entries[--t->n];
		kq->descriptors--;
		kq->users++;
		lock_release(&p->lock);
		kqueue_release(kq);
		lock_acquire(&p->lock);
		t = p->kqueues;
		i = 0;
	}
	lock_release(&p->lock);
}

void
kqueue_descriptors_closed(struct process *p, unsigned first, unsigned last)
{
	struct kqueue *kq;

	if (!p->kqueues)
		return;
	for (unsigned n = 0; (kq = acquire_nth(p, n)); n++) {
		kqueue_lock(kq);
		for (unsigned fd = first; fd < kq->n_watched && fd <= last; fd++)
			if (kq->watched[fd])
				drop_notes(&kq->watched[fd]->notes);
		kqueue_unlock(kq);
		kqueue_release(kq);
	}
	drop_entries(p, first, last);
}

void
kqueue_descriptor_closed(struct process *p, int fd)
{
	if (p->kqueues && fd >= 0)
		kqueue_descriptors_closed(p, (unsigned)fd, (unsigned)fd);
}

void
kqueue_descriptor_copied(struct process *p, int from, int to)
{
	struct entry *e;

	if (!p->kqueues)
		return;
	lock_acquire(&p->lock);
	e = find(p, from);
	if (e)
		add_entry(p, to, e->kq);
	lock_release(&p->lock);
}

static void
close_pidfds(const struct knote *kn)
{
	for (; kn; kn = kn->next)
		if (kn->ev.filter == KQ_PROC || kn->ev.filter == KQ_PROCDESC)
			core_fd_close(kn->proc.pidfd);
}

static void
close_copies(struct kqueue *kq)
{
	close_descriptors(kq);
	for (unsigned i = 0; i < kq->n_watched; i++) {
		if (!kq->watched[i])
			continue;
		core_fd_close(kq->watched[i]->slots[1].fd);
		close_pidfds(kq->watched[i]->notes);
	}
	for (unsigned i = 0; i < HASH_SIZE; i++)
		close_pidfds(kq->hash[i]);
}

/* The memory is left: another thread of the parent may have been changing it. */
HOT void
kqueue_after_fork(struct process *p)
{
	struct table *t = p->kqueues;

	p->kqueues = NULL;
	signal_unwatch_all(p);
	for (unsigned i = 0; t && i < t->n; i++) {
		core_call(__NR_close, t->entries[i].fd);
		close_copies(t->entries[i].kq);
	}
}

HOT void
kqueue_process_forked(struct process *p, int child)
{
	struct kqueue *kq;

	if (!p->kqueues)
		return;
	for (unsigned n = 0; (kq = acquire_nth(p, n)); n++) {
		kqueue_lock(kq);
		kqueue_process_forked_on(kq, p->pid, child);
		kqueue_unlock(kq);
		kqueue_release(kq);
	}
}
