/*
 * Sockets of the BSDs: sa_len in every address, msghdr with 32-bit lengths, cmsghdr
 * of 12 bytes, options by number. What is the same on all of them is here; numbers
 * and what only one of them has come from the personality's struct bsd_sockets.
 */
#ifndef DRAGOMAN_BSD_SOCKET_H
#define DRAGOMAN_BSD_SOCKET_H

#include "core/call.h"
#include "core/personality.h"
#include "core/socket_name.h"

/* ---- addresses (address.c) ---- */

/*
 * The address of `len` bytes at `name`; a local one is looked up for `use` (core/path.h)
 * from the folder `dir` (AT_FDCWD: where the process is). 0 or -errno;
 * host_address_done() in either case.
 */
long address_to_host(struct call *c, int dir, enum path_use use, struct guest_ptr name,
		     uint32_t len, struct host_address *out);

/* The longest address of a guest: SOCK_MAXADDRLEN. */
struct guest_address {
	uint32_t len;
	uint8_t bytes[256];
};

/* A local address that the host gave as nothing is the guest's `unnamed`, as long as sockaddr. */
void address_to_guest(const struct call *c, const struct host_address *from, bool is_local,
		      struct guest_address *to);
/* Up to *len_at bytes to `name`, and how many into *len_at. */
long address_out(const struct guest_address *a, struct guest_ptr name, struct guest_ptr len_at);

/* ---- facts about a socket ---- */

/* SO_DOMAIN, SO_TYPE, … of the host; -errno. */
long socket_fact(int fd, int option);
bool socket_is_connected(int fd);

/*
 * What the host cannot keep for a socket; it belongs to the socket, not to one of
 * its descriptors. Costs nothing until a program asks for one of them.
 */
enum socket_state {
	SOCKET_NO_SIGPIPE = 1,	   /* SO_NOSIGPIPE */
	SOCKET_CREDS_ONCE = 2,	   /* LOCAL_CREDS */
	SOCKET_CREDS_ALWAYS = 4,   /* LOCAL_CREDS_PERSISTENT */
	SOCKET_IP_DESTINATION = 8, /* IP_RECVDSTADDR */
	SOCKET_IP_INTERFACE = 16,  /* IP_RECVIF */
	SOCKET_TIME_FORM = 32,	   /* two bits: SO_TS_CLOCK */
	SOCKET_BINTIME = 128,	   /* SO_BINTIME */
};
unsigned socket_state(int fd);
void socket_state_change(int fd, unsigned clear, unsigned set);

/* ---- messages (message.c) ---- */

struct bsd_msghdr {
	uint64_t name;
	uint32_t namelen, pad1;
	uint64_t iov;
	int32_t iovlen;
	uint32_t pad2;
	uint64_t control;
	uint32_t controllen;
	int32_t flags;
};
_Static_assert(sizeof(struct bsd_msghdr) == 48, "sys/socket.h, LP64");

struct bsd_cmsghdr {
	uint32_t len;
	int32_t level, type;
};
_Static_assert(sizeof(struct bsd_cmsghdr) == 12, "sys/socket.h");

#define BSD_CMSG_ALIGN(n) (((n) + 7) & ~(size_t)7)
#define BSD_CMSG_DATA BSD_CMSG_ALIGN(sizeof(struct bsd_cmsghdr))

struct host_msghdr {
	void *name;
	uint64_t namelen;
	uint64_t iov;
	uint64_t iovlen;
	void *control;
	uint64_t controllen;
	uint64_t flags;
};

struct host_cmsghdr {
	uint64_t len;
	int32_t level, type;
};
#define HOST_CMSG_DATA sizeof(struct host_cmsghdr)

/* Control messages being gathered, for either side. */
struct control {
	char *at;
	size_t n, size;
	bool truncated;
};

/* ---- options (socket_option.c) ---- */

struct option_level;

/* One getsockopt or setsockopt; `size` is the length the guest gave. */
struct option {
	struct call *c;
	int fd;
	const struct option_level *level;
	const struct flag *row;
	struct guest_ptr value;
	uint32_t size;
	struct guest_ptr size_at; /* getsockopt: where the answer's length goes */
};

struct option_level {
	int32_t level; /* the guest's */
	int32_t host;
	int32_t domain; /* only on sockets of this host family; 0: on all */
	const struct flag_map *options;
	/* For rows `!`. */
	long (*set)(struct option *o);
	long (*get)(struct option *o);
	/* May change what the host answered for a row `=`. */
	void (*answer)(const struct option *o, void *value, uint32_t size);
};

