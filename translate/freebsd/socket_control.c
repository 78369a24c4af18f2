/*
 * Control messages: descriptors, credentials, time stamps, packet information
 * (kern/uipc_usrreq.c, unp_internalize(), unp_externalize(); netinet/ip_input.c,
 * ip_savecontrol()).
 */
#include "socket.h"

#include "freebsd.h"

#include "core/fd.h"
#include "core/host.h"
#include "core/linux_abi.h"
#include "core/string.h"
#include "linux_numbers.h"

#define GROUPS 16 /* CMGROUP_MAX */

struct cmsgcred {
	int32_t pid;
	uint32_t uid, euid, gid;
	int16_t ngroups, pad;
	uint32_t groups[GROUPS];
};
_Static_assert(sizeof(struct cmsgcred) == 84, "sys/socket.h");

struct sockcred {
	uint32_t uid, euid, gid, egid;
	int32_t ngroups;
	uint32_t groups[1];
};

struct sockcred2 {
	int32_t version, pid;
	uint32_t uid, euid, gid, egid;
	int32_t ngroups;
	uint32_t groups[1];
};

struct host_ucred {
	int32_t pid;
	uint32_t uid, gid;
};

struct bintime {
	int64_t sec;
	uint64_t frac;
};

struct freebsd_sockaddr_dl { /* net/if_dl.h */
	uint8_t len, family;
	uint16_t index;
	uint8_t type, nlen, alen, slen;
	char data[46];
};
_Static_assert(sizeof(struct freebsd_sockaddr_dl) == 54, "net/if_dl.h");

/* ---- to the host ---- */

static long
rights_to_host(const char *data, size_t n, struct control *to)
{
	int fd;

	for (size_t i = 0; i + sizeof fd <= n; i += sizeof fd) {
		memcpy(&fd, data + i, sizeof fd);
		if (core_fd_reserved(fd))
			return -EBADF;
	}
	control_add_host(to, SOL_SOCKET, SCM_RIGHTS, data, n & ~(sizeof fd - 1));
	return 0;
}

/* The struct is only room: the kernel fills in who the sender is. */
static void
creds_to_host(struct control *to)
{
	struct host_ucred u = {(int)core_call(__NR_getpid), (uint32_t)core_call(__NR_getuid),
			       (uint32_t)core_call(__NR_getgid)};

	control_add_host(to, SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof u);
}

