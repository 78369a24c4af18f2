/* --events and --event-rules: what they name is opened and read here, once. */
#include <fcntl.h>
#include <unistd.h>

#include "dragoman.h"
#include "plain.h"

#define RULES_MAX 16384 /* they go along as an argument, over each exec */

/* fd:N: the caller's own descriptor. */
static long
given_descriptor(const char *number, const char *events)
{
	long fd = 0, flags;

	for (const char *s = number; *s >= '0' && *s <= '9' && fd < 1000000; s++)
		fd = fd * 10 + *s - '0';
	flags = kernel(SYS_fcntl, fd, F_GETFL, 0, 0, 0);
	for (const char *s = number; *s != '\0' || s == number; s++)
		if (*s < '0' || *s > '9')
			fail(EXIT_OURS, "--events ", events, ": a number is wanted behind fd:", 0);
	if (flags < 0)
		fail(EXIT_OURS, "--events ", events, "", (int)-flags);
	if ((flags & O_ACCMODE) == O_RDONLY)
		fail(EXIT_OURS, "--events ", events, ": is open for reading only", 0);
	return fd;
}

/* Appending, so that the lines of several processes, and runs, do not overwrite each other. */
static unsigned
open_events(const char *events)
{
	const char *number = after(events, "fd:");
	long fd, moved;

	if (number != NULL)
		fd = given_descriptor(number, events);
	else
		fd = kernel(SYS_openat, AT_FDCWD, (long)events,
			    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666, 0);
	if (fd < 0)
		fail(EXIT_OURS, "--events ", events, "", (int)-fd);
	moved = move_up(fd);
	if (moved < 0)
		fail(EXIT_OURS, "no descriptor for --events ", events, "", (int)-moved);
	/* Not the guest's, but for the standard ones, which are for both. */
	if (fd > STDERR_FILENO)
		kernel(SYS_close, fd, 0, 0, 0, 0);
	return (unsigned)moved;
}

/* The file's name, a newline and its text into buf[size]. */
static void
read_rules(const char *file, char *buf, size_t size)
{
	struct text t = {.buf = buf, .size = size};
	long fd = kernel(SYS_openat, AT_FDCWD, (long)file, O_RDONLY | O_CLOEXEC, 0, 0), n = 1;

	if (fd < 0)
		fail(EXIT_OURS, "--event-rules ", file, "", (int)-fd);
	add(&t, file);
	add(&t, "\n");
	while (n > 0 && !t.too_long && t.len < size - 1) {
		n = kernel(SYS_read, fd, (long)buf + (long)t.len, (long)(size - 1 - t.len), 0, 0);
		for (long i = 0; i < n; i++)
			if (buf[t.len + (size_t)i] == '\0')
				fail(EXIT_OURS, "--event-rules ", file, ": is no text: it holds a zero byte", 0);
		t.len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		fail(EXIT_OURS, "--event-rules ", file, "", (int)-n);
	if (n > 0)
		fail(EXIT_OURS, "--event-rules ", file, ": is longer than 16 KiB", 0);
	buf[t.len] = '\0';
	kernel(SYS_close, fd, 0, 0, 0, 0);
}

size_t
event_options(struct settings *s, char **out, struct text *t)
{
	static char rules[RULES_MAX];
	struct text number = {.buf = (char[12]){0}, .size = 12};
	size_t n = 0;

	if (s->value[OPT_EVENTS] == NULL) {
		if (s->value[OPT_EVENT_RULES] != NULL)
			fail(EXIT_OURS, "--event-rules", "", " says what --events writes: give both", 0);
		return 0;
	}
	s->opened[s->opened_count] = (int)open_events(s->value[OPT_EVENTS]);
	add_number(&number, (unsigned)s->opened[s->opened_count++]);
	out[n++] = core_option(t, "events-fd", number.buf);
	if (s->value[OPT_EVENT_RULES] != NULL) {
		read_rules(s->value[OPT_EVENT_RULES], rules, sizeof(rules));
		out[n++] = core_option(t, "event-rules", rules);
	}
	return n;
}
