/* covers: freebsd __sysctl __sysctlbyname */
/* The tree of sysctl(3): what it answers, how it tells of itself, and what programs ask first. */
#include "guest.h"

enum { SYS___sysctl = 202, SYS_getuid = 24, SYS_getpgrp = 81, SYS___sysctlbyname = 570 };

/* sys/sys/sysctl.h */
enum {
	CTL_SYSCTL = 0, CTL_KERN = 1, CTL_HW = 6, KERN_OSTYPE = 1, KERN_PROC = 14, HW_PAGESIZE = 7,
	SYSCTL_NAME = 1, SYSCTL_NEXT = 2, SYSCTL_NAME2OID = 3, SYSCTL_OIDFMT = 4,
	KERN_PROC_ALL = 0, KERN_PROC_PID = 1, KERN_PROC_PGRP = 2, KERN_PROC_ARGS = 7, KERN_PROC_PROC = 8,
	KERN_PROC_PATHNAME = 12,
	TYPE_NODE = 1, TYPE_INT = 2, TYPE_STRING = 3, TYPE_OPAQUE = 5, TYPE_UINT = 6, TYPE_ULONG = 8,
};

static long
ask(const int *path, unsigned n, void *to, size_t *size)
{
	return call(SYS___sysctl, path, n, to, size, NULL, 0);
}

static long
ask_name(const char *name, void *to, size_t *size)
{
	return call(SYS___sysctlbyname, name, length(name), to, size, NULL, 0);
}

static long
number(const char *name)
{
	int value = -1;
	size_t size = sizeof value;

	CHECK_IS(ask_name(name, &value, &size), 0);
	CHECK_IS(size, sizeof value);
	return value;
}

TEST(a_value_is_asked_for_by_numbers_or_by_name)
{
	const int path[] = {CTL_KERN, KERN_OSTYPE};
	char one[16], two[16];
	size_t size = sizeof one;

	CHECK_IS(ask(path, 2, one, &size), 0);
	CHECK_IS(size, 8);
	CHECK(same_text(one, "FreeBSD"));
	size = sizeof two;
	CHECK_IS(ask_name("kern.ostype", two, &size), 0);
	CHECK(same_text(two, "FreeBSD"));
}

TEST(the_size_comes_first_and_a_short_buffer_is_filled)
{
	char text[16] = "zzzzzzzz";
	size_t size = 77;

	CHECK_IS(ask_name("kern.ostype", NULL, &size), 0);
	CHECK_IS(size, 8);
	size = 4;
	CHECK_IS(ask_name("kern.ostype", text, &size), -ENOMEM);
	CHECK_IS(size, 4);
	CHECK(same(text, "Freezzzz", 8));
	CHECK_IS(ask_name("kern.ostype", NULL, NULL), 0);
}

TEST(wrong_questions_have_their_errors)
{
	const int leaf_and_more[] = {CTL_HW, HW_PAGESIZE, 1}, nobody[] = {CTL_KERN, 99999}, one[] = {CTL_KERN};
	const int node[] = {CTL_KERN, KERN_PROC};
	char text[16];
	size_t size = sizeof text;

	CHECK_IS(ask_name("kern.nobody.knows", text, &size), -ENOENT);
	CHECK_IS(ask_name("", text, &size), -EINVAL);
	CHECK_IS(ask(nobody, 2, text, &size), -ENOENT);
	CHECK_IS(ask(leaf_and_more, 3, text, &size), -ENOTDIR);
	CHECK_IS(ask(node, 2, text, &size), -EISDIR);
	CHECK_IS(ask(one, 1, text, &size), -EINVAL);
	CHECK_IS(ask(one, 25, text, &size), -EINVAL);
	CHECK_IS(call(SYS___sysctlbyname, NOWHERE, 5, text, &size, NULL, 0), -EFAULT);
	CHECK_IS(call(SYS___sysctl, NOWHERE, 2, text, &size, NULL, 0), -EFAULT);
	CHECK_IS(ask_name("kern.ostype", NOWHERE, &size), -EFAULT);
	CHECK_IS(ask_name("kern.ostype", text, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS___sysctlbyname, "kern.ostype", 11, NULL, NULL, "Linux", 6), -EPERM);
}

static long
path_of(const char *name, int *path)
{
	const int question[] = {CTL_SYSCTL, SYSCTL_NAME2OID};
	size_t size = 24 * sizeof *path;
	long r = call(SYS___sysctl, question, 2, path, &size, name, length(name));

	return r < 0 ? r : (long)(size / sizeof *path);
}

/* What oidfmt says: kind and format of a name. */
static void
check_kind(const char *name, unsigned type, const char *format)
{
	int question[26] = {CTL_SYSCTL, SYSCTL_OIDFMT};
	struct {
		unsigned kind;
		char format[60];
	} answer;
	size_t size = sizeof answer;
	long n = path_of(name, question + 2);

	CHECK(n > 0);
	CHECK_IS(ask(question, (unsigned)n + 2, &answer, &size), 0);
	CHECK_IS(answer.kind & 0xf, type);
	CHECK(answer.kind & 0x80000000);
	CHECK(same_text(answer.format, format));
}

