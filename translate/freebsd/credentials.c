/*
 * User and group ids (kern/kern_prot.c).
 *
 * FreeBSD keeps them per process, the host per thread: what changes them is done on
 * every thread of the process (core/every_thread.h).
 */
#include "freebsd.h"

#include "core/copy.h"
#include "core/every_thread.h"
#include "core/host.h"
#include "core/process.h"

/* sysctl kern.ngroups */
#define GROUPS_MAX 1023
#define NOT_CHANGED UINT32_MAX

/* Three ids by pointer; a null pointer is passed over, where the host would fault. */
static long
put_three(struct host_nr nr, struct guest_ptr real, struct guest_ptr effective, struct guest_ptr saved)
{
	const struct guest_ptr to[3] = {real, effective, saved};
	uint32_t id[3];
	long r = host_call_nr(nr, &id[0], &id[1], &id[2]);

	for (int i = 0; i < 3 && r == 0; i++)
		if (!is_null(to[i]))
			r = store_u32(to[i], id[i]);
	return r;
}

long
freebsd_getresuid(struct call *c, struct guest_ptr real, struct guest_ptr effective, struct guest_ptr saved)
{
	(void)c;
	return put_three(HOST_NR(__NR_getresuid), real, effective, saved);
}

long
freebsd_getresgid(struct call *c, struct guest_ptr real, struct guest_ptr effective, struct guest_ptr saved)
{
	(void)c;
	return put_three(HOST_NR(__NR_getresgid), real, effective, saved);
}

long
freebsd_setresuid(struct call *c, uint32_t real, uint32_t effective, uint32_t saved)
{
	return call_on_every_thread(c->t, HOST_NR(__NR_setresuid), real, effective, saved);
}

long
freebsd_setresgid(struct call *c, uint32_t real, uint32_t effective, uint32_t saved)
{
	return call_on_every_thread(c->t, HOST_NR(__NR_setresgid), real, effective, saved);
}

long
freebsd_setreuid(struct call *c, uint32_t real, uint32_t effective)
{
	return call_on_every_thread(c->t, HOST_NR(__NR_setreuid), real, effective, 0);
}

long
freebsd_setregid(struct call *c, uint32_t real, uint32_t effective)
{
	return call_on_every_thread(c->t, HOST_NR(__NR_setregid), real, effective, 0);
}

/*
 * Effective ids alone: the host has no call for it but the three-id form, to which -1 says
 * "leave it". Here -1 is an id like another, and nobody's.
 */
long
freebsd_seteuid(struct call *c, uint32_t user)
{
	if (user == NOT_CHANGED)
		return -EPERM;
	return call_on_every_thread(c->t, HOST_NR(__NR_setresuid), NOT_CHANGED, user, NOT_CHANGED);
}

long
freebsd_setegid(struct call *c, uint32_t group)
{
	if (group == NOT_CHANGED)
		return -EPERM;
	return call_on_every_thread(c->t, HOST_NR(__NR_setresgid), NOT_CHANGED, group, NOT_CHANGED);
}

/*
 * All three ids at once. Without privilege it must be the real or the effective one (the
 * clause POSIX_APPENDIX_B_4_2_2): the saved one alone, which the host would take, is not enough.
 */
static long
set_all(struct call *c, struct host_nr get, struct host_nr set, uint32_t id)
{
	uint32_t now[3];

	if (id == NOT_CHANGED)
		return -EPERM;
	core_call_nr(get, &now[0], &now[1], &now[2]);
	if (id == now[2] && id != now[0] && id != now[1] && core_call(__NR_geteuid) != 0)
		return -EPERM;
	return call_on_every_thread(c->t, set, id, id, id);
}

long
freebsd_setuid(struct call *c, uint32_t user)
{
	return set_all(c, HOST_NR(__NR_getresuid), HOST_NR(__NR_setresuid), user);
}

long
freebsd_setgid(struct call *c, uint32_t group)
{
	return set_all(c, HOST_NR(__NR_getresgid), HOST_NR(__NR_setresgid), group);
}

/* ---- groups ---- */

/* Until 14: the effective group first, then the others. */
long
freebsd14_getgroups(struct call *c, int32_t n, struct guest_ptr groups)
{
	long r = host_call(__NR_getgroups, 0, 0);

	(void)c;
	if (r < 0 || n == 0)
		return r < 0 ? r : r + 1;
	if (n < r + 1)
		return -EINVAL;
	if (store_u32(groups, (uint32_t)core_call(__NR_getegid)) < 0)
		return -EFAULT;
	r = host_call(__NR_getgroups, n - 1, groups.addr + 4);
	return r < 0 ? r : r + 1;
}

static long
set_groups(struct call *c, uint32_t n, struct guest_ptr from)
{
	uint32_t groups[GROUPS_MAX];

	if (copy_in(groups, from, n * sizeof *groups) < 0)
		return -EFAULT;
	return call_on_every_thread(c->t, HOST_NR(__NR_setgroups), n, (long)groups, 0);
}

/* The bad count and the bad address win over the missing privilege. */
long
freebsd_setgroups(struct call *c, int32_t n, struct guest_ptr groups)
{
	return n < 0 || n > GROUPS_MAX ? -EINVAL : set_groups(c, (uint32_t)n, groups);
}

long
freebsd14_setgroups(struct call *c, int32_t n, struct guest_ptr groups)
{
	uint32_t effective;
	long r;

	if (n < 0 || n > GROUPS_MAX + 1)
		return -EINVAL;
	if (n == 0)
		return set_groups(c, 0, groups);
	if (load_u32(&effective, groups) < 0)
		return -EFAULT;
	r = set_groups(c, (uint32_t)n - 1, guest_at(groups, 4));
	return r < 0 ? r : call_on_every_thread(c->t, HOST_NR(__NR_setresgid), NOT_CHANGED, effective, NOT_CHANGED);
}
