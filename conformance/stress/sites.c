/*
 * Call sites that come, go and change while threads call them, are signalled there, and fork.
 * One source for every guest: what is called by what name is said first.
 *
 *	sites rounds N		N changes of code, with everything else at once
 *	sites execs N		N programs, one after the other, each in a process of its own
 *
 * Exit status 0 and "wrong: 0": every call of every thread answered right and changed nothing else.
 */
#include "../guest_sites.h"

enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_PRIVATE = 2, MAP_FIXED = 0x10 };
#define RX (PROT_READ | PROT_EXEC)

#ifdef __FreeBSD__

#include "../freebsd/guest_signal.h"

enum { SYS_mprotect = 74, NR_getppid = SYS_getppid, NR_getpid = SYS_getpid, CREATE = 0x602 };
#define CALL(name, ...) call(SYS_##name __VA_OPT__(, ) __VA_ARGS__)
#define FORK() call(SYS_fork)
#define WORKERS 3
static struct test_thread threads[WORKERS];

static void work(long n);

static void
thread_works(void *n)
{
	work((long)n);
}

static long
start(long n)
{
	return thread_start(&threads[n], thread_works, (void *)n);
}

static void
join(long n)
{
	thread_join(&threads[n]);
}

static void
tell(long n)
{
	call(SYS_thr_kill, threads[n].tid, SIGUSR1);
}

#define CATCH(handler) on_signal(SIGUSR1, (void *)(handler), SA_RESTART)

#else

#include "../linux/guest_signal.h"
#include "../linux/guest_thread.h"

enum { NR_getppid = __NR_getppid, NR_getpid = __NR_getpid, CREATE = O_RDWR | O_CREAT | O_TRUNC };
#define CALL(name, ...) call(name __VA_OPT__(, ) __VA_ARGS__)
#define FORK() fork()
#define WORKERS 3

static void work(long n);

static int
thread_works(void *n)
{
	work((long)n);
	return 0;
}

static long
start(long n)
{
	return thread_start((int)n, thread_works, (void *)n) < 0;
}

static void
join(long n)
{
	thread_join((int)n);
}

static void
tell(long n)
{
	call(tgkill, call(getpid), guest_running[n], SIGUSR1);
}

#define CATCH(handler) catch_with(SIGUSR1, (void *)(handler), SA_RESTART)

#endif

/* ---- pages ---- */

/* By their skew, forms A, B, C, C and B of docs/design.md; the second B has four bytes to change. */
static const unsigned skews[] = {0, 5, 3, SITE_SHORT, SITE_FOUR};
#define PAGES (sizeof skews / sizeof *skews)

static struct page {
	uint8_t *at;
	long file;
	enum { ASKS_PARENT, ASKS_SELF } asks;
	volatile int users;	/* threads in it; CLOSED is added while it may not be entered */
} pages[PAGES];

#define CLOSED 0x10000
#define CALLED 40	/* of a page's sites; few, so that between two changes each is visited often enough */

static volatile long wrong, calls, signals, stop;
static long answers[2];		/* by what a page asks */

static void
is_wrong(const char *what)
{
	__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	CALL(write, 1, what, length(what));
	CALL(write, 1, "\n", 1);
}

static bool
enter(struct page *p)
{
	if (__atomic_fetch_add(&p->users, 1, __ATOMIC_ACQUIRE) < CLOSED)
		return true;
	__atomic_fetch_sub(&p->users, 1, __ATOMIC_RELEASE);
	return false;
}

static void
close_page(struct page *p)
{
	__atomic_fetch_add(&p->users, CLOSED, __ATOMIC_ACQUIRE);
	while (__atomic_load_n(&p->users, __ATOMIC_ACQUIRE) != CLOSED)
		CALL(sched_yield);
}

static void
open_page(struct page *p)
{
	__atomic_fetch_sub(&p->users, CLOSED, __ATOMIC_RELEASE);
}

static void
call_sites(struct page *p, unsigned first, unsigned step)
{
	for (unsigned n = first % CALLED; n < CALLED; n += step)
		if (site_wrong(site_of(p->at, (int)n, skews[p - pages]), answers[p->asks]))
			is_wrong("a call changed more than its result");
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
}

/* ---- threads ---- */

static void
work(long n)
{
	for (unsigned round = (unsigned)n; !stop; round++) {
		struct page *p = &pages[round % PAGES];

		if (!enter(p))
			continue;
		call_sites(p, 0, 1);
		__atomic_fetch_sub(&p->users, 1, __ATOMIC_RELEASE);
	}
}

/* Calls itself, with other vectors than those that are watched. */
static void
on_usr1(int signal)
{
	struct page *p = &pages[(unsigned)__atomic_fetch_add(&signals, 1, __ATOMIC_RELAXED) % PAGES];

	(void)signal;
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n pcmpeqd %%xmm7, %%xmm7" : : : "xmm0", "xmm7");
	if (!enter(p))
		return;
	call_sites(p, (unsigned)signals, 13);
	__atomic_fetch_sub(&p->users, 1, __ATOMIC_RELEASE);
}

/* ---- changes ---- */

/* Where there is room behind: form B's stubs lie 85 or 252 MiB further on. */
static void *
hint(const struct page *p)
{
	return sizeof(void *) > 4 ? (void *)(0x2000000000 + (p - pages) * 0x40000000) : NULL;
}

static void
map_page(struct page *p, void *where)
{
	long r = CALL(mmap, where ? where : hint(p), SITE_PAGE, RX, MAP_PRIVATE | (where ? MAP_FIXED : 0), p->file, 0);

	if (where ? r != (long)where : r < 0 && r > -4096)
		is_wrong("mmap");
	p->at = (uint8_t *)r;
	p->asks = ASKS_PARENT;	/* the file's code does */
}

