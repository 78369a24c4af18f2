/* covers: linux bind connect accept accept4 getsockname getpeername sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg */
/* in: tree */
#include "guest_socket.h"

#define LONG_FOLDER "/a-folder-with-a-long-name/and-one-more-below-it"
#define LONG_NAME LONG_FOLDER "/and-a-socket-in-it"

static char buf[64];

static struct sockaddr_un
named(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	memcpy(a.sun_path, path, length(path));
	return a;
}

/* An answer's length and name. */
static void
show_name(const struct sockaddr_un *a, int n)
{
	char text[sizeof a->sun_path + 1] = "";

	VALUE(n);
	if (n > 2)
		memcpy(text, a->sun_path, sizeof a->sun_path);
	TEXT(text);
}

static void
names_of(long f)
{
	struct sockaddr_un got = {0};
	int n = sizeof got;

	SHOW(getsockname, f, &got, &n);
	show_name(&got, n);
	memset(&got, 0, sizeof got);
	n = sizeof got;
	SHOW(getpeername, f, &got, &n);
	show_name(&got, n);
}

static void
connection(const char *bound, const char *reached)
{
	struct sockaddr_un at = named(bound), to = named(reached), got = {0};
	long server = call(socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), peer;
	long client = call(socket, AF_UNIX, SOCK_STREAM, 0);
	int n = sizeof got;

	TEXT(bound);
	TEXT(reached);
	SHOW(connect, client, &to, sizeof to);
	SHOW(bind, server, &at, 2 + length(bound));
	SHOW(bind, client, &at, sizeof at);
	SHOW(connect, client, &to, sizeof to);
	SHOW(listen, server, 1);
	SHOW(connect, client, &to, 2 + length(reached) + 1);
	peer = SHOW(accept4, server, &got, &n, 0);
	show_name(&got, n);
	names_of(server);
	names_of(client);
	names_of(peer);
	call(close_range, 3, 9, 0);
	SHOW(unlink, bound);
}

TEST(names_lead_into_the_tree)
{
	call(mkdir, "/tmp", 0777);
	call(mkdir, "/tmp/below", 0777);
	call(symlink, "tmp", "/relative");
	call(symlink, "/tmp", "/absolute");
	connection("/tmp/name", "/tmp/name");
	connection("/tmp/name", "/absolute/name");
	connection("/relative/name", "/tmp/name");
	connection("/tmp//below/../name", "/./tmp/below/../../tmp/name");
	SHOW(symlink, "/tmp/name", "/link");
	connection("/tmp/name", "/link");
	SHOW(chdir, "/tmp");
	connection("name", "/tmp/name");
	connection("/tmp/name", "../link");
	SHOW(chdir, "/");
}

TEST(long_names)
{
	char full[109] = "/tmp/", *end = full + 5;

	SHOW(mkdir, "/a-folder-with-a-long-name", 0777);
	SHOW(mkdir, LONG_FOLDER, 0777);
	connection(LONG_NAME, LONG_NAME);
	connection("/tmp/name", LONG_FOLDER "/../../tmp/name");
	while (end < full + 80)
		*end++ = 'x';
	connection(full, full);
}

TEST(names_that_cannot_be)
{
	struct sockaddr_un at = named("/nowhere/name"), link = named("/link"), tmp = named("/tmp"), loop = named("/loop");
	long f = call(socket, AF_UNIX, SOCK_STREAM, 0);

	call(symlink, "loop", "/loop");
	SHOW(bind, f, &at, sizeof at);
	SHOW(connect, f, &at, sizeof at);
	SHOW(connect, f, &tmp, sizeof tmp);
	SHOW(connect, f, &loop, sizeof loop);
	SHOW(bind, f, &tmp, sizeof tmp);
	SHOW(bind, f, &link, sizeof link);
	SHOW(bind, f, &at, sizeof at + 1);
	SHOW(bind, f, &at, -1);
	SHOW(bind, f, &at, 2);
	SHOW(bind, 0, &at, sizeof at);
	SHOW(bind, f, &at, sizeof at);
	SHOW(getsockname, 99, &at, NULL);
	call(close, f);
}

TEST(abstract_names_are_no_paths)
{
	struct sockaddr_un at = {AF_UNIX, "\0/tmp/abstract"}, got;
	long server = call(socket, AF_UNIX, SOCK_STREAM, 0), client = call(socket, AF_UNIX, SOCK_STREAM, 0);
	int n = sizeof got;

	SHOW(bind, server, &at, 16);
	SHOW(listen, server, 1);
	SHOW(connect, client, &at, 16);
	SHOW(getpeername, client, &got, &n);
	VALUE(n);
	BYTES(got.sun_path, 14);
	call(close_range, 3, 9, 0);
}

