#include "process.h"

#include <linux/futex.h>

#include "core.h"
#include "every_thread.h"
#include "host.h"
#include "memory.h"
#include "personality.h"
#include "signal.h"
#include "sites.h"
#include "string.h"
#include "thread.h"
#include "trace.h"
#include "trap.h"

extern struct lock heap_lock, dead_lock, low_lock, sites_lock;

/*
 * Locks that another thread could hold at a fork, and would then never release in
 * the child. Taken before and released on both sides, in this order.
 */
static struct lock *const fork_locks[] = {&sites_lock, &heap_lock, &dead_lock, &low_lock};
#define FORK_LOCKS (sizeof fork_locks / sizeof *fork_locks)

static void
fork_locks_acquire(struct process *p)
{
	lock_acquire(&p->lock);
	for (size_t i = 0; i < FORK_LOCKS; i++)
		lock_acquire(fork_locks[i]);
}

static void
fork_locks_release(struct process *p)
{
	for (size_t i = FORK_LOCKS; i-- > 0;)
		lock_release(fork_locks[i]);
	lock_release(&p->lock);
}

/* fork's child has one thread; the blocks of the others are copies nobody runs on. */
static void
drop_other_threads(struct thread *t)
{
	struct thread *other = t->p->threads;

	while (other) {
		struct thread *next = other->next;

		if (other != t)
			thread_free(other);
		other = next;
	}
	t->next = NULL;
	t->p->threads = t;
}

long
process_fork_with(struct thread *t, unsigned long flags, uint64_t word)
{
	struct process *p = t->p;
	long r;

	sites_before_fork(t);
	fork_locks_acquire(p);
	errand_run(t);
	r = host_call(__NR_clone, flags, 0, word, 0, 0);
	fork_locks_release(p);
	if (r >= 0)
		trace_many_processes();
	if (r != 0)
		return r;
	t->tid = (int)core_call(__NR_set_tid_address, &t->alive);
	p->pid = t->tid;
	p->is_vfork_child = false;
	p->errand_busy = 0;
	t->nheld = 0;			/* what is pending stays with the parent */
	drop_other_threads(t);
	sites_after_fork();
	trap_arm_thread();
	trace_after_fork(t);
	if (p->abi->after_fork)
		p->abi->after_fork(t);
	return 0;
}

long
process_fork(struct thread *t)
{
	return process_fork_with(t, SIGCHLD, 0);
}

struct vfork_request {
	struct thread *child;
	void (*returns)(struct thread *child);
};

static void
vfork_child(void *argument)
{
	struct vfork_request *v = argument;
	struct thread *t = v->child;

	thread_arm(t);
	t->p->pid = t->tid;
	v->returns(t);
	gate_return(t->frame);
}

/* A thread that looks like t, in a process of its own that shares the memory. */
static struct thread *
vfork_thread(struct thread *t)
{
	struct process *p = core_alloc(sizeof *p);
	struct thread *child = p ? thread_new(p) : NULL;
	struct ucontext *uc;

	if (!child) {
		core_free(p);
		return NULL;
	}
	lock_acquire(&t->p->lock);
	memcpy(p, t->p, sizeof *p);
	lock_release(&t->p->lock);
	p->lock = (struct lock){0};
	p->threads = child;
	p->is_vfork_child = true;
	p->kqueues = NULL;
	p->watch = (struct signal_watch){.wake = 0};
	p->errand_busy = 0;
	child->mask = t->mask;
	child->signal_block = t->signal_block;
	child->areas = t->areas;	/* the LDT is the same one */
	/* The FP state stays where it is, in the frame of the parent, which waits. */
	uc = thread_fresh_frame(child);
	uc->uc_mcontext = thread_whole_frame(t)->uc_mcontext;
	uc->uc_flags = t->frame->uc_flags;
	return child;
}

/* The child is gone, by exec, by its own end, or killed in the middle of something. */
static void
vfork_frees(struct thread *child)
{
	for (size_t i = 0; i < FORK_LOCKS; i++)
		lock_take_back(fork_locks[i], child);
	if (child->exec_words)
		arena_unmap(child->exec_words, child->exec_words_size);
	core_free(child->abi);
	core_free(child->p);
	thread_free(child);
}

long
process_vfork(struct thread *t, void (*child_returns)(struct thread *child))
{
	struct sharing_child how = {.flags = CLONE_VFORK | SIGCHLD, .returns = child_returns};

	return process_fork_sharing(t, &how);
}

