/* covers: linux clone clone3 futex set_robust_list get_robust_list set_tid_address gettid exit exit_group
   membarrier rseq futex_waitv */
#include "guest_signal.h"
#include "guest_thread.h"

#define CLOCK_MONOTONIC 1

static volatile int shared;
static int word, other;

static int
add(void *argument)
{
	for (int i = 0; i < *(int *)argument; i++)
		__atomic_fetch_add(&shared, 1, __ATOMIC_RELAXED);
	return 3;
}

TEST(threads_share_memory)
{
	int times = 1000;

	for (int n = 0; n < 4; n++)
		TRUTH(thread_start(n, add, &times) > 0);
	for (int n = 0; n < 4; n++)
		thread_join(n);
	VALUE(shared);
}

static int
look(void *argument)
{
	struct guest_mask mask;
	stack_t stack;

	(void)argument;
	TRUTH(call(gettid) != call(getpid));
	TRUTH(call(gettid) == guest_running[0]);
	call(rt_sigprocmask, SIG_BLOCK, NULL, &mask, MASK_SIZE);
	BYTES(&mask, 8);
	call(sigaltstack, NULL, &stack);
	VALUE(stack.ss_flags);
	return 0;
}

TEST(a_thread_inherits)
{
	stack_t s = {.ss_sp = guest_stacks[3], .ss_size = 16384};

	change_mask(SIG_BLOCK, SIGUSR2);
	call(sigaltstack, &s, NULL);
	thread_start(0, look, NULL);
	thread_join(0);
	s.ss_flags = SS_DISABLE;
	call(sigaltstack, &s, NULL);
	change_mask(SIG_UNBLOCK, SIGUSR2);
}

static int
float_state(void *argument)
{
	unsigned short control;
	unsigned mxcsr;

	(void)argument;
	__asm__ volatile("fnstcw %0" : "=m"(control));
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	VALUE(control);
	VALUE(mxcsr);
	return 0;
}

TEST(a_thread_inherits_the_fpu)
{
	unsigned short control = 0x0c7f, usual = 0x037f;
	unsigned mxcsr = 0x7f80, usually = 0x1f80;

	__asm__ volatile("fldcw %0" : : "m"(control));
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	thread_start(0, float_state, NULL);
	thread_join(0);
	long child = fork();
	if (child == 0)
		leave(float_state(NULL));
	wait_for(child);
	__asm__ volatile("fldcw %0" : : "m"(usual));
	__asm__ volatile("ldmxcsr %0" : : "m"(usually));
}

TEST(flags_of_clone)
{
	void *top = guest_stacks[0] + GUEST_STACK;

	guest_show("CLONE_THREAD alone", guest_clone(CLONE_THREAD, top, NULL, NULL, NULL, add, NULL), true);
	guest_show("CLONE_SIGHAND alone", guest_clone(CLONE_SIGHAND, top, NULL, NULL, NULL, add, NULL), true);
	guest_show("CLONE_THREAD | CLONE_SIGHAND",
		   guest_clone(CLONE_THREAD | CLONE_SIGHAND, top, NULL, NULL, NULL, add, NULL), true);
	guest_show("CLONE_FS | CLONE_NEWNS",
		   guest_clone(CLONE_FS | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL, add, NULL), true);
	guest_show("CLONE_PIDFD | CLONE_PARENT_SETTID",
		   guest_clone(CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, NULL, &word, NULL, NULL, add, NULL), true);
	guest_show("CLONE_PIDFD | CLONE_DETACHED",
		   guest_clone(CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, NULL, &word, NULL, NULL, add, NULL), true);
}

static int
child_of(void *argument)
{
	shared = 77;
	call(close, *(int *)argument);
	return 5;
}

