/*
 * poll(2), ppoll(2), select(2), pselect(2) (kern/sys_generic.c). A signal ends them
 * with EINTR whatever its action says: their rows are `eintr`.
 */
#include "files.h"

#include "core/linux_abi.h"
#include "core/memory.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"

#include <asm/poll.h>

struct pollfd_words {
	int32_t fd;
	int16_t events, revents;
};
_Static_assert(sizeof(struct pollfd_words) == 8, "sys/poll.h, and the same on the host");

#define SECOND INT64_C(1000000000)

/* So many are copied on the stack, more in core memory. */
#define FEW 128
/* Programs may ask for no more than this many, or their own limit of descriptors. */
#define FREEBSD_FD_SETSIZE 1024

/* POLLINIGNEOF is not among them: it asks for less, of FIFOs only. */
#define EVENTS                                                                                     \
	(FREEBSD_POLLIN | FREEBSD_POLLPRI | FREEBSD_POLLOUT | FREEBSD_POLLRDNORM |                 \
	 FREEBSD_POLLRDBAND | FREEBSD_POLLWRBAND | FREEBSD_POLLRDHUP)

static int16_t
events_to_host(int16_t events)
{
	return (int16_t)flags_to_host(&freebsd_pollevents, (uint16_t)events & EVENTS);
}

/*
 * sys_pipe.c, pipe_poll(): the end of a pipe can be read, which Linux leaves to
 * POLLHUP, and a pipe that nobody reads is hung up, which Linux calls an error.
 */
static uint16_t
events_to_guest(const struct pollfd_words *p)
{
	uint16_t revents = (uint16_t)flags_to_guest(&freebsd_pollevents, (uint16_t)p->revents);

	if (revents & FREEBSD_POLLHUP)
		revents |= p->events & (FREEBSD_POLLIN | FREEBSD_POLLRDNORM);
	if (revents & FREEBSD_POLLERR && (host_mode(p->fd, "", AT_EMPTY_PATH) & S_IFMT) == S_IFIFO)
		revents = (uint16_t)((revents & ~FREEBSD_POLLERR) | FREEBSD_POLLHUP);
	return revents;
}

static long
descriptor_limit(void)
{
	struct rlimit64 limit = {0, 0};

	core_call(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
	return limit.rlim_cur > INT32_MAX ? INT32_MAX : (long)limit.rlim_cur;
}

/* The host's answers in the guest's words, into each revents. */
static long
give_events(struct guest_ptr fds, const struct pollfd_words *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint16_t revents = p[i].revents ? events_to_guest(&p[i]) : 0;
		struct guest_ptr at =
			guest_at(fds, i * sizeof *p + offsetof(struct pollfd_words, revents));

		if (copy_out(at, &revents, sizeof revents) < 0)
			return -EFAULT;
	}
	return 0;
}

