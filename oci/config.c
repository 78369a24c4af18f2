/*
 * What is edited in config.json (the OCI runtime specification's config.md and
 * config-linux.md) and process.json. Everything that is not named here stays as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci.h"

#define CONFIG "config.json: "
/* In /dev if that is the container's own, so that nothing is left in the image's files. */
#define IN_DEV "/dev/.dragoman"
#define IN_ROOT "/.dragoman"
/* An annotation `dragoman.NAME` is the front door's option --NAME. */
#define ANNOTATION "dragoman."

static json_t *
made(json_t *value)
{
	if (value == NULL)
		stop("no memory for JSON");
	return value;
}

static void
set_new(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, made(value)) != 0)
		stop("no memory for JSON");
}

static void
append_new(json_t *array, json_t *value)
{
	if (json_array_append_new(array, made(value)) != 0)
		stop("no memory for JSON");
}

json_t *
read_object(const char *path)
{
	json_error_t error;
	json_t *object = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (object == NULL && error.line > 0)
		stop("%s:%d: %s: not JSON; is the bundle complete?", path, error.line, error.text);
	if (object == NULL)
		stop("%s", error.text);
	if (!json_is_object(object))
		stop("%s: must be an object", path);
	return object;
}

/* object's member, which must be of this type if it is there; NULL if it is not. */
static json_t *
member(json_t *object, const char *key, json_type type, const char *where, const char *form)
{
	json_t *value = json_object_get(object, key);

	if (value != NULL && json_typeof(value) != type)
		stop("%s%s: must be %s", where, key, form);
	return value;
}

static json_t *
member_object(json_t *object, const char *key)
{
	return member(object, key, JSON_OBJECT, CONFIG, "an object");
}

/* As member(), made empty if it is not there. */
static json_t *
own_array(json_t *object, const char *key)
{
	json_t *value = member(object, key, JSON_ARRAY, CONFIG, "a list");

	if (value == NULL) {
		set_new(object, key, json_array());
		value = json_object_get(object, key);
	}
	return value;
}

/* ---- other systems' fields ---- */

static bool
is_built(const char *os)
{
	const char *found = strstr(PERSONALITIES, os);
	size_t len = strlen(os);

	while (found != NULL && (found[len] != '\0' && found[len] != ',' && found[len] != '_'))
		found = strstr(found + 1, os);
	return found != NULL && len > 0;
}

/* `platform` was in the specification's drafts; images have it, and some engines pass it on. */
static void
check_platform(json_t *config)
{
	json_t *platform = member_object(config, "platform");
	const char *os = json_string_value(json_object_get(platform, "os"));
	const char *arch = json_string_value(json_object_get(platform, "arch"));

	if (platform == NULL)
		return;
	if (os == NULL || !is_built(os))
		stop(CONFIG "platform.os: %s is not among what this build runs (%s)", os != NULL ? os : "nothing",
		     PERSONALITIES);
	if (arch != NULL && strcmp(arch, "amd64") != 0 && strcmp(arch, "386") != 0)
		stop(CONFIG "platform.arch: %s cannot run here, only amd64 and 386", arch);
	json_object_del(config, "platform");
}

