#include "output.h"

#include "core.h"
#include "fd.h"
#include "host.h"
#include "linux_abi.h"

/*
 * A reader that has gone must not send the guest a SIGPIPE it never earned: it
 * is blocked for the write, and taken back.
 */
static long
write_to_pipe(int fd, const char *text, size_t n)
{
	const host_sigset pipe_only = (host_sigset)1 << (SIGPIPE - 1);
	const struct __kernel_timespec now = {0, 0};
	host_sigset old = 0;
	long r;

	core_call(__NR_rt_sigprocmask, SIG_BLOCK, &pipe_only, &old, sizeof old);
	r = core_call(__NR_write, fd, text, n);
	if (r == -EPIPE)
		core_call(__NR_rt_sigtimedwait, &pipe_only, 0, &now, sizeof pipe_only);
	if (!(old & pipe_only))
		core_call(__NR_rt_sigprocmask, SIG_UNBLOCK, &pipe_only, 0, sizeof old);
	return r;
}

long
output_write(const struct output *o, const char *text, size_t n)
{
	return o->is_pipe ? write_to_pipe(o->fd, text, n) : core_call(__NR_write, o->fd, text, n);
}

static void
keep(int fd, bool on)
{
	if (core_fd_reserved(fd))
		core_call(__NR_fcntl, fd, F_SETFD, on ? 0 : FD_CLOEXEC);
}

void
output_start(struct output *o, int fd)
{
	o->fd = fd;
	/* lseek tells pipes and sockets from files; terminals too, which cannot break. */
	o->is_pipe = core_call(__NR_lseek, fd, 0, 1 /* SEEK_CUR */) == -ESPIPE;
	keep(fd, false);
}

void
outputs_keep(bool on)
{
	keep(options.trace_fd, on);
	keep(options.events_fd, on);
}
