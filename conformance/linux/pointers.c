/*
 * Each row of the tables that takes a pointer, with bad ones in each place: the errno, and so which of two mistakes
 * is found first. The rows' names and the kinds of their arguments are made from abi/, the numbers are the kernel's
 * headers'. All other arguments are good, as far as a kind tells what is good.
 *
 * twin: as-x32
 */
/* noted: x86_64 prctl: PR_GET_SECCOMP is refused, as its row says */
/* noted: i386 prctl: PR_GET_SECCOMP is refused, as its row says */
/* noted: x32 prctl: PR_GET_SECCOMP is refused, as its row says */
/* noted: x32 modify_ldt: the kernel answers in 32 bits, which are a whole long of x32 only */
/* noted: i386 _llseek: in folders of ext4 the host takes farther positions from us than from 32-bit callers */
/* noted: i386 sched_setaffinity: the kernel reads whole words of 4 bytes */
/* noted: i386 mq_open: the kernel does not look at the attributes without O_CREAT */
#include <asm/unistd.h>

struct row {
	const char *name;
	long number;
	const char *kinds;	/* abi/gen/pointers.py */
};
/* Before guest_calls.h gives some numbers other names. */
static const struct row rows[] = {
#include "pointer_rows.h"
};

#include "guest.h"
#include "guest_signal.h"

#include <asm/ioctls.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/sockios.h>

enum { PAGE = 4096, NOBODY = 65534, ROOM = 16384, CLEANED = 1024, MOST = 32768, ENOUGH = 25 };
enum { AF_LOCAL = 1, NONBLOCK = 04000, SOCK_DGRAM = 2, RLIMIT_FSIZE = 1, RLIMIT_CORE = 4 };

/* Not begun, since a good pointer among them would end or stop the test, or reach what is not its own. */
static const char *const left_out[] = {
	"clone", "clone3",					/* another process, with the same pages */
	"rt_sigsuspend", "sigsuspend",				/* waits for ever */
#ifdef __i386__
	"select",						/* the same: no set and no timeout */
#endif
	"rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal",	/* ends its own process */
	"setrlimit", "prlimit64",				/* limits of 0 */
	"ptrace", "reboot",					/* others */
	"semctl", "semop", "semtimedop", "semtimedop_time64", "msgctl", "msgsnd", "msgrcv", "shmctl", "ipc",	/* others' objects */
	"add_key",						/* outlives the process */
};

/* Natively these can put something there. */
static const char *const fills_places[] = {"mmap", "mremap", "shmat", "map_shadow_stack"};

/* What x32 does not have, or has refused. */
static const char *const not_in_x32[] = {"_sysctl", "get_thread_area", "kexec_load", "set_thread_area", "uselib"};

static const unsigned requests[] = {	/* of ioctl */
	TCGETS, TCSETS, TIOCGPGRP, TIOCSPGRP, TIOCGWINSZ, TIOCSWINSZ, TIOCGSID, FIONREAD, FIONBIO, FIOASYNC, FIOQSIZE,
	SIOCGIFCONF, SIOCGIFNAME, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFHWADDR, SIOCGIFMTU, SIOCGIFINDEX, SIOCATMARK,
	FS_IOC_GETFLAGS, FS_IOC_GETVERSION, FIGETBSZ, FS_IOC_FIEMAP, FS_IOC_FSGETXATTR, BLKGETSIZE64,
};
static const long lengths[] = {1, 8, 64};

/* What one child saw of a row: results in the order of the loops in try_row(). */
static short *results;
static char good[6][ROOM] __attribute__((aligned(64)));
static char name_of_file[] = "file";
static long descriptors[6];

/* Always the same, since some calls take them for numbers. */
#define PLACE ((void *)0x20000000)
static const char *const bad_names[] = {
	"nowhere", "cut off", "the kernel's", "read only", "no access", "odd",
	"the core's edge", "the core's text", "the core's constants", "the core's data", "the core's arena",
};
static char *bad[COUNT(bad_names)];
static size_t places;	/* of them, for a row */

