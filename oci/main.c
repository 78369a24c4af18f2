#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "oci.h"

/* Which runtime: this variable names it, else the first of these that is on PATH. */
#define RUNTIME "DRAGOMAN_OCI_RUNTIME"
static const char *const runtimes[] = {"crun", "runc"};
/* Engines start runtimes with next to no environment. */
#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *log_file, *log_format;

/* ---- what a person or an engine is told ---- */

void
stop_logs_to(const char *file, const char *format)
{
	log_file = file;
	log_format = format;
}

/* As logrus writes it, which podman and containerd read. */
static void
write_log(const char *text)
{
	char when[sizeof("2000-01-01T00:00:00Z")];
	time_t now = time(NULL);
	FILE *f = fopen(log_file, "ae");
	json_t *line;

	if (f == NULL)
		return;
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	if (log_format != NULL && strcmp(log_format, "json") == 0) {
		line = json_pack("{s:s,s:s,s:s}", "level", "error", "msg", text, "time", when);
		json_dumpf(line, f, JSON_COMPACT);
		json_decref(line);
		fputc('\n', f);
	} else {
		fprintf(f, "%s %s\n", when, text);
	}
	fclose(f);
}

void
stop(const char *form, ...)
{
	char text[2 * PATH_MAX];
	va_list list;
	int n = snprintf(text, sizeof(text), "dragoman-oci: ");

	va_start(list, form);
	vsnprintf(text + n, sizeof(text) - (size_t)n, form, list);
	va_end(list);
	fprintf(stderr, "%s\n", text);
	if (log_file != NULL)
		write_log(text);
	exit(EXIT_FAILURE);
}

/* ---- handing over ---- */

static void
exec_runtime(char **words)
{
	const char *named = getenv(RUNTIME);

	if (named != NULL && named[0] != '\0') {
		words[0] = (char *)named;
		execvp(named, words);
		stop("%s (" RUNTIME " names it): %s", named, strerror(errno));
	}
	if (getenv("PATH") == NULL)
		setenv("PATH", USUAL_PATH, 1);
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++) {
		words[0] = (char *)runtimes[i];
		execvp(runtimes[i], words);
		if (errno != ENOENT)
			stop("%s: %s", runtimes[i], strerror(errno));
	}
	stop("neither crun nor runc is on PATH: install one (apt-get install crun), or set " RUNTIME);
}

static pid_t child;

static void
pass_on(int sig)
{
	if (child > 0)
		kill(child, sig);
}

