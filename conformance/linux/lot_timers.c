/*
 * covers: linux timer_create timer_settime timer_gettime timer_getoverrun timer_delete setitimer getitimer alarm
 * covers: linux timerfd_create timerfd_settime timerfd_gettime nanosleep clock_nanosleep clock_settime settimeofday
 * covers: linux rt_sigtimedwait rt_sigpending signalfd4
 */
/*
 * Timers drawn by lot, of every kind: such as go off at once, and are waited for until they have, and such as are set
 * to times that do not come. Their signals are blocked until the lot lets them in. What is left of a time is not shown,
 * but whether it is about what was set.
 */
#include "guest_lot.h"
#include "guest_signal.h"

#include <asm/poll.h>

#define TIMERS 4
#define FILES 3
#define FAR 300		/* seconds */
#define AGO 60		/* what the program itself may take, on a busy machine */
#define SOON 10
#define UNTOUCHED (-7)
#define BILLION 1000000000
#define ABSOLUTE 1
#define CANCEL_ON_SET 2

enum { REALTIME, MONOTONIC, PROCESS_TIME, THREAD_TIME, BOOTTIME = 7, TAI = 11, PROCESS_TICKS = -6 };
enum { SIGNALS, NOTHING, THREAD, TO_THREAD = 4 };	/* SIGEV_* (asm-generic/siginfo.h) */

#ifdef __i386__	/* which has each for times of 32 and of 64 bits */
#define WIDE_NUMBER(name) __NR_##name##64
#else
#define WIDE_NUMBER(name) __NR_##name
#define __NR_clock_nanosleep_time64 __NR_clock_nanosleep
#define __NR_clock_settime64 __NR_clock_settime
#endif

struct spec {
	struct guest_timespec interval, value;
};
struct wide_timespec {
	int64_t sec, nsec;
};
struct wide_spec {
	struct wide_timespec interval, value;
};
struct guest_timeval {
	__kernel_long_t sec, usec;
};
struct old_spec {
	struct guest_timeval interval, value;
};

static struct timer {
	int id, clock, signal;	/* 0: there is none */
	int64_t set;
	bool is_there;
} timers[TIMERS];
static struct {
	int fd, clock;
	int64_t set;
} files[FILES];
static int64_t itimers[3];
static const int signals[] = {SIGALRM, SIGALRM, SIGUSR1, SIGVTALRM, SIGPROF, 34, 35, 64};

/* ---- times ---- */

/* A clock that goes on while the program does nothing. */
static bool
is_wall_clock(int clock)
{
	return clock == REALTIME || clock == MONOTONIC || clock == BOOTTIME || clock == TAI;
}

static int
draw_clock(void)
{
	static const int clocks[] = {REALTIME, MONOTONIC, BOOTTIME, TAI, PROCESS_TIME, THREAD_TIME}, odd[] = {
		4, 5, 6, 8, 9, 10, 12, 15, 99, -1, -2, -5, PROCESS_TICKS, -8};

	return draw(5) ? DRAW(clocks) : DRAW(odd);
}

static void
wrong_nanoseconds(struct wide_timespec *t)
{
	static const int64_t wrong[] = {-1, BILLION, 2 * (int64_t)BILLION - 1};

	t->nsec = DRAW(wrong);
}

enum when { NEVER, AT_ONCE, LATER, INVALID };

