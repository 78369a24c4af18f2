/*
 * libFuzzer's target for what the loader reads of a file: -Dfuzz=true, clang only.
 *	tests/fuzz_elf -max_len=4200 CORPUS
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "loader/loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct elf_info info;
	static struct script script;
	struct load_error e = {0};
	size_t head = size < ELF_HEAD ? size : ELF_HEAD;

	if (elf_parse(data, head, size, &info, &e) == 0) {
		if (info.nloads == 0 || info.lowest >= info.highest)
			abort();
	} else if (!e.reason) {
		abort();
	}
	if (script_parse(data, head, &script, &e) == 1 && !script.interpreter[0])
		abort();
	elf_read_notes(&info, data, size);
	return 0;
}
