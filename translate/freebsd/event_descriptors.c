/*
 * Descriptors that are events: eventfd(2) by way of __specialfd (kern/sys_eventfd.c),
 * and inotify(2) of 15.0 (kern/vfs_inotify.c), which has Linux's words and records.
 */
#include "files.h"

#include "core/core.h"
#include "core/print.h"

/* include/linux/eventfd.h of the host keeps it to itself. */
#define EFD_SEMAPHORE 1

struct freebsd_specialfd_eventfd {
	uint32_t initval;
	int32_t flags;
};
struct freebsd_specialfd_inotify {
	int32_t flags;
};

static long
special_eventfd(struct guest_ptr request, uint64_t n)
{
	const int known = FREEBSD_EFD_SEMAPHORE | FREEBSD_EFD_NONBLOCK | FREEBSD_EFD_CLOEXEC;
	struct freebsd_specialfd_eventfd e;
	long flags = 0;

	if (n != sizeof e)
		return -EINVAL;
	if (copy_in(&e, request, sizeof e) < 0)
		return -EFAULT;
	if (e.flags & ~known)
		return -EINVAL;
	if (e.flags & FREEBSD_EFD_SEMAPHORE)
		flags |= EFD_SEMAPHORE;
	if (e.flags & FREEBSD_EFD_NONBLOCK)
		flags |= O_NONBLOCK;
	if (e.flags & FREEBSD_EFD_CLOEXEC)
		flags |= O_CLOEXEC;
	return host_call(__NR_eventfd2, e.initval, flags);
}

static long
special_inotify(struct guest_ptr request, uint64_t n)
{
	const int known = FREEBSD_IN_NONBLOCK | FREEBSD_IN_CLOEXEC;
	struct freebsd_specialfd_inotify i;
	long flags = 0;

	if (n != sizeof i)
		return -EINVAL;
	if (copy_in(&i, request, sizeof i) < 0)
		return -EFAULT;
	if (i.flags & ~known)
		return -EINVAL;
	if (i.flags & FREEBSD_IN_NONBLOCK)
		flags |= O_NONBLOCK;
	if (i.flags & FREEBSD_IN_CLOEXEC)
		flags |= O_CLOEXEC;
	return host_call(__NR_inotify_init1, flags);
}

long
freebsd___specialfd(struct call *c, int32_t type, struct guest_ptr request, uint64_t n)
{
	(void)c;
	if (type == FREEBSD_SPECIALFD_EVENTFD)
		return special_eventfd(request, n);
	if (type == FREEBSD_SPECIALFD_INOTIFY && options.release >= 1500)
		return special_inotify(request, n);
	return -EINVAL;
}

/* Linux's call takes no folder: the path goes through what the descriptor stands for. */
static long
add_watch(int queue, int dir, struct host_path *path, uint32_t mask)
{
	char name[sizeof path->text + DESCRIPTOR_PATH];

	if (dir == AT_FDCWD || path->name[0] == '/')
		return host_call(__NR_inotify_add_watch, queue, path->name, mask);
	if (!path->name[0])
		return -ENOENT;
	format(name, sizeof name, "/proc/self/fd/%d/%s", dir, path->name);
	return host_call(__NR_inotify_add_watch, queue, name, mask);
}

long
freebsd_inotify_add_watch_at(struct call *c, int32_t queue, int32_t dir, struct guest_ptr file,
			     uint32_t mask)
{
	long host = flags_to_host(&freebsd_inotify_mask, mask), r;
	struct host_path path;

	if (host < 0 || !(mask & FREEBSD_IN_ALL_EVENTS))
		return -EINVAL;
	r = check_descriptor(queue);
	if (r == 0)
		r = path_for_at(c, dir, file, mask & FREEBSD_IN_DONT_FOLLOW ? PATH_LINK : PATH_FOLLOW,
				&path);
	if (r == 0 && dir != AT_FDCWD && path.name[0] != '/')
		r = check_descriptor(dir);
	return r < 0 ? r : add_watch(queue, dir, &path, (uint32_t)host);
}
