/*
 * dragoman-oci: an OCI runtime for images of other systems.
 *
 * It is crun or runc with one thing done before: in the config.json of a container that
 * is made, and the process.json of one that is exec'ed, the program is put behind the
 * front door, which is mounted into the container together with the core. Namespaces,
 * mounts, cgroups and states are the runtime's; each command line but create's, run's,
 * exec's and delete's is handed on as it came.
 *
 * The bundle stays as it is. The edited config.json lies in a folder of its own, the
 * room, as long as the runtime knows the container.
 */
#ifndef DRAGOMAN_OCI_H
#define DRAGOMAN_OCI_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* An option as it stands in argv: `count` words from `first`; 0: was not given. */
struct given {
	int first, count;
	const char *value;
};

struct command_line {
	int argc;
	char **argv;
	int command; /* its index; argc: none */
	int id;	     /* the container's; argc: none */
	struct given root, log, log_format;
	struct given bundle, config, process;
	bool detach;
};

void parse_command_line(struct command_line *line, int argc, char **argv);
/* argv with `without` taken out and `words` put in at `at`; NULL-terminated, to be freed by nobody. */
char **edited_words(const struct command_line *line, const struct given *without, int at, char *const words[]);

/* One line on stderr and in the runtime's log, which engines read; exits with 1, as runtimes do. */
void stop(const char *form, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* Where it goes besides: --log and --log-format, NULL if not given. */
void stop_logs_to(const char *file, const char *format);

/* What is mounted into containers, as found beside our own file. */
struct parts {
	char front_door[PATH_MAX], core[PATH_MAX];
};
void find_parts(struct parts *parts);

/*
 * Edits a bundle's config.json in memory. Answers the words that stand before a program
 * in this container from now on: [front door, its options…, "--"].
 */
json_t *edit_config(json_t *config, const char *bundle, const struct parts *parts);
/* Puts these words into a process's args. `mounts`: the container's, or NULL; `where` names it in what is said about it. */
void edit_process(json_t *process, json_t *words, json_t *mounts, const char *where);

/* The file's object, or stop(). */
json_t *read_object(const char *path);

/* The room's path for a container; `root` is --root or NULL. stop()s at an id that is none. */
void room_path(char path[PATH_MAX], const char *root, const char *id);
/* Makes it, with config.json and words.json in it; stop() leaves nothing. */
void make_room(const char *room, const json_t *config, const json_t *words);
void remove_room(const char *room);
/* The words of a container that we made; NULL if it is none of ours. */
json_t *words_of_room(const char *room);

#endif
