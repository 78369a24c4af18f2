/*
 * net.routetable ({CTL_NET, AF_ROUTE, 0, family, what, index}): the interfaces, their
 * addresses and multicast groups as routing messages (net/rtsock.c, sysctl_iflist(),
 * sysctl_ifmalist()). The routes themselves are not told.
 */
#include "sysctl.h"

#include "interface.h"

#include "core/host.h"
#include "core/linux_abi.h"
#include "core/memory.h"
#include "core/string.h"
#include "freebsd.h"
#include "linux_numbers.h"

#define VERSION 5 /* RTM_VERSION */
#define MESSAGE_MAX 512

struct if_data { /* net/if.h */
	uint8_t type, physical, addrlen, hdrlen, link_state, vhid;
	uint16_t datalen;
	uint32_t mtu, metric;
	uint64_t baudrate, ipackets, ierrors, opackets, oerrors, collisions, ibytes, obytes,
		imcasts, omcasts, iqdrops, oqdrops, noproto, hwassist, epoch, lastchange[2];
};
_Static_assert(sizeof(struct if_data) == 152, "net/if.h");

/* struct if_msghdr, ifa_msghdr and ifma_msghdr begin so; their …l forms go on with `longer`. */
struct route_head {
	uint16_t msglen;
	uint8_t version, type;
	int32_t addrs, flags;
	uint16_t index, spare;
};
struct route_longer {
	uint16_t len, data_off;
	int32_t metric;
};

/* One message being put together. */
struct message {
	struct route_head head;
	char body[MESSAGE_MAX];
	size_t n; /* of the body */
};

static void
add(struct message *m, const void *data, size_t n)
{
	if (n > sizeof m->body - m->n)
		return;
	memcpy(m->body + m->n, data, n);
	m->n += n;
}

/*
 * Addresses stand in the order of their bits, each on a multiple of 8 from the first one's place.
 */
static void
add_address(struct message *m, int32_t bit, const void *address, size_t n)
{
	static const char zero[8];

	m->head.addrs |= bit;
	add(m, address, n);
	add(m, zero, -n & 7);
}

static long
send(struct sysctl_request *r, struct message *m)
{
	m->head.msglen = (uint16_t)(sizeof m->head + m->n);
	m->head.version = VERSION;
	if (sysctl_put(r, &m->head, sizeof m->head) == -EFAULT)
		return -EFAULT;
	return sysctl_put(r, m->body, m->n);
}

/* ---- interfaces ---- */

static void
fill_data(struct if_data *d, const struct interface *i)
{
	memset(d, 0, sizeof *d);
	d->type = interface_type(i->type);
	d->addrlen = i->link_len;
	d->hdrlen = d->type == FREEBSD_IFT_ETHER ? 14 : 0;
	d->link_state =
		i->flags & 0x40 ? FREEBSD_LINK_STATE_UP : FREEBSD_LINK_STATE_DOWN; /* IFF_RUNNING */
	d->datalen = sizeof *d;
	d->mtu = i->mtu;
	d->ipackets = i->counts.rx_packets;
	d->opackets = i->counts.tx_packets;
	d->ibytes = i->counts.rx_bytes;
	d->obytes = i->counts.tx_bytes;
	d->ierrors = i->counts.rx_errors;
	d->oerrors = i->counts.tx_errors;
	d->iqdrops = i->counts.rx_dropped;
	d->oqdrops = i->counts.tx_dropped;
	d->imcasts = i->counts.multicast;
	d->collisions = i->counts.collisions;
}

static long
send_interface(struct sysctl_request *r, const struct interface *i, bool longer)
{
	struct message m = {.head = {.type = FREEBSD_RTM_IFINFO,
				     .flags = interface_flags(i),
				     .index = (uint16_t)i->index}};
	struct route_longer more = {sizeof m.head + sizeof more + sizeof(struct if_data),
				    sizeof m.head + sizeof more, 0};
	struct sockaddr_link link;
	struct if_data d;

	if (longer)
		add(&m, &more, sizeof more);
	fill_data(&d, i);
	add(&m, &d, sizeof d);
	interface_link(&link, i);
	add_address(&m, FREEBSD_RTA_IFP, &link, sizeof link);
	return send(r, &m);
}

static long
send_address(struct sysctl_request *r, const struct interface *i, const struct interface_address *a,
	     bool longer)
{
	struct message m = {.head = {.type = FREEBSD_RTM_NEWADDR, .index = (uint16_t)a->index}};
	struct route_longer more = {sizeof m.head + sizeof more + sizeof(struct if_data),
				    sizeof m.head + sizeof more, 0};
	const int32_t metric = 0;
	struct if_data d;
	uint8_t address[28];
	size_t n;

	if (longer) {
		add(&m, &more, sizeof more);
		fill_data(&d, i);
		add(&m, &d, sizeof d);
	} else {
		add(&m, &metric, sizeof metric);
	}
	n = interface_mask(address, a->family, a->prefix);
	add_address(&m, FREEBSD_RTA_NETMASK, address, n);
	n = interface_address(address, a->family, a->own,
			      interface_scope(a->family, a->own, a->index));
	add_address(&m, FREEBSD_RTA_IFA, address, n);
	if (a->has_other) {
		n = interface_address(address, a->family, a->other, 0);
		add_address(&m, FREEBSD_RTA_BRD, address, n);
	}
	return send(r, &m);
}

static bool
is_wanted(int32_t family, uint8_t host)
{
	if (host != AF_INET && host != AF_INET6)
		return false;
	return family == FREEBSD_AF_UNSPEC ||
	       family == (host == AF_INET ? FREEBSD_AF_INET : FREEBSD_AF_INET6);
}