/* Everything that a child may share with its parent, one by one. */
TEST(what_children_share)
{
	static const unsigned long flags[] = {
		SIGCHLD, SIGCHLD | CLONE_VM, SIGCHLD | CLONE_FILES, SIGCHLD | CLONE_FS, SIGUSR1,
		SIGCHLD | CLONE_VM | CLONE_FILES, SIGCHLD | CLONE_VM | CLONE_VFORK,
		SIGCHLD | CLONE_VM | CLONE_FILES | CLONE_FS,
		SIGCHLD | CLONE_VFORK, SIGCHLD | CLONE_IO, 0,
	};

	catch(SIGUSR1, 0);
	for (size_t i = 0; i < COUNT(flags); i++) {
		int f = (int)call(dup, 0), status = -1;

		shared = 1;
		seen_count = 0;
		VALUE(flags[i]);
		long pid = guest_clone(flags[i], guest_stacks[0] + GUEST_STACK, NULL, NULL, NULL, child_of, &f);
		if (pid < 0) {
			guest_show("clone", pid, true);
			call(close, f);
			continue;
		}
		TRUTH(call(wait4, pid, &status, (int)0x80000000 | 0x40000000, NULL) == pid);
		VALUE(status);
		VALUE(shared);
		VALUE(seen_count);
		guest_show("close", call(close, f), true);
	}
}

TEST(a_pidfd_of_a_child)
{
	int pidfd = -1;
	long pid = guest_clone(CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, NULL, NULL, NULL);

	if (pid == 0)
		leave(6);
	TRUTH(pid > 0);
	VALUE(pidfd);
	VALUE(wait_for(pid));
	SHOW(pidfd_send_signal, pidfd, 0, NULL, 0);
	SHOW(close, pidfd);
}

TEST(clone3_takes_a_struct)
{
	struct clone_args a = {.flags = 0, .exit_signal = SIGCHLD};
	int tid = 0, pidfd = -1;
	long pid;

	SHOW(clone3, &a, 0);
	SHOW(clone3, &a, 8);
	SHOW(clone3, NOWHERE, sizeof a);
	SHOW(clone3, &a, 5000);
	a.flags = CLONE_PARENT_SETTID | CLONE_PIDFD;
	a.parent_tid = (uintptr_t)&tid;
	a.pidfd = (uintptr_t)&pidfd;
	pid = call(clone3, &a, sizeof a);
	if (pid == 0)
		leave(9);
	TRUTH(pid > 0);
	TRUTH(tid == pid);
	VALUE(pidfd);
	VALUE(wait_for(pid));
	call(close, pidfd);
	a.flags = CLONE_DETACHED;
	SHOW(clone3, &a, sizeof a);
	a.flags = UINT64_C(1) << 40;
	SHOW(clone3, &a, sizeof a);
	a.flags = 0;
	a.stack = 4096;
	SHOW(clone3, &a, sizeof a);
	a.stack = 0;
	a.stack_size = 4096;
	SHOW(clone3, &a, sizeof a);
	a.stack_size = 0;
	a.exit_signal = 300;
	SHOW(clone3, &a, sizeof a);
	a.exit_signal = SIGCHLD;
	a.flags = CLONE_THREAD;
	SHOW(clone3, &a, sizeof a);
	/* Handlers are default again in the child, the ignored stay. */
	catch(SIGUSR1, 0);
	a.flags = CLONE_CLEAR_SIGHAND;
	pid = call(clone3, &a, 64);
	if (pid == 0) {
		struct guest_action was;

		call(rt_sigaction, SIGUSR1, NULL, &was, MASK_SIZE);
		leave(was.handler == NULL);
	}
	VALUE(wait_for(pid));
}

TEST(tids_in_words)
{
	int parent = -1, child = -1;
	long pid = guest_clone(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL, &parent, &child, NULL, NULL, NULL);

	if (pid == 0)
		leave(child == call(getpid));
	TRUTH(parent == pid);
	VALUE(child);
	VALUE(wait_for(pid));
	TRUTH(call(set_tid_address, &word) == call(gettid));
	TRUTH(call(set_tid_address, NULL) == call(gettid));
	pid = guest_clone(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL, NOWHERE, NOWHERE, NULL, NULL, NULL);
	if (pid == 0)
		leave(8);
	VALUE(wait_for(pid));
}

static volatile int woken;

