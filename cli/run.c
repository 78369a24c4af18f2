/* From a command line to the core: everything else is passed on untouched. */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dragoman.h"
#include "plain.h"

/* Called by, and found in, entry_x86_64.S. */
void run_before_libc(uint64_t *stack);
void entry_libc(void) __attribute__((noreturn));

struct failure failure;

void
fail(int status, const char *before, const char *subject, const char *after, int error)
{
	failure = (struct failure){status, error, before, subject, after};
#ifdef BEFORE_LIBC
	entry_libc();
#else
	report_failure();
#endif
}

long
move_up(long fd)
{
	struct rlimit limit = {0};
	long high = 1023;

	if (kernel(SYS_getrlimit, RLIMIT_NOFILE, (long)&limit, 0, 0, 0) == 0 &&
	    limit.rlim_cur <= (unsigned long)high)
		high = (long)limit.rlim_cur - 1;
	while (high > fd && kernel(SYS_fcntl, high, F_GETFD, 0, 0, 0) >= 0)
		high--;
	return kernel(SYS_fcntl, fd, F_DUPFD, high > fd ? high : fd, 0, 0);
}

static unsigned
open_trace(const char *file)
{
	long fd = STDERR_FILENO, moved;

	/* Appending, so that the lines of several processes do not overwrite each other. */
	if (file != NULL) {
		fd = kernel(SYS_openat, AT_FDCWD, (long)file,
			    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666,
			    0);
		if (fd < 0)
			fail(EXIT_OURS, "--output ", file, "", (int)-fd);
	}
	moved = move_up(fd);
	if (moved < 0)
		fail(EXIT_OURS, "no descriptor for the trace", "", "", (int)-moved);
	return (unsigned)moved;
}

static void
check_trap(const char *trap)
{
	if (!equal(trap, "auto") && !equal(trap, "seccomp") && !equal(trap, "sud"))
		fail(EXIT_OURS, "--trap ", trap, ": must be auto, seccomp or sud", 0);
}

/* What the kernel calls the open folder; false: /proc, which tells, is not there. */
static bool
kernels_name(long fd, char buf[PATH_MAX])
{
	struct text link = {.buf = (char[32]){0}, .size = 32};
	long len;

	add(&link, "/proc/self/fd/");
	add_number(&link, (unsigned)fd);
	len = kernel(SYS_readlink, (long)link.buf, (long)buf, PATH_MAX - 1, 0, 0);
	if (len <= 0 || buf[0] != '/')
		return false;
	buf[len] = '\0';
	return true;
}

/*
 * The core is entered again after the guest's chdir: a relative root would move. Without symlinks it is the beginning of
 * what getcwd(2) answers in the tree, and names below it are looked up faster (translate/core/path_straight.h).
 */
static const char *
absolute_root(const char *root, char buf[2 * PATH_MAX])
{
	struct text t = {.buf = buf, .size = 2 * PATH_MAX};
	long fd = kernel(SYS_openat, AT_FDCWD, (long)root, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0);
	bool named;
	long len;

	if (fd < 0)
		fail(EXIT_OURS, "--root ", root, "", (int)-fd);
	named = kernels_name(fd, buf);
	kernel(SYS_close, fd, 0, 0, 0, 0);
	if (named)
		return buf;
	if (root[0] == '/')
		return root;
	len = kernel(SYS_getcwd, (long)buf, PATH_MAX, 0, 0, 0);
	if (len < 0)
		fail(EXIT_OURS, "the current folder has no name for --root ", root, "", (int)-len);
	t.len = (size_t)len - 1;
	add(&t, "/");
	add(&t, root);
	return buf;
}

char *
core_option(struct text *t, const char *name, const char *value)
{
	char *start = t->buf + t->len;

	add(t, "--");
	add(t, name);
	if (*value != '\0') {
		add(t, "=");
		add(t, value);
	}
	if (t->too_long)
		fail(EXIT_OURS, "option --", name, "'s argument is too long", 0);
	t->len++;
	return start;
}

