/* covers: freebsd open openat read write close lseek readv writev pread pwrite preadv pwritev */
/* covers: freebsd ftruncate truncate fsync fdatasync umask */
/*
 * Regular files: what open(2) makes and refuses, and how bytes come and go.
 */
#include "guest.h"

enum {
	SYS_umask = 60, SYS_fsync = 95, SYS_readv = 120, SYS_writev = 121, SYS_preadv = 289,
	SYS_pwritev = 290, SYS_pread = 475, SYS_pwrite = 476, SYS_lseek = 478, SYS_truncate = 479,
	SYS_ftruncate = 480, SYS_openat = 499, SYS_pipe2 = 542, SYS_fdatasync = 550,
	SYS_fstat = 551, SYS_mkdir = 136, SYS_symlink = 57,
};
/* sys/sys/fcntl.h */
enum {
	O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_NONBLOCK = 4, O_APPEND = 8, O_EXLOCK = 0x20,
	O_NOFOLLOW = 0x100, O_CREAT = 0x200, O_TRUNC = 0x400, O_EXCL = 0x800, O_EXEC = 0x40000,
	O_DIRECTORY = 0x20000, O_TTY_INIT = 0x80000, O_CLOEXEC = 0x100000, AT_FDCWD = -100,
};
/* sys/sys/unistd.h */
enum { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE };

struct iovec {
	void *base;
	size_t len;
};

/* sys/sys/stat.h, as of FreeBSD 12; only what is asked for here. */
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

static long
new_file(const char *name, const char *text)
{
	long fd = call(SYS_open, name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_write, fd, text, length(text)), length(text));
	CHECK_IS(call(SYS_lseek, fd, 0, SEEK_SET), 0);
	return fd;
}

static long
size_of(long fd)
{
	struct stat st;

	return call(SYS_fstat, fd, &st) == 0 ? st.size : -1;
}

TEST(descriptors_are_given_from_the_lowest)
{
	long a = new_file("lowest", ""), b = new_file("lowest", ""), c;

	CHECK_IS(a, 3);
	CHECK_IS(b, 4);
	CHECK_IS(call(SYS_close, a), 0);
	c = call(SYS_openat, AT_FDCWD, "lowest", O_RDONLY);
	CHECK_IS(c, 3);
	CHECK_IS(call(SYS_close, b), 0);
	CHECK_IS(call(SYS_close, c), 0);
	CHECK_IS(call(SYS_close, c), -EBADF);
}

TEST(open_creates_with_the_mode_that_umask_leaves)
{
	struct stat st;
	long before = call(SYS_umask, 027);
	long fd = call(SYS_open, "mode", O_WRONLY | O_CREAT | O_EXCL, 0666);

	CHECK_IS(call(SYS_umask, before), 027);
	CHECK(fd >= 0);
	CHECK_IS(call(SYS_fstat, fd, &st), 0);
	CHECK_IS(st.mode, 0100640);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_open, "mode", O_WRONLY | O_CREAT | O_EXCL, 0666), -EEXIST);
}

TEST(open_names_its_errors)
{
	char name[300];

	call(SYS_close, new_file("plain", "x"));
	call(SYS_symlink, "plain", "symbolic");
	call(SYS_symlink, "round", "round");
	memset(name, 'n', sizeof name);
	name[256] = '\0';
	CHECK_IS(call(SYS_open, "absent", O_RDONLY), -ENOENT);
	CHECK_IS(call(SYS_open, "", O_RDONLY), -ENOENT);
	CHECK_IS(call(SYS_open, "plain/below", O_RDONLY), -ENOTDIR);
	CHECK_IS(call(SYS_open, "plain", O_RDONLY | O_DIRECTORY), -ENOTDIR);
	CHECK_IS(call(SYS_open, ".", O_WRONLY), -EISDIR);
	CHECK_IS(call(SYS_open, ".", O_RDWR), -EISDIR);
	CHECK_IS(call(SYS_open, "symbolic", O_RDONLY | O_NOFOLLOW), -EMLINK);
	CHECK_IS(call(SYS_open, "round", O_RDONLY), -ELOOP);
	CHECK_IS(call(SYS_open, name, O_RDONLY), -ENAMETOOLONG);
	CHECK_IS(call(SYS_open, NOWHERE, O_RDONLY), -EFAULT);
	CHECK_IS(call(SYS_open, "plain", 3), -EINVAL);
	CHECK_IS(call(SYS_open, "plain", O_EXEC | O_WRONLY), -EINVAL);
	CHECK_IS(call(SYS_openat, 77, "plain", O_RDONLY), -EBADF);
	CHECK_IS(call(SYS_openat, 77, "/", O_RDONLY | O_DIRECTORY), 3);
	CHECK_IS(call(SYS_close, 3), 0);
}

