/*
 * Descriptors of processes (kern/sys_procdesc.c) by the host's pidfds: a child made
 * with one sends no SIGCHLD, and is killed when the last such descriptor is closed,
 * unless it is a PD_DAEMON.
 */
#include "procdesc.h"

#include <asm/siginfo.h>
#include <linux/wait.h>

#include "core/copy.h"
#include "core/core.h"
#include "core/fd.h"
#include "core/host.h"
#include "core/layout.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/print.h"
#include "core/process.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"
#include "freebsd.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* A child that dies with its descriptors. */
struct held {
	struct held *next;
	int fd, pid;
};

static struct held *all;
static struct lock all_lock;

static bool
is_last(const struct held *gone)
{
	for (const struct held *h = all; h; h = h->next)
		if (h->pid == gone->pid)
			return false;
	return true;
}

/* vfork's child has a table of descriptors of its own, and our memory. */
HOT void
procdesc_closed(struct process *p, unsigned first, unsigned last)
{
	if (p->is_vfork_child || !__atomic_load_n(&all, __ATOMIC_RELAXED))
		return;
	lock_acquire(&all_lock);
	for (struct held **at = &all, *h; (h = *at) != NULL;) {
		if ((unsigned)h->fd < first || (unsigned)h->fd > last) {
			at = &h->next;
			continue;
		}
		*at = h->next;
		if (is_last(h))
			core_call(__NR_pidfd_send_signal, h->fd, SIGKILL, 0, 0);
		core_free(h);
	}
	lock_release(&all_lock);
}

static bool
hold(int fd, int pid)
{
	struct held *h = core_alloc(sizeof *h);

	if (!h)
		return false;
	h->fd = fd;
	h->pid = pid;
	lock_acquire(&all_lock);
	h->next = all;
	all = h;
	lock_release(&all_lock);
	return true;
}

void
procdesc_copied(struct process *p, int from, int to)
{
	int pid = 0;

	if (p->is_vfork_child || !__atomic_load_n(&all, __ATOMIC_RELAXED))
		return;
	lock_acquire(&all_lock);
	for (const struct held *h = all; h; h = h->next)
		if (h->fd == from)
			pid = h->pid;
	lock_release(&all_lock);
	if (pid)
		hold(to, pid);
}

HOT void
procdesc_after_fork(void)
{
	if (all_lock.word != 0)
		all_lock = (struct lock){0};
	if (all)
		all = NULL;
}

HOT void
procdesc_process_ends(struct process *p)
{
	procdesc_closed(p, 0, UINT32_MAX);
}

/* ---- the calls ---- */

static long
fork_held(struct call *c, struct guest_ptr descriptor, uint32_t flags)
{
	int fd = -1;
	long r = process_fork_with(c->t, CLONE_PIDFD, (uintptr_t)&fd);

	if (r < 0)
		return r;
	if (r == 0) {
		c->second = 1;
		return 0;
	}
	if (!(flags & FREEBSD_PD_CLOEXEC))
		core_call(__NR_fcntl, fd, F_SETFD, 0);
	if (!(flags & FREEBSD_PD_DAEMON))
		hold(fd, (int)r);
	/* As sys_pdfork(): the child is there, whether its number can be told or not. */
	return store_u32(descriptor, (uint32_t)fd) < 0 ? -EFAULT : r;
}

long
freebsd_pdfork(struct call *c, struct guest_ptr descriptor, uint32_t flags)
{
	return flags_to_host(&freebsd_pdfork_flags, flags) < 0 ? -EINVAL : fork_held(c, descriptor, flags);
}

/* pdrfork(2), as far as it is pdfork: descriptors copied, memory too. */
long
freebsd_pdrfork(struct call *c, struct guest_ptr descriptor, uint32_t flags, uint32_t how)
{
	const uint32_t fork = FREEBSD_RFPROC | FREEBSD_RFFDG;

	if (flags_to_host(&freebsd_pdfork_flags, flags) < 0 || (how & ~(uint32_t)FREEBSD_RFPROCDESC) != fork)
		return -EINVAL;
	return fork_held(c, descriptor, flags);
}

/* The process that descriptor f is of; `otherwise` if it is of something else, -ESRCH: it has been waited for. */
static long
process_of(int f, long otherwise)
{
	char name[64], text[512], *at;
	long fd, n, pid = 0;

	format(name, sizeof name, "/proc/self/fdinfo/%d", f);
	fd = f < 0 || core_fd_reserved(f) ? -1 : core_call(__NR_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -EBADF;
	n = core_call(__NR_read, fd, text, sizeof text - 1);
	core_call(__NR_close, fd);
	text[n > 0 ? n : 0] = 0;
	for (at = text; at && strncmp(at, "Pid:", 4) != 0; at += at != NULL)
		at = strchr(at, '\n');
	if (!at)
		return otherwise;
	for (at += 4; *at == '\t' || *at == ' '; at++)
		;
	for (; *at >= '0' && *at <= '9'; at++)
		pid = pid * 10 + (*at - '0');
	return pid > 0 ? pid : -ESRCH;
}

long
freebsd_pdgetpid(struct call *c, int32_t f, struct guest_ptr to)
{
	long pid = process_of(f, -EBADF);

	(void)c;
	return pid < 0 ? pid : store_u32(to, (uint32_t)pid);
}

/* A descriptor of something else: EINVAL since 15. */
static long
not_a_process(void)
{
	return options.release >= 1500 ? -EINVAL : -EBADF;
}

long
freebsd_pdkill(struct call *c, int32_t f, int32_t sig)
{
	const struct siginfo info = {.si_code = SI_USER};
	long pid;

	if (sig < 0 || sig > (int)c->abi->signal_max)
		return -EINVAL;
	pid = process_of(f, not_a_process());
	return pid < 0 ? pid : signal_send(c->t, (int)pid, 0, sig, &info);
}

long
freebsd_pdwait(struct call *c, int32_t f, struct guest_ptr status, uint32_t how, struct guest_ptr usage,
	       struct guest_ptr info)
{
	long pid;

	if (!freebsd_wait_flags_ok(how))
		return -EINVAL;
	pid = process_of(f, -EINVAL);
	if (pid < 0)
		return pid;
	pid = freebsd_wait_for(c, P_PIDFD, f, how, status, usage, info);
	return pid > 0 ? 0 : pid;
}
