/* covers: linux open openat openat2 creat close read write lseek pread64 pwrite64 readv writev preadv pwritev preadv2
   pwritev2 ftruncate truncate fallocate */
#include "guest.h"

#include <linux/fs.h>
#include <linux/openat2.h>
#include <linux/uio.h>

static char buf[64];

TEST(a_file_is_made_once)
{
	SHOW(open, "new", O_CREAT | O_EXCL | O_RDWR, 0640);
	SHOW(open, "new", O_CREAT | O_EXCL | O_RDWR, 0640);
	SHOW(write, 3, "hello", 5);
	SHOW(close, 3);
	SHOW(close, 3);
	SHOW(creat, "new", 0600);
	SHOW(lseek, 3, 0, 2);
	SHOW(read, 3, buf, 1);
	SHOW(close, 3);
	SHOW(creat, "nowhere/new", 0600);
}

TEST(names_that_cannot_be_opened)
{
	SHOW(open, "nothing", O_RDONLY);
	SHOW(open, "new/below", O_RDONLY);
	SHOW(open, ".", O_WRONLY);
	SHOW(open, ".", O_RDWR);
	SHOW(open, "new", O_DIRECTORY);
	SHOW(open, "", O_RDONLY);
	SHOW(open, NULL, O_RDONLY);
	SHOW(open, NOWHERE, O_RDONLY);
	SHOW(openat, 99, "new", O_RDONLY);
	SHOW(openat, 0, "new", O_RDONLY);
	SHOW(openat, AT_CWD, NOWHERE, O_RDONLY);
	SHOW(openat, AT_CWD, "loop", O_RDONLY);
	call(symlink, "loop", "loop");
	SHOW(open, "loop", O_RDONLY);
	SHOW(open, "loop", O_RDONLY | O_NOFOLLOW);
	SHOW(open, "loop", O_CREAT | O_EXCL | O_WRONLY, 0600);
}

TEST(openat2_checks_what_it_is_given)
{
	struct open_how how = {.flags = O_RDONLY};
	struct { struct open_how how; uint64_t more; } longer = {how, 0};
	long f;

	f = SHOW(openat2, AT_CWD, "new", &how, sizeof how);
	SHOW(close, f);
	SHOW(openat2, AT_CWD, "new", &how, 8);
	SHOW(openat2, AT_CWD, "new", NOWHERE, sizeof how);
	f = SHOW(openat2, AT_CWD, "new", &longer, sizeof longer);
	SHOW(close, f);
	longer.more = 1;
	SHOW(openat2, AT_CWD, "new", &longer, sizeof longer);
	how.mode = 0600;
	SHOW(openat2, AT_CWD, "new", &how, sizeof how);
	how.mode = 0;
	how.flags = UINT64_C(1) << 40;
	SHOW(openat2, AT_CWD, "new", &how, sizeof how);
	how.flags = O_RDONLY;
	how.resolve = RESOLVE_BENEATH;
	SHOW(openat2, AT_CWD, "../work/new", &how, sizeof how);
	how.resolve = RESOLVE_NO_SYMLINKS;
	SHOW(openat2, AT_CWD, "loop", &how, sizeof how);
	how.resolve = 0x1000;
	SHOW(openat2, AT_CWD, "new", &how, sizeof how);
}

TEST(offsets)
{
	long f = SHOW(open, "offsets", O_CREAT | O_RDWR, 0644);

	SHOW(write, f, "0123456789", 10);
	SHOW(lseek, f, 0, 0);
	SHOW(lseek, f, -1, 0);
	SHOW(lseek, f, -3, 2);
	SHOW(read, f, buf, sizeof buf);
	BYTES(buf, 3);
	SHOW(read, f, buf, sizeof buf);
	SHOW(lseek, f, 2, 1);
	SHOW(lseek, f, 0, 3);
	SHOW(lseek, f, 0, 4);
	SHOW(lseek, f, 100, 4);
	SHOW(lseek, f, 0, 9);
	SHOW(lseek, 99, 0, 0);
	SHOW(lseek, 1, 0, 7);
	SHOW(pread64, f, buf, 4, WIDE(2));
	BYTES(buf, 4);
	SHOW(pread64, f, buf, 4, WIDE(-1));
	SHOW(pread64, f, buf, 4, WIDE(UINT64_C(0x100000000)));
	SHOW(pread64, f, NOWHERE, 4, WIDE(0));
	SHOW(pwrite64, f, "x", 1, WIDE(UINT64_C(0x100000005)));
	SHOW(pread64, f, buf, 4, WIDE(UINT64_C(0x100000004)));
	BYTES(buf, 2);
	SHOW(pwrite64, f, "x", 1, WIDE(-5));
	SHOW(ftruncate, f, 12);
	SHOW(close, f);
}

