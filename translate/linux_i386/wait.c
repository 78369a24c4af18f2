/* Waiting for descriptors, words and children, with times of 32 and of 64 bits. */
#include "linux_i386.h"

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/thread.h"

/* A timeout of a call, converted; both maps are of struct timespec. */
struct timeout {
	const struct struct_map *map;
	struct guest_ptr at;
	struct timespec value;
	void *host;	/* what the host call is given: the value, NULL, UNREADABLE */
};

#define TIME32 (&linux_i386_timespec_map)
#define TIME64 (&linux_i386_timespec64_map)

static void
timeout_in(struct timeout *t, const struct struct_map *map, struct guest_ptr at)
{
	*t = (struct timeout){.map = map, .at = at};
	if (!is_null(at))
		t->host = copy_in_struct(map, &t->value, at) < 0 ? UNREADABLE : &t->value;
}

/* What is left of it; one that cannot be written is no error (fs/select.c, poll_select_finish()). */
static long
timeout_out(const struct timeout *t, long answer)
{
	if (t->host == &t->value && (answer >= 0 || answer == -EINTR))
		copy_out_struct(t->map, t->at, &t->value);
	return answer;
}

/* ---- select ---- */

/*
 * Sets are words of 32 bits: the host reads and writes more than the program has. In
 * place of its sets, copies.
 */
struct sets {
	struct guest_ptr at[3];
	uint64_t *host[3];	/* NULL: none */
	size_t bytes;		/* of one of the guest's */
	uint64_t *large;
	uint64_t small[3][16];
};

#define SMALL_MAX ((int32_t)sizeof(((struct sets *)0)->small[0]) * 8)

/* No more than there can be descriptors, as the kernel does; else memory behind the sets would be read. */
static int32_t
clip(int32_t n)
{
	struct rlimit limit = {0, 0};

	if (n <= SMALL_MAX)
		return n;
	core_call(__NR_getrlimit, RLIMIT_NOFILE, &limit);
	return limit.rlim_cur < (uint64_t)n ? (int32_t)limit.rlim_cur : n;
}

static long
sets_in(struct sets *s, int32_t n, struct guest_ptr read, struct guest_ptr write, struct guest_ptr except)
{
	size_t words = ((size_t)n + 63) / 64;

	*s = (struct sets){.at = {read, write, except}, .bytes = ((size_t)n + 31) / 32 * 4};
	if (n > SMALL_MAX && !(s->large = core_alloc(3 * words * sizeof *s->large)))
		return -ENOMEM;
	for (int i = 0; i < 3; i++) {
		if (is_null(s->at[i]))
			continue;
		s->host[i] = s->large ? s->large + (size_t)i * words : s->small[i];
		if (copy_in(s->host[i], s->at[i], s->bytes) < 0)
			return -EFAULT;
	}
	return 0;
}

static long
sets_out(struct sets *s, long answer)
{
	for (int i = 0; i < 3 && answer >= 0; i++)
		if (s->host[i] && copy_out(s->at[i], s->host[i], s->bytes) < 0)
			answer = -EFAULT;
	core_free(s->large);
	return answer;
}

long
linux_i386_select(struct call *c, int32_t n, struct guest_ptr read, struct guest_ptr write, struct guest_ptr except,
		  struct guest_ptr timeout)
{
	struct timeval t;
	struct sets s;
	long r = 0;

	(void)c;
	if (!is_null(timeout) && copy_in_struct(&linux_i386_timeval_map, &t, timeout) < 0)
		return -EFAULT;
	if (n < 0)
		return -EINVAL;
	n = clip(n);
	r = sets_in(&s, n, read, write, except);
	if (r == 0)
		r = host_call(__NR_select, n, s.host[0], s.host[1], s.host[2], is_null(timeout) ? NULL : &t);
	if (!is_null(timeout) && (r >= 0 || r == -EINTR))
		copy_out_struct(&linux_i386_timeval_map, timeout, &t);
	return sets_out(&s, r);
}

long
linux_i386_old_select(struct call *c, struct guest_ptr arguments)
{
	uint32_t word[5];	/* struct compat_sel_arg_struct */

	if (copy_in(word, arguments, sizeof word) < 0)
		return -EFAULT;
	return linux_i386_select(c, (int32_t)word[0], guest(word[1]), guest(word[2]), guest(word[3]), guest(word[4]));
}

