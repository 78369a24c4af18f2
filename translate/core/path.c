#include "path.h"

#include "copy.h"
#include "core.h"
#include "host.h"
#include "linux_abi.h"
#include "mm_map.h"
#include "personality.h"
#include "print.h"
#include "process.h"
#include "string.h"

enum path_use
path_use_of_open(uint32_t how)
{
	if (how & O_CREAT)
		return how & (O_EXCL | O_NOFOLLOW) ? PATH_MAKE : PATH_FOLLOW_OR_MAKE;
	return how & O_NOFOLLOW ? PATH_LINK : PATH_FOLLOW;
}

enum path_use
path_use_of_at(uint32_t how)
{
	return how & AT_SYMLINK_NOFOLLOW ? PATH_LINK : PATH_FOLLOW;
}

enum path_use
path_use_of_linkat(uint32_t how)
{
	return how & AT_SYMLINK_FOLLOW ? PATH_FOLLOW : PATH_LINK;
}

/* A room's /proc is for the core: the guest's OS mounts none by default. */
static bool
is_hidden(const char *path)
{
	if (!options.no_proc || path[0] != '/')
		return false;
	while (*path == '/')
		path++;
	return strncmp(path, "proc", 4) == 0 && (path[4] == '/' || path[4] == 0);
}

/* The number in /proc/NUMBER/exe, or 0. */
static int
number_in(const char *name)
{
	const char *s = name + strlen("/proc/");
	unsigned n = 0;

	for (; *s >= '0' && *s <= '9' && n < INT32_MAX / 10; s++)
		n = n * 10 + (unsigned)(*s - '0');
	return strcmp(s, "/exe") == 0 ? (int)n : 0;
}

int
path_names_program(const struct call *c, struct guest_ptr path)
{
	char name[32];
	uint32_t head;

	/* Few paths begin like that. */
	if (load_u32(&head, path) < 0 || memcmp(&head, "/pro", sizeof head) != 0 ||
	    copy_in_string(name, path, sizeof name) < 0 || strncmp(name, "/proc/", strlen("/proc/")) != 0)
		return 0;
	if (strcmp(name, "/proc/self/exe") == 0 || strcmp(name, "/proc/thread-self/exe") == 0)
		return c->p->pid;
	return number_in(name);
}

/* Does the host say that the process runs what this one does? */
static bool
runs_core(int pid)
{
	char link[32], its[4096], own[sizeof its];
	long n, k;

	format(link, sizeof link, "/proc/%d/exe", pid);
	n = core_call(__NR_readlink, link, its, sizeof its);
	k = core_call(__NR_readlink, CORE_LINK, own, sizeof own);
	return n > 0 && n == k && strncmp(its, own, (size_t)n) == 0;
}

bool
path_of_program(const struct call *c, int pid, char *to, size_t size)
{
	bool own = pid == c->p->pid;

	if (!pid || (!own && !runs_core(pid)))
		return false;
	if (!mm_map_file(own ? 0 : pid, to, size))
		return own && strlcpy(to, c->p->exec_path, size) < size;
	path_to_guest(to);
	return true;
}

long
path_for_at(struct call *c, int dir, struct guest_ptr path, enum path_use use, struct host_path *out)
{
	size_t max = c->abi->path_max ? c->abi->path_max : sizeof out->text;
	char name[4096];
	long n;

	if (path_follows(use) && path_of_program(c, path_names_program(c, path), name, sizeof name)) {
		out->name = out->text;
		return path_look(AT_FDCWD, name, PATH_FOLLOW, out->text, sizeof out->text);
	}
	if (!options.root && !c->abi->path_max) {
		out->name = (const char *)path.addr;
		return 0;
	}
	out->name = out->text;
	if (!options.root) {
		n = copy_in_string(out->text, path, max);
		return n < 0 ? n : is_hidden(out->text) ? -ENOENT : 0;
	}
	n = copy_in_string(name, path, max);
	return n < 0 ? n : path_look(dir, name, use, out->text, sizeof out->text);
}

long
path_for(struct call *c, struct guest_ptr path, enum path_use use, struct host_path *out)
{
	return path_for_at(c, AT_FDCWD, path, use, out);
}

long
path_to_host(struct call *c, struct guest_ptr path, struct host_path *out)
{
	return path_for(c, path, PATH_FOLLOW, out);
}
