/*
 * Reading, writing, seeking (kern/sys_generic.c). The data goes straight between the
 * host kernel and the guest's memory; what differs is the order of the checks.
 */
#include "files.h"

#include "core/convert.h"
#include "core/dispatch.h"
#include "core/last.h"

#include <linux/uio.h>

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20 /* Linux 6.9 */
#endif

long
freebsd_read(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n)
{
	(void)c;
	return n > FREEBSD_IOSIZE_MAX ? -EINVAL : host_call_last(__NR_read, f, buf.addr, n);
}

long
freebsd_write(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n)
{
	(void)c;
	if (n > FREEBSD_IOSIZE_MAX)
		return -EINVAL;
	return host_call_last(__NR_write, f, buf.addr, n);
}

/* copyinuio(): what is wrong with the vector is said before what is wrong with the descriptor. */
static long
check_parts(struct guest_ptr parts, uint32_t n, long r)
{
	uint64_t sum = 0;
	struct iovec part;

	if (r != -EBADF && r != -ESPIPE)
		return r;
	for (uint32_t i = 0; i < n; i++) {
		if (copy_in(&part, guest_at(parts, i * sizeof part), sizeof part) < 0)
			return -EFAULT;
		if (part.iov_len > FREEBSD_IOSIZE_MAX - sum)
			return -EINVAL;
		sum += part.iov_len;
	}
	return r;
}

/* The vector as a host call is given it, in v. 0 or -errno; convert_end() in any case. */
static long
parts_in(struct converted *v, struct guest_ptr parts, uint32_t n)
{
	return n > FREEBSD_UIO_MAXIOV ? -EINVAL : convert_memory(v, &freebsd_iovec_map, parts, n);
}

long
freebsd_readv(struct call *c, int32_t f, struct guest_ptr parts, uint32_t n)
{
	struct converted v;
	long r = parts_in(convert_none(&v), parts, n);

	(void)c;
	if (r == 0)
		r = check_parts(parts, n, host_call(__NR_readv, f, v.host, n));
	return convert_end(&v, 1, r);
}

long
freebsd_writev(struct call *c, int32_t f, struct guest_ptr parts, uint32_t n)
{
	struct converted v;
	long r = parts_in(convert_none(&v), parts, n);

	(void)c;
	if (r == 0)
		r = check_parts(parts, n, host_call(__NR_writev, f, v.host, n));
	return convert_end(&v, 1, r);
}

/* Linux looks at the offset first, FreeBSD at the descriptor: EBADF, ESPIPE, then EINVAL. */
static long
check_offset(int fd, int64_t offset, long r)
{
	long place;

	if (r != -EINVAL || offset >= 0)
		return r;
	place = core_call(__NR_lseek, fd, 0, SEEK_CUR);
	return place < 0 ? place : r;
}

long
freebsd_pread(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n, int64_t offset)
{
	(void)c;
	if (n > FREEBSD_IOSIZE_MAX)
		return -EINVAL;
	if (offset >= 0)
		return host_call_last(__NR_pread64, f, buf.addr, n, offset);
	return check_offset(f, offset, host_call(__NR_pread64, f, buf.addr, n, offset));
}

/* On a file opened with O_APPEND the offset counts here; Linux appends (pwrite(2), BUGS). */
static long
write_at(int fd, const void *parts, unsigned long n, bool is_vector, int64_t offset)
{
	long flags = core_call(__NR_fcntl, fd, F_GETFL, 0), r;
	struct iovec one = {(void *)(uintptr_t)parts, n};

	if (flags < 0 || !(flags & O_APPEND) || offset < 0)
		return is_vector ? host_call(__NR_pwritev, fd, parts, n, offset, 0)
				 : host_call(__NR_pwrite64, fd, parts, n, offset);
	r = is_vector ? host_call(__NR_pwritev2, fd, parts, n, offset, 0, RWF_NOAPPEND)
		      : host_call(__NR_pwritev2, fd, &one, 1, offset, 0, RWF_NOAPPEND);
	/* An older kernel appends. */
	if (r == -EOPNOTSUPP)
		r = is_vector ? host_call(__NR_pwritev, fd, parts, n, offset, 0)
			      : host_call(__NR_pwrite64, fd, parts, n, offset);
	return r;
}

long
freebsd_pwrite(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n, int64_t offset)
{
	(void)c;
	if (n > FREEBSD_IOSIZE_MAX)
		return -EINVAL;
	return check_offset(f, offset, write_at(f, (const void *)buf.addr, n, false, offset));
}

