/* covers: linux getppid mmap munmap mprotect fork tgkill */
/*
 * A call is the same the first and the hundredth time, wherever it stands: a layer that
 * changes code to make calls cheaper must not be seen. Code is mapped from a file that is
 * made here, so that every mapping has call sites that nobody has visited.
 */
#include "../guest_sites.h"
#include "guest_signal.h"
#include "guest_thread.h"

enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10 };

#define VISITS 4

static long code_file, parent, wrong;
static uint8_t wanted[SITE_PAGE];

static uint8_t *
map_code(void *where)
{
	return (uint8_t *)call(mmap, where, SITE_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | (where ? MAP_FIXED : 0),
			       code_file, 0);
}

static void
unmap(void *page)
{
	wrong += call(munmap, page, SITE_PAGE) != 0;
}

static void
visit(const uint8_t *page, int n, long answer)
{
	for (int visits = 0; visits < VISITS; visits++)
		wrong += site_wrong(site_of(page, n, 0), answer);
}

TEST(every_visit_changes_only_its_result)
{
	uint8_t *page = map_code(NULL);

	for (int n = 0; n < SITES; n++)
		visit(page, n, parent);
	unmap(page);
	VALUE(wrong);
}

TEST(a_jump_to_the_call_itself)
{
	uint8_t *page = map_code(NULL);
	long answer;

	for (int visits = 0; visits < VISITS; visits++) {
		__asm__ volatile("call *%1" : "=a"(answer) : "r"((guest_word)(uintptr_t)(page + SITE_FIRST * SITE_SLOT + SITE_JUMP_IN)),
				 "0"(__NR_getppid) : "ecx", "memory", "cc"
#ifndef __i386__
				 , "r11"
#endif
				 );
		wrong += answer != parent;
		visit(page, 0, parent);
	}
	unmap(page);
	VALUE(wrong);
}

TEST(code_made_writable_is_as_it_was)
{
	uint8_t *page = map_code(NULL);

	for (int n = 0; n < SITES; n++)
		visit(page, n, parent);
	SHOW(mprotect, page, SITE_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	wrong += !same(page, wanted, SITE_PAGE);
	/* And may be another program from now on. */
	site_page_fill(page, __NR_getpid, 0);
	visit(page, 1, call(getpid));
	SHOW(mprotect, page, SITE_PAGE, PROT_READ | PROT_EXEC);
	visit(page, 1, call(getpid));
	unmap(page);
	VALUE(wrong);
}

TEST(code_that_is_mapped_over_and_over)
{
	uint8_t *page = map_code(NULL);

	for (int round = 0; round < 300; round++) {
		visit(page, round % SITES, parent);
		if (round % 3 == 0)
			unmap(page);
		wrong += map_code(page) != page;
	}
	unmap(page);
	VALUE(wrong);
}

TEST(code_that_is_moved)
{
	uint8_t *page = map_code(NULL), *elsewhere = map_code(NULL);

	for (int round = 0; round < 20; round++) {
		uint8_t *was = page;

		visit(page, round, parent);
		page = (uint8_t *)call(mremap, page, SITE_PAGE, SITE_PAGE, 3 /* MAYMOVE, FIXED */, elsewhere);
		wrong += page != elsewhere || !same(page, wanted, SITE_PAGE);
		elsewhere = was;
	}
	visit(page, 0, parent);
	unmap(page);
	VALUE(wrong);
}

TEST(a_child_has_the_sites_of_its_parent)
{
	uint8_t *page = map_code(NULL);
	long pid;

	visit(page, 0, parent);
	pid = fork();
	if (pid == 0) {
		long me = call(getppid);

		for (int n = 0; n < SITES; n++)
			visit(page, n, me);
		leave(me == parent || wrong);
	}
	for (int n = SITES - 1; n >= 0; n--)
		visit(page, n, parent);
	VALUE(wait_for(pid));
	unmap(page);
	VALUE(wrong);
}

/* ---- signals and threads, while sites are visited for the first times ---- */

#define WORKERS 2
#define ROUNDS 40

static uint8_t *volatile shared_page;
static volatile long wrongs, signals, turn, done;

static void
count_signal(int signal)
{
	(void)signal;
	/* Other vectors than those that are watched. */
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n pcmpeqd %%xmm7, %%xmm7" : : : "xmm0", "xmm7");
	__atomic_fetch_add(&signals, 1, __ATOMIC_RELAXED);
}

static int
visit_all(void *unused)
{
	(void)unused;
	for (long seen_turn = 0;;) {
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == seen_turn)
			call(sched_yield);
		seen_turn = turn;
		if (seen_turn < 0)
			return 0;
		for (int visits = 0; visits < VISITS; visits++)
			for (int n = 0; n < SITES; n++)
				__atomic_fetch_add(&wrongs, site_wrong(site_of(shared_page, n, 0), parent), __ATOMIC_RELAXED);
		__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
	}
}

TEST(threads_and_signals_at_new_sites)
{
	long pid = call(getpid);

	catch_with(SIGUSR1, (void *)count_signal, SA_RESTART);
	for (int w = 0; w < WORKERS; w++)
		TRUTH(thread_start(w, visit_all, NULL) > 0);
	for (int round = 1; round <= ROUNDS; round++) {
		shared_page = map_code(NULL);
		done = 0;
		__atomic_store_n(&turn, round, __ATOMIC_RELEASE);
		while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < WORKERS)
			for (int w = 0; w < WORKERS; w++)
				call(tgkill, pid, guest_running[w], SIGUSR1);
		unmap(shared_page);
	}
	turn = -1;
	for (int w = 0; w < WORKERS; w++)
		thread_join(w);
	VALUE(wrongs);
	TRUTH(signals > 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	parent = call(getppid);
	site_page_fill(wanted, __NR_getppid, 0);
	code_file = call(open, "code", O_RDWR | O_CREAT | O_TRUNC, 0700);
	call(write, code_file, wanted, SITE_PAGE);
	RUN(every_visit_changes_only_its_result);
	RUN(a_jump_to_the_call_itself);
	RUN(code_made_writable_is_as_it_was);
	RUN(code_that_is_mapped_over_and_over);
	RUN(code_that_is_moved);
	RUN(a_child_has_the_sites_of_its_parent);
	RUN(threads_and_signals_at_new_sites);
	call(unlink, "code");	/* a twin's has other numbers in it */
	return 0;
}
