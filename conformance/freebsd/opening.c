/* covers: freebsd open openat close */
/*
 * What the flags of open(2) ask for beside reading, writing and creating.
 */
#include "guest.h"

enum {
	SYS_symlink = 57,
	SYS_fcntl = 92,
	SYS_mkfifo = 132,
	SYS_mkdir = 136,
	SYS_fchdir = 13,
	SYS_openat = 499,
	SYS_fstat = 551,
	SYS_fexecve = 492,
	SYS_geteuid = 25
};
/* sys/sys/fcntl.h */
enum {
	O_RDONLY = 0,
	O_WRONLY = 1,
	O_RDWR = 2,
	O_NONBLOCK = 4,
	O_APPEND = 8,
	O_SHLOCK = 0x10,
	O_EXLOCK = 0x20,
	O_SYNC = 0x80,
	O_NOFOLLOW = 0x100,
	O_CREAT = 0x200,
	O_TRUNC = 0x400,
	O_EXCL = 0x800,
	O_NOCTTY = 0x8000,
	O_DIRECTORY = 0x20000,
	O_EXEC = 0x40000,
	O_CLOEXEC = 0x100000,
	O_PATH = 0x400000,
	O_RESOLVE_BENEATH = 0x800000,
	O_DSYNC = 0x1000000,
	O_EMPTY_PATH = 0x2000000,
	AT_FDCWD = -100,
};
enum { F_GETFD = 1, F_GETFL = 3 };

static void
new_file(const char *name, int mode)
{
	long fd = call(SYS_open, name, O_WRONLY | O_CREAT | O_TRUNC, mode);

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_write, fd, "text", 4), 4);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(one_access_mode_is_to_be_named)
{
	new_file("plain", 0644);
	CHECK_IS(call(SYS_open, "plain", 3), -EINVAL);
	CHECK_IS(call(SYS_open, "plain", O_EXEC | O_RDWR), -EINVAL);
	CHECK_IS(call(SYS_open, "plain", O_CREAT | O_DIRECTORY, 0644), -EINVAL);
	CHECK_IS(call(SYS_open, NOWHERE, 3), -EINVAL);
	CHECK_IS(call(SYS_open, NOWHERE, O_RDONLY), -EFAULT);
}

TEST(a_symlink_is_not_followed_when_asked)
{
	CHECK_IS(call(SYS_symlink, "plain", "soft"), 0);
	CHECK_IS(call(SYS_symlink, "loop", "loop"), 0);
	CHECK_IS(call(SYS_open, "soft", O_RDONLY | O_NOFOLLOW), -EMLINK);
	CHECK_IS(call(SYS_open, "loop", O_RDONLY | O_NOFOLLOW), -EMLINK);
	CHECK_IS(call(SYS_open, "loop", O_RDONLY), -ELOOP);
	CHECK_IS(call(SYS_open, "loop/x", O_RDONLY | O_NOFOLLOW), -ELOOP);
	CHECK_IS(call(SYS_open, "soft", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), -EMLINK);
	CHECK_IS(call(SYS_open, "soft", O_WRONLY | O_CREAT | O_EXCL, 0644), -EEXIST);
	CHECK_IS(call(SYS_open, "plain", O_RDONLY | O_DIRECTORY), -ENOTDIR);
	CHECK_IS(call(SYS_open, "new/", O_WRONLY | O_CREAT, 0644), -ENOENT);
	CHECK_IS(call(SYS_open, "plain/", O_RDONLY), -ENOTDIR);
}

TEST(a_folder_is_opened_for_reading_only)
{
	long fd;
	char byte;

	CHECK_IS(call(SYS_mkdir, "folder", 0755), 0);
	CHECK_IS(call(SYS_open, "folder", O_WRONLY), -EISDIR);
	CHECK_IS(call(SYS_open, "folder", O_RDWR), -EISDIR);
	fd = call(SYS_open, "folder", O_RDONLY);
	CHECK(fd >= 0);
	CHECK_IS(call(SYS_read, fd, &byte, 1), -EISDIR);
	CHECK_IS(call(SYS_write, fd, &byte, 1), -EBADF);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_path_only_descriptor_names_a_file)
{
	long fd = call(SYS_open, "plain", O_PATH | O_CLOEXEC), again;
	char buf[8];

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_read, fd, buf, 4), -EBADF);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFD), 1);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFL) & O_PATH, O_PATH);
	again = call(SYS_openat, fd, "", O_RDONLY | O_EMPTY_PATH);
	CHECK(again >= 0);
	CHECK_IS(call(SYS_read, again, buf, 8), 4);
	CHECK_IS(call(SYS_close, again), 0);
	CHECK_IS(call(SYS_openat, fd, "", O_RDONLY), -ENOENT);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_folder_on_the_way_can_be_search_only)
{
	long dir = call(SYS_open, "folder", O_EXEC | O_DIRECTORY), fd;

	CHECK(dir >= 0);
	fd = call(SYS_openat, dir, "inside", O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_close, dir), 0);
}

