/* --limit NAME=SOFT[:HARD], as setrlimit(2). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "isolate.h"

static const struct {
	const char *name;
	int resource;
} names[] = {
	{"as", RLIMIT_AS},	     {"core", RLIMIT_CORE},   {"cpu", RLIMIT_CPU},
	{"data", RLIMIT_DATA},	     {"fsize", RLIMIT_FSIZE}, {"memlock", RLIMIT_MEMLOCK},
	{"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC}, {"stack", RLIMIT_STACK},
	{"sigpending", RLIMIT_SIGPENDING},
};

static struct {
	const char *text;
	struct rlimit limit;
} wanted[sizeof(names) / sizeof(*names)];

static bool
parse_number(const char **text, rlim_t *value)
{
	char *end;

	if (strncmp(*text, "unlimited", 9) == 0) {
		*value = RLIM_INFINITY;
		*text += 9;
		return true;
	}
	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*value = strtoul(*text, &end, 10);
	*text = end;
	return errno == 0;
}

void
limit_option(const char *text)
{
	size_t len = strcspn(text, "=");
	const char *value = text + len + (text[len] == '=');
	struct rlimit limit;
	bool good;

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		if (strlen(names[n].name) != len || strncmp(names[n].name, text, len) != 0)
			continue;
		good = parse_number(&value, &limit.rlim_cur);
		limit.rlim_max = limit.rlim_cur;
		if (good && *value == ':') {
			value++;
			good = parse_number(&value, &limit.rlim_max);
		}
		if (!good || *value != '\0' || limit.rlim_cur > limit.rlim_max)
			fail(EXIT_OURS, "--limit ", text, ": the form is NAME=SOFT[:HARD]", 0);
		wanted[n].text = text;
		wanted[n].limit = limit;
		return;
	}
	fail(EXIT_OURS, "--limit ", text,
	     ": as, core, cpu, data, fsize, memlock, nofile, nproc, sigpending or stack", 0);
}

void
limits_apply(void)
{
	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
		if (wanted[n].text != NULL && setrlimit(names[n].resource, &wanted[n].limit) != 0)
			fail(EXIT_OURS, "--limit ", wanted[n].text, "", errno);
}
