/*
 * struct siginfo in i386's layout, and back (copy_siginfo_to_external32() and
 * post_copy_siginfo_from_user32(), kernel/signal.c): which fields it has depends on the
 * signal and its code.
 */
#include "linux_i386.h"

#include "core/string.h"

struct siginfo_i386 {
	int32_t signo, error, code;
	union {
		struct { int32_t pid; uint32_t uid; uint32_t value; } sent;	/* kill, sigqueue */
		struct { int32_t id, overrun; uint32_t value; int32_t private; } timer;
		struct { int32_t pid; uint32_t uid; int32_t status, utime, stime; } child;
		struct {
			uint32_t address;
			union {
				uint32_t word;		/* lowest bit of the address (u16), or si_trapno */
				struct { uint32_t pad, lower, upper; } bounds;
				struct { uint32_t pad, key; } pkey;
			};
		} fault;
		struct { int32_t band, fd; } poll;
		struct { uint32_t address; int32_t number; uint32_t arch; } call;
		uint32_t words[29];
	};
};
_Static_assert(sizeof(struct siginfo_i386) == LINUX_I386_SIGINFO, "include/linux/compat.h");

enum layout { SENT, TIMER, CHILD, FAULT, BOUNDS, PKEY, POLL, CALL };

/* siginfo_layout() */
static enum layout
layout_of(int signo, int code)
{
	if (code <= 0 || code == SI_KERNEL)
		return code == SI_TIMER ? TIMER : code == SI_SIGIO ? POLL : SENT;
	switch (signo) {
	case SIGSEGV:
		return code == SEGV_BNDERR ? BOUNDS : code == SEGV_PKUERR ? PKEY : FAULT;
	case SIGILL:
	case SIGFPE:
	case SIGBUS:
	case SIGTRAP:
		return FAULT;
	case SIGCHLD:
		return CHILD;
	case SIGPOLL:
		return POLL;
	case SIGSYS:
		return CALL;
	default:
		return SENT;
	}
}

#define WORD(p) ((uint32_t)(uintptr_t)(p))

void
linux_i386_siginfo(void *to, const struct siginfo *from)
{
	struct siginfo_i386 g = {from->si_signo, from->si_errno, from->si_code, {{0}}};

	switch (layout_of(from->si_signo, from->si_code)) {
	case SENT:
		g.sent.pid = from->si_pid;
		g.sent.uid = from->si_uid;
		g.sent.value = WORD(from->si_ptr);
		break;
	case TIMER:
		g.timer.id = from->si_tid;
		g.timer.overrun = from->si_overrun;
		g.timer.value = WORD(from->si_ptr);
		break;
	case CHILD:
		g.child.pid = from->si_pid;
		g.child.uid = from->si_uid;
		g.child.status = from->si_status;
		g.child.utime = (int32_t)from->si_utime;
		g.child.stime = (int32_t)from->si_stime;
		break;
	case FAULT:
		g.fault.address = WORD(from->si_addr);
		g.fault.word = (uint16_t)from->si_addr_lsb;
		break;
	case BOUNDS:
		g.fault.address = WORD(from->si_addr);
		g.fault.bounds.lower = WORD(from->si_lower);
		g.fault.bounds.upper = WORD(from->si_upper);
		break;
	case PKEY:
		g.fault.address = WORD(from->si_addr);
		g.fault.pkey.key = from->si_pkey;
		break;
	case POLL:
		g.poll.band = (int32_t)from->si_band;
		g.poll.fd = from->si_fd;
		break;
	case CALL:
		g.call.address = WORD(from->si_call_addr);
		g.call.number = from->si_syscall;
		g.call.arch = from->si_arch;
		break;
	}
	memcpy(to, &g, sizeof g);
}

static void *
pointer(uint32_t word)
{
	return (void *)(uintptr_t)word;
}

void
linux_i386_siginfo_to_host(struct siginfo *to, const void *from)
{
	struct siginfo_i386 g;

	memcpy(&g, from, sizeof g);
	memset(to, 0, sizeof *to);
	to->si_signo = g.signo;
	to->si_errno = g.error;
	to->si_code = g.code;
	switch (layout_of(g.signo, g.code)) {
	case SENT:
		to->si_pid = g.sent.pid;
		to->si_uid = g.sent.uid;
		to->si_ptr = pointer(g.sent.value);
		break;
	case TIMER:
		to->si_tid = g.timer.id;
		to->si_overrun = g.timer.overrun;
		to->si_ptr = pointer(g.timer.value);
		break;
	case CHILD:
		to->si_pid = g.child.pid;
		to->si_uid = g.child.uid;
		to->si_status = g.child.status;
		to->si_utime = g.child.utime;
		to->si_stime = g.child.stime;
		break;
	case FAULT:
	case BOUNDS:
	case PKEY:
		to->si_addr = pointer(g.fault.address);
		to->si_addr_lsb = (short)g.fault.word;
		break;
	case POLL:
		to->si_band = g.poll.band;
		to->si_fd = g.poll.fd;
		break;
	case CALL:
		to->si_call_addr = pointer(g.call.address);
		to->si_syscall = g.call.number;
		to->si_arch = g.call.arch;
		break;
	}
}
