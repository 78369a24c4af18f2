/* Names that the kernel gives back: the guest's, without --root in front. */
#include "linux.h"

#include <linux/openat2.h>

#include "core/copy.h"
#include "core/core.h"
#include "core/host.h"
#include "core/last.h"
#include "core/path.h"
#include "core/string.h"

/* Answers the length with the NUL, as the kernel's does (fs/d_path.c); libc's answers the name. */
long
linux_getcwd(struct call *c, struct guest_ptr buf, uint64_t n)
{
	char name[4096];
	long r;
	size_t len;

	(void)c;
	r = host_call(__NR_getcwd, name, sizeof name);
	if (r < 0)
		return r;
	path_to_guest(name);
	len = strlen(name) + 1;
	if (len > n)
		return -ERANGE;
	return copy_out(buf, name, len) < 0 ? -EFAULT : (long)len;
}

/* openat2(2). Where the folder is to be the path's root, or its wall, the host's kernel walks by itself. */
long
linux_openat2(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr how, uint64_t n)
{
	struct open_how asked;
	struct host_path path;
	long r;

	if (guest_reaches_core(how, n))
		return -EFAULT;
	if (!options.root || n < sizeof asked || copy_in(&asked, how, sizeof asked) < 0 ||
	    asked.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return host_call_last(__NR_openat2, dir, file.addr, how.addr, n);
	r = path_for_at(c, dir, file, path_use_of_open((uint32_t)asked.flags), &path);
	return r < 0 ? r : host_call(__NR_openat2, dir, path.name, how.addr, n);
}