static long
select_with_mask(struct call *c, int32_t n, const struct guest_ptr sets[3], const struct struct_map *time,
		 struct guest_ptr timeout, struct guest_ptr mask)
{
	struct { uint64_t set, size; } pair = {0, sizeof(host_sigset)};
	uint32_t word[2] = {0, 0};	/* struct compat_sigset_argpack */
	struct timeout t;
	struct sets s;
	host_sigset host;
	long r;

	timeout_in(&t, time, timeout);
	if (t.host == UNREADABLE || (!is_null(mask) && copy_in(word, mask, sizeof word) < 0))
		return -EFAULT;
	if (n < 0 || (word[0] && word[1] != sizeof host))
		return -EINVAL;
	pair.set = (uintptr_t)linux_mask_for_call(c, guest(word[0]), &host);
	n = clip(n);
	r = sets_in(&s, n, sets[0], sets[1], sets[2]);
	if (r == 0)
		r = host_call(__NR_pselect6, n, s.host[0], s.host[1], s.host[2], t.host, &pair);
	return timeout_out(&t, sets_out(&s, r));
}

long
linux_i386_pselect6(struct call *c, int32_t n, struct guest_ptr read, struct guest_ptr write,
		    struct guest_ptr except, struct guest_ptr timeout, struct guest_ptr mask)
{
	return select_with_mask(c, n, (struct guest_ptr[]){read, write, except}, TIME32, timeout, mask);
}

long
linux_i386_pselect6_time64(struct call *c, int32_t n, struct guest_ptr read, struct guest_ptr write,
			   struct guest_ptr except, struct guest_ptr timeout, struct guest_ptr mask)
{
	return select_with_mask(c, n, (struct guest_ptr[]){read, write, except}, TIME64, timeout, mask);
}

/* ---- poll ---- */

static long
poll_with_mask(struct call *c, struct guest_ptr fds, uint32_t n, const struct struct_map *time,
	       struct guest_ptr timeout, struct guest_ptr mask, uint64_t setsize)
{
	struct timeout t;
	host_sigset host;
	const void *given = linux_mask_for_call(c, mask, &host);

	timeout_in(&t, time, timeout);
	return timeout_out(&t, host_call(__NR_ppoll, fds.addr, n, t.host, given, setsize));
}

long
linux_i386_ppoll(struct call *c, struct guest_ptr fds, uint32_t n, struct guest_ptr timeout, struct guest_ptr mask,
		 uint64_t setsize)
{
	return poll_with_mask(c, fds, n, TIME32, timeout, mask, setsize);
}

long
linux_i386_ppoll_time64(struct call *c, struct guest_ptr fds, uint32_t n, struct guest_ptr timeout,
			struct guest_ptr mask, uint64_t setsize)
{
	return poll_with_mask(c, fds, n, TIME64, timeout, mask, setsize);
}

long
linux_i386_epoll_pwait2(struct call *c, int32_t f, struct guest_ptr events, int32_t n, struct guest_ptr timeout,
			struct guest_ptr mask, uint64_t setsize)
{
	struct timeout t;
	host_sigset host;
	const void *given = linux_mask_for_call(c, mask, &host);

	timeout_in(&t, TIME64, timeout);
	return host_call(__NR_epoll_pwait2, f, events.addr, n, t.host, given, setsize);
}

/* ---- futex ---- */

/* Whether the fourth argument is a time; else it is a number (kernel/futex/syscalls.c). */
static bool
takes_timeout(uint32_t op)
{
	switch (op & (uint32_t)FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_BITSET:
	case FUTEX_WAIT_REQUEUE_PI:
		return true;
	default:
		return false;
	}
}

static long
futex(struct guest_ptr word, uint32_t op, uint32_t value, const struct struct_map *time, struct guest_ptr timeout,
      struct guest_ptr word2, uint32_t value3)
{
	struct timeout t;

	if (!takes_timeout(op))
		return host_call(__NR_futex, word.addr, op, value, timeout.addr, word2.addr, value3);
	timeout_in(&t, time, timeout);
	return host_call(__NR_futex, word.addr, op, value, t.host, word2.addr, value3);
}

long
linux_i386_futex(struct call *c, struct guest_ptr word, uint32_t op, uint32_t value, struct guest_ptr timeout,
		 struct guest_ptr word2, uint32_t value3)
{
	(void)c;
	return futex(word, op, value, TIME32, timeout, word2, value3);
}

