/*
 * covers: linux stat lstat fstat newfstatat statx chmod fchmodat chown lchown fchownat utimensat utimes futimesat
 * covers: linux access faccessat2 truncate link symlink rename renameat2 unlink mkdir rmdir mknod setxattr getxattr
 * covers: linux listxattr removexattr umask
 */
/* only: x86_64 i386 */
/* What files are and what is told of them, drawn by lot: times that fit and that do not, owners, modes, attributes. */
#include "guest_lot.h"

#include <asm/stat.h>
#include <linux/stat.h>
#include <linux/time_types.h>

#define AT_NOFOLLOW 0x100
#define AT_REMOVEDIR 0x200

static const char *const names[] = {"one", "two", "three", "four", "five"};
static const long long times[] = {0, 1, -1, 1000000000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, -0x80000000ll, 0x3fffffffff};

/* None that is drawn is a time of today. */
static void
say_time(const char *word, long long seconds, long long nanoseconds)
{
	if (seconds > 1700000000 && seconds < 0x7fffffff) {
		print(" ");
		print(word);
		return print(" now");
	}
	say(word, seconds);
	say("", nanoseconds);
}

#define SHOW_STAT(st) do { \
		say("mode", (st).st_mode); \
		say("links", (st).st_nlink); \
		say("owner", (st).st_uid); \
		say("", (st).st_gid); \
		say("size", (long long)(st).st_size); \
		say_time("read", (long long)(st).st_atime, (long long)(st).st_atime_nsec); \
		say_time("written", (long long)(st).st_mtime, (long long)(st).st_mtime_nsec); \
	} while (0)

static void
show_stat(const char *name)
{
	struct stat st;
	struct statx x;

	memset(&st, 0, sizeof st);
	memset(&x, 0, sizeof x);
	switch (draw(4)) {
	case 0:
		print("stat");
		if (answer(call(stat, name, &st)) == 0)
			SHOW_STAT(st);
		return;
	case 1:
		print("lstat");
		if (answer(call(lstat, name, &st)) == 0)
			SHOW_STAT(st);
		return;
	case 2:
#ifdef __i386__
	{
		struct stat64 wide;

		memset(&wide, 0, sizeof wide);
		print("fstatat64");
		if (answer(call(fstatat64, AT_CWD, name, &wide, draw(2) ? AT_NOFOLLOW : 0)) == 0)
			SHOW_STAT(wide);
		return;
	}
#else
		print("newfstatat");
		if (answer(call(newfstatat, AT_CWD, name, &st, draw(2) ? AT_NOFOLLOW : 0)) == 0)
			SHOW_STAT(st);
		return;
#endif
	default:
		print("statx");
		if (answer(call(statx, AT_CWD, name, draw(2) ? AT_NOFOLLOW : 0, STATX_BASIC_STATS, &x)) == 0) {
			say("mode", x.stx_mode);
			say("owner", x.stx_uid);
			say("size", (long long)x.stx_size);
			say_time("written", x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec);
		}
	}
}

static void
change_times(const char *name)
{
	long long read = DRAW(times), written = DRAW(times);
	long nanoseconds = draw(6) ? (long)draw(1000000000) : DRAW(((long[]){0x3fffffff, 0x3ffffffe, 1000000000, -1}));
	struct __kernel_old_timeval short_ones[2] = {{(long)read, (long)draw(1000000)}, {(long)written, (long)draw(1000001)}};
	struct __kernel_old_timespec old[2] = {{(long)read, nanoseconds}, {(long)written, (long)draw(1000000000)}};

	switch (draw(5)) {
	case 0:
		print("utimensat");
		answer(call(utimensat, AT_CWD, name, old, draw(2) ? AT_NOFOLLOW : 0));
		return;
	case 1:
		print("utimes");
		answer(call(utimes, name, short_ones));
		return;
	case 2:
		print("futimesat");
		answer(call(futimesat, AT_CWD, name, short_ones));
		return;
#ifdef __NR_utimensat_time64
	case 3:
	{
		struct __kernel_timespec wide[2] = {{read, nanoseconds}, {written, 5}};

		print("utimensat_time64");
		answer(call(utimensat_time64, AT_CWD, name, wide, draw(2) ? AT_NOFOLLOW : 0));
		return;
	}
#endif
	default:
	{
		long both[2] = {(long)read, (long)written};	/* struct utimbuf */

		print("utime");
		answer(call(utime, name, both));
	}
	}
}

