/* covers: freebsd ioctl __sysctl */
/*
 * Network interfaces as sysctl(3) lists them and as ioctl(2) tells of them: the two
 * agree, and the loopback is there.
 */
#include "guest_socket.h"

enum {
	SYS_ioctl = 54, SYS___sysctl = 202, CTL_NET = 4, NET_RT_IFLIST = 3, NET_RT_IFMALIST = 4,
	NET_RT_IFLISTL = 5,
};
enum { RTM_NEWADDR = 0xc, RTM_IFINFO = 0xe, RTM_NEWMADDR = 0xf, IFF_UP = 1, IFF_LOOPBACK = 8 };
enum { ENXIO_ = 6 };
#define SIOCGIFFLAGS 0xc0206911
#define SIOCGIFADDR 0xc0206921
#define SIOCGIFNETMASK 0xc0206925
#define SIOCGIFCONF 0xc0106924
#define SIOCGIFINDEX 0xc0206920
#define SIOCGIFMTU 0xc0206933

struct message {
	uint16_t len;
	uint8_t version, type;
	int addrs, flags;
	uint16_t index, spare;
};
struct ifreq {
	char name[16];
	union {
		struct sockaddr_in address;
		int number;
		uint16_t flags[2];
	};
};

static char list[1 << 18];

static long
routing_table(int what, int index, void *to, size_t *n)
{
	int name[] = {CTL_NET, AF_ROUTE, 0, 0, what, index};

	return call(SYS___sysctl, name, 6, to, n, NULL, 0);
}

static const struct message *
next(const struct message *m)
{
	return (const struct message *)((const char *)m + m->len);
}

/* The loopback's name, from its link address behind the struct of its data. */
static bool
find_loopback(struct ifreq *r, int *index, size_t n)
{
	for (const struct message *m = (void *)list; (char *)m < list + n; m = next(m)) {
		const uint8_t *link = (const uint8_t *)m + 168;

		if (m->type != RTM_IFINFO || !(m->flags & IFF_LOOPBACK))
			continue;
		CHECK_IS(link[1], AF_LINK);
		CHECK_IS(link[2] | link[3] << 8, m->index);
		memset(r, 0, sizeof *r);
		memcpy(r->name, link + 8, link[5]);
		*index = m->index;
		return true;
	}
	return false;
}

TEST(a_list_is_as_long_as_it_said)
{
	size_t n = 0, small = 100;

	CHECK_IS(routing_table(NET_RT_IFLIST, 0, NULL, &n), 0);
	CHECK(n > 168 && n < sizeof list);
	CHECK_IS(routing_table(NET_RT_IFLIST, 0, list, &small), -ENOMEM);
	CHECK_IS(routing_table(NET_RT_IFLIST, 0, NOWHERE, &n), -EFAULT);
	n = sizeof list;
	CHECK_IS(routing_table(NET_RT_IFLIST, 0, list, &n), 0);
	for (const struct message *m = (void *)list; (char *)m < list + n; m = next(m)) {
		CHECK_IS(m->version, 5);
		CHECK(m->type == RTM_IFINFO || m->type == RTM_NEWADDR);
		if (m->len == 0)
			return;
	}
}

TEST(ioctls_agree_with_the_list)
{
	struct ifreq r;
	size_t n = sizeof list;
	int index = 0, mtu;
	long s = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);

	CHECK_IS(routing_table(NET_RT_IFLIST, 0, list, &n), 0);
	CHECK(find_loopback(&r, &index, n));
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFINDEX, &r), 0);
	CHECK_IS(r.number & 0xffff, index);
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFFLAGS, &r), 0);
	CHECK_IS(r.flags[0] & (IFF_UP | IFF_LOOPBACK), IFF_UP | IFF_LOOPBACK);
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFADDR, &r), 0);
	CHECK_IS(r.address.len, 16);
	CHECK_IS(r.address.family, AF_INET);
	CHECK_IS(r.address.addr[0], 127);
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFNETMASK, &r), 0);
	CHECK_IS(r.address.addr[0], 255);
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFMTU, &r), 0);
	mtu = r.number;
	CHECK(mtu > 1000);
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFMTU, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_ioctl, 0, SIOCGIFMTU, &r), -ENOTTY);
	memcpy(r.name, "none", 5);
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFFLAGS, &r), -ENXIO_);
	call(SYS_close, s);
}

TEST(the_old_list_has_the_loopbacks_address)
{
	struct {
		int len;
		void *buf;
	} conf = {sizeof list, list};
	long s = call(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	bool found = false;

	CHECK_IS(call(SYS_ioctl, s, SIOCGIFCONF, &conf), 0);
	CHECK(conf.len > 0 && conf.len < (int)sizeof list);
	for (char *at = list; at < list + conf.len;) {
		const struct ifreq *r = (void *)at;

		if (r->address.family == AF_INET && same(r->address.addr, loopback.addr, 4))
			found = true;
		at += 16 + (r->address.len > 16 ? r->address.len : 16);
	}
	CHECK(found);
	conf.len = 0;
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFCONF, &conf), -EINVAL);
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFCONF, NOWHERE), -EFAULT);
	conf.len = 1000;
	conf.buf = NOWHERE;
	CHECK_IS(call(SYS_ioctl, s, SIOCGIFCONF, &conf), -EFAULT);
	call(SYS_close, s);
}

TEST(one_interface_can_be_asked_for)
{
	struct ifreq r;
	size_t n = sizeof list, links = 0;
	int index = 0;

	CHECK_IS(routing_table(NET_RT_IFLIST, 0, list, &n), 0);
	CHECK(find_loopback(&r, &index, n));
	n = sizeof list;
	CHECK_IS(routing_table(NET_RT_IFLISTL, index, list, &n), 0);
	for (const struct message *m = (void *)list; (char *)m < list + n && m->len; m = next(m)) {
		CHECK_IS(m->index, index);
		links += m->type == RTM_IFINFO;
		/* ifm_len, ifm_data_off: where the data is and where it ends. */
		CHECK_IS(((const uint16_t *)m)[8], 176);
		CHECK_IS(((const uint16_t *)m)[9], 24);
	}
	CHECK_IS(links, 1);
}

TEST(multicast_groups_are_listed)
{
	size_t n = sizeof list;

	CHECK_IS(routing_table(NET_RT_IFMALIST, 0, list, &n), 0);
	for (const struct message *m = (void *)list; (char *)m < list + n && m->len; m = next(m))
		CHECK_IS(m->type, RTM_NEWMADDR);
}

TEST(what_cannot_be_asked_for_is_refused)
{
	int name[] = {CTL_NET, AF_ROUTE, 0, 0, NET_RT_IFLIST, 0, 0};
	size_t n = sizeof list;

	CHECK(call(SYS___sysctl, name, 4, list, &n, NULL, 0) < 0);
	CHECK(call(SYS___sysctl, name, 5, list, &n, NULL, 0) < 0);
	CHECK(call(SYS___sysctl, name, 7, list, &n, NULL, 0) < 0);
	CHECK_IS(call(SYS___sysctl, name, 6, list, &n, name, 4), -EPERM);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_list_is_as_long_as_it_said);
	RUN(ioctls_agree_with_the_list);
	RUN(the_old_list_has_the_loopbacks_address);
	RUN(one_interface_can_be_asked_for);
	RUN(multicast_groups_are_listed);
	RUN(what_cannot_be_asked_for_is_refused);
	return 0;
}
