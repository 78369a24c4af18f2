/*
 * statfs(2) and getfsstat(2), with today's struct and that of FreeBSD 5 to 11
 * (sys/mount.h; kern/vfs_syscalls.c: kern_statfs(), kern_getfsstat()). Which file
 * systems there are, and their names, is in the host's /proc/self/mountinfo.
 */
#include "files.h"

#include "core/linux_abi.h"
#include "core/string.h"

#include <linux/stat.h>

#define MFSNAMELEN 16
#define MNAMELEN 1024
#define MNAMELEN11 88

struct freebsd_statfs {
	uint32_t version, type;
	uint64_t flags, bsize, iosize, blocks, bfree;
	int64_t bavail;
	uint64_t files;
	int64_t ffree;
	uint64_t syncwrites, asyncwrites, syncreads, asyncreads;
	uint32_t nvnodelistsize, spare0;
	uint64_t spare[9];
	uint32_t namemax, owner;
	int32_t fsid[2];
	char charspare[80], fstypename[MFSNAMELEN], mntfromname[MNAMELEN], mntonname[MNAMELEN];
};
_Static_assert(sizeof(struct freebsd_statfs) == 2344, "sys/mount.h");
#define STATFS_VERSION 0x20140518

struct freebsd11_statfs {
	uint32_t version, type;
	uint64_t flags, bsize, iosize, blocks, bfree;
	int64_t bavail;
	uint64_t files;
	int64_t ffree;
	uint64_t syncwrites, asyncwrites, syncreads, asyncreads;
	uint64_t spare[10];
	uint32_t namemax, owner;
	int32_t fsid[2];
	char charspare[80], fstypename[MFSNAMELEN], mntfromname[MNAMELEN11], mntonname[MNAMELEN11];
};
_Static_assert(sizeof(struct freebsd11_statfs) == 472, "sys/mount.h");
#define FREEBSD11_STATFS_VERSION 0x20030518

struct host_statfs { /* struct statfs of asm-generic/statfs.h */
	int64_t type, bsize;
	uint64_t blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	int64_t namelen, frsize, flags, spare[4];
};
_Static_assert(sizeof(struct host_statfs) == 120, "asm-generic/statfs.h");

/* include/linux/statfs.h */
enum { ST_RDONLY = 1, ST_NOSUID = 2, ST_NOEXEC = 8, ST_SYNCHRONOUS = 16, ST_NOATIME = 1024 };

static uint64_t
mount_flags(int64_t host, const char *fstypename)
{
	uint64_t flags = 0;

	if (host & ST_RDONLY)
		flags |= FREEBSD_MNT_RDONLY;
	if (host & ST_NOSUID)
		flags |= FREEBSD_MNT_NOSUID;
	if (host & ST_NOEXEC)
		flags |= FREEBSD_MNT_NOEXEC;
	if (host & ST_SYNCHRONOUS)
		flags |= FREEBSD_MNT_SYNCHRONOUS;
	if (host & ST_NOATIME)
		flags |= FREEBSD_MNT_NOATIME;
	if (strcmp(fstypename, "nfs") != 0 && strcmp(fstypename, "smbfs") != 0)
		flags |= FREEBSD_MNT_LOCAL;
	return flags;
}

/* ---- /proc/self/mountinfo (proc(5)) ---- */

struct mount {
	uint64_t id;
	char *on, *from, *type; /* in the line */
};

struct mounts {
	int fd;
	size_t have, at;
	bool at_end;
	char text[8192];
};

/* Cuts the word at *p off; what follows it is the next *p. */
static char *
next_word(char **p)
{
	char *word = *p, *end = strchr(word, ' ');

	if (end) {
		*end = 0;
		*p = end + 1;
	} else {
		*p = word + strlen(word);
	}
	return word;
}

/* Octal escapes stand for blanks and the like. */
static void
unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = 0;
}

