/*
 * Asynchronous I/O on files (kern/vfs_aio.c). FreeBSD does it for regular files and
 * sockets, and refuses the rest as unsafe (vfs.aio.enable_unsafe). A regular file is
 * never waited for, so here the work is done at once, and a job is only a result
 * that somebody has yet to ask for.
 */
#include "files.h"

#include "core/convert.h"
#include "core/dispatch.h"
#include "core/layout.h"
#include "core/linux_abi.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/signal.h"
#include "core/thread.h"

#include <linux/uio.h>

struct freebsd_aiocb {
	int32_t fildes, pad;
	int64_t offset;
	uint64_t buf, nbytes;
	int32_t spare[2];
	uint64_t spare2;
	int32_t lio_opcode, reqprio;
	int64_t status, error; /* the kernel's */
	uint64_t kernelinfo;
	struct freebsd_sigevent sigevent;
};
_Static_assert(sizeof(struct freebsd_aiocb) == 160, "sys/aio.h");

/* A job is known by the address of its aiocb until its result is taken. */
struct job {
	uint64_t aiocb;
	long result;	/* as a handler's */
	uint64_t order; /* of its end; 0: free */
};

#define QUEUE_MAX 256 /* vfs.aio.max_aio_queue_per_proc */
static struct job jobs[QUEUE_MAX] BULKY;
static uint64_t orders;
static struct lock lock;

HOT void
aio_after_fork(void)
{
	/* Nothing is written that is so already: in a child each page written is one more to copy. */
	if (lock.word != 0)
		lock = (struct lock){0};
	if (orders == 0)
		return;
	for (int i = 0; i < QUEUE_MAX; i++)
		jobs[i].order = 0;
}

/* The caller holds the lock. With aiocb 0: the one that ended first. */
static struct job *
find_job(uint64_t aiocb)
{
	struct job *found = 0;

	for (struct job *j = jobs; j < jobs + QUEUE_MAX; j++)
		if (j->order && (!aiocb || j->aiocb == aiocb) &&
		    (!found || j->order < found->order))
			found = j;
	return found;
}

static long
add_job(uint64_t aiocb, long result)
{
	long r = -EAGAIN;

	lock_acquire(&lock);
	for (struct job *j = jobs; j < jobs + QUEUE_MAX && r < 0; j++) {
		if (j->order)
			continue;
		*j = (struct job){aiocb, result, ++orders};
		r = 0;
	}
	lock_release(&lock);
	return r;
}

/* Takes the job out; false: no such job. */
static bool
take_job(uint64_t aiocb, struct job *to)
{
	struct job *j;

	lock_acquire(&lock);
	j = find_job(aiocb);
	if (j) {
		*to = *j;
		j->order = 0;
	}
	lock_release(&lock);
	return j;
}

static long
check_sigevent(const struct freebsd_sigevent *e)
{
	switch (e->notify) {
	case FREEBSD_SIGEV_NONE:
		return 0;
	case FREEBSD_SIGEV_SIGNAL:
	case FREEBSD_SIGEV_THREAD_ID:
		return e->signo > 0 && e->signo <= FREEBSD_SIGRTMAX ? 0 : -EINVAL;
	}
	return -EINVAL; /* SIGEV_KEVENT: the row's note */
}

static void
notify(struct call *c, const struct freebsd_sigevent *e)
{
	struct siginfo info = {.si_code = SI_ASYNCIO};

	if (e->notify != FREEBSD_SIGEV_SIGNAL && e->notify != FREEBSD_SIGEV_THREAD_ID)
		return;
	info.si_ptr = (void *)(uintptr_t)e->value;
	signal_raise(c->t, e->signo, &info);
}

/* Beside the LIO_ words: what the aiocb says, and aio_fsync(2)'s two. */
enum { AIO_AS_SAID = -1, AIO_SYNC = -2, AIO_DSYNC = -3 };

static bool
writes(int opcode)
{
	return opcode == FREEBSD_LIO_WRITE || opcode == FREEBSD_LIO_WRITEV;
}

static bool
syncs(int opcode)
{
	return opcode == AIO_SYNC || opcode == AIO_DSYNC;
}

static long
check_file(const struct freebsd_aiocb *a, int opcode)
{
	long flags = core_call(__NR_fcntl, a->fildes, F_GETFL, 0), mode;

	if (flags < 0)
		return flags;
	if (!syncs(opcode) && (flags & O_ACCMODE) == (writes(opcode) ? O_RDONLY : O_WRONLY))
		return -EBADF;
	mode = host_mode(a->fildes, "", AT_EMPTY_PATH);
	if (!syncs(opcode) && a->offset < 0 && (mode & S_IFMT) != S_IFCHR && !(flags & O_APPEND))
		return -EINVAL;
	return (mode & S_IFMT) == S_IFREG ? 0 : -EOPNOTSUPP;
}

