/* The command line. */
#include "dragoman.h"
#include "plain.h"

const struct option options[OPTION_COUNT] = {
	[OPT_ROOT] = {"root", 0, "DIR", true,
		      "look up absolute paths under DIR first, the host's second"},
	[OPT_TRAP] = {"trap", 0, "auto|seccomp|sud", true, "how system calls are caught (auto)"},
	[OPT_ABI] = {"abi", 0, "NAME", true, "the program's ABI, where its file does not say it"},
	[OPT_RELEASE] = {"release", 0, "VER", true, "which release of its OS the program sees"},
	[OPT_FAST_CLOCK] = {"fast-clock", 0, NULL, true,
			    "time without calls; may be wrong once after a stop (docs/quirks.md)"},
	[OPT_TRACE] = {"trace", 0, "[CALL,...,%CLASS]", true,
		       "print a line for every call, or for these"},
	[OPT_OUTPUT] = {"output", 'o', "FILE", false,
			"write --trace, --stats and --warn there, not to stderr"},
	[OPT_NO_REWRITE] = {"no-rewrite", 0, NULL, true, "leave the program's code alone: every call traps"},
	[OPT_STATS] = {"stats", 0, NULL, true, "at exit, print calls, errors and time"},
	[OPT_WARN] = {"warn", 0, NULL, true, "name each call that is not implemented, once"},
	[OPT_EVENTS] = {"events", 0, "FILE|fd:N", false,
			"append a line of JSON for each call that is watched"},
	[OPT_EVENT_RULES] = {"event-rules", 0, "FILE", false,
			     "which those are (docs/events.md; else the usual ones)"},
	[OPT_CORE] = {"core", 0, "PATH", false, "the dragoman-core to use"},
	[OPT_HELP] = {"help", 'h', NULL, false, "print this"},
	[OPT_VERSION] = {"version", 0, NULL, false, "print the version"},
	[OPT_INT80] = {"int80", 0, "trap|fault", true,
		       "i386: play a host that knows of int $0x80, or of none (trap)"},
	[OPT_ISOLATE] = {"isolate", 0, "[strict]", false,
			 "run in a room of its own whose / is --root's DIR (docs/isolation.md)"},
	[OPT_OVERLAY] = {"overlay", 0, "DIR", false, "the room's files can change; DIR keeps that"},
	[OPT_EPHEMERAL] = {"ephemeral", 0, NULL, false,
			   "the room's files can change; the changes are dropped at the end"},
	[OPT_BIND] = {"bind", 0, "SRC:DST[:ro]", false, "show SRC of the host as DST in the room"},
	[OPT_TMPFS] = {"tmpfs", 0, "DST", false, "an empty folder in memory as DST in the room"},
	[OPT_NET] = {"net", 0, "none|host|private", false,
		     "the room's network (none); private: a loopback of its own"},
	[OPT_HOSTNAME] = {"hostname", 0, "NAME", false, "the room's host name"},
	[OPT_USER] = {"user", 0, "USER[:GID]", false, "who the program is in the room"},
	[OPT_WORKDIR] = {"workdir", 0, "DIR", false, "the folder in the room to start in (/)"},
	[OPT_ENV] = {"env", 0, "NAME[=VALUE]", false, "set a variable for the program, or remove it"},
	[OPT_KEEP_FD] = {"keep-fd", 0, "N", false, "leave descriptor N open (else 0, 1 and 2 only)"},
	[OPT_LIMIT] = {"limit", 0, "NAME=N[:HARD]", false,
		       "setrlimit(2): nofile, nproc, core, cpu, fsize, as, stack, ..."},
	[OPT_MEMORY] = {"memory", 0, "BYTES", false, "the room's memory (K, M, G), by cgroup"},
	[OPT_PIDS] = {"pids", 0, "N", false, "how many processes and threads the room may have"},
	[OPT_CPUS] = {"cpus", 0, "N", false, "how many processors' time the room may take (1.5)"},
	[OPT_CGROUP] = {"cgroup", 0, "FILE=VALUE", false, "another limit of the room's cgroup (v2)"},
};

