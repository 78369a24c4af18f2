#include <linux/elf.h>

#include "freebsd.h"
#include "procdesc.h"
#include "socket.h"
#include "timekeep.h"

#include "bsd/kqueue.h"
#include "core/thread.h"
#include "loader/loader.h"

static const uint16_t releases[] = {1501, 1302, 0};

static void
after_fork(struct thread *t)
{
	kqueue_after_fork(t->p);
	freebsd_timers_after_fork();
	aio_after_fork();
	freebsd_timekeep_after_fork();
	procdesc_after_fork();
}

const struct personality freebsd_personality = {
	.name = "freebsd",
	.brand = BRAND_FREEBSD,
	.elf_class = ELFCLASS64,
	.machine = EM_X86_64,
	.releases = releases,
	.rows = freebsd_rows,
	.nrows = FREEBSD_NROWS,
	.direct = {freebsd_direct_calls, FREEBSD_NROWS, 0, ~FREEBSD_CARRY, freebsd_answers},
	.errnos = &freebsd_errnos,
	.signals = &freebsd_signals,
	.sockets = &freebsd_sockets,
	.signal_max = 128,
	.path_max = 1024,
	.default_action = freebsd_default_action,
	.fetch = freebsd_fetch,
	.answer = freebsd_answer,
	.missing = freebsd_missing,
	.enter_handler = freebsd_enter_handler,
	.fault_signal = freebsd_fault_signal,
	.faults_to_call = freebsd_faults_to_call,
	.holds_signals = freebsd_holds_signals,
	.start = freebsd_start,
	.after_fork = after_fork,
	.decode = freebsd_decode,
	.decode_signal = freebsd_decode_signal,
};
