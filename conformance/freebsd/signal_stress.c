/* covers: freebsd sigqueue thr_kill _umtx_op */
#include "guest_signal.h"

/*
 * Signals among threads that are in all kinds of calls: none may be lost, doubled
 * or out of order, and no wake-up either. The numbers are small enough for a
 * slow machine; --runs of the runner says how often.
 */
#define SENDERS 3
#define EACH 2000
#define ROUNDS 4000

static struct test_thread threads[4];
static long first_tid, pid;
static int pipe_ends[2];
static volatile int stop;

static volatile long received[SENDERS], out_of_order;

static void
receive(int signal, struct siginfo *info, void *context)
{
	long sender = signal - SIGRTMIN;

	(void)context;
	if ((long)info->value != received[sender])
		out_of_order++;
	received[sender]++;
}

static void
send_many(void *arg)
{
	long sender = (long)arg;

	for (long n = 0; n < EACH;)
		if (call(SYS_sigqueue, pid, SIGRTMIN + sender, n) == 0)
			n++;
		else
			call(SYS_sched_yield);
}

static long
sum_received(void)
{
	return received[0] + received[1] + received[2];
}

TEST(queued_signals_are_neither_lost_nor_doubled)
{
	struct timespec moment = {0, 100000};
	char buffer[16];
	long idle = 0, before = 0;

	for (long s = 0; s < SENDERS; s++)
		CHECK_IS(on_signal(SIGRTMIN + (int)s, receive, SA_SIGINFO | SA_RESTART), 0);
	/* None of the signals is for the new threads: they inherit the mask. */
	for (int s = 0; s < SENDERS; s++)
		block(SIGRTMIN + s);
	for (long s = 0; s < SENDERS; s++)
		CHECK_IS(thread_start(&threads[s], send_many, (void *)s), 0);
	for (int s = 0; s < SENDERS; s++)
		unblock(SIGRTMIN + s);
	/* The signals arrive in guest code, in calls that sleep, that fault and that change the mask. */
	for (long n = 0; sum_received() < SENDERS * EACH && idle < 3000; n++) {
		call(SYS_write, pipe_ends[1], "0123456789abcdef", 16);
		call(SYS_read, pipe_ends[0], buffer, 16);
		call(SYS_clock_gettime, CLOCK_MONOTONIC, NOWHERE);
		if (n % 8 == 0)
			call(SYS_nanosleep, &moment, NULL);
		block(SIGRTMIN);
		call(SYS_getppid);
		unblock(SIGRTMIN);
		idle = sum_received() == before && threads[0].ended && threads[1].ended && threads[2].ended ? idle + 1 : 0;
		before = sum_received();
		for (volatile int spin = 0; spin < 200; spin++)
			;
	}
	for (int s = 0; s < SENDERS; s++) {
		thread_join(&threads[s]);
		CHECK_IS(received[s], EACH);
	}
	CHECK_IS(out_of_order, 0);
}

static volatile long ticks;

static void
tick(int signal)
{
	(void)signal;
	ticks++;
}

static volatile uint32_t ball;

/* Each waits for its own number and hands the next one on. */
static void
play(void *arg)
{
	uint32_t me = (uint32_t)(long)arg;

	for (int n = 0; n < ROUNDS; n++) {
		uint32_t now;

		while ((now = ball) % 4 != me)
			umtx(&ball, UMTX_OP_WAIT_UINT_PRIVATE, now, 0, 0);
		ball = now + 1;
		umtx(&ball, UMTX_OP_WAKE_PRIVATE, 0x7fffffff, 0, 0);
	}
}

static void
join_all(void)
{
	for (int i = 0; i < 4; i++)
		thread_join(&threads[i]);
}

static void
start_all(void (*run)(void *))
{
	for (long i = 0; i < 4; i++)
		CHECK_IS(thread_start(&threads[i], run, (void *)i), 0);
}

TEST(a_ball_goes_round_under_a_timer)
{
	struct timeval every[2] = {{0, 500}, {0, 500}}, none[2] = {{0, 0}, {0, 0}};

	on_signal(SIGALRM, tick, 0);
	ticks = 0;
	CHECK_IS(call(83 /* setitimer */, 0, every, NULL), 0);
	ball = 0;
	start_all(play);
	join_all();
	CHECK_IS(ball, 4 * ROUNDS);
	call(83, 0, none, NULL);
	CHECK(ticks > 0);
}

static struct {
	volatile uint32_t owner;
	uint32_t flags, ceilings[2];
	uintptr_t link;
	uint32_t spare[2];
} mutex;
static struct {
	volatile uint32_t has_waiters;
	uint32_t flags, clock, spare;
} turn;
static volatile long shared_sum, whose;

#define CONTESTED 0x80000000u