TEST(execute_only_wants_the_permission)
{
	long fd;
	char byte;

	new_file("program", 0755);
	CHECK_IS(call(SYS_open, "plain", O_EXEC), -EACCES);
	fd = call(SYS_open, "program", O_EXEC);
	CHECK(fd >= 0);
	CHECK_IS(call(SYS_read, fd, &byte, 1), -EBADF);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_path_can_be_kept_below_its_folder)
{
	long dir = call(SYS_open, "folder", O_RDONLY | O_DIRECTORY), fd;

	fd = call(SYS_openat, dir, "inside", O_RDONLY | O_RESOLVE_BENEATH);
	CHECK(fd >= 0);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_openat, dir, "../plain", O_RDONLY | O_RESOLVE_BENEATH), -ENOTCAPABLE);
	CHECK_IS(call(SYS_openat, dir, "/", O_RDONLY | O_RESOLVE_BENEATH), -ENOTCAPABLE);
	CHECK_IS(call(SYS_openat, dir, "../folder/inside", O_RDONLY | O_RESOLVE_BENEATH),
		 -ENOTCAPABLE);
	CHECK_IS(call(SYS_openat, dir, "none", O_RDONLY | O_RESOLVE_BENEATH), -ENOENT);
	CHECK_IS(call(SYS_close, dir), 0);
}

TEST(a_lock_comes_with_the_open)
{
	long one = call(SYS_open, "plain", O_RDWR | O_EXLOCK), two;

	CHECK(one >= 0);
	CHECK_IS(call(SYS_open, "plain", O_RDONLY | O_SHLOCK | O_NONBLOCK), -EAGAIN);
	CHECK_IS(call(SYS_open, "plain", O_RDONLY | O_EXLOCK | O_NONBLOCK), -EAGAIN);
	CHECK_IS(call(SYS_close, one), 0);
	one = call(SYS_open, "plain", O_RDONLY | O_SHLOCK);
	two = call(SYS_open, "plain", O_RDONLY | O_SHLOCK | O_NONBLOCK);
	CHECK(one >= 0 && two >= 0);
	CHECK_IS(call(SYS_close, one), 0);
	CHECK_IS(call(SYS_close, two), 0);
}

TEST(a_fifo_without_a_reader_is_not_opened_for_writing)
{
	long in, out;

	CHECK_IS(call(SYS_mkfifo, "fifo", 0600), 0);
	CHECK_IS(call(SYS_open, "fifo", O_WRONLY | O_NONBLOCK), -ENXIO);
	in = call(SYS_open, "fifo", O_RDONLY | O_NONBLOCK);
	out = call(SYS_open, "fifo", O_WRONLY | O_NONBLOCK);
	CHECK(in >= 0 && out >= 0);
	CHECK_IS(call(SYS_close, in), 0);
	CHECK_IS(call(SYS_close, out), 0);
}

TEST(flags_that_stay_are_told)
{
	long fd = call(SYS_open, "plain", O_WRONLY | O_APPEND | O_SYNC | O_NOCTTY | O_CLOEXEC);

	CHECK_IS(call(SYS_fcntl, fd, F_GETFL), O_WRONLY | O_APPEND | O_SYNC);
	CHECK_IS(call(SYS_close, fd), 0);
	fd = call(SYS_open, "plain", O_RDWR | O_DSYNC | O_NONBLOCK);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFL), O_RDWR | O_DSYNC | O_NONBLOCK);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(the_sticky_bit_is_not_for_new_files)
{
	struct {
		uint64_t dev, ino, nlink;
		uint16_t mode;
		char rest[198];
	} st;
	long fd = call(SYS_open, "sticky", O_WRONLY | O_CREAT, 01755);

	CHECK_IS(call(SYS_fstat, fd, &st), 0);
	CHECK_IS(st.mode & 07000, 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(standard_descriptors_have_names)
{
	long fd = call(SYS_open, "/dev/fd/1", O_WRONLY);

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_close, fd), 0);
	fd = call(SYS_open, "/dev/stdout", O_WRONLY);
	CHECK(fd >= 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(one_access_mode_is_to_be_named);
	RUN(a_symlink_is_not_followed_when_asked);
	RUN(a_folder_is_opened_for_reading_only);
	RUN(a_path_only_descriptor_names_a_file);
	RUN(a_folder_on_the_way_can_be_search_only);
	RUN(execute_only_wants_the_permission);
	RUN(a_path_can_be_kept_below_its_folder);
	RUN(a_lock_comes_with_the_open);
	RUN(a_fifo_without_a_reader_is_not_opened_for_writing);
	RUN(flags_that_stay_are_told);
	RUN(the_sticky_bit_is_not_for_new_files);
	RUN(standard_descriptors_have_names);
	return 0;
}
