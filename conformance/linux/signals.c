/* covers: linux rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo
   rt_sigsuspend rt_sigreturn sigaltstack kill tkill tgkill pause alarm setitimer getitimer restart_syscall */
#include "guest_signal.h"

static struct guest_mask mask;

TEST(actions_are_kept_as_given)
{
	struct guest_action a = {(void *)note, SA_SIGINFO | SA_RESTART | SA_RESTORER, guest_restorer, {{0xffffffff, 0xffffffff}}};
	struct guest_action was;

	memset(&was, 0xaa, sizeof was);
	SHOW(rt_sigaction, SIGUSR1, NULL, &was, MASK_SIZE);
	TRUTH(was.handler == NULL && was.restorer == NULL && was.flags == 0);
	BYTES(&was.mask, sizeof was.mask);
	SHOW(rt_sigaction, SIGUSR1, &a, NULL, MASK_SIZE);
	SHOW(rt_sigaction, SIGUSR1, NULL, &was, MASK_SIZE);
	TRUTH(was.handler == (void *)note);
	TRUTH(was.restorer == guest_restorer);
	VALUE(was.flags);
	BYTES(&was.mask, 8);
	a.flags |= 0x00000400 | 0x10000 | 0x800000;
	SHOW(rt_sigaction, SIGUSR1, &a, &was, MASK_SIZE);
	SHOW(rt_sigaction, SIGUSR1, NULL, &was, MASK_SIZE);
	VALUE(was.flags);
	SHOW(rt_sigaction, SIGKILL, NULL, &was, MASK_SIZE);
	SHOW(rt_sigaction, SIGKILL, &a, NULL, MASK_SIZE);
	SHOW(rt_sigaction, SIGSTOP, &a, NULL, MASK_SIZE);
	SHOW(rt_sigaction, 0, NULL, NULL, MASK_SIZE);
	SHOW(rt_sigaction, 65, NULL, NULL, MASK_SIZE);
	SHOW(rt_sigaction, -1, NULL, NULL, MASK_SIZE);
	SHOW(rt_sigaction, 64, &a, NULL, MASK_SIZE);
	SHOW(rt_sigaction, 32, &a, NULL, MASK_SIZE);
	SHOW(rt_sigaction, SIGUSR1, &a, NULL, 4);
	SHOW(rt_sigaction, SIGUSR1, NOWHERE, NULL, MASK_SIZE);
	SHOW(rt_sigaction, SIGUSR1, NULL, NOWHERE, MASK_SIZE);
	SHOW(rt_sigaction, SIGKILL, NOWHERE, NULL, MASK_SIZE);
	be_default(SIGUSR1);
}

TEST(every_signal_can_be_caught)
{
	for (int signal = 1; signal <= 64; signal++) {
		if (signal == SIGKILL || signal == SIGSTOP)
			continue;
		catch(signal, 0);
		call(kill, call(getpid), signal);
		VALUE(seen * 100 + seen_code);
		be_default(signal);
	}
}

TEST(masks)
{
	catch(SIGUSR1, 0);
	mask = MASK_OF(SIGUSR1);
	SHOW(rt_sigprocmask, SIG_BLOCK, &mask, NULL, MASK_SIZE);
	call(kill, call(getpid), SIGUSR1);
	call(kill, call(getpid), SIGUSR1);
	VALUE(seen_count);
	SHOW(rt_sigpending, &mask, MASK_SIZE);
	BYTES(&mask, 8);
	SHOW(rt_sigprocmask, SIG_BLOCK, NULL, &mask, MASK_SIZE);
	BYTES(&mask, 8);
	SHOW(rt_sigprocmask, 77, NULL, &mask, MASK_SIZE);
	SHOW(rt_sigprocmask, 77, &mask, NULL, MASK_SIZE);
	SHOW(rt_sigprocmask, SIG_UNBLOCK, &mask, NULL, MASK_SIZE);
	SHOW_SEEN();
	mask = (struct guest_mask){{0xffffffff, 0xffffffff}};
	SHOW(rt_sigprocmask, SIG_SETMASK, &mask, &mask, MASK_SIZE);
	BYTES(&mask, 8);
	SHOW(rt_sigprocmask, SIG_SETMASK, &mask, &mask, MASK_SIZE);
	BYTES(&mask, 8);
	SHOW(rt_sigprocmask, SIG_SETMASK, &mask, NULL, 4);
	SHOW(rt_sigprocmask, SIG_SETMASK, NOWHERE, NULL, MASK_SIZE);
	SHOW(rt_sigprocmask, SIG_SETMASK, NULL, NOWHERE, MASK_SIZE);
	SHOW(rt_sigpending, NOWHERE, MASK_SIZE);
	SHOW(rt_sigpending, &mask, 16);
	SHOW(rt_sigpending, &mask, 4);
}

