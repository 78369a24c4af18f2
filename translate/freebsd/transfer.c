/*
 * Moving data between descriptors in the kernel: sendfile(2), copy_file_range(2), and
 * holes by fspacectl(2) (kern/kern_sendfile.c, kern/vfs_syscalls.c).
 */
#include "files.h"

#include "core/convert.h"
#include "core/linux_abi.h"

#include <linux/falloc.h>
#include <linux/stat.h>
#include <linux/uio.h>

/* ---- sendfile ---- */

struct freebsd_sf_hdtr {
	uint64_t headers;
	int32_t hdr_cnt, pad0;
	uint64_t trailers;
	int32_t trl_cnt, pad1;
};
_Static_assert(sizeof(struct freebsd_sf_hdtr) == 32, "sys/socket.h");

struct transfer {
	int socket;
	uint64_t sent; /* over all parts */
	bool blocks;
};

/*
 * Has the transfer to stop? After the first byte an interruption is EINTR, since the
 * call must not be made again; *sbytes says how far it came.
 */
static long
stopped(const struct transfer *t, long r)
{
	if (r == -EINTR && t->sent)
		return GUEST_ERROR(FREEBSD_EINTR);
	return r;
}

static long
send_parts(struct transfer *t, uint64_t parts, int32_t n)
{
	struct guest_ptr at = guest(parts);
	struct iovec part;
	uint64_t done;
	long r;

	for (int32_t i = 0; i < n; i++) {
		if (copy_in_struct(&freebsd_iovec_map, &part, guest_at(at, (uint64_t)i * sizeof part)) < 0)
			return -EFAULT;
		for (done = 0; done < part.iov_len; done += (uint64_t)r, t->sent += (uint64_t)r) {
			r = host_call(__NR_write, t->socket, (char *)part.iov_base + done,
				      part.iov_len - done);
			if (r < 0)
				return stopped(t, r);
		}
	}
	return 0;
}

/* `n` bytes, or with 0 all to the end of the file. */
static long
send_file(struct transfer *t, int fd, int64_t offset, uint64_t n)
{
	uint64_t left = n ? n : UINT64_MAX;
	long r;

	while (left) {
		r = host_call(__NR_sendfile, t->socket, fd, &offset,
			      left > 0x7ffff000 ? 0x7ffff000 : left);
		if (r < 0)
			return stopped(t, r);
		if (r == 0)
			return 0;
		t->sent += (uint64_t)r;
		left -= (uint64_t)r;
	}
	return 0;
}

