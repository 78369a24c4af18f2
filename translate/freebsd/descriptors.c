/*
 * Descriptors: closing, copying, fcntl(2) (kern/kern_descrip.c).
 */
#include "files.h"
#include "procdesc.h"

#include "bsd/kqueue.h"
#include "core/core.h"
#include "core/fd.h"

long
freebsd_close(struct call *c, int32_t f)
{
	if (f < 0 || core_fd_reserved(f))
		return -EBADF;
	kqueue_descriptor_closed(c->p, f);
	procdesc_closed(c->p, (unsigned)f, (unsigned)f);
	return host_call(__NR_close, f);
}

long
freebsd_close_range(struct call *c, uint32_t low, uint32_t high, uint32_t flags)
{
	long host = flags_to_host(&freebsd_close_range_flags, flags);

	if (host < 0 || high < low)
		return -EINVAL;
	if (!(flags & FREEBSD_CLOSE_RANGE_CLOEXEC)) {
		kqueue_descriptors_closed(c->p, low, high);
		procdesc_closed(c->p, low, high);
	}
	return core_fd_close_range(low, high, host);
}

/* A negative number is 0 (kern_close_range() by way of sys_closefrom()). */
long
freebsd12_closefrom(struct call *c, int32_t low)
{
	return freebsd_close_range(c, low < 0 ? 0 : (uint32_t)low, ~0u, 0);
}

/* A copy shares the knotes' file: kqueue has to know. */
static long
copied(struct call *c, int from, long to)
{
	if (to >= 0) {
		kqueue_descriptor_copied(c->p, from, (int)to);
		procdesc_copied(c->p, from, (int)to);
	}
	return to;
}

long
freebsd_dup(struct call *c, int32_t f)
{
	return core_fd_reserved(f) ? -EBADF : copied(c, f, host_call(__NR_dup, f));
}

static long
dup_onto(struct call *c, int from, int to, long flags)
{
	if (core_fd_reserved(from) || core_fd_reserved(to) || to < 0)
		return -EBADF;
	if (from == to) {
		long r = check_descriptor(from);

		if (r == 0 && flags & O_CLOEXEC)
			core_call(__NR_fcntl, from, F_SETFD, FD_CLOEXEC);
		return r < 0 ? r : to;
	}
	if (check_descriptor(from) == 0) {
		kqueue_descriptor_closed(c->p, to);
		procdesc_closed(c->p, (unsigned)to, (unsigned)to);
	}
	return copied(c, from, host_call(__NR_dup3, from, to, flags));
}

long
freebsd_dup2(struct call *c, int32_t from, int32_t to)
{
	return dup_onto(c, from, to, 0);
}

/* What F_GETFL shows: of open(2)'s words those that stay with a file (FMASK, sys/fcntl.h). */
static long
flags_of_open(int fd)
{
	const uint64_t shown = FREEBSD_O_APPEND | FREEBSD_O_ASYNC | FREEBSD_O_SYNC |
			       FREEBSD_O_DSYNC | FREEBSD_O_NONBLOCK | FREEBSD_O_DIRECT |
			       FREEBSD_O_PATH;
	long host = host_call(__NR_fcntl, fd, F_GETFL, 0);
	uint64_t flags;

	if (host < 0)
		return host;
	flags = flags_to_guest(&freebsd_oflags, (uint64_t)host) & shown;
	if (flags & FREEBSD_O_SYNC) /* Linux's implies the other */
		flags &= ~(uint64_t)FREEBSD_O_DSYNC;
	return (long)flags | (host & O_ACCMODE);
}

/* Only these can be changed; others are ignored (FCNTLFLAGS, sys/fcntl.h). */
static long
set_flags_of_open(int fd, uint64_t flags)
{
	const uint64_t can = FREEBSD_O_APPEND | FREEBSD_O_ASYNC | FREEBSD_O_NONBLOCK;
	long host = flags_to_host(&freebsd_oflags, flags & can);

	return host < 0 ? host : host_call(__NR_fcntl, fd, F_SETFL, host);
}