/* What is set, and what it says; an absolute one is of a clock that is told. */
static enum when
draw_spec(struct wide_spec *s, int clock, bool is_absolute)
{
	struct guest_timespec now = {0, 0};
	static const enum when whens[] = {NEVER, AT_ONCE, AT_ONCE, LATER, LATER, INVALID};
	enum when when = DRAW(whens);

	if (when == AT_ONCE && !is_wall_clock(clock))
		when = LATER;
	*s = (struct wide_spec){{draw(3) ? 0 : FAR + (int)draw(FAR), draw(2) ? 0 : draw(BILLION)}, {0, 0}};
	if (s->interval.sec == 0)
		s->interval.nsec = 0;
	if (is_absolute)
		call(clock_gettime, clock, &now);
	if (when == LATER)
		s->value = (struct wide_timespec){is_absolute || draw(8) ? now.sec + FAR + draw(FAR) : INT32_MAX,
						  draw(BILLION)};
	else if (when == AT_ONCE && is_absolute && s->interval.sec != 0)
		s->value = (struct wide_timespec){now.sec, now.nsec};	/* long ago would be many intervals ago */
	else if (when != NEVER)
		s->value = (struct wide_timespec){is_absolute && draw(2), 1};
	if (when == INVALID) {
		struct wide_timespec *t = draw(3) ? &s->value : &s->interval;

		if (draw(3))
			wrong_nanoseconds(t);
		else
			t->sec = -(int64_t)(1 + draw(1000));
	}
	say("when", when);
	say("interval", s->interval.sec);
	say("", s->interval.nsec);
	if (when == INVALID) {
		say("value", s->value.sec);
		say("", s->value.nsec);
	}
	return when;
}

/* Whether what is left is what was set just before. */
static bool
is_near(const struct wide_spec *set, const struct spec *left, int clock, bool is_absolute)
{
	struct guest_timespec now = {0, 0};
	int64_t gone;

	if (is_absolute)
		call(clock_gettime, clock, &now);
	gone = set->value.sec - now.sec - left->value.sec;
	return gone >= -SOON && gone <= SOON;
}

static void
say_left(int64_t set, int64_t sec, int64_t nsec)
{
	if (nsec == UNTOUCHED)
		return print(" untouched");
	if (sec == 0 && nsec == 0)
		return print(" none left");
	print(sec <= set + 1 && sec >= set - AGO ? " about as set" : " another time");
}

static void
say_spec(int64_t set, const struct wide_spec *s)
{
	say_left(set, s->value.sec, s->value.nsec);
	say("interval", s->interval.sec);
	say("", s->interval.nsec);
}

static struct spec
narrow(const struct wide_spec *s)
{
	return (struct spec){{(__kernel_long_t)s->interval.sec, (__kernel_long_t)s->interval.nsec},
			     {(__kernel_long_t)s->value.sec, (__kernel_long_t)s->value.nsec}};
}

static struct wide_spec
widen(const struct spec *s)
{
	return (struct wide_spec){{s->interval.sec, s->interval.nsec}, {s->value.sec, s->value.nsec}};
}

/* Where a call is to read or write: mostly there. */
static void *
draw_place(void *there)
{
	return draw(10) ? there : draw(2) ? NULL : NOWHERE;
}

/* A call that sets a timer and tells what it was, with times of one width or the other. */
static guest_word
set_by(guest_word nr, guest_word wide_nr, int id, int how, const struct wide_spec *new, struct wide_spec *old)
{
	static struct spec n, o;	/* out of a compiler's sight: what the kernel writes is read */
	static struct wide_spec wn, wo;
	bool is_wide = draw(2), has_new = new != NULL;
	guest_word r;

	n = has_new ? narrow(new) : (struct spec){{0, 0}, {0, 0}};
	wn = has_new ? *new : (struct wide_spec){{0, 0}, {0, 0}};
	o = (struct spec){{UNTOUCHED, UNTOUCHED}, {UNTOUCHED, UNTOUCHED}};
	wo = widen(&o);
#ifdef __i386__
	if (is_wide && draw(3) == 0)
		wn.value.nsec |= (int64_t)draw(100) << 32;	/* padding (kernel/time/time.c, get_timespec64()) */
#endif
	r = GUEST_CALL(is_wide ? wide_nr : nr, id, how, draw_place(is_wide ? (void *)&wn : &n),
		       draw_place(is_wide ? (void *)&wo : &o));
	*old = is_wide ? wo : widen(&o);
	return r;
}

