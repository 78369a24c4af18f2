/*
 * A signal of the host's has arrived: the trap of a call, a fault, or one for the guest, which is queued. Where it found
 * the thread decides how it goes on.
 */
#include "signal.h"

#include "call.h"
#include "core.h"
#include "every_thread.h"
#include "guest_call.h"
#include "host.h"
#include "host_clock.h"
#include "layout.h"
#include "personality.h"
#include "process.h"
#include "sites.h"
#include "thread.h"

/* gate_x86_64.S, copy_x86_64.S */
extern const char gate_check[], gate_made[], gate_not_made[], gate_exit_check[], gate_exit_end[];
extern const char gate_last_check[], gate_last_made[], gate_last_not_made[];
extern const char gate_quick[], gate_quick_jump[], gate_whole_jump[], gate_whole_32_jump[];
extern const char guest_access_begin[], guest_access_end[], guest_access_fault[];

static bool
is_syscall_trap(int host_signal, const struct siginfo *info)
{
	return host_signal == SIGSYS && (info->si_code == SYS_SECCOMP || info->si_code == SYS_USER_DISPATCH);
}

/*
 * Linux (6.11 and later) lets its own uretprobe call past every seccomp filter, and
 * answers it with SIGILL where no probe is: the guest's call of that number.
 */
#define HOST_URETPROBE 335

static bool
is_unfiltered_call(int host_signal, const struct siginfo *info, const struct ucontext *uc)
{
	return host_signal == SIGILL && info->si_code == SI_KERNEL && uc->uc_mcontext.rcx == uc->uc_mcontext.rip;
}

static bool
is_fault(int host_signal, const struct siginfo *info)
{
	return signal_is_always_open(host_signal) && info->si_code > 0;
}

static bool
in_range(uint64_t ip, const char *begin, const char *end)
{
	return ip >= (uintptr_t)begin && ip < (uintptr_t)end;
}

static bool
is_core_code(uint64_t ip)
{
	return ip >= CORE_BASE && ip < CORE_END;
}

static void
core_fault(int host_signal, const struct siginfo *info, struct ucontext *uc)
{
	uint64_t ip = uc->uc_mcontext.rip;

	if (!in_range(ip, guest_access_begin, guest_access_end))
		die(70, "internal error: signal %d at %lx, address %p", host_signal, (unsigned long)ip,
		    info->si_addr);
	/* A signal that was deferred has blocked the others; this frame is older than that. */
	if (thread_self()->pending)
		uc->uc_sigmask |= ~ALWAYS_OPEN;
	uc->uc_mcontext.rip = (uintptr_t)guest_access_fault;
	uc->uc_mcontext.eflags &= ~UINT64_C(0x400);	/* direction flag, as the ABI has it */
}

static bool
is_queued(const struct thread *t, int number)
{
	for (uint32_t i = t->queue_head; i != t->queue_tail; i++)
		if (t->queue[i % SIGNAL_QUEUE].number == number)
			return true;
	return false;
}

/* Those that are always open may come again and again while the core works. */
static void
queue_arrived(struct thread *t, int number, const struct siginfo *info)
{
	if (!is_queued(t, number) || !signal_is_always_open(info->si_signo))
		signal_raise(t, number, info);
}

/* A signal in the middle of core code, which keeps it: block the rest, and do not begin to wait. */
static void
defer(struct thread *t, struct ucontext *uc)
{
	uint64_t ip = uc->uc_mcontext.rip;

	uc->uc_sigmask |= ~ALWAYS_OPEN;
	if (in_range(ip, gate_check, gate_made))
		uc->uc_mcontext.rip = (uintptr_t)gate_not_made;
	else if (in_range(ip, gate_last_check, gate_last_made))
		uc->uc_mcontext.rip = (uintptr_t)gate_last_not_made;
	else if (in_range(ip, gate_exit_check, gate_exit_end))
		uc->uc_mcontext.rip = (uintptr_t)gate_exit_check;
	else if (in_range(ip, gate_quick, gate_whole_32_jump)) {
		uc->uc_mcontext.rip = (uintptr_t)gate_return;
		uc->uc_mcontext.rdi = (uintptr_t)t->frame;
	}
}

/* What a kernel's next frames still show of this fault. */
static void
remember_fault(struct thread *t, const struct ucontext *uc)
{
	const struct sigcontext *r = &uc->uc_mcontext;

	t->last_fault.r10 = r->r10;
	t->last_fault.r11 = r->r11;
	t->last_fault.number = (uint32_t)r->trapno;
	t->last_fault.address = r->cr2;
}

