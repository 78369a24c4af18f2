/* covers: linux getpid rt_sigreturn setitimer */
/* covers: linux_i386 sigreturn */
/* only: i386; both ways into the kernel: what a call keeps, also while signals come all the time */
#include "guest.h"

#include <asm/sigcontext.h>
#include <linux/time.h>

#include "guest_signal.h"

struct registers {
	uint32_t ebx, ecx, edx, esi, edi, ebp, esp, eax;
};

__attribute__((used)) static const struct registers given = {0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x55555555, 0x66666666, 0, 0};
__attribute__((used)) static struct registers taken;
__attribute__((used)) static uint32_t entry, kept_esp;

void one_call(void);
__asm__(".text\n"
	"int80: int $0x80\n"
	"	ret\n"
	/* getpid with every register given, and taken after it */
	"one_call:\n"
	"	pushal\n"
	"	movl %esp, kept_esp\n"
	"	movl given, %ebx\n"
	"	movl given+4, %ecx\n"
	"	movl given+8, %edx\n"
	"	movl given+12, %esi\n"
	"	movl given+16, %edi\n"
	"	movl given+20, %ebp\n"
	"	movl $20, %eax\n"
	"	call *entry\n"
	"	movl %ebx, taken\n"
	"	movl %ecx, taken+4\n"
	"	movl %edx, taken+8\n"
	"	movl %esi, taken+12\n"
	"	movl %edi, taken+16\n"
	"	movl %ebp, taken+20\n"
	"	movl %eax, taken+28\n"
	"	movl %esp, %eax\n"
	"	subl kept_esp, %eax\n"
	"	movl %eax, taken+24\n"
	"	popal\n"
	"	ret\n");
void int80(void);

static void
choose_entry(void)
{
	entry = guest_entry ? guest_entry : (uint32_t)int80;
}

static bool
all_kept(void)
{
	return same(&taken, &given, 7 * sizeof(uint32_t));
}

TEST(registers_over_a_call)
{
	one_call();
	TRUTH(all_kept());
	TRUTH(taken.eax == (uint32_t)call(getpid));
}

/* The FP state is the program's own: x87's stack, SSE's registers and what controls them. */
TEST(floating_point_over_a_call)
{
	static const uint32_t in[4] = {1, 2, 3, 4};
	static uint32_t out[4], mxcsr = 0x3f80, mxcsr_after, three = 3;
	static uint16_t control = 0x27f, control_after;
	static uint32_t rounded;

	__asm__ volatile("movups %0, %%xmm7\n ldmxcsr %1\n fldcw %2\n fildl %3" : : "m"(in), "m"(mxcsr), "m"(control), "m"(three));
	one_call();
	__asm__ volatile("movups %%xmm7, %0\n stmxcsr %1\n fstcw %2\n fistpl %3"
			 : "=m"(out), "=m"(mxcsr_after), "=m"(control_after), "=m"(rounded));
	TRUTH(same(in, out, sizeof in));
	VALUE(mxcsr_after);
	VALUE(control_after);
	VALUE(rounded);
}

static volatile unsigned ticks;

static void
tick(int signal)
{
	(void)signal;
	ticks++;
	/* What a handler leaves in registers is its own affair. */
	__asm__ volatile("fninit\n fldz\n pxor %%xmm7, %%xmm7" : : : "xmm7");
}

static void
tick_and_call(int signal, struct siginfo *info, void *context)
{
	(void)info;
	(void)context;
	tick(signal);
	call(getppid);
}