static guest_word
get_by(guest_word nr, guest_word wide_nr, int id, struct wide_spec *now)
{
	static struct spec s;
	static struct wide_spec ws;
	bool is_wide = draw(2);
	guest_word r;

	s = (struct spec){{UNTOUCHED, UNTOUCHED}, {UNTOUCHED, UNTOUCHED}};
	ws = widen(&s);
	r = GUEST_CALL(is_wide ? wide_nr : nr, id, draw_place(is_wide ? (void *)&ws : &s), 0);
	*now = is_wide ? ws : widen(&s);
	return r;
}

/* ---- signals ---- */

static struct guest_mask
all_signals(void)
{
	struct guest_mask m = {{0, 0}};

	for (unsigned i = 0; i < COUNT(signals); i++)
		m.word[signals[i] > 32] |= BIT_OF(signals[i]);
	return m;
}

/* One that is pending, if the lot finds it. */
static int
draw_signal(void)
{
	struct guest_mask m = pending_now();
	int signal = DRAW(signals);

	for (int i = 0; i < 8 && !(m.word[signal > 32] & BIT_OF(signal)); i++)
		signal = DRAW(signals);
	return signal;
}

static void
say_pending(void)
{
	struct guest_mask m = pending_now();

	say("; pending", m.word[0]);
	say("", m.word[1]);
}

/* Which of the timers, by its number. */
static void
say_timer(int id)
{
	for (int i = 0; i < TIMERS; i++)
		if (timers[i].is_there && timers[i].id == id)
			return say("of timer", i);
	print(" of another");
}

static void
say_info(const struct siginfo *info)
{
	say("code", info->si_code);
	say("error", info->si_errno);
	if (info->si_code != SI_TIMER)
		return;
	say_timer(info->si_tid);
	say("overrun", info->si_overrun != 0);
	if (info->si_int == info->si_tid)
		print(" value its number");
	else
		say("value", info->si_int);
}

static void
take(struct guest_mask m)
{
	struct guest_timespec none = {0, 0};
	struct siginfo info;
	long r;

	memset(&info, 0x55, sizeof info);
	r = (long)answer(call(rt_sigtimedwait, &m, &info, &none, MASK_SIZE));
	if (r > 0)
		say_info(&info);
}

static void
take_one(void)
{
	int signal = draw_signal();

	say("take", signal);
	take(draw(4) ? MASK_OF(signal) : all_signals());
}

/* None is left, and nothing is said. */
static void
drain(void)
{
	struct guest_mask m = all_signals();
	struct guest_timespec none = {0, 0};

	while (call(rt_sigtimedwait, &m, NULL, &none, MASK_SIZE) > 0)
		;
}

static void
read_by_descriptor(void)
{
	struct guest_mask m = all_signals();
	long f = call(signalfd4, -1, &m, MASK_SIZE, O_NONBLOCK), r;
	int32_t words[32];	/* struct signalfd_siginfo: number, errno, code; tid, overrun and int at 6, 8 and 11 */

	print("read");
	r = (long)answer(call(read, f, words, sizeof words));
	if (r > 0) {
		say("signal", words[0]);
		say("code", words[2]);
		say("overrun", words[8] != 0);
		if (words[2] == SI_TIMER) {
			say_timer(words[6]);
			say("value", words[11] == words[6] ? -1 : words[11]);
		}
	}
	call(close, f);
}

static void
handle(int signal, struct siginfo *info, void *context)
{
	(void)context;
	print(" [");
	say("signal", signal);
	say_info(info);
	print("]");
}

static void
let_in(void)
{
	int signal = draw_signal();

	say("let in", signal);
	change_mask(SIG_UNBLOCK, signal);
	change_mask(SIG_BLOCK, signal);
}

/* ---- timers of POSIX ---- */