long
freebsd_preadv(struct call *c, int32_t f, struct guest_ptr parts, uint32_t n, int64_t offset)
{
	struct converted v;
	long r = parts_in(convert_none(&v), parts, n);

	(void)c;
	if (r == 0)
		r = check_parts(parts, n, check_offset(f, offset, host_call(__NR_preadv, f, v.host, n, offset, 0)));
	return convert_end(&v, 1, r);
}

long
freebsd_pwritev(struct call *c, int32_t f, struct guest_ptr parts, uint32_t n, int64_t offset)
{
	struct converted v;
	long r = parts_in(convert_none(&v), parts, n);

	(void)c;
	if (r == 0)
		r = check_parts(parts, n, check_offset(f, offset, write_at(f, v.host, n, true, offset)));
	return convert_end(&v, 1, r);
}

/* Until FreeBSD 6 a word stood before each off_t, to align it on other machines. */
long
freebsd6_pread(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n, int32_t pad,
	       int64_t offset)
{
	(void)pad;
	return freebsd_pread(c, f, buf, n, offset);
}

long
freebsd6_pwrite(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n, int32_t pad,
		int64_t offset)
{
	(void)pad;
	return freebsd_pwrite(c, f, buf, n, offset);
}

/* SEEK_SET to SEEK_HOLE have the same numbers; others are EINVAL after EBADF on both. */
long
freebsd_lseek(struct call *c, int32_t f, int64_t offset, int32_t whence)
{
	(void)c;
	return host_call(__NR_lseek, f, offset, whence);
}

long
freebsd6_lseek(struct call *c, int32_t f, int32_t pad, int64_t offset, int32_t whence)
{
	(void)pad;
	return freebsd_lseek(c, f, offset, whence);
}

/* A negative length is EINVAL before the path is looked at. */
long
freebsd_truncate(struct call *c, struct guest_ptr file, int64_t len)
{
	struct host_path path;
	long r;

	if (len < 0)
		return -EINVAL;
	r = path_to_host(c, file, &path);
	return r < 0 ? r : host_call(__NR_truncate, path.name, len);
}

long
freebsd6_truncate(struct call *c, struct guest_ptr file, int32_t pad, int64_t len)
{
	(void)pad;
	return freebsd_truncate(c, file, len);
}

long
freebsd_ftruncate(struct call *c, int32_t f, int64_t len)
{
	(void)c;
	return host_call(__NR_ftruncate, f, len);
}

long
freebsd6_ftruncate(struct call *c, int32_t f, int32_t pad, int64_t len)
{
	(void)pad;
	return freebsd_ftruncate(c, f, len);
}

/* Devices have nothing to write back: Linux's EINVAL is for pipes and sockets only. */
static long
sync_descriptor(int fd, struct host_nr nr)
{
	long r = host_call_nr(nr, fd);

	return r == -EINVAL && (host_mode(fd, "", AT_EMPTY_PATH) & S_IFMT) == S_IFCHR ? 0 : r;
}

long
freebsd_fsync(struct call *c, int32_t f)
{
	(void)c;
	return sync_descriptor(f, HOST_NR(__NR_fsync));
}

long
freebsd_fdatasync(struct call *c, int32_t f)
{
	(void)c;
	return sync_descriptor(f, HOST_NR(__NR_fdatasync));
}

/* Both answer the errno as their value (posix_fallocate(2), RETURN VALUES). */
static long
errno_as_value(struct call *c, long r)
{
	/* Interrupted, it is made again or fails like any call. */
	return r >= 0 || r == -EINTR || r == CALL_RESTART ? r : (long)guest_errno(c, r);
}

long
freebsd_posix_fallocate(struct call *c, int32_t f, int64_t offset, int64_t len)
{
	if (offset < 0 || len <= 0)
		return errno_as_value(c, -EINVAL);
	return errno_as_value(c, host_call(__NR_fallocate, f, 0, offset, len));
}

long
freebsd_posix_fadvise(struct call *c, int32_t f, int64_t offset, int64_t len, int32_t advice)
{
	long host = flags_to_host(&freebsd_fadvice, (uint32_t)advice);
	long mode;

	if (host < 0 || offset < 0 || len < 0)
		return errno_as_value(c, -EINVAL);
	mode = host_mode(f, "", AT_EMPTY_PATH);
	if (mode < 0)
		return errno_as_value(c, mode);
	if ((mode & S_IFMT) == S_IFIFO)
		return errno_as_value(c, -ESPIPE);
	if ((mode & S_IFMT) != S_IFREG)
		return errno_as_value(c, -ENODEV);
	return errno_as_value(c, host_call(__NR_fadvise64, f, offset, len, host));
}
