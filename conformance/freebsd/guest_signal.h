/* Signals for conformance programs: include it in guest.h's place. */
#ifndef CONFORMANCE_FREEBSD_GUEST_SIGNAL_H
#define CONFORMANCE_FREEBSD_GUEST_SIGNAL_H

#include "guest_thread.h"

/* sys/sys/syscall.h */
enum {
	SYS_sigaltstack = 53, SYS_sigprocmask = 340, SYS_sigsuspend = 341, SYS_sigpending = 343,
	SYS_sigtimedwait = 345, SYS_sigwaitinfo = 346, SYS_sigreturn = 417, SYS_getcontext = 421,
	SYS_setcontext = 422, SYS_swapcontext = 423, SYS_sigwait = 429, SYS_sigqueue = 456, SYS_sigfastblock = 573,
};

/* sys/sys/signal.h */
enum {
	SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGEMT = 7, SIGFPE = 8,
	SIGKILL = 9, SIGBUS = 10, SIGSEGV = 11, SIGSYS = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGURG = 16,
	SIGSTOP = 17, SIGTSTP = 18, SIGCONT = 19, SIGCHLD = 20, SIGIO = 23, SIGWINCH = 28, SIGINFO = 29,
	SIGUSR1 = 30, SIGUSR2 = 31, SIGTHR = 32, SIGRTMIN = 65, SIGRTMAX = 126,
};
enum {
	SA_ONSTACK = 1, SA_RESTART = 2, SA_RESETHAND = 4, SA_NOCLDSTOP = 8, SA_NODEFER = 0x10, SA_NOCLDWAIT = 0x20,
	SA_SIGINFO = 0x40,
};
enum { SIG_BLOCK = 1, SIG_UNBLOCK, SIG_SETMASK };
enum { SS_ONSTACK = 1, SS_DISABLE = 4, MINSIGSTKSZ = 2048 };
enum {
	SI_USER = 0x10001, SI_QUEUE = 0x10002, SI_KERNEL = 0x10006, SI_LWP = 0x10007,
	CLD_EXITED = 1, CLD_KILLED = 2,
};
#define SIG_DFL ((void *)0)
#define SIG_IGN ((void *)1)

struct sigset {
	uint32_t bits[4];
};
struct siginfo {
	int signo, error, code, pid;
	uint32_t uid;
	int status;
	void *addr;
	uint64_t value;
	int reason[10];
};
struct sigaction {
	void *handler;
	int flags;
	struct sigset mask;
};
struct stack {
	void *sp;
	size_t size;
	int flags;
};
/* amd64: sigmask, then mc_onstack, and the registers that the tests look at. */
struct ucontext {
	struct sigset mask;
	uint64_t onstack, rdi, rsi, rdx, rcx, r8, r9, rax, rbx, rbp, r10, r11, r12, r13, r14, r15;
	uint32_t trapno;
	uint16_t fs, gs;
	uint64_t addr;
	uint32_t flags;
	uint16_t es, ds;
	uint64_t err, rip, cs, rflags, rsp, ss, len, fpformat, ownedfp;
	uint8_t rest[0x370 - 0xf0];
} __attribute__((aligned(16)));

static inline struct sigset
only(int signal)
{
	struct sigset s = {{0}};

	s.bits[(signal - 1) / 32] = 1u << (signal - 1) % 32;
	return s;
}

static inline bool
has(const struct sigset *s, int signal)
{
	return s->bits[(signal - 1) / 32] >> (signal - 1) % 32 & 1;
}

static inline long
on_signal(int signal, void *handler, int flags)
{
	struct sigaction a = {handler, flags, {{0}}};

	return call(SYS_sigaction, signal, &a, NULL);
}

static inline long
block(int signal)
{
	struct sigset s = only(signal);

	return call(SYS_sigprocmask, SIG_BLOCK, &s, NULL);
}

static inline long
unblock(int signal)
{
	struct sigset s = only(signal);

	return call(SYS_sigprocmask, SIG_UNBLOCK, &s, NULL);
}

static inline long
kill_self(int signal)
{
	return call(SYS_kill, call(SYS_getpid), signal);
}

/* The number that a child died of: without the bit that says core. */
#define DEATH(status) ((status) & 0x7f)

#endif
