/* covers: linux stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 chmod fchmod fchmodat
   chown fchown lchown fchownat utime utimes futimesat utimensat ustat */
#include "guest.h"

#include <asm/stat.h>
/* The kernel's words are long in x32 as well; the header asks how long `long` is. */
#define __statfs_word __kernel_long_t
#include <asm/statfs.h>
#include <linux/stat.h>

#ifdef __i386__
typedef struct stat64 status_at;
#else
typedef struct stat status_at;
#endif
struct guest_timeval {
	__kernel_long_t sec, usec;
};

#define SHOW_STATUS(s) \
	do { \
		VALUE(s.st_mode); \
		VALUE(s.st_nlink); \
		VALUE(s.st_uid); \
		VALUE(s.st_gid); \
		VALUE(s.st_rdev); \
		VALUE(s.st_blksize); \
		if ((s.st_mode & 0170000) == 0100000) \
			VALUE(s.st_size); \
	} while (0)
#define SHOW_TIMES(s) \
	do { \
		VALUE(s.st_atime); \
		VALUE(s.st_atime_nsec); \
		VALUE(s.st_mtime); \
		VALUE(s.st_mtime_nsec); \
	} while (0)

static struct stat s;

TEST(what_files_are)
{
	status_at at;

	make_file("plain", "twelve bytes");
	call(mkdir, "folder", 0750);
	call(symlink, "plain", "link");
	SHOW(stat, "plain", &s);
	SHOW_STATUS(s);
	SHOW(stat, "link", &s);
	SHOW_STATUS(s);
	SHOW(lstat, "link", &s);
	SHOW_STATUS(s);
	SHOW(stat, "folder", &s);
	SHOW_STATUS(s);
	SHOW(stat, "/dev/null", &s);
	SHOW_STATUS(s);
	SHOW(newfstatat, AT_CWD, "link", &at, 0);
	SHOW_STATUS(at);
	SHOW(newfstatat, AT_CWD, "link", &at, 0x100);
	SHOW_STATUS(at);
	SHOW(newfstatat, 99, "link", &at, 0);
	SHOW(newfstatat, AT_CWD, "link", &at, 0x10000000);
	SHOW(newfstatat, AT_CWD, "", &at, 0x1000);
	SHOW(newfstatat, AT_CWD, "", &at, 0);
	SHOW(newfstatat, AT_CWD, "plain", NOWHERE, 0);
	SHOW(newfstatat, AT_CWD, NOWHERE, &at, 0);
	SHOW(stat, "nothing", &s);
	SHOW(stat, NOWHERE, &s);
	SHOW(stat, "plain", NOWHERE);
	SHOW(lstat, "plain", NOWHERE);
	SHOW(lstat, "plain/x", &s);
	SHOW(fstat, 99, &s);
	SHOW(fstat, 0, NOWHERE);
	SHOW(fstat, 0, &s);
	SHOW_STATUS(s);
}

