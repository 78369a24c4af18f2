/*
 * What belongs to a file beside its data: permissions, owner, flags, times
 * (kern/vfs_syscalls.c).
 */
#include "files.h"

#include "core/core.h"
#include "core/linux_abi.h"

#include <linux/stat.h>

/* ---- access ---- */

/* The words are checked before the path is read. */
long
freebsd_faccessat(struct call *c, int32_t dir, struct guest_ptr file, uint32_t how, uint32_t flags)
{
	long mode = flags_to_host(&freebsd_access_mode, how), host;
	struct host_path path;

	if (mode < 0)
		return mode;
	host = at_path(c, &freebsd_accessat_flags, dir, file, flags, &path);
	if (host < 0)
		return host;
	/* Without flags the older call, which every sandbox lets through. */
	return host ? host_call(__NR_faccessat2, dir, path.name, mode, host)
		    : host_call(__NR_faccessat, dir, path.name, mode);
}

long
freebsd_access(struct call *c, struct guest_ptr file, uint32_t how)
{
	return freebsd_faccessat(c, AT_FDCWD, file, how, 0);
}

long
freebsd_eaccess(struct call *c, struct guest_ptr file, uint32_t how)
{
	return freebsd_faccessat(c, AT_FDCWD, file, how, FREEBSD_AT_EACCESS);
}

/* ---- permissions ---- */

static bool
is_superuser(void)
{
	return core_call(__NR_geteuid) == 0;
}

/* The sticky bit on what is no directory is the superuser's to set: EFTYPE (chmod(2)). */
static long
check_sticky(int dir, const char *name, int flags, unsigned perm)
{
	long mode;

	if (!(perm & S_ISVTX) || is_superuser())
		return 0;
	mode = host_mode(dir, name, flags);
	return mode >= 0 && (mode & S_IFMT) != S_IFDIR ? GUEST_ERROR(FREEBSD_EFTYPE) : 0;
}

/* Linux has no permissions on a symlink: EOPNOTSUPP, as from a file system that does not keep them.
 */
static long
chmod_link(int dir, const char *name, unsigned perm)
{
	if (is_symlink(dir, name))
		return -EOPNOTSUPP;
	return host_call(__NR_fchmodat, dir, name, perm);
}

long
freebsd_fchmodat(struct call *c, int32_t dir, struct guest_ptr file, uint16_t perm, uint32_t flags)
{
	char name[DESCRIPTOR_PATH];
	struct host_path path;
	long host = at_path(c, &freebsd_at_flags, dir, file, flags, &path), r;

	if (host < 0)
		return host;
	r = check_sticky(dir, path.name, (int)host, perm);
	if (r < 0)
		return r;
	perm &= 07777;
	if (flags & FREEBSD_AT_EMPTY_PATH && !path.name[0] && dir >= 0) {
		descriptor_path(name, dir);
		return host_call(__NR_fchmodat, AT_FDCWD, name, perm);
	}
	return host & AT_SYMLINK_NOFOLLOW ? chmod_link(dir, path.name, perm)
					  : host_call(__NR_fchmodat, dir, path.name, perm);
}

long
freebsd_chmod(struct call *c, struct guest_ptr file, uint16_t perm)
{
	return freebsd_fchmodat(c, AT_FDCWD, file, perm, 0);
}

long
freebsd_lchmod(struct call *c, struct guest_ptr file, uint16_t perm)
{
	return freebsd_fchmodat(c, AT_FDCWD, file, perm, FREEBSD_AT_SYMLINK_NOFOLLOW);
}

long
freebsd_fchmod(struct call *c, int32_t f, uint16_t perm)
{
	long r = check_sticky(f, "", AT_EMPTY_PATH, perm);

	(void)c;
	return r < 0 ? r : host_call(__NR_fchmod, f, perm & 07777);
}

long
freebsd_fchownat(struct call *c, int32_t dir, struct guest_ptr file, uint32_t owner, uint32_t group,
		 uint32_t flags)
{
	struct host_path path;
	long host = at_path(c, &freebsd_at_flags, dir, file, flags, &path);

	return host < 0 ? host : host_call(__NR_fchownat, dir, path.name, owner, group, host);
}

long
freebsd_chown(struct call *c, struct guest_ptr file, uint32_t owner, uint32_t group)
{
	return freebsd_fchownat(c, AT_FDCWD, file, owner, group, 0);
}

long
freebsd_lchown(struct call *c, struct guest_ptr file, uint32_t owner, uint32_t group)
{
	return freebsd_fchownat(c, AT_FDCWD, file, owner, group, FREEBSD_AT_SYMLINK_NOFOLLOW);
}

/* ---- file flags ---- */

/*
 * The host's file systems keep none that a user could set: clearing them all succeeds
 * for the owner, setting one is EOPNOTSUPP, as on FreeBSD's own foreign file systems.
 */
static long
set_file_flags(int dir, const char *name, int at, uint64_t flags)
{
	struct statx st;
	long r = host_call(__NR_statx, dir, name, at, STATX_UID, &st);

	if (r < 0)
		return r;
	if (!is_superuser() && core_call(__NR_geteuid) != (long)st.stx_uid)
		return -EPERM;
	return flags == 0 ? 0 : -EOPNOTSUPP;
}

long
freebsd_chflagsat(struct call *c, int32_t dir, struct guest_ptr file, uint64_t flags, uint32_t how)
{
	struct host_path path;
	long host = at_path(c, &freebsd_at_flags, dir, file, how, &path);

	return host < 0 ? host : set_file_flags(dir, path.name, (int)host, flags);
}

long
freebsd_chflags(struct call *c, struct guest_ptr file, uint64_t flags)
{
	return freebsd_chflagsat(c, AT_FDCWD, file, flags, 0);
}

long
freebsd_lchflags(struct call *c, struct guest_ptr file, uint64_t flags)
{
	return freebsd_chflagsat(c, AT_FDCWD, file, flags, FREEBSD_AT_SYMLINK_NOFOLLOW);
}

long
freebsd_fchflags(struct call *c, int32_t f, uint64_t flags)
{
	(void)c;
	return set_file_flags(f, "", AT_EMPTY_PATH, flags);
}
