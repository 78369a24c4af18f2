/*
 * ioctl(2). A request is listed if what it takes is the same in 32 and 64 bits, or here is
 * how it differs (fs/compat_ioctl.c was one such list; now each driver's compat_ioctl is).
 * What is not listed is ENOTTY, as a driver without compat_ioctl answers.
 */
#include "linux_i386.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <linux/kd.h>
#include <linux/loop.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <linux/vt.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/memory.h"
#include "core/string.h"

/* linux/hdreg.h clashes with linux/fs.h; linux/if.h would bring libc in */
#define HDIO_GETGEO 0x0301
#define IFNAMSIZ 16

enum how {
	SAME,		/* a number, or something of one layout */
	LONG,		/* a pointer to a long that is written */
	STRUCT,		/* a struct, by its map: as the directions say */
	IFREQ,		/* struct ifreq, whose union ends 8 bytes earlier */
	IFREQ_DATA,	/* the same with a pointer in it */
	IFREQ_MAP,	/* with a struct ifmap: two longs in front */
	IFCONF,		/* struct ifconf and its array */
};

struct request {
	uint32_t guest, host;
	uint8_t how;
	bool in, out;
	const struct struct_map *map;
};

/* A whole type of requests that hold numbers of fixed widths only. */
struct family {
	uint8_t type, first, last;
};

static const struct family families[] = {
	{'T', 0x01, 0x1d},	/* termios, job control, windows, FION*; not TIOCGSERIAL */
	{'T', 0x20, 0x2f},
	{'T', 0x30, 0x41},	/* ptys, exclusive use, FIOCLEX is 0x51 */
	{'T', 0x50, 0x54},
	{'T', 0x5c, 0x5d},
	{'R', 0x00, 0x07},	/* random */
	{'L', 0x00, 0x01},	/* loop: LOOP_SET_FD, LOOP_CLR_FD */
	{'L', 0x04, 0x0a},
	{'L', 0x80, 0x82},
	{'V', 0x00, 0x08},	/* virtual terminals */
	{0x12, 93, 96},		/* block devices: BLKROSET to BLKGETSIZE is below */
	{0x12, 97, 97},
	{0x12, 103, 104},
	{0x12, 119, 129},
	{0x94, 9, 9},		/* FICLONE */
	{0x94, 13, 13},
	{0x94, 54, 54},		/* FIDEDUPERANGE */
	{0x07, 0xb9, 0xb9},	/* IOCTL_VM_SOCKETS_GET_LOCAL_CID */
	{0x89, 0x00, 0x05},	/* SIOCATMARK, owners and groups */
};