size_t
core_options(struct settings *s, char **out, struct text *t)
{
	bool traced = s->value[OPT_TRACE] || s->value[OPT_STATS] || s->value[OPT_WARN];
	size_t n = 0;

	if (s->value[OPT_TRAP] != NULL)
		check_trap(s->value[OPT_TRAP]);
	for (int i = 0; i < OPTION_COUNT; i++)
		if (options[i].for_core && s->value[i] != NULL)
			out[n++] = core_option(t, options[i].name, s->value[i]);
	if (!traced && s->value[OPT_OUTPUT] != NULL)
		fail(EXIT_OURS, "--output", "",
		     " says where --trace, --stats and --warn go: give one of them", 0);
	if (traced) {
		struct text number = {.buf = (char[12]){0}, .size = 12};

		s->opened[s->opened_count] = (int)open_trace(s->value[OPT_OUTPUT]);
		add_number(&number, (unsigned)s->opened[s->opened_count++]);
		out[n++] = core_option(t, "trace-fd", number.buf);
	}
	return n + event_options(s, out + n, t);
}

static void
exec_core(struct settings *s, char **envp)
{
	/* Room for every option once; only touched pages count. */
	static char file_buf[PATH_MAX], core_buf[PATH_MAX], root_buf[2 * PATH_MAX], words[65536];
	struct text t = {.buf = words, .size = sizeof(words)};
	const char *file, *core;
	size_t argc = 0, n = 1;
	long error;

	if (s->value[OPT_ROOT] != NULL)
		s->value[OPT_ROOT] = absolute_root(s->value[OPT_ROOT], root_buf);
	core = core_path(s, core_buf);
	file = find_program(s->program[0], s->value[OPT_ROOT], envp, file_buf);

	while (s->program[argc] != NULL)
		argc++;
	char **out = __builtin_alloca((argc + OPTION_COUNT + 5) * sizeof(*out));
	out[0] = (char *)core;
	n += core_options(s, out + n, &t);
	out[n++] = (char *)"--";
	out[n++] = (char *)file;
	for (size_t i = 0; i <= argc; i++)
		out[n++] = s->program[i];

	error = kernel(SYS_execve, (long)core, (long)out, (long)envp, 0, 0);
	fail(EXIT_OURS, "cannot run the core ", core, "", (int)-error);
}

/* The whole command line is read again there, by the same parse(). */
static void
exec_isolate(const struct settings *s, char **argv, char **envp)
{
	static char buf[PATH_MAX];
	const char *file;
	long error;

	if (s->value[OPT_ISOLATE] == NULL)
		for (int i = OPT_ISOLATE; i < OPTION_COUNT; i++)
			if (s->value[i] != NULL)
				fail(EXIT_OURS, "--", options[i].name, " is for a room: add --isolate", 0);
	if (s->value[OPT_ISOLATE] == NULL)
		return;
	file = own_file("/dragoman-isolate", buf);
	error = kernel(SYS_execve, (long)file, (long)argv, (long)envp, 0, 0);
	fail(EXIT_OURS, "cannot run ", file, "", (int)-error);
}

void
run(char **argv, char **envp)
{
	static struct settings s;

	parse(&s, argv);
	if (s.command != COMMAND_RUN || s.value[OPT_HELP] != NULL || s.value[OPT_VERSION] != NULL)
		return;
	if (s.program[0] == NULL)
		fail(EXIT_OURS, "no program given (see dragoman --help)", "", "", 0);
	exec_isolate(&s, argv, envp);
	exec_core(&s, envp);
}

/* `stack` as the kernel gives it: argc, the arguments, the environment. */
void
run_before_libc(uint64_t *stack)
{
	char **argv = (char **)(stack + 1);

	run(argv, argv + stack[0] + 1);
}
