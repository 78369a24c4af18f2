/*
 * Addresses that lead nowhere: every call on files says EFAULT, and nothing else
 * comes of it. On a real kernel the second address is simply unmapped.
 */
#include "guest.h"

enum {
	SYS_readv = 120,
	SYS_preadv = 289,
	SYS_pread = 475,
	SYS_lseek = 478,
	O_RDWR = 2,
	O_CREAT = 0x200,
	AT_FDCWD = -100,
	AT_SYMLINK_NOFOLLOW = 0x200
};

/* Stand for a bad address, a descriptor of a regular file, of a folder, and a name. */
#define BAD (-1001)
#define FD (-1002)
#define DIR (-1003)
#define NAME (-1004)
#define CWD AT_FDCWD

static const struct {
	const char *name;
	short nr;
	short args[7];
} calls[] = {
	{"write", 4, {FD, BAD, 4}},
	{"open", 5, {BAD, 0}},
	{"link of", 9, {BAD, NAME}},
	{"link to", 9, {NAME, BAD}},
	{"unlink", 10, {BAD}},
	{"chdir", 12, {BAD}},
	{"chmod", 15, {BAD, 0644}},
	{"chown", 16, {BAD, -1, -1}},
	{"access", 33, {BAD, 0}},
	{"chflags", 34, {BAD, 0}},
	{"revoke", 56, {BAD}},
	{"symlink text", 57, {BAD, NAME}},
	{"symlink name", 57, {NAME, BAD}},
	{"readlink name", 58, {BAD, BAD, 8}},
	{"select", 93, {8, BAD, 0, 0, 0}},
	{"select timeout", 93, {0, 0, 0, 0, BAD}},
	{"readv", 120, {FD, BAD, 1}},
	{"writev", 121, {FD, BAD, 1}},
	{"rename from", 128, {BAD, NAME}},
	{"rename to", 128, {NAME, BAD}},
	{"mkfifo", 132, {BAD, 0600}},
	{"mkdir", 136, {BAD, 0700}},
	{"rmdir", 137, {BAD}},
	{"utimes name", 138, {BAD, 0}},
	{"utimes times", 138, {NAME, BAD}},
	{"freebsd6_pwrite", 174, {FD, BAD, 4, 0, 0}},
	{"freebsd11_stat name", 188, {BAD, BAD}},
	{"freebsd11_stat buffer", 188, {NAME, BAD}},
	{"freebsd11_fstat", 189, {FD, BAD}},
	{"freebsd11_lstat", 190, {NAME, BAD}},
	{"pathconf", 191, {BAD, 1}},
	{"freebsd11_getdirentries", 196, {DIR, BAD, 4096, 0}},
	{"freebsd6_truncate", 200, {BAD, 0, 0}},
	{"futimes", 206, {FD, BAD}},
	{"poll", 209, {BAD, 1, 0}},
	{"lchown", 254, {BAD, -1, -1}},
	{"aio_read", 255, {BAD}},
	{"aio_write", 256, {BAD}},
	{"lio_listio", 257, {0, BAD, 1, 0}},
	{"lchmod", 274, {BAD, 0644}},
	{"lutimes", 276, {NAME, BAD}},
	{"freebsd11_nstat", 278, {NAME, BAD}},
	{"freebsd11_nlstat", 280, {NAME, BAD}},
	{"preadv", 289, {FD, BAD, 1, 0}},
	{"pwritev", 290, {FD, BAD, 1, 0}},
	{"__getcwd", 326, {BAD, 1024}},
	{"extattr_set_file", 356, {NAME, 1, BAD, 0, 0}},
	{"extattr_get_file", 357, {BAD, 1, NAME, 0, 0}},
	{"extattr_delete_fd", 373, {FD, 1, BAD}},
	{"eaccess", 376, {BAD, 0}},
	{"lchflags", 391, {BAD, 0}},
	{"freebsd11_getfsstat", 395, {BAD, 472, 2}},
	{"freebsd11_statfs", 396, {NAME, BAD}},
	{"freebsd11_fstatfs", 397, {FD, BAD}},
	{"pwrite", 476, {FD, BAD, 4, 0}},
	{"truncate", 479, {BAD, 0}},
	{"shm_open", 482, {BAD, 2, 0600}},
	{"shm_unlink", 483, {BAD}},
	{"faccessat", 489, {CWD, BAD, 0, 0}},
	{"fchmodat", 490, {CWD, BAD, 0644, 0}},
	{"fchownat", 491, {CWD, BAD, -1, -1, 0}},
	{"freebsd11_fstatat", 493, {CWD, NAME, BAD, 0}},
	{"futimesat", 494, {CWD, NAME, BAD}},
	{"linkat", 495, {CWD, BAD, CWD, NAME, 0}},
	{"mkdirat", 496, {CWD, BAD, 0700}},
	{"mkfifoat", 497, {CWD, BAD, 0600}},
	{"openat", 499, {CWD, BAD, 0}},
	{"readlinkat", 500, {CWD, BAD, BAD, 8}},
	{"renameat", 501, {CWD, BAD, CWD, NAME}},
	{"symlinkat", 502, {BAD, CWD, NAME}},
	{"unlinkat", 503, {CWD, BAD, 0}},
	{"lpathconf", 513, {BAD, 1}},
	{"pselect", 522, {8, BAD, 0, 0, 0, 0}},
	{"pselect mask", 522, {0, 0, 0, 0, 0, BAD}},
	{"chflagsat", 540, {CWD, BAD, 0, 0}},
	{"pipe2", 542, {BAD, 0}},
	{"ppoll timeout", 545, {BAD, 0, BAD, 0}},
	{"ppoll mask", 545, {BAD, 0, 0, BAD}},
	{"futimens", 546, {FD, BAD}},
	{"utimensat times", 547, {CWD, NAME, BAD, 0}},
	{"utimensat name", 547, {CWD, BAD, 0, 0}},
	{"fstat", 551, {FD, BAD}},
	{"fstatat name", 552, {CWD, BAD, BAD, 0}},
	{"fstatat buffer", 552, {CWD, NAME, BAD, 0}},
	{"getdirentries", 554, {DIR, BAD, 4096, 0}},
	{"statfs", 555, {NAME, BAD}},
	{"fstatfs", 556, {FD, BAD}},
	{"getfsstat", 557, {BAD, 2344, 2}},
	{"funlinkat", 568, {CWD, BAD, FD, 0}},
	{"copy_file_range", 569, {FD, BAD, FD, 0, 1, 0}},
	{"shm_open2", 571, {BAD, 2, 0600, 0, 0}},
	{"shm_rename", 572, {BAD, BAD, 0}},
	{"__realpathat name", 574, {CWD, BAD, BAD, 1024, 0}},
	{"__realpathat buffer", 574, {CWD, NAME, BAD, 1024, 0}},
	{"__specialfd", 577, {1, BAD, 8}},
};