TEST(real_time_signals_queue_in_order)
{
	for (int i = 36; i < 40; i++) {
		catch(i, 0);
		change_mask(SIG_BLOCK, i);
	}
	for (int i = 39; i >= 36; i--) {
		call(kill, call(getpid), i);
		call(kill, call(getpid), i);
	}
	seen_count = 0;
	mask = (struct guest_mask){{0, 0}};
	call(rt_sigprocmask, SIG_SETMASK, &mask, NULL, MASK_SIZE);
	VALUE(seen_count);
	for (int i = 0; i < seen_count; i++)
		VALUE(seen_order[i]);
}

TEST(who_can_be_sent_to)
{
	long me = call(getpid);

	catch(SIGUSR2, 0);
	SHOW(kill, me, 0);
	SHOW(kill, me, SIGUSR2);
	SHOW_SEEN();
	TRUTH(seen_info.si_pid == me);
	VALUE(seen_info.si_uid);
	SHOW(kill, me, 65);
	SHOW(kill, me, -1);
	SHOW(kill, 0x7ffffff, SIGUSR2);
	SHOW(kill, (int)0x80000000, SIGUSR2);
	SHOW(tkill, call(gettid), SIGUSR2);
	SHOW_SEEN();
	SHOW(tkill, 0, SIGUSR2);
	SHOW(tkill, -1, SIGUSR2);
	SHOW(tkill, 0x7ffffff, SIGUSR2);
	SHOW(tgkill, me, call(gettid), SIGUSR2);
	SHOW_SEEN();
	SHOW(tgkill, me, call(gettid), 99);
	SHOW(tgkill, 0, call(gettid), SIGUSR2);
	SHOW(tgkill, me, 1, SIGUSR2);
}

TEST(signals_with_values)
{
	struct siginfo info;
	long me = call(getpid);

	memset(&info, 0, sizeof info);
	catch(SIGRTMIN + 3, 0);
	info.si_signo = 3;
	info.si_code = -1;
	info.si_int = 4711;
	SHOW(rt_sigqueueinfo, me, SIGRTMIN + 3, &info);
	SHOW_SEEN();
	VALUE(seen_value);
	info.si_int = 4712;
	SHOW(rt_tgsigqueueinfo, me, call(gettid), SIGRTMIN + 3, &info);
	SHOW_SEEN();
	VALUE(seen_value);
	info.si_code = 0;
	SHOW(rt_sigqueueinfo, me, SIGRTMIN + 3, &info);
	info.si_code = -6;
	SHOW(rt_sigqueueinfo, me, SIGRTMIN + 3, &info);
	SHOW(rt_sigqueueinfo, call(getppid), 0, &info);
	SHOW(rt_sigqueueinfo, me, SIGRTMIN + 3, NOWHERE);
	SHOW(rt_sigqueueinfo, me, 99, &info);
	SHOW(rt_tgsigqueueinfo, me, 0, SIGRTMIN + 3, &info);
	SHOW(rt_tgsigqueueinfo, me, call(gettid), SIGRTMIN + 3, NOWHERE);
}

TEST(waiting_for_a_signal)
{
	struct guest_timespec none = {0, 0}, bad = {0, 1000000000}, some = {0, 10000000};
	struct siginfo info;

	catch(SIGUSR1, 0);
	change_mask(SIG_BLOCK, SIGUSR1);
	mask = MASK_OF(SIGUSR1);
	SHOW(rt_sigtimedwait, &mask, NULL, &none, MASK_SIZE);
	SHOW(rt_sigtimedwait, &mask, NULL, &some, MASK_SIZE);
	call(kill, call(getpid), SIGUSR1);
	memset(&info, 0xaa, sizeof info);
	SHOW(rt_sigtimedwait, &mask, &info, &none, MASK_SIZE);
	VALUE(info.si_signo);
	VALUE(info.si_code);
	TRUTH(info.si_pid == call(getpid));
	call(kill, call(getpid), SIGUSR1);
	SHOW(rt_sigtimedwait, &mask, NULL, NULL, MASK_SIZE);
	call(kill, call(getpid), SIGUSR1);
	SHOW(rt_sigtimedwait, &mask, NOWHERE, NULL, MASK_SIZE);
	SHOW(rt_sigtimedwait, &mask, NULL, &none, MASK_SIZE);
	SHOW(rt_sigtimedwait, &mask, NULL, &bad, MASK_SIZE);
	SHOW(rt_sigtimedwait, NOWHERE, NULL, &none, MASK_SIZE);
	SHOW(rt_sigtimedwait, &mask, NULL, NOWHERE, MASK_SIZE);
	SHOW(rt_sigtimedwait, &mask, NULL, &none, 4);
	VALUE(seen_count);
	call(kill, call(getpid), SIGUSR1);
	mask = (struct guest_mask){{0, 0}};
	SHOW(rt_sigsuspend, &mask, MASK_SIZE);
	SHOW_SEEN();
	SHOW(rt_sigsuspend, NOWHERE, MASK_SIZE);
	SHOW(rt_sigsuspend, &mask, 4);
	call(rt_sigprocmask, SIG_SETMASK, NULL, &mask, MASK_SIZE);
	BYTES(&mask, 8);
	change_mask(SIG_UNBLOCK, SIGUSR1);
}

