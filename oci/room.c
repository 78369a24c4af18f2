/* Rooms: the folders that hold edited bundles. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci.h"

#define MODE 0700

/* Beside the runtime's own record of containers: /run/crun, say, or under XDG_RUNTIME_DIR. */
void
room_path(char path[PATH_MAX], const char *root, const char *id)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	int n;

	if (id[0] == '\0' || strchr(id, '/') != NULL || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		stop("%s: not a container's id", id);
	if (root != NULL)
		n = snprintf(path, PATH_MAX, "%s.dragoman/%s", root, id);
	else if (run != NULL && run[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/dragoman-oci/%s", run, id);
	else
		n = snprintf(path, PATH_MAX, "/run/dragoman-oci/%s", id);
	if (n >= PATH_MAX)
		stop("%s: the path of its folder is too long", id);
}

static void
make_folders(const char *room)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", room);
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, MODE);
		*slash = '/';
	}
	if (mkdir(path, MODE) != 0 && errno != EEXIST)
		stop("%s: %s; it holds the edited config.json (--root DIR or XDG_RUNTIME_DIR says where)", path,
		     strerror(errno));
}

static void
file_in(const char *room, const char *name, char path[PATH_MAX])
{
	if (snprintf(path, PATH_MAX, "%s/%s", room, name) >= PATH_MAX)
		stop("%s: the path is too long", room);
}

static void
write_json(const char *room, const char *name, const json_t *value)
{
	char path[PATH_MAX];
	int error;

	file_in(room, name, path);
	if (json_dump_file(value, path, JSON_COMPACT) == 0)
		return;
	error = errno;
	remove_room(room);
	stop("%s: %s", path, strerror(error));
}

void
make_room(const char *room, const json_t *config, const json_t *words)
{
	make_folders(room);
	write_json(room, "config.json", config);
	write_json(room, "words.json", words);
}

void
remove_room(const char *room)
{
	static const char *const files[] = {"config.json", "words.json"};
	char path[PATH_MAX], *slash;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		file_in(room, files[i], path);
		unlink(path);
	}
	rmdir(room);
	/* The last one out; the others' folders are not empty. */
	snprintf(path, sizeof(path), "%s", room);
	slash = strrchr(path, '/');
	if (slash != NULL && slash != path) {
		*slash = '\0';
		rmdir(path);
	}
}

json_t *
words_of_room(const char *room)
{
	char path[PATH_MAX];
	json_t *words;

	file_in(room, "words.json", path);
	if (access(path, F_OK) != 0)
		return NULL;
	words = json_load_file(path, 0, NULL);
	if (!json_is_array(words))
		stop("%s: damaged; delete the container and make it anew", path);
	return words;
}
