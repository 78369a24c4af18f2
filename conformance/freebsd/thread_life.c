/* covers: freebsd thr_new thr_create thr_self thr_exit thr_kill thr_kill2 thr_wake thr_suspend thr_set_name */
#include "guest_thread.h"

static struct test_thread threads[8];
static long seen_by_child[8];
static volatile int go;

static void
note_tid(void *arg)
{
	long n = (long)arg;

	seen_by_child[n] = threads[n].tid;
	CHECK_IS(my_tid(), threads[n].tid);
}

TEST(thr_self_is_above_all_process_ids)
{
	long tid = -1;

	CHECK_IS(call(SYS_thr_self, &tid), 0);
	CHECK(tid >= 100000);
	CHECK_IS(call(SYS_thr_self, NOWHERE), -EFAULT);
}

TEST(a_new_threads_number_stands_before_it_runs)
{
	for (long n = 0; n < 8; n++)
		CHECK_IS(thread_start(&threads[n], note_tid, (void *)n), 0);
	for (int n = 0; n < 8; n++) {
		thread_join(&threads[n]);
		CHECK(seen_by_child[n] >= 100000);
		CHECK_IS(seen_by_child[n], threads[n].tid);
	}
}

static long thread_pointer;

static void
read_thread_pointer(void *arg)
{
	(void)arg;
	__asm__ volatile("movq %%fs:0, %0" : "=r"(thread_pointer));
}

TEST(tls_base_is_the_thread_pointer)
{
	static long block[2] = {0x1234, 0};
	static char stack[STACK_SIZE] __attribute__((aligned(16)));
	static struct test_thread t;
	struct thr_param p = {.start = thread_runs, .arg = &t, .stack_base = stack, .stack_size = sizeof stack,
			      .tls_base = (char *)block, .child_tid = &t.tid};

	t.run = read_thread_pointer;
	CHECK_IS(call(SYS_thr_new, &p, sizeof p), 0);
	thread_join(&t);
	CHECK_IS(thread_pointer, 0x1234);
}

TEST(thr_new_checks_what_it_is_given)
{
	struct thr_param p = {.start = thread_runs, .stack_base = threads[0].stack, .stack_size = STACK_SIZE};
	struct {
		uint16_t type, prio;
	} bad = {77, 0};

	CHECK_IS(call(SYS_thr_new, &p, sizeof p + 1), -EINVAL);
	CHECK_IS(call(SYS_thr_new, &p, -1), -EINVAL);
	CHECK_IS(call(SYS_thr_new, NOWHERE, sizeof p), -EFAULT);
	p.child_tid = (long *)NOWHERE;
	CHECK_IS(call(SYS_thr_new, &p, sizeof p), -EFAULT);
	p.child_tid = NULL;
	p.rtp = &bad;
	CHECK_IS(call(SYS_thr_new, &p, sizeof p), -EINVAL);
	p.rtp = (void *)NOWHERE;
	CHECK_IS(call(SYS_thr_new, &p, sizeof p), -EFAULT);
}

static struct {
	uint64_t words[0x370 / 8];
} context __attribute__((aligned(16)));
static volatile long made_by_context;

static void
from_context(long argument)
{
	made_by_context = argument;
	call(SYS_thr_exit, NULL);
}

