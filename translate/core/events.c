#include "events.h"

#include "call.h"
#include "copy.h"
#include "core.h"
#include "dispatch.h"
#include "event_rules.h"
#include "host.h"
#include "json.h"
#include "layout.h"
#include "linux_abi.h"
#include "memory.h"
#include "output.h"
#include "print.h"
#include "process.h"
#include "string.h"
#include "thread.h"
#include "trace_decode.h"
#include "trace_text.h"

#define LINE 4096	/* PIPE_BUF: what a pipe takes in one piece (pipe(7)) */
#define TAIL 160	/* of it for the end: cut, lost, result */
#define EXE_ROOM 1100
#define WORDS_SHOWN 128

struct event_row {
	struct row row;	/* first: what dispatch finds */
	const struct row *original;
	uint8_t cells;
	int8_t open_flags;
};

struct event_buffer {
	bool is_open;	/* begun, and not yet written */
	uint8_t cells;	/* of the row: those that this call can still be */
	const struct call *call;
	struct json line;
	char space[LINE], scratch[4096];
};
_Static_assert(sizeof(struct event_buffer) < 0x4000 - 16, "fits the core's heap without a mapping of its own");

static struct output output;
static uint32_t lost;		/* lines that could not be written, not yet told */
static uint32_t torn;		/* the last one got out in part */

/* ---- members of a line ---- */

static void
undo(struct json *j, const struct json *before)
{
	j->n = before->n;
	j->at[j->n] = 0;
	j->has_member = before->has_member;
	j->is_cut = true;
}

/* ,"NAME_bytes":"2f746d70ff": what JSON cannot say. */
static void
add_bytes(struct json *j, const char *name, const char *s, size_t n)
{
	struct json before = *j;
	bool fits = json_raw(j, ",\"%s_bytes\":\"", name);

	for (size_t i = 0; i < n && fits; i++)
		fits = json_raw(j, "%02x", (unsigned)(unsigned char)s[i]);
	if (!fits || !json_raw(j, "\""))
		undo(j, &before);
}

static void
add_string(struct json *j, const char *name, const char *s, size_t n)
{
	struct json before = *j;

	if (!json_name(j, name) || j->n + 3 > j->size) {
		undo(j, &before);
		return;
	}
	if (!json_string(j, s, n))
		add_bytes(j, name, s, n);
}

/* A number, null. */
static void
add_plain(struct json *j, const char *name, const char *text)
{
	struct json before = *j;

	if (!json_name(j, name) || !json_raw(j, "%s", text))
		undo(j, &before);
}

/* ---- arguments ---- */

static void
add_path(struct event_buffer *b, const char *name, struct guest_ptr path)
{
	long n = is_null(path) ? -EFAULT : copy_in_string(b->scratch, path, sizeof b->scratch);

	if (n == -EFAULT) {
		add_plain(&b->line, name, "null");
		return;
	}
	if (n < 0) {	/* longer than any path is */
		n = sizeof b->scratch - 1;
		b->line.is_cut = true;
	}
	add_string(&b->line, name, b->scratch, (size_t)n);
}

/* One more string of a vector; false: it does not fit, or cannot be read. */
static bool
add_word(struct event_buffer *b, struct guest_ptr word, bool is_first)
{
	struct json *j = &b->line, before = *j;
	long n = copy_in_string(b->scratch, word, sizeof b->scratch);

	if (n == -EFAULT)
		return false;
	if (n < 0)
		n = sizeof b->scratch - 1;
	/* Room for the end of the vector. */
	if ((!is_first && !json_raw(j, ",")) || j->n + 8 > j->size) {
		undo(j, &before);
		return false;
	}
	j->size--;
	json_string(j, b->scratch, (size_t)n);
	j->size++;
	return j->is_cut == before.is_cut;
}

static void
add_words(struct event_buffer *b, const struct call *c, const char *name, struct guest_ptr vector)
{
	struct json before = b->line;
	uint64_t word;

	if (!json_name(&b->line, name) || !json_raw(&b->line, "[") || b->line.n + 8 > b->line.size) {
		undo(&b->line, &before);
		return;
	}
	for (unsigned i = 0; load_pointer(c, vector, i, &word) == 0 && word; i++)
		if (i == WORDS_SHOWN || !add_word(b, guest(word), i == 0)) {
			b->line.is_cut = true;
			break;
		}
	b->line.at[b->line.n++] = ']';
	b->line.at[b->line.n] = 0;
}

