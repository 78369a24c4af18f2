/*
 * Sending and receiving. The data stays where it is: iovec is the same on both
 * sides, and the host's kernel checks it. Names and control messages go through
 * the core.
 */
#include "socket.h"

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/linux_abi.h"
#include "core/string.h"
#include "core/thread.h"
#include "linux_numbers.h"

#define MAX_PARTS 1024	 /* UIO_MAXIOV */
#define MAX_CONTROL 2048 /* MCLBYTES: sockargs() */
#define HOST_CONTROL                                                                               \
	4096 /* room for what 2048 bytes of the guest's become, and for what the host sends */

/* ---- errors of a send ---- */

/* A stream that never was connected: EPIPE on the host, and SIGPIPE. */
static bool
was_never_connected(int s)
{
	struct host_address a = {.dir = -1};
	uint32_t len = sizeof a.bytes;

	if (socket_is_connected(s) || core_call(__NR_getsockname, s, a.bytes, &len) < 0)
		return false;
	return (a.family == AF_INET || a.family == AF_INET6) && a.bytes[2] == 0 && a.bytes[3] == 0;
}

/*
 * kern_sendit(): EPIPE comes with SIGPIPE on every kind of socket. The host is
 * told not to send it (SO_NOSIGPIPE is nothing it knows), so it is sent from here.
 */
static long
sent(struct call *c, int s, uint32_t flags, long r)
{
	const struct bsd_sockets *bsd = c->abi->sockets;

	if (r >= 0) {
		if (flags & bsd->message_end)
			core_call(__NR_shutdown, s, SHUT_WR);
		return r;
	}
	if (r != -EPIPE)
		return r;
	if (was_never_connected(s))
		return -ENOTCONN;
	if (!(flags & bsd->message_no_signal) && !(socket_state(s) & SOCKET_NO_SIGPIPE))
		core_call(__NR_tgkill, c->p->pid, c->t->tid,
			  number_to_host(c->abi->signals, (unsigned)bsd->signal_pipe));
	return r;
}

/* sosend(): an address for a socket that has a peer already. The host takes it, or ignores it. */
static long
may_send_to(int s, const struct host_address *a)
{
	if (socket_is_connected(s))
		return -EISCONN;
	if ((a->family == AF_INET || a->family == AF_INET6) && a->bytes[2] == 0 &&
	    a->bytes[3] == 0 && socket_fact(s, SO_TYPE) == SOCK_DGRAM)
		return -EADDRNOTAVAIL; /* in_pcbconnect_setup(): port 0 */
	return 0;
}

/* The host's flags; the descriptor is looked at before one that nobody knows is refused. */
static long
message_flags(struct call *c, int s, uint32_t flags)
{
	long host = flags_to_host(c->abi->sockets->message_flags, flags), type;

	if (host >= 0)
		return host;
	type = socket_fact(s, SO_TYPE);
	return type < 0 ? type : host;
}

/* ---- send ---- */

long
bsd_sendto(struct call *c, int32_t s, struct guest_ptr buf, uint64_t n, int32_t flags,
	   struct guest_ptr to, uint32_t tolen)
{
	long host = message_flags(c, s, (uint32_t)flags), r;
	struct host_address a;

	if (is_null(to)) {
		if (host < 0)
			return host;
		r = host_call(__NR_sendto, s, buf.addr, n, host | MSG_NOSIGNAL, 0, 0);
		return sent(c, s, (uint32_t)flags, r);
	}
	r = address_to_host(c, AT_FDCWD, PATH_FOLLOW, to, tolen, &a);
	if (r == 0 && host < 0)
		r = host;
	if (r == 0)
		r = may_send_to(s, &a);
	if (r == 0) {
		r = host_call(__NR_sendto, s, buf.addr, n, host | MSG_NOSIGNAL, a.bytes, a.len);
		r = sent(c, s, (uint32_t)flags, r);
	}
	host_address_done(&a);
	return r;
}

