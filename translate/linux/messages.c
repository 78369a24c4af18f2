/* Messages, whose headers hold a local socket's name that --root is about (sockets.c). */
#include "linux.h"

#include "core/convert.h"
#include "core/copy.h"
#include "core/core.h"
#include "core/host.h"
#include "core/last.h"

long
linux_refuse_message(int32_t f, uint32_t how, long error)
{
	long r = host_call(__NR_sendmsg, f, UNREADABLE, how);

	return r == -EFAULT ? error : r;
}

long
linux_send_message(int32_t f, struct linux_msghdr *head, uint32_t how)
{
	struct linux_address a;
	long r = linux_address_in(&a, guest(head->name), head->name ? (uint32_t)head->namelen : 0, PATH_FOLLOW);

	head->name = a.at;
	head->namelen = (int32_t)a.len;
	if (r == 0)
		r = host_call(__NR_sendmsg, f, head, how);
	host_address_done(&a.own);
	return r;
}

long
linux_receive_message(int32_t f, struct linux_msghdr *head, uint32_t how)
{
	struct host_address own;
	struct guest_ptr name = guest(head->name);
	int32_t room = head->namelen;
	long r, e;

	if (!options.root || is_null(name) || room < 0)
		return host_call(__NR_recvmsg, f, head, how);
	head->name = (uintptr_t)own.bytes;
	head->namelen = sizeof own.bytes;
	r = host_call(__NR_recvmsg, f, head, how);
	if (r < 0)
		return r;
	own.len = (uint32_t)head->namelen;
	e = linux_address_out(&own, name, (uint32_t)room);
	head->namelen = (int32_t)own.len;
	return e < 0 ? e : r;
}

/* ---- several at once (net/socket.c, __sys_sendmmsg(), do_recvmmsg()) ---- */

#define MESSAGES_MAX 1024	/* UIO_MAXIOV */
#define VECTOR_MAX 1024		/* the same: what is longer is not read */

long
linux_send_many(struct call *c, const struct linux_messages *kind, int32_t f, struct guest_ptr messages, uint32_t n,
		uint32_t how)
{
	long done = 0, r = 0;

	if (n == 0)
		return linux_refuse_message(f, how, 0);
	if (n > MESSAGES_MAX)
		n = MESSAGES_MAX;
	for (; done < n; done++) {
		struct guest_ptr at = guest_at(messages, (uint64_t)done * kind->size);

		r = kind->send(c, f, at, how);
		if (r >= 0)
			r = store_u32(guest_at(at, kind->length_at), (uint32_t)r);
		if (r < 0)
			break;
	}
	return done || r >= 0 ? done : r;
}

