#include <linux/elf.h>

#include "linux.h"

#include "loader/loader.h"

const struct personality linux_personality = {
	.name = "linux",
	.brand = BRAND_LINUX,
	.elf_class = ELFCLASS64,
	.machine = EM_X86_64,
	.rows = linux_rows,
	.nrows = LINUX_NROWS,
	.direct = {linux_direct_calls, LINUX_NROWS, ~UINT64_C(0), ~UINT64_C(0), NULL},
	.errnos = &linux_errnos,
	.signals = &linux_signals,
	.signal_max = 64,
	.default_action = linux_default_action,
	.host_restarts = true,
	.fetch = linux_fetch,
	.answer = linux_answer,
	.missing = linux_missing,
	.enter_handler = linux_enter_handler,
	.fault_signal = linux_fault_signal,
	.start = linux_start,
};