static int
draw_timer(void)
{
	int which = (int)draw(TIMERS);

	for (int i = 0; i < 3 && !timers[which].is_there; i++)
		which = (int)draw(TIMERS);
	return draw(20) ? which : -1;
}

static int
id_of(int which)
{
	return which >= 0 && timers[which].is_there ? timers[which].id : draw(2) ? -1 : 12345;
}

struct event {
	union { int number; void *pointer; } value;
	int signal, notify, thread;
	char rest[64];
};

static void
draw_event(struct event *e)
{
	static const int ways[] = {SIGNALS, SIGNALS, SIGNALS, NOTHING, THREAD, TO_THREAD, TO_THREAD, 3, 5, 77, -1};
	static const int no_signals[] = {0, 65, -1};

	memset(e, 0, sizeof *e);
	e->value.number = 1000 + (int)draw(1000);
	e->notify = DRAW(ways);
	e->signal = draw(8) ? DRAW(signals) : DRAW(no_signals);
	e->thread = draw(4) ? (int)call(gettid) : draw(2) ? 0x7ffffff : (int)draw(3) - 1;
	say("way", e->notify);
	say("signal", e->signal);
	say("value", e->value.number);
	print(e->thread == call(gettid) ? " its own thread" : " no thread");
}

static void
create_timer(void)
{
	struct event e;
	int which = (int)draw(TIMERS), clock = draw_clock(), id = UNTOUCHED;
	void *event = draw(6) ? &e : draw(3) ? NULL : NOWHERE;
	bool has_place = draw(12);
	long r;

	if (timers[which].is_there) {
		say("instead of", which);
		answer(call(timer_delete, timers[which].id));
		timers[which].is_there = false;
	}
	say("timer", which);
	say("of clock", clock);
	draw_event(&e);
	print(event == NULL ? " none" : event == NOWHERE ? " nowhere" : "");
	r = (long)answer(call(timer_create, clock, event, has_place ? &id : NOWHERE));
	if (r != 0)
		return say("id untouched", id == UNTOUCHED);
	if (event == NULL)
		e.signal = SIGALRM;
	else if (e.notify == NOTHING)
		e.signal = 0;
	timers[which] = (struct timer){id, clock, e.signal, 0, true};
}

/* Until it has gone off: then nothing is left, or the interval. */
static void
wait_until_gone_off(int id)
{
	struct spec s = {{0, 0}, {0, 1}};

	while (call(timer_gettime, id, &s) == 0 && s.value.sec == 0 && s.value.nsec != 0)
		sleep_ms(1);
}

static void
set_timer(void)
{
	int which = draw_timer(), id = id_of(which), clock = which < 0 ? MONOTONIC : timers[which].clock;
	int how = draw(3) ? 0 : draw(4) ? ABSOLUTE : 2;
	struct wide_spec s, was;
	struct spec now;
	enum when when;
	long r;

	say("set timer", which);
	say("how", how);
	when = draw_spec(&s, clock, how == ABSOLUTE);
	r = (long)answer(set_by(__NR_timer_settime, WIDE_NUMBER(timer_settime), id, how, &s, &was));
	print(" was");
	say_spec(which < 0 ? 0 : timers[which].set, &was);
	if (when == AT_ONCE)
		wait_until_gone_off(id);
	if (which >= 0 && timers[which].is_there && call(timer_gettime, id, &now) == 0) {
		timers[which].set = now.value.sec;
		say("is near", r == 0 && when == LATER && is_near(&s, &now, clock, how == ABSOLUTE));
	}
}

static void
ask_timer(void)
{
	int which = draw_timer(), id = id_of(which);
	struct wide_spec now;

	say("timer", which);
	switch (draw(5)) {
	case 0:
		print(" overrun");
		answer(call(timer_getoverrun, id));
		return;
	case 1:
		print(" delete");
		if (answer(call(timer_delete, id)) == 0)
			timers[which].is_there = false;
		return;
	default:
		answer(get_by(__NR_timer_gettime, WIDE_NUMBER(timer_gettime), id, &now));
		say_spec(which < 0 ? 0 : timers[which].set, &now);
	}
}

