/* covers: freebsd aio_read aio_write aio_readv aio_writev aio_return aio_error aio_suspend */
/* covers: freebsd aio_cancel */
/* covers: freebsd aio_waitcomplete aio_fsync aio_mlock lio_listio */
/*
 * Asynchronous reading and writing of a regular file.
 */
#include "guest.h"

enum {
	SYS_aio_read = 255,
	SYS_aio_write = 256,
	SYS_lio_listio = 257,
	SYS_aio_return = 314,
	SYS_aio_suspend = 315,
	SYS_aio_cancel = 316,
	SYS_aio_error = 317,
	SYS_aio_waitcomplete = 359,
	SYS_aio_fsync = 465,
	SYS_pipe2 = 542,
	SYS_aio_mlock = 543,
	SYS_aio_writev = 578,
	SYS_aio_readv = 579,
};
enum {
	O_RDONLY = 0,
	O_RDWR = 2,
	O_CREAT = 0x200,
	O_SYNC = 0x80,
	LIO_WRITE = 1,
	LIO_READ = 2,
	LIO_NOWAIT = 0,
	LIO_WAIT = 1,
	SIGEV_SIGNAL = 1,
	SIGUSR1 = 30,
	AIO_ALLDONE = 3
};

struct sigevent {
	int notify, signo;
	void *value;
	long spare[8];
};
/* sys/sys/aio.h */
struct aiocb {
	int fildes;
	int64_t offset;
	void *buf;
	size_t nbytes;
	int spare[2];
	void *spare2;
	int lio_opcode, reqprio;
	long status, error;
	void *kernelinfo;
	struct sigevent sigevent;
};
_Static_assert(sizeof(struct aiocb) == 160, "struct aiocb");
struct iovec {
	void *base;
	size_t len;
};
struct sigaction {
	void (*handler)(int);
	int flags;
	uint32_t mask[4];
};

static volatile int signals;

static void
on_signal(int signal)
{
	(void)signal;
	signals++;
}

static long file;
static char in[16];

/* Waits for the job and takes its result. */
static long
end(struct aiocb *a)
{
	struct aiocb *list[] = {a};
	long e;

	while ((e = call(SYS_aio_error, a)) == EINPROGRESS)
		CHECK_IS(call(SYS_aio_suspend, list, 1, NULL), 0);
	CHECK_IS(e, 0);
	return call(SYS_aio_return, a);
}

TEST(a_job_has_one_result)
{
	struct aiocb a = {.buf = "0123456789", .nbytes = 10},
		     b = {.buf = in, .nbytes = 16, .offset = 4};

	a.fildes = b.fildes = (int)(file = call(SYS_open, "file", O_RDWR | O_CREAT, 0600));
	CHECK(file >= 0);
	CHECK_IS(call(SYS_aio_write, &a), 0);
	CHECK_IS(end(&a), 10);
	CHECK_IS(call(SYS_aio_return, &a), -EINVAL);
	CHECK_IS(call(SYS_aio_error, &a), EINVAL);
	CHECK_IS(call(SYS_aio_read, &b), 0);
	CHECK_IS(end(&b), 6);
	CHECK(same(in, "456789", 6));
}

TEST(vectors_work_too)
{
	struct iovec parts[2] = {{"ab", 2}, {"cd", 2}}, into[2] = {{in, 1}, {in + 8, 8}};
	struct aiocb a = {.fildes = (int)file, .buf = parts, .nbytes = 2, .offset = 2};

	CHECK_IS(call(SYS_aio_writev, &a), 0);
	CHECK_IS(end(&a), 4);
	a.buf = into;
	CHECK_IS(call(SYS_aio_readv, &a), 0);
	CHECK_IS(end(&a), 8);
	CHECK(in[0] == 'a' && same(in + 8, "bcd6789", 7));
}

