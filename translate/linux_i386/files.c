/*
 * Files, where more than a struct differs: locks (fs/fcntl.c, do_compat_fcntl64()), directories
 * (fs/readdir.c), positions.
 */
#include "linux_i386.h"

#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/magic.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/string.h"

/* asm-generic/fcntl.h, for 32-bit programs only: the commands for struct flock64. */
#define F_GETLK64 12
#define F_SETLK64 13
#define F_SETLKW64 14

#define OFF_MAX INT64_C(0x7fffffff)

/* fcntl with a struct flock; what is found must fit in the old one (fixup_compat_flock()). */
static long
lock(int32_t f, int32_t command, const struct struct_map *map, struct guest_ptr at)
{
	struct flock l;
	void *given = copy_in_struct(map, &l, at) < 0 ? UNREADABLE : (void *)&l;
	long r = host_call(__NR_fcntl, f, command, given);

	if (r < 0 || (command != F_GETLK && command != F_OFD_GETLK))
		return r;
	if (map == &linux_i386_flock_map && l.l_len > OFF_MAX)
		l.l_len = OFF_MAX;
	return copy_out_struct(map, at, &l);
}

long
linux_i386_fcntl64(struct call *c, int32_t f, int32_t command, uint64_t data)
{
	switch (command) {
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		return lock(f, command, &linux_i386_flock_map, guest(data));
	case F_GETLK64:
	case F_SETLK64:
	case F_SETLKW64:
		return lock(f, command - F_GETLK64 + F_GETLK, &linux_i386_flock64_map, guest(data));
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock(f, command, &linux_i386_flock64_map, guest(data));
	default:
		return linux_i386_fcntl_of_files(c, f, command, data);
	}
}

/* ---- positions in directories ---- */

/*
 * ext4 makes positions of 63 bits of a name's hash for 64-bit callers, of the first 31 for
 * others (fs/ext4/dir.c, hash2pos()). The host takes us for the former.
 */
#define HASH_SHIFT 32

static uint64_t
position_to_guest(uint64_t position)
{
	return position > UINT32_MAX ? position >> HASH_SHIFT : position;
}

static bool
has_wide_positions(int32_t f)
{
	struct stat st;
	struct statfs fs;

	return core_call(__NR_fstat, f, &st) == 0 && (st.st_mode & S_IFMT) == S_IFDIR &&
	       core_call(__NR_fstatfs, f, &fs) == 0 && fs.f_type == EXT4_SUPER_MAGIC;
}

static long
seek(int32_t f, int64_t offset, int32_t whence)
{
	long r = host_call(__NR_lseek, f, offset, whence);

	if (r > 0 && r == offset && whence == SEEK_SET && offset <= OFF_MAX && has_wide_positions(f))
		return core_call(__NR_lseek, f, offset << HASH_SHIFT, SEEK_SET) < 0 ? -EINVAL : r;
	return r > OFF_MAX && whence == SEEK_CUR && has_wide_positions(f) ? (long)position_to_guest((uint64_t)r) : r;
}

long
linux_i386_lseek(struct call *c, int32_t f, int64_t offset, int32_t whence)
{
	(void)c;
	return seek(f, offset, whence);
}

long
linux_i386_llseek(struct call *c, int32_t f, uint64_t high, uint64_t low, struct guest_ptr result, int32_t whence)
{
	long r = seek(f, (int64_t)(high << 32 | low), whence);

	(void)c;
	return r < 0 ? r : store_u64(result, (uint64_t)r);
}

/* ---- directories ---- */

struct host_dirent {	/* struct linux_dirent64 */
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};
#define HOST_NAME 19

/* struct compat_linux_dirent: the name at 10, the type in the last byte. */
struct old_dirent {
	uint32_t ino, off;
	uint16_t reclen;
};
#define OLD_NAME 10

#define ENTRIES 8192
#define ENTRY_MAX 280	/* a struct linux_dirent64 with the longest name */

static size_t
name_length(const struct host_dirent *d)
{
	return strlen((const char *)d + HOST_NAME);
}

long
linux_i386_getdents64(struct call *c, int32_t f, struct guest_ptr buf, uint32_t n)
{
	long r = host_call(__NR_getdents64, f, buf.addr, n);

	(void)c;
	for (long at = 0; at < r;) {
		struct host_dirent d;
		struct guest_ptr entry = guest_at(buf, (uint64_t)at);

		if (copy_in(&d, entry, HOST_NAME) < 0 || d.reclen == 0)
			return -EFAULT;
		if (d.off > UINT32_MAX && store_u64(guest_at(entry, 8), position_to_guest((uint64_t)d.off)) < 0)
			return -EFAULT;
		at += d.reclen;
	}
	return r;
}

