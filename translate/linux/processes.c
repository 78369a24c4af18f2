/*
 * Processes and threads of Linux guests: clone(2) and clone3(2), exec, exit, and the file
 * the process was started from, which the host's /proc would say is the core.
 */
#include "linux.h"

#include <linux/elf.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/exec.h"
#include "core/host.h"
#include "core/last.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/process.h"
#include "core/segment.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"

#define EXIT_SIGNAL UINT64_C(0xff)	/* CSIGNAL */
/* What the child's side does, or a call of its own: not for the host's clone. */
#define OWN_FLAGS (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_CLEAR_SIGHAND | CLONE_DETACHED)

/* What a thread has of this ABI alone; made when first needed. */
struct linux_thread {
	uint64_t clear_tid;	/* set_tid_address(2); 0: none */
	uint64_t set_tid;	/* of a child that has not run yet; 0: none */
	uint64_t pointer;	/* its thread pointer, if that is not the host's fs base; 0: as its parent's */
	uint64_t robust_list;	/* of 32-bit words, which the host cannot walk; 0: none */
};

static struct linux_thread *
own_part(struct thread *t)
{
	if (!t->abi)
		t->abi = core_alloc(sizeof(struct linux_thread));
	return t->abi;
}

long
linux_set_tid_address(struct call *c, struct guest_ptr word)
{
	struct linux_thread *own = own_part(c->t);

	if (!own)
		return -ENOMEM;
	own->clear_tid = word.addr;
	return c->t->tid;
}

/* ---- robust lists of 32-bit words ---- */

#define NARROW_HEAD 12	/* struct compat_robust_list_head (include/linux/compat.h) */

long
linux_set_narrow_robust_list(struct call *c, struct guest_ptr head, uint64_t n)
{
	struct linux_thread *own = own_part(c->t);

	if (n != NARROW_HEAD)
		return -EINVAL;
	if (!own)
		return -ENOMEM;
	own->robust_list = head.addr;
	return 0;
}

/* Of a thread of this process: those of others are not known here. */
long
linux_get_narrow_robust_list(struct call *c, int32_t who, struct guest_ptr head, struct guest_ptr n)
{
	const struct linux_thread *own = NULL;
	struct thread *t;

	lock_acquire(&c->p->lock);
	t = who ? thread_find(c->p, who) : c->t;
	own = t ? t->abi : NULL;
	lock_release(&c->p->lock);
	if (!t)
		return -ESRCH;
	if (store_u32(n, NARROW_HEAD) < 0)
		return -EFAULT;
	return store_u32(head, own ? (uint32_t)own->robust_list : 0);
}

/* ---- clone ---- */

/* clone(2) and clone3(2) alike: kernel/fork.c, struct kernel_clone_args. */
struct clone_request {
	struct call *c;
	uint64_t flags;		/* without the signal */
	uint64_t exit_signal, stack, pidfd, parent_tid, child_tid, tls;
};

/* The new one's part of this ABI: the words that it or its end writes. */
static struct linux_thread *
child_part(const struct clone_request *q)
{
	struct linux_thread *own = core_alloc(sizeof *own);

	if (own)
		*own = (struct linux_thread){
			.clear_tid = q->flags & CLONE_CHILD_CLEARTID ? q->child_tid : 0,
			.set_tid = q->flags & CLONE_CHILD_SETTID ? q->child_tid : 0,
			.pointer = q->flags & CLONE_SETTLS ? q->tls : 0,
		};
	return own;
}

static void
child_begins(struct thread *child)
{
	struct linux_thread *own = child->abi;

	child->frame->uc_mcontext.rax = 0;
	if (own && own->set_tid)
		store_u32(guest(own->set_tid), (uint32_t)child->tid);
}

/* CLONE_CLEAR_SIGHAND: what is caught is default again (flush_signal_handlers()). */
static void
clear_handlers(struct process *p)
{
	static const struct signal_action none;

	for (int n = 1; n <= HOST_NSIG; n++)
		if (p->actions[n].handler > HANDLER_IGNORE)
			signal_set_action(p, n, &none);
}

/* The host's clone has one word for the pidfd and the number. */
static uint64_t
host_word(const struct clone_request *q)
{
	return q->flags & CLONE_PIDFD ? q->pidfd : q->parent_tid;
}

static unsigned long
host_flags(const struct clone_request *q)
{
	unsigned long flags = (q->flags & ~(uint64_t)OWN_FLAGS) | q->exit_signal;

	if (q->c->abi->child_pointer)
		flags &= ~(unsigned long)CLONE_SETTLS;
	return flags & CLONE_PIDFD ? flags & ~(unsigned long)CLONE_PARENT_SETTID : flags;
}

