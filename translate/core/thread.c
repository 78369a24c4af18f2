#include "thread.h"

#include "core.h"
#include "host.h"
#include "lock.h"
#include "memory.h"
#include "personality.h"
#include "process.h"
#include "segment.h"
#include "signal.h"
#include "sites.h"
#include "string.h"
#include "trace.h"
#include "trap.h"

_Static_assert(offsetof(struct thread, pending) == THREAD_PENDING, "used by gate_x86_64.S");
_Static_assert(offsetof(struct ucontext, uc_mcontext.eflags) == UCONTEXT_FLAGS, "used by entry_x86_64.S");
_Static_assert(offsetof(struct thread, quick) == THREAD_QUICK, "used by gate_x86_64.S");
_Static_assert(offsetof(struct ucontext, uc_mcontext) == UC_R8, "used by gate_x86_64.S");
_Static_assert(offsetof(struct ucontext, uc_mcontext.fpstate) == UC_FPSTATE, "used by gate_x86_64.S");
_Static_assert(offsetof(struct _fpstate_64, sw_reserved.magic1) == FP_MAGIC, "used by gate_x86_64.S");
_Static_assert(offsetof(struct _fpstate_64, sw_reserved.xfeatures) == FP_FEATURES, "used by gate_x86_64.S");
_Static_assert(offsetof(struct thread, self) == THREAD_SELF, "used by stubs");
_Static_assert(offsetof(struct thread, seal) == THREAD_SEAL, "used by stubs");
_Static_assert(offsetof(struct thread, last) == THREAD_LAST, "used by gate_x86_64.S");
_Static_assert(offsetof(struct thread, direct) == THREAD_DIRECT, "used by site_entry_x86_64.S");
_Static_assert(offsetof(struct direct, n) == DIRECT_N, "used by site_entry_x86_64.S");
_Static_assert(offsetof(struct direct, scratch) == DIRECT_SCRATCH, "used by site_entry_x86_64.S");
_Static_assert(offsetof(struct direct, flags) == DIRECT_FLAGS, "used by site_entry_x86_64.S");
_Static_assert(offsetof(struct direct, answers) == DIRECT_ANSWERS, "used by site_entry_x86_64.S");
_Static_assert(offsetof(struct thread, goes_on) == THREAD_GOES_ON, "used by gate_x86_64.S");
_Static_assert(THREAD_FRAME + sizeof(struct ucontext) <= THREAD_FP, "a frame outgrew its space");
_Static_assert(sizeof(struct thread) <= THREAD_STRUCT_SPACE, "struct thread outgrew its space");

/*
 * Blocks of threads that have ended, or are about to: a thread runs on its block
 * to its last instruction, and the host clears `alive` when it is gone.
 */
struct lock dead_lock;
static struct thread *dead_threads;

static bool
is_gone(struct thread *t)
{
	return !__atomic_load_n(&t->alive, __ATOMIC_ACQUIRE) ||
	       (t->alive_untold && core_call(__NR_tkill, t->tid, 0) == -ESRCH);
}

static struct thread *
take_dead(void)
{
	struct thread **at, *t = NULL;

	lock_acquire(&dead_lock);
	for (at = &dead_threads; *at && !t; at = t ? at : &(*at)->next_dead)
		if (is_gone(*at)) {
			t = *at;
			*at = t->next_dead;
		}
	lock_release(&dead_lock);
	return t;
}

static void *
new_block(void)
{
	char *block = arena_map(THREAD_BLOCK, THREAD_BLOCK);

	if (block)
		core_call(__NR_mprotect, block + THREAD_STRUCT_SPACE, THREAD_GUARD, PROT_NONE);
	return block;
}

struct thread *
thread_on(void *block, struct process *p)
{
	struct thread *t = block;

	t->p = p;
	t->self = t;
	t->seal = -(uintptr_t)t - SEAL;
	return t;
}

struct thread *
thread_new(struct process *p)
{
	struct thread *t = take_dead();

	if (t)
		memset(t, 0, sizeof *t);
	else
		t = new_block();
	return t ? thread_on(t, p) : NULL;
}

void
thread_leave(struct thread *t)
{
	trace_thread_ends(t);
	core_free(t->held);
	thread_abandon(t);
}

void
thread_abandon(struct thread *t)
{
	lock_acquire(&dead_lock);
	t->next_dead = dead_threads;
	dead_threads = t;
	lock_release(&dead_lock);
}

/* The first thread's block stands among the core's words (core.lds.S), and is there for another thread. */
static bool
is_cores(const struct thread *t)
{
	return (uintptr_t)t < CORE_ARENA;
}

void
thread_free(struct thread *t)
{
	trace_thread_ends(t);
	core_free(t->held);
	t->alive = 0;
	t->alive_untold = false;
	if (is_cores(t))
		thread_abandon(t);
	else
		arena_unmap(t, THREAD_BLOCK);
}

static stack_t
block_stack(struct thread *t)
{
	char *low = (char *)t + THREAD_STACK;

	return (stack_t){low, 0, (size_t)((char *)thread_stack_top(t) - low)};
}

void
thread_begin(struct thread *t)
{
	stack_t stack = block_stack(t);

	t->alive = 1;
	t->tid = (int)core_call(__NR_set_tid_address, &t->alive);
	core_call(__NR_sigaltstack, &stack, 0);
	segment_thread_begins(t);
}

void
thread_arm(struct thread *t)
{
	thread_begin(t);
	trap_arm_thread();
}

struct ucontext *
thread_fresh_frame(struct thread *t)
{
	struct ucontext *uc = thread_frame(t);

	memset(uc, 0, sizeof *uc);
	uc->uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	uc->uc_stack = block_stack(t);
	uc->uc_mcontext.cs = USER_CS;
	uc->uc_mcontext.ss = USER_DS;
	uc->uc_mcontext.eflags = 0x202;
	uc->uc_sigmask = sigset_to_host(t, &t->mask);
	t->frame = uc;
	if (!trace_active)
		t->direct = t->p->abi->direct;
	return uc;
}

struct ucontext *
thread_whole_frame(struct thread *t)
{
	if (t->by_site && !t->frame->uc_mcontext.fpstate)
		sites_save_fp(t->frame, (char *)t + THREAD_FP);
	return t->frame;
}

struct ucontext *
thread_frame_to_fill(struct thread *t)
{
	if (t->by_site && !t->frame->uc_mcontext.fpstate)
		sites_make_fp(t->frame, (char *)t + THREAD_FP);
	return t->frame;
}

struct thread *
thread_find(struct process *p, int tid)
{
	struct thread *t = p->threads;

	while (t && t->tid != tid)
		t = t->next;
	return t;
}

#define LEGACY_FP 512

size_t
frame_fp_size(const struct ucontext *uc)
{
	const struct _fpstate_64 *fp = (const void *)uc->uc_mcontext.fpstate;

	if (!fp)
		return 0;
	return fp->sw_reserved.magic1 == FP_XSTATE_MAGIC1 ? fp->sw_reserved.extended_size : LEGACY_FP;
}

/* At the low end of its stack, which what runs there before the frame is used does not reach. */
void
thread_inherit_fp(struct thread *t, const struct ucontext *from)
{
	char *low = block_stack(t).ss_sp;
	size_t n = frame_fp_size(from);

	if (!n)
		return;
	memcpy(low, (const void *)from->uc_mcontext.fpstate, n);
	t->frame->uc_flags = from->uc_flags;
	memcpy(&t->frame->uc_mcontext.fpstate, &low, sizeof low);
}
