/*
 * UMTX_OP_SHM (kern/kern_umtx.c, umtx_shm()): a page for everybody who names the same
 * shared memory, in which libthr keeps what pthread_mutexattr_setpshared() asks for.
 * Here it is a file in /dev/shm whose name is made of the mapping's object and the
 * offset in it; memory that is private gives a name of the process's own.
 */
#include "umtx.h"

#include "core/core.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/mapping.h"
#include "core/print.h"
#include "core/string.h"

#define PAGE 4096

static long
name_of(struct call *c, struct guest_ptr at, char *name, size_t size)
{
	struct mapping m;

	if (!guest_range_ok(at, 1) || !mapping_find(0, at.addr, &m))
		return -EFAULT;
	if (m.shared)
		format(name, size, "/dev/shm/dragoman-umtx-%lx-%lx-%lx-%lx", m.major, m.minor, m.inode,
		       m.offset + (at.addr - m.from));
	else
		format(name, size, "/dev/shm/dragoman-umtx-%d-%lx", c->p->pid, at.addr);
	return 0;
}

static long
make(const char *name)
{
	long fd = core_call(__NR_openat, AT_FDCWD, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0)
		core_call(__NR_ftruncate, fd, PAGE);
	return fd;
}

static long
not_there(long r)
{
	return r == -ENOENT ? -ESRCH : r;
}

long
umtx_op_shm(const struct umtx_call *u)
{
	char name[128];
	long r;

	if (u->value != FREEBSD_UMTX_SHM_CREAT && u->value != FREEBSD_UMTX_SHM_LOOKUP &&
	    u->value != FREEBSD_UMTX_SHM_DESTROY && u->value != FREEBSD_UMTX_SHM_ALIVE)
		return -EINVAL;
	r = name_of(u->c, u->arg, name, sizeof name);
	if (r < 0)
		return r;
	switch (u->value) {
	case FREEBSD_UMTX_SHM_CREAT:
		return make(name);
	case FREEBSD_UMTX_SHM_LOOKUP:
		return not_there(core_call(__NR_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW));
	case FREEBSD_UMTX_SHM_DESTROY:
		return not_there(core_call(__NR_unlinkat, AT_FDCWD, name, 0));
	default:
		return not_there(core_call(__NR_faccessat, AT_FDCWD, name, 0));
	}
}
