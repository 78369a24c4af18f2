#include "linux_i386.h"

#include <linux/elf.h>

#include "loader/loader.h"

const struct personality linux_i386_personality = {
	.name = "linux_i386",
	.brand = BRAND_LINUX,
	.elf_class = ELFCLASS32,
	.machine = EM_386,
	.rows = linux_i386_rows,
	.nrows = LINUX_I386_NROWS,
	.direct = {linux_i386_direct_calls, LINUX_I386_NROWS, ~UINT64_C(0), ~UINT64_C(0), linux_i386_answers},
	.errnos = &linux_i386_errnos,
	.signals = &linux_i386_signals,
	.signal_max = 64,
	.default_action = linux_default_action,
	.host_restarts = true,
	.fetch = linux_i386_fetch,
	.answer = linux_i386_answer,
	.missing = linux_missing,
	.faults_to_call = linux_i386_faults_to_call,
	.enter_handler = linux_i386_enter_handler,
	.fault_signal = linux_i386_fault_signal,
	.start = linux_i386_start,
	.child_pointer = linux_i386_child_pointer,
	.hands_on_descriptors = linux_i386_mark_small_files,
	.thread_begins = linux_i386_thread_begins,
	.after_fork = linux_i386_after_fork,
	.thread_ends = linux_i386_thread_ends,
};
