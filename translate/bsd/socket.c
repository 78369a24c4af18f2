/*
 * Making sockets, connecting them, their names. Where the kernels disagree it is
 * mostly about which error; each such place says whose rule it follows
 * (kern/uipc_socket.c, uipc_syscalls.c, uipc_usrreq.c; netinet/in_pcb.c).
 */
#include "socket.h"

#include "core/copy.h"
#include "core/core.h"
#include "core/host.h"
#include "core/linux_abi.h"
#include "linux_numbers.h"

long
socket_fact(int fd, int option)
{
	int value = 0;
	uint32_t size = sizeof value;
	long r = core_call(__NR_getsockopt, fd, SOL_SOCKET, option, &value, &size);

	return r < 0 ? r : value;
}

bool
socket_is_connected(int fd)
{
	struct host_address a;
	uint32_t len = sizeof a.bytes;

	return core_call(__NR_getpeername, fd, a.bytes, &len) == 0;
}

static bool
is_local(int fd)
{
	return socket_fact(fd, SO_DOMAIN) == AF_UNIX;
}

static uint16_t
port_of(const struct host_address *a)
{
	return (uint16_t)((uint8_t)a->bytes[2] << 8 | (uint8_t)a->bytes[3]);
}

static bool
is_internet(const struct host_address *a)
{
	return a->family == AF_INET || a->family == AF_INET6;
}

/* ---- socket, socketpair ---- */

/* socreate(): which of "no such domain, type, protocol" an unknown triple is. */
static long
creation_error(long r, uint32_t type, int protocol)
{
	switch (r) {
	case -EINVAL:
	case -ESOCKTNOSUPPORT:
	case -EPROTONOSUPPORT:
	case -EPROTOTYPE:
	case -EOPNOTSUPP:
		return protocol == 0 && type != 0 ? -EPROTOTYPE : -EPROTONOSUPPORT;
	default:
		return r;
	}
}

/* The host's family and type, or -errno. */
static long
kind_to_host(const struct bsd_sockets *bsd, int domain, uint32_t type, int protocol, int *family)
{
	const struct flag *f = value_of_guest(bsd->families, (uint32_t)domain);
	uint32_t bare = type & bsd->type_mask;
	long host;

	if (!f || f->kind != FLAG_SAME || f->host == AF_UNSPEC)
		return -EAFNOSUPPORT;
	*family = (int)f->host;
	host = flags_to_host(bsd->types, type);
	/* The host takes a raw local socket for a datagram one, and protocol 1 as its family's own.
	 */
	if (host < 0 || (*family == AF_UNIX && (protocol != 0 || (host & 0xf) == SOCK_RAW)))
		return creation_error(-EINVAL, bare, protocol);
	return host;
}

