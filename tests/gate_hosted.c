/* The gate for modules that are tested under libc: the host call as it stands. */
#include <errno.h>
#include <unistd.h>

#include "host.h"

unsigned char host_calls_traced;
unsigned host_calls_made;

long
gate_call(long nr, long a, long b, long c, long d, long e, long f)
{
	long r = syscall(nr, a, b, c, d, e, f);

	host_calls_made++;
	return r == -1 ? -errno : r;
}

long
gate_call_interruptible(long nr, long a, long b, long c, long d, long e, long f)
{
	return gate_call(nr, a, b, c, d, e, f);
}

long
gate_call_for_guest(long nr, long a, long b, long c, long d, long e, long f, long nargs)
{
	(void)nargs;
	return gate_call(nr, a, b, c, d, e, f);
}