/*
 * Of no program's: a layer that shares the address space has its own memory there (translate/core/layout.h), and
 * nothing that a program does may read or write it. The first begins below, in memory that is the program's. To a
 * program with short pointers there is no such place.
 */
#define CORE_PLACES 5
#define CORE UINT64_C(0x5f0000000000)
static const uint64_t in_core[CORE_PLACES] = {
	CORE - 2, CORE + 0x200001000, CORE + 0x2000f0001, CORE + 0x200140000, CORE + 0x300000010,
};

static void
make_bad(void)
{
	char *pages = (char *)call(mmap, PLACE, 6 * PAGE, 3, 0x32, -1, 0);

	bad[0] = NOWHERE;
	bad[1] = pages + PAGE - 2;
	bad[2] = (char *)-PAGE;
	bad[3] = pages + 2 * PAGE;
	bad[4] = pages + 3 * PAGE;
	bad[5] = pages + 4 * PAGE + 1;
	call(munmap, pages + PAGE, PAGE);
	call(mprotect, bad[3], PAGE, 1);
	call(mprotect, bad[4], PAGE, 0);
}

static void
make_bad_in_core(void)
{
	for (size_t n = 0; n < CORE_PLACES; n++)
		bad[COUNT(bad) - CORE_PLACES + n] = (char *)(uintptr_t)in_core[n];
	call(mmap, CORE - PAGE, PAGE, 3, 0x32, -1, 0);
}

static void
clean(void)
{
	for (size_t n = 0; n < COUNT(good); n++)
		for (size_t i = 0; i < CLEANED / sizeof(long); i++)
			((volatile long *)good[n])[i] = 0;
	for (size_t i = 0; i < 2 * PAGE / sizeof(long); i++)
		((volatile long *)(bad[5] - 1))[i] = 0;
}

/* A file, a folder, a socket with a message, a pipe, an epoll, and none. None of them lets anyone wait. */
static void
open_descriptors(void)
{
	int ends[4];

	call(socketpair, AF_LOCAL, SOCK_DGRAM | NONBLOCK, 0, ends);
	call(write, ends[1], "message", 7);
	call(pipe2, ends + 2, NONBLOCK);
	descriptors[0] = call(open, name_of_file, O_RDWR);
	descriptors[1] = call(open, ".", O_RDONLY | O_DIRECTORY);
	descriptors[2] = ends[0];
	descriptors[3] = ends[2];
	descriptors[4] = call(epoll_create1, 0);
	descriptors[5] = -1;
}

static bool
has(const struct row *row, char kind)
{
	for (const char *k = row->kinds; *k != '\0'; k++)
		if (*k == kind)
			return true;
	return false;
}

struct choice {
	size_t descriptor, what, length;
};

static long
argument(const struct row *row, size_t place, const struct choice *c)
{
	switch (row->kinds[place]) {
	case 'p': return (long)good[place];
	case 's': return (long)name_of_file;
	case 'f': return descriptors[c->descriptor];
	case 'd': return call(getpid);
	case 'v': return same_text(row->name, "ioctl") ? (long)requests[c->what] : (long)c->what;
	case 'n': return lengths[c->length];
	default: return 0;
	}
}

static void
try_one(const struct row *row, size_t place, char *pointer, const struct choice *c, size_t n)
{
	long arguments[6] = {0}, result;

	clean();
	if (pointer == bad[1] || pointer == bad[COUNT(bad) - CORE_PLACES])
		pointer[0] = pointer[1] = 'x';
	for (size_t i = 0; row->kinds[i] != '\0' && i < 6; i++)
		arguments[i] = i == place ? (long)pointer : argument(row, i, c);
	result = guest_syscall(row->number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
			       arguments[5]);
	results[n] = result < 0 && result >= -4095 ? (short)result : 0;
	if (result > descriptors[4])
		call(close, result);
}

