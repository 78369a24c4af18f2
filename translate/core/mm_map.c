#include "mm_map.h"

#include <linux/elf.h>

#include "core.h"
#include "host.h"
#include "linux_abi.h"
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
	core_call(__NR_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}