/* FD_CLOFORK, of 15.0, is refused: nothing here is closed by fork. */
static long
set_descriptor_flags(int fd, long flags)
{
	if (flags & FREEBSD_FD_CLOFORK && options.release >= 1500)
		return -EINVAL;
	return host_call(__NR_fcntl, fd, F_SETFD, flags & FREEBSD_FD_CLOEXEC ? FD_CLOEXEC : 0);
}

static long
dup_from(struct call *c, int fd, int lowest, int command)
{
	return lowest < 0 ? -EINVAL : copied(c, fd, host_call(__NR_fcntl, fd, command, lowest));
}

/* Read-ahead: a hint on both; the amount is not kept. */
static long
set_read_ahead(int fd, long amount)
{
	long mode = host_mode(fd, "", AT_EMPTY_PATH);

	if (mode < 0)
		return mode;
	if ((mode & S_IFMT) != S_IFREG)
		return -ENOTTY;
	core_call(__NR_fadvise64, fd, 0, 0, amount ? POSIX_FADV_SEQUENTIAL : POSIX_FADV_NORMAL);
	return 0;
}

static long
seals(int fd, int command, long arg)
{
	/* The four seals have the same bits on both; Linux's later ones do not exist here. */
	const long known = FREEBSD_F_SEAL_SEAL | FREEBSD_F_SEAL_SHRINK | FREEBSD_F_SEAL_GROW |
			   FREEBSD_F_SEAL_WRITE;
	long r;

	if (command == FREEBSD_F_ADD_SEALS && arg & ~known)
		return -EINVAL;
	r = host_call(__NR_fcntl, fd, command == FREEBSD_F_ADD_SEALS ? F_ADD_SEALS : F_GET_SEALS,
		      arg);
	return r > 0 ? r & known : r;
}

long
freebsd_fcntl(struct call *c, int32_t f, int32_t command, int64_t arg)
{
	if (core_fd_reserved(f))
		return -EBADF;
	switch (command) {
	case FREEBSD_F_DUPFD:
		return dup_from(c, f, (int)arg, F_DUPFD);
	case FREEBSD_F_DUPFD_CLOEXEC:
		return dup_from(c, f, (int)arg, F_DUPFD_CLOEXEC);
	case FREEBSD_F_DUP2FD:
		return dup_onto(c, f, (int)arg, 0);
	case FREEBSD_F_DUP2FD_CLOEXEC:
		return dup_onto(c, f, (int)arg, O_CLOEXEC);
	case FREEBSD_F_GETFD:
		return host_call(__NR_fcntl, f, F_GETFD, 0);
	case FREEBSD_F_SETFD:
		return set_descriptor_flags(f, arg);
	case FREEBSD_F_GETFL:
		return flags_of_open(f);
	case FREEBSD_F_SETFL:
		return set_flags_of_open(f, (uint32_t)arg);
	case FREEBSD_F_GETOWN:
		return host_call(__NR_fcntl, f, F_GETOWN, 0);
	case FREEBSD_F_SETOWN:
		return host_call(__NR_fcntl, f, F_SETOWN, (int)arg);
	case FREEBSD_F_GETLK:
	case FREEBSD_F_SETLK:
	case FREEBSD_F_SETLKW:
	case FREEBSD_F_OGETLK:
	case FREEBSD_F_OSETLK:
	case FREEBSD_F_OSETLKW:
		return freebsd_record_lock(f, command, guest((uint64_t)arg));
	case FREEBSD_F_READAHEAD:
		return set_read_ahead(f, arg);
	case FREEBSD_F_RDAHEAD:
		return set_read_ahead(f, arg ? 1 : 0);
	case FREEBSD_F_ADD_SEALS:
	case FREEBSD_F_GET_SEALS:
		return seals(f, command, arg);
	case FREEBSD_F_ISUNIONSTACK:
		return check_descriptor(f);
	case FREEBSD_F_KINFO:
		return freebsd_file_info(f, guest((uint64_t)arg));
	case FREEBSD_F_SETLK_REMOTE:
		return -EPERM; /* the lock daemon's */
	}
	return -EINVAL;
}