/* How many there are for each bad pointer of a place. */
static size_t
choices(const struct row *row)
{
	return (has(row, 'f') ? COUNT(descriptors) : 1) * (has(row, 'v') ? ENOUGH : 1) * (has(row, 'n') ? COUNT(lengths) : 1);
}

static void
try_row(const struct row *row)
{
	size_t n = 0, all = choices(row);

	for (size_t place = 0; row->kinds[place] != '\0' && place < 6; place++)
		for (size_t b = 0; b < places && (row->kinds[place] == 'p' || row->kinds[place] == 's'); b++)
			for (size_t i = 0; i < all; i++) {
				size_t rest = i;
				struct choice c = {0, 0, 0};

				if (has(row, 'n')) {
					c.length = rest % COUNT(lengths);
					rest /= COUNT(lengths);
				}
				if (has(row, 'v')) {
					c.what = rest % ENOUGH;
					rest /= ENOUGH;
				}
				c.descriptor = rest;
				if (n < MOST)
					try_one(row, place, bad[b], &c, n);
				n++;
			}
}

/* As a user with no rights. */
static void
child(const struct row *row)
{
	long none[2] = {0, 0}, little[2] = {ROOM, ROOM};

	call(alarm, 20);
	call(setrlimit, RLIMIT_CORE, none);
	catch_with(SIGXFSZ, SIG_IGN, 0);
	call(setrlimit, RLIMIT_FSIZE, little);
	open_descriptors();
	call(setresgid, NOBODY, NOBODY, NOBODY);
	call(setresuid, NOBODY, NOBODY, NOBODY);
	if (call(geteuid) == 0)
		leave(1);
	try_row(row);
	leave(0);
}

/* Runs of the same answer are said once. */
static void
tell(const struct row *row)
{
	size_t n = 0, all = choices(row);

	for (size_t place = 0; row->kinds[place] != '\0' && place < 6; place++)
		for (size_t b = 0; b < places && (row->kinds[place] == 'p' || row->kinds[place] == 's'); b++) {
			print_number((long)place + 1);
			print(" ");
			print(bad_names[b]);
			print(":");
			for (size_t i = 0; i < all; i++, n++) {
				size_t same = 1;

				while (i + 1 < all && results[n + 1] == results[n])
					i++, n++, same++;
				print(" ");
				print_result(results[n], false);
				if (same > 1) {
					print("*");
					print_number((long)same);
				}
				if (guest_used > sizeof guest_line - 40)
					print_end();
			}
			print_end();
		}
}

static bool
is_among(const struct row *row, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (same_text(names[i], row->name))
			return true;
	return false;
}

int
main(int argc, char **argv, char **envp)
{
	bool is_twin = argc == 2 && same_text(argv[1], "as-x32");

	(void)envp;
	results = (short *)call(mmap, NULL, MOST * sizeof *results, 3, 0x21, -1, 0);
	make_file(name_of_file, "some text of a file");
	make_bad();
	if (sizeof(void *) == sizeof(uint64_t) && !is_twin)
		make_bad_in_core();
	for (const struct row *row = rows; row < rows + COUNT(rows); row++) {
		long pid, status;

		if (is_among(row, left_out, COUNT(left_out)) ||
		    (is_twin && is_among(row, not_in_x32, COUNT(not_in_x32))))
			continue;
		places = COUNT(bad);
		if (sizeof(void *) < sizeof(uint64_t) || is_twin || is_among(row, fills_places, COUNT(fills_places)))
			places -= CORE_PLACES;
		print("== ");
		print(row->name);
		print_end();
		pid = fork();
		if (pid == 0)
			child(row);
		status = wait_for(pid);
		if (status != 0)
			VALUE(status);
		tell(row);
	}
	return 0;
}