static bool
runs_over(const struct timer *t)
{
	return t->is_there && t->signal != 0 && is_wall_clock(t->clock);
}

/* One that goes off again and again, until it has more often than signals came of it. */
static void
run_over(void)
{
	unsigned which = draw(TIMERS);
	struct spec often = {{0, 1000000}, {0, 1}}, never = {{0, 0}, {0, 0}};
	struct timer *t;

	for (unsigned i = 0; i < TIMERS && !runs_over(&timers[which]); i++)
		which = (which + 1) % TIMERS;
	t = &timers[which];
	if (!runs_over(t))
		return print("no timer to run over");
	drain();
	say("run over", which);
	answer(call(timer_settime, t->id, 0, &often, NULL));
	do
		sleep_ms(4);
	while (!(pending_now().word[t->signal > 32] & BIT_OF(t->signal)));
	take(MASK_OF(t->signal));
	say("overrun", call(timer_getoverrun, t->id) > 0);
	answer(call(timer_settime, t->id, 0, &never, NULL));
	t->set = 0;
	drain();
}

/* ---- interval timers and alarms ---- */

static void
wait_for_itimer(void)
{
	struct old_spec s = {{0, 0}, {0, 1}};

	while (call(getitimer, 0, &s) == 0 && s.value.sec == 0 && s.value.usec != 0)
		sleep_ms(1);
}

static void
say_itimer(int which, const struct old_spec *s)
{
	say_left(which < 0 || which > 2 ? 0 : itimers[which], s->value.sec, s->value.usec);
	say("interval", s->interval.sec);
	say("", s->interval.usec);
}

static void
remember_itimer(int which)
{
	struct old_spec s = {{0, 0}, {0, 0}};

	if (which >= 0 && which <= 2 && call(getitimer, which, &s) == 0)
		itimers[which] = s.value.sec;
}

static void
set_itimer(void)
{
	static const int wrong[] = {-1, 1000000, 1999999};
	int which = draw(10) ? (int)draw(3) : (int)draw(2) * 4 - 1;
	struct old_spec s = {{draw(3) ? 0 : FAR + (int)draw(FAR), draw(1000000)}, {0, 0}};
	struct old_spec was = {{UNTOUCHED, UNTOUCHED}, {UNTOUCHED, UNTOUCHED}};
	unsigned when = draw(4);

	if (when == LATER || (when == AT_ONCE && which != 0))
		s.value = (struct guest_timeval){FAR + (int)draw(FAR), draw(1000000)};
	else if (when == AT_ONCE)
		s.value.usec = 1;
	else if (when == INVALID)
		*(draw(3) ? &s.value : &s.interval) = (struct guest_timeval){draw(2) ? 0 : -5, DRAW(wrong)};
	if (when == AT_ONCE && which == 0 && s.interval.sec == 0)
		s.interval.usec = 0;
	say("itimer", which);
	say("when", when);
	say("interval", s.interval.sec);
	say("", s.interval.usec);
	say("value", s.value.usec);
	answer(call(setitimer, which, draw(16) ? (draw(12) ? &s : NULL) : NOWHERE, draw_place(&was)));
	print(" was");
	say_itimer(which, &was);
	if (when == AT_ONCE && which == 0)
		wait_for_itimer();
	remember_itimer(which);
}

static void
get_itimer(void)
{
	int which = draw(8) ? (int)draw(3) : (int)draw(2) * 4 - 1;
	struct old_spec s = {{UNTOUCHED, UNTOUCHED}, {UNTOUCHED, UNTOUCHED}};

	say("itimer", which);
	answer(call(getitimer, which, draw_place(&s)));
	say_itimer(which, &s);
}