TEST(openat_starts_from_its_folder)
{
	long dir, fd;

	CHECK_IS(call(SYS_mkdir, "folder", 0755), 0);
	dir = call(SYS_open, "folder", O_RDONLY | O_DIRECTORY);
	fd = call(SYS_openat, dir, "inside", O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0);
	CHECK_IS(call(SYS_close, fd), 0);
	fd = call(SYS_open, "folder/inside", O_RDONLY);
	CHECK(fd >= 0);
	CHECK_IS(call(SYS_openat, fd, "inside", O_RDONLY), -ENOTDIR);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_close, dir), 0);
}

TEST(access_mode_binds_read_and_write)
{
	char byte = 'b';
	long fd;

	call(SYS_close, new_file("bound", "text"));
	fd = call(SYS_open, "bound", O_WRONLY);
	CHECK_IS(call(SYS_read, fd, &byte, 1), -EBADF);
	CHECK_IS(call(SYS_pread, fd, &byte, 1, 0), -EBADF);
	CHECK_IS(call(SYS_close, fd), 0);
	fd = call(SYS_open, "bound", O_RDONLY);
	CHECK_IS(call(SYS_write, fd, &byte, 1), -EBADF);
	CHECK_IS(call(SYS_pwrite, fd, &byte, 1, 0), -EBADF);
	CHECK_IS(call(SYS_ftruncate, fd, 0), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_read, fd, &byte, 1), -EBADF);
	CHECK_IS(call(SYS_write, fd, &byte, 1), -EBADF);
}

TEST(read_and_write_move_the_offset)
{
	char buf[32] = "";
	long fd = new_file("offset", "0123456789");

	CHECK_IS(call(SYS_read, fd, buf, 4), 4);
	CHECK(same(buf, "0123", 4));
	CHECK_IS(call(SYS_lseek, fd, 0, SEEK_CUR), 4);
	CHECK_IS(call(SYS_write, fd, "AB", 2), 2);
	CHECK_IS(call(SYS_read, fd, buf, sizeof buf), 4);
	CHECK(same(buf, "6789", 4));
	CHECK_IS(call(SYS_read, fd, buf, sizeof buf), 0);
	CHECK_IS(call(SYS_read, fd, NOWHERE, 0), 0);
	CHECK_IS(call(SYS_lseek, fd, 0, SEEK_SET), 0);
	CHECK_IS(call(SYS_read, fd, NOWHERE, 4), -EFAULT);
	CHECK_IS(call(SYS_write, fd, NOWHERE, 4), -EFAULT);
	CHECK_IS(call(SYS_read, fd, buf, -1), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(append_writes_at_the_end_wherever_the_offset_is)
{
	char buf[8];
	long fd, other = new_file("append", "ab");

	fd = call(SYS_open, "append", O_RDWR | O_APPEND);
	CHECK_IS(call(SYS_lseek, fd, 0, SEEK_SET), 0);
	CHECK_IS(call(SYS_write, fd, "cd", 2), 2);
	CHECK_IS(call(SYS_lseek, fd, 0, SEEK_CUR), 4);
	CHECK_IS(call(SYS_read, other, buf, sizeof buf), 4);
	CHECK(same(buf, "abcd", 4));
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_close, other), 0);
}

