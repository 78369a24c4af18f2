/* sys/sys/event.h, for the kqueue_*.c programs. */
#ifndef CONFORMANCE_FREEBSD_GUEST_KQUEUE_H
#define CONFORMANCE_FREEBSD_GUEST_KQUEUE_H

#include "guest.h"

enum {
	SYS_pipe2 = 542, SYS_kqueue = 362, SYS_freebsd11_kevent = 363, SYS_kevent = 560,
	SYS_kqueuex = 583, SYS_dup = 41, SYS_dup2 = 90, SYS_fcntl = 92, SYS_socketpair = 135,
	SYS_poll = 209, SYS_clock_gettime = 232, SYS_fstat = 551,
};

enum {
	EVFILT_READ = -1, EVFILT_WRITE = -2, EVFILT_AIO = -3, EVFILT_VNODE = -4, EVFILT_PROC = -5,
	EVFILT_SIGNAL = -6, EVFILT_TIMER = -7, EVFILT_PROCDESC = -8, EVFILT_FS = -9, EVFILT_USER = -11,
};
enum {
	EV_ADD = 1, EV_DELETE = 2, EV_ENABLE = 4, EV_DISABLE = 8, EV_ONESHOT = 0x10, EV_CLEAR = 0x20,
	EV_RECEIPT = 0x40, EV_DISPATCH = 0x80, EV_FORCEONESHOT = 0x100, EV_KEEPUDATA = 0x200,
	EV_ERROR = 0x4000, EV_EOF = 0x8000,
};
#define NOTE_LOWAT	1u
#define NOTE_FILE_POLL	2u
#define NOTE_SECONDS	1u
#define NOTE_MSECONDS	2u
#define NOTE_USECONDS	4u
#define NOTE_NSECONDS	8u
#define NOTE_ABSTIME	0x10u
#define NOTE_TRIGGER	0x01000000u
#define NOTE_FFAND	0x40000000u
#define NOTE_FFOR	0x80000000u
#define NOTE_FFCOPY	0xc0000000u
#define NOTE_DELETE	1u
#define NOTE_WRITE	2u
#define NOTE_EXTEND	4u
#define NOTE_ATTRIB	8u
#define NOTE_LINK	0x10u
#define NOTE_RENAME	0x20u
#define NOTE_EXIT	0x80000000u
#define NOTE_FORK	0x40000000u
#define NOTE_EXEC	0x20000000u
#define NOTE_TRACK	1u
#define NOTE_CHILD	4u

struct kevent {
	uint64_t ident;
	int16_t filter;
	uint16_t flags;
	uint32_t fflags;
	int64_t data;
	uint64_t udata, ext[4];
};
_Static_assert(sizeof(struct kevent) == 64, "sys/event.h");

#define UDATA 0x1234567890abcdef

/* One change; kevent's answer. */
static inline long
change(int kq, uint64_t ident, int filter, unsigned flags, uint32_t fflags, int64_t data)
{
	struct kevent k = {ident, (int16_t)filter, (uint16_t)flags, fflags, data, UDATA, {0}};

	return call(SYS_kevent, kq, &k, 1, NULL, 0, NULL);
}

/* Waits at most ms milliseconds for up to n events. */
static inline long
take(int kq, struct kevent *events, int n, int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	return call(SYS_kevent, kq, NULL, 0, events, n, &t);
}

static inline int64_t
milliseconds(void)
{
	struct timespec t;

	call(SYS_clock_gettime, 4, &t);	/* CLOCK_MONOTONIC */
	return t.sec * 1000 + t.nsec / 1000000;
}

#endif
