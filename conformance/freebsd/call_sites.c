/* covers: freebsd getppid mmap munmap mprotect sysarch thr_kill fork */
/*
 * A call is the same the first and the hundredth time, wherever its `syscall` stands: a
 * layer that changes code to make calls cheaper must not be seen. Code is mapped from a
 * file that is made here, in the shape of libc's stubs, so that every mapping has call
 * sites that nobody has visited.
 */
#include "../guest_sites.h"
#include "guest_signal.h"

enum { SYS_mprotect = 74, SYS_sysarch = 165, AMD64_GET_GSBASE = 130, AMD64_SET_GSBASE = 131 };
enum {
	PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANON = 0x1000,
	O_RDWR = 2, O_CREAT = 0x200, O_TRUNC = 0x400,
};

#define PAGE SITE_PAGE
#define SLOT SITE_SLOT
#define FIRST SITE_FIRST
#define JUMP_IN SITE_JUMP_IN
#define VISITS 4

static int code_file;
static long parent;

static uint8_t *
map_code(void *where)
{
	return (uint8_t *)call(SYS_mmap, where, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | (where ? MAP_FIXED : 0),
			       code_file, 0);
}

static site_code
site(uint8_t *page, int n)
{
	return site_of(page, n, 0);
}

static long
wrong_at(uint8_t *page, int n)
{
	return site_wrong(site(page, n), parent);
}

TEST(every_visit_changes_only_its_result)
{
	uint8_t *page = map_code(NULL);
	long wrong = 0;

	CHECK((long)page > 0);
	for (int n = 0; n < SITES; n++)
		for (int visit = 0; visit < VISITS; visit++)
			wrong += wrong_at(page, n);
	CHECK_IS(wrong, 0);
	CHECK_IS(call(SYS_munmap, page, PAGE), 0);
}

