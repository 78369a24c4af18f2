/*
 * Words of kevent(2) that FreeBSD, NetBSD, OpenBSD and DragonFly share
 * (sys/sys/event.h of each). A system's converter asserts that its table agrees.
 */
#ifndef DRAGOMAN_BSD_KQUEUE_WORDS_H
#define DRAGOMAN_BSD_KQUEUE_WORDS_H

enum {
	EV_ADD = 0x1,
	EV_DELETE = 0x2,
	EV_ENABLE = 0x4,
	EV_DISABLE = 0x8,
	EV_ONESHOT = 0x10,
	EV_CLEAR = 0x20,
	EV_RECEIPT = 0x40,
	EV_DISPATCH = 0x80,
	EV_FORCEONESHOT = 0x100,	/* FreeBSD */
	EV_KEEPUDATA = 0x200,		/* FreeBSD */
	EV_SYSFLAGS = 0xf000,		/* not the program's to set */
	EV_DROP = 0x1000,		/* delete without reporting */
	EV_ERROR = 0x4000,
	EV_EOF = 0x8000,
};

#define NOTE_LOWAT	0x1u		/* READ, WRITE */
#define NOTE_FILE_POLL	0x2u		/* READ of a file, FreeBSD */

#define NOTE_DELETE	0x1u		/* VNODE */
#define NOTE_WRITE	0x2u
#define NOTE_EXTEND	0x4u
#define NOTE_ATTRIB	0x8u
#define NOTE_LINK	0x10u
#define NOTE_RENAME	0x20u
#define NOTE_REVOKE	0x40u
#define NOTE_OPEN	0x80u
#define NOTE_CLOSE	0x100u
#define NOTE_CLOSE_WRITE 0x200u
#define NOTE_READ	0x400u

#define NOTE_EXIT	0x80000000u	/* PROC */
#define NOTE_FORK	0x40000000u
#define NOTE_EXEC	0x20000000u
#define NOTE_PCTRLMASK	0xf0000000u
#define NOTE_TRACK	0x1u
#define NOTE_TRACKERR	0x2u
#define NOTE_CHILD	0x4u

#define NOTE_SECONDS	0x1u		/* TIMER */
#define NOTE_MSECONDS	0x2u
#define NOTE_USECONDS	0x4u
#define NOTE_NSECONDS	0x8u
#define NOTE_ABSTIME	0x10u
#define NOTE_UNITS	0xfu

#define NOTE_TRIGGER	0x01000000u	/* USER */
#define NOTE_FFNOP	0x00000000u
#define NOTE_FFAND	0x40000000u
#define NOTE_FFOR	0x80000000u
#define NOTE_FFCOPY	0xc0000000u
#define NOTE_FFCTRLMASK	0xc0000000u
#define NOTE_FFLAGSMASK	0x00ffffffu

#endif
