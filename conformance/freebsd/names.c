/* covers: freebsd funlinkat renameat2 __realpathat chflags fchflags lchflags chflagsat sync */
/* covers: freebsd futimes lutimes futimesat extattr_set_file extattr_get_file extattr_delete_file
 */
/* covers: freebsd extattr_list_file extattr_set_fd extattr_get_fd extattr_delete_fd extattr_list_fd
 */
/* covers: freebsd extattr_set_link extattr_get_link extattr_delete_link extattr_list_link */
/* covers: freebsd linkat unlinkat */
/*
 * Names with conditions, the name behind a name, and what hangs on a file beside
 * its data.
 */
#include "guest.h"

enum {
	SYS_chflags = 34,
	SYS_fchflags = 35,
	SYS_sync = 36,
	SYS_symlink = 57,
	SYS_mkdir = 136,
	SYS_sysctl = 202,
	SYS_futimes = 206,
	SYS_lutimes = 276,
	SYS_getcwd = 326,
	SYS_extattr_set_file = 356,
	SYS_extattr_get_file = 357,
	SYS_extattr_delete_file = 358,
	SYS_extattr_set_fd = 371,
	SYS_extattr_get_fd = 372,
	SYS_extattr_delete_fd = 373,
	SYS_lchflags = 391,
	SYS_extattr_set_link = 412,
	SYS_extattr_get_link = 413,
	SYS_extattr_delete_link = 414,
	SYS_extattr_list_fd = 437,
	SYS_extattr_list_file = 438,
	SYS_extattr_list_link = 439,
	SYS_futimesat = 494,
	SYS_linkat = 495,
	SYS_unlinkat = 503,
	SYS_chflagsat = 540,
	SYS_fstatat = 552,
	SYS_funlinkat = 568,
	SYS_realpathat = 574,
	SYS_renameat2 = 602,
};
enum {
	O_RDONLY = 0,
	O_RDWR = 2,
	O_CREAT = 0x200,
	AT_FDCWD = -100,
	AT_SYMLINK_NOFOLLOW = 0x200,
	AT_SYMLINK_FOLLOW = 0x400,
	AT_REMOVEDIR = 0x800,
	AT_RESOLVE_BENEATH = 0x2000,
	FD_NONE = -200,
	AT_RENAME_NOREPLACE = 1,
	USER = 1,
	SYSTEM = 2,
	S_IFMT = 0170000,
	S_IFLNK = 0120000
};

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

static long
new_file(const char *name)
{
	long fd = call(SYS_open, name, O_RDWR | O_CREAT, 0644);

	CHECK(fd >= 0);
	return fd;
}

static long
release(void)
{
	int name[] = {1, 24}, value = 0;
	size_t size = sizeof value;

	return call(SYS_sysctl, name, 2, &value, &size, NULL, 0) == 0 ? value : 0;
}

static struct stat
stat_of(const char *name, int flags)
{
	struct stat st = {0};

	CHECK_IS(call(SYS_fstatat, AT_FDCWD, name, &st, flags), 0);
	return st;
}

TEST(a_name_goes_only_if_it_is_the_files)
{
	long a = new_file("a"), b = new_file("b");

	CHECK_IS(call(SYS_funlinkat, AT_FDCWD, "a", b, 0), -EDEADLK);
	CHECK_IS(call(SYS_funlinkat, AT_FDCWD, "a", 77, 0), -EBADF);
	CHECK_IS(call(SYS_funlinkat, AT_FDCWD, "a", a, 0x10), -EINVAL);
	CHECK_IS(call(SYS_funlinkat, AT_FDCWD, "a", a, 0), 0);
	CHECK_IS(call(SYS_funlinkat, AT_FDCWD, "b", FD_NONE, 0), 0);
	CHECK_IS(call(SYS_close, a), 0);
	CHECK_IS(call(SYS_close, b), 0);
	CHECK_IS(call(SYS_mkdir, "dir", 0755), 0);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "dir", 0), -EPERM);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "../x", AT_RESOLVE_BENEATH), -ENOTCAPABLE);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "dir", AT_REMOVEDIR), 0);
}

TEST(a_link_is_made_to_a_symlink_or_its_target)
{
	CHECK_IS(call(SYS_close, new_file("a")), 0);
	CHECK_IS(call(SYS_symlink, "a", "soft"), 0);
	CHECK_IS(call(SYS_linkat, AT_FDCWD, "soft", AT_FDCWD, "hard1", 0), 0);
	CHECK_IS(call(SYS_linkat, AT_FDCWD, "soft", AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW), 0);
	CHECK_IS(stat_of("hard1", AT_SYMLINK_NOFOLLOW).mode & S_IFMT, S_IFLNK);
	CHECK_IS(stat_of("hard2", AT_SYMLINK_NOFOLLOW).ino, stat_of("a", 0).ino);
	CHECK_IS(call(SYS_linkat, AT_FDCWD, "a", AT_FDCWD, "hard3", 1), -EINVAL);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "hard1", 0), 0);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "hard2", 0), 0);
}

TEST(a_rename_can_spare_what_is_there)
{
	if (release() < 1501000)
		SKIP("renameat2 is FreeBSD 15.1's");
	CHECK_IS(call(SYS_close, new_file("b")), 0);
	CHECK_IS(call(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", AT_RENAME_NOREPLACE), -EEXIST);
	CHECK_IS(call(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "c", AT_RENAME_NOREPLACE), 0);
	CHECK_IS(call(SYS_renameat2, AT_FDCWD, "c", AT_FDCWD, "b", 2), -EINVAL);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "c", 0), 0);
}

