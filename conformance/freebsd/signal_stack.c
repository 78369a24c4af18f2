/* covers: freebsd sigaltstack sigreturn freebsd4_sigreturn getcontext setcontext swapcontext sigfastblock */
#include "guest_signal.h"

static volatile int caught;
static volatile uintptr_t handler_sp;
static struct ucontext seen;
static struct siginfo last;
static struct stack inside;
static char alternate[65536] __attribute__((aligned(16)));

static void
note(int signal, struct siginfo *info, struct ucontext *context)
{
	char here;

	(void)signal;
	handler_sp = (uintptr_t)&here;
	last = *info;
	memcpy(&seen, context, sizeof seen);
	call(SYS_sigaltstack, NULL, &inside);
	caught++;
}

static bool
is_inside(uintptr_t sp)
{
	return sp >= (uintptr_t)alternate && sp < (uintptr_t)alternate + sizeof alternate;
}

TEST(the_alternate_stack_is_checked)
{
	struct stack s = {alternate, MINSIGSTKSZ - 1, 0}, old;

	CHECK_IS(call(SYS_sigaltstack, NULL, &old), 0);
	CHECK_IS(old.flags, SS_DISABLE);
	CHECK_IS(call(SYS_sigaltstack, &s, NULL), -ENOMEM);
	s.flags = 2;
	CHECK_IS(call(SYS_sigaltstack, &s, NULL), -EINVAL);
	CHECK_IS(call(SYS_sigaltstack, NOWHERE, NULL), -EFAULT);
	s = (struct stack){alternate, sizeof alternate, 0};
	CHECK_IS(call(SYS_sigaltstack, &s, &old), 0);
	CHECK_IS(old.flags, SS_DISABLE);
	CHECK_IS(call(SYS_sigaltstack, NULL, &old), 0);
	CHECK(old.sp == alternate && old.size == sizeof alternate && old.flags == 0);
}

TEST(handlers_run_on_it_if_they_ask)
{
	struct stack s = {alternate, sizeof alternate, 0};

	call(SYS_sigaltstack, &s, NULL);
	on_signal(SIGUSR1, note, SA_SIGINFO);
	kill_self(SIGUSR1);
	CHECK(!is_inside(handler_sp));
	CHECK_IS(inside.flags, 0);
	on_signal(SIGUSR1, note, SA_SIGINFO | SA_ONSTACK);
	kill_self(SIGUSR1);
	CHECK(is_inside(handler_sp));
	CHECK_IS(inside.flags, SS_ONSTACK);
	s.flags = SS_DISABLE;
	CHECK_IS(call(SYS_sigaltstack, &s, NULL), 0);
	kill_self(SIGUSR1);
	CHECK(!is_inside(handler_sp));
}

static volatile long change_inside;

static void
change(int signal)
{
	struct stack s = {NULL, 0, SS_DISABLE};

	(void)signal;
	change_inside = call(SYS_sigaltstack, &s, NULL);
}

TEST(it_cannot_be_changed_while_in_use)
{
	struct stack s = {alternate, sizeof alternate, 0};

	call(SYS_sigaltstack, &s, NULL);
	on_signal(SIGUSR1, change, SA_ONSTACK);
	kill_self(SIGUSR1);
	CHECK_IS(change_inside, -EPERM);
}

TEST(a_stack_that_cannot_take_the_frame_is_sigill)
{
	long pid = fork();

	if (pid == 0) {
		struct stack s = {(void *)0x1000, 8192, 0};

		call(SYS_sigaltstack, &s, NULL);
		on_signal(SIGUSR1, note, SA_SIGINFO | SA_ONSTACK);
		kill_self(SIGUSR1);
		leave(1);
	}
	CHECK_IS(DEATH(wait_for(pid)), SIGILL);
}

/* Registers that a signal must leave alone, in a loop that timers of the kernel interrupt too. */
static void
signal_the_first(void *arg)
{
	for (int i = 0; i < 200; i++)
		call(SYS_thr_kill, (long)arg, SIGUSR2);
}

static void
clobber(int signal)
{
	(void)signal;
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0; pcmpeqd %%xmm15, %%xmm15; fninit; fldpi; std; cld"
			 : : : "xmm0", "xmm15", "st");
	caught++;
}

TEST(registers_and_fp_state_survive_a_handler)
{
	static struct test_thread t;
	uint64_t marks = 0, xmm = 0;

	caught = 0;
	on_signal(SIGUSR2, clobber, 0);
	CHECK_IS(thread_start(&t, signal_the_first, (void *)my_tid()), 0);
	while (!t.ended) {
		__asm__ volatile("movq $0x1234567, %%rbx; movq $77, %%r8; movq $78, %%r9; movq $79, %%r10;"
				 "movq $80, %%r11; movq $81, %%rcx; movq %%rbx, %%xmm0; movq %%rbx, %%xmm15;"
				 "movl $20000, %%edx; 1: decl %%edx; jnz 1b;"
				 "movq %%r8, %0; addq %%r9, %0; addq %%r10, %0; addq %%r11, %0; addq %%rcx, %0;"
				 "movq %%xmm15, %1; movq %%xmm0, %%rdx; addq %%rdx, %1; subq %%rbx, %1"
				 : "=&r"(marks), "=&r"(xmm)
				 :
				 : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "xmm0", "xmm15", "cc");
		if (marks != 77 + 78 + 79 + 80 + 81 || xmm != 0x1234567)
			break;
	}
	CHECK_IS(marks, 77 + 78 + 79 + 80 + 81);
	CHECK_IS(xmm, 0x1234567);
	thread_join(&t);
	CHECK(caught > 0);
}

