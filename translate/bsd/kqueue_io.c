/*
 * EVFILT_READ and EVFILT_WRITE on epoll.
 *
 * Both filters of a descriptor share one epoll registration, level- or
 * edge-triggered as the guest's EV_CLEAR says; if they differ in that, WRITE is
 * registered by a second descriptor for the same file. Registering again makes
 * epoll look at the state anew, as a kqueue does.
 *
 * What counts as an event differs: epoll reports states that are none for the
 * guest (EPOLLHUP of a socket that was never connected, fewer bytes than
 * NOTE_LOWAT asks for), and would report them without end. A level-triggered
 * registration that did so becomes `quiet`: edge-triggered on the host, and
 * registered again after each event that was passed on.
 */
#include "kqueue_private.h"

#include <linux/eventpoll.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/socket.h>
#include <asm/stat.h>
#include <linux/sockios.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "core/fd.h"
#include "core/host.h"
#include "core/linux_abi.h"

#define SOCKET_LEVEL	1	/* SOL_SOCKET, not in the uapi headers under that name */
#define TCP_LEVEL	6
#define TCP_INFO_OPTION	11	/* linux/tcp.h does not compile without a libc */
#define PIPE_ROOM_WANTED 512	/* PIPE_BUF: sys_pipe.c, filt_pipewrite() */
#define DEFAULT_PIPE	65536

enum descriptor_kind { KIND_OTHER, KIND_SOCKET, KIND_PIPE, KIND_FILE };