static void
pass_signals_on(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
	struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* The runtime, to its end; its exit status. */
static int
run_runtime(char **words, bool quiet)
{
	int status = 0;

	child = fork();
	if (child == 0) {
		if (quiet) {
			int null = open("/dev/null", O_RDWR | O_CLOEXEC);

			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
		}
		exec_runtime(words);
	}
	if (child < 0)
		stop("cannot start the runtime: %s", strerror(errno));
	if (!quiet)
		pass_signals_on();
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			stop("waiting for the runtime: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- the commands that are edited ---- */

/* Is there a container of this name already? Then its room is not ours to touch. */
static bool
runtime_knows(const struct command_line *line)
{
	char *words[] = {NULL, (char *)"--root", (char *)line->root.value, (char *)"state", line->argv[line->id], NULL};
	char *without_root[] = {NULL, words[3], words[4], NULL};

	return run_runtime(line->root.value != NULL ? words : without_root, true) == 0;
}

static int
make_container(const struct command_line *line)
{
	const char *name = line->config.value != NULL ? line->config.value : "config.json";
	char bundle[PATH_MAX], file[2 * PATH_MAX], room[PATH_MAX];
	struct command_line rest = *line;
	struct given both;
	struct parts parts;
	json_t *config, *words;
	int status;

	find_parts(&parts);
	room_path(room, line->root.value, line->argv[line->id]);
	if (realpath(line->bundle.value != NULL ? line->bundle.value : ".", bundle) == NULL)
		stop("bundle %s: %s", line->bundle.value, strerror(errno));
	snprintf(file, sizeof(file), "%s%s%s", name[0] == '/' ? "" : bundle, name[0] == '/' ? "" : "/", name);
	config = read_object(file);
	words = edit_config(config, bundle, &parts);
	if (runtime_knows(line))
		exec_runtime(line->argv); /* and it will say so */

	make_room(room, config, words);
	/* --config first: taking out --bundle must not move it. */
	both = line->config;
	rest.argv = edited_words(line, &both, -1, (char *[]){NULL});
	rest.argc = line->argc - both.count;
	parse_command_line(&rest, rest.argc, rest.argv);
	rest.argv = edited_words(&rest, &rest.bundle, rest.command + 1, (char *[]){(char *)"--bundle", room, NULL});
	status = run_runtime(rest.argv, false);
	/* A container that is there still is deleted by `delete`. */
	if (status != 0 || (strcmp(line->argv[line->command], "run") == 0 && !line->detach))
		remove_room(room);
	return status;
}

/* The edited process.json is a file without a name: runtimes close what they were not told to keep. */
static void
put_process(const json_t *process, char path[64])
{
	int fd = memfd_create("process.json", 0);

	if (fd < 0 || json_dumpfd(process, fd, JSON_COMPACT) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		stop("process.json: %s", strerror(errno));
	snprintf(path, 64, "/proc/self/fd/%d", fd);
}

/* The words as argv has them. */
static char **
plain_words(const json_t *words)
{
	char **plain = calloc(json_array_size(words) + 1, sizeof(*plain));
	json_t *word;
	size_t i;

	if (plain == NULL)
		stop("no memory for a command line");
	json_array_foreach(words, i, word)
		plain[i] = (char *)json_string_value(word);
	return plain;
}

static char **
exec_words(const struct command_line *line)
{
	static char path[64];
	char room[PATH_MAX];
	json_t *words, *process;

	room_path(room, line->root.value, line->argv[line->id]);
	words = words_of_room(room);
	if (words == NULL)
		return line->argv;
	if (line->process.value == NULL) {
		const struct given nothing = {line->argc, 0, NULL};

		if (line->id + 1 >= line->argc)
			return line->argv;
		return edited_words(line, &nothing, line->id + 1, plain_words(words));
	}
	process = read_object(line->process.value);
	edit_process(process, words, NULL, "process.json: ");
	put_process(process, path);
	return edited_words(line, &line->process, line->command + 1, (char *[]){(char *)"--process", path, NULL});
}

static int
delete_container(const struct command_line *line)
{
	char room[PATH_MAX];
	int status;

	room_path(room, line->root.value, line->argv[line->id]);
	status = run_runtime(line->argv, false);
	if (status == 0)
		remove_room(room);
	return status;
}

/* ---- beside us ---- */

static void
path_beside(const char *self, const char *name, char path[PATH_MAX])
{
	char wanted[2 * PATH_MAX];

	snprintf(wanted, sizeof(wanted), "%.*s/%s", (int)(strrchr(self, '/') - self), self, name);
	if (realpath(wanted, path) == NULL)
		path[0] = '\0';
}

/* Installed, or in a build tree. */
void
find_parts(struct parts *parts)
{
	static const char *const front_doors[] = {"dragoman", "../dragoman"};
	static const char *const cores[] = {LIBEXEC_FROM_BIN "/dragoman-core", "../dragoman-core"};
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		stop("cannot tell where I am without /proc");
	self[n] = '\0';
	parts->front_door[0] = parts->core[0] = '\0';
	for (int i = 0; i < 2; i++) {
		if (parts->front_door[0] == '\0')
			path_beside(self, front_doors[i], parts->front_door);
		if (parts->core[0] == '\0')
			path_beside(self, cores[i], parts->core);
	}
	if (parts->front_door[0] == '\0' || parts->core[0] == '\0')
		stop("no dragoman and dragoman-core beside %s; install them (./dev install PREFIX)", self);
}

static void
print_help(void)
{
	puts("usage: dragoman-oci [OPTION...] COMMAND [OPTION...] [ID] [WORD...]\n"
	     "\n"
	     "An OCI runtime for images of FreeBSD and other systems that dragoman runs. Options and\n"
	     "commands are those of crun or runc, to which all is handed over; " RUNTIME "\n"
	     "names another. Annotations dragoman.NAME=VALUE of a container are dragoman's options.\n"
	     "See docs/containers.md.");
}

static bool
is_asked(const struct command_line *line, const char *option)
{
	for (int i = 1; i < line->command; i++)
		if (strcmp(line->argv[i], option) == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	struct command_line line;
	const char *command;

	parse_command_line(&line, argc, argv);
	stop_logs_to(line.log.value, line.log_format.value);
	command = line.command < argc ? argv[line.command] : "";
	if (is_asked(&line, "--help") || is_asked(&line, "-h"))
		return print_help(), 0;
	if (is_asked(&line, "--version") || is_asked(&line, "-v"))
		printf("dragoman-oci version " VERSION "\n"), fflush(stdout);
	if (line.id < argc) {
		if (strcmp(command, "create") == 0 || strcmp(command, "run") == 0)
			return make_container(&line);
		if (strcmp(command, "delete") == 0)
			return delete_container(&line);
		if (strcmp(command, "exec") == 0)
			argv = exec_words(&line);
	}
	exec_runtime(argv);
}
