/*
 * The inside of kqueue: knotes, the queue of active ones, and what a filter is.
 *
 * Locks: kqueue.lock covers everything of one kqueue; filters are called with it
 * held. process.lock, taken after it, covers which descriptor is which kqueue (it
 * is one that fork finds free). Nothing waits with either held.
 */
#ifndef DRAGOMAN_BSD_KQUEUE_PRIVATE_H
#define DRAGOMAN_BSD_KQUEUE_PRIVATE_H

#include "kqueue.h"
#include "kqueue_words.h"

#include "core/lock.h"

struct epoll_event;
struct kqueue;
struct knote;

struct filter {
	bool is_descriptor;	/* ident is one; goes when that is closed */
	bool on_epoll;		/* that it still holds is the host's to say again */
	/* Begins to watch; 0 or -errno. The note is in its chain already. */
	long (*attach)(struct knote *kn);
	/* Out of its chain and of the queue. */
	void (*detach)(struct knote *kn);
	/* Does it hold? Fills kn->ev.data, fflags, EV_EOF. */
	bool (*event)(struct knote *kn);
	/* Registered again; NULL: fflags and data replace the old. */
	void (*change)(struct knote *kn, struct kevent *change);
	/* What the program gets; NULL: kn->ev, and EV_CLEAR zeroes data and fflags. */
	void (*report)(struct knote *kn, struct kevent *out);
};

struct knote {
	struct knote *next;			/* of the same descriptor or hash chain */
	struct knote *queue_next, *queue_before;
	struct kqueue *kq;
	const struct filter *filter;
	struct kevent ev;			/* as it would be reported now */
	uint32_t wanted;			/* fflags and data as registered */
	int64_t wanted_data;
	bool active, queued, disabled;
	struct {				/* VNODE, and files of READ and WRITE */
		int watch;			/* inotify's; 0: none */
		struct knote *next;		/* of a hash chain of these */
		int parent;			/* of a directory: the watch of the one it is in */
		struct knote *next_directory;
		int64_t size;			/* as it was when last looked at */
		uint64_t links;
	} file;
	union {
		struct {			/* READ, WRITE */
			uint32_t ready;		/* what epoll said; 0: ask */
			uint8_t kind;		/* enum descriptor_kind */
		} io;
		struct {
			int64_t next, period;	/* ns of CLOCK_MONOTONIC; period 0: once */
			unsigned place;		/* in kq->timers */
		} timer;
		struct {
			bool triggered;
		} user;
		struct {
			uint32_t seen;		/* of the process's count */
		} signal;
		struct {
			int pidfd;		/* -1: it has ended */
		} proc;
	};
};

/* One epoll registration. */
struct slot {
	int fd;
	uint32_t events;	/* as registered; 0: not */
	bool quiet;		/* level-triggered for the guest, edges here: kqueue_io.c */
};

/* What is known of one descriptor of the guest's. */
struct watched {
	struct knote *notes;
	uint32_t generation;	/* so that an event for the one before is recognised */
	struct slot slots[2];	/* the second is used when READ and WRITE differ in EV_CLEAR */
};

#define HASH_SIZE 256

struct kqueue {
	struct lock lock;
	struct process *p;
	unsigned users;			/* calls in progress */
	unsigned descriptors;		/* of the guest's; 0: closed */
	int epoll;			/* the core's own descriptor */
	int wake;			/* eventfd, readable while `armed` */
	bool armed;
	int timerfd;			/* -1 until a timer comes */
	unsigned n_queued;
	struct knote *first, *last;
	uint32_t generation;
	struct watched **watched;	/* by descriptor */
	unsigned n_watched;
	struct knote *hash[HASH_SIZE];
	struct knote **timers;		/* a heap, the next to expire first */
	unsigned n_timers, timers_size;
	struct vnode_watches *vnodes;	/* NULL until one comes */
};

/* What an epoll event is about: kind in the top byte, then generation, then number. */
enum source { SOURCE_IO = 1, SOURCE_WAKE, SOURCE_TIMER, SOURCE_VNODE, SOURCE_SIGNAL, SOURCE_PROC,
	      SOURCE_PROCDESC };
#define SOURCE_SECOND_SLOT	(UINT64_C(1) << 63)

static inline uint64_t
source_key(enum source s, uint32_t generation, uint32_t number)
{
	return (uint64_t)s << 56 | (uint64_t)(generation & 0xffffff) << 32 | number;
}

/* kqueue_table.c: the kqueue behind a descriptor, with a reference; NULL: it is none. */
struct kqueue *kqueue_acquire(struct process *p, int fd);
void kqueue_release(struct kqueue *kq);
/* The same for comparison only. */
const struct kqueue *kqueue_of(struct process *p, int fd);

/* kqueue.c */
void kqueue_lock(struct kqueue *kq);
void kqueue_unlock(struct kqueue *kq);
void knote_activate(struct knote *kn);
void knote_deactivate(struct knote *kn);
void knote_drop(struct knote *kn);
long knote_add(struct kqueue *kq, struct kevent *change);
struct knote *knote_find(struct kqueue *kq, enum kq_filter filter, uint64_t ident);
/* Adds fd to the epoll set for a source that is not a guest's descriptor. */
long kqueue_add_source(struct kqueue *kq, int fd, uint32_t events, uint64_t key);

/* kqueue_io.c */
extern const struct filter kqueue_read_filter, kqueue_write_filter;
extern const struct filter kqueue_file_read_filter, kqueue_file_write_filter;
void kqueue_io_ready(struct kqueue *kq, const struct epoll_event *e);
/* Makes epoll's registrations of fd what its notes want; `again`: asks for the state anew. */
long kqueue_io_update(struct kqueue *kq, int fd, bool again);
/* A note that epoll reported was looked at: what keeps it level-triggered. */
void kqueue_io_looked_at(struct knote *kn, bool held);

/* kqueue_timer.c */
extern const struct filter kqueue_timer_filter;
void kqueue_timers_expire(struct kqueue *kq);

/* kqueue_user.c */
extern const struct filter kqueue_user_filter;

/* kqueue_vnode.c */
extern const struct filter kqueue_vnode_filter;
void kqueue_vnodes_ready(struct kqueue *kq);
void kqueue_vnodes_close(struct kqueue *kq);
/* Calls the note's event() when its file changes; again: also for what is wanted now. */
long kqueue_vnode_watch(struct knote *kn);
void kqueue_vnode_unwatch(struct knote *kn);

/* kqueue_signal.c */
extern const struct filter kqueue_signal_filter;
void kqueue_signals_arrived(struct kqueue *kq);

/* kqueue_proc.c */
extern const struct filter kqueue_proc_filter, kqueue_procdesc_filter;
void kqueue_process_ended(struct kqueue *kq, enum source s, uint32_t number);
void kqueue_process_forked_on(struct kqueue *kq, int pid, int child);

#endif