/* Each message of the guest's control buffer; a length that does not fit ends it with EINVAL. */
static long
control_to_host(struct call *c, int s, const struct bsd_msghdr *m, struct control *to)
{
	char given[MAX_CONTROL];
	size_t at = 0;

	if (m->controllen < sizeof(struct bsd_cmsghdr) || m->controllen > sizeof given)
		return -EINVAL;
	if (copy_in(given, guest(m->control), m->controllen) < 0)
		return -EFAULT;
	while (at + sizeof(struct bsd_cmsghdr) <= m->controllen) {
		struct bsd_cmsghdr h;
		long r;

		memcpy(&h, given + at, sizeof h);
		if (h.len < sizeof h || h.len > m->controllen - at)
			return -EINVAL;
		r = c->abi->sockets->control_to_host(
			c, s, &h, given + at + BSD_CMSG_DATA,
			h.len > BSD_CMSG_DATA ? h.len - BSD_CMSG_DATA : 0, to);
		if (r < 0)
			return r;
		at += BSD_CMSG_ALIGN(h.len);
	}
	return to->truncated ? -EINVAL : 0;
}

/* The header, and its vector as the host is given it. 0 or -errno; convert_end() in any case. */
static long
load_header(struct call *c, struct bsd_msghdr *m, struct converted *parts, struct guest_ptr message)
{
	if (copy_in(m, message, sizeof *m) < 0)
		return -EFAULT;
	if ((uint32_t)m->iovlen > MAX_PARTS)
		return -EMSGSIZE;
	return convert_memory(parts, c->abi->sockets->part, guest(m->iov), (uint32_t)m->iovlen);
}

static long
send_message(struct call *c, int s, const struct bsd_msghdr *m, const struct converted *parts, uint32_t flags,
	     struct host_address *a)
{
	char space[HOST_CONTROL] __attribute__((aligned(8)));
	struct control control = {space, 0, sizeof space, false};
	struct host_msghdr h = {.iov = (uintptr_t)parts->host, .iovlen = (uint32_t)m->iovlen};
	long host = message_flags(c, s, flags), r = 0;

	if (host < 0)
		return host;
	if (m->control)
		r = control_to_host(c, s, m, &control);
	if (r == 0 && m->name)
		r = may_send_to(s, a);
	if (r < 0)
		return r;
	if (m->name) {
		h.name = a->bytes;
		h.namelen = a->len;
	}
	if (control.n) {
		h.control = space;
		h.controllen = control.n;
	}
	r = host_call(__NR_sendmsg, s, &h, host | MSG_NOSIGNAL);
	return sent(c, s, flags, r);
}

long
bsd_sendmsg(struct call *c, int32_t s, struct guest_ptr message, int32_t flags)
{
	struct host_address a = {.dir = -1};
	struct converted parts;
	struct bsd_msghdr m;
	long r = load_header(c, &m, convert_none(&parts), message);

	if (r == 0 && m.name)
		r = address_to_host(c, AT_FDCWD, PATH_FOLLOW, guest(m.name), m.namelen, &a);
	if (r == 0)
		r = send_message(c, s, &m, &parts, (uint32_t)flags, &a);
	host_address_done(&a);
	return convert_end(&parts, 1, r);
}

/* ---- receive ---- */

/* Where a message came from; a datagram of a local socket without a name comes from `unnamed`. */
static void
sender(struct call *c, int s, const struct host_address *a, struct guest_address *g)
{
	bool is_local = a->len == 0 && socket_fact(s, SO_DOMAIN) == AF_UNIX;

	/* unp_connect() streams have no address with the data. */
	if (a->len >= 2 && a->family == AF_UNIX && socket_fact(s, SO_TYPE) == SOCK_STREAM)
		memset(g, 0, sizeof *g);
	else if (is_local && socket_fact(s, SO_TYPE) == SOCK_STREAM)
		memset(g, 0, sizeof *g);
	else
		address_to_guest(c, a, is_local, g);
}

