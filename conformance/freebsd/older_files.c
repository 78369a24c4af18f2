/* covers: freebsd freebsd6_pread freebsd6_pwrite freebsd6_lseek freebsd6_truncate */
/* covers: freebsd freebsd6_ftruncate */
/* covers: freebsd freebsd11_getdirentries freebsd11_getdents freebsd11_fstatat freebsd11_nstat */
/* covers: freebsd freebsd11_nfstat freebsd11_nlstat freebsd11_mknod freebsd11_mknodat */
/* covers: freebsd freebsd11_statfs freebsd11_fstatfs freebsd11_getfsstat mknodat getfsstat */
/*
 * The forms that calls had before FreeBSD 7 and 12, beside those of today: a word in
 * front of each off_t, narrow inode and device numbers, short names.
 */
#include "guest.h"

enum {
	SYS_mknod11 = 14,
	SYS_symlink = 57,
	SYS_pread6 = 173,
	SYS_pwrite6 = 174,
	SYS_getdirentries11 = 196,
	SYS_lseek6 = 199,
	SYS_truncate6 = 200,
	SYS_ftruncate6 = 201,
	SYS_getdents11 = 272,
	SYS_nstat = 278,
	SYS_nfstat = 279,
	SYS_nlstat = 280,
	SYS_getfsstat11 = 395,
	SYS_statfs11 = 396,
	SYS_fstatfs11 = 397,
	SYS_fstatat11 = 493,
	SYS_mknodat11 = 498,
	SYS_fstatat = 552,
	SYS_statfs = 555,
	SYS_getfsstat = 557,
	SYS_mknodat = 559, SYS_pipe2 = 542, SYS_fstat = 551,
};
enum { O_RDONLY = 0, O_RDWR = 2, O_CREAT = 0x200, AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x200 };
enum {
	S_IFIFO = 0010000,
	S_IFCHR = 0020000,
	S_IFREG = 0100000,
	S_IFLNK = 0120000,
	S_IFMT = 0170000
};
enum { DT_FIFO = 1, DT_DIR = 4, DT_REG = 8, MNT_WAIT = 1, MNT_NOWAIT = 2 };

/* sys/sys/stat.h */
struct stat {
	uint64_t dev, ino, nlink;
	uint16_t mode, pad0;
	uint32_t uid, gid, pad1;
	uint64_t rdev;
	struct timespec atim, mtim, ctim, birthtim;
	int64_t size, blocks;
	int32_t blksize;
	uint32_t flags;
	uint64_t gen, spare[10];
};
struct stat11 {
	uint32_t dev, ino;
	uint16_t mode, nlink;
	uint32_t uid, gid, rdev;
	struct timespec atim, mtim, ctim;
	int64_t size, blocks;
	int32_t blksize;
	uint32_t flags, gen;
	int32_t spare;
	struct timespec birthtim;
};
_Static_assert(sizeof(struct stat11) == 120, "struct freebsd11_stat");
struct nstat {
	uint32_t dev, ino, mode, nlink, uid, gid, rdev;
	struct timespec atim, mtim, ctim;
	int64_t size, blocks;
	int32_t blksize;
	uint32_t flags, gen;
	struct timespec birthtim;
};
_Static_assert(sizeof(struct nstat) == 128, "struct nstat");

/* sys/sys/dirent.h */
struct dirent11 {
	uint32_t fileno;
	uint16_t reclen;
	uint8_t type, namlen;
	char name[256];
};

/* sys/sys/mount.h */
struct statfs11 {
	uint32_t version, type;
	uint64_t flags, bsize, iosize, blocks, bfree;
	int64_t bavail;
	uint64_t files;
	int64_t ffree;
	uint64_t counts[4], spare[10];
	uint32_t namemax, owner;
	int32_t fsid[2];
	char charspare[80], fstypename[16], mntfromname[88], mntonname[88];
};
_Static_assert(sizeof(struct statfs11) == 472, "struct freebsd11_statfs");
struct statfs {
	uint32_t version, type;
	uint64_t flags, bsize, iosize, blocks, bfree;
	int64_t bavail;
	uint64_t files;
	int64_t ffree;
	uint64_t counts[4];
	uint32_t nvnodelistsize, spare0;
	uint64_t spare[9];
	uint32_t namemax, owner;
	int32_t fsid[2];
	char charspare[80], fstypename[16], mntfromname[1024], mntonname[1024];
};
_Static_assert(sizeof(struct statfs) == 2344, "struct statfs");

static struct statfs many[64];
static struct statfs11 many11[64];

