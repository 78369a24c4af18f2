#include "mapping.h"

#include "host.h"
#include "linux_abi.h"
#include "print.h"
#include "string.h"

#define MAX_LINE (128 + sizeof(((struct mapping *)0)->name))

long
proc_open(long pid, const char *name)
{
	char path[64];

	if (pid)
		format(path, sizeof path, "/proc/%ld/%s", pid, name);
	else
		format(path, sizeof path, "/proc/self/%s", name);
	return core_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

static unsigned
digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return (unsigned)(ch - '0');
	return ch >= 'a' && ch <= 'f' ? (unsigned)(ch - 'a') + 10 : 99;
}

static uint64_t
number(const char **at, unsigned base)
{
	uint64_t n = 0;

	for (; digit(**at) < base; (*at)++)
		n = n * base + digit(**at);
	if (**at)
		(*at)++;	/* what ends it */
	return n;
}

/* from-to perms offset major:minor inode name */
static void
parse_line(struct mapping *m, const char *line)
{
	m->from = number(&line, 16);
	m->to = number(&line, 16);
	m->shared = line[0] && line[1] && line[2] && line[3] == 's';
	line += strlen(line) < 5 ? strlen(line) : 5;
	m->offset = number(&line, 16);
	m->major = number(&line, 16);
	m->minor = number(&line, 16);
	m->inode = number(&line, 10);
	while (*line == ' ')
		line++;
	strlcpy(m->name, line, sizeof m->name);
}

bool
mapping_find(long pid, uint64_t address, struct mapping *m)
{
	char chunk[1024], line[MAX_LINE + 1];
	size_t k = 0;
	bool found = false;
	long fd = proc_open(pid, "maps"), n;

	if (fd < 0)
		return false;
	while (!found && (n = core_call(__NR_read, fd, chunk, sizeof chunk)) > 0)
		for (long i = 0; i < n && !found; i++) {
			if (chunk[i] != '\n') {
				if (k < MAX_LINE)
					line[k++] = chunk[i];
				continue;
			}
			line[k] = 0;
			k = 0;
			parse_line(m, line);
			found = address >= m->from && address < m->to;
		}
	core_call(__NR_close, fd);
	return found;
}
