/*
 * FreeBSD/amd64 process start: the first stack, the shared page, and
 * exec_setregs() (amd64/amd64/exec_machdep.c): rdi = the stack block, rsp as after
 * a call.
 */
#include "freebsd.h"
#include "shared_page.h"

#include "core/core.h"
#include "core/host.h"
#include "core/mm_map.h"
#include "core/string.h"
#include "core/thread.h"
#include "loader/loader.h"
#include "loader/stack_freebsd.h"

#define STACK_SIZE (UINT64_C(512) << 20)	/* maxssiz: kern.maxssiz, and the soft limit */

/*
 * From 15 on the shared page is at random, behind the stack in the recorded runs;
 * before it had an end of user memory that Linux does not give.
 */
static long
map_memory(struct process *p, struct stack *s, int prot)
{
	bool behind = options.release >= 1500;
	long r = stack_map(s, STACK_SIZE, prot, behind ? FREEBSD_SHARED_PAGE : 0);

	if (r < 0)
		return r;
	if (behind && prot != (PROT_READ | PROT_WRITE))
		r = core_call(__NR_mprotect, s->top, FREEBSD_SHARED_PAGE, PROT_READ | PROT_WRITE);
	else if (!behind)
		r = core_call(__NR_mmap, 0, FREEBSD_SHARED_PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return r < 0 ? r : freebsd_shared_page_fill(p, behind ? s->top : (uint64_t)r);
}

/* The vector means nothing to a Linux program that reads it in /proc. */
static void
show_words(const struct image *image, const struct freebsd_stack *built)
{
	struct stack_words words = {
		.block = built->block, .args = built->args, .env = built->env, .env_end = built->env + built->env_size,
	};

	mm_map_program(image, &words);
}

static void
set_registers(struct ucontext *uc, const struct freebsd_stack *stack, uint64_t rip)
{
	uc->uc_mcontext.rdi = stack->block;
	uc->uc_mcontext.rsp = stack->rsp;
	uc->uc_mcontext.rip = rip;
}

long
freebsd_start(struct thread *t, struct ucontext *uc, const struct start_request *request)
{
	struct process *p = t->p;
	struct freebsd_start start = {
		.image = request->image,
		.exec_path = request->path,
		.argv = request->argv,
		.envp = request->envp,
		.osreldate = freebsd_osreldate(),
		.ncpus = freebsd_processors(),
	};
	struct freebsd_stack built;
	struct stack s;
	long r = map_memory(p, &s, freebsd_stack_protection(&request->image->info));

	if (r < 0)
		return r;
	start.kpreload = p->shared_page;
	start.timekeep = p->timekeep;
	freebsd_signals_begin(p);
	start.stack_limit = s.top - s.low;
	core_call(__NR_getrandom, start.canary, sizeof start.canary, 0);
	r = freebsd_stack_build(&s, &start, &built);
	if (r < 0)
		return r;
	p->stack_base = s.top;
	p->stack_size = s.top - s.low;
	show_words(request->image, &built);
	set_registers(uc, &built, request->image->start);
	return 0;
}
