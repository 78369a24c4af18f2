/* covers: linux socketpair sendmsg recvmsg sendmmsg recvmmsg sendto recvfrom setsockopt getsockopt shutdown */
/* only: x86_64 i386 */
/*
 * Messages between pairs of local sockets drawn by lot: descriptors and credentials in control messages, whole, several,
 * malformed and cut off, vectors, and the options that have structs. Lengths are shown, which x32's twin has others of.
 */
#include "guest_lot.h"
#include "guest_signal.h"
#include "guest_socket.h"

#define PAIRS 3
#define SCM_CREDENTIALS 2
#define CONTROL 128

static const int kinds[] = {SOCK_STREAM, SOCK_DGRAM, 5 /* SOCK_SEQPACKET */};
static int ends[PAIRS][2];
static char data[64], control[CONTROL] __attribute__((aligned(8)));
static struct iovec parts[3];

static size_t
aligned(size_t n)
{
	return (n + sizeof(long) - 1) & ~(sizeof(long) - 1);
}

static size_t
add_control(size_t at, int level, int type, const void *of, size_t n)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)(control + at);

	c->len = aligned(sizeof *c) + n;
	c->level = level;
	c->type = type;
	for (size_t i = 0; i < n; i++)
		(control + at + aligned(sizeof *c))[i] = ((const char *)of)[i];
	if (draw(16) == 0)
		c->len += draw(3) ? 1000 : (size_t)-8;
	return at + aligned(aligned(sizeof *c) + n);
}

/* What is sent along; how many bytes of it. */
static size_t
draw_control(void)
{
	int files[4] = {0, 1, 2, draw(8) ? 1 : 99};
	struct { int pid, uid, gid; } who = {(int)call(getpid), draw(10) ? 0 : 5, 0};
	size_t n = 0;

	for (size_t i = 0; i < sizeof control; i++)
		control[i] = 0;
	if (draw(2))
		n = add_control(n, 1, SCM_RIGHTS, files, (1 + draw(4)) * sizeof files[0]);
	if (draw(3) == 0)
		n = add_control(n, 1, SCM_CREDENTIALS, &who, draw(8) ? sizeof who : 4);
	if (draw(12) == 0)
		n = add_control(n, 1, 77, files, 4);
	if (draw(16) == 0)
		n += 3;
	return n;
}

static unsigned
draw_parts(void)
{
	unsigned n = draw(4);

	for (unsigned i = 0; i < COUNT(parts); i++)
		parts[i] = (struct iovec){data + draw(8), draw(20)};
	say("parts", n);
	for (unsigned i = 0; i < n; i++)
		say("", (long long)parts[i].iov_len);
	return n;
}

/* What came with it; descriptors are closed again. */
static void
show_control(const struct msghdr *m)
{
	say("control", (long long)m->controllen);
	say("flags", m->flags & ~0x40000000u);
	for (size_t at = 0; at + sizeof(struct cmsghdr) <= m->controllen;) {
		struct cmsghdr *c = (struct cmsghdr *)(void *)(control + at);
		int *words = (int *)(void *)(control + at + aligned(sizeof *c));

		say("[ length", (long long)c->len);
		say("level", c->level);
		say("type", c->type);
		for (size_t i = 0; c->len >= aligned(sizeof *c) && i < (c->len - aligned(sizeof *c)) / sizeof(int); i++) {
			say("", c->type == SCM_CREDENTIALS && i == 0 ? words[i] == call(getpid) : words[i]);
			if (c->type == SCM_RIGHTS)
				call(close, words[i]);
		}
		print(" ]");
		if (c->len < sizeof *c)
			break;
		at += aligned(c->len);
	}
}

static void
send_message(int f)
{
	static const unsigned flags[] = {MSG_NOSIGNAL, 1 /* MSG_OOB */, 0x80 /* MSG_EOR */, 0x10000000 /* unknown */};
	struct msghdr m = {.iov = parts, .control = control};
	unsigned how = MSG_DONTWAIT | (draw(6) ? 0 : DRAW(flags));

	print("sendmsg");
	m.iovlen = draw_parts();
	m.controllen = draw_control();
	say("control", (long long)m.controllen);
	say("how", how);
	if (draw(3)) {
		answer(call(sendmsg, f, &m, how));
	} else {
		struct mmsghdr many[2] = {{m, 0}, {m, 0}};

		print(" twice");
		answer(call(sendmmsg, f, many, 2, how));
		say("sent", many[0].len);
		say("", many[1].len);
	}
}