/* "36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool
parse_mount(char *line, struct mount *m)
{
	char *p = line, *id = next_word(&p);

	for (m->id = 0; *id >= '0' && *id <= '9'; id++)
		m->id = m->id * 10 + (uint64_t)(*id - '0');
	for (int skipped = 0; skipped < 3; skipped++)
		next_word(&p);
	m->on = next_word(&p);
	while (*p && strcmp(next_word(&p), "-") != 0)
		;
	m->type = next_word(&p);
	m->from = next_word(&p);
	unescape(m->on);
	unescape(m->from);
	return m->on[0] == '/' && m->type[0];
}

/* The next line, ended by a NUL, or NULL. A line longer than the buffer ends the list. */
static char *
next_line(struct mounts *f)
{
	for (;;) {
		char *line = f->text + f->at,
		     *end = line < f->text + f->have ? strchr(line, '\n') : 0;
		long n;

		if (end) {
			*end = 0;
			f->at = (size_t)(end - f->text) + 1;
			return line;
		}
		memmove(f->text, line, f->have - f->at);
		f->have -= f->at;
		f->at = 0;
		n = f->at_end ? 0
			      : core_call(__NR_read, f->fd, f->text + f->have,
					  sizeof f->text - 1 - f->have);
		if (n <= 0)
			return 0;
		f->have += (size_t)n;
		f->text[f->have] = 0;
	}
}

static bool
next_mount(struct mounts *f, struct mount *m)
{
	char *line;

	while ((line = next_line(f)))
		if (parse_mount(line, m))
			return true;
	return false;
}

static bool
open_mounts(struct mounts *f)
{
	long fd = core_call(__NR_openat, AT_FDCWD, "/proc/self/mountinfo", O_RDONLY | O_CLOEXEC, 0);

	f->fd = (int)fd;
	f->have = f->at = 0;
	f->at_end = false;
	f->text[0] = 0;
	return fd >= 0;
}

static void
close_mounts(struct mounts *f)
{
	core_call(__NR_close, f->fd);
}

/* ---- one file system ---- */

/* As FreeBSD calls the file system, where it has it. */
static const char *
type_name(const char *host)
{
	static const char *const names[][2] = {
		{"ext2", "ext2fs"},	{"ext3", "ext2fs"},    {"ext4", "ext2fs"},
		{"proc", "procfs"},	{"devtmpfs", "devfs"}, {"vfat", "msdosfs"},
		{"iso9660", "cd9660"},	{"nfs4", "nfs"},       {"cifs", "smbfs"},
		{"overlay", "unionfs"},
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i][0], host) == 0)
			return names[i][1];
	return host;
}

static void
set_numbers(struct freebsd_statfs *to, const struct host_statfs *h)
{
	*to = (struct freebsd_statfs){
		.version = STATFS_VERSION,
		.type = (uint32_t)h->type & 0xff,
		.bsize = (uint64_t)(h->frsize ? h->frsize : h->bsize),
		.iosize = (uint64_t)h->bsize,
		.blocks = h->blocks,
		.bfree = h->bfree,
		.bavail = (int64_t)h->bavail,
		.files = h->files,
		.ffree = (int64_t)h->ffree,
		.namemax = (uint32_t)h->namelen,
		.fsid = {h->fsid[0], h->fsid[1]},
	};
}

static void
set_names(struct freebsd_statfs *to, const struct mount *m, int64_t host_flags)
{
	strlcpy(to->fstypename, type_name(m->type), sizeof to->fstypename);
	strlcpy(to->mntfromname, m->from, sizeof to->mntfromname);
	path_to_guest(m->on);
	strlcpy(to->mntonname, m->on, sizeof to->mntonname);
	to->flags = mount_flags(host_flags, to->fstypename);
	if (strcmp(to->mntonname, "/") == 0)
		to->flags |= FREEBSD_MNT_ROOTFS;
}

/* Under chroot(2) the mount that the root lies in is not in the list. */
static bool
is_mount_of_root(uint64_t id)
{
	struct statx st = {0};

	core_call(__NR_statx, AT_FDCWD, "/", 0, STATX_MNT_ID, &st);
	return st.stx_mask & STATX_MNT_ID && st.stx_mnt_id == id;
}

/* The names of the mount with this id; a descriptor of no mount (a pipe's) has none. */
static void
find_names(struct freebsd_statfs *to, uint64_t id, int64_t host_flags)
{
	char nothing[] = "", unknown[] = "unknown", root[] = "/";
	struct mounts f;
	struct mount m;
	bool found = false;

	if (open_mounts(&f)) {
		while (!found && next_mount(&f, &m))
			found = m.id == id;
		close_mounts(&f);
	}
	if (!found)
		m = (struct mount){.on = is_mount_of_root(id) ? root : nothing,
				   .from = nothing,
				   .type = unknown};
	set_names(to, &m, host_flags);
}

