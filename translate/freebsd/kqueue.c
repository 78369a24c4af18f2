/*
 * FreeBSD's layouts of struct kevent (sys/sys/event.h), and its calls.
 */
#include "freebsd.h"

#include "bsd/kqueue.h"
#include "bsd/kqueue_words.h"
#include "core/copy.h"
#include "core/core.h"
#include "core/fd.h"
#include "core/host.h"
#include "core/string.h"

struct freebsd_kevent {
	uint64_t ident;
	int16_t filter;
	uint16_t flags;
	uint32_t fflags;
	int64_t data;
	uint64_t udata, ext[4];
};
_Static_assert(sizeof(struct freebsd_kevent) == 64, "sys/event.h");

struct freebsd11_kevent {
	uint64_t ident;
	int16_t filter;
	uint16_t flags;
	uint32_t fflags;
	int64_t data;
	uint64_t udata;
};
_Static_assert(sizeof(struct freebsd11_kevent) == 32, "sys/event.h");

_Static_assert(EV_ADD == FREEBSD_EV_ADD && EV_DISPATCH == FREEBSD_EV_DISPATCH &&
		       EV_EOF == FREEBSD_EV_EOF && EV_KEEPUDATA == FREEBSD_EV_KEEPUDATA,
	       "kqueue_words.h");
_Static_assert(NOTE_READ == FREEBSD_NOTE_READ && NOTE_EXEC == FREEBSD_NOTE_EXEC &&
		       NOTE_ABSTIME == FREEBSD_NOTE_ABSTIME && NOTE_TRIGGER == FREEBSD_NOTE_TRIGGER,
	       "kqueue_words.h");

static enum kq_filter
filter_from(int filter)
{
	switch (filter) {
	case 0:
		return KQ_NONE;
	case FREEBSD_EVFILT_READ:
		return KQ_READ;
	case FREEBSD_EVFILT_WRITE:
		return KQ_WRITE;
	case FREEBSD_EVFILT_VNODE:
		return KQ_VNODE;
	case FREEBSD_EVFILT_PROC:
		return KQ_PROC;
	case FREEBSD_EVFILT_SIGNAL:
		return KQ_SIGNAL;
	case FREEBSD_EVFILT_TIMER:
		return KQ_TIMER;
	case FREEBSD_EVFILT_PROCDESC:
		return KQ_PROCDESC;
	case FREEBSD_EVFILT_USER:
		return KQ_USER;
	case FREEBSD_EVFILT_AIO:
	case FREEBSD_EVFILT_FS:
	case FREEBSD_EVFILT_LIO:
	case FREEBSD_EVFILT_SENDFILE:
	case FREEBSD_EVFILT_EMPTY:
		return KQ_NOT_HERE;
	default:
		return KQ_UNKNOWN;
	}
}

/* The older layout is the newer one's beginning. */
static void
kevent11_in(struct kevent *to, const void *from)
{
	struct freebsd11_kevent k;

	memcpy(&k, from, sizeof k);
	*to = (struct kevent){
		k.ident, filter_from(k.filter), k.filter, k.flags, k.fflags, k.data, k.udata, {0}};
}

static void
kevent11_out(void *to, const struct kevent *from)
{
	struct freebsd11_kevent k = {from->ident,
				     (int16_t)from->guest_filter,
				     (uint16_t)from->flags,
				     from->fflags,
				     from->data,
				     from->udata};

	memcpy(to, &k, sizeof k);
}

static void
kevent_in(struct kevent *to, const void *from)
{
	kevent11_in(to, from);
	memcpy(to->ext, (const char *)from + offsetof(struct freebsd_kevent, ext), sizeof to->ext);
}

static void
kevent_out(void *to, const struct kevent *from)
{
	kevent11_out(to, from);
	memcpy((char *)to + offsetof(struct freebsd_kevent, ext), from->ext, sizeof from->ext);
}

static const struct kevent_form kevent_form = {sizeof(struct freebsd_kevent), kevent_in,
					       kevent_out};
static const struct kevent_form kevent11_form = {sizeof(struct freebsd11_kevent), kevent11_in,
						 kevent11_out};

/* kqueue_acquire(): what is open but no kqueue was EBADF as well, once. */
static bool
is_other_file(struct call *c, int fd)
{
	return options.release >= 1500 && !kqueue_is(c->p, fd) && !core_fd_reserved(fd) &&
	       core_call(__NR_fcntl, fd, F_GETFD) >= 0;
}

static long
kevent_by(struct call *c, const struct kevent_form *form, int kq, struct guest_ptr changes,
	  int nchanges, struct guest_ptr events, int nevents, struct guest_ptr timeout)
{
	struct kevent_wait wait = {.forever = is_null(timeout)};
	int64_t t[2] = {0, 0};
	long r = wait.forever ? 0 : copy_in(t, timeout, sizeof t);

	if (r < 0)
		return r;
	wait.sec = t[0];
	wait.nsec = t[1];
	r = kqueue_kevent(c, kq, form, changes, nchanges, events, nevents, &wait);
	return r == -EBADF && is_other_file(c, kq) ? -EINVAL : r;
}

long
freebsd_kevent(struct call *c, int kq, struct guest_ptr changes, int nchanges,
	       struct guest_ptr events, int nevents, struct guest_ptr timeout)
{
	return kevent_by(c, &kevent_form, kq, changes, nchanges, events, nevents, timeout);
}

long
freebsd11_kevent(struct call *c, int kq, struct guest_ptr changes, int nchanges,
		 struct guest_ptr events, int nevents, struct guest_ptr timeout)
{
	return kevent_by(c, &kevent11_form, kq, changes, nchanges, events, nevents, timeout);
}

long
freebsd_kqueue(struct call *c)
{
	return kqueue_create(c);
}

/* kqueuex(2). What KQUEUE_CPONFORK would copy for the child is in this process alone. */
long
freebsd_kqueuex(struct call *c, uint32_t flags)
{
	if (flags & ~(uint32_t)FREEBSD_KQUEUE_CLOEXEC)
		return -EINVAL;
	return kqueue_create(c);
}
