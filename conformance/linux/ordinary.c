/*
 * Ordinary calls of each kind, one after the other and with nothing left to chance: who is waited for has ended,
 * and threads take turns by pipes. host_calls compares, call by call, what the host's kernel sees of it with and
 * without the layer; so no call may depend on who was faster.
 *
 * only: x86_64
 */
#include "guest.h"
#include "guest_signal.h"
#include "guest_thread.h"

#include <linux/eventpoll.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/un.h>

enum { PAGE = 4096, READ = 1, WRITE = 2, PRIVATE = 2, SHARED = 1, ANONYMOUS = 0x20 };
enum { AF_LOCAL = 1, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOL_SOCKET = 1, SO_PASSCRED = 16, SO_TYPE = 3, SHUT_WR = 1 };

static char buffer[PAGE] __attribute__((aligned(64)));

struct vector {
	void *base;
	size_t size;
};

TEST(files)
{
	struct vector parts[2] = {{"one ", 4}, {"two", 3}}, places[2] = {{buffer, 2}, {buffer + 8, 8}};
	struct __kernel_timespec times[2] = {{1000, 0}, {2000, 0}};

	SHOW(openat, AT_CWD, "file", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	SHOW(write, 3, "text", 4);
	SHOW(writev, 3, parts, 2);
	SHOW(pwrite64, 3, "T", 1, 0);
	SHOW(lseek, 3, 0, 0);
	SHOW(read, 3, buffer, 4);
	SHOW(readv, 3, places, 2);
	SHOW(pread64, 3, buffer, sizeof buffer, 2);
	SHOW(fstat, 3, buffer);
	SHOW(stat, "file", buffer);
	SHOW(lstat, "file", buffer);
	SHOW(newfstatat, AT_CWD, "file", buffer, 0);
	SHOW(statx, AT_CWD, "file", 0, 0x7ff, buffer);
	SHOW(ftruncate, 3, 100);
	SHOW(fallocate, 3, 0, 0, 200);
	SHOW(fadvise64, 3, 0, 0, 2);
	SHOW(fsync, 3);
	SHOW(fdatasync, 3);
	SHOW(flock, 3, 2);
	SHOW(fchmod, 3, 0600);
	SHOW(fchown, 3, -1, -1);
	SHOW(utimensat, AT_CWD, "file", times, 0);
	SHOW(fcntl, 3, F_GETFL);
	SHOW(dup, 3);
	SHOW(fcntl, 3, F_DUPFD, 10);
	SHOW(dup2, 3, 5);
	SHOW(dup3, 3, 6, O_CLOEXEC);
	SHOW(close_range, 10, 12, 0);
	SHOW(close, 6);
	SHOW(close, 5);
	SHOW(close, 4);
	SHOW(open, "other", O_CREAT | O_WRONLY, 0644);
	SHOW(sendfile, 4, 3, NULL, 50);
	SHOW(copy_file_range, 3, NULL, 4, NULL, 10, 0);
	SHOW(close, 4);
	SHOW(close, 3);
	SHOW(close, 3);
	SHOW(open, "missing", O_RDONLY);
	SHOW(read, 3, NOWHERE, 1);
}

TEST(names)
{
	SHOW(mkdir, "folder", 0755);
	SHOW(chdir, "folder");
	SHOW(symlink, "target", "link");
	SHOW(readlink, "link", buffer, sizeof buffer);
	SHOW(rename, "link", "renamed");
	SHOW(unlink, "renamed");
	SHOW(link, "../file", "second");
	SHOW(access, "second", 4);
	SHOW(chmod, "second", 0640);
	SHOW(truncate, "second", 20);
	SHOW(open, ".", O_RDONLY | O_DIRECTORY);
	SHOW_OK(getdents64, 3, buffer, sizeof buffer);
	SHOW(mknodat, 3, "fifo", 010644, 0);
	SHOW(unlinkat, 3, "fifo", 0);
	SHOW(unlinkat, 3, "second", 0);
	SHOW(fchdir, 3);
	SHOW(close, 3);
	SHOW_OK(getcwd, buffer, sizeof buffer);
	SHOW(chdir, "..");
	SHOW(rmdir, "folder");
	SHOW(umask, 022);
	SHOW(statfs, ".", buffer);
}

TEST(memory)
{
	long pages = call(mmap, NULL, 4 * PAGE, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0);
	long f = call(open, "file", O_RDWR), file, end;

	SHOW(mprotect, pages, PAGE, READ);
	SHOW(madvise, pages + PAGE, PAGE, MADV_DONTNEED);
	SHOW(mincore, pages, PAGE, buffer);
	SHOW(munmap, pages + 3 * PAGE, PAGE);
	SHOW_OK(mremap, pages, 3 * PAGE, 2 * PAGE, 0);
	SHOW(mlock, pages, PAGE);
	SHOW(munlock, pages, PAGE);
	file = call(mmap, NULL, PAGE, READ | WRITE, SHARED, f, 0);
	SHOW(msync, file, PAGE, 4);
	SHOW(munmap, file, PAGE);
	SHOW(munmap, pages, 2 * PAGE);
	SHOW(close, f);
	end = call(brk, 0);
	TRUTH(call(brk, end + PAGE) == end + PAGE);
	TRUTH(call(brk, end) == end);
	SHOW(memfd_create, "memory", 0);
	SHOW(close, 3);
}

TEST(sockets)
{
	struct sockaddr_un name = {AF_LOCAL, "socket"};
	struct pollfd p = {4, POLLIN, 0};
	struct epoll_event event = {EPOLLIN, 7};
	struct vector part = {"message", 7};
	struct {
		void *name;
		unsigned n;
		struct vector *parts;
		size_t count;
		void *control;
		size_t controls, flags;
	} message = {NULL, 0, &part, 1, NULL, 0, 0};
	int ends[2], on = 1, size = sizeof on;

	SHOW(socketpair, AF_LOCAL, SOCK_DGRAM, 0, ends);
	SHOW(sendto, 3, "hello", 5, 0, NULL, 0);
	SHOW(poll, &p, 1, 0);
	SHOW(recvfrom, 4, buffer, sizeof buffer, 0, NULL, NULL);
	SHOW(sendmsg, 3, &message, 0);
	part.base = buffer;
	SHOW(epoll_create1, 0);
	SHOW(epoll_ctl, 5, EPOLL_CTL_ADD, 4, &event);
	SHOW(epoll_wait, 5, buffer, 1, 0);
	SHOW(recvmsg, 4, &message, 0);
	SHOW(setsockopt, 4, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	SHOW(getsockopt, 4, SOL_SOCKET, SO_TYPE, &on, &size);
	SHOW(close, 5);
	SHOW(close, 4);
	SHOW(close, 3);
	SHOW(socket, AF_LOCAL, SOCK_STREAM, 0);
	SHOW(bind, 3, &name, sizeof name);
	SHOW(listen, 3, 5);
	SHOW(socket, AF_LOCAL, SOCK_STREAM, 0);
	SHOW(connect, 4, &name, sizeof name);
	SHOW(accept4, 3, NULL, NULL, 0);
	size = sizeof name;
	SHOW(getsockname, 5, &name, &size);
	SHOW(getpeername, 4, &name, &size);
	SHOW(write, 4, "x", 1);
	SHOW(shutdown, 4, SHUT_WR);
	SHOW(read, 5, buffer, 8);
	SHOW(close, 5);
	SHOW(close, 4);
	SHOW(close, 3);
	SHOW(unlink, "socket");
}

TEST(times)
{
	struct guest_timespec soon = {0, 1000}, now;
	struct itimerspec never = {{0, 0}, {1000, 0}};
	long hour[4] = {0, 0, 3600, 0};
	int timer;

	SHOW(clock_gettime, 1, &now);
	SHOW(clock_getres, 1, &now);
	SHOW(gettimeofday, &now, NULL);
	SHOW(nanosleep, &soon, NULL);
	SHOW(clock_nanosleep, 1, 0, &soon, NULL);
	SHOW(timerfd_create, 1, 0);
	SHOW(timerfd_settime, 3, 0, &never, NULL);
	SHOW(timerfd_gettime, 3, buffer);
	SHOW(close, 3);
	SHOW(timer_create, 1, NULL, &timer);
	SHOW(timer_settime, timer, 0, &never, NULL);
	SHOW(timer_delete, timer);
	SHOW(setitimer, 0, hour, NULL);
	SHOW_OK(alarm, 0);
}

TEST(who_and_what_we_are)
{
	SHOW_OK(getpid);
	SHOW_OK(getppid);
	SHOW_OK(gettid);
	SHOW_OK(getuid);
	SHOW_OK(geteuid);
	SHOW_OK(getgid);
	SHOW_OK(getegid);
	SHOW_OK(getpgid, 0);
	SHOW_OK(getsid, 0);
	SHOW_OK(getgroups, 0, NULL);
	SHOW(uname, buffer);
	SHOW(sysinfo, buffer);
	SHOW(getrusage, 0, buffer);
	SHOW_OK(times, buffer);
	SHOW(getrlimit, 7, buffer);
	SHOW(prlimit64, 0, 7, NULL, buffer);
	SHOW_OK(getpriority, 0, 0);
	SHOW_OK(sched_getaffinity, 0, sizeof buffer, buffer);
	SHOW(sched_yield);
	SHOW(getrandom, buffer, 16, 0);
	SHOW(prctl, 16, buffer);
}

TEST(signals)
{
	struct guest_mask mask = MASK_OF(SIGUSR2);
	uint64_t count;
	long self = call(getpid);

	catch(SIGUSR1, 0);
	SHOW(kill, self, SIGUSR1);
	SHOW(tgkill, self, self, SIGUSR1);
	SHOW_SEEN();
	change_mask(SIG_BLOCK, SIGUSR2);
	SHOW(signalfd4, -1, &mask, MASK_SIZE, 0);
	SHOW(kill, self, SIGUSR2);
	SHOW(rt_sigpending, &mask, MASK_SIZE);
	SHOW(read, 3, buffer, sizeof buffer);
	SHOW(close, 3);
	change_mask(SIG_UNBLOCK, SIGUSR2);
	be_default(SIGUSR1);
	SHOW(eventfd2, 1, 0);
	SHOW(read, 3, &count, sizeof count);
	SHOW(close, 3);
}

/* The child is heard of by a pipe's end: by then it has no more calls to make but its last. */
TEST(processes)
{
	int ends[2];
	long child;

	SHOW(pipe2, ends, O_CLOEXEC);
	child = fork();
	if (child == 0) {
		call(getppid);
		call(write, ends[1], "x", 1);
		leave(3);
	}
	SHOW(read, ends[0], buffer, 8);
	VALUE(wait_for(child));
	child = guest_vfork();
	if (child == 0)
		leave(4);
	VALUE(wait_for(child));
	child = fork();
	if (child == 0) {
		call(execve, guest_argv[0], ((char *[]){"again", "again", NULL}), guest_envp);
		leave(5);
	}
	VALUE(wait_for(child));
	SHOW(close, ends[0]);
	SHOW(close, ends[1]);
}

static int
work(void *p)
{
	int *ends = p;

	call(gettid);
	call(read, ends[0], buffer, 1);
	call(futex, &guest_running[3], FUTEX_WAKE, 1);
	call(write, ends[3], "y", 1);
	return 0;
}

/* Neither waits by a futex, which would be called or not by who was faster; so the end is looked out for, too. */
TEST(threads)
{
	int ends[4];

	SHOW(pipe2, ends, 0);
	SHOW(pipe2, ends + 2, 0);
	for (int n = 0; n < 2; n++) {
		thread_start(n, work, ends);
		SHOW(write, ends[1], "x", 1);
		SHOW(read, ends[2], buffer, 8);
		while (__atomic_load_n(&guest_running[n], __ATOMIC_ACQUIRE) != 0)
			__builtin_ia32_pause();
	}
	SHOW(futex, &guest_running[3], FUTEX_WAIT, 1, NULL);
	SHOW(futex, &guest_running[3], FUTEX_WAKE, 1);
	SHOW(membarrier, 0, 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)envp;
	if (argc > 1 && same_text(argv[1], "again"))
		return 6;
	RUN(files);
	RUN(names);
	RUN(memory);
	RUN(sockets);
	RUN(times);
	RUN(who_and_what_we_are);
	RUN(signals);
	RUN(processes);
	RUN(threads);
	return 0;
}
