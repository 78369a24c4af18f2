#include "interfaces.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "core/host.h"
#include "core/linux_abi.h"
#include "core/memory.h"
#include "core/string.h"
#include "linux_numbers.h"

/* Far more than any host has to say; pages that nothing is written to cost nothing. */
#define SPACE 0x400000
#define PART 0x8000 /* a dump's datagrams are smaller */

/* ---- the dumps ---- */

/* What one datagram adds to [*end, …): messages of the dump's kind. 1: there is more to come. */
static long
take(struct interfaces *all, size_t n)
{
	char *from = all->space + all->end, *to = from;
	size_t left = n;
	bool done = false;

	while (left >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr *h = (struct nlmsghdr *)from;
		size_t whole = NLMSG_ALIGN(h->nlmsg_len);

		if (h->nlmsg_len < sizeof *h || h->nlmsg_len > left)
			return -EIO;
		if (h->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		done |= h->nlmsg_type == NLMSG_DONE;
		if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_NEWADDR) {
			memmove(to, from, h->nlmsg_len);
			to += whole;
		}
		from += whole;
		left -= whole < left ? whole : left;
	}
	all->end = (size_t)(to - all->space);
	return !done;
}

static long
dump(struct interfaces *all, int s, uint16_t type)
{
	struct {
		struct nlmsghdr head;
		struct rtgenmsg body;
	} request = {{sizeof request, type, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
	long r = core_call(__NR_sendto, s, &request, sizeof request, 0, 0, 0);

	while (r >= 0) {
		if (all->end + PART > all->size)
			return -ENOBUFS;
		r = core_call(__NR_recvfrom, s, all->space + all->end, PART, 0, 0, 0);
		if (r >= 0)
			r = take(all, (size_t)r);
		if (r == 0)
			return 0;
	}
	return r;
}

long
interfaces_load(struct interfaces *all)
{
	long s = core_call(__NR_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), r;

	if (s < 0)
		return s;
	*all = (struct interfaces){arena_map(SPACE, 4096), SPACE, 0, 0};
	r = all->space ? dump(all, (int)s, RTM_GETLINK) : -ENOMEM;
	all->links = all->end;
	if (r == 0)
		r = dump(all, (int)s, RTM_GETADDR);
	core_call(__NR_close, s);
	if (r < 0 && all->space)
		interfaces_free(all);
	return r;
}

void
interfaces_free(struct interfaces *all)
{
	arena_unmap(all->space, all->size);
}

/* ---- reading them ---- */

/* An attribute's data, at most n bytes of it; its length. */
static size_t
attribute(void *to, size_t n, const struct rtattr *a)
{
	size_t have = a->rta_len - RTA_LENGTH(0);

	if (have > n)
		have = n;
	memcpy(to, RTA_DATA(a), have);
	return have;
}

bool
interfaces_next(const struct interfaces *all, size_t *at, struct interface *out)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(all->space + *at);
	struct ifinfomsg *m = NLMSG_DATA(h);
	int left;

	if (*at >= all->links)
		return false;
	*at += NLMSG_ALIGN(h->nlmsg_len);
	memset(out, 0, sizeof *out);
	out->index = (uint32_t)m->ifi_index;
	out->flags = m->ifi_flags;
	out->type = m->ifi_type;
	left = (int)IFLA_PAYLOAD(h);
	for (struct rtattr *a = IFLA_RTA(m); RTA_OK(a, left); a = RTA_NEXT(a, left))
		switch (a->rta_type) {
		case IFLA_IFNAME:
			attribute(out->name, sizeof out->name - 1, a);
			break;
		case IFLA_MTU:
			attribute(&out->mtu, sizeof out->mtu, a);
			break;
		case IFLA_ADDRESS:
			out->link_len = (uint8_t)attribute(out->link, sizeof out->link, a);
			break;
		case IFLA_STATS64:
			attribute(&out->counts, sizeof out->counts, a);
			break;
		}
	return true;
}

bool
interfaces_next_address(const struct interfaces *all, size_t *at, struct interface_address *out)
{
	size_t from = all->links + *at;
	struct nlmsghdr *h = (struct nlmsghdr *)(all->space + from);
	struct ifaddrmsg *m = NLMSG_DATA(h);
	uint8_t address[16] = {0};
	bool has_local = false, has_broadcast = false;
	int left;

	if (from >= all->end)
		return false;
	*at += NLMSG_ALIGN(h->nlmsg_len);
	memset(out, 0, sizeof *out);
	out->index = m->ifa_index;
	out->family = m->ifa_family;
	out->prefix = m->ifa_prefixlen;
	left = (int)IFA_PAYLOAD(h);
	for (struct rtattr *a = IFA_RTA(m); RTA_OK(a, left); a = RTA_NEXT(a, left))
		switch (a->rta_type) {
		case IFA_LOCAL:
			has_local = attribute(out->own, sizeof out->own, a) > 0;
			break;
		case IFA_ADDRESS: /* the far end's, where that is another */
			attribute(address, sizeof address, a);
			break;
		case IFA_BROADCAST:
			has_broadcast = attribute(out->other, sizeof out->other, a) > 0;
			break;
		}
	if (!has_local)
		memcpy(out->own, address, sizeof address);
	out->has_other = has_broadcast;
	if (!has_broadcast && has_local && memcmp(out->own, address, sizeof address) != 0) {
		memcpy(out->other, address, sizeof address);
		out->has_other = true;
	}
	return true;
}
