/* covers: freebsd fstat fstatat statfs fstatfs chmod fchmod fchmodat chown fchown lchown */
/* covers: freebsd fchownat */
/* covers: freebsd access faccessat eaccess utimensat futimens utimes freebsd11_stat */
/* covers: freebsd freebsd11_lstat */
/* covers: freebsd freebsd11_fstat mkfifo mkfifoat lchmod */
/*
 * What is told of a file, and changed: mode, owner, times; file systems.
 */
#include "guest.h"

enum {
	SYS_chmod = 15, SYS_chown = 16, SYS_access = 33, SYS_fchown = 123, SYS_fchmod = 124,
	SYS_mkfifo = 132, SYS_utimes = 138, SYS_freebsd11_stat = 188, SYS_freebsd11_fstat = 189,
	SYS_freebsd11_lstat = 190, SYS_lchown = 254, SYS_lchmod = 274, SYS_eaccess = 376,
	SYS_faccessat = 489, SYS_fchmodat = 490, SYS_fchownat = 491, SYS_mkfifoat = 497,
	SYS_futimens = 546, SYS_utimensat = 547, SYS_fstat = 551, SYS_fstatat = 552,
	SYS_statfs = 555, SYS_fstatfs = 556, SYS_symlink = 57, SYS_mkdir = 136, SYS_link = 9,
	SYS_getuid = 24, SYS_setuid = 23, SYS_pipe2 = 542, SYS_unlink = 10,
};
enum { O_RDONLY = 0, O_RDWR = 2, O_CREAT = 0x200, AT_FDCWD = -100, AT_EACCESS = 0x100 };
enum { AT_SYMLINK_NOFOLLOW = 0x200, F_OK = 0, X_OK = 1, W_OK = 2, R_OK = 4 };
enum { S_IFIFO = 010000, S_IFCHR = 020000, S_IFDIR = 040000, S_IFREG = 0100000, S_IFLNK = 0120000 };
enum { UTIME_NOW = -1, UTIME_OMIT = -2 };

/* sys/sys/stat.h, as of FreeBSD 12. */
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
_Static_assert(sizeof(struct stat) == 224, "struct stat");

/* The same before FreeBSD 12. */
struct old_stat {
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
_Static_assert(sizeof(struct old_stat) == 120, "struct freebsd11_stat");

/* sys/sys/mount.h, version 0x20140518. */
struct statfs {
	uint32_t version, type;
	uint64_t flags, bsize, iosize, blocks, bfree;
	int64_t bavail;
	uint64_t files;
	int64_t ffree;
	uint64_t syncwrites, asyncwrites, syncreads, asyncreads;
	uint32_t nvnodelistsize, spare0;
	uint64_t spare[9];
	uint32_t namemax, owner;
	int32_t fsid[2];
	char charspare[80], fstypename[16], mntfromname[1024], mntonname[1024];
};
_Static_assert(sizeof(struct statfs) == 2344, "struct statfs");

static void
new_file(const char *name)
{
	long fd = call(SYS_open, name, O_RDWR | O_CREAT, 0644);

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_write, fd, "12345", 5), 5);
	CHECK_IS(call(SYS_close, fd), 0);
}

static long
mode_of(const char *name)
{
	struct stat st;
	long r = call(SYS_fstatat, AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW);

	return r < 0 ? r : st.mode;
}

TEST(stat_tells_kind_size_and_links)
{
	struct stat st, other;

	new_file("regular");
	memset(&st, 0xee, sizeof st);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "regular", &st, 0), 0);
	CHECK_IS(st.mode, S_IFREG | 0644);
	CHECK_IS(st.size, 5);
	CHECK_IS(st.nlink, 1);
	CHECK_IS(st.uid, call(SYS_getuid));
	CHECK(st.ino != 0 && st.dev != 0);
	CHECK(st.blksize >= 512 && st.blocks >= 0);
	CHECK(st.mtim.sec > 1500000000 && st.mtim.nsec >= 0 && st.mtim.nsec < 1000000000);
	CHECK(st.birthtim.sec == -1 || st.birthtim.sec <= st.ctim.sec);
	for (size_t n = 0; n < COUNT(st.spare); n++)
		CHECK_IS(st.spare[n], 0);
	CHECK_IS(call(SYS_link, "regular", "second"), 0);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "second", &other, 0), 0);
	CHECK(other.ino == st.ino && other.dev == st.dev && other.nlink == 2);
	CHECK_IS(call(SYS_unlink, "second"), 0);
	CHECK_IS(call(SYS_symlink, "regular", "symbolic"), 0);
	CHECK_IS(mode_of("symbolic") & 0170000, S_IFLNK);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "symbolic", &other, 0), 0);
	CHECK_IS(other.ino, st.ino);
	CHECK_IS(mode_of(".") & 0170000, S_IFDIR);
	CHECK_IS(mode_of("/dev/null") & 0170000, S_IFCHR);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "absent", &st, 0), -ENOENT);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "regular", NOWHERE, 0), -EFAULT);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, NOWHERE, &st, 0), -EFAULT);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "regular", &st, 1), -EINVAL);
	CHECK_IS(call(SYS_fstat, 77, &st), -EBADF);
}

