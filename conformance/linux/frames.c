/* covers: linux rt_sigreturn rt_sigaction */
#include "guest_signal.h"

#include <asm/sigcontext.h>
#ifndef __i386__
#include <asm/ucontext.h>
#endif

/* asm/ucontext.h, asm-generic/ucontext.h: what a handler is given as its third argument. */
struct context {
	unsigned long flags;
	struct context *link;
	stack_t stack;
	struct sigcontext registers;
	struct guest_mask mask;
};

static volatile struct {
	int number, code, trap, error;
	void *address;
	bool aligned, address_in_frame;
	unsigned flags, stack_flags, mask;
} shown;
static volatile unsigned long skip;

static void
look(int signal, struct siginfo *info, struct context *c)
{
	struct sigcontext *r = &c->registers;

	shown.number = signal;
	shown.code = info->si_code;
	shown.address = info->si_addr;
	shown.trap = (int)r->trapno;
	shown.error = (int)r->err;
	shown.stack_flags = (unsigned)c->stack.ss_flags;
	shown.mask = c->mask.word[0];
	shown.flags = (unsigned)c->flags & ~1u;	/* the processor's own: has it XSAVE? */
	shown.aligned = ((unsigned long)__builtin_frame_address(0) & 15) == (sizeof(long) == 8 ? 0 : 8);
#ifdef __i386__
	r->eip += skip;
	shown.address_in_frame = r->cr2 == (unsigned long)info->si_addr;
#else
	r->rip += skip;
	shown.address_in_frame = r->cr2 == (unsigned long)info->si_addr;
#endif
}

static void
show(bool has_address)
{
	VALUE(shown.number);
	VALUE(shown.code);
	VALUE(shown.trap);
	VALUE(shown.error);
	VALUE(shown.flags);
	VALUE(shown.stack_flags);
	VALUE(shown.mask);
	if (has_address) {
		VALUE((unsigned long)shown.address);
		TRUTH(shown.address_in_frame);
	}
}

TEST(faults_tell_what_and_where)
{
	catch_with(SIGSEGV, (void *)look, 0);
	change_mask(SIG_BLOCK, SIGUSR2);
	skip = 2;	/* both are two bytes long */
	__asm__ volatile("movb %%al, (%0)" : : "c"((guest_word)16) : "memory");
	show(true);
	__asm__ volatile("movb (%0), %%al" : : "c"((guest_word)4096) : "eax", "memory");
	show(true);
	catch_with(SIGILL, (void *)look, 0);
	__asm__ volatile("ud2");
	shown.address = NULL;
	show(false);
	catch_with(SIGFPE, (void *)look, 0);
	__asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0));
	shown.address = NULL;
	show(false);
	catch_with(SIGTRAP, (void *)look, 0);
	skip = 0;
	__asm__ volatile("int3");
	shown.address = NULL;
	show(false);
	catch_with(SIGSEGV, (void *)look, 0);
	skip = 1;
	__asm__ volatile("hlt");	/* a general protection fault has no address */
	show(false);
	skip = 0;
	catch_with(SIGUSR1, (void *)look, 0);
	call(kill, call(getpid), SIGUSR1);
	shown.trap = shown.error = 0;	/* of the fault before */
	show(false);
	change_mask(SIG_UNBLOCK, SIGUSR2);
}

static void
spoil(int signal, struct siginfo *info, struct context *c)
{
	double x = 7.5, y;

	(void)signal;
	(void)info;
	(void)c;
	__asm__ volatile("finit\n fldl %1\n fstpl %0" : "=m"(y) : "m"(x));
	__asm__ volatile("pxor %%xmm0, %%xmm0\n pxor %%xmm7, %%xmm7" : : : "memory");
	shown.code = (int)y;
}