static volatile bool on_own_stack;
static char own_stack[16384];

static void
on_stack(int signal, struct siginfo *info, void *context)
{
	char here;

	note(signal, info, context);
	on_own_stack = &here >= own_stack && &here < own_stack + sizeof own_stack;
	SHOW(sigaltstack, NULL, &(stack_t){0});
	SHOW(sigaltstack, &(stack_t){.ss_flags = SS_DISABLE}, NULL);
}

TEST(a_stack_for_handlers)
{
	stack_t s = {.ss_sp = own_stack, .ss_size = sizeof own_stack}, was;

	memset(&was, 0, sizeof was);
	SHOW(sigaltstack, NULL, &was);
	VALUE(was.ss_flags);
	VALUE(was.ss_size);
	SHOW(sigaltstack, &s, &was);
	catch_with(SIGUSR1, (void *)on_stack, SA_ONSTACK);
	call(kill, call(getpid), SIGUSR1);
	TRUTH(on_own_stack);
	catch_with(SIGUSR1, (void *)on_stack, 0);
	call(kill, call(getpid), SIGUSR1);
	TRUTH(on_own_stack);
	s = (stack_t){.ss_sp = own_stack, .ss_size = sizeof own_stack};
	SHOW(sigaltstack, &s, &was);
	SHOW(sigaltstack, NULL, &was);
	TRUTH(was.ss_sp == own_stack);
	VALUE(was.ss_size);
	VALUE(was.ss_flags);
	s.ss_size = 100;
	SHOW(sigaltstack, &s, NULL);
	s.ss_flags = 77;
	SHOW(sigaltstack, &s, NULL);
	s.ss_flags = SS_ONSTACK;
	s.ss_size = sizeof own_stack;
	SHOW(sigaltstack, &s, NULL);
	s.ss_flags = (int)0x80000000;
	SHOW(sigaltstack, &s, NULL);
	SHOW(sigaltstack, NULL, &was);
	VALUE(was.ss_flags);
	SHOW(sigaltstack, NOWHERE, NULL);
	SHOW(sigaltstack, NULL, NOWHERE);
	s.ss_flags = SS_DISABLE;
	SHOW(sigaltstack, &s, &was);
	SHOW(sigaltstack, NULL, &was);
	VALUE(was.ss_flags);
	VALUE(was.ss_size);
}

static int nesting;

static void
nest(int signal, struct siginfo *info, void *context)
{
	note(signal, info, context);
	VALUE(signal);
	if (nesting++ < 3)
		call(kill, call(getpid), SIGUSR1);
	call(rt_sigprocmask, SIG_BLOCK, NULL, &mask, MASK_SIZE);
	BYTES(&mask, 8);
	TEXT("out");
}

TEST(masks_inside_handlers)
{
	struct guest_action a = {(void *)nest, SA_SIGINFO | SA_RESTORER, guest_restorer, MASK_OF(SIGUSR2)};

	call(rt_sigaction, SIGUSR1, &a, NULL, MASK_SIZE);
	call(kill, call(getpid), SIGUSR1);
	nesting = 0;
	a.flags |= SA_NODEFER;
	call(rt_sigaction, SIGUSR1, &a, NULL, MASK_SIZE);
	call(kill, call(getpid), SIGUSR1);
	nesting = 5;
	a.flags |= SA_RESETHAND;
	call(rt_sigaction, SIGUSR1, &a, NULL, MASK_SIZE);
	call(kill, call(getpid), SIGUSR1);
	call(rt_sigaction, SIGUSR1, NULL, &a, MASK_SIZE);
	TRUTH(a.handler == NULL);
	VALUE(a.flags);
	call(rt_sigprocmask, SIG_BLOCK, NULL, &mask, MASK_SIZE);
	BYTES(&mask, 8);
}

struct timer {
	struct guest_timespec interval, value;	/* seconds and microseconds */
};

