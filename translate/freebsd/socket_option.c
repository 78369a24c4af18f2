/*
 * Options with a meaning of their own (kern/uipc_socket.c, sosetopt() and
 * sogetopt(); netinet/ip_output.c, tcp_usrreq.c; kern/uipc_usrreq.c). The rows are
 * in abi/freebsd/sockopts.tbl.
 */
#include "socket.h"

#include "freebsd.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/string.h"
#include "linux_numbers.h"

/* ---- SOL_SOCKET ---- */

/* sb_max (2 MiB) less what the kernel reckons for its own headers: sbreserve_locked(). */
#define BUFFER_MAX 1864135
#define SEND_LOW_WATER 2048 /* MCLBYTES: soreserve() */

static long
set_buffer(struct option *o, int host)
{
	int v;
	long r = option_load_int(o, &v);

	if (r < 0)
		return r;
	if (v < 1)
		return -EINVAL;
	return v > BUFFER_MAX ? -ENOBUFS : option_host_set(o, SOL_SOCKET, host, v);
}

/* The host answers twice what was asked for: its own headers count there. */
static long
get_buffer(struct option *o, int host)
{
	int v;
	long r = option_host_get(o, SOL_SOCKET, host, &v);

	return r < 0 ? r : option_answer_int(o, v / 2);
}

static long
set_state(struct option *o, unsigned bit)
{
	int on;
	long r = option_load_int(o, &on);

	if (r == 0)
		socket_state_change(o->fd, on ? 0 : bit, on ? bit : 0);
	return r;
}

static long
set_time_stamps(struct option *o, unsigned state)
{
	int on;
	long r = option_load_int(o, &on);

	if (r == 0)
		r = option_host_set(o, SOL_SOCKET, SO_TIMESTAMPNS, on);
	if (r == 0 && state)
		socket_state_change(o->fd, on ? 0 : state, on ? state : 0);
	return r;
}

static long
set_time_form(struct option *o)
{
	int form;
	long r = option_load_int(o, &form);

	if (r < 0)
		return r;
	if (form < FREEBSD_SO_TS_REALTIME_MICRO || form > FREEBSD_SO_TS_MONOTONIC)
		return -EINVAL;
	socket_state_change(o->fd, SOCKET_TIME_FORM * 3, SOCKET_TIME_FORM * (unsigned)form);
	return 0;
}

static long
set_routing_table(struct option *o)
{
	int table;
	long r = option_load_int(o, &table);

	return r < 0 ? r : table == 0 ? 0 : -EINVAL; /* rt_numfibs is 1 */
}

static long
set_socket(struct option *o)
{
	switch (o->row->value) {
	case FREEBSD_SO_NOSIGPIPE:
		return set_state(o, SOCKET_NO_SIGPIPE);
	case FREEBSD_SO_TIMESTAMP:
		return set_time_stamps(o, 0);
	case FREEBSD_SO_BINTIME:
		return set_time_stamps(o, SOCKET_BINTIME);
	case FREEBSD_SO_SNDBUF:
		return set_buffer(o, SO_SNDBUF);
	case FREEBSD_SO_RCVBUF:
		return set_buffer(o, SO_RCVBUF);
	case FREEBSD_SO_TS_CLOCK:
		return set_time_form(o);
	case FREEBSD_SO_SETFIB:
		return set_routing_table(o);
	case FREEBSD_SO_ACCEPTFILTER: /* accept_filt_setopt(): none is loaded */
		return socket_fact(o->fd, SO_ACCEPTCONN) > 0 ? -ENOENT : -EINVAL;
	default:
		return -ENOPROTOOPT;
	}
}