static int64_t
now(void)
{
	struct __kernel_timespec t;

	core_call(__NR_clock_gettime, CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* A wait that ended without the program seeing a signal is made again with what is left of its time. */
static void
resume_timeout(const struct thread *t, struct __kernel_timespec *timeout)
{
	int64_t left;

	if (!timeout || !t->has_deadline)
		return;
	left = t->deadline - now();
	*timeout = (struct __kernel_timespec){0, 0};
	if (left > 0)
		*timeout = (struct __kernel_timespec){left / SECOND, left % SECOND};
}

/* The host has written into *timeout what is left. */
static long
keep_timeout(struct thread *t, const struct __kernel_timespec *timeout, long r)
{
	if (r == -EINTR && timeout && timeout->tv_sec < INT32_MAX) {
		t->deadline = now() + timeout->tv_sec * SECOND + timeout->tv_nsec;
		t->has_deadline = true;
	}
	return r;
}

static long
poll_host(struct call *c, struct pollfd_words *p, struct guest_ptr fds, uint32_t n,
	  struct __kernel_timespec *timeout, const struct sigset *mask)
{
	host_sigset host_mask;
	long r;

	if (copy_in(p, fds, n * sizeof *p) < 0)
		return -EFAULT;
	for (uint32_t i = 0; i < n; i++)
		p[i].events = events_to_host(p[i].events);
	if (mask) {
		signal_set_mask_for_call(c->t, mask);
		host_mask = sigset_to_host(c->t, mask);
	}
	resume_timeout(c->t, timeout);
	r = host_call(__NR_ppoll, p, n, timeout, mask ? &host_mask : 0, sizeof host_mask);
	keep_timeout(c->t, timeout, r);
	if (r >= 0 && give_events(fds, p, n) < 0)
		return -EFAULT;
	return r;
}

static long
poll_descriptors(struct call *c, struct guest_ptr fds, uint32_t n,
		 struct __kernel_timespec *timeout, const struct sigset *mask)
{
	struct pollfd_words few[FEW], *p = few;
	long r;

	if (n > FREEBSD_FD_SETSIZE && n > descriptor_limit())
		return -EINVAL;
	if (n > FEW && !(p = core_alloc(n * sizeof *p)))
		return -ENOMEM;
	r = poll_host(c, p, fds, n, timeout, mask);
	if (p != few)
		core_free(p);
	return r;
}

long
freebsd_poll(struct call *c, struct guest_ptr fds, uint32_t n, int32_t timeout)
{
	struct __kernel_timespec t = {timeout / 1000, timeout % 1000 * 1000000L};

	/* INFTIM is -1; nothing else is negative. */
	if (timeout < -1)
		return -EINVAL;
	return poll_descriptors(c, fds, n, timeout < 0 ? 0 : &t, 0);
}

/* *to is NULL for no timeout. */
static long
read_timeout(struct guest_ptr from, struct __kernel_timespec *t, bool is_timeval,
	     struct __kernel_timespec **to)
{
	*to = 0;
	if (is_null(from))
		return 0;
	if (copy_in(t, from, sizeof *t) < 0)
		return -EFAULT;
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= (is_timeval ? 1000000 : 1000000000))
		return -EINVAL;
	if (is_timeval)
		t->tv_nsec *= 1000;
	*to = t;
	return 0;
}

static long
read_mask(struct guest_ptr from, struct sigset *s, struct sigset **to)
{
	*to = is_null(from) ? 0 : s;
	return is_null(from) ? 0 : copy_in(s, from, sizeof *s);
}

long
freebsd_ppoll(struct call *c, struct guest_ptr fds, uint32_t n, struct guest_ptr timeout,
	      struct guest_ptr mask)
{
	struct __kernel_timespec t, *time;
	struct sigset s, *set;
	long r = read_timeout(timeout, &t, false, &time);

	if (r == 0)
		r = read_mask(mask, &s, &set);
	return r < 0 ? r : poll_descriptors(c, fds, n, time, set);
}

/* ---- select ---- */

/*
 * The host looks at no more descriptors than it has room for; FreeBSD asks of the rest
 * that no bit is set (select_check_badfd()). Such long sets are rare.
 */
static long
check_tail(struct guest_ptr set, int n)
{
	uint64_t word;

	if (is_null(set))
		return 0;
	for (int at = FREEBSD_FD_SETSIZE; at < n; at += 64) {
		if (load_u64(&word, guest_at(set, (uint64_t)at / 8)) < 0)
			return -EFAULT;
		for (; word; word &= word - 1)
			if (check_descriptor(at + __builtin_ctzl(word)) < 0)
				return -EBADF;
	}
	return 0;
}

/* A set is an array of 64-bit words on both; the host checks the memory itself. */
static long
select_descriptors(struct call *c, int n, const struct guest_ptr sets[3],
		   struct __kernel_timespec *timeout, const struct sigset *mask)
{
	struct {
		const host_sigset *set;
		size_t size;
	} with_mask;
	host_sigset host_mask;

	if (n < 0)
		return -EINVAL;
	for (int i = 0; i < 3 && n > FREEBSD_FD_SETSIZE; i++) {
		long r = check_tail(sets[i], n);

		if (r < 0)
			return r;
	}
	if (mask) {
		signal_set_mask_for_call(c->t, mask);
		host_mask = sigset_to_host(c->t, mask);
	}
	with_mask.set = mask ? &host_mask : 0;
	with_mask.size = sizeof host_mask;
	resume_timeout(c->t, timeout);
	return keep_timeout(c->t, timeout,
			    host_call(__NR_pselect6, n, sets[0].addr, sets[1].addr, sets[2].addr,
				      timeout, &with_mask));
}

long
freebsd_select(struct call *c, int32_t n, struct guest_ptr readable, struct guest_ptr writable,
	       struct guest_ptr except, struct guest_ptr timeout)
{
	const struct guest_ptr sets[] = {readable, writable, except};
	struct __kernel_timespec t, *time;
	long r = read_timeout(timeout, &t, true, &time);

	return r < 0 ? r : select_descriptors(c, n, sets, time, 0);
}

long
freebsd_pselect(struct call *c, int32_t n, struct guest_ptr readable, struct guest_ptr writable,
		struct guest_ptr except, struct guest_ptr timeout, struct guest_ptr mask)
{
	const struct guest_ptr sets[] = {readable, writable, except};
	struct __kernel_timespec t, *time;
	struct sigset s, *set;
	long r = read_timeout(timeout, &t, false, &time);

	if (r == 0)
		r = read_mask(mask, &s, &set);
	return r < 0 ? r : select_descriptors(c, n, sets, time, set);
}
