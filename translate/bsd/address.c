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
#define HEADER 2       /* length and family, on both sides */
#define IN_LENGTH 16
#define IN6_LENGTH 28
#define UNNAMED_LENGTH 16 /* sizeof(struct sockaddr): sun_noname of uipc_usrreq.c */
#define HOST_PATH_MAX 108

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

void
host_address_done(struct host_address *a)
{
	if (a->dir >= 0)
		core_call(__NR_close, a->dir);
	a->dir = -1;
}

/* A name too long for the host's struct, as one relative to its folder, opened. */
static long
shorten(const char *name, struct host_address *out)
{
	const char *slash = strrchr(name, '/');
	char folder[4096];
	long r;

	if (!slash || (size_t)(slash - name) >= sizeof folder)
		return -ENAMETOOLONG;
	strlcpy(folder, name, (size_t)(slash - name) + 2);
	r = core_call(__NR_openat, AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r < 0)
		return r;
	out->dir = (int)r;
	out->len = HEADER + 1 +
		   (uint32_t)format(out->bytes + HEADER, HOST_PATH_MAX, "/proc/self/fd/%d/%s",
				    out->dir, slash + 1);
	return out->len <= HEADER + HOST_PATH_MAX ? 0 : -ENAMETOOLONG;
}

static long
local_to_host(int dir, enum path_use use, const char *path, struct host_address *out)
{
	char text[4096], relative[32 + MAX_LENGTH];
	const char *name;

	if (!*path)
		return -ENOENT;
	if (dir != AT_FDCWD && path[0] != '/') {
		format(relative, sizeof relative, "/proc/self/fd/%d/%s", dir, path);
		name = relative;
	} else {
		name = path_on_host_for(path, use, text, sizeof text);
	}
	if (!name)
		return -ENAMETOOLONG;
	out->family = AF_UNIX;
	out->len = HEADER + (uint32_t)strlen(name) + 1;
	if (out->len > HEADER + HOST_PATH_MAX)
		return shorten(name, out);
	memcpy(out->bytes + HEADER, name, out->len - HEADER);
	return 0;
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
	if (len < HEADER)
		return -EINVAL;
	if (copy_in(given, name, len) < 0)
		return -EFAULT;
	given[len] = 0;
	if ((uint8_t)given[1] == bsd->af_local) {
		if (len > bsd->path_max || len == HEADER)
			return -EINVAL;
		return local_to_host(dir, use, given + HEADER, out);
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
	memcpy(out->bytes + HEADER, given + HEADER, out->len - HEADER);
	return 0;
}

static void
local_to_guest(const struct bsd_sockets *bsd, const struct host_address *from,
	       struct guest_address *to)
{
	char path[HOST_PATH_MAX + 1] = "";

	/* A name that begins with NUL is of the host's abstract kind: the guest has none. */
	if (from->len > HEADER)
		memcpy(path, from->bytes + HEADER,
		       from->len - HEADER < HOST_PATH_MAX ? from->len - HEADER : HOST_PATH_MAX);
	to->bytes[1] = bsd->af_local;
	to->len = UNNAMED_LENGTH;
	if (*path) {
		path_to_guest(path);
		strlcpy((char *)to->bytes + HEADER, path, bsd->path_max - HEADER);
		to->len = HEADER + (uint32_t)strlen((char *)to->bytes + HEADER) + 1;
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
	if (is_local || (from->len >= HEADER && from->family == AF_UNIX)) {
		local_to_guest(bsd, from, to);
		return;
	}
	if (from->len < HEADER)
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
