/* covers: freebsd posix_openpt ioctl */
/*
 * A pseudo-terminal and its modes; requests that any descriptor knows.
 */
#include "guest.h"

enum {
	SYS_ioctl = 54,
	SYS_fcntl = 92,
	SYS_posix_openpt = 504,
	SYS_pipe2 = 542,
	SYS_lseek = 478,
	SYS_ftruncate = 480,
	SYS_pwrite = 476,
	SYS_poll = 209
};
enum {
	O_RDONLY = 0,
	O_RDWR = 2,
	O_NONBLOCK = 4,
	O_CREAT = 0x200,
	O_NOCTTY = 0x8000,
	O_CLOEXEC = 0x100000,
	O_DIRECTORY = 0x20000,
	F_GETFD = 1,
	F_GETFL = 3
};
/* sys/sys/filio.h, ttycom.h: 0x66 is 'f', 0x74 't' */
#define FIOCLEX 0x20006601u
#define FIONCLEX 0x20006602u
#define FIOSEEKDATA 0xc0086661u
#define FIOSEEKHOLE 0xc0086662u
#define FIODGNAME 0x80106678u
#define FIODTYPE 0x4004667au
#define FIONBIO 0x8004667eu
#define FIONREAD 0x4004667fu
#define TIOCGPTN 0x4004740fu
#define TIOCFLUSH 0x80047410u
#define TIOCGETA 0x402c7413u
#define TIOCSETA 0x802c7414u
#define TIOCSETAW 0x802c7415u
#define TIOCGETD 0x4004741au
#define TIOCPTMASTER 0x2000741cu
#define TIOCDRAIN 0x2000745eu
#define TIOCSWINSZ 0x80087467u
#define TIOCGWINSZ 0x40087468u
#define TIOCOUTQ 0x40047473u
/* sys/sys/_termios.h */
enum {
	ICRNL = 0x100,
	IXON = 0x200,
	OPOST = 1,
	ONLCR = 2,
	CS8 = 0x300,
	CREAD = 0x800,
	ECHO = 8,
	ICANON = 0x100,
	ISIG = 0x80,
	VEOF = 0,
	VERASE = 3,
	VINTR = 8,
	VMIN = 16,
	VTIME = 17
};

struct termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t cc[20];
	uint32_t ispeed, ospeed;
};
_Static_assert(sizeof(struct termios) == 44, "struct termios");

static long pt_master, pt_slave;

