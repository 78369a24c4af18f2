#include "path.h"

#include "copy.h"
#include "core.h"
#include "host.h"
#include "linux_abi.h"
#include "personality.h"
#include "string.h"

/* As FreeBSD's MAXSYMLINKS (sys/param.h); Linux gives up after 40. */
#define MAX_LINKS 32

/* The place reached so far under the root, what is left to walk, and the symlinks met. */
struct walk {
	char *at; /* root + resolved part, never ending in a slash */
	size_t root_len, len, size;
	char rest[4096];
	unsigned links;
};

enum walk_end { WALK_FOUND, WALK_NO_LAST, WALK_NOWHERE, WALK_LOOP, WALK_TOO_LONG };

static bool
append(struct walk *w, const char *name, size_t n)
{
	if (w->len + 1 + n + 1 > w->size)
		return false;
	w->at[w->len] = '/';
	memcpy(w->at + w->len + 1, name, n);
	w->len += 1 + n;
	w->at[w->len] = 0;
	return true;
}

static void
pop(struct walk *w)
{
	while (w->len > w->root_len && w->at[--w->len] != '/')
		;
	w->at[w->len] = 0;
}

/* Puts a symlink's target in front of what is left. */
static bool
follow(struct walk *w, const char *target, size_t n, const char *left)
{
	size_t left_len = strlen(left);

	if (n + 1 + left_len + 1 > sizeof w->rest)
		return false;
	memmove(w->rest + n + (left_len > 0), left, left_len + 1);
	memcpy(w->rest, target, n);
	if (left_len)
		w->rest[n] = '/';
	pop(w);
	if (target[0] == '/') {
		w->len = w->root_len;
		w->at[w->len] = 0;
	}
	return true;
}

/* The kernel's own folders; nothing of theirs is in a root. */
static bool
is_kernels(const struct walk *w)
{
	const char *name = w->at + w->root_len;

	return strcmp(name, "/dev") == 0 || strcmp(name, "/proc") == 0;
}

/* One component; true: there is more to walk. */
static bool
step(struct walk *w, bool follow_last, enum walk_end *end)
{
	char *name = w->rest, *left, target[4096];
	bool last;
	size_t n;
	long r;

	while (*name == '/')
		name++;
	for (left = name; *left && *left != '/'; left++)
		;
	n = (size_t)(left - name);
	while (*left == '/')
		left++;
	last = *left == 0 && name[n] == 0;
	*end = WALK_FOUND;
	if (n == 0)
		return false;
	if (n == 1 && name[0] == '.') {
		memmove(w->rest, left, strlen(left) + 1);
		return !last;
	}
	if (n == 2 && name[0] == '.' && name[1] == '.') {
		pop(w);
		memmove(w->rest, left, strlen(left) + 1);
		return !last;
	}
	*end = WALK_TOO_LONG;
	if (!append(w, name, n))
		return false;
	*end = WALK_NOWHERE;
	if (is_kernels(w)) {
		pop(w);
		return false;
	}
	r = core_call(__NR_readlink, w->at, target, sizeof target);
	if (r >= 0 && (!last || follow_last)) {
		*end = ++w->links > MAX_LINKS ? WALK_LOOP : WALK_TOO_LONG;
		return *end != WALK_LOOP && follow(w, target, (size_t)r, left);
	}
	if (r < 0 && r != -EINVAL) {
		*end = *left == 0 ? WALK_NO_LAST : WALK_NOWHERE;
		if (*end == WALK_NOWHERE)
			pop(w);
		return false;
	}
	*end = WALK_FOUND;
	memmove(w->rest, left, strlen(left) + 1);
	return !last;
}

/*
 * Where the guest's absolute `path` is, in `to` (of `size` bytes): under the root, or
 * on the host if it is not there. A path through a symlink goes on from the symlink's
 * target on the host too, since that may be the only place where the target is.
 */
static long
look_under_root(const char *path, enum path_use use, char *to, size_t size)
{
	struct walk w = {.at = to, .size = size};
	bool makes = use == PATH_MAKE || use == PATH_FOLLOW_OR_MAKE;
	size_t n = strlen(path);
	bool folder = n > 1 && path[n - 1] == '/';
	enum walk_end end;

	if (strlcpy(to, options.root, size) >= size ||
	    strlcpy(w.rest, path, sizeof w.rest) >= sizeof w.rest)
		return -ENAMETOOLONG;
	w.root_len = w.len = strlen(to);
	while (w.root_len && to[w.root_len - 1] == '/')
		to[--w.root_len] = 0, w.len--;
	while (step(&w, folder || use == PATH_FOLLOW || use == PATH_FOLLOW_OR_MAKE, &end))
		;
	if (end == WALK_TOO_LONG)
		return -ENAMETOOLONG;
	if (end == WALK_LOOP)
		return -ELOOP;
	if (end == WALK_FOUND || (end == WALK_NO_LAST && makes)) {
		if ((folder || w.len == 0) && !append(&w, "", 0))
			return -ENAMETOOLONG;
		return 0;
	}
	/* On the host: what was resolved, and the rest as it stands. */
	if (end == WALK_NO_LAST)
		pop(&w);
	memmove(to, to + w.root_len, w.len - w.root_len + 1);
	n = strlen(to);
	if (w.rest[0] != '/')
		to[n++] = '/';
	return strlcpy(to + n, w.rest, size - n) >= size - n ? -ENAMETOOLONG : 0;
}

const char *
path_on_host_for(const char *path, enum path_use use, char *to, size_t size)
{
	if (!options.root || path[0] != '/')
		return path;
	return look_under_root(path, use, to, size) == 0 ? to : NULL;
}

const char *
path_on_host(const char *path, char *to, size_t size)
{
	return path_on_host_for(path, PATH_FOLLOW, to, size);
}

void
path_to_guest(char *path)
{
	size_t n = options.root ? strlen(options.root) : 0;

	while (n && options.root[n - 1] == '/')
		n--;
	if (n == 0 || strncmp(path, options.root, n) != 0 || (path[n] != '/' && path[n] != 0))
		return;
	if (path[n] == 0)
		strlcpy(path, "/", 2);
	else
		memmove(path, path + n, strlen(path + n) + 1);
}

enum path_use
path_use_of_open(uint32_t how)
{
	if (how & O_CREAT)
		return how & O_EXCL ? PATH_MAKE : PATH_FOLLOW_OR_MAKE;
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

long
path_for(struct call *c, struct guest_ptr path, enum path_use use, struct host_path *out)
{
	size_t max = c->abi->path_max ? c->abi->path_max : sizeof out->text;
	char name[4096];
	long n;

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
	if (n < 0)
		return n;
	if (name[0] == '/')
		return look_under_root(name, use, out->text, sizeof out->text);
	memcpy(out->text, name, (size_t)n + 1);
	return 0;
}

long
path_to_host(struct call *c, struct guest_ptr path, struct host_path *out)
{
	return path_for(c, path, PATH_FOLLOW, out);
}