/* As dlclose and dlopen: every other time at the same place. */
static void
load_again(struct page *p, unsigned round)
{
	uint8_t *was = p->at;

	close_page(p);
	if (CALL(munmap, p->at, SITE_PAGE) != 0)
		is_wrong("munmap");
	map_page(p, round % 2 ? was : NULL);
	open_page(p);
}

/* Other code over the old, without a gap. */
static void
load_over(struct page *p)
{
	close_page(p);
	map_page(p, p->at);
	open_page(p);
}

/* Threads are in it all the time. What the program may write is as it has put it there. */
static void
flip(struct page *p)
{
	static uint8_t wanted[SITE_PAGE];

	site_page_fill(wanted, p->asks == ASKS_SELF ? NR_getpid : NR_getppid, skews[p - pages]);
	if (CALL(mprotect, p->at, SITE_PAGE, RX | PROT_WRITE) != 0)
		is_wrong("mprotect");
	if (!same(p->at, wanted, SITE_PAGE))
		is_wrong("the code is not what it was");
	if (CALL(mprotect, p->at, SITE_PAGE, RX) != 0)
		is_wrong("mprotect");
}

/* As a compiler at run time: another call from the same sites. */
static void
write_again(struct page *p)
{
	close_page(p);
	if (CALL(mprotect, p->at, SITE_PAGE, PROT_READ | PROT_WRITE) != 0)
		is_wrong("mprotect");
	p->asks = p->asks == ASKS_SELF ? ASKS_PARENT : ASKS_SELF;
	site_page_fill(p->at, p->asks == ASKS_SELF ? NR_getpid : NR_getppid, skews[p - pages]);
	if (CALL(mprotect, p->at, SITE_PAGE, RX) != 0)
		is_wrong("mprotect");
	open_page(p);
}

/* The child has one thread, and the pages as they are between two changes. */
static void
fork_child(void)
{
	int status = -1;
	long pid = FORK(), r;

	if (pid == 0) {
		answers[ASKS_PARENT] = answers[ASKS_SELF];
		answers[ASKS_SELF] = CALL(getpid);
		for (unsigned n = 0; n < PAGES; n++) {
			call_sites(&pages[n], n, 3);
			flip(&pages[n]);
			call_sites(&pages[n], 0, 1);
		}
		leave(wrong != 0);
	}
	do
		r = CALL(wait4, pid, &status, 0, NULL);
	while (r == -EINTR);
	if (pid < 0 || r != pid || status != 0)
		is_wrong("fork");
}

static void
change(unsigned round)
{
	struct page *p = &pages[round % PAGES];

	/* Only what a file is mapped from is rewritten: each change of that is followed by another one. */
	switch (round / PAGES % 6) {
	case 1:
	case 5:
		flip(p);
		break;
	case 2:
		load_over(p);
		break;
	case 3:
		write_again(p);
		break;
	default:
		load_again(p, round);
		break;
	}
}

static void
make_page(struct page *p, const char *name)
{
	static uint8_t bytes[SITE_PAGE];

	site_page_fill(bytes, NR_getppid, skews[p - pages]);
	p->file = CALL(open, name, CREATE, 0700);
	if (CALL(write, p->file, bytes, SITE_PAGE) != SITE_PAGE)
		is_wrong("write");
	map_page(p, NULL);
}

/* Of pages, by all threads, before the next change: a site is rewritten on its second. */
#define VISITS 12

static void
rounds(unsigned n)
{
	char name[] = "code0";

	answers[ASKS_SELF] = CALL(getpid);
	answers[ASKS_PARENT] = CALL(getppid);
	CATCH(on_usr1);
	for (unsigned i = 0; i < PAGES; i++, name[4]++)
		make_page(&pages[i], name);
	for (long w = 0; w < WORKERS; w++)
		if (start(w) != 0)
			is_wrong("no thread");
	for (unsigned round = 0; round < n && !wrong; round++) {
		long before = calls;

		change(round);
		for (long w = 0; w < WORKERS; w++)
			tell(w);
		if (round % 64 == 63)
			fork_child();
		while (calls < before + VISITS && !wrong)
			CALL(sched_yield);
	}
	stop = 1;
	for (long w = 0; w < WORKERS; w++)
		join(w);
}

/* ---- programs ---- */

static void
execs(unsigned n, const char *self, char **envp)
{
	const char *words[] = {self, "leaf", "0", NULL};

	for (unsigned i = 0; i < n; i++) {
		int status = -1;
		long pid = FORK();

		if (pid == 0) {
			CALL(execve, self, words, envp);
			leave(99);
		}
		if (pid < 0 || CALL(wait4, pid, &status, 0, NULL) != pid || status != 42 << 8)
			is_wrong("a program did not end as it should");
	}
}

static unsigned
number(const char *text)
{
	unsigned n = 0;

	while (*text)
		n = n * 10 + (unsigned)(*text++ - '0');
	return n;
}

int
main(int argc, char **argv, char **envp)
{
	if (argc < 3)
		leave(2);
	if (same_text(argv[1], "leaf")) {
		for (int i = 0; i < 5; i++)
			answers[0] = CALL(getppid);
		leave(answers[0] > 0 ? 42 : 1);
	}
	if (same_text(argv[1], "execs"))
		execs(number(argv[2]), argv[0], envp);
	else
		rounds(number(argv[2]));
	if (!wrong)
		CALL(write, 1, "wrong: 0\n", 9);
	leave(wrong != 0);
}