static int
wake_later(void *argument)
{
	(void)argument;
	sleep_ms(20);
	__atomic_store_n(&word, 1, __ATOMIC_RELEASE);
	woken = (int)call(futex, &word, FUTEX_WAKE, 10);
	return 0;
}

TEST(futexes)
{
	struct guest_timespec soon = {0, 5000000}, bad = {0, -1};

	word = 0;
	SHOW(futex, &word, FUTEX_WAIT, 1, NULL);
	SHOW(futex, &word, FUTEX_WAIT, 0, &soon);
	SHOW(futex, &word, FUTEX_WAIT, 0, &bad);
	SHOW(futex, &word, FUTEX_WAIT, 0, NOWHERE);
	SHOW(futex, NOWHERE, FUTEX_WAIT, 0, NULL);
	SHOW(futex, (char *)&word + 1, FUTEX_WAIT, 0, NULL);
	SHOW(futex, &word, FUTEX_WAKE, 1);
	SHOW(futex, &word, 99, 1);
	SHOW(futex, &word, FUTEX_WAIT_BITSET, 0, &soon, NULL, 0);
	SHOW(futex, &word, FUTEX_WAIT_BITSET, 0, &soon, NULL, 1);
	SHOW(futex, &word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0);
	SHOW(futex, &word, FUTEX_REQUEUE, 1, 1, &other);
	SHOW(futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &other, 5);
	SHOW(futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &other, 0);
	SHOW(futex, &word, FUTEX_WAKE_OP, 1, 1, &other, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 0));
	VALUE(other);
	thread_start(0, wake_later, NULL);
	SHOW(futex, &word, FUTEX_WAIT, 0, NULL);
	thread_join(0);
	VALUE(woken);
	word = 0;
	SHOW(futex, &word, FUTEX_LOCK_PI, 0, NULL);
	TRUTH(word == call(gettid));
	SHOW(futex, &word, FUTEX_TRYLOCK_PI);
	SHOW(futex, &word, FUTEX_UNLOCK_PI);
	SHOW(futex, &word, FUTEX_UNLOCK_PI);
	VALUE(word);
}

TEST(several_futexes_at_once)
{
	struct futex_waitv v[2] = {{0, (uintptr_t)&word, FUTEX_32, 0}, {0, (uintptr_t)&other, FUTEX_32, 0}};
	struct { int64_t sec, nsec; } soon = {0, 1};

	word = other = 0;
	SHOW(futex_waitv, v, 2, 0, &soon, CLOCK_MONOTONIC);
	v[1].val = 4;
	SHOW(futex_waitv, v, 2, 0, NULL, 0);
	SHOW(futex_waitv, v, 0, 0, NULL, 0);
	SHOW(futex_waitv, v, 2, 1, NULL, 0);
	SHOW(futex_waitv, NOWHERE, 2, 0, NULL, 0);
	v[0].flags = 99;
	SHOW(futex_waitv, v, 2, 0, NULL, 0);
}

static struct robust_list_head head;
static struct {
	struct robust_list list;
	int futex;
} robust;

static int
die_with_lock(void *argument)
{
	(void)argument;
	head = (struct robust_list_head){.list = {&robust.list}, .futex_offset = sizeof robust.list};
	robust.list.next = &head.list;
	VALUE(call(set_robust_list, &head, sizeof head));
	robust.futex = (int)call(gettid);
	return 0;
}

TEST(robust_lists)
{
	struct robust_list_head *was = NULL;
	size_t size = 0;

	SHOW(set_robust_list, &head, 5);
	SHOW(set_robust_list, &head, sizeof head);
	SHOW(get_robust_list, 0, &was, &size);
	TRUTH(was == &head);
	TRUTH(size == sizeof head);
	SHOW(get_robust_list, 0, NOWHERE, &size);
	SHOW(get_robust_list, 0x7ffffff, &was, &size);
	SHOW(set_robust_list, NULL, sizeof head);
	thread_start(0, die_with_lock, NULL);
	thread_join(0);
	VALUE(robust.futex & FUTEX_OWNER_DIED);
}

