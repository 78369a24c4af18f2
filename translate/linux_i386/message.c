/*
 * Messages (net/compat.c): struct msghdr and its vector have narrow words, control messages
 * a header of 12 bytes and an alignment of 4, and some of them hold times.
 */
#include "linux_i386.h"

#include <linux/elf.h>
#include <linux/uio.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/memory.h"
#include "core/string.h"

struct host_cmsg { uint64_t len; int32_t level, type; };
struct guest_cmsg { uint32_t len; int32_t level, type; };

#define HOST_ALIGN(n) (((n) + 7) & ~UINT64_C(7))
#define GUEST_ALIGN(n) (((n) + 3) & ~UINT64_C(3))

#define VECTOR_MAX 1024		/* UIO_MAXIOV */
#define CONTROL_MAX 65536	/* more than net.core.optmem_max usually grants */

/* One message on its way; `held` is what core_alloc() gave for it. */
struct message {
	struct linux_msghdr head;
	struct guest_ptr control;	/* the guest's */
	uint32_t control_room;
	bool times32;			/* not on x32, which comes here too (COMPAT_USE_64BIT_TIME) */
	void *held_vector, *held_control;
	struct iovec vector[8];
	uint64_t small_control[32];
};

static void
message_free(struct message *m)
{
	core_free(m->held_vector);
	core_free(m->held_control);
}

static long
vector_in(struct message *m)
{
	struct iovec *v = m->vector;
	struct guest_ptr from = guest(m->head.iov);
	uint64_t n = m->head.iovlen;

	if (n > VECTOR_MAX)
		return -EMSGSIZE;
	if (n > sizeof m->vector / sizeof *m->vector && !(v = m->held_vector = core_alloc(n * sizeof *v)))
		return -ENOBUFS;
	for (uint64_t i = 0; i < n; i++)
		if (copy_in_struct(&linux_i386_iovec_map, &v[i],
				   guest_at(from, i * linux_i386_iovec_map.guest_size)) < 0)
			return -EFAULT;
	m->head.iov = (uintptr_t)v;
	return 0;
}

/* Room for `n` bytes of control messages in the host's form. */
static void *
control_space(struct message *m, uint64_t n)
{
	void *p = m->small_control;

	if (n > sizeof m->small_control)
		p = m->held_control = core_alloc(n);
	m->head.control = (uintptr_t)p;
	return p;
}

static long
message_in(struct message *m, struct guest_ptr at)
{
	long r;

	m->held_vector = m->held_control = NULL;
	r = copy_in_struct(&linux_i386_msghdr_map, &m->head, at);
	if (r < 0)
		return r;
	m->control = guest(m->head.control);
	m->control_room = (uint32_t)m->head.controllen;
	m->head.control = m->head.controllen = 0;
	return vector_in(m);
}

/* ---- sending ---- */

/* Who receives the descriptors is to know of each what is known here. */
static void
hand_on(const int32_t *f, uint64_t n)
{
	for (; n > 0; n--)
		linux_i386_mark_small_file(*f++);
}

/* cmsghdr_from_user_compat_to_kern() */
static long
control_to_host(struct message *m)
{
	uint64_t room = m->control_room, used = 0;
	char *to;

	if (room == 0)
		return 0;
	if (room > CONTROL_MAX)
		return -ENOBUFS;
	/* The most a header grows is from 12 to 16, and padding by 4. */
	to = control_space(m, room * 2 + sizeof(struct host_cmsg));
	if (!to)
		return -ENOBUFS;
	if (room < sizeof(struct guest_cmsg))
		return -EINVAL;
	/* One byte behind a message makes another, which must have room (cmsg_compat_nxthdr()). */
	for (uint64_t at = 0; at < room;) {
		struct guest_cmsg g;
		struct host_cmsg h;

		if (load_u32(&g.len, guest_at(m->control, at)) < 0)
			return -EFAULT;
		if (g.len < sizeof g || g.len > room - at)
			return -EINVAL;
		if (copy_in(&g, guest_at(m->control, at), sizeof g) < 0)
			return -EFAULT;
		h = (struct host_cmsg){g.len - sizeof g + sizeof h, g.level, g.type};
		memcpy(to + used, &h, sizeof h);
		if (copy_in(to + used + sizeof h, guest_at(m->control, at + sizeof g), g.len - sizeof g) < 0)
			return -EFAULT;
		if (h.level == SOL_SOCKET && h.type == SCM_RIGHTS)
			hand_on((const int32_t *)(to + used + sizeof h), (h.len - sizeof h) / sizeof(int32_t));
		used += HOST_ALIGN(h.len);
		at += GUEST_ALIGN(g.len);
	}
	m->head.controllen = used;
	return 0;
}

