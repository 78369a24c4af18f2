/*
 * The front door: what its files share.
 *
 * It runs before every guest, so the way to the core is short. options.c, find.c
 * and run.c work without libc, and in a static build they run before libc has
 * started (entry_x86_64.S says why). Only what is left, help, doctor and the words
 * of a failure, is ordinary hosted C: main.c, doctor.c.
 */
#ifndef DRAGOMAN_CLI_DRAGOMAN_H
#define DRAGOMAN_CLI_DRAGOMAN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses as env(1) and POSIX shells have them. */
enum {
	EXIT_OURS = 125, /* dragoman itself could not do what was asked */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

enum option_id {
	OPT_ROOT,
	OPT_TRAP,
	OPT_ABI,
	OPT_RELEASE,
	OPT_FAST_CLOCK,
	OPT_TRACE,
	OPT_OUTPUT,
	OPT_NO_REWRITE,
	OPT_STATS,
	OPT_WARN,
	OPT_EVENTS,
	OPT_EVENT_RULES,
	OPT_CORE,
	OPT_HELP,
	OPT_VERSION,
	OPT_INT80,
	/* From here on: of the room (isolate/), which dragoman-isolate reads. */
	OPT_ISOLATE,
	OPT_OVERLAY,
	OPT_EPHEMERAL,
	OPT_BIND,
	OPT_TMPFS,
	OPT_NET,
	OPT_HOSTNAME,
	OPT_USER,
	OPT_WORKDIR,
	OPT_ENV,
	OPT_KEEP_FD,
	OPT_LIMIT,
	OPT_MEMORY,
	OPT_PIDS,
	OPT_CPUS,
	OPT_CGROUP,
	OPTION_COUNT,
};

struct option {
	const char *name;
	char letter;	 /* 0: has none */
	const char *arg; /* NULL: takes none; in brackets: only as --name=ARG */
	bool for_core;	 /* handed on to the core as it is */
	const char *help;
};
extern const struct option options[OPTION_COUNT];

#define OPENED_MAX 4

enum command { COMMAND_RUN, COMMAND_DOCTOR, COMMAND_BINFMT };

struct settings {
	/* By enum option_id: NULL if not given, "" if given without an argument. */
	const char *value[OPTION_COUNT];
	enum command command;
	const char *verb; /* of COMMAND_BINFMT; NULL: none was given */
	/* Its name and arguments, or what follows another command; an empty list if none was given. */
	char **program;
	/* NULL, or told of each option in turn: some may be given more than once. */
	void (*each)(enum option_id id, const char *value);
	/* Descriptors that core_options() opened for the core. */
	int opened[OPENED_MAX];
	unsigned opened_count;
};

/* A name that the front door may be started by: then all that follows is the program. */
struct runner {
	const char *name, *abi; /* abi: the personality that it is for */
	bool built;		/* this build has that personality */
	bool unbranded;		/* its files do not say so themselves */
};
extern const struct runner runners[]; /* ends with a name of NULL; made by meson */

/* Reads the command line, argv[0] being our own name or a runner's. */
void parse(struct settings *s, char **argv);

/* `name` (with its slash) in libexec/dragoman, or beside our own binary in a build tree. */
const char *own_file(const char *name, char buf[PATH_MAX]);
/* Where the core is: s's --core, or the place that belongs to our own binary. */
const char *core_path(const struct settings *s, char buf[PATH_MAX]);
/*
 * A program's file by the guest's execvp rule: a name with a slash is itself,
 * others are searched on PATH (under root first, if there is one). In the
 * guest's terms: root is not part of the answer. Fails with 126 or 127.
 */
const char *find_program(const char *name, const char *root, char **envp, char buf[PATH_MAX]);

struct text;
/* Options for the core into out, their text into t; how many. Opens what they name. */
size_t core_options(struct settings *s, char **out, struct text *t);
/* events.c: --events and --event-rules as the core has them, into out; how many words. */
size_t event_options(struct settings *s, char **out, struct text *t);
/* "--name" or "--name=value" for the core, in what is left of *t. */
char *core_option(struct text *t, const char *name, const char *value);
/* A copy of fd high up, so that the guest gets the numbers from 3 as it would elsewhere; or -errno. */
long move_up(long fd);

/* Execs the core (for a room, dragoman-isolate) if the command line asks for that; else comes back. */
void run(char **argv, char **envp);

/*
 * Why the run did not come about: `before` `subject` `after`, and error's own
 * words if it is not 0. Never returns: main() says it and exits with status.
 */
struct failure {
	int status, error;
	const char *before, *subject, *after;
};
extern struct failure failure;
void fail(int status, const char *before, const char *subject, const char *after, int error)
	__attribute__((noreturn));
/* Prints the failure and exits. */
void report_failure(void) __attribute__((noreturn));

/* Reports what this host offers; 0 if programs can run. */
int doctor(const struct settings *s);
/* Registers the core with the kernel, or takes that back, or tells; an exit status. */
int binfmt(const struct settings *s);

#endif