/* One entry in the old form: its length, or -errno. */
static long
put_old_entry(const struct host_dirent *d, struct guest_ptr to, uint64_t room)
{
	struct { struct old_dirent head; char rest[ENTRY_MAX]; } out = {{0, 0, 0}, {0}};
	size_t len = name_length(d), reclen = (OLD_NAME + len + 2 + 3) & ~(size_t)3;

	if (reclen > room)
		return -EINVAL;
	if (d->ino > UINT32_MAX)
		return -EOVERFLOW;
	out.head = (struct old_dirent){(uint32_t)d->ino, (uint32_t)position_to_guest((uint64_t)d->off),
				       (uint16_t)reclen};
	memcpy((char *)&out + OLD_NAME, (const char *)d + HOST_NAME, len);
	((char *)&out)[reclen - 1] = (char)d->type;
	return copy_out(to, &out, reclen) < 0 ? -EFAULT : (long)reclen;
}

/* Entries are shorter than the host's, so that what does not fit is read again later. */
long
linux_i386_getdents(struct call *c, int32_t f, struct guest_ptr buf, uint32_t n)
{
	char entries[ENTRIES] __attribute__((aligned(8)));
	size_t size = n < ENTRY_MAX ? ENTRY_MAX : n < sizeof entries ? n : sizeof entries;
	long start = host_call(__NR_lseek, f, 0, SEEK_CUR), r, done = 0, error = 0;

	(void)c;
	if (start < 0)
		return start == -ESPIPE ? -ENOTDIR : start;
	r = host_call(__NR_getdents64, f, entries, size);
	for (long at = 0; at < r;) {
		const struct host_dirent *d = (const void *)(entries + at);

		error = put_old_entry(d, guest_at(buf, (uint64_t)done), n - (uint64_t)done);
		if (error < 0) {
			core_call(__NR_lseek, f, start, SEEK_SET);
			break;
		}
		done += error;
		start = d->off;
		at += d->reclen;
	}
	return r < 0 ? r : done || error >= 0 ? done : error;
}

/* readdir(2), one entry at a time (fs/readdir.c, old_readdir()): 1, 0 at the end. */
long
linux_i386_readdir(struct call *c, int32_t f, struct guest_ptr buf, uint32_t n)
{
	char entries[2 * ENTRY_MAX] __attribute__((aligned(8)));
	const struct host_dirent *d = (const void *)entries;
	struct { struct old_dirent head; char rest[ENTRY_MAX]; } out = {{0, 0, 0}, {0}};
	long start = host_call(__NR_lseek, f, 0, SEEK_CUR), r;
	size_t len;

	(void)c;
	(void)n;
	if (start < 0)
		return start == -ESPIPE ? -ENOTDIR : start;
	r = host_call(__NR_getdents64, f, entries, sizeof entries);
	if (r <= 0)
		return r;
	len = name_length(d);
	out.head = (struct old_dirent){(uint32_t)d->ino, (uint32_t)position_to_guest((uint64_t)start), (uint16_t)len};
	memcpy((char *)&out + OLD_NAME, (const char *)d + HOST_NAME, len);
	r = d->ino > UINT32_MAX ? -EOVERFLOW : copy_out(buf, &out, OLD_NAME + len + 1);
	core_call(__NR_lseek, f, r < 0 ? start : d->off, SEEK_SET);
	return r < 0 ? r : 1;
}

/* ---- statfs64: the size of the struct is an argument ---- */

long
linux_i386_statfs64(struct call *c, struct guest_ptr file, uint64_t n, struct guest_ptr buf)
{
	struct host_path path;
	struct statfs fs;
	long r;

	if (n != linux_i386_statfs64_map.guest_size)
		return -EINVAL;
	r = path_for(c, file, PATH_FOLLOW, &path);
	if (r == 0)
		r = host_call(__NR_statfs, path.name, &fs);
	return r < 0 ? r : copy_out_struct(&linux_i386_statfs64_map, buf, &fs);
}

long
linux_i386_fstatfs64(struct call *c, int32_t f, uint64_t n, struct guest_ptr buf)
{
	struct statfs fs;
	long r;

	(void)c;
	if (n != linux_i386_statfs64_map.guest_size)
		return -EINVAL;
	r = host_call(__NR_fstatfs, f, &fs);
	return r < 0 ? r : copy_out_struct(&linux_i386_statfs64_map, buf, &fs);
}
