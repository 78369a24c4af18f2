/* Where a path leads under the root: component by component, unless it goes straight. */
#include "path.h"

#include <linux/limits.h>

#include "core.h"
#include "host.h"
#include "linux_abi.h"
#include "path_straight.h"
#include "print.h"
#include "string.h"

/* As FreeBSD's MAXSYMLINKS (sys/param.h); Linux gives up after 40. */
#define MAX_LINKS 32

/* The place reached so far under the root, what is left to walk, and the symlinks met. */
struct walk {
	char *at; /* root + resolved part, never ending in a slash */
	size_t root_len, len, size;
	char *rest; /* in a buffer of PATH_MAX bytes */
	unsigned links;
	bool follows, names, makes; /* the last component: a symlink there is followed; the name itself is meant; may be new */
};

enum walk_end { WALK_GOES_ON, WALK_FOUND, WALK_NO_LAST, WALK_NOWHERE, WALK_LOOP, WALK_TOO_LONG };

/* One component of a path; `left` is what stands behind it, slashes first. */
struct component {
	const char *name, *left;
	size_t n;
	bool last;
};

static struct component
first_of(const char *path)
{
	struct component c = {.name = path};
	const char *next;

	while (*c.name == '/')
		c.name++;
	for (c.left = c.name; *c.left && *c.left != '/'; c.left++)
		;
	for (next = c.left; *next == '/'; next++)
		;
	c.n = (size_t)(c.left - c.name);
	c.last = *next == 0;
	return c;
}

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

/* The walk ends at what was reached, and the host is to say what this leads to from there. */
static enum walk_end
ends_with(struct walk *w, const char *text)
{
	size_t room = w->size - w->len;

	return strlcpy(w->at + w->len, text, room) < room ? WALK_FOUND : WALK_TOO_LONG;
}

static enum walk_end
go_on(struct walk *w, const char *left)
{
	memmove(w->rest, left, strlen(left) + 1);
	return WALK_GOES_ON;
}

/* Puts a symlink's target in front of what is left. */
static enum walk_end
follow(struct walk *w, const char *target, size_t n, const char *left)
{
	size_t left_len = strlen(left);

	if (++w->links > MAX_LINKS)
		return WALK_LOOP;
	if (n + left_len + 1 > PATH_MAX)
		return WALK_TOO_LONG;
	memmove(w->rest + n, left, left_len + 1);
	memcpy(w->rest, target, n);
	pop(w);
	if (target[0] == '/') {
		w->len = w->root_len;
		w->at[w->len] = 0;
	}
	return WALK_GOES_ON;
}

/* The kernel's own folders; nothing of theirs is in a root. */
static bool
is_kernels(const struct walk *w)
{
	const char *name = w->at + w->root_len;

	return strcmp(name, "/dev") == 0 || strcmp(name, "/proc") == 0;
}

/* Else the host is to say what is wrong with a name behind it. */
static bool
is_folder(struct walk *w)
{
	size_t len = w->len;
	char target;
	bool yes = append(w, ".", 1) && core_call(__NR_readlink, w->at, &target, sizeof target) != -ENOTDIR;

	w->len = len;
	w->at[len] = 0;
	return yes;
}

static bool
is_dots(const char *name, size_t n)
{
	return (n == 1 || n == 2) && strncmp(name, "..", n) == 0;
}

/* What is left of the path behind the `..` by which it leaves a folder of the root again; NULL: it stays there. */
static const char *
back_to_root(const char *left)
{
	unsigned depth = 1;

	while (*left) {
		const char *end = left;

		while (*end && *end != '/')
			end++;
		if (end - left == 2 && is_dots(left, 2))
			depth--;
		else if (end - left != 0 && !(end - left == 1 && is_dots(left, 1)))
			depth++;
		left = *end ? end + 1 : end;
		if (depth == 0)
			return left;
	}
	return NULL;
}

/* To the folder above; the root's own is itself. */
static enum walk_end
step_back(struct walk *w, const struct component *c)
{
	if (!is_folder(w))
		return ends_with(w, "/..");
	pop(w);
	return go_on(w, c->left);
}

