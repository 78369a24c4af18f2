/*
 * Files that were opened without O_LARGEFILE. The host opens every file of a 64-bit process with it
 * (force_o_largefile()), so which descriptors a 64-bit kernel would have opened without it for a 32-bit program
 * is kept here, with what follows from it: EOVERFLOW for a file that is too large already
 * (generic_file_open()), writes that end at 2 GiB (generic_write_check_limits()), and F_GETFL.
 *
 * It is kept in a table of descriptors' numbers. Where others get a descriptor (a program by exec, a process by a
 * message) the host's open file goes with it, and that has one word which says nothing of a regular file: the signal
 * for asynchronous I/O (F_SETSIG), which only leases use. A signal that nobody chooses for that is the mark; in a
 * table that knows nothing of a number yet, its file is asked. What is no regular file is not marked.
 */
#include "linux_i386.h"

#include <asm/stat.h>
#include <linux/uio.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/last.h"
#include "core/layout.h"
#include "core/path.h"
#include "core/process.h"

#define LARGEST INT64_C(0x7fffffff)	/* MAX_NON_LFS (linux/fs.h) */
#define NUMBERS 65536
#define VECTOR_MAX 1024			/* UIO_MAXIOV */

enum kind {
	UNTOLD,		/* the file tells: nobody's, inherited over exec, received, or opened with O_LARGEFILE */
	LARGE,
	SMALL,		/* without, but of no regular file: nothing of this kind is ever too large */
	SMALL_FILE,
};
static uint8_t kinds[NUMBERS] BULKY;
static int end_of_small;	/* no small file is at this number or above */

#define MARK SIGWINCH

static enum kind
kind_told(int fd)
{
	return fd >= 0 && fd < NUMBERS ? __atomic_load_n(&kinds[fd], __ATOMIC_RELAXED) : LARGE;
}

static void
tell(int fd, enum kind kind)
{
	if (fd < 0 || fd >= NUMBERS || kind_told(fd) == kind)
		return;
	__atomic_store_n(&kinds[fd], (uint8_t)kind, __ATOMIC_RELAXED);
	if (kind == SMALL_FILE && fd >= __atomic_load_n(&end_of_small, __ATOMIC_RELAXED))
		__atomic_store_n(&end_of_small, fd + 1, __ATOMIC_RELAXED);
}

static enum kind
kind_by_mark(int fd)
{
	long r = core_call(__NR_fcntl, fd, F_GETSIG);

	return r < 0 ? UNTOLD : r == MARK ? SMALL_FILE : LARGE;
}

static void
set_mark(int fd)
{
	/* One that the guest has set is not overwritten. */
	if (core_call(__NR_fcntl, fd, F_GETSIG) == 0)
		core_call(__NR_fcntl, fd, F_SETSIG, MARK);
}

static void
clear_mark(int fd)
{
	if (kind_by_mark(fd) == SMALL_FILE)
		core_call(__NR_fcntl, fd, F_SETSIG, 0);
}

void
linux_i386_mark_small_file(int32_t f)
{
	if (kind_told(f) == SMALL_FILE)
		set_mark(f);
}

void
linux_i386_mark_small_files(const struct process *p)
{
	if (p->is_vfork_child)
		return;
	for (int fd = 0; fd < __atomic_load_n(&end_of_small, __ATOMIC_RELAXED); fd++)
		linux_i386_mark_small_file(fd);
}

/* vfork's child has descriptors of its own, but its parent's memory: it goes by the marks alone. */
static enum kind
kind_of(const struct call *c, int fd)
{
	enum kind kind = kind_told(fd);

	if (c->p->is_vfork_child)
		return kind_by_mark(fd);
	if (kind == UNTOLD) {
		kind = kind_by_mark(fd);
		tell(fd, kind);
	}
	return kind;
}

static bool
is_limited(const struct call *c, int fd)
{
	return kind_of(c, fd) == SMALL_FILE;
}

static void
opened(const struct call *c, long fd, enum kind kind)
{
	if (!c->p->is_vfork_child)
		tell((int)fd, kind);
	else if (kind == SMALL_FILE)
		set_mark((int)fd);
}

static void
closed(const struct call *c, int fd)
{
	if (!c->p->is_vfork_child)
		tell(fd, UNTOLD);
}

/* `to`, if that is an answer without error, is another descriptor of the same file. */
static long
copied(const struct call *c, int32_t from, long to)
{
	if (to >= 0 && !c->p->is_vfork_child)
		tell((int)to, kind_told(from));
	return to;
}

/* ---- open ---- */

static bool
is_too_large(const struct stat *st)
{
	return (st->st_mode & S_IFMT) == S_IFREG && (int64_t)st->st_size > LARGEST;
}

static enum kind
kind_opened(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFBLK:	/* blkdev_open() allows it in any case */
		return LARGE;
	case S_IFREG:
		return SMALL_FILE;
	default:
		return SMALL;
	}
}

