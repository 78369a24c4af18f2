/* covers: linux open openat openat2 chdir fchdir getcwd readlinkat rename rmdir mkdirat unlinkat symlinkat linkat execve */
/* in: tree */
#include "guest.h"

#include <linux/openat2.h>

#define AT_REMOVEDIR 0x200

static char buf[4096];

/* What is in the file that the path leads to. */
static void
contents(long dir, const char *path)
{
	long f = SHOW_OK(openat, dir, path, O_RDONLY);

	TEXT(path);
	if (f < 0)
		return;
	memset(buf, 0, sizeof buf);
	call(read, f, buf, sizeof buf - 1);
	TEXT(buf);
	call(close, f);
}

static void
here(void)
{
	memset(buf, 0, sizeof buf);
	SHOW(getcwd, buf, sizeof buf);
	TEXT(buf);
}

/* The same names are outside of the tree, where nothing of this may lead. */
TEST(a_tree)
{
	SHOW(mkdir, "/etc", 0755);
	SHOW(mkdir, "/a", 0755);
	SHOW(mkdir, "/a/b", 0755);
	make_file("/etc/passwd", "of the tree");
	make_file("/a/b/file", "file");
	SHOW(symlink, "/etc/passwd", "/a/absolute");
	SHOW(symlink, "../etc/passwd", "/a/relative");
	SHOW(symlink, "../../../../etc", "/a/b/out");
	SHOW(symlink, "/a/b", "/folder");
	SHOW(symlink, "again", "/a/again");
	SHOW(symlink, "/nothing/here", "/a/dangling");
}