/* What may be sent from where: a regular file or shared memory, to a connected stream socket. */
static long
check_sendfile(int fd, int socket)
{
	long mode = host_mode(fd, "", AT_EMPTY_PATH), flags;
	int type = 0, len = sizeof type;

	if (mode < 0)
		return mode;
	flags = core_call(__NR_fcntl, fd, F_GETFL, 0);
	if ((flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if ((mode & S_IFMT) != S_IFREG)
		return -EINVAL;
	mode = host_mode(socket, "", AT_EMPTY_PATH);
	if (mode < 0)
		return mode;
	if ((mode & S_IFMT) != S_IFSOCK)
		return -ENOTSOCK;
	core_call(__NR_getsockopt, socket, SOL_SOCKET, SO_TYPE, &type, &len);
	return type == SOCK_STREAM ? 0 : -EINVAL;
}

/*
 * The answer is 0 however much went; the count comes in *sent, even with an error
 * (EAGAIN on a non-blocking socket is the usual one). Before FreeBSD 5 the
 * headers counted as part of `n`.
 */
static long
sendfile(int fd, int socket, int64_t offset, uint64_t n, struct guest_ptr extra,
	 struct guest_ptr sent, bool headers_count)
{
	struct transfer t = {.socket = socket};
	struct freebsd_sf_hdtr parts = {0};
	long r;

	if (offset < 0)
		return -EINVAL;
	if (!is_null(extra) && copy_in(&parts, extra, sizeof parts) < 0)
		return -EFAULT;
	if (parts.hdr_cnt < 0 || parts.trl_cnt < 0 || parts.hdr_cnt > FREEBSD_UIO_MAXIOV ||
	    parts.trl_cnt > FREEBSD_UIO_MAXIOV)
		return -EINVAL;
	r = check_sendfile(fd, socket);
	if (r == 0 && parts.headers)
		r = send_parts(&t, parts.headers, parts.hdr_cnt);
	if (r == 0 && headers_count && n)
		n = n > t.sent ? n - t.sent : 0;
	if (r == 0 && !(headers_count && n == 0 && t.sent))
		r = send_file(&t, fd, offset, n);
	if (r == 0 && parts.trailers)
		r = send_parts(&t, parts.trailers, parts.trl_cnt);
	if (r == -EINTR)
		return r;
	if (!is_null(sent) && store_u64(sent, t.sent) < 0)
		return -EFAULT;
	return r;
}

long
freebsd_sendfile(struct call *c, int32_t f, int32_t s, int64_t offset, uint64_t n,
		 struct guest_ptr extra, struct guest_ptr sent, uint32_t flags)
{
	(void)c;
	(void)flags; /* advice, all of it */
	return sendfile(f, s, offset, n, extra, sent, false);
}

long
freebsd4_sendfile(struct call *c, int32_t f, int32_t s, int64_t offset, uint64_t n,
		  struct guest_ptr extra, struct guest_ptr sent, uint32_t flags)
{
	(void)c;
	(void)flags;
	return sendfile(f, s, offset, n, extra, sent, true);
}

/* ---- copy_file_range ---- */

/* -EBADF for what is not open, or opened only the way it is not to be used. */
static long
check_access(int fd, long not_only)
{
	long flags = core_call(__NR_fcntl, fd, F_GETFL, 0);

	if (flags < 0)
		return flags;
	return (flags & O_ACCMODE) == not_only || flags & O_PATH ? -EBADF : 0;
}

static long
read_offset(struct guest_ptr from, int64_t *offset, int64_t **use)
{
	*use = 0;
	if (is_null(from))
		return 0;
	*use = offset;
	return load_u64((uint64_t *)offset, from);
}

/* By hand, for pairs of file systems that the host does not copy between. */
static long
copy_by_hand(int from, int64_t *from_at, int to, int64_t *to_at, uint64_t n)
{
	char bytes[8192];
	int64_t at = from_at ? *from_at : core_call(__NR_lseek, from, 0, SEEK_CUR);
	int64_t out = to_at ? *to_at : core_call(__NR_lseek, to, 0, SEEK_CUR);
	long got = core_call(__NR_pread64, from, bytes, n < sizeof bytes ? n : sizeof bytes, at), r;

	if (got <= 0)
		return got;
	r = core_call(__NR_pwrite64, to, bytes, got, out);
	if (r <= 0)
		return r;
	if (from_at)
		*from_at += r;
	else
		core_call(__NR_lseek, from, at + r, SEEK_SET);
	if (to_at)
		*to_at += r;
	else
		core_call(__NR_lseek, to, out + r, SEEK_SET);
	return r;
}

long
freebsd_copy_file_range(struct call *c, int32_t from, struct guest_ptr fromoffset, int32_t to,
			struct guest_ptr tooffset, uint64_t n, uint32_t flags)
{
	int64_t from_at, to_at, *in, *out;
	long r;

	(void)c;
	if (read_offset(fromoffset, &from_at, &in) < 0 || read_offset(tooffset, &to_at, &out) < 0)
		return -EFAULT;
	if (flags)
		return -EINVAL;
	r = check_access(from, O_WRONLY);
	if (r == 0)
		r = check_access(to, O_RDONLY);
	if (r < 0)
		return r;
	if (n > 0x7ffff000)
		n = 0x7ffff000;
	r = host_call(__NR_copy_file_range, from, in, to, out, n, 0);
	if (r == -EXDEV || r == -EOPNOTSUPP || r == -ENOSYS)
		r = copy_by_hand(from, in, to, out, n);
	if (r <= 0)
		return r;
	if (in && store_u64(fromoffset, (uint64_t)from_at) < 0)
		return -EFAULT;
	return out && store_u64(tooffset, (uint64_t)to_at) < 0 ? -EFAULT : r;
}

/* ---- fspacectl ---- */

struct freebsd_spacectl_range {
	int64_t offset, len;
};

/* SPACECTL_DEALLOC, the only command: a hole, clipped to the file (fspacectl(2)). */
long
freebsd_fspacectl(struct call *c, int32_t f, int32_t command, struct guest_ptr range, int32_t flags,
		  struct guest_ptr left)
{
	struct freebsd_spacectl_range r, rest = {0};
	struct statx st;
	long e = copy_in(&r, range, sizeof r);

	(void)c;
	if (e < 0)
		return e;
	if (command != FREEBSD_SPACECTL_DEALLOC || flags || r.offset < 0 || r.len <= 0)
		return -EINVAL;
	if (r.len > INT64_MAX - r.offset)
		r.len = INT64_MAX - r.offset;
	e = host_call(__NR_statx, f, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st);
	if (e < 0)
		return e;
	if ((st.stx_mode & S_IFMT) != S_IFREG)
		return -ENODEV;
	if (r.offset < (int64_t)st.stx_size) {
		if (r.len > (int64_t)st.stx_size - r.offset)
			r.len = (int64_t)st.stx_size - r.offset;
		e = host_call(__NR_fallocate, f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      r.offset, r.len);
		rest.offset = r.offset + r.len;
	} else {
		rest.offset = r.offset;
	}
	if (e < 0)
		return e;
	return is_null(left) ? 0 : copy_out(left, &rest, sizeof rest);
}
