/* covers: freebsd execve fexecve */
/*
 * Starting another program: arguments, environment, descriptors, scripts, errors.
 * The program starts itself again; its first argument says what it then is to do.
 */
#include "guest.h"

enum {
	SYS_dup2 = 90, SYS_fcntl = 92, SYS_fchmod = 124, SYS_sigprocmask = 340, SYS_fexecve = 492,
	SYS_sysctl = 202, SIGUSR1 = 30, SIGUSR2 = 31, SIG_BLOCK = 1, SIG_IGN = 1,
};
enum { O_RDONLY = 0, O_RDWR = 2, O_CREAT = 0x200, O_TRUNC = 0x400, O_CLOEXEC = 0x100000 };
enum { F_GETFD = 1 };

struct sigaction {
	long handler;
	int flags;
	uint32_t mask[4];
};

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define LIST_OF_NONE ((const char *const[]){NULL})

static char self[1024];

/* The exit status of `program` in a child. */
static long
run(const char *program, const char *const *argv, const char *const *envp)
{
	long child = fork();

	if (child == 0) {
		long r = call(SYS_execve, program, argv, envp);

		leave((int)(100 - r)); /* 100 + errno */
	}
	return wait_for(child);
}

static void
new_script(const char *name, const char *text, long mode)
{
	long fd = call(SYS_open, name, O_RDWR | O_CREAT | O_TRUNC, mode);

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_write, fd, text, length(text)), length(text));
	CHECK_IS(call(SYS_fchmod, fd, mode), 0);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(arguments_and_environment_arrive)
{
	CHECK_IS(run(self, LIST("a name", "count", "", "three"),
		     LIST("A=1", "EMPTY=")),
		 EXITED(42));
	CHECK_IS(run(self, LIST("x", "noenv"), LIST_OF_NONE),
		 EXITED(0));
}

TEST(descriptors_pass_unless_marked)
{
	long kept = call(SYS_open, ".", O_RDONLY);
	long marked = call(SYS_open, ".", O_RDONLY | O_CLOEXEC);

	CHECK_IS(kept, 3);
	CHECK_IS(marked, 4);
	CHECK_IS(run(self, LIST("x", "fds"), NULL), EXITED(0));
	CHECK_IS(call(SYS_close, kept), 0);
	CHECK_IS(call(SYS_close, marked), 0);
}

TEST(handlers_go_ignored_signals_and_the_mask_stay)
{
	struct sigaction ignore = {SIG_IGN, 0, {0}}, handled = {(long)leave, 0, {0}};
	uint32_t mask[4] = {1u << (SIGUSR2 - 1)};
	long child = fork();

	if (child == 0) {
		call(SYS_sigaction, SIGUSR1, &ignore, NULL);
		call(SYS_sigaction, 15, &handled, NULL);
		call(SYS_sigprocmask, SIG_BLOCK, mask, NULL);
		leave((int)run(self, LIST("x", "signals"), NULL) >> 8);
	}
	CHECK_IS(wait_for(child), EXITED(0));
}

TEST(the_process_stays_the_same)
{
	long child = fork();

	if (child == 0)
		call(SYS_execve, self, LIST("x", "pid"), NULL);
	CHECK(child > 0);
	CHECK_IS(wait_for(child), EXITED((int)child & 0x7f));
}

TEST(execve_names_its_errors)
{
	const char *const argv[] = {"x", NULL};

	new_script("text", "just text\n", 0755);
	new_script("empty", "", 0755);
	new_script("forbidden", "#!/bin/sh\n", 0644);
	CHECK_IS(call(SYS_execve, "absent", argv, NULL), -ENOENT);
	CHECK_IS(call(SYS_execve, "text/below", argv, NULL), -ENOTDIR);
	CHECK_IS(call(SYS_execve, "text", argv, NULL), -ENOEXEC);
	CHECK_IS(call(SYS_execve, "empty", argv, NULL), -ENOEXEC);
	CHECK_IS(call(SYS_execve, "forbidden", argv, NULL), -EACCES);
	CHECK_IS(call(SYS_execve, ".", argv, NULL), -EACCES);
	CHECK_IS(call(SYS_execve, NOWHERE, argv, NULL), -EFAULT);
	CHECK_IS(call(SYS_execve, self, NOWHERE, NULL), -EFAULT);
	CHECK_IS(call(SYS_execve, "absent", NOWHERE, NULL), -EFAULT);
	CHECK_IS(call(SYS_execve, "absent", NULL, NULL), -EFAULT);
	CHECK_IS(call(SYS_execve, "absent", LIST_OF_NONE, NULL), -EINVAL);
	CHECK_IS(call(SYS_execve, self, argv, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_execve, self, LIST(NOWHERE), NULL), -EFAULT);
}