static int64_t
monotonic(void)
{
	struct timespec now = {0, 0};

	core_call(__NR_clock_gettime, CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static long
receive_until(struct call *c, const struct linux_messages *kind, int32_t f, struct guest_ptr messages, uint32_t n,
	      uint32_t how, int64_t end)
{
	uint32_t flags = 0;
	long done = 0, r = 0;

	if (n == 0)
		return linux_refuse_message(f, how, 0);
	if (n > MESSAGES_MAX)
		n = MESSAGES_MAX;
	do {
		struct guest_ptr at = guest_at(messages, (uint64_t)done * kind->size);

		if (done == n)
			break;
		r = kind->receive(c, f, at, how & ~(uint32_t)MSG_WAITFORONE);
		if (r >= 0)
			r = store_u32(guest_at(at, kind->length_at), (uint32_t)r);
		if (r < 0 || load_u32(&flags, guest_at(at, kind->flags_at)) < 0)
			break;
		done++;
		if (how & MSG_WAITFORONE)
			how |= MSG_DONTWAIT;
	} while (!(flags & MSG_OOB) && (end == INT64_MAX || monotonic() < end));
	return done ? done : r;
}

long
linux_receive_many(struct call *c, const struct linux_messages *kind, int32_t f, struct guest_ptr messages,
		   uint32_t n, uint32_t how, struct timespec *timeout)
{
	int64_t end = INT64_MAX, left;
	long done;

	if (timeout && (timeout->tv_sec < 0 || (uint64_t)timeout->tv_nsec >= 1000000000))
		return -EINVAL;
	if (timeout && timeout->tv_sec <= INT32_MAX)
		end = monotonic() + timeout->tv_sec * INT64_C(1000000000) + timeout->tv_nsec;
	done = receive_until(c, kind, f, messages, n, how, end);
	if (done <= 0 || !timeout)
		return done;
	left = end - monotonic();
	left = left < 0 ? 0 : left;
	*timeout = (struct timespec){left / 1000000000, left % 1000000000};
	return done;
}

/* ---- x86-64's own calls ---- */

/* May the host's kernel be given n messages as they stand? Not with --root, nor with parts in the core's memory. */
static bool
as_they_stand(struct guest_ptr messages, uint64_t n, uint64_t size)
{
	bool stand = !options.root;

	for (; stand && n > 0; n--, messages.addr += size) {
		uint64_t vector, parts;

		if (load_u64(&vector, guest_at(messages, offsetof(struct linux_msghdr, iov))) < 0 ||
		    load_u64(&parts, guest_at(messages, offsetof(struct linux_msghdr, iovlen))) < 0)
			return true;	/* the host's kernel says so */
		stand = !points_into_core(&linux_msghdr_map, messages, 1) &&
			(parts > VECTOR_MAX || !points_into_core(&linux_iovec_map, guest(vector), parts));
	}
	return stand;
}

/* The header and the vector as the host is given them. 0 or -errno; convert_end() in any case. */
static long
message_in(struct linux_msghdr *head, struct converted *vector, struct guest_ptr message)
{
	long r = copy_in_struct(&linux_msghdr_map, head, message);

	if (r == 0 && head->iovlen <= VECTOR_MAX) {
		r = convert_memory(vector, &linux_iovec_map, guest(head->iov), head->iovlen);
		head->iov = (uintptr_t)vector->host;
	}
	return r;
}

static long
send_one(struct call *c, int32_t f, struct guest_ptr message, uint32_t how)
{
	struct linux_msghdr head;
	struct converted vector;
	long r = message_in(&head, convert_none(&vector), message);

	(void)c;
	r = r == 0 ? linux_send_message(f, &head, how) : linux_refuse_message(f, how, r);
	return convert_end(&vector, 1, r);
}

long
linux_sendmsg(struct call *c, int32_t f, struct guest_ptr message, uint32_t how)
{
	if (as_they_stand(message, 1, sizeof(struct linux_msghdr)))
		return host_call_last(__NR_sendmsg, f, message.addr, how);
	return send_one(c, f, message, how);
}

/* What ____sys_recvmsg() writes into the header: lengths and flags. */
static long
header_out(const struct linux_msghdr *head, struct guest_ptr at)
{
	if (store_u32(guest_at(at, offsetof(struct linux_msghdr, namelen)), (uint32_t)head->namelen) < 0 ||
	    store_u64(guest_at(at, offsetof(struct linux_msghdr, controllen)), head->controllen) < 0)
		return -EFAULT;
	return store_u32(guest_at(at, offsetof(struct linux_msghdr, flags)), head->flags);
}

static long
receive_one(struct call *c, int32_t f, struct guest_ptr message, uint32_t how)
{
	struct linux_msghdr head;
	struct converted vector;
	long r = message_in(&head, convert_none(&vector), message);

	(void)c;
	if (r < 0) {
		r = linux_refuse_message(f, how, r);
	} else {
		r = linux_receive_message(f, &head, how);
		if (r >= 0 && header_out(&head, message) < 0)
			r = -EFAULT;
	}
	return convert_end(&vector, 1, r);
}

long
linux_recvmsg(struct call *c, int32_t f, struct guest_ptr message, uint32_t how)
{
	if (as_they_stand(message, 1, sizeof(struct linux_msghdr)))
		return host_call_last(__NR_recvmsg, f, message.addr, how);
	return receive_one(c, f, message, how);
}

struct mmsghdr {
	struct linux_msghdr head;
	uint32_t length, pad;
};

static const struct linux_messages own_messages = {
	.size = sizeof(struct mmsghdr),
	.length_at = offsetof(struct mmsghdr, length),
	.flags_at = offsetof(struct mmsghdr, head.flags),
	.send = send_one,
	.receive = receive_one,
};

long
linux_sendmmsg(struct call *c, int32_t f, struct guest_ptr messages, uint32_t n, uint32_t how)
{
	if (as_they_stand(messages, n < MESSAGES_MAX ? n : MESSAGES_MAX, sizeof(struct mmsghdr)))
		return host_call_last(__NR_sendmmsg, f, messages.addr, n, how);
	return linux_send_many(c, &own_messages, f, messages, n, how);
}

long
linux_recvmmsg(struct call *c, int32_t f, struct guest_ptr messages, uint32_t n, uint32_t how, struct guest_ptr timeout)
{
	struct timespec left;
	long r;

	if (as_they_stand(messages, n < MESSAGES_MAX ? n : MESSAGES_MAX, sizeof(struct mmsghdr)))
		return host_call_last(__NR_recvmmsg, f, messages.addr, n, how, timeout.addr);
	if (!is_null(timeout) && copy_in(&left, timeout, sizeof left) < 0)
		return -EFAULT;
	r = linux_receive_many(c, &own_messages, f, messages, n, how, is_null(timeout) ? NULL : &left);
	return r > 0 && !is_null(timeout) && copy_out(timeout, &left, sizeof left) < 0 ? -EFAULT : r;
}