long option_load_int(const struct option *o, int *value);
long option_answer(const struct option *o, const void *value, size_t size);
long option_answer_int(const struct option *o, int value);
/* The host's option, with an int. */
long option_host_set(const struct option *o, int level, int option, int value);
long option_host_get(const struct option *o, int level, int option, int *value);

/* ---- what a personality brings ---- */

struct bsd_sockets {
	const struct flag_map *families, *types, *accept_flags, *message_flags;
	uint8_t af_local;
	uint32_t type_mask;    /* of socket(2)'s type, without its flags */
	uint32_t path_max;     /* sizeof(struct sockaddr_un) */
	uint32_t message_kept; /* message flags that come back in msg_flags: EOR, TRUNC, CTRUNC, OOB
				*/
	uint32_t message_end;  /* MSG_EOF; 0: has none */
	uint32_t message_no_signal;	    /* MSG_NOSIGNAL */
	uint32_t message_control_truncated; /* MSG_CTRUNC */
	uint32_t creds_room;		    /* control of this size may hold SCM_CREDS */
	int signal_pipe;
	const struct struct_map *part;	    /* struct iovec */
	uint16_t shutdown_checks_first; /* releases from here on look at `how` before the descriptor
					 */
	bool v6_only;			/* an IPv6 socket does not serve IPv4 unless told */
	const struct option_level *levels;
	unsigned nlevels;

	/* One control message of the guest's to the host's form; 0 or -errno. */
	long (*control_to_host)(struct call *c, int fd, const struct bsd_cmsghdr *h,
				const char *data, size_t n, struct control *to);
	/* The other way; what the guest has no message for is left out. */
	void (*control_to_guest)(struct call *c, int fd, const struct host_cmsghdr *h,
				 const char *data, size_t n, struct control *to);
};

/* A message with its data, or *to marked truncated. */
void control_add_host(struct control *to, int level, int type, const void *data, size_t n);
bool control_add_guest(struct control *to, int level, int type, const void *data, size_t n);

/* ---- the calls, as rows name them ---- */

long bsd_socket(struct call *c, int32_t domain, uint32_t type, int32_t protocol);
long bsd_socketpair(struct call *c, int32_t domain, uint32_t type, int32_t protocol,
		    struct guest_ptr pair);
long bsd_bind(struct call *c, int32_t s, struct guest_ptr name, uint32_t namelen);
long bsd_bindat(struct call *c, int32_t dir, int32_t s, struct guest_ptr name, uint32_t namelen);
long bsd_connect(struct call *c, int32_t s, struct guest_ptr name, uint32_t namelen);
long bsd_connectat(struct call *c, int32_t dir, int32_t s, struct guest_ptr name, uint32_t namelen);
long bsd_listen(struct call *c, int32_t s, int32_t backlog);
long bsd_accept(struct call *c, int32_t s, struct guest_ptr name, struct guest_ptr namelen);
long bsd_accept4(struct call *c, int32_t s, struct guest_ptr name, struct guest_ptr namelen,
		 uint32_t flags);
long bsd_getsockname(struct call *c, int32_t s, struct guest_ptr name, struct guest_ptr namelen);
long bsd_getpeername(struct call *c, int32_t s, struct guest_ptr name, struct guest_ptr namelen);
long bsd_shutdown(struct call *c, int32_t s, int32_t how);
long bsd_sendto(struct call *c, int32_t s, struct guest_ptr buf, uint64_t n, int32_t flags,
		struct guest_ptr to, uint32_t tolen);
long bsd_recvfrom(struct call *c, int32_t s, struct guest_ptr buf, uint64_t n, int32_t flags,
		  struct guest_ptr from, struct guest_ptr fromlen);
long bsd_sendmsg(struct call *c, int32_t s, struct guest_ptr message, int32_t flags);
long bsd_recvmsg(struct call *c, int32_t s, struct guest_ptr message, int32_t flags);
long bsd_setsockopt(struct call *c, int32_t s, int32_t level, int32_t name, struct guest_ptr value,
		    uint32_t n);
long bsd_getsockopt(struct call *c, int32_t s, int32_t level, int32_t name, struct guest_ptr value,
		    struct guest_ptr n);

/* A row of a `values` map by the guest's or by the host's number; NULL: none. */
const struct flag *value_of_guest(const struct flag_map *map, uint64_t value);
const struct flag *value_of_host(const struct flag_map *map, uint64_t host);

#endif
