/*
 * `#!` lines, by the rules of FreeBSD's exec_shell_imgact(): blanks are spaces and
 * tabs; the line ends at a newline, a NUL, or where the first page or the file
 * ends; the rest of the line is one argument without its trailing blanks.
 */
#include "internal.h"

#include <asm/errno.h>

#include "translate/core/string.h"

struct text {
	const char *at, *end;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
ends_line(char c)
{
	return c == '\n' || c == 0;
}

static void
skip_blanks(struct text *t)
{
	while (t->at < t->end && is_blank(*t->at))
		t->at++;
}

static void
take(char *to, const char *from, const char *end)
{
	memcpy(to, from, (size_t)(end - from));
	to[end - from] = 0;
}

int
script_parse(const void *head, size_t head_len, struct script *out, struct load_error *e)
{
	struct text t = {head, (const char *)head + (head_len < ELF_HEAD ? head_len : ELF_HEAD)};
	const char *from;

	if (head_len < 2 || t.at[0] != '#' || t.at[1] != '!')
		return 0;
	t.at += 2;
	skip_blanks(&t);
	from = t.at;
	while (t.at < t.end && !is_blank(*t.at) && !ends_line(*t.at))
		t.at++;
	if (t.at == from)
		return load_fail(e, ENOEXEC, "its `#!` line names no interpreter");
	/* Half a name would be another file's. */
	if (t.at == t.end && head_len >= ELF_HEAD)
		return load_fail(e, ENAMETOOLONG, "its `#!` line is too long");
	take(out->interpreter, from, t.at);
	skip_blanks(&t);
	from = t.at;
	while (t.at < t.end && !ends_line(*t.at))
		t.at++;
	while (t.at > from && is_blank(t.at[-1]))
		t.at--;
	take(out->argument, from, t.at);
	return 1;
}