TEST(floating_point_state_is_put_back)
{
	static const double in[2] = {1.25, -3.5};
	double x87, xmm0[2], xmm7[2];
	unsigned short control = 0x0f7f, after;
	unsigned mxcsr = 0x5f80, mxcsr_after;

	catch_with(SIGUSR1, (void *)spoil, 0);
	long me = call(getpid);
	__asm__ volatile("fldcw %0" : : "m"(control));
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	__asm__ volatile("fldl %0\n movupd %0, %%xmm0\n movupd %0, %%xmm7" : : "m"(in));
	guest_syscall(__NR_kill, me, SIGUSR1, 0, 0, 0, 0);
	__asm__ volatile("fstpl %0\n movupd %%xmm0, %1\n movupd %%xmm7, %2" : "=m"(x87), "=m"(xmm0), "=m"(xmm7));
	__asm__ volatile("fnstcw %0" : "=m"(after));
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr_after));
	BYTES(&x87, 8);
	BYTES(xmm0, 16);
	BYTES(xmm7, 16);
	VALUE(after);
	VALUE(mxcsr_after);
	control = 0x37f;
	mxcsr = 0x1f80;
	__asm__ volatile("fldcw %0" : : "m"(control));
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}

static void
change(int signal, struct siginfo *info, struct context *c)
{
	(void)signal;
	(void)info;
	c->mask.word[0] |= BIT_OF(SIGUSR2) | BIT_OF(SIGKILL);
#ifdef __i386__
	c->registers.ebx = 4711;
	c->registers.eax = 4712;
#else
	c->registers.rbx = 4711;
	c->registers.rax = 4712;
#endif
}

TEST(a_handler_changes_what_it_returns_to)
{
	long rbx = 1, rax = 2;
	struct guest_mask m;

	catch_with(SIGTRAP, (void *)change, 0);
	__asm__ volatile("int3" : "+b"(rbx), "+a"(rax));
	VALUE(rbx);
	VALUE(rax);
	call(rt_sigprocmask, SIG_BLOCK, NULL, &m, MASK_SIZE);
	BYTES(&m, 8);
	change_mask(SIG_UNBLOCK, SIGUSR2);
}

TEST(registers_over_a_call)
{
#ifdef __i386__
	unsigned long before = 0x11223344, after;
	unsigned long other;
	__asm__ volatile("movl %2, %%ebx\n movl %2, %%edi\n movl $20, %%eax\n int $0x80\n movl %%ebx, %0\n movl %%edi, %1"
			 : "=m"(after), "=m"(other) : "r"(before) : "eax", "ebx", "edi", "memory");
	TRUTH(after == before);
	TRUTH(other == before);
#else
	unsigned long long before = 0x1122334455667788, after;

	__asm__ volatile("movq %1, %%r8\n movq %1, %%rdx\n movl %2, %%eax\n syscall\n subq %%r8, %%rdx\n movq %%rdx, %0"
			 : "=m"(after) : "r"(before), "i"(__NR_getpid) : "rax", "rcx", "rdx", "r8", "r11", "memory");
	VALUE(after);
	/* rcx and r11 have the address behind the call and the flags. */
	__asm__ volatile("leaq 1f(%%rip), %%rbx\n movl %1, %%eax\n syscall\n1:	subq %%rbx, %%rcx\n movq %%rcx, %0"
			 : "=m"(after) : "i"(__NR_getpid) : "rax", "rbx", "rcx", "r11", "memory");
	VALUE(after);
	__asm__ volatile("pushfq\n popq %%rbx\n movl %1, %%eax\n syscall\n movq %%r11, %0\n subq %%rbx, %0"
			 : "=m"(after) : "i"(__NR_getpid) : "rax", "rbx", "rcx", "r11", "memory", "cc");
	VALUE(after);
#endif
}

#ifdef __i386__
/* The frame of sigaction(2) without SA_SIGINFO, and the way back that the vDSO has. */
static volatile int old_number;

static void
old_style(int signal)
{
	old_number = signal;
}

TEST(handlers_of_the_old_kind)
{
	struct guest_action a = {(void *)old_style, 0, NULL, {{0, 0}}};

	SHOW(rt_sigaction, SIGUSR1, &a, NULL, MASK_SIZE);
	SHOW(kill, call(getpid), SIGUSR1);
	VALUE(old_number);
	a.flags = SA_SIGINFO;
	a.handler = (void *)note;
	SHOW(rt_sigaction, SIGUSR1, &a, NULL, MASK_SIZE);
	SHOW(kill, call(getpid), SIGUSR1);
	SHOW_SEEN();
}
#endif

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(faults_tell_what_and_where);
	RUN(floating_point_state_is_put_back);
	RUN(a_handler_changes_what_it_returns_to);
	RUN(registers_over_a_call);
#ifdef __i386__
	RUN(handlers_of_the_old_kind);
#endif
	return 0;
}
