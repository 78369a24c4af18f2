/*
 * The guest's fs and gs bases. By instruction where the host's kernel allows it
 * (AT_HWCAP2 says so), else by arch_prctl.
 *
 * Where it does, the host's gs base is the thread's block, by which stubs of rewritten
 * sites find it, as long as the guest's is 0; any other is the guest's own, and its
 * calls then trap.
 */
#ifndef DRAGOMAN_CORE_SEGMENT_H
#define DRAGOMAN_CORE_SEGMENT_H

#include <stdint.h>

#include "exec.h"
#include "host.h"
#include "layout.h"
#include "linux_abi.h"
#include "thread.h"

#define HWCAP2_FSGSBASE 2

static inline int
segment_by_instruction(void)
{
	return (host_auxv(AT_HWCAP2) & HWCAP2_FSGSBASE) != 0;
}

static inline uint64_t
segment_fs_base(void)
{
	uint64_t base = 0;

	if (segment_by_instruction())
		__asm__ volatile("rdfsbase %0" : "=r"(base));
	else
		core_call(__NR_arch_prctl, ARCH_GET_FS, &base);
	return base;
}

static inline uint64_t
segment_gs_base(void)
{
	uint64_t base = 0;

	if (segment_by_instruction())
		__asm__ volatile("rdgsbase %0" : "=r"(base));
	else
		core_call(__NR_arch_prctl, ARCH_GET_GS, &base);
	return base >= CORE_BASE && base < CORE_END ? 0 : base;
}

/* Is the host's gs base t's block, as stubs want it? */
static inline bool
segment_is_cores(const struct thread *t)
{
	uint64_t base = 0;

	if (segment_by_instruction())
		__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base == (uintptr_t)t;
}

/* The answer of the host, which refuses an address that the instruction would fault at. */
static inline long
segment_set_gs_base(uint64_t base)
{
	if (base == 0 && segment_by_instruction())
		base = (uintptr_t)thread_self();
	return core_call(__NR_arch_prctl, ARCH_SET_GS, base);
}

/* A new thread has its maker's bases; the core's own is that of another block. */
static inline void
segment_thread_begins(struct thread *t)
{
	if (segment_by_instruction() && segment_gs_base() == 0)
		__asm__ volatile("wrgsbase %0" : : "r"(t));
}

/* By call: the host refuses an address that the instruction would fault at. */
static inline void
segment_set_bases(uint64_t fs, uint64_t gs)
{
	if (segment_fs_base() != fs)
		core_call(__NR_arch_prctl, ARCH_SET_FS, fs);
	if (segment_gs_base() != gs)
		segment_set_gs_base(gs);
}

#endif
