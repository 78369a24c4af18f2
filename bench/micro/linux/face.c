/* Linux: clone and futex, epoll; the time is the vDSO's. */
#include "micro.h"

enum { FUTEX_WAIT = 0, FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };
enum { AT_NULL = 0, AT_SYSINFO = 32, AT_SYSINFO_EHDR = 33 };
enum { PT_LOAD = 1, PT_DYNAMIC = 2, DT_STRTAB = 5, DT_SYMTAB = 6 };
enum { EPOLL_CTL_ADD = 1, EPOLLIN = 1, EVENTS_AT_ONCE = 64 };

/* Packed on x86-64 for i386's sake, where it is so without being told (uapi/linux/eventpoll.h). */
struct epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

static long (*vdso_clock)(long clock, struct time *t);

/* The symbols go up to the strings, as every linker lays them out. */
static unsigned long
find_in_vdso(unsigned long base, const char *name)
{
	const struct elf_header *h = (const struct elf_header *)base;
	const struct elf_segment *segment = (const struct elf_segment *)(base + h->phoff);
	const struct elf_symbol *symbol = NULL;
	const unsigned long *dynamic = NULL;
	const char *strings = NULL;
	unsigned long moved = base;

	for (int i = 0; i < h->phnum; i++) {
		if (segment[i].type == PT_LOAD)
			moved = base + segment[i].offset - segment[i].vaddr;
		else if (segment[i].type == PT_DYNAMIC)
			dynamic = (const unsigned long *)(base + segment[i].offset);
	}
	for (; dynamic != NULL && dynamic[0] != 0; dynamic += 2) {
		if (dynamic[0] == DT_STRTAB)
			strings = (const char *)(moved + dynamic[1]);
		else if (dynamic[0] == DT_SYMTAB)
			symbol = (const struct elf_symbol *)(moved + dynamic[1]);
	}
	for (; symbol != NULL && (const char *)symbol < strings; symbol++)
		if (same(strings + symbol->name, name))
			return moved + symbol->value;
	return 0;
}

void
face_start(const unsigned long *auxv)
{
	for (; auxv[0] != AT_NULL; auxv += 2) {
		if (auxv[0] == AT_SYSINFO)
			face_sysinfo(auxv[1]);
		else if (auxv[0] == AT_SYSINFO_EHDR)
			vdso_clock = (long (*)(long, struct time *))find_in_vdso(auxv[1], FACE_VDSO_CLOCK);
	}
}

long
read_clock(struct time *t)
{
	return vdso_clock != NULL ? vdso_clock(FACE_MONOTONIC, t) : call(clock_gettime, FACE_MONOTONIC, t);
}

__attribute__((used)) void
worker_runs(struct worker *w)
{
	w->run(w);
	for (;;)
		call(exit_thread, 0);
}

/* The kernel sets `word` before clone returns, and clears and wakes it at the thread's end. */
void
start_worker(struct worker *w)
{
	unsigned long *stack = (unsigned long *)(w->stack + STACK_SIZE) - 4;

	stack[0] = (unsigned long)worker_runs;
	stack[1] = (unsigned long)w;
	must("clone", clone_call(CLONE_THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID, stack,
				 (void *)&w->word, (void *)&w->word));
}

void
join_worker(struct worker *w)
{
	uint32_t tid;

	while ((tid = w->word) != 0)
		call(futex, &w->word, FUTEX_WAIT, tid);
}

void
sleep_on(volatile uint32_t *word, uint32_t value)
{
	call(futex, word, FUTEX_WAIT_PRIVATE, value);
}

void
wake_one(volatile uint32_t *word)
{
	call(futex, word, FUTEX_WAKE_PRIVATE, 1);
}

void
handle_signal(int number, void (*handler)(int))
{
	struct sigaction action = {.handler = handler, .flags = FACE_SA_FLAGS, .restorer = face_restorer};

	must("sigaction", call(sigaction, number, &action, 0, sizeof action.mask));
}

int
events_make(void)
{
	return (int)must("epoll_create1", call(epoll_create1, 0));
}

void
events_add_readable(int events, int fd)
{
	struct epoll_event one = {EPOLLIN, (uint64_t)fd};

	must("epoll_ctl", call(epoll_ctl, events, EPOLL_CTL_ADD, fd, &one));
}

long
events_take(int events)
{
	struct epoll_event taken[EVENTS_AT_ONCE];

	return call(epoll_wait, events, taken, EVENTS_AT_ONCE, -1);
}
