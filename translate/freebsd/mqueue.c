/*
 * POSIX message queues (kern/uipc_mqueue.c) by the host's. Names have the slash that
 * the host's own calls leave out; O_NONBLOCK is another bit.
 */
#include "freebsd.h"

#include <linux/mqueue.h>

#include "core/copy.h"
#include "core/core.h"
#include "core/host.h"
#include "core/linux_numbers.h"
#include "core/string.h"

struct freebsd_mq_attr {
	int64_t flags, maxmsg, msgsize, curmsgs, reserved[4];
};
_Static_assert(sizeof(struct freebsd_mq_attr) == sizeof(struct mq_attr), "the same but for the flags");

#define QUEUE_NAME_MAX 128		/* MQFS_NAMELEN */
#define DEFAULT_MESSAGES 10		/* kern.mqueue.default_maxmsg, .default_msgsize */
#define DEFAULT_SIZE 1024
#define PRIORITY_MAX 64			/* MQ_PRIO_MAX */

/* "/name", and no other slash. */
static long
copy_in_name(char text[QUEUE_NAME_MAX], struct guest_ptr name)
{
	long n = copy_in_string(text, name, QUEUE_NAME_MAX);

	if (n < 0)
		return n;
	return n < 2 || text[0] != '/' || strchr(text + 1, '/') ? -EINVAL : 0;
}

static void
attr_to_host(struct mq_attr *to, const struct freebsd_mq_attr *from)
{
	memcpy(to, from, sizeof *to);
	to->mq_flags = from->flags & FREEBSD_O_NONBLOCK ? O_NONBLOCK : 0;
}

static long
open_flags(uint32_t how)
{
	long host = how & O_ACCMODE;

	if ((how & O_ACCMODE) == O_ACCMODE || (how & FREEBSD_O_EXEC))
		return -EINVAL;
	host |= how & FREEBSD_O_CREAT ? O_CREAT : 0;
	host |= how & FREEBSD_O_EXCL ? O_EXCL : 0;
	return host | (how & FREEBSD_O_NONBLOCK ? O_NONBLOCK : 0);
}

long
freebsd_kmq_open(struct call *c, struct guest_ptr name, uint32_t how, uint16_t mode, struct guest_ptr attributes)
{
	struct freebsd_mq_attr a = {.maxmsg = DEFAULT_MESSAGES, .msgsize = DEFAULT_SIZE};
	char text[QUEUE_NAME_MAX];
	struct mq_attr host_attr;
	long flags = open_flags(how), r;

	(void)c;
	if (flags < 0)
		return flags;
	if ((how & FREEBSD_O_CREAT) && !is_null(attributes) && copy_in(&a, attributes, sizeof a) < 0)
		return -EFAULT;
	if (a.maxmsg <= 0 || a.msgsize <= 0)
		return -EINVAL;
	r = copy_in_name(text, name);
	if (r < 0)
		return r;
	attr_to_host(&host_attr, &a);
	return host_call(__NR_mq_open, text + 1, flags, mode, &host_attr);
}

long
freebsd_kmq_unlink(struct call *c, struct guest_ptr name)
{
	char text[QUEUE_NAME_MAX];
	long r = copy_in_name(text, name);

	(void)c;
	return r < 0 ? r : host_call(__NR_mq_unlink, text + 1);
}

/* mq_setattr(2), and mq_getattr(2), which asks and sets nothing. */
long
freebsd_kmq_setattr(struct call *c, int32_t queue, struct guest_ptr new, struct guest_ptr old)
{
	struct mq_attr set, was;
	struct freebsd_mq_attr a = {0};
	long r;

	(void)c;
	if (!is_null(new) && copy_in(&a, new, sizeof a) < 0)
		return -EFAULT;
	if (a.flags & ~(int64_t)FREEBSD_O_NONBLOCK)
		return -EINVAL;
	attr_to_host(&set, &a);
	r = host_call(__NR_mq_getsetattr, queue, is_null(new) ? NULL : &set, &was);
	if (r < 0 || is_null(old))
		return r;
	memcpy(&a, &was, sizeof a);
	a.flags = was.mq_flags & O_NONBLOCK ? FREEBSD_O_NONBLOCK : 0;
	return copy_out(old, &a, sizeof a);
}

/* Which is looked at first, the time or the queue: 13.2 and 15.1 were recorded with different answers. */
static long
queue_first(int queue, long r)
{
	struct mq_attr unused;

	if (r != -EINVAL && (r != -EFAULT || options.release >= 1500))
		return r;
	return core_call(__NR_mq_getsetattr, queue, NULL, &unused) < 0 ? -EBADF : r;
}

long
freebsd_kmq_timedsend(struct call *c, int32_t queue, struct guest_ptr message, uint64_t n, uint32_t priority,
		      struct guest_ptr until)
{
	uint64_t seconds;

	(void)c;
	if (priority < PRIORITY_MAX)
		return queue_first(queue, host_call(__NR_mq_timedsend, queue, message.addr, n, priority, until.addr));
	/* Fewer than the host's; the time is looked at first. */
	if (!is_null(until) && load_u64(&seconds, until) < 0)
		return queue_first(queue, -EFAULT);
	return queue_first(queue, -EINVAL);
}

long
freebsd_kmq_timedreceive(struct call *c, int32_t queue, struct guest_ptr message, uint64_t n,
			 struct guest_ptr priority, struct guest_ptr until)
{
	(void)c;
	return queue_first(queue, host_call(__NR_mq_timedreceive, queue, message.addr, n, priority.addr, until.addr));
}

/* A signal for the first message of an empty queue, or no longer. */
long
freebsd_kmq_notify(struct call *c, int32_t queue, struct guest_ptr event)
{
	struct freebsd_sigevent e;
	struct host_sigevent h = {.notify = SIGEV_NONE};
	int signal = 0;

	(void)c;
	if (is_null(event))
		return host_call(__NR_mq_notify, queue, NULL);
	if (copy_in(&e, event, sizeof e) < 0)
		return -EFAULT;
	if (e.notify == FREEBSD_SIGEV_SIGNAL) {
		signal = number_to_host(&freebsd_signals, (unsigned)e.signo);
		h.notify = SIGEV_SIGNAL;
	} else if (e.notify != FREEBSD_SIGEV_NONE) {
		return -EINVAL;
	}
	if (signal < 0)
		return -EINVAL;
	h.signo = signal;
	h.value = e.value;
	return host_call(__NR_mq_notify, queue, &h);
}
