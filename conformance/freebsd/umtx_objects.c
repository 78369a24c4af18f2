/* covers: freebsd _umtx_op freebsd10__umtx_lock freebsd10__umtx_unlock */
#include "guest_thread.h"

/* sys/sys/_umtx.h */
struct umutex {
	volatile uint32_t owner;
	uint32_t flags;
	uint32_t ceilings[2];
	uintptr_t link;
	uint32_t spare[2];
};
struct ucond {
	volatile uint32_t has_waiters;
	uint32_t flags, clock, spare;
};
struct urwlock {
	volatile uint32_t state;
	uint32_t flags, blocked_readers, blocked_writers, spare[4];
};
struct usem2 {
	volatile uint32_t count;
	uint32_t flags;
};
struct usem {
	volatile uint32_t has_waiters, count;
	uint32_t flags;
};

#define CONTESTED 0x80000000u
enum { PRIO_INHERIT = 4, PRIO_PROTECT = 8, ROBUST = 0x10 };
enum { CVWAIT_ABSTIME = 2, CVWAIT_CLOCKID = 4 };
#define WRITE_OWNER 0x80000000u
#define WRITE_WAITERS 0x40000000u
#define READ_WAITERS 0x20000000u
#define HAS_WAITERS 0x80000000u
#define MS(n) ((struct timespec){(n) / 1000, (n) % 1000 * 1000000L})

static struct test_thread threads[4];
static struct umutex mutex;
static struct ucond cond;
static struct urwlock rw;
static volatile long results[4];
static volatile int passed;

static void
lock_mutex(void *arg)
{
	results[(long)arg] = umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0);
	passed++;
	umtx(&mutex, UMTX_OP_MUTEX_UNLOCK, 0, 0, 0);
}

TEST(a_mutex_is_owned_by_the_threads_number)
{
	struct timespec t = MS(10);

	mutex = (struct umutex){0};
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_UNLOCK, 0, 0, 0), -EPERM);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_TRYLOCK, 0, 0, 0), 0);
	CHECK_IS(mutex.owner, my_tid());
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_TRYLOCK, 0, 0, 0), -EBUSY);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, &t), -ETIMEDOUT);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_WAIT, 0, 0, &t), -ETIMEDOUT);
	CHECK_IS(mutex.owner, my_tid() | CONTESTED);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_UNLOCK, 0, 0, 0), 0);
	CHECK_IS(mutex.owner, 0);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_WAIT, 0, 0, &t), 0);
	mutex.owner = CONTESTED;
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0), 0);
	CHECK_IS(mutex.owner, my_tid() | CONTESTED);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_UNLOCK, 0, 0, 0), 0);
	CHECK_IS(umtx(NOWHERE, UMTX_OP_MUTEX_LOCK, 0, 0, 0), -EFAULT);
}

TEST(those_who_wait_for_a_mutex_get_it_in_turn)
{
	mutex = (struct umutex){0};
	passed = 0;
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0), 0);
	for (long i = 0; i < 4; i++)
		CHECK_IS(thread_start(&threads[i], lock_mutex, (void *)i), 0);
	sleep_ms(50);
	CHECK_IS(mutex.owner, my_tid() | CONTESTED);
	CHECK_IS(passed, 0);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_UNLOCK, 0, 0, 0), 0);
	for (int i = 0; i < 4; i++) {
		thread_join(&threads[i]);
		CHECK_IS(results[i], 0);
	}
	CHECK_IS(passed, 4);
	CHECK_IS(mutex.owner, 0);
}

/* As libthr does: the word is freed in user space, the kernel repairs and wakes. */
static void
wait_for_mutex(void *arg)
{
	uint32_t me = (uint32_t)my_tid(), seen;

	(void)arg;
	for (;;) {
		seen = 0;
		if (__atomic_compare_exchange_n(&mutex.owner, &seen, me, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			break;
		if (seen == CONTESTED && __atomic_compare_exchange_n(&mutex.owner, &seen, me | CONTESTED, 0,
								     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			break;
		umtx(&mutex, UMTX_OP_MUTEX_WAIT, 0, 0, 0);
	}
	__atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
	seen = __atomic_exchange_n(&mutex.owner, 0, __ATOMIC_SEQ_CST);
	if (seen & CONTESTED)
		umtx(&mutex, UMTX_OP_MUTEX_WAKE2, 0, 0, 0);
}

TEST(wake2_repairs_the_contested_bit)
{
	mutex = (struct umutex){0};
	passed = 0;
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0), 0);
	for (int i = 0; i < 4; i++)
		CHECK_IS(thread_start(&threads[i], wait_for_mutex, NULL), 0);
	sleep_ms(50);
	mutex.owner = 0;
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_WAKE2, 0, 0, 0), 0);
	for (int i = 0; i < 4; i++)
		thread_join(&threads[i]);
	CHECK_IS(passed, 4);
}

