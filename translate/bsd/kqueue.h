/*
 * kqueue(2) for the BSDs, on the host's epoll.
 *
 * The guest's kqueue descriptor is a host epoll descriptor, so that it can be
 * polled, watched by another kqueue, and closed like any other. What the guest
 * registered (a knote, as in the kernels' sys/event.h) lives in core memory.
 * READ and WRITE of a descriptor are one epoll registration; everything else is
 * put on the kqueue's own queue of active knotes, and an eventfd in the epoll set
 * is readable while that queue is not empty.
 *
 * Layouts and numbers differ per system: each has a thin converter (struct
 * kevent_form) to and from struct kevent below. The EV_ flags and the NOTE_ bits,
 * which are the same on all of them, stand in kqueue_words.h.
 */
#ifndef DRAGOMAN_BSD_KQUEUE_H
#define DRAGOMAN_BSD_KQUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/call.h"

struct process;

enum kq_filter {
	KQ_NONE,		/* skipped, as FreeBSD skips filter 0 */
	KQ_READ, KQ_WRITE, KQ_VNODE, KQ_PROC, KQ_SIGNAL, KQ_TIMER, KQ_PROCDESC, KQ_USER,
	KQ_NOT_HERE,		/* the system has it, we do not: refused with ENXIO */
	KQ_UNKNOWN,		/* EINVAL */
};

/* A change or an event, in no system's layout. */
struct kevent {
	uint64_t ident;
	enum kq_filter filter;
	int32_t guest_filter;	/* as the guest numbered it */
	uint32_t flags, fflags;
	int64_t data;
	uint64_t udata;
	uint64_t ext[4];	/* FreeBSD's; comes back as it went in */
};

struct kevent_form {
	unsigned size;		/* of the guest's struct */
	void (*in)(struct kevent *to, const void *from);
	void (*out)(void *to, const struct kevent *from);
};
#define KEVENT_FORM_MAX 64

/* The seconds and nanoseconds of a guest's struct timespec. */
struct kevent_wait {
	bool forever;
	int64_t sec, nsec;
};

/* kqueue(2): the new descriptor or -errno. */
long kqueue_create(struct call *c);
/* kevent(2), with the guest's lists as `form` has them; -EBADF if kq is no kqueue. */
long kqueue_kevent(struct call *c, int kq, const struct kevent_form *form, struct guest_ptr changes,
		   int nchanges, struct guest_ptr events, int nevents,
		   const struct kevent_wait *wait);

/*
 * What the rest of the core tells kqueue. A process that has none pays a test of
 * p->kqueues.
 *
 * Before the host closes (or overwrites, by dup2) descriptor fd: knotes on it go.
 */
void kqueue_descriptor_closed(struct process *p, int fd);
/* The same for all of [first, last]. */
void kqueue_descriptors_closed(struct process *p, unsigned first, unsigned last);
/* dup, dup2, fcntl F_DUPFD: `to` is now a second descriptor for what `from` is. */
void kqueue_descriptor_copied(struct process *p, int from, int to);
/* In the parent, after fork or vfork: EVFILT_PROC on itself. */
void kqueue_process_forked(struct process *p, int child);
/* In fork's child: kqueues are not inherited. */
void kqueue_after_fork(struct process *p);
/* Is fd a kqueue of the guest's? For fstat, and for what must refuse it. */
bool kqueue_is(struct process *p, int fd);

#endif