TEST(offsets_come_after_a_word)
{
	long fd = call(SYS_open, "offsets", O_RDWR | O_CREAT, 0644);
	char buf[8];

	CHECK_IS(call(SYS_pwrite6, fd, "abcdef", 6, 0, 10), 6);
	CHECK_IS(call(SYS_pread6, fd, buf, 3, 0, 11), 3);
	CHECK(same(buf, "bcd", 3));
	CHECK_IS(call(SYS_lseek6, fd, 0, -2, 2), 14);
	CHECK_IS(call(SYS_lseek6, fd, 0, -1, 0), -EINVAL);
	CHECK_IS(call(SYS_ftruncate6, fd, 0, 12), 0);
	CHECK_IS(call(SYS_pread6, fd, buf, 8, 0, 10), 2);
	CHECK_IS(call(SYS_truncate6, "offsets", 0, 3), 0);
	CHECK_IS(call(SYS_lseek6, fd, 0, 0, 2), 3);
	CHECK_IS(call(SYS_truncate6, NOWHERE, 0, -1), -EINVAL);
	CHECK_IS(call(SYS_pread6, fd, buf, 1, 0, -1), -EINVAL);
	CHECK_IS(call(SYS_pread6, 77, buf, 1, 0, -1), -EBADF);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(every_stat_tells_of_the_same_file)
{
	struct stat now;
	struct stat11 old;
	struct nstat n, nf, nl;
	long fd;

	CHECK_IS(call(SYS_symlink, "offsets", "soft"), 0);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "soft", &now, 0), 0);
	CHECK_IS(call(SYS_fstatat11, AT_FDCWD, "soft", &old, 0), 0);
	CHECK_IS(old.ino, (uint32_t)now.ino);
	CHECK_IS(old.mode, now.mode);
	CHECK_IS(old.size, 3);
	CHECK_IS(old.mtim.nsec, now.mtim.nsec);
	CHECK_IS(old.birthtim.sec, now.birthtim.sec);
	CHECK_IS(call(SYS_fstatat11, AT_FDCWD, "soft", &old, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_IS(old.mode & S_IFMT, S_IFLNK);
	CHECK_IS(call(SYS_fstatat11, AT_FDCWD, "soft", &old, 1), -EINVAL);
	CHECK_IS(call(SYS_fstatat11, AT_FDCWD, "soft", NOWHERE, 0), -EFAULT);
	fd = call(SYS_open, "soft", O_RDONLY);
	CHECK_IS(call(SYS_nstat, "soft", &n), 0);
	CHECK_IS(call(SYS_nfstat, fd, &nf), 0);
	CHECK_IS(call(SYS_nlstat, "soft", &nl), 0);
	CHECK_IS(n.ino, (uint32_t)now.ino);
	CHECK_IS(n.size, 3);
	CHECK_IS(n.mtim.nsec, now.mtim.nsec);
	CHECK_IS(nf.ino, n.ino);
	CHECK_IS(nl.mode & S_IFMT, S_IFLNK);
	CHECK_IS(call(SYS_nstat, "none", &n), -ENOENT);
	CHECK_IS(call(SYS_nfstat, 77, &n), -EBADF);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_pipe_tells_what_waits_in_it)
{
	struct stat st;
	int pair[2];

	CHECK_IS(call(SYS_pipe2, pair, 0), 0);
	CHECK_IS(call(SYS_write, pair[1], "abc", 3), 3);
	CHECK_IS(call(SYS_fstat, pair[0], &st), 0);
	CHECK_IS(st.mode, S_IFIFO);
	CHECK_IS(st.size, 3);
	CHECK_IS(st.nlink, 0);
	CHECK_IS(st.blksize, 4096);
	CHECK_IS(call(SYS_close, pair[0]), 0);
	CHECK_IS(call(SYS_close, pair[1]), 0);
}

/* How many of the entries of "." the buffer's n bytes hold; checks those of known name. */
static int
count_entries(const char *buf, long n)
{
	int entries = 0;

	for (long at = 0; at < n;) {
		const struct dirent11 *d = (const void *)(buf + at);

		CHECK(d->reclen >= 8 + d->namlen + 1 && d->reclen % 4 == 0);
		CHECK_IS(length(d->name), d->namlen);
		if (same_text(d->name, "."))
			CHECK_IS(d->type, DT_DIR);
		if (same_text(d->name, "offsets"))
			CHECK_IS(d->type, DT_REG);
		CHECK(d->fileno != 0);
		entries++;
		at += d->reclen;
	}
	return entries;
}

TEST(a_folder_is_read_in_its_old_form)
{
	static char buf[4096];
	long dir = call(SYS_open, ".", O_RDONLY), base = -1, n;

	n = call(SYS_getdirentries11, dir, buf, sizeof buf, &base);
	CHECK(n > 0);
	CHECK_IS(base, 0);
	CHECK_IS(count_entries(buf, n), 4);
	CHECK_IS(call(SYS_getdirentries11, dir, buf, sizeof buf, &base), 0);
	CHECK(base != 0);
	CHECK_IS(call(SYS_lseek6, dir, 0, 0, 0), 0);
	n = call(SYS_getdents11, dir, buf, sizeof buf);
	CHECK_IS(count_entries(buf, n), 4);
	CHECK_IS(call(SYS_getdents11, dir, buf, sizeof buf), 0);
	CHECK_IS(call(SYS_lseek6, dir, 0, 0, 0), 0);
	CHECK_IS(call(SYS_getdents11, dir, NOWHERE, sizeof buf), -EFAULT);
	CHECK_IS(call(SYS_close, dir), 0);
}

TEST(mknod_makes_fifos_for_everybody)
{
	struct stat st;

	CHECK_IS(call(SYS_mknod11, "f1", S_IFIFO | 0600, 0), 0);
	CHECK_IS(call(SYS_mknodat11, AT_FDCWD, "f2", S_IFIFO | 0600, 0), 0);
	CHECK_IS(call(SYS_mknodat, AT_FDCWD, "f3", S_IFIFO | 0640, 0L), 0);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "f3", &st, 0), 0);
	CHECK_IS(st.mode, S_IFIFO | 0640);
	CHECK_IS(call(SYS_mknodat, AT_FDCWD, "f3", S_IFIFO | 0640, 0L), -EEXIST);
	CHECK_IS(call(SYS_mknodat, AT_FDCWD, "f4", S_IFIFO | 0640, 5L), -EINVAL);
	CHECK_IS(call(SYS_mknod11, "f4", S_IFREG | 0600, 0), -EINVAL);
	CHECK_IS(call(SYS_mknod11, NOWHERE, S_IFIFO | 0600, 0), -EFAULT);
}