/* Nothing is behind this page, or what is no business of the program's (Dragoman's own place). */
TEST(a_path_that_leads_out_of_memory_is_EFAULT)
{
	char *page = (char *)call(SYS_mmap, 0x5efffffff000, 4096, 3, 0x1012 /* ANON, FIXED, PRIVATE */, -1, 0);

	CHECK_IS((long)page, 0x5efffffff000);
	memcpy(page + 4090, "sleepy", 6);
	CHECK_IS(call(SYS_execve, page + 4090, LIST("x"), LIST_OF_NONE), -EFAULT);
	page[4095] = 0;
	CHECK_IS(call(SYS_execve, page + 4090, LIST("x"), LIST_OF_NONE), -ENOENT);
	CHECK_IS(call(SYS_munmap, page, 4096), 0);
}

TEST(a_script_is_run_by_its_interpreter)
{
	static char text[1200] = "#!";

	memcpy(text + 2, self, length(self));
	memcpy(text + 2 + length(self), " script\n", 9);
	new_script("script", text, 0755);
	/* Becomes: self "script" ./script one two. */
	CHECK_IS(run("./script", LIST("dropped", "one", "two"), NULL), EXITED(9));
	new_script("lost", "#!/nowhere/to/be/found\n", 0755);
	CHECK_IS(call(SYS_execve, "lost", LIST("x"), NULL), -ENOENT);
}

TEST(fexecve_runs_what_a_descriptor_holds)
{
	const char *const argv[] = {"x", "noenv", NULL};
	long fd = call(SYS_open, self, O_RDONLY), child = fork();

	if (child == 0)
		leave((int)(100 - call(SYS_fexecve, fd, argv, NULL)));
	CHECK_IS(wait_for(child), EXITED(0));
	CHECK_IS(call(SYS_fexecve, 77, argv, NULL), -EBADF);
	CHECK_IS(call(SYS_fexecve, 77, LIST_OF_NONE, NULL), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
}

/* What the program does when it was started by one of the tests above. */
static int
as_child(char **argv, char **envp)
{
	const char *what = argv[1];

	if (same_text(what, "count"))
		return argv[4] == NULL && same_text(argv[0], "a name") && same_text(argv[2], "") &&
				       same_text(argv[3], "three") && same_text(envp[0], "A=1") &&
				       same_text(envp[1], "EMPTY=") && envp[2] == NULL
			       ? 42
			       : 1;
	if (same_text(what, "noenv"))
		return argv[2] == NULL && envp[0] == NULL ? 0 : 1;
	if (same_text(what, "fds"))
		return call(SYS_fcntl, 3, F_GETFD) != 0 || call(SYS_fcntl, 4, F_GETFD) != -EBADF;
	if (same_text(what, "pid"))
		return (int)call(SYS_getpid) & 0x7f;
	if (same_text(what, "script"))
		return same_text(argv[2], "./script") && same_text(argv[3], "one") &&
				       same_text(argv[4], "two") && argv[5] == NULL
			       ? 9
			       : 1;
	if (same_text(what, "signals")) {
		struct sigaction one, two;
		uint32_t mask[4];

		call(SYS_sigaction, SIGUSR1, NULL, &one);
		call(SYS_sigaction, 15, NULL, &two);
		call(SYS_sigprocmask, SIG_BLOCK, NULL, mask);
		return one.handler != SIG_IGN || two.handler != 0 ||
		       mask[0] != 1u << (SIGUSR2 - 1);
	}
	return 99;
}

int
main(int argc, char **argv, char **envp)
{
	/* KERN_PROC_PATHNAME of oneself: sysctl(3). */
	static const int path_of_self[] = {1, 14, 12, -1};
	size_t size = sizeof self;

	if (argc > 1)
		leave(as_child(argv, envp));
	if (call(SYS_sysctl, path_of_self, 4, self, &size, NULL, 0) != 0)
		memcpy(self, argv[0], length(argv[0]) + 1);
	RUN(arguments_and_environment_arrive);
	RUN(descriptors_pass_unless_marked);
	RUN(handlers_go_ignored_signals_and_the_mask_stay);
	RUN(the_process_stays_the_same);
	RUN(execve_names_its_errors);
	RUN(a_path_that_leads_out_of_memory_is_EFAULT);
	RUN(a_script_is_run_by_its_interpreter);
	RUN(fexecve_runs_what_a_descriptor_holds);
	return 0;
}
