#include "event_rules.h"

#include "core.h"
#include "string.h"
#include "trace_filter.h"

/* What people watch for: who runs what, changes which files, talks to whom, and becomes whom. */
static const char usual[] =
	"\n"
	"execve\nfexecve\nexecveat\n"
	"fork\nvfork\nrfork\npdfork\npdrfork\nclone\nclone3\nexit\nexit_group\n"
	"kill\npdkill\nptrace\n"
	"open write\nopenat write\ncreat\ntruncate\n"
	"unlink\nunlinkat\nfunlinkat\nrename\nrenameat\nrenameat2\nlink\nlinkat\nsymlink\nsymlinkat\n"
	"mkdir\nmkdirat\nrmdir\nmknod\nmknodat\nmkfifo\nmkfifoat\n"
	"chmod\nfchmod\nlchmod\nfchmodat\nchown\nfchown\nlchown\nfchownat\nchflags\nfchflags\nchflagsat\n"
	"mount\nnmount\nunmount\numount\numount2\nchroot\nfchroot\npivot_root\n"
	"bind\nbindat\nlisten\nconnect\nconnectat\naccept\naccept4\n"
	"setuid\nsetgid\nseteuid\nsetegid\nsetreuid\nsetregid\nsetresuid\nsetresgid\nsetgroups\n"
	"kldload\ninit_module\nfinit_module\nkexec_load\nbpf\nreboot\njail\njail_set\njail_attach\n";

struct rule {
	const char *file;
	int file_len;	/* 0: the usual rules, which may name what this build lacks */
	unsigned line;
	const char *word;
	size_t n;
	bool takes_away, is_class, writes;
	uint8_t class, cells;
};

int
event_open_flags(const struct row *row)
{
	for (int i = 0; i < row->nargs; i++) {
		const struct flag_map *map = row->args[i].map;

		for (unsigned k = 0; row->args[i].kind == ARG_FLAGS && map && k < map->n; k++)
			if (strcmp(map->flags[k].name, "O_RDWR") == 0)
				return i;
	}
	return -1;
}

static bool
matches(const struct rule *r, const struct personality *abi, const struct row *row)
{
	if (!row)
		return false;
	if (!r->is_class)
		return row_is_named(abi, row, r->word, r->n);
	/* `%file write`: of a class, those calls that can say so. */
	return (row->classes & r->class) && !(r->writes && event_open_flags(row) < 0);
}

/* Is there such a call, and one that opens files if the rule asks for that, in any ABI here? */
static void
check(const struct rule *r)
{
	bool found = false, opens = false;

	if (r->is_class)
		return;
	for (const struct personality *const *p = personalities; *p; p++)
		for (unsigned nr = 0; nr < (*p)->nrows; nr++)
			if (matches(r, *p, (*p)->rows[nr])) {
				found = true;
				opens = opens || event_open_flags((*p)->rows[nr]) >= 0;
			}
	if (!found)
		die(125, "%.*s:%u: no ABI here has a call `%.*s`", r->file_len, r->file, r->line, (int)r->n, r->word);
	if (r->writes && !opens)
		die(125, "%.*s:%u: `%.*s write`: it opens no file", r->file_len, r->file, r->line, (int)r->n, r->word);
}

static void
apply(const struct rule *r, const struct personality *abi, uint8_t *cells)
{
	if (r->file_len)
		check(r);
	for (unsigned nr = 0; nr < abi->nrows; nr++)
		if (matches(r, abi, abi->rows[nr]))
			cells[nr] = (uint8_t)(r->takes_away ? cells[nr] & ~r->cells : cells[nr] | r->cells);
}

static bool
is_word(const char *word, size_t n, const char *name)
{
	return strncmp(word, name, n) == 0 && name[n] == 0;
}

static void
take_condition(struct rule *r, const char *word, size_t n)
{
	if (is_word(word, n, "write")) {
		r->writes = true;
		r->cells &= EVENT_WRITES;
	} else if (is_word(word, n, "ok"))
		r->cells &= EVENT_OK;
	else if (is_word(word, n, "failed"))
		r->cells &= EVENT_FAILED;
	else
		die(125, "%.*s:%u: `%.*s`: write, ok or failed is wanted behind a call", r->file_len, r->file, r->line,
		    (int)n, word);
}

static void
take_call(struct rule *r, const char *word, size_t n)
{
	r->takes_away = *word == '!';
	r->word = word + r->takes_away;
	r->n = n - r->takes_away;
	r->is_class = r->n > 0 && r->word[0] == '%';
	r->class = r->is_class ? class_named(r->word + 1, r->n - 1) : 0;
	if (r->n == 0 || (r->is_class && !r->class))
		die(125, "%.*s:%u: `%.*s`: a call, or one of %%file %%desc %%memory %%process %%signal %%network %%time "
		    "%%thread, is wanted", r->file_len, r->file, r->line, (int)n, word);
}

/* A line up to its end; false: there is no rule in it. */
static bool
parse(struct rule *r, const char *s)
{
	bool any = false;

	r->cells = EVENT_WRITES | EVENT_OTHER;
	r->writes = false;
	for (;;) {
		const char *word;

		while (*s == ' ' || *s == '\t' || *s == '\r')
			s++;
		if (*s == 0 || *s == '\n' || *s == '#')
			return any;
		for (word = s; *s && !strchr(" \t\r\n#", *s);)
			s++;
		if (any)
			take_condition(r, word, (size_t)(s - word));
		else
			take_call(r, word, (size_t)(s - word));
		any = true;
	}
}

void
event_rules_read(const struct personality *abi, const char *rules, uint8_t *cells)
{
	const char *text = rules ? rules : usual, *s = strchr(text, '\n');
	struct rule r = {.file = text, .file_len = s ? (int)(s - text) : 0};

	memset(cells, 0, abi->nrows);
	for (; s; s = strchr(s, '\n')) {
		s++;
		r.line++;
		if (parse(&r, s))
			apply(&r, abi, cells);
	}
}
