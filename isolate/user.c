/* Who the program is in the room. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "isolate.h"

static bool
parse_id(const char *text, unsigned *id)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n >= (uid_t)-1)
		return false;
	*id = (unsigned)n;
	return true;
}

/* The tree's line for a name or, without one, for an id; the BSDs' file has Linux's form. */
static struct passwd *
tree_user(int tree, const char *name, uid_t uid)
{
	int link = open_in_root(tree, "/etc/passwd");
	char path[32];
	struct passwd *p = NULL;
	FILE *f;

	if (link < 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", link);
	f = fopen(path, "re");
	while (f != NULL && (p = fgetpwent(f)) != NULL)
		if (name != NULL ? strcmp(p->pw_name, name) == 0 : p->pw_uid == uid)
			break;
	if (f != NULL)
		fclose(f);
	close(link);
	return p;
}

void
room_user(struct room *r, int tree)
{
	const char *wanted = r->settings.value[OPT_USER];
	char *name = wanted == NULL ? NULL : strdup(wanted), *group;
	struct passwd *p;
	bool number;

	r->uid = geteuid();
	r->gid = getegid();
	if (name == NULL)
		return;
	group = strchr(name, ':');
	if (group != NULL)
		*group++ = '\0';
	number = parse_id(name, &r->uid);
	p = tree_user(tree, number ? NULL : name, r->uid);
	if (p == NULL && !number)
		fail(EXIT_OURS, "--user ", wanted, ": no such name in the tree's /etc/passwd", 0);
	if (p != NULL)
		r->uid = p->pw_uid, r->gid = p->pw_gid;
	if (group != NULL && !parse_id(group, &r->gid))
		fail(EXIT_OURS, "--user ", wanted, ": the group must be a number", 0);
	free(name);
}