TEST(a_priority_inheriting_mutex_knows_a_deadlock)
{
	mutex = (struct umutex){.flags = PRIO_INHERIT};
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0), 0);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0), -EDEADLK);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_UNLOCK, 0, 0, 0), 0);
	mutex.flags = PRIO_INHERIT | PRIO_PROTECT;
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0), -EINVAL);
}

TEST(a_priority_protected_mutex_has_a_ceiling)
{
	uint32_t old = 0;

	mutex = (struct umutex){.owner = CONTESTED, .flags = PRIO_PROTECT, .ceilings = {10, 0}};
	CHECK_IS(umtx(&mutex, UMTX_OP_SET_CEILING, 32, &old, 0), -EINVAL);
	CHECK_IS(umtx(&mutex, UMTX_OP_SET_CEILING, 20, &old, 0), 0);
	CHECK_IS(old, 10);
	CHECK_IS(mutex.ceilings[0], 20);
	CHECK_IS(mutex.owner, CONTESTED);
	mutex.flags = 0;
	CHECK_IS(umtx(&mutex, UMTX_OP_SET_CEILING, 20, &old, 0), -EINVAL);
}

static volatile int waiting;

static void
wait_for_cond(void *arg)
{
	umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0);
	waiting++;
	results[(long)arg] = umtx(&cond, UMTX_OP_CV_WAIT, 0, &mutex, 0);
	__atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
}

TEST(a_condition_wakes_one_or_all)
{
	mutex = (struct umutex){0};
	cond = (struct ucond){0};
	passed = waiting = 0;
	for (long i = 0; i < 4; i++)
		CHECK_IS(thread_start(&threads[i], wait_for_cond, (void *)i), 0);
	while (waiting != 4)
		sleep_ms(1);
	/* The latest has it until it waits. */
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0), 0);
	CHECK_IS(umtx(&mutex, UMTX_OP_MUTEX_UNLOCK, 0, 0, 0), 0);
	CHECK_IS(mutex.owner & ~CONTESTED, 0);
	CHECK(cond.has_waiters != 0);
	CHECK_IS(umtx(&cond, UMTX_OP_CV_SIGNAL, 0, 0, 0), 0);
	while (passed == 0)
		sleep_ms(1);
	sleep_ms(50);
	CHECK_IS(passed, 1);
	CHECK_IS(umtx(&cond, UMTX_OP_CV_BROADCAST, 0, 0, 0), 0);
	for (int i = 0; i < 4; i++) {
		thread_join(&threads[i]);
		CHECK_IS(results[i], 0);
	}
	CHECK_IS(passed, 4);
	CHECK_IS(umtx(&cond, UMTX_OP_CV_SIGNAL, 0, 0, 0), 0);
	CHECK_IS(cond.has_waiters, 0);
}

TEST(a_condition_has_a_clock_and_a_timeout)
{
	struct timespec t = MS(20);
	long before = now_ms();

	mutex = (struct umutex){0};
	cond = (struct ucond){.clock = CLOCK_MONOTONIC};
	CHECK_IS(umtx(&cond, UMTX_OP_CV_WAIT, 0, &mutex, &t), -EPERM);
	umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0);
	CHECK_IS(umtx(&cond, UMTX_OP_CV_WAIT, 0, &mutex, &t), -ETIMEDOUT);
	CHECK(now_ms() - before >= 19);
	CHECK_IS(mutex.owner, 0);
	umtx(&mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0);
	CHECK_IS(umtx(&cond, UMTX_OP_CV_WAIT, CVWAIT_CLOCKID | CVWAIT_ABSTIME, &mutex, &t), -ETIMEDOUT);
	cond.clock = 14;
	CHECK_IS(umtx(&cond, UMTX_OP_CV_WAIT, CVWAIT_CLOCKID, &mutex, &t), -EINVAL);
}

static void
read_lock(void *arg)
{
	results[(long)arg] = umtx(&rw, UMTX_OP_RW_RDLOCK, 0, 0, 0);
	__atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
	sleep_ms(10);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_UNLOCK, 0, 0, 0), 0);
}

static void
write_lock(void *arg)
{
	results[(long)arg] = umtx(&rw, UMTX_OP_RW_WRLOCK, 0, 0, 0);
	CHECK_IS(rw.state & WRITE_OWNER, WRITE_OWNER);
	__atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_UNLOCK, 0, 0, 0), 0);
}