long
kqueue_add_source(struct kqueue *kq, int fd, uint32_t events, uint64_t key)
{
	struct epoll_event e = {events, key};

	return core_call(__NR_epoll_ctl, kq->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* ---- registration ---- */

static struct knote *
note_of(struct watched *w, enum kq_filter filter)
{
	struct knote *kn = w->notes;

	while (kn && kn->ev.filter != filter)
		kn = kn->next;
	return kn;
}

static uint32_t
events_of(const struct knote *kn)
{
	if (!kn || kn->disabled || kn->io.kind == KIND_FILE)
		return 0;
	return kn->ev.filter == KQ_READ ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
}

static bool
differ(const struct knote *a, const struct knote *b)
{
	return a && b && ((a->ev.flags ^ b->ev.flags) & EV_CLEAR);
}

static bool
is_edge(const struct knote *a, const struct knote *b)
{
	return (a && (a->ev.flags & EV_CLEAR)) || (b && (b->ev.flags & EV_CLEAR));
}

static long
set_slot(struct kqueue *kq, struct watched *w, unsigned i, uint32_t events, bool again)
{
	struct slot *s = &w->slots[i];
	uint64_t key = source_key(SOURCE_IO, w->generation, (uint32_t)w->slots[0].fd);
	struct epoll_event e = {events, i ? key | SOURCE_SECOND_SLOT : key};
	int op = !events ? EPOLL_CTL_DEL : s->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	long r;

	if (events == s->events && (!again || !events))
		return 0;
	r = core_call(__NR_epoll_ctl, kq->epoll, op, s->fd, &e);
	/* The host drops a registration by itself with the last descriptor of the file. */
	if (r == -ENOENT && op == EPOLL_CTL_MOD)
		r = core_call(__NR_epoll_ctl, kq->epoll, EPOLL_CTL_ADD, s->fd, &e);
	if (r < 0 && op != EPOLL_CTL_DEL)
		return r;
	s->events = events;
	return 0;
}

long
kqueue_io_update(struct kqueue *kq, int fd, bool again)
{
	struct watched *w = kq->watched[fd];
	struct knote *rd = note_of(w, KQ_READ), *wr = note_of(w, KQ_WRITE);
	uint32_t first = events_of(rd), second = events_of(wr);
	long r;

	if (differ(rd, wr) && w->slots[1].fd < 0) {
		int copy = core_fd_duplicate(fd);

		if (copy < 0)
			return copy;
		w->slots[1].fd = copy;
	}
	if (w->slots[1].fd < 0) {
		first |= second;
		second = 0;
		if (first && (is_edge(rd, wr) || w->slots[0].quiet))
			first |= EPOLLET;
	} else {
		if (first && (is_edge(rd, NULL) || w->slots[0].quiet))
			first |= EPOLLET;
		if (second && (is_edge(NULL, wr) || w->slots[1].quiet))
			second |= EPOLLET;
	}
	r = set_slot(kq, w, 0, first, again);
	return r < 0 || w->slots[1].fd < 0 ? r : set_slot(kq, w, 1, second, again);
}

static struct slot *
slot_of(const struct knote *kn)
{
	struct watched *w = kn->kq->watched[kn->ev.ident];

	return &w->slots[kn->ev.filter == KQ_WRITE && w->slots[1].fd >= 0];
}

void
kqueue_io_looked_at(struct knote *kn, bool held)
{
	struct slot *s = slot_of(kn);

	if (kn->ev.flags & EV_CLEAR) {
		if (kn->disabled)
			kqueue_io_update(kn->kq, (int)kn->ev.ident, false);
		return;
	}
	if (!held && !s->quiet) {
		s->quiet = true;
		kqueue_io_update(kn->kq, (int)kn->ev.ident, true);
	} else if (held) {
		kqueue_io_update(kn->kq, (int)kn->ev.ident, s->quiet);
	}
}

void
kqueue_io_ready(struct kqueue *kq, const struct epoll_event *e)
{
	uint32_t fd = (uint32_t)e->data, generation = e->data >> 32 & 0xffffff;
	bool second = e->data & SOURCE_SECOND_SLOT;
	struct watched *w = fd < kq->n_watched ? kq->watched[fd] : NULL;
	const uint32_t for_read = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
	const uint32_t for_write = EPOLLOUT | EPOLLHUP | EPOLLERR;

	if (!w || (w->generation & 0xffffff) != generation)
		return;
	for (struct knote *kn = w->notes; kn; kn = kn->next) {
		uint32_t mine = kn->ev.filter == KQ_READ    ? for_read
				: kn->ev.filter == KQ_WRITE ? for_write
							    : 0;

		if (!(e->events & mine) || kn->disabled)
			continue;
		if (w->slots[1].fd >= 0 && second != (kn->ev.filter == KQ_WRITE))
			continue;
		kn->io.ready = e->events;
		knote_activate(kn);
	}
}

/* ---- what holds ---- */

static uint32_t
poll_now(int fd, short events)
{
	struct pollfd f = {fd, events, 0};

	return core_call(__NR_poll, &f, 1, 0) > 0 ? (uint32_t)(uint16_t)f.revents : 0;
}

/* What epoll said a moment ago, or what is so now: POLL and EPOLL bits are the same. */
static uint32_t
state_of(struct knote *kn, short events)
{
	uint32_t ready = kn->io.ready;

	kn->io.ready = 0;
	return ready ? ready : poll_now((int)kn->ev.ident, events);
}

static long
get_option(long fd, int level, int name)
{
	int value = 0, size = sizeof value;
	long r = core_call(__NR_getsockopt, fd, level, name, &value, &size);

	return r < 0 ? r : value;
}

/* Connections that wait to be accepted; 1 if only that there are some is known. */
static long
pending_connections(long fd)
{
	struct {			/* the first members of struct tcp_info (linux/tcp.h) */
		uint8_t state_and_so_on[8];
		uint32_t rto, ato, snd_mss, rcv_mss, unacked;
	} info = {{0}, 0, 0, 0, 0, 0};
	int size = sizeof info;

	/* Of a listening socket `unacked` is the length of its accept queue (tcp_get_info()). */
	if (core_call(__NR_getsockopt, fd, TCP_LEVEL, TCP_INFO_OPTION, &info, &size) < 0 ||
	    !info.unacked)
		return 1;
	return info.unacked;
}

/* Bytes to be read; -EINVAL: a listening socket. */
static long
readable_bytes(long fd)
{
	int n = 0;
	long r = core_call(__NR_ioctl, fd, FIONREAD, &n);

	return r < 0 ? r : n;
}

static void
set_eof(struct knote *kn)
{
	kn->ev.flags |= EV_EOF;
}

/* uipc_socket.c, filt_soread() */
static bool
socket_readable(struct knote *kn, uint32_t state)
{
	long n = readable_bytes((long)kn->ev.ident);

	if (n == -EINVAL) {
		kn->ev.data = state & POLLIN ? pending_connections((long)kn->ev.ident) : 0;
		return state & POLLIN;
	}
	kn->ev.data = n < 0 ? 0 : n;
	/* Hung up and nothing shut down: it was never connected. */
	if (state & POLLRDHUP) {
		set_eof(kn);
		return true;
	}
	if (state & POLLERR)
		return true;
	if (kn->wanted & NOTE_LOWAT)
		return kn->ev.data >= kn->wanted_data;
	return state & POLLIN;
}

/* sys_pipe.c, filt_piperead(); and devices, which mostly do the same */
static bool
stream_readable(struct knote *kn, uint32_t state)
{
	long n = readable_bytes((long)kn->ev.ident);

	if (n < 0)	/* a kqueue, an eventfd: it does not count */
		n = state & POLLIN ? 1 : 0;
	kn->ev.data = n;
	if (state & (POLLHUP | POLLERR)) {
		set_eof(kn);
		return true;
	}
	return state & POLLIN;
}

/* vfs_subr.c, filt_vfsread(): anything but the end of the file, the place beyond it included. */
static bool
file_readable(struct knote *kn)
{
	long fd = (long)kn->ev.ident, offset = core_call(__NR_lseek, fd, 0, SEEK_CUR);
	struct stat st;

	if (core_call(__NR_fstat, fd, &st) < 0 || offset < 0)
		return false;
	kn->ev.data = st.st_size - offset;
	return kn->ev.data != 0 || (kn->wanted & NOTE_FILE_POLL);
}

static bool
read_event(struct knote *kn)
{
	switch ((enum descriptor_kind)kn->io.kind) {
	case KIND_FILE:
		return file_readable(kn);
	case KIND_SOCKET:
		return socket_readable(kn, state_of(kn, POLLIN | POLLRDHUP));
	default:
		return stream_readable(kn, state_of(kn, POLLIN));
	}
}

/* uipc_socket.c, filt_sowrite() */
static bool
socket_writable(struct knote *kn, uint32_t state)
{
	long fd = (long)kn->ev.ident, room = get_option(fd, SOCKET_LEVEL, SO_SNDBUF);
	int queued = 0;

	core_call(__NR_ioctl, fd, SIOCOUTQ, &queued);
	/* The host doubles SO_SNDBUF for its own bookkeeping (socket(7)). */
	room = room / 2 - queued;
	kn->ev.data = room > 0 ? room : state & POLLOUT ? 1 : 0;
	if (state & POLLHUP) {
		if (!(poll_now((int)fd, POLLRDHUP) & POLLRDHUP))
			return false;	/* not connected yet */
		set_eof(kn);
		return true;
	}
	if (state & POLLERR)
		return true;
	if (kn->wanted & NOTE_LOWAT)
		return kn->ev.data >= kn->wanted_data;
	return state & POLLOUT;
}

/* sys_pipe.c, filt_pipewrite() */
static bool
pipe_writable(struct knote *kn, uint32_t state)
{
	long fd = (long)kn->ev.ident, size = core_call(__NR_fcntl, fd, F_GETPIPE_SZ), used;

	kn->ev.data = 0;
	if (state & (POLLERR | POLLHUP)) {
		set_eof(kn);
		return true;
	}
	used = readable_bytes(fd);
	kn->ev.data = (size > 0 ? size : DEFAULT_PIPE) - (used > 0 ? used : 0);
	return (state & POLLOUT) && kn->ev.data >= PIPE_ROOM_WANTED;
}

static bool
write_event(struct knote *kn)
{
	uint32_t state;

	if (kn->io.kind == KIND_FILE) {
		kn->ev.data = 0;
		return true;
	}
	state = state_of(kn, POLLOUT);
	if (kn->io.kind == KIND_SOCKET)
		return socket_writable(kn, state);
	if (kn->io.kind == KIND_PIPE)
		return pipe_writable(kn, state);
	kn->ev.data = state & POLLOUT ? 1 : 0;
	if (state & (POLLHUP | POLLERR))
		set_eof(kn);
	return state & (POLLOUT | POLLHUP | POLLERR);
}

/* ---- filters ---- */

static long
kind_of(uint64_t fd)
{
	struct stat st;
	long r = core_call(__NR_fstat, fd, &st);

	if (r < 0)
		return r;
	switch (st.st_mode & S_IFMT) {
	case S_IFSOCK:
		return KIND_SOCKET;
	case S_IFIFO:
		return KIND_PIPE;
	case S_IFREG:
	case S_IFDIR:
		return KIND_FILE;
	default:
		return KIND_OTHER;
	}
}

static long
io_attach(struct knote *kn)
{
	long kind = kind_of(kn->ev.ident), r;

	if (kind < 0)
		return kind;
	kn->io.kind = (uint8_t)kind;
	if (kind == KIND_FILE) {
		kn->filter = kn->ev.filter == KQ_READ ? &kqueue_file_read_filter
						      : &kqueue_file_write_filter;
		/* Without it the note is looked at when it is registered, and no more. */
		kqueue_vnode_watch(kn);
		return 0;
	}
	r = kqueue_io_update(kn->kq, (int)kn->ev.ident, true);
	/* epoll's word for a device that cannot be waited for; no_kqfilter() says ENODEV. */
	return r == -EPERM ? -ENODEV : r;
}

static long
write_attach(struct knote *kn)
{
	long kind = kind_of(kn->ev.ident);

	/* sys_pipe.c, pipe_kqfilter() */
	if (kind == KIND_PIPE && (poll_now((int)kn->ev.ident, POLLOUT) & (POLLERR | POLLHUP)))
		return -EPIPE;
	if (kqueue_is(kn->kq->p, (int)kn->ev.ident))
		return -EINVAL;
	return io_attach(kn);
}

/* The note is out of the list already. */
static void
io_detach(struct knote *kn)
{
	struct kqueue *kq = kn->kq;
	struct watched *w = kq->watched[kn->ev.ident];

	kqueue_io_update(kq, (int)kn->ev.ident, false);
	if (note_of(w, KQ_READ) || note_of(w, KQ_WRITE))
		return;
	core_fd_close(w->slots[1].fd);
	w->slots[0] = (struct slot){(int)kn->ev.ident, 0, false};
	w->slots[1] = (struct slot){-1, 0, false};
	w->generation = ++kq->generation;
}

static void
file_detach(struct knote *kn)
{
	kqueue_vnode_unwatch(kn);
}

const struct filter kqueue_read_filter = {
	.is_descriptor = true,
	.on_epoll = true,
	.attach = io_attach,
	.detach = io_detach,
	.event = read_event,
};
const struct filter kqueue_write_filter = {
	.is_descriptor = true,
	.on_epoll = true,
	.attach = write_attach,
	.detach = io_detach,
	.event = write_event,
};
/* Files are always ready in epoll's eyes, which refuses them. */
const struct filter kqueue_file_read_filter = {
	.is_descriptor = true, .attach = io_attach, .detach = file_detach, .event = read_event,
};
const struct filter kqueue_file_write_filter = {
	.is_descriptor = true, .attach = io_attach, .detach = file_detach, .event = write_event,
};
