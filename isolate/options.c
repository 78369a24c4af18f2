/* What the command line says of the room. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "isolate.h"

static struct room *room;

static void
add_mount(const char *source, const char *target, bool read_only, const char *option)
{
	if (target[0] != '/')
		fail(EXIT_OURS, option, target, ": the place in the room must begin with /", 0);
	if (room->mount_count == ROOM_MOUNTS)
		fail(EXIT_OURS, option, target, ": too many mounts", 0);
	room->mounts[room->mount_count++] = (struct room_mount){source, target, read_only, -1, true};
}

/* SRC:DST[:ro]; the first colon that is followed by a slash divides. */
static void
add_bind(const char *value)
{
	char *source = strdup(value), *target = source == NULL ? NULL : strstr(source, ":/"), *mode;
	bool read_only = false;

	if (target == NULL || target == source)
		fail(EXIT_OURS, "--bind ", value, ": the form is SRC:/DST[:ro]", 0);
	*target++ = '\0';
	mode = strchr(target, ':');
	if (mode != NULL) {
		read_only = strcmp(mode, ":ro") == 0;
		if (!read_only && strcmp(mode, ":rw") != 0)
			fail(EXIT_OURS, "--bind ", value, ": the form is SRC:/DST[:ro]", 0);
		*mode = '\0';
	}
	add_mount(source, target, read_only, "--bind ");
}

/* NAME=VALUE sets, NAME takes away. */
static void
change_environment(const char *value)
{
	static char **words; /* room->envp since its first change */
	size_t name = strcspn(value, "="), n = 0, k = 0;
	bool sets = value[name] == '=';
	char **old = words;

	if (name == 0)
		fail(EXIT_OURS, "--env ", value, ": the form is NAME=VALUE, or NAME to remove it", 0);
	while (room->envp[n] != NULL)
		n++;
	words = calloc(n + 2, sizeof(*words));
	if (words == NULL)
		fail(EXIT_OURS, "--env ", value, "", errno);
	for (size_t i = 0; i < n; i++)
		if (strncmp(room->envp[i], value, name) != 0 || room->envp[i][name] != '=')
			words[k++] = room->envp[i];
	if (sets)
		words[k] = (char *)value;
	room->envp = words;
	free(old);
}

static void
keep_descriptor(const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end != '\0' || n > 65535)
		fail(EXIT_OURS, "--keep-fd ", value, ": not a descriptor's number", 0);
	if (room->kept_count == ROOM_KEPT - 2)
		fail(EXIT_OURS, "--keep-fd ", value, ": too many", 0);
	room->kept[room->kept_count++] = (int)n;
}

static void
choose_net(const char *value)
{
	static const char *const names[] = {
		[NET_NONE] = "none", [NET_HOST] = "host", [NET_PRIVATE] = "private"};

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
		if (strcmp(value, names[n]) == 0) {
			room->net = (enum net)n;
			return;
		}
	fail(EXIT_OURS, "--net ", value, ": must be none, host or private", 0);
}

static void
take(enum option_id id, const char *value)
{
	switch (id) {
	case OPT_BIND:
		add_bind(value);
		break;
	case OPT_TMPFS:
		add_mount(NULL, value, false, "--tmpfs ");
		break;
	case OPT_ENV:
		change_environment(value);
		break;
	case OPT_KEEP_FD:
		keep_descriptor(value);
		break;
	case OPT_NET:
		choose_net(value);
		break;
	case OPT_LIMIT:
		limit_option(value);
		break;
	default:
		(void)cgroup_option(id, value);
	}
}

void
room_options(struct room *r, char **argv, char **envp)
{
	struct settings *s = &r->settings;
	const char *strict;

	room = r;
	r->argv = argv;
	r->envp = envp;
	s->each = take;
	parse(s, argv);
	strict = s->value[OPT_ISOLATE];
	if (strict == NULL)
		fail(EXIT_OURS, "dragoman-isolate is started by dragoman run --isolate", "", "", 0);
	r->strict = strcmp(strict, "strict") == 0;
	if (*strict != '\0' && !r->strict)
		fail(EXIT_OURS, "--isolate=", strict, ": strict, or nothing", 0);
	if (s->program[0] == NULL)
		fail(EXIT_OURS, "no program given (see dragoman --help)", "", "", 0);
	r->tree = s->value[OPT_ROOT];
	s->value[OPT_ROOT] = NULL;
	if (r->tree == NULL)
		fail(EXIT_OURS, "--isolate needs --root TREE, the folder that becomes the room's /", "",
		     "", 0);
	r->overlay = s->value[OPT_OVERLAY];
	if (r->overlay != NULL && s->value[OPT_EPHEMERAL] != NULL)
		fail(EXIT_OURS, "--overlay keeps changes and --ephemeral drops them: give one", "", "",
		     0);
	r->changes = r->overlay != NULL			 ? CHANGES_KEPT
		     : s->value[OPT_EPHEMERAL] != NULL ? CHANGES_DROPPED
						       : CHANGES_REFUSED;
}