/* A fault that the guest has blocked or ignored kills it, as on every kernel. */
static void
guest_fault(struct thread *t, int host_signal, const struct siginfo *info, struct ucontext *uc)
{
	const struct personality *abi = t->p->abi;
	int number = abi->fault_signal(t, uc, host_signal, info);

	if (number == 0)
		return;
	remember_fault(t, uc);
	if (sigset_has(&t->mask, number) || t->p->actions[number].handler == HANDLER_IGNORE ||
	    (abi->holds_signals && abi->holds_signals(t)))
		signal_die(t, number);
	signal_raise(t, number, info);
}

/* The guest's number of a signal that is no fault; 0: not one for the guest. */
static int
arrived_number(const struct thread *t, int host_signal, struct siginfo *info)
{
	int number;

	if (!signal_is_carrier(t->p->abi, host_signal))
		return number_to_guest(t->p->abi->signals, (unsigned)host_signal);
	if (info->si_code == SI_TIMER)
		return TIMER_SIGNAL_NUMBER((uint64_t)(uintptr_t)info->si_ptr);
	number = info->si_errno & 0xff;
	if (info->si_code != SI_QUEUE || signal_to_host(t->p->abi, number) != HOST_CARRIER)
		return 0;
	info->si_code = (int8_t)(info->si_errno >> 8);
	info->si_errno = 0;
	return number;
}

/* At the gate's last instruction a thread is as good as where that leads. */
static void
jump_is_made(const struct thread *t, struct sigcontext *r)
{
	if (r->rip == (uintptr_t)gate_quick_jump) {
		r->rip = r->rcx;
	} else if (r->rip == (uintptr_t)gate_whole_jump) {
		r->rip = t->goes_on;
	} else if (r->rip == (uintptr_t)gate_whole_32_jump) {
		r->rip = (uint32_t)t->goes_on;
		r->cs = USER32_CS;
	}
}

/*
 * From entry_x86_64.S, on the thread's block. 1: guest code was interrupted,
 * leave by gate_return(uc); 0: core code, go on with it.
 */
int
signal_arrived(int host_signal, struct siginfo *info, struct ucontext *uc)
{
	struct thread *t = thread_self();
	bool in_core;
	int number;

	jump_is_made(t, &uc->uc_mcontext);
	if (sites_interrupted(t, host_signal, info, uc))
		return 0;
	in_core = is_core_code(uc->uc_mcontext.rip) || t->vdso_stack;
	if (t->vdso_stack && (is_syscall_trap(host_signal, info) || is_fault(host_signal, info))) {
		host_clock_fails(t, uc, info);
		return 0;
	}
	if (is_fault(host_signal, info) && in_core) {
		core_fault(host_signal, info, uc);
		return 0;
	}
	if (!in_core) {
		t->frame = uc;
		t->by_site = false;
		t->in_call = false;
		t->quick = 0;
		/* What follows may fault at the guest's memory. */
		if (host_signal != SIGSYS && signal_is_always_open(host_signal))
			core_call(__NR_rt_sigprocmask, SIG_SETMASK, &uc->uc_sigmask, 0, sizeof(host_sigset));
	}
	if (!in_core && t->p->abi->faults_to_call && t->p->abi->faults_to_call(uc, host_signal, info)) {
		guest_call_trapped(t, uc);
		return 1;
	}
	if (!in_core && is_unfiltered_call(host_signal, info, uc)) {
		uc->uc_mcontext.rax = HOST_URETPROBE;
		guest_call(t, uc);
		return 1;
	}
	if (is_syscall_trap(host_signal, info)) {
		guest_call_trapped(t, uc);
		return 1;
	}
	if (host_signal == SIGFPE)	/* one that asks may be lost behind it */
		errand_run(t);
	if (is_fault(host_signal, info)) {
		guest_fault(t, host_signal, info, uc);
		return 1;
	}
	if (errand_asks(host_signal, info)) {
		errand_run(t);
		return !in_core;
	}
	signal_info_arrives(info);
	number = arrived_number(t, host_signal, info);
	if (number > 0 && sigset_has(&t->p->watch.set, number)) {
		signal_seen(t->p, number);
		/* Ignored: it was caught only to be counted, and ends no call. */
		if (signal_is_ignored(t->p, number) && !sigset_has(&t->mask, number))
			return !in_core;
	}
	if (number <= 0)
		return !in_core;
	queue_arrived(t, number, info);
	if (!in_core || guest_call_ends_with_signal(t, uc))
		return 1;
	defer(t, uc);
	return 0;
}
