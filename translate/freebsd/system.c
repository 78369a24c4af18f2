/*
 * The system itself: its names, its kernel's environment, identifiers, and switches for
 * what it does not have here.
 */
#include "freebsd.h"

#include "core/copy.h"
#include "core/core.h"
#include "core/host.h"
#include "core/host_clock.h"
#include "core/print.h"
#include "core/string.h"
#include "core/thread.h"

/* ---- names (kern/kern_xxx.c) ---- */

#define NAME_MAX_OLD 32		/* SYS_NMLN of FreeBSD 4 */
#define DOMAIN_MAX 256		/* MAXHOSTNAMELEN */

/* There is no NIS domain: an empty name. */
long
freebsd4_getdomainname(struct call *c, struct guest_ptr name, int32_t n)
{
	(void)c;
	return n == 0 ? 0 : zero_out(name, n < 0 || n > DOMAIN_MAX ? DOMAIN_MAX : (size_t)n);
}

long
freebsd4_uname(struct call *c, struct guest_ptr names)
{
	char text[5][NAME_MAX_OLD] = {"FreeBSD", "", "", "", "amd64"};
	char uts[6][65];	/* struct new_utsname */

	(void)c;
	core_call(__NR_uname, uts);
	strlcpy(text[1], uts[1], NAME_MAX_OLD);
	format(text[2], NAME_MAX_OLD, "%u.%u-RELEASE", options.release / 100u, options.release % 100u);
	format(text[3], NAME_MAX_OLD, "FreeBSD %u.%u-RELEASE DRAGOMAN", options.release / 100u,
	       options.release % 100u);
	return copy_out(names, text, sizeof text);
}

/* ---- kenv(2) (kern/kern_environment.c): no loader has set anything ---- */

#define KENV_NAME_MAX 128

long
freebsd_kenv(struct call *c, int32_t what, struct guest_ptr name, struct guest_ptr value, int32_t n)
{
	char text[KENV_NAME_MAX];
	long r;

	(void)c;
	(void)value;
	(void)n;
	if (what == FREEBSD_KENV_DUMP)
		return 0;
	if (what == FREEBSD_KENV_SET || what == FREEBSD_KENV_UNSET)
		return -EPERM;
	r = copy_in_string(text, name, sizeof text);
	if (r < 0)
		return r;
	return what == FREEBSD_KENV_GET ? -ENOENT : -EINVAL;
}

/* ---- uuidgen(2) (kern/kern_uuid.c): version 1, by time and node ---- */

struct freebsd_uuid {
	uint32_t time_low;
	uint16_t time_mid, time_high_version;
	uint8_t sequence_high, sequence_low, node[6];
};
_Static_assert(sizeof(struct freebsd_uuid) == 16, "sys/uuid.h");

#define UUID_MOST 2048
#define UUID_EPOCH UINT64_C(0x01b21dd213814000)	/* from 15 October 1582 to 1970, in 100 ns */
#define UUID_CHUNK 64

/* A random node has the multicast bit, which no card has (RFC 4122, 4.5). */
static struct freebsd_uuid
new_uuid_base(void)
{
	struct freebsd_uuid u;

	core_call(__NR_getrandom, &u, sizeof u, 0);
	u.sequence_high = (uint8_t)((u.sequence_high & 0x3f) | 0x80);
	u.node[0] |= 1;
	return u;
}

long
freebsd_uuidgen(struct call *c, struct guest_ptr store, int32_t n)
{
	struct freebsd_uuid u = new_uuid_base(), chunk[UUID_CHUNK];
	struct timespec now;
	uint64_t time;

	(void)c;
	if (n < 1 || n > UUID_MOST)
		return -EINVAL;
	host_clock_gettime(CLOCK_REALTIME, &now);
	time = (uint64_t)now.tv_sec * 10000000 + (uint64_t)now.tv_nsec / 100 + UUID_EPOCH;
	for (int32_t done = 0; done < n; done += UUID_CHUNK) {
		int32_t k = n - done < UUID_CHUNK ? n - done : UUID_CHUNK;

		for (int32_t i = 0; i < k; i++, time++) {
			u.time_low = (uint32_t)time;
			u.time_mid = (uint16_t)(time >> 32);
			u.time_high_version = (uint16_t)((time >> 48 & 0xfff) | 0x1000);
			chunk[i] = u;
		}
		if (copy_out(guest_at(store, (uint64_t)done * sizeof u), chunk, (size_t)k * sizeof u) < 0)
			return -EFAULT;
	}
	return 0;
}

/* ---- what is not here ---- */

/* There is one routing table (net.fibs is 1), and everybody uses it. */
long
freebsd_setfib(struct call *c, int32_t fib)
{
	(void)c;
	return fib == 0 ? 0 : -EINVAL;
}

/* A record for ktrace(2), which nobody has on. */
long
freebsd_utrace(struct call *c, struct guest_ptr record, uint64_t n)
{
	(void)c;
	(void)record;
	(void)n;
	return 0;
}

/*
 * exterrctl(2): where the kernel may leave a longer description of an error. libc gives
 * its place at the start of every thread; no call here has more to say than its errno.
 */
long
freebsd_exterrctl(struct call *c, uint32_t op, uint32_t flags, struct guest_ptr where)
{
	uint32_t version;

	(void)c;
	switch (op) {
	case FREEBSD_EXTERRCTL_ENABLE:
		if (flags & ~(uint32_t)FREEBSD_EXTERRCTLF_FORCE)
			return -EINVAL;
		return load_u32(&version, where);
	case FREEBSD_EXTERRCTL_DISABLE:
		return flags ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}