long
bsd_recvfrom(struct call *c, int32_t s, struct guest_ptr buf, uint64_t n, int32_t flags,
	     struct guest_ptr from, struct guest_ptr fromlen)
{
	long host = message_flags(c, s, (uint32_t)flags), r, stored;
	struct host_address a = {.dir = -1};
	struct guest_address g;
	uint32_t len = sizeof a.bytes, room;

	if (!is_null(fromlen) && load_u32(&room, fromlen) < 0)
		return -EFAULT;
	if (host < 0)
		return host;
	if (is_null(from) || is_null(fromlen))
		return host_call(__NR_recvfrom, s, buf.addr, n, host, 0, 0);
	r = host_call(__NR_recvfrom, s, buf.addr, n, host, a.bytes, &len);
	if (r < 0)
		return r;
	a.len = len;
	sender(c, s, &a, &g);
	stored = address_out(&g, from, fromlen);
	return stored < 0 ? stored : r;
}

/*
 * What came with the message, in the guest's form; what does not fit is dropped, its descriptors
 * closed.
 */
static long
control_out(struct call *c, int s, const struct host_msghdr *h, struct bsd_msghdr *m)
{
	char space[MAX_CONTROL] __attribute__((aligned(8)));
	struct control to = {space, 0, m->controllen < sizeof space ? m->controllen : sizeof space,
			     false};
	const char *from = h->control;
	size_t at = 0;

	while (at + sizeof(struct host_cmsghdr) <= h->controllen) {
		struct host_cmsghdr one;

		memcpy(&one, from + at, sizeof one);
		if (one.len < sizeof one || one.len > h->controllen - at)
			break;
		c->abi->sockets->control_to_guest(c, s, &one, from + at + HOST_CMSG_DATA,
						  one.len - HOST_CMSG_DATA, &to);
		at += (one.len + 7) & ~(size_t)7;
	}
	if (to.truncated)
		m->flags |= (int32_t)c->abi->sockets->message_control_truncated;
	m->controllen = (uint32_t)to.n;
	return copy_out(guest(m->control), space, to.n);
}

/* The answer's parts, after the data is in place. */
static long
received(struct call *c, int s, struct guest_ptr message, struct bsd_msghdr *m, uint32_t flags,
	 const struct host_msghdr *h, struct host_address *a)
{
	const struct bsd_sockets *bsd = c->abi->sockets;
	struct guest_address g;
	long r = 0;

	/* soreceive() adds to the flags it was called with. */
	m->flags = (int32_t)(flags |
			     (flags_to_guest(bsd->message_flags, h->flags) & bsd->message_kept));
	if (m->name) {
		a->len = (uint32_t)h->namelen;
		sender(c, s, a, &g);
		if (m->namelen > g.len)
			m->namelen = g.len;
		r = copy_out(guest(m->name), g.bytes, m->namelen);
	}
	if (r == 0 && m->control)
		r = control_out(c, s, h, m);
	else if (r == 0)
		m->controllen = 0;
	return r < 0 ? r : copy_out(message, m, sizeof *m);
}

static bool
may_wait(int s, long flags)
{
	return !(flags & MSG_DONTWAIT) && !(core_call(__NR_fcntl, s, 3 /* F_GETFL */) & O_NONBLOCK);
}

/* Until there is something to receive, or as long as SO_RCVTIMEO says. */
static long
wait_for_message(int s)
{
	struct {
		int32_t fd;
		int16_t events, revents;
	} p = {s, 1 /* POLLIN */, 0};
	struct __kernel_timespec limit = {0, 0};
	uint32_t size = sizeof limit;
	long r;

	/* Filled as a timeval. */
	core_call(__NR_getsockopt, s, SOL_SOCKET, SO_RCVTIMEO, &limit, &size);
	limit.tv_nsec *= 1000;
	r = host_call(__NR_ppoll, &p, 1, limit.tv_sec || limit.tv_nsec ? &limit : NULL, 0,
		      sizeof(uint64_t));
	return r == 0 ? -EAGAIN : r;
}

