/* EVFILT_USER: sys/kern/kern_event.c, filt_user() and filt_usertouch(). */
#include "kqueue_private.h"

static long
user_attach(struct knote *kn)
{
	/* NOTE_TRIGGER with EV_ADD is lost: the kernel looks for it where it is 0 by then. */
	kn->user.triggered = false;
	return 0;
}

static void
user_detach(struct knote *kn)
{
	(void)kn;
}

static bool
user_event(struct knote *kn)
{
	return kn->user.triggered;
}

static void
clear(struct knote *kn)
{
	kn->user.triggered = false;
	kn->ev.data = 0;
	kn->ev.fflags = 0;
}

static void
user_change(struct knote *kn, struct kevent *change)
{
	uint32_t operation = change->fflags & NOTE_FFCTRLMASK;

	if (change->fflags & NOTE_TRIGGER)
		kn->user.triggered = true;
	change->fflags &= NOTE_FFLAGSMASK;
	switch (operation) {
	case NOTE_FFAND:
		kn->wanted &= change->fflags;
		break;
	case NOTE_FFOR:
		kn->wanted |= change->fflags;
		break;
	case NOTE_FFCOPY:
		kn->wanted = change->fflags;
		break;
	default:
		break;
	}
	kn->wanted_data = change->data;
	if (change->flags & EV_CLEAR)
		clear(kn);
}

static void
user_report(struct knote *kn, struct kevent *out)
{
	*out = kn->ev;
	out->fflags = kn->wanted;
	out->data = kn->wanted_data;
	if (kn->ev.flags & EV_CLEAR)
		clear(kn);
}

const struct filter kqueue_user_filter = {
	.attach = user_attach, .detach = user_detach, .event = user_event, .change = user_change,
	.report = user_report,
};