long
linux_i386_sendmsg(struct call *c, int32_t f, struct guest_ptr message, uint32_t how)
{
	struct message m;
	long r = message_in(&m, message);

	(void)c;
	if (r == 0)
		r = control_to_host(&m);
	r = r == 0 ? linux_send_message(f, &m.head, how) : linux_refuse_message(f, how, r);
	message_free(&m);
	return r;
}

/* ---- receiving ---- */

/* The old time stamps hold as many times as fit: one, or the three of SO_TIMESTAMPING (put_cmsg_compat()). */
static const struct struct_map *
times_in(const struct host_cmsg *h)
{
	if (h->level != SOL_SOCKET)
		return NULL;
	switch (h->type) {
	case SO_TIMESTAMP_OLD:
		return &linux_i386_timeval_map;
	case SO_TIMESTAMPNS_OLD:
	case SO_TIMESTAMPING_OLD:
		return &linux_i386_timespec_map;
	default:
		return NULL;
	}
}

/* Narrows times in place; the length of the data then. */
static uint64_t
narrow_times(const struct struct_map *map, char *data, uint64_t n)
{
	uint64_t count = n / map->host_size;

	for (uint64_t i = 0; i < count; i++) {
		char host[16];

		memcpy(host, data + i * map->host_size, sizeof host);
		struct_to_guest(map, data + i * map->guest_size, host);
	}
	return count * map->guest_size;
}

/* Descriptors that the guest has no room to hear of were never received. */
static void
close_rights(const char *fds, uint64_t n)
{
	for (uint64_t at = 0; at + sizeof(int) <= n; at += sizeof(int)) {
		int fd;

		memcpy(&fd, fds + at, sizeof fd);
		core_call(__NR_close, fd);
	}
}

/* One control message at `*used` of the guest's buffer, cut to what fits. */
static long
put_control(struct message *m, const struct host_cmsg *h, char *data, uint64_t *used)
{
	const struct struct_map *times = m->times32 ? times_in(h) : NULL;
	uint64_t n = h->len - sizeof *h, room = m->control_room - *used, fits;
	struct guest_cmsg g = {0, h->level, h->type};
	bool rights = h->level == SOL_SOCKET && h->type == SCM_RIGHTS;

	if (times)
		n = narrow_times(times, data, n);
	fits = room > sizeof g ? room - sizeof g : 0;
	if (fits > n)
		fits = n;
	if (rights) {
		fits &= ~UINT64_C(3);
		close_rights(data + fits, n - fits);
	}
	if (fits < n)
		m->head.flags |= MSG_CTRUNC;
	if (room < sizeof g || (rights && fits == 0))
		return 0;
	g.len = (uint32_t)(sizeof g + fits);
	if (copy_out(guest_at(m->control, *used), &g, sizeof g) < 0 ||
	    copy_out(guest_at(m->control, *used + sizeof g), data, fits) < 0)
		return -EFAULT;
	*used += GUEST_ALIGN(g.len);
	if (*used > m->control_room)
		*used = m->control_room;
	return 0;
}