TEST(the_tree_tells_what_its_values_are)
{
	check_kind("kern.ostype", TYPE_STRING, "A");
	check_kind("kern.osreldate", TYPE_INT, "I");
	check_kind("hw.physmem", TYPE_ULONG, "LU");
	check_kind("kern.boottime", TYPE_OPAQUE, "S,timeval");
	check_kind("kern.ipc.soacceptqueue", TYPE_UINT, "IU");
	check_kind("vm.loadavg", TYPE_OPAQUE, "S,loadavg");
	check_kind("kern.proc.pathname", TYPE_NODE, "N");
}

TEST(names_become_numbers_and_names_again)
{
	int question[26] = {CTL_SYSCTL, SYSCTL_NAME};
	char name[64];
	size_t size = sizeof name;
	long n = path_of("hw.pagesize", question + 2);

	CHECK_IS(n, 2);
	CHECK_IS(question[2], CTL_HW);
	CHECK_IS(question[3], HW_PAGESIZE);
	CHECK_IS(ask(question, 4, name, &size), 0);
	CHECK(same_text(name, "hw.pagesize"));
	CHECK_IS(path_of("hw.nobody", question), -ENOENT);
}

/* The path leads to a name, and the name back to the path. */
static int
has_its_name(const int *path, unsigned n)
{
	int question[26] = {CTL_SYSCTL, SYSCTL_NAME}, again[24];
	char name[256];
	size_t size = sizeof name;

	memcpy(question + 2, path, n * sizeof *path);
	return ask(question, n + 2, name, &size) == 0 && path_of(name, again) == n && same(again, path, n * sizeof *path);
}

TEST(the_whole_tree_can_be_walked)
{
	int question[26] = {CTL_SYSCTL, SYSCTL_NEXT, CTL_KERN};
	unsigned n = 1, steps = 0;

	for (;;) {
		int next[24];
		size_t size = sizeof next;
		long r = ask(question, n + 2, next, &size);

		if (r < 0) {
			CHECK_IS(r, -ENOENT);
			break;
		}
		n = (unsigned)(size / sizeof *next);
		memcpy(question + 2, next, size);
		CHECK(has_its_name(next, n));
		if (++steps > 100000)
			break;
	}
	CHECK(steps > 50);
	CHECK(steps <= 100000);
}

TEST(what_libraries_ask_first_is_there)
{
	long sizes[4] = {0};
	size_t size = sizeof sizes;
	char random[64] = {0};

	CHECK_IS(number("hw.pagesize"), 4096);
	CHECK(number("hw.ncpu") >= 1);
	CHECK(number("kern.osreldate") >= 1300000);
	CHECK(number("kern.smp.maxid") >= 0);
	CHECK(number("kern.sched.cpusetsize") >= 32);
	CHECK_IS(number("kern.ngroups"), 1023);
	CHECK_IS(number("kern.iov_max"), 1024);
	CHECK_IS(number("security.jail.jailed"), 0);
	CHECK_IS(ask_name("hw.pagesizes", sizes, &size), 0);
	CHECK_IS(sizes[0], 4096);
	size = sizeof random;
	CHECK_IS(ask_name("kern.arandom", random, &size), 0);
	CHECK_IS(size, sizeof random);
	CHECK(!same(random, random + 32, 32));
}

/* ---- processes ---- */

struct kinfo_proc {	/* sys/sys/user.h: how it begins */
	int structsize, layout;
	void *pointers[8];
	int pid, ppid, pgid, tpgid, sid, tsid;
	short jobc, spare;
	unsigned tdev;
	unsigned sets[16];
	unsigned uid, ruid;
	char rest[1088 - 176];
};
_Static_assert(sizeof(struct kinfo_proc) == 1088, "sys/user.h");
static char list[1 << 20];

TEST(a_process_knows_its_program_and_its_words)
{
	const int path[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
	const int args[] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, (int)call(SYS_getpid)};
	char text[1024];
	size_t size = sizeof text;

	CHECK_IS(ask(path, 4, text, &size), 0);
	CHECK_IS(text[0], '/');
	CHECK_IS(length(text) + 1, size);
	CHECK(same_text(text + length(text) - 7, "/sysctl"));
	size = sizeof text;
	CHECK_IS(ask(args, 4, text, &size), 0);
	CHECK(same_text(text + length(text) - 6, "sysctl"));
}

