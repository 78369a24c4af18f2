/*
 * Command lines of crun(1) and runc(8): options, a command, its options, an id, the rest.
 * Both runtimes' options that take a value are listed, so that the words behind them
 * are not taken for what they are not.
 */
#include <stdlib.h>
#include <string.h>

#include "oci.h"

static const char *const global_valued[] = {
	"cgroup-manager", "criu", "log", "log-format", "log-level", "root", "rootless", NULL,
};
static const char *const command_valued[] = {
	"additional-gids", "apparmor", "b", "bundle", "c", "cap", "cgroup", "config", "console-socket", "cwd", "e",
	"env", "f", "g", "p", "pid-file", "preserve-fds", "process", "process-label", "u", "user", NULL,
};

static bool
is_among(const char *const *names, const char *name, size_t len)
{
	for (; *names != NULL; names++)
		if (strlen(*names) == len && strncmp(*names, name, len) == 0)
			return true;
	return false;
}

/* The option at argv[i]: its name, how many words it has, its value. */
struct option_word {
	const char *name;
	size_t len;
	struct given given;
};

static struct option_word
option_at(const struct command_line *line, int i, const char *const *valued)
{
	const char *word = line->argv[i];
	struct option_word o = {.given = {i, 1, NULL}};
	const char *equals = strchr(word, '=');

	if (word[1] == '-') {
		o.name = word + 2;
		o.len = equals != NULL ? (size_t)(equals - o.name) : strlen(o.name);
		if (equals != NULL)
			o.given.value = equals + 1;
	} else {
		o.name = word + 1;
		o.len = 1;
		if (is_among(valued, o.name, 1) && word[2] != '\0')
			o.given.value = word + 2;
	}
	if (o.given.value == NULL && is_among(valued, o.name, o.len) && i + 1 < line->argc) {
		o.given.value = line->argv[i + 1];
		o.given.count = 2;
	}
	return o;
}

static void
note_option(struct command_line *line, const struct option_word *o)
{
	const struct {
		const char *name;
		struct given *given;
	} noted[] = {
		{"root", &line->root},	   {"log", &line->log},	      {"log-format", &line->log_format},
		{"bundle", &line->bundle}, {"b", &line->bundle},      {"config", &line->config},
		{"f", &line->config},	   {"process", &line->process}, {"p", &line->process},
	};

	for (size_t n = 0; n < sizeof(noted) / sizeof(*noted); n++)
		if (strlen(noted[n].name) == o->len && strncmp(noted[n].name, o->name, o->len) == 0)
			*noted[n].given = o->given;
	if ((o->len == 1 && o->name[0] == 'd') || (o->len == 6 && strncmp(o->name, "detach", 6) == 0))
		line->detach = true;
}

/* From argv[i] on; answers where the first word stands that is no option. */
static int
take_options(struct command_line *line, int i, const char *const *valued)
{
	while (i < line->argc && line->argv[i][0] == '-' && line->argv[i][1] != '\0') {
		struct option_word o;

		if (strcmp(line->argv[i], "--") == 0)
			return i + 1;
		o = option_at(line, i, valued);
		note_option(line, &o);
		i += o.given.count;
	}
	return i < line->argc ? i : line->argc;
}

void
parse_command_line(struct command_line *line, int argc, char **argv)
{
	*line = (struct command_line){.argc = argc, .argv = argv};
	line->command = take_options(line, 1, global_valued);
	line->id = line->command < argc ? take_options(line, line->command + 1, command_valued) : argc;
	/* Options may follow the id, but for exec, where the program's own do. */
	if (line->id < argc && strcmp(argv[line->command], "exec") != 0)
		take_options(line, line->id + 1, command_valued);
}

char **
edited_words(const struct command_line *line, const struct given *without, int at, char *const words[])
{
	size_t nwords = 0, n = 0;
	char **out;

	while (words[nwords] != NULL)
		nwords++;
	out = calloc((size_t)line->argc + nwords + 1, sizeof(*out));
	if (out == NULL)
		stop("no memory for a command line");
	for (int i = 0; i <= line->argc; i++) {
		for (size_t k = 0; i == at && k < nwords; k++)
			out[n++] = words[k];
		if (i < line->argc && (i < without->first || i >= without->first + without->count))
			out[n++] = line->argv[i];
	}
	return out;
}
