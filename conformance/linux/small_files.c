/* covers: linux open openat openat2 creat close dup dup2 dup3 fcntl close_range write writev pwrite64 pwritev pwritev2
   sendfile splice copy_file_range */
/* only: i386 */
#include "guest.h"

#include <linux/fs.h>
#include <linux/openat2.h>
#include <linux/uio.h>

#define LARGEST INT64_C(0x7fffffff)	/* of a file without O_LARGEFILE (MAX_NON_LFS) */
#define LARGE 0100000

static char buf[16] = "0123456789abcdef";

/* F_GETFL of what was opened just now. */
static long
flags(long f)
{
	return SHOW(fcntl, f, F_GETFL);
}

static void
length_of(const char *name, int64_t n)
{
	long f = call(open, name, O_CREAT | O_RDWR | LARGE, 0644);

	SHOW(ftruncate64, f, WIDE(n));
	call(close, f);
}

static long
seek(long f, int64_t to)
{
	int64_t at = -1;

	return call(_llseek, f, (long)(to >> 32), (long)to, &at, 0);
}

TEST(flags_tell_how_a_file_was_opened)
{
	struct open_how how = {.flags = O_RDONLY};
	int ends[2];
	long f = call(open, "file", O_CREAT | O_RDWR, 0644), g;

	flags(f);
	g = SHOW(dup, f);
	flags(g);
	g = SHOW(fcntl, f, F_DUPFD, 10);
	flags(g);
	SHOW(dup2, f, 12);
	flags(12);
	g = SHOW(open, "file", O_RDWR | LARGE | O_APPEND);
	flags(g);
	SHOW(dup2, g, 12);
	flags(12);
	SHOW(dup3, f, 12, O_CLOEXEC);
	flags(12);
	SHOW(fcntl, f, F_SETFL, O_NONBLOCK);
	flags(f);
	flags(12);
	flags(g);
	if (fork() == 0) {
		flags(f);
		flags(g);
		leave(0);
	}
	wait_for(-1);
	SHOW(close_range, 3, 20, 0);
	f = SHOW(creat, "file", 0644);
	flags(f);
	call(close, f);
	f = SHOW(openat2, AT_CWD, "file", &how, sizeof how);
	flags(f);
	call(close, f);
	f = SHOW(open, "file", O_PATH);
	flags(f);
	call(close, f);
	f = SHOW(open, ".", O_RDONLY | O_DIRECTORY);
	flags(f);
	call(close, f);
	f = SHOW(open, "/dev/null", O_RDWR);
	flags(f);
	call(close, f);
	f = SHOW(memfd_create, "memory", 0);
	flags(f);
	call(close, f);
	call(pipe, ends);
	flags(ends[0]);
	call(close_range, 3, 20, 0);
}

TEST(a_large_file_is_not_opened)
{
	struct open_how how = {.flags = O_RDONLY};
	long f;

	length_of("large", LARGEST + 1);
	SHOW(open, "large", O_RDONLY);
	SHOW(openat, AT_CWD, "large", O_RDWR);
	SHOW(open, "large", O_WRONLY | O_TRUNC);
	SHOW(open, "large", O_CREAT | O_EXCL | O_TRUNC | O_RDWR, 0644);
	SHOW(open, "large/below", O_TRUNC | O_RDWR);
	SHOW(open, "large", O_DIRECTORY | O_TRUNC | O_RDWR);
	f = SHOW(open, "large", O_PATH);
	call(close, f);
	f = SHOW(open, "large", O_RDONLY | LARGE);
	call(close, f);
	f = SHOW(openat2, AT_CWD, "large", &how, sizeof how);
	call(close, f);
	f = SHOW(open, "large", O_RDWR | LARGE);
	SHOW(write, f, buf, 1);
	call(close, f);
	length_of("large", LARGEST);
	f = SHOW(open, "large", O_RDWR);
	call(close, f);
	f = SHOW(open, "large", O_RDWR | O_TRUNC);
	SHOW(lseek, f, 0, 2);
	call(close, f);
	length_of("large", 0);
}

TEST(writes_end_at_the_limit)
{
	struct iovec parts[3] = {{buf, 4}, {buf, 3}, {buf, 5}};
	long f = call(open, "limit", O_CREAT | O_RDWR, 0644);

	seek(f, LARGEST - 10);
	SHOW(write, f, buf, 16);
	SHOW(write, f, buf, 16);
	SHOW(write, f, buf, 0);
	SHOW(write, f, NOWHERE, 16);
	SHOW(pwrite64, f, buf, 16, WIDE(LARGEST - 1));
	SHOW(pwrite64, f, buf, 16, WIDE(LARGEST));
	SHOW(pwrite64, f, buf, 0, WIDE(LARGEST));
	SHOW(pwrite64, f, buf, 16, WIDE(LARGEST + 100));
	SHOW(pwrite64, f, buf, 16, WIDE(-1));
	seek(f, LARGEST - 6);
	SHOW(writev, f, parts, 3);
	SHOW(writev, f, parts, 3);
	SHOW(pwritev, f, parts, 3, LARGEST - 5, 0);
	SHOW(pwritev, f, parts, 3, LARGEST, 0);
	SHOW(pwritev2, f, parts, 3, LARGEST - 5, 0, 0);
	SHOW(pwritev2, f, parts, 3, LARGEST, 0, 0);
	SHOW(pwritev2, f, parts, 3, 0, 0, RWF_APPEND);
	SHOW(pwritev2, f, parts, 3, -1, -1, 0);
	call(close, f);
	f = call(open, "limit", O_WRONLY | O_APPEND);
	SHOW(write, f, buf, 16);
	SHOW(pwrite64, f, buf, 16, WIDE(0));
	call(close, f);
	f = call(open, "limit", O_RDONLY);
	seek(f, LARGEST);
	SHOW(write, f, buf, 16);
	SHOW(read, f, buf, 16);
	call(close, f);
	length_of("limit", 0);
}

TEST(data_moves_up_to_the_limit)
{
	__kernel_off_t from_start = 0;
	int64_t zero = 0, at = LARGEST - 3;
	long from = call(open, "from", O_CREAT | O_RDWR, 0644), to = call(open, "to", O_CREAT | O_RDWR, 0644);
	int ends[2];

	call(write, from, buf, sizeof buf);
	seek(to, LARGEST - 5);
	SHOW(sendfile, to, from, &from_start, 10);
	SHOW(sendfile, to, from, &from_start, 10);
	VALUE(from_start);
	SHOW(copy_file_range, from, &zero, to, &at, 10, 0);
	VALUE(at);
	zero = 0;
	SHOW(copy_file_range, from, &zero, to, &at, 10, 0);
	SHOW(copy_file_range, from, NOWHERE, to, &at, 10, 0);
	call(pipe, ends);
	call(write, ends[1], buf, 16);
	at = LARGEST - 3;
	SHOW(splice, ends[0], NULL, to, &at, 10, 0);
	SHOW(splice, ends[0], NULL, to, &at, 10, 0);
	SHOW(splice, ends[0], NULL, to, NULL, 10, 0);
	call(close_range, 3, 20, 0);
	length_of("to", 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(flags_tell_how_a_file_was_opened);
	RUN(a_large_file_is_not_opened);
	RUN(writes_end_at_the_limit);
	RUN(data_moves_up_to_the_limit);
	return 0;
}
