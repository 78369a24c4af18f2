/*
 * Reading directories, and the current one (sys/dirent.h; kern/vfs_syscalls.c:
 * kern_getdirentries(), freebsd11_kern_getdirentries(); kern/vfs_cache.c).
 */
#include "files.h"

#include "core/core.h"
#include "core/string.h"

struct host_dirent { /* struct linux_dirent64 */
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
} __attribute__((packed));

struct freebsd_dirent {
	uint64_t fileno;
	int64_t off;
	uint16_t reclen;
	uint8_t type, pad0;
	uint16_t namlen, pad1;
	char name[256];
};
_Static_assert(offsetof(struct freebsd_dirent, name) == 24, "sys/dirent.h");

struct freebsd11_dirent {
	uint32_t fileno;
	uint16_t reclen;
	uint8_t type, namlen;
	char name[256];
};
_Static_assert(offsetof(struct freebsd11_dirent, name) == 8, "sys/dirent.h");

/* What is no directory is EINVAL before 15.0 and ENOTDIR since (recorded on 13.2 and 15.1). */
#define FREEBSD_RELEASE_ENOTDIR 1500

/* Go reads 8 KiB at a time; libc 4. */
#define CHUNK 8192

/* Appends one entry at `to`; its length. The types (DT_…) are the same numbers. */
typedef size_t entry_writer(char *to, const struct host_dirent *from);

static size_t
write_entry(char *to, const struct host_dirent *from)
{
	size_t namlen = strlen(from->name);
	size_t reclen = (offsetof(struct freebsd_dirent, name) + namlen + 1 + 7) & ~(size_t)7;
	struct freebsd_dirent *d = (void *)to;

	memset(to, 0, reclen);
	d->fileno = from->ino;
	d->off = from->off;
	d->reclen = (uint16_t)reclen;
	d->type = from->type;
	d->namlen = (uint16_t)namlen;
	memcpy(d->name, from->name, namlen);
	return reclen;
}

static size_t
write_entry11(char *to, const struct host_dirent *from)
{
	size_t namlen = strlen(from->name);
	size_t reclen = (offsetof(struct freebsd11_dirent, name) + namlen + 1 + 3) & ~(size_t)3;
	struct freebsd11_dirent *d = (void *)to;

	memset(to, 0, reclen);
	d->fileno = (uint32_t)from->ino;
	d->reclen = (uint16_t)reclen;
	d->type = from->type;
	d->namlen = (uint8_t)namlen;
	memcpy(d->name, from->name, namlen);
	return reclen;
}

/*
 * Bytes of host entries whose guest form surely fits n bytes. An entry grows by 8
 * bytes at most, and the smallest is 24 long, so a third more is the worst.
 */
static size_t
host_size(size_t n)
{
	size_t size = n >= CHUNK ? CHUNK : n;

	return size / 4 * 3;
}

/* `place` is where the reading began, for *basep. */
static long
read_entries(int fd, struct guest_ptr buf, uint64_t n, entry_writer *write, int64_t *place)
{
	char host[CHUNK] __attribute__((aligned(8))),
		entries[CHUNK + 512] __attribute__((aligned(8)));
	size_t at, to = 0;
	long got;

	*place = core_call(__NR_lseek, fd, 0, SEEK_CUR);
	got = host_call(__NR_getdents64, fd, host, host_size(n));
	if (got == -ENOTDIR && options.release < FREEBSD_RELEASE_ENOTDIR)
		return -EINVAL;
	if (got <= 0)
		return got;
	for (at = 0; at < (size_t)got;) {
		const struct host_dirent *d = (const void *)(host + at);

		to += write(entries + to, d);
		at += d->reclen;
	}
	if (copy_out(buf, entries, to) == 0)
		return (long)to;
	core_call(__NR_lseek, fd, *place, SEEK_SET);
	return -EFAULT;
}

long
freebsd_getdirentries(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n,
		      struct guest_ptr base)
{
	int64_t place;
	long r;

	(void)c;
	if (n > FREEBSD_IOSIZE_MAX)
		return -EINVAL;
	r = read_entries(f, buf, n, write_entry, &place);
	if (r < 0 || is_null(base))
		return r;
	return store_u64(base, (uint64_t)place) < 0 ? -EFAULT : r;
}

long
freebsd11_getdirentries(struct call *c, int32_t f, struct guest_ptr buf, uint32_t n,
			struct guest_ptr base)
{
	int64_t place;
	long r;

	(void)c;
	if (n > INT32_MAX)
		n = INT32_MAX;
	r = read_entries(f, buf, n, write_entry11, &place);
	if (r < 0 || is_null(base))
		return r;
	return store_u64(base, (uint64_t)place) < 0 ? -EFAULT : r;
}

long
freebsd11_getdents(struct call *c, int32_t f, struct guest_ptr buf, uint64_t n)
{
	return freebsd11_getdirentries(c, f, buf, n > INT32_MAX ? INT32_MAX : (uint32_t)n,
				       guest(0));
}

/* realpath(3): the name of what the path leads to (kern___realpathat()). */
long
freebsd___realpathat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr buf,
		     uint64_t n, int32_t flags)
{
	char link[DESCRIPTOR_PATH], name[4096];
	struct host_path path;
	long fd, r;

	if (flags)
		return -EINVAL;
	r = path_for_at(c, dir, file, PATH_FOLLOW, &path);
	if (r < 0)
		return r;
	fd = host_call(__NR_openat, dir, path.name, O_PATH | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	descriptor_path(link, (int)fd);
	r = core_call(__NR_readlink, link, name, sizeof name - 1);
	core_call(__NR_close, fd);
	if (r < 0)
		return r;
	name[r] = 0;
	path_to_guest(name);
	if (n < 2)
		return -EINVAL;
	return strlen(name) + 1 > n ? -ENOMEM : copy_out(buf, name, strlen(name) + 1);
}

/* A buffer too small is ENOMEM, out of which libc's getcwd(3) makes ERANGE; success is 0. */
long
freebsd___getcwd(struct call *c, struct guest_ptr buf, uint64_t n)
{
	char name[4096];
	uint64_t len;
	long r;

	if (n < 2)
		return -EINVAL;
	r = host_call(__NR_getcwd, name, sizeof name);
	if (r < 0)
		return r == -ERANGE ? -ENOMEM : r;
	/* "(unreachable)…": outside the process's root. */
	if (name[0] != '/')
		return -ENOENT;
	path_to_guest(name);
	len = strlen(name) + 1;
	if (len > n || len > c->abi->path_max)
		return -ENOMEM;
	return copy_out(buf, name, len);
}