TEST(a_path_is_resolved_to_its_name)
{
	char here[1024], buf[1024], tiny[3];

	CHECK_IS(call(SYS_getcwd, here, sizeof here), 0);
	CHECK_IS(call(SYS_realpathat, AT_FDCWD, "./soft", buf, sizeof buf, 0), 0);
	CHECK(same(buf, here, length(here)));
	CHECK(same_text(buf + length(here), "/a"));
	CHECK_IS(call(SYS_realpathat, AT_FDCWD, "none", buf, sizeof buf, 0), -ENOENT);
	CHECK_IS(call(SYS_realpathat, AT_FDCWD, "a", buf, sizeof buf, 1), -EINVAL);
	CHECK_IS(call(SYS_realpathat, AT_FDCWD, "a", tiny, sizeof tiny, 0), -ENOMEM);
}

TEST(file_flags_are_none)
{
	long fd = call(SYS_open, "a", O_RDWR);

	CHECK_IS(stat_of("a", 0).flags & 0xffff, 0);
	CHECK_IS(call(SYS_chflags, "a", 0L), 0);
	CHECK_IS(call(SYS_lchflags, "soft", 0L), 0);
	CHECK_IS(call(SYS_fchflags, fd, 0L), 0);
	CHECK_IS(call(SYS_chflagsat, AT_FDCWD, "a", 0L, 0), 0);
	CHECK_IS(call(SYS_chflags, "none", 0L), -ENOENT);
	CHECK_IS(call(SYS_fchflags, 77, 0L), -EBADF);
	CHECK_IS(call(SYS_chflagsat, AT_FDCWD, "a", 0L, 1), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_sync), 0);
}

TEST(times_in_microseconds_are_set)
{
	struct timeval times[2] = {{1000, 5}, {2000, 999999}};
	long fd = call(SYS_open, "a", O_RDWR);

	CHECK_IS(call(SYS_futimes, fd, times), 0);
	CHECK_IS(stat_of("a", 0).atim.nsec, 5000);
	CHECK_IS(stat_of("a", 0).mtim.nsec, 999999000);
	times[1].sec = 3000;
	CHECK_IS(call(SYS_lutimes, "soft", times), 0);
	CHECK_IS(stat_of("soft", AT_SYMLINK_NOFOLLOW).mtim.sec, 3000);
	CHECK_IS(stat_of("a", 0).mtim.sec, 2000);
	CHECK_IS(call(SYS_futimesat, AT_FDCWD, "soft", times), 0);
	CHECK_IS(stat_of("a", 0).mtim.sec, 3000);
	times[0].usec = 1000000;
	CHECK_IS(call(SYS_futimes, fd, times), -EINVAL);
	CHECK_IS(call(SYS_futimesat, AT_FDCWD, "a", NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_futimes, 77, NULL), -EBADF);
	CHECK_IS(call(SYS_futimes, fd, NULL), 0);
	CHECK(stat_of("a", 0).mtim.sec > 1000000000);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(attributes_are_kept_by_name)
{
	long fd = call(SYS_open, "a", O_RDWR), r;
	char buf[64];

	r = call(SYS_extattr_set_file, "a", USER, "colour", "blue", 4L);
	if (r == -EOPNOTSUPP)
		SKIP("this file system has no attributes");
	CHECK_IS(r, 4);
	CHECK_IS(call(SYS_extattr_get_file, "a", USER, "colour", NULL, 0L), 4);
	CHECK_IS(call(SYS_extattr_get_file, "soft", USER, "colour", buf, 64L), 4);
	CHECK(same(buf, "blue", 4));
	CHECK_IS(call(SYS_extattr_get_fd, fd, USER, "colour", buf, 2L), 2);
	CHECK_IS(call(SYS_extattr_set_fd, fd, USER, "size", "1", 1L), 1);
	CHECK_IS(call(SYS_extattr_list_fd, fd, USER, NULL, 0L), 12);
	CHECK_IS(call(SYS_extattr_list_file, "a", USER, buf, 64L), 12);
	CHECK((buf[0] == 6 && same(buf + 1, "colour\4size", 11)) ||
	      (buf[0] == 4 && same(buf + 1, "size\6colour", 11)));
	CHECK_IS(call(SYS_extattr_list_link, "a", USER, buf, 64L), 12);
	CHECK_IS(call(SYS_extattr_get_link, "a", USER, "size", buf, 64L), 1);
	CHECK_IS(call(SYS_extattr_set_link, "a", USER, "size", "22", 2L), 2);
	CHECK_IS(call(SYS_extattr_delete_link, "a", USER, "size"), 0);
	CHECK_IS(call(SYS_extattr_delete_fd, fd, USER, "size"), -ENOATTR);
	CHECK_IS(call(SYS_extattr_delete_file, "a", USER, "colour"), 0);
	CHECK_IS(call(SYS_extattr_get_file, "a", USER, "colour", buf, 64L), -ENOATTR);
	CHECK_IS(call(SYS_extattr_list_file, "a", USER, buf, 64L), 0);
	CHECK_IS(call(SYS_extattr_get_file, "none", USER, "colour", buf, 64L), -ENOENT);
	CHECK_IS(call(SYS_extattr_get_fd, 77, USER, "colour", buf, 64L), -EBADF);
	CHECK_IS(call(SYS_extattr_get_file, "a", USER, NOWHERE, buf, 64L), -EFAULT);
	CHECK_IS(call(SYS_close, fd), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_name_goes_only_if_it_is_the_files);
	RUN(a_link_is_made_to_a_symlink_or_its_target);
	RUN(a_rename_can_spare_what_is_there);
	RUN(a_path_is_resolved_to_its_name);
	RUN(file_flags_are_none);
	RUN(times_in_microseconds_are_set);
	RUN(attributes_are_kept_by_name);
	return 0;
}