/*
 * No name, but dots or slashes only. They stay as they are, for the host to say what comes of them; those that would
 * lead above the root are the root, or, where a name is wanted and so they are refused, the host's own.
 */
static enum walk_end
step_to_dots(struct walk *w, const struct component *c)
{
	bool at_root = w->len == w->root_len;

	if (w->names && at_root && c->n != 1)
		return WALK_NOWHERE;
	if (c->n == 0)
		return ends_with(w, w->len == 0 || (w->rest[0] && !at_root) ? "/" : "");
	if (!append(w, c->name, at_root ? 1 : c->n))
		return WALK_TOO_LONG;
	return ends_with(w, c->left);
}

static enum walk_end
step_to_name(struct walk *w, const struct component *c)
{
	char target[PATH_MAX];
	long r;

	if (!append(w, c->name, c->n))
		return WALK_TOO_LONG;
	if (is_kernels(w)) {
		const char *back = back_to_root(c->left);

		pop(w);
		return back ? go_on(w, back) : WALK_NOWHERE;
	}
	r = core_call(__NR_readlink, w->at, target, sizeof target);
	/* The host refuses a slash behind what may be made, whatever is there. */
	if (r >= 0 && (!c->last || (w->follows && !(w->makes && *c->left))))
		return follow(w, target, (size_t)r, c->left);
	/* A file hides what the host may have behind such a name. */
	if (r == -ENOTDIR || (c->last && (r >= 0 || r == -EINVAL)))
		return ends_with(w, c->left);
	if (r == -EINVAL)
		return go_on(w, c->left);
	if (c->last)
		return WALK_NO_LAST;
	pop(w);
	return WALK_NOWHERE;
}

static enum walk_end
step(struct walk *w)
{
	const struct component c = first_of(w->rest);

	if (c.n == 2 && is_dots(c.name, c.n) && (!c.last || w->follows))
		return step_back(w, &c);
	if (c.n == 1 && is_dots(c.name, c.n) && !c.last)
		return go_on(w, c.left);
	return c.n == 0 || is_dots(c.name, c.n) ? step_to_dots(w, &c) : step_to_name(w, &c);
}

/* How much of the path is to be without symlinks: all that the host would follow. */
static size_t
part_followed(const char *path, bool whole)
{
	size_t n = strlen(path);

	if (whole)
		return n;
	while (n && path[n - 1] == '/')
		n--;
	while (n && path[n - 1] != '/')
		n--;
	return n - (n != 0);
}

/* Else looking at the components one by one is as cheap. */
static bool
has_folders(const char *path, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (path[i] == '/')
			return true;
	return false;
}

/* Goes at once to the folder of the last component, or all the way, if no symlink is there. */
static enum walk_end
step_straight(struct walk *w)
{
	size_t n = part_followed(w->rest, w->follows);

	if (!has_folders(w->rest, n) || !path_is_plain(w->rest) || w->len + n >= w->size)
		return WALK_GOES_ON;
	memcpy(w->at + w->len, w->rest, n);
	if (!path_is_straight(AT_FDCWD, w->at, w->len + n, w->size)) {
		w->at[w->len] = 0;
		return WALK_GOES_ON;
	}
	w->len += n;
	w->at[w->len] = 0;
	if (w->follows)
		return WALK_FOUND;
	return go_on(w, w->rest + n);
}

/* A slash behind the name of a symlink means what it leads to. */
static bool
follows(const char *path, enum path_use use)
{
	size_t n = strlen(path);

	return path_follows(use) || (use == PATH_LINK && n && path[n - 1] == '/');
}

/*
 * Where the guest's absolute `path` is, in `to` (of `size` bytes): under the root, or
 * on the host if it is not there. A path through a symlink goes on from the symlink's
 * target on the host too, since that may be the only place where the target is.
 */
