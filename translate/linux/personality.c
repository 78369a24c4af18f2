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
	.errnos = &linux_errnos,
	.signals = &linux_signals,
	.signal_max = 64,
	.default_action = linux_default_action,
	.host_restarts = true,
	.syscall = linux_syscall,
	.answer = linux_answer,
	.missing = linux_missing,
	.enter_handler = linux_enter_handler,
	.fault_signal = linux_fault_signal,
	.start = linux_start,
};
