/*
 * EVFILT_PROC and EVFILT_PROCDESC: the end of a process by a host pidfd; forks of
 * this process by word from fork itself. sys/kern/kern_event.c, filt_proc() and
 * knote_fork(); sys/kern/sys_procdesc.c.
 */
#include "kqueue_private.h"

#include <asm/siginfo.h>
#include <linux/eventpoll.h>
#include <linux/wait.h>

#include "core/fd.h"
#include "core/host.h"
#include "core/linux_abi.h"
#include "core/process.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* linux/pidfd.h of Linux 6.15: how a process ended that is not our child, once its parent knows. */
struct pidfd_info_v0 {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define PIDFD_GET_INFO_64	0xc040ff0bu	/* _IOWR(0xff, 11, 64 bytes) */
#define PIDFD_INFO_EXIT		8u

/* A wait status: the same word on all systems here. */
static int
exit_status(int pidfd)
{
	struct siginfo info = {.si_pid = 0};
	struct pidfd_info_v0 more = {.mask = PIDFD_INFO_EXIT};

	if (core_call(__NR_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOWAIT | WNOHANG, 0) == 0 &&
	    info.si_pid) {
		switch (info.si_code) {
		case CLD_EXITED:
			return (info.si_status & 0xff) << 8;
		case CLD_DUMPED:
			return info.si_status | 0x80;
		default:
			return info.si_status;
		}
	}
	if (core_call(__NR_ioctl, pidfd, PIDFD_GET_INFO_64, &more) == 0 &&
	    (more.mask & PIDFD_INFO_EXIT))
		return more.exit_code;
	return 0;
}

static void
ended(struct knote *kn)
{
	kn->ev.fflags |= kn->wanted & NOTE_EXIT;
	kn->ev.flags |= EV_EOF | EV_ONESHOT;
	if (kn->ev.fflags & NOTE_EXIT)
		kn->ev.data = exit_status(kn->proc.pidfd);
	if (kn->ev.fflags == 0)
		kn->ev.flags |= EV_DROP;
	core_fd_close(kn->proc.pidfd);
	kn->proc.pidfd = -1;
	knote_activate(kn);
}

void
kqueue_process_ended(struct kqueue *kq, enum source s, uint32_t number)
{
	enum kq_filter filter = s == SOURCE_PROC ? KQ_PROC : KQ_PROCDESC;
	struct knote *kn = knote_find(kq, filter, number);

	/* With NOTE_TRACK there can be two of one process. */
	for (struct knote *next; kn; kn = next) {
		next = kn->next;
		if (kn->ev.filter == filter && kn->ev.ident == number && kn->proc.pidfd >= 0)
			ended(kn);
	}
}

static long
watch(struct knote *kn, int pidfd, enum source s)
{
	long r;

	if (pidfd < 0)
		return pidfd;
	kn->proc.pidfd = pidfd;
	kn->ev.flags |= EV_CLEAR;
	r = kqueue_add_source(kn->kq, pidfd, EPOLLIN, source_key(s, 0, (uint32_t)kn->ev.ident));
	if (r < 0)
		core_fd_close(pidfd);
	return r;
}

static long
proc_attach(struct knote *kn)
{
	long fd;

	if (kn->ev.ident == 0 || kn->ev.ident > INT32_MAX)
		return -ESRCH;
	fd = core_call(__NR_pidfd_open, kn->ev.ident, 0);
	if (fd < 0)
		return fd == -EINVAL ? -ESRCH : fd;	/* a thread's id is no process */
	return watch(kn, core_fd_move_high((int)fd), SOURCE_PROC);
}

static long
procdesc_attach(struct knote *kn)
{
	struct siginfo info;
	int fd = (int)kn->ev.ident;

	if (core_call(__NR_waitid, P_PIDFD, fd, &info, WEXITED | WNOWAIT | WNOHANG, 0) == -EBADF)
		return -EINVAL;
	return watch(kn, core_fd_duplicate(fd), SOURCE_PROCDESC);
}

static void
proc_detach(struct knote *kn)
{
	core_fd_close(kn->proc.pidfd);
}

static bool
proc_event(struct knote *kn)
{
	return kn->ev.fflags != 0;
}

const struct filter kqueue_proc_filter = {
	.attach = proc_attach, .detach = proc_detach, .event = proc_event};
const struct filter kqueue_procdesc_filter = {
	.is_descriptor = true,
	.attach = procdesc_attach,
	.detach = proc_detach,
	.event = proc_event,
};

/* ---- forks of this process ---- */

/* Two notes for the child, as the kernel makes them: that it is one, and what it does. */
static long
track(struct knote *parent, int child)
{
	struct kevent k = parent->ev;
	struct knote *first;
	long r;

	k.ident = (uint64_t)child;
	k.flags = (parent->ev.flags & ~(uint32_t)(EV_EOF | EV_DROP)) | EV_ADD;
	k.fflags = parent->wanted;
	k.data = 0;
	r = knote_add(parent->kq, &k);
	if (r < 0)
		return r;
	k = parent->ev;
	k.ident = (uint64_t)child;
	k.flags |= EV_ADD | EV_ONESHOT;
	k.fflags = parent->wanted & ~(NOTE_EXIT | NOTE_EXEC | NOTE_FORK);
	k.data = 0;
	r = knote_add(parent->kq, &k);
	if (r < 0)
		return r;
	/* The newest is found first. */
	first = knote_find(parent->kq, KQ_PROC, (uint64_t)child);
	first->ev.fflags = NOTE_CHILD;
	first->ev.data = (int64_t)parent->ev.ident;
	knote_activate(first);
	return 0;
}

void
kqueue_process_forked_on(struct kqueue *kq, int pid, int child)
{
	struct knote *kn = knote_find(kq, KQ_PROC, (uint64_t)pid);

	for (struct knote *next; kn; kn = next) {
		next = kn->next;
		if (kn->ev.filter != KQ_PROC || kn->ev.ident != (uint64_t)pid)
			continue;
		if ((kn->wanted & NOTE_TRACK) && track(kn, child) < 0)
			kn->ev.fflags |= NOTE_TRACKERR;
		kn->ev.fflags |= kn->wanted & NOTE_FORK;
		if (kn->ev.fflags)
			knote_activate(kn);
	}
}
