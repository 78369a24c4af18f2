/* An interface of the host's in FreeBSD's structs, for sysctl(3) and ioctl(2). */
#ifndef DRAGOMAN_FREEBSD_INTERFACE_H
#define DRAGOMAN_FREEBSD_INTERFACE_H

#include "bsd/interfaces.h"

/* struct sockaddr_dl, as long as the kernel makes it */
struct sockaddr_link {
	uint8_t len, family;
	uint16_t index;
	uint8_t type, nlen, alen, slen;
	char data[48];
};
_Static_assert(sizeof(struct sockaddr_link) == 56, "net/if.c, if_attach_internal()");

uint8_t interface_type(uint16_t host);
int32_t interface_flags(const struct interface *i);
void interface_link(struct sockaddr_link *out, const struct interface *i);
/* A sockaddr of the host's `family`; its length. */
size_t interface_address(uint8_t out[28], uint8_t family, const uint8_t *bytes, uint32_t scope);
size_t interface_mask(uint8_t out[28], uint8_t family, unsigned prefix);
/* sin6_scope_id: link-local addresses have one. */
uint32_t interface_scope(uint8_t family, const uint8_t *a, uint32_t index);

#endif
