/*
 * The FreeBSD/amd64 personality's parts, put together in personality.c.
 */
#ifndef DRAGOMAN_FREEBSD_H
#define DRAGOMAN_FREEBSD_H

#include "freebsd_abi.h"

#include "core/personality.h"
#include "core/thread.h"

/* entry_x86_64.c */
extern const struct personality freebsd_personality;

#define FREEBSD_CARRY UINT64_C(1)	/* in the flags: the call has failed */

long freebsd_fetch(struct call *c, const struct sigcontext *r);
bool freebsd_answers(struct thread *t, const struct sigcontext *r, long *answer);
void freebsd_answer(struct call *c, struct ucontext *uc, long answer);
long freebsd_missing(struct call *c);

/* signal_frame_x86_64.c */
bool freebsd_enter_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
			   const struct signal_action *a, const struct sigset *old_mask);

/* sysctl_values.c: __FreeBSD_version of the release (13.2 came out as …001); processors it may run on. */
uint32_t freebsd_osreldate(void);
uint32_t freebsd_processors(void);

/* start_x86_64.c */
long freebsd_start(struct thread *t, struct ucontext *uc, const struct start_request *request);

/* struct __siginfo (sys/signal.h) */
struct freebsd_siginfo {
	int32_t signo, error, code, pid;
	uint32_t uid;
	int32_t status;
	uint64_t addr, value;
	union {
		struct { int32_t trapno; } fault;
		struct { int32_t timerid, overrun; } timer;
		struct { int32_t mqd; } mesgq;
		struct { int64_t band; } poll;
		struct { int64_t spare1; int32_t spare2[7]; } spare;
	} reason;
};
_Static_assert(sizeof(struct freebsd_siginfo) == 80, "sys/signal.h");

/* trace.c */
bool freebsd_decode(struct text *to, const struct call *c, const char *type, struct guest_ptr at, uint64_t n);
void freebsd_decode_signal(struct text *to, struct thread *t, const struct queued_signal *s);

/* aio.c: fork's child has no jobs. */
void aio_after_fork(void);

/* sys/signal.h */
struct freebsd_sigevent {
	int32_t notify, signo;
	uint64_t value;
	int32_t thread_id, pad;
	uint64_t spare[7];
};
_Static_assert(sizeof(struct freebsd_sigevent) == 80, "sys/signal.h");

/* include/uapi/asm-generic/siginfo.h, whose own struct sigevent wants libc's names */
struct host_sigevent {
	uint64_t value;
	int32_t signo, notify, tid, pad[11];
};
_Static_assert(sizeof(struct host_sigevent) == 64, "SIGEV_MAX_SIZE");

/* limits.c: now and most at all, FreeBSD's infinity */
long freebsd_limits(const struct process *p, uint32_t which, uint64_t to[2]);

/* process.c: are these wait6's flags; wait for a child named in the host's way (P_PID, P_PIDFD, …) */
bool freebsd_wait_flags_ok(uint32_t how);
long freebsd_wait_for(struct call *c, int host_type, int host_who, uint32_t how, struct guest_ptr status,
		      struct guest_ptr usage, struct guest_ptr info);

/* signal.c */
/* In a new image: the actions as they are before the program sets any. */
void freebsd_signals_begin(struct process *p);
bool freebsd_holds_signals(struct thread *t);
/* Without those that cannot be blocked (SIG_CANTMASK()). */
struct sigset freebsd_maskable(struct sigset s);
enum default_action freebsd_default_action(int signal);
/* A fault of guest code: the guest's signal number. */
int freebsd_fault_signal(struct thread *t, struct ucontext *uc, int host_signal, const struct siginfo *info);
bool freebsd_faults_to_call(struct ucontext *uc, int host_signal, const struct siginfo *info);
/* A trap of the processor (x86/include/trap.h) by the host's number of it. */
unsigned freebsd_trap_number(unsigned host_trap);
/* What a host siginfo says, in FreeBSD's words. */
void freebsd_siginfo_from_host(struct thread *t, struct freebsd_siginfo *to, const struct queued_signal *s);


/*
 * Thread ids. Processes have the host's numbers; a thread's lies above all of
 * them, as on FreeBSD (kern/kern_thread.c: tids begin at PID_MAX + 2).
 */
#define FREEBSD_FIRST_TID 100000

static inline uint32_t
freebsd_tid_to_guest(int tid)
{
	return (uint32_t)tid + FREEBSD_FIRST_TID;
}

/* 0: cannot be a thread's. */
static inline int
freebsd_tid_to_host(int64_t lwp)
{
	return lwp > FREEBSD_FIRST_TID && lwp <= INT32_MAX ? (int)(lwp - FREEBSD_FIRST_TID) : 0;
}

struct freebsd_rtprio {
	uint16_t type, priority;	/* 0 is the best */
};

/* threads.c: a thread with the caller's mask, and its start; the two words get its number first, if not null. */
struct thread *freebsd_new_thread(struct call *c);
long freebsd_start_thread(struct call *c, struct thread *nt, uint64_t fs_base, struct guest_ptr child_tid,
			  struct guest_ptr parent_tid, struct freebsd_rtprio priority);

/* sched.c: a thread's class and priority (sys/rtprio.h), by the host's number. */
long freebsd_set_priority(int tid, struct freebsd_rtprio p);

/* timers.c: the rest of a timer's siginfo; what fork does not copy. */
void freebsd_timer_info(struct freebsd_siginfo *to, const struct siginfo *from);
void freebsd_timers_after_fork(void);

/* umtx.c: what a thread leaves locked, and the word its end is waited on. */
void freebsd_robust_ends(struct thread *t);
void freebsd_robust_process_ends(struct process *p);
void freebsd_umtx_wake_all(struct guest_ptr word);
/* When a relative wait ends, by CLOCK_MONOTONIC. */
struct __kernel_timespec freebsd_end_of_wait(struct thread *t, const struct __kernel_timespec *length);
long freebsd_copy_in_timespec(struct __kernel_timespec *to, struct guest_ptr from);

#endif