/* A file that would be too large must not be truncated, but what else is wrong with it comes first. */
static uint32_t
without_truncation(struct call *c, int32_t dir, struct guest_ptr file, uint32_t how)
{
	struct host_path path;
	struct stat st;

	if (!(how & O_TRUNC) || path_for_at(c, dir, file, path_use_of_open(how), &path) < 0 ||
	    host_call(__NR_newfstatat, dir, path.name, &st, 0) < 0 || !is_too_large(&st))
		return how;
	return how & ~(uint32_t)O_TRUNC;
}

long
linux_i386_openat(struct call *c, int32_t dir, struct guest_ptr file, uint32_t how, uint16_t mode)
{
	struct stat st;
	long fd;

	if (how & (O_LARGEFILE | O_PATH))
		return linux_openat(c, dir, file, how, mode);
	fd = linux_open_file(c, dir, file, without_truncation(c, dir, file, how), mode);
	if (fd < 0 || core_call(__NR_fstat, fd, &st) < 0)
		return fd;
	if (is_too_large(&st)) {
		core_call(__NR_close, fd);
		return -EOVERFLOW;
	}
	opened(c, fd, kind_opened(&st));
	return fd;
}

long
linux_i386_open(struct call *c, struct guest_ptr file, uint32_t how, uint16_t mode)
{
	return linux_i386_openat(c, AT_FDCWD, file, how, mode);
}

/* ---- descriptors ---- */

long
linux_i386_close(struct call *c, int32_t f)
{
	closed(c, f);
	return linux_close(c, f);
}

long
linux_i386_close_range(struct call *c, uint32_t first, uint32_t last, uint32_t how)
{
	long r = linux_close_range(c, first, last, how);

	if (r == 0 && !(how & CLOSE_RANGE_CLOEXEC))
		for (uint32_t f = first; f <= last && f < NUMBERS; f++)
			closed(c, (int)f);
	return r;
}

long
linux_i386_dup(struct call *c, int32_t f)
{
	return copied(c, f, host_call(__NR_dup, f));
}

long
linux_i386_dup2(struct call *c, int32_t from, int32_t to)
{
	return copied(c, from, linux_dup2(c, from, to));
}

long
linux_i386_dup3(struct call *c, int32_t from, int32_t to, uint32_t how)
{
	return copied(c, from, linux_dup3(c, from, to, how));
}

long
linux_i386_fcntl_of_files(struct call *c, int32_t f, int32_t command, uint64_t data)
{
	long r;

	/* What is told from now on is told by the table. */
	if ((command == F_SETSIG || command == F_SETLEASE) && is_limited(c, f))
		clear_mark(f);
	r = host_call(__NR_fcntl, f, command, data);
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return copied(c, f, r);
	case F_GETFL:
		return r >= 0 && kind_of(c, f) >= SMALL ? r & ~(long)O_LARGEFILE : r;
	case F_GETSIG:
		return r == MARK && is_limited(c, f) ? 0 : r;
	default:
		return r;
	}
}

/* ---- writing ---- */

#define AT_POSITION INT64_C(-1)

/* How many of n bytes at `at`, which are too many, a file takes within its limits; or -EFBIG. */
static long
room_at_end(int64_t at, uint64_t n)
{
	struct { uint64_t now, most; } limit;

	if (core_call(__NR_prlimit64, 0, RLIMIT_FSIZE, 0, &limit) < 0 || (uint64_t)at >= limit.now)
		return (long)n;
	return at >= LARGEST ? -EFBIG : LARGEST - at;
}

/*
 * How many of n bytes may be written at `at`, or -EFBIG. What the host refuses anyway is left to it. Far from the
 * limit, where nearly all files are, that takes as few host calls as can be.
 */
static long
room_for(const struct call *c, int f, int64_t at, bool appends, uint64_t n)
{
	struct stat st;
	long flags;

	if (!is_limited(c, f) || n == 0 || at < AT_POSITION)
		return (long)n;
	flags = core_call(__NR_fcntl, f, F_GETFL);
	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return (long)n;
	if (appends || flags & O_APPEND)
		at = core_call(__NR_fstat, f, &st) < 0 ? -1 : (int64_t)st.st_size;
	else if (at == AT_POSITION)
		at = core_call(__NR_lseek, f, 0, SEEK_CUR);
	if (at < 0 || (at <= LARGEST && n <= (uint64_t)(LARGEST - at)))
		return (long)n;
	return room_at_end(at, n);
}

long
linux_i386_write(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n)
{
	long room;

	if (!is_limited(c, f))
		return host_call_last(__NR_write, f, buf.addr, n);
	room = room_for(c, f, AT_POSITION, false, n);
	return room < 0 ? room : host_call(__NR_write, f, buf.addr, room);
}

long
linux_i386_pwrite64(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n, int64_t offset)
{
	long room;

	if (!is_limited(c, f) || offset < 0)
		return host_call_last(__NR_pwrite64, f, buf.addr, n, offset);
	room = room_for(c, f, offset, false, n);
	return room < 0 ? room : host_call(__NR_pwrite64, f, buf.addr, room, offset);
}

