/* covers: freebsd socket bind listen accept accept4 connect getsockname getpeername */
/* covers: freebsd sendto recvfrom shutdown */
/*
 * Streams and datagrams over the loopback, and the errors by which programs go on.
 */
#include "guest_socket.h"

TEST(addresses_carry_their_length)
{
	struct sockaddr_in at = {0}, peer = {0};
	uint32_t len = sizeof peer;
	long l = listener(&at, 0), s = call(SYS_socket, AF_INET, SOCK_STREAM, 0), a;

	CHECK_IS(at.len, sizeof at);
	CHECK_IS(at.family, AF_INET);
	CHECK(at.port != 0);
	CHECK(same(at.addr, loopback.addr, 4));
	CHECK_IS(call(SYS_connect, s, &at, sizeof at), 0);
	a = call(SYS_accept, l, &peer, &len);
	CHECK(a > s);
	CHECK_IS(len, sizeof peer);
	CHECK_IS(peer.len, sizeof peer);
	CHECK_IS(peer.family, AF_INET);
	len = sizeof at;
	CHECK_IS(call(SYS_getpeername, a, &at, &len), 0);
	CHECK(same(&at, &peer, sizeof at));
	call(SYS_close, a);
	call(SYS_close, s);
	call(SYS_close, l);
}

TEST(a_short_buffer_gets_the_beginning_of_an_address)
{
	struct sockaddr_in at;
	uint8_t some[4] = {0xaa, 0xaa, 0xaa, 0xaa};
	uint32_t len = 3;
	long l = listener(&at, 0);

	CHECK_IS(call(SYS_getsockname, l, some, &len), 0);
	CHECK_IS(len, 3);
	CHECK_IS(some[0], sizeof at);
	CHECK_IS(some[1], AF_INET);
	CHECK_IS(some[3], 0xaa);
	call(SYS_close, l);
}

TEST(bytes_go_both_ways_and_end)
{
	char buf[16];
	int ends[2];

	connected_pair(ends);
	CHECK_IS(call(SYS_sendto, ends[0], "ping", 4, 0, NULL, 0), 4);
	CHECK_IS(call(SYS_recvfrom, ends[1], buf, sizeof buf, 0, NULL, NULL), 4);
	CHECK(same(buf, "ping", 4));
	CHECK_IS(call(SYS_write, ends[1], "pong", 4), 4);
	CHECK_IS(call(SYS_recvfrom, ends[0], buf, 2, MSG_PEEK, NULL, NULL), 2);
	CHECK_IS(call(SYS_recvfrom, ends[0], buf, 4, MSG_WAITALL, NULL, NULL), 4);
	CHECK(same(buf, "pong", 4));
	CHECK_IS(call(SYS_recvfrom, ends[0], buf, 4, MSG_DONTWAIT, NULL, NULL), -EAGAIN);
	CHECK_IS(call(SYS_shutdown, ends[1], SHUT_WR), 0);
	CHECK_IS(call(SYS_recvfrom, ends[0], buf, 4, 0, NULL, NULL), 0);
	close_both(ends);
}

TEST(msg_eof_is_the_end_of_what_is_sent)
{
	char buf[4];
	int ends[2];

	connected_pair(ends);
	CHECK_IS(call(SYS_sendto, ends[0], "bye", 3, MSG_EOF, NULL, 0), 3);
	CHECK_IS(call(SYS_recvfrom, ends[1], buf, 4, MSG_WAITALL, NULL, NULL), 3);
	CHECK_IS(call(SYS_recvfrom, ends[1], buf, 4, 0, NULL, NULL), 0);
	close_both(ends);
}

