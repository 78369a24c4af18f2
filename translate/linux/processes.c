/*
 * Processes and threads of Linux guests: clone(2) in the forms that libcs use (fork,
 * vfork and posix_spawn, threads), exec, exit, and the file the process was started
 * from, which the host's /proc would say is the core.
 */
#include "linux.h"

#include <linux/futex.h>

#include "core/copy.h"
#include "core/exec.h"
#include "core/host.h"
#include "core/memory.h"
#include "core/process.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"

#define EXIT_SIGNAL 0xff	/* CSIGNAL */
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define TID_FLAGS (CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

/* What a thread has of this ABI alone; made when first needed. */
struct linux_thread {
	uint64_t clear_tid;	/* set_tid_address(2); 0: none */
};

static struct linux_thread *
own_part(struct thread *t)
{
	if (!t->abi)
		t->abi = core_alloc(sizeof(struct linux_thread));
	return t->abi;
}

static long
set_clear_tid(struct thread *t, uint64_t word)
{
	struct linux_thread *own = own_part(t);

	if (!own)
		return -ENOMEM;
	own->clear_tid = word;
	return 0;
}

long
linux_set_tid_address(struct call *c, struct guest_ptr word)
{
	long r = set_clear_tid(c->t, word.addr);

	return r < 0 ? r : c->t->tid;
}

/* What the kernel does with clear_child_tid; its own word for this thread is the core's. */
static void
clear_tid(struct thread *t)
{
	struct linux_thread *own = t->abi;

	if (own && own->clear_tid && store_u32(guest(own->clear_tid), 0) == 0)
		core_call(__NR_futex, own->clear_tid, FUTEX_WAKE, 1);
	core_free(own);
	t->abi = NULL;
}

struct clone_request {
	struct call *c;
	uint64_t flags, stack, parent_tid, child_tid, tls;
};

/* In fork's child, or for a new thread: its registers, and the word that is its number. */
static void
child_words(struct thread *t, const struct clone_request *q)
{
	if (q->flags & CLONE_CHILD_SETTID)
		store_u32(guest(q->child_tid), (uint32_t)t->tid);
	if (q->flags & CLONE_CHILD_CLEARTID)
		set_clear_tid(t, q->child_tid);
}

static long
clone_fork(const struct clone_request *q)
{
	struct thread *t = q->c->t;
	long r = process_fork(t);

	if (r > 0 && (q->flags & CLONE_PARENT_SETTID))
		store_u32(guest(q->parent_tid), (uint32_t)r);
	if (r != 0)
		return r;
	child_words(t, q);
	if (q->flags & CLONE_SETTLS)
		core_call(__NR_arch_prctl, ARCH_SET_FS, q->tls);
	if (q->stack)
		t->frame->uc_mcontext.rsp = q->stack;
	return 0;
}

static void
vfork_returns(struct thread *child)
{
	child->frame->uc_mcontext.rax = 0;
}

/* vfork, and posix_spawn's clone: memory lent until exec, maybe on a stack of its own. */
static long
clone_vfork(const struct clone_request *q)
{
	struct sigcontext *r = &q->c->t->frame->uc_mcontext;
	uint64_t sp = r->rsp;
	long pid;

	if (q->stack)
		r->rsp = q->stack;
	pid = process_vfork(q->c->t, vfork_returns);
	r->rsp = sp;
	return pid;
}

static long
announce(void *context, int tid)
{
	const struct clone_request *q = context;

	if (q->flags & CLONE_PARENT_SETTID)
		store_u32(guest(q->parent_tid), (uint32_t)tid);
	if (q->flags & CLONE_CHILD_SETTID)
		store_u32(guest(q->child_tid), (uint32_t)tid);
	return 0;
}

static long
clone_thread(struct clone_request *q)
{
	struct thread *t = q->c->t, *nt = thread_new(t->p);
	struct ucontext *uc;
	uint64_t fs = q->tls;
	long r;

	if (!nt)
		return -ENOMEM;
	if (!(q->flags & CLONE_SETTLS))
		core_call(__NR_arch_prctl, ARCH_GET_FS, &fs);
	nt->mask = t->mask;
	uc = thread_fresh_frame(nt);
	uc->uc_mcontext = t->frame->uc_mcontext;
	/* The parent's FP state is gone by the time the child would load it: it starts with the default. */
	uc->uc_mcontext.fpstate = NULL;
	uc->uc_mcontext.rax = 0;
	uc->uc_mcontext.rsp = q->stack;
	r = q->flags & CLONE_CHILD_CLEARTID ? set_clear_tid(nt, q->child_tid) : 0;
	if (r == 0)
		return process_start_thread(t, nt, fs, announce, q);
	thread_free(nt);
	return r;
}

long
linux_clone(struct call *c, uint64_t flags, struct guest_ptr stack, struct guest_ptr parent_tid,
	    struct guest_ptr child_tid, struct guest_ptr tls)
{
	struct clone_request q = {c, flags, stack.addr, parent_tid.addr, child_tid.addr, tls.addr};
	uint64_t kind = flags & ~(uint64_t)(EXIT_SIGNAL | TID_FLAGS | CLONE_SETTLS | CLONE_SYSVSEM | CLONE_DETACHED);

	if ((kind & THREAD_FLAGS) == THREAD_FLAGS && !(kind & ~(uint64_t)THREAD_FLAGS))
		return stack.addr ? clone_thread(&q) : -EINVAL;
	if ((flags & EXIT_SIGNAL) != SIGCHLD)
		return -EINVAL;
	if (kind == 0)
		return clone_fork(&q);
	if (kind == (CLONE_VM | CLONE_VFORK))
		return clone_vfork(&q);
	return -EINVAL;
}

long
linux_fork(struct call *c)
{
	return process_fork(c->t);
}

long
linux_vfork(struct call *c)
{
	return process_vfork(c->t, vfork_returns);
}

long
linux_execve(struct call *c, struct guest_ptr file, struct guest_ptr argv, struct guest_ptr envp)
{
	return process_execve(c, file, argv, envp);
}

long
linux_exit(struct call *c, int32_t status)
{
	clear_tid(c->t);
	process_end_thread(c->t);
	process_exit(c->t, status & 0xff);
}

long
linux_exit_group(struct call *c, int32_t status)
{
	process_exit(c->t, status & 0xff);
}

/* ---- the program's own name ---- */

static bool
names_own_program(struct guest_ptr file)
{
	static const char own[] = "/proc/self/exe";
	char name[sizeof own];

	return copy_in_string(name, file, sizeof name) == sizeof own - 1 && strcmp(name, own) == 0;
}

static long
put_own_program(struct call *c, struct guest_ptr buf, uint64_t n)
{
	size_t len = strlen(c->p->exec_path);

	if ((int64_t)n <= 0)
		return -EINVAL;
	if (len > n)
		len = n;
	return copy_out(buf, c->p->exec_path, len) < 0 ? -EFAULT : (long)len;
}

long
linux_readlink(struct call *c, struct guest_ptr file, struct guest_ptr buf, uint64_t n)
{
	if (names_own_program(file))
		return put_own_program(c, buf, n);
	return host_call(__NR_readlink, file.addr, buf.addr, n);
}

long
linux_readlinkat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr buf, uint64_t n)
{
	if (names_own_program(file))
		return put_own_program(c, buf, n);
	return host_call(__NR_readlinkat, dir, file.addr, buf.addr, n);
}