/* libthr's ways: fast paths in user space, the kernel for what is contested. */
static void
mutex_lock(uint32_t me)
{
	for (;;) {
		uint32_t seen = 0;

		if (__atomic_compare_exchange_n(&mutex.owner, &seen, me, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return;
		if (seen == CONTESTED && __atomic_compare_exchange_n(&mutex.owner, &seen, me | CONTESTED, 0,
								     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return;
		umtx(&mutex, UMTX_OP_MUTEX_WAIT, 0, 0, 0);
	}
}

static void
mutex_unlock(uint32_t me)
{
	uint32_t seen = me;

	if (__atomic_compare_exchange_n(&mutex.owner, &seen, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return;
	mutex.owner = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	umtx(&mutex, UMTX_OP_MUTEX_WAKE2, 0, 0, 0);
}

static void
add_under_mutex(void *arg)
{
	uint32_t me = (uint32_t)my_tid();

	(void)arg;
	for (int n = 0; n < ROUNDS * 4; n++) {
		mutex_lock(me);
		shared_sum++;
		if (n % 64 == 0)
			call(SYS_sched_yield);
		mutex_unlock(me);
	}
}

TEST(a_contested_mutex_loses_nobody)
{
	shared_sum = 0;
	memset(&mutex, 0, sizeof mutex);
	start_all(add_under_mutex);
	join_all();
	CHECK_IS(shared_sum, 16L * ROUNDS);
	CHECK_IS(mutex.owner, 0);
}

static void
take_turns(void *arg)
{
	uint32_t me = (uint32_t)my_tid();
	long mine = (long)arg;

	for (int n = 0; n < ROUNDS / 4; n++) {
		mutex_lock(me);
		while (whose != mine) {
			umtx(&turn, UMTX_OP_CV_WAIT, 0, &mutex, 0);
			mutex_lock(me);
		}
		whose = (mine + 1) % 4;
		mutex_unlock(me);
		if (turn.has_waiters != 0)
			umtx(&turn, UMTX_OP_CV_BROADCAST, 0, 0, 0);
	}
}

TEST(a_condition_is_handed_round)
{
	memset(&mutex, 0, sizeof mutex);
	memset(&turn, 0, sizeof turn);
	whose = 0;
	start_all(take_turns);
	join_all();
	CHECK_IS(whose, 0);
}

static struct {
	volatile uint32_t state;
	uint32_t flags, blocked_readers, blocked_writers, spare[4];
} rw;
static volatile long version, half_done;

static void
read_and_write(void *arg)
{
	long me = (long)arg;

	for (int n = 0; n < ROUNDS; n++) {
		bool writes = (n + me) % 4 == 0;

		umtx(&rw, writes ? UMTX_OP_RW_WRLOCK : UMTX_OP_RW_RDLOCK, 0, 0, 0);
		if (half_done)
			out_of_order++;
		if (writes) {
			half_done = 1;
			version++;
			if (n % 16 == 0)
				call(SYS_sched_yield);
			half_done = 0;
		}
		umtx(&rw, UMTX_OP_RW_UNLOCK, 0, 0, 0);
	}
}

TEST(readers_never_meet_a_writer)
{
	memset(&rw, 0, sizeof rw);
	out_of_order = version = 0;
	start_all(read_and_write);
	join_all();
	CHECK_IS(version, ROUNDS);
	CHECK_IS(out_of_order, 0);
	CHECK_IS(rw.state, 0);
}

static struct {
	volatile uint32_t count;
	uint32_t flags;
} items, room;

#define HAS_WAITERS 0x80000000u

static void
sem_wait(volatile void *sem)
{
	volatile uint32_t *count = sem;

	for (;;) {
		uint32_t now = *count;

		if (now & ~HAS_WAITERS) {
			if (__atomic_compare_exchange_n(count, &now, now - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
				return;
		} else {
			umtx(count, UMTX_OP_SEM2_WAIT, 0, 0, 0);
		}
	}
}

static void
sem_post(volatile void *sem)
{
	volatile uint32_t *count = sem;

	if (__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST) & HAS_WAITERS)
		umtx(count, UMTX_OP_SEM2_WAKE, 0, 0, 0);
}

static void
produce_or_consume(void *arg)
{
	for (int n = 0; n < ROUNDS; n++) {
		sem_wait((long)arg & 1 ? &items : &room);
		sem_post((long)arg & 1 ? &room : &items);
	}
}

TEST(what_is_produced_is_consumed)
{
	memset(&items, 0, sizeof items);
	memset(&room, 0, sizeof room);
	room.count = 3;
	start_all(produce_or_consume);
	join_all();
	CHECK_IS(items.count & ~HAS_WAITERS, 0);
	CHECK_IS(room.count & ~HAS_WAITERS, 3);
}

static void
short_life(void *arg)
{
	(void)arg;
}

static void
pester(void *arg)
{
	(void)arg;
	while (!stop) {
		call(SYS_thr_kill, -1, SIGUSR1);
		call(SYS_sched_yield);
	}
}

TEST(threads_come_and_go_under_fire)
{
	on_signal(SIGUSR1, tick, SA_RESTART);
	stop = 0;
	CHECK_IS(thread_start(&threads[3], pester, NULL), 0);
	for (int n = 0; n < 300; n++) {
		CHECK_IS(thread_start(&threads[n % 3], short_life, NULL), 0);
		thread_join(&threads[n % 3]);
	}
	for (int n = 0; n < 20; n++) {
		long child = fork();

		if (child == 0)
			leave(5);
		CHECK_IS(wait_for(child), EXITED(5));
	}
	stop = 1;
	thread_join(&threads[3]);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	first_tid = my_tid();
	pid = call(SYS_getpid);
	call(542 /* pipe2 */, pipe_ends, 0);
	RUN(queued_signals_are_neither_lost_nor_doubled);
	RUN(a_ball_goes_round_under_a_timer);
	RUN(a_contested_mutex_loses_nobody);
	RUN(a_condition_is_handed_round);
	RUN(readers_never_meet_a_writer);
	RUN(what_is_produced_is_consumed);
	RUN(threads_come_and_go_under_fire);
	return 0;
}
