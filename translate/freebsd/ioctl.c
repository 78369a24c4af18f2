/*
 * ioctl(2) (kern/sys_generic.c: sys_ioctl()). Requests that the table marks as the
 * host's go there with the guest's argument as it stands; the others are listed here.
 * Nobody's request is ENOTTY.
 */
#include "ioctl.h"

#include "core/linux_abi.h"
#include "core/print.h"
#include "core/string.h"

#include <linux/sockios.h>

/* sys/ioccom.h: a request says how much data goes which way. */
#define HAS_NO_DATA 0x20000000u
#define READS_DATA 0x40000000u
#define WRITES_DATA 0x80000000u
#define DIRECTIONS (HAS_NO_DATA | READS_DATA | WRITES_DATA)
#define DATA_LENGTH(request) ((request) >> 16 & 0x1fff)

static bool
is_well_formed(uint32_t request)
{
	uint32_t length = DATA_LENGTH(request);

	if (!(request & DIRECTIONS) || ((request & (WRITES_DATA | READS_DATA)) && length == 0))
		return false;
	return !(request & HAS_NO_DATA) || length == 0 || length == sizeof(int32_t);
}

static long
device_path(int fd, char *name, size_t size)
{
	char path[DESCRIPTOR_PATH];
	unsigned pair;
	long n, mode = host_mode(fd, "", AT_EMPTY_PATH);

	if (mode < 0)
		return mode;
	if ((mode & S_IFMT) != S_IFCHR)
		return -ENOTTY;
	/* The master of a pair has the pair's name, by which ptsname(3) finds it. */
	if (core_call(__NR_ioctl, fd, TIOCGPTN, &pair) == 0) {
		format(name, size, "/dev/pts/%u", pair);
		return 0;
	}
	descriptor_path(path, fd);
	n = core_call(__NR_readlink, path, name, size - 1);
	if (n < 0)
		return n;
	name[n] = 0;
	return strncmp(name, "/dev/", 5) == 0 ? 0 : -ENOTTY;
}

/*
 * struct fiodgname_arg (sys/filio.h): the name without "/dev/", by which fdevname(3) finds
 * ttyname(3).
 */
static long
ioctl_device_name(int fd, unsigned long request, struct guest_ptr data)
{
	struct {
		int32_t len, pad;
		uint64_t buf;
	} wanted;
	char name[64];
	long r = copy_in(&wanted, data, sizeof wanted);
	size_t n;

	(void)request;
	if (r == 0)
		r = device_path(fd, name, sizeof name);
	if (r < 0)
		return r;
	n = strlen(name + 5) + 1;
	return (int32_t)n > wanted.len ? -EINVAL : copy_out(guest(wanted.buf), name + 5, n);
}

/* sys/conf.h: a terminal, or one of the devices that are only memory. */
static long
ioctl_device_type(int fd, unsigned long request, struct guest_ptr data)
{
	enum { D_TTY = 4, D_MEM = 8 };
	struct termios2 modes;
	char name[64];
	long r = device_path(fd, name, sizeof name);

	(void)request;
	if (r < 0)
		return r;
	if (core_call(__NR_ioctl, fd, TCGETS2, &modes) == 0)
		return store_u32(data, D_TTY);
	return store_u32(
		data, strcmp(name, "/dev/null") == 0 || strcmp(name, "/dev/zero") == 0 ? D_MEM : 0);
}

/* Unlike lseek(2) these leave the descriptor's place alone: done on a second open of the file. */
static long
ioctl_seek_hole(int fd, unsigned long request, struct guest_ptr data)
{
	int whence = request == FREEBSD_FIOSEEKDATA ? SEEK_DATA : SEEK_HOLE;
	char path[DESCRIPTOR_PATH];
	uint64_t offset;
	long r = load_u64(&offset, data), other;

	if (r < 0)
		return r;
	if ((host_mode(fd, "", AT_EMPTY_PATH) & S_IFMT) != S_IFREG)
		return -ENOTTY;
	descriptor_path(path, fd);
	other = core_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (other < 0)
		return -ENOTTY;
	r = core_call(__NR_lseek, other, offset, whence);
	core_call(__NR_close, other);
	return r < 0 ? r : store_u64(data, (uint64_t)r);
}