#define R(request, how) {request, request, how, true, true, NULL}
static const struct request requests[] = {
	{FS_IOC32_GETFLAGS, FS_IOC_GETFLAGS, SAME, 0, 0, NULL},	/* an int whatever the number says */
	{FS_IOC32_SETFLAGS, FS_IOC_SETFLAGS, SAME, 0, 0, NULL},
	{FS_IOC32_GETVERSION, FS_IOC_GETVERSION, SAME, 0, 0, NULL},
	{FS_IOC32_SETVERSION, FS_IOC_SETVERSION, SAME, 0, 0, NULL},
	R(FS_IOC_FSGETXATTR, SAME),
	R(FS_IOC_FSSETXATTR, SAME),
	R(FS_IOC_GETFSLABEL, SAME),
	R(FS_IOC_SETFSLABEL, SAME),
	R(FS_IOC_FIEMAP, SAME),
	R(FIBMAP, SAME),
	R(FIGETBSZ, SAME),
	R(FIFREEZE, SAME),
	R(FITHAW, SAME),
	R(FITRIM, SAME),
	R(FIOQSIZE, SAME),
	R(FICLONERANGE, SAME),
	{BLKGETSIZE, BLKGETSIZE, LONG, false, true, NULL},
	{BLKRAGET, BLKRAGET, LONG, false, true, NULL},
	{BLKFRAGET, BLKFRAGET, LONG, false, true, NULL},
	R(BLKRASET, SAME),
	R(BLKFRASET, SAME),
	{_IOR(0x12, 112, int), BLKBSZGET, SAME, 0, 0, NULL},
	{_IOW(0x12, 113, int), BLKBSZSET, SAME, 0, 0, NULL},
	{_IOR(0x12, 114, int), BLKGETSIZE64, SAME, 0, 0, NULL},
	{HDIO_GETGEO, HDIO_GETGEO, STRUCT, false, true, &linux_i386_hd_geometry_map},
	{LOOP_SET_STATUS, LOOP_SET_STATUS, STRUCT, true, false, &linux_i386_loop_info_map},
	{LOOP_GET_STATUS, LOOP_GET_STATUS, STRUCT, false, true, &linux_i386_loop_info_map},
	{SIOCADDRT, SIOCADDRT, STRUCT, true, false, &linux_i386_rtentry_map},
	{SIOCDELRT, SIOCDELRT, STRUCT, true, false, &linux_i386_rtentry_map},
	{SIOCGSTAMP_OLD, SIOCGSTAMP_OLD, STRUCT, false, true, &linux_i386_timeval_map},
	{SIOCGSTAMPNS_OLD, SIOCGSTAMPNS_OLD, STRUCT, false, true, &linux_i386_timespec_map},
	R(SIOCGSTAMP_NEW, SAME),
	R(SIOCGSTAMPNS_NEW, SAME),
	R(SIOCSIFNAME, IFREQ),
	R(SIOCGIFNAME, IFREQ),
	R(SIOCGIFFLAGS, IFREQ),
	R(SIOCSIFFLAGS, IFREQ),
	R(SIOCGIFADDR, IFREQ),
	R(SIOCSIFADDR, IFREQ),
	R(SIOCGIFDSTADDR, IFREQ),
	R(SIOCSIFDSTADDR, IFREQ),
	R(SIOCGIFBRDADDR, IFREQ),
	R(SIOCSIFBRDADDR, IFREQ),
	R(SIOCGIFNETMASK, IFREQ),
	R(SIOCSIFNETMASK, IFREQ),
	R(SIOCGIFMETRIC, IFREQ),
	R(SIOCSIFMETRIC, IFREQ),
	R(SIOCGIFMTU, IFREQ),
	R(SIOCSIFMTU, IFREQ),
	R(SIOCGIFHWADDR, IFREQ),
	R(SIOCSIFHWADDR, IFREQ),
	R(SIOCSIFHWBROADCAST, IFREQ),
	R(SIOCGIFINDEX, IFREQ),
	R(SIOCADDMULTI, IFREQ),
	R(SIOCDELMULTI, IFREQ),
	R(SIOCGIFTXQLEN, IFREQ),
	R(SIOCSIFTXQLEN, IFREQ),
	R(SIOCBRADDIF, IFREQ),
	R(SIOCBRDELIF, IFREQ),
	R(SIOCGMIIPHY, IFREQ),
	R(SIOCGMIIREG, IFREQ),
	R(SIOCSMIIREG, IFREQ),
	R(SIOCGIFMAP, IFREQ_MAP),
	R(SIOCSIFMAP, IFREQ_MAP),
	R(SIOCETHTOOL, IFREQ_DATA),
	R(SIOCGHWTSTAMP, IFREQ_DATA),
	R(SIOCSHWTSTAMP, IFREQ_DATA),
	R(SIOCGIFCONF, IFCONF),
	R(SIOCBRADDBR, SAME),
	R(SIOCBRDELBR, SAME),
	R(SIOCGARP, SAME),
	R(SIOCSARP, SAME),
	R(SIOCDARP, SAME),
	R(TUNSETIFF, IFREQ),
	R(TUNGETIFF, IFREQ),
	R(TUNSETPERSIST, SAME),
	R(TUNSETOWNER, SAME),
	R(TUNSETGROUP, SAME),
	R(TUNGETFEATURES, SAME),
	R(TUNSETOFFLOAD, SAME),
	R(TUNSETQUEUE, IFREQ),
	R(KDGKBMODE, SAME),
	R(KDSKBMODE, SAME),
	R(KDGKBTYPE, SAME),
	R(KDGETMODE, SAME),
	R(KDSETMODE, SAME),
	R(KDGETLED, SAME),
	R(KDSETLED, SAME),
	R(KDGKBENT, SAME),
	R(KIOCSOUND, SAME),
	R(KDMKTONE, SAME),
};

static const struct request *
find(uint32_t number)
{
	for (const struct request *q = requests; q < requests + sizeof requests / sizeof *requests; q++)
		if (q->guest == number)
			return q;
	return NULL;
}

static bool
in_family(uint32_t number)
{
	uint8_t type = _IOC_TYPE(number), nr = _IOC_NR(number);

	for (const struct family *f = families; f < families + sizeof families / sizeof *families; f++)
		if (f->type == type && nr >= f->first && nr <= f->last)
			return true;
	return false;
}

static long
long_out(int32_t f, uint32_t number, struct guest_ptr at)
{
	uint64_t value = 0;
	long r = host_call(__NR_ioctl, f, number, &value);

	if (r < 0)
		return r;
	if (number == BLKGETSIZE && value > UINT32_MAX)
		return -EFBIG;	/* block/ioctl.c, compat_blkdev_ioctl() */
	return store_u32(at, (uint32_t)value) < 0 ? -EFAULT : r;
}

/* What the host's kernel says to memory that cannot be read; where it has no such request for `f`, that. */
static long
refused(int32_t f, const struct request *q)
{
	return host_call(__NR_ioctl, f, q->host, UNREADABLE);
}

