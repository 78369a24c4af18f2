/* pipe2(2) and the pipe(2) before it (kern/sys_pipe.c). */
#include "files.h"

/* Both descriptors come back in registers. */
long
freebsd10_pipe(struct call *c)
{
	int pair[2];
	long r = host_call(__NR_pipe2, pair, 0);

	if (r < 0)
		return r;
	c->second = (uint32_t)pair[1];
	return pair[0];
}

long
freebsd_pipe2(struct call *c, struct guest_ptr pair, uint32_t flags)
{
	long host = flags_to_host(&freebsd_pipe_flags, flags), r;
	int made[2];

	(void)c;
	if (host < 0)
		return host;
	r = host_call(__NR_pipe2, made, host);
	if (r < 0)
		return r;
	r = copy_out(pair, made, sizeof made);
	if (r < 0) {
		core_call(__NR_close, made[0]);
		core_call(__NR_close, made[1]);
	}
	return r;
}
