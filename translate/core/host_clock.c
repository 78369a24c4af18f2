/*
 * The host's clock_gettime(2) by its vDSO: some 25 ns where a call takes 150. It is code outside the core:
 * what happens there would be taken for the guest's doing. So a thread says that it is there
 * (thread.vdso_stack), a signal is then kept as in core code, and what keeps the vDSO from answering
 * (a host without a usable TSC, where it makes a call itself, which traps; a guest that has unmapped it)
 * takes the thread back out, to make the call.
 */
#include "host_clock.h"

#include <linux/elf.h>

#include "copy.h"
#include "exec.h"
#include "host.h"
#include "linux_abi.h"
#include "string.h"
#include "thread.h"

typedef long reader(int clock, struct timespec *t);

static reader *vdso_reader;		/* NULL: by call */

/* lib/vdso/gettimeofday.c, __cvdso_clock_gettime_common(): the others are always the kernel's to tell. */
#define CLOCK_BIT(clock) (1U << (clock))
#define READABLE \
	(CLOCK_BIT(CLOCK_REALTIME) | CLOCK_BIT(CLOCK_MONOTONIC) | CLOCK_BIT(CLOCK_MONOTONIC_RAW) | \
	 CLOCK_BIT(CLOCK_REALTIME_COARSE) | CLOCK_BIT(CLOCK_MONOTONIC_COARSE) | CLOCK_BIT(CLOCK_BOOTTIME) | \
	 CLOCK_BIT(CLOCK_TAI))

/* The symbols go up to the strings, as every linker lays them out. */
static uint64_t
find_symbol(uint64_t moved, const Elf64_Dyn *dynamic, const char *name)
{
	const Elf64_Sym *symbol = NULL;
	const char *strings = NULL;

	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_SYMTAB)
			symbol = (const Elf64_Sym *)(uintptr_t)(moved + dynamic->d_un.d_ptr);
		else if (dynamic->d_tag == DT_STRTAB)
			strings = (const char *)(uintptr_t)(moved + dynamic->d_un.d_ptr);
	}
	for (; symbol && (const char *)symbol < strings; symbol++)
		if (symbol->st_value && strcmp(strings + symbol->st_name, name) == 0)
			return moved + symbol->st_value;
	return 0;
}

void
host_clock_start(void)
{
	const uint64_t base = host_auxv(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)(uintptr_t)base;
	const Elf64_Dyn *dynamic = NULL;
	uint64_t moved = 0;

	if (!base)
		return;
	for (unsigned i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *p = (const Elf64_Phdr *)(uintptr_t)(base + header->e_phoff) + i;

		if (p->p_type == PT_LOAD)
			moved = base + p->p_offset - p->p_vaddr;
		else if (p->p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)(uintptr_t)(base + p->p_offset);
	}
	if (dynamic)
		vdso_reader = (reader *)find_symbol(moved, dynamic, "__vdso_clock_gettime");
}

void
host_clock_stop(void)
{
	__atomic_store_n(&vdso_reader, NULL, __ATOMIC_RELAXED);
}

/* entry_x86_64.S: calls `read` with *stack set meanwhile; HOST_CLOCK_FAILED if it had to be left. */
#define HOST_CLOCK_FAILED 1
long entry_vdso(int clock, struct timespec *t, reader *read, uint64_t *stack);
void entry_vdso_left(void);

bool
host_clock_read(int clock, struct timespec *t)
{
	reader *read = __atomic_load_n(&vdso_reader, __ATOMIC_RELAXED);

	if (!read || clock < 0 || clock > CLOCK_TAI || !(READABLE & CLOCK_BIT(clock)))
		return false;
	return entry_vdso(clock, t, read, &thread_self()->vdso_stack) == 0;
}

long
host_clock_gettime(int clock, struct timespec *t)
{
	return host_clock_read(clock, t) ? 0 : core_call(__NR_clock_gettime, clock, t);
}

bool
host_clock_for_guest(int clock, struct guest_ptr to)
{
	return guest_range_ok(to, sizeof(struct timespec)) &&
	       host_clock_read(clock, (struct timespec *)(uintptr_t)to.addr);
}

/* Faults where data is written, as only the guest's memory can. */
static bool
is_bad_memory(const struct ucontext *uc, const struct siginfo *info)
{
	return info->si_signo != SIGSYS && (uintptr_t)info->si_addr != uc->uc_mcontext.rip;
}

void
host_clock_fails(struct thread *t, struct ucontext *uc, const struct siginfo *info)
{
	struct sigcontext *r = &uc->uc_mcontext;

	if (!is_bad_memory(uc, info))
		host_clock_stop();
	r->rip = (uintptr_t)entry_vdso_left;
	r->rsp = t->vdso_stack;
	r->rax = HOST_CLOCK_FAILED;
}
