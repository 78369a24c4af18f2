/*
 * Threads (kern/kern_thr.c, amd64/amd64/vm_machdep.c): made with a stack and a
 * thread pointer of the program's choice, known by numbers above all processes'.
 */
#include "freebsd.h"

#include <linux/futex.h>

#include "core/copy.h"
#include "core/host.h"
#include "core/lock.h"
#include "core/print.h"
#include "core/process.h"
#include "core/signal.h"
#include "core/string.h"

/* struct thr_param (sys/thr.h) */
struct freebsd_thr_param {
	uint64_t start, argument, stack_base, stack_size, tls_base, tls_size, child_tid, parent_tid;
	int32_t flags, pad;
	uint64_t rtp;
	uint64_t spare[3];
};
_Static_assert(sizeof(struct freebsd_thr_param) == 104, "sys/thr.h");

long
freebsd_thr_self(struct call *c, struct guest_ptr me)
{
	return store_u64(me, freebsd_tid_to_guest(c->t->tid));
}

/* Where a new thread's number is to stand before either side goes on, and its class. */
struct new_words {
	struct guest_ptr child, parent;
	struct freebsd_rtprio priority;
};

static long
announce_tid(void *context, int tid)
{
	const struct new_words *w = context;
	uint64_t lwp = freebsd_tid_to_guest(tid);
	long r = is_null(w->child) ? 0 : store_u64(w->child, lwp);

	if (r == 0 && !is_null(w->parent))
		r = store_u64(w->parent, lwp);
	if (r == 0 && w->priority.type != FREEBSD_RTP_PRIO_NORMAL)
		freebsd_set_priority(tid, w->priority);	/* root without the host's leave keeps the usual one */
	return r;
}

/* thread_create(): only root may ask for a real-time class. */
static long
read_priority(struct guest_ptr rtp, struct freebsd_rtprio *p)
{
	*p = (struct freebsd_rtprio){FREEBSD_RTP_PRIO_NORMAL, 0};
	if (is_null(rtp))
		return 0;
	if (copy_in(p, rtp, sizeof *p) < 0)
		return -EFAULT;
	switch (p->type) {
	case FREEBSD_RTP_PRIO_REALTIME:
	case FREEBSD_RTP_PRIO_FIFO:
		if (core_call(__NR_geteuid) != 0)
			return -EPERM;
		return p->priority > FREEBSD_RTP_PRIO_MAX ? -EINVAL : 0;
	case FREEBSD_RTP_PRIO_NORMAL:
		return 0;
	default:
		return -EINVAL;
	}
}

struct thread *
freebsd_new_thread(struct call *c)
{
	struct thread *nt = thread_new(c->p);

	if (nt)
		nt->mask = c->t->mask;
	return nt;
}

long
freebsd_start_thread(struct call *c, struct thread *nt, uint64_t fs_base, struct guest_ptr child_tid,
		     struct guest_ptr parent_tid, struct freebsd_rtprio priority)
{
	struct new_words words = {child_tid, parent_tid, priority};
	long r = process_start_thread(c->t, nt, PROCESS_THREAD, fs_base, announce_tid, &words);

	if (r == -EAGAIN)	/* what the host says when there are too many */
		return GUEST_ERROR(FREEBSD_EPROCLIM);
	return r < 0 ? r : 0;
}

/*
 * thr_new(2). The registers are those of cpu_set_upcall(): zero but for the
 * argument and a stack as after a call.
 */
long
freebsd_thr_new(struct call *c, struct guest_ptr parameters, int32_t size)
{
	struct freebsd_thr_param p = {0};
	struct freebsd_rtprio priority;
	struct thread *nt;
	struct sigcontext *r;
	long error;

	if (size < 0 || (size_t)size > sizeof p)
		return -EINVAL;
	if (copy_in(&p, parameters, (size_t)size) < 0)
		return -EFAULT;
	error = read_priority(guest(p.rtp), &priority);
	if (error < 0)
		return error;
	nt = freebsd_new_thread(c);
	if (!nt)
		return -ENOMEM;
	r = &thread_fresh_frame(nt)->uc_mcontext;
	r->rip = p.start;
	r->rdi = p.argument;
	r->rsp = ((p.stack_base + p.stack_size) & ~UINT64_C(15)) - 8;
	return freebsd_start_thread(c, nt, p.tls_base, guest(p.child_tid), guest(p.parent_tid),
				    priority);
}

