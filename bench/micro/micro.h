/*
 * What the small benchmarks are written in: calls without a libc, from sources that
 * are the same for every ABI. What differs stands in that ABI's face.h (its folder is
 * on the include path): the calls' numbers, their instruction, a few constants and
 * structs, and how a thread starts, sleeps and ends.
 *
 * The calls have the form that the ABI's own libc gives them, number and instruction
 * next to one another, each a function of its own: what a layer makes of the place a
 * call is made from is part of what is measured.
 */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <stddef.h>
#include <stdint.h>

/* A call's stub: a value, or a negative errno. Pointers need no cast; what is not said is 0. */
#define call(name, ...) CALL_SIX(sys_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_SIX(stub, a, b, c, d, e, f, ...) \
	stub((long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define DECLARE_CALL(name, nr) long sys_##name(long a, long b, long c, long d, long e, long f);

/* clock_gettime(2) of every ABI here. */
struct time {
	int64_t sec, nsec;
};

#include "face.h"

CALLS(DECLARE_CALL)

/* Each family ends with a row without a name. */
struct benchmark {
	const char *name;
	void (*prepare)(long parameter);	/* or NULL */
	void (*run)(long count);
};
extern const struct benchmark calls_family[], threads_family[], processes_family[], events_family[],
	compute_family[];
/* What others' calls are made of on this host: natively, under face_arm(), the least that these can cost. */
extern const struct benchmark floor_family[];

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define STACK_SIZE 65536
#define MAX_THREADS 16

/* A thread; `word` is zero before, the ABI's own while it lives, and what ends a join after. */
struct worker {
	void (*run)(struct worker *self);
	long count, number;
	volatile uint32_t word;
	long tid[2];
	char stack[STACK_SIZE] __attribute__((aligned(16)));
};
extern struct worker workers[MAX_THREADS];

/* face.c */
extern const char *own_path;			/* argv[0] */
void face_start(const unsigned long *auxv);
long read_clock(struct time *t);		/* as the ABI's libc reads CLOCK_MONOTONIC */
void start_worker(struct worker *w);
void join_worker(struct worker *w);
void sleep_on(volatile uint32_t *word, uint32_t value);	/* while it has that value */
void wake_one(volatile uint32_t *word);
void handle_signal(int number, void (*handler)(int));
int events_make(void);
void events_add_readable(int events, int fd);
long events_take(int events);			/* how many of those added are readable; waits for one */
/* From here on a trap of this name lets all of the program's calls through: what the trap costs by itself. */
void face_arm(const char *trap);

/* main.c */
long must(const char *what, long result);	/* the result, unless it is an error: then this ends it all */
long must_be(const char *what, long result, long wanted);
int same(const char *a, const char *b);		/* as strings */
_Noreturn void leave(int status);

#endif