TEST(accept_inherits_nonblocking_and_accept4_does_not)
{
	struct sockaddr_in at;
	long l = listener(&at, SOCK_NONBLOCK | SOCK_CLOEXEC), s, a;

	CHECK_IS(call(SYS_fcntl, l, F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_fcntl, l, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_IS(call(SYS_accept, l, NULL, NULL), -EAGAIN);
	for (int i = 0; i < 3; i++) {
		s = call(SYS_socket, AF_INET, SOCK_STREAM, 0);
		CHECK_IS(call(SYS_connect, s, &at, sizeof at), 0);
		a = i == 0   ? call(SYS_accept, l, NULL, NULL)
		    : i == 1 ? call(SYS_accept4, l, NULL, NULL, 0)
			     : call(SYS_accept4, l, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		CHECK(a > 0);
		CHECK_IS(call(SYS_fcntl, a, F_GETFL) & O_NONBLOCK, i == 1 ? 0 : O_NONBLOCK);
		CHECK_IS(call(SYS_fcntl, a, F_GETFD), i == 2 ? FD_CLOEXEC : 0);
		call(SYS_close, a);
		call(SYS_close, s);
	}
	CHECK_IS(call(SYS_accept4, l, NULL, NULL, 0x4000), -EINVAL);
	call(SYS_close, l);
}

TEST(a_connection_in_the_background_is_in_progress)
{
	struct {
		int fd;
		int16_t events, revents;
	} p = {0, 4 /* POLLOUT */, 0};
	struct sockaddr_in at;
	long l = listener(&at, 0), s = call(SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), r;

	r = call(SYS_connect, s, &at, sizeof at);
	CHECK(r == -EINPROGRESS || r == 0);
	p.fd = (int)s;
	CHECK_IS(call(SYS_poll, &p, 1, 5000), 1);
	CHECK_IS(option_of(s, SOL_SOCKET, SO_ERROR), 0);
	CHECK_IS(call(SYS_connect, s, &at, sizeof at), -EISCONN);
	CHECK_IS(call(SYS_connect, s, &at, sizeof at), -EISCONN);
	call(SYS_close, s);
	call(SYS_close, l);
}

TEST(nobody_listening_is_connection_refused)
{
	struct sockaddr_in at;
	long l = listener(&at, 0), s = call(SYS_socket, AF_INET, SOCK_STREAM, 0);

	call(SYS_close, l);
	CHECK_IS(call(SYS_connect, s, &at, sizeof at), -ECONNREFUSED);
	call(SYS_close, s);
}

TEST(a_refusal_in_the_background_is_the_guests_errno)
{
	struct {
		int fd;
		int16_t events, revents;
	} p = {0, 4, 0};
	struct sockaddr_in at;
	long l = listener(&at, 0), s = call(SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), r;

	call(SYS_close, l);
	r = call(SYS_connect, s, &at, sizeof at);
	if (r == -EINPROGRESS) {
		p.fd = (int)s;
		CHECK_IS(call(SYS_poll, &p, 1, 5000), 1);
		CHECK_IS(option_of(s, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	} else {
		CHECK_IS(r, -ECONNREFUSED);
	}
	CHECK_IS(option_of(s, SOL_SOCKET, SO_ERROR), 0);
	call(SYS_close, s);
}

TEST(datagrams_come_with_their_sender)
{
	struct sockaddr_in at, me, from = {0};
	uint32_t len = sizeof from;
	char buf[16];
	long s = datagram_socket(&at), t = datagram_socket(&me);

	CHECK_IS(call(SYS_sendto, t, "hello", 5, 0, &at, sizeof at), 5);
	CHECK_IS(call(SYS_recvfrom, s, buf, sizeof buf, 0, &from, &len), 5);
	CHECK_IS(len, sizeof from);
	CHECK(same(&from, &me, 8));
	CHECK_IS(call(SYS_sendto, t, "", 0, 0, &at, sizeof at), 0);
	CHECK_IS(call(SYS_recvfrom, s, buf, sizeof buf, 0, &from, &len), 0);
	CHECK_IS(call(SYS_sendto, t, "x", 1, 0, NULL, 0), -EDESTADDRREQ);
	CHECK_IS(call(SYS_connect, t, &at, sizeof at), 0);
	CHECK_IS(call(SYS_sendto, t, "x", 1, 0, NULL, 0), 1);
	CHECK_IS(call(SYS_sendto, t, "x", 1, 0, &at, sizeof at), -EISCONN);
	at.family = AF_UNSPEC;
	CHECK_IS(call(SYS_connect, t, &at, sizeof at), -EAFNOSUPPORT);
	len = sizeof from;
	CHECK_IS(call(SYS_getpeername, t, &from, &len), -ENOTCONN);
	call(SYS_close, s);
	call(SYS_close, t);
}

TEST(kinds_of_socket_that_do_not_exist_say_which_part)
{
	CHECK_IS(call(SYS_socket, 0, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_IS(call(SYS_socket, 10, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_IS(call(SYS_socket, 999, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_IS(call(SYS_socket, AF_LINK, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_IS(call(SYS_socket, AF_INET, SOCK_RDM, 0), -EPROTOTYPE);
	CHECK_IS(call(SYS_socket, AF_INET, 0x800, 0), -EPROTOTYPE);
	CHECK_IS(call(SYS_socket, AF_INET, 0, 0), -EPROTONOSUPPORT);
	CHECK_IS(call(SYS_socket, AF_INET, SOCK_STREAM, IPPROTO_UDP), -EPROTONOSUPPORT);
	CHECK_IS(call(SYS_socket, AF_LOCAL, SOCK_RAW, 0), -EPROTOTYPE);
	CHECK_IS(call(SYS_socket, AF_LOCAL, SOCK_STREAM, 1), -EPROTONOSUPPORT);
}

TEST(addresses_of_the_wrong_length_or_family_are_refused)
{
	struct sockaddr_in at = loopback;
	long s = call(SYS_socket, AF_INET, SOCK_STREAM, 0);

	CHECK_IS(call(SYS_bind, s, &at, 8), -EINVAL);
	CHECK_IS(call(SYS_bind, s, &at, 1), -EINVAL);
	CHECK_IS(call(SYS_bind, s, &at, 0), -EINVAL);
	CHECK_IS(call(SYS_bind, s, &at, 256), -ENAMETOOLONG);
	CHECK_IS(call(SYS_bind, s, &at, -1), -ENAMETOOLONG);
	CHECK_IS(call(SYS_bind, s, NOWHERE, sizeof at), -EFAULT);
	CHECK_IS(call(SYS_bind, s, NULL, sizeof at), -EFAULT);
	at.family = 77;
	CHECK_IS(call(SYS_bind, s, &at, sizeof at), -EAFNOSUPPORT);
	CHECK_IS(call(SYS_connect, s, &at, sizeof at), -EAFNOSUPPORT);
	CHECK_IS(call(SYS_connect, s, &loopback, sizeof loopback), -EADDRNOTAVAIL);
	at = loopback;
	at.addr[0] = 192;
	at.addr[2] = 2;
	CHECK_IS(call(SYS_bind, s, &at, sizeof at), -EADDRNOTAVAIL);
	call(SYS_close, s);
}

TEST(what_is_no_socket_says_so)
{
	char buf[4];
	uint32_t len = sizeof buf;

	CHECK_IS(call(SYS_listen, 0, 1), -ENOTSOCK);
	CHECK_IS(call(SYS_accept, 0, NULL, NULL), -ENOTSOCK);
	CHECK_IS(call(SYS_sendto, 0, "x", 1, 0, NULL, 0), -ENOTSOCK);
	CHECK_IS(call(SYS_recvfrom, 99, buf, 1, 0, NULL, NULL), -EBADF);
	CHECK_IS(call(SYS_getsockname, 99, buf, &len), -EBADF);
	CHECK_IS(call(SYS_getsockname, 0, buf, &len), -ENOTSOCK);
	CHECK_IS(call(SYS_getsockname, 99, buf, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_shutdown, 99, SHUT_RD), -EBADF);
	CHECK_IS(call(SYS_bind, 99, &loopback, sizeof loopback), -EBADF);
}

TEST(a_bad_address_is_efault)
{
	struct sockaddr_in at;
	uint32_t len = sizeof at;
	int ends[2];
	long l = listener(&at, 0);

	CHECK_IS(call(SYS_getsockname, l, NOWHERE, &len), -EFAULT);
	call(SYS_close, l);
	connected_pair(ends);
	CHECK_IS(call(SYS_getpeername, ends[0], &at, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_sendto, ends[0], NOWHERE, 4, 0, NULL, 0), -EFAULT);
	CHECK_IS(call(SYS_write, ends[1], "data", 4), 4);
	CHECK_IS(call(SYS_recvfrom, ends[0], NOWHERE, 4, 0, NULL, NULL), -EFAULT);
	CHECK_IS(call(SYS_recvfrom, ends[0], &at, 4, 0, &at, NOWHERE), -EFAULT);
	close_both(ends);
}

TEST(a_stream_without_a_peer_is_not_connected)
{
	struct sockaddr_in at;
	uint32_t len = sizeof at;
	long s = call(SYS_socket, AF_INET, SOCK_STREAM, 0), l;
	char buf[4];

	CHECK_IS(call(SYS_sendto, s, "x", 1, 0, NULL, 0), -ENOTCONN);
	CHECK_IS(call(SYS_recvfrom, s, buf, 1, 0, NULL, NULL), -ENOTCONN);
	CHECK_IS(call(SYS_getpeername, s, &at, &len), -ENOTCONN);
	CHECK_IS(call(SYS_shutdown, s, SHUT_WR), -ENOTCONN);
	CHECK_IS(call(SYS_accept, s, NULL, NULL), -EINVAL);
	call(SYS_close, s);
	l = listener(&at, 0);
	CHECK_IS(call(SYS_shutdown, l, SHUT_RDWR), -ENOTCONN);
	CHECK_IS(call(SYS_shutdown, l, 3), -EINVAL);
	call(SYS_close, l);
	s = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	CHECK_IS(call(SYS_listen, s, 1), -EOPNOTSUPP);
	CHECK_IS(call(SYS_accept, s, NULL, NULL), -EINVAL);
	call(SYS_close, s);
}

static int
send_into_closed(int flags, bool option)
{
	int ends[2];
	long r = 0;

	connected_pair(ends);
	if (option)
		CHECK_IS(set_option(ends[0], SOL_SOCKET, SO_NOSIGPIPE, 1), 0);
	call(SYS_close, ends[1]);
	for (int i = 0; i < 100 && r >= 0; i++) {
		r = call(SYS_sendto, ends[0], "x", 1, flags, NULL, 0);
		sleep_ms(1);
	}
	if (r == -ECONNRESET)
		r = call(SYS_sendto, ends[0], "x", 1, flags, NULL, 0);
	call(SYS_close, ends[0]);
	return (int)r;
}

TEST(sending_to_nobody_raises_sigpipe_unless_told_not_to)
{
	long pid;

	on_sigpipe(SIG_DFL);
	pid = fork();
	if (pid == 0) {
		send_into_closed(0, false);
		leave(0);
	}
	CHECK_IS(wait_for(pid), KILLED(SIGPIPE));
	CHECK_IS(send_into_closed(MSG_NOSIGNAL, false), -EPIPE);
	CHECK_IS(send_into_closed(0, true), -EPIPE);
	on_sigpipe(SIG_IGN);
	CHECK_IS(send_into_closed(0, false), -EPIPE);
	on_sigpipe(SIG_DFL);
}

TEST(ipv6_does_not_serve_ipv4_unless_asked)
{
	struct sockaddr_in6 at = {sizeof at, AF_INET6, 0, 0, {0}, 0};
	struct sockaddr_in four = {sizeof four, AF_INET, 0, {0}, {0}};
	uint32_t len = sizeof at;
	long s = call(SYS_socket, AF_INET6, SOCK_STREAM, 0), t;

	if (s == -EAFNOSUPPORT)
		SKIP("no IPv6 here");
	CHECK_IS(option_of(s, IPPROTO_IPV6, 27 /* IPV6_V6ONLY */), 1);
	CHECK_IS(call(SYS_bind, s, &at, sizeof at), 0);
	CHECK_IS(call(SYS_getsockname, s, &at, &len), 0);
	CHECK_IS(len, sizeof at);
	CHECK_IS(at.len, 28);
	CHECK_IS(at.family, 28);
	CHECK_IS(call(SYS_listen, s, 1), 0);
	t = call(SYS_socket, AF_INET, SOCK_STREAM, 0);
	four.port = at.port;
	CHECK_IS(call(SYS_bind, t, &four, sizeof four), 0);
	CHECK_IS(call(SYS_listen, t, 1), 0);
	call(SYS_close, t);
	call(SYS_close, s);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(addresses_carry_their_length);
	RUN(a_short_buffer_gets_the_beginning_of_an_address);
	RUN(bytes_go_both_ways_and_end);
	RUN(msg_eof_is_the_end_of_what_is_sent);
	RUN(accept_inherits_nonblocking_and_accept4_does_not);
	RUN(a_connection_in_the_background_is_in_progress);
	RUN(nobody_listening_is_connection_refused);
	RUN(a_refusal_in_the_background_is_the_guests_errno);
	RUN(datagrams_come_with_their_sender);
	RUN(kinds_of_socket_that_do_not_exist_say_which_part);
	RUN(addresses_of_the_wrong_length_or_family_are_refused);
	RUN(what_is_no_socket_says_so);
	RUN(a_bad_address_is_efault);
	RUN(a_stream_without_a_peer_is_not_connected);
	RUN(sending_to_nobody_raises_sigpipe_unless_told_not_to);
	RUN(ipv6_does_not_serve_ipv4_unless_asked);
	return 0;
}
