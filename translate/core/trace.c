#include "layout.h"
#include "trace.h"

#include "core.h"
#include "events.h"
#include "host.h"
#include "linux_abi.h"
#include "memory.h"
#include "output.h"
#include "personality.h"
#include "print.h"
#include "signal.h"
#include "stats.h"
#include "string.h"
#include "thread.h"
#include "trace_decode.h"
#include "trace_filter.h"
#include "trace_text.h"

/* What is known of a thread's call until its line is written. */
struct trace_buffer {
	bool is_shown;
	bool is_open; /* begun, and its line not yet written */
	bool is_missing;
	uint64_t second; /* before the call */
	uint64_t began;	 /* stats_clock() */
	const struct call *call;
	uint16_t in[CALL_ARGS + 1]; /* where each argument's text begins in `arguments` */
	struct text arguments, host, line;
	char arguments_space[4800], host_space[2400], line_space[8000];
};
_Static_assert(sizeof(struct trace_buffer) < 0x4000 - 16,
	       "fits the core's heap without a mapping of its own");

bool trace_active;
unsigned char host_calls_traced;
static bool many_threads, many_processes;
static struct output output;
static uint64_t warned[1024 / 64] BULKY;

/* ---- output ---- */

void
trace_write(const char *text, size_t n)
{
	output_write(&output, text, n);
}

static void
add_label(struct text *line, const struct thread *t)
{
	if (many_threads)
		text_add(line, "[%d %d] ", t->p->pid, t->tid);
	else if (many_processes)
		text_add(line, "[%d] ", t->p->pid);
}

/* The line so far, its end, and out with it: all in one write. */
static void
write_line(struct text *line)
{
	line->at[line->n] = '\n';
	trace_write(line->at, line->n + 1);
}

/* ---- start ---- */

HOT void
trace_start(const struct personality *abi)
{
	many_processes = options.trace_labels;
	if (options.trace)
		trace_filter_start(abi, options.trace);
	if (options.stats && !stats_start(abi))
		options.stats = false;
	host_calls_traced = options.trace != NULL;
	trace_active = options.trace || options.stats;
	if (trace_active || options.warn)
		output_start(&output, options.trace_fd);
}

static struct trace_buffer *
buffer_of(struct thread *t)
{
	if (!t->trace)
		t->trace = core_alloc(sizeof *t->trace);
	return t->trace;
}

/* ---- a call ---- */

/* Shown whatever the filter says: it may be why the program goes wrong. */
static bool
is_missing(const struct call *c)
{
	return !c->row || !c->row->run || c->row->run == call_missing;
}

void
trace_begin(struct call *c)
{
	struct trace_buffer *b = buffer_of(c->t);

	if (!b)
		return;
	b->call = c;
	b->second = c->second;
	b->is_missing = false;
	b->is_open = true;
	b->is_shown = options.trace && (trace_filter_has((unsigned)c->nr) || is_missing(c));
	text_clear(&b->host, b->host_space, sizeof b->host_space);
	text_clear(&b->arguments, b->arguments_space, sizeof b->arguments_space);
	if (options.trace && c->row)
		for (unsigned i = 0; i < c->row->nargs; i++) {
			b->in[i] = (uint16_t)b->arguments.n;
			if (b->is_shown && decode_is_in(&c->row->args[i]))
				decode_in(&b->arguments, c, i);
			b->in[i + 1] = (uint16_t)b->arguments.n;
		}
	if (options.stats)
		b->began = stats_clock();
}

/* Before the answer is known (NULL), an argument that is only filled is an address. */
static void
add_argument(struct trace_buffer *b, const struct call *c, unsigned i, const long *answer)
{
	const struct arg *a = &c->row->args[i];
	const char *in = b->arguments.at + b->in[i];
	size_t n = (size_t)(b->in[i + 1] - b->in[i]), before;

	text_add(&b->line, "%.*s", (int)n, in);
	if (!decode_is_out(a))
		return;
	if (!answer) {
		if (!decode_is_in(a))
			decode_number(&b->line, c, ARG_PTR, 8, NULL, c->arg[i]);
		return;
	}
	if (!decode_is_in(a)) {
		decode_out(&b->line, c, i, *answer);
		return;
	}
	if (IS_ERROR(*answer))
		return;
	/* Both ways: what came out is worth saying if it differs. */
	text_add(&b->line, " => ");
	before = b->line.n;
	decode_out(&b->line, c, i, *answer);
	if (b->line.n - before == n && memcmp(b->line.at + before, in, n) == 0) {
		b->line.n = before - 4;
		b->line.at[b->line.n] = 0;
	}
}

static void
add_call(struct trace_buffer *b, const struct call *c, const long *answer)
{
	if (!c->row) {
		text_add(&b->line, "#%lu(0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx)",
			 (unsigned long)c->nr, c->arg[0], c->arg[1], c->arg[2], c->arg[3],
			 c->arg[4], c->arg[5]);
		return;
	}
	text_add(&b->line, "%s(", c->row->name);
	for (unsigned i = 0; i < c->row->nargs; i++) {
		if (i)
			text_add(&b->line, ", ");
		add_argument(b, c, i, answer);
	}
	text_add(&b->line, ")");
}

