/* Sockets' structs and numbers, which the uapi headers leave to libcs (include/linux/socket.h). */
#ifndef CONFORMANCE_LINUX_GUEST_SOCKET_H
#define CONFORMANCE_LINUX_GUEST_SOCKET_H

#include "guest.h"

#include <asm/socket.h>
#include <linux/in.h>
#include <linux/uio.h>
#include <linux/un.h>

#define AF_UNIX 1
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_NONBLOCK 04000
#define SOCK_CLOEXEC 02000000
#define MSG_PEEK 2
#define MSG_DONTWAIT 0x40
#define MSG_TRUNC 0x20
#define MSG_NOSIGNAL 0x4000
#define SCM_RIGHTS 1

struct msghdr {
	void *name;
	int namelen;
	struct iovec *iov;
	size_t iovlen;
	void *control;
	size_t controllen;
	unsigned flags;
};
struct mmsghdr {
	struct msghdr header;
	unsigned len;
};
struct cmsghdr {
	size_t len;
	int level, type;
};

typedef __kernel_old_time_t time_t;	/* asm/socket.h asks how long it is */

#endif
