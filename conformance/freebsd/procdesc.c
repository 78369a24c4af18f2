/* covers: freebsd pdkill pdgetpid pdfork */
/* Descriptors of processes: pdfork(2). */
#include "guest.h"

enum { SYS_dup = 41, SYS_fcntl = 92, SYS_pdfork = 518, SYS_pdkill = 519, SYS_pdgetpid = 520, SYS_wait6 = 532 };
enum { PD_DAEMON = 1, PD_CLOEXEC = 2, F_GETFD = 1, SIGKILL = 9, SIGTERM = 15, SIGUSR1 = 30, WNOHANG = 1 };

/* A child that sleeps, and its descriptor. */
static long
sleeper(int *fd, int flags)
{
	long pid = call(SYS_pdfork, fd, flags);

	if (pid == 0) {
		sleep_ms(20000);
		leave(0);
	}
	CHECK(pid > 0);
	return pid;
}

static bool
is_there(long pid)
{
	return call(SYS_kill, pid, 0) == 0;
}

TEST(a_child_has_a_descriptor)
{
	int fd = -1, pid = 0, status = -1;
	long child = sleeper(&fd, 0);

	CHECK(fd > 2);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFD), 0);
	CHECK_IS(call(SYS_pdgetpid, fd, &pid), 0);
	CHECK_IS(pid, child);
	CHECK_IS(call(SYS_pdgetpid, fd, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_pdkill, fd, 0), 0);
	CHECK_IS(call(SYS_pdkill, fd, SIGTERM), 0);
	CHECK_IS(call(SYS_wait4, child, &status, 0, NULL), child);
	CHECK_IS(status, SIGTERM);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(the_child_is_told_zero_and_one)
{
	int fd;
	long pid = call(SYS_pdfork, &fd, PD_CLOEXEC);

	if (pid == 0)
		leave(guest_second == 1 ? 7 : 8);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFD), 1);
	CHECK_IS(wait_for(pid), EXITED(7));
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(closing_the_last_descriptor_kills)
{
	int fd, copy, status = -1;
	long pid = sleeper(&fd, 0);

	copy = (int)call(SYS_dup, fd);
	CHECK_IS(call(SYS_close, fd), 0);
	sleep_ms(20);
	CHECK(is_there(pid));
	CHECK_IS(call(SYS_wait4, pid, &status, WNOHANG, NULL), 0);
	CHECK_IS(call(SYS_close, copy), 0);
	sleep_ms(20);
	/* A real kernel's init has taken it by now. */
	if (call(SYS_wait4, pid, &status, 0, NULL) == pid)
		CHECK_IS(status, SIGKILL);
	CHECK(!is_there(pid));
}

TEST(a_daemon_goes_on)
{
	int fd;
	long pid = sleeper(&fd, PD_DAEMON);

	CHECK_IS(call(SYS_close, fd), 0);
	sleep_ms(20);
	CHECK(is_there(pid));
	CHECK_IS(call(SYS_kill, pid, SIGKILL), 0);
	wait_for(pid);
}

TEST(other_descriptors_are_no_processes)
{
	int pid, fd;

	CHECK_IS(call(SYS_pdgetpid, 1, &pid), -EBADF);
	CHECK_IS(call(SYS_pdgetpid, 77, &pid), -EBADF);
	CHECK_IS(call(SYS_pdkill, 77, SIGTERM), -EBADF);
	CHECK_IS(call(SYS_pdkill, 77, 129), -EINVAL);
	CHECK_IS(call(SYS_pdkill, 77, -1), -EINVAL);
	CHECK_IS(call(SYS_pdfork, &fd, 4), -EINVAL);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_child_has_a_descriptor);
	RUN(the_child_is_told_zero_and_one);
	RUN(closing_the_last_descriptor_kills);
	RUN(a_daemon_goes_on);
	RUN(other_descriptors_are_no_processes);
	return 0;
}