static void
set_alarm(void)
{
	static const unsigned odd[] = {0, 0, 0x7fffffff};
	unsigned seconds = draw(3) ? FAR + draw(FAR) : DRAW(odd);
	unsigned left;

	say("alarm", seconds);
	left = (unsigned)call(alarm, seconds);
	print(left == 0 ? " = none left" : " = some");
	say_left(itimers[0], left, 0);
	remember_itimer(0);
}

/* ---- timers as descriptors ---- */

static int
draw_file(void)
{
	int which = (int)draw(FILES);

	for (int i = 0; i < 3 && files[which].fd < 0; i++)
		which = (int)draw(FILES);
	return draw(20) ? which : -1;
}

static int
fd_of(int which)
{
	return which >= 0 && files[which].fd >= 0 ? files[which].fd : draw(2) ? -1 : 0;
}

static void
create_file(void)
{
	static const int flags[] = {0, 04000, 04000, 02000000, 02004000, 02004000, 1, 0x10000000};
	static const int clocks[] = {REALTIME, MONOTONIC, BOOTTIME};
	int which = (int)draw(FILES), clock = draw(3) ? DRAW(clocks) : draw_clock(), how = DRAW(flags);
	long r;

	if (files[which].fd >= 0)
		call(close, files[which].fd);
	files[which].fd = -1;
	say("timerfd", which);
	say("of clock", clock);
	say("flags", how);
	r = (long)answer(call(timerfd_create, clock, how));
	if (r < 0)
		return;
	files[which].fd = (int)r;
	files[which].clock = clock;
	files[which].set = 0;
	say("has", call(fcntl, r, F_GETFL));
	say("", call(fcntl, r, F_GETFD));
	call(fcntl, r, F_SETFL, O_NONBLOCK);
}

static void
wait_for_file(int fd)
{
	struct pollfd f = {fd, POLLIN, 0};

	call(poll, &f, 1, 5000);
}

static void
set_file(void)
{
	static const int hows[] = {0, 0, 0, ABSOLUTE, ABSOLUTE, CANCEL_ON_SET, ABSOLUTE | CANCEL_ON_SET, 4, -1};
	int which = draw_file(), fd = fd_of(which), how = DRAW(hows);
	int clock = which < 0 ? MONOTONIC : files[which].clock;
	bool is_absolute = how > 0 && (how & ABSOLUTE);
	struct wide_spec s, was;
	struct spec now;
	enum when when;
	long r;

	say("set timerfd", which);
	say("how", how);
	when = draw_spec(&s, clock, is_absolute);
	r = (long)answer(set_by(__NR_timerfd_settime, WIDE_NUMBER(timerfd_settime), fd, how, &s, &was));
	print(" was");
	say_spec(which < 0 ? 0 : files[which].set, &was);
	if (r == 0 && when == AT_ONCE)
		wait_for_file(fd);
	if (which >= 0 && call(timerfd_gettime, fd, &now) == 0) {
		files[which].set = now.value.sec;
		say("is near", r == 0 && when == LATER && is_near(&s, &now, clock, is_absolute));
	}
}

static void
ask_file(void)
{
	int which = draw_file(), fd = fd_of(which);
	struct wide_spec now;
	uint64_t ticks = 77;
	struct pollfd f = {fd, POLLIN | POLLOUT, 0};

	if (fd == 0)
		fd = f.fd = -1;		/* what standard input is, is not asked here */
	say("timerfd", which);
	switch (draw(6)) {
	case 0:
		answer(get_by(__NR_timerfd_gettime, WIDE_NUMBER(timerfd_gettime), fd, &now));
		return say_spec(which < 0 ? 0 : files[which].set, &now);
	case 1:
		print(" poll");
		answer(call(poll, &f, 1, 0));
		return say("", f.revents);
	case 2:
		print(" write");
		answer(call(write, fd, &ticks, sizeof ticks));
		return;
	default:
		print(" read");
		answer(call(read, fd, draw_place(&ticks), draw(6) ? 8 : draw(20)));
		say("ticks", (long long)ticks);
	}
}

