/* covers: freebsd mmap munmap mprotect madvise msync mincore minherit mlock munlock */
/* covers: freebsd break freebsd6_mmap mlockall munlockall */
/*
 * Memory: what mmap(2) gives, and what it refuses.
 */
#include "guest.h"

enum {
	SYS_break = 17, SYS_freebsd6_mmap = 197, SYS_mlockall = 324, SYS_munlockall = 325,
	SYS_msync = 65, SYS_mprotect = 74, SYS_madvise = 75, SYS_mincore = 78, SYS_mlock = 203,
	SYS_munlock = 204, SYS_minherit = 250, SYS_ftruncate = 480,
};
/* sys/sys/mman.h */
enum {
	PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_SHARED = 1,
	MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_STACK = 0x400, MAP_ANON = 0x1000,
	MAP_GUARD = 0x2000, MAP_EXCL = 0x4000, MAP_32BIT = 0x80000, MS_SYNC = 0, MS_ASYNC = 1,
	MS_INVALIDATE = 2, MADV_DONTNEED = 4, MADV_FREE = 5, INHERIT_NONE = 2, INHERIT_ZERO = 3,
	SIGBUS = 10, SIGSEGV = 11,
};
#define MAP_ALIGNED(n) ((long)(n) << 24)
enum { O_RDONLY = 0, O_RDWR = 2, O_CREAT = 0x200, PAGE = 4096 };

static char *
map(void *where, size_t size, long prot, long flags)
{
	return (char *)call(SYS_mmap, where, size, prot, flags, -1, 0);
}

/* What becomes of a child that touches `p`: 0, or the signal that ends it. */
static long
touch(volatile char *p, bool write)
{
	long child = fork();

	if (child == 0) {
		if (write)
			*p = 1;
		else
			(void)*p;
		leave(0);
	}
	return wait_for(child);
}

TEST(new_memory_is_zero_and_writable)
{
	char *p = map(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);

	CHECK((long)p > 0 && (long)p % PAGE == 0);
	CHECK(p[0] == 0 && p[3 * PAGE - 1] == 0);
	p[0] = p[3 * PAGE - 1] = 'x';
	CHECK_IS(call(SYS_munmap, p + PAGE, PAGE), 0);
	CHECK(p[0] == 'x' && p[2 * PAGE] == 0);
	CHECK_IS(touch(p + PAGE, false), KILLED(SIGSEGV));
	CHECK_IS(call(SYS_munmap, p, 3 * PAGE), 0);
	CHECK_IS(touch(p, false), KILLED(SIGSEGV));
}

TEST(munmap_takes_whole_pages_that_it_touches)
{
	char *p = map(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);

	CHECK_IS(call(SYS_munmap, p + PAGE + 5, 1), 0);
	CHECK_IS(touch(p + PAGE, false), KILLED(SIGSEGV));
	CHECK(p[0] == 0 && p[2 * PAGE] == 0);
	CHECK_IS(call(SYS_munmap, p, 3 * PAGE), 0);
	CHECK_IS(call(SYS_munmap, p, 3 * PAGE), 0);
}

TEST(mmap_refuses_what_makes_no_sense)
{
	CHECK_IS(map(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANON), -EINVAL);
	CHECK_IS(call(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, 77, 0), -EBADF);
	CHECK_IS(call(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANON, 0, 0), -EINVAL);
	CHECK_IS(call(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED | MAP_PRIVATE | MAP_ANON, -1, 0),
		 -EINVAL);
	CHECK_IS(call(SYS_mmap, 0x1001, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0),
		 -EINVAL);
	CHECK_IS(map(NULL, PAGE, PROT_READ | 0x40, MAP_PRIVATE | MAP_ANON), -EINVAL);
	CHECK_IS(call(SYS_munmap, PAGE, 0), -EINVAL);
}

TEST(fixed_replaces_and_excl_does_not)
{
	char *p = map(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);

	p[0] = p[PAGE] = 'x';
	CHECK_IS(map(p, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED), p);
	CHECK(p[0] == 0 && p[PAGE] == 'x');
	CHECK_IS(map(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED | MAP_EXCL), -ENOMEM);
	CHECK_IS(map(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_EXCL), -EINVAL);
	CHECK_IS(call(SYS_munmap, p, PAGE), 0);
	CHECK_IS(map(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED | MAP_EXCL), p);
	CHECK_IS(call(SYS_munmap, p, 2 * PAGE), 0);
}

TEST(a_hint_is_taken_when_free)
{
	char *p = map(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANON);

	CHECK_IS(call(SYS_munmap, p, 4 * PAGE), 0);
	CHECK_IS(map(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANON), p);
	CHECK_IS(call(SYS_munmap, p, PAGE), 0);
}