static long
transfer_parts(const struct freebsd_aiocb *a, struct host_nr nr)
{
	struct converted v;
	long r;

	if (a->nbytes > FREEBSD_UIO_MAXIOV)
		return -EINVAL;
	r = convert_memory(&v, &freebsd_iovec_map, guest(a->buf), a->nbytes);
	if (r == 0)
		r = host_call_nr(nr, a->fildes, v.host, a->nbytes, a->offset, 0);
	return convert_end(&v, 1, r);
}

static long
transfer(const struct freebsd_aiocb *a, int opcode)
{
	switch (opcode) {
	case FREEBSD_LIO_READ:
		return host_call(__NR_pread64, a->fildes, a->buf, a->nbytes, a->offset);
	case FREEBSD_LIO_READV:
		return transfer_parts(a, HOST_NR(__NR_preadv));
	case FREEBSD_LIO_WRITE:
		return host_call(__NR_pwrite64, a->fildes, a->buf, a->nbytes, a->offset);
	case FREEBSD_LIO_WRITEV:
		return transfer_parts(a, HOST_NR(__NR_pwritev));
	}
	return host_call_nr(opcode == AIO_SYNC ? HOST_NR(__NR_fsync) : HOST_NR(__NR_fdatasync), a->fildes);
}

/*
 * aio_aqueue(): what is wrong with the job now is the call's error, what goes wrong later its
 * result.
 */
static long
submit(struct call *c, struct guest_ptr aiocb, int opcode)
{
	struct freebsd_aiocb a;
	long r;

	if (copy_in(&a, aiocb, sizeof a) < 0)
		return -EFAULT;
	/* status, error, kernelinfo: the job is on its way */
	if (zero_out(guest_at(aiocb, offsetof(struct freebsd_aiocb, status)), 24) < 0)
		return -EFAULT;
	a.buf = outside_core(a.buf);
	if (opcode == AIO_AS_SAID)
		opcode = a.lio_opcode;
	if (opcode == FREEBSD_LIO_NOP)
		return 0;
	r = check_sigevent(&a.sigevent);
	if (r == 0 && opcode != FREEBSD_LIO_READ && opcode != FREEBSD_LIO_READV &&
	    !writes(opcode) && !syncs(opcode))
		r = -EINVAL;
	if (r == 0 && !syncs(opcode) && a.nbytes > FREEBSD_IOSIZE_MAX)
		r = -EINVAL;
	if (r == 0)
		r = check_file(&a, opcode);
	if (r < 0)
		return r;
	r = transfer(&a, opcode);
	if (r == -EINTR)
		return r;
	r = add_job(aiocb.addr, r);
	if (r == 0)
		notify(c, &a.sigevent);
	return r;
}

/* Has any of the jobs in the list a result? Addresses of NULL are skipped. */
static long
any_done(struct guest_ptr list, int32_t n)
{
	uint64_t aiocb;

	for (int32_t i = 0; i < n; i++) {
		bool found;

		if (load_u64(&aiocb, guest_at(list, (uint64_t)i * sizeof aiocb)) < 0)
			return -EFAULT;
		lock_acquire(&lock);
		found = aiocb && find_job(aiocb);
		lock_release(&lock);
		if (found)
			return 1;
	}
	return 0;
}

static long
check_timeout(struct guest_ptr timeout, struct __kernel_timespec *t)
{
	if (copy_in(t, timeout, sizeof *t) < 0)
		return -EFAULT;
	return t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= 1000000000 ? -EINVAL : 0;
}

/* Nothing is ever on its way: EAGAIN is "not in that time" at once. */
long
freebsd_aio_suspend(struct call *c, struct guest_ptr list, int32_t n, struct guest_ptr timeout)
{
	struct __kernel_timespec t;
	long r = 0;

	(void)c;
	if (n < 0 || n > QUEUE_MAX)
		return -EINVAL;
	if (!is_null(timeout))
		r = check_timeout(timeout, &t);
	if (r == 0)
		r = any_done(list, n);
	return r < 0 ? r : r ? 0 : -EAGAIN;
}

long
freebsd_aio_return(struct call *c, struct guest_ptr aiocb)
{
	struct job j;

	(void)c;
	if (is_null(aiocb) || !take_job(aiocb.addr, &j))
		return -EINVAL;
	return j.result;
}