TEST(what_cannot_be_is_said_at_once)
{
	struct aiocb a = {.fildes = 77, .buf = in, .nbytes = 1};
	int pair[2];

	CHECK_IS(call(SYS_aio_read, &a), -EBADF);
	CHECK_IS(call(SYS_aio_read, NOWHERE), -EFAULT);
	a.fildes = (int)file;
	a.offset = -1;
	CHECK_IS(call(SYS_aio_read, &a), -EINVAL);
	a.offset = 0;
	a.sigevent.notify = 99;
	CHECK_IS(call(SYS_aio_read, &a), -EINVAL);
	a.sigevent.notify = 0;
	CHECK_IS(call(SYS_pipe2, pair, 0), 0);
	a.fildes = pair[0];
	CHECK_IS(call(SYS_aio_read, &a), -EOPNOTSUPP);
	CHECK_IS(call(SYS_close, pair[0]), 0);
	CHECK_IS(call(SYS_close, pair[1]), 0);
	CHECK_IS(call(SYS_aio_fsync, 1, &a), -EINVAL);
	CHECK_IS(call(SYS_lio_listio, 7, NULL, 0, NULL), -EINVAL);
	CHECK_IS(call(SYS_aio_cancel, 77, NULL), -EBADF);
}

TEST(a_bad_buffer_is_the_jobs_error)
{
	struct aiocb a = {.fildes = (int)file, .buf = NOWHERE, .nbytes = 4}, *list[] = {&a};

	CHECK_IS(call(SYS_aio_read, &a), 0);
	while (call(SYS_aio_error, &a) == EINPROGRESS)
		call(SYS_aio_suspend, list, 1, NULL);
	CHECK_IS(call(SYS_aio_error, &a), EFAULT);
	CHECK_IS(call(SYS_aio_return, &a), -EFAULT);
}

TEST(a_signal_tells_the_end)
{
	struct sigaction act = {.handler = on_signal};
	struct aiocb a = {.fildes = (int)file, .buf = in, .nbytes = 4};

	a.sigevent = (struct sigevent){.notify = SIGEV_SIGNAL, .signo = SIGUSR1};
	CHECK_IS(call(SYS_sigaction, SIGUSR1, &act, NULL), 0);
	CHECK_IS(call(SYS_aio_read, &a), 0);
	for (int i = 0; signals == 0 && i < 500; i++)
		sleep_ms(10);
	CHECK_IS(signals, 1);
	CHECK_IS(end(&a), 4);
}

TEST(a_list_is_done_in_one_call)
{
	struct aiocb a = {.fildes = (int)file, .buf = "xyz", .nbytes = 3, .lio_opcode = LIO_WRITE};
	struct aiocb b = {
		.fildes = (int)file, .buf = in, .nbytes = 2, .offset = 8, .lio_opcode = LIO_READ};
	struct aiocb *list[] = {&a, NULL, &b};

	CHECK_IS(call(SYS_lio_listio, LIO_WAIT, list, 3, NULL), 0);
	CHECK_IS(end(&a), 3);
	CHECK_IS(end(&b), 2);
	CHECK(same(in, "89", 2));
	CHECK_IS(call(SYS_lio_listio, LIO_NOWAIT, NULL, 0, NULL), 0);
	CHECK_IS(call(SYS_aio_cancel, file, NULL), AIO_ALLDONE);
}

TEST(whoever_ends_first_is_waited_for)
{
	struct aiocb a = {.fildes = (int)file, .buf = in, .nbytes = 3}, *which = NULL;
	struct timespec none = {0, 0};

	CHECK_IS(call(SYS_aio_waitcomplete, &which, &none), -EAGAIN);
	CHECK_IS(call(SYS_aio_read, &a), 0);
	CHECK_IS(call(SYS_aio_waitcomplete, &which, NULL), 3);
	CHECK(which == &a);
	CHECK_IS(call(SYS_aio_fsync, O_SYNC, &a), 0);
	CHECK_IS(end(&a), 0);
	CHECK_IS(call(SYS_aio_mlock, &a), 0);
	CHECK_IS(end(&a), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_job_has_one_result);
	RUN(vectors_work_too);
	RUN(what_cannot_be_is_said_at_once);
	RUN(a_bad_buffer_is_the_jobs_error);
	RUN(a_signal_tells_the_end);
	RUN(a_list_is_done_in_one_call);
	RUN(whoever_ends_first_is_waited_for);
	return 0;
}
