/* The personalities that this build has: chosen by a file or by name, and listed for binfmt_misc. */
#ifndef DRAGOMAN_CORE_ABIS_H
#define DRAGOMAN_CORE_ABIS_H

#include "personality.h"

struct elf_info;

/* NULL: this build has none. A file's class and machine count beside its brand. */
const struct personality *personality_by_brand(unsigned brand, const struct elf_info *info);
const struct personality *personality_by_name(const char *name);

/*
 * `dragoman-core --abis`: a line on stdout for each way in which an ELF header can tell a
 * personality's files, for `dragoman binfmt` to make masks of:
 *	NAME BRAND CLASS MACHINE EI_OSABI
 * EI_OSABI is -1 where the header does not tell. Linux files have two lines: most
 * say nothing (0), and what says nothing is a Linux file.
 */
void abis_print(void);

#endif
