/*
 * The core's own start: options, the first thread's block, the trap, the guest's
 * image and its first instruction.
 *
 * As started by the front door or by a guest's execve:
 *	dragoman-core [--option…] -- PATH ARGV0 [ARG…]
 * (from a room by --core-fd's descriptor, for which no name is left there)
 * and by binfmt_misc, without and with its flag P (which AT_FLAGS tells since
 * Linux 5.12; flag O tells by AT_EXECFD: load_misc_binary(), fs/binfmt_misc.c):
 *	dragoman-core PATH [ARG…]
 *	dragoman-core PATH ARGV0 [ARG…]
 */
#include <linux/auxvec.h>
#include <linux/binfmts.h>

#include "abis.h"
#include "core.h"
#include "exec.h"
#include "host.h"
#include "host_clock.h"
#include "linux_abi.h"
#include "personality.h"
#include "process.h"
#include "memory.h"
#include "signal.h"
#include "string.h"
#include "thread.h"

struct options options;
const char *const *option_words;
int option_count;

#define NO_EXECFD UINT64_MAX

/* What the host's kernel put on the stack. */
struct host_stack {
	int argc;
	char **argv, **envp;
	uint64_t auxv[AT_MINSIGSTKSZ + 1];
};

static struct host_stack host_stack IN_START;

uint64_t
host_auxv(unsigned type)
{
	return type < sizeof host_stack.auxv / sizeof *host_stack.auxv ? host_stack.auxv[type] : 0;
}

static void
read_host_stack(uint64_t *sp)
{
	struct host_stack *h = &host_stack;
	uint64_t *p;

	h->auxv[AT_EXECFD] = NO_EXECFD;
	h->argc = (int)*sp;
	h->argv = (char **)(sp + 1);
	h->envp = h->argv + h->argc + 1;
	for (p = (uint64_t *)h->envp; *p; p++)
		;
	for (p++; *p != AT_NULL; p += 2)
		if (*p < sizeof h->auxv / sizeof *h->auxv)
			h->auxv[*p] = p[1];
}

static bool
option_is(const char *word, const char *name, const char **value)
{
	size_t n = strlen(name);

	if (strncmp(word, name, n) != 0 || (word[n] != 0 && word[n] != '='))
		return false;
	*value = word[n] ? word + n + 1 : "";
	return true;
}

static unsigned
parse_number(const char *s, const char **end)
{
	unsigned v = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (unsigned)(*s - '0');
	*end = s;
	return v;
}

/* In hexadecimal, as format's %lx writes it. */
static uint64_t
parse_set(const char *s)
{
	uint64_t set = 0;

	for (; *s; s++)
		set = set << 4 | (unsigned)(*s <= '9' ? *s - '0' : *s - 'a' + 10);
	return set;
}

static uint16_t
parse_release(const char *text)
{
	const char *s;
	unsigned major = parse_number(text, &s), minor = *s == '.' ? parse_number(s + 1, &s) : 0;

	if (!major || *s)
		die(125, "--release=%s: not a release (15.1 is the form)", text);
	return (uint16_t)(major * 100 + minor);
}

static const char *
parse_abi(const char *name)
{
	if (personality_by_name(name))
		return name;
	die(125, "--abi=%s: not an ABI that this build has (dragoman --help lists them)", name);
}

static bool
started_by_binfmt(void)
{
	return (host_auxv(AT_FLAGS) & AT_FLAGS_PRESERVE_ARGV0) || host_auxv(AT_EXECFD) != NO_EXECFD;
}

static enum trap_kind
parse_trap(const char *text)
{
	if (strcmp(text, "auto") == 0)
		return TRAP_AUTO;
	if (strcmp(text, "seccomp") == 0)
		return TRAP_SECCOMP;
	if (strcmp(text, "sud") == 0)
		return TRAP_SUD;
	die(125, "--trap=%s: auto, seccomp or sud", text);
}

/* True: as a fault. */
static bool
parse_int80(const char *text)
{
	if (strcmp(text, "trap") != 0 && strcmp(text, "fault") != 0)
		die(125, "--int80=%s: trap or fault", text);
	return text[0] == 'f';
}