/* As the trace shows it; a plain number stays one. */
static void
add_decoded(struct event_buffer *b, const struct arg *a, const struct text *t)
{
	bool is_number = a->kind == ARG_INT || a->kind == ARG_UINT || a->kind == ARG_FD;

	if (is_number && (t->at[0] == '-' || (t->at[0] >= '0' && t->at[0] <= '9')))
		add_plain(&b->line, a->name, t->at);
	else if (strcmp(t->at, "NULL") == 0)
		add_plain(&b->line, a->name, "null");
	else
		add_string(&b->line, a->name, t->at, t->n);
}

static void
add_in(struct event_buffer *b, const struct call *c, unsigned i)
{
	const struct arg *a = &c->row->args[i];
	struct text t;

	if (a->kind == ARG_PATH)
		add_path(b, a->name, guest(c->arg[i]));
	else if (a->kind == ARG_STRINGS) {
		/* The second vector is the environment, where people keep secrets. */
		if (i == 0 || c->row->args[i - 1].kind != ARG_STRINGS)
			add_words(b, c, a->name, guest(c->arg[i]));
	} else {
		text_clear(&t, b->scratch, sizeof b->scratch);
		decode_in(&t, c, i);
		add_decoded(b, a, &t);
	}
}

static void
add_out(struct event_buffer *b, const struct call *c, unsigned i, long answer)
{
	struct text t;

	text_clear(&t, b->scratch, sizeof b->scratch);
	decode_out(&t, c, i, answer);
	add_decoded(b, &c->row->args[i], &t);
}

/* ---- a call ---- */

static void
add_head(struct json *j, const struct call *c)
{
	struct __kernel_timespec now = {0, 0};
	size_t size = j->size;

	core_call(__NR_clock_gettime, 0 /* CLOCK_REALTIME */, &now);
	json_raw(j, "{\"time\":%ld.%09ld,\"pid\":%d,\"tid\":%d", (long)now.tv_sec, (long)now.tv_nsec, c->p->pid,
		 c->t->tid);
	j->has_member = true;
	j->size = j->n + EXE_ROOM;
	add_string(j, "exe", c->p->exec_path, strlen(c->p->exec_path));
	j->size = size;
	json_raw(j, ",\"abi\":\"%s\",\"call\":\"%s\",\"args\":{", c->abi->name, c->row->name);
	j->has_member = false;
}

/* Does it open a file for writing? Unknown flags are the kernel's to refuse. */
static uint8_t
cells_of(const struct event_row *e, const struct call *c)
{
	long host;

	if (e->open_flags < 0)
		return EVENT_WRITES | EVENT_OTHER;
	host = flags_to_host(c->row->args[e->open_flags].map, c->arg[e->open_flags]);
	return host >= 0 && (host & (O_ACCMODE | O_CREAT | O_TRUNC)) ? EVENT_WRITES : EVENT_OTHER;
}

static void
begin(struct call *c, const struct event_row *e)
{
	struct event_buffer *b = c->t->event;
	uint8_t cells = e->cells & cells_of(e, c);

	if (!b && cells)
		b = c->t->event = core_alloc(sizeof *b);
	if (!b)
		return;
	b->is_open = cells != 0;
	b->cells = cells;
	b->call = c;
	if (!cells)
		return;
	json_begin(&b->line, b->space, sizeof b->space, TAIL);
	add_head(&b->line, c);
	for (unsigned i = 0; i < c->row->nargs; i++)
		if (!decode_is_out(&c->row->args[i]))
			add_in(b, c, i);
}

/* Whether the whole line got out. */
static bool
write_line(const char *text, size_t n)
{
	uint32_t was_torn = __atomic_exchange_n(&torn, 0, __ATOMIC_RELAXED);
	long r;

	if (was_torn)
		output_write(&output, "\n", 1);
	r = output_write(&output, text, n);
	if (r > 0 && r < (long)n)
		__atomic_store_n(&torn, 1, __ATOMIC_RELAXED);
	return r == (long)n;
}