static long
control_to_guest(struct message *m, uint64_t *used)
{
	char *from = (char *)(uintptr_t)m->head.control;
	long r = 0;

	*used = 0;
	for (uint64_t at = 0; r == 0 && m->head.controllen - at >= sizeof(struct host_cmsg);) {
		struct host_cmsg h;

		memcpy(&h, from + at, sizeof h);
		if (h.len < sizeof h || h.len > m->head.controllen - at)
			break;
		r = put_control(m, &h, from + at + sizeof h, used);
		at += HOST_ALIGN(h.len);
		if (at > m->head.controllen)
			break;
	}
	return r;
}

/* What the kernel writes into the guest's header: lengths and flags (____sys_recvmsg()). */
static long
header_out(const struct message *m, struct guest_ptr at, uint64_t control)
{
	if (store_u32(guest_at(at, 4), (uint32_t)m->head.namelen) < 0 ||
	    store_u32(guest_at(at, 20), (uint32_t)control) < 0 ||
	    store_u32(guest_at(at, 24), m->head.flags) < 0)
		return -EFAULT;
	return 0;
}

/* Received: what of it goes to the guest; 0 or -errno. */
static long
message_out(struct message *m, struct guest_ptr at)
{
	uint64_t used = 0;
	long r = m->head.controllen ? control_to_guest(m, &used) : 0;

	return r < 0 ? r : header_out(m, at, used);
}

long
linux_i386_recvmsg(struct call *c, int32_t f, struct guest_ptr message, uint32_t how)
{
	struct message m;
	long r = message_in(&m, message), e = 0;

	m.times32 = c->abi->machine == EM_386;
	if (r == 0 && !is_null(m.control)) {
		/* Room for all that the guest's would hold, were it of one kind or another. */
		if (m.control_room)
			m.head.controllen = m.control_room < CONTROL_MAX ? m.control_room * 2 + 32 : CONTROL_MAX;
		r = control_space(&m, m.head.controllen) ? 0 : -ENOBUFS;
	}
	if (r < 0) {
		r = linux_refuse_message(f, how, r);
	} else {
		r = linux_receive_message(f, &m.head, how);
		if (r >= 0)
			e = message_out(&m, message);
	}
	message_free(&m);
	return e < 0 ? e : r;
}

/* ---- several at once ---- */

static const struct linux_messages messages_of_32_bits = {
	.size = 32,
	.length_at = 28,
	.flags_at = 24,
	.send = linux_i386_sendmsg,
	.receive = linux_i386_recvmsg,
};

long
linux_i386_sendmmsg(struct call *c, int32_t f, struct guest_ptr messages, uint32_t n, uint32_t how)
{
	return linux_send_many(c, &messages_of_32_bits, f, messages, n, how);
}

static long
receive_many(struct call *c, int32_t f, struct guest_ptr messages, uint32_t n, uint32_t how,
	     const struct struct_map *time, struct guest_ptr timeout)
{
	struct timespec left = {0, 0};
	long r;

	if (is_null(timeout))
		return linux_receive_many(c, &messages_of_32_bits, f, messages, n, how, NULL);
	if (copy_in_struct(time, &left, timeout) < 0)
		return -EFAULT;
	r = linux_receive_many(c, &messages_of_32_bits, f, messages, n, how, &left);
	return r > 0 && copy_out_struct(time, timeout, &left) < 0 ? -EFAULT : r;
}

long
linux_i386_recvmmsg(struct call *c, int32_t f, struct guest_ptr messages, uint32_t n, uint32_t how,
		    struct guest_ptr timeout)
{
	return receive_many(c, f, messages, n, how, &linux_i386_timespec_map, timeout);
}

long
linux_i386_recvmmsg_time64(struct call *c, int32_t f, struct guest_ptr messages, uint32_t n, uint32_t how,
			   struct guest_ptr timeout)
{
	return receive_many(c, f, messages, n, how, &linux_i386_timespec64_map, timeout);
}
