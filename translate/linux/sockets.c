/*
 * Addresses of sockets: the host's own, but for the names of local sockets under --root, which are
 * paths (core/socket_name.h). Without --root every call here is the host's.
 */
#include "linux.h"

#include "core/copy.h"
#include "core/core.h"
#include "core/host.h"
#include "core/last.h"
#include "core/string.h"

#define SUN_LENGTH (SOCKET_HEADER + LOCAL_NAME_MAX)	/* sizeof(struct sockaddr_un) */

/* A local socket's name that is a path, in `path` (of LOCAL_NAME_MAX + 1)? Else the address is the host's as it stands. */
static bool
is_path(struct guest_ptr name, uint32_t len, char *path)
{
	char address[SUN_LENGTH + 1];
	uint16_t family;

	if (!options.root || len <= SOCKET_HEADER || len > SUN_LENGTH || copy_in(address, name, len) < 0)
		return false;
	address[len] = 0;
	memcpy(&family, address, sizeof family);
	if (family != AF_UNIX || !address[SOCKET_HEADER])
		return false;
	memcpy(path, address + SOCKET_HEADER, strlen(address + SOCKET_HEADER) + 1);
	return true;
}

long
linux_address_in(struct linux_address *a, struct guest_ptr name, uint32_t len, enum path_use use)
{
	char path[LOCAL_NAME_MAX + 1];
	long r;

	a->at = name.addr;
	a->len = len;
	a->own.dir = -1;
	if (!is_path(name, len, path))
		return 0;
	r = local_name_to_host(AT_FDCWD, path, use, &a->own);
	a->at = (uintptr_t)a->own.bytes;
	a->len = a->own.len;
	return r;
}

/* move_addr_to_user() (net/socket.c): a->len is the guest's then. */
long
linux_address_out(struct host_address *a, struct guest_ptr name, uint32_t room)
{
	char *path = a->bytes + SOCKET_HEADER;

	if ((int32_t)room < 0)
		return -EINVAL;
	if (a->len > SOCKET_HEADER && a->family == AF_UNIX && path[0] == '/') {
		a->bytes[a->len < sizeof a->bytes ? a->len : sizeof a->bytes - 1] = 0;
		local_name_to_guest(path);
		a->len = SOCKET_HEADER + (uint32_t)strlen(path) + 1;
	}
	return copy_out(name, a->bytes, room < a->len ? room : a->len);
}

static long
address_out(struct host_address *a, struct guest_ptr name, struct guest_ptr len_at)
{
	uint32_t room;
	long r = load_u32(&room, len_at);

	if (r == 0)
		r = linux_address_out(a, name, room);
	return r < 0 ? r : store_u32(len_at, a->len);
}

/* ---- calls with one address ---- */

static long
with_address(struct host_nr nr, int32_t f, struct guest_ptr address, uint32_t n, enum path_use use)
{
	struct linux_address a;
	long r = linux_address_in(&a, address, n, use);

	if (r == 0)
		r = host_call_nr(nr, f, a.at, a.len);
	host_address_done(&a.own);
	return r;
}

long
linux_bind(struct call *c, int32_t f, struct guest_ptr address, uint32_t n)
{
	(void)c;
	return with_address(HOST_NR(__NR_bind), f, address, n, PATH_MAKE);
}

long
linux_connect(struct call *c, int32_t f, struct guest_ptr address, uint32_t n)
{
	(void)c;
	return with_address(HOST_NR(__NR_connect), f, address, n, PATH_FOLLOW);
}

long
linux_sendto(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n, uint32_t how, struct guest_ptr address,
	     uint32_t addresslen)
{
	struct linux_address a;
	long r;

	(void)c;
	if (is_null(address) || !options.root)
		return host_call_last(__NR_sendto, f, buf.addr, n, how, address.addr, addresslen);
	r = linux_address_in(&a, address, addresslen, PATH_FOLLOW);
	if (r == 0)
		r = host_call(__NR_sendto, f, buf.addr, n, how, a.at, a.len);
	host_address_done(&a.own);
	return r;
}

long
linux_recvfrom(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n, uint32_t how, struct guest_ptr address,
	       struct guest_ptr addresslen)
{
	struct host_address a;
	long r, e;

	(void)c;
	if (is_null(address) || !options.root)
		return host_call_last(__NR_recvfrom, f, buf.addr, n, how, address.addr, addresslen.addr);
	a.len = sizeof a.bytes;
	r = host_call(__NR_recvfrom, f, buf.addr, n, how, a.bytes, &a.len);
	if (r < 0)
		return r;
	e = address_out(&a, address, addresslen);
	return e < 0 ? e : r;
}

long
linux_accept4(struct call *c, int32_t f, struct guest_ptr address, struct guest_ptr n, uint32_t how)
{
	struct host_address a;
	long fd, r;

	(void)c;
	if (is_null(address) || !options.root)
		return host_call_last(__NR_accept4, f, address.addr, n.addr, how);
	a.len = sizeof a.bytes;
	fd = host_call(__NR_accept4, f, a.bytes, &a.len, how);
	if (fd < 0)
		return fd;
	r = address_out(&a, address, n);
	if (r < 0)
		core_call(__NR_close, fd);
	return r < 0 ? r : fd;
}

long
linux_accept(struct call *c, int32_t f, struct guest_ptr address, struct guest_ptr n)
{
	return linux_accept4(c, f, address, n, 0);
}

static long
name_of(struct host_nr nr, int32_t f, struct guest_ptr address, struct guest_ptr n)
{
	struct host_address a;
	long r;

	if (!options.root)
		return host_call_nr(nr, f, address.addr, n.addr);
	a.len = sizeof a.bytes;
	r = host_call_nr(nr, f, a.bytes, &a.len);
	return r < 0 ? r : address_out(&a, address, n);
}

long
linux_getsockname(struct call *c, int32_t f, struct guest_ptr address, struct guest_ptr n)
{
	(void)c;
	return name_of(HOST_NR(__NR_getsockname), f, address, n);
}

long
linux_getpeername(struct call *c, int32_t f, struct guest_ptr address, struct guest_ptr n)
{
	(void)c;
	return name_of(HOST_NR(__NR_getpeername), f, address, n);
}
