/*
 * flock(2) and the record locks of fcntl(2) (kern/kern_descrip.c: kern_fcntl_freebsd(),
 * sys_flock()).
 */
#include "files.h"

/* sys/fcntl.h; the older form, of F_OGETLK and its kin, ends before sysid. */
struct freebsd_flock {
	int64_t start, len;
	int32_t pid;
	int16_t type, whence;
	int32_t sysid, pad;
};
_Static_assert(sizeof(struct freebsd_flock) == 32, "sys/fcntl.h");
#define OLD_FLOCK_SIZE offsetof(struct freebsd_flock, sysid)

struct host_flock { /* struct flock of asm-generic/fcntl.h */
	int16_t type, whence;
	int64_t start, len;
	int32_t pid;
};
_Static_assert(sizeof(struct host_flock) == 32, "asm-generic/fcntl.h");

static int
type_to_host(int type)
{
	switch (type) {
	case FREEBSD_F_RDLCK:
		return F_RDLCK;
	case FREEBSD_F_WRLCK:
		return F_WRLCK;
	case FREEBSD_F_UNLCK:
		return F_UNLCK;
	}
	return -1;
}

static int16_t
type_to_guest(int type)
{
	return type == F_RDLCK	 ? FREEBSD_F_RDLCK
	       : type == F_WRLCK ? FREEBSD_F_WRLCK
				 : FREEBSD_F_UNLCK;
}

static int
command_to_host(int command)
{
	switch (command) {
	case FREEBSD_F_GETLK:
	case FREEBSD_F_OGETLK:
		return F_GETLK;
	case FREEBSD_F_SETLK:
	case FREEBSD_F_OSETLK:
		return F_SETLK;
	}
	return F_SETLKW;
}

long
freebsd_record_lock(int fd, int command, struct guest_ptr where)
{
	bool is_old = command <= FREEBSD_F_OSETLKW;
	size_t size = is_old ? OLD_FLOCK_SIZE : sizeof(struct freebsd_flock);
	struct freebsd_flock g = {0};
	struct host_flock h;
	long r = copy_in(&g, where, size);

	if (r < 0)
		return r;
	h = (struct host_flock){
		.type = (int16_t)type_to_host(g.type),
		.whence = g.whence,
		.start = g.start,
		.len = g.len,
	};
	if (h.type < 0)
		return check_descriptor(fd) < 0 ? -EBADF : -EINVAL;
	r = host_call(__NR_fcntl, fd, command_to_host(command), &h);
	if (r < 0 || command_to_host(command) != F_GETLK)
		return r;
	if (h.type == F_UNLCK) {
		/* Nothing in the way: only the type changes. */
		g.type = FREEBSD_F_UNLCK;
	} else {
		g = (struct freebsd_flock){
			.start = h.start,
			.len = h.len,
			.pid = h.pid,
			.type = type_to_guest(h.type),
			.whence = h.whence,
		};
	}
	return copy_out(where, &g, size);
}

/* LOCK_UN wins over LOCK_EX, and that over LOCK_SH; a word with none of them is EBADF. */
long
freebsd_flock(struct call *c, int32_t f, uint32_t how)
{
	long r = check_descriptor(f), type;

	(void)c;
	if (r < 0)
		return r;
	if (how & FREEBSD_LOCK_UN)
		type = LOCK_UN;
	else if (how & FREEBSD_LOCK_EX)
		type = LOCK_EX;
	else if (how & FREEBSD_LOCK_SH)
		type = LOCK_SH;
	else
		return -EBADF;
	switch (host_mode(f, "", AT_EMPTY_PATH) & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return host_call(__NR_flock, f, how & FREEBSD_LOCK_NB ? type | LOCK_NB : type);
	}
	return -EOPNOTSUPP;
}