TEST(links_that_are_not_followed)
{
	static const char *const links[] = {"/a/absolute", "/a/relative", "/a/dangling", "/a/again", "/folder"};

	for (unsigned i = 0; i < COUNT(links); i++) {
		SHOW(open, links[i], O_RDONLY | O_NOFOLLOW);
		SHOW(open, links[i], O_WRONLY | O_CREAT | O_NOFOLLOW, 0644);
		SHOW(open, links[i], O_WRONLY | O_CREAT | O_EXCL, 0644);
		SHOW(open, links[i], O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
	}
	SHOW(chdir, "/a");
	SHOW(open, "relative", O_WRONLY | O_CREAT | O_NOFOLLOW, 0644);
	SHOW(open, "absolute", O_WRONLY | O_CREAT | O_NOFOLLOW, 0644);
	SHOW(chdir, "/");
	SHOW(open, "/a/made", O_WRONLY | O_CREAT | O_NOFOLLOW, 0644);
	SHOW(close, 3);
	SHOW(unlink, "/a/made");
}

TEST(dots_and_links_stay_in_the_tree)
{
	SHOW(chdir, "/a");
	contents(AT_CWD, "../etc/passwd");
	contents(AT_CWD, "../../../etc/passwd");
	contents(AT_CWD, "b/../../../../etc/passwd");
	contents(AT_CWD, "absolute");
	contents(AT_CWD, "relative");
	contents(AT_CWD, "b/out/passwd");
	contents(AT_CWD, "../folder/file");
	contents(AT_CWD, "b/file");
	contents(AT_CWD, "b/file/../file");
	contents(AT_CWD, "b/file/.");
	contents(AT_CWD, "again");
	contents(AT_CWD, "dangling");
	contents(AT_CWD, "nothing/../absolute");
	SHOW(chdir, "..");
	here();
	SHOW(chdir, "..");
	here();
	contents(AT_CWD, "folder/file");
	contents(AT_CWD, "etc/passwd");
	SHOW(chdir, "folder");
	here();
	SHOW(chdir, "out");
	here();
	contents(AT_CWD, "passwd");
	SHOW(chdir, "/");
}

TEST(folders_that_are_open)
{
	long a = call(openat, AT_CWD, "/a", O_RDONLY | O_DIRECTORY), b = call(openat, AT_CWD, "/a/b", O_PATH), up;

	contents(a, "../etc/passwd");
	contents(b, "../../../../etc/passwd");
	contents(a, "absolute");
	contents(b, "file");
	contents(a, "/etc/passwd");
	contents(99, "../etc/passwd");
	contents(0, "../etc/passwd");
	up = SHOW(openat, b, "../..", O_RDONLY | O_DIRECTORY);
	contents(up, "../etc/passwd");
	SHOW(fchdir, up);
	here();
	SHOW(readlinkat, a, "absolute", buf, sizeof buf);
	SHOW(readlinkat, b, "../relative", buf, sizeof buf);
	SHOW(readlinkat, b, "../../a/b/out", buf, sizeof buf);
	SHOW(mkdirat, b, "../new", 0755);
	SHOW(symlinkat, "x", b, "../new/link");
	SHOW(linkat, b, "../relative", a, "hard", 0);
	SHOW(linkat, b, "../relative", a, "hard2", 0x400);
	SHOW(unlinkat, b, "../hard", 0);
	SHOW(unlinkat, a, "hard2", 0);
	SHOW(unlinkat, b, "../new/link", 0);
	SHOW(unlinkat, b, "../new", AT_REMOVEDIR);
	call(close_range, 3, 9, 0);
}

TEST(last_names_that_are_dots)
{
	SHOW(chdir, "/a/b");
	SHOW(rmdir, "..");
	SHOW(rmdir, ".");
	SHOW(rmdir, "../b/.");
	SHOW(rmdir, "../../a/b/..");
	SHOW(rename, "..", "../c");
	SHOW(rename, "../b/.", "../c");
	SHOW(rename, "/a/b/..", "/c");
	SHOW(rename, "/a/b/.", "/c");
	SHOW(unlink, "..");
	SHOW(mkdir, "..", 0755);
	SHOW(mkdir, "../.", 0755);
	SHOW(openat, AT_CWD, "..", O_CREAT | O_EXCL | O_RDWR, 0644);
	SHOW(chdir, "/");
}

TEST(walls_of_openat2)
{
	struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
	long a = call(openat, AT_CWD, "/a", O_RDONLY | O_DIRECTORY);

	SHOW(openat2, a, "b/../b/file", &how, sizeof how);
	SHOW(openat2, a, "../etc/passwd", &how, sizeof how);
	SHOW(openat2, a, "/etc/passwd", &how, sizeof how);
	SHOW(openat2, a, "absolute", &how, sizeof how);
	how.resolve = RESOLVE_IN_ROOT;
	SHOW(openat2, a, "/b/file", &how, sizeof how);
	SHOW(openat2, a, "../../b/file", &how, sizeof how);
	SHOW(openat2, a, "absolute", &how, sizeof how);
	how.resolve = 0;
	SHOW(openat2, a, "absolute", &how, sizeof how);
	SHOW(openat2, a, "../../etc/passwd", &how, sizeof how);
	how = (struct open_how){.flags = O_CREAT | O_EXCL | O_WRONLY, .mode = 0600};
	SHOW(openat2, AT_CWD, "/etc/new", &how, sizeof how);
	SHOW(openat2, a, "../etc/new", &how, sizeof how);
	call(close_range, 3, 20, 0);
}

TEST(programs_by_relative_names)
{
	const char *arguments[] = {"../program", "again", NULL}, *environment[] = {NULL};

	SHOW(chdir, "/a");
	if (fork() == 0) {
		SHOW(execve, "../../program", arguments, environment);
		leave(1);
	}
	VALUE(wait_for(-1));
	SHOW(symlink, "/program", "link");
	if (fork() == 0) {
		SHOW(execve, "link", arguments, environment);
		leave(1);
	}
	VALUE(wait_for(-1));
	SHOW(chdir, "/");
}

int
main(int argc, char **argv, char **envp)
{
	(void)envp;
	if (argc > 1 && same_text(argv[1], "again")) {
		here();
		return 5;
	}
	RUN(a_tree);
	RUN(links_that_are_not_followed);
	RUN(dots_and_links_stay_in_the_tree);
	RUN(folders_that_are_open);
	RUN(last_names_that_are_dots);
	RUN(walls_of_openat2);
	RUN(programs_by_relative_names);
	return 0;
}