TEST(statx_answers_what_is_asked)
{
	struct statx x;

	memset(&x, 0xaa, sizeof x);
	SHOW(statx, AT_CWD, "plain", 0, STATX_BASIC_STATS, &x);
	TRUTH((x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
	VALUE(x.stx_mode);
	VALUE(x.stx_size);
	VALUE(x.stx_nlink);
	SHOW(statx, AT_CWD, "link", 0x100, STATX_TYPE, &x);
	VALUE(x.stx_mode);
	SHOW(statx, AT_CWD, "plain", 0x6000, STATX_TYPE, &x);
	SHOW(statx, AT_CWD, "plain", 0, 0x80000000, &x);
	SHOW(statx, AT_CWD, "plain", 1, STATX_TYPE, &x);
	SHOW(statx, AT_CWD, "plain", 0, STATX_TYPE, NOWHERE);
	SHOW(statx, AT_CWD, NOWHERE, 0, STATX_TYPE, &x);
	SHOW(statx, 0, "", 0x1000, STATX_TYPE, &x);
	VALUE(x.stx_mode);
	SHOW(statx, 99, "", 0x1000, STATX_TYPE, &x);
}

TEST(what_may_be_done)
{
	SHOW(access, "plain", 0);
	SHOW(access, "plain", 4);
	SHOW(access, "plain", 1);
	SHOW(access, "folder", 7);
	SHOW(access, "plain", 8);
	SHOW(access, "nothing", 0);
	SHOW(access, NOWHERE, 0);
	SHOW(faccessat, AT_CWD, "plain", 2);
	SHOW(faccessat, 99, "plain", 2);
	SHOW(faccessat2, AT_CWD, "plain", 2, 0x200);
	SHOW(faccessat2, AT_CWD, "link", 1, 0x100);
	SHOW(faccessat2, AT_CWD, "plain", 2, 0x8000);
	SHOW(faccessat2, AT_CWD, "plain", 16, 0);
}

TEST(modes_and_owners)
{
	long f = call(open, "plain", O_RDWR);

	SHOW(chmod, "plain", 04711);
	call(stat, "plain", &s);
	VALUE(s.st_mode);
	SHOW(chmod, "nothing", 0);
	SHOW(chmod, NOWHERE, 0);
	SHOW(fchmod, f, 0177777);
	call(stat, "plain", &s);
	VALUE(s.st_mode);
	SHOW(fchmod, 99, 0);
	SHOW(fchmodat, AT_CWD, "link", 0644);
	SHOW(fchmodat, 99, "link", 0644);
	call(stat, "plain", &s);
	VALUE(s.st_mode);
	SHOW(fchmodat2, AT_CWD, "plain", 0600, 0);
	SHOW(fchmodat2, AT_CWD, "link", 0600, 0x100);
	SHOW(fchmodat2, AT_CWD, "plain", 0600, 0x4000);
	SHOW(chown, "plain", 11, 12);
	call(stat, "plain", &s);
	VALUE(s.st_uid);
	VALUE(s.st_gid);
	SHOW(chown, "plain", -1, 13);
	SHOW(fchown, f, 14, -1);
	SHOW(fchown, 99, 14, -1);
	call(stat, "plain", &s);
	VALUE(s.st_uid);
	VALUE(s.st_gid);
	SHOW(lchown, "link", 15, 16);
	call(lstat, "link", &s);
	VALUE(s.st_uid);
	VALUE(s.st_gid);
	SHOW(lchown, "nothing", 15, 16);
	SHOW(chown, NOWHERE, 0, 0);
	SHOW(fchownat, AT_CWD, "link", 17, 18, 0);
	SHOW(fchownat, AT_CWD, "link", 0, 0, 0x100);
	SHOW(fchownat, f, "", 0, 0, 0x1000);
	SHOW(fchownat, AT_CWD, "link", 0, 0, 1);
	call(close, f);
}

TEST(times_are_set)
{
	struct { __kernel_long_t access, change; } seconds = {1000000000, 1100000000};
	struct guest_timeval micro[2] = {{1200000000, 123456}, {1300000000, 999999}};
	struct guest_timespec nano[2] = {{1400000000, 123456789}, {1500000000, 1}};
	long f = call(open, "plain", O_RDWR);

	SHOW(utime, "plain", &seconds);
	call(stat, "plain", &s);
	SHOW_TIMES(s);
	SHOW(utime, "plain", NOWHERE);
	SHOW(utime, "plain", NULL);
	SHOW(utime, "nothing", NULL);
	SHOW(utimes, "plain", micro);
	call(stat, "plain", &s);
	SHOW_TIMES(s);
	micro[1].usec = 1000000;
	SHOW(utimes, "plain", micro);
	SHOW(utimes, "plain", NOWHERE);
	micro[1].usec = -1;
	SHOW(futimesat, AT_CWD, "plain", micro);
	micro[1].usec = 5;
	SHOW(futimesat, AT_CWD, "plain", micro);
	SHOW(futimesat, f, NULL, micro);
	SHOW(futimesat, 99, NULL, micro);
	call(stat, "plain", &s);
	SHOW_TIMES(s);
	SHOW(utimensat, AT_CWD, "plain", nano, 0);
	call(stat, "plain", &s);
	SHOW_TIMES(s);
	nano[0].nsec = 0x3ffffffe;
	nano[1].sec = -1;
	SHOW(utimensat, f, NULL, nano, 0);
	call(stat, "plain", &s);
	SHOW_TIMES(s);
	nano[1].nsec = 1000000000;
	SHOW(utimensat, AT_CWD, "plain", nano, 0);
	nano[1].nsec = 0;
	SHOW(utimensat, AT_CWD, "link", nano, 0x100);
	SHOW(utimensat, AT_CWD, "link", nano, 0x1);
	SHOW(utimensat, AT_CWD, NULL, nano, 0);
	SHOW(utimensat, AT_CWD, "plain", NOWHERE, 0);
	SHOW(utimensat, AT_CWD, "plain", NULL, 0);
	call(close, f);
	call(utimes, "plain", micro);
}

TEST(file_systems)
{
	struct statfs fs;

	memset(&fs, 0xaa, sizeof fs);
	SHOW(statfs, "/proc", &fs);
	VALUE(fs.f_type);
	VALUE(fs.f_bsize);
	VALUE(fs.f_blocks);
	VALUE(fs.f_namelen);
	VALUE(fs.f_frsize);
	VALUE(fs.f_spare[0]);
	SHOW(statfs, "nothing", &fs);
	SHOW(statfs, NOWHERE, &fs);
	SHOW(statfs, "/", NOWHERE);
	long f = call(open, "/proc", O_RDONLY);
	SHOW(fstatfs, f, &fs);
	VALUE(fs.f_type);
	SHOW(fstatfs, f, NOWHERE);
	SHOW(fstatfs, 99, &fs);
	call(close, f);
	SHOW(ustat, 0xffff, &fs);
	SHOW(ustat, 0xffff, NOWHERE);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(what_files_are);
	RUN(statx_answers_what_is_asked);
	RUN(what_may_be_done);
	RUN(modes_and_owners);
	RUN(times_are_set);
	RUN(file_systems);
	return 0;
}
