/*
 * Terminals: struct termios and the requests of tty(4) that Linux spells otherwise
 * (sys/_termios.h, sys/ttycom.h, kern/tty.c). Speeds are plain numbers on both sides
 * (struct termios2 with BOTHER).
 */
#include "ioctl.h"

#include "core/core.h"
#include "core/linux_abi.h"
#include "core/print.h"
#include "core/string.h"

#define FREEBSD_VDISABLE 0xff /* _POSIX_VDISABLE; 0 on Linux */

struct freebsd_termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t cc[FREEBSD_NCCS];
	uint32_t ispeed, ospeed;
};
_Static_assert(sizeof(struct freebsd_termios) == 44, "sys/_termios.h");

static void
characters_to_guest(uint8_t *to, const uint8_t *from)
{
	memset(to, FREEBSD_VDISABLE, FREEBSD_NCCS);
	for (unsigned i = 0; i < freebsd_control_character.n; i++) {
		const struct flag *f = &freebsd_control_character.flags[i];
		bool is_number = f->value == FREEBSD_VMIN || f->value == FREEBSD_VTIME;

		if (f->kind == FLAG_SAME)
			to[f->value] =
				from[f->host] || is_number ? from[f->host] : FREEBSD_VDISABLE;
	}
}

static void
characters_to_host(uint8_t *to, const uint8_t *from)
{
	for (unsigned i = 0; i < freebsd_control_character.n; i++) {
		const struct flag *f = &freebsd_control_character.flags[i];
		bool is_number = f->value == FREEBSD_VMIN || f->value == FREEBSD_VTIME;

		if (f->kind == FLAG_SAME)
			to[f->host] = from[f->value] != FREEBSD_VDISABLE || is_number
					      ? from[f->value]
					      : 0;
	}
}

long
ioctl_get_termios(int fd, unsigned long request, struct guest_ptr data)
{
	struct freebsd_termios g = {0};
	struct termios2 h;
	long r = host_call(__NR_ioctl, fd, TCGETS2, &h);

	(void)request;
	if (r < 0)
		return r;
	g.iflag = (uint32_t)flags_to_guest(&freebsd_iflag, h.c_iflag);
	g.oflag = (uint32_t)flags_to_guest(&freebsd_oflag, h.c_oflag);
	g.cflag = (uint32_t)flags_to_guest(&freebsd_cflag, h.c_cflag);
	g.lflag = (uint32_t)flags_to_guest(&freebsd_lflag, h.c_lflag);
	if (g.cflag & FREEBSD_CCTS_OFLOW) /* CRTSCTS is both there */
		g.cflag |= FREEBSD_CRTS_IFLOW;
	characters_to_guest(g.cc, h.c_cc);
	g.ispeed = h.c_ispeed;
	g.ospeed = h.c_ospeed;
	return copy_out(data, &g, sizeof g);
}

/* Replaces those of the host's bits that the guest can name. */
static void
set_bits(uint32_t *host, const struct flag_map *map, uint32_t guest_bits)
{
	uint64_t known = 0;
	uint32_t named = 0, bits = 0;

	for (const struct flag *f = map->flags; f < map->flags + map->n; f++) {
		known |= f->mask;
		named |= (uint32_t)f->host;
	}
	bits = (uint32_t)flags_to_host(map, guest_bits & known);
	*host = (*host & ~named) | bits;
}

long
ioctl_set_termios(int fd, unsigned long request, struct guest_ptr data)
{
	unsigned long when = request == FREEBSD_TIOCSETAF   ? TCSETSF2
			     : request == FREEBSD_TIOCSETAW ? TCSETSW2
							    : TCSETS2;
	struct freebsd_termios g;
	struct termios2 h;
	long r = copy_in(&g, data, sizeof g);

	if (r == 0)
		r = host_call(__NR_ioctl, fd, TCGETS2, &h);
	if (r < 0)
		return r;
	set_bits(&h.c_iflag, &freebsd_iflag, g.iflag);
	set_bits(&h.c_oflag, &freebsd_oflag, g.oflag);
	set_bits(&h.c_cflag, &freebsd_cflag, g.cflag);
	set_bits(&h.c_lflag, &freebsd_lflag, g.lflag);
	characters_to_host(h.c_cc, g.cc);
	/* A line that is hung up on purpose has speed 0; the input's speed 0 means the output's. */
	h.c_cflag =
		(h.c_cflag & ~(uint32_t)(CBAUD | CBAUD << IBSHIFT)) | BOTHER | BOTHER << IBSHIFT;
	h.c_ospeed = g.ospeed;
	h.c_ispeed = g.ispeed ? g.ispeed : g.ospeed;
	return host_call(__NR_ioctl, fd, when, &h);
}

