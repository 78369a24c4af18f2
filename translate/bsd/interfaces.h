/*
 * The host's network interfaces and their addresses, from one pair of netlink dumps: what the BSDs
 * tell through sysctl(3) of a routing table.
 */
#ifndef DRAGOMAN_BSD_INTERFACES_H
#define DRAGOMAN_BSD_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interfaces {
	char *space;
	size_t size;	   /* of the mapping */
	size_t links, end; /* links in [0, links), addresses in [links, end) */
};

struct interface {
	uint32_t index, flags, mtu; /* flags: the host's IFF_ */
	uint16_t type;		    /* ARPHRD_ */
	uint8_t link_len;
	uint8_t link[32]; /* hardware address */
	char name[16];
	struct {
		uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors, tx_errors,
			rx_dropped, tx_dropped;
		uint64_t multicast, collisions;
	} counts; /* as struct rtnl_link_stats64 begins */
};

struct interface_address {
	uint32_t index;
	uint8_t family; /* the host's */
	uint8_t prefix; /* bits of the netmask */
	bool has_other;
	uint8_t own[16], other[16]; /* other: broadcast address, or the far end's */
};

/* 0 or -errno; interfaces_free() after success. */
long interfaces_load(struct interfaces *all);
void interfaces_free(struct interfaces *all);
/* The next one from *at (0 at first); false: no more. */
bool interfaces_next(const struct interfaces *all, size_t *at, struct interface *out);
bool interfaces_next_address(const struct interfaces *all, size_t *at,
			     struct interface_address *out);

#endif