TEST(alignment_and_the_low_two_gigabytes_are_kept)
{
	char *p = map(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_ALIGNED(21)), *low;

	CHECK((long)p > 0 && (long)p % (1 << 21) == 0);
	low = map(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_32BIT);
	CHECK((long)low > 0 && (long)low + PAGE <= 0x80000000);
	CHECK_IS(map(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_ALIGNED(5)), -EINVAL);
	CHECK_IS(call(SYS_munmap, p, PAGE), 0);
	CHECK_IS(call(SYS_munmap, low, PAGE), 0);
}

TEST(a_guard_is_there_and_cannot_be_touched)
{
	char *p = map(NULL, 2 * PAGE, PROT_NONE, MAP_GUARD);

	CHECK((long)p > 0);
	CHECK_IS(touch(p, false), KILLED(SIGSEGV));
	CHECK_IS(map(NULL, PAGE, PROT_READ, MAP_GUARD), -EINVAL);
	CHECK_IS(map(NULL, PAGE, PROT_NONE, MAP_GUARD | MAP_ANON), -EINVAL);
	CHECK_IS(map(p, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_FIXED), p);
	p[0] = 1;
	CHECK_IS(call(SYS_munmap, p, 2 * PAGE), 0);
}

TEST(a_stack_mapping_can_be_used_to_its_last_byte)
{
	char *p = map(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_STACK);

	CHECK((long)p > 0);
	for (long at = 64 * PAGE - 1; at > 8 * PAGE; at -= PAGE)
		p[at] = 1;
	CHECK_IS(call(SYS_munmap, p, 64 * PAGE), 0);
}

TEST(protection_is_changed_and_kept)
{
	char *p = map(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);

	p[0] = 'x';
	CHECK_IS(call(SYS_mprotect, p, PAGE, PROT_READ), 0);
	CHECK_IS(touch(p, true), KILLED(SIGSEGV));
	CHECK_IS(touch(p, false), EXITED(0));
	CHECK_IS(touch(p + PAGE, true), EXITED(0));
	CHECK_IS(call(SYS_mprotect, p, PAGE, PROT_NONE), 0);
	CHECK_IS(touch(p, false), KILLED(SIGSEGV));
	CHECK_IS(call(SYS_mprotect, p, PAGE, PROT_READ | PROT_WRITE), 0);
	CHECK_IS(p[0], 'x');
	CHECK_IS(call(SYS_mprotect, p, PAGE, 0x40), -EINVAL);
	CHECK_IS(call(SYS_munmap, p, 2 * PAGE), 0);
}

