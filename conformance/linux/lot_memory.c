/* covers: linux mmap munmap mprotect mremap madvise mincore msync brk */
/*
 * Mappings drawn by lot in one place of the address space, and code written there, run, overwritten, moved and
 * protected: whether a page can be read, written and run is what /proc/self/maps says, and calls made there are right.
 */
#ifndef LOT
#define LOT 7	/* which found code that was executable again after it had been made readable only */
#endif
#include "guest_lot.h"

#include <linux/mman.h>

#define PAGE 4096ul
#define PAGES 16u
#define ARENA 0x30000000ul
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

/* `code` is not written to once it is mapped: that a private mapping shows it is no promise (mmap(2)). */
static long own_pid, parent, file, code;
static char maps[1 << 16];
static char state[PAGES + 1];	/* of each page: '.' not mapped, else a digit of the bits that maps shows */
enum { READ = 1, WRITE = 2, RUN = 4, SHARED = 8 };

static const char *
hex(const char *p, unsigned long *to)
{
	for (*to = 0; (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'); p++)
		*to = *to << 4 | (unsigned long)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
	return p;
}

static void
read_maps(void)
{
	long f = call(open, "/proc/self/maps", O_RDONLY), n, all = 0;
	const char *p = maps;

	while ((n = call(read, f, maps + all, sizeof maps - 1 - (size_t)all)) > 0)
		all += n;
	call(close, f);
	maps[all] = '\0';
	memset(state, '.', PAGES);
	while (*p) {
		unsigned long from, to;
		unsigned bits;

		p = hex(hex(p, &from) + 1, &to) + 1;
		bits = (p[0] == 'r' ? READ : 0) | (p[1] == 'w' ? WRITE : 0) | (p[2] == 'x' ? RUN : 0) | (p[3] == 's' ? SHARED : 0);
		for (; from < to; from += PAGE)
			if (from >= ARENA && from < ARENA + PAGES * PAGE)
				state[(from - ARENA) / PAGE] = (char)(bits < 10 ? '0' + bits : 'a' + bits - 10);
		while (*p && *p++ != '\n')
			;
	}
}

static unsigned
bits_of(unsigned page)
{
	char c = state[page];

	return c == '.' ? 0 : (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static unsigned long
at(unsigned page)
{
	return ARENA + page * PAGE;
}

/* Two functions that make a call and one that makes none: what they answer tells them apart. */
#ifdef __i386__
#define ENTER 0xcd, 0x80
#else
#define ENTER 0x0f, 0x05
#endif
#define CODE(nr, ...) {0xb8, (nr) & 255, (nr) >> 8 & 255, (nr) >> 16 & 255, (nr) >> 24 & 255, __VA_ARGS__, 0xc3}
static const unsigned char codes[3][8] = {
	CODE(__NR_getpid, ENTER), CODE(__NR_getppid, ENTER), CODE(4711, 0x90, 0x90),
};
/* Stands before the code, which may not read as it was written (docs/quirks.md), with how far behind it that is. */
static const unsigned char mark[] = {'c', 'o', 'd', 'e', ' ', 'a', 't'};

/* The first page from there on that has all these bits. */
static unsigned
page_with(unsigned bits, unsigned page)
{
	for (unsigned i = 0; i < PAGES; i++, page = (page + 1) % PAGES)
		if ((bits_of(page) & bits) == bits)
			return page;
	return PAGES;
}

static void
put_code(volatile unsigned char *to)
{
	const unsigned char *drawn = DRAW(codes);
	unsigned behind = sizeof mark + 1 + draw(8);

	for (unsigned i = 0; i < sizeof mark; i++)
		to[i] = mark[i];
	to[sizeof mark] = (unsigned char)behind;
	for (unsigned i = 0; i < sizeof codes[0]; i++)
		to[behind + i] = drawn[i];
}

static void
write_code(unsigned page)
{
	page = page_with(WRITE, page);
	if (page == PAGES)
		return print("nothing to be written");
	put_code((volatile unsigned char *)at(page) + draw(4) * 32);
	say("written", page);
}

static bool
is_marked(const unsigned char *p)
{
	for (unsigned i = 0; i < sizeof mark; i++)
		if (p[i] != mark[i])
			return false;
	return true;
}

static long
run_at(const unsigned char *function)
{
#ifdef __i386__
	long r;

	__asm__ volatile("call *%1" : "=a"(r) : "r"(function) : "memory", "cc");
	return r;
#else
	guest_word r;

	__asm__ volatile("call *%1" : "=a"(r) : "r"((guest_word)(unsigned long)function) : "rcx", "r11", "memory", "cc");
	return (long)r;
#endif
}

static void
run_code(unsigned page)
{
	page = page_with(READ | RUN, page);
	if (page == PAGES)
		return print("nothing to be run");
	say("run", page);
	for (unsigned place = 0; place < 128; place += 32) {
		const unsigned char *marked = (const unsigned char *)at(page) + place;

		if (is_marked(marked)) {
			long r = run_at(marked + marked[sizeof mark]);

			print(r == own_pid ? " own" : r == parent ? " parent" : r == 4711 ? " number" : " WRONG");
		}
	}
}

static unsigned long
some_pages(unsigned page)
{
	unsigned most = PAGES - page;

	return (1 + draw(most < 6 ? most : 6)) * PAGE;
}

/* What a call answered, if it is a place in the arena: which page. */
static void
answer_place(unsigned long r)
{
	if (r >= ARENA && r < ARENA + PAGES * PAGE)
		say("= page", (long long)((r - ARENA) / PAGE));
	else if (r > -4096ul)
		answer((long)r);
	else
		print(" = elsewhere");
}

static unsigned
draw_prot(void)
{
	static const unsigned prots[] = {0, 1, 3, 3, 5, 5, 7, 7, 2, 4};

	return DRAW(prots);
}

static void
map(unsigned page, unsigned long n)
{
	static const unsigned places[] = {MAP_FIXED, MAP_FIXED, MAP_FIXED_NOREPLACE};
	unsigned prot = draw_prot(), place = DRAW(places), kind = draw(4);

	say("mmap of kind", kind);
	say("prot", prot);
	say("place", place);
	if (kind == 0)
		answer_place((unsigned long)call(mmap, at(page), n, prot, MAP_SHARED | place, file, draw(3) * PAGE / MMAP_UNIT));
	else if (kind == 1)
		answer_place((unsigned long)call(mmap, at(page), n, prot, MAP_PRIVATE | place, code, draw(3) * PAGE / MMAP_UNIT));
	else
		answer_place((unsigned long)call(mmap, at(page), n, prot, PRIVATE | place, -1, 0));
}

static void
remap(unsigned page, unsigned long n)
{
	unsigned to = draw(PAGES - 5), how = draw(3);
	unsigned long size = (1 + draw(5)) * PAGE;

	say("mremap to", to);
	say("size", (long long)size);
	say("how", how);
	if (how == 0)
		answer_place((unsigned long)call(mremap, at(page), n, size, 0, 0));
	else
		answer_place((unsigned long)call(mremap, at(page), n, size,
						 MREMAP_MAYMOVE | MREMAP_FIXED | (how == 2 ? MREMAP_DONTUNMAP : 0), at(to)));
}

static void
one_call(void)
{
	static const unsigned advice[] = {MADV_DONTNEED, MADV_WILLNEED, MADV_RANDOM, MADV_DONTFORK, MADV_DOFORK, 77};
	unsigned page = draw(PAGES), how;
	unsigned long n = some_pages(page);

	say("page", page);
	say("bytes", (long long)n);
	print(" ");
	switch (draw(12)) {
	case 0:
	case 1:
		return map(page, n);
	case 2:
		print("munmap");
		answer(call(munmap, at(page) + (draw(10) ? 0 : 1), n));
		return;
	case 3:
	case 4:
		how = draw_prot();
		say("mprotect", how);
		answer(call(mprotect, at(page), n, how));
		return;
	case 5:
		return remap(page, n);
	case 6:
		how = DRAW(advice);
		say("madvise", how);
		answer(call(madvise, at(page), n, how));
		return;
	case 7:
		print("msync");
		answer(call(msync, at(page), n, 1 + draw(4)));
		return;
	case 8:
	case 9:
		return write_code(page);
	default:
		run_code(page);
		return run_code(page);
	}
}

TEST(mappings_and_code_are_as_the_kernels)
{
	own_pid = call(getpid);
	parent = call(getppid);
	file = call(open, "file", O_RDWR | O_CREAT, 0644);
	call(ftruncate, file, 16 * PAGE);
	code = call(open, "code", O_RDWR | O_CREAT, 0644);
	call(ftruncate, code, 16 * PAGE);
	call(mmap, at(0), 16 * PAGE, 3, MAP_SHARED | MAP_FIXED, code, 0);
	for (unsigned place = 0; place < 16 * PAGE; place += (1 + draw(64)) * 32)
		put_code((volatile unsigned char *)at(0) + place);
	call(munmap, at(0), 16 * PAGE);
	for (int i = 0; i < CALLS; i++) {
		read_maps();
		one_call();
		print_end();
		read_maps();
		print(state);
		print_end();
	}
	call(ftruncate, file, 0);
	call(ftruncate, code, 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(mappings_and_code_are_as_the_kernels);
	return 0;
}
