/*
 * Socket addresses. Internet ones differ in their first two bytes only: length and
 * family here, a 16-bit family there. Local ones carry a path of the guest's.
 */
#include "socket.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/linux_abi.h"
#include "core/print.h"
#include "core/string.h"
#include "linux_numbers.h"

#define MAX_LENGTH 255 /* SOCK_MAXADDRLEN */
#define IN_LENGTH 16
#define IN6_LENGTH 28
#define UNNAMED_LENGTH 16 /* sizeof(struct sockaddr): sun_noname of uipc_usrreq.c */

const struct flag *
value_of_guest(const struct flag_map *map, uint64_t value)
{
	for (const struct flag *f = map->flags; f < map->flags + map->n; f++)
		if (f->value == value)
			return f;
	return NULL;
}

const struct flag *
value_of_host(const struct flag_map *map, uint64_t host)
{
	for (const struct flag *f = map->flags; f < map->flags + map->n; f++)
		if (f->kind == FLAG_SAME && f->host == host)
			return f;
	return NULL;
}

static bool
length_is_right(uint16_t family, uint32_t len)
{
	return family == AF_INET ? len == IN_LENGTH : family == AF_INET6 ? len == IN6_LENGTH : true;
}

long
address_to_host(struct call *c, int dir, enum path_use use, struct guest_ptr name, uint32_t len,
		struct host_address *out)
{
	const struct bsd_sockets *bsd = c->abi->sockets;
	const struct flag *family;
	char given[MAX_LENGTH + 1];

	out->dir = -1;
	if (len > MAX_LENGTH)
		return -ENAMETOOLONG;
	if (len < SOCKET_HEADER)
		return -EINVAL;
	if (copy_in(given, name, len) < 0)
		return -EFAULT;
	given[len] = 0;
	if ((uint8_t)given[1] == bsd->af_local) {
		if (len > bsd->path_max || len == SOCKET_HEADER)
			return -EINVAL;
		return given[SOCKET_HEADER] ? local_name_to_host(dir, given + SOCKET_HEADER, use, out) : -ENOENT;
	}
	if (dir != AT_FDCWD)
		return -EOPNOTSUPP;
	family = value_of_guest(bsd->families, (uint8_t)given[1]);
	memset(out->bytes, 0, sizeof out->bytes);
	/* One that no socket has, so that the host refuses it after it has looked at the
	 * descriptor. */
	out->family = family && family->kind == FLAG_SAME ? (uint16_t)family->host : 0xffff;
	if (!length_is_right(out->family, len))
		return -EINVAL;
	out->len = len < sizeof out->bytes ? len : sizeof out->bytes;
	memcpy(out->bytes + SOCKET_HEADER, given + SOCKET_HEADER, out->len - SOCKET_HEADER);
	return 0;
}

static void
local_to_guest(const struct bsd_sockets *bsd, const struct host_address *from,
	       struct guest_address *to)
{
	char path[LOCAL_NAME_MAX + 1] = "";
	size_t n = from->len > SOCKET_HEADER ? from->len - SOCKET_HEADER : 0;

	/* A name that begins with NUL is of the host's abstract kind: the guest has none. */
	memcpy(path, from->bytes + SOCKET_HEADER, n < LOCAL_NAME_MAX ? n : LOCAL_NAME_MAX);
	to->bytes[1] = bsd->af_local;
	to->len = UNNAMED_LENGTH;
	if (*path) {
		local_name_to_guest(path);
		strlcpy((char *)to->bytes + SOCKET_HEADER, path, bsd->path_max - SOCKET_HEADER);
		to->len = SOCKET_HEADER + (uint32_t)strlen((char *)to->bytes + SOCKET_HEADER) + 1;
	}
	to->bytes[0] = (uint8_t)to->len;
}

void
address_to_guest(const struct call *c, const struct host_address *from, bool is_local,
		 struct guest_address *to)
{
	const struct bsd_sockets *bsd = c->abi->sockets;
	const struct flag *family;

	memset(to, 0, sizeof *to);
	if (is_local || (from->len >= SOCKET_HEADER && from->family == AF_UNIX)) {
		local_to_guest(bsd, from, to);
		return;
	}
	if (from->len < SOCKET_HEADER)
		return;
	family = value_of_host(bsd->families, from->family);
	to->len = from->len < sizeof from->bytes ? from->len : sizeof from->bytes;
	memcpy(to->bytes, from->bytes, to->len);
	to->bytes[0] = (uint8_t)to->len;
	to->bytes[1] = family ? (uint8_t)family->value : 0;
}

long
address_out(const struct guest_address *a, struct guest_ptr name, struct guest_ptr len_at)
{
	uint32_t room;
	long r = load_u32(&room, len_at);

	if (r < 0)
		return r;
	if (room > a->len)
		room = a->len;
	r = copy_out(name, a->bytes, room);
	return r < 0 ? r : store_u32(len_at, room);
}