TEST(answers_are_cut_to_the_room)
{
	struct sockaddr_un at = named("/tmp/name"), got = {0};
	long f = call(socket, AF_UNIX, SOCK_DGRAM, 0);
	int n = 8;

	SHOW(bind, f, &at, sizeof at);
	SHOW(getsockname, f, &got, &n);
	VALUE(n);
	BYTES(got.sun_path, 9);
	n = 0;
	SHOW(getsockname, f, &got, &n);
	VALUE(n);
	n = -1;
	SHOW(getsockname, f, &got, &n);
	n = sizeof got;
	SHOW(getsockname, f, NOWHERE, &n);
	SHOW(getsockname, f, &got, NOWHERE);
	call(close, f);
	call(unlink, "/tmp/name");
}

static struct sockaddr_un here, there;
static long a_socket, b_socket;

TEST(datagrams)
{
	struct sockaddr_un got = {0}, nowhere = named("/tmp/nowhere");
	int n = sizeof got;

	here = named("/tmp/here");
	there = named("/tmp/there");
	a_socket = call(socket, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	b_socket = call(socket, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	SHOW(bind, a_socket, &here, sizeof here);
	SHOW(bind, b_socket, &there, sizeof there);
	SHOW(sendto, a_socket, "one", 3, 0, &there, sizeof there);
	SHOW(sendto, a_socket, "one", 3, 0, &nowhere, sizeof nowhere);
	SHOW(sendto, a_socket, "one", 3, 0, &there, 200);
	SHOW(sendto, a_socket, "one", 3, 0, NOWHERE, sizeof there);
	SHOW(recvfrom, b_socket, buf, sizeof buf, 0, &got, &n);
	show_name(&got, n);
	SHOW(sendto, a_socket, "two", 3, 0, &there, sizeof there);
	SHOW(recvfrom, b_socket, buf, sizeof buf, 0, NOWHERE, &n);
	SHOW(sendto, a_socket, "two", 3, 0, &there, sizeof there);
	SHOW(recvfrom, b_socket, buf, sizeof buf, 0, &got, NOWHERE);
	SHOW(recvfrom, b_socket, buf, sizeof buf, MSG_DONTWAIT, &got, &n);
}

TEST(messages)
{
	struct sockaddr_un got = {0};
	struct iovec part = {"three", 5}, room = {buf, sizeof buf};
	struct msghdr out = {&there, sizeof there, &part, 1, NULL, 0, 0}, in = {&got, sizeof got, &room, 1, NULL, 0, 0};

	SHOW(sendmsg, a_socket, &out, 0);
	SHOW(recvmsg, b_socket, &in, 0);
	show_name(&got, in.namelen);
	VALUE(in.flags);
	SHOW(sendmsg, a_socket, &out, 0);
	in.namelen = 5;
	SHOW(recvmsg, b_socket, &in, 0);
	VALUE(in.namelen);
	in.namelen = -1;
	SHOW(recvmsg, b_socket, &in, MSG_DONTWAIT);
	SHOW(sendmsg, a_socket, &out, 0);
	in.name = NOWHERE;
	in.namelen = sizeof got;
	SHOW(recvmsg, b_socket, &in, 0);
	SHOW(sendmsg, a_socket, &out, 0);
	in.name = NULL;
	in.namelen = 7;
	SHOW(recvmsg, b_socket, &in, 0);
	VALUE(in.namelen);
	out.name = NOWHERE;
	SHOW(sendmsg, a_socket, &out, 0);
	SHOW(recvmsg, b_socket, NOWHERE, 0);
	SHOW(sendmsg, a_socket, NOWHERE, 0);
}

TEST(messages_at_once)
{
	struct sockaddr_un got[3] = {{0}};
	struct iovec part = {"four", 4}, room = {buf, sizeof buf};
	struct mmsghdr out[3], in[3];

	for (unsigned i = 0; i < COUNT(out); i++) {
		out[i] = (struct mmsghdr){{&there, sizeof there, &part, 1, NULL, 0, 0}, 0};
		in[i] = (struct mmsghdr){{&got[i], sizeof got[i], &room, 1, NULL, 0, 0}, 0};
	}
	SHOW(sendmmsg, a_socket, out, 2, 0);
	VALUE(out[1].len);
	SHOW(recvmmsg, b_socket, in, 3, MSG_DONTWAIT, NULL);
	show_name(&got[1], in[1].header.namelen);
	VALUE(in[1].len);
	SHOW(recvmmsg, b_socket, in, 3, MSG_DONTWAIT, NULL);
	out[1].header.name = NOWHERE;
	SHOW(sendmmsg, a_socket, out, 3, 0);
	SHOW(sendmmsg, a_socket, out + 1, 1, 0);
	SHOW(sendmmsg, 99, out, 3, 0);
	SHOW(recvmmsg, 99, in, 3, 0, NULL);
	call(close_range, 3, 9, 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(names_lead_into_the_tree);
	RUN(long_names);
	RUN(names_that_cannot_be);
	RUN(abstract_names_are_no_paths);
	RUN(answers_are_cut_to_the_room);
	RUN(datagrams);
	RUN(messages);
	RUN(messages_at_once);
	return 0;
}