static long
ip_to_host(int type, const char *data, size_t n, struct control *to)
{
	struct in_pktinfo info = {0};

	switch (type) {
	case FREEBSD_IP_SENDSRCADDR:
		if (n < sizeof info.ipi_spec_dst)
			return -EINVAL;
		memcpy(&info.ipi_spec_dst, data, sizeof info.ipi_spec_dst);
		control_add_host(to, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
		return 0;
	case FREEBSD_IP_TOS:
		if (n < 1)
			return -EINVAL;
		control_add_host(to, IPPROTO_IP, IP_TOS, data, 1);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

long
freebsd_control_to_host(struct call *c, int fd, const struct bsd_cmsghdr *h, const char *data,
			size_t n, struct control *to)
{
	const struct flag *row;

	(void)c;
	(void)fd;
	switch (h->level) {
	case FREEBSD_SOL_SOCKET:
		if (h->type == FREEBSD_SCM_RIGHTS)
			return rights_to_host(data, n, to);
		if (h->type != FREEBSD_SCM_CREDS)
			return -EINVAL;
		creds_to_host(to);
		return 0;
	case FREEBSD_IPPROTO_IP:
		return ip_to_host(h->type, data, n, to);
	case FREEBSD_IPPROTO_IPV6:
		row = value_of_guest(&freebsd_ipv6_option, (uint32_t)h->type);
		if (!row || row->kind != FLAG_SAME)
			return -ENOPROTOOPT;
		control_add_host(to, IPPROTO_IPV6, (int)row->host, data, n);
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- to the guest ---- */

/* Descriptors nobody will hear of must not stay open. */
static void
rights_to_guest(const char *data, size_t n, struct control *to)
{
	int fd;

	if (control_add_guest(to, FREEBSD_SOL_SOCKET, FREEBSD_SCM_RIGHTS, data, n))
		return;
	for (size_t i = 0; i + sizeof fd <= n; i += sizeof fd) {
		memcpy(&fd, data + i, sizeof fd);
		core_call(__NR_close, fd);
	}
}

/*
 * Three forms of one thing: the receiver asked for them with LOCAL_CREDS_PERSISTENT,
 * or with LOCAL_CREDS (once), or the sender attached them. The host tells one id
 * of each kind, and no other groups.
 */
static void
creds_to_guest(int fd, const char *data, struct control *to)
{
	unsigned state = socket_state(fd);
	struct host_ucred u;

	memcpy(&u, data, sizeof u);
	if (u.pid == 0) /* there were none */
		return;
	if (state & SOCKET_CREDS_ALWAYS) {
		struct sockcred2 s = {0, u.pid, u.uid, u.uid, u.gid, u.gid, 1, {u.gid}};

		control_add_guest(to, FREEBSD_SOL_SOCKET, FREEBSD_SCM_CREDS2, &s, sizeof s);
	} else if (state & SOCKET_CREDS_ONCE) {
		struct sockcred s = {u.uid, u.uid, u.gid, u.gid, 1, {u.gid}};
		const int off = 0;

		control_add_guest(to, FREEBSD_SOL_SOCKET, FREEBSD_SCM_CREDS, &s, sizeof s);
		socket_state_change(fd, SOCKET_CREDS_ONCE, 0);
		core_call(__NR_setsockopt, fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof off);
	} else {
		struct cmsgcred s = {u.pid, u.uid, u.uid, u.gid, 1, 0, {u.gid}};

		control_add_guest(to, FREEBSD_SOL_SOCKET, FREEBSD_SCM_CREDS, &s, sizeof s);
	}
}

static void
time_to_guest(int fd, const char *data, struct control *to)
{
	unsigned state = socket_state(fd);
	struct __kernel_timespec t, real, up;
	struct bintime b;

	memcpy(&t, data, sizeof t);
	if (state & SOCKET_BINTIME)
		state = SOCKET_TIME_FORM * FREEBSD_SO_TS_BINTIME;
	switch (state / SOCKET_TIME_FORM & 3) {
	case FREEBSD_SO_TS_BINTIME:
		b.sec = t.tv_sec;
		b.frac = (uint64_t)t.tv_nsec * 18446744073ull; /* 2^64 / 10^9 */
		control_add_guest(to, FREEBSD_SOL_SOCKET, FREEBSD_SCM_BINTIME, &b, sizeof b);
		break;
	case FREEBSD_SO_TS_MONOTONIC: /* the host tells the time of day: take the difference off */
		core_call(__NR_clock_gettime, 0 /* CLOCK_REALTIME */, &real);
		core_call(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &up);
		t.tv_sec -= real.tv_sec - up.tv_sec;
		t.tv_nsec -= real.tv_nsec - up.tv_nsec;
		for (; t.tv_nsec < 0; t.tv_nsec += 1000000000)
			t.tv_sec--;
		for (; t.tv_nsec >= 1000000000; t.tv_nsec -= 1000000000)
			t.tv_sec++;
		control_add_guest(to, FREEBSD_SOL_SOCKET, FREEBSD_SCM_MONOTONIC, &t, sizeof t);
		break;
	case FREEBSD_SO_TS_REALTIME:
		control_add_guest(to, FREEBSD_SOL_SOCKET, FREEBSD_SCM_REALTIME, &t, sizeof t);
		break;
	default:
		t.tv_nsec /= 1000; /* struct timeval */
		control_add_guest(to, FREEBSD_SOL_SOCKET, FREEBSD_SCM_TIMESTAMP, &t, sizeof t);
	}
}

static void
packet_to_guest(int fd, const char *data, struct control *to)
{
	unsigned state = socket_state(fd);
	struct freebsd_sockaddr_dl dl = {.len = sizeof dl, .family = FREEBSD_AF_LINK};
	struct in_pktinfo info;

	memcpy(&info, data, sizeof info);
	if (state & SOCKET_IP_DESTINATION)
		control_add_guest(to, FREEBSD_IPPROTO_IP, FREEBSD_IP_RECVDSTADDR, &info.ipi_addr,
				  sizeof info.ipi_addr);
	if (state & SOCKET_IP_INTERFACE) {
		dl.index = (uint16_t)info.ipi_ifindex;
		control_add_guest(to, FREEBSD_IPPROTO_IP, FREEBSD_IP_RECVIF, &dl, sizeof dl);
	}
}

static void
ip_to_guest(int fd, int type, const char *data, struct control *to)
{
	switch (type) {
	case IP_PKTINFO:
		packet_to_guest(fd, data, to);
		break;
	case IP_TTL: /* an int there, its low byte first; one byte here */
		control_add_guest(to, FREEBSD_IPPROTO_IP, FREEBSD_IP_RECVTTL, data, 1);
		break;
	case IP_TOS:
		control_add_guest(to, FREEBSD_IPPROTO_IP, FREEBSD_IP_RECVTOS, data, 1);
		break;
	}
}

void
freebsd_control_to_guest(struct call *c, int fd, const struct host_cmsghdr *h, const char *data,
			 size_t n, struct control *to)
{
	const struct flag *row;

	(void)c;
	switch (h->level) {
	case SOL_SOCKET:
		if (h->type == SCM_RIGHTS)
			rights_to_guest(data, n, to);
		else if (h->type == SCM_CREDENTIALS)
			creds_to_guest(fd, data, to);
		else if (h->type == SO_TIMESTAMPNS)
			time_to_guest(fd, data, to);
		break;
	case IPPROTO_IP:
		ip_to_guest(fd, h->type, data, to);
		break;
	case IPPROTO_IPV6:
		row = value_of_host(&freebsd_ipv6_option, (uint32_t)h->type);
		if (row)
			control_add_guest(to, FREEBSD_IPPROTO_IPV6, (int)row->value, data, n);
		break;
	}
}