static long
statfs_descriptor(int fd, struct freebsd_statfs *to)
{
	struct host_statfs h;
	struct statx st = {0};
	long r = host_call(__NR_fstatfs, fd, &h);

	if (r < 0)
		return r;
	set_numbers(to, &h);
	core_call(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st);
	find_names(to, st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0, h.flags);
	return 0;
}

static long
statfs_path(struct call *c, struct guest_ptr file, struct freebsd_statfs *to)
{
	struct host_path path;
	long r = path_to_host(c, file, &path), fd;

	if (r < 0)
		return r;
	fd = host_call(__NR_openat, AT_FDCWD, path.name, O_PATH | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	r = statfs_descriptor((int)fd, to);
	core_call(__NR_close, fd);
	return r;
}

/* Names are cut, and sizes beyond a long too (freebsd11_cvtstatfs()). */
static void
statfs11_to_guest(struct freebsd11_statfs *to, const struct freebsd_statfs *from)
{
	*to = (struct freebsd11_statfs){
		.version = FREEBSD11_STATFS_VERSION,
		.type = from->type,
		.flags = from->flags,
		.bsize = from->bsize,
		.iosize = from->iosize,
		.blocks = from->blocks,
		.bfree = from->bfree,
		.bavail = from->bavail,
		.files = from->files,
		.ffree = from->ffree,
		.namemax = from->namemax,
		.owner = from->owner,
		.fsid = {from->fsid[0], from->fsid[1]},
	};
	memcpy(to->fstypename, from->fstypename, sizeof to->fstypename);
	strlcpy(to->mntfromname, from->mntfromname, sizeof to->mntfromname);
	strlcpy(to->mntonname, from->mntonname, sizeof to->mntonname);
}

static long
give(struct guest_ptr buf, const struct freebsd_statfs *fs, bool is_old)
{
	struct freebsd11_statfs old;

	if (!is_old)
		return copy_out(buf, fs, sizeof *fs);
	statfs11_to_guest(&old, fs);
	return copy_out(buf, &old, sizeof old);
}

long
freebsd_statfs(struct call *c, struct guest_ptr file, struct guest_ptr buf)
{
	struct freebsd_statfs fs;
	long r = statfs_path(c, file, &fs);

	return r < 0 ? r : give(buf, &fs, false);
}

long
freebsd_fstatfs(struct call *c, int32_t f, struct guest_ptr buf)
{
	struct freebsd_statfs fs;
	long r = statfs_descriptor(f, &fs);

	(void)c;
	return r < 0 ? r : give(buf, &fs, false);
}

long
freebsd11_statfs(struct call *c, struct guest_ptr file, struct guest_ptr buf)
{
	struct freebsd_statfs fs;
	long r = statfs_path(c, file, &fs);

	return r < 0 ? r : give(buf, &fs, true);
}

long
freebsd11_fstatfs(struct call *c, int32_t f, struct guest_ptr buf)
{
	struct freebsd_statfs fs;
	long r = statfs_descriptor(f, &fs);

	(void)c;
	return r < 0 ? r : give(buf, &fs, true);
}

/* How many there are; as many as fit in `size` bytes are written. */
static long
list_mounts(struct guest_ptr buf, int64_t size, int32_t how, bool is_old)
{
	size_t each = is_old ? sizeof(struct freebsd11_statfs) : sizeof(struct freebsd_statfs);
	long room = is_null(buf) ? 0 : size / (long)each, n = 0, r = 0;
	struct freebsd_statfs fs;
	struct host_statfs h;
	struct mounts f;
	struct mount m;

	if (how != FREEBSD_MNT_WAIT && how != FREEBSD_MNT_NOWAIT)
		return -EINVAL;
	if (size < 0)
		return -EINVAL;
	if (!open_mounts(&f))
		return 0;
	while (r == 0 && next_mount(&f, &m)) {
		if (core_call(__NR_statfs, m.on, &h) < 0)
			continue;
		if (n < room) {
			set_numbers(&fs, &h);
			set_names(&fs, &m, h.flags);
			r = give(guest_at(buf, (uint64_t)n * each), &fs, is_old);
		}
		n++;
	}
	close_mounts(&f);
	return r < 0 ? r : room && n > room ? room : n;
}

long
freebsd_getfsstat(struct call *c, struct guest_ptr buf, int64_t size, int32_t how)
{
	(void)c;
	return list_mounts(buf, size, how, false);
}

long
freebsd11_getfsstat(struct call *c, struct guest_ptr buf, int64_t size, int32_t how)
{
	(void)c;
	return list_mounts(buf, size, how, true);
}
