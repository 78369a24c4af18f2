/*
 * --memory, --pids, --cpus, --cgroup: a cgroup (v2) of the room's own, below the caller's.
 *
 * Only the kernel's rules decide who may: the caller's group must have the controllers, and
 * pass them on. A group that passes controllers on may hold no processes itself
 * (cgroup-v2.rst, "No Internal Process Constraint"), so a caller that is alone in its
 * group, as under systemd-run --scope, first steps down into a group beside the room's.
 *
 * No kernel mechanism removes a group at a process's death: a janitor does. It is a process
 * of a session of its own that holds nothing of the caller's, waits until keeper and init are gone
 * however they went, and removes what was made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "isolate.h"

#define WANTED_MAX 16
#define STEPPED_DOWN "dragoman-keeper"

/* What to write where; the controller is the file's name up to its first dot. */
static struct {
	const char *option, *given;
	char file[64], value[64];
} wanted[WANTED_MAX];
static size_t wanted_count;

static void
want(const char *option, const char *given, const char *file, const char *value)
{
	if (wanted_count == WANTED_MAX)
		fail(EXIT_OURS, option, given, ": too many limits", 0);
	wanted[wanted_count].option = option;
	wanted[wanted_count].given = given;
	snprintf(wanted[wanted_count].file, sizeof(wanted->file), "%s", file);
	snprintf(wanted[wanted_count++].value, sizeof(wanted->value), "%s", value);
}

static void
want_memory(const char *given)
{
	static const char units[] = "KMGT";
	char *end, value[32];
	unsigned long long n = strtoull(given, &end, 10);
	const char *unit = *end == '\0' ? NULL : strchr(units, *end);

	if (*given < '0' || *given > '9' || n == 0 || (*end != '\0' && (unit == NULL || end[1] != '\0')))
		fail(EXIT_OURS, "--memory ", given, ": a number of bytes, with K, M, G or T behind it", 0);
	if (unit != NULL)
		n <<= 10 * (unit - units + 1);
	snprintf(value, sizeof(value), "%llu", n);
	want("--memory ", given, "memory.max", value);
	/* Dying whole beats a room whose init goes on without its program. */
	want("--memory ", given, "memory.oom.group", "1");
}

static void
want_pids(const char *given)
{
	if (*given == '\0' || strspn(given, "0123456789") != strlen(given))
		fail(EXIT_OURS, "--pids ", given, ": not a number", 0);
	want("--pids ", given, "pids.max", given);
}

static void
want_cpus(const char *given)
{
	char *end, value[64];
	double n = strtod(given, &end);

	if (*given < '0' || *given > '9' || *end != '\0' || n < 0.01 || n > 1e6)
		fail(EXIT_OURS, "--cpus ", given, ": a number of processors, 0.01 or more", 0);
	snprintf(value, sizeof(value), "%ld 100000", (long)(n * 100000));
	want("--cpus ", given, "cpu.max", value);
}

static void
want_file(const char *given)
{
	size_t name = strcspn(given, "=");
	char file[sizeof(wanted->file)];

	if (given[name] != '=' || name >= sizeof(file) || memchr(given, '.', name) == NULL ||
	    memchr(given, '/', name) != NULL || strncmp(given, "cgroup.", 7) == 0)
		fail(EXIT_OURS, "--cgroup ", given, ": the form is CONTROLLER.FILE=VALUE", 0);
	snprintf(file, sizeof(file), "%.*s", (int)name, given);
	want("--cgroup ", given, file, given + name + 1);
}

bool
cgroup_option(enum option_id id, const char *value)
{
	switch (id) {
	case OPT_MEMORY:
		want_memory(value);
		return true;
	case OPT_PIDS:
		want_pids(value);
		return true;
	case OPT_CPUS:
		want_cpus(value);
		return true;
	case OPT_CGROUP:
		want_file(value);
		return true;
	default:
		return false;
	}
}

static ssize_t
read_file(int dir, const char *name, char *text, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static bool
write_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return ok;
}

/* Where the hierarchy that the caller's group is named in is mounted: mountinfo(5). */
static bool
find_hierarchy(char *root, char *place)
{
	char line[2 * PATH_MAX];
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, " - cgroup2 ") != NULL &&
			sscanf(line, "%*d %*d %*s %4095s %4095s", root, place) == 2;
	if (f != NULL)
		fclose(f);
	return found;
}

/* The caller's group; its name in path[2 * PATH_MAX]. */
static int
open_own_group(char *path)
{
	static char root[PATH_MAX], place[PATH_MAX];
	char text[PATH_MAX], *own;
	size_t skip;

	if (read_file(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) <= 0 ||
	    !find_hierarchy(root, place))
		return -1;
	own = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (own == NULL)
		return -1;
	own = strchr(own, '/');
	own[strcspn(own, "\n")] = '\0';
	skip = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(own, root, skip) != 0)
		return -1;
	snprintf(path, 2 * PATH_MAX, "%s%s", place, own + skip);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool
has_word(const char *text, const char *word, size_t len)
{
	for (; *text != '\0'; text += strcspn(text, " \n"), text += strspn(text, " \n"))
		if (strncmp(text, word, len) == 0 && strcspn(text, " \n") == len)
			return true;
	return false;
}

