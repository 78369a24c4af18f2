/* Asynchronous I/O: the jobs of x86-64's io_submit(2), in which the host's kernel follows addresses. */
#include "linux.h"

#include <linux/aio_abi.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/last.h"

#define VECTOR_MAX 1024		/* UIO_MAXIOV */

/* Is the job, what it moves, or its vector in the core's memory? */
static bool
reaches_core(uint64_t job)
{
	struct iocb j;

	if (outside_core(job) != job)
		return true;
	if (copy_in(&j, guest(job), sizeof j) < 0)
		return false;	/* so says the host's kernel */
	switch (j.aio_lio_opcode) {
	case IOCB_CMD_PREADV:
	case IOCB_CMD_PWRITEV:
		if (j.aio_nbytes <= VECTOR_MAX && points_into_core(&linux_iovec_map, guest(j.aio_buf), j.aio_nbytes))
			return true;
		return outside_core(j.aio_buf) != j.aio_buf;
	case IOCB_CMD_PREAD:
	case IOCB_CMD_PWRITE:
		return outside_core(j.aio_buf) != j.aio_buf;
	default:
		return false;
	}
}

/* Up to the first job that cannot be read; EFAULT where that is the first of all (fs/aio.c). */
long
linux_io_submit(struct call *c, uint64_t context, int64_t n, struct guest_ptr list)
{
	const uint64_t bad = (uintptr_t)UNREADABLE;
	uint64_t job;

	(void)c;
	for (int64_t i = 0; i < n && load_u64(&job, guest_at(list, (uint64_t)i * sizeof job)) == 0; i++)
		if (reaches_core(job))
			return i > 0 ? host_call(__NR_io_submit, context, i, list.addr)
				     : host_call(__NR_io_submit, context, 1, &bad);
	return host_call_last(__NR_io_submit, context, n, list.addr);
}