/* FREAD and FWRITE, 0 for both (ttycom.h). */
long
ioctl_flush(int fd, unsigned long request, struct guest_ptr data)
{
	uint32_t what;
	long r = load_u32(&what, data);

	(void)request;
	if (r < 0)
		return r;
	what &= FREEBSD_FREAD | FREEBSD_FWRITE;
	return host_call(__NR_ioctl, fd, TCFLSH,
			 what == FREEBSD_FREAD	  ? TCIFLUSH
			 : what == FREEBSD_FWRITE ? TCOFLUSH
						  : TCIOFLUSH);
}

/* Requests without data that are a value of another request on Linux. */
long
ioctl_line(int fd, unsigned long request, struct guest_ptr data)
{
	(void)data;
	switch (request) {
	case FREEBSD_TIOCDRAIN:
		return host_call(__NR_ioctl, fd, TCSBRK, 1);
	case FREEBSD_TIOCSTART:
		return host_call(__NR_ioctl, fd, TCXONC, TCOON);
	case FREEBSD_TIOCSTOP:
		return host_call(__NR_ioctl, fd, TCXONC, TCOOFF);
	}
	return host_call(__NR_ioctl, fd, TIOCSCTTY, 0);
}

/* Only the usual discipline, number 0 (TTYDISC), exists. */
long
ioctl_discipline(int fd, unsigned long request, struct guest_ptr data)
{
	struct termios2 h;
	uint32_t number = 0;
	long r = core_call(__NR_ioctl, fd, TCGETS2, &h);

	if (r < 0)
		return r;
	if (request == FREEBSD_TIOCGETD)
		return store_u32(data, 0);
	r = load_u32(&number, data);
	return r < 0 ? r : number == 0 ? 0 : -ENXIO;
}

/* posix_openpt(3)'s half of a pair: what ptsname(3), grantpt(3) ask. */
long
ioctl_pseudo_terminal(int fd, unsigned long request, struct guest_ptr data)
{
	uint32_t number;
	long r = host_call(__NR_ioctl, fd, TIOCGPTN, &number);

	if (r < 0)
		return r;
	return request == FREEBSD_TIOCGPTN ? store_u32(data, number) : 0;
}

/* The signal's number is the argument itself; it goes to the foreground processes. */
long
ioctl_signal(int fd, unsigned long request, struct guest_ptr data)
{
	int number = number_to_host(&freebsd_signals, (unsigned)data.addr);

	(void)request;
	return number < 0 ? -EINVAL : host_call(__NR_ioctl, fd, TIOCSIG, number);
}

/* Unlocked from the start: unlockpt(3) does nothing here. */
long
freebsd_posix_openpt(struct call *c, uint32_t how)
{
	const uint32_t known = FREEBSD_O_ACCMODE | FREEBSD_O_NOCTTY | FREEBSD_O_CLOEXEC;
	int unlocked = 0;
	long fd;

	(void)c;
	if (how & ~known || (how & FREEBSD_O_ACCMODE) == FREEBSD_O_ACCMODE)
		return -EINVAL;
	fd = host_call(__NR_openat, AT_FDCWD, "/dev/ptmx",
		       O_RDWR | O_NOCTTY | (how & FREEBSD_O_CLOEXEC ? O_CLOEXEC : 0), 0);
	if (fd >= 0)
		core_call(__NR_ioctl, fd, TIOCSPTLCK, &unlocked);
	return fd;
}
