/*
 * kern.proc: what processes may ask about themselves and each other (kern/
 * kern_proc.c). Guests are told from the host's /proc. A guest's command line there
 * begins with the core's own words where the host's kernel shows no other (core/mm_map.h).
 */
#include "sysctl.h"

#include "core/copy.h"
#include "core/core.h"
#include "core/host.h"
#include "core/linux_abi.h"
#include "core/memory.h"
#include "core/mm_map.h"
#include "core/path.h"
#include "core/print.h"
#include "core/process.h"
#include "core/string.h"
#include "freebsd.h"

#define COMMAND_MAX 0x40000		/* half of ARG_MAX is kept by the real kernel too */

/* The pid behind the node's numbers, 0 and -1 meaning the caller; < 0: -errno. */
long
sysctl_proc_target(const struct sysctl_request *r)
{
	if (r->nrest != 1)
		return -EINVAL;
	return r->rest[0] <= 0 ? r->call->p->pid : r->rest[0];
}

long
sysctl_read_proc(long pid, const char *file, char *to, size_t size)
{
	char name[64];
	long fd, n, all = 0;

	format(name, sizeof name, "/proc/%ld/%s", pid, file);
	fd = core_call(__NR_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd == -EACCES ? -EPERM : fd;
	while ((n = core_call(__NR_read, fd, to + all, size - (size_t)all)) > 0)
		all += n;
	core_call(__NR_close, fd);
	return all;
}

static char *
next_word(char *word, const char *end)
{
	char *next = word + strlen(word) + 1;

	return next < end ? next : NULL;
}

static bool
is_core(const char *word)
{
	const char *slash = strrchr(word, '/');

	return strcmp(slash ? slash + 1 : word, "dragoman-core") == 0;
}

/*
 * The guest's own words in a command line of ours; `path` is what it was started as.
 * Behind the core's options, or, by binfmt_misc, without any (core/start.c).
 */
static char *
skip_core_words(char *text, const char *end, char **path)
{
	char *word = text;

	*path = NULL;
	if (!is_core(text))
		return text;
	while (word && strcmp(word, "--") != 0)
		word = next_word(word, end);
	*path = next_word(word ? word : text, end);
	return *path ? next_word(*path, end) : NULL;
}

/* Hands the words of a process's command line to `use`. */
static long
with_command_line(struct sysctl_request *r,
		  long (*use)(struct sysctl_request *r, char *path, char *words, size_t n))
{
	char *text = arena_map(COMMAND_MAX, 4096), *words, *path;
	long pid = sysctl_proc_target(r), n;

	if (!text)
		return -ENOMEM;
	n = pid < 0 ? pid : sysctl_read_proc(pid, "cmdline", text, COMMAND_MAX - 1);
	if (n >= 0) {
		words = skip_core_words(text, text + n, &path);
		n = use(r, path, words ? words : text + n, words ? (size_t)(text + n - words) : 0);
	}
	arena_unmap(text, COMMAND_MAX);
	return n;
}

static long
use_args(struct sysctl_request *r, char *path, char *words, size_t n)
{
	(void)path;
	return sysctl_put(r, words, n);
}

long
sysctl_proc_args(struct sysctl_request *r)
{
	return with_command_line(r, use_args);
}

#define ARGS_MOST 244	/* ps_arg_cache_limit - sizeof(struct pargs) */

/* What setproctitle(3) says; nothing: what the program was started with. */
long
sysctl_proc_set_args(struct sysctl_request *r, struct guest_ptr new, uint64_t n)
{
	static char *now;
	char *text = NULL;
	long e;

	if (sysctl_proc_target(r) != r->call->p->pid)
		return -EPERM;
	if (n > ARGS_MOST)
		return -ENOMEM;
	if (n && !(text = core_alloc(n)))
		return -ENOMEM;
	e = copy_in(text, new, n) < 0 ? -EFAULT : mm_map_args(text, n);
	core_free(e < 0 ? text : __atomic_exchange_n(&now, text, __ATOMIC_ACQ_REL));
	return e < 0 && e != -EFAULT ? -EPERM : e;
}

static long
use_path(struct sysctl_request *r, char *path, char *words, size_t n)
{
	char text[4096], name[64];
	long k;

	(void)words;
	(void)n;
	if (!path) {
		if (!mm_map_file(sysctl_proc_target(r), text, sizeof text))
			return -ESRCH;
		path_to_guest(text);
		return sysctl_put_string(r, text);
	}
	if (path[0] == '/')
		return sysctl_put_string(r, path);
	/* Named from its own folder. */
	format(name, sizeof name, "/proc/%ld/cwd", sysctl_proc_target(r));
	k = core_call(__NR_readlink, name, text, sizeof text - 1);
	if (k < 0)
		return -ESRCH;
	text[k] = 0;
	format(text + k, sizeof text - (size_t)k, "/%s", path);
	return sysctl_put_string(r, text);
}

long
sysctl_proc_pathname(struct sysctl_request *r)
{
	char name[4096];
	long pid = sysctl_proc_target(r);

	if (pid > 0 && path_of_program(r->call, (int)pid, name, sizeof name))
		return sysctl_put_string(r, name);
	return with_command_line(r, use_path);
}

long
sysctl_proc_env(struct sysctl_request *r)
{
	char *text = arena_map(COMMAND_MAX, 4096);
	long pid = sysctl_proc_target(r), n;

	if (!text)
		return -ENOMEM;
	n = pid < 0 ? pid : sysctl_read_proc(pid, "environ", text, COMMAND_MAX);
	if (n >= 0)
		n = sysctl_put(r, text, (size_t)n);
	arena_unmap(text, COMMAND_MAX);
	return n;
}

long
sysctl_proc_osrel(struct sysctl_request *r)
{
	long pid = sysctl_proc_target(r);

	return pid < 0 ? pid : sysctl_osreldate(r);
}

static long
self_only(const struct sysctl_request *r)
{
	long pid = sysctl_proc_target(r);

	return pid < 0 ? pid : pid == r->call->p->pid ? 0 : -EPERM;
}

long
sysctl_proc_umask(struct sysctl_request *r)
{
	long e = self_only(r);
	uint16_t mask;

	if (e < 0)
		return e;
	mask = (uint16_t)core_call(__NR_umask, 077);
	core_call(__NR_umask, mask);
	return sysctl_put(r, &mask, sizeof mask);
}

/* struct kinfo_file with a path only (kern/kern_descrip.c, sysctl_kern_proc_cwd()). */
#define KF_SIZE 1392
#define KF_PATH 368
#define KF_TYPE_VNODE 1
#define KF_FD_TYPE_CWD (-1)

long
sysctl_proc_cwd(struct sysctl_request *r)
{
	struct { int32_t size, type, fd; char rest[KF_SIZE - 12]; } *kf;
	long e = self_only(r);

	if (e < 0)
		return e;
	kf = core_alloc(sizeof *kf);
	if (!kf)
		return -ENOMEM;
	kf->type = KF_TYPE_VNODE;
	kf->fd = KF_FD_TYPE_CWD;
	core_call(__NR_getcwd, (char *)kf + KF_PATH, KF_SIZE - KF_PATH);
	kf->size = (int32_t)((KF_PATH + strlen((char *)kf + KF_PATH) + 8) & ~7u);
	e = sysctl_put(r, kf, (size_t)kf->size);
	core_free(kf);
	return e;
}

struct host_dirent {	/* struct linux_dirent64 */
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

long
sysctl_proc_nfds(struct sysctl_request *r)
{
	char buf[4096];
	int32_t count = -1;	/* without the one that lists them */
	long e = self_only(r), fd, n;

	if (e < 0)
		return e;
	fd = core_call(__NR_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	while ((n = core_call(__NR_getdents64, fd, buf, sizeof buf)) > 0)
		for (long at = 0; at < n; at += ((struct host_dirent *)(buf + at))->reclen)
			count += ((struct host_dirent *)(buf + at))->name[0] != '.';
	core_call(__NR_close, fd);
	return sysctl_put(r, &count, sizeof count);
}

/* ---- groups and limits ---- */

#define GROUPS_MAX 1023

/* The caller's groups, the effective one first. */
long
sysctl_proc_groups(struct sysctl_request *r)
{
	uint32_t groups[GROUPS_MAX + 1];
	long e = self_only(r), n;

	if (e < 0)
		return e;
	groups[0] = (uint32_t)core_call(__NR_getegid);
	n = core_call(__NR_getgroups, GROUPS_MAX, groups + 1);
	return sysctl_put(r, groups, (size_t)(n < 0 ? 1 : n + 1) * sizeof *groups);
}

/* Two numbers: whose limit, and which. */
long
sysctl_proc_rlimit(struct sysctl_request *r)
{
	uint64_t limits[2];
	long e;

	if (r->nrest != 2)
		return -EINVAL;
	if (r->rest[0] > 0 && r->rest[0] != r->call->p->pid)
		return -EPERM;
	e = freebsd_limits(r->call->p, (uint32_t)r->rest[1], limits);
	return e < 0 ? e : sysctl_put(r, limits, sizeof limits);
}
