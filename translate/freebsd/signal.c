/*
 * FreeBSD's signals: what they do by default (sys/kern/kern_sig.c, sigproptbl),
 * which one a fault is (amd64/amd64/trap.c), and siginfo.
 */
#include "freebsd.h"

#include "core/layout.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"

HOT enum default_action
freebsd_default_action(int signal)
{
	switch (signal) {
	case FREEBSD_SIGURG:
	case FREEBSD_SIGCHLD:
	case FREEBSD_SIGIO:
	case FREEBSD_SIGWINCH:
	case FREEBSD_SIGINFO:
		return DEFAULT_IGNORE;
	case FREEBSD_SIGCONT:
		return DEFAULT_CONTINUE;
	case FREEBSD_SIGSTOP:
	case FREEBSD_SIGTSTP:
	case FREEBSD_SIGTTIN:
	case FREEBSD_SIGTTOU:
		return DEFAULT_STOP;
	default:
		return DEFAULT_TERMINATE;
	}
}

/*
 * The processor's traps: the host's number, FreeBSD's (x86/include/trap.h), and the
 * signal and code they become (amd64/amd64/trap.c, trap()). Code 0: as the host says.
 */
static const struct {
	uint8_t trap, signal, code;
} traps[] = {
	[0] = {18, FREEBSD_SIGFPE, FREEBSD_FPE_INTDIV},
	[1] = {10, FREEBSD_SIGTRAP, FREEBSD_TRAP_TRACE},
	[2] = {19, 0, 0},
	[3] = {3, FREEBSD_SIGTRAP, FREEBSD_TRAP_BRKPT},
	[4] = {20, FREEBSD_SIGFPE, FREEBSD_FPE_INTOVF},
	[5] = {21, FREEBSD_SIGFPE, FREEBSD_FPE_FLTSUB},
	[6] = {1, FREEBSD_SIGILL, FREEBSD_ILL_PRVOPC},
	[7] = {22, 0, 0},
	[8] = {23, FREEBSD_SIGBUS, FREEBSD_BUS_OBJERR},
	[9] = {24, FREEBSD_SIGILL, FREEBSD_ILL_COPROC},
	[10] = {25, FREEBSD_SIGBUS, FREEBSD_BUS_OBJERR},
	[11] = {26, FREEBSD_SIGBUS, FREEBSD_BUS_ADRERR},
	[12] = {27, FREEBSD_SIGBUS, FREEBSD_BUS_ADRERR},
	[13] = {9, FREEBSD_SIGBUS, FREEBSD_BUS_OBJERR},
	[14] = {12, 0, 0},
	[16] = {6, FREEBSD_SIGFPE, 0},
	[17] = {14, FREEBSD_SIGBUS, FREEBSD_BUS_ADRALN},
	[18] = {28, 0, 0},
	[19] = {29, FREEBSD_SIGFPE, 0},
};
#define PAGE_FAULT 14
#define GENERAL_PROTECTION 13
#define INT_80_LENGTH 2		/* cd 80 */
#define INT_80_REFUSED 0x402	/* the error code: entry 0x80 of the interrupt table */

unsigned
freebsd_trap_number(unsigned host_trap)
{
	return host_trap < sizeof traps / sizeof *traps ? traps[host_trap].trap : 0;
}

/*
 * int 0x80 in 64-bit code is a system call like any other on FreeBSD. A host
 * without 32-bit support faults where others raise SIGSYS.
 */
bool
freebsd_faults_to_call(struct ucontext *uc, int host_signal, const struct siginfo *info)
{
	(void)host_signal;
	(void)info;
	if (uc->uc_mcontext.trapno != GENERAL_PROTECTION || uc->uc_mcontext.err != INT_80_REFUSED)
		return false;
	uc->uc_mcontext.rip += INT_80_LENGTH;
	return true;
}

int
freebsd_fault_signal(struct thread *t, struct ucontext *uc, int host_signal, const struct siginfo *info)
{
	unsigned trap = (unsigned)uc->uc_mcontext.trapno;

	(void)t;
	(void)info;
	if (trap < sizeof traps / sizeof *traps && traps[trap].signal)
		return traps[trap].signal;
	return number_to_guest(&freebsd_signals, (unsigned)host_signal);
}

/* Where and why; t->frame is that of the fault. */
static void
fault_to_guest(const struct thread *t, struct freebsd_siginfo *to, const struct siginfo *from)
{
	unsigned trap = t->last_fault.number;
	unsigned code = trap < sizeof traps / sizeof *traps ? traps[trap].code : 0;

	to->addr = trap == PAGE_FAULT ? (uint64_t)(uintptr_t)from->si_addr : t->frame->uc_mcontext.rip;
	to->reason.fault.trapno = (int32_t)freebsd_trap_number(trap);
	if (code)
		to->code = (int32_t)code;
	else if (to->signo == FREEBSD_SIGBUS)		/* past the end of a mapping's object */
		to->code = FREEBSD_BUS_OBJERR;
	else if (to->signo == FREEBSD_SIGSEGV && from->si_code == SEGV_PKUERR)
		to->code = FREEBSD_SEGV_PKUERR;
	else	/* SEGV_* and FPE_FLT* have the same numbers */
		to->code = from->si_code;
}

static void
child_to_guest(struct freebsd_siginfo *to, const struct siginfo *from)
{
	int stopped = from->si_code == CLD_STOPPED || from->si_code == CLD_TRAPPED || from->si_code == CLD_CONTINUED;
	int number = stopped ? number_to_guest(&freebsd_signals, (unsigned)from->si_status) : -1;

	to->code = from->si_code;
	to->pid = from->si_pid;
	to->uid = from->si_uid;
	to->status = number > 0 ? number : from->si_status;
}

/* Codes that say who sent it. */
static int32_t
sender_code(int host_code)
{
	switch (host_code) {
	case SI_USER:
		return FREEBSD_SI_USER;
	case SI_QUEUE:
		return FREEBSD_SI_QUEUE;
	case SI_TIMER:
		return FREEBSD_SI_TIMER;
	case SI_MESGQ:
		return FREEBSD_SI_MESGQ;
	case SI_ASYNCIO:
		return FREEBSD_SI_ASYNCIO;
	case SI_TKILL:
		return FREEBSD_SI_LWP;
	default:
		return FREEBSD_SI_KERNEL;
	}
}

void
freebsd_siginfo_from_host(struct thread *t, struct freebsd_siginfo *to, const struct queued_signal *s)
{
	const struct siginfo *from = &s->info;

	memset(to, 0, sizeof *to);
	to->signo = s->number;
	if (s->number == FREEBSD_SIGCHLD && from->si_code > 0 && from->si_code != SI_KERNEL) {
		child_to_guest(to, from);
		return;
	}
	if (from->si_code > 0 && from->si_signo > 0 && signal_is_always_open(from->si_signo) && !t->in_call) {
		fault_to_guest(t, to, from);
		return;
	}
	to->code = sender_code(from->si_code);
	if (to->code == FREEBSD_SI_KERNEL)
		return;
	if (to->code == FREEBSD_SI_TIMER) {
		freebsd_timer_info(to, from);
		return;
	}
	to->pid = from->si_pid;
	to->uid = from->si_uid;
	if (to->code != FREEBSD_SI_USER && to->code != FREEBSD_SI_LWP)
		to->value = (uint64_t)(uintptr_t)from->si_ptr;
}