TEST(a_process_knows_the_program_and_the_words_of_another)
{
	int path[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1}, args[] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, -1};
	char own[1024], text[1024];
	size_t own_size = sizeof own, size = sizeof text;
	long child;

	CHECK_IS(ask(path, 4, own, &own_size), 0);
	child = fork();
	if (child == 0)
		for (;;)
			sleep_ms(1000);
	path[3] = args[3] = (int)child;
	CHECK_IS(ask(path, 4, text, &size), 0);
	CHECK_IS(size, own_size);
	CHECK(same_text(text, own));
	own_size = sizeof own;
	size = sizeof text;
	args[3] = (int)call(SYS_getpid);
	CHECK_IS(ask(args, 4, own, &own_size), 0);
	args[3] = (int)child;
	CHECK_IS(ask(args, 4, text, &size), 0);
	CHECK_IS(size, own_size);
	CHECK(same(text, own, size));
	call(SYS_kill, child, 9);
	CHECK_IS(wait_for(child), 9);
	CHECK_IS(ask(path, 4, text, &size), -ESRCH);
}

/* setproctitle(3): the words are the kernel's copy, of no more than 256 bytes less its own, and nobody else's to set. */
TEST(a_process_says_what_its_words_are)
{
	static char title[] = "sysctl: saying\0what it does", longest[300];
	int args[] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, (int)call(SYS_getpid)};
	char before[1024], text[1024];
	size_t before_size = sizeof before, size = sizeof text;
	long child;

	CHECK_IS(ask(args, 4, before, &before_size), 0);
	CHECK_IS(call(SYS___sysctl, args, 4, NULL, NULL, title, sizeof title), 0);
	memcpy(title, "other", 5);
	CHECK_IS(ask(args, 4, text, &size), 0);
	CHECK_IS(size, sizeof title);
	CHECK(same(text, "sysctl: saying\0what it does", sizeof title));
	/* As another sees them, and not for another to say. */
	child = fork();
	if (child == 0) {
		size = sizeof text;
		if (ask(args, 4, text, &size) != 0 || size != sizeof title || !same_text(text, "sysctl: saying"))
			leave(1);
		leave(call(SYS___sysctl, args, 4, NULL, NULL, title, 3) == -EPERM ? 0 : 2);
	}
	CHECK_IS(wait_for(child), 0);
	CHECK_IS(call(SYS___sysctl, args, 4, NULL, NULL, longest, sizeof longest), -ENOMEM);
	CHECK_IS(call(SYS___sysctl, args, 4, NULL, NULL, NOWHERE, 3), -EFAULT);
	/* The old ones come back with the call that sets others; with none, those that it was started with. */
	size = sizeof text;
	CHECK_IS(call(SYS___sysctl, args, 4, text, &size, "x", 2), 0);
	CHECK_IS(size, sizeof title);
	CHECK_IS(call(SYS___sysctl, args, 4, NULL, NULL, "", 0), 0);
	size = sizeof text;
	CHECK_IS(ask(args, 4, text, &size), 0);
	CHECK_IS(size, before_size);
	CHECK(same(text, before, size));
}

static bool
holds_me(size_t size)
{
	const struct kinfo_proc *k = (const struct kinfo_proc *)list;

	CHECK_IS(size % sizeof *k, 0);
	for (size_t i = 0; i < size / sizeof *k; i++)
		if (k[i].pid == call(SYS_getpid)) {
			CHECK_IS(k[i].structsize, sizeof *k);
			CHECK_IS(k[i].ppid, call(SYS_getppid));
			CHECK_IS(k[i].pgid, call(SYS_getpgrp));
			CHECK_IS(k[i].ruid, call(SYS_getuid));
			return true;
		}
	return false;
}

TEST(processes_are_listed_one_by_one_or_all)
{
	const int self[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)call(SYS_getpid)};
	const int group[] = {CTL_KERN, KERN_PROC, KERN_PROC_PGRP, (int)call(SYS_getpgrp)};
	const int all[] = {CTL_KERN, KERN_PROC, KERN_PROC_ALL};
	const int processes[] = {CTL_KERN, KERN_PROC, KERN_PROC_PROC, 0};
	const int nobody[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, 99998};
	size_t size = sizeof list;

	CHECK_IS(ask(self, 4, list, &size), 0);
	CHECK_IS(size, sizeof(struct kinfo_proc));
	CHECK(holds_me(size));
	size = sizeof list;
	CHECK_IS(ask(group, 4, list, &size), 0);
	CHECK(holds_me(size));
	size = sizeof list;
	CHECK_IS(ask(all, 3, list, &size), 0);
	CHECK(holds_me(size));
	size = sizeof list;
	CHECK_IS(ask(processes, 4, list, &size), 0);
	CHECK(holds_me(size));
	size = sizeof list;
	CHECK_IS(ask(nobody, 4, list, &size), -ESRCH);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_value_is_asked_for_by_numbers_or_by_name);
	RUN(the_size_comes_first_and_a_short_buffer_is_filled);
	RUN(wrong_questions_have_their_errors);
	RUN(the_tree_tells_what_its_values_are);
	RUN(names_become_numbers_and_names_again);
	RUN(the_whole_tree_can_be_walked);
	RUN(what_libraries_ask_first_is_there);
	RUN(a_process_knows_its_program_and_its_words);
	RUN(a_process_knows_the_program_and_the_words_of_another);
	RUN(a_process_says_what_its_words_are);
	RUN(processes_are_listed_one_by_one_or_all);
	return 0;
}
