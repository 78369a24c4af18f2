/*
 * The host kernel's own structs, from its uapi headers, and what those leave out
 * or spell so that it clashes.
 */
#ifndef DRAGOMAN_CORE_LINUX_ABI_H
#define DRAGOMAN_CORE_LINUX_ABI_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/time.h>
#include <linux/auxvec.h>
#include <asm/errno.h>
#include <asm/prctl.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

/* Kernel headers call these types sigset_t and siginfo_t. */
typedef uint64_t host_sigset;	/* bit n-1: signal n, 64 signals */
_Static_assert(sizeof(sigset_t) == sizeof(host_sigset), "64 host signals");

struct host_sigaction {		/* struct sigaction of rt_sigaction(2) */
	void (*handler)(void);
	uint64_t flags;
	void (*restorer)(void);
	host_sigset mask;
};

#define HOST_NSIG 64

/* arch/x86/include/asm/ucontext.h: FP state is extended; SS is saved and restored. */
#ifndef UC_FP_XSTATE
#define UC_FP_XSTATE		0x1
#define UC_SIGCONTEXT_SS	0x2
#define UC_STRICT_RESTORE_SS	0x4
#endif

#ifndef SYS_SECCOMP
#define SYS_SECCOMP		1
#define SYS_USER_DISPATCH	2
#endif

#endif
