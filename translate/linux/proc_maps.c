/*
 * /proc/self/maps, smaps and numa_maps (proc(5)) as a kernel that runs the guest itself would show
 * them: without the core's mappings, and with the kernel's names for what the core made in its place.
 * The host's file is read once, at the open; what the guest gets is a copy in memory.
 */
#include "linux.h"

#include <linux/auxvec.h>
#include <linux/elf.h>
#include <linux/magic.h>
#include <asm/statfs.h>

#include "core/copy.h"
#include "core/exec.h"
#include "core/host.h"
#include "core/layout.h"
#include "core/low.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/print.h"
#include "core/sites.h"
#include "core/string.h"

#define PAGE UINT64_C(4096)
#define NAME_COLUMN 73	/* show_vma_header_prefix() (fs/proc/task_mmu.c) on a 64-bit kernel */

/* One mapping: start-end perms offset device inode name. */
struct entry {
	uint64_t start, end, offset;
	char perms[8], where[48];
	const char *name;
};

struct view {
	const struct process *p;
	int from, to;
	bool is_maps;		/* else more follows on a line, or below it */
	bool hides;		/* the lines that come are not the guest's */
	struct entry held;	/* of maps: what the next line may go on with; held.end 0: none */
	char held_name[4096];
	size_t nin, nout;
	char in[3 * 4096], out[2 * 4096];
};

static const char *
hexadecimal(const char *s, uint64_t *value)
{
	*value = 0;
	for (;; s++) {
		if (*s >= '0' && *s <= '9')
			*value = *value << 4 | (uint64_t)(*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			*value = *value << 4 | (uint64_t)(*s - 'a' + 10);
		else
			return s;
	}
}

/* ---- writing ---- */

static void
flush(struct view *v)
{
	size_t done = 0;

	while (done < v->nout) {
		long r = core_call(__NR_write, v->to, v->out + done, v->nout - done);

		if (r <= 0)
			break;
		done += (size_t)r;
	}
	v->nout = 0;
}

static void
put(struct view *v, const char *text, size_t n)
{
	for (; n > 0; n--) {
		if (v->nout == sizeof v->out)
			flush(v);
		v->out[v->nout++] = *text++;
	}
}

static void
put_entry(struct view *v, const struct entry *e)
{
	char head[160];
	size_t n = format(head, sizeof head, "%08lx-%08lx %s %08lx %s ", e->start, e->end, e->perms, e->offset, e->where);

	put(v, head, n);
	for (; *e->name && n < NAME_COLUMN; n++)
		put(v, " ", 1);
	put(v, e->name, strlen(e->name));
	put(v, "\n", 1);
}

static void
put_held(struct view *v)
{
	if (v->held.end)
		put_entry(v, &v->held);
	v->held.end = 0;
}

/* ---- what the guest sees ---- */

static bool
is_hidden(const struct view *v, uint64_t start, uint64_t end)
{
	const struct process *p = v->p;

	if (start < CORE_END && end > CORE_BASE)
		return true;
	if (p->abi->elf_class == ELFCLASS32 && start >= LOW_END)
		return true;
	/* The core's own stack, with what it was started with. */
	if (sites_made(start, end) || (host_auxv(AT_EXECFN) >= start && host_auxv(AT_EXECFN) < end))
		return true;
	return end == p->stack_base - p->stack_size && end - start == PAGE;	/* its guard */
}

static uint64_t
heap_end(const struct process *p)
{
	return p->break_now > p->break_start ? (p->break_now + PAGE - 1) & ~(PAGE - 1) : p->break_start;
}

/* The kernel's name for what the core has made, or the one that is there. */
static const char *
name_for(const struct process *p, uint64_t start, uint64_t end, const char *name)
{
	if (start < p->stack_base && end > p->stack_base - p->stack_size)
		return "[stack]";
	if (start < heap_end(p) && end > p->break_start)
		return "[heap]";
	if (start == p->shared_page)
		return "[vdso]";
	/* The host's own, to which the guest's leads (linux_i386/vdso.c). */
	return p->shared_page && strcmp(name, "[vdso]") == 0 ? "" : name;
}

static bool
goes_on(const struct entry *before, const struct entry *e)
{
	return before->end == e->start && before->offset + (before->end - before->start) == e->offset &&
	       strcmp(before->perms, "r-xp") == 0 && strcmp(before->perms, e->perms) == 0 &&
	       strcmp(before->where, e->where) == 0 && e->name[0] == '/' && strcmp(before->name, e->name) == 0;
}

/* Text with rewritten sites has more mappings than the guest made of it. */
static void
hold(struct view *v, const struct entry *e)
{
	if (v->held.end && goes_on(&v->held, e)) {
		v->held.end = e->end;
		return;
	}
	put_held(v);
	v->held = *e;
	strlcpy(v->held_name, e->name, sizeof v->held_name);
	v->held.name = v->held_name;
}

static void
show(struct view *v, struct entry *e)
{
	const struct process *p = v->p;

	/* The data segment's end and the heap have become one mapping. */
	if (e->start < p->break_start && e->end > p->break_start && heap_end(p) > p->break_start) {
		struct entry data = *e;

		data.end = e->start = p->break_start;
		hold(v, &data);
	}
	e->name = name_for(p, e->start, e->end, e->name);
	hold(v, e);
}

/* ---- reading ---- */

/* A word, ended, and what stands behind it. */
static char *
word(char *s, char **next)
{
	char *end = s;

	while (*end && *end != ' ')
		end++;
	*next = *end ? end + 1 : end;
	*end = 0;
	return s;
}

/* The line of a mapping, in `s` behind its addresses, is taken to pieces. */
static void
take_entry(struct view *v, struct entry *e, char *s)
{
	char *device, *inode, *rest = s;

	strlcpy(e->perms, word(rest, &rest), sizeof e->perms);
	hexadecimal(word(rest, &rest), &e->offset);
	device = word(rest, &rest);
	inode = word(rest, &rest);
	format(e->where, sizeof e->where, "%s %s", device, inode);
	while (*rest == ' ')
		rest++;
	path_to_guest(rest);
	/* The host knows only where the heap began (core/mm_map.c): name_for() has the whole. */
	e->name = strcmp(rest, "[heap]") == 0 ? "" : rest;
	v->hides = is_hidden(v, e->start, e->end);
}

static void
put_line(struct view *v, const char *line)
{
	put(v, line, strlen(line));
	put(v, "\n", 1);
}

/* Of numa_maps, which has no end of a mapping: its pages are the guest's if its first is. */
static void
line_of_numa(struct view *v, uint64_t start, const char *line)
{
	v->hides = is_hidden(v, start, start + PAGE);
	if (!v->hides)
		put_line(v, line);
}

static void
one_line(struct view *v, char *line)
{
	struct entry e;
	const char *s = hexadecimal(line, &e.start);

	if (s == line) {	/* smaps: a fact of the mapping above */
		if (!v->hides)
			put_line(v, line);
		return;
	}
	if (*s == ' ') {
		line_of_numa(v, e.start, line);
		return;
	}
	s = hexadecimal(s + 1, &e.end);
	take_entry(v, &e, line + (s - line) + 1);
	if (v->hides)
		return;
	if (v->is_maps) {
		show(v, &e);
		return;
	}
	e.name = name_for(v->p, e.start, e.end, e.name);
	put_entry(v, &e);
}

/* The whole lines of what was read; what is left of it goes to the front. */
static void
lines(struct view *v)
{
	char *line = v->in, *end;

	while ((end = strchr(line, '\n'))) {
		*end = 0;
		one_line(v, line);
		line = end + 1;
	}
	v->nin -= (size_t)(line - v->in);
	memmove(v->in, line, v->nin + 1);
}

static long
copy_view(struct view *v)
{
	long r;

	do {
		size_t room = sizeof v->in - 1 - v->nin;

		r = room ? core_call(__NR_read, v->from, v->in + v->nin, room) : 0;
		if (r <= 0)
			break;
		v->nin += (size_t)r;
		v->in[v->nin] = 0;
		lines(v);
	} while (true);
	put_held(v);
	flush(v);
	return r;
}

/* ---- opening ---- */

enum { MAPS, SMAPS, NUMA_MAPS };
static const char *const names[] = {[MAPS] = "maps", [SMAPS] = "smaps", [NUMA_MAPS] = "numa_maps"};

/* Which of them the path ends with, or -1. */
static int
which(const char *path)
{
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(last, names[i]) == 0)
			return (int)i;
	return -1;
}

