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
#include "core/print.h"
#include "core/string.h"

#define PAGE 4096
#define MAX_LINE 256

/* A line of /proc/self/maps: from-to perms offset major:minor inode. */
struct mapping {
	uint64_t from, to, offset, major, minor, inode;
	bool shared;
};

static unsigned
digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return (unsigned)(ch - '0');
	return ch >= 'a' && ch <= 'f' ? (unsigned)(ch - 'a') + 10 : 99;
}

static uint64_t
number(const char **at, unsigned base)
{
	uint64_t n = 0;

	for (; digit(**at) < base; (*at)++)
		n = n * base + digit(**at);
	if (**at)
		(*at)++;	/* what ends it */
	return n;
}

static void
parse_line(struct mapping *m, const char *line)
{
	m->from = number(&line, 16);
	m->to = number(&line, 16);
	m->shared = line[0] && line[1] && line[2] && line[3] == 's';
	line += strlen(line) < 5 ? strlen(line) : 5;
	m->offset = number(&line, 16);
	m->major = number(&line, 16);
	m->minor = number(&line, 16);
	m->inode = number(&line, 10);
}

/* The mapping that holds the address; lines may be longer than what is kept of them. */
static bool
find_mapping(uint64_t address, struct mapping *m)
{
	char chunk[1024], line[MAX_LINE + 1];
	long fd = core_call(__NR_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC), n;
	size_t k = 0;
	bool found = false;

	if (fd < 0)
		return false;
	while (!found && (n = core_call(__NR_read, fd, chunk, sizeof chunk)) > 0)
		for (long i = 0; i < n && !found; i++) {
			if (chunk[i] != '\n') {
				if (k < MAX_LINE)
					line[k++] = chunk[i];
				continue;
			}
			line[k] = 0;
			k = 0;
			parse_line(m, line);
			found = address >= m->from && address < m->to;
		}
	core_call(__NR_close, fd);
	return found;
}

static long
name_of(struct call *c, struct guest_ptr at, char *name, size_t size)
{
	struct mapping m;

	if (!guest_range_ok(at, 1) || !find_mapping(at.addr, &m))
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