static void
change_owner(const char *name)
{
	static const unsigned ids[] = {0, 1, 1000, 65534, 65535, 65536, 100000, 0xffffffff};
	unsigned user = DRAW(ids), group = DRAW(ids);

	say("owner", user);
	say("", group);
	switch (draw(4)) {
	case 0:
		print(" chown");
		answer(call(chown, name, user, group));
		return;
	case 1:
		print(" lchown");
		answer(call(lchown, name, user, group));
		return;
#ifdef __NR_chown32
	case 2:
		print(" chown32");
		answer(call(chown32, name, user, group));
		return;
#endif
	default:
		print(" fchownat");
		answer(call(fchownat, AT_CWD, name, user, group, draw(2) ? AT_NOFOLLOW : 0));
	}
}

static void
change_attribute(const char *name)
{
	static const char *const attributes[] = {"user.a", "user.b", "trusted.c", "nothing", "user."};
	const char *attribute = DRAW(attributes);
	char value[64];
	unsigned n = draw(40);
	long r;

	print(attribute);
	say("bytes", n);
	switch (draw(4)) {
	case 0:
		print(" set");
		answer(call(setxattr, name, attribute, value, n, draw(3)));
		return;
	case 1:
		print(" get");
		answer(call(getxattr, name, attribute, value, n));
		return;
	case 2:
		print(" list");
		r = answer(call(listxattr, name, value, n));
		if (r > 0) {
			print(" ");
			print(value);
		}
		return;
	default:
		print(" remove");
		answer(call(removexattr, name, attribute));
	}
}

static void
make_or_remove(const char *name, const char *second)
{
	switch (draw(9)) {
	case 0:
	case 1:
		print("open");
		call(close, answer(call(open, name, O_WRONLY | O_CREAT | O_NONBLOCK, draw(010000))));
		return;
	case 2:
		print("mkdir");
		answer(call(mkdir, name, draw(010000)));
		return;
	case 3:
		print("mknod");
		answer(call(mknod, name, draw(2) ? 010644 : 020600, draw(70000)));
		return;
	case 4:
		print("symlink");
		answer(call(symlink, second, name));
		return;
	case 5:
		print("link");
		answer(call(link, second, name));
		return;
	case 6:
		print("rename");
		say("how", lot & 3);
		answer(call(renameat2, AT_CWD, second, AT_CWD, name, draw(4)));
		return;
	case 7:
		print("unlink");
		answer(call(unlink, name));
		return;
	default:
		print("rmdir");
		answer(call(rmdir, name));
	}
}

static void
ask(const char *name)
{
	switch (draw(6)) {
	case 0:
		print("access");
		answer(call(access, name, draw(8)));
		return;
	case 1:
		print("faccessat2");
		answer(call(faccessat2, AT_CWD, name, draw(8), draw(2) ? AT_NOFOLLOW : 0x200));
		return;
	case 2:
		print("chmod");
		answer(call(chmod, name, draw(020000)));
		return;
	case 3:
		print("umask");
		answer(call(umask, draw(0200)));
		return;
	case 4:
		print("truncate");
		answer(call(truncate, name, draw(3) * 100));
		return;
	default:
		print("chmod at");
		answer(call(fchmodat, AT_CWD, name, draw(010000)));
	}
}

TEST(files_are_the_kernels)
{
	for (int i = 0; i < CALLS; i++) {
		const char *name = DRAW(names), *second = DRAW(names);

		print(name);
		print(" ");
		print(second);
		print(" ");
		switch (draw(10)) {
		case 0:
		case 1:
		case 2:
			show_stat(name);
			break;
		case 3:
			change_times(name);
			break;
		case 4:
			change_owner(name);
			break;
		case 5:
			change_attribute(name);
			break;
		case 6:
		case 7:
		case 8:
			make_or_remove(name, second);
			break;
		default:
			ask(name);
		}
		print_end();
	}
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(files_are_the_kernels);
	return 0;
}
