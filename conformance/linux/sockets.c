/* covers: linux socket socketpair bind listen accept accept4 connect getsockname getpeername sendto recvfrom sendmsg
   recvmsg sendmmsg recvmmsg shutdown setsockopt getsockopt */
#include "guest.h"

#include "guest_socket.h"

#define CMSG_SPACE(n) (((n) + sizeof(struct cmsghdr) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))

static char buf[64];
static int ends[2];

#ifdef __NR_accept
#define SHOW_ACCEPT(...) SHOW(accept, __VA_ARGS__)
#else
#define SHOW_ACCEPT(...) SHOW(accept4, __VA_ARGS__, 0)
#endif

TEST(pairs)
{
	SHOW(socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
	VALUE(ends[0]);
	SHOW(fcntl, ends[0], F_GETFD);
	SHOW(sendto, ends[0], "hello", 5, 0, NULL, 0);
	SHOW(recvfrom, ends[1], buf, 2, MSG_PEEK, NULL, NULL);
	SHOW(recvfrom, ends[1], buf, sizeof buf, 0, NULL, NULL);
	BYTES(buf, 5);
	SHOW(recvfrom, ends[1], buf, sizeof buf, MSG_DONTWAIT, NULL, NULL);
	SHOW(recvfrom, ends[1], NOWHERE, 5, MSG_DONTWAIT, NULL, NULL);
	SHOW(sendto, ends[0], NOWHERE, 5, 0, NULL, 0);
	SHOW(shutdown, ends[0], 1);
	SHOW(recvfrom, ends[1], buf, sizeof buf, 0, NULL, NULL);
	SHOW(sendto, ends[0], "x", 1, MSG_NOSIGNAL, NULL, 0);
	SHOW(shutdown, ends[0], 7);
	SHOW(shutdown, 1, 1);
	SHOW(shutdown, 99, 1);
	SHOW(close, ends[0]);
	SHOW(close, ends[1]);
	SHOW(socketpair, AF_UNIX, SOCK_STREAM, 0, NOWHERE);
	SHOW(socketpair, AF_UNIX, 77, 0, ends);
	SHOW(socketpair, 2, SOCK_STREAM, 0, ends);
	SHOW(socketpair, 99, SOCK_STREAM, 0, ends);
}

TEST(kinds_of_sockets)
{
	SHOW(socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(fcntl, 3, F_GETFL);
	SHOW(close, 3);
	SHOW(socket, 99, SOCK_STREAM, 0);
	SHOW(socket, AF_UNIX, 99, 0);
	SHOW(socket, AF_UNIX, SOCK_STREAM | 0x100, 0);
	SHOW(socket, 2, SOCK_STREAM, 17);
	SHOW(socket, 2, SOCK_STREAM, 6);
	SHOW(close, 3);
}

TEST(connections_by_name)
{
	struct sockaddr_un a = {AF_UNIX, "listener"}, got;
	int n = sizeof got;
	long server = call(socket, AF_UNIX, SOCK_STREAM, 0), client = call(socket, AF_UNIX, SOCK_STREAM, 0), peer;

	SHOW(connect, client, &a, sizeof a);
	SHOW(bind, server, &a, sizeof a);
	SHOW(bind, server, &a, sizeof a);
	SHOW(bind, client, &a, sizeof a);
	SHOW(bind, client, NOWHERE, sizeof a);
	SHOW(bind, client, &a, 200);
	SHOW(bind, client, &a, 1);
	SHOW(bind, 1, &a, sizeof a);
	SHOW(connect, client, &a, sizeof a);
	SHOW(listen, server, 5);
	SHOW(listen, 1, 5);
	SHOW(accept4, client, NULL, NULL, 0);
	SHOW(connect, client, NOWHERE, sizeof a);
	SHOW(connect, client, &a, sizeof a);
	SHOW(connect, client, &a, sizeof a);
	memset(&got, 0, sizeof got);
	peer = SHOW(accept4, server, &got, &n, SOCK_CLOEXEC);
	VALUE(n);
	VALUE(got.sun_family);
	SHOW(fcntl, peer, F_GETFD);
	SHOW(accept4, server, NULL, NULL, 1);
	SHOW(accept4, 99, NULL, NULL, 0);
	n = sizeof got;
	SHOW(getsockname, server, &got, &n);
	VALUE(n);
	TEXT(got.sun_path);
	n = 4;
	SHOW(getpeername, client, &got, &n);
	VALUE(n);
	n = -1;
	SHOW(getsockname, server, &got, &n);
	SHOW(getsockname, server, NOWHERE, &n);
	SHOW(getsockname, server, &got, NOWHERE);
	SHOW(getpeername, server, &got, &n);
	SHOW(getpeername, 1, &got, &n);
	call(close, peer);
	SHOW(sendto, client, "x", 1, MSG_NOSIGNAL, NULL, 0);
	SHOW(recvfrom, client, buf, 1, 0, NULL, NULL);
	call(close_range, 3, 9, 0);
	SHOW(unlink, "listener");
}

TEST(the_internet_here)
{
	struct sockaddr_in a = {.sin_family = 2, .sin_addr = {0x0100007f}}, got;
	long server = call(socket, 2, SOCK_STREAM, 0), client = call(socket, 2, SOCK_STREAM, 0), peer;
	int n = sizeof a, one = 1;

	SHOW(setsockopt, server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	SHOW(bind, server, &a, sizeof a);
	SHOW(listen, server, 5);
	SHOW(getsockname, server, &a, &n);
	VALUE(n);
	TRUTH(a.sin_port != 0);
	SHOW(connect, client, &a, n);
	n = sizeof got;
	peer = SHOW_ACCEPT(server, &got, &n);
	VALUE(n);
	VALUE(got.sin_family);
	TRUTH(got.sin_addr.s_addr == a.sin_addr.s_addr);
	SHOW(sendto, peer, "over tcp", 8, 0, NULL, 0);
	SHOW(read, client, buf, sizeof buf);
	BYTES(buf, 8);
	SHOW(connect, client, &a, sizeof a);
	call(close_range, 3, 9, 0);
	client = call(socket, 2, SOCK_STREAM, 0);
	SHOW(connect, client, &a, sizeof a);
	a.sin_addr.s_addr = 0x01010101;
	SHOW(bind, client, &a, sizeof a);
	call(close, client);
}

TEST(datagrams)
{
	struct sockaddr_in a = {.sin_family = 2, .sin_addr = {0x0100007f}}, got;
	long server = call(socket, 2, SOCK_DGRAM, 0), client = call(socket, 2, SOCK_DGRAM, 0);
	int n = sizeof a;

	call(bind, server, &a, sizeof a);
	call(getsockname, server, &a, &n);
	SHOW(sendto, client, "first", 5, 0, &a, sizeof a);
	SHOW(sendto, client, "second one", 10, 0, &a, sizeof a);
	SHOW(sendto, client, "", 0, 0, &a, sizeof a);
	SHOW(sendto, client, "x", 1, 0, NULL, 0);
	SHOW(sendto, client, "x", 1, 0, NOWHERE, sizeof a);
	SHOW(sendto, client, "x", 1, 0, &a, 3);
	SHOW(sendto, client, buf, 70000, 0, &a, sizeof a);
	SHOW(recvfrom, server, buf, 3, MSG_TRUNC, &got, &n);
	VALUE(n);
	VALUE(got.sin_family);
	SHOW(recvfrom, server, buf, sizeof buf, 0, NULL, NULL);
	SHOW(recvfrom, server, buf, sizeof buf, 0, NULL, NULL);
	SHOW(recvfrom, server, buf, sizeof buf, MSG_DONTWAIT, NULL, NULL);
	n = -5;
	call(sendto, client, "x", 1, 0, &a, sizeof a);
	SHOW(recvfrom, server, buf, sizeof buf, 0, &got, &n);
	call(close, server);
	call(close, client);
}

TEST(messages_in_parts)
{
	struct iovec out[2] = {{"one ", 4}, {"two", 3}}, in[2] = {{buf, 2}, {buf + 8, 20}}, bad = {NOWHERE, 4};
	struct msghdr m = {.iov = out, .iovlen = 2};
	struct { struct cmsghdr c; int fd; int more; } rights = {{sizeof(struct cmsghdr) + 4, SOL_SOCKET, SCM_RIGHTS}, 0, 0};

	call(socketpair, AF_UNIX, SOCK_STREAM, 0, ends);
	memset(buf, 0, sizeof buf);
	SHOW(sendmsg, ends[0], &m, 0);
	m.iov = in;
	SHOW(recvmsg, ends[1], &m, 0);
	BYTES(buf, 16);
	VALUE(m.flags);
	VALUE(m.controllen);
	m = (struct msghdr){.iov = out, .iovlen = 1, .control = &rights, .controllen = sizeof(struct cmsghdr) + 4};
	SHOW(sendmsg, ends[0], &m, 0);
	rights.fd = -1;
	rights.c.len = 0;
	m.iov = in;
	m.controllen = sizeof rights;
	SHOW(recvmsg, ends[1], &m, 0);
	TRUTH(m.controllen == CMSG_SPACE(sizeof(int)));
	VALUE(rights.c.len - sizeof(struct cmsghdr));
	VALUE(rights.c.level);
	VALUE(rights.c.type);
	VALUE(rights.fd);
	SHOW(close, rights.fd);
	rights.c.len = sizeof(struct cmsghdr) + 4;
	rights.fd = 99;
	m.iov = out;
	m.controllen = sizeof(struct cmsghdr) + 4;
	SHOW(sendmsg, ends[0], &m, 0);
	rights.c.len = 1000;
	SHOW(sendmsg, ends[0], &m, 0);
	m.control = NOWHERE;
	SHOW(sendmsg, ends[0], &m, 0);
	m = (struct msghdr){.iov = &bad, .iovlen = 1};
	SHOW(sendmsg, ends[0], &m, 0);
	m.iov = NOWHERE;
	SHOW(sendmsg, ends[0], &m, 0);
	m.iovlen = 2000;
	SHOW(sendmsg, ends[0], &m, 0);
	SHOW(sendmsg, ends[0], NOWHERE, 0);
	SHOW(recvmsg, ends[0], NOWHERE, 0);
	/* No room for the right: it is dropped, and said so. */
	rights.c.len = sizeof(struct cmsghdr) + 4;
	rights.fd = 0;
	m = (struct msghdr){.iov = out, .iovlen = 1, .control = &rights, .controllen = sizeof(struct cmsghdr) + 4};
	SHOW(sendmsg, ends[0], &m, 0);
	m = (struct msghdr){.iov = in, .iovlen = 1};
	SHOW(recvmsg, ends[1], &m, 0);
	VALUE(m.flags);
	call(close, ends[0]);
	call(close, ends[1]);
}

TEST(several_messages)
{
	struct iovec out[2] = {{"a", 1}, {"bcd", 3}}, in[2] = {{buf, 20}, {buf + 20, 20}};
	struct mmsghdr m[2] = {{{.iov = &out[0], .iovlen = 1}, 9}, {{.iov = &out[1], .iovlen = 1}, 9}};
	struct guest_timespec soon = {0, 1000};

	call(socketpair, AF_UNIX, SOCK_DGRAM, 0, ends);
	SHOW(sendmmsg, ends[0], m, 2, 0);
	VALUE(m[0].len);
	VALUE(m[1].len);
	m[0].header.iov = &in[0];
	m[1].header.iov = &in[1];
	SHOW(recvmmsg, ends[1], m, 2, MSG_DONTWAIT, NULL);
	VALUE(m[0].len);
	VALUE(m[1].len);
	SHOW(recvmmsg, ends[1], m, 2, MSG_DONTWAIT, &soon);
	SHOW(recvmmsg, ends[1], m, 2, MSG_DONTWAIT, NOWHERE);
	SHOW(recvmmsg, ends[1], NOWHERE, 2, MSG_DONTWAIT, NULL);
	SHOW(sendmmsg, ends[0], NOWHERE, 2, 0);
	SHOW(sendmmsg, ends[0], m, 0, 0);
	SHOW(sendmmsg, 99, m, 2, 0);
	call(close, ends[0]);
	call(close, ends[1]);
}

TEST(options)
{
	struct { __kernel_long_t sec, usec; } time = {2, 500000};
	struct { int on, seconds; } linger = {1, 7};
	int value = 1, n = sizeof value;
	struct { int pid, uid, gid; } who = {0, 7, 7};
	long s = call(socket, AF_UNIX, SOCK_STREAM, 0), t = call(socket, 2, SOCK_STREAM, 0);

	SHOW(getsockopt, s, SOL_SOCKET, SO_TYPE, &value, &n);
	VALUE(value);
	SHOW(getsockopt, s, SOL_SOCKET, SO_DOMAIN, &value, &n);
	VALUE(value);
	SHOW(getsockopt, s, SOL_SOCKET, SO_ERROR, &value, &n);
	VALUE(value);
	value = 1;
	SHOW(setsockopt, s, SOL_SOCKET, SO_PASSCRED, &value, sizeof value);
	SHOW(setsockopt, s, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
	memset(&time, 0, sizeof time);
	n = sizeof time;
	SHOW(getsockopt, s, SOL_SOCKET, SO_RCVTIMEO, &time, &n);
	VALUE(time.sec);
	VALUE(time.usec);
	VALUE(n);
	SHOW(setsockopt, s, SOL_SOCKET, SO_RCVTIMEO, &time, 4);
	SHOW(setsockopt, t, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	linger.on = 5;
	n = sizeof linger;
	SHOW(getsockopt, t, SOL_SOCKET, SO_LINGER, &linger, &n);
	VALUE(linger.on);
	VALUE(linger.seconds);
	n = sizeof who;
	SHOW(getsockopt, s, SOL_SOCKET, SO_PEERCRED, &who, &n);
	VALUE(who.pid);
	VALUE(who.uid);
	SHOW(setsockopt, t, 6, 1, &value, sizeof value);
	value = 0;
	n = sizeof value;
	SHOW(getsockopt, t, 6, 1, &value, &n);
	VALUE(value);
	SHOW(setsockopt, t, 6, 9999, &value, sizeof value);
	SHOW(setsockopt, t, SOL_SOCKET, 9999, &value, sizeof value);
	SHOW(setsockopt, t, SOL_SOCKET, SO_REUSEADDR, &value, 1);
	SHOW(setsockopt, t, SOL_SOCKET, SO_REUSEADDR, NOWHERE, 4);
	SHOW(setsockopt, 1, SOL_SOCKET, SO_REUSEADDR, &value, 4);
	SHOW(getsockopt, t, SOL_SOCKET, SO_REUSEADDR, NOWHERE, &n);
	SHOW(getsockopt, t, SOL_SOCKET, SO_REUSEADDR, &value, NOWHERE);
	n = -1;
	SHOW(getsockopt, t, SOL_SOCKET, SO_REUSEADDR, &value, &n);
	n = 2;
	SHOW(getsockopt, t, SOL_SOCKET, SO_REUSEADDR, &value, &n);
	VALUE(n);
	call(close, s);
	call(close, t);
}

/* Of no program's; a layer that shares the address space may have its data there. */
#ifdef __LP64__
#define ELSEWHERE ((void *)0x5f0000120000)
#else
#define ELSEWHERE NOWHERE
#endif

TEST(answers_to_memory_of_nobodys)
{
	char address[128];
	int ends[2];

	SHOW(socketpair, AF_UNIX, SOCK_DGRAM, 0, ends);
	call(write, ends[1], "one", 3);
	SHOW(getsockname, ends[0], address, ELSEWHERE);
	SHOW(getpeername, ends[0], address, ELSEWHERE);
	SHOW(recvmmsg, ends[0], ELSEWHERE, 1, 0, NULL);
	SHOW(sendmmsg, ends[0], ELSEWHERE, 1, 0);
	SHOW(recvfrom, ends[0], ELSEWHERE, 3, 0, NULL, NULL);
	call(close, ends[0]);
	call(close, ends[1]);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(pairs);
	RUN(kinds_of_sockets);
	RUN(connections_by_name);
	RUN(the_internet_here);
	RUN(datagrams);
	RUN(messages_in_parts);
	RUN(several_messages);
	RUN(options);
	RUN(answers_to_memory_of_nobodys);
	return 0;
}