TEST(interval_timers)
{
	struct timer t = {{0, 0}, {0, 5000}}, was;

	catch(SIGALRM, 0);
	SHOW(alarm, 100);
	SHOW(alarm, 0);
	SHOW(alarm, 0);
	SHOW(setitimer, 0, &t, NULL);
	SHOW(pause);
	SHOW_SEEN();
	SHOW(getitimer, 0, &was);
	BYTES(&was, sizeof was);
	t.value.nsec = 1000000;
	SHOW(setitimer, 0, &t, NULL);
	t.value.nsec = 0;
	t.interval.sec = 3;
	SHOW(setitimer, 0, &t, &was);
	SHOW(setitimer, 7, &t, NULL);
	SHOW(setitimer, 0, NOWHERE, NULL);
	SHOW(setitimer, 0, &t, NOWHERE);
	SHOW(setitimer, 0, NULL, NULL);
	SHOW(getitimer, 7, &was);
	SHOW(getitimer, 1, NOWHERE);
	catch(SIGVTALRM, 0);
	t = (struct timer){{0, 0}, {0, 2000}};
	SHOW(setitimer, 1, &t, NULL);
	while (seen_count == 0)
		;
	SHOW_SEEN();
	catch(SIGPROF, 0);
	SHOW(setitimer, 2, &t, NULL);
	while (seen_count == 0)
		;
	SHOW_SEEN();
}

TEST(interrupted_calls)
{
	struct timer t = {{0, 0}, {0, 20000}}, none = {{0, 0}, {0, 0}};
	struct guest_timespec long_time = {1, 0}, left = {7, 7}, short_time = {0, 60000000};
	int ends[2];
	char byte;

	call(pipe, ends);
	catch(SIGALRM, 0);
	call(setitimer, 0, &t, NULL);
	SHOW(read, ends[0], &byte, 1);
	SHOW_SEEN();
	call(setitimer, 0, &t, NULL);
	SHOW(nanosleep, &long_time, &left);
	TRUTH(left.sec == 0 && left.nsec > 0);
	catch(SIGALRM, SA_RESTART);
	call(setitimer, 0, &t, NULL);
	SHOW(nanosleep, &short_time, &left);
	VALUE(seen_count);
	call(setitimer, 0, &t, NULL);
	long child = fork();
	if (child == 0) {
		call(setitimer, 0, &none, NULL);
		sleep_ms(60);
		call(write, ends[1], "x", 1);
		leave(0);
	}
	SHOW(read, ends[0], &byte, 1);
	SHOW_SEEN();
	VALUE(wait_for(child));
	SHOW(restart_syscall);
	call(close, ends[0]);
	call(close, ends[1]);
}

TEST(endings_by_signal)
{
	static const int deadly[] = {SIGHUP, SIGABRT, SIGFPE, SIGKILL, SIGSEGV, SIGSYS, SIGTERM, SIGUSR1, 64};

	for (size_t i = 0; i < COUNT(deadly); i++) {
		long child = fork();

		if (child == 0) {
			be_default(deadly[i]);
			mask = (struct guest_mask){{0, 0}};
			call(rt_sigprocmask, SIG_SETMASK, &mask, NULL, MASK_SIZE);
			call(kill, call(getpid), deadly[i]);
			leave(9);
		}
		VALUE(wait_for(child) & 0x7f);
	}
}

TEST(ignored_signals)
{
	struct guest_action a = {(void *)1, SA_RESTORER, guest_restorer, {{0, 0}}};

	call(rt_sigaction, SIGTERM, &a, NULL, MASK_SIZE);
	SHOW(kill, call(getpid), SIGTERM);
	change_mask(SIG_BLOCK, SIGTERM);
	SHOW(kill, call(getpid), SIGTERM);
	call(rt_sigpending, &mask, MASK_SIZE);
	BYTES(&mask, 8);
	be_default(SIGTERM);
	catch(SIGTERM, 0);
	change_mask(SIG_UNBLOCK, SIGTERM);
	VALUE(seen_count);
	SHOW(kill, call(getpid), SIGCHLD);
	SHOW(kill, call(getpid), SIGWINCH);
	SHOW(kill, call(getpid), SIGCONT);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(actions_are_kept_as_given);
	RUN(every_signal_can_be_caught);
	RUN(masks);
	RUN(real_time_signals_queue_in_order);
	RUN(who_can_be_sent_to);
	RUN(signals_with_values);
	RUN(waiting_for_a_signal);
	RUN(a_stack_for_handlers);
	RUN(masks_inside_handlers);
	RUN(interval_timers);
	RUN(interrupted_calls);
	RUN(endings_by_signal);
	RUN(ignored_signals);
	return 0;
}