TEST(barriers_and_sequences)
{
	static char area[64] __attribute__((aligned(64)));

	TRUTH(call(membarrier, 0, 0) > 0);
	SHOW(membarrier, 16, 0);
	SHOW(membarrier, 8, 0);
	SHOW(membarrier, 1 << 30, 0);
	SHOW(membarrier, 0, 7);
	SHOW(rseq, area, 32, 0, 0x53053053);
	SHOW(rseq, area, 32, 0, 0x53053053);
	SHOW(rseq, area, 32, 0, 0x1234);
	SHOW(rseq, area, 32, 1, 0x53053053);
	SHOW(rseq, area, 32, 1, 0x53053053);
	SHOW(rseq, area, 4, 0, 0x53053053);
	SHOW(rseq, area + 1, 32, 0, 0x53053053);
	SHOW(rseq, area, 32, 7, 0x53053053);
}

static int
stay(void *argument)
{
	(void)argument;
	sleep_ms(100000);
	return 0;
}

static int
end_all(void *argument)
{
	(void)argument;
	sleep_ms(5);
	leave(44);
}

TEST(endings_of_processes_with_threads)
{
	long pid = fork();

	if (pid == 0) {	/* by another thread */
		thread_start(0, stay, NULL);
		thread_start(1, end_all, NULL);
		sleep_ms(100000);
	}
	VALUE(wait_for(pid));
	pid = fork();
	if (pid == 0) {	/* the first thread goes before the others */
		thread_start(1, end_all, NULL);
		call(exit, 7);
	}
	VALUE(wait_for(pid));
	pid = fork();
	if (pid == 0) {	/* the last one's status is not the process's */
		thread_start(0, look, NULL);
		thread_join(0);
		call(exit, 0x1234);
	}
	VALUE(wait_for(pid));
	pid = fork();
	if (pid == 0) {	/* a signal ends all */
		be_default(SIGUSR1);
		thread_start(0, stay, NULL);
		call(kill, call(getpid), SIGUSR1);
		sleep_ms(100000);
	}
	VALUE(wait_for(pid));
}

/* The child's one thread may be any: it is a process like others, with threads and children of its own. */
static int
fork_and_go_on(void *argument)
{
	int times = 1;
	long pid = fork();

	(void)argument;
	if (pid == 0) {
		shared = 0;
		for (int n = 0; n < 3; n++) {
			thread_start(1, add, &times);
			thread_join(1);
		}
		VALUE(shared);
		pid = fork();
		if (pid == 0)
			leave(5);
		VALUE(wait_for(pid));
		leave(6);
	}
	VALUE(wait_for(pid));
	return 0;
}

TEST(a_thread_that_is_not_the_first_forks)
{
	thread_start(0, fork_and_go_on, NULL);
	thread_join(0);
}

static int
take_it(void *argument)
{
	(void)argument;
	change_mask(SIG_UNBLOCK, SIGUSR1);
	while (seen_count == 0)
		call(sched_yield);
	VALUE(seen);
	return 0;
}

TEST(signals_choose_a_thread)
{
	catch(SIGUSR1, 0);
	change_mask(SIG_BLOCK, SIGUSR1);
	call(kill, call(getpid), SIGUSR1);
	thread_start(0, take_it, NULL);
	thread_join(0);
	catch(SIGUSR1, 0);
	long tid = thread_start(0, take_it, NULL);
	SHOW_OK(tgkill, call(getpid), tid, SIGUSR1);
	thread_join(0);
	change_mask(SIG_UNBLOCK, SIGUSR1);
	SHOW(tgkill, call(getpid), tid, SIGUSR1);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(threads_share_memory);
	RUN(a_thread_inherits);
	RUN(a_thread_inherits_the_fpu);
	RUN(flags_of_clone);
	RUN(what_children_share);
	RUN(a_pidfd_of_a_child);
	RUN(clone3_takes_a_struct);
	RUN(tids_in_words);
	RUN(futexes);
	RUN(several_futexes_at_once);
	RUN(robust_lists);
	RUN(barriers_and_sequences);
	RUN(endings_of_processes_with_threads);
	RUN(a_thread_that_is_not_the_first_forks);
	RUN(signals_choose_a_thread);
	return 0;
}
