/*
 * Processes: fork and its kin, exit, wait (kern/kern_fork.c, kern_exit.c), ids of
 * processes and groups (kern_prot.c).
 */
#include "freebsd.h"

#include <linux/kcmp.h>
#include <linux/wait.h>

#include "bsd/kqueue.h"
#include "core/copy.h"
#include "core/exec.h"
#include "core/host.h"
#include "core/process.h"
#include "core/signal.h"
#include "core/string.h"
#include "core/thread.h"
#include "procdesc.h"

long
freebsd_exit(struct call *c, int32_t status)
{
	freebsd_robust_process_ends(c->p);
	procdesc_process_ends(c->p);
	process_exit(c->t, status & 0xff);
}

/* The child's second value is 1, by which old stubs know it (amd64/amd64/vm_machdep.c, cpu_fork()). */
static void
child_registers(struct thread *t)
{
	t->frame->uc_mcontext.rax = 0;
	t->frame->uc_mcontext.rdx = 1;
	t->frame->uc_mcontext.eflags &= ~UINT64_C(1);
}

static long
forked(struct call *c, long r)
{
	if (r == 0)
		c->second = 1;
	else if (r > 0)
		kqueue_process_forked(c->p, (int)r);
	return r;
}

long
freebsd_fork(struct call *c)
{
	return forked(c, process_fork(c->t));
}

long
freebsd_vfork(struct call *c)
{
	return forked(c, process_vfork(c->t, child_registers));
}

#define RFORK_MADE_HERE (FREEBSD_RFPROC | FREEBSD_RFFDG | FREEBSD_RFCFDG | FREEBSD_RFMEM | FREEBSD_RFPPWAIT)

/*
 * rfork(2), as far as it is fork or vfork in other words: descriptors copied, the
 * memory copied or lent. A child that goes on sharing descriptors or memory
 * beside its parent is not made.
 */
long
freebsd_rfork(struct call *c, uint32_t flags)
{
	if (flags_to_host(&freebsd_rfork_flags, flags) < 0)
		return -EINVAL;
	if ((flags & (FREEBSD_RFFDG | FREEBSD_RFCFDG)) == (FREEBSD_RFFDG | FREEBSD_RFCFDG))
		return -EINVAL;
	if (!(flags & FREEBSD_RFPROC) || (flags & ~RFORK_MADE_HERE))
		return -EINVAL;
	if ((flags & (FREEBSD_RFMEM | FREEBSD_RFPPWAIT)) == (FREEBSD_RFMEM | FREEBSD_RFPPWAIT))
		return freebsd_vfork(c);
	if (!(flags & FREEBSD_RFFDG) || (flags & FREEBSD_RFMEM))
		return -EINVAL;
	return freebsd_fork(c);
}

/* exec_copyin_args(): what is wrong with the arguments comes before what is wrong with the file. */
static long
check_words(struct guest_ptr argv, struct guest_ptr envp)
{
	uint64_t first;

	if (load_u64(&first, argv) < 0)
		return -EFAULT;
	if (first == 0)
		return -EINVAL;
	return is_null(envp) ? 0 : load_u64(&first, envp);
}

long
freebsd_execve(struct call *c, struct guest_ptr file, struct guest_ptr argv, struct guest_ptr envp)
{
	char first;
	long r = copy_in(&first, file, 1);

	if (r == 0)
		r = check_words(argv, envp);
	return r < 0 ? r : process_execve(c, file, argv, envp);
}

long
freebsd_fexecve(struct call *c, int32_t f, struct guest_ptr argv, struct guest_ptr envp)
{
	long r = check_words(argv, envp);

	return r < 0 ? r : process_fexecve(c, f, argv, envp);
}

/* ---- wait ---- */

#define HOST_CONTINUED 0xffff

/*
 * A wait status. The exit code and the number of a killing signal stand as they
 * are: guests die of their own numbers (core/signal.c). Stops are the host's.
 */
static uint32_t
status_to_guest(uint32_t status)
{
	if (status == HOST_CONTINUED)
		return FREEBSD_SIGCONT << 8 | 0x7f;
	if ((status & 0xff) == 0x7f) {
		int number = number_to_guest(&freebsd_signals, status >> 8 & 0xff);

		return (uint32_t)(number > 0 ? number : FREEBSD_SIGSTOP) << 8 | 0x7f;
	}
	return status;
}

/* struct rusage is the same on both sides: two timevals and fourteen longs. */
struct host_rusage {
	int64_t words[18];
};

static long
put_status(long pid, uint32_t status, struct guest_ptr to)
{
	long r = pid > 0 && !is_null(to) ? store_u32(to, status_to_guest(status)) : 0;

	return r < 0 ? r : pid;
}

/*
 * wait4(2). The host's wants to be told of every kind of child (__WALL): a guest's
 * may have been made with another exit signal.
 */
long
freebsd_wait4(struct call *c, int32_t who, struct guest_ptr status, uint32_t how, struct guest_ptr usage)
{
	long flags = flags_to_host(&freebsd_waitflags, how & ~(uint32_t)FREEBSD_WEXITED);
	struct host_rusage ru;
	int host_status = 0;
	long r;

	(void)c;
	if (flags < 0 || who == INT32_MIN)
		return -EINVAL;
	r = host_call(__NR_wait4, who, &host_status, flags | __WALL, &ru);
	if (r > 0 && !is_null(usage) && copy_out(usage, &ru, sizeof ru) < 0)
		return -EFAULT;
	return put_status(r, (uint32_t)host_status, status);
}

struct freebsd_wrusage {	/* struct __wrusage: of the child, and of its children */
	struct host_rusage self, children;
};