/* The vector in the host's form, in v, cut to what may be written. 0 or -errno; convert_end() in any case. */
static long
vector_in(const struct call *c, struct converted *v, int f, struct guest_ptr vector, uint64_t n, int64_t at, bool appends)
{
	long r = n > VECTOR_MAX ? -EINVAL : convert_begin(v, &linux_i386_iovec_map, vector, n, CONVERT_IN), room;
	struct iovec *part = v->host;
	uint64_t all = 0;

	if (r < 0 || !is_limited(c, f) || v->host == UNREADABLE)
		return r;
	for (uint64_t i = 0; i < n; i++) {
		if ((int64_t)part[i].iov_len < 0)	/* the host refuses the vector */
			return 0;
		all += part[i].iov_len;
	}
	room = room_for(c, f, at, appends, all);
	for (uint64_t i = 0; room >= 0 && i < n; i++) {
		if (part[i].iov_len > (uint64_t)room)
			part[i].iov_len = (uint64_t)room;
		room -= (long)part[i].iov_len;
	}
	return room < 0 ? room : 0;
}

long
linux_i386_writev(struct call *c, int32_t f, struct guest_ptr vector, uint64_t n)
{
	struct converted v;
	long r = vector_in(c, convert_none(&v), f, vector, n, AT_POSITION, false);

	if (r == 0)
		r = host_call(__NR_writev, f, v.host, n);
	return convert_end(&v, 1, r);
}

long
linux_i386_pwritev(struct call *c, int32_t f, struct guest_ptr vector, uint64_t n, int64_t offset)
{
	struct converted v;
	long r = vector_in(c, convert_none(&v), f, vector, n, offset < 0 ? INT64_MIN : offset, false);

	if (r == 0)
		r = host_call(__NR_pwritev, f, v.host, n, offset, 0);
	return convert_end(&v, 1, r);
}

long
linux_i386_pwritev2(struct call *c, int32_t f, struct guest_ptr vector, uint64_t n, int64_t offset, uint32_t how)
{
	struct converted v;
	long r = vector_in(c, convert_none(&v), f, vector, n, offset, how & RWF_APPEND);

	if (r == 0)
		r = host_call(__NR_pwritev2, f, v.host, n, offset, 0, how);
	return convert_end(&v, 1, r);
}

/* A 64-bit kernel's call for 32-bit programs is its own ftruncate(), which has the limit (ksys_ftruncate()). */
long
linux_i386_ftruncate64(struct call *c, int32_t f, int64_t n)
{
	return n > LARGEST && is_limited(c, f) ? -EINVAL : host_call_last(__NR_ftruncate, f, n);
}

/* ---- from file to file ---- */

long
linux_i386_sendfile(struct call *c, int32_t to, int32_t from, struct guest_ptr offset, uint64_t n)
{
	long room = room_for(c, to, AT_POSITION, false, n), r;
	uint32_t word;
	int64_t at;

	if (is_null(offset))
		return room < 0 ? room : host_call_last(__NR_sendfile, to, from, 0, room);
	if (load_u32(&word, offset) < 0)
		return -EFAULT;
	at = (int32_t)word;
	r = room < 0 ? room : host_call(__NR_sendfile, to, from, &at, room);
	return store_u32(offset, (uint32_t)at) < 0 ? -EFAULT : r;
}

long
linux_i386_sendfile64(struct call *c, int32_t to, int32_t from, struct guest_ptr offset, uint64_t n)
{
	long room = room_for(c, to, AT_POSITION, false, n);

	return room < 0 ? room : host_call_last(__NR_sendfile, to, from, offset.addr, room);
}

/* Where splice(2) and copy_file_range(2) write. */
static int64_t
place(struct guest_ptr offset)
{
	uint64_t at;

	if (is_null(offset))
		return AT_POSITION;
	return load_u64(&at, offset) < 0 || (int64_t)at < 0 ? INT64_MIN : (int64_t)at;
}

/* An offset's address as the host call is given it. */
static uint64_t
given(struct guest_ptr offset)
{
	uint64_t at;

	return is_null(offset) || load_u64(&at, offset) == 0 ? offset.addr : (uintptr_t)UNREADABLE;
}

/* How many bytes; what is wrong with an offset is for the host to say, and comes before a file that is full. */
static long
room_between(const struct call *c, uint64_t fromoffset, int32_t to, struct guest_ptr tooffset, uint64_t n)
{
	return fromoffset == (uintptr_t)UNREADABLE ? (long)n : room_for(c, to, place(tooffset), false, n);
}

long
linux_i386_splice(struct call *c, int32_t from, struct guest_ptr fromoffset, int32_t to, struct guest_ptr tooffset,
		  uint64_t n, uint32_t how)
{
	uint64_t in = given(fromoffset), out = given(tooffset);
	long room = room_between(c, in, to, tooffset, n);

	return room < 0 ? room : host_call_last(__NR_splice, from, in, to, out, room, how);
}

long
linux_i386_copy_file_range(struct call *c, int32_t from, struct guest_ptr fromoffset, int32_t to,
			   struct guest_ptr tooffset, uint64_t n, uint32_t how)
{
	uint64_t in = given(fromoffset), out = given(tooffset);
	long room = room_between(c, in, to, tooffset, n);

	return room < 0 ? room : host_call_last(__NR_copy_file_range, from, in, to, out, room, how);
}
