/*
 * Addresses of sockets as the host's calls have them. A local socket's is a path of the
 * guest's: under --root the host is given another, and what it answers becomes the guest's.
 *
 * A name keeps the guest's spelling where that leads to the same place. Is it too long for the
 * host's 108 bytes with the root in front, it starts from the root, opened:
 * "/proc/self/fd/N//tmp/name", from which every process with that root knows the guest's name
 * by the two slashes. One that is too long for that starts from its folder, and comes back so.
 */
#ifndef DRAGOMAN_CORE_SOCKET_NAME_H
#define DRAGOMAN_CORE_SOCKET_NAME_H

#include <stdint.h>

#include "path.h"

#define SOCKET_HEADER 2		/* the family (on the BSDs: length and family), before a name */
#define LOCAL_NAME_MAX 108	/* the host's sun_path; a name that fills it has no NUL */

struct host_address {
	uint32_t len;
	int dir;		/* to be closed by host_address_done(), or -1 */
	union {
		uint16_t family;
		char bytes[128];	/* struct sockaddr_storage: no answer is longer */
	};
};

/*
 * The address of the local socket with the guest's name `path`, from the folder `dir` (AT_FDCWD: where the
 * process is); host_address_done() in any case. 0 or -errno.
 */
long local_name_to_host(int dir, const char *path, enum path_use use, struct host_address *out);
void host_address_done(struct host_address *a);

/* The guest's name for one that the host gave, in place. */
void local_name_to_guest(char *name);

#endif
