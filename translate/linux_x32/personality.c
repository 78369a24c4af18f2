#include "linux_x32.h"

#include <linux/elf.h>

#include "loader/loader.h"

const struct personality linux_x32_personality = {
	.name = "linux_x32",
	.brand = BRAND_LINUX,
	.elf_class = ELFCLASS32,
	.machine = EM_X86_64,
	.rows = linux_x32_rows,
	.nrows = LINUX_X32_NROWS,
	.errnos = &linux_x32_errnos,
	.signals = &linux_x32_signals,
	.signal_max = 64,
	.default_action = linux_default_action,
	.host_restarts = true,
	.fetch = linux_x32_fetch,
	.answer = linux_answer,
	.missing = linux_missing,
	.enter_handler = linux_x32_enter_handler,
	.fault_signal = linux_fault_signal,
	.start = linux_x32_start,
};