/*
 * Credentials that a sender attached arrive without the receiver's asking. On the
 * host it has to ask, and is then given those of every message that is sent while
 * it asks: so it asks only for the moment in which it takes a message that is there.
 */
static long
receive_with_creds(int s, struct host_msghdr *h, long flags)
{
	const int on = 1, off = 0;
	const struct host_msghdr fresh = *h;
	long r;

	if (socket_fact(s, SO_DOMAIN) != AF_UNIX || socket_fact(s, SO_PASSCRED) != 0 ||
	    (flags & MSG_WAITALL))
		return host_call(__NR_recvmsg, s, h, flags);
	for (;;) {
		*h = fresh;
		core_call(__NR_setsockopt, s, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
		r = host_call(__NR_recvmsg, s, h, flags | MSG_DONTWAIT);
		core_call(__NR_setsockopt, s, SOL_SOCKET, SO_PASSCRED, &off, sizeof off);
		if (r != -EAGAIN || !may_wait(s, flags))
			return r;
		r = wait_for_message(s);
		if (r < 0)
			return r;
	}
}

static long
receive_message(struct call *c, int s, struct guest_ptr message, struct bsd_msghdr *m, const struct converted *parts,
		uint32_t flags)
{
	char space[HOST_CONTROL] __attribute__((aligned(8)));
	struct host_address a = {.dir = -1};
	struct host_msghdr h = {.iov = (uintptr_t)parts->host, .iovlen = (uint32_t)m->iovlen};
	long host = message_flags(c, s, flags), n, r;

	if (host < 0)
		return host;
	if (m->name) {
		h.name = a.bytes;
		h.namelen = sizeof a.bytes;
	}
	if (m->control) {
		h.control = space;
		h.controllen = sizeof space;
	}
	n = m->control && m->controllen >= c->abi->sockets->creds_room
		    ? receive_with_creds(s, &h, host)
		    : host_call(__NR_recvmsg, s, &h, host);
	if (n < 0)
		return n;
	r = received(c, s, message, m, flags, &h, &a);
	return r < 0 ? r : n;
}

long
bsd_recvmsg(struct call *c, int32_t s, struct guest_ptr message, int32_t flags)
{
	struct converted parts;
	struct bsd_msghdr m;
	long r = load_header(c, &m, convert_none(&parts), message);

	if (r == 0)
		r = receive_message(c, s, message, &m, &parts, (uint32_t)flags);
	return convert_end(&parts, 1, r);
}

/* ---- control messages ---- */

void
control_add_host(struct control *to, int level, int type, const void *data, size_t n)
{
	struct host_cmsghdr h = {HOST_CMSG_DATA + n, level, type};
	size_t whole = (h.len + 7) & ~(size_t)7;

	if (whole > to->size - to->n) {
		to->truncated = true;
		return;
	}
	memset(to->at + to->n, 0, whole);
	memcpy(to->at + to->n, &h, sizeof h);
	memcpy(to->at + to->n + HOST_CMSG_DATA, data, n);
	to->n += whole;
}

bool
control_add_guest(struct control *to, int level, int type, const void *data, size_t n)
{
	struct bsd_cmsghdr h = {(uint32_t)(BSD_CMSG_DATA + n), level, type};
	size_t whole = BSD_CMSG_ALIGN(h.len);

	/* The last one may lack its padding: a buffer of CMSG_LEN bytes is enough. */
	if (h.len > to->size - to->n) {
		to->truncated = true;
		return false;
	}
	if (whole > to->size - to->n)
		whole = to->size - to->n;
	memset(to->at + to->n, 0, whole);
	memcpy(to->at + to->n, &h, sizeof h);
	memcpy(to->at + to->n + BSD_CMSG_DATA, data, n);
	to->n += whole;
	return true;
}