TEST(a_pair_is_opened_by_its_number)
{
	char name[16] = "/dev/pts/";
	size_t at = 9;
	int n = -1;

	CHECK_IS(call(SYS_posix_openpt, 0x200), -EINVAL);
	pt_master = call(SYS_posix_openpt, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(pt_master >= 0);
	CHECK_IS(call(SYS_fcntl, pt_master, F_GETFD), 1);
	CHECK_IS(call(SYS_ioctl, pt_master, TIOCPTMASTER), 0);
	CHECK_IS(call(SYS_ioctl, pt_master, TIOCGPTN, &n), 0);
	CHECK(n >= 0 && n < 1000);
	if (n >= 100)
		name[at++] = (char)('0' + n / 100);
	if (n >= 10)
		name[at++] = (char)('0' + n / 10 % 10);
	name[at] = (char)('0' + n % 10);
	pt_slave = call(SYS_open, name, O_RDWR | O_NOCTTY);
	CHECK(pt_slave >= 0);
	CHECK(call(SYS_ioctl, pt_slave, TIOCPTMASTER) < 0);
}

TEST(modes_come_back_as_they_were_set)
{
	struct termios t, back;

	CHECK_IS(call(SYS_ioctl, pt_slave, TIOCGETA, &t), 0);
	CHECK_IS(t.lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
	CHECK_IS(t.oflag & (OPOST | ONLCR), OPOST | ONLCR);
	CHECK_IS(t.cflag & (CS8 | CREAD), CS8 | CREAD);
	CHECK_IS(t.cc[VINTR], 3);
	CHECK_IS(t.cc[VEOF], 4);
	t.lflag &= ~(uint32_t)(ICANON | ECHO);
	t.iflag &= ~(uint32_t)(ICRNL | IXON);
	t.oflag &= ~(uint32_t)OPOST;
	t.cc[VMIN] = 1;
	t.cc[VTIME] = 0;
	t.cc[VINTR] = 0xff;
	t.ispeed = t.ospeed = 9600;
	CHECK_IS(call(SYS_ioctl, pt_slave, TIOCSETA, &t), 0);
	CHECK_IS(call(SYS_ioctl, pt_slave, TIOCGETA, &back), 0);
	CHECK_IS(back.lflag, t.lflag);
	CHECK_IS(back.iflag, t.iflag);
	CHECK_IS(back.oflag, t.oflag);
	CHECK_IS(back.cflag, t.cflag);
	CHECK_IS(back.cc[VINTR], 0xff);
	CHECK_IS(back.cc[VMIN], 1);
	CHECK_IS(back.ospeed, 9600);
	CHECK_IS(call(SYS_ioctl, pt_slave, TIOCSETAW, NOWHERE), -EFAULT);
}

TEST(bytes_pass_between_the_two)
{
	struct {
		int fd;
		short events, revents;
	} p = {.events = 1 /* POLLIN */};
	char buf[8];
	int n = -1;

	CHECK_IS(call(SYS_write, pt_master, "abc", 3), 3);
	CHECK_IS(call(SYS_read, pt_slave, buf, 8), 3);
	CHECK(same(buf, "abc", 3));
	CHECK_IS(call(SYS_write, pt_slave, "\n", 1), 1);
	p.fd = (int)pt_master;
	CHECK_IS(call(SYS_poll, &p, 1, 5000), 1);
	CHECK_IS(call(SYS_ioctl, pt_master, FIONREAD, &n), 0);
	CHECK_IS(n, 1);
	CHECK_IS(call(SYS_read, pt_master, buf, 8), 1);
	CHECK_IS(call(SYS_ioctl, pt_slave, TIOCFLUSH, &(int){0}), 0);
	CHECK_IS(call(SYS_ioctl, pt_slave, TIOCDRAIN), 0);
	CHECK_IS(call(SYS_ioctl, pt_slave, TIOCOUTQ, &n), 0);
	CHECK_IS(n, 0);
}

TEST(the_size_of_the_window_is_kept)
{
	uint16_t size[4] = {25, 80, 0, 0}, back[4] = {0};

	CHECK_IS(call(SYS_ioctl, pt_master, TIOCSWINSZ, size), 0);
	CHECK_IS(call(SYS_ioctl, pt_slave, TIOCGWINSZ, back), 0);
	CHECK(same(size, back, sizeof size));
}

TEST(a_device_tells_its_name_and_kind)
{
	struct {
		int len;
		void *buf;
	} want;
	char name[32], of_master[32];
	int n = 99;

	want.len = sizeof name;
	want.buf = name;
	CHECK_IS(call(SYS_ioctl, pt_slave, FIODGNAME, &want), 0);
	CHECK(same(name, "pts/", 4));
	want.buf = of_master;
	CHECK_IS(call(SYS_ioctl, pt_master, FIODGNAME, &want), 0);
	CHECK(same_text(name, of_master));
	want.len = 2;
	CHECK_IS(call(SYS_ioctl, pt_slave, FIODGNAME, &want), -EINVAL);
	CHECK_IS(call(SYS_ioctl, pt_slave, FIODTYPE, &n), 0);
	CHECK_IS(n & 4, 4);
	CHECK_IS(call(SYS_ioctl, pt_slave, TIOCGETD, &n), 0);
	CHECK_IS(n, 0);
	CHECK_IS(call(SYS_close, pt_slave), 0);
	CHECK_IS(call(SYS_close, pt_master), 0);
}

TEST(descriptors_take_requests_of_their_own)
{
	int pair[2], n = -1;

	CHECK_IS(call(SYS_pipe2, pair, 0), 0);
	CHECK_IS(call(SYS_ioctl, pair[0], FIOCLEX), 0);
	CHECK_IS(call(SYS_fcntl, pair[0], F_GETFD), 1);
	CHECK_IS(call(SYS_ioctl, pair[0], FIONCLEX), 0);
	CHECK_IS(call(SYS_fcntl, pair[0], F_GETFD), 0);
	CHECK_IS(call(SYS_ioctl, pair[0], FIONBIO, &(int){1}), 0);
	CHECK_IS(call(SYS_fcntl, pair[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_IS(call(SYS_ioctl, pair[0], FIONBIO, &(int){0}), 0);
	CHECK_IS(call(SYS_fcntl, pair[0], F_GETFL) & O_NONBLOCK, 0);
	CHECK_IS(call(SYS_write, pair[1], "four", 4), 4);
	CHECK_IS(call(SYS_ioctl, pair[0], FIONREAD, &n), 0);
	CHECK_IS(n, 4);
	CHECK_IS(call(SYS_ioctl, pair[0], FIONREAD, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_close, pair[0]), 0);
	CHECK_IS(call(SYS_close, pair[1]), 0);
}

TEST(what_a_file_does_not_know_is_no_terminal)
{
	struct termios t;
	long fd = call(SYS_open, ".", O_RDONLY | O_DIRECTORY);

	CHECK_IS(call(SYS_ioctl, fd, TIOCGETA, &t), -ENOTTY);
	CHECK_IS(call(SYS_ioctl, fd, TIOCGWINSZ, &t), -ENOTTY);
	CHECK_IS(call(SYS_ioctl, fd, 0x40045a01u, &t), -ENOTTY);
	CHECK_IS(call(SYS_ioctl, 77, TIOCGETA, &t), -EBADF);
	CHECK_IS(call(SYS_ioctl, 77, 0, &t), -ENOTTY);
	CHECK_IS(call(SYS_close, fd), 0);
	fd = call(SYS_open, "/dev/null", O_RDWR);
	CHECK_IS(call(SYS_ioctl, fd, TIOCGETA, &t), -ENOTTY);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(holes_are_found_without_moving_the_offset)
{
	long fd = call(SYS_open, "sparse", O_RDWR | O_CREAT, 0600);
	int64_t at = 0;

	CHECK_IS(call(SYS_pwrite, fd, "x", 1, 0L), 1);
	CHECK_IS(call(SYS_ftruncate, fd, 1048576L), 0);
	CHECK_IS(call(SYS_ioctl, fd, FIOSEEKHOLE, &at), 0);
	CHECK(at > 0 && at <= 1048576);
	at = 0;
	CHECK_IS(call(SYS_ioctl, fd, FIOSEEKDATA, &at), 0);
	CHECK_IS(at, 0);
	CHECK_IS(call(SYS_lseek, fd, 0L, 1), 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_pair_is_opened_by_its_number);
	RUN(modes_come_back_as_they_were_set);
	RUN(bytes_pass_between_the_two);
	RUN(the_size_of_the_window_is_kept);
	RUN(a_device_tells_its_name_and_kind);
	RUN(descriptors_take_requests_of_their_own);
	RUN(what_a_file_does_not_know_is_no_terminal);
	RUN(holes_are_found_without_moving_the_offset);
	return 0;
}
