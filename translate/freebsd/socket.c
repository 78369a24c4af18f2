/* What bsd/socket.h asks of a personality. */
#include "socket.h"

#include "freebsd.h"

const struct bsd_sockets freebsd_sockets = {
	.families = &freebsd_family,
	.types = &freebsd_socktype,
	.accept_flags = &freebsd_accept_flags,
	.message_flags = &freebsd_msgflags,
	.af_local = FREEBSD_AF_LOCAL,
	.type_mask = 0x0fffffff,
	.path_max = 106, /* sys/un.h */
	.message_kept = FREEBSD_MSG_EOR | FREEBSD_MSG_TRUNC | FREEBSD_MSG_CTRUNC | FREEBSD_MSG_OOB,
	.message_end = FREEBSD_MSG_EOF,
	.message_no_signal = FREEBSD_MSG_NOSIGNAL,
	.message_control_truncated = FREEBSD_MSG_CTRUNC,
	.creds_room = 104, /* CMSG_SPACE(sizeof(struct cmsgcred)) */
	.signal_pipe = FREEBSD_SIGPIPE,
	.part = &freebsd_iovec_map,
	.shutdown_checks_first = 1500,
	.v6_only = true, /* net.inet6.ip6.v6only */
	.levels = freebsd_option_levels,
	.nlevels = FREEBSD_OPTION_LEVELS,
	.control_to_host = freebsd_control_to_host,
	.control_to_guest = freebsd_control_to_guest,
};
