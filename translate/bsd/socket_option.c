/*
 * getsockopt(2) and setsockopt(2) by table: a row `=` is the host's own call, with
 * the guest's memory; a row `!` is for the level's functions. What has no row is
 * ENOPROTOOPT, as on every kernel.
 */
#include "socket.h"

#include "core/copy.h"
#include "core/host.h"
#include "linux_numbers.h"

#define MAX_VALUE 1024

long
option_load_int(const struct option *o, int *value)
{
	uint32_t word;

	if (o->size < sizeof word)
		return -EINVAL;
	if (load_u32(&word, o->value) < 0)
		return -EFAULT;
	*value = (int)word;
	return 0;
}

/* sooptcopyout(): as much as there is room for. */
long
option_answer(const struct option *o, const void *value, size_t size)
{
	uint32_t n = size < o->size ? (uint32_t)size : o->size;

	if (!is_null(o->value) && copy_out(o->value, value, n) < 0)
		return -EFAULT;
	return store_u32(o->size_at, n);
}

long
option_answer_int(const struct option *o, int value)
{
	return option_answer(o, &value, sizeof value);
}

long
option_host_set(const struct option *o, int level, int option, int value)
{
	return host_call(__NR_setsockopt, o->fd, level, option, &value, sizeof value);
}

long
option_host_get(const struct option *o, int level, int option, int *value)
{
	uint32_t size = sizeof *value;

	*value = 0;
	return host_call(__NR_getsockopt, o->fd, level, option, value, &size);
}

/* EBADF or ENOTSOCK come before everything that is said of an option; else 0. */
static long
check_socket(int fd)
{
	long r = socket_fact(fd, SO_TYPE);

	return r < 0 ? r : 0;
}

/* The row, or -errno: EINVAL for a level that this socket's protocol does not have. */
static long
find_option(struct option *o, int level, int name)
{
	const struct bsd_sockets *bsd = o->c->abi->sockets;
	long domain = socket_fact(o->fd, SO_DOMAIN);

	if (domain < 0)
		return domain;
	for (const struct option_level *l = bsd->levels; l < bsd->levels + bsd->nlevels; l++) {
		if (l->level != level || (l->domain && l->domain != domain))
			continue;
		o->level = l;
		o->row = value_of_guest(l->options, (uint32_t)name);
		return o->row && o->row->kind != FLAG_REFUSED ? 0 : -ENOPROTOOPT;
	}
	return -EINVAL;
}

/* The protocols' ctloutput() hand a level that is not theirs down, where it ends as EINVAL. */
static long
host_error(const struct option *o, long r)
{
	if ((r != -ENOPROTOOPT && r != -EOPNOTSUPP) || o->level->host == SOL_SOCKET)
		return r;
	if (o->level->host == IPPROTO_TCP && socket_fact(o->fd, SO_PROTOCOL) != IPPROTO_TCP)
		return -EINVAL;
	return socket_fact(o->fd, SO_DOMAIN) == AF_UNIX ? -EINVAL : -ENOPROTOOPT;
}

long
bsd_setsockopt(struct call *c, int32_t s, int32_t level, int32_t name, struct guest_ptr value,
	       uint32_t n)
{
	struct option o = {.c = c, .fd = s, .value = value, .size = n};
	long r;

	if (is_null(value) && n != 0)
		return -EFAULT;
	if (n > INT32_MAX)
		return -EINVAL;
	r = find_option(&o, level, name);
	if (r < 0)
		return r;
	if (o.row->kind == FLAG_HARMLESS)
		return check_socket(s);
	r = o.row->kind == FLAG_HANDLER
		    ? o.level->set(&o)
		    : host_call(__NR_setsockopt, s, o.level->host, o.row->host, value.addr, n);
	return host_error(&o, r);
}

static long
get_from_host(struct option *o)
{
	char value[MAX_VALUE] __attribute__((aligned(8)));
	uint32_t size = o->size < sizeof value ? o->size : sizeof value;
	long r = host_call(__NR_getsockopt, o->fd, o->level->host, o->row->host, value, &size);

	if (r < 0)
		return r;
	if (o->level->answer)
		o->level->answer(o, value, size);
	return option_answer(o, value, size);
}

long
bsd_getsockopt(struct call *c, int32_t s, int32_t level, int32_t name, struct guest_ptr value,
	       struct guest_ptr n)
{
	struct option o = {.c = c, .fd = s, .value = value, .size_at = n};
	long r;

	if (!is_null(value)) {
		if (load_u32(&o.size, n) < 0)
			return -EFAULT;
		if (o.size > INT32_MAX)
			return -EINVAL;
	}
	r = find_option(&o, level, name);
	if (r < 0)
		return r;
	if (o.row->kind == FLAG_HARMLESS)
		return option_answer_int(&o, 0);
	r = o.row->kind == FLAG_HANDLER ? o.level->get(&o) : get_from_host(&o);
	return host_error(&o, r);
}