/* The end of the line, and out with it; `result` as JSON has it. */
static void
finish(struct event_buffer *b, const char *result)
{
	struct json *j = &b->line;
	uint32_t untold = __atomic_exchange_n(&lost, 0, __ATOMIC_RELAXED);

	json_reclaim(j, TAIL);
	if (j->is_cut)
		json_raw(j, "},\"cut\":true");
	else
		json_raw(j, "}");
	if (untold)
		json_raw(j, ",\"lost\":%u", untold);
	json_raw(j, ",%s}\n", result);
	if (!write_line(j->at, j->n))
		__atomic_fetch_add(&lost, untold + 1, __ATOMIC_RELAXED);
}

static void
end(const struct call *c, long answer)
{
	struct event_buffer *b = c->t->event;
	uint8_t outcome = IS_ERROR(answer) ? EVENT_FAILED : EVENT_OK;
	const char *error;
	char result[64];

	if (!b || !b->is_open)
		return;
	b->is_open = false;
	if (!(b->cells & outcome) || answer == CALL_RESTART)
		return;
	for (unsigned i = 0; i < c->row->nargs; i++) {
		const struct arg *a = &c->row->args[i];

		if (decode_is_out(a) && !IS_ERROR(answer))
			add_out(b, c, i, answer);
		else if (decode_is_out(a) && decode_is_in(a))
			add_in(b, c, i);
	}
	error = IS_ERROR(answer) ? decode_errno_name(c, answer) : NULL;
	if (error)
		format(result, sizeof result, "\"error\":\"%s\"", error);
	else if (IS_ERROR(answer))
		format(result, sizeof result, "\"error\":\"%u\"", guest_errno(c, answer));
	else
		format(result, sizeof result, "\"result\":%ld", answer);
	finish(b, result);
}

HOT void
events_leave(struct thread *t)
{
	struct event_buffer *b = t->event;

	struct json before = b->line;

	if (!b->is_open || !(b->cells & EVENT_OK))
		return;
	finish(b, "\"result\":null");
	/* Should it come back after all, with an error, that is one more line. */
	b->line = before;
}

HOT void
events_after_fork(struct thread *t)
{
	__atomic_store_n(&lost, 0, __ATOMIC_RELAXED);
	if (t->event)
		t->event->is_open = false;
}

static long
run_watched(struct call *c)
{
	const struct event_row *e = (const struct event_row *)c->row;
	long r;

	c->row = e->original;
	begin(c, e);
	r = e->original->run(c);
	if (r == -EINTR || r == CALL_RESTART)
		r = call_interrupted(c, r);
	end(c, r);
	return r;
}

/* ---- start ---- */

static unsigned
count_chosen(const struct personality *abi, const uint8_t *cells)
{
	unsigned n = 0;

	for (unsigned nr = 0; nr < abi->nrows; nr++)
		n += cells[nr] != 0;
	return n;
}

static void
watch(struct event_row *e, const struct row *original, uint8_t cells)
{
	e->row = *original;
	e->row.run = run_watched;
	e->original = original;
	e->cells = cells;
	e->open_flags = (int8_t)event_open_flags(original);
}

HOT const struct personality *
events_start(const struct personality *abi)
{
	static struct personality watched BULKY;
	const struct row **rows;
	struct event_row *e;
	uint8_t *cells;

	if (options.events_fd < 0)
		return abi;
	output_start(&output, options.events_fd);
	cells = arena_map(abi->nrows, 4096);
	rows = arena_map(abi->nrows * sizeof *rows, 4096);
	if (!cells || !rows)
		die(126, "--events: no memory for its rules");
	event_rules_read(abi, options.event_rules, cells);
	e = arena_map((count_chosen(abi, cells) + 1) * sizeof *e, 4096);
	if (!e)
		die(126, "--events: no memory for its rules");
	for (unsigned nr = 0; nr < abi->nrows; nr++) {
		rows[nr] = abi->rows[nr];
		if (!cells[nr] || !rows[nr]->run || rows[nr]->run == call_missing)
			continue;
		watch(e, rows[nr], cells[nr]);
		rows[nr] = &e++->row;
	}
	arena_unmap(cells, abi->nrows);
	watched = *abi;
	watched.rows = rows;
	watched.direct = (struct direct){0};	/* which would go past the rows */
	return &watched;
}
