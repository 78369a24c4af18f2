/* covers: linux getppid mmap munmap mprotect mremap fork tgkill shmat */
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

/* linux/ipc.h, linux/shm.h */
enum { IPC_PRIVATE = 0, IPC_RMID = 0, SHM_REMAP = 040000, SHM_EXEC = 0100000 };

TEST(code_that_shared_memory_replaces)
{
	long id = call(shmget, IPC_PRIVATE, SITE_PAGE, 0700);
	uint8_t *other = (uint8_t *)call(shmat, id, NULL, 0), *page = map_code(NULL);

	site_page_fill(other, __NR_getpid, 0);
	for (int n = 0; n < SITES / 2; n++)
		visit(page, n, parent);
	wrong += call(shmat, id, page, SHM_EXEC) != -EINVAL;
	visit(page, 0, parent);
	wrong += (uint8_t *)call(shmat, id, page, SHM_REMAP | SHM_EXEC) != page;
	for (int n = 0; n < SITES; n++)
		visit(page, n, call(getpid));
	SHOW(mprotect, page, SITE_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	site_page_fill(wanted, __NR_getpid, 0);
	wrong += !same(other, wanted, SITE_PAGE);
	site_page_fill(wanted, __NR_getppid, 0);
	SHOW(shmdt, page);
	SHOW(shmdt, other);
	SHOW(shmctl, id, IPC_RMID, NULL);
	page = map_code(page);
	visit(page, 0, parent);
	unmap(page);
	VALUE(wrong);
}

/* What was to replace the code is refused; then code of other calls is visited near by. */
TEST(code_that_nothing_replaces)
{
	long id = call(shmget, IPC_PRIVATE, SITE_PAGE, 0400), other_file = call(open, "other", O_RDWR | O_CREAT, 0700);
	uint8_t *page = map_code(NULL), *other;

	site_page_fill(wanted, __NR_getpid, 0);
	call(write, other_file, wanted, SITE_PAGE);
	site_page_fill(wanted, __NR_getppid, 0);
	for (int n = 0; n < SITES; n++)
		visit(page, n, parent);
	SHOW(mmap, page, SITE_PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, -1, 0);
	SHOW(munmap, page + 1, SITE_PAGE);
	SHOW(munmap, page, 0);
	SHOW(shmat, id + 1000, page, SHM_REMAP);
	SHOW(mremap, page + 1, SITE_PAGE, SITE_PAGE, 3 /* MAYMOVE, FIXED */, page + SITE_PAGE);
	SHOW(mremap, (uintptr_t)NOWHERE & ~4095UL, SITE_PAGE, SITE_PAGE, 3, page);
	other = (uint8_t *)call(mmap, NULL, SITE_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, other_file, 0);
	for (int n = 0; n < SITES; n++)
		visit(other, n, call(getpid));
	for (int n = 0; n < SITES; n++)
		visit(page, n, parent);
	unmap(other);
	unmap(page);
	call(close, other_file);
	call(unlink, "other");
	SHOW(shmctl, id, IPC_RMID, NULL);
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
	RUN(code_that_shared_memory_replaces);
	RUN(code_that_nothing_replaces);
	RUN(a_child_has_the_sites_of_its_parent);
	RUN(threads_and_signals_at_new_sites);
	call(unlink, "code");	/* a twin's has other numbers in it */
	return 0;
}