static void
parse_option(const char *word)
{
	const char *v;

	if (option_is(word, "--root", &v))
		options.root = v;
	else if (option_is(word, "--abi", &v))
		options.abi = parse_abi(v);
	else if (option_is(word, "--trace-fd", &v))
		options.trace_fd = (int)parse_number(v, &v);
	else if (option_is(word, "--events-fd", &v))
		options.events_fd = (int)parse_number(v, &v);
	else if (option_is(word, "--event-rules", &v))
		options.event_rules = v;
	else if (option_is(word, "--ignored", &v) || option_is(word, "--ignored-open", &v)) {
		options.ignored = parse_set(v);
		options.ignored_told = strncmp(word, "--ignored=", 10) == 0 ? ~UINT64_C(0) : ALWAYS_OPEN;
	}
	else if (option_is(word, "--core-fd", &v))
		options.core_fd = (int)parse_number(v, &v);
	else if (option_is(word, "--exec-fd", &v))
		options.exec_fd = (int)parse_number(v, &v);
	else if (option_is(word, "--int80", &v))
		options.int80_faults = parse_int80(v);
	else if (option_is(word, "--host-clock", &v))
		options.host_clock = v;
	else if (option_is(word, "--no-native", &v))
		options.no_native = true;
	else if (option_is(word, "--no-proc", &v))
		options.no_proc = true;
	else if (option_is(word, "--trace-labels", &v))
		options.trace_labels = true;
	else if (option_is(word, "--trace", &v))
		options.trace = v;
	else if (option_is(word, "--trap", &v))
		options.trap = parse_trap(v);
	else if (option_is(word, "--trap-installed", &v))
		options.trap_installed = true;
	else if (option_is(word, "--registered", &v))
		options.registered = true;
	else if (option_is(word, "--release", &v))
		options.release = parse_release(v);
	else if (option_is(word, "--fast-clock", &v))
		options.fast_clock = true;
	else if (option_is(word, "--stats", &v))
		options.stats = true;
	else if (option_is(word, "--no-rewrite", &v))
		options.no_rewrite = true;
	else if (option_is(word, "--warn", &v))
		options.warn = true;
	else
		die(125, "unknown option %s", word);
}

/* Leaves argv at PATH; ARGV0 is behind it, or is PATH itself. */
static char **
parse_arguments(int argc, char **argv, bool *has_argv0)
{
	int i = 1;

	options.registered = started_by_binfmt();
	options.trace_fd = 2;
	options.events_fd = options.exec_fd = -1;
	option_words = (const char *const *)argv + 1;
	/* A program may well be named --so. */
	while (!started_by_binfmt() && i < argc && strncmp(argv[i], "--", 2) == 0 && argv[i][2])
		parse_option(argv[i++]);
	option_count = i - 1;
	*has_argv0 = host_auxv(AT_FLAGS) & AT_FLAGS_PRESERVE_ARGV0;
	if (!started_by_binfmt() && i < argc && strcmp(argv[i], "--") == 0) {
		*has_argv0 = true;
		i++;
	}
	if (i + *has_argv0 >= argc)
		die(125, "usage: dragoman-core [--option…] -- PATH ARGV0 [ARG…]");
	return argv + i;
}

/* What exec was given, if that was us: binfmt_misc was given the guest's file. */
static const char *
core_path(void)
{
	const char *name = (const char *)(uintptr_t)host_auxv(AT_EXECFN);

	return options.registered || name[0] != '/' ? CORE_LINK : name;
}

/* The program's file, if the kernel or fexecve(2) has opened it for us; it was not asked to close it on exec. */
static int
program_descriptor(void)
{
	uint64_t fd = host_auxv(AT_EXECFD);

	if (options.exec_fd >= 0)
		fd = (uint64_t)options.exec_fd;
	else if (fd == NO_EXECFD)
		return -1;
	core_call(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC);
	return (int)fd;
}

static void
run(void *argument)
{
	struct thread *t = argument;
	bool has_argv0;
	char **program = parse_arguments(host_stack.argc, host_stack.argv, &has_argv0);

	options.core_path = core_path();
	thread_begin(t);
	t->p->pid = t->tid;
	exec_first(t, program[0], program_descriptor(), program + has_argv0, host_stack.envp);
}

/*
 * The first thread's block, the process and the heap's first memory. In .bss they cost no mapping and no page table
 * of their own, which each start and each fork would pay for, and stand where core.lds.S says.
 */
static struct thread first_thread __attribute__((section(".bss.thread"), aligned(THREAD_BLOCK)));
static struct process first_process __attribute__((section(".bss.process")));
static char first_stack[THREAD_BLOCK - THREAD_STACK] __attribute__((section(".bss.stack"), aligned(4096)));
static char first_heap[0x10000] __attribute__((section(".bss.heap"), aligned(4096)));

/* What each start writes: thread, process and the host's stack, and the uppermost of our own with the frame. */
static void
populate(void)
{
	const char *top = first_stack + (THREAD_FRAME - THREAD_STACK);

	memory_populate(&first_thread, &host_stack + 1);
	memory_populate(top - 0x4000, top + sizeof(struct ucontext));
}

_Noreturn void core_start(uint64_t *sp);

void
core_start(uint64_t *sp)
{
	struct thread *t;

	populate();
	read_host_stack(sp);
	if (host_stack.argc == 2 && !started_by_binfmt() && strcmp(host_stack.argv[1], "--abis") == 0) {
		abis_print();
		core_call(__NR_exit_group, 0);
	}
	host_clock_start();
	core_heap_start(first_heap, sizeof first_heap);
	t = thread_on(&first_thread, &first_process);
	t->p->threads = t;
	entry_on_stack(thread_stack_top(t), run, t);
}