static long
parent_told(const struct clone_request *q, long pid)
{
	if (pid > 0 && (q->flags & CLONE_PIDFD) && (q->flags & CLONE_PARENT_SETTID))
		store_u32(guest(q->parent_tid), (uint32_t)pid);
	return pid;
}

static long
clone_fork(const struct clone_request *q)
{
	struct thread *t = q->c->t;
	struct linux_thread *own = child_part(q);
	long r;

	if (!own)
		return -ENOMEM;
	r = process_fork_with(t, host_flags(q) & ~(unsigned long)CLONE_SETTLS, host_word(q));
	if (r != 0) {
		core_free(own);
		return parent_told(q, r);
	}
	core_free(t->abi);
	t->abi = own;
	child_begins(t);
	if (t->p->abi->child_pointer)
		t->p->abi->child_pointer(t, t, q->flags & CLONE_SETTLS, q->tls);
	else if (q->flags & CLONE_SETTLS)
		core_call(__NR_arch_prctl, ARCH_SET_FS, q->tls);
	if (q->flags & CLONE_CLEAR_SIGHAND)
		clear_handlers(t->p);
	if (q->stack)
		t->frame->uc_mcontext.rsp = q->stack;
	return 0;
}

static void
sharing_child_begins(struct thread *child)
{
	const struct personality *abi = child->p->abi;
	struct linux_thread *own = child->abi;

	if (abi->child_pointer && own && own->pointer)
		abi->child_pointer(child, child, true, own->pointer);
	if (abi->thread_begins)
		abi->thread_begins(child);
	child_begins(child);
}