/* A child that its parent does not wait for keeps its struct process until the memory goes. */
long
process_fork_sharing(struct thread *t, const struct sharing_child *how)
{
	struct vfork_request waited, *v = how->flags & CLONE_VFORK ? &waited : core_alloc(sizeof *v);
	struct thread *child = v ? vfork_thread(t) : NULL;
	host_sigset mask;
	long r;

	if (!child)
		return -ENOMEM;
	*v = (struct vfork_request){child, how->returns};
	child->abi = how->abi;
	child->alive = 1;
	if (how->stack)
		child->frame->uc_mcontext.rsp = how->stack;
	if (how->flags & CLONE_VFORK)
		memcpy(&child->altstack, &t->altstack, sizeof t->altstack);
	else	/* the parent goes on, and its frame away */
		thread_inherit_fp(child, t->frame);
	if (t->p->abi->hands_on_descriptors)
		t->p->abi->hands_on_descriptors(t->p);
	/* Until it has its own, the child has this thread's alternate stack: no signal may use it there. */
	mask = signal_block_host();
	r = gate_clone(CLONE_VM | how->flags, thread_stack_top(child), (int *)(uintptr_t)how->word, 0, how->fs_base,
		       vfork_child, v);
	core_call(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask);
	trace_many_processes();
	if (r < 0 || (how->flags & CLONE_VFORK))
		vfork_frees(child);
	else
		thread_abandon(child);
	return r;
}

/*
 * A new thread waits until its parent has written its number where the guest
 * wants it: both sides may read it from their first instruction on, and the parent
 * could not write it later, to memory that the child has given back.
 */
enum thread_gate { GATE_SHUT, GATE_OPEN, GATE_REFUSED, GATE_WANTED };

static void
wait_at_gate(struct thread *t)
{
	uint32_t seen = GATE_SHUT;

	if (__atomic_compare_exchange_n(&t->gate, &seen, GATE_WANTED, 0, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&t->gate, __ATOMIC_ACQUIRE) == GATE_WANTED)
			core_call(__NR_futex, &t->gate, FUTEX_WAIT_PRIVATE, GATE_WANTED, 0);
}

static void
open_gate(struct thread *t, enum thread_gate how)
{
	if (__atomic_exchange_n(&t->gate, how, __ATOMIC_RELEASE) == GATE_WANTED)
		core_call(__NR_futex, &t->gate, FUTEX_WAKE_PRIVATE, 1);
}

static void
thread_main(void *argument)
{
	struct thread *t = argument;

	thread_arm(t);
	wait_at_gate(t);
	if (t->gate == GATE_REFUSED)
		process_end_thread(t, 0, 0);
	if (t->p->abi->thread_begins)
		t->p->abi->thread_begins(t);
	gate_return(t->frame);
}

long
process_start_thread(struct thread *t, struct thread *nt, unsigned long flags, uint64_t fs_base,
		     long (*announce)(void *context, int tid), void *context)
{
	struct process *p = t->p;
	long r, tid;

	trace_many_threads();
	lock_acquire(&p->lock);
	errand_run(t);
	nt->next = p->threads;
	p->threads = nt;
	tid = gate_clone(flags | CLONE_SETTLS | CLONE_PARENT_SETTID, thread_stack_top(nt), &nt->tid, 0, fs_base, thread_main, nt);
	if (tid < 0)
		p->threads = nt->next;
	lock_release(&p->lock);
	if (tid < 0) {
		thread_free(nt);
		return tid;
	}
	r = announce(context, (int)tid);
	open_gate(nt, r < 0 ? GATE_REFUSED : GATE_OPEN);
	return r < 0 ? r : tid;
}

/* False: it is the only one. */
static bool
unlink_thread(struct thread *t)
{
	struct process *p = t->p;
	struct thread **at = &p->threads;
	bool others;

	lock_acquire(&p->lock);
	errand_run(t);
	others = p->threads != t || t->next;
	if (others) {
		while (*at != t)
			at = &(*at)->next;
		*at = t->next;
	}
	lock_release(&p->lock);
	return others;
}

void
process_end_thread(struct thread *t, int status, uint64_t clear_word)
{
	/* From here on nothing reaches the guest through this thread. */
	signal_block_host();
	if (!unlink_thread(t))
		return;
	sites_note(t);
	trace_leaves(t);
	signal_thread_ends(t);
	t->alive_untold = clear_word;
	if (clear_word)
		core_call(__NR_set_tid_address, clear_word);
	thread_leave(t);
	for (;;)
		core_call(__NR_exit, status);
}

void
process_exit(struct thread *t, int status)
{
	trace_leaves(t);
	trace_process_ends(t);
	for (;;)
		core_call(__NR_exit_group, status);
}

void
process_exit_last(struct thread *t, int status)
{
	trace_leaves(t);
	trace_process_ends(t);
	for (;;)
		core_call(__NR_exit, status);
}
