/*
 * EVFILT_VNODE, and what wakes READ and WRITE of files, by inotify.
 *
 * The kernels report what happened to the inode behind the descriptor, whatever
 * its name: /proc/self/fd/N is the inode for inotify_add_watch(2). One inotify
 * descriptor serves a kqueue; notes on the same inode share its watch. Which NOTE_
 * an operation gives: the vop_*_post() functions in sys/kern/vfs_subr.c.
 */
#include "kqueue_private.h"

#include <asm/stat.h>
#include <linux/eventpoll.h>
#include <linux/inotify.h>
#include <linux/stat.h>

#include "core/fd.h"
#include "core/host.h"
#include "core/linux_abi.h"
#include "core/memory.h"
#include "core/print.h"

#define BY_WATCH 256

struct vnode_watches {
	int inotify;
	struct knote *by_watch[BY_WATCH];
	struct knote *directories;	/* those whose removal is wanted */
};

static struct knote **
chain(struct kqueue *kq, int watch)
{
	return &kq->vnodes->by_watch[(unsigned)watch % BY_WATCH];
}

/* ---- watches ---- */

static long
need_inotify(struct kqueue *kq)
{
	struct vnode_watches *v;
	long r;

	if (kq->vnodes)
		return 0;
	v = core_alloc(sizeof *v);
	if (!v)
		return -ENOMEM;
	v->inotify = core_fd_move_high((int)core_call(__NR_inotify_init1, O_NONBLOCK | O_CLOEXEC));
	r = v->inotify;
	if (r >= 0)
		r = kqueue_add_source(kq, v->inotify, EPOLLIN, source_key(SOURCE_VNODE, 0, 0));
	if (r < 0) {
		core_fd_close(v->inotify);
		core_free(v);
		return r;
	}
	kq->vnodes = v;
	return 0;
}

/* The host's events that can mean one of the notes wanted. */
static uint32_t
mask_for(const struct knote *kn)
{
	const uint32_t entries = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
	static const struct {
		uint32_t notes, host;
	} map[] = {
		{NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB, IN_MODIFY},
		{NOTE_ATTRIB | NOTE_LINK | NOTE_DELETE, IN_ATTRIB},
		{NOTE_WRITE | NOTE_LINK, entries},
		{NOTE_DELETE, IN_DELETE_SELF},
		{NOTE_RENAME, IN_MOVE_SELF},
		{NOTE_OPEN, IN_OPEN},
		{NOTE_CLOSE, IN_CLOSE_NOWRITE},
		{NOTE_CLOSE_WRITE, IN_CLOSE_WRITE},
		{NOTE_READ, IN_ACCESS},
	};
	uint32_t mask = 0;

	if (kn->ev.filter != KQ_VNODE)
		return IN_MODIFY | IN_ATTRIB;
	for (unsigned i = 0; i < sizeof map / sizeof *map; i++)
		if (kn->wanted & map[i].notes)
			mask |= map[i].host;
	return mask ? mask : IN_DELETE_SELF;
}

static void
remember(struct knote *kn)
{
	struct stat st;

	if (core_call(__NR_fstat, kn->ev.ident, &st) < 0)
		return;
	kn->file.size = st.st_size;
	kn->file.links = st.st_nlink;
}

static long
add_watch(struct knote *kn, const char *form, uint32_t mask)
{
	char name[40];

	format(name, sizeof name, form, (unsigned)kn->ev.ident);
	return core_call(__NR_inotify_add_watch, kn->kq->vnodes->inotify, name, mask | IN_MASK_ADD);
}

/* Of the removal of a directory that is open the host tells only the one it was in. */
static void
watch_parent(struct knote *kn)
{
	struct vnode_watches *v = kn->kq->vnodes;
	struct stat st;
	long r;

	if (kn->file.parent || kn->ev.filter != KQ_VNODE || !(kn->wanted & NOTE_DELETE) ||
	    core_call(__NR_fstat, kn->ev.ident, &st) < 0 || !S_ISDIR(st.st_mode))
		return;
	r = add_watch(kn, "/proc/self/fd/%u/..", IN_DELETE);
	if (r < 0)
		return;
	kn->file.parent = (int)r;
	kn->file.next_directory = v->directories;
	v->directories = kn;
}

long
kqueue_vnode_watch(struct knote *kn)
{
	struct kqueue *kq = kn->kq;
	long r = need_inotify(kq);

	if (r < 0)
		return r;
	r = add_watch(kn, "/proc/self/fd/%u", mask_for(kn));
	if (r < 0)
		return r;
	remember(kn);
	watch_parent(kn);
	if (kn->file.watch)
		return 0;
	kn->file.watch = (int)r;
	kn->file.next = *chain(kq, kn->file.watch);
	*chain(kq, kn->file.watch) = kn;
	return 0;
}

/* The host's watch goes with the last note that needs it. */
static void
remove_watch(struct kqueue *kq, int watch)
{
	if (kq->vnodes->inotify < 0)
		return;
	for (struct knote *kn = *chain(kq, watch); kn; kn = kn->file.next)
		if (kn->file.watch == watch)
			return;
	for (struct knote *kn = kq->vnodes->directories; kn; kn = kn->file.next_directory)
		if (kn->file.parent == watch)
			return;
	core_call(__NR_inotify_rm_watch, kq->vnodes->inotify, watch);
}

static void
unwatch_parent(struct knote *kn)
{
	struct knote **at = &kn->kq->vnodes->directories;
	int watch = kn->file.parent;

	if (!watch)
		return;
	while (*at != kn)
		at = &(*at)->file.next_directory;
	*at = kn->file.next_directory;
	kn->file.parent = 0;
	remove_watch(kn->kq, watch);
}