TEST(the_older_stat_says_the_same)
{
	struct stat st;
	struct old_stat old;
	long fd;

	new_file("old");
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "old", &st, 0), 0);
	fd = call(SYS_open, "old", O_RDONLY);
	for (int way = 0; way < 3; way++) {
		memset(&old, 0xee, sizeof old);
		CHECK_IS(way == 0   ? call(SYS_freebsd11_stat, "old", &old)
			 : way == 1 ? call(SYS_freebsd11_lstat, "old", &old)
				    : call(SYS_freebsd11_fstat, fd, &old),
			 0);
		CHECK_IS(old.ino, (uint32_t)st.ino);
		CHECK_IS(old.mode, st.mode);
		CHECK_IS(old.size, 5);
		CHECK_IS(old.nlink, 1);
		CHECK_IS(old.mtim.sec, st.mtim.sec);
		CHECK_IS(old.mtim.nsec, st.mtim.nsec);
	}
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(pipes_and_fifos_are_told_apart)
{
	struct stat st;
	int ends[2];

	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	CHECK_IS(call(SYS_fstat, ends[0], &st), 0);
	CHECK_IS(st.mode & 0170000, S_IFIFO);
	CHECK_IS(call(SYS_close, ends[0]), 0);
	CHECK_IS(call(SYS_close, ends[1]), 0);
	CHECK_IS(call(SYS_mkfifo, "fifo", 0600), 0);
	CHECK_IS(mode_of("fifo"), S_IFIFO | 0600);
	CHECK_IS(call(SYS_mkfifo, "fifo", 0600), -EEXIST);
	CHECK_IS(call(SYS_mkfifoat, AT_FDCWD, "fifo2", 0640), 0);
	CHECK_IS(mode_of("fifo2"), S_IFIFO | 0640);
}

TEST(modes_are_changed)
{
	long fd;

	new_file("mode");
	CHECK_IS(call(SYS_symlink, "mode", "modelink"), 0);
	CHECK_IS(call(SYS_chmod, "mode", 04755), 0);
	CHECK_IS(mode_of("mode"), S_IFREG | 04755);
	CHECK_IS(call(SYS_fchmodat, AT_FDCWD, "modelink", 0600, 0), 0);
	CHECK_IS(mode_of("mode"), S_IFREG | 0600);
	fd = call(SYS_open, "mode", O_RDONLY);
	CHECK_IS(call(SYS_fchmod, fd, 0400), 0);
	CHECK_IS(mode_of("mode"), S_IFREG | 0400);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_fchmod, fd, 0400), -EBADF);
	CHECK_IS(call(SYS_chmod, "absent", 0400), -ENOENT);
	CHECK_IS(call(SYS_fchmodat, AT_FDCWD, "mode", 0600, 1), -EINVAL);
}

TEST(owners_are_left_or_changed)
{
	struct stat st;
	long fd, me = call(SYS_getuid);

	new_file("owner");
	CHECK_IS(call(SYS_chown, "owner", -1, -1), 0);
	CHECK_IS(call(SYS_lchown, "owner", me, -1), 0);
	CHECK_IS(call(SYS_fchownat, AT_FDCWD, "owner", me, -1, AT_SYMLINK_NOFOLLOW), 0);
	fd = call(SYS_open, "owner", O_RDONLY);
	CHECK_IS(call(SYS_fchown, fd, -1, -1), 0);
	CHECK_IS(call(SYS_fstat, fd, &st), 0);
	CHECK_IS(st.uid, me);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_chown, "absent", -1, -1), -ENOENT);
	CHECK_IS(call(SYS_fchownat, AT_FDCWD, "owner", -1, -1, 1), -EINVAL);
	if (me != 0)
		SKIP("only root may give a file away");
	CHECK_IS(call(SYS_chown, "owner", 1234, 4321), 0);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "owner", &st, 0), 0);
	CHECK(st.uid == 1234 && st.gid == 4321);
}

