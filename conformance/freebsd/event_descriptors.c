/* covers: freebsd __specialfd inotify_add_watch_at inotify_rm_watch */
/*
 * Descriptors that count, and descriptors that tell what happens to files.
 */
#include "guest.h"

enum {
	SYS_fcntl = 92,
	SYS_sysctl = 202,
	SYS_mkdir = 136,
	SYS_poll = 209,
	SYS_unlink = 10,
	SYS_specialfd = 577,
	SYS_inotify_add_watch_at = 593,
	SYS_inotify_rm_watch = 594
};
enum { O_RDONLY = 0, O_RDWR = 2, O_CREAT = 0x200, F_GETFD = 1, AT_FDCWD = -100 };
/* sys/sys/specialfd.h, eventfd.h, inotify.h */
enum {
	SPECIALFD_EVENTFD = 1,
	SPECIALFD_INOTIFY = 2,
	EFD_SEMAPHORE = 1,
	EFD_NONBLOCK = 4,
	EFD_CLOEXEC = 0x100000,
	IN_NONBLOCK = 4,
	IN_MODIFY = 2,
	IN_CREATE = 0x100,
	IN_DELETE = 0x200,
	IN_IGNORED = 0x8000,
	IN_ONLYDIR = 0x1000000
};

struct inotify_event {
	int wd;
	uint32_t mask, cookie, len;
	char name[];
};

static long
release(void)
{
	int name[] = {1, 24}, value = 0;
	size_t size = sizeof value;

	return call(SYS_sysctl, name, 2, &value, &size, NULL, 0) == 0 ? value : 0;
}

static long
eventfd(unsigned start, int flags)
{
	unsigned request[2] = {start, (unsigned)flags};

	return call(SYS_specialfd, SPECIALFD_EVENTFD, request, 8L);
}

TEST(a_counter_is_added_to_and_taken)
{
	long fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t n = 5;

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFD), 1);
	CHECK_IS(call(SYS_write, fd, &n, 8L), 8);
	CHECK_IS(call(SYS_read, fd, &n, 8L), 8);
	CHECK_IS(n, 8);
	CHECK_IS(call(SYS_read, fd, &n, 8L), -EAGAIN);
	CHECK_IS(call(SYS_read, fd, &n, 4L), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(a_semaphore_is_taken_one_by_one)
{
	long fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	uint64_t n = 0;

	CHECK_IS(call(SYS_read, fd, &n, 8L), 8);
	CHECK_IS(n, 1);
	CHECK_IS(call(SYS_read, fd, &n, 8L), 8);
	CHECK_IS(call(SYS_read, fd, &n, 8L), -EAGAIN);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(requests_are_checked)
{
	unsigned request[2] = {0, 0x40};

	CHECK_IS(call(SYS_specialfd, 99, request, 8L), -EINVAL);
	CHECK_IS(call(SYS_specialfd, SPECIALFD_EVENTFD, request, 8L), -EINVAL);
	CHECK_IS(call(SYS_specialfd, SPECIALFD_EVENTFD, request, 4L), -EINVAL);
	CHECK_IS(call(SYS_specialfd, SPECIALFD_EVENTFD, NOWHERE, 8L), -EFAULT);
}

/* Reads one event and says whether it is the one. */
static bool
told(long queue, int wd, uint32_t mask, const char *name)
{
	char buf[512] __attribute__((aligned(8)));
	struct inotify_event *e = (void *)buf;
	long n = call(SYS_read, queue, buf, sizeof buf);

	CHECK(n >= (long)sizeof *e);
	return e->wd == wd && e->mask == mask &&
	       (name == NULL ? e->len == 0 : e->len > 0 && same_text(e->name, name));
}

TEST(a_folder_is_watched)
{
	int flags = IN_NONBLOCK;
	long queue, dir, fd;

	if (release() < 1500000)
		SKIP("inotify is FreeBSD 15's");
	queue = call(SYS_specialfd, SPECIALFD_INOTIFY, &flags, 4L);
	CHECK(queue >= 0);
	CHECK_IS(call(SYS_mkdir, "watched", 0755), 0);
	CHECK_IS(call(SYS_inotify_add_watch_at, queue, AT_FDCWD, "watched", IN_CREATE | IN_DELETE),
		 1);
	fd = call(SYS_open, "watched/file", O_RDWR | O_CREAT, 0600);
	CHECK(told(queue, 1, IN_CREATE, "file"));
	dir = call(SYS_open, "watched", O_RDONLY);
	CHECK_IS(call(SYS_inotify_add_watch_at, queue, dir, "file", IN_MODIFY), 2);
	CHECK_IS(call(SYS_write, fd, "x", 1), 1);
	CHECK(told(queue, 2, IN_MODIFY, NULL));
	CHECK_IS(call(SYS_inotify_rm_watch, queue, 2), 0);
	CHECK(told(queue, 2, IN_IGNORED, NULL));
	CHECK_IS(call(SYS_inotify_rm_watch, queue, 2), -EINVAL);
	CHECK_IS(call(SYS_unlink, "watched/file"), 0);
	CHECK(told(queue, 1, IN_DELETE, "file"));
	CHECK_IS(call(SYS_read, queue, &flags, 4L), -EAGAIN);
	CHECK_IS(call(SYS_inotify_add_watch_at, queue, AT_FDCWD, "none", IN_CREATE), -ENOENT);
	CHECK_IS(call(SYS_inotify_add_watch_at, queue, AT_FDCWD, "watched", 0), -EINVAL);
	CHECK_IS(call(SYS_inotify_add_watch_at, 77, AT_FDCWD, "watched", IN_CREATE), -EBADF);
	CHECK_IS(call(SYS_inotify_add_watch_at, fd, AT_FDCWD, "watched", IN_CREATE), -EINVAL);
	CHECK_IS(call(SYS_inotify_add_watch_at, queue, AT_FDCWD, NOWHERE, IN_CREATE), -EFAULT);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_close, dir), 0);
	CHECK_IS(call(SYS_close, queue), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_counter_is_added_to_and_taken);
	RUN(a_semaphore_is_taken_one_by_one);
	RUN(requests_are_checked);
	RUN(a_folder_is_watched);
	return 0;
}
