/*
 * A guest thread: one host thread, with a block of its own in the core's arena
 * (layout.h) that holds this struct and the stack core code runs on.
 *
 * A process's state that fork copies and vfork's child must not share hangs on
 * `p`; everything else a module wants per thread is a field here.
 */
#ifndef DRAGOMAN_CORE_THREAD_H
#define DRAGOMAN_CORE_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "layout.h"
#include "linux_abi.h"
#include "sigset.h"

struct errand;
struct process;

/* A host call that is yet to be made. */
struct host_request {
	long nr, argument[6];
};

/* A signal for the guest that has reached the core but not yet the guest. */
struct queued_signal {
	int number;		/* the guest's */
	struct siginfo info;	/* the host's, of that signal */
};

/* A ring: filled by the host's signal handler, emptied at the exit to the guest. */
#define SIGNAL_QUEUE 16
/* As many as FreeBSD keeps for a process (kern.sigqueue.max_pending_per_proc). */
#define HELD_MAX 128

struct thread {
	uint32_t pending;	/* THREAD_PENDING: the queue wants a look before the guest goes on */
	uint32_t quick;		/* THREAD_QUICK: QUICK_RESULTS, QUICK_WHOLE, or 0: the exit needs a sigreturn */
	struct thread *self;	/* THREAD_SELF, THREAD_SEAL: by which a stub knows that %gs is the core's */
	uint64_t seal;
	struct host_request last;	/* THREAD_LAST: the host call with which the guest's ends (last.h) */
	struct direct direct;		/* THREAD_DIRECT: the personality's, if nothing is traced */
	uint64_t goes_on;	/* THREAD_GOES_ON: where the guest does, when all its registers have what is its own; 32-bit: and cs */
	bool last_allowed, last_wanted;
	struct call call;	/* the guest's, while the core works for it: there is never more than one */
	bool by_site;		/* frame is thread_frame(): the call came by a rewritten site */
	bool mask_changed;	/* the host's mask is not the one this entry came with */
	bool mask_saved;	/* saved_mask is the one to go back to (sigsuspend, pselect) */
	bool in_call;		/* frame is that of a system call, not of a fault or an interruption */
	bool has_deadline;	/* deadline is of the call that is made again (dispatch.h) */
	int64_t deadline;	/* nanoseconds, of the clock the handler chose */
	struct process *p;
	struct thread *next;	/* in process.threads */
	struct thread *next_dead;
	int tid;		/* the host's */
	struct sigset mask;	/* what the guest has blocked, in its own numbers */
	struct sigset saved_mask;
	volatile uint32_t queue_head, queue_tail;
	struct queued_signal queue[SIGNAL_QUEUE];
	uint32_t nheld;
	struct queued_signal *held;	/* HELD_MAX of them, or NULL: blocked, and the host cannot keep them */
	struct {
		uint64_t base, size;
		bool enabled;
		uint32_t flags;	/* Linux's, as the program gave them */
	} altstack;		/* the guest's */
	struct ucontext *frame;	/* the guest's registers while the core works for it */
	void *abi;		/* the personality's own part, core_alloc'ed by its thread hooks */
	void *areas;		/* i386's thread areas (linux_i386/segments_x86_64.c) */
	struct trace_buffer *trace;
	struct event_buffer *event;
	void *exec_words;	/* execve's argument vector; for the parent to free if this is vfork's child */
	size_t exec_words_size;
	uint64_t robust[3];	/* umtx robust lists: lock, private, in transition */
	uint64_t signal_block;	/* guest word that holds signals back (sigfastblock(2)); 0: none */
	struct {
		uint64_t r10, r11, address;
		uint32_t number;
	} last_fault;		/* the host's; a kernel's frame shows them until the next one */
	uint32_t gate;		/* enum thread_gate: may a new thread go on? */
	uint32_t alive;		/* the host clears it when the thread no longer runs on the block */
	bool alive_untold;	/* not `alive`, the guest's own word will be cleared: is there such a thread? */
	struct errand *errand;	/* every_thread.h: asked for by another thread */
	uint64_t new_site;	/* the call's, if it is to be noted (sites.h) */
	uint64_t vdso_stack;	/* while it is in the host's vDSO: where the stack was before (host_clock.c) */
	uint32_t wakeup;	/* thr_wake(2) has been called for it */
};

static inline struct thread *
thread_self(void)
{
	uintptr_t sp;

	__asm__("movq %%rsp, %0" : "=r"(sp));
	return (struct thread *)(sp & ~(uintptr_t)(THREAD_BLOCK - 1));
}

/* Core code of a thread starts below its frame. */
static inline void *
thread_stack_top(struct thread *t)
{
	return (void *)((uintptr_t)t + THREAD_FRAME);
}

static inline struct ucontext *
thread_frame(struct thread *t)
{
	return thread_stack_top(t);
}

/* A block for a thread of p that does not run yet; NULL: no memory. */
struct thread *thread_new(struct process *p);
/* The same on memory that is there, zeroed, aligned as a block, with its guard page. */
struct thread *thread_on(void *block, struct process *p);
/* Gives the block of a thread that never ran, or no longer runs, back. */
void thread_free(struct thread *t);
/* The same for the calling thread, which runs on its block to its last call (process_end_thread). */
void thread_leave(struct thread *t);
/* The same for one that runs, and will end, without a look at it: a child that shares the memory. */
void thread_abandon(struct thread *t);
/* On the thread's own block, before its first guest instruction: alternate stack; and trap, which the first one installs. */
void thread_begin(struct thread *t);
void thread_arm(struct thread *t);

/*
 * A fabricated host frame on t's own stack from which gate_return() enters the
 * guest: zero registers but those the caller sets, default FP state, mask t->mask. From
 * then on its personality's direct calls are made as such.
 */
struct ucontext *thread_fresh_frame(struct thread *t);
/* A copy of the FP state that `from` has goes into t's fresh frame. */
void thread_inherit_fp(struct thread *t, const struct ucontext *from);
/* How many bytes of FP state the host's frame points to, with the end mark behind it. */
size_t frame_fp_size(const struct ucontext *uc);

/*
 * t->frame with the guest's FP state in it. A call that came by a rewritten site leaves
 * that state in the processor, where core code does not touch it; who reads or
 * changes it, or every register, asks for it here, and the call then leaves like a trap.
 */
struct ucontext *thread_whole_frame(struct thread *t);
/* The same for who will replace all of the FP state: what is there means nothing. */
struct ucontext *thread_frame_to_fill(struct thread *t);

/* The threads of t's process; the caller holds process.lock. */
struct thread *thread_find(struct process *p, int tid);

/* entry_x86_64.S, gate_x86_64.S */
_Noreturn void entry_on_stack(void *top, void (*f)(void *), void *argument);
_Noreturn void gate_return(struct ucontext *uc);
long gate_clone(unsigned long flags, void *stack, int *parent_tid, int *child_tid, unsigned long tls,
		void (*start)(void *), void *argument);

#endif