static void
write_call(struct trace_buffer *b, const struct call *c, const long *answer)
{
	text_clear(&b->line, b->line_space, sizeof b->line_space);
	add_label(&b->line, c->t);
	add_call(b, c, answer);
	if (answer)
		decode_answer(&b->line, c, *answer, b->second);
	else
		text_add(&b->line, " = ?");
	if (b->is_missing)
		text_add(&b->line, "   <- not implemented");
	else if (b->host.n)
		text_add(&b->line, "   <- %s", b->host.at);
	write_line(&b->line);
}

void
trace_end(struct call *c, long answer)
{
	struct trace_buffer *b = c->t->trace;

	if (!b)
		return;
	if (options.stats)
		stats_count(c, IS_ERROR(answer) && answer > CALL_RESTART, stats_clock() - b->began);
	if (b->is_shown)
		write_call(b, c, &answer);
	b->is_open = false;
	b->is_shown = false;
}

HOT void
trace_leaves(struct thread *t)
{
	struct trace_buffer *b = t->trace;

	if (t->event)
		events_leave(t);
	if (!trace_active || !b || !b->is_open)
		return;
	if (options.stats)
		stats_count(b->call, false, stats_clock() - b->began);
	if (b->is_shown)
		write_call(b, b->call, NULL);
	b->is_open = false;
}

/* Once a number and process; the trace has it each time. */
static void
warn_missing(const struct call *c)
{
	unsigned bit = c->nr < 1024 ? (unsigned)c->nr : 1023;
	uint64_t mask = UINT64_C(1) << bit % 64;
	char line[160];
	size_t n;

	if (__atomic_fetch_or(&warned[bit / 64], mask, __ATOMIC_RELAXED) & mask)
		return;
	n = format(line, sizeof line, "dragoman: call %lu (%s) is not implemented\n",
		   (unsigned long)c->nr, c->row ? c->row->name : "no such number");
	trace_write(line, n);
}

void
trace_missing(struct call *c)
{
	if (c->t->trace)
		c->t->trace->is_missing = true;
	if (options.warn)
		warn_missing(c);
}

/* ---- host calls ---- */

static void
add_host_argument(struct text *t, long value)
{
	if (value == AT_FDCWD)
		text_add(t, "AT_FDCWD");
	else if (value > -0x10000 && value < 0x10000)
		text_add(t, "%ld", value);
	else
		text_add(t, "0x%lx", (unsigned long)value);
}

static void
add_host_call(unsigned nargs, long nr, const long args[6], long result)
{
	struct trace_buffer *b = thread_self()->trace;
	const char *name = host_call_name((unsigned)nr), *error = NULL;

	if (!b || !b->is_shown || result == CALL_RESTART)
		return;
	if (b->host.n)
		text_add(&b->host, "; ");
	if (name)
		text_add(&b->host, "%s(", name);
	else
		text_add(&b->host, "#%ld(", nr);
	for (unsigned i = 0; i < nargs; i++) {
		if (i)
			text_add(&b->host, ", ");
		add_host_argument(&b->host, args[i]);
	}
	if (IS_ERROR(result))
		error = host_errno_name((unsigned)-result);
	if (error)
		text_add(&b->host, ") = -%s", error);
	else {
		text_add(&b->host, ") = ");
		add_host_argument(&b->host, result);
	}
}

long
host_call_traced(long nr, long a, long b, long c, long d, long e, long f, long nargs)
{
	long r = host_call_untraced(nr, a, b, c, d, e, f);

	add_host_call((unsigned)nargs, nr, (const long[6]){a, b, c, d, e, f}, r);
	return r;
}

/* ---- signals ---- */

void
trace_signal(struct thread *t, const struct queued_signal *s)
{
	char space[256];
	struct text line;

	if (!trace_active || !trace_filter_has_signals())
		return;
	text_clear(&line, space, sizeof space);
	add_label(&line, t);
	text_add(&line, "--- ");
	decode_signal(&line, t->p->abi, s->number);
	if (t->p->abi->decode_signal)
		t->p->abi->decode_signal(&line, t, s);
	text_add(&line, " ---");
	write_line(&line);
}

void
trace_killed(struct thread *t, int number)
{
	char space[128];
	struct text line;

	if (!trace_active)
		return;
	if (options.trace) {
		text_clear(&line, space, sizeof space);
		add_label(&line, t);
		text_add(&line, "+++ killed by ");
		decode_signal(&line, t->p->abi, number);
		text_add(&line, " +++");
		write_line(&line);
	}
	trace_process_ends(t);
}

HOT void
trace_process_ends(struct thread *t)
{
	if (options.stats && trace_active && !t->p->is_vfork_child)
		stats_print(many_processes ? t->p->pid : 0);
}

/* ---- threads and processes ---- */

void
trace_many_threads(void)
{
	many_threads = true;
}

HOT void
trace_many_processes(void)
{
	many_processes = true;
}

HOT bool
trace_is_labelled(void)
{
	return many_processes;
}

HOT void
trace_after_fork(struct thread *t)
{
	events_after_fork(t);
	many_threads = false;
	if (options.stats && trace_active)
		stats_reset();
}

HOT void
trace_thread_ends(struct thread *t)
{
	core_free(t->trace);
	t->trace = NULL;
	core_free(t->event);
	t->event = NULL;
}
