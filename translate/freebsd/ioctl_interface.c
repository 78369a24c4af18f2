/*
 * What ioctl(2) tells of interfaces (net/if.c, ifhwioctl(), ifconf(); netinet/in.c,
 * in_control()): struct ifreq is a name of 16 bytes and an address or a number.
 */
#include "ioctl.h"

#include "core/string.h"
#include "interface.h"
#include "linux_numbers.h"

#define ENTRY_MAX (16 + sizeof(struct sockaddr_link))

struct ifreq {
	char name[16];
	union {
		uint8_t address[16];
		uint16_t flags[2];
		int32_t number;
	};
};
_Static_assert(sizeof(struct ifreq) == 32, "net/if.h");

struct ifconf {
	int32_t len, pad;
	uint64_t buf;
};

static bool
find_interface(const struct interfaces *all, const char *name, struct interface *out)
{
	for (size_t at = 0; interfaces_next(all, &at, out);)
		if (strcmp(out->name, name) == 0)
			return true;
	return false;
}

/* The first IPv4 address of the interface. */
static bool
find_address(const struct interfaces *all, uint32_t index, struct interface_address *out)
{
	for (size_t at = 0; interfaces_next_address(all, &at, out);)
		if (out->index == index && out->family == AF_INET)
			return true;
	return false;
}

static long
fill_address(const struct interfaces *all, const struct interface *i, unsigned long request,
	     struct ifreq *r)
{
	struct interface_address a;
	uint8_t address[28];

	if (!find_address(all, i->index, &a))
		return -EADDRNOTAVAIL;
	if (request == FREEBSD_SIOCGIFNETMASK)
		interface_mask(address, AF_INET, a.prefix);
	else if (request == FREEBSD_SIOCGIFADDR)
		interface_address(address, AF_INET, a.own, 0);
	else if (a.has_other)
		interface_address(address, AF_INET, a.other, 0);
	else
		return -EINVAL;
	memcpy(r->address, address, sizeof r->address);
	return 0;
}

static long
fill(const struct interfaces *all, unsigned long request, struct ifreq *r)
{
	struct interface i;
	uint32_t flags;

	if (!find_interface(all, r->name, &i))
		return -ENXIO;
	switch (request) {
	case FREEBSD_SIOCGIFFLAGS:
		flags = (uint32_t)interface_flags(&i);
		r->flags[0] = (uint16_t)flags;
		r->flags[1] = (uint16_t)(flags >> 16);
		return 0;
	case FREEBSD_SIOCGIFINDEX:
		r->number = (int32_t)i.index;
		return 0;
	case FREEBSD_SIOCGIFMTU:
		r->number = (int32_t)i.mtu;
		return 0;
	case FREEBSD_SIOCGIFMETRIC:
		r->number = 0;
		return 0;
	default:
		return fill_address(all, &i, request, r);
	}
}

static long
load(int fd, struct interfaces *all)
{
	return (host_mode(fd, "", AT_EMPTY_PATH) & S_IFMT) == S_IFSOCK ? interfaces_load(all)
								       : -ENOTTY;
}

long
ioctl_interface(int fd, unsigned long request, struct guest_ptr data)
{
	struct interfaces all;
	struct ifreq wanted;
	long r = copy_in(&wanted, data, sizeof wanted);

	if (r == 0)
		r = load(fd, &all);
	if (r < 0)
		return r;
	wanted.name[sizeof wanted.name - 1] = 0;
	r = fill(&all, request, &wanted);
	interfaces_free(&all);
	return r < 0 ? r : copy_out(data, &wanted, sizeof wanted);
}

/* An entry is a name and an address, of at least 16 bytes; those that do not fit are left out. */
static long
put_entry(struct ifconf *conf, uint64_t *used, const char *name, const void *address, size_t n)
{
	char entry[ENTRY_MAX] = "";
	size_t size = 16 + (n < 16 ? 16 : n);

	if (*used + size > (uint64_t)conf->len)
		return 0;
	strlcpy(entry, name, 16);
	memcpy(entry + 16, address, n);
	*used += size;
	return copy_out(guest(conf->buf + *used - size), entry, size);
}

static long
put_interface(const struct interfaces *all, const struct interface *i, struct ifconf *conf,
	      uint64_t *used)
{
	struct sockaddr_link link;
	struct interface_address a;
	uint8_t address[28];
	long r;

	interface_link(&link, i);
	r = put_entry(conf, used, i->name, &link, sizeof link);
	for (size_t at = 0; r == 0 && interfaces_next_address(all, &at, &a);) {
		size_t n;

		if (a.index != i->index || (a.family != AF_INET && a.family != AF_INET6))
			continue;
		n = interface_address(address, a.family, a.own,
				      interface_scope(a.family, a.own, a.index));
		r = put_entry(conf, used, i->name, address, n);
	}
	return r;
}

long
ioctl_interfaces(int fd, unsigned long request, struct guest_ptr data)
{
	struct interfaces all;
	struct interface i;
	struct ifconf conf;
	uint64_t used = 0;
	long r = copy_in(&conf, data, sizeof conf);

	(void)request;
	if (r == 0 && conf.len <= 0)
		r = -EINVAL;
	if (r == 0)
		r = load(fd, &all);
	if (r < 0)
		return r;
	for (size_t at = 0; r == 0 && interfaces_next(&all, &at, &i);)
		r = put_interface(&all, &i, &conf, &used);
	interfaces_free(&all);
	conf.len = (int32_t)used;
	return r < 0 ? r : copy_out(data, &conf, sizeof conf);
}
