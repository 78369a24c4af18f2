#include "mm_map.h"

#include <linux/elf.h>

#include "core.h"
#include "host.h"
#include "layout.h"
#include "linux_abi.h"
#include "mapping.h"
#include "string.h"
#include "loader/loader.h"
#include "loader/stack.h"

/* As load_elf_binary() (fs/binfmt_elf.c) reckons them. */
static void
find_code_and_data(const struct image *image, struct prctl_mm_map *map)
{
	map->start_code = image->program.end;
	map->end_code = map->start_data = map->end_data = image->program.start;
	for (unsigned n = 0; n < image->info.nloads; n++) {
		const struct elf_segment *s = &image->info.loads[n];
		uint64_t start = image->base + s->vaddr, end = start + s->filesz;

		if (s->flags & PF_X && start < map->start_code)
			map->start_code = start;
		if (s->flags & PF_X && end > map->end_code)
			map->end_code = end;
		if (start > map->start_data)
			map->start_data = start;
		if (end > map->end_data)
			map->end_data = end;
	}
	if (map->start_code > map->end_code)
		map->start_code = map->end_code;
}

static long
set(const struct prctl_mm_map *map)
{
	return core_call(__NR_prctl, PR_SET_MM, PR_SET_MM_MAP, map, sizeof *map, 0);
}

void
mm_map_program(const struct image *image, const struct stack_words *words)
{
	struct prctl_mm_map map = {
		.start_brk = image->brk_start,
		.brk = image->brk_start,
		.start_stack = words->block,
		.arg_start = words->args,
		.arg_end = words->env,
		.env_start = words->env,
		.env_end = words->env_end,
		.auxv = (__u64 *)words->auxv,
		.auxv_size = words->auxv_size,
		.exe_fd = UINT32_MAX,
	};

	find_code_and_data(image, &map);
	set(&map);
}

/* Places of numbers in /proc/PID/stat (proc(5)). */
enum {
	START_CODE = 26, END_CODE, START_STACK,
	START_DATA = 45, END_DATA, START_BRK, ARG_START, ARG_END, ENV_START, ENV_END,
};

struct stat_text { char text[1024]; };

static bool
read_stat(long pid, struct stat_text *t)
{
	long fd = proc_open(pid, "stat"), n;

	if (fd < 0)
		return false;
	n = core_call(__NR_read, fd, t->text, sizeof t->text - 1);
	core_call(__NR_close, fd);
	t->text[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* The second, before all these, is a name in brackets that may be anything. */
static uint64_t
stat_field(const struct stat_text *t, unsigned n)
{
	const char *s = strrchr(t->text, ')');
	uint64_t value = 0;

	for (unsigned at = 2; s && *s && at < n; s++)
		at += *s == ' ';
	for (; s && *s >= '0' && *s <= '9'; s++)
		value = value * 10 + (uint64_t)(*s - '0');
	return value;
}

long
mm_map_args(const char *text, size_t n)
{
	static uint64_t first, end_of_first;
	struct prctl_mm_map map = {.exe_fd = UINT32_MAX};
	struct stat_text t;

	if (!read_stat(0, &t))
		return -EPERM;
	map.start_code = stat_field(&t, START_CODE);
	map.end_code = stat_field(&t, END_CODE);
	map.start_data = stat_field(&t, START_DATA);
	map.end_data = stat_field(&t, END_DATA);
	map.start_brk = map.brk = stat_field(&t, START_BRK);
	map.start_stack = stat_field(&t, START_STACK);
	map.env_start = stat_field(&t, ENV_START);
	map.env_end = stat_field(&t, ENV_END);
	if (!first) {
		first = stat_field(&t, ARG_START);
		end_of_first = stat_field(&t, ARG_END);
	}
	map.arg_start = text ? (uintptr_t)text : first;
	map.arg_end = text ? map.arg_start + n : end_of_first;
	return set(&map);
}

bool
mm_map_file(long pid, char *to, size_t size)
{
	struct stat_text t;
	struct mapping m;

	if (!read_stat(pid, &t) || !mapping_find(pid, stat_field(&t, START_CODE), &m) ||
	    (m.from >= CORE_BASE && m.from < CORE_END) || m.name[0] != '/' || strlen(m.name) >= size)
		return false;
	strlcpy(to, m.name, size);
	return true;
}