TEST(a_lock_has_many_readers_or_one_writer)
{
	struct umtx_time t = {MS(10), 0, CLOCK_MONOTONIC};

	rw = (struct urwlock){0};
	CHECK_IS(umtx(&rw, UMTX_OP_RW_UNLOCK, 0, 0, 0), -EPERM);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_RDLOCK, 0, 0, 0), 0);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_RDLOCK, 0, 0, 0), 0);
	CHECK_IS(rw.state, 2);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_WRLOCK, 0, sizeof t, &t), -ETIMEDOUT);
	CHECK_IS(rw.state, 2);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_UNLOCK, 0, 0, 0), 0);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_UNLOCK, 0, 0, 0), 0);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_WRLOCK, 0, 0, 0), 0);
	CHECK_IS(rw.state, WRITE_OWNER);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_RDLOCK, 0, sizeof t, &t), -ETIMEDOUT);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_UNLOCK, 0, 0, 0), 0);
	CHECK_IS(rw.state & WRITE_OWNER, 0);
}

TEST(readers_and_writers_all_get_their_turn)
{
	rw = (struct urwlock){0};
	passed = 0;
	CHECK_IS(umtx(&rw, UMTX_OP_RW_WRLOCK, 0, 0, 0), 0);
	for (long i = 0; i < 4; i++)
		CHECK_IS(thread_start(&threads[i], i & 1 ? write_lock : read_lock, (void *)i), 0);
	sleep_ms(50);
	CHECK_IS(rw.state, WRITE_OWNER | WRITE_WAITERS | READ_WAITERS);
	CHECK_IS(umtx(&rw, UMTX_OP_RW_UNLOCK, 0, 0, 0), 0);
	for (int i = 0; i < 4; i++) {
		thread_join(&threads[i]);
		CHECK_IS(results[i], 0);
	}
	CHECK_IS(passed, 4);
	CHECK_IS(rw.state, 0);
}

static struct usem2 sem2;
static struct usem sem;

static void
wait_for_sem(void *arg)
{
	uint32_t count;

	for (;;) {
		count = sem2.count;
		if (count & ~HAS_WAITERS) {
			if (__atomic_compare_exchange_n(&sem2.count, &count, count - 1, 0, __ATOMIC_SEQ_CST,
							__ATOMIC_SEQ_CST))
				break;
			continue;
		}
		results[(long)arg] = umtx(&sem2, UMTX_OP_SEM2_WAIT, 0, 0, 0);
	}
	__atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
}

TEST(a_semaphore_lets_as_many_pass_as_were_posted)
{
	struct {
		struct umtx_time t;
		struct timespec left;
	} ut = {{MS(20), 0, CLOCK_MONOTONIC}, {0, 0}};

	sem2 = (struct usem2){0};
	CHECK_IS(umtx(&sem2, UMTX_OP_SEM2_WAIT, 0, sizeof ut, &ut), -ETIMEDOUT);
	sem2.count = 1;
	CHECK_IS(umtx(&sem2, UMTX_OP_SEM2_WAIT, 0, 0, 0), 0);
	sem2.count = 0;
	passed = 0;
	for (long i = 0; i < 4; i++)
		CHECK_IS(thread_start(&threads[i], wait_for_sem, (void *)i), 0);
	sleep_ms(50);
	CHECK_IS(sem2.count, HAS_WAITERS);
	for (int i = 0; i < 4; i++)
		if (__atomic_fetch_add(&sem2.count, 1, __ATOMIC_SEQ_CST) & HAS_WAITERS)
			CHECK_IS(umtx(&sem2, UMTX_OP_SEM2_WAKE, 0, 0, 0), 0);
	for (int i = 0; i < 4; i++)
		thread_join(&threads[i]);
	CHECK_IS(passed, 4);
}

TEST(the_older_semaphore_does_too)
{
	struct timespec t = MS(20);

	sem = (struct usem){0};
	CHECK_IS(umtx(&sem, UMTX_OP_SEM_WAIT, 0, 0, &t), -ETIMEDOUT);
	sem.count = 1;
	CHECK_IS(umtx(&sem, UMTX_OP_SEM_WAKE, 0, 0, 0), 0);
	CHECK_IS(umtx(&sem, UMTX_OP_SEM_WAIT, 0, 0, 0), 0);
}

static struct umutex *robust_head, *private_head, *in_transition;

static void
die_with_robust_mutexes(void *arg)
{
	struct umutex *m = arg;
	uintptr_t lists[3] = {(uintptr_t)&robust_head, (uintptr_t)&private_head, (uintptr_t)&in_transition};

	CHECK_IS(umtx(0, UMTX_OP_ROBUST_LISTS, sizeof lists, lists, 0), 0);
	CHECK_IS(umtx(&m[0], UMTX_OP_MUTEX_LOCK, 0, 0, 0), 0);
	CHECK_IS(umtx(&m[1], UMTX_OP_MUTEX_LOCK, 0, 0, 0), 0);
	m[0].link = (uintptr_t)&m[1];
	m[1].link = 0;
	private_head = &m[0];
}

