/* covers: freebsd setsockopt getsockopt */
/*
 * Options of every level, what they answer, and the messages that some of them ask for.
 */
#include "guest_socket.h"

enum {
	TCP_NODELAY = 1, TCP_MAXSEG = 2, TCP_NOPUSH = 4, TCP_INFO = 32, TCP_CONGESTION = 64,
	TCP_KEEPIDLE = 256, TCP_KEEPINTVL = 512, TCP_KEEPCNT = 1024, TCP_MAXUNACKTIME = 68,
};
enum {
	IP_TTL = 4, IP_TOS = 3, IP_RECVDSTADDR = 7, IP_SENDSRCADDR = 7, IP_MULTICAST_TTL = 10,
	IP_MULTICAST_LOOP = 11, IP_PORTRANGE = 19, IP_RECVIF = 20, IP_RECVTTL = 65,
	IP_DONTFRAG = 67,
};
enum {
	IPV6_UNICAST_HOPS = 4, IPV6_V6ONLY = 27, IPV6_RECVPKTINFO = 36, IPV6_PKTINFO = 46,
	IPV6_RECVHOPLIMIT = 37, IPV6_HOPLIMIT = 47,
};

TEST(flags_answer_their_own_bit)
{
	static const int flags[] = {SO_REUSEADDR,
				    SO_KEEPALIVE,
				    0x20 /* SO_BROADCAST */,
				    0x100 /* SO_OOBINLINE */,
				    0x200 /* SO_REUSEPORT */,
				    0x10 /* SO_DONTROUTE */,
				    SO_TIMESTAMP,
				    SO_NOSIGPIPE};
	long s = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	for (size_t i = 0; i < COUNT(flags); i++) {
		CHECK_IS(option_of(s, SOL_SOCKET, flags[i]), 0);
		CHECK_IS(set_option(s, SOL_SOCKET, flags[i], 77), 0);
		CHECK_IS(option_of(s, SOL_SOCKET, flags[i]), flags[i]);
		CHECK_IS(set_option(s, SOL_SOCKET, flags[i], 0), 0);
		CHECK_IS(option_of(s, SOL_SOCKET, flags[i]), 0);
	}
	call(SYS_close, s);
}