TEST(file_systems_are_told_in_both_forms)
{
	struct statfs now;
	struct statfs11 old, of_fd;
	long fd = call(SYS_open, ".", O_RDONLY);

	CHECK_IS(call(SYS_statfs, ".", &now), 0);
	CHECK_IS(now.version, 0x20140518);
	CHECK_IS(call(SYS_statfs11, ".", &old), 0);
	CHECK_IS(old.version, 0x20030518);
	CHECK_IS(call(SYS_fstatfs11, fd, &of_fd), 0);
	CHECK_IS(old.bsize, now.bsize);
	CHECK_IS(old.blocks, now.blocks);
	CHECK_IS(of_fd.blocks, now.blocks);
	CHECK(same_text(old.fstypename, now.fstypename));
	CHECK(now.mntonname[0] == '/' && old.mntonname[0] == '/');
	CHECK_IS(call(SYS_statfs11, "none", &old), -ENOENT);
	CHECK_IS(call(SYS_fstatfs11, 77, &old), -EBADF);
	CHECK_IS(call(SYS_statfs11, ".", NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(mounts_are_listed)
{
	long n = call(SYS_getfsstat, NULL, 0, MNT_NOWAIT);

	CHECK(n > 0);
	CHECK_IS(call(SYS_getfsstat11, NULL, 0, MNT_NOWAIT), n);
	if (n > (long)COUNT(many))
		n = COUNT(many);
	CHECK_IS(call(SYS_getfsstat, many, n * (long)sizeof *many, MNT_NOWAIT), n);
	CHECK_IS(call(SYS_getfsstat11, many11, n * (long)sizeof *many11, MNT_WAIT), n);
	for (long i = 0; i < n; i++) {
		CHECK(many[i].mntonname[0] == '/');
		CHECK(same_text(many[i].fstypename, many11[i].fstypename));
	}
	CHECK_IS(call(SYS_getfsstat, many, sizeof *many, MNT_NOWAIT), 1);
	CHECK_IS(call(SYS_getfsstat, many, sizeof *many, 0), -EINVAL);
	CHECK_IS(call(SYS_getfsstat, NOWHERE, sizeof *many, MNT_NOWAIT), -EFAULT);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(offsets_come_after_a_word);
	RUN(every_stat_tells_of_the_same_file);
	RUN(a_pipe_tells_what_waits_in_it);
	RUN(a_folder_is_read_in_its_old_form);
	RUN(mknod_makes_fifos_for_everybody);
	RUN(file_systems_are_told_in_both_forms);
	RUN(mounts_are_listed);
	return 0;
}