/* The errno is the value, 0 for a job that went well. */
long
freebsd_aio_error(struct call *c, struct guest_ptr aiocb)
{
	struct job *j = 0;
	long result = -EINVAL;

	lock_acquire(&lock);
	if (!is_null(aiocb))
		j = find_job(aiocb.addr);
	if (j)
		result = j->result;
	lock_release(&lock);
	return result < 0 ? (long)guest_errno(c, result) : 0;
}

/* All are done already. */
long
freebsd_aio_cancel(struct call *c, int32_t f, struct guest_ptr aiocb)
{
	long r = check_descriptor(f);

	(void)c;
	(void)aiocb;
	return r < 0 ? r : FREEBSD_AIO_ALLDONE;
}

/* Without a result to take it waits, in vain unless another thread submits a job. */
long
freebsd_aio_waitcomplete(struct call *c, struct guest_ptr aiocb, struct guest_ptr timeout)
{
	struct __kernel_timespec t = {0};
	struct job j;
	long r = 0;

	(void)c;
	if (!is_null(timeout))
		r = check_timeout(timeout, &t);
	if (r < 0)
		return r;
	if (!take_job(0, &j)) {
		store_u64(aiocb, 0); /* a bad address is not yet an error */
		r = host_call(__NR_ppoll, 0, 0, is_null(timeout) ? 0 : &t, 0, 0);
		return r < 0 ? r : -EAGAIN;
	}
	if (!is_null(aiocb) && store_u64(aiocb, j.aiocb) < 0)
		return -EFAULT;
	return j.result;
}

long
freebsd_aio_read(struct call *c, struct guest_ptr job)
{
	return submit(c, job, FREEBSD_LIO_READ);
}

long
freebsd_aio_write(struct call *c, struct guest_ptr job)
{
	return submit(c, job, FREEBSD_LIO_WRITE);
}

long
freebsd_aio_readv(struct call *c, struct guest_ptr job)
{
	return submit(c, job, FREEBSD_LIO_READV);
}

long
freebsd_aio_writev(struct call *c, struct guest_ptr job)
{
	return submit(c, job, FREEBSD_LIO_WRITEV);
}

long
freebsd_aio_fsync(struct call *c, int32_t op, struct guest_ptr job)
{
	if (op == FREEBSD_O_SYNC)
		return submit(c, job, AIO_SYNC);
	return op == FREEBSD_O_DSYNC ? submit(c, job, AIO_DSYNC) : -EINVAL;
}

/* The pages are locked at once; the job's result is that of mlock(2). */
long
freebsd_aio_mlock(struct call *c, struct guest_ptr job)
{
	struct freebsd_aiocb a;
	long r;

	if (copy_in(&a, job, sizeof a) < 0)
		return -EFAULT;
	r = check_sigevent(&a.sigevent);
	if (r < 0)
		return r;
	r = add_job(job.addr, host_call(__NR_mlock, outside_core(a.buf), a.nbytes));
	if (r == 0)
		notify(c, &a.sigevent);
	return r;
}

/* EIO if a job could not be taken on, or with LIO_WAIT went wrong. */
static long
submit_list(struct call *c, struct guest_ptr list, int32_t n, bool waits)
{
	uint64_t aiocb;
	bool failed = false;

	for (int32_t i = 0; i < n; i++) {
		if (load_u64(&aiocb, guest_at(list, (uint64_t)i * sizeof aiocb)) < 0)
			return -EFAULT;
		if (!aiocb)
			continue;
		if (submit(c, guest(aiocb), AIO_AS_SAID) < 0)
			failed = true;
		else if (waits && freebsd_aio_error(c, guest(aiocb)) > 0)
			failed = true;
	}
	return failed ? -EIO : 0;
}

long
freebsd_lio_listio(struct call *c, int32_t how, struct guest_ptr list, int32_t n,
		   struct guest_ptr event)
{
	struct freebsd_sigevent e = {.notify = FREEBSD_SIGEV_NONE};
	long r = 0;

	if ((how != FREEBSD_LIO_WAIT && how != FREEBSD_LIO_NOWAIT) || n < 0 || n > QUEUE_MAX)
		return -EINVAL;
	if (how == FREEBSD_LIO_NOWAIT && !is_null(event)) {
		r = copy_in(&e, event, sizeof e);
		if (r == 0)
			r = check_sigevent(&e);
	}
	if (r == 0)
		r = submit_list(c, list, n, how == FREEBSD_LIO_WAIT);
	if (r == 0)
		notify(c, &e);
	return r;
}