static void
storm(void *handler, unsigned long flags)
{
	static const uint32_t in[4] = {5, 6, 7, 8};
	static uint32_t out[4];
	struct guest_action a = {handler, flags, NULL, {{0, 0}}};
	struct { struct { int32_t sec, usec; } interval, value; } often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
	unsigned wrong = 0, pid = (uint32_t)call(getpid);

	ticks = 0;
	call(rt_sigaction, SIGALRM, &a, NULL, MASK_SIZE);
	call(setitimer, 0, &often, NULL);
	for (unsigned n = 0; n < 300000 && (n < 2000 || ticks < 200); n++) {
		__asm__ volatile("movups %0, %%xmm7" : : "m"(in) : "xmm7");
		one_call();
		__asm__ volatile("movups %%xmm7, %0" : "=m"(out));
		wrong += !all_kept() || taken.eax != pid || !same(in, out, sizeof in);
	}
	call(setitimer, 0, &never, NULL);
	VALUE(wrong);
	TRUTH(ticks > 0);
}

TEST(calls_while_signals_come)
{
	storm((void *)tick, 0);
	storm((void *)tick, SA_RESTART);
	storm((void *)tick_and_call, SA_SIGINFO);
}

/* struct _fpstate_32 and what is behind it, as both frames have it. */
static struct _fpstate_32 state;
static bool state_is_extended, state_ends;

static void
read_state(uint32_t at)
{
	state = *(struct _fpstate_32 *)at;
	state_is_extended = state.sw_reserved.magic1 == FP_XSTATE_MAGIC1 &&
			    state.sw_reserved.extended_size == state.sw_reserved.xstate_size + 112 + 4;
	state_ends = *(uint32_t *)(at + 112 + state.sw_reserved.xstate_size) == FP_XSTATE_MAGIC2;
}

static void
old_frame(int signal)
{
	/* Above the return address and the number: struct sigcontext. */
	struct sigcontext_32 *context = (struct sigcontext_32 *)((char *)__builtin_frame_address(0) + 12);

	(void)signal;
	read_state(context->fpstate);
	((struct _fpstate_32 *)context->fpstate)->_st[0].exponent = 0x4000;	/* 1.5 becomes 3: FSAVE's part is what counts */
	((struct _fpstate_32 *)context->fpstate)->_xmm[7].element[0] = 99;
}

static void
new_frame(int signal, struct siginfo *info, void *ucontext)
{
	struct sigcontext_32 *context = (struct sigcontext_32 *)((char *)ucontext + 20);

	(void)signal;
	(void)info;
	read_state(context->fpstate);
	((struct _fpstate_32 *)context->fpstate)->_xmm[7].element[0] = 98;
}

static void
raise_with_state(void *handler, unsigned long flags)
{
	static const uint32_t in[4] = {21, 22, 23, 24};
	static uint32_t out[4];
	static double one = 1.5, left;
	struct guest_action a = {handler, flags, NULL, {{0, 0}}};
	long pid = call(getpid);

	call(rt_sigaction, SIGUSR1, &a, NULL, MASK_SIZE);
	__asm__ volatile("fninit\n fldl %1\n movups %0, %%xmm7" : : "m"(in), "m"(one));
	call(kill, pid, SIGUSR1);
	__asm__ volatile("fstpl %1\n movups %%xmm7, %0" : "=m"(out), "=m"(left));
	VALUE(state.cw);
	VALUE(state.sw);
	VALUE(state.tag);
	VALUE(state.datasel & 0xffff0000);
	VALUE(state.cssel & 0xffff);
	VALUE(state._st[0].significand[3]);
	VALUE(state._st[0].exponent);
	VALUE(state.status);
	VALUE(state.magic);
	VALUE(state.mxcsr);
	VALUE(state._xmm[7].element[1]);
	TRUTH(state_is_extended);
	TRUTH(state_ends);
	VALUE(out[0]);
	VALUE(out[1]);
	BYTES(&left, 8);
}

TEST(frames_have_the_floating_point_state)
{
	raise_with_state((void *)old_frame, 0);
	raise_with_state((void *)new_frame, SA_SIGINFO);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	choose_entry();
	RUN(registers_over_a_call);
	RUN(floating_point_over_a_call);
	RUN(calls_while_signals_come);
	RUN(frames_have_the_floating_point_state);
	return 0;
}