TEST(vectors)
{
	long f = call(open, "vectors", O_CREAT | O_RDWR, 0644);
	struct iovec out[3] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
	struct iovec in[2] = {{buf, 1}, {buf + 8, 9}};
	struct iovec bad[2] = {{"good", 4}, {NOWHERE, 4}}, huge[2] = {{buf, (size_t)-1}, {buf, 1}};

	memset(buf, 0, sizeof buf);
	SHOW(writev, f, out, 3);
	SHOW(writev, f, out, 0);
	SHOW(writev, f, out, -1);
	SHOW(writev, f, out, 1025);
	SHOW(writev, f, NOWHERE, 1);
	SHOW(writev, f, bad, 2);
	SHOW(writev, f, huge, 2);
	SHOW(pwritev, f, out, 3, OFFSET(20, 0));
	SHOW(pwritev, f, out, 3, OFFSET(-1, -1));
	SHOW(pwritev2, f, out, 3, OFFSET(-1, -1), 0);
	SHOW(pwritev2, f, out, 3, OFFSET(0, 0), RWF_DSYNC);
	SHOW(pwritev2, f, out, 3, OFFSET(0, 0), RWF_APPEND);
	SHOW(pwritev2, f, out, 3, OFFSET(0, 0), 0x40000000);
	SHOW(preadv, f, in, 2, OFFSET(1, 0));
	BYTES(buf, 20);
	SHOW(preadv, f, in, 2, OFFSET(-2, -1));
	SHOW(preadv2, f, in, 2, OFFSET(2, 0), RWF_HIPRI);
	SHOW(preadv2, f, in, 2, OFFSET(2, 0), RWF_NOWAIT);
	SHOW(preadv2, f, in, 2, OFFSET(2, 0), 0x40000000);
	call(lseek, f, 0, 0);
	SHOW(preadv2, f, in, 2, OFFSET(-1, -1), 0);
	SHOW(readv, f, in, 2);
	BYTES(buf, 20);
	SHOW(readv, f, bad, -3);
	SHOW(readv, 99, in, 2);
	SHOW(readv, f, huge, 2);
	SHOW(readv, f, NULL, 1);
	SHOW(close, f);
}

TEST(reads_and_writes_of_bad_memory)
{
	long f = call(open, "offsets", O_RDWR);

	SHOW(read, f, NOWHERE, 4);
	SHOW(read, f, NULL, 0);
	SHOW(read, f, (void *)-4096L, 4);
	SHOW(read, f, buf, -1);
	SHOW(write, f, NOWHERE, 4);
	SHOW(write, f, NULL, 0);
	SHOW(read, 99, buf, 1);
	SHOW(write, 99, buf, 1);
	SHOW(close, f);
	f = call(open, "offsets", O_RDONLY);
	SHOW(write, f, buf, 1);
	SHOW(ftruncate, f, 1);
	SHOW(close, f);
	f = call(open, "offsets", O_WRONLY);
	SHOW(read, f, buf, 1);
	SHOW(close, f);
	f = call(open, "offsets", O_PATH);
	SHOW(read, f, buf, 1);
	SHOW(close, f);
	f = call(open, ".", O_RDONLY);
	SHOW(read, f, buf, 1);
	SHOW(close, f);
}

TEST(lengths)
{
	long f = call(open, "lengths", O_CREAT | O_RDWR, 0644);

	SHOW(ftruncate, f, 100);
	SHOW(lseek, f, 0, 2);
	SHOW(ftruncate, f, -1);
	SHOW(ftruncate, 99, 1);
	SHOW(truncate, "lengths", 50);
	SHOW(truncate, "lengths", -50);
	SHOW(truncate, "nothing", 50);
	SHOW(truncate, ".", 50);
	SHOW(truncate, NOWHERE, 50);
	SHOW(lseek, f, 0, 2);
	SHOW(fallocate, f, 0, WIDE(0), WIDE(8192));
	SHOW(lseek, f, 0, 2);
	SHOW(fallocate, f, 1, WIDE(8192), WIDE(8192));
	SHOW(lseek, f, 0, 2);
	SHOW(fallocate, f, 0, WIDE(-1), WIDE(1));
	SHOW(fallocate, f, 0, WIDE(0), WIDE(0));
	SHOW(fallocate, f, 0x8000, WIDE(0), WIDE(1));
	SHOW(fallocate, f, 2, WIDE(0), WIDE(1));
	SHOW(fallocate, f, 3, WIDE(0), WIDE(4096));
	SHOW(fallocate, 99, 0, WIDE(0), WIDE(1));
	SHOW(close, f);
}

TEST(descriptors_are_the_lowest_free)
{
	SHOW(open, "new", O_RDONLY);
	SHOW(open, "new", O_RDONLY);
	SHOW(open, "new", O_RDONLY | O_CLOEXEC);
	SHOW(close, 4);
	SHOW(open, "new", O_RDONLY);
	SHOW(close, 3);
	SHOW(close, 4);
	SHOW(close, 5);
	SHOW(close, 6);
	SHOW(close, -1);
	SHOW(close, 1 << 20);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_file_is_made_once);
	RUN(names_that_cannot_be_opened);
	RUN(openat2_checks_what_it_is_given);
	RUN(offsets);
	RUN(vectors);
	RUN(reads_and_writes_of_bad_memory);
	RUN(lengths);
	RUN(descriptors_are_the_lowest_free);
	return 0;
}