TEST(truncation_at_open_and_later)
{
	char buf[16];
	long fd = new_file("truncated", "0123456789");

	CHECK_IS(call(SYS_ftruncate, fd, 4), 0);
	CHECK_IS(size_of(fd), 4);
	CHECK_IS(call(SYS_truncate, "truncated", 8), 0);
	CHECK_IS(call(SYS_read, fd, buf, sizeof buf), 8);
	CHECK(same(buf, "0123\0\0\0\0", 8));
	CHECK_IS(call(SYS_ftruncate, fd, -1), -EINVAL);
	CHECK_IS(call(SYS_truncate, "truncated", -1), -EINVAL);
	CHECK_IS(call(SYS_truncate, ".", 0), -EISDIR);
	CHECK_IS(call(SYS_truncate, "absent", 0), -ENOENT);
	CHECK_IS(call(SYS_close, call(SYS_open, "truncated", O_RDONLY | O_TRUNC)), 0);
	CHECK_IS(call(SYS_close, call(SYS_open, "truncated", O_WRONLY | O_TRUNC)), 0);
	CHECK_IS(size_of(fd), 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(lseek_knows_five_ways)
{
	long fd = new_file("seek", "0123456789"), pipe[2];
	int ends[2];

	CHECK_IS(call(SYS_lseek, fd, -3, SEEK_END), 7);
	CHECK_IS(call(SYS_lseek, fd, 2, SEEK_CUR), 9);
	CHECK_IS(call(SYS_lseek, fd, 100, SEEK_SET), 100);
	CHECK_IS(call(SYS_lseek, fd, 0, SEEK_DATA), 0);
	CHECK_IS(call(SYS_lseek, fd, 0, SEEK_HOLE), 10);
	CHECK_IS(call(SYS_lseek, fd, 10, SEEK_DATA), -ENXIO);
	CHECK_IS(call(SYS_lseek, fd, -1, SEEK_SET), -EINVAL);
	CHECK_IS(call(SYS_lseek, fd, 0, 5), -EINVAL);
	CHECK_IS(call(SYS_lseek, 77, 0, SEEK_SET), -EBADF);
	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	pipe[0] = ends[0], pipe[1] = ends[1];
	CHECK_IS(call(SYS_lseek, pipe[0], 0, SEEK_SET), -ESPIPE);
	CHECK_IS(call(SYS_pread, pipe[0], ends, 1, 0), -ESPIPE);
	CHECK_IS(call(SYS_pwrite, pipe[1], ends, 1, 0), -ESPIPE);
	CHECK_IS(call(SYS_close, pipe[0]), 0);
	CHECK_IS(call(SYS_close, pipe[1]), 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_hole_reads_as_zeros)
{
	char buf[8] = "xxxxxxx";
	long fd = new_file("hole", "a");

	CHECK_IS(call(SYS_pwrite, fd, "z", 1, 1 << 20), 1);
	CHECK_IS(size_of(fd), (1 << 20) + 1);
	CHECK_IS(call(SYS_pread, fd, buf, 8, 4096), 8);
	CHECK(same(buf, "\0\0\0\0\0\0\0\0", 8));
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(positioned_calls_leave_the_offset_alone)
{
	char buf[8];
	long fd = new_file("positioned", "0123456789");

	CHECK_IS(call(SYS_pread, fd, buf, 4, 6), 4);
	CHECK(same(buf, "6789", 4));
	CHECK_IS(call(SYS_pread, fd, buf, 4, 10), 0);
	CHECK_IS(call(SYS_pwrite, fd, "XY", 2, 3), 2);
	CHECK_IS(call(SYS_lseek, fd, 0, SEEK_CUR), 0);
	CHECK_IS(call(SYS_read, fd, buf, 6), 6);
	CHECK(same(buf, "012XY5", 6));
	CHECK_IS(call(SYS_pread, fd, buf, 4, -1), -EINVAL);
	CHECK_IS(call(SYS_pwrite, fd, buf, 4, -1), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(vectors_gather_and_scatter)
{
	char a[3], b[4], c[8] = "";
	struct iovec out[] = {{"one", 3}, {"", 0}, {"four", 4}};
	struct iovec in[] = {{a, 3}, {b, 4}, {c, 8}};
	struct iovec bad[] = {{a, 3}, {NOWHERE, 3}}, huge = {a, SIZE_MAX};
	long fd = new_file("vectors", "");

	CHECK_IS(call(SYS_writev, fd, out, 3), 7);
	CHECK_IS(call(SYS_pwritev, fd, out, 1, 7), 3);
	CHECK_IS(call(SYS_lseek, fd, 0, SEEK_SET), 0);
	CHECK_IS(call(SYS_readv, fd, in, 3), 10);
	CHECK(same(a, "one", 3) && same(b, "four", 4) && same(c, "one", 3));
	CHECK_IS(call(SYS_preadv, fd, in, 2, 3), 7);
	CHECK(same(a, "fou", 3) && same(b, "rone", 4));
	CHECK_IS(call(SYS_readv, fd, in, 0), 0);
	CHECK_IS(call(SYS_readv, fd, in, 1025), -EINVAL);
	CHECK_IS(call(SYS_readv, fd, &huge, 1), -EINVAL);
	CHECK_IS(call(SYS_writev, fd, NOWHERE, 1), -EFAULT);
	CHECK_IS(call(SYS_writev, fd, bad + 1, 1), -EFAULT);
	CHECK_IS(call(SYS_preadv, fd, in, 1, -1), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(sync_wants_a_descriptor)
{
	long fd = new_file("sync", "x");

	CHECK_IS(call(SYS_fsync, fd), 0);
	CHECK_IS(call(SYS_fdatasync, fd), 0);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_fsync, fd), -EBADF);
	CHECK_IS(call(SYS_fdatasync, fd), -EBADF);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(descriptors_are_given_from_the_lowest);
	RUN(open_creates_with_the_mode_that_umask_leaves);
	RUN(open_names_its_errors);
	RUN(openat_starts_from_its_folder);
	RUN(access_mode_binds_read_and_write);
	RUN(read_and_write_move_the_offset);
	RUN(append_writes_at_the_end_wherever_the_offset_is);
	RUN(truncation_at_open_and_later);
	RUN(lseek_knows_five_ways);
	RUN(a_hole_reads_as_zeros);
	RUN(positioned_calls_leave_the_offset_alone);
	RUN(vectors_gather_and_scatter);
	RUN(sync_wants_a_descriptor);
	return 0;
}