long
linux_i386_futex_time64(struct call *c, struct guest_ptr word, uint32_t op, uint32_t value,
			struct guest_ptr timeout, struct guest_ptr word2, uint32_t value3)
{
	(void)c;
	return futex(word, op, value, TIME64, timeout, word2, value3);
}

/* ---- children, and signals that are taken or sent with their siginfo ---- */

static long
put_siginfo(struct guest_ptr to, const struct siginfo *info)
{
	char out[LINUX_I386_SIGINFO];

	linux_i386_siginfo(out, info);
	return copy_out(to, out, sizeof out);
}

/* The members that waitid(2) writes, and no more (kernel/exit.c). */
long
linux_i386_put_waited(struct guest_ptr to, const struct siginfo *s)
{
	const int32_t members[] = {s->si_signo, 0, s->si_code, s->si_pid, (int32_t)s->si_uid, s->si_status};

	return copy_out(to, members, sizeof members);
}

long
linux_i386_waitid(struct call *c, int32_t which, int32_t who, struct guest_ptr info, uint32_t how,
		  struct guest_ptr usage)
{
	struct siginfo s;
	struct rusage ru;
	long r;

	(void)c;
	memset(&s, 0, sizeof s);
	r = host_call(__NR_waitid, which, who, &s, how, &ru);
	/* Nobody was found: the kernel clears what tells, even with an error, and leaves the usage alone. */
	if (s.si_signo && !is_null(usage) && copy_out_struct(&linux_i386_rusage_map, usage, &ru) < 0)
		return -EFAULT;
	return is_null(info) ? r : linux_i386_put_waited(info, &s) < 0 ? -EFAULT : r;
}

static long
take_signal(struct thread *thread, struct guest_ptr set, struct guest_ptr info, const struct struct_map *time,
	    struct guest_ptr timeout, uint64_t setsize)
{
	struct queued_signal held;
	struct timeout t;
	struct siginfo s;
	long r;

	if (linux_take_held(thread, set, setsize, &held))
		return is_null(info) || put_siginfo(info, &held.info) == 0 ? held.number : -EFAULT;
	timeout_in(&t, time, timeout);
	r = host_call(__NR_rt_sigtimedwait, set.addr, &s, t.host, setsize);
	return r > 0 && !is_null(info) && put_siginfo(info, &s) < 0 ? -EFAULT : r;
}

long
linux_i386_rt_sigtimedwait(struct call *c, struct guest_ptr set, struct guest_ptr info, struct guest_ptr timeout,
			   uint64_t setsize)
{
	return take_signal(c->t, set, info, TIME32, timeout, setsize);
}

long
linux_i386_rt_sigtimedwait_time64(struct call *c, struct guest_ptr set, struct guest_ptr info,
				  struct guest_ptr timeout, uint64_t setsize)
{
	return take_signal(c->t, set, info, TIME64, timeout, setsize);
}

static long
get_siginfo(struct siginfo *to, struct guest_ptr from)
{
	char in[LINUX_I386_SIGINFO];

	if (copy_in(in, from, sizeof in) < 0)
		return -EFAULT;
	linux_i386_siginfo_to_host(to, in);
	return 0;
}

long
linux_i386_rt_sigqueueinfo(struct call *c, int32_t who, int32_t sig, struct guest_ptr info)
{
	struct siginfo s;
	long r = get_siginfo(&s, info);

	(void)c;
	return r < 0 ? r : host_call(__NR_rt_sigqueueinfo, who, sig, &s);
}

long
linux_i386_rt_tgsigqueueinfo(struct call *c, int32_t group, int32_t who, int32_t sig, struct guest_ptr info)
{
	struct siginfo s;
	long r = get_siginfo(&s, info);

	(void)c;
	return r < 0 ? r : host_call(__NR_rt_tgsigqueueinfo, group, who, sig, &s);
}

long
linux_i386_pidfd_send_signal(struct call *c, int32_t f, int32_t sig, struct guest_ptr info, uint32_t how)
{
	struct siginfo s;
	long r = is_null(info) ? 0 : get_siginfo(&s, info);

	(void)c;
	return r < 0 ? r : host_call(__NR_pidfd_send_signal, f, sig, is_null(info) ? NULL : &s, how);
}
