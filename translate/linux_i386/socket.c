/*
 * socketcall(2), through which all socket calls of old programs go (net/compat.c,
 * compat_sys_socketcall()), and the options whose values have other layouts.
 */
#include "linux_i386.h"

#include <linux/net.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/string.h"

/* ---- options ---- */

#define GROUP_REQ 132		/* struct compat_group_req */
#define GROUP_SOURCE_REQ 260	/* struct compat_group_source_req */
#define FILTER 8		/* struct compat_sock_fprog: u16 len, pointer at 4 */

static bool
is_timeout(int32_t level, int32_t name)
{
	return level == SOL_SOCKET && (name == SO_RCVTIMEO_OLD || name == SO_SNDTIMEO_OLD);
}

static bool
is_filter(int32_t level, int32_t name)
{
	return level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_ATTACH_REUSEPORT_CBPF);
}

static long
set_timeout(int32_t f, int32_t level, int32_t name, struct guest_ptr value, uint32_t n)
{
	struct timeval t;

	if (n < linux_i386_timeval_map.guest_size)
		return -EINVAL;
	if (copy_in_struct(&linux_i386_timeval_map, &t, value) < 0)
		return -EFAULT;
	return host_call(__NR_setsockopt, f, level, name, &t, sizeof t);
}

/* net/core/filter.c, copy_bpf_fprog_from_user() */
static long
set_filter(int32_t f, int32_t level, int32_t name, struct guest_ptr value, uint32_t n)
{
	struct { uint16_t len; uint64_t filter; } program = {0, 0};
	uint32_t word[2];

	if (n != FILTER)
		return -EINVAL;
	if (copy_in(word, value, sizeof word) < 0)
		return -EFAULT;
	program.len = (uint16_t)word[0];
	program.filter = word[1];
	return host_call(__NR_setsockopt, f, level, name, &program, sizeof program);
}

/* net/ipv4/ip_sockglue.c, compat_ip_mcast_join_leave(), and ipv6's: addresses are 8-aligned on the host. */
static uint32_t
group_request_size(int32_t level, int32_t name)
{
	if (level != SOL_IP && level != SOL_IPV6)
		return 0;
	switch (name) {
	case MCAST_JOIN_GROUP:
	case MCAST_LEAVE_GROUP:
		return GROUP_REQ;
	case MCAST_BLOCK_SOURCE:
	case MCAST_UNBLOCK_SOURCE:
	case MCAST_JOIN_SOURCE_GROUP:
	case MCAST_LEAVE_SOURCE_GROUP:
		return GROUP_SOURCE_REQ;
	default:
		return 0;
	}
}

static long
set_group(int32_t f, int32_t level, int32_t name, struct guest_ptr value, uint32_t n, uint32_t size)
{
	char request[GROUP_SOURCE_REQ + 4];

	if (n < size)
		return -EINVAL;
	memset(request, 0, sizeof request);
	if (copy_in(request, value, 4) < 0 || copy_in(request + 8, guest_at(value, 4), size - 4) < 0)
		return -EFAULT;
	return host_call(__NR_setsockopt, f, level, name, request, size + 4);
}

long
linux_i386_setsockopt(struct call *c, int32_t f, int32_t level, int32_t name, struct guest_ptr value, uint32_t n)
{
	uint32_t group = group_request_size(level, name);

	(void)c;
	if (is_timeout(level, name))
		return set_timeout(f, level, name, value, n);
	if (is_filter(level, name))
		return set_filter(f, level, name, value, n);
	if (group)
		return set_group(f, level, name, value, n, group);
	return host_call(__NR_setsockopt, f, level, name, value.addr, n);
}

static long
get_timeout(int32_t f, int32_t level, int32_t name, struct guest_ptr value, struct guest_ptr n)
{
	char out[8];
	struct timeval t;
	uint32_t room, size = sizeof t;
	long r;

	if (load_u32(&room, n) < 0)
		return -EFAULT;
	if ((int32_t)room < 0)
		return -EINVAL;
	r = host_call(__NR_getsockopt, f, level, name, &t, &size);
	if (r < 0)
		return r;
	struct_to_guest(&linux_i386_timeval_map, out, &t);
	if (room > sizeof out)
		room = sizeof out;
	return copy_out(value, out, room) < 0 || store_u32(n, room) < 0 ? -EFAULT : 0;
}

long
linux_i386_getsockopt(struct call *c, int32_t f, int32_t level, int32_t name, struct guest_ptr value,
		      struct guest_ptr n)
{
	(void)c;
	if (is_timeout(level, name))
		return get_timeout(f, level, name, value, n);
	return host_call(__NR_getsockopt, f, level, name, value.addr, n.addr);
}

/* ---- socketcall ---- */

static const uint8_t words_of[] = {0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4};

long
linux_i386_socketcall(struct call *c, int32_t what, struct guest_ptr arguments)
{
	uint32_t a[6] = {0};
	int32_t f;

	if (what < SYS_SOCKET || what > SYS_SENDMMSG)
		return -EINVAL;
	if (copy_in(a, arguments, words_of[what] * sizeof *a) < 0)
		return -EFAULT;
	f = (int32_t)a[0];
	switch (what) {
	case SYS_SOCKET:
		return host_call(__NR_socket, f, a[1], (int32_t)a[2]);
	case SYS_BIND:
		return linux_bind(c, f, guest(a[1]), a[2]);
	case SYS_CONNECT:
		return linux_connect(c, f, guest(a[1]), a[2]);
	case SYS_LISTEN:
		return host_call(__NR_listen, f, a[1]);
	case SYS_ACCEPT:
		return linux_accept(c, f, guest(a[1]), guest(a[2]));
	case SYS_ACCEPT4:
		return linux_accept4(c, f, guest(a[1]), guest(a[2]), a[3]);
	case SYS_GETSOCKNAME:
		return linux_getsockname(c, f, guest(a[1]), guest(a[2]));
	case SYS_GETPEERNAME:
		return linux_getpeername(c, f, guest(a[1]), guest(a[2]));
	case SYS_SOCKETPAIR:
		return host_call(__NR_socketpair, f, a[1], (int32_t)a[2], a[3]);
	case SYS_SEND:
		return host_call(__NR_sendto, f, a[1], a[2], a[3], 0, 0);
	case SYS_SENDTO:
		return linux_sendto(c, f, guest(a[1]), a[2], a[3], guest(a[4]), a[5]);
	case SYS_RECV:
		return host_call(__NR_recvfrom, f, a[1], a[2], a[3], 0, 0);
	case SYS_RECVFROM:
		return linux_recvfrom(c, f, guest(a[1]), a[2], a[3], guest(a[4]), guest(a[5]));
	case SYS_SHUTDOWN:
		return host_call(__NR_shutdown, f, a[1]);
	case SYS_SETSOCKOPT:
		return linux_i386_setsockopt(c, f, (int32_t)a[1], (int32_t)a[2], guest(a[3]), a[4]);
	case SYS_GETSOCKOPT:
		return linux_i386_getsockopt(c, f, (int32_t)a[1], (int32_t)a[2], guest(a[3]), guest(a[4]));
	case SYS_SENDMSG:
		return linux_i386_sendmsg(c, f, guest(a[1]), a[2]);
	case SYS_RECVMSG:
		return linux_i386_recvmsg(c, f, guest(a[1]), a[2]);
	case SYS_SENDMMSG:
		return linux_i386_sendmmsg(c, f, guest(a[1]), a[2], a[3]);
	default:
		return linux_i386_recvmmsg(c, f, guest(a[1]), a[2], a[3], guest(a[4]));
	}
}
