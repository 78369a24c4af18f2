/*
 * The guest's process: what its threads share. vfork's child gets a copy of this
 * struct although it shares its parent's memory, so that what it does to its
 * signal actions, say, stays its own.
 */
#ifndef DRAGOMAN_CORE_PROCESS_H
#define DRAGOMAN_CORE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lock.h"
#include "signal_watch.h"
#include "sigset.h"

struct personality;
struct thread;

/* Flags in the host's bits (SA_RESTART, SA_ONSTACK, …); a personality's flag map converts. */
struct signal_action {
	uint64_t handler;	/* 0 default, 1 ignored: the same on every system here */
	uint64_t flags;
	uint64_t trampoline;	/* where the ABI lets the program bring it */
	struct sigset mask;
};

#define HANDLER_DEFAULT 0
#define HANDLER_IGNORE	1

struct process {
	const struct personality *abi;
	struct lock lock;		/* threads, actions */
	struct thread *threads;
	int pid;			/* the host's */
	bool is_vfork_child;		/* the memory belongs to somebody else */
	uint64_t stack_base, stack_size;	/* the first thread's; base is the high end */
	uint64_t break_start, break_now;	/* brk(2) */
	uint64_t shared_page;		/* guest address of what the kernel gives every process; 0: none */
	uint64_t signal_trampoline;	/* guest address of the code a handler returns to */
	uint64_t timekeep;		/* guest address of the shared time, 0: none */
	void *kqueues;			/* bsd/kqueue_table.c */
	uint32_t errand_busy;		/* every_thread.c */
	/* The long ones last: a start and a fork touch the first page, and little else. */
	char exec_path[4096];		/* the program's, as the guest sees it */
	struct signal_action actions[SIGSET_MAX + 1];
	struct signal_watch watch;
};

/*
 * fork(2) and vfork(2): the child's pid in the parent, 0 in the child, or -errno. In
 * vfork's child the call goes on with a thread of its own that has t's registers
 * in its frame: `child_returns` finishes the call there (sets the result).
 */
long process_fork(struct thread *t);
/*
 * The same with flags of clone(2), all but those about memory, threads and words of the
 * child; `word` is what it takes as parent_tid.
 */
long process_fork_with(struct thread *t, unsigned long flags, uint64_t word);
long process_vfork(struct thread *t, void (*child_returns)(struct thread *child));

/*
 * A child in a process of its own that shares the memory: vfork(2) with CLONE_VFORK, else
 * both go on. Signal actions are its own.
 */
struct sharing_child {
	unsigned long flags;	/* of clone(2), but those about threads and words of the child */
	uint64_t word;		/* what it takes as parent_tid */
	uint64_t stack;		/* 0: the parent's */
	uint64_t fs_base;	/* with CLONE_SETTLS */
	void *abi;		/* the new thread's */
	void (*returns)(struct thread *child);
};
long process_fork_sharing(struct thread *t, const struct sharing_child *how);

#define PROCESS_THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
/*
 * Starts nt, made by thread_new() with its frame filled, with the given fs base
 * and flags (PROCESS_THREAD, or less of what it shares);
 * its host tid, or -errno and nt is gone. `announce` is called with that tid
 * before the thread runs; if it answers -errno the thread ends unseen, and that is
 * the result.
 */
long process_start_thread(struct thread *t, struct thread *nt, unsigned long flags, uint64_t fs_base,
			  long (*announce)(void *context, int tid), void *context);
/*
 * The calling thread ends; comes back only if it is the process's last one. `clear_word`, if any,
 * is a guest word that the host clears, and wakes, when all else of the thread is gone.
 */
void process_end_thread(struct thread *t, int status, uint64_t clear_word);
_Noreturn void process_exit(struct thread *t, int status);
/* The same for the last thread, where the process's status is that of its first one. */
_Noreturn void process_exit_last(struct thread *t, int status);

#endif