long
bsd_socket(struct call *c, int32_t domain, uint32_t type, int32_t protocol)
{
	const struct bsd_sockets *bsd = c->abi->sockets;
	const int on = 1;
	int family;
	long host = kind_to_host(bsd, domain, type, protocol, &family), fd;

	if (host < 0)
		return host;
	fd = host_call(__NR_socket, family, host, protocol);
	if (fd < 0)
		return creation_error(fd, type & bsd->type_mask, protocol);
	if (family == AF_INET6 && bsd->v6_only && (host & 0xf) != SOCK_RAW)
		core_call(__NR_setsockopt, fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	return fd;
}

long
bsd_socketpair(struct call *c, int32_t domain, uint32_t type, int32_t protocol,
	       struct guest_ptr pair)
{
	const struct bsd_sockets *bsd = c->abi->sockets;
	int family, fds[2];
	long host = kind_to_host(bsd, domain, type, protocol, &family), r;

	if (host < 0)
		return host;
	/* soconnect2(): only local sockets know how. */
	if (family != AF_UNIX)
		return -EOPNOTSUPP;
	r = host_call(__NR_socketpair, family, host, 0, fds);
	if (r < 0)
		return creation_error(r, type & bsd->type_mask, protocol);
	r = copy_out(pair, fds, sizeof fds);
	if (r < 0) {
		core_call(__NR_close, fds[0]);
		core_call(__NR_close, fds[1]);
	}
	return r;
}

/* ---- bind, connect ---- */

static long
bind_at(struct call *c, int dir, int s, struct guest_ptr name, uint32_t namelen)
{
	struct host_address a;
	long r = address_to_host(c, dir, PATH_MAKE, name, namelen, &a);

	if (r == 0)
		r = host_call(__NR_bind, s, a.bytes, a.len);
	host_address_done(&a);
	/* in_pcbbind(): a bound socket stays where it is; the host says the same of local ones. */
	return r;
}

long
bsd_bind(struct call *c, int32_t s, struct guest_ptr name, uint32_t namelen)
{
	return bind_at(c, AT_FDCWD, s, name, namelen);
}

long
bsd_bindat(struct call *c, int32_t dir, int32_t s, struct guest_ptr name, uint32_t namelen)
{
	return bind_at(c, dir, s, name, namelen);
}

/*
 * AF_UNSPEC ends a datagram socket's association, and is an error nonetheless; on
 * the host it would also cut a stream.
 */
static long
connect_nowhere(int s, const struct host_address *a)
{
	long type = socket_fact(s, SO_TYPE);

	if (type < 0)
		return type;
	if (type != SOCK_DGRAM)
		return socket_is_connected(s) ? -EISCONN : -EAFNOSUPPORT;
	host_call(__NR_connect, s, a->bytes, a->len);
	return -EAFNOSUPPORT;
}

/* What the host calls refused is, for a path, ENOTSOCK if no socket is there. */
static long
refused(const struct host_address *a)
{
	uint32_t st[36];

	if (a->family != AF_UNIX || core_call(__NR_stat, a->bytes + 2, st) < 0)
		return -ECONNREFUSED;
	return (st[6] & 0170000) == 0140000 ? -ECONNREFUSED : -ENOTSOCK; /* st_mode, S_IFSOCK */
}

static long
connect_host(int s, const struct host_address *a)
{
	long r;

	if (a->family == AF_UNSPEC)
		return connect_nowhere(s, a);
	/* The host answers 0, once, to the call after one that went on in the background. */
	if (socket_fact(s, SO_TYPE) == SOCK_STREAM && socket_is_connected(s))
		return -EISCONN;
	/* in_pcbconnect_setup() */
	if (is_internet(a) && port_of(a) == 0 && socket_fact(s, SO_TYPE) != SOCK_RAW)
		return socket_fact(s, SO_TYPE) < 0 ? socket_fact(s, SO_TYPE) : -EADDRNOTAVAIL;
	r = host_call(__NR_connect, s, a->bytes, a->len);
	return r == -ECONNREFUSED ? refused(a) : r;
}

static long
connect_at(struct call *c, int dir, int s, struct guest_ptr name, uint32_t namelen)
{
	struct host_address a;
	long r = address_to_host(c, dir, PATH_FOLLOW, name, namelen, &a);

	if (r == 0)
		r = connect_host(s, &a);
	host_address_done(&a);
	return r;
}

long
bsd_connect(struct call *c, int32_t s, struct guest_ptr name, uint32_t namelen)
{
	return connect_at(c, AT_FDCWD, s, name, namelen);
}

long
bsd_connectat(struct call *c, int32_t dir, int32_t s, struct guest_ptr name, uint32_t namelen)
{
	return connect_at(c, dir, s, name, namelen);
}

/* ---- listen, accept ---- */

/* uipc_listen(): a local socket without a name wants one first. */
long
bsd_listen(struct call *c, int32_t s, int32_t backlog)
{
	long r = host_call(__NR_listen, s, backlog);

	(void)c;
	if (r == -EINVAL && is_local(s) && !socket_is_connected(s))
		return -EDESTADDRREQ;
	return r;
}

static long
accept_host(struct call *c, int s, struct guest_ptr name, struct guest_ptr namelen, int flags)
{
	struct host_address a = {.dir = -1};
	struct guest_address g;
	uint32_t len = sizeof a.bytes, room;
	long fd, r;

	if (is_null(name)) {
		fd = host_call(__NR_accept4, s, 0, 0, flags);
		return fd == -EOPNOTSUPP ? -EINVAL : fd;
	}
	r = load_u32(&room, namelen);
	if (r < 0)
		return r;
	if (room > INT32_MAX)
		return -EINVAL;
	fd = host_call(__NR_accept4, s, a.bytes, &len, flags);
	if (fd < 0)
		return fd == -EOPNOTSUPP ? -EINVAL : fd; /* not one that listens */
	a.len = len;
	address_to_guest(c, &a, len <= 2 && is_local((int)fd), &g);
	r = address_out(&g, name, namelen);
	if (r < 0)
		core_call(__NR_close, fd);
	return r < 0 ? r : fd;
}

/* The new socket does not wait if the one that listens does not. */
long
bsd_accept(struct call *c, int32_t s, struct guest_ptr name, struct guest_ptr namelen)
{
	long state = core_call(__NR_fcntl, s, 3 /* F_GETFL */);

	return accept_host(c, s, name, namelen,
			   state > 0 && (state & O_NONBLOCK) ? SOCK_NONBLOCK : 0);
}

long
bsd_accept4(struct call *c, int32_t s, struct guest_ptr name, struct guest_ptr namelen,
	    uint32_t flags)
{
	long host = flags_to_host(c->abi->sockets->accept_flags, flags);

	return host < 0 ? host : accept_host(c, s, name, namelen, (int)host);
}

/* ---- names, shutdown ---- */

static long
name_out(struct call *c, struct host_nr nr, int s, struct guest_ptr name, struct guest_ptr namelen)
{
	struct host_address a = {.dir = -1};
	struct guest_address g;
	uint32_t len = sizeof a.bytes, room;
	long r = load_u32(&room, namelen);

	if (r < 0)
		return r;
	if (room > INT32_MAX)
		return -EINVAL;
	r = host_call_nr(nr, s, a.bytes, &len);
	if (r < 0)
		return r;
	a.len = len;
	address_to_guest(c, &a, false, &g);
	return address_out(&g, name, namelen);
}

long
bsd_getsockname(struct call *c, int32_t s, struct guest_ptr name, struct guest_ptr namelen)
{
	return name_out(c, HOST_NR(__NR_getsockname), s, name, namelen);
}

long
bsd_getpeername(struct call *c, int32_t s, struct guest_ptr name, struct guest_ptr namelen)
{
	return name_out(c, HOST_NR(__NR_getpeername), s, name, namelen);
}

/* soshutdown(): one that listens is woken, and the answer is ENOTCONN. */
long
bsd_shutdown(struct call *c, int32_t s, int32_t how)
{
	bool listens = socket_fact(s, SO_ACCEPTCONN) > 0;
	long r;

	if ((uint32_t)how > SHUT_RDWR && options.release >= c->abi->sockets->shutdown_checks_first)
		return -EINVAL;
	r = host_call(__NR_shutdown, s, how);
	return r == 0 && listens ? -ENOTCONN : r;
}