TEST(files_are_mapped_shared_and_private)
{
	char buf[4];
	long fd = call(SYS_open, "mapped", O_RDWR | O_CREAT, 0600), ro;
	char *shared, *private, *odd;

	CHECK_IS(call(SYS_write, fd, "file", 4), 4);
	shared = (char *)call(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = (char *)call(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK((long)shared > 0 && (long)private > 0);
	CHECK(same(shared, "file", 4) && same(private, "file", 4) && shared[5] == 0);
	private[0] = 'p';
	shared[1] = 's';
	CHECK_IS(call(SYS_msync, shared, PAGE, MS_SYNC), 0);
	CHECK_IS(call(475 /* pread */, fd, buf, 4, 0), 4);
	CHECK(same(buf, "fsle", 4));
	CHECK_IS(call(SYS_msync, shared, PAGE, MS_ASYNC | MS_INVALIDATE), -EINVAL);
	CHECK_IS(call(SYS_msync, shared + 1, 1, MS_SYNC), 0);
	ro = call(SYS_open, "mapped", O_RDONLY);
	CHECK_IS(call(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0), -EACCES);
	/* An offset need not be a page's: the address is then as far into its page. */
	odd = (char *)call(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, ro, 1);
	CHECK_IS((long)odd % PAGE, 1);
	CHECK_IS(odd[0], 's');
	CHECK_IS(call(SYS_munmap, odd, PAGE - 1), 0);
	CHECK_IS(call(SYS_close, ro), 0);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK(shared[0] == 'f');
	CHECK_IS(call(SYS_munmap, private, PAGE), 0);
	CHECK_IS(call(SYS_munmap, shared, PAGE), 0);
}

TEST(past_the_end_of_a_file_is_sigbus)
{
	long fd = call(SYS_open, "short", O_RDWR | O_CREAT, 0600);
	char *p = (char *)call(SYS_mmap, 0, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK_IS(call(SYS_ftruncate, fd, 1), 0);
	CHECK_IS(touch(p, false), EXITED(0));
	CHECK_IS(touch(p + PAGE, false), KILLED(SIGBUS));
	CHECK_IS(call(SYS_munmap, p, 2 * PAGE), 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(shared_anonymous_memory_is_seen_by_children)
{
	char *shared = map(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON);
	char *private = map(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);

	CHECK_IS(touch(shared, true), EXITED(0));
	CHECK_IS(touch(private, true), EXITED(0));
	CHECK_IS(shared[0], 1);
	CHECK_IS(private[0], 0);
	CHECK_IS(call(SYS_munmap, shared, PAGE), 0);
	CHECK_IS(call(SYS_munmap, private, PAGE), 0);
}

TEST(inheritance_is_as_minherit_said)
{
	char *none = map(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);
	char *zero = map(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);
	long child;

	none[0] = zero[0] = 1;
	CHECK_IS(call(SYS_minherit, none, PAGE, INHERIT_NONE), 0);
	CHECK_IS(call(SYS_minherit, zero, PAGE, INHERIT_ZERO), 0);
	CHECK_IS(call(SYS_minherit, zero, PAGE, 7), -EINVAL);
	CHECK_IS(touch(none, false), KILLED(SIGSEGV));
	child = fork();
	if (child == 0)
		leave(zero[0]);
	CHECK_IS(wait_for(child), EXITED(0));
	CHECK(none[0] == 1 && zero[0] == 1);
	CHECK_IS(call(SYS_munmap, none, PAGE), 0);
	CHECK_IS(call(SYS_munmap, zero, PAGE), 0);
}

TEST(advice_keeps_the_contents_or_says_it_may_not)
{
	char *p = map(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);
	char in_core[2] = "";

	p[0] = 'k';
	/* Unlike Linux's, FreeBSD's MADV_DONTNEED never throws contents away. */
	CHECK_IS(call(SYS_madvise, p, PAGE, MADV_DONTNEED), 0);
	CHECK_IS(p[0], 'k');
	CHECK_IS(call(SYS_madvise, p, PAGE, MADV_FREE), 0);
	CHECK(p[0] == 'k' || p[0] == 0);
	CHECK_IS(call(SYS_madvise, p, PAGE, 77), -EINVAL);
	p[0] = 1;
	CHECK_IS(call(SYS_mincore, p, PAGE, in_core), 0);
	CHECK(in_core[0] & 1);
	CHECK_IS(call(SYS_mincore, p, PAGE, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_mlock, p, PAGE), 0);
	CHECK_IS(call(SYS_munlock, p, PAGE), 0);
	CHECK_IS(call(SYS_munmap, p, 2 * PAGE), 0);
	CHECK_IS(call(SYS_mlock, p, PAGE), -ENOMEM);
}

TEST(the_break_moves_by_pages)
{
	char *start = (char *)call(SYS_break, 0), *page;

	CHECK_IS((long)start % PAGE, 0);
	CHECK_IS(call(SYS_break, start + 5000), start + 2 * PAGE);
	CHECK_IS(call(SYS_break, 0), start + 2 * PAGE);
	CHECK_IS(start[0], 0);
	start[2 * PAGE - 1] = 1;
	CHECK_IS(touch(start + 2 * PAGE, false), SIGSEGV);
	page = (char *)call(SYS_break, start + PAGE);
	CHECK_IS(page, start + PAGE);
	CHECK_IS(touch(start + PAGE, false), SIGSEGV);
	CHECK_IS(call(SYS_break, start + 2 * PAGE), start + 2 * PAGE);
	CHECK_IS(start[2 * PAGE - 1], 0);
	CHECK_IS(call(SYS_break, -1), start + 2 * PAGE);
	CHECK_IS(call(SYS_break, 1L << 62), -ENOMEM);
	CHECK_IS(call(SYS_break, start), start);
}

TEST(the_old_mmap_has_a_word_more)
{
	char *p = (char *)call(SYS_freebsd6_mmap, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 77, 0);

	CHECK((long)p > 0);
	CHECK_IS(p[0], 0);
	CHECK_IS(call(SYS_munmap, p, PAGE), 0);
}

TEST(all_memory_is_locked_and_let_go)
{
	CHECK_IS(call(SYS_mlockall, 0), -EINVAL);
	CHECK_IS(call(SYS_mlockall, 4), -EINVAL);
	CHECK_IS(call(SYS_mlockall, 1), 0);
	CHECK_IS(call(SYS_munlockall), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(new_memory_is_zero_and_writable);
	RUN(munmap_takes_whole_pages_that_it_touches);
	RUN(mmap_refuses_what_makes_no_sense);
	RUN(fixed_replaces_and_excl_does_not);
	RUN(a_hint_is_taken_when_free);
	RUN(alignment_and_the_low_two_gigabytes_are_kept);
	RUN(a_guard_is_there_and_cannot_be_touched);
	RUN(a_stack_mapping_can_be_used_to_its_last_byte);
	RUN(protection_is_changed_and_kept);
	RUN(files_are_mapped_shared_and_private);
	RUN(past_the_end_of_a_file_is_sigbus);
	RUN(shared_anonymous_memory_is_seen_by_children);
	RUN(inheritance_is_as_minherit_said);
	RUN(advice_keeps_the_contents_or_says_it_may_not);
	RUN(the_break_moves_by_pages);
	RUN(the_old_mmap_has_a_word_more);
	RUN(all_memory_is_locked_and_let_go);
	return 0;
}