void
kqueue_vnode_unwatch(struct knote *kn)
{
	struct kqueue *kq = kn->kq;
	struct knote **at;
	int watch = kn->file.watch;

	if (!watch)
		return;
	unwatch_parent(kn);
	for (at = chain(kq, watch); *at != kn; at = &(*at)->file.next)
		;
	*at = kn->file.next;
	kn->file.watch = 0;
	remove_watch(kq, watch);
}

void
kqueue_vnodes_close(struct kqueue *kq)
{
	if (!kq->vnodes)
		return;
	core_fd_close(kq->vnodes->inotify);
	kq->vnodes->inotify = -1;
}

/* ---- what happened ---- */

/* A write, or a new length: only setattr makes a file shorter. */
static uint32_t
notes_of_modification(const struct knote *kn, const struct stat *st)
{
	if (st->st_size < kn->file.size)
		return NOTE_ATTRIB;
	return st->st_size > kn->file.size ? NOTE_WRITE | NOTE_EXTEND : NOTE_WRITE;
}

static uint32_t
notes_of_attributes(const struct knote *kn, const struct stat *st)
{
	if (st->st_nlink < kn->file.links)
		return NOTE_DELETE;	/* vop_remove_post(): other names or not */
	return st->st_nlink > kn->file.links ? NOTE_LINK : NOTE_ATTRIB;
}

static uint32_t
notes_of(const struct knote *kn, uint32_t happened, const struct stat *st)
{
	uint32_t notes = 0;

	if (happened & (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO))
		notes |= happened & IN_ISDIR ? NOTE_WRITE | NOTE_LINK : NOTE_WRITE;
	if (happened & IN_MODIFY)
		notes |= notes_of_modification(kn, st);
	if (happened & IN_ATTRIB)
		notes |= notes_of_attributes(kn, st);
	if (happened & IN_DELETE_SELF)
		notes |= NOTE_DELETE;
	if (happened & IN_MOVE_SELF)
		notes |= NOTE_RENAME;
	if (happened & IN_OPEN)
		notes |= NOTE_OPEN;
	if (happened & IN_CLOSE_NOWRITE)
		notes |= NOTE_CLOSE;
	if (happened & IN_CLOSE_WRITE)
		notes |= NOTE_CLOSE_WRITE;
	if (happened & IN_ACCESS)
		notes |= NOTE_READ;
	if (happened & IN_UNMOUNT)
		notes |= NOTE_REVOKE;
	return notes;
}

static void
happened_to(struct knote *kn, uint32_t happened)
{
	struct stat st = {.st_size = kn->file.size, .st_nlink = kn->file.links};

	core_call(__NR_fstat, kn->ev.ident, &st);
	if (kn->ev.filter == KQ_VNODE) {
		kn->ev.fflags |= notes_of(kn, happened, &st) & kn->wanted;
		if (happened & IN_UNMOUNT)
			kn->ev.flags |= EV_EOF;
	}
	kn->file.size = st.st_size;
	kn->file.links = st.st_nlink;
	if (kn->filter->event(kn))
		knote_activate(kn);
}

/* A directory is gone from the one with this watch: is it one of ours? */
static void
directory_removed(struct kqueue *kq, int parent)
{
	for (struct knote *kn = kq->vnodes->directories; kn; kn = kn->file.next_directory) {
		struct stat st = {.st_nlink = 1};

		if (kn->file.parent != parent || core_call(__NR_fstat, kn->ev.ident, &st) < 0 ||
		    st.st_nlink)
			continue;
		kn->file.links = 0;
		kn->ev.fflags |= NOTE_DELETE & kn->wanted;
		if (kn->filter->event(kn))
			knote_activate(kn);
	}
}

static void
deliver(struct kqueue *kq, const struct inotify_event *e)
{
	for (struct knote *kn = *chain(kq, e->wd), *next; kn; kn = next) {
		next = kn->file.next;
		if (kn->file.watch == e->wd)
			happened_to(kn, e->mask);
	}
	if ((e->mask & (IN_DELETE | IN_ISDIR)) == (IN_DELETE | IN_ISDIR))
		directory_removed(kq, e->wd);
}

void
kqueue_vnodes_ready(struct kqueue *kq)
{
	union {
		char bytes[4096];
		struct inotify_event first;
	} buffer;
	long n;

	while ((n = core_call(__NR_read, kq->vnodes->inotify, &buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(buffer.bytes + at);

			at += (long)(sizeof *e + e->len);
			deliver(kq, e);
		}
	}
}

/* ---- the filter ---- */

static long
vnode_attach(struct knote *kn)
{
	struct stat st;
	long r = core_call(__NR_fstat, kn->ev.ident, &st);

	if (r < 0)
		return r;
	if (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode) || kqueue_is(kn->kq->p, (int)kn->ev.ident))
		return -EINVAL;
	return kqueue_vnode_watch(kn);
}

static bool
vnode_event(struct knote *kn)
{
	return kn->ev.fflags != 0;
}

static void
vnode_change(struct knote *kn, struct kevent *change)
{
	kn->wanted = change->fflags;
	kn->wanted_data = change->data;
	kqueue_vnode_watch(kn);
}

const struct filter kqueue_vnode_filter = {
	.is_descriptor = true,
	.attach = vnode_attach,
	.detach = kqueue_vnode_unwatch,
	.event = vnode_event,
	.change = vnode_change,
};
