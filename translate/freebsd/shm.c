/*
 * shm_open2(2) and its kin (kern/uipc_shm.c). Objects are files of a folder of this
 * user's in /dev/shm; names start with a slash and may hold more of them, which are
 * written %2f there. SHM_ANON is a memfd.
 */
#include "files.h"

#include "core/linux_abi.h"
#include "core/print.h"
#include "core/string.h"

#include <linux/memfd.h>
#include <linux/stat.h>

#define SHM_ANON 1

/* "/dev/shm/dragoman-UID/" and the name; made if it is not there. */
struct shm_path {
	char text[300];
};

static long
shm_folder(struct shm_path *p)
{
	format(p->text, sizeof p->text, "/dev/shm/dragoman-%u", (unsigned)core_call(__NR_geteuid));
	core_call(__NR_mkdir, p->text, 0700);
	return (long)strlen(p->text);
}

static long
shm_path(struct call *c, struct guest_ptr name, struct shm_path *p)
{
	char text[1024];
	long r = copy_in_string(text, name, c->abi->path_max);
	size_t n;

	if (r < 0)
		return r;
	if (text[0] != '/')
		return -EINVAL;
	n = (size_t)shm_folder(p);
	p->text[n++] = '/';
	for (const char *s = text + 1; *s; s++) {
		if (n + 4 > sizeof p->text)
			return -ENAMETOOLONG;
		if (*s == '/' || *s == '%' || (*s == '.' && s == text + 1))
			n += format(p->text + n, 4, "%%%02x", (unsigned)*s);
		else
			p->text[n++] = *s;
	}
	p->text[n] = 0;
	return text[1] ? 0 : -EINVAL;
}

/* Its access bits are the mode's, less the umask. */
static long
open_anonymous(uint32_t how, unsigned mode, uint32_t flags)
{
	unsigned host = MFD_CLOEXEC | (flags & FREEBSD_SHM_ALLOW_SEALING ? MFD_ALLOW_SEALING : 0);
	long fd, mask;

	/* It could never be given a size. */
	if ((how & FREEBSD_O_ACCMODE) == FREEBSD_O_RDONLY)
		return -EINVAL;
	fd = host_call(__NR_memfd_create, "shm", host);
	if (fd < 0)
		return fd;
	mask = core_call(__NR_umask, 0);
	core_call(__NR_umask, mask);
	core_call(__NR_fchmod, fd, mode & 0777 & ~(unsigned)mask);
	if (!(how & FREEBSD_O_CLOEXEC))
		core_call(__NR_fcntl, fd, F_SETFD, 0);
	return fd;
}

long
freebsd_shm_open2(struct call *c, struct guest_ptr name, uint32_t how, uint16_t mode,
		  uint32_t flags, struct guest_ptr label)
{
	const uint32_t known = FREEBSD_O_ACCMODE | FREEBSD_O_CREAT | FREEBSD_O_EXCL |
			       FREEBSD_O_TRUNC | FREEBSD_O_CLOEXEC;
	struct shm_path path;
	long host, r;

	(void)label; /* a name for procstat(1) */
	if (how & ~known || (how & FREEBSD_O_ACCMODE) == FREEBSD_O_WRONLY ||
	    (how & FREEBSD_O_ACCMODE) == FREEBSD_O_ACCMODE)
		return -EINVAL;
	if (flags_to_host(&freebsd_shm_flags, flags) < 0)
		return -EINVAL;
	if (name.addr == SHM_ANON)
		return open_anonymous(how, mode, flags);
	r = shm_path(c, name, &path);
	if (r < 0)
		return r;
	host = flags_to_host(&freebsd_oflags, how);
	return host_call(__NR_openat, AT_FDCWD, path.text, host | O_NOFOLLOW, mode & 0777);
}

long
freebsd12_shm_open(struct call *c, struct guest_ptr name, uint32_t how, uint16_t mode)
{
	return freebsd_shm_open2(c, name, how | FREEBSD_O_CLOEXEC, mode, 0, guest(0));
}

long
freebsd_shm_unlink(struct call *c, struct guest_ptr name)
{
	struct shm_path path;
	long r = shm_path(c, name, &path);

	return r < 0 ? r : host_call(__NR_unlink, path.text);
}

long
freebsd_shm_rename(struct call *c, struct guest_ptr from, struct guest_ptr to, uint32_t flags)
{
	long host = flags_to_host(&freebsd_shm_rename_flags, flags), r;
	struct shm_path old, new;

	if (host < 0 ||
	    (flags & FREEBSD_SHM_RENAME_NOREPLACE && flags & FREEBSD_SHM_RENAME_EXCHANGE))
		return -EINVAL;
	r = shm_path(c, from, &old);
	if (r == 0)
		r = shm_path(c, to, &new);
	return r < 0 ? r : host_call(__NR_renameat2, AT_FDCWD, old.text, AT_FDCWD, new.text, host);
}
