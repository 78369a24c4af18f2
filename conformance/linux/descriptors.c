/* covers: linux dup dup2 dup3 fcntl flock close_range ioctl pipe pipe2 fsync fdatasync sync syncfs sync_file_range
   fadvise64 readahead sendfile splice tee vmsplice copy_file_range */
#include "guest.h"

#include <asm/ioctls.h>
#include <linux/fs.h>
#include <linux/uio.h>

static char buf[64];

TEST(copies_of_descriptors)
{
	SHOW(dup, 0);
	SHOW(dup, 99);
	SHOW(dup, -1);
	SHOW(dup2, 0, 7);
	SHOW(dup2, 7, 7);
	SHOW(dup2, 99, 99);
	SHOW(dup2, 0, -1);
	SHOW(dup2, 0, 1 << 25);
	SHOW(dup3, 0, 8, 0);
	SHOW(dup3, 0, 8, O_CLOEXEC);
	SHOW(fcntl, 8, F_GETFD);
	SHOW(dup3, 0, 0, 0);
	SHOW(dup3, 0, 9, 1);
	SHOW(close_range, 7, 8, 4);
	SHOW(fcntl, 7, F_GETFD);
	SHOW(close_range, 3, 9, 0);
	SHOW(close_range, 9, 3, 0);
	SHOW(close_range, 3, 9, 64);
	SHOW(fcntl, 7, F_GETFD);
	SHOW(dup, 0);
	SHOW(close, 3);
}

TEST(commands_of_fcntl)
{
	long f = call(open, "file", O_CREAT | O_RDWR | O_APPEND, 0644);

	SHOW(fcntl, f, F_DUPFD, 20);
	SHOW(fcntl, f, F_DUPFD_CLOEXEC, 20);
	SHOW(fcntl, f, F_DUPFD, -1);
	SHOW(fcntl, f, F_DUPFD, 1 << 25);
	SHOW(fcntl, 20, F_GETFD);
	SHOW(fcntl, 21, F_GETFD);
	SHOW(fcntl, 20, F_SETFD, 1);
	SHOW(fcntl, 20, F_GETFD);
	SHOW(fcntl, f, F_GETFL);
	SHOW(fcntl, f, F_SETFL, O_NONBLOCK);
	SHOW(fcntl, f, F_GETFL);
	SHOW(fcntl, f, F_GETOWN);
	SHOW(fcntl, f, F_GETSIG);
	SHOW(fcntl, f, F_SETSIG, 99);
	SHOW(fcntl, f, F_GETLEASE);
	SHOW(fcntl, f, 12345, 0);
	SHOW(fcntl, 99, F_GETFD);
	SHOW(fcntl, f, F_GETPIPE_SZ);
	SHOW(fcntl, f, F_GET_SEALS);
	call(close_range, 3, 30, 0);
}

TEST(locks)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = 0, .l_start = 10, .l_len = 5};
	long f = call(open, "locked", O_CREAT | O_RDWR, 0644), g = call(open, "locked", O_RDWR);

	SHOW(fcntl, f, F_SETLK, &lock);
	if (fork() == 0) {
		SHOW(fcntl, f, F_SETLK, &lock);
		SHOW(fcntl, f, F_GETLK, &lock);
		VALUE(lock.l_type);
		VALUE(lock.l_start);
		VALUE(lock.l_len);
		TRUTH(lock.l_pid == call(getppid));
		lock = (struct flock){.l_type = F_RDLCK, .l_start = 15};
		SHOW(fcntl, f, F_SETLK, &lock);
		leave(0);
	}
	VALUE(wait_for(-1));
	lock.l_type = 77;
	SHOW(fcntl, f, F_SETLK, &lock);
	lock.l_type = F_UNLCK;
	lock.l_start = -1;
	SHOW(fcntl, f, F_SETLK, &lock);
	SHOW(fcntl, f, F_SETLK, NOWHERE);
	SHOW(fcntl, f, F_GETLK, NOWHERE);
	SHOW(fcntl, f, F_SETLKW, NULL);
	SHOW(flock, f, 2);
	SHOW(flock, g, 2 | 4);
	SHOW(flock, g, 1 | 4);
	SHOW(flock, f, 8);
	SHOW(flock, g, 1);
	SHOW(flock, g, 0);
	SHOW(flock, 99, 1);
	call(close, f);
	call(close, g);
}