/* Both ways where the request says nothing: old numbers have no directions. */
static long
with_struct(int32_t f, const struct request *q, struct guest_ptr at)
{
	uint64_t host[32];
	long r;

	memset(host, 0, sizeof host);
	if (q->in && copy_in_struct(q->map, host, at) < 0)
		return refused(f, q);
	r = host_call(__NR_ioctl, f, q->host, host);
	return r < 0 || !q->out || copy_out_struct(q->map, at, host) == 0 ? r : -EFAULT;
}

/* ---- network interfaces: the name, then 16 bytes of union; 24 on the host (net/socket.c) ---- */

#define GUEST_IFREQ 32
#define HOST_IFREQ 40

static long
with_ifreq(int32_t f, const struct request *q, struct guest_ptr at)
{
	char host[HOST_IFREQ];
	uint32_t word;
	uint64_t data;
	long r;

	memset(host, 0, sizeof host);
	if (copy_in(host, at, GUEST_IFREQ) < 0)
		return refused(f, q);
	if (q->how == IFREQ_DATA) {
		memcpy(&word, host + IFNAMSIZ, sizeof word);
		data = word;
		memcpy(host + IFNAMSIZ, &data, sizeof data);
	}
	r = host_call(__NR_ioctl, f, q->host, host);
	if (r < 0 || q->how == IFREQ_DATA)
		return r;
	return copy_out(at, host, GUEST_IFREQ) < 0 ? -EFAULT : r;
}

struct guest_ifmap { uint32_t start, end; uint16_t base; uint8_t rest[3]; };
struct host_ifmap { uint64_t start, end; uint16_t base; uint8_t rest[3]; };

static long
with_ifmap(int32_t f, const struct request *q, struct guest_ptr at)
{
	struct { char name[IFNAMSIZ]; struct guest_ifmap map; } g;
	struct { char name[IFNAMSIZ]; struct host_ifmap map; } h;
	long r;

	_Static_assert(sizeof g == GUEST_IFREQ && sizeof h == HOST_IFREQ, "struct ifreq");
	memset(&h, 0, sizeof h);
	if (copy_in(&g, at, sizeof g) < 0)
		return refused(f, q);
	memcpy(h.name, g.name, sizeof h.name);
	h.map.start = g.map.start;
	h.map.end = g.map.end;
	h.map.base = g.map.base;
	memcpy(h.map.rest, g.map.rest, sizeof h.map.rest);
	r = host_call(__NR_ioctl, f, q->host, &h);
	if (r < 0)
		return r;
	g.map.start = (uint32_t)h.map.start;
	g.map.end = (uint32_t)h.map.end;
	g.map.base = h.map.base;
	memcpy(g.map.rest, h.map.rest, sizeof g.map.rest);
	return copy_out(at, &g, sizeof g) < 0 ? -EFAULT : r;
}

#define INTERFACES_MAX 4096

static long
with_ifconf(int32_t f, const struct request *q, struct guest_ptr at)
{
	struct { int32_t len; uint64_t list; } conf = {0, 0};
	uint32_t word[2];	/* the length in bytes, and where */
	char *list;
	long r, n;

	if (copy_in(word, at, sizeof word) < 0)
		return refused(f, q);
	if ((int32_t)word[0] < 0)
		return -EINVAL;
	n = word[0] / GUEST_IFREQ;
	if (word[1] == 0 || n > INTERFACES_MAX)
		n = word[1] == 0 ? 0 : INTERFACES_MAX;
	list = core_alloc((size_t)n * HOST_IFREQ + 1);
	if (!list)
		return -ENOMEM;
	conf.len = (int32_t)n * HOST_IFREQ;
	conf.list = word[1] ? (uintptr_t)list : 0;
	r = host_call(__NR_ioctl, f, q->host, &conf);
	n = conf.len / HOST_IFREQ;
	for (long i = 0; r >= 0 && word[1] && i < n; i++)
		if (copy_out(guest(word[1] + (uint64_t)i * GUEST_IFREQ), list + i * HOST_IFREQ, GUEST_IFREQ) < 0)
			r = -EFAULT;
	core_free(list);
	return r < 0 || store_u32(at, (uint32_t)(n * GUEST_IFREQ)) == 0 ? r : -EFAULT;
}

long
linux_i386_ioctl(struct call *c, int32_t f, int32_t request, uint64_t data)
{
	uint32_t number = (uint32_t)request;
	const struct request *q = find(number);

	(void)c;
	if (!q)
		return in_family(number) ? host_call(__NR_ioctl, f, number, data)
					 : host_call(__NR_fcntl, f, F_GETFD) < 0 ? -EBADF : -ENOTTY;
	switch (q->how) {
	case LONG:
		return long_out(f, q->host, guest(data));
	case STRUCT:
		return with_struct(f, q, guest(data));
	case IFREQ:
	case IFREQ_DATA:
		return with_ifreq(f, q, guest(data));
	case IFREQ_MAP:
		return with_ifmap(f, q, guest(data));
	case IFCONF:
		return with_ifconf(f, q, guest(data));
	default:
		return host_call(__NR_ioctl, f, q->host, data);
	}
}