static uintptr_t resume;

static void
step_over(int signal, struct siginfo *info, struct ucontext *context)
{
	(void)signal;
	last = *info;
	context->rip = resume;
	caught++;
}

TEST(a_fault_says_where_and_a_handler_may_go_on)
{
	caught = 0;
	on_signal(SIGSEGV, step_over, SA_SIGINFO);
	__asm__ volatile("leaq 1f(%%rip), %%rax; movq %%rax, %0; movq 0x10, %%rax; 1:" : "=m"(resume) : : "rax", "memory");
	CHECK_IS(caught, 1);
	CHECK(last.addr == (void *)0x10);
	CHECK_IS(last.code, 1);
	CHECK_IS(last.reason[0], 12);
	on_signal(SIGSEGV, SIG_DFL, 0);
}

static void
fault(void)
{
	__asm__ volatile("movq 0x10, %%rax" : : : "rax");
}

TEST(a_blocked_or_ignored_fault_kills)
{
	long pid = fork();

	if (pid == 0) {
		on_signal(SIGSEGV, note, SA_SIGINFO);
		block(SIGSEGV);
		fault();
		leave(1);
	}
	CHECK_IS(DEATH(wait_for(pid)), SIGSEGV);
	pid = fork();
	if (pid == 0) {
		on_signal(SIGSEGV, SIG_IGN, 0);
		fault();
		leave(1);
	}
	CHECK_IS(DEATH(wait_for(pid)), SIGSEGV);
}

TEST(sigreturn_refuses_what_would_leave_user_mode)
{
	struct ucontext u;

	on_signal(SIGUSR1, note, SA_SIGINFO);
	kill_self(SIGUSR1);
	u = seen;
	u.rflags |= 0x3000;	/* the I/O privilege level */
	CHECK_IS(call(SYS_sigreturn, &u), -EINVAL);
	CHECK_IS(call(344 /* freebsd4_sigreturn */, &u), -EINVAL);
	CHECK_IS(call(SYS_sigreturn, NOWHERE), -EFAULT);
	u = seen;
	u.flags |= 0x100;
	CHECK_IS(call(SYS_sigreturn, &u), -EINVAL);
}

TEST(a_context_is_come_back_to)
{
	static struct ucontext u;
	volatile int times = 0;
	long r = SYS_getcontext;

	/* Not through the stub: its return address is gone by the second time. */
	__asm__ volatile("syscall" : "+a"(r) : "D"(&u) : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	CHECK_IS(r, 0);
	CHECK_IS(u.len, 0x320);
	if (++times < 3)
		CHECK_IS(call(SYS_setcontext, &u), 0);
	CHECK_IS(times, 3);
	CHECK_IS(call(SYS_getcontext, NULL), -EINVAL);
	CHECK_IS(call(SYS_setcontext, NULL), -EINVAL);
	u.len = 1;
	CHECK_IS(call(SYS_setcontext, &u), -EINVAL);
}

static struct ucontext first, second;
static volatile int hops;

static void
other_side(void)
{
	for (;;) {
		hops++;
		call(SYS_swapcontext, &second, &first);
	}
}

TEST(two_contexts_take_turns)
{
	static char stack[16384] __attribute__((aligned(16)));

	CHECK_IS(call(SYS_getcontext, &second), 0);
	second.rip = (uint64_t)other_side;
	second.rsp = (uint64_t)stack + sizeof stack - 8;
	for (int i = 0; i < 10; i++)
		CHECK_IS(call(SYS_swapcontext, &first, &second), 0);
	CHECK_IS(hops, 10);
}

TEST(a_word_blocks_signals_without_a_call)
{
	static uint32_t word;

	caught = 0;
	on_signal(SIGUSR1, note, SA_SIGINFO);
	CHECK_IS(call(SYS_sigfastblock, 2, NULL), -EINVAL);
	CHECK_IS(call(SYS_sigfastblock, 1, &word), 0);
	CHECK_IS(call(SYS_sigfastblock, 1, &word), -EBUSY);
	word = 0x10;
	kill_self(SIGUSR1);
	CHECK_IS(caught, 0);
	CHECK_IS(word, 0x11);
	CHECK_IS(call(SYS_sigfastblock, 2, NULL), -EBUSY);
	word -= 0x10;
	CHECK_IS(caught, 0);
	CHECK_IS(call(SYS_sigfastblock, 2, NULL), 0);
	CHECK_IS(caught, 1);
	CHECK_IS(word, 0);
	kill_self(SIGUSR1);
	CHECK_IS(caught, 2);
	CHECK_IS(call(SYS_sigfastblock, 3, NULL), 0);
	CHECK_IS(call(SYS_sigfastblock, 3, NULL), -EINVAL);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(the_alternate_stack_is_checked);
	RUN(handlers_run_on_it_if_they_ask);
	RUN(it_cannot_be_changed_while_in_use);
	RUN(a_stack_that_cannot_take_the_frame_is_sigill);
	RUN(registers_and_fp_state_survive_a_handler);
	RUN(a_fault_says_where_and_a_handler_may_go_on);
	RUN(a_blocked_or_ignored_fault_kills);
	RUN(sigreturn_refuses_what_would_leave_user_mode);
	RUN(a_context_is_come_back_to);
	RUN(two_contexts_take_turns);
	RUN(a_word_blocks_signals_without_a_call);
	return 0;
}
