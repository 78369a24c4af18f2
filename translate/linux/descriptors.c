/*
 * Descriptors: the host's calls, but for those that the core keeps for itself, which are
 * no open files to the guest.
 */
#include "linux.h"

#include "core/copy.h"
#include "core/fd.h"
#include "core/host.h"

long
linux_close(struct call *c, int32_t f)
{
	(void)c;
	return core_fd_reserved(f) ? -EBADF : host_call(__NR_close, f);
}

long
linux_dup2(struct call *c, int32_t from, int32_t to)
{
	(void)c;
	return core_fd_reserved(from) || core_fd_reserved(to) ? -EBADF : host_call(__NR_dup2, from, to);
}

long
linux_dup3(struct call *c, int32_t from, int32_t to, uint32_t how)
{
	(void)c;
	return core_fd_reserved(from) || core_fd_reserved(to) ? -EBADF : host_call(__NR_dup3, from, to, how);
}

long
linux_close_range(struct call *c, uint32_t first, uint32_t last, uint32_t how)
{
	(void)c;
	/* Nothing to close is how bad arguments are found, and the table unshared. */
	if (last < first || how & ~(uint32_t)CLOSE_RANGE_CLOEXEC)
		return host_call(__NR_close_range, first, last, how);
	return core_fd_close_range(first, last, how);
}