/* vfork and posix_spawn lend the memory until exec, maybe with a stack; others share it from then on. */
static long
clone_sharing(const struct clone_request *q)
{
	struct sharing_child how = {
		.flags = host_flags(q), .word = host_word(q), .stack = q->stack, .fs_base = q->tls,
		.abi = child_part(q), .returns = sharing_child_begins,
	};

	if (!how.abi)
		return -ENOMEM;
	return parent_told(q, process_fork_sharing(q->c->t, &how));
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

/* What a new thread needs of this ABI, and the fs base that the host gives it. 0 or -errno. */
static long
prepare_thread(const struct clone_request *q, struct thread *nt, uint64_t *fs)
{
	const struct personality *abi = q->c->abi;
	bool given = q->flags & CLONE_SETTLS;

	nt->abi = child_part(q);
	if (!nt->abi)
		return -ENOMEM;
	*fs = q->tls;
	if (abi->child_pointer) {
		*fs = (uintptr_t)nt;
		return abi->child_pointer(q->c->t, nt, given, q->tls);
	}
	return given ? 0 : core_call(__NR_arch_prctl, ARCH_GET_FS, fs);
}

/* arch_prctl(2): the host's gs base is the core's as long as the guest has none (core/segment.h). */
long
linux_arch_prctl(struct call *c, int32_t code, uint64_t data)
{
	(void)c;
	switch (code) {
	case ARCH_GET_GS:
		return store_u64(guest(data), segment_gs_base());
	case ARCH_SET_GS:
		return segment_set_gs_base(data);
	default:
		return host_call(__NR_arch_prctl, code, data);
	}
}

static long
clone_thread(struct clone_request *q)
{
	struct thread *t = q->c->t, *nt = thread_new(t->p);
	struct ucontext *uc;
	uint64_t fs;
	long r;

	if (!nt)
		return -ENOMEM;
	r = prepare_thread(q, nt, &fs);
	if (r < 0) {
		core_free(nt->abi);
		thread_free(nt);
		return r;
	}
	nt->mask = t->mask;
	nt->altstack.flags = SS_DISABLE;	/* sas_ss_reset() */
	uc = thread_fresh_frame(nt);
	uc->uc_mcontext = thread_whole_frame(t)->uc_mcontext;
	uc->uc_mcontext.fpstate = NULL;
	thread_inherit_fp(nt, t->frame);
	uc->uc_mcontext.rax = 0;
	if (q->stack)
		uc->uc_mcontext.rsp = q->stack;
	return process_start_thread(t, nt, (host_flags(q) & ~EXIT_SIGNAL), fs, announce, q);
}

/* The combinations that copy_process() refuses, and those that the core cannot make. */
static bool
goes_together(uint64_t flags)
{
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return false;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return false;
	if ((flags & CLONE_FS) && (flags & (CLONE_NEWNS | CLONE_NEWUSER)))
		return false;
	if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
		return false;
	if (flags & CLONE_THREAD)
		return !(flags & (CLONE_NEWUSER | CLONE_NEWPID | CLONE_PIDFD | CLONE_VFORK));
	return !(flags & CLONE_SIGHAND);	/* actions are a process's in the core */
}

static long
clone_as_asked(struct clone_request *q)
{
	if (!goes_together(q->flags))
		return -EINVAL;
	if (q->flags & CLONE_THREAD)
		return clone_thread(q);
	return q->flags & CLONE_VM ? clone_sharing(q) : clone_fork(q);
}

long
linux_clone(struct call *c, uint64_t flags, struct guest_ptr stack, struct guest_ptr parent_tid,
	    struct guest_ptr child_tid, struct guest_ptr tls)
{
	struct clone_request q = {
		.c = c, .flags = (uint32_t)flags & ~EXIT_SIGNAL, .exit_signal = flags & EXIT_SIGNAL,
		.stack = stack.addr, .pidfd = parent_tid.addr, .parent_tid = parent_tid.addr,
		.child_tid = child_tid.addr, .tls = tls.addr,
	};

	if ((flags & CLONE_PIDFD) && (flags & (CLONE_PARENT_SETTID | CLONE_DETACHED)))
		return -EINVAL;
	return clone_as_asked(&q);
}

/* linux/sched.h, struct clone_args, which may be shorter (without the last two or three) or longer. */
struct linux_clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
#define CLONE_ARGS_FIRST_SIZE 64
#define PAGE_SIZE 4096

/* lib/usercopy.c, copy_struct_from_user(): what is longer must be zero. */
static long
take_clone_args(struct linux_clone_args *a, struct guest_ptr from, uint64_t n)
{
	uint64_t word = 0;

	if (n > PAGE_SIZE)
		return -E2BIG;
	if (n < CLONE_ARGS_FIRST_SIZE)
		return -EINVAL;
	for (uint64_t at = sizeof *a; at < n; at += sizeof word) {
		uint64_t part = n - at < sizeof word ? n - at : sizeof word;

		if (copy_in(&word, guest_at(from, at), part) < 0)
			return -EFAULT;
		if (word)
			return -E2BIG;
	}
	memset(a, 0, sizeof *a);
	return copy_in(a, from, n < sizeof *a ? n : sizeof *a);
}

/* clone3_args_valid() */
static bool
clone_args_valid(const struct linux_clone_args *a)
{
	if (a->flags & ~(UINT64_C(0xffffffff) | CLONE_CLEAR_SIGHAND))
		return false;
	if (a->flags & (CLONE_DETACHED | (EXIT_SIGNAL & ~UINT64_C(CLONE_NEWTIME))))
		return false;
	if ((a->flags & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal)
		return false;
	return a->exit_signal <= HOST_NSIG && !a->stack == !a->stack_size && !a->set_tid && !a->set_tid_size;
}

long
linux_clone3(struct call *c, struct guest_ptr arguments, uint64_t n)
{
	struct linux_clone_args a;
	struct clone_request q = {.c = c};
	long r = take_clone_args(&a, arguments, n);

	if (r < 0)
		return r;
	if (!clone_args_valid(&a) || (a.flags & CLONE_NEWTIME))
		return -EINVAL;
	q.flags = a.flags;
	q.exit_signal = a.exit_signal;
	q.stack = a.stack ? a.stack + a.stack_size : 0;
	q.pidfd = outside_core(a.pidfd);
	q.parent_tid = outside_core(a.parent_tid);
	q.child_tid = outside_core(a.child_tid);
	q.tls = a.tls;
	return clone_as_asked(&q);
}

long
linux_fork(struct call *c)
{
	return linux_clone(c, SIGCHLD, guest(0), guest(0), guest(0), guest(0));
}

long
linux_vfork(struct call *c)
{
	return linux_clone(c, CLONE_VM | CLONE_VFORK | SIGCHLD, guest(0), guest(0), guest(0), guest(0));
}

/* ---- exec and exit ---- */

long
linux_execve(struct call *c, struct guest_ptr file, struct guest_ptr argv, struct guest_ptr envp)
{
	return process_execve(c, file, argv, envp);
}

/* What the kernel would open for execveat(2) (fs/exec.c, do_open_execat()). */
long
linux_execveat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr argv, struct guest_ptr envp,
	       uint32_t how)
{
	uint32_t follow = how & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0;
	struct host_path path;
	long fd, r;
	char first;

	if (how & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (copy_in(&first, file, 1) < 0)
		return -EFAULT;
	if (first == 0 && (how & AT_EMPTY_PATH))
		return process_fexecve(c, dir, argv, envp);
	if (!follow && (first == '/' || dir == AT_FDCWD))
		return process_execve(c, file, argv, envp);
	r = path_for_at(c, dir, file, path_use_of_at(how), &path);
	if (r < 0)
		return r;
	fd = host_call(__NR_openat, dir, path.name, O_RDONLY | O_CLOEXEC | follow, 0);
	if (fd < 0)
		return fd;
	r = process_fexecve(c, (int)fd, argv, envp);
	core_call(__NR_close, fd);
	return r;
}

/*
 * prctl(2), but for what the layer itself is made of: with these the kernel answers as one
 * that was built without them.
 */
long
linux_prctl(struct call *c, int32_t option, uint64_t two, uint64_t three, uint64_t four, uint64_t five)
{
	(void)c;
	switch (option) {
	case PR_SET_SECCOMP:
	case PR_GET_SECCOMP:
	case PR_SET_SYSCALL_USER_DISPATCH:
		return -EINVAL;
	default:
		return host_call(__NR_prctl, option, two, three, four, five);
	}
}

/* Registers go by way of a struct iovec, which the host writes to only if its buffer is good. */
static long
ptrace_regset(int32_t request, int32_t who, uint64_t where, uint64_t data)
{
	struct converted v;
	long r = convert_memory(&v, &linux_iovec_map, guest(data), 1);

	if (r == 0)
		r = host_call(__NR_ptrace, request, who, where, v.host);
	return convert_end(&v, 1, r);
}

long
linux_ptrace(struct call *c, int32_t request, int32_t who, uint64_t where, uint64_t data)
{
	switch (request) {
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		return ptrace_regset(request, who, where, data);
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
	case PTRACE_POKEUSR:
		data = c->arg[3];	/* a number, whatever it looks like */
	}
	return host_call_last(__NR_ptrace, request, who, where, data);
}

long
linux_exit(struct call *c, int32_t status)
{
	struct linux_thread *own = c->t->abi;
	uint64_t clear_word = own ? own->clear_tid : 0;

	if (own)
		linux_robust_list_ends(own->robust_list, c->t->tid);
	if (c->abi->thread_ends)
		c->abi->thread_ends(c->t);
	core_free(own);
	c->t->abi = NULL;
	process_end_thread(c->t, status & 0xff, clear_word);
	process_exit_last(c->t, status & 0xff);
}

/* All threads end here, and the host sees to the robust lists of 64-bit programs alone. */
static void
end_robust_lists(struct process *p)
{
	lock_acquire(&p->lock);
	for (struct thread *t = p->threads; t; t = t->next) {
		struct linux_thread *own = t->abi;

		if (own)
			linux_robust_list_ends(own->robust_list, t->tid);
	}
	lock_release(&p->lock);
}

long
linux_exit_group(struct call *c, int32_t status)
{
	if (c->abi->elf_class == ELFCLASS32 && !c->p->is_vfork_child)
		end_robust_lists(c->p);
	process_exit(c->t, status & 0xff);
}

/* ---- programs' names ---- */

/* What readlink(2) answers of a link that would lead to the core. */
static long
put_name(const char *name, struct guest_ptr buf, int32_t n)
{
	size_t len = strlen(name);

	if (n <= 0)
		return -EINVAL;
	if (len > (size_t)n)
		len = (size_t)n;
	return copy_out(buf, name, len) < 0 ? -EFAULT : (long)len;
}

long
linux_readlink(struct call *c, struct guest_ptr file, struct guest_ptr buf, int32_t n)
{
	struct host_path path;
	long r;

	if (path_of_program(c, path_names_program(c, file), path.text, sizeof path.text))
		return put_name(path.text, buf, n);
	r = path_for(c, file, PATH_LINK, &path);
	return r < 0 ? r : host_call(__NR_readlink, path.name, buf.addr, n);
}

long
linux_readlinkat(struct call *c, int32_t dir, struct guest_ptr file, struct guest_ptr buf, int32_t n)
{
	struct host_path path;
	long r;

	if (path_of_program(c, path_names_program(c, file), path.text, sizeof path.text))
		return put_name(path.text, buf, n);
	r = path_for_at(c, dir, file, PATH_LINK, &path);
	return r < 0 ? r : host_call(__NR_readlinkat, dir, path.name, buf.addr, n);
}
