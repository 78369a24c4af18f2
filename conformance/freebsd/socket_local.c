/* covers: freebsd socketpair sendmsg recvmsg bindat connectat */
/*
 * Local sockets: names in the file system, descriptors and credentials that
 * travel with messages.
 */
#include "guest_socket.h"

enum { SYS_getuid = 24, SYS_geteuid = 25, SYS_getgid = 47, SYS_pipe2 = 542, SYS_unlink = 10 };
enum { LOCAL_PEERCRED = 1, LOCAL_CREDS = 2, LOCAL_CREDS_PERSISTENT = 3 };

static struct sockaddr_un
local_name(const char *path)
{
	struct sockaddr_un un = {(uint8_t)(2 + length(path)), AF_LOCAL, {0}};

	memcpy(un.path, path, length(path));
	return un;
}

TEST(a_pair_talks_both_ways)
{
	char buf[8];
	int ends[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(call(SYS_write, ends[0], "one", 3), 3);
	CHECK_IS(call(SYS_read, ends[1], buf, sizeof buf), 3);
	CHECK_IS(call(SYS_sendto, ends[1], "two", 3, 0, NULL, 0), 3);
	CHECK_IS(call(SYS_recvfrom, ends[0], buf, sizeof buf, 0, NULL, NULL), 3);
	close_both(ends);
	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	CHECK_IS(call(SYS_fcntl, ends[1], F_GETFD), FD_CLOEXEC);
	close_both(ends);
	CHECK_IS(call(SYS_socketpair, AF_INET, SOCK_STREAM, 0, ends), -EOPNOTSUPP);
	CHECK_IS(call(SYS_socketpair, 0, SOCK_STREAM, 0, ends), -EAFNOSUPPORT);
	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(ends[0], 3); /* nothing was left open */
	close_both(ends);
}

TEST(a_name_is_a_file)
{
	struct sockaddr_un un = local_name("name"), got = {0};
	uint32_t len = sizeof got;
	long l = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0), s, a;
	char buf[4];

	CHECK_IS(call(SYS_listen, l, 1), -EDESTADDRREQ);
	CHECK_IS(call(SYS_bind, l, &un, un.len), 0);
	CHECK_IS(call(SYS_getsockname, l, &got, &len), 0);
	CHECK_IS(got.family, AF_LOCAL);
	CHECK_IS(got.len, len);
	CHECK(same_text(got.path, "name"));
	CHECK_IS(call(SYS_listen, l, 1), 0);
	s = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_IS(call(SYS_bind, s, &un, un.len), -EADDRINUSE);
	CHECK_IS(call(SYS_connect, s, &un, un.len), 0);
	len = sizeof got;
	a = call(SYS_accept, l, &got, &len);
	CHECK(a > 0);
	CHECK_IS(len, 16); /* a peer without a name: struct sockaddr, empty */
	CHECK_IS(got.len, 16);
	CHECK_IS(got.family, AF_LOCAL);
	CHECK_IS(got.path[0], 0);
	len = sizeof got;
	CHECK_IS(call(SYS_getpeername, s, &got, &len), 0);
	CHECK(same_text(got.path, "name"));
	CHECK_IS(call(SYS_write, s, "x", 1), 1);
	CHECK_IS(call(SYS_read, a, buf, 4), 1);
	call(SYS_close, a);
	call(SYS_close, s);
	call(SYS_close, l);
	CHECK_IS(call(SYS_unlink, "name"), 0);
}

TEST(names_that_are_no_sockets_are_told_apart)
{
	struct sockaddr_un un = local_name("missing");
	long s = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0);

	CHECK_IS(call(SYS_connect, s, &un, un.len), -ENOENT);
	un = local_name("file");
	CHECK(call(SYS_open, "file", 0x201 /* O_CREAT|O_WRONLY */, 0644) > 0);
	CHECK_IS(call(SYS_connect, s, &un, un.len), -ENOTSOCK);
	CHECK_IS(call(SYS_bind, s, &un, un.len), -EADDRINUSE);
	CHECK_IS(call(SYS_bind, s, &un, 2), -EINVAL);
	un = local_name("");
	un.len = 10; /* no abstract names here */
	CHECK_IS(call(SYS_bind, s, &un, 10), -ENOENT);
	CHECK_IS(call(SYS_connect, s, &un, 120), -EINVAL);
	call(SYS_close, s);
}

