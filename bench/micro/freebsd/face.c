/* FreeBSD: thr_new and _umtx_op, kqueue; the time is a call unless the kernel's page says otherwise. */
#include "micro.h"

/* sys/sys/umtx.h */
enum { UMTX_OP_WAIT = 2, UMTX_OP_WAIT_UINT_PRIVATE = 15, UMTX_OP_WAKE_PRIVATE = 16 };

/* sys/sys/thr.h */
struct thr_param {
	void (*start)(void *);
	void *arg;
	char *stack_base;
	size_t stack_size;
	char *tls_base;
	size_t tls_size;
	long *child_tid, *parent_tid;
	int flags;
	void *rtp, *spare[3];
};

/* sys/sys/signal.h */
struct sigaction {
	void (*handler)(int);
	int flags;
	uint32_t mask[4];
};

/* sys/sys/event.h */
struct kevent {
	uint64_t ident;
	int16_t filter;
	uint16_t flags;
	uint32_t fflags;
	int64_t data;
	uint64_t udata, ext[4];
};
enum { EVFILT_READ = -1, EV_ADD = 1, EVENTS_AT_ONCE = 64 };

void
face_start(const unsigned long *auxv)
{
	(void)auxv;
}

long
read_clock(struct time *t)
{
	return call(clock_gettime, FACE_MONOTONIC, t);
}

/* tid[1] is what thr_exit(2) sets and wakes. */
static void
worker_runs(void *pointer)
{
	struct worker *w = pointer;

	w->run(w);
	call(thr_exit, &w->tid[1]);
}

void
start_worker(struct worker *w)
{
	struct thr_param p = {
		.start = worker_runs, .arg = w, .stack_base = w->stack, .stack_size = STACK_SIZE,
		.child_tid = &w->tid[0], .parent_tid = &w->tid[0],
	};

	w->tid[1] = 0;
	must("thr_new", call(thr_new, &p, sizeof p));
}

void
join_worker(struct worker *w)
{
	while (*(volatile long *)&w->tid[1] == 0)
		call(umtx_op, &w->tid[1], UMTX_OP_WAIT, 0);
}

void
sleep_on(volatile uint32_t *word, uint32_t value)
{
	call(umtx_op, word, UMTX_OP_WAIT_UINT_PRIVATE, value);
}

void
wake_one(volatile uint32_t *word)
{
	call(umtx_op, word, UMTX_OP_WAKE_PRIVATE, 1);
}

void
handle_signal(int number, void (*handler)(int))
{
	struct sigaction action = {.handler = handler};

	must("sigaction", call(sigaction, number, &action, 0));
}

int
events_make(void)
{
	return (int)must("kqueue", call(kqueue, 0));
}

void
events_add_readable(int events, int fd)
{
	struct kevent one = {.ident = (uint64_t)fd, .filter = EVFILT_READ, .flags = EV_ADD};

	must("kevent", call(kevent, events, &one, 1, 0, 0, 0));
}

long
events_take(int events)
{
	struct kevent taken[EVENTS_AT_ONCE];

	return call(kevent, events, 0, 0, taken, EVENTS_AT_ONCE, 0);
}

/* A FreeBSD program has the host's traps, if any, around it. */
void
face_arm(const char *trap)
{
	(void)trap;
	must("a trap", -78 /* ENOSYS */);
}

const struct benchmark floor_family[] = {{NULL, NULL, NULL}};