/* ---- sleeping, and clocks ---- */

/* Times that are over at once, or none. Those that the processor's clocks count would not come while it sleeps. */
static struct wide_timespec
draw_sleep(bool is_wall)
{
	struct wide_timespec t = {0, is_wall ? draw(2) : 0};

	if (draw(3) == 0)
		wrong_nanoseconds(&t);
	else if (draw(6) == 0)
		t.sec = -(int64_t)(1 + draw(1000));
	return t;
}

static void
sleep_by_clock(void)
{
	static struct wide_timespec wide, wide_left;
	static struct guest_timespec t, left;
	int clock = draw_clock(), how = (int)draw(4) - (int)draw(2);

	wide = draw_sleep(is_wall_clock(clock));
	t = (struct guest_timespec){(__kernel_long_t)wide.sec, (__kernel_long_t)wide.nsec};
	wide_left = (struct wide_timespec){UNTOUCHED, UNTOUCHED};
	left = (struct guest_timespec){UNTOUCHED, UNTOUCHED};
	say("sleep by clock", clock);
	say("how", how);
	say("for", wide.sec);
	say("", wide.nsec);
	if (draw(3) == 0) {
		print(" nanosleep");
		answer(call(nanosleep, draw(10) ? &t : NOWHERE, draw_place(&left)));
	} else if (draw(2)) {
		answer(call(clock_nanosleep, clock, how, draw(10) ? &t : NOWHERE, draw_place(&left)));
	} else {
		answer(call(clock_nanosleep_time64, clock, how, draw(10) ? &wide : NOWHERE, draw_place(&wide_left)));
	}
	say("rest", left.sec);
	say("", wide_left.sec);
}

/* Never a time that would be taken. */
static void
set_clock(void)
{
	static const int64_t wrong[] = {-1, BILLION};
	struct wide_timespec wide = {draw(2) ? -(int64_t)draw(100) : 1000, DRAW(wrong)};
	struct guest_timespec t = {(__kernel_long_t)wide.sec, (__kernel_long_t)wide.nsec};
	struct guest_timeval v = {t.sec, draw(2) ? -1 : 1000001};
	int clock = draw_clock();

	say("set clock", clock);
	say("to", wide.sec);
	say("", wide.nsec);
	switch (draw(3)) {
	case 0:
		answer(call(clock_settime, clock, draw(6) ? &t : NOWHERE));
		return;
	case 1:
		answer(call(clock_settime64, clock, draw(6) ? &wide : NOWHERE));
		return;
	default:
		print(" of the day");
		answer(call(settimeofday, draw(6) ? &v : NOWHERE, NULL));
	}
}

/* ---- all of it ---- */

static void
one_call(void)
{
	static void (*const what[])(void) = {
		create_timer, create_timer, create_timer, create_file, create_file, set_timer, set_timer, set_timer,
		set_timer, set_timer, ask_timer, ask_timer, run_over, set_itimer, set_itimer, get_itimer, set_alarm,
		set_file, set_file, ask_file, ask_file, ask_file, sleep_by_clock, sleep_by_clock, set_clock, take_one,
		read_by_descriptor, let_in,
	};

	DRAW(what)();
}

TEST(timers_are_the_kernels)
{
	struct guest_mask m = all_signals();
	struct guest_action a = {(void *)handle, SA_SIGINFO | SA_RESTORER, guest_restorer, m};

	call(rt_sigprocmask, SIG_BLOCK, &m, NULL, MASK_SIZE);
	for (unsigned i = 0; i < COUNT(signals); i++)
		call(rt_sigaction, signals[i], &a, NULL, MASK_SIZE);
	for (unsigned i = 0; i < FILES; i++)
		files[i].fd = -1;
	for (int i = 0; i < CALLS; i++) {
		one_call();
		say_pending();
		print_end();
	}
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(timers_are_the_kernels);
	return 0;
}