static void
receive_message(int f)
{
	static const unsigned flags[] = {MSG_PEEK, MSG_TRUNC, 0x40000000 /* MSG_CMSG_CLOEXEC */, 0x100 /* MSG_WAITALL */, 0};
	struct sockaddr_un name;
	struct msghdr m = {.iov = parts, .control = control};
	unsigned how = MSG_DONTWAIT | DRAW(flags);

	print("recvmsg");
	m.iovlen = draw_parts();
	m.controllen = draw(4) ? draw(CONTROL) : 0;
	say("room", (long long)m.controllen);
	say("how", how);
	for (size_t i = 0; i < sizeof control; i++)
		control[i] = 0;
	if (draw(3) == 0) {
		m.name = &name;
		m.namelen = (int)draw(sizeof name);
	}
	if (draw(3)) {
		if (answer(call(recvmsg, f, &m, how)) >= 0)
			show_control(&m);
		say("name", m.namelen);
	} else {
		struct mmsghdr one = {m, 0};

		print(" of many");
		if (answer(call(recvmmsg, f, &one, 1, how, NULL)) >= 0)
			show_control(&one.header);
		say("length", one.len);
		say("name", one.header.namelen);
	}
}

static void
move_plainly(int f)
{
	unsigned n = draw(40);

	say("bytes", n);
	if (draw(2)) {
		print(" sendto");
		answer(call(sendto, f, data, n, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0));
	} else {
		print(" recvfrom");
		answer(call(recvfrom, f, data, n, MSG_DONTWAIT, NULL, NULL));
	}
}

static void
set_option(int f)
{
	static const int options[] = {16 /* PASSCRED */, 16, 34 /* PASSSEC */, 20 /* RCVTIMEO */, 21, 66, 67, 13 /* LINGER */, 7, 8, 18, 200};
	union {
		long words[4];
		int numbers[8];
	} value = {.words = {draw(3), draw(5) * 1000, 0, 0}};
	int option = DRAW(options), size = (int)(draw(4) ? draw(3) ? 2 * sizeof(long) : 16 : draw(20));

	say("option", option);
	say("size", size);
	print(" set");
	answer(call(setsockopt, f, 1, option, &value, size));
	for (unsigned i = 0; i < COUNT(value.words); i++)
		value.words[i] = 0;
	print(" get");
	if (answer(call(getsockopt, f, 1, option, &value, &size)) == 0) {
		say("size", size);
		for (int i = 0; i < (size < 32 ? size / 4 : 8); i++)
			say("", value.numbers[i]);
	}
}

static void
new_pair(unsigned which)
{
	call(close, ends[which][0]);
	call(close, ends[which][1]);
	print("socketpair");
	answer(call(socketpair, AF_UNIX, DRAW(kinds), 0, ends[which]));
}

TEST(messages_are_the_kernels)
{
	for (unsigned i = 0; i < PAIRS; i++)
		call(socketpair, AF_UNIX, kinds[i], 0, ends[i]);
	for (int i = 0; i < CALLS; i++) {
		unsigned which = draw(PAIRS), end = draw(2);
		int f = ends[which][end];

		say("pair", which);
		say("end", end);
		print(" ");
		switch (draw(12)) {
		case 0:
		case 1:
		case 2:
		case 3:
			send_message(f);
			break;
		case 4:
		case 5:
		case 6:
		case 7:
			receive_message(f);
			break;
		case 8:
			move_plainly(f);
			break;
		case 9:
		case 10:
			set_option(f);
			break;
		default:
			if (draw(3) == 0) {
				print("shutdown");
				answer(call(shutdown, f, draw(4)));
			} else {
				new_pair(which);
			}
		}
		print_end();
	}
}

int
main(int argc, char **argv, char **envp)
{
	struct guest_action ignored = {(void *)1, SA_RESTORER, guest_restorer, {{0, 0}}};

	(void)argc;
	(void)argv;
	(void)envp;
	call(rt_sigaction, SIGPIPE, &ignored, NULL, MASK_SIZE);
	RUN(messages_are_the_kernels);
	return 0;
}