TEST(names_can_be_relative_to_a_folder)
{
	struct sockaddr_un un = local_name("inner");
	long dir, l = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0),
		  s = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0), t;
	struct sockaddr_un whole = local_name("folder/inner");

	CHECK_IS(call(SYS_mkdir, "folder", 0755), 0);
	dir = call(SYS_open, "folder", O_RDONLY | O_DIRECTORY);
	CHECK_IS(call(SYS_bindat, dir, l, &un, un.len), 0);
	CHECK_IS(call(SYS_listen, l, 2), 0);
	CHECK_IS(call(SYS_connectat, dir, s, &un, un.len), 0);
	t = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_IS(call(SYS_connectat, AT_FDCWD, t, &whole, whole.len), 0);
	CHECK_IS(call(SYS_bindat, 99, t, &un, un.len) < 0, 1);
	CHECK_IS(call(SYS_bindat, dir, t, &un, 0), -EINVAL);
	call(SYS_close, t);
	call(SYS_close, s);
	call(SYS_close, l);
	call(SYS_close, dir);
}

TEST(datagrams_of_unnamed_senders_come_from_nobody)
{
	struct sockaddr_un un = local_name("dgram"), from = {0};
	uint32_t len = sizeof from;
	long l = call(SYS_socket, AF_LOCAL, SOCK_DGRAM, 0),
	     s = call(SYS_socket, AF_LOCAL, SOCK_DGRAM, 0);
	char buf[4];

	CHECK_IS(call(SYS_bind, l, &un, un.len), 0);
	CHECK_IS(call(SYS_sendto, s, "x", 1, 0, &un, un.len), 1);
	CHECK_IS(call(SYS_recvfrom, l, buf, 4, 0, &from, &len), 1);
	CHECK_IS(len, 16);
	CHECK_IS(from.family, AF_LOCAL);
	CHECK_IS(from.path[0], 0);
	call(SYS_close, s);
	call(SYS_close, l);
}

/* ---- messages ---- */

struct rights {
	struct cmsghdr head;
	int pad;
	int fds[2];
};

static long
send_fds(int s, const int *fds, int n)
{
	struct rights control = {{(uint32_t)CMSG_LEN(n * 4), SOL_SOCKET, SCM_RIGHTS},
				 0,
				 {fds[0], n > 1 ? fds[1] : 0}};
	struct iovec iov = {"data", 4};
	struct msghdr m = {NULL, 0, &iov, 1, &control, (uint32_t)CMSG_SPACE(n * 4), 0};

	return call(SYS_sendmsg, s, &m, 0);
}

