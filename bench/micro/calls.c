/* Calls that do not wait: what a call costs, with more and more of the kernel's own work in it. */
#include "micro.h"

enum { AT_FDCWD = -100, O_RDONLY = 0, PROT_READ_WRITE = 3, PAGE = 4096, BIG = 65536 };

static _Alignas(PAGE) char buffer[BIG];	/* the same place in a page on every side: copies depend on it */
static int zero, null, self;

static void
open_devices(long parameter)
{
	(void)parameter;
	zero = (int)must("/dev/zero", call(openat, AT_FDCWD, "/dev/zero", O_RDONLY));
	null = (int)must("/dev/null", call(openat, AT_FDCWD, "/dev/null", FACE_O_WRONLY));
}

/* A file that is there and longer than 64 KiB on every side: the parameter is its descriptor. */
static void
open_file(long parameter)
{
	self = (int)parameter;
	must_be("pread of descriptor PARAMETER", call(pread, self, buffer, BIG, 0), BIG);
}

static void
null_call(long count)
{
	while (count-- > 0)
		call(getppid, 0);
}

static void
own_number(long count)
{
	while (count-- > 0)
		call(getpid, 0);
}

static void
read_1(long count)
{
	while (count-- > 0)
		call(read, zero, buffer, 1);
}

static void
write_1(long count)
{
	while (count-- > 0)
		call(write, null, buffer, 1);
}

static void
pread_4k(long count)
{
	while (count-- > 0)
		call(pread, self, buffer, PAGE, 0);
}

static void
pread_64k(long count)
{
	while (count-- > 0)
		call(pread, self, buffer, BIG, 0);
}

static void
stat(long count)
{
	while (count-- > 0)
		must("stat", call(fstatat, AT_FDCWD, "/dev/null", buffer, 0));
}

static void
open_close(long count)
{
	while (count-- > 0)
		call(close, must("open", call(openat, AT_FDCWD, "/dev/null", O_RDONLY)));
}

/* With the page touched: a mapping that nobody uses is not what programs make. */
static void
map_unmap(long count)
{
	while (count-- > 0) {
		long at = call(mmap, 0, PAGE, PROT_READ_WRITE, FACE_PRIVATE_ANON, -1);

		*(volatile char *)at = 1;
		call(munmap, at, PAGE);
	}
}

static void
clock(long count)
{
	struct time t;

	while (count-- > 0)
		read_clock(&t);
}

static void
clock_by_call(long count)
{
	struct time t;

	while (count-- > 0)
		call(clock_gettime, FACE_MONOTONIC, &t);
}

const struct benchmark calls_family[] = {
	{"null", NULL, null_call},
	{"getpid", NULL, own_number},
	{"read", open_devices, read_1},
	{"write", open_devices, write_1},
	{"pread-4k", open_file, pread_4k},
	{"pread-64k", open_file, pread_64k},
	{"stat", NULL, stat},
	{"open-close", NULL, open_close},
	{"mmap-munmap", NULL, map_unmap},
	{"clock", NULL, clock},
	{"clock-call", NULL, clock_by_call},
	{NULL, NULL, NULL},
};
