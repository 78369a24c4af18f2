/*
 * covers: linux rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend
 * covers: linux rt_sigreturn sigaltstack kill tkill tgkill signalfd4 ppoll
 */
/*
 * Signals drawn by lot, sent to itself: what is delivered, when, on which stack, in which order and with which mask.
 * Handlers say what they see, and change the mask that they return to, send and wait themselves.
 */
#ifndef LOT
#define LOT 14	/* which found a signal lost behind one whose action was reset */
#endif
#include "guest_lot.h"
#include "guest_signal.h"

#include <asm/sigcontext.h>
#ifndef __i386__
#include <asm/ucontext.h>
#endif
#include <linux/time_types.h>

/*
 * Their default is to be ignored, or else it is never set: the program lives. Those that the host never blocks for the
 * layer's sake (docs/quirks.md) are not among them: several of which come in another order.
 */
static const int signals[] = {SIGUSR1, SIGUSR2, SIGCHLD, SIGURG, SIGWINCH, SIGHUP, SIGTERM, SIGALRM, SIGIO, 32, 34, 35, 64};
static const int ignored_by_default[] = {SIGCHLD, SIGURG, SIGWINCH};
#define STACK 65536
static char other_stack[2][STACK];
static bool has_info[65], is_handled[65], resets[65];
static long own_pid;
static int depth;

/* What stands before a handler's mask in the frame that it is given (asm/ucontext.h, asm-generic/ucontext.h). */
struct frame {
	unsigned long flags;
	void *link;
	stack_t stack;
	struct sigcontext context;
	struct guest_mask mask;
};

static struct guest_mask
draw_mask(void)
{
	struct guest_mask m = {{0, 0}};

	for (unsigned i = 0; i < COUNT(signals); i++)
		if (draw(4) == 0)
			m.word[signals[i] > 32] |= BIT_OF(signals[i]);
	return m;
}

static void
say_mask(const char *what, struct guest_mask m)
{
	say(what, m.word[0]);
	say("", m.word[1]);
}

static struct guest_mask
mask_now(void)
{
	struct guest_mask m = {{0, 0}};

	call(rt_sigprocmask, 0, NULL, &m, MASK_SIZE);
	return m;
}

static bool
is_in(struct guest_mask m, int signal)
{
	return m.word[signal > 32] & BIT_OF(signal);
}

static void
say_stack(void)
{
	char here;
	char *p = &here;

	for (int i = 0; i < 2; i++)
		if (p >= other_stack[i] && p < other_stack[i] + STACK)
			return say("on stack", i);
	print(" on its stack");
}

static void send_one(void);

static void
handle(int signal, struct siginfo *info, void *context)
{
	struct frame *frame = context;

	depth++;
	print(" [");
	say("signal", signal);
	if (has_info[signal]) {
		say("code", info->si_code);
		if (info->si_code == SI_QUEUE)
			say("value", info->si_int);
		say_mask("returns to", frame->mask);
	}
	say_mask("mask", mask_now());
	say_stack();
	if (resets[signal])
		is_handled[signal] = has_info[signal] = false;
	if (depth < 3 && draw(3) == 0)
		send_one();
	if (has_info[signal] && draw(4) == 0)
		frame->mask = draw_mask();
	print("]");
	depth--;
}

static void
set_action(void)
{
	static const unsigned flags[] = {SA_NODEFER, SA_ONSTACK, SA_ONSTACK, SA_RESTART, SA_SIGINFO, SA_SIGINFO};
	int signal = DRAW(signals);
	unsigned how = draw_flags(flags, COUNT(flags));
#ifdef __i386__
	how |= SA_SIGINFO;	/* the other kind of frame has a trampoline of its own */
#endif
	struct guest_action a = {(void *)handle, how | SA_RESTORER, guest_restorer, draw_mask()}, was;
	long r;

	memset(&was, 0, sizeof was);
	if (draw(8) == 0)
		a.handler = (void *)1;
	if (draw(8) == 0) {
		signal = DRAW(ignored_by_default);
		a.handler = NULL;
	}
	if (a.handler == (void *)handle && draw(6) == 0 && (signal == SIGCHLD || signal == SIGURG))
		a.flags |= how |= SA_RESETHAND;
	print("action of");
	say("", signal);
	say("flags", how);
	print(a.handler == NULL ? " default" : a.handler == (void *)1 ? " ignored" : " handled");
	r = call(rt_sigaction, signal, &a, &was, MASK_SIZE);
	answer(r);
	say("was", (long long)(was.flags & ~(unsigned long)SA_RESTORER));
	print(was.handler == NULL ? " default" : was.handler == (void *)1 ? " ignored" : " handled");
	if (r == 0) {
		is_handled[signal] = a.handler == (void *)handle;
		has_info[signal] = is_handled[signal] && how & SA_SIGINFO;
		resets[signal] = how & SA_RESETHAND;
	}
}

