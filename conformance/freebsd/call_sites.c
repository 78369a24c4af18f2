/* covers: freebsd getppid mmap munmap mprotect sysarch thr_kill fork */
/*
 * A call is the same the first and the hundredth time, wherever its `syscall` stands: a
 * layer that changes code to make calls cheaper must not be seen. Code is mapped from a
 * file that is made here, in the shape of libc's stubs, so that every mapping has call
 * sites that nobody has visited.
 */
#include "guest_signal.h"

enum { SYS_mprotect = 74, SYS_sysarch = 165, AMD64_GET_GSBASE = 130, AMD64_SET_GSBASE = 131 };
enum {
	PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANON = 0x1000,
	O_RDWR = 2, O_CREAT = 0x200, O_TRUNC = 0x400,
};

#define PAGE 4096
#define SLOT 32
#define FIRST 2			/* the slots before it are padding */
#define SITES (PAGE / SLOT - FIRST)
#define JUMP_IN 8		/* the syscall's offset in a slot */
#define VISITS 4

typedef long (*code)(void);

static int code_file;
static long parent;

/* mov $nr, %eax; mov %rcx, %r10; syscall; ret */
static void
fill_page(uint8_t *page, int nr)
{
	for (int i = 0; i < PAGE; i++)
		page[i] = 0xcc;
	for (int s = FIRST; s < PAGE / SLOT; s++) {
		static const uint8_t rest[] = {0x49, 0x89, 0xca, 0x0f, 0x05, 0xc3};
		uint8_t *p = page + s * SLOT;

		*p++ = 0xb8;
		for (int i = 0; i < 4; i++)
			*p++ = (uint8_t)(nr >> 8 * i);
		for (unsigned i = 0; i < sizeof rest; i++)
			*p++ = rest[i];
	}
}

static uint8_t *
map_code(void *where)
{
	return (uint8_t *)call(SYS_mmap, where, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | (where ? MAP_FIXED : 0),
			       code_file, 0);
}

static code
site(uint8_t *page, int n)
{
	return (code)(uintptr_t)(page + (FIRST + n) * SLOT);
}

/* Calls `at` with a pattern in what a call leaves alone; how many of it came back changed. */
static long
changed_by(code at, long *answer)
{
	static const uint64_t vector[2] = {0x1122334455667788, 0x99aabbccddeeff00};
	uint64_t seen[2], wrong = 0;

	__asm__ volatile(
		"movdqu %[vector], %%xmm0\n"
		"movdqu %[vector], %%xmm15\n"
		"movq %[at], %%rbx\n"
		"movq $12, %%r12\n"
		"movq $13, %%r13\n"
		"movq $14, %%r14\n"
		"movq $15, %%r15\n"
		"movq $0x5a5a, -64(%%rsp)\n"
		"subq $8, %%rsp\n"
		"xorl %%edi, %%edi\n"
		"subl $0x80000000, %%edi\n"	/* sign and overflow and carry */
		"movl $7, %%edi\n"
		"movl $8, %%esi\n"
		"movl $9, %%edx\n"
		"call *%%rbx\n"
		"jc 9f\n"
		"jno 9f\n"
		"jns 9f\n"
		"addq $8, %%rsp\n"
		"cmpq %[at], %%rbx\n jne 8f\n"
		"cmpq $12, %%r12\n jne 8f\n"
		"cmpq $13, %%r13\n jne 8f\n"
		"cmpq $14, %%r14\n jne 8f\n"
		"cmpq $15, %%r15\n jne 8f\n"
		"cmpq $7, %%rdi\n jne 8f\n"
		"cmpq $8, %%rsi\n jne 8f\n"
		"cmpq $9, %%rdx\n jne 8f\n"
		"cmpq $0x5a5a, -64(%%rsp)\n jne 8f\n"
		"jmp 7f\n"
		"9: addq $8, %%rsp\n"
		"8: incq %[wrong]\n"
		"7: movdqu %%xmm15, %[seen]\n"
		: "=&a"(*answer), [seen] "=m"(seen), [wrong] "+m"(wrong)
		: [at] "m"(at), [vector] "m"(vector)
		: "rbx", "rcx", "rdx", "rdi", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm15",
		  "memory", "cc");
	return (long)wrong + (seen[0] != vector[0]) + (seen[1] != vector[1]);
}

TEST(every_visit_changes_only_its_result)
{
	uint8_t *page = map_code(NULL);
	long answer, wrong = 0;

	CHECK((long)page > 0);
	for (int n = 0; n < SITES; n++)
		for (int visit = 0; visit < VISITS; visit++) {
			wrong += changed_by(site(page, n), &answer);
			wrong += answer != parent;
		}
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

	fill_page(wanted, SYS_getppid);
	for (int n = 0; n < SITES; n++)
		for (int visit = 0; visit < VISITS; visit++)
			wrong += site(page, n)() != parent;
	CHECK_IS(call(SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
	CHECK(memory_is(page, wanted));
	/* And may be another program from now on. */
	fill_page(page, SYS_getpid);
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
			for (int n = 0; n < SITES; n++) {
				long answer, changed = changed_by(site(shared_page, n), &answer);

				if (changed || answer != parent)
					__atomic_fetch_add(&wrongs, 1, __ATOMIC_RELAXED);
			}
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

int
main(int argc, char **argv, char **envp)
{
	static uint8_t page[PAGE];

	(void)argc;
	(void)argv;
	(void)envp;
	parent = call(SYS_getppid);
	fill_page(page, SYS_getppid);
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
	return 0;
}