TEST(access_is_asked_for_the_real_user)
{
	long child;

	new_file("access");
	CHECK_IS(call(SYS_chmod, "access", 0400), 0);
	CHECK_IS(call(SYS_access, "access", F_OK), 0);
	CHECK_IS(call(SYS_access, "access", R_OK), 0);
	CHECK_IS(call(SYS_access, "access", X_OK), -EACCES);
	CHECK_IS(call(SYS_access, "absent", F_OK), -ENOENT);
	CHECK_IS(call(SYS_access, "access", 8), -EINVAL);
	CHECK_IS(call(SYS_faccessat, AT_FDCWD, "access", R_OK, AT_EACCESS), 0);
	CHECK_IS(call(SYS_faccessat, AT_FDCWD, "access", R_OK, 1), -EINVAL);
	CHECK_IS(call(SYS_eaccess, "access", R_OK), 0);
	if (call(SYS_getuid) != 0)
		SKIP("only root may become another");
	child = fork();
	if (child == 0) {
		call(SYS_chmod, ".", 0755);
		call(SYS_setuid, 65534);
		CHECK_IS(call(SYS_access, "access", R_OK), -EACCES);
		CHECK_IS(call(SYS_eaccess, "access", R_OK), -EACCES);
		CHECK_IS(call(SYS_open, "access", O_RDONLY), -EACCES);
		CHECK_IS(call(SYS_chmod, "access", 0777), -EPERM);
		leave_as_checked();
	}
	CHECK_IS(wait_for(child), EXITED(0));
}

TEST(times_are_set_left_and_taken_from_the_clock)
{
	struct timespec both[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
	struct timespec now_and_omit[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
	struct timespec bad[2] = {{0, -5}, {0, 0}};
	struct timeval old[2] = {{900000000, 5}, {900000001, 6}};
	struct stat st;
	long fd;

	new_file("times");
	CHECK_IS(call(SYS_utimensat, AT_FDCWD, "times", both, 0), 0);
	CHECK_IS(call(SYS_fstatat, AT_FDCWD, "times", &st, 0), 0);
	CHECK(st.atim.sec == 1000000000 && st.atim.nsec == 123456789);
	CHECK(st.mtim.sec == 1100000000 && st.mtim.nsec == 987654321);
	fd = call(SYS_open, "times", O_RDWR);
	CHECK_IS(call(SYS_futimens, fd, now_and_omit), 0);
	CHECK_IS(call(SYS_fstat, fd, &st), 0);
	CHECK(st.atim.sec > 1500000000);
	CHECK_IS(st.mtim.sec, 1100000000);
	CHECK_IS(call(SYS_utimes, "times", old), 0);
	CHECK_IS(call(SYS_fstat, fd, &st), 0);
	CHECK(st.atim.sec == 900000000 && st.atim.nsec == 5000 && st.mtim.sec == 900000001);
	CHECK_IS(call(SYS_futimens, fd, NULL), 0);
	CHECK_IS(call(SYS_fstat, fd, &st), 0);
	CHECK(st.mtim.sec > 1500000000);
	CHECK_IS(call(SYS_futimens, fd, bad), -EINVAL);
	CHECK_IS(call(SYS_utimensat, AT_FDCWD, "absent", both, 0), -ENOENT);
	CHECK_IS(call(SYS_utimensat, AT_FDCWD, "times", NOWHERE, 0), -EFAULT);
	CHECK_IS(call(SYS_utimensat, AT_FDCWD, "times", both, 1), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_file_system_is_described)
{
	static struct statfs fs, same_one;
	long fd = call(SYS_open, ".", O_RDONLY);

	CHECK_IS(call(SYS_statfs, ".", &fs), 0);
	CHECK_IS(fs.version, 0x20140518);
	CHECK(fs.bsize > 0 && fs.blocks > 0 && fs.bfree <= fs.blocks);
	CHECK_IS(fs.namemax, 255);
	CHECK(fs.fstypename[0] != '\0' && length(fs.fstypename) < 16);
	CHECK_IS(fs.mntonname[0], '/');
	CHECK_IS(call(SYS_fstatfs, fd, &same_one), 0);
	CHECK(same_one.blocks == fs.blocks && same_one.fsid[0] == fs.fsid[0]);
	CHECK_IS(call(SYS_statfs, "absent", &fs), -ENOENT);
	CHECK_IS(call(SYS_statfs, ".", NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_fstatfs, 77, &fs), -EBADF);
	CHECK_IS(call(SYS_close, fd), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(stat_tells_kind_size_and_links);
	RUN(the_older_stat_says_the_same);
	RUN(pipes_and_fifos_are_told_apart);
	RUN(modes_are_changed);
	RUN(owners_are_left_or_changed);
	RUN(access_is_asked_for_the_real_user);
	RUN(times_are_set_left_and_taken_from_the_clock);
	RUN(a_file_system_is_described);
	return 0;
}
