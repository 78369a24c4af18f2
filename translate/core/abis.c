#include "abis.h"

#include "host.h"
#include "loader/loader.h"
#include "print.h"
#include "string.h"

const struct personality *
personality_by_brand(unsigned brand, const struct elf_info *info)
{
	for (const struct personality *const *p = personalities; *p; p++)
		if ((*p)->brand == brand && (*p)->elf_class == info->class && (*p)->machine == info->machine)
			return *p;
	return NULL;
}

const struct personality *
personality_by_name(const char *name)
{
	for (const struct personality *const *p = personalities; *p; p++)
		if (strcmp((*p)->name, name) == 0)
			return *p;
	return NULL;
}

static void
print_line(const struct personality *p, int osabi)
{
	char line[128];
	size_t n = format(line, sizeof line, "%s %s %u %u %d\n", p->name, brand_name(p->brand), p->elf_class,
			  p->machine, osabi);

	core_call(__NR_write, 1, line, n);
}

void
abis_print(void)
{
	for (const struct personality *const *p = personalities; *p; p++) {
		print_line(*p, brand_osabi((*p)->brand));
		if ((*p)->brand == BRAND_LINUX)
			print_line(*p, 0 /* ELFOSABI_NONE */);
	}
}
