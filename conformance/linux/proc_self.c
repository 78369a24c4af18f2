/* covers: linux open openat openat2 readlink readlinkat statx execve */
#include "guest.h"

#include <linux/openat2.h>
#include <linux/stat.h>

/* linux/auxvec.h */
#define OF_EXECFN 31
#define OF_ENTRY 9

static char text[1 << 14];
static int initialized = 1;

static size_t
contents(const char *name)
{
	long f = call(openat, AT_CWD, name, O_RDONLY), r;
	size_t n = 0;

	while ((r = call(read, f, text + n, sizeof text - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	call(close, f);
	return n;
}

/* /proc/NUMBER/name */
static const char *
of_process(long pid, const char *name)
{
	static char path[64];
	char digits[16], *p = digits + sizeof digits - 1, *to = path + 6;
	unsigned long long rest = (unsigned long long)pid;

	*p = '\0';
	do
		*--p = (char)('0' + digit_of(&rest));
	while (rest != 0);
	memcpy(path, "/proc/", 6);
	memcpy(to, p, length(p));
	to += length(p);
	memcpy(to, name, length(name) + 1);
	return path;
}

static char *
end_of(char **words)
{
	char *end = words[0];

	for (; *words != NULL; words++)
		end = *words + length(*words) + 1;
	return end;
}

TEST(words_it_was_started_with)
{
	size_t args = (size_t)(end_of(guest_argv) - guest_argv[0]), env = (size_t)(end_of(guest_envp) - guest_envp[0]);

	TRUTH(contents("/proc/self/cmdline") == args);
	TRUTH(same(text, guest_argv[0], args));
	TRUTH(contents("/proc/thread-self/cmdline") == args);
	TRUTH(contents(of_process(call(getpid), "/cmdline")) == args);
	TRUTH(contents("/proc/self/environ") == env);
	TRUTH(same(text, guest_envp[0], env));
	TRUTH(guest_envp[0] == guest_argv[0] + args);
	contents("/proc/self/comm");
	TEXT(text);
}

/* As daemons have it that say there what they are doing. */
TEST(words_are_what_stands_there_now)
{
	char *end = end_of(guest_argv);
	long child = fork();

	if (child == 0) {
		contents("/proc/self/cmdline");
		guest_argv[0][0] = 'X';
		leave(text[0] == 'X');
	}
	VALUE(wait_for(child));
	guest_argv[0][0] = 'Y';
	contents("/proc/self/cmdline");
	VALUE(text[0]);
	/* Without its last NUL it goes on into the environment: setproctitle(3). */
	end[-1] = '!';
	contents("/proc/self/cmdline");
	TRUTH(length(text) >= length(guest_argv[0]));
	end[-1] = '\0';
}

TEST(words_as_another_process_sees_them)
{
	int ends[2];
	char byte;
	long child;

	call(pipe2, ends, 0);
	child = fork();
	if (child == 0) {
		guest_argv[0][0] = 'Z';
		call(write, ends[1], "", 1);
		for (;;)
			call(pause);
	}
	call(read, ends[0], &byte, 1);
	contents(of_process(child, "/cmdline"));
	VALUE(text[0]);
	TRUTH(same(text + 1, guest_argv[0] + 1, length(guest_argv[0])));
	TRUTH(contents(of_process(child, "/environ")) > 0);
	call(kill, child, 9);
	VALUE(wait_for(child));
	call(close, ends[0]);
	call(close, ends[1]);
}

/* The number at place n of stat, which the program's name in brackets is the second of. */
static unsigned long long
field(unsigned n)
{
	const char *s = text;
	unsigned long long value = 0;

	while (*s != ')')
		s++;
	for (unsigned at = 2; at < n; s++)
		at += *s == ' ';
	for (; *s >= '0' && *s <= '9'; s++)
		value = value * 10 + (unsigned)(*s - '0');
	return value;
}

/* proc_pid_stat(5) */
enum {
	START_CODE = 26, END_CODE, START_STACK,
	START_DATA = 45, END_DATA, START_BRK, ARG_START, ARG_END, ENV_START, ENV_END,
};

TEST(places_of_the_program)
{
	unsigned long long code = (uintptr_t)end_of, data = (uintptr_t)&initialized;

	contents("/proc/self/stat");
	TRUTH(field(START_CODE) <= code && code < field(END_CODE));
	TRUTH(field(START_DATA) <= data && data < field(END_DATA));
	TRUTH(field(START_BRK) == (uintptr_t)call(brk, 0));
	TRUTH(field(START_STACK) == (uintptr_t)(guest_argv - 1));
	TRUTH(field(ARG_START) == (uintptr_t)guest_argv[0]);
	TRUTH(field(ARG_END) == (uintptr_t)end_of(guest_argv));
	TRUTH(field(ENV_START) == (uintptr_t)guest_envp[0]);
	TRUTH(field(ENV_END) == (uintptr_t)end_of(guest_envp));
}

TEST(auxiliary_vector)
{
	size_t n = 0;

	while (guest_auxv[n] != 0)
		n += 2;
	TRUTH(contents("/proc/self/auxv") >= (n + 2) * sizeof *guest_auxv);
	TRUTH(same(text, guest_auxv, (n + 2) * sizeof *guest_auxv));
	TRUTH(auxiliary(OF_ENTRY) != 0);
	TRUTH(auxiliary(OF_EXECFN) != 0);
	/* Those that are there though they may be 0: ids, and AT_SECURE. */
	for (unsigned long type = 11; type <= 23; type++) {
		bool found = false;

		for (size_t i = 0; i < n; i += 2)
			found = found || guest_auxv[i] == type;
		if (found)
			VALUE(type);
	}
}

static uint64_t
size_of(const char *name, int how)
{
	struct statx st = {0};

	return SHOW(statx, AT_CWD, name, how, STATX_SIZE, &st) < 0 ? 0 : st.stx_size;
}

TEST(own_file_by_all_its_names)
{
	const char *const names[] = {"/proc/self/exe", "/proc/thread-self/exe", of_process(call(getpid), "/exe")};
	char target[256] = "", other[256];
	uint64_t size;

	TRUTH(call(readlink, "/proc/self/exe", target, sizeof target - 1) > 0);
	size = size_of(target, 0);
	for (unsigned i = 0; i < COUNT(names); i++) {
		char head[5];
		long f;

		memset(other, 0, sizeof other);
		TRUTH(call(readlinkat, AT_CWD, names[i], other, sizeof other - 1) > 0);
		TRUTH(same_text(other, target));
		TRUTH(size_of(names[i], 0) == size);
		TRUTH(size_of(names[i], AT_SYMLINK_NOFOLLOW) == size);
		f = SHOW(open, names[i], O_RDONLY);
		SHOW(read, f, head, sizeof head);
		TRUTH(same(head, "\177ELF", 4));
		TRUTH(head[4] == (sizeof(void *) == 4 ? 1 : 2));
		TRUTH(call(lseek, f, 0, 2) == (guest_word)size);
		call(close, f);
		SHOW(faccessat, AT_CWD, names[i], 1 /* X_OK */);
		SHOW(open, names[i], O_RDONLY | O_NOFOLLOW);
		SHOW(open, names[i], O_RDONLY | O_CREAT | O_EXCL, 0600);
	}
}

TEST(file_of_another_process)
{
	char own[256] = "", other[256] = "";
	long child = fork(), f;
	char head[5];

	if (child == 0)
		for (;;)
			call(pause);
	TRUTH(call(readlink, "/proc/self/exe", own, sizeof own - 1) > 0);
	TRUTH(call(readlink, of_process(child, "/exe"), other, sizeof other - 1) > 0);
	TRUTH(same_text(own, other));
	TRUTH(size_of(of_process(child, "/exe"), 0) == size_of(own, 0));
	f = SHOW(open, of_process(child, "/exe"), O_RDONLY);
	SHOW(read, f, head, sizeof head);
	TRUTH(head[4] == (sizeof(void *) == 4 ? 1 : 2));
	call(close, f);
	call(kill, child, 9);
	VALUE(wait_for(child));
	SHOW(readlink, of_process(child, "/exe"), other, sizeof other);
	SHOW(open, of_process(child, "/exe"), O_RDONLY);
}

TEST(own_file_where_links_are_refused)
{
	struct open_how how = {.flags = O_RDONLY};
	long f = SHOW(openat2, AT_CWD, "/proc/self/exe", &how, sizeof how);

	call(close, f);
	how.resolve = RESOLVE_NO_MAGICLINKS;
	SHOW(openat2, AT_CWD, "/proc/self/exe", &how, sizeof how);
	how.resolve = RESOLVE_NO_SYMLINKS;
	SHOW(openat2, AT_CWD, "/proc/self/exe", &how, sizeof how);
}

TEST(own_file_executed)
{
	const char *const names[] = {"/proc/self/exe", "/proc/thread-self/exe"};

	for (unsigned i = 0; i <= COUNT(names); i++) {
		char *again[] = {"again", "and", "again", NULL}, *none[] = {NULL};
		long child = fork();

		if (child == 0) {
			call(execve, i < COUNT(names) ? names[i] : of_process(call(getpid), "/exe"), again, none);
			leave(1);
		}
		VALUE(wait_for(child));
	}
}

static const char *
last_name(const char *path)
{
	const char *name = path;

	for (; *path != '\0'; path++)
		if (*path == '/')
			name = path + 1;
	return name;
}

static void
show_own_name(void)
{
	char target[256] = "";

	call(readlink, "/proc/self/exe", target, sizeof target - 1);
	TEXT(last_name(target));
}

/* The program under the name `twin`, by a symlink; it is renamed and removed while it runs. */
static void
as_a_twin(void)
{
	show_own_name();
	call(rename, "twin", "moved");
	show_own_name();
	call(unlink, "moved");
	show_own_name();
}

TEST(own_file_by_a_symlink_and_by_the_name_it_has_now)
{
	char *twin[] = {"as a twin", NULL}, *none[] = {NULL};
	long from = call(open, "/proc/self/exe", O_RDONLY), to = call(open, "twin", O_WRONLY | O_CREAT, 0700), n, child;

	while ((n = call(read, from, text, sizeof text)) > 0)
		call(write, to, text, n);
	call(close, from);
	call(close, to);
	SHOW(symlink, "twin", "link");
	child = fork();
	if (child == 0) {
		call(execve, "link", twin, none);
		leave(1);
	}
	VALUE(wait_for(child));
	SHOW(unlink, "link");
}

int
main(int argc, char **argv, char **envp)
{
	(void)envp;
	if (argc == 1 && same_text(argv[0], "as a twin")) {
		as_a_twin();
		return 0;
	}
	if (argc == 3 && same_text(argv[0], "again")) {
		TRUTH(contents("/proc/self/cmdline") == sizeof "again and again");
		TEXT(text + sizeof "again and");
		VALUE(contents("/proc/self/environ"));
		return 0;
	}
	RUN(words_it_was_started_with);
	RUN(words_are_what_stands_there_now);
	RUN(words_as_another_process_sees_them);
	RUN(places_of_the_program);
	RUN(auxiliary_vector);
	RUN(own_file_by_all_its_names);
	RUN(file_of_another_process);
	RUN(own_file_where_links_are_refused);
	RUN(own_file_executed);
	RUN(own_file_by_a_symlink_and_by_the_name_it_has_now);
	return 0;
}
