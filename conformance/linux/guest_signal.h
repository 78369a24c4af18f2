/*
 * Signals for the programs: the kernel's own struct of rt_sigaction (the uapi headers have libc's or
 * an older one), and a handler that notes what it saw.
 */
#ifndef CONFORMANCE_LINUX_GUEST_SIGNAL_H
#define CONFORMANCE_LINUX_GUEST_SIGNAL_H

#include "guest.h"

#include <asm/signal.h>
#include <asm/siginfo.h>

struct guest_mask {
	uint32_t word[2];
};
#define MASK_SIZE 8
#define BIT_OF(signal) (1u << ((signal)-1) % 32)
#define MASK_OF(signal) ((struct guest_mask){{(signal) <= 32 ? BIT_OF(signal) : 0, (signal) > 32 ? BIT_OF(signal) : 0}})

struct guest_action {
	void *handler;
	unsigned long flags;
	void (*restorer)(void);
	struct guest_mask mask;
};

void guest_restorer(void);
#ifdef __i386__
__asm__("guest_restorer: movl $173, %eax\n"
	"	int $0x80\n");
#elif defined(__ILP32__)
__asm__("guest_restorer: movl $0x40000201, %eax\n"
	"	syscall\n");
#else
__asm__("guest_restorer: movl $15, %eax\n"
	"	syscall\n");
#endif

#define SS_ONSTACK 1	/* linux/signal.h, which has no stack_t for programs */
#define SS_DISABLE 2
#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

static volatile int seen, seen_code, seen_count, seen_value, seen_order[16];
static struct siginfo seen_info;

static void
note(int signal, struct siginfo *info, void *context)
{
	(void)context;
	if (seen_count < (int)COUNT(seen_order))
		seen_order[seen_count] = signal;
	seen_count++;
	seen = signal;
	seen_code = info->si_code;
	seen_value = info->si_int;
	seen_info = *info;
}

static inline long
catch_with(int signal, void *handler, unsigned long flags)
{
	struct guest_action a = {handler, flags | SA_SIGINFO | SA_RESTORER, guest_restorer, {{0, 0}}};

	seen = seen_code = seen_count = seen_value = 0;
	return call(rt_sigaction, signal, &a, NULL, MASK_SIZE);
}

static inline long
catch(int signal, unsigned long flags)
{
	return catch_with(signal, (void *)note, flags);
}

static inline long
be_default(int signal)
{
	struct guest_action a = {NULL, SA_RESTORER, guest_restorer, {{0, 0}}};

	return call(rt_sigaction, signal, &a, NULL, MASK_SIZE);
}

static inline long
change_mask(int how, int signal)
{
	struct guest_mask m = MASK_OF(signal);

	return call(rt_sigprocmask, how, &m, NULL, MASK_SIZE);
}

#define SHOW_SEEN() \
	do { \
		VALUE(seen_count); \
		VALUE(seen); \
		VALUE(seen_code); \
	} while (0)

static inline struct guest_mask
pending_now(void)
{
	struct guest_mask m = {{0, 0}};

	call(rt_sigpending, &m, MASK_SIZE);
	return m;
}

#endif
