/* Threads: a wake that finds nobody, one thread to the other and back, making and joining, many at once. */
#include "micro.h"

static volatile uint32_t nobody, turn;

static void
wake(long count)
{
	while (count-- > 0)
		wake_one(&nobody);
}

/* One of two players: waits for its turn, hands it on. */
static void
play(struct worker *self)
{
	uint32_t mine = (uint32_t)self->number;

	for (long i = 0; i < self->count; i++) {
		while (turn != mine)
			sleep_on(&turn, !mine);
		turn = !mine;
		wake_one(&turn);
	}
}

/* There and back. */
static void
hand_off(long count)
{
	turn = 0;
	for (long i = 0; i < 2; i++) {
		workers[i].run = play;
		workers[i].count = count;
		workers[i].number = i;
		start_worker(&workers[i]);
	}
	for (long i = 0; i < 2; i++)
		join_worker(&workers[i]);
}

static void
nothing(struct worker *self)
{
	(void)self;
}

static void
create_join(long count)
{
	workers[0].run = nothing;
	while (count-- > 0) {
		start_worker(&workers[0]);
		join_worker(&workers[0]);
	}
}

static long together;

static void
how_many(long parameter)
{
	together = parameter < 1 ? 1 : parameter > MAX_THREADS ? MAX_THREADS : parameter;
}

static void
null_calls(struct worker *self)
{
	for (long i = 0; i < self->count; i++)
		call(getppid, 0);
}

/* So many null calls by each of PARAMETER threads; starting them is in the price. */
static void
null_by_threads(long count)
{
	for (long i = 0; i < together; i++) {
		workers[i].run = null_calls;
		workers[i].count = count;
		start_worker(&workers[i]);
	}
	for (long i = 0; i < together; i++)
		join_worker(&workers[i]);
}

const struct benchmark threads_family[] = {
	{"wake", NULL, wake},
	{"hand-off", NULL, hand_off},
	{"create-join", NULL, create_join},
	{"null-by-threads", how_many, null_by_threads},
	{NULL, NULL, NULL},
};