/* The next two words of a listening stream's tcp_info are its queue and the queue's limit. */
static long
get_queue(struct option *o, bool limit)
{
	struct tcp_info info = {0};
	uint32_t size = sizeof info;

	if (socket_fact(o->fd, SO_ACCEPTCONN) <= 0)
		return -EINVAL;
	if (host_call(__NR_getsockopt, o->fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return -ENOPROTOOPT;
	return option_answer_int(o, (int)(limit ? info.tcpi_sacked : info.tcpi_unacked));
}

static long
get_domain(struct option *o)
{
	const struct flag *f =
		value_of_host(&freebsd_family, (uint64_t)socket_fact(o->fd, SO_DOMAIN));

	return f ? option_answer_int(o, (int)f->value) : -ENOPROTOOPT;
}

static long
get_error(struct option *o)
{
	int e, guest_number;
	long r = option_host_get(o, SOL_SOCKET, SO_ERROR, &e);

	if (r < 0)
		return r;
	guest_number = e ? number_to_guest(&freebsd_errnos, (unsigned)e) : 0;
	return option_answer_int(o, guest_number < 0 ? FREEBSD_EIO : guest_number);
}

static long
get_flag(struct option *o, bool on)
{
	return option_answer_int(o, on ? (int)o->row->value : 0);
}

static long
get_time_stamps(struct option *o, bool bintime)
{
	bool is_bintime = socket_state(o->fd) & SOCKET_BINTIME;

	return get_flag(o, is_bintime == bintime && socket_fact(o->fd, SO_TIMESTAMPNS) > 0);
}

static long
get_socket(struct option *o)
{
	switch (o->row->value) {
	case FREEBSD_SO_NOSIGPIPE:
		return get_flag(o, socket_state(o->fd) & SOCKET_NO_SIGPIPE);
	case FREEBSD_SO_TIMESTAMP:
		return get_time_stamps(o, false);
	case FREEBSD_SO_BINTIME:
		return get_time_stamps(o, true);
	case FREEBSD_SO_SNDBUF:
		return get_buffer(o, SO_SNDBUF);
	case FREEBSD_SO_RCVBUF:
		return get_buffer(o, SO_RCVBUF);
	case FREEBSD_SO_SNDLOWAT:
		return option_answer_int(o, SEND_LOW_WATER);
	case FREEBSD_SO_ERROR:
		return get_error(o);
	case FREEBSD_SO_DOMAIN:
		return get_domain(o);
	case FREEBSD_SO_TS_CLOCK:
		return option_answer_int(o, (int)(socket_state(o->fd) / SOCKET_TIME_FORM & 3));
	case FREEBSD_SO_LISTENQLIMIT:
		return get_queue(o, true);
	case FREEBSD_SO_LISTENQLEN:
		return get_queue(o, false);
	case FREEBSD_SO_LISTENINCQLEN: /* the host does not tell */
		return option_answer_int(o, 0);
	case FREEBSD_SO_ACCEPTFILTER:
		return -EINVAL;
	default:
		return -ENOPROTOOPT;
	}
}

/*
 * Options that are bits of so_options answer the bit, SO_LINGER in its first word; the host
 * answers 1.
 */
static void
answer_socket(const struct option *o, void *value, uint32_t size)
{
	const uint64_t bits = 0xfff | FREEBSD_SO_REUSEPORT_LB;
	uint32_t word;

	if (!(o->row->value & bits) || (o->row->value & ~bits) || size < sizeof word)
		return;
	memcpy(&word, value, sizeof word);
	word = word ? (uint32_t)o->row->value : 0;
	memcpy(value, &word, sizeof word);
}

/* ---- SOL_LOCAL ---- */

struct freebsd_xucred { /* sys/ucred.h */
	uint32_t version, uid;
	int16_t ngroups;
	uint32_t groups[16], pad1;
	int32_t pid, pad2; /* in a union with a pointer */
};
_Static_assert(sizeof(struct freebsd_xucred) == 88, "sys/ucred.h");

static long
get_peer(struct option *o)
{
	struct {
		int32_t pid;
		uint32_t uid, gid;
	} host = {0};
	struct freebsd_xucred x = {0};
	uint32_t size = sizeof host, groups[16], n = sizeof groups;
	long r = host_call(__NR_getsockopt, o->fd, SOL_SOCKET, SO_PEERCRED, &host, &size);

	if (r < 0)
		return r;
	if (host.pid == 0 && host.uid == (uint32_t)-1)
		return socket_fact(o->fd, SO_TYPE) == SOCK_STREAM ? -ENOTCONN : -EINVAL;
	x.uid = host.uid;
	x.pid = host.pid;
	x.groups[0] = host.gid;
	x.ngroups = 1;
	if (host_call(__NR_getsockopt, o->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) == 0)
		for (uint32_t i = 0; i < n / sizeof *groups && x.ngroups < 16; i++)
			if (groups[i] != host.gid)
				x.groups[x.ngroups++] = groups[i];
	return option_answer(o, &x, sizeof x);
}

static unsigned
creds_bit(const struct option *o)
{
	return o->row->value == FREEBSD_LOCAL_CREDS ? SOCKET_CREDS_ONCE : SOCKET_CREDS_ALWAYS;
}

/* uipc_ctloutput(): one of the two forms at a time. */
static long
set_local(struct option *o)
{
	const unsigned both = SOCKET_CREDS_ONCE | SOCKET_CREDS_ALWAYS;
	unsigned bit = creds_bit(o);
	int on;
	long r;

	if (o->row->value == FREEBSD_LOCAL_PEERCRED)
		return -ENOPROTOOPT;
	r = option_load_int(o, &on);
	if (r < 0)
		return r;
	if (on && (socket_state(o->fd) & both & ~bit))
		return -EINVAL;
	r = option_host_set(o, SOL_SOCKET, SO_PASSCRED, on);
	if (r == 0)
		socket_state_change(o->fd, on ? 0 : bit, on ? bit : 0);
	return r;
}

static long
get_local(struct option *o)
{
	if (o->row->value == FREEBSD_LOCAL_PEERCRED)
		return get_peer(o);
	return option_answer_int(o, (socket_state(o->fd) & creds_bit(o)) != 0);
}

/* ---- IPPROTO_IP, IPPROTO_IPV6 ---- */

static long
set_packet_info(struct option *o, unsigned bit)
{
	const unsigned both = SOCKET_IP_DESTINATION | SOCKET_IP_INTERFACE;
	int on;
	long r = option_load_int(o, &on);

	if (r < 0)
		return r;
	r = option_host_set(o, IPPROTO_IP, IP_PKTINFO, on || (socket_state(o->fd) & both & ~bit));
	if (r == 0)
		socket_state_change(o->fd, on ? 0 : bit, on ? bit : 0);
	return r;
}

/*
 * Where ports for unnamed sockets come from: high is the default, low needs what nobody has here.
 */
static long
set_port_range(struct option *o)
{
	int range;
	long r = option_load_int(o, &range);

	if (r < 0)
		return r;
	if (range == FREEBSD_IP_PORTRANGE_LOW)
		return -EACCES;
	return range == FREEBSD_IP_PORTRANGE_DEFAULT || range == FREEBSD_IP_PORTRANGE_HIGH
		       ? 0
		       : -EINVAL;
}

/* struct ip_mreq_source: group, source, interface here; group, interface, source there. */
static long
set_ip_source(struct option *o, int host)
{
	uint32_t m[3], swapped[3];

	if (o->size < sizeof m)
		return -EINVAL;
	if (copy_in(m, o->value, sizeof m) < 0)
		return -EFAULT;
	swapped[0] = m[0];
	swapped[1] = m[2];
	swapped[2] = m[1];
	return host_call(__NR_setsockopt, o->fd, IPPROTO_IP, host, swapped, sizeof swapped);
}

/* struct group_req, group_source_req: an interface, then one or two addresses of 128 bytes. */
static long
set_group(struct option *o, int host, unsigned addresses)
{
	uint8_t m[8 + 2 * 128];
	uint32_t size = 8 + addresses * 128;

	if (o->size < size)
		return -EINVAL;
	if (copy_in(m, o->value, size) < 0)
		return -EFAULT;
	for (unsigned i = 0; i < addresses; i++) {
		uint8_t *a = m + 8 + i * 128;
		const struct flag *f = value_of_guest(&freebsd_family, a[1]);
		uint16_t family = f && f->kind == FLAG_SAME ? (uint16_t)f->host : 0xffff;

		memcpy(a, &family, sizeof family);
	}
	return host_call(__NR_setsockopt, o->fd, o->level->host, host, m, size);
}

static long
set_group_of_any(struct option *o)
{
	switch (o->row->value) {
	case FREEBSD_MCAST_JOIN_GROUP:
		return set_group(o, MCAST_JOIN_GROUP, 1);
	case FREEBSD_MCAST_LEAVE_GROUP:
		return set_group(o, MCAST_LEAVE_GROUP, 1);
	case FREEBSD_MCAST_JOIN_SOURCE_GROUP:
		return set_group(o, MCAST_JOIN_SOURCE_GROUP, 2);
	case FREEBSD_MCAST_LEAVE_SOURCE_GROUP:
		return set_group(o, MCAST_LEAVE_SOURCE_GROUP, 2);
	case FREEBSD_MCAST_BLOCK_SOURCE:
		return set_group(o, MCAST_BLOCK_SOURCE, 2);
	case FREEBSD_MCAST_UNBLOCK_SOURCE:
		return set_group(o, MCAST_UNBLOCK_SOURCE, 2);
	default:
		return -ENOPROTOOPT;
	}
}

static long
set_dont_fragment(struct option *o)
{
	int on;
	long r = option_load_int(o, &on);

	return r < 0 ? r
		     : option_host_set(o, IPPROTO_IP, IP_MTU_DISCOVER,
				       on ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
}

static long
set_ip(struct option *o)
{
	switch (o->row->value) {
	case FREEBSD_IP_RECVDSTADDR:
		return set_packet_info(o, SOCKET_IP_DESTINATION);
	case FREEBSD_IP_RECVIF:
		return set_packet_info(o, SOCKET_IP_INTERFACE);
	case FREEBSD_IP_PORTRANGE:
		return set_port_range(o);
	case FREEBSD_IP_DONTFRAG:
		return set_dont_fragment(o);
	case FREEBSD_IP_ADD_SOURCE_MEMBERSHIP:
		return set_ip_source(o, IP_ADD_SOURCE_MEMBERSHIP);
	case FREEBSD_IP_DROP_SOURCE_MEMBERSHIP:
		return set_ip_source(o, IP_DROP_SOURCE_MEMBERSHIP);
	case FREEBSD_IP_BLOCK_SOURCE:
		return set_ip_source(o, IP_BLOCK_SOURCE);
	case FREEBSD_IP_UNBLOCK_SOURCE:
		return set_ip_source(o, IP_UNBLOCK_SOURCE);
	default:
		return set_group_of_any(o);
	}
}

static long
get_ip(struct option *o)
{
	int v;
	long r;

	switch (o->row->value) {
	case FREEBSD_IP_RECVDSTADDR:
		return option_answer_int(o, (socket_state(o->fd) & SOCKET_IP_DESTINATION) != 0);
	case FREEBSD_IP_RECVIF:
		return option_answer_int(o, (socket_state(o->fd) & SOCKET_IP_INTERFACE) != 0);
	case FREEBSD_IP_PORTRANGE:
		return option_answer_int(o, FREEBSD_IP_PORTRANGE_DEFAULT);
	case FREEBSD_IP_DONTFRAG:
		r = option_host_get(o, IPPROTO_IP, IP_MTU_DISCOVER, &v);
		return r < 0 ? r : option_answer_int(o, v == IP_PMTUDISC_DO);
	default:
		return -ENOPROTOOPT;
	}
}

static long
set_ipv6(struct option *o)
{
	return o->row->value == FREEBSD_IPV6_PORTRANGE ? set_port_range(o) : set_group_of_any(o);
}

static long
get_ipv6(struct option *o)
{
	return o->row->value == FREEBSD_IPV6_PORTRANGE
		       ? option_answer_int(o, FREEBSD_IP_PORTRANGE_DEFAULT)
		       : -ENOPROTOOPT;
}

/* ---- IPPROTO_TCP ---- */

/* netinet/tcp_fsm.h, by the host's numbers (include/net/tcp_states.h). */
static const uint8_t tcp_states[] = {
	[1 /* ESTABLISHED */] = 4, [2 /* SYN_SENT */] = 2,   [3 /* SYN_RECV */] = 3,
	[4 /* FIN_WAIT1 */] = 6,   [5 /* FIN_WAIT2 */] = 9,  [6 /* TIME_WAIT */] = 10,
	[7 /* CLOSE */] = 0,	   [8 /* CLOSE_WAIT */] = 5, [9 /* LAST_ACK */] = 8,
	[10 /* LISTEN */] = 1,	   [11 /* CLOSING */] = 7,
};

#define TCP_INFO_SIZE 236
#define TCP_INFO_SHARED 100 /* both structs begin alike, to tcpi_rcv_space */

static long
get_tcp_info(struct option *o)
{
	uint8_t answer[TCP_INFO_SIZE] = {0};
	struct tcp_info info = {0};
	uint32_t size = sizeof info;
	long r = host_call(__NR_getsockopt, o->fd, IPPROTO_TCP, TCP_INFO, &info, &size);

	if (r < 0)
		return r;
	memcpy(answer, &info, TCP_INFO_SHARED);
	answer[0] = info.tcpi_state < sizeof tcp_states ? tcp_states[info.tcpi_state] : 0;
	return option_answer(o, answer, sizeof answer);
}

static long
set_tcp(struct option *o)
{
	int v;
	long r = option_load_int(o, &v);

	if (r < 0)
		return r;
	switch (o->row->value) {
	case FREEBSD_TCP_MAXUNACKTIME: /* seconds; milliseconds there */
		return v < 0 || v > INT32_MAX / 1000
			       ? -EINVAL
			       : option_host_set(o, IPPROTO_TCP, TCP_USER_TIMEOUT, v * 1000);
	case FREEBSD_TCP_FASTOPEN: /* on or off; the length of a queue there */
		return option_host_set(o, IPPROTO_TCP, TCP_FASTOPEN, v ? FREEBSD_SOMAXCONN : 0);
	default:
		return -ENOPROTOOPT;
	}
}

static long
get_tcp(struct option *o)
{
	int v;
	long r;

	switch (o->row->value) {
	case FREEBSD_TCP_INFO:
		return get_tcp_info(o);
	case FREEBSD_TCP_MAXUNACKTIME:
		r = option_host_get(o, IPPROTO_TCP, TCP_USER_TIMEOUT, &v);
		return r < 0 ? r : option_answer_int(o, v / 1000);
	case FREEBSD_TCP_FASTOPEN:
		r = option_host_get(o, IPPROTO_TCP, TCP_FASTOPEN, &v);
		return r < 0 ? r : option_answer_int(o, v != 0);
	default:
		return -ENOPROTOOPT;
	}
}

/* tcp_ctloutput() answers the bit of t_flags (netinet/tcp_var.h). */
static void
answer_tcp(const struct option *o, void *value, uint32_t size)
{
	const uint32_t bit = o->row->value == FREEBSD_TCP_NODELAY  ? 0x4
			     : o->row->value == FREEBSD_TCP_NOPUSH ? 0x1000
								   : 0;
	uint32_t word;

	if (!bit || size < sizeof word)
		return;
	memcpy(&word, value, sizeof word);
	word = word ? bit : 0;
	memcpy(value, &word, sizeof word);
}

const struct option_level freebsd_option_levels[] = {
	{FREEBSD_SOL_SOCKET, SOL_SOCKET, 0, &freebsd_so_option, set_socket, get_socket,
	 answer_socket},
	{FREEBSD_SOL_LOCAL, SOL_SOCKET, AF_UNIX, &freebsd_local_option, set_local, get_local, NULL},
	{FREEBSD_IPPROTO_IP, IPPROTO_IP, 0, &freebsd_ip_option, set_ip, get_ip, NULL},
	{FREEBSD_IPPROTO_IPV6, IPPROTO_IPV6, AF_INET6, &freebsd_ipv6_option, set_ipv6, get_ipv6,
	 NULL},
	{FREEBSD_IPPROTO_TCP, IPPROTO_TCP, 0, &freebsd_tcp_option, set_tcp, get_tcp, answer_tcp},
};
_Static_assert(sizeof freebsd_option_levels / sizeof *freebsd_option_levels ==
		       FREEBSD_OPTION_LEVELS,
	       "socket.h");
