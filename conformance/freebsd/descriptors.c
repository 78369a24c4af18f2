/* covers: freebsd fcntl flock close_range freebsd12_closefrom fpathconf pathconf lpathconf */
/*
 * What can be asked of a descriptor and changed: flags, locks, ranges, limits.
 */
#include "guest.h"

enum {
	SYS_dup2 = 90, SYS_fcntl = 92, SYS_flock = 131, SYS_pathconf = 191, SYS_fpathconf = 192,
	SYS_freebsd12_closefrom = 509, SYS_lpathconf = 513, SYS_pipe2 = 542, SYS_close_range = 575,
};
enum { O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_NONBLOCK = 4, O_APPEND = 8, O_SHLOCK = 0x10 };
enum { O_EXLOCK = 0x20, O_CREAT = 0x200, O_TRUNC = 0x400, O_EXCL = 0x800, O_CLOEXEC = 0x100000 };
/* sys/sys/fcntl.h */
enum {
	F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETOWN, F_SETOWN, F_DUP2FD = 10,
	F_GETLK = 11, F_SETLK = 12, F_SETLKW = 13, F_DUPFD_CLOEXEC = 17, F_DUP2FD_CLOEXEC = 18,
	FD_CLOEXEC = 1, F_RDLCK = 1, F_UNLCK = 2, F_WRLCK = 3, LOCK_SH = 1, LOCK_EX = 2,
	LOCK_NB = 4, LOCK_UN = 8, CLOSE_RANGE_CLOEXEC = 4,
};
/* sys/sys/unistd.h */
enum { PC_LINK_MAX = 1, PC_NAME_MAX = 4, PC_PATH_MAX = 5, PC_PIPE_BUF = 6 };

struct flock {
	int64_t start, len;
	int32_t pid;
	int16_t type, whence;
	int32_t sysid;
};
_Static_assert(sizeof(struct flock) == 32, "struct flock");

static long
new_file(const char *name, long more)
{
	long fd = call(SYS_open, name, O_RDWR | O_CREAT | more, 0644);

	CHECK(fd >= 0);
	return fd;
}

TEST(status_flags_are_those_of_open_and_of_fcntl)
{
	long fd = new_file("status", O_APPEND | O_EXCL), ro = call(SYS_open, "status", O_RDONLY);

	CHECK_IS(call(SYS_fcntl, fd, F_GETFL), O_RDWR | O_APPEND);
	CHECK_IS(call(SYS_fcntl, ro, F_GETFL), O_RDONLY);
	CHECK_IS(call(SYS_fcntl, fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_IS(call(SYS_fcntl, 77, F_GETFL), -EBADF);
	CHECK_IS(call(SYS_fcntl, fd, 999), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_close, ro), 0);
}

TEST(copies_are_made_where_asked)
{
	long fd = new_file("copies", O_CLOEXEC);

	CHECK_IS(call(SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_fcntl, fd, F_SETFD, 0), 0);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFD), 0);
	CHECK_IS(call(SYS_fcntl, fd, F_DUPFD, 40), 40);
	CHECK_IS(call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 40), 41);
	CHECK_IS(call(SYS_fcntl, 41, F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_fcntl, fd, F_DUP2FD, 50), 50);
	CHECK_IS(call(SYS_fcntl, fd, F_DUP2FD_CLOEXEC, 50), 50);
	CHECK_IS(call(SYS_fcntl, 50, F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_fcntl, fd, F_DUPFD, -1), -EINVAL);
	CHECK_IS(call(SYS_fcntl, fd, F_DUP2FD, -1), -EBADF);
	CHECK_IS(call(SYS_close_range, 40, 60, 0), 0);
	CHECK_IS(call(SYS_close, 40), -EBADF);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(ranges_are_closed_or_marked)
{
	long fd = new_file("ranges", 0);

	for (long n = 10; n < 15; n++)
		CHECK_IS(call(SYS_dup2, fd, n), n);
	CHECK_IS(call(SYS_close_range, 12, 13, CLOSE_RANGE_CLOEXEC), 0);
	CHECK_IS(call(SYS_fcntl, 11, F_GETFD), 0);
	CHECK_IS(call(SYS_fcntl, 12, F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_close_range, 11, 12, 0), 0);
	CHECK_IS(call(SYS_fcntl, 12, F_GETFD), -EBADF);
	CHECK_IS(call(SYS_fcntl, 13, F_GETFD), FD_CLOEXEC);
	CHECK_IS(call(SYS_close_range, 13, 12, 0), -EINVAL);
	CHECK_IS(call(SYS_close_range, 13, 14, 0x100), -EINVAL);
	CHECK_IS(call(SYS_freebsd12_closefrom, fd), 0);
	CHECK_IS(call(SYS_fcntl, 14, F_GETFD), -EBADF);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFD), -EBADF);
	CHECK_IS(call(SYS_fcntl, 2, F_GETFD), 0);
}