static void
check_sections(json_t *config)
{
	static const char *const sections[] = {"freebsd", "solaris", "vm", "windows", "zos"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (json_object_size(json_object_get(config, sections[i])) > 0)
			stop(CONFIG "%s: is for that system's own kernel; say it by linux and mounts, or leave it out",
			     sections[i]);
}

/* A bundle that was made for another system has no `linux`: a container's usual namespaces. */
static void
add_linux(json_t *config)
{
	if (member_object(config, "linux") == NULL)
		set_new(config, "linux", json_pack("{s:[{s:s},{s:s},{s:s},{s:s},{s:s}]}", "namespaces", "type", "pid",
						   "type", "network", "type", "ipc", "type", "uts", "type", "mount"));
}

/* ---- paths: the edited file lies in another folder ---- */

static void
make_absolute(json_t *object, const char *key, const char *bundle)
{
	const char *path = json_string_value(json_object_get(object, key));

	if (path != NULL && path[0] != '/')
		set_new(object, key, json_sprintf("%s/%s", bundle, path));
}

static bool
is_bind(const json_t *mount)
{
	const char *type = json_string_value(json_object_get(mount, "type"));
	json_t *option;
	size_t i;

	if (type != NULL && strcmp(type, "bind") == 0)
		return true;
	json_array_foreach(json_object_get(mount, "options"), i, option) {
		const char *word = json_string_value(option);

		if (word != NULL && (strcmp(word, "bind") == 0 || strcmp(word, "rbind") == 0))
			return true;
	}
	return false;
}

static void
make_paths_absolute(json_t *config, const char *bundle)
{
	json_t *root = member_object(config, "root"), *mount;
	size_t i;

	if (root == NULL || !json_is_string(json_object_get(root, "path")))
		stop(CONFIG "root.path: is missing; it names the folder of the image's files");
	make_absolute(root, "path", bundle);
	json_array_foreach(own_array(config, "mounts"), i, mount)
		if (is_bind(mount))
			make_absolute(mount, "source", bundle);
}

/* ---- the mounts ---- */

static bool
has_own_dev(json_t *mounts)
{
	json_t *mount;
	size_t i;

	json_array_foreach(mounts, i, mount) {
		const char *at = json_string_value(json_object_get(mount, "destination"));
		const char *type = json_string_value(json_object_get(mount, "type"));

		if (at != NULL && type != NULL && strcmp(at, "/dev") == 0)
			return strcmp(type, "tmpfs") == 0;
	}
	return false;
}

static void
add_mount(json_t *mounts, const char *source, const char *folder, const char *name)
{
	append_new(mounts, json_pack("{s:o,s:s,s:s,s:[s,s,s,s]}", "destination", json_sprintf("%s/%s", folder, name),
				     "type", "bind", "source", source, "options", "bind", "ro", "nosuid", "nodev"));
}

/* ---- the words before the program ---- */

/* The front door knows its options and says what is wrong with them. */
static void
add_option(json_t *words, const char *name, const char *value)
{
	append_new(words, json_sprintf("--%s%s%s", name, value[0] != '\0' ? "=" : "", value));
}

static json_t *
words_before(json_t *config, const char *folder)
{
	json_t *words = made(json_array()), *value;
	const char *key;

	append_new(words, json_sprintf("%s/dragoman", folder));
	append_new(words, json_sprintf("--core=%s/dragoman-core", folder));
	json_object_foreach(member_object(config, "annotations"), key, value)
		if (strncmp(key, ANNOTATION, strlen(ANNOTATION)) == 0)
			add_option(words, key + strlen(ANNOTATION),
				   json_string_value(value) != NULL ? json_string_value(value) : "");
	append_new(words, json_string("--"));
	return words;
}

/* Does an engine's own file stand at `path`, as it does for `--init`? */
static bool
is_mounted_at(json_t *mounts, const char *path)
{
	json_t *mount;
	size_t i;

	json_array_foreach(mounts, i, mount) {
		const char *at = json_string_value(json_object_get(mount, "destination"));

		if (at != NULL && strcmp(at, path) == 0)
			return true;
	}
	return false;
}

/* Where in args the program stands: behind `INIT --`, which is Linux's, and would start it by itself. */
static size_t
program_in(const json_t *args, json_t *mounts)
{
	const char *first = json_string_value(json_array_get(args, 0));
	const char *second = json_string_value(json_array_get(args, 1));

	return json_array_size(args) > 2 && strcmp(second, "--") == 0 && is_mounted_at(mounts, first) ? 2 : 0;
}

void
edit_process(json_t *process, json_t *words, json_t *mounts, const char *where)
{
	json_t *args = member(process, "args", JSON_ARRAY, where, "a list of words, the program first");
	size_t at, i;
	json_t *word;

	if (json_array_size(args) == 0)
		stop("%sargs: is missing; it names the program", where);
	json_array_foreach(args, i, word)
		if (!json_is_string(word))
			stop("%sargs: must be a list of words, the program first", where);
	at = program_in(args, mounts);
	json_array_foreach(words, i, word)
		if (json_array_insert(args, at + i, word) != 0)
			stop("no memory for JSON");
}

/* ---- seccomp ---- */

/*
 * What the core needs beyond what a profile for Linux programs must allow anyhow: its
 * trap, LDT entries of 32-bit programs, and what FreeBSD's long-sized waits are made of
 * (a profile's EPERM is no answer to them, where ENOSYS would be).
 */
static const char *const needed[] = {"arch_prctl", "futex_waitv", "modify_ldt", "prctl", "seccomp"};

static bool
rule_allows(const json_t *rule, const char *name)
{
	const char *action = json_string_value(json_object_get(rule, "action"));
	json_t *one;
	size_t i;

	if (action == NULL || strcmp(action, "SCMP_ACT_ALLOW") != 0 ||
	    json_array_size(json_object_get(rule, "args")) > 0)
		return false;
	json_array_foreach(json_object_get(rule, "names"), i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	return false;
}

static bool
profile_allows(const json_t *rules, const char *name)
{
	json_t *rule;
	size_t i;

	json_array_foreach(rules, i, rule)
		if (rule_allows(rule, name))
			return true;
	return false;
}

static void
edit_seccomp(json_t *config)
{
	json_t *seccomp = member_object(member_object(config, "linux"), "seccomp"), *names;
	const char *otherwise = json_string_value(json_object_get(seccomp, "defaultAction"));

	/* A profile that only forbids is left alone: it means what it says. */
	if (otherwise == NULL || strcmp(otherwise, "SCMP_ACT_ALLOW") == 0)
		return;
	names = made(json_array());
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!profile_allows(json_object_get(seccomp, "syscalls"), needed[i]))
			append_new(names, json_string(needed[i]));
	if (json_array_size(names) > 0)
		append_new(own_array(seccomp, "syscalls"),
			   json_pack("{s:O,s:s}", "names", names, "action", "SCMP_ACT_ALLOW"));
	json_decref(names);
}

json_t *
edit_config(json_t *config, const char *bundle, const struct parts *parts)
{
	json_t *process = member_object(config, "process"), *mounts, *words;
	const char *folder;

	check_platform(config);
	check_sections(config);
	add_linux(config);
	make_paths_absolute(config, bundle);
	mounts = json_object_get(config, "mounts");
	folder = has_own_dev(mounts) ? IN_DEV : IN_ROOT;
	words = words_before(config, folder);
	add_mount(mounts, parts->front_door, folder, "dragoman");
	add_mount(mounts, parts->core, folder, "dragoman-core");
	if (process != NULL)
		edit_process(process, words, mounts, CONFIG "process.");
	edit_seccomp(config);
	return words;
}
