/* Sockets for the programs socket_*.c: sys/socket.h, netinet/in.h, sys/un.h. */
#ifndef CONFORMANCE_FREEBSD_GUEST_SOCKET_H
#define CONFORMANCE_FREEBSD_GUEST_SOCKET_H

#include "guest.h"

enum {
	SYS_recvmsg = 27, SYS_sendmsg = 28, SYS_recvfrom = 29, SYS_accept = 30,
	SYS_getpeername = 31, SYS_getsockname = 32, SYS_fcntl = 92, SYS_socket = 97,
	SYS_connect = 98, SYS_bind = 104, SYS_setsockopt = 105, SYS_listen = 106,
	SYS_getsockopt = 118, SYS_sendto = 133, SYS_shutdown = 134, SYS_socketpair = 135,
	SYS_mkdir = 136, SYS_poll = 209, SYS_bindat = 538, SYS_connectat = 539, SYS_accept4 = 541,
};
enum { AF_UNSPEC = 0, AF_LOCAL = 1, AF_INET = 2, AF_ROUTE = 17, AF_LINK = 18, AF_INET6 = 28 };
enum {
	SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_RDM = 4, SOCK_SEQPACKET = 5,
	SOCK_CLOEXEC = 0x10000000, SOCK_NONBLOCK = 0x20000000,
};
enum {
	IPPROTO_IP = 0, IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_IPV6 = 41, SOL_SOCKET = 0xffff,
	SOL_LOCAL = 0,
};
enum {
	MSG_PEEK = 0x2, MSG_EOR = 0x8, MSG_TRUNC = 0x10, MSG_CTRUNC = 0x20, MSG_WAITALL = 0x40,
	MSG_DONTWAIT = 0x80, MSG_EOF = 0x100, MSG_NOSIGNAL = 0x20000, MSG_CMSG_CLOEXEC = 0x40000,
};
enum { SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2 };
enum {
	SO_ACCEPTCONN = 0x2, SO_REUSEADDR = 0x4, SO_KEEPALIVE = 0x8, SO_LINGER = 0x80,
	SO_TIMESTAMP = 0x400, SO_NOSIGPIPE = 0x800, SO_SNDBUF = 0x1001, SO_RCVBUF = 0x1002,
	SO_RCVTIMEO = 0x1006, SO_ERROR = 0x1007, SO_TYPE = 0x1008, SO_USER_COOKIE = 0x1015,
	SO_PROTOCOL = 0x1016, SO_TS_CLOCK = 0x1017, SO_DOMAIN = 0x1019,
};
enum { SCM_RIGHTS = 1, SCM_TIMESTAMP = 2, SCM_CREDS = 3, SCM_REALTIME = 5, SCM_CREDS2 = 8 };
enum { F_GETFD = 1, F_GETFL = 3, F_SETFL = 4, FD_CLOEXEC = 1, O_NONBLOCK = 4, AT_FDCWD = -100 };
enum { SIGPIPE = 13, SIG_DFL = 0, SIG_IGN = 1 };
enum { O_RDONLY = 0, O_DIRECTORY = 0x20000 };

struct sockaddr_in {
	uint8_t len, family;
	uint16_t port;
	uint8_t addr[4];
	char zero[8];
};
struct sockaddr_in6 {
	uint8_t len, family;
	uint16_t port;
	uint32_t flowinfo;
	uint8_t addr[16];
	uint32_t scope;
};
struct sockaddr_un {
	uint8_t len, family;
	char path[104];
};
struct iovec {
	void *base;
	size_t len;
};
struct msghdr {
	void *name;
	uint32_t namelen;
	struct iovec *iov;
	int iovlen;
	void *control;
	uint32_t controllen;
	int flags;
};
struct cmsghdr {
	uint32_t len;
	int level, type;
};
#define CMSG_HEAD 16	/* _ALIGN(sizeof(struct cmsghdr)) */
#define CMSG_LEN(n) (CMSG_HEAD + (n))
#define CMSG_SPACE(n) (CMSG_HEAD + (((n) + 7) & ~7))

struct sigaction {
	long handler;
	int flags;
	uint32_t mask[4];
};

static struct sockaddr_in loopback = {sizeof(struct sockaddr_in), AF_INET, 0, {127, 0, 0, 1}, {0}};

static inline void
on_sigpipe(long action)
{
	struct sigaction act = {action, 0, {0}};

	CHECK_IS(call(SYS_sigaction, SIGPIPE, &act, NULL), 0);
}

static inline long
option_of(long s, int level, int option)
{
	int value = -1;
	uint32_t size = sizeof value;
	long r = call(SYS_getsockopt, s, level, option, &value, &size);

	return r < 0 ? r : size != sizeof value ? -1000 - (long)size : value;
}

static inline long
set_option(long s, int level, int option, int value)
{
	return call(SYS_setsockopt, s, level, option, &value, sizeof value);
}

static inline void
close_both(const int ends[2])
{
	CHECK_IS(call(SYS_close, ends[0]), 0);
	CHECK_IS(call(SYS_close, ends[1]), 0);
}

/* A stream that listens on a port of the kernel's choice, left in *at. */
static inline long
listener(struct sockaddr_in *at, int flags)
{
	uint32_t len = sizeof *at;
	long s = call(SYS_socket, AF_INET, SOCK_STREAM | flags, 0);

	CHECK_IS(call(SYS_bind, s, &loopback, sizeof loopback), 0);
	CHECK_IS(call(SYS_listen, s, 5), 0);
	CHECK_IS(call(SYS_getsockname, s, at, &len), 0);
	CHECK_IS(len, sizeof *at);
	return s;
}

/* Both ends of a stream over the loopback. */
static inline void
connected_pair(int ends[2])
{
	struct sockaddr_in at;
	long l = listener(&at, 0);

	ends[0] = (int)call(SYS_socket, AF_INET, SOCK_STREAM, 0);
	CHECK_IS(call(SYS_connect, ends[0], &at, sizeof at), 0);
	ends[1] = (int)call(SYS_accept, l, NULL, NULL);
	CHECK(ends[1] > 0);
	CHECK_IS(call(SYS_close, l), 0);
}

static inline long
datagram_socket(struct sockaddr_in *at)
{
	uint32_t len = sizeof *at;
	long s = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	CHECK_IS(call(SYS_bind, s, &loopback, sizeof loopback), 0);
	CHECK_IS(call(SYS_getsockname, s, at, &len), 0);
	return s;
}

#endif