TEST(a_thread_can_be_made_from_a_context)
{
	long tid = 0, r = 421 /* getcontext */;

	__asm__ volatile("syscall" : "+a"(r) : "D"(&context) : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	CHECK_IS(r, 0);
	context.words[3] = 99;				/* mc_rdi */
	context.words[22] = (uint64_t)from_context;	/* mc_rip */
	context.words[25] = (uint64_t)(threads[6].stack + STACK_SIZE - 8);	/* mc_rsp */
	CHECK_IS(call(430 /* thr_create */, &context, &tid, 0), 0);
	CHECK(tid >= 100000);
	for (int i = 0; i < 200 && !made_by_context; i++)
		sleep_ms(5);
	CHECK_IS(made_by_context, 99);
	sleep_ms(20);
	CHECK_IS(call(430, NOWHERE, &tid, 0), -EFAULT);
}

static volatile int counted;

static void
count(void *arg)
{
	(void)arg;
	__atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
}

TEST(many_threads_one_after_the_other)
{
	counted = 0;
	for (int i = 0; i < 500; i++) {
		struct test_thread *t = &threads[i % 4];

		if (i >= 4)
			thread_join(t);
		CHECK_IS(thread_start(t, count, NULL), 0);
	}
	for (int i = 0; i < 4; i++)
		thread_join(&threads[i]);
	CHECK_IS(counted, 500);
}

static void
wait_for_go(void *arg)
{
	(void)arg;
	while (!go)
		umtx(&go, UMTX_OP_WAIT_UINT_PRIVATE, 0, 0, 0);
}

TEST(thr_kill_finds_threads_of_the_process_only)
{
	go = 0;
	/* A joined thread may still be on its way out: thr_exit(2) wakes the joiner first. */
	for (int n = 0; n < 200 && call(SYS_thr_kill, -1, 0) == 0; n++)
		sleep_ms(5);
	CHECK_IS(call(SYS_thr_kill, -1, 0), -ESRCH);
	CHECK_IS(thread_start(&threads[0], wait_for_go, NULL), 0);
	CHECK_IS(call(SYS_thr_kill, threads[0].tid, 0), 0);
	CHECK_IS(call(SYS_thr_kill, threads[0].tid, 200), -EINVAL);
	CHECK_IS(call(SYS_thr_kill, -1, 0), 0);
	CHECK_IS(call(SYS_thr_kill, 1, 0), -ESRCH);
	CHECK_IS(call(SYS_thr_kill2, call(SYS_getpid), threads[0].tid, 0), 0);
	CHECK_IS(call(SYS_thr_kill2, call(SYS_getpid), 99, 0), -ESRCH);
	CHECK_IS(call(SYS_thr_kill2, 0, threads[0].tid, 0), -ESRCH);
	go = 1;
	umtx(&go, UMTX_OP_WAKE_PRIVATE, 1, 0, 0);
	thread_join(&threads[0]);
}

static long suspended;

static void
suspend(void *arg)
{
	suspended = call(SYS_thr_suspend, arg);
}

TEST(thr_wake_ends_thr_suspend_or_is_remembered)
{
	struct timespec short_time = {0, 10000000}, bad = {0, -1};

	CHECK_IS(call(SYS_thr_suspend, &short_time), -ETIMEDOUT);
	CHECK_IS(call(SYS_thr_suspend, &bad), -EINVAL);
	CHECK_IS(call(SYS_thr_wake, my_tid()), 0);
	CHECK_IS(call(SYS_thr_suspend, NULL), 0);
	CHECK_IS(call(SYS_thr_wake, 5), -ESRCH);
	suspended = -1;
	CHECK_IS(thread_start(&threads[1], suspend, NULL), 0);
	sleep_ms(20);
	CHECK_IS(call(SYS_thr_wake, threads[1].tid), 0);
	thread_join(&threads[1]);
	CHECK_IS(suspended, 0);
}

TEST(thr_set_name_takes_long_names)
{
	CHECK_IS(call(SYS_thr_set_name, my_tid(), "short"), 0);
	CHECK_IS(call(SYS_thr_set_name, my_tid(), "a name of more than nineteen bytes"), 0);
	CHECK_IS(call(SYS_thr_set_name, my_tid(), NULL), 0);
	CHECK_IS(call(SYS_thr_set_name, 1, "x"), -ESRCH);
	CHECK_IS(call(SYS_thr_set_name, my_tid(), NOWHERE), -EFAULT);
}

TEST(the_last_thread_comes_back_from_thr_exit)
{
	long state = 0;

	sleep_ms(30);	/* what a thread that was joined has still to do */
	CHECK_IS(call(SYS_thr_exit, &state), 0);
	CHECK_IS(state, 1);
}

static void
outlive_the_first(void *arg)
{
	sleep_ms(30);
	leave((int)(long)arg);
}

TEST(a_process_lives_on_without_its_first_thread)
{
	long pid = fork();

	if (pid == 0) {
		thread_start(&threads[2], outlive_the_first, (void *)7);
		call(SYS_thr_exit, NULL);
		leave(1);
	}
	CHECK_IS(wait_for(pid), EXITED(7));
}

TEST(a_forked_child_has_one_thread)
{
	long pid;

	go = 0;
	CHECK_IS(thread_start(&threads[3], wait_for_go, NULL), 0);
	pid = fork();
	if (pid == 0) {
		CHECK_IS(call(SYS_thr_kill, -1, 0), -ESRCH);
		CHECK_IS(call(SYS_thr_kill, threads[3].tid, 0), -ESRCH);
		counted = 0;
		CHECK_IS(thread_start(&threads[4], count, NULL), 0);
		thread_join(&threads[4]);
		CHECK_IS(counted, 1);
		leave_as_checked();
	}
	CHECK_IS(wait_for(pid), EXITED(0));
	go = 1;
	umtx(&go, UMTX_OP_WAKE_PRIVATE, 1, 0, 0);
	thread_join(&threads[3]);
}

/* The child's one thread may be any: it is a process like others, with threads and children of its own. */
static void
fork_and_go_on(void *arg)
{
	long pid = fork();

	if (pid == 0) {
		counted = 0;
		for (int n = 0; n < 3; n++) {
			CHECK_IS(thread_start(&threads[4], count, NULL), 0);
			thread_join(&threads[4]);
		}
		CHECK_IS(counted, 3);
		pid = fork();
		if (pid == 0)
			leave(5);
		CHECK_IS(wait_for(pid), EXITED(5));
		leave_as_checked();
	}
	*(long *)arg = wait_for(pid);
}

TEST(a_thread_that_is_not_the_first_forks)
{
	long status = -1;

	CHECK_IS(thread_start(&threads[3], fork_and_go_on, &status), 0);
	thread_join(&threads[3]);
	CHECK_IS(status, EXITED(0));
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(thr_self_is_above_all_process_ids);
	RUN(a_new_threads_number_stands_before_it_runs);
	RUN(tls_base_is_the_thread_pointer);
	RUN(thr_new_checks_what_it_is_given);
	RUN(a_thread_can_be_made_from_a_context);
	RUN(many_threads_one_after_the_other);
	RUN(thr_kill_finds_threads_of_the_process_only);
	RUN(thr_wake_ends_thr_suspend_or_is_remembered);
	RUN(thr_set_name_takes_long_names);
	RUN(the_last_thread_comes_back_from_thr_exit);
	RUN(a_process_lives_on_without_its_first_thread);
	RUN(a_forked_child_has_one_thread);
	RUN(a_thread_that_is_not_the_first_forks);
	return 0;
}
