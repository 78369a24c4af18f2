/* covers: linux openat mkdirat symlinkat readlinkat unlinkat renameat linkat chdir getcwd statx */
/* in: tree */
/* Names of every shape, drawn by lot, in a tree that the calls themselves make and change. */
#include "guest_lot.h"

#include <linux/stat.h>

#define AT_REMOVEDIR 0x200
#define AT_NOFOLLOW 0x100

static char *
put(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

/* None of these is on the host. */
static void
draw_path(char *to)
{
	static const char *const names[] = {"qa", "qb", "qc", "qd", "qlink", "qother", "qa", "qb", "..", "."};
	unsigned n = 1 + draw(4);

	if (draw(3))
		to = put(to, "/");
	while (n--) {
		to = put(to, DRAW(names));
		if (n || !draw(8))
			to = put(to, draw(8) ? "/" : "//");
	}
	*to = '\0';
}

static void
show_file(const char *path, unsigned how)
{
	struct statx st;
	long r;

	memset(&st, 0, sizeof st);
	r = call(statx, AT_CWD, path, how, STATX_BASIC_STATS, &st);
	print_result(r, true);
	if (r < 0)
		return;
	print(" mode ");
	print_number(st.stx_mode);
	print(" links ");
	print_number((st.stx_mode & 0170000) == 0100000 ? st.stx_nlink : 0);
}

static void
show_open(const char *path, unsigned how)
{
	long f = call(openat, AT_CWD, path, how, 0600 + draw(64));

	print_result(f, false);
	if (f >= 0)
		call(close, f);
}

static void
show_text(long r, char *text, size_t size)
{
	print_result(r, false);
	print(" ");
	if (r >= 0) {
		text[r < (long)size ? r : (long)size - 1] = '\0';
		print(text);
	}
}

/* With two names that are both wrong the layer may see to the second first. */
static bool
is_there(const char *path)
{
	struct statx st;

	return call(statx, AT_CWD, path, AT_NOFOLLOW, STATX_TYPE, &st) == 0;
}

static void
one_call(const char *path, const char *second)
{
	char text[256];

	switch (draw(14)) {
	case 0:
		print("stat ");
		return show_file(path, 0);
	case 1:
		print("lstat ");
		return show_file(path, AT_NOFOLLOW);
	case 2:
		print("open ");
		return show_open(path, O_RDONLY);
	case 3:
		print("open without following ");
		return show_open(path, O_RDONLY | O_NOFOLLOW);
	case 4:
		print("make ");
		return show_open(path, O_RDWR | O_CREAT);
	case 5:
		print("make new ");
		return show_open(path, O_RDWR | O_CREAT | O_EXCL);
	case 6:
	case 7:
		print("mkdir ");
		return print_result(call(mkdirat, AT_CWD, path, 0700 + draw(64)), true);
	case 8:
		print("symlink to ");
		print(second);
		print(" ");
		return print_result(call(symlinkat, second, AT_CWD, path), true);
	case 9:
		print("readlink ");
		return show_text(call(readlinkat, AT_CWD, path, text, sizeof text - 1), text, sizeof text);
	case 10:
		print("remove ");
		return print_result(call(unlinkat, AT_CWD, path, draw(2) ? AT_REMOVEDIR : 0), true);
	case 11:
		if (!is_there(path))
			return print("nothing to rename");
		print("rename to ");
		print(second);
		print(" ");
		return print_result(call(renameat, AT_CWD, path, AT_CWD, second), true);
	case 12:
		if (!is_there(path))
			return print("nothing to link");
		print("link to ");
		print(second);
		print(" ");
		return print_result(call(linkat, AT_CWD, path, AT_CWD, second, 0), true);
	default:
		print("chdir ");
		print_result(call(chdir, path), true);
		print(" ");
		return show_text(call(getcwd, text, sizeof text), text, sizeof text);
	}
}

TEST(calls_find_the_same_file)
{
	char path[64], second[64];

	for (int i = 0; i < CALLS; i++) {
		draw_path(path);
		draw_path(second);
		print(path);
		print(": ");
		one_call(path, second);
		print_end();
		if (i % 50 == 0)
			call(chdir, "/");
	}
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(calls_find_the_same_file);
	return 0;
}