TEST(facts_are_in_the_guests_numbers)
{
	struct sockaddr_in at;
	long l = listener(&at, 0), s = call(SYS_socket, AF_LOCAL, SOCK_DGRAM, 0);

	CHECK_IS(option_of(l, SOL_SOCKET, SO_ACCEPTCONN), SO_ACCEPTCONN);
	CHECK_IS(option_of(l, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	CHECK_IS(option_of(l, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
	CHECK_IS(option_of(l, SOL_SOCKET, SO_ERROR), 0);
	CHECK_IS(option_of(s, SOL_SOCKET, SO_ACCEPTCONN), 0);
	CHECK_IS(option_of(s, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	CHECK_IS(option_of(s, SOL_SOCKET, SO_PROTOCOL), 0);
	call(SYS_close, s);
	call(SYS_close, l);
}

TEST(buffers_are_as_large_as_was_said)
{
	long s = call(SYS_socket, AF_INET, SOCK_STREAM, 0);

	CHECK_IS(set_option(s, SOL_SOCKET, SO_SNDBUF, 40000), 0);
	CHECK_IS(option_of(s, SOL_SOCKET, SO_SNDBUF), 40000);
	CHECK_IS(set_option(s, SOL_SOCKET, SO_RCVBUF, 50000), 0);
	CHECK_IS(option_of(s, SOL_SOCKET, SO_RCVBUF), 50000);
	CHECK_IS(set_option(s, SOL_SOCKET, SO_RCVBUF, 0), -EINVAL);
	CHECK_IS(set_option(s, SOL_SOCKET, SO_RCVBUF, -1), -EINVAL);
	CHECK_IS(set_option(s, SOL_SOCKET, SO_SNDBUF, 1 << 30), -55 /* ENOBUFS */);
	call(SYS_close, s);
}

TEST(linger_and_timeouts_are_structs)
{
	struct {
		int onoff, linger;
	} l = {1, 7}, m = {0, 0};
	struct timeval t = {0, 30000}, u = {9, 9};
	uint32_t len = sizeof m;
	int ends[2];
	char byte;

	connected_pair(ends);
	CHECK_IS(call(SYS_setsockopt, ends[0], SOL_SOCKET, SO_LINGER, &l, sizeof l), 0);
	CHECK_IS(call(SYS_getsockopt, ends[0], SOL_SOCKET, SO_LINGER, &m, &len), 0);
	CHECK_IS(m.onoff, SO_LINGER);
	CHECK_IS(m.linger, 7);
	CHECK_IS(call(SYS_setsockopt, ends[0], SOL_SOCKET, SO_LINGER, &l, 4), -EINVAL);
	CHECK_IS(call(SYS_setsockopt, ends[1], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t), 0);
	len = sizeof u;
	CHECK_IS(call(SYS_getsockopt, ends[1], SOL_SOCKET, SO_RCVTIMEO, &u, &len), 0);
	CHECK_IS(len, sizeof u);
	CHECK_IS(u.sec, 0);
	CHECK(u.usec >= 30000 && u.usec < 60000);
	CHECK_IS(call(SYS_read, ends[1], &byte, 1), -EAGAIN);
	l.onoff = 0;
	CHECK_IS(call(SYS_setsockopt, ends[0], SOL_SOCKET, SO_LINGER, &l, sizeof l), 0);
	close_both(ends);
}

TEST(tcp_options)
{
	uint8_t info[236];
	uint32_t len = sizeof info;
	char name[16] = "";
	int ends[2];

	connected_pair(ends);
	CHECK_IS(set_option(ends[0], IPPROTO_TCP, TCP_NODELAY, 1), 0);
	CHECK(option_of(ends[0], IPPROTO_TCP, TCP_NODELAY) > 0);
	CHECK_IS(set_option(ends[0], IPPROTO_TCP, TCP_NODELAY, 0), 0);
	CHECK_IS(option_of(ends[0], IPPROTO_TCP, TCP_NODELAY), 0);
	CHECK_IS(set_option(ends[0], IPPROTO_TCP, TCP_NOPUSH, 1), 0);
	CHECK(option_of(ends[0], IPPROTO_TCP, TCP_NOPUSH) > 0);
	CHECK_IS(set_option(ends[0], IPPROTO_TCP, TCP_KEEPIDLE, 33), 0);
	CHECK_IS(option_of(ends[0], IPPROTO_TCP, TCP_KEEPIDLE), 33);
	CHECK_IS(set_option(ends[0], IPPROTO_TCP, TCP_KEEPINTVL, 3), 0);
	CHECK_IS(option_of(ends[0], IPPROTO_TCP, TCP_KEEPINTVL), 3);
	CHECK_IS(set_option(ends[0], IPPROTO_TCP, TCP_KEEPCNT, 4), 0);
	CHECK_IS(option_of(ends[0], IPPROTO_TCP, TCP_KEEPCNT), 4);
	CHECK(option_of(ends[0], IPPROTO_TCP, TCP_MAXSEG) > 500);
	CHECK_IS(call(SYS_getsockopt, ends[0], IPPROTO_TCP, TCP_INFO, info, &len), 0);
	CHECK_IS(info[0], 4); /* TCPS_ESTABLISHED */
	len = sizeof name;
	CHECK_IS(call(SYS_getsockopt, ends[0], IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
	CHECK(name[0] != '\0');
	CHECK_IS(set_option(ends[0], IPPROTO_TCP, 0x7777, 1), -ENOPROTOOPT);
	close_both(ends);
}

TEST(ip_options)
{
	long s = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	static const int flags[] = {IP_RECVDSTADDR, IP_RECVIF, IP_RECVTTL, IP_DONTFRAG};

	CHECK_IS(set_option(s, IPPROTO_IP, IP_TTL, 33), 0);
	CHECK_IS(option_of(s, IPPROTO_IP, IP_TTL), 33);
	CHECK_IS(set_option(s, IPPROTO_IP, IP_TOS, 0x10), 0);
	CHECK_IS(option_of(s, IPPROTO_IP, IP_TOS), 0x10);
	CHECK_IS(set_option(s, IPPROTO_IP, IP_MULTICAST_TTL, 5), 0);
	CHECK_IS(option_of(s, IPPROTO_IP, IP_MULTICAST_TTL), 5);
	CHECK_IS(set_option(s, IPPROTO_IP, IP_PORTRANGE, 1), 0);
	for (size_t i = 0; i < COUNT(flags); i++) {
		CHECK_IS(set_option(s, IPPROTO_IP, flags[i], 1), 0);
		CHECK(option_of(s, IPPROTO_IP, flags[i]) > 0);
		CHECK_IS(set_option(s, IPPROTO_IP, flags[i], 0), 0);
		CHECK_IS(option_of(s, IPPROTO_IP, flags[i]), 0);
	}
	CHECK_IS(set_option(s, IPPROTO_IP, 0x7777, 1), -ENOPROTOOPT);
	call(SYS_close, s);
}

static long
receive(long s, void *control, uint32_t *n)
{
	char buf[8];
	struct iovec iov = {buf, sizeof buf};
	struct msghdr m = {NULL, 0, &iov, 1, control, *n, 0};
	long r = call(SYS_recvmsg, s, &m, 0);

	*n = m.controllen;
	return r;
}

TEST(datagrams_tell_where_they_were_sent)
{
	uint32_t control[64], n = sizeof control;
	struct sockaddr_in at;
	long s = datagram_socket(&at), t = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	CHECK_IS(set_option(s, IPPROTO_IP, IP_RECVDSTADDR, 1), 0);
	CHECK_IS(call(SYS_sendto, t, "x", 1, 0, &at, sizeof at), 1);
	CHECK_IS(receive(s, control, &n), 1);
	CHECK_IS(n, CMSG_SPACE(4));
	CHECK_IS(control[0], CMSG_LEN(4));
	CHECK_IS(control[1], IPPROTO_IP);
	CHECK_IS(control[2], IP_RECVDSTADDR);
	CHECK(same(&control[4], loopback.addr, 4));
	CHECK_IS(set_option(s, IPPROTO_IP, IP_RECVDSTADDR, 0), 0);
	CHECK_IS(set_option(s, IPPROTO_IP, IP_RECVTTL, 1), 0);
	CHECK_IS(set_option(t, IPPROTO_IP, IP_TTL, 44), 0);
	CHECK_IS(call(SYS_sendto, t, "x", 1, 0, &at, sizeof at), 1);
	n = sizeof control;
	CHECK_IS(receive(s, control, &n), 1);
	CHECK_IS(control[0], CMSG_LEN(1));
	CHECK_IS(control[2], IP_RECVTTL);
	CHECK_IS(control[4] & 0xff, 44);
	CHECK_IS(set_option(s, IPPROTO_IP, IP_RECVTTL, 0), 0);
	CHECK_IS(set_option(s, IPPROTO_IP, IP_RECVIF, 1), 0);
	CHECK_IS(call(SYS_sendto, t, "x", 1, 0, &at, sizeof at), 1);
	n = sizeof control;
	CHECK_IS(receive(s, control, &n), 1);
	CHECK_IS(control[2], IP_RECVIF);
	CHECK_IS(control[4] & 0xffff, AF_LINK << 8 | 54);
	CHECK(control[4] >> 16 != 0);
	call(SYS_close, s);
	call(SYS_close, t);
}

TEST(datagrams_can_say_where_they_come_from)
{
	struct {
		struct cmsghdr head;
		int pad;
		uint8_t addr[4];
	} control = {{CMSG_LEN(4), IPPROTO_IP, IP_SENDSRCADDR}, 0, {127, 0, 0, 1}};
	struct sockaddr_in at, from;
	uint32_t len = sizeof from;
	struct iovec iov = {"x", 1};
	struct msghdr m = {&at, sizeof at, &iov, 1, &control, CMSG_SPACE(4), 0};
	char byte;
	long s = datagram_socket(&at), t = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	CHECK_IS(call(SYS_sendmsg, t, &m, 0), 1);
	CHECK_IS(call(SYS_recvfrom, s, &byte, 1, 0, &from, &len), 1);
	CHECK(same(from.addr, loopback.addr, 4));
	call(SYS_close, s);
	call(SYS_close, t);
}

TEST(time_stamps_come_in_the_form_asked_for)
{
	int64_t control[32];
	uint32_t n = sizeof control;
	struct sockaddr_in at;
	long s = datagram_socket(&at), t = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	CHECK_IS(set_option(s, SOL_SOCKET, SO_TIMESTAMP, 1), 0);
	CHECK_IS(call(SYS_sendto, t, "x", 1, 0, &at, sizeof at), 1);
	CHECK_IS(receive(s, control, &n), 1);
	CHECK_IS(n, CMSG_SPACE(16));
	CHECK_IS((int)control[1], SCM_TIMESTAMP);
	CHECK(control[2] > 1500000000);
	CHECK(control[3] >= 0 && control[3] < 1000000);
	CHECK_IS(set_option(s, SOL_SOCKET, SO_TS_CLOCK, 2 /* SO_TS_REALTIME */), 0);
	CHECK_IS(set_option(s, SOL_SOCKET, SO_TS_CLOCK, 9), -EINVAL);
	CHECK_IS(call(SYS_sendto, t, "x", 1, 0, &at, sizeof at), 1);
	n = sizeof control;
	CHECK_IS(receive(s, control, &n), 1);
	CHECK_IS((int)control[1], SCM_REALTIME);
	CHECK(control[3] >= 0 && control[3] < 1000000000);
	call(SYS_close, s);
	call(SYS_close, t);
}

TEST(ipv6_packet_information)
{
	struct sockaddr_in6 at = {sizeof at, AF_INET6, 0, 0, {[15] = 1}, 0};
	uint32_t control[64], n = sizeof control, len = sizeof at;
	long s = call(SYS_socket, AF_INET6, SOCK_DGRAM, 0), t;

	if (s == -EAFNOSUPPORT || call(SYS_bind, s, &at, sizeof at) == -EADDRNOTAVAIL)
		SKIP("no IPv6 here");
	CHECK_IS(call(SYS_getsockname, s, &at, &len), 0);
	t = call(SYS_socket, AF_INET6, SOCK_DGRAM, 0);
	CHECK_IS(set_option(t, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9), 0);
	CHECK_IS(option_of(t, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 9);
	CHECK_IS(set_option(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1), 0);
	CHECK_IS(call(SYS_sendto, t, "x", 1, 0, &at, sizeof at), 1);
	CHECK_IS(receive(s, control, &n), 1);
	CHECK_IS(n, CMSG_SPACE(20));
	CHECK_IS(control[1], IPPROTO_IPV6);
	CHECK_IS(control[2], IPV6_PKTINFO);
	CHECK(same(&control[4], at.addr, 16));
	call(SYS_close, s);
	call(SYS_close, t);
}

TEST(what_is_not_there_is_told_as_the_kernel_tells_it)
{
	int value = 1;
	uint32_t len = sizeof value;
	long s = call(SYS_socket, AF_INET, SOCK_STREAM, 0),
	     u = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	CHECK_IS(set_option(s, SOL_SOCKET, 0x7000, 1), -ENOPROTOOPT);
	CHECK_IS(option_of(s, SOL_SOCKET, 0x7000), -ENOPROTOOPT);
	CHECK_IS(set_option(s, 12345, 1, 1), -EINVAL);
	CHECK_IS(set_option(u, IPPROTO_TCP, TCP_NODELAY, 1), -EINVAL);
	CHECK_IS(set_option(s, SOL_SOCKET, SO_USER_COOKIE, 5), 0);
	CHECK_IS(set_option(99, SOL_SOCKET, SO_KEEPALIVE, 1), -EBADF);
	CHECK_IS(set_option(0, SOL_SOCKET, SO_KEEPALIVE, 1), -ENOTSOCK);
	CHECK_IS(call(SYS_setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, &value, 2), -EINVAL);
	CHECK_IS(call(SYS_setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, &value, -1), -EINVAL);
	CHECK_IS(call(SYS_setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, NULL, 4), -EFAULT);
	CHECK_IS(call(SYS_setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, NOWHERE, 4), -EFAULT);
	CHECK_IS(call(SYS_setsockopt, s, SOL_SOCKET, SO_SNDBUF, NOWHERE, 4), -EFAULT);
	CHECK_IS(call(SYS_getsockopt, s, SOL_SOCKET, SO_KEEPALIVE, NOWHERE, &len), -EFAULT);
	CHECK_IS(call(SYS_getsockopt, s, SOL_SOCKET, SO_KEEPALIVE, &value, NOWHERE), -EFAULT);
	len = 2;
	value = -1;
	CHECK_IS(call(SYS_getsockopt, s, SOL_SOCKET, SO_KEEPALIVE, &value, &len), 0);
	CHECK_IS(len, 2);
	CHECK_IS(value, -0x10000);
	call(SYS_close, s);
	call(SYS_close, u);
}

TEST(bad_addresses_of_every_kind_of_value_are_efault)
{
	static const struct {
		int level, option;
	} set[] =
		{
			{SOL_SOCKET, SO_LINGER},
			{SOL_SOCKET, SO_RCVTIMEO},
			{SOL_SOCKET, SO_SNDBUF},
			{SOL_SOCKET, SO_NOSIGPIPE},
			{SOL_SOCKET, SO_TIMESTAMP},
			{SOL_SOCKET, SO_TS_CLOCK},
			{IPPROTO_TCP, TCP_NODELAY},
			{IPPROTO_TCP, TCP_MAXUNACKTIME},
			{IPPROTO_IP, IP_TTL},
			{IPPROTO_IP, IP_RECVDSTADDR},
			{IPPROTO_IP, IP_PORTRANGE},
			{IPPROTO_IP, IP_DONTFRAG},
			{IPPROTO_IP, 70 /* IP_ADD_SOURCE_MEMBERSHIP */},
			{IPPROTO_IP, 80 /* MCAST_JOIN_GROUP */},
			{IPPROTO_IP, 82 /* MCAST_JOIN_SOURCE_GROUP */},
		},
	  get[] = {
		  {SOL_SOCKET, SO_LINGER},   {SOL_SOCKET, SO_RCVTIMEO},
		  {SOL_SOCKET, SO_SNDBUF},   {SOL_SOCKET, SO_NOSIGPIPE},
		  {SOL_SOCKET, SO_ERROR},    {SOL_SOCKET, SO_TYPE},
		  {SOL_SOCKET, SO_TS_CLOCK}, {IPPROTO_TCP, TCP_NODELAY},
		  {IPPROTO_TCP, TCP_INFO},   {IPPROTO_TCP, TCP_MAXUNACKTIME},
		  {IPPROTO_IP, IP_TTL},	     {IPPROTO_IP, IP_RECVDSTADDR},
		  {IPPROTO_IP, IP_DONTFRAG},
	  };
	uint32_t len;
	char value[512];
	int ends[2];

	connected_pair(ends);
	for (size_t i = 0; i < COUNT(set); i++)
		CHECK_IS(call(SYS_setsockopt, ends[0], set[i].level, set[i].option, NOWHERE, 400),
			 -EFAULT);
	for (size_t i = 0; i < COUNT(get); i++) {
		len = sizeof value;
		CHECK_IS(call(SYS_getsockopt, ends[0], get[i].level, get[i].option, NOWHERE, &len),
			 -EFAULT);
		CHECK_IS(call(SYS_getsockopt, ends[0], get[i].level, get[i].option, value, NOWHERE),
			 -EFAULT);
	}
	close_both(ends);
	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	len = sizeof value;
	CHECK_IS(call(SYS_getsockopt, ends[0], SOL_LOCAL, 1 /* LOCAL_PEERCRED */, NOWHERE, &len),
		 -EFAULT);
	CHECK_IS(call(SYS_setsockopt, ends[0], SOL_LOCAL, 3 /* LOCAL_CREDS_PERSISTENT */, NOWHERE,
		      4),
		 -EFAULT);
	close_both(ends);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(flags_answer_their_own_bit);
	RUN(facts_are_in_the_guests_numbers);
	RUN(buffers_are_as_large_as_was_said);
	RUN(linger_and_timeouts_are_structs);
	RUN(tcp_options);
	RUN(ip_options);
	RUN(datagrams_tell_where_they_were_sent);
	RUN(datagrams_can_say_where_they_come_from);
	RUN(time_stamps_come_in_the_form_asked_for);
	RUN(ipv6_packet_information);
	RUN(bad_addresses_of_every_kind_of_value_are_efault);
	RUN(what_is_not_there_is_told_as_the_kernel_tells_it);
	return 0;
}