TEST(pipes)
{
	int ends[2] = {-1, -1};

	SHOW(pipe, ends);
	VALUE(ends[0]);
	VALUE(ends[1]);
	SHOW(pipe, NOWHERE);
	SHOW(write, ends[1], "through", 7);
	SHOW(ioctl, ends[0], FIONREAD, buf);
	VALUE(*(int *)buf);
	SHOW(ioctl, ends[0], FIONREAD, NOWHERE);
	SHOW(ioctl, ends[0], TCGETS, buf);
	SHOW(ioctl, ends[0], 0x12345678, buf);
	SHOW(ioctl, 99, FIONREAD, buf);
	SHOW(ioctl, ends[0], FIOCLEX);
	SHOW(fcntl, ends[0], F_GETFD);
	SHOW(ioctl, ends[0], FIONCLEX);
	SHOW(read, ends[0], buf, sizeof buf);
	SHOW(read, ends[1], buf, sizeof buf);
	SHOW(write, ends[0], buf, 1);
	SHOW(fcntl, ends[0], F_GETPIPE_SZ);
	SHOW(fcntl, ends[0], F_SETPIPE_SZ, 4096);
	SHOW(lseek, ends[0], 0, 0);
	SHOW(close, ends[1]);
	SHOW(read, ends[0], buf, 1);
	SHOW(close, ends[0]);
	SHOW(pipe2, ends, O_NONBLOCK | O_CLOEXEC);
	SHOW(read, ends[0], buf, 1);
	SHOW(fcntl, ends[0], F_GETFD);
	SHOW(fcntl, ends[1], F_GETFL);
	SHOW(pipe2, ends, 1);
	SHOW(pipe2, NOWHERE, 0);
	call(close, ends[0]);
	call(close, ends[1]);
}

TEST(the_number_for_virtual_sockets)
{
	unsigned id = 0;
	long f = SHOW_OK(open, "/dev/vsock", O_RDONLY);

	SHOW(ioctl, f, 0x7b9, &id);	/* IOCTL_VM_SOCKETS_GET_LOCAL_CID */
	TRUTH(id != 0);
	SHOW(ioctl, f, 0x7b9, NOWHERE);
	call(close, f);
}

TEST(moving_data)
{
	struct iovec out[2] = {{"in ", 3}, {"two", 3}}, bad = {NOWHERE, 8};
	int a[2], b[2];
	long from = call(open, "from", O_CREAT | O_RDWR, 0644), to = call(open, "to", O_CREAT | O_RDWR, 0644);
	__kernel_long_t offset = 4;
	int64_t wide = 2;

	call(write, from, "0123456789", 10);
	SHOW(sendfile, to, from, &offset, 3);
	VALUE(offset);
	SHOW(sendfile, to, from, NULL, 3);
	SHOW(sendfile, to, from, NOWHERE, 3);
	SHOW(sendfile, to, 99, NULL, 3);
	SHOW(sendfile, 99, from, NULL, 3);
	offset = -1;
	SHOW(sendfile, to, from, &offset, 3);
	call(pipe, a);
	call(pipe, b);
	SHOW(splice, from, &wide, a[1], NULL, 5, 0);
	VALUE(wide);
	SHOW(tee, a[0], b[1], 100, 0);
	SHOW(splice, a[0], NULL, to, NULL, 3, 0);
	SHOW(splice, a[0], NULL, to, NOWHERE, 3, 0);
	SHOW(splice, from, NULL, to, NULL, 3, 0);
	SHOW(splice, a[0], &wide, to, NULL, 3, 0);
	SHOW(splice, a[0], NULL, to, NULL, 3, 0x100);
	SHOW(tee, a[0], from, 100, 0);
	SHOW(tee, 99, b[1], 100, 0);
	SHOW(vmsplice, b[1], out, 2, 0);
	SHOW(vmsplice, b[1], &bad, 1, 0);
	SHOW(vmsplice, b[1], NOWHERE, 1, 0);
	SHOW(vmsplice, from, out, 2, 0);
	SHOW(read, b[0], buf, sizeof buf);
	BYTES(buf, 11);
	wide = 0;
	SHOW(copy_file_range, from, &wide, to, NULL, 4, 0);
	VALUE(wide);
	SHOW(copy_file_range, from, NULL, to, NULL, 4, 1);
	SHOW(copy_file_range, from, NOWHERE, to, NULL, 4, 0);
	SHOW(copy_file_range, a[0], NULL, to, NULL, 4, 0);
	wide = -5;
	SHOW(copy_file_range, from, &wide, to, NULL, 4, 0);
	call(close_range, 3, 20, 0);
}

TEST(to_the_disk)
{
	long f = call(open, "file", O_CREAT | O_RDWR, 0644);

	SHOW(fsync, f);
	SHOW(fsync, 99);
	SHOW(fdatasync, f);
	SHOW(fdatasync, 99);
	SHOW(syncfs, 99);
	SHOW(sync_file_range, f, WIDE(0), WIDE(10), 2);
	SHOW(sync_file_range, f, WIDE(-1), WIDE(10), 2);
	SHOW(sync_file_range, f, WIDE(0), WIDE(10), 64);
	SHOW(sync_file_range, 99, WIDE(0), WIDE(10), 2);
	SHOW(fadvise64, f, WIDE(0), 10, 3);
	SHOW(fadvise64, f, WIDE(0), 10, 77);
	SHOW(fadvise64, 99, WIDE(0), 10, 3);
	SHOW(readahead, f, WIDE(0), 10);
	SHOW(readahead, 99, WIDE(0), 10);
	SHOW(sync);
	call(close, f);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(copies_of_descriptors);
	RUN(commands_of_fcntl);
	RUN(locks);
	RUN(pipes);
	RUN(the_number_for_virtual_sockets);
	RUN(moving_data);
	RUN(to_the_disk);
	return 0;
}