static long
look_under_root(const char *path, enum path_use use, char *to, size_t size)
{
	char rest[PATH_MAX];
	struct walk w = {
		.at = to, .size = size, .rest = rest,
		.follows = follows(path, use),
		.names = use == PATH_NAME || use == PATH_MAKE,
		.makes = use == PATH_MAKE || use == PATH_FOLLOW_OR_MAKE,
	};
	enum walk_end end;
	size_t n;

	if (strlcpy(to, options.root, size) >= size ||
	    strlcpy(rest, path, sizeof rest) >= sizeof rest)
		return -ENAMETOOLONG;
	w.root_len = w.len = strlen(to);
	while (w.root_len && to[w.root_len - 1] == '/')
		to[--w.root_len] = 0, w.len--;
	end = step_straight(&w);
	while (end == WALK_GOES_ON)
		end = step(&w);
	if (end == WALK_NO_LAST && w.makes)
		end = ends_with(&w, first_of(w.rest).left);
	if (end == WALK_TOO_LONG)
		return -ENAMETOOLONG;
	if (end == WALK_LOOP)
		return -ELOOP;
	if (end == WALK_FOUND)
		return 0;
	/* On the host: what was resolved, and the rest as it stands. */
	if (end == WALK_NO_LAST)
		pop(&w);
	memmove(to, to + w.root_len, w.len - w.root_len + 1);
	n = strlen(to);
	if (w.rest[0] != '/')
		to[n++] = '/';
	return strlcpy(to + n, w.rest, size - n) >= size - n ? -ENAMETOOLONG : 0;
}

/*
 * Would the host's kernel be led elsewhere than the guest's by the relative path? Only by a
 * symlink or `..` on its way; and by what the kernel itself serves, if the folder is the root.
 */
static bool
may_lead_elsewhere(int dir, const char *path, bool follow_last)
{
	char name[PATH_MAX], target;
	size_t straight = part_followed(path, follow_last);

	strlcpy(name, path, sizeof name);
	if (strncmp(name, "dev", 3) == 0 || strncmp(name, "proc", 4) == 0)
		return true;
	if (has_folders(name, straight) && path_is_plain(name) && path_is_straight(dir, name, straight, sizeof name))
		return false;
	for (struct component c = first_of(name); c.n; c = first_of(c.left)) {
		char *end = name + (c.left - name), rest = *end;
		long r;

		if (c.n == 2 && is_dots(c.name, c.n))
			return true;
		if (c.last && !follow_last)
			return false;
		*end = 0;
		r = core_call(__NR_readlinkat, dir, name, &target, sizeof target);
		*end = rest;
		if (r != -EINVAL)
			return r >= 0;
	}
	return false;
}

/* The guest's name for the folder, and the path behind it; false: there is none. */
static bool
make_absolute(int dir, const char *path, char *to, size_t size)
{
	char link[32];
	size_t n;
	long r;

	if (dir == AT_FDCWD) {
		r = core_call(__NR_getcwd, to, size);
	} else {
		format(link, sizeof link, "/proc/self/fd/%d", dir);
		r = core_call(__NR_readlink, link, to, size - 1);
		if (r >= 0)
			to[r] = 0;
	}
	if (r < 0 || to[0] != '/')
		return false;
	path_to_guest(to);
	n = strlen(to);
	if (to[n - 1] != '/')
		to[n++] = '/';
	return n < size && strlcpy(to + n, path, size - n) < size - n;
}

static long
look_from(int dir, const char *path, enum path_use use, char *to, size_t size)
{
	char whole[PATH_MAX];

	if (path[0] && may_lead_elsewhere(dir, path, follows(path, use)) && make_absolute(dir, path, whole, sizeof whole))
		return look_under_root(whole, use, to, size);
	return strlcpy(to, path, size) < size ? 0 : -ENAMETOOLONG;
}

long
path_look(int dir, const char *path, enum path_use use, char *to, size_t size)
{
	if (!options.root)
		return strlcpy(to, path, size) < size ? 0 : -ENAMETOOLONG;
	return path[0] == '/' ? look_under_root(path, use, to, size) : look_from(dir, path, use, to, size);
}

const char *
path_on_host(const char *path, char *to, size_t size)
{
	if (!options.root)
		return path;
	return path_look(AT_FDCWD, path, PATH_FOLLOW, to, size) == 0 ? to : NULL;
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