/* What waits in a socket to be sent, and what more it would take. */
static long
ioctl_send_space(int fd, unsigned long request, struct guest_ptr data)
{
	int queued, size = 0, len = sizeof size;
	long r;

	if ((host_mode(fd, "", AT_EMPTY_PATH) & S_IFMT) != S_IFSOCK)
		return -ENOTTY;
	r = host_call(__NR_ioctl, fd, SIOCOUTQ, &queued);
	if (r < 0)
		return r;
	core_call(__NR_getsockopt, fd, SOL_SOCKET, SO_SNDBUF, &size, &len);
	if (request == FREEBSD_FIONSPACE)
		queued = size > queued ? size - queued : 0;
	return store_u32(data, (uint32_t)queued);
}

/* FIONBIO and FIOASYNC are the descriptor's own flags, whatever the file. */
static long
ioctl_descriptor_flag(int fd, unsigned long request, struct guest_ptr data)
{
	long bit = request == FREEBSD_FIONBIO ? O_NONBLOCK : FASYNC, flags;
	uint32_t on;
	long r = load_u32(&on, data);

	if (r < 0)
		return r;
	flags = core_call(__NR_fcntl, fd, F_GETFL, 0);
	return flags < 0 ? flags
			 : host_call(__NR_fcntl, fd, F_SETFL, on ? flags | bit : flags & ~bit);
}

static const struct {
	uint32_t request;
	ioctl_handler *run;
} handlers[] = {
	{FREEBSD_FIOASYNC, ioctl_descriptor_flag},
	{FREEBSD_FIODGNAME, ioctl_device_name},
	{FREEBSD_FIODTYPE, ioctl_device_type},
	{FREEBSD_FIONBIO, ioctl_descriptor_flag},
	{FREEBSD_FIONSPACE, ioctl_send_space},
	{FREEBSD_FIONWRITE, ioctl_send_space},
	{FREEBSD_FIOSEEKDATA, ioctl_seek_hole},
	{FREEBSD_FIOSEEKHOLE, ioctl_seek_hole},
	{FREEBSD_SIOCGIFADDR, ioctl_interface},
	{FREEBSD_SIOCGIFBRDADDR, ioctl_interface},
	{FREEBSD_SIOCGIFCONF, ioctl_interfaces},
	{FREEBSD_SIOCGIFDSTADDR, ioctl_interface},
	{FREEBSD_SIOCGIFFLAGS, ioctl_interface},
	{FREEBSD_SIOCGIFINDEX, ioctl_interface},
	{FREEBSD_SIOCGIFMETRIC, ioctl_interface},
	{FREEBSD_SIOCGIFMTU, ioctl_interface},
	{FREEBSD_SIOCGIFNETMASK, ioctl_interface},
	{FREEBSD_TIOCDRAIN, ioctl_line},
	{FREEBSD_TIOCFLUSH, ioctl_flush},
	{FREEBSD_TIOCGETA, ioctl_get_termios},
	{FREEBSD_TIOCGETD, ioctl_discipline},
	{FREEBSD_TIOCGPTN, ioctl_pseudo_terminal},
	{FREEBSD_TIOCPTMASTER, ioctl_pseudo_terminal},
	{FREEBSD_TIOCSCTTY, ioctl_line},
	{FREEBSD_TIOCSETA, ioctl_set_termios},
	{FREEBSD_TIOCSETAF, ioctl_set_termios},
	{FREEBSD_TIOCSETAW, ioctl_set_termios},
	{FREEBSD_TIOCSETD, ioctl_discipline},
	{FREEBSD_TIOCSIG, ioctl_signal},
	{FREEBSD_TIOCSTART, ioctl_line},
	{FREEBSD_TIOCSTOP, ioctl_line},
};

static const struct flag *
find_request(uint32_t request)
{
	for (unsigned i = 0; i < freebsd_ioctl_request.n; i++)
		if ((uint32_t)freebsd_ioctl_request.flags[i].value == request)
			return &freebsd_ioctl_request.flags[i];
	return 0;
}

/* Only the lower half of the word counts (sys_ioctl()). */
long
freebsd_ioctl(struct call *c, int32_t f, uint64_t word, struct guest_ptr data)
{
	uint32_t request = (uint32_t)word;
	const struct flag *known;
	long r;

	(void)c;
	if (!is_well_formed(request))
		return -ENOTTY;
	r = check_descriptor(f);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
		if (handlers[i].request == request)
			return handlers[i].run(f, request, data);
	known = find_request(request);
	if (!known || known->kind != FLAG_SAME)
		return -ENOTTY;
	return host_call(__NR_ioctl, f, known->host, data.addr);
}