/* The first limit whose controller `file` of the group does not name; NULL: none. */
static const char *
lacking(int group, const char *file, char *word, size_t size)
{
	char text[4096];

	(void)read_file(group, file, text, sizeof(text));
	for (size_t n = 0; n < wanted_count; n++) {
		size_t len = strcspn(wanted[n].file, ".");

		if (!has_word(text, wanted[n].file, len)) {
			snprintf(word, size, "%.*s", (int)len, wanted[n].file);
			return word;
		}
	}
	return NULL;
}

/* "+memory +pids" for what is wanted, "-…" to take it back. */
static bool
pass_on(int group, char sign)
{
	char text[WANTED_MAX * 66];
	size_t len = 0;

	for (size_t n = 0; n < wanted_count; n++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%c%.*s ", sign,
					(int)strcspn(wanted[n].file, "."), wanted[n].file);
	return write_file(group, "cgroup.subtree_control", text);
}

static bool
alone_in(int group)
{
	char text[256];

	return read_file(group, "cgroup.procs", text, sizeof(text)) > 0 && atoi(text) == getpid() &&
	       strchr(text, '\n') == text + strlen(text) - 1;
}

static bool
move_to(int group, const char *name, pid_t pid)
{
	char path[NAME_MAX + 16], number[16];

	snprintf(path, sizeof(path), "%s%scgroup.procs", name, *name != '\0' ? "/" : "");
	snprintf(number, sizeof(number), "%d", pid);
	return write_file(group, path, number);
}

/* Has what is wanted passed on to the groups below ours. */
static void
delegate(int group, const char *name, bool *stepped_down)
{
	static char what[3 * PATH_MAX];
	char word[64] = "";
	int error = 0;

	*stepped_down = false;
	if (lacking(group, "cgroup.controllers", word, sizeof(word)) == NULL) {
		if (lacking(group, "cgroup.subtree_control", word, sizeof(word)) == NULL ||
		    pass_on(group, '+'))
			return;
		error = errno;
		if (error == EBUSY && alone_in(group) &&
		    (mkdirat(group, STEPPED_DOWN, 0755) == 0 || errno == EEXIST) &&
		    move_to(group, STEPPED_DOWN, getpid())) {
			*stepped_down = true;
			if (pass_on(group, '+'))
				return;
		}
	}
	snprintf(what, sizeof(what),
		 ": the cgroup controller %s is not delegated to %s (systemd-run --user --scope -p "
		 "Delegate=yes dragoman … has it delegated)",
		 word, name);
	fail(EXIT_OURS, wanted[0].option, wanted[0].given, what, error);
}

/* A group that was just left is busy for a moment. */
static void
remove_group(int parent, const char *name)
{
	const struct timespec moment = {.tv_nsec = 2000000};

	for (int n = 0; n < 2500 && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno == EBUSY; n++)
		nanosleep(&moment, NULL);
}

static _Noreturn void
clean_up(int group, const char *name, int lifeline, bool stepped_down, pid_t keeper)
{
	char byte;

	if (setsid() < 0 || chdir("/") != 0)
		_exit(EXIT_OURS);
	dup2(lifeline, 0);
	dup2(group, 1);
	syscall(SYS_close_range, 2, ~0U, 0);
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
	remove_group(1, name);
	if (stepped_down) {
		pass_on(1, '-');
		move_to(1, "", keeper);
		move_to(1, "", getpid());
		remove_group(1, STEPPED_DOWN);
	}
	_exit(0);
}

struct cgroup
cgroup_make(void)
{
	static char where[2 * PATH_MAX];
	struct cgroup g = {.group = -1, .lifeline = -1};
	bool stepped_down;
	int ends[2], parent;

	if (wanted_count == 0)
		return g;
	parent = open_own_group(where);
	if (parent < 0)
		fail(EXIT_OURS, wanted[0].option, wanted[0].given,
		     ": no cgroup2 hierarchy is mounted here", 0);
	delegate(parent, where, &stepped_down);
	snprintf(g.name, sizeof(g.name), "dragoman-%d", getpid());
	if ((mkdirat(parent, g.name, 0755) != 0 && errno != EEXIST) || pipe2(ends, O_CLOEXEC) != 0)
		fail(EXIT_OURS, "cannot make a cgroup in ", where, "", errno);
	g.janitor = fork();
	if (g.janitor == 0)
		clean_up(parent, g.name, ends[0], stepped_down, getppid());
	close(ends[0]);
	g.lifeline = ends[1];
	g.group = openat(parent, g.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t n = 0; n < wanted_count; n++)
		if (!write_file(g.group, wanted[n].file, wanted[n].value))
			fail(EXIT_OURS, wanted[n].option, wanted[n].given, ": the kernel refuses it",
			     errno);
	close(parent);
	return g;
}

void
cgroup_enter(const struct cgroup *g, pid_t pid)
{
	if (g->group >= 0 && !move_to(g->group, "", pid))
		fail(EXIT_OURS, "cannot move the room into its cgroup", "", "", errno);
}

void
cgroup_end(struct cgroup *g)
{
	if (g->group < 0)
		return;
	close(g->lifeline);
	while (waitpid(g->janitor, NULL, 0) < 0 && errno == EINTR)
		;
}
