/* Who the process is, and the machine-dependent calls of a thread (amd64/amd64/sys_machdep.c). */
#include "freebsd.h"

#include "core/copy.h"
#include "core/exec.h"
#include "core/host.h"
#include "core/segment.h"
#include "core/string.h"
#include "core/thread.h"

#define USER_END UINT64_C(0x800000000000)

static long
set_fs_base(uint64_t base)
{
	return host_call(__NR_arch_prctl, ARCH_SET_FS, base);
}

static long
set_base(long (*set)(uint64_t), struct guest_ptr parameters)
{
	uint64_t base;

	if (load_u64(&base, parameters) < 0)
		return -EFAULT;
	return base < USER_END ? set(base) : -EINVAL;
}

/* The LDT is the core's to set: segments of its own are for 32-bit code. */
static long
ldt(struct guest_ptr parameters)
{
	uint64_t request[2];		/* struct i386_ldt_args */

	return copy_in(request, parameters, sizeof request) < 0 ? -EFAULT : -EINVAL;
}

long
freebsd_sysarch(struct call *c, int32_t op, struct guest_ptr parameters)
{
	(void)c;
	switch (op) {
	case FREEBSD_I386_GET_LDT:
	case FREEBSD_I386_SET_LDT:
		return ldt(parameters);
	case FREEBSD_AMD64_GET_FSBASE:
	case FREEBSD_AMD64_GET_TLSBASE:
		return store_u64(parameters, segment_fs_base());
	case FREEBSD_AMD64_SET_FSBASE:
	case FREEBSD_AMD64_SET_TLSBASE:
		return set_base(set_fs_base, parameters);
	case FREEBSD_AMD64_GET_GSBASE:
		return store_u64(parameters, segment_gs_base());
	case FREEBSD_AMD64_SET_GSBASE:
		return set_base(segment_set_gs_base, parameters);
	default:
		return -EINVAL;
	}
}

long
freebsd_issetugid(struct call *c)
{
	(void)c;
	return host_auxv(AT_SECURE) != 0;
}

/* The login name of the session: the host keeps none, root and the environment are what is known. */
long
freebsd_getlogin(struct call *c, struct guest_ptr name, uint32_t n)
{
	static const char unknown[] = "user", root[] = "root";
	const char *login = core_call(__NR_getuid) == 0 ? root : unknown;
	size_t size = strlen(login) + 1;

	(void)c;
	if (n > 33)	/* MAXLOGNAME */
		n = 33;
	return size > n ? -ERANGE : copy_out(name, login, size);
}

/* login.conf(5)'s classes are set by privilege, and nobody has: all are in the default one. */
long
freebsd_getloginclass(struct call *c, struct guest_ptr name, uint64_t n)
{
	static const char class[] = "default";

	(void)c;
	return n < sizeof class ? -ERANGE : copy_out(name, class, sizeof class);
}