TEST(descriptors_travel)
{
	struct rights control;
	char buf[8], byte;
	struct iovec iov = {buf, sizeof buf};
	struct msghdr m = {NULL, 0, &iov, 1, &control, sizeof control, 0};
	int ends[2], pipe[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(call(SYS_pipe2, pipe, 0), 0);
	CHECK_IS(send_fds(ends[0], pipe, 2), 4);
	memset(&control, 0, sizeof control);
	CHECK_IS(call(SYS_recvmsg, ends[1], &m, MSG_CMSG_CLOEXEC), 4);
	CHECK_IS(m.controllen, CMSG_SPACE(8));
	CHECK_IS(control.head.len, CMSG_LEN(8));
	CHECK_IS(control.head.level, SOL_SOCKET);
	CHECK_IS(control.head.type, SCM_RIGHTS);
	CHECK_IS(m.flags & (MSG_TRUNC | MSG_CTRUNC), 0);
	CHECK(control.fds[0] > pipe[1] && control.fds[1] > pipe[1]);
	CHECK_IS(call(SYS_fcntl, control.fds[0], F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_write, control.fds[1], "y", 1), 1);
	CHECK_IS(call(SYS_read, pipe[0], &byte, 1), 1);
	CHECK_IS(byte, 'y');
	close_both(control.fds);
	close_both(pipe);
	close_both(ends);
}

TEST(descriptors_without_room_are_closed)
{
	char buf[8];
	struct cmsghdr small;
	struct iovec iov = {buf, sizeof buf};
	struct msghdr m = {NULL, 0, &iov, 1, &small, sizeof small, 0};
	int ends[2], pipe[2], next[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(call(SYS_pipe2, pipe, 0), 0);
	CHECK_IS(send_fds(ends[0], pipe, 2), 4);
	CHECK_IS(call(SYS_recvmsg, ends[1], &m, 0), 4);
	CHECK_IS(m.flags & MSG_CTRUNC, MSG_CTRUNC);
	CHECK_IS(call(SYS_pipe2, next, 0), 0);
	CHECK_IS(next[0], pipe[1] + 1);
	close_both(next);
	close_both(pipe);
	close_both(ends);
}

TEST(control_buffers_that_make_no_sense_are_refused)
{
	struct rights control = {{CMSG_LEN(4), SOL_SOCKET, SCM_RIGHTS}, 0, {99, 0}};
	struct iovec iov = {"data", 4};
	struct msghdr m = {NULL, 0, &iov, 1, &control, CMSG_SPACE(4), 0};
	int ends[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(call(SYS_sendmsg, ends[0], &m, 0), -EBADF);
	m.controllen = 4;
	CHECK_IS(call(SYS_sendmsg, ends[0], &m, 0), -EINVAL);
	m.controllen = sizeof control;
	control.head.len = 4000;
	CHECK_IS(call(SYS_sendmsg, ends[0], &m, 0), -EINVAL);
	m.control = NOWHERE;
	CHECK_IS(call(SYS_sendmsg, ends[0], &m, 0), -EFAULT);
	m.control = NULL;
	m.iovlen = 1025;
	CHECK_IS(call(SYS_sendmsg, ends[0], &m, 0), -EMSGSIZE);
	CHECK_IS(call(SYS_recvmsg, ends[0], &m, 0), -EMSGSIZE);
	CHECK_IS(call(SYS_sendmsg, ends[0], NOWHERE, 0), -EFAULT);
	CHECK_IS(call(SYS_recvmsg, ends[0], NOWHERE, 0), -EFAULT);
	close_both(ends);
}

TEST(datagrams_that_are_cut_say_so)
{
	char buf[2];
	struct iovec iov = {buf, sizeof buf};
	struct msghdr m = {NULL, 0, &iov, 1, NULL, 0, 0};
	int ends[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_DGRAM, 0, ends), 0);
	CHECK_IS(call(SYS_write, ends[0], "long", 4), 4);
	CHECK_IS(call(SYS_recvmsg, ends[1], &m, 0), 2);
	CHECK_IS(m.flags & MSG_TRUNC, MSG_TRUNC);
	CHECK_IS(m.controllen, 0);
	close_both(ends);
}

/* Every address of a message, made bad in turn; the queue stays as it was. */
TEST(bad_addresses_in_messages_are_efault)
{
	char buf[8], name[128], control[256];
	struct iovec good = {buf, sizeof buf}, bad = {NOWHERE, 4};
	struct msghdr m = {NULL, 0, &bad, 1, NULL, 0, 0};
	int ends[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_DGRAM, 0, ends), 0);
	CHECK_IS(call(SYS_sendmsg, ends[0], &m, 0), -EFAULT);
	m.iov = NOWHERE;
	CHECK_IS(call(SYS_sendmsg, ends[0], &m, 0), -EFAULT);
	m.iov = &good;
	m.name = NOWHERE;
	m.namelen = 20;
	CHECK_IS(call(SYS_sendmsg, ends[0], &m, 0), -EFAULT);
	m = (struct msghdr){NULL, 0, NOWHERE, 1, NULL, 0, 0};
	CHECK_IS(call(SYS_write, ends[1], "x", 1), 1);
	CHECK_IS(call(SYS_recvmsg, ends[0], &m, 0), -EFAULT);
	CHECK_IS(call(SYS_read, ends[0], buf, sizeof buf), 1);
	m = (struct msghdr){NOWHERE, sizeof name, &good, 1, NULL, 0, 0};
	CHECK_IS(call(SYS_write, ends[1], "x", 1), 1);
	CHECK_IS(call(SYS_recvmsg, ends[0], &m, 0), -EFAULT);
	m = (struct msghdr){name, sizeof name, &good, 1, NOWHERE, sizeof control, 0};
	CHECK_IS(send_fds(ends[1], (int[]){0}, 1), 4);
	CHECK_IS(call(SYS_recvmsg, ends[0], &m, 0), -EFAULT);
	close_both(ends);
}

struct creds {
	struct cmsghdr head;
	int align;
	int pid;
	uint32_t uid, euid, gid;
	int16_t ngroups;
	uint32_t groups[16];
};

TEST(credentials_are_filled_in_by_the_kernel)
{
	struct creds control = {{CMSG_LEN(84), SOL_SOCKET, SCM_CREDS}, 0, 0, 0, 0, 0, 0, {0}};
	char buf[8];
	struct iovec iov = {buf, 1};
	struct msghdr m = {NULL, 0, &iov, 1, &control, CMSG_SPACE(84), 0};
	int ends[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(call(SYS_sendmsg, ends[0], &m, 0), 1);
	memset(&control, 0, sizeof control);
	CHECK_IS(call(SYS_recvmsg, ends[1], &m, 0), 1);
	CHECK_IS(control.head.type, SCM_CREDS);
	CHECK_IS(control.head.len, CMSG_LEN(84));
	CHECK_IS(control.pid, call(SYS_getpid));
	CHECK_IS(control.uid, call(SYS_getuid));
	CHECK_IS(control.euid, call(SYS_geteuid));
	CHECK_IS(control.gid, call(SYS_getgid));
	CHECK(control.ngroups >= 1);
	close_both(ends);
}

TEST(credentials_not_sent_do_not_come)
{
	char buf[8], control[256];
	struct iovec iov = {buf, sizeof buf};
	struct msghdr m = {NULL, 0, &iov, 1, control, sizeof control, 0};
	int ends[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(call(SYS_write, ends[0], "a", 1), 1);
	CHECK_IS(call(SYS_recvmsg, ends[1], &m, 0), 1);
	CHECK_IS(m.controllen, 0);
	m.controllen = sizeof control;
	CHECK_IS(call(SYS_recvmsg, ends[1], &m, MSG_DONTWAIT), -EAGAIN);
	close_both(ends);
}

TEST(a_receiver_can_ask_for_credentials)
{
	uint32_t control[64];
	char buf[8];
	struct iovec iov = {buf, sizeof buf};
	struct msghdr m = {NULL, 0, &iov, 1, control, sizeof control, 0};
	int ends[2];

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(set_option(ends[1], SOL_LOCAL, LOCAL_CREDS_PERSISTENT, 1), 0);
	CHECK_IS(option_of(ends[1], SOL_LOCAL, LOCAL_CREDS_PERSISTENT), 1);
	CHECK_IS(set_option(ends[1], SOL_LOCAL, LOCAL_CREDS, 1), -EINVAL);
	for (int i = 0; i < 2; i++) {
		m.controllen = sizeof control;
		CHECK_IS(call(SYS_write, ends[0], "a", 1), 1);
		CHECK_IS(call(SYS_recvmsg, ends[1], &m, 0), 1);
		CHECK_IS(control[2], SCM_CREDS2);
		CHECK_IS(control[5],
			 call(SYS_getpid)); /* struct sockcred2: version, pid, uid, euid */
		CHECK_IS(control[6], call(SYS_getuid));
	}
	close_both(ends);
	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(set_option(ends[1], SOL_LOCAL, LOCAL_CREDS, 1), 0);
	for (int i = 0; i < 2; i++) {
		m.controllen = sizeof control;
		CHECK_IS(call(SYS_write, ends[0], "a", 1), 1);
		CHECK_IS(call(SYS_recvmsg, ends[1], &m, 0), 1);
		CHECK_IS(m.controllen > 0, i == 0); /* once */
	}
	close_both(ends);
}

TEST(the_peer_is_known)
{
	struct {
		uint32_t version, uid;
		int16_t ngroups;
		uint32_t groups[16];
		union {
			void *unused;
			int pid;
		};
	} x = {0};
	uint32_t len = sizeof x;
	int ends[2];
	long s;

	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	CHECK_IS(call(SYS_getsockopt, ends[0], SOL_LOCAL, LOCAL_PEERCRED, &x, &len), 0);
	CHECK_IS(len, 88);
	CHECK_IS(x.version, 0);
	CHECK_IS(x.uid, call(SYS_geteuid));
	CHECK(x.ngroups >= 1);
	CHECK_IS(x.pid, call(SYS_getpid));
	close_both(ends);
	s = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_IS(call(SYS_getsockopt, s, SOL_LOCAL, LOCAL_PEERCRED, &x, &len), -ENOTCONN);
	call(SYS_close, s);
}

TEST(a_local_stream_without_a_peer_breaks)
{
	int ends[2];
	long s = call(SYS_socket, AF_LOCAL, SOCK_STREAM, 0);

	CHECK_IS(call(SYS_sendto, s, "x", 1, 0, NULL, 0), -ENOTCONN);
	call(SYS_close, s);
	CHECK_IS(call(SYS_socketpair, AF_LOCAL, SOCK_STREAM, 0, ends), 0);
	call(SYS_close, ends[1]);
	CHECK_IS(call(SYS_sendto, ends[0], "x", 1, MSG_NOSIGNAL, NULL, 0), -EPIPE);
	on_sigpipe(SIG_IGN);
	CHECK_IS(call(SYS_sendto, ends[0], "x", 1, 0, NULL, 0), -EPIPE);
	on_sigpipe(SIG_DFL);
	call(SYS_close, ends[0]);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_pair_talks_both_ways);
	RUN(a_name_is_a_file);
	RUN(names_that_are_no_sockets_are_told_apart);
	RUN(names_can_be_relative_to_a_folder);
	RUN(datagrams_of_unnamed_senders_come_from_nobody);
	RUN(descriptors_travel);
	RUN(descriptors_without_room_are_closed);
	RUN(control_buffers_that_make_no_sense_are_refused);
	RUN(datagrams_that_are_cut_say_so);
	RUN(bad_addresses_in_messages_are_efault);
	RUN(credentials_are_filled_in_by_the_kernel);
	RUN(credentials_not_sent_do_not_come);
	RUN(a_receiver_can_ask_for_credentials);
	RUN(the_peer_is_known);
	RUN(a_local_stream_without_a_peer_breaks);
	return 0;
}
