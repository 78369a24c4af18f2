/* Names that the kernel gives back: the guest's, without --root in front. */
#include "linux.h"

#include "core/copy.h"
#include "core/host.h"
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