static long
list_interfaces(struct sysctl_request *r, const struct interfaces *all, int32_t family,
		uint32_t index, bool longer)
{
	struct interface i;
	struct interface_address a;
	long e = 0;

	for (size_t at = 0; e != -EFAULT && interfaces_next(all, &at, &i);) {
		if (index && i.index != index)
			continue;
		e = send_interface(r, &i, longer);
		for (size_t next = 0; e != -EFAULT && interfaces_next_address(all, &next, &a);)
			if (a.index == i.index && is_wanted(family, a.family))
				e = send_address(r, &i, &a, longer);
	}
	return e;
}

/* ---- multicast groups: the host tells them as text ---- */

static long
send_group(struct sysctl_request *r, uint32_t index, uint8_t family, const uint8_t *group)
{
	struct message m = {.head = {.type = FREEBSD_RTM_NEWMADDR, .index = (uint16_t)index}};
	struct sockaddr_link link = {
		.len = sizeof link, .family = FREEBSD_AF_LINK, .index = (uint16_t)index};
	uint8_t address[28];
	size_t n = interface_address(address, family, group, interface_scope(family, group, index));

	add_address(&m, FREEBSD_RTA_IFP, &link, sizeof link);
	add_address(&m, FREEBSD_RTA_IFA, address, n);
	return send(r, &m);
}

/* Up to n bytes in hexadecimal at s; how many there were. */
static size_t
parse_hex(const char *s, uint8_t *out, size_t n)
{
	size_t digits = 0;

	for (; digits < 2 * n; digits++) {
		char ch = s[digits];
		unsigned v = ch >= '0' && ch <= '9' ? (unsigned)(ch - '0')
						    : (unsigned)((ch | 0x20) - 'a' + 10);

		if (v > 15)
			break;
		out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] | v : v << 4);
	}
	return digits / 2;
}

static const char *
skip(const char *s, bool blanks)
{
	while (*s && *s != '\n' && (*s == ' ' || *s == '\t') == blanks)
		s++;
	return s;
}

/* /proc/net/igmp: "4\teth0 …" and under it, indented, groups as words of this machine's order. */
static long
igmp_line(struct sysctl_request *r, const char *line, uint32_t *index, uint32_t only)
{
	uint8_t word[4], group[4];

	if (*line >= '0' && *line <= '9') {
		for (*index = 0; *line >= '0' && *line <= '9'; line++)
			*index = *index * 10 + (uint32_t)(*line - '0');
		return 0;
	}
	if (parse_hex(skip(line, true), word, 4) != 4 || (only && *index != only))
		return 0;
	for (int k = 0; k < 4; k++)
		group[k] = word[3 - k];
	return send_group(r, *index, AF_INET, group);
}

/* /proc/net/igmp6: "4 eth0 ff02…0001 …" */
static long
igmp6_line(struct sysctl_request *r, const char *line, uint32_t *index, uint32_t only)
{
	uint8_t group[16];

	line = skip(line, true);
	for (*index = 0; *line >= '0' && *line <= '9'; line++)
		*index = *index * 10 + (uint32_t)(*line - '0');
	line = skip(skip(skip(line, true), false), true);
	if (parse_hex(line, group, 16) != 16 || (only && *index != only))
		return 0;
	return send_group(r, *index, AF_INET6, group);
}

#define TEXT_MAX 0x10000

static long
each_line(struct sysctl_request *r, const char *file, uint32_t only,
	  long (*line)(struct sysctl_request *r, const char *line, uint32_t *index, uint32_t only))
{
	char *text = arena_map(TEXT_MAX, 4096), *s = text;
	long fd = core_call(__NR_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC), n = 1, e = 0;
	size_t have = 0;
	uint32_t index = 0;

	while (text && fd >= 0 && n > 0) {
		n = core_call(__NR_read, fd, text + have, TEXT_MAX - 1 - have);
		have += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		core_call(__NR_close, fd);
	while (text && *s && e != -EFAULT) {
		char *end = strchr(s, '\n');

		e = line(r, s, &index, only);
		if (!end)
			break;
		s = end + 1;
	}
	if (text)
		arena_unmap(text, TEXT_MAX);
	return e;
}

static long
list_groups(struct sysctl_request *r, int32_t family, uint32_t index)
{
	long e = 0;

	if (is_wanted(family, AF_INET))
		e = each_line(r, "/proc/net/igmp", index, igmp_line);
	if (e != -EFAULT && is_wanted(family, AF_INET6))
		e = each_line(r, "/proc/net/igmp6", index, igmp6_line);
	return e;
}

/* ---- the node ---- */

long
sysctl_route(struct sysctl_request *r)
{
	struct interfaces all;
	long e;

	if (r->nrest < 4)
		return r->nrest < 3 ? -EINVAL : -EISDIR;
	if (r->nrest > 4)
		return -ENOTDIR;
	switch (r->rest[2]) {
	case FREEBSD_NET_RT_IFLIST:
	case FREEBSD_NET_RT_IFLISTL:
		e = interfaces_load(&all);
		if (e < 0)
			return e;
		e = list_interfaces(r, &all, r->rest[1], (uint32_t)r->rest[3],
				    r->rest[2] == FREEBSD_NET_RT_IFLISTL);
		interfaces_free(&all);
		return !is_null(r->old) && r->used > r->room ? -ENOMEM : e == -ENOMEM ? 0 : e;
	case FREEBSD_NET_RT_IFMALIST:
		e = list_groups(r, r->rest[1], (uint32_t)r->rest[3]);
		return !is_null(r->old) && r->used > r->room ? -ENOMEM : e == -ENOMEM ? 0 : e;
	default:
		return -EOPNOTSUPP;
	}
}