long
freebsd_thr_exit(struct call *c, struct guest_ptr state)
{
	freebsd_robust_ends(c->t);
	if (!is_null(state)) {
		store_u64(state, 1);
		freebsd_umtx_wake_all(state);
	}
	/* The last one comes back, to end the process itself (kern_thr_exit()). */
	process_end_thread(c->t, 0, 0);
	return 0;
}

/* ---- signals to threads ---- */

static bool
is_signal(struct call *c, int32_t sig)
{
	return sig > 0 && sig <= (int)c->abi->signal_max;
}

static long
send_to_thread(struct call *c, int pid, int tid, int32_t sig)
{
	const struct siginfo info = {.si_code = SI_TKILL};

	if (sig && !is_signal(c, sig)) {
		long r = core_call(__NR_tgkill, pid, tid, 0);

		return r < 0 ? r : -EINVAL;
	}
	return signal_send(c->t, pid, tid, sig, &info);
}

/* To all threads but the calling one; ESRCH if there is none. */
static long
send_to_others(struct call *c, int32_t sig)
{
	long r = -ESRCH;

	if (sig && !is_signal(c, sig))
		return -EINVAL;
	lock_acquire(&c->p->lock);
	for (struct thread *t = c->p->threads; t; t = t->next)
		if (t != c->t && t->tid)
			r = send_to_thread(c, c->p->pid, t->tid, sig);
	lock_release(&c->p->lock);
	return r;
}

long
freebsd_thr_kill(struct call *c, int64_t who, int32_t sig)
{
	return freebsd_thr_kill2(c, c->p->pid, who, sig);
}

long
freebsd_thr_kill2(struct call *c, int32_t process, int64_t who, int32_t sig)
{
	int tid = freebsd_tid_to_host(who);

	if (who == -1 && process == c->p->pid)
		return send_to_others(c, sig);
	if (tid == 0 || process <= 0)
		return -ESRCH;
	return send_to_thread(c, process, tid, sig);
}

/* ---- sleeping and waking by number: libthr before umtx ---- */

/* thr_suspend(2): until thr_wake, which is remembered if it comes first. */
long
freebsd_thr_suspend(struct call *c, struct guest_ptr timeout)
{
	struct __kernel_timespec length, *limit = NULL;
	uint32_t *wakeup = &c->t->wakeup;
	long r = 0;

	if (!is_null(timeout)) {
		r = freebsd_copy_in_timespec(&length, timeout);
		limit = &length;
	}
	if (r == 0 && !__atomic_load_n(wakeup, __ATOMIC_ACQUIRE))
		r = host_call(__NR_futex, wakeup, FUTEX_WAIT_PRIVATE, 0, limit);
	if (__atomic_exchange_n(wakeup, 0, __ATOMIC_ACQUIRE) || r == -EAGAIN)
		return 0;
	return r == -EINTR && limit ? GUEST_ERROR(FREEBSD_EINTR) : r;
}

long
freebsd_thr_wake(struct call *c, int64_t who)
{
	int tid = freebsd_tid_to_host(who);
	struct thread *t;

	lock_acquire(&c->p->lock);
	t = tid ? thread_find(c->p, tid) : NULL;
	if (t) {
		__atomic_store_n(&t->wakeup, 1, __ATOMIC_RELEASE);
		core_call(__NR_futex, &t->wakeup, FUTEX_WAKE_PRIVATE, 1);
	}
	lock_release(&c->p->lock);
	return t ? 0 : -ESRCH;
}

/* thr_set_name(2): the host keeps 15 bytes of FreeBSD's 19. */
#define MAXCOMLEN 19

static long
write_comm(int tid, const char *name)
{
	char path[48];
	long fd, r;

	format(path, sizeof path, "/proc/self/task/%d/comm", tid);
	fd = core_call(__NR_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	r = core_call(__NR_write, fd, name, strlen(name));
	core_call(__NR_close, fd);
	return r;
}

long
freebsd_thr_set_name(struct call *c, int64_t who, struct guest_ptr name)
{
	char text[MAXCOMLEN + 1] = "";
	int tid = freebsd_tid_to_host(who);
	struct thread *t;
	long r = is_null(name) ? 0 : copy_in_string(text, name, sizeof text);

	if (r == -ENAMETOOLONG)
		text[MAXCOMLEN] = 0;
	else if (r < 0)
		return r;
	lock_acquire(&c->p->lock);
	t = tid ? thread_find(c->p, tid) : NULL;
	lock_release(&c->p->lock);
	if (!t)
		return -ESRCH;
	if (t == c->t)
		core_call(__NR_prctl, PR_SET_NAME, text);
	else
		write_comm(tid, text);	/* a name is a help to people: no failure of the call */
	return 0;
}