/* `word` as the option `o`; *value: what is attached to it, or NULL. */
static bool
is_option(const struct option *o, const char *word, const char **value)
{
	const char *rest = NULL;

	*value = NULL;
	if (word[1] == '-') {
		rest = after(word + 2, o->name);
		if (rest != NULL && *rest == '=')
			*value = rest + 1;
		return rest != NULL && (*rest == '\0' || *rest == '=');
	}
	if (o->letter == '\0' || word[1] != o->letter)
		return false;
	if (word[2] != '\0')
		*value = word + 2;
	return true;
}

/* The option of argv[0], and its argument; answers what follows. */
static char **
take_option(struct settings *s, char **argv)
{
	const char *word = *argv++, *value;
	int id = 0;

	while (id < OPTION_COUNT && !is_option(&options[id], word, &value))
		id++;
	if (id == OPTION_COUNT)
		fail(EXIT_OURS, "unknown option ", word, " (see dragoman --help)", 0);

	const struct option *o = &options[id];
	if (o->arg == NULL && value != NULL)
		fail(EXIT_OURS, "option --", o->name, " takes no argument", 0);
	if (o->arg != NULL && o->arg[0] != '[' && value == NULL) {
		value = *argv++;
		if (value == NULL)
			fail(EXIT_OURS, "option --", o->name, " needs an argument", 0);
	}
	s->value[id] = value != NULL ? value : "";
	if (s->each != NULL)
		s->each((enum option_id)id, s->value[id]);
	return argv;
}

/* Up to the first word that is no option; *ended: `--` was seen, and skipped. */
static char **
take_options(struct settings *s, char **argv, bool *ended)
{
	while (!*ended && *argv != NULL && (*argv)[0] == '-' && (*argv)[1] != '\0') {
		*ended = equal(*argv, "--");
		argv = *ended ? argv + 1 : take_option(s, argv);
	}
	return argv;
}

static const struct runner *
runner_named(const char *path)
{
	const char *name = path;

	for (; *path != '\0'; path++)
		if (*path == '/')
			name = path + 1;
	for (const struct runner *r = runners; r->name != NULL; r++)
		if (equal(r->name, name))
			return r;
	return NULL;
}

/* go runs `go_GOOS_GOARCH_exec PROGRAM ARG...`: no options of ours. */
static void
parse_as_runner(struct settings *s, const struct runner *r, char **argv)
{
	if (!r->built)
		fail(EXIT_NOT_EXECUTABLE, "this build does not run ", r->abi,
		     " programs, only those for " PERSONALITIES, 0);
	if (r->unbranded)
		s->value[OPT_ABI] = r->abi;
	s->program = argv;
}

static bool
is_command(const char *word, enum command *command)
{
	static const struct {
		const char *name;
		enum command command;
	} commands[] = {
		{"run", COMMAND_RUN},
		{"doctor", COMMAND_DOCTOR},
		{"binfmt", COMMAND_BINFMT},
	};

	for (size_t i = 0; word != NULL && i < sizeof(commands) / sizeof(*commands); i++)
		if (equal(commands[i].name, word)) {
			*command = commands[i].command;
			return true;
		}
	return false;
}

void
parse(struct settings *s, char **argv)
{
	const struct runner *runner = *argv != NULL ? runner_named(*argv) : NULL;
	bool ended = false;

	if (*argv != NULL)
		argv++;
	if (runner != NULL) {
		parse_as_runner(s, runner, argv);
		return;
	}
	argv = take_options(s, argv, &ended);
	if (!ended && is_command(*argv, &s->command))
		argv = take_options(s, argv + 1, &ended);
	if (s->command == COMMAND_BINFMT && *argv != NULL) {
		s->verb = *argv;
		argv = take_options(s, argv + 1, &ended);
	}
	s->program = argv;
}