TEST(a_jump_to_the_syscall_itself)
{
	uint8_t *page = map_code(NULL);
	long answer;

	for (int visit = 0; visit < VISITS; visit++) {
		__asm__ volatile("call *%1" : "=a"(answer) : "r"(page + FIRST * SLOT + JUMP_IN), "0"(SYS_getppid)
				 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
		CHECK_IS(answer, parent);
		CHECK_IS(site(page, 0)(), parent);
	}
	CHECK_IS(call(SYS_munmap, page, PAGE), 0);
}

TEST(the_direction_flag_at_a_site_visited_before)
{
	uint8_t *page = map_code(NULL);
	uint64_t flags;
	long answer;

	for (int visit = 0; visit < VISITS; visit++) {
		__asm__ volatile("std\n call *%[at]\n pushfq\n popq %[flags]\n cld"
				 : "=a"(answer), [flags] "=r"(flags) : [at] "r"(site(page, 0))
				 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
		CHECK_IS(answer, parent);
		CHECK_IS(flags & 0x400, 0x400);
		CHECK_IS(site(page, 0)(), parent);
	}
	CHECK_IS(call(SYS_munmap, page, PAGE), 0);
}

static bool
memory_is(const uint8_t *page, const uint8_t *wanted)
{
	int n = 0;

	while (n < PAGE && page[n] == wanted[n])
		n++;
	return n == PAGE;
}

TEST(code_made_writable_is_as_it_was)
{
	uint8_t wanted[PAGE], *page = map_code(NULL);
	long wrong = 0;

	site_page_fill(wanted, SYS_getppid, 0);
	for (int n = 0; n < SITES; n++)
		for (int visit = 0; visit < VISITS; visit++)
			wrong += site(page, n)() != parent;
	CHECK_IS(call(SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
	CHECK(memory_is(page, wanted));
	/* And may be another program from now on. */
	site_page_fill(page, SYS_getpid, 0);
	for (int visit = 0; visit < VISITS; visit++)
		wrong += site(page, 1)() != call(SYS_getpid);
	CHECK_IS(call(SYS_mprotect, page, PAGE, PROT_READ | PROT_EXEC), 0);
	for (int visit = 0; visit < VISITS; visit++)
		wrong += site(page, 1)() != call(SYS_getpid);
	CHECK_IS(wrong, 0);
	CHECK_IS(call(SYS_munmap, page, PAGE), 0);
}

TEST(code_that_is_mapped_over_and_over)
{
	uint8_t *page = map_code(NULL);
	long wrong = 0;

	for (int round = 0; round < 300; round++) {
		for (int visit = 0; visit < VISITS; visit++)
			wrong += site(page, round % SITES)() != parent;
		if (round % 3 == 0)
			wrong += call(SYS_munmap, page, PAGE) != 0;
		wrong += map_code(page) != page;
	}
	CHECK_IS(wrong, 0);
	CHECK_IS(call(SYS_munmap, page, PAGE), 0);
}

/* The places where a layer would put what it jumps to: this program is linked at 2 MiB. */
TEST(the_memory_around_is_the_programs)
{
	const long low = 0x10000, len = 0x1f0000 - low;
	uint8_t *page = map_code(NULL);
	long wrong = 0;

	for (int visit = 0; visit < VISITS; visit++)
		wrong += site(page, 0)() != parent;
	for (int round = 0; round < 3; round++) {
		CHECK_IS(call(SYS_mmap, low, len + 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0), low);
		*(volatile long *)(low + len) = 1;
		CHECK_IS(call(SYS_mmap, page - 0x20000, 0x20000, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0),
			 (long)(page - 0x20000));
		for (int visit = 0; visit < VISITS; visit++)
			wrong += site(page, round)() != parent;
		CHECK_IS(call(SYS_munmap, low, len + 0x10000), 0);
		CHECK_IS(call(SYS_munmap, page - 0x20000, 0x20000), 0);
		for (int visit = 0; visit < VISITS; visit++)
			wrong += site(page, round)() != parent;
	}
	CHECK_IS(wrong, 0);
	CHECK_IS(call(SYS_munmap, page, PAGE), 0);
}

TEST(a_gs_base_of_the_programs_own)
{
	static uint64_t own[64], base;
	uint8_t *page = map_code(NULL);
	uint64_t *pointer = own, seen;
	long wrong = 0;

	for (int visit = 0; visit < VISITS; visit++)
		wrong += site(page, 0)() != parent;
	CHECK_IS(call(SYS_sysarch, AMD64_GET_GSBASE, &base), 0);
	CHECK_IS(base, 0);
	own[1] = 77;
	CHECK_IS(call(SYS_sysarch, AMD64_SET_GSBASE, &pointer), 0);
	for (int visit = 0; visit < VISITS; visit++) {
		wrong += site(page, 0)() != parent;
		__asm__ volatile("movq %%gs:8, %0" : "=r"(seen));
		wrong += seen != 77;
	}
	CHECK_IS(call(SYS_sysarch, AMD64_GET_GSBASE, &base), 0);
	CHECK_IS(base, (long)own);
	pointer = NULL;
	CHECK_IS(call(SYS_sysarch, AMD64_SET_GSBASE, &pointer), 0);
	for (int visit = 0; visit < VISITS; visit++)
		wrong += site(page, 0)() != parent;
	CHECK_IS(call(SYS_sysarch, AMD64_GET_GSBASE, &base), 0);
	CHECK_IS(base, 0);
	CHECK_IS(wrong, 0);
	CHECK_IS(call(SYS_munmap, page, PAGE), 0);
}

TEST(a_child_has_the_sites_of_its_parent)
{
	uint8_t *page = map_code(NULL);
	int status = -1;
	long pid, wrong = 0;

	for (int visit = 0; visit < VISITS; visit++)
		wrong += site(page, 0)() != parent;
	pid = call(SYS_fork);
	if (pid == 0) {
		long me = site(page, 0)();

		for (int n = 0; n < SITES; n++)
			for (int visit = 0; visit < VISITS; visit++)
				wrong += site(page, n)() != me;
		call(SYS_exit, me == parent || wrong);
	}
	for (int n = SITES - 1; n >= 0; n--)
		for (int visit = 0; visit < VISITS; visit++)
			wrong += site(page, n)() != parent;
	CHECK_IS(call(SYS_wait4, pid, &status, 0, NULL), pid);
	CHECK_IS(status, EXITED(0));
	CHECK_IS(wrong, 0);
	CHECK_IS(call(SYS_munmap, page, PAGE), 0);
}

/* ---- signals and threads, while sites are visited for the first times ---- */

#define WORKERS 2
#define ROUNDS 40

static struct test_thread workers[WORKERS];
static uint8_t *volatile shared_page;
static volatile long wrongs, signals, turn, done;

static void
count_signal(int signal, struct siginfo *info, void *context)
{
	double noise = (double)signal;

	(void)info;
	(void)context;
	/* Other vectors than those that are watched. */
	__asm__ volatile("pcmpeqd %%xmm15, %%xmm15\n pcmpeqd %%xmm0, %%xmm0" : : "x"(noise) : "xmm0", "xmm15");
	__atomic_fetch_add(&signals, 1, __ATOMIC_RELAXED);
}

static void
visit_all(void *unused)
{
	long seen = 0;

	(void)unused;
	for (;;) {
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == seen)
			call(SYS_sched_yield);
		seen = turn;
		if (seen < 0)
			return;
		for (int visit = 0; visit < VISITS; visit++)
			for (int n = 0; n < SITES; n++)
				__atomic_fetch_add(&wrongs, wrong_at(shared_page, n), __ATOMIC_RELAXED);
		__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
	}
}

TEST(threads_and_signals_at_new_sites)
{
	CHECK_IS(on_signal(SIGUSR1, count_signal, SA_SIGINFO | SA_RESTART), 0);
	for (int w = 0; w < WORKERS; w++)
		CHECK_IS(thread_start(&workers[w], visit_all, NULL), 0);
	for (int round = 1; round <= ROUNDS; round++) {
		shared_page = map_code(NULL);
		done = 0;
		__atomic_store_n(&turn, round, __ATOMIC_RELEASE);
		while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < WORKERS)
			for (int w = 0; w < WORKERS; w++)
				call(SYS_thr_kill, workers[w].tid, SIGUSR1);
		CHECK_IS(call(SYS_munmap, shared_page, PAGE), 0);
	}
	turn = -1;
	for (int w = 0; w < WORKERS; w++)
		thread_join(&workers[w]);
	CHECK_IS(wrongs, 0);
	CHECK(signals > ROUNDS);
}

/* What was to replace the code is refused; then code of another call is visited near by. */
TEST(code_that_nothing_replaces)
{
	uint8_t *page = map_code(NULL), *other;
	uint8_t getpids[PAGE];
	long wrong = 0, pid = call(SYS_getpid);
	int file = (int)call(SYS_open, "other", O_RDWR | O_CREAT | O_TRUNC, 0700);

	site_page_fill(getpids, SYS_getpid, 0);
	call(SYS_write, file, getpids, PAGE);
	for (int n = 0; n < SITES; n++)
		for (int visit = 0; visit < VISITS; visit++)
			wrong += wrong_at(page, n);
	CHECK_IS(call(SYS_mmap, page, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, -1, 0), -EBADF);
	CHECK_IS(call(SYS_munmap, page, 0), -EINVAL);
	other = (uint8_t *)call(SYS_mmap, NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
	for (int n = 0; n < SITES; n++)
		for (int visit = 0; visit < VISITS; visit++)
			wrong += site_wrong(site(other, n), pid) + wrong_at(page, n);
	CHECK_IS(wrong, 0);
	call(SYS_munmap, other, PAGE);
	call(SYS_munmap, page, PAGE);
	call(SYS_close, file);
}

int
main(int argc, char **argv, char **envp)
{
	static uint8_t page[PAGE];

	(void)argc;
	(void)argv;
	(void)envp;
	parent = call(SYS_getppid);
	site_page_fill(page, SYS_getppid, 0);
	code_file = (int)call(SYS_open, "code", O_RDWR | O_CREAT | O_TRUNC, 0700);
	if (call(SYS_write, code_file, page, PAGE) != PAGE)
		return 1;
	RUN(every_visit_changes_only_its_result);
	RUN(a_jump_to_the_syscall_itself);
	RUN(the_direction_flag_at_a_site_visited_before);
	RUN(code_made_writable_is_as_it_was);
	RUN(code_that_is_mapped_over_and_over);
	RUN(the_memory_around_is_the_programs);
	RUN(a_gs_base_of_the_programs_own);
	RUN(a_child_has_the_sites_of_its_parent);
	RUN(threads_and_signals_at_new_sites);
	RUN(code_that_nothing_replaces);
	return 0;
}