bool
linux_names_maps(struct guest_ptr file)
{
	char path[4096];

	return copy_in_string(path, file, sizeof path) > 0 && which(path) >= 0;
}

/* Which the open file is, if it is /proc/PID/maps or /proc/PID/task/TID/maps of the process itself; else -1. */
static int
which_of_own(const struct process *p, int fd)
{
	char link[32], path[256], own[16];
	struct statfs fs;
	char *at;
	int kind;
	long r;

	if (core_call(__NR_fstatfs, fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return -1;
	format(link, sizeof link, "/proc/self/fd/%d", fd);
	r = core_call(__NR_readlink, link, path, sizeof path - 1);
	if (r < 0)
		return -1;
	path[r] = 0;
	kind = which(path);
	if (kind < 0)
		return -1;
	*strrchr(path, '/') = 0;
	at = strrchr(path, '/');
	if (at && at - path > 5 && strncmp(at - 5, "/task", 5) == 0) {
		at[-5] = 0;
		at = strrchr(path, '/');
	}
	format(own, sizeof own, "%d", p->pid);
	return at && strcmp(at + 1, own) == 0 ? kind : -1;
}

/* A descriptor for reading the memory file `fd`, in the place of `old`, whose flags it gets. */
static long
take_place(int fd, int old, uint32_t how)
{
	char link[32];
	long r;

	format(link, sizeof link, "/proc/self/fd/%d", fd);
	r = core_call(__NR_openat, AT_FDCWD, link, O_RDONLY | (how & (O_NONBLOCK | O_NOATIME)) | O_CLOEXEC);
	if (r < 0)
		return r;
	core_call(__NR_dup3, r, old, how & O_CLOEXEC);
	core_call(__NR_close, r);
	return old;
}

long
linux_maps_as_seen(struct call *c, long fd, uint32_t how)
{
	int kind = fd < 0 || how & (O_PATH | O_WRONLY) ? -1 : which_of_own(c->p, (int)fd);
	struct view *v;
	long r, to;

	if (kind < 0)
		return fd;
	v = core_alloc(sizeof *v);
	to = v ? core_call(__NR_memfd_create, names[kind], MFD_CLOEXEC) : -ENOMEM;
	r = to;
	if (to >= 0) {
		v->p = c->p;
		v->from = (int)fd;
		v->to = (int)to;
		v->is_maps = kind == MAPS;
		r = copy_view(v);
		if (r >= 0)
			r = take_place((int)to, (int)fd, how);
		core_call(__NR_close, to);
	}
	core_free(v);
	if (r < 0)
		core_call(__NR_close, fd);
	return r;
}