static char name[] = "file";
static long file, folder;

static long
argument(short stands_for, long bad)
{
	switch (stands_for) {
	case BAD:
		return bad;
	case FD:
		return file;
	case DIR:
		return folder;
	case NAME:
		return (long)name;
	}
	return stands_for;
}

/* The host kernel reads these by itself, and what lies where Dragoman is can be read. */
static bool
only_reads(int nr)
{
	static const short of_the_host[] = {4, 93, 120, 121, 174, 289, 290, 476, 522};

	for (size_t i = 0; i < COUNT(of_the_host); i++)
		if (of_the_host[i] == nr)
			return true;
	return false;
}

static void
try_all(long bad, bool is_mapped)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		long a[7], r;

		if (is_mapped && only_reads(calls[i].nr))
			continue;
		for (int k = 0; k < 7; k++)
			a[k] = argument(calls[i].args[k], bad);
		r = call(calls[i].nr, a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
		if (r != -EFAULT)
			guest_fails(__FILE__, __LINE__, calls[i].name, true, r, -EFAULT);
	}
}

TEST(an_unmapped_address_is_a_fault)
{
	try_all(0x10, false);
}

/* In the upper half no program has memory. */
TEST(an_address_of_the_kernel_is_a_fault)
{
	try_all((long)0xffffffff80000000, false);
}

/* Where the core begins, from the host's /proc; 0 on a kernel that needs none. */
static long
address_of_the_core(void)
{
	static const char wanted[] = "dragoman-core";
	static char maps[65536];
	long fd = call(SYS_open, "/proc/self/maps", 0), n, line = 0, address = 0;

	n = fd < 0 ? 0 : call(SYS_read, fd, maps, sizeof maps);
	call(SYS_close, fd);
	for (long i = 0; i + (long)sizeof wanted <= n; i++) {
		if (i > 0 && maps[i - 1] == '\n')
			line = i;
		if (!same(maps + i, wanted, sizeof wanted - 1))
			continue;
		for (; maps[line] != '-'; line++)
			address = address * 16 +
				  (maps[line] > '9' ? maps[line] - 'a' + 10 : maps[line] - '0');
		return address;
	}
	return 0;
}

/* Filling that would be the end. */
TEST(the_core_cannot_be_reached)
{
	long core = address_of_the_core(), parts[] = {core, 8};

	if (core == 0)
		SKIP("a real kernel");
	try_all(core, true);
	CHECK_IS(call(SYS_pread, file, core, 8L, 0L), -EFAULT);
	CHECK_IS(call(SYS_preadv, file, parts, 1, 0L), -EFAULT);
	CHECK_IS(call(SYS_lseek, file, 0L, 0), 0);
	CHECK_IS(call(SYS_read, file, core, 8L), -EFAULT);
	CHECK_IS(call(SYS_readv, file, parts, 1), -EFAULT);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	file = call(SYS_open, name, O_RDWR | O_CREAT, 0600);
	call(SYS_write, file, "0123456789", 10L);
	folder = call(SYS_open, ".", 0);
	RUN(an_unmapped_address_is_a_fault);
	RUN(an_address_of_the_kernel_is_a_fault);
	RUN(the_core_cannot_be_reached);
	return 0;
}
