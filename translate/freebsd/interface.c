#include "interface.h"

#include "core/string.h"
#include "freebsd.h"
#include "linux_numbers.h"

size_t
interface_address(uint8_t out[28], uint8_t family, const uint8_t *bytes, uint32_t scope)
{
	memset(out, 0, 28);
	if (family == AF_INET) {
		out[0] = 16;
		out[1] = FREEBSD_AF_INET;
		memcpy(out + 4, bytes, 4);
		return 16;
	}
	out[0] = 28;
	out[1] = FREEBSD_AF_INET6;
	memcpy(out + 8, bytes, 16);
	memcpy(out + 24, &scope, sizeof scope);
	return 28;
}

/* Link-local ones have a scope: fe80::/10, and multicast within a link or a host. */
uint32_t
interface_scope(uint8_t family, const uint8_t *a, uint32_t index)
{
	bool link = a[0] == 0xfe && (a[1] & 0xc0) == 0x80,
	     group = a[0] == 0xff && (a[1] & 0xf) <= 2;

	return family == AF_INET6 && (link || group) ? index : 0;
}

size_t
interface_mask(uint8_t out[28], uint8_t family, unsigned prefix)
{
	uint8_t bytes[16] = {0};

	for (unsigned i = 0; i < prefix && i < 128; i++)
		bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return interface_address(out, family, bytes, 0);
}

uint8_t
interface_type(uint16_t host)
{
	switch (host) {
	case 1: /* ARPHRD_ETHER */
		return FREEBSD_IFT_ETHER;
	case 772: /* ARPHRD_LOOPBACK */
		return FREEBSD_IFT_LOOP;
	case 512: /* ARPHRD_PPP */
		return FREEBSD_IFT_PPP;
	default:
		return FREEBSD_IFT_PROPVIRTUAL;
	}
}

/* The word of flags: UP to PROMISC and ALLMULTI have the same bits, but for 0x20. */
int32_t
interface_flags(const struct interface *i)
{
	uint32_t f = i->flags & 0x3df;

	if (i->flags & 0x1000) /* IFF_MULTICAST there */
		f |= FREEBSD_IFF_MULTICAST;
	if (interface_type(i->type) == FREEBSD_IFT_ETHER)
		f |= FREEBSD_IFF_SIMPLEX;
	return (int32_t)f;
}

void
interface_link(struct sockaddr_link *out, const struct interface *i)
{
	*out = (struct sockaddr_link){.len = sizeof *out,
				      .family = FREEBSD_AF_LINK,
				      .index = (uint16_t)i->index,
				      .type = interface_type(i->type),
				      .nlen = (uint8_t)strlen(i->name)};
	memcpy(out->data, i->name, out->nlen);
	/* The loopback has none there, and six zero bytes here. */
	if (out->type == FREEBSD_IFT_LOOP || out->nlen + i->link_len > (int)sizeof out->data)
		return;
	out->alen = i->link_len;
	memcpy(out->data + out->nlen, i->link, i->link_len);
}
