/* open(2) and its kin: the host's, but for a few files of /proc that show what the core is (proc_maps.c). */
#include "linux.h"

#include <linux/openat2.h>

#include "core/copy.h"
#include "core/core.h"
#include "core/host.h"
#include "core/last.h"
#include "core/path.h"

/* Would the host's kernel open a file there that shows the core? */
static bool
is_about_program(const struct call *c, struct guest_ptr file)
{
	return linux_names_maps(file) || path_names_program(c, file);
}

static long
open_on_host(struct call *c, int32_t dir, struct guest_ptr file, uint32_t how, uint16_t mode)
{
	struct host_path path;
	long r;

	if (path_open_straight(c, dir, file, how, mode, &r))
		return r;
	r = path_for_at(c, dir, file, path_use_of_open(how), &path);
	return r < 0 ? r : host_call(__NR_openat, dir, path.name, how, mode);
}

long
linux_open_file(struct call *c, int32_t dir, struct guest_ptr file, uint32_t how, uint16_t mode)
{
	long r = open_on_host(c, dir, file, how, mode);

	return linux_names_maps(file) ? linux_maps_as_seen(c, r, how) : r;
}

long
linux_open(struct call *c, struct guest_ptr file, uint32_t how, uint16_t mode)
{
	if (!options.root && !is_about_program(c, file))
		return host_call_last(__NR_open, file.addr, how, mode);
	return linux_open_file(c, AT_FDCWD, file, how, mode);
}

long
linux_openat(struct call *c, int32_t dir, struct guest_ptr file, uint32_t how, uint16_t mode)
{
	if (!options.root && !is_about_program(c, file))
		return host_call_last(__NR_openat, dir, file.addr, how, mode);
	return linux_open_file(c, dir, file, how, mode);
}

/* What openat2(2) makes of a symlink that it is not to follow is the host's to say. */
static enum path_use
use_of(const struct open_how *how)
{
	bool refuses = how->resolve & (RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	return path_use_of_open((uint32_t)how->flags | (refuses ? O_NOFOLLOW : 0));
}

/* openat2(2). Where the folder is to be the path's root, or its wall, the host's kernel walks by itself. */
long
linux_openat2(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr how, uint64_t n)
{
	struct open_how asked;
	struct host_path path;
	long r;

	if ((!options.root && !is_about_program(c, file)) || n < sizeof asked || copy_in(&asked, how, sizeof asked) < 0 ||
	    asked.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return host_call_last(__NR_openat2, dir, file.addr, how.addr, n);
	r = path_for_at(c, dir, file, use_of(&asked), &path);
	if (r == 0)
		r = host_call(__NR_openat2, dir, path.name, how.addr, n);
	return linux_names_maps(file) ? linux_maps_as_seen(c, r, (uint32_t)asked.flags) : r;
}