/* In another process: what F_GETLK says of a write lock on byte `at`. */
static long
lock_seen_by_another(const char *name, long at)
{
	long child = fork();

	if (child == 0) {
		struct flock lock = {at, 1, 0, F_WRLCK, 0, 0};
		long fd = call(SYS_open, name, O_RDWR);

		if (call(SYS_fcntl, fd, F_GETLK, &lock) != 0)
			leave(99);
		if (lock.type != F_UNLCK && lock.pid != (int)call(SYS_getppid))
			leave(98);
		if (lock.type != F_UNLCK && lock.whence != 0)
			leave(97);
		leave(lock.type);
	}
	return wait_for(child) >> 8;
}

TEST(record_locks_keep_other_processes_out)
{
	struct flock lock = {10, 10, 0, F_WRLCK, 0, 0}, bad = {0, 1, 0, 9, 0, 0};
	long fd = new_file("locks", 0), again, child, ro;

	CHECK_IS(call(SYS_fcntl, fd, F_SETLK, &lock), 0);
	CHECK_IS(lock_seen_by_another("locks", 15), F_WRLCK);
	CHECK_IS(lock_seen_by_another("locks", 20), F_UNLCK);
	child = fork();
	if (child == 0) {
		long own = call(SYS_open, "locks", O_RDWR);

		CHECK_IS(call(SYS_fcntl, own, F_SETLK, &lock), -EAGAIN);
		leave_as_checked();
	}
	CHECK_IS(wait_for(child), EXITED(0));
	lock.type = F_RDLCK;
	CHECK_IS(call(SYS_fcntl, fd, F_SETLK, &lock), 0);
	CHECK_IS(lock_seen_by_another("locks", 15), F_RDLCK);
	/* Closing any descriptor of the file lets go of them all: fcntl(2). */
	again = call(SYS_open, "locks", O_RDWR);
	CHECK_IS(call(SYS_close, again), 0);
	CHECK_IS(lock_seen_by_another("locks", 15), F_UNLCK);
	CHECK_IS(call(SYS_fcntl, fd, F_SETLK, &bad), -EINVAL);
	CHECK_IS(call(SYS_fcntl, fd, F_SETLK, NOWHERE), -EFAULT);
	ro = call(SYS_open, "locks", O_RDONLY);
	lock.type = F_WRLCK;
	CHECK_IS(call(SYS_fcntl, ro, F_SETLK, &lock), -EBADF);
	CHECK_IS(call(SYS_close, ro), 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_waiting_lock_comes_when_the_other_goes)
{
	struct flock lock = {0, 0, 0, F_WRLCK, 0, 0};
	long fd = new_file("waiting", 0), child;
	int ends[2];
	char byte;

	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	child = fork();
	if (child == 0) {
		long own = call(SYS_open, "waiting", O_RDWR);

		CHECK_IS(call(SYS_fcntl, own, F_SETLK, &lock), 0);
		call(SYS_write, ends[1], "x", 1);
		sleep_ms(100);
		leave_as_checked();
	}
	CHECK_IS(call(SYS_read, ends[0], &byte, 1), 1);
	CHECK_IS(call(SYS_fcntl, fd, F_SETLK, &lock), -EAGAIN);
	CHECK_IS(call(SYS_fcntl, fd, F_SETLKW, &lock), 0);
	CHECK_IS(wait_for(child), EXITED(0));
	CHECK_IS(call(SYS_close_range, fd, ends[1], 0), 0);
}

TEST(flock_belongs_to_the_open_file)
{
	long a = new_file("flock", 0), b = call(SYS_open, "flock", O_RDWR), child;

	CHECK_IS(call(SYS_flock, a, LOCK_EX), 0);
	CHECK_IS(call(SYS_flock, b, LOCK_SH | LOCK_NB), -EAGAIN);
	child = fork();
	if (child == 0) {
		CHECK_IS(call(SYS_flock, a, LOCK_EX | LOCK_NB), 0);
		CHECK_IS(call(SYS_flock, b, LOCK_EX | LOCK_NB), -EAGAIN);
		leave_as_checked();
	}
	CHECK_IS(wait_for(child), EXITED(0));
	CHECK_IS(call(SYS_flock, a, LOCK_UN), 0);
	CHECK_IS(call(SYS_flock, b, LOCK_SH | LOCK_NB), 0);
	CHECK_IS(call(SYS_flock, a, LOCK_SH | LOCK_NB), 0);
	CHECK_IS(call(SYS_flock, 77, LOCK_SH), -EBADF);
	CHECK_IS(call(SYS_flock, a, 0), -EBADF); /* kern_descrip.c, sys_flock */
	CHECK_IS(call(SYS_close, a), 0);
	CHECK_IS(call(SYS_close, b), 0);
}

TEST(open_can_take_the_lock_at_once)
{
	long a = new_file("atonce", O_EXLOCK);

	CHECK_IS(call(SYS_open, "atonce", O_RDWR | O_EXLOCK | O_NONBLOCK), -EAGAIN);
	CHECK_IS(call(SYS_open, "atonce", O_RDWR | O_SHLOCK | O_NONBLOCK), -EAGAIN);
	CHECK_IS(call(SYS_close, a), 0);
	a = call(SYS_open, "atonce", O_RDONLY | O_SHLOCK | O_NONBLOCK);
	CHECK(a >= 0);
	CHECK_IS(call(SYS_close, a), 0);
}

TEST(limits_of_paths_and_pipes_are_told)
{
	int ends[2];

	CHECK_IS(call(SYS_pathconf, ".", PC_NAME_MAX), 255);
	CHECK_IS(call(SYS_pathconf, ".", PC_PATH_MAX), 1024);
	CHECK_IS(call(SYS_lpathconf, ".", PC_NAME_MAX), 255);
	CHECK(call(SYS_pathconf, ".", PC_LINK_MAX) > 1);
	CHECK_IS(call(SYS_pathconf, ".", 9999), -EINVAL);
	CHECK_IS(call(SYS_pathconf, "absent", PC_NAME_MAX), -ENOENT);
	CHECK_IS(call(SYS_pipe2, ends, 0), 0);
	CHECK_IS(call(SYS_fpathconf, ends[0], PC_PIPE_BUF), 512);
	CHECK_IS(call(SYS_fpathconf, 77, PC_NAME_MAX), -EBADF);
	CHECK_IS(call(SYS_close_range, ends[0], ends[1], 0), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(status_flags_are_those_of_open_and_of_fcntl);
	RUN(copies_are_made_where_asked);
	RUN(ranges_are_closed_or_marked);
	RUN(record_locks_keep_other_processes_out);
	RUN(a_waiting_lock_comes_when_the_other_goes);
	RUN(flock_belongs_to_the_open_file);
	RUN(open_can_take_the_lock_at_once);
	RUN(limits_of_paths_and_pipes_are_told);
	return 0;
}
