#include "path_straight.h"

#include <linux/limits.h>
#include <linux/openat2.h>

#include "copy.h"
#include "core.h"
#include "host.h"
#include "linux_abi.h"
#include "path.h"
#include "personality.h"
#include "string.h"

static bool
is_one_of(const char *name, size_t n, const char *const names[2])
{
	for (unsigned i = 0; i < 2; i++)
		if (n == strlen(names[i]) && strncmp(name, names[i], n) == 0)
			return true;
	return false;
}

bool
path_is_plain(const char *path)
{
	static const char *const kernels[] = {"dev", "proc"}, *const dots[] = {".", ".."};
	const char *name = path[0] == '/' ? path + 1 : path, *end = name;

	if (!path[0])
		return false;
	for (bool first = true; *end; first = false, name = end + 1) {
		for (end = name; *end && *end != '/'; end++)
			;
		if (end == name)
			return *end == 0;
		if (is_one_of(name, (size_t)(end - name), dots) || (first && is_one_of(name, (size_t)(end - name), kernels)))
			return false;
	}
	return true;
}

/*
 * Nothing is opened or made: open(2) makes no folders, and says so (EISDIR) once it has come to the folder in which it
 * would. A file in that place is ENOTDIR, a symlink on the way ELOOP, what is not there ENOENT (open_last_lookups() in
 * fs/namei.c). Two readlink(2) take longer.
 */
bool
path_is_straight(int dir, char *name, size_t n, size_t size)
{
	static const char behind[] = "/_/";
	const struct open_how how = {.flags = O_CREAT | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	char kept[sizeof behind];
	long r;

	if (n + sizeof behind > size)
		return false;
	memcpy(kept, name + n, sizeof kept);
	memcpy(name + n, behind, sizeof behind);
	r = core_call(__NR_openat2, dir, name, &how, sizeof how);
	memcpy(name + n, kept, sizeof kept);
	return r == -EISDIR || r == -ENOTDIR;
}

bool
path_open_straight(struct call *c, int dir, struct guest_ptr file, uint32_t how, uint16_t mode, long *result)
{
	bool makes = how & O_CREAT || (how & O_TMPFILE) == O_TMPFILE;
	struct open_how asked = {.flags = how, .mode = makes ? mode & 07777 : 0, .resolve = RESOLVE_NO_SYMLINKS};
	size_t longest = c->abi->path_max ? c->abi->path_max : PATH_MAX, root;
	char name[2 * PATH_MAX], *path;

	if (!options.root || (root = strlcpy(name, options.root, PATH_MAX)) >= PATH_MAX)
		return false;
	path = name + root;
	if (copy_in_string(path, file, longest) < 0 || !path_is_plain(path))
		return false;
	*result = host_call(__NR_openat2, dir, path[0] == '/' ? name : path, &asked, sizeof asked);
	return *result >= 0 || *result == -EINTR || *result == CALL_RESTART;
}