static void
change_mask_by_lot(void)
{
	struct guest_mask m = draw_mask(), was;
	int how = (int)draw(4);

	print("mask");
	say("how", how);
	say_mask("of", m);
	answer(call(rt_sigprocmask, how, &m, &was, MASK_SIZE));
	say_mask("was", how < 3 ? was : m);
}

static void
send_one(void)
{
	int signal = DRAW(signals);
	struct siginfo info;

	memset(&info, 0, sizeof info);
	info.si_code = SI_QUEUE;
	info.si_signo = signal;
	info.si_pid = (int)own_pid;
	info.si_int = (int)draw(1000);
	/* Nothing that would end the program. */
	if (!is_handled[signal] && signal != SIGCHLD && signal != SIGURG && signal != SIGWINCH)
		return print("nothing sent");
	say("send", signal);
	switch (draw(5)) {
	case 0:
		print(" kill");
		answer(call(kill, own_pid, signal));
		break;
	case 1:
		print(" tkill");
		answer(call(tkill, own_pid, signal));
		break;
	case 2:
		print(" tgkill");
		answer(call(tgkill, own_pid, own_pid, signal));
		break;
	case 3:
		print(" queue");
		answer(call(rt_sigqueueinfo, own_pid, signal, &info));
		break;
	default:
		print(" queue to thread");
		answer(call(rt_tgsigqueueinfo, own_pid, own_pid, signal, &info));
	}
}

static void
take_one(void)
{
	struct guest_mask m = draw_mask();
	struct __kernel_old_timespec none = {0, 0};
	struct siginfo info;
	long r;

	memset(&info, 0, sizeof info);
	say_mask("take", m);
	r = answer(call(rt_sigtimedwait, &m, &info, &none, MASK_SIZE));
	if (r > 0) {
		say("code", info.si_code);
		if (info.si_code == SI_QUEUE)
			say("value", info.si_int);
	}
}

/* Only where there is something to wake up for. */
static void
suspend(void)
{
	struct guest_mask m = draw_mask(), pending = pending_now();
	struct __kernel_old_timespec none = {0, 0};
	bool wakes = false;

	for (unsigned i = 0; i < COUNT(signals); i++)
		wakes |= is_in(pending, signals[i]) && !is_in(m, signals[i]) && is_handled[signals[i]];
	if (wakes && draw(2)) {
		say_mask("suspend", m);
		answer(call(rt_sigsuspend, &m, MASK_SIZE));
		return;
	}
	say_mask("poll", m);
	answer(call(ppoll, NULL, 0, &none, &m, MASK_SIZE));
}

static void
read_by_descriptor(void)
{
	struct guest_mask m = draw_mask();
	long f = call(signalfd4, -1, &m, MASK_SIZE, O_NONBLOCK), r;
	uint32_t words[32];	/* struct signalfd_siginfo: number, errno, code first */

	say_mask("read", m);
	r = answer(call(read, f, words, sizeof words));
	if (r > 0) {
		say("signal", words[0]);
		say("code", (int)words[2]);
	}
	call(close, f);
}

static void
change_stack(void)
{
	unsigned which = draw(2);
	stack_t s = {.ss_sp = other_stack[which], .ss_size = draw(4) ? STACK : 64, .ss_flags = draw(4) ? 0 : SS_DISABLE}, was;

	memset(&was, 0, sizeof was);
	print("stack");
	say("of", which);
	say("bytes", (long long)s.ss_size);
	say("flags", s.ss_flags);
	answer(call(sigaltstack, &s, &was));
	say("was", was.ss_flags);
	say("", (long long)was.ss_size);
}

TEST(signals_come_as_from_the_kernel)
{
	own_pid = call(getpid);
	for (int i = 0; i < CALLS; i++) {
		switch (draw(12)) {
		case 0:
		case 1:
			set_action();
			break;
		case 2:
		case 3:
			change_mask_by_lot();
			break;
		case 4:
		case 5:
		case 6:
		case 7:
			send_one();
			break;
		case 8:
			take_one();
			break;
		case 9:
			suspend();
			break;
		case 10:
			read_by_descriptor();
			break;
		default:
			change_stack();
		}
		say_mask("; pending", pending_now());
		say_mask("mask", mask_now());
		print_end();
	}
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(signals_come_as_from_the_kernel);
	return 0;
}