/* si_code of SIGCHLD and the host's waitid: CLD_EXITED 1 … CLD_CONTINUED 6, the same on both. */
static uint32_t
status_of(const struct siginfo *info)
{
	uint32_t value = (uint32_t)info->si_status;

	switch (info->si_code) {
	case CLD_EXITED:
		return (value & 0xff) << 8;
	case CLD_KILLED:
		return value;
	case CLD_DUMPED:
		return value | 0x80;
	case CLD_CONTINUED:
		return HOST_CONTINUED;
	default:
		return value << 8 | 0x7f;
	}
}

static long
wait_target(int32_t type, int64_t who, int *host_type, int *host_who)
{
	*host_who = (int)who;
	switch (type) {
	case FREEBSD_P_PID:
		*host_type = 1;		/* P_PID */
		return 0;
	case FREEBSD_P_PGID:
		*host_type = 2;		/* P_PGID */
		return 0;
	case FREEBSD_P_ALL:
		*host_type = 0;		/* P_ALL */
		return 0;
	default:		/* a kind that no child is found by */
		return -ECHILD;
	}
}

#define KNOWN_WAIT6 (FREEBSD_WNOHANG | FREEBSD_WUNTRACED | FREEBSD_WCONTINUED | FREEBSD_WNOWAIT | \
		     FREEBSD_WEXITED | FREEBSD_WTRAPPED)

#define WAITED_FOR (FREEBSD_WEXITED | FREEBSD_WUNTRACED | FREEBSD_WCONTINUED | FREEBSD_WTRAPPED)

bool
freebsd_wait_flags_ok(uint32_t how)
{
	return !(how & ~KNOWN_WAIT6) && (how & WAITED_FOR);
}

/* waitid with a status word and the usage of both kinds. */
long
freebsd_wait_for(struct call *c, int host_type, int host_who, uint32_t how, struct guest_ptr status,
		 struct guest_ptr usage, struct guest_ptr info)
{
	struct freebsd_wrusage ru = {0};
	struct siginfo si = {0};
	long flags = flags_to_host(&freebsd_waitflags, how & ~(uint32_t)FREEBSD_WTRAPPED), r;

	if (flags < 0)
		return flags;
	r = host_call(__NR_waitid, host_type, host_who, &si, flags | __WALL, &ru.self);
	if (r < 0)
		return r;
	if (si.si_pid && !is_null(usage) && copy_out(usage, &ru, sizeof ru) < 0)
		return -EFAULT;
	if (!is_null(info)) {
		struct queued_signal q = {.number = FREEBSD_SIGCHLD, .info = si};
		struct freebsd_siginfo out;

		memset(&out, 0, sizeof out);
		if (si.si_pid)
			freebsd_siginfo_from_host(c->t, &out, &q);
		if (copy_out(info, &out, sizeof out) < 0)
			return -EFAULT;
	}
	return put_status(si.si_pid, si.si_pid ? status_of(&si) : 0, status);
}

long
freebsd_wait6(struct call *c, int32_t type, int64_t who, struct guest_ptr status, uint32_t how,
	      struct guest_ptr usage, struct guest_ptr info)
{
	int host_type, host_who;
	long r;

	if (!freebsd_wait_flags_ok(how))
		return -EINVAL;
	r = wait_target(type, who, &host_type, &host_who);
	return r < 0 ? r : freebsd_wait_for(c, host_type, host_who, how, status, usage, info);
}

/* ---- groups of processes ---- */

/* A process that cannot be is one that is not there: kern_prot.c looks it up and no more. */
long
freebsd_getpgid(struct call *c, int32_t who)
{
	(void)c;
	return who < 0 ? -ESRCH : host_call(__NR_getpgid, who);
}

long
freebsd_getsid(struct call *c, int32_t who)
{
	(void)c;
	return host_call(__NR_getsid, who);
}

long
freebsd_setpgid(struct call *c, int32_t who, int32_t group)
{
	(void)c;
	return group < 0 ? -EINVAL : host_call(__NR_setpgid, who, group);
}

/* ---- the end, and what is the same ---- */

#define ABORT2_ARGS 16
#define ABORT2_TEXT 4096

/* abort2(2): why is for the system's log. SIGABRT, or SIGKILL if the reason cannot be read. */
long
freebsd_abort2(struct call *c, struct guest_ptr why, int32_t n, struct guest_ptr args)
{
	uint64_t words[ABORT2_ARGS];
	char text[ABORT2_TEXT];
	bool ok = n >= 0 && n <= ABORT2_ARGS && (n == 0 || !is_null(args));

	ok = ok && copy_in(words, args, ok ? (size_t)n * sizeof *words : 0) == 0;
	ok = ok && (is_null(why) || copy_in_string(text, why, sizeof text) != -EFAULT);
	signal_die(c->t, ok ? FREEBSD_SIGABRT : FREEBSD_SIGKILL);
}

/* kcmp(2): the host's types in another order. FILEOBJ would compare files, not openings of them. */
long
freebsd_kcmp(struct call *c, int32_t one, int32_t other, int32_t type, struct guest_ptr idx1, struct guest_ptr idx2)
{
	static const struct { int guest, host; } types[] = {
		{FREEBSD_KCMP_FILE, KCMP_FILE}, {FREEBSD_KCMP_FILES, KCMP_FILES},
		{FREEBSD_KCMP_SIGHAND, KCMP_SIGHAND}, {FREEBSD_KCMP_VM, KCMP_VM},
	};

	(void)c;
	if (one < 0 || other < 0)
		return -ESRCH;
	if (one == 0 || other == 0)	/* the kernel's own process */
		return -EPERM;
	for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].guest == type)
			return host_call(__NR_kcmp, one, other, types[i].host, idx1.addr, idx2.addr);
	return host_call(__NR_kcmp, one, other, KCMP_VM, 0, 0) < 0 ? -ESRCH : -EINVAL;
}