TEST(a_robust_mutex_tells_of_its_owners_death)
{
	static struct umutex m[2];
	uintptr_t lists[4] = {0};

	for (int i = 0; i < 2; i++)
		m[i] = (struct umutex){.flags = ROBUST};
	CHECK_IS(umtx(0, UMTX_OP_ROBUST_LISTS, sizeof lists, lists, 0), -EINVAL);
	CHECK_IS(thread_start(&threads[0], die_with_robust_mutexes, m), 0);
	thread_join(&threads[0]);
	CHECK_IS(m[0].owner, CONTESTED | 0x10);
	CHECK_IS(umtx(&m[0], UMTX_OP_MUTEX_LOCK, 0, 0, 0), -96 /* EOWNERDEAD */);
	CHECK_IS(m[0].owner, my_tid() | CONTESTED);
	CHECK_IS(umtx(&m[1], UMTX_OP_MUTEX_TRYLOCK, 0, 0, 0), -96);
	m[1].flags |= 0x20;	/* not made consistent: it is lost */
	CHECK_IS(umtx(&m[1], UMTX_OP_MUTEX_UNLOCK, 0, 0, 0), 0);
	CHECK_IS(umtx(&m[1], UMTX_OP_MUTEX_LOCK, 0, 0, 0), -95 /* ENOTRECOVERABLE */);
}

struct shared {
	struct umutex mutex;
	struct urwlock rw;
	volatile long sum, version;
	volatile int half;
};

static void
work_on(struct shared *s)
{
	for (int n = 0; n < 3000; n++) {
		umtx(&s->mutex, UMTX_OP_MUTEX_LOCK, 0, 0, 0);
		s->sum++;
		umtx(&s->mutex, UMTX_OP_MUTEX_UNLOCK, 0, 0, 0);
		umtx(&s->rw, n % 4 ? UMTX_OP_RW_RDLOCK : UMTX_OP_RW_WRLOCK, 0, 0, 0);
		CHECK(!s->half);
		if (n % 4 == 0) {
			s->half = 1;
			s->version++;
			s->half = 0;
		}
		umtx(&s->rw, UMTX_OP_RW_UNLOCK, 0, 0, 0);
	}
}

TEST(locks_in_shared_memory_keep_processes_apart)
{
	struct shared *s = (void *)call(SYS_mmap, 0, 4096, 3, 0x1001 /* MAP_ANON | MAP_SHARED */, -1, 0);
	long pid[2];

	s->mutex.flags = s->rw.flags = 1;	/* USYNC_PROCESS_SHARED */
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			work_on(s);
			leave_as_checked();
		}
	}
	work_on(s);
	for (int i = 0; i < 2; i++)
		CHECK_IS(wait_for(pid[i]), EXITED(0));
	CHECK_IS(s->sum, 9000);
	CHECK_IS(s->version, 2250);
	CHECK_IS(s->mutex.owner, 0);
	CHECK_IS(s->rw.state, 0);
}

static volatile uint64_t old_lock;

static void
take_old_lock(void *arg)
{
	(void)arg;
	CHECK_IS(call(434, &old_lock), 0);
	passed++;
	CHECK_IS(call(435, &old_lock), 0);
}

TEST(the_lock_of_freebsd_5_works_still)
{
	old_lock = 0;
	passed = 0;
	CHECK_IS(call(435, &old_lock), -EPERM);
	CHECK_IS(call(434, &old_lock), 0);
	CHECK_IS(old_lock, my_tid());
	for (int i = 0; i < 3; i++)
		CHECK_IS(thread_start(&threads[i], take_old_lock, NULL), 0);
	sleep_ms(50);
	CHECK_IS(passed, 0);
	CHECK_IS(call(435, &old_lock), 0);
	for (int i = 0; i < 3; i++)
		thread_join(&threads[i]);
	CHECK_IS(passed, 3);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(a_mutex_is_owned_by_the_threads_number);
	RUN(those_who_wait_for_a_mutex_get_it_in_turn);
	RUN(wake2_repairs_the_contested_bit);
	RUN(a_priority_inheriting_mutex_knows_a_deadlock);
	RUN(a_priority_protected_mutex_has_a_ceiling);
	RUN(a_condition_wakes_one_or_all);
	RUN(a_condition_has_a_clock_and_a_timeout);
	RUN(a_lock_has_many_readers_or_one_writer);
	RUN(readers_and_writers_all_get_their_turn);
	RUN(a_semaphore_lets_as_many_pass_as_were_posted);
	RUN(the_older_semaphore_does_too);
	RUN(a_robust_mutex_tells_of_its_owners_death);
	RUN(locks_in_shared_memory_keep_processes_apart);
	RUN(the_lock_of_freebsd_5_works_still);
	return 0;
}
