/* covers: linux mmap munmap mprotect mremap madvise mincore mlock munlock mlock2 mlockall munlockall brk msync
   remap_file_pages pkey_alloc pkey_free pkey_mprotect memfd_create mbind set_mempolicy get_mempolicy migrate_pages
   move_pages memfd_secret set_mempolicy_home_node */
#include "guest_signal.h"

#include <asm/mman.h>
#include <linux/mman.h>

#ifndef PROT_READ
#define PROT_READ 1
#endif
#define PAGE 4096

static char *
map(size_t n, int prot)
{
	return (char *)call(mmap, NULL, n, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool
is_mapped(const void *at)
{
	unsigned char in;

	return call(mincore, at, PAGE, &in) == 0;
}

TEST(mappings_come_and_go)
{
	char *at = map(3 * PAGE, PROT_READ | PROT_WRITE);

	TRUTH(((unsigned long)at & (PAGE - 1)) == 0);
	VALUE(at[0] + at[3 * PAGE - 1]);
	at[PAGE] = 7;
	SHOW(munmap, at + PAGE, PAGE);
	TRUTH(is_mapped(at));
	TRUTH(is_mapped(at + PAGE));
	TRUTH(is_mapped(at + 2 * PAGE));
	SHOW(munmap, at + PAGE, PAGE);
	SHOW(munmap, at, 3 * PAGE);
	SHOW(munmap, at + 1, PAGE);
	SHOW(munmap, at, 0);
	SHOW(munmap, (void *)-PAGE, PAGE);
	SHOW_OK(mmap, NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW_OK(mmap, NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0);
	SHOW_OK(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0);
	SHOW_OK(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0);
	SHOW_OK(mmap, NULL, -PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW_OK(mmap, NULL, PAGE, 0x7777, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW_OK(mmap, (void *)-PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	SHOW_OK(mmap, (void *)1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

TEST(fixed_places)
{
	char *at = map(4 * PAGE, PROT_READ | PROT_WRITE);

	at[0] = 1;
	TRUTH((char *)call(mmap, at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at);
	VALUE(at[0]);
	SHOW_OK(mmap, at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	call(munmap, at, PAGE);
	TRUTH((char *)call(mmap, at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at);
	call(munmap, at, PAGE);
	TRUTH((char *)call(mmap, at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at);
	TRUTH((char *)call(mmap, at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at);
	call(munmap, at, 4 * PAGE);
}

TEST(files_are_mapped)
{
	long f;
	char *shared, *private;

	make_file("file", "contents of a file");
	f = call(open, "file", O_RDWR);
	shared = (char *)call(mmap, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	private = (char *)call(mmap, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
	TEXT(shared);
	shared[0] = 'C';
	private[1] = 'O';
	TEXT(shared);
	TEXT(private);
	SHOW(msync, shared, PAGE, MS_SYNC);
	SHOW(msync, shared, PAGE, MS_SYNC | MS_ASYNC);
	SHOW(msync, shared, PAGE, 64);
	SHOW(msync, shared + 1, PAGE, MS_SYNC);
	SHOW(msync, shared, 0, MS_ASYNC);
	SHOW(msync, NULL, PAGE, MS_SYNC);
	SHOW_OK(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, f, MMAP_UNIT == 1 ? 5 : 0);
	SHOW_OK(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, 0, 0);
	call(munmap, shared, PAGE);
	call(munmap, private, PAGE);
	call(close, f);
	f = call(open, "file", O_RDONLY);
	SHOW_OK(mmap, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	SHOW_OK(mmap, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE | 0x800000, f, 0);
	call(close, f);
	f = call(open, ".", O_RDONLY);
	SHOW_OK(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, f, 0);
	call(close, f);
}

static volatile char *fault_at;
static volatile int fault_code;

static void
fault(int signal, struct siginfo *info, void *context)
{
	note(signal, info, context);
	fault_code = info->si_code;
	TRUTH(info->si_addr == (void *)fault_at);
	call(mprotect, (unsigned long)fault_at & ~(PAGE - 1UL), PAGE, PROT_READ | PROT_WRITE);
}

TEST(protection)
{
	char *at = map(2 * PAGE, PROT_READ | PROT_WRITE);
	long f;

	catch_with(SIGSEGV, (void *)fault, 0);
	SHOW(mprotect, at, PAGE, PROT_READ);
	fault_at = at + 5;
	*fault_at = 3;
	VALUE(fault_code);
	VALUE(seen);
	SHOW(mprotect, at, PAGE, PROT_NONE);
	VALUE(*fault_at);
	SHOW(mprotect, at + 1, PAGE, PROT_READ);
	SHOW(mprotect, at, 0, PROT_READ);
	SHOW(mprotect, at, PAGE, 0x7700);
	call(munmap, at + PAGE, PAGE);
	SHOW(mprotect, at, 2 * PAGE, PROT_READ);
	SHOW(mprotect, at, PAGE, 0x03000000);
	call(munmap, at, PAGE);
	SHOW(mprotect, at, PAGE, PROT_READ);
	make_file("short", "x");
	f = call(open, "short", O_RDWR);
	at = (char *)call(mmap, NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	be_default(SIGSEGV);
	long pid = fork();
	if (pid == 0) {
		at[PAGE] = 1;
		leave(0);
	}
	VALUE(wait_for(pid) & 0x7f);
	pid = fork();
	if (pid == 0) {
		*(volatile int *)NOWHERE = 1;
		leave(0);
	}
	VALUE(wait_for(pid) & 0x7f);
	call(close, f);
}

TEST(moving_and_growing)
{
	char *at = map(8 * PAGE, PROT_READ | PROT_WRITE), *to;

	call(munmap, at + 4 * PAGE, 4 * PAGE);
	at[0] = 5;
	TRUTH((char *)call(mremap, at, 4 * PAGE, 2 * PAGE, 0, 0) == at);
	TRUTH(is_mapped(at + 2 * PAGE));
	TRUTH((char *)call(mremap, at, 2 * PAGE, 6 * PAGE, 0, 0) == at);
	at[5 * PAGE] = 1;
	to = map(PAGE, PROT_READ);
	TRUTH((char *)call(mremap, at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	VALUE(to[0]);
	TRUTH(is_mapped(at));
	SHOW_OK(mremap, to + 1, PAGE, PAGE, 0, 0);
	SHOW_OK(mremap, to, PAGE, 0, 0, 0);
	SHOW_OK(mremap, to, PAGE, PAGE, 64, 0);
	SHOW_OK(mremap, to, PAGE, PAGE, MREMAP_FIXED, at);
	SHOW_OK(mremap, to, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	SHOW_OK(mremap, at, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
	SHOW_OK(mremap, to, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
	SHOW_OK(mremap, to, PAGE, -PAGE, MREMAP_MAYMOVE, 0);
}

TEST(the_break)
{
	char *start = (char *)call(brk, 0), *now;

	TRUTH((char *)call(brk, NULL) == start);
	now = (char *)call(brk, start + 3 * PAGE);
	VALUE(now - start);
	now[-1] = 1;
	VALUE((char *)call(brk, start + 5) - start);
	start[0] = 9;
	VALUE((char *)call(brk, start + PAGE) - start);
	VALUE(start[0]);
	VALUE((char *)call(brk, 1) - start);
	VALUE((char *)call(brk, start - 1) - start);
	VALUE((char *)call(brk, -1) - start);
	VALUE((char *)call(brk, start) - start);
}

TEST(advice)
{
	char *at = map(4 * PAGE, PROT_READ | PROT_WRITE);
	unsigned char in[4] = {9, 9, 9, 9};

	at[0] = 1;
	SHOW(mincore, at, 2 * PAGE, in);
	VALUE(in[0] & 1);
	SHOW(mincore, at + 1, PAGE, in);
	SHOW(mincore, at, PAGE, NOWHERE);
	SHOW(mincore, (void *)-PAGE, PAGE, in);
	SHOW(madvise, at, PAGE, MADV_DONTNEED);
	VALUE(at[0]);
	SHOW(madvise, at, PAGE, MADV_FREE);
	SHOW(madvise, at, PAGE, MADV_WILLNEED);
	SHOW(madvise, at, PAGE, MADV_DONTFORK);
	SHOW(madvise, at, PAGE, MADV_POPULATE_WRITE);
	SHOW(madvise, at, PAGE, 999);
	SHOW(madvise, at + 1, PAGE, MADV_NORMAL);
	SHOW(madvise, at, 0, MADV_NORMAL);
	SHOW(mlock, at, PAGE);
	SHOW(munlock, at, PAGE);
	SHOW(mlock2, at, PAGE, 1);
	SHOW(mlock2, at, PAGE, 2);
	SHOW(munlock, NOWHERE, PAGE);
	call(munmap, at + PAGE, PAGE);
	SHOW(mlock, at, 3 * PAGE);
	SHOW(madvise, at, 3 * PAGE, MADV_NORMAL);
	SHOW(munlock, at, 3 * PAGE);
	SHOW(mlockall, 0);
	SHOW(mlockall, 8);
	SHOW(mlockall, 2);
	SHOW(munlockall);
	call(munmap, at, 4 * PAGE);
}

TEST(memory_without_a_file)
{
	long f = SHOW(memfd_create, "name", 3);
	char buf[64] = "";

	SHOW(fcntl, f, F_GETFD);
	SHOW(fcntl, f, F_GET_SEALS);
	SHOW(write, f, "12345", 5);
	SHOW(fcntl, f, F_ADD_SEALS, 8);
	SHOW(write, f, "12345", 5);
	SHOW(fcntl, f, F_ADD_SEALS, 1);
	SHOW(fcntl, f, F_ADD_SEALS, 0x1000);
	SHOW(ftruncate, f, 2);
	SHOW(pread64, f, buf, 10, WIDE(0));
	SHOW(memfd_create, NOWHERE, 0);
	SHOW(memfd_create, "name", 0x1000);
	SHOW_OK(remap_file_pages, NOWHERE, PAGE, 0, 0, 0);
	call(close, f);
}

TEST(keys)
{
	long key = SHOW(pkey_alloc, 0, 0);

	SHOW(pkey_alloc, 1, 0);
	SHOW(pkey_alloc, 0, 9);
	SHOW(pkey_free, 77);
	SHOW(pkey_free, key);
	SHOW(pkey_mprotect, NULL, PAGE, PROT_READ, 77);
}

TEST(nodes_of_memory)
{
	unsigned long nodes = 1;
	int mode = -1;
	char *at = map(PAGE, PROT_READ | PROT_WRITE);

	SHOW(get_mempolicy, &mode, NULL, 0, NULL, 0);
	VALUE(mode);
	SHOW(get_mempolicy, NOWHERE, NULL, 0, NULL, 0);
	SHOW(get_mempolicy, &mode, NULL, 0, NULL, 99);
	SHOW(set_mempolicy, 0, NULL, 0);
	SHOW(set_mempolicy, 99, NULL, 0);
	SHOW(mbind, at, PAGE, 0, NULL, 0, 0);
	SHOW(mbind, at + 1, PAGE, 0, NULL, 0, 0);
	SHOW(mbind, at, PAGE, 77, &nodes, 8, 0);
	SHOW(migrate_pages, 0, 1, NOWHERE, NOWHERE);
	SHOW(move_pages, 0, 0, NULL, NULL, NULL, 0);
	SHOW(move_pages, 0, 1, NOWHERE, NULL, &mode, 0);
	SHOW(set_mempolicy_home_node, at, PAGE, 0, 5);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(mappings_come_and_go);
	RUN(fixed_places);
	RUN(files_are_mapped);
	RUN(protection);
	RUN(moving_and_growing);
	RUN(the_break);
	RUN(advice);
	RUN(memory_without_a_file);
	RUN(keys);
	RUN(nodes_of_memory);
	return 0;
}
