#include "socket_name.h"

#include <asm/stat.h>

#include "core.h"
#include "host.h"
#include "linux_abi.h"
#include "linux_numbers.h"
#include "print.h"
#include "string.h"

#define OPENED "/proc/self/fd/"

void
host_address_done(struct host_address *a)
{
	if (a->dir >= 0)
		core_call(__NR_close, a->dir);
	a->dir = -1;
}

/* Whether the name fits. */
static bool
put(struct host_address *out, const char *name)
{
	size_t n = strlen(name);

	if (n > LOCAL_NAME_MAX)
		return false;
	memcpy(out->bytes + SOCKET_HEADER, name, n + 1);
	out->len = SOCKET_HEADER + (uint32_t)n + (n < LOCAL_NAME_MAX);
	return true;
}

/* The name as one that starts from `folder`, opened. 0 or -errno. */
static long
put_opened(struct host_address *out, const char *folder, const char *name)
{
	char text[LOCAL_NAME_MAX + 2];
	long r = core_call(__NR_openat, AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (r < 0)
		return r;
	out->dir = (int)r;
	format(text, sizeof text, OPENED "%d/%s", out->dir, name);
	if (put(out, text))
		return 0;
	host_address_done(out);
	return -ENAMETOOLONG;
}

static long
put_opened_folder(struct host_address *out, const char *name)
{
	const char *slash = strrchr(name, '/');
	char folder[4096];

	if (!slash || (size_t)(slash - name) + 2 > sizeof folder)
		return -ENAMETOOLONG;
	strlcpy(folder, name, (size_t)(slash - name) + 2);
	return put_opened(out, folder, slash + 1);
}

/* The same last component, of the same folder? */
static bool
lead_to_one_place(char *a, char *b)
{
	char *end_a = strrchr(a, '/'), *end_b = strrchr(b, '/');
	struct stat in_a, in_b;
	bool same;

	if (!end_a || strcmp(end_a, end_b) != 0)
		return false;
	*end_a = *end_b = 0;
	same = core_call(__NR_stat, a, &in_a) == 0 && core_call(__NR_stat, b, &in_b) == 0 &&
	       in_a.st_dev == in_b.st_dev && in_a.st_ino == in_b.st_ino;
	*end_a = *end_b = '/';
	return same;
}

/* options.root without a slash at its end: the root of the host has no name then. */
static size_t
root_length(void)
{
	size_t n = strlen(options.root);

	while (n && options.root[n - 1] == '/')
		n--;
	return n;
}

/* A name under the root, whose name has `root` bytes: as it stands, or from the root. */
static long
put_under_root(struct host_address *out, const char *name, size_t root)
{
	if (put(out, name) || put_opened(out, options.root, name + root) == 0)
		return 0;
	return put_opened_folder(out, name);
}

/* `found`: where the guest's `path` is on the host. */
static long
put_found(struct host_address *out, const char *path, char *found)
{
	size_t root = options.root ? root_length() : 0, start = path[0] == '/' ? root : 0;
	char spelt[4096];
	bool keeps;

	if (root == 0 || strncmp(found, options.root, root) != 0 || found[root] != '/')
		return put(out, found) ? 0 : put_opened_folder(out, found);
	strlcpy(spelt, options.root, sizeof spelt);
	keeps = strlcpy(spelt + start, path, sizeof spelt - start) < sizeof spelt - start &&
		lead_to_one_place(spelt, found);
	if (keeps && start == 0)
		return put(out, spelt) ? 0 : put_opened_folder(out, spelt);
	return put_under_root(out, keeps ? spelt : found, root);
}

long
local_name_to_host(int dir, const char *path, enum path_use use, struct host_address *out)
{
	char found[4096], opened[LOCAL_NAME_MAX + 64];
	long r;

	out->family = AF_UNIX;
	out->dir = -1;
	r = path_look(dir, path, use, found, sizeof found);
	if (r < 0)
		return r;
	if (found[0] == '/')
		return put_found(out, path, found);
	if (dir == AT_FDCWD)
		return put(out, found) ? 0 : -ENAMETOOLONG;
	format(opened, sizeof opened, OPENED "%d/%s", dir, found);
	return put(out, opened) ? 0 : put_opened_folder(out, opened);
}

void
local_name_to_guest(char *name)
{
	const char *rest = name + sizeof OPENED - 1;

	if (!options.root)
		return;
	if (strncmp(name, OPENED, sizeof OPENED - 1) != 0) {
		path_to_guest(name);
		return;
	}
	while (*rest >= '0' && *rest <= '9')
		rest++;
	if (rest[0] == '/' && rest[1] == '/')
		memmove(name, rest + 1, strlen(rest));
}
