/* Where a path leads under the root: component by component, unless it goes straight. */
#include "path.h"

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
	/* rename(2), rmdir(2) and their kin refuse such a last name, which must reach the host for that. */
	if (last && !follow_last && is_dots(name, n)) {
		*end = append(w, "..", w->len > w->root_len ? n : 1) ? WALK_FOUND : WALK_TOO_LONG;
		return false;
	}
	if (n == 1 && is_dots(name, n)) {
		memmove(w->rest, left, strlen(left) + 1);
		return !last;
	}
	if (n == 2 && is_dots(name, n)) {
		if (!is_folder(w)) {
			*end = append(w, "..", 2) ? WALK_FOUND : WALK_TOO_LONG;
			return false;
		}
		pop(w);
		memmove(w->rest, left, strlen(left) + 1);
		return !last;
	}
	*end = WALK_TOO_LONG;
	if (!append(w, name, n))
		return false;
	*end = WALK_NOWHERE;
	if (is_kernels(w)) {
		const char *back = back_to_root(left);

		pop(w);
		if (back)
			memmove(w->rest, back, strlen(back) + 1);
		return back;
	}
	r = core_call(__NR_readlink, w->at, target, sizeof target);
	if (r >= 0 && (!last || follow_last)) {
		*end = ++w->links > MAX_LINKS ? WALK_LOOP : WALK_TOO_LONG;
		return *end != WALK_LOOP && follow(w, target, (size_t)r, left);
	}
	if (r == -ENOTDIR) {	/* a file hides what the host may have behind such a name, and this the host is to say */
		*end = WALK_FOUND;
		return false;
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

/* How much of the path is to be without symlinks: all that the host would follow. */
static size_t
part_followed(const char *path, bool whole)
{
	size_t n = strlen(path);

	while (!whole && n && path[n - 1] != '/')
		n--;
	return whole ? n : n - (n != 0);
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

/* Goes at once to the folder of the last component, or all the way, if no symlink is there; true: there is no more to walk. */
static bool
step_straight(struct walk *w, bool follow_last)
{
	size_t n = part_followed(w->rest, follow_last);

	if (!has_folders(w->rest, n) || !path_is_plain(w->rest) || w->len + n >= w->size)
		return false;
	memcpy(w->at + w->len, w->rest, n);
	if (!path_is_straight(AT_FDCWD, w->at, w->len + n, w->size)) {
		w->at[w->len] = 0;
		return false;
	}
	w->len += n;
	while (w->at[w->len - 1] == '/')
		w->len--;
	w->at[w->len] = 0;
	memmove(w->rest, w->rest + n, strlen(w->rest + n) + 1);
	return follow_last;
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
	bool follow = path_follows(use);
	bool folder = n > 1 && (path[n - 1] == '/' || (follow && path[n - 1] == '.' && path[n - 2] == '/'));
	enum walk_end end;

	if (strlcpy(to, options.root, size) >= size ||
	    strlcpy(w.rest, path, sizeof w.rest) >= sizeof w.rest)
		return -ENAMETOOLONG;
	w.root_len = w.len = strlen(to);
	while (w.root_len && to[w.root_len - 1] == '/')
		to[--w.root_len] = 0, w.len--;
	end = WALK_FOUND;
	if (!step_straight(&w, folder || follow))
		while (step(&w, folder || follow, &end))
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

/*
 * Would the host's kernel be led elsewhere than the guest's by the relative path? Only by a
 * symlink or `..` on its way; and by what the kernel itself serves, if the folder is the root.
 */
static bool
may_lead_elsewhere(int dir, const char *path, bool follow_last)
{
	char name[4096], target;
	char *end = name;
	size_t straight = part_followed(path, follow_last);

	strlcpy(name, path, sizeof name);
	if (strncmp(name, "dev", 3) == 0 || strncmp(name, "proc", 4) == 0)
		return true;
	if (has_folders(name, straight) && path_is_plain(name) && path_is_straight(dir, name, straight, sizeof name))
		return false;
	do {
		const char *start = end;
		bool last;
		char rest;
		long r;

		while (*end && *end != '/')
			end++;
		if (end - start == 2 && is_dots(start, 2))
			return true;
		last = *end == 0;
		if (last && !follow_last)
			return false;
		rest = *end;
		*end = 0;
		r = core_call(__NR_readlinkat, dir, name, &target, sizeof target);
		*end = rest;
		if (r >= 0)
			return true;
		if (r != -EINVAL)
			return false;
		while (*end == '/')
			end++;
	} while (*end);
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
	char whole[4096];

	if (path[0] && may_lead_elsewhere(dir, path, path_follows(use)) && make_absolute(dir, path, whole, sizeof whole))
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
