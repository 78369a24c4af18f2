/* FreeBSD's part of sockets, put together in socket.c. */
#ifndef DRAGOMAN_FREEBSD_SOCKET_H
#define DRAGOMAN_FREEBSD_SOCKET_H

#include "bsd/socket.h"

extern const struct bsd_sockets freebsd_sockets;
extern const struct option_level freebsd_option_levels[]; /* FREEBSD_OPTION_LEVELS of them */
#define FREEBSD_OPTION_LEVELS 5

/* socket_control.c */
long freebsd_control_to_host(struct call *c, int fd, const struct bsd_cmsghdr *h, const char *data,
			     size_t n, struct control *to);
void freebsd_control_to_guest(struct call *c, int fd, const struct host_cmsghdr *h,
			      const char *data, size_t n, struct control *to);

#endif
