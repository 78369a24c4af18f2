#include "signal_watch.h"

#include "fd.h"
#include "host.h"
#include "linux_abi.h"
#include "process.h"
#include "signal.h"
#include "thread.h"

static long
need_wake(struct signal_watch *w)
{
	int fd;

	if (w->wake > 0)
		return w->wake;
	fd = core_fd_move_high((int)core_call(__NR_eventfd2, 0, O_CLOEXEC | O_NONBLOCK));
	if (fd > 0)
		w->wake = fd;
	return fd;
}

long
signal_watch(struct thread *t, int number)
{
	struct process *p = t->p;
	struct signal_watch *w = &p->watch;
	long fd;

	lock_acquire(&p->lock);
	fd = need_wake(w);
	if (fd >= 0 && w->watchers[number]++ == 0) {
		sigset_add(&w->set, number);
		signal_update_host(p, number);
		signal_set_mask(t, &t->mask);	/* let in from now on */
	}
	lock_release(&p->lock);
	return fd;
}

void
signal_unwatch(struct process *p, int number)
{
	struct signal_watch *w = &p->watch;

	lock_acquire(&p->lock);
	if (w->watchers[number] && --w->watchers[number] == 0) {
		sigset_remove(&w->set, number);
		signal_update_host(p, number);
		signal_set_mask(thread_self(), &thread_self()->mask);
	}
	lock_release(&p->lock);
}

void
signal_unwatch_all(struct process *p)
{
	struct signal_watch *w = &p->watch;

	/* What is watched is in the set: pages that nobody has written stay so in every child. */
	for (int number = 1; number <= SIGSET_MAX; number++) {
		if (!sigset_has(&w->set, number))
			continue;
		w->watchers[number] = 0;
		sigset_remove(&w->set, number);
		signal_update_host(p, number);
	}
	if (!w->wake)
		return;
	core_fd_close(w->wake);
	w->wake = 0;
}

/* In the host's signal handler: nothing here may want a lock. */
void
signal_seen(struct process *p, int number)
{
	uint64_t one = 1;

	__atomic_fetch_add(&p->watch.seen[number], 1, __ATOMIC_RELAXED);
	core_call(__NR_write, p->watch.wake, &one, sizeof one);
}
