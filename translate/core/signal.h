/*
 * Signals. The guest's mask, actions and stacks are the core's; the host's mask
 * is the guest's mask translated, put in place by the sigreturn that enters the
 * guest. So changing the mask costs no host call, the host does the choosing of a
 * thread and the keeping of what is blocked, and both survive exec.
 *
 * Never blocked on the host: SIGSYS, SIGSEGV, SIGBUS, SIGTRAP, SIGILL, SIGFPE,
 * which the core needs for itself (a forced signal that is blocked kills).
 *
 * A host signal that interrupts guest code is queued and delivered at once. One
 * that interrupts core code is queued, everything is blocked until the call ends,
 * and it is delivered at the exit; a host call not yet made is not made (host.h).
 */
#ifndef DRAGOMAN_CORE_SIGNAL_H
#define DRAGOMAN_CORE_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "linux_abi.h"
#include "sigset.h"

struct call;
struct personality;
struct process;
struct queued_signal;
struct signal_action;
struct thread;

#define SIGNAL_BIT(n) (UINT64_C(1) << ((n) - 1))
/* All below 33. */
#define ALWAYS_OPEN (SIGNAL_BIT(SIGSYS) | SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGTRAP) | \
		     SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGFPE))
bool signal_is_always_open(int host_signal);

/*
 * A guest's signals that have no twin on the host (it has more real-time ones)
 * travel as this one, if it is no twin itself, with their own number in si_errno;
 * while they are blocked the core keeps them, not the host.
 */
#define HOST_CARRIER 64
/* The host's number to be sent for the guest's: its twin or the carrier; -1: no signal. */
int signal_to_host(const struct personality *abi, int number);
/*
 * The value a host timer of the guest's is made with: which timer it is, and the
 * guest's number of its signal, which the carrier has no other room for.
 */
#define TIMER_SIGNAL_VALUE(id, number) ((uint64_t)(id) << 8 | (uint64_t)(number))
#define TIMER_SIGNAL_ID(value) ((unsigned)((value) >> 8))
#define TIMER_SIGNAL_NUMBER(value) ((int)((value) & 0xff))
bool signal_is_carrier(const struct personality *abi, int host_signal);

/* The host set that stands for a guest set; never holds what must stay open. */
host_sigset sigset_to_host(const struct thread *t, const struct sigset *s);
struct sigset sigset_to_guest(const struct thread *t, host_sigset s);

void signal_host_action(int host_signal, void (*handler)(void), uint64_t flags, host_sigset mask);

/* At process start: host dispositions of what the core handles; the mask comes from exec. */
void signal_start(struct thread *t);

/* Changes t's mask; effective when the guest goes on. */
void signal_set_mask(struct thread *t, const struct sigset *mask);
/*
 * Before signals are blocked: keeps those out that the mask adds, and says whether
 * one is here already. Then the call is made again after it: a signal that went
 * back to the host would come behind its kin.
 */
bool signal_comes_first(struct thread *t, const struct sigset *mask);
/* For the length of this call only (sigsuspend, pselect, ppoll): t->mask, and the host's. */
void signal_set_mask_for_call(struct thread *t, const struct sigset *mask);
/* The call is over; if nothing is to be delivered, whose frame would carry the old mask, it is back. */
void signal_end_mask_for_call(struct thread *t);
/* Keeps every signal that can wait out of the core; the host's mask until then. */
host_sigset signal_block_host(void);
/* What is blocked and waiting, in the guest's numbers. */
struct sigset signal_pending_set(struct thread *t);
/* Takes the oldest of the set that the core itself holds: blocked, and the host cannot keep it. */
bool signal_take_held(struct thread *t, const struct sigset *set, struct queued_signal *out);

/*
 * Sends the guest's signal `number` (0: none, only asks) to pid, which may be a
 * group or everybody as for the host's kill(2), or to the thread pid/tid. info's
 * code is SI_USER, SI_TKILL or SI_QUEUE (then with its value), pid and uid are ours.
 */
long signal_send(struct thread *t, int pid, int tid, int number, const struct siginfo *info);

/* Sets an action and makes the host's disposition follow. `number` is the guest's. */
long signal_set_action(struct process *p, int number, const struct signal_action *a);
/* Makes the host's disposition follow the action (again), or catches the signal whatever it is. */
void signal_update_host(struct process *p, int number);
/* The host's signals that a program which is executed now finds ignored. */
host_sigset signal_ignored(const struct process *p);
/* In exec's new image the caught signals are default again: what the next core must find. */
void signal_before_exec(struct process *p);

/*
 * A call was interrupted: by nothing the guest will see (its time goes on), by a
 * signal after which it is made again, or by one that ends it?
 */
enum interruption { INTERRUPTED_NOT, INTERRUPTED_RESTARTS, INTERRUPTED_ENDS };
enum interruption signal_interruption(struct thread *t);

/* A signal for t from the core itself (SIGSYS for a bad number, …), the guest's number. */
void signal_raise(struct thread *t, int number, const struct siginfo *info);
/* Would the guest do nothing about it, by its action or by default? */
bool signal_is_ignored(const struct process *p, int number);
/* What the host has to block while the guest runs. */
host_sigset signal_host_mask(struct thread *t);
/* The process dies of the guest's signal, so that a parent sees that number. */
_Noreturn void signal_die(struct thread *t, int number);
/* What the host tells of a signal, as it was before a thread gave it back to the host. */
void signal_info_arrives(struct siginfo *info);
/* Gives back what the thread has taken for the process and does not need any more. */
void signal_thread_ends(struct thread *t);

/*
 * For a personality after a call: only result registers, flags and those that the
 * call may clobber (rcx, r11) have changed in uc.
 */
void signal_leaves_quickly(struct thread *t, const struct ucontext *uc);
/*
 * The last thing that is done with uc before gate_return(): if no sigreturn is needed for all of it, its mask is put in
 * place and t leaves without.
 */
void signal_leaves_whole(struct thread *t, const struct ucontext *uc);

/* Frames of the guest, called by assembly. */
int signal_arrived(int host_signal, struct siginfo *info, struct ucontext *uc);
void signal_deliver_pending(struct ucontext *uc);

#endif
