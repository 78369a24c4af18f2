#include "exec.h"

#include <asm/stat.h>
#include <linux/elf.h>
#include <linux/stat.h>

#include "abis.h"
#include "call.h"
#include "copy.h"
#include "core.h"
#include "events.h"
#include "host.h"
#include "layout.h"
#include "linux_abi.h"
#include "loader/loader.h"
#include "low.h"
#include "memory.h"
#include "output.h"
#include "path.h"
#include "path_straight.h"
#include "personality.h"
#include "process.h"
#include "print.h"
#include "signal.h"
#include "sites.h"
#include "string.h"
#include "thread.h"
#include "trace.h"
#include "trap.h"

#define LONGEST_PATH 4095

/* A program found: what will be mapped, and the words in front of the guest's own arguments. */
struct program {
	int fd;
	const char *path;		/* guest's name of what fd is */
	struct script *script;		/* core_alloc'ed, or NULL; then fd is its interpreter */
	size_t head_len;
	uint64_t size;
	struct elf_info info;
	char head[ELF_HEAD];
};

/* The name of a file that the kernel was given as a descriptor (do_execveat_common(), fs/exec.c). */
static bool
names_descriptor(const char *path)
{
	return strncmp(path, "/dev/fd/", 8) == 0;
}

/*
 * The file's own name from that of the current folder, if `path` leads to it by no symlink; else 0. A look at the
 * descriptor in /proc, which the kernel makes for each process when it is first asked for, takes ten times as long.
 */
static long
name_in_folder(const char *path, char *name, size_t size)
{
	long n = core_call(__NR_getcwd, name, size) - 1;
	size_t length;

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	if (n <= 0 || name[0] != '/' || !path_is_plain(path))
		return 0;
	if (n > 1)	/* not the root, which is a slash itself */
		name[n++] = '/';
	length = strlcpy(name + n, path, size - (size_t)n);
	if (length >= size - (size_t)n || !path_is_straight(AT_FDCWD, name + n, length, size - (size_t)n))
		return 0;
	return n + (long)length;
}

static long
name_of_descriptor(int fd, char *name, size_t size)
{
	char link[32];

	format(link, sizeof link, "/proc/self/fd/%d", fd);
	return core_call(__NR_readlink, link, name, size - 1);
}

/*
 * AT_EXECPATH is absolute (do_execve(), kern/kern_exec.c): for a relative path, and
 * after fexecve, the name the file has itself.
 */
static void
absolute_name(const struct program *p, char *name, size_t size)
{
	long n = 0;

	if (p->path[0] != '/')
		n = name_in_folder(p->path, name, size);
	if (n <= 0 && (p->path[0] != '/' || names_descriptor(p->path)))
		n = name_of_descriptor(p->fd, name, size);
	if (n <= 0) {
		strlcpy(name, p->path, size);
		return;
	}
	name[n] = 0;
	path_to_guest(name);
}

/* Reads the first bytes of what p->fd is; `name`: where its permissions are, or NULL if the kernel has looked. */
static int
read_program(struct program *p, const char *name, struct load_error *e)
{
	struct stat st;
	long r = core_call(__NR_fstat, p->fd, &st);

	if (r == 0 && S_ISDIR(st.st_mode))
		return load_fail(e, EACCES, "is a directory");
	if (r == 0 && !S_ISREG(st.st_mode))
		return load_fail(e, EACCES, "not a regular file");
	if (r == 0 && name)
		r = core_call(__NR_faccessat, AT_FDCWD, name, 1 /* X_OK */);
	if (r == 0)
		r = core_call(__NR_pread64, p->fd, p->head, sizeof p->head, 0);
	if (r < 0)
		return load_fail_errno(e, r);
	p->head_len = (size_t)r;
	p->size = (uint64_t)st.st_size;
	return 0;
}

/* The guest's `path`, for execution. */
static int
open_program(struct program *p, const char *path, struct load_error *e)
{
	char text[4096];
	const char *name = path_on_host(path, text, sizeof text);
	long r;

	p->path = path;
	if (!name || strlen(path) > LONGEST_PATH)
		return load_fail_errno(e, -ENAMETOOLONG);
	r = core_call(__NR_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (r < 0)
		return load_fail_errno(e, r);
	p->fd = (int)r;
	return read_program(p, name, e);
}

/* The kernel has opened `path` already, which may not be readable, or not there under that name. */
static int
take_program(struct program *p, int fd, const char *path, struct load_error *e)
{
	p->fd = fd;
	p->path = path;
	if (strlen(path) > LONGEST_PATH)
		return load_fail_errno(e, -ENAMETOOLONG);
	return read_program(p, NULL, e);
}

static void
close_program(struct program *p)
{
	if (p->fd >= 0)
		core_call(__NR_close, p->fd);
	p->fd = -1;
}

static int
parse_program(struct program *p, struct load_error *e)
{
	if (elf_parse(p->head, p->head_len, p->size, &p->info, e) < 0)
		return -1;
	return elf_complete(p->fd, &p->info, e);
}

static bool
begins_script(const struct program *p)
{
	return p->head_len >= 2 && p->head[0] == '#' && p->head[1] == '!';
}

/* A second `#!` is ENOEXEC, as exec_shell_imgact() has it. */
static int
find_interpreter(struct program *p, struct load_error *e)
{
	const char *name;

	p->script = core_alloc(sizeof *p->script);
	if (!p->script)
		return load_fail_errno(e, -ENOMEM);
	if (script_parse(p->head, p->head_len, p->script, e) < 0)
		return -1;
	name = p->script->interpreter;
	close_program(p);
	if (open_program(p, name, e) < 0)
		return load_fail_interpreter(e, name);
	if (begins_script(p)) {
		load_fail(e, ENOEXEC, "is a script itself");
		return load_fail_interpreter(e, name);
	}
	return parse_program(p, e) < 0 ? load_fail_interpreter(e, name) : 0;
}

/* Finds the file, or the interpreter its `#!` line names, and what kind of program that is. fd: the file, or -1. */
static int
find_program(struct program *p, const char *path, int fd, struct load_error *e)
{
	p->fd = -1;
	p->script = NULL;
	if ((fd >= 0 ? take_program(p, fd, path, e) : open_program(p, path, e)) < 0)
		return -1;
	return begins_script(p) ? find_interpreter(p, e) : parse_program(p, e);
}

/* The brand of what --abi names; BRAND_UNKNOWN: not given. */
static enum brand
brand_by_option(void)
{
	const struct personality *abi = options.abi ? personality_by_name(options.abi) : NULL;

	return abi ? abi->brand : BRAND_UNKNOWN;
}

/*
 * A file that names no ABI is what --abi says, else the host's, as for the host's
 * kernel: static programs of musl and of Go say nothing.
 */
static enum brand
brand_of(const struct program *p)
{
	enum brand option;

	if (p->info.brand != BRAND_UNKNOWN)
		return p->info.brand;
	option = brand_by_option();
	return option != BRAND_UNKNOWN ? option : BRAND_LINUX;
}

static const struct personality *
personality_for(const struct program *p)
{
	return personality_by_brand(brand_of(p), &p->info);
}

/* As a person says it, behind the brand's name. */
static const char *
machine_name(const struct elf_info *info)
{
	if (info->machine == EM_386)
		return " i386";
	return info->class == ELFCLASS32 ? " x32" : "";
}

static void
choose_release(const struct personality *abi)
{
	const uint16_t *known = abi->releases;

	if (!known)
		return;
	if (!options.release)
		options.release = known[0];
	while (*known && *known != options.release)
		known++;
	if (!*known)
		die(125, "--release=%d.%d: no release of %s that this build knows (%d.%d is one)", options.release / 100,
		    options.release % 100, abi->name, abi->releases[0] / 100, abi->releases[0] % 100);
}

/*
 * A 64-bit program of the host; --abi linux translates those too, for study. The 32-bit ones
 * are always translated: whether the host's kernel can run them is different from host to host.
 */
static bool
is_native(const struct program *p)
{
	return brand_of(p) == BRAND_LINUX && p->info.class == ELFCLASS64 && brand_by_option() != BRAND_LINUX;
}

static bool
is_refused(const struct program *p)
{
	return options.no_native && is_native(p);
}

/* May the host's kernel run it? Under a seccomp filter every call outside the gate traps for good. */
static bool
runs_natively(const struct program *p)
{
	return is_native(p) && !options.trap_installed && options.trap != TRAP_SECCOMP;
}

/* argv for a script: interpreter, its argument if any, the script, and the rest. */
static char **
script_arguments(struct program *p, const char *path, char **argv)
{
	size_t n = 0, k = 0;
	char **words;

	while (argv[n])
		n++;
	words = core_alloc((n + 4) * sizeof *words);
	if (!words)
		die(126, "%s: no memory for its arguments", path);
	words[k++] = p->script->interpreter;
	if (p->script->argument[0])
		words[k++] = p->script->argument;
	words[k++] = (char *)path;
	if (n > 0)
		memcpy(words + k, argv + 1, n * sizeof *words);
	return words;
}

static int
open_guest_path(void *context, const char *path)
{
	char text[4096];
	const char *name = path_on_host(path, text, sizeof text);

	(void)context;
	return name ? (int)core_call(__NR_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC) : -ENAMETOOLONG;
}

static void
mapped_code(void *context, uint64_t start, uint64_t len, int prot)
{
	(void)context;
	sites_mapped(start, len, prot, false);
}

static void
set_thread_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	core_call(__NR_prctl, PR_SET_NAME, slash ? slash + 1 : path);
}

/* Functions that few starts need are by themselves: their buffers lie on pages of the stack that the others do not touch. */
static _Noreturn __attribute__((noinline)) void
start_native(const struct process *p, char *const *argv, char *const *envp)
{
	char text[4096];
	long r;

	outputs_keep(false);
	r = core_call(__NR_execve, path_on_host(p->exec_path, text, sizeof text), argv, envp);
	die(126, "%s: a program of the host that could not be started: %s", p->exec_path, load_errno_text((int)-r));
}

void
exec_first(struct thread *t, const char *path, int fd, char **argv, char **envp)
{
	struct program p;
	struct image image = {0};
	struct load_error e = {0};
	struct load_options load = {.open_path = open_guest_path, .mapped_code = mapped_code, .info = &p.info};
	struct start_request request = {.path = t->p->exec_path, .image = &image, .envp = envp};
	struct ucontext *uc;
	long r;

	if (find_program(&p, path, fd, &e) < 0)
		die(e.code, "%s: %s%s", path, e.reason, e.detail);
	absolute_name(&p, t->p->exec_path, sizeof t->p->exec_path);
	request.argv = p.script ? script_arguments(&p, path, argv) : argv;
	if (is_refused(&p))
		die(126, "%s: a Linux program, which --isolate=strict refuses", path);
	/* What binfmt_misc gave us, it would give us again. */
	if (runs_natively(&p) && !options.registered)
		start_native(t->p, request.argv, envp);
	t->p->abi = personality_for(&p);
	if (!t->p->abi)
		die(126, "%s: its ABI is %s%s, which this build does not have%s", path, brand_name(brand_of(&p)),
		    machine_name(&p.info), p.info.brand == BRAND_UNKNOWN ? " (--abi NAME says another)" : "");
	/* Linux programs want theirs. */
	options.no_proc = options.no_proc && t->p->abi->brand != BRAND_LINUX;
	choose_release(t->p->abi);
	trap_install();
	trace_start(t->p->abi);
	t->p->abi = events_start(t->p->abi);
	if (p.info.class == ELFCLASS32)
		load.narrow_top = low_top();
	if (image_load(p.fd, &load, &image, &e) < 0)
		die(e.code, "%s: %s%s", path, e.reason, e.detail);
	close_program(&p);
	set_thread_name(path);
	t->p->break_start = t->p->break_now = image.brk_start;
	uc = thread_fresh_frame(t);
	signal_start(t);
	r = t->p->abi->start(t, uc, &request);
	if (r < 0)
		die(126, "%s: its stack could not be made: %s", path, load_errno_text((int)-r));
	uc->uc_sigmask = sigset_to_host(t, &t->mask);
	gate_return(uc);
}

/* ---- execve ---- */

#define MAX_WORDS (UINT64_C(1) << 20)

/* How many pointers a guest's NULL-terminated vector has; a null vector has none. */
static long
count_words(const struct call *c, struct guest_ptr vector)
{
	uint64_t word = 1;
	long n = 0;

	if (is_null(vector))
		return 0;
	for (;; n++) {
		if (load_pointer(c, vector, (uint64_t)n, &word) < 0)
			return -EFAULT;
		if (!word)
			return n;
		if ((uint64_t)n >= MAX_WORDS)
			return -E2BIG;
	}
}

/* A vector of n pointers in the host's form, NULL-terminated. It may have changed since it was counted. */
static long
copy_words(const struct call *c, const char **to, struct guest_ptr vector, long n)
{
	uint64_t word = 1;
	long i;

	for (i = 0; i < n && word; i++) {
		if (load_pointer(c, vector, (uint64_t)i, &word) < 0)
			return -EFAULT;
		to[i] = (const char *)(uintptr_t)word;
	}
	to[i] = NULL;
	return 0;
}

/*
 * What the next core is told anew: which signals are ignored (of some the host's dispositions cannot tell, the
 * rest it need not ask one by one), and a descriptor to start from that is not the guest's.
 */
struct passing_words {
	char ignored[32], exec_fd[32];
};
#define NO_FD (-1)

static long
passing_words(const struct process *p, int exec_fd, struct passing_words *text, const char **words)
{
	long k = 0;

	if (p->threads->next)	/* which may change an action before we are gone */
		format(text->ignored, sizeof text->ignored, "--ignored-open=%lx",
		       (unsigned long)(signal_ignored(p) & ALWAYS_OPEN));
	else
		format(text->ignored, sizeof text->ignored, "--ignored=%lx", (unsigned long)signal_ignored(p));
	words[k++] = text->ignored;
	if (exec_fd == NO_FD)
		return k;
	format(text->exec_fd, sizeof text->exec_fd, "--exec-fd=%d", exec_fd);
	words[k++] = text->exec_fd;
	return k;
}

/* An option that the next core is told anew, or not at all. */
static bool
is_passing(const char *word)
{
	static const char *const names[] = {"--exec-fd=", "--ignored", "--registered", "--trace-labels", "--trap-installed"};

	for (size_t n = 0; n < sizeof names / sizeof *names; n++)
		if (strncmp(word, names[n], strlen(names[n])) == 0)
			return true;
	return false;
}

#define FEW_WORDS 128

/* The guest's own vectors, for the host's kernel, which reads their strings (and answers their faults). */
struct exec_words {
	const char **argv;	/* of the core: its options, the path, and the guest's words; or the guest's alone */
	const char **envp;
	struct passing_words text;
	const char *few[FEW_WORDS];
};

/* The words in front of the guest's: the core's options and the path. */
static long
core_words(const struct process *p, const char *path, int exec_fd, const char **words, struct passing_words *text)
{
	long k = 0;

	words[k++] = "dragoman-core";
	for (int i = 0; i < option_count; i++)
		if (!is_passing(option_words[i]))
			words[k++] = option_words[i];
	k += passing_words(p, exec_fd, text, words + k);
	if (trace_is_labelled())
		words[k++] = "--trace-labels";
	if (options.trap_installed)
		words[k++] = "--trap-installed";
	if (options.registered)
		words[k++] = "--registered";
	words[k++] = "--";
	words[k++] = path;
	return k;
}

#define MOST_CORE_WORDS ((size_t)option_count + 10)

/*
 * `path` is NULL where the host's kernel itself starts the program. The few words that most have stay on the stack, of
 * which the page is there already.
 */
static long
make_words(struct call *c, const char *path, int exec_fd, struct guest_ptr argv, struct guest_ptr envp, struct exec_words *out)
{
	struct thread *t = c->t;
	long n = count_words(c, argv), nenv = count_words(c, envp), k = 0;
	size_t most, all;

	if (n < 0 || nenv < 0)
		return n < 0 ? n : nenv;
	most = (size_t)n + MOST_CORE_WORDS + 2;
	all = most + (size_t)nenv + 1;
	out->argv = out->few;
	if (all > FEW_WORDS) {
		t->exec_words_size = all * sizeof *out->argv;
		out->argv = t->exec_words = arena_map(t->exec_words_size, 4096);
	}
	if (!out->argv)
		return -ENOMEM;
	out->envp = out->argv + most;
	if (path)
		k = core_words(c->p, path, exec_fd, out->argv, &out->text);
	if (copy_words(c, out->argv + k, argv, n) < 0 || copy_words(c, out->envp, envp, nenv) < 0)
		return -EFAULT;
	if (path && !out->argv[k])	/* no argv[0]: the kernel puts an empty one there too */
		out->argv[k] = "";
	return 0;
}

static void
free_words(struct thread *t)
{
	if (t->exec_words)
		arena_unmap(t->exec_words, t->exec_words_size);
	t->exec_words = NULL;
}

/*
 * By its descriptor, or by the name it was started by; where it has none, as after a
 * chroot, by the host's link, which takes the kernel longer.
 */
static long
exec_core(const char *const *argv, const char *const *envp)
{
	long r;

	if (options.core_fd)
		return host_call(__NR_execveat, options.core_fd, "", argv, envp, AT_EMPTY_PATH);
	r = host_call(__NR_execve, options.core_path, argv, envp);
	return r == -ENOENT || r == -EACCES ? host_call(__NR_execve, CORE_LINK, argv, envp) : r;
}

/*
 * path: NULL for the core. The new image finds the mask and the ignored signals as this one has
 * them (signal.h).
 */
static long
host_exec(struct call *c, const char *path, const struct exec_words *words)
{
	long r;

	trace_leaves(c->t);
	signal_before_exec(c->p);
	if (c->abi->hands_on_descriptors)
		c->abi->hands_on_descriptors(c->p);
	r = path ? host_call(__NR_execve, path, words->argv, words->envp) : exec_core(words->argv, words->envp);
	for (int n = 1; n <= (int)c->abi->signal_max; n++)
		signal_update_host(c->p, n);
	return r;
}

/*
 * In a chroot or container without /proc, the core's file may have no name that we could
 * exec. binfmt_misc, which knows it, then starts it for the guest's file.
 */
static bool
core_is_reachable(void)
{
	return !options.registered || core_call(__NR_faccessat, AT_FDCWD, CORE_LINK, 1 /* X_OK */) == 0;
}

/* By itself for the stack's sake, as start_native(). */
static __attribute__((noinline)) long
exec_native(struct call *c, const char *path, const struct exec_words *words)
{
	char text[4096];

	return host_exec(c, path_on_host(path, text, sizeof text), words);
}

/* How a file that may be executed is started. */
struct start {
	bool native;
	int fd;			/* it, open, for the next core; NO_FD: that opens it by its name */
};

/* Other threads could start programs meanwhile, which would inherit it. */
static int
keep_for_next_core(const struct process *p, struct program *found)
{
	int fd = found->fd;

	if (p->threads->next || found->script)
		return NO_FD;
	core_call(__NR_fcntl, fd, 2 /* F_SETFD */, 0);
	found->fd = -1;
	return fd;
}

/* What is wrong with the file, or how it is started. */
static __attribute__((noinline)) long
examine(const struct process *p, const char *path, struct start *how)
{
	struct load_error e = {0};
	struct program found;
	long r = find_program(&found, path, -1, &e);

	/* Under a root, a script's interpreter is not the one the host's kernel would take. */
	bool native = r == 0 && runs_natively(&found) && !(found.script && options.root);

	if (r == 0 && is_refused(&found))
		load_fail(&e, EACCES, "refused in this room");
	else if (r == 0 && !native && !personality_for(&found))
		load_fail(&e, ENOEXEC, "an ABI that this build does not have");
	how->native = native || !core_is_reachable();
	how->fd = e.host_errno || how->native ? NO_FD : keep_for_next_core(p, &found);
	close_program(&found);
	core_free(found.script);
	return -e.host_errno;
}

/* fd: one of the guest's that is to be closed, which the next core needs until it has read it; or NO_FD. */
static long
exec_found(struct call *c, const char *path, int fd, struct guest_ptr argv, struct guest_ptr envp)
{
	struct exec_words words;
	struct start how;
	long r = examine(c->p, path, &how);

	if (r < 0)
		return r;
	r = make_words(c, how.native ? NULL : path, fd == NO_FD ? how.fd : fd, argv, envp, &words);
	if (r == 0 && how.native) {
		r = exec_native(c, path, &words);
	} else if (r == 0) {
		outputs_keep(true);
		r = host_exec(c, NULL, &words);
		outputs_keep(false);
	}
	free_words(c->t);
	if (how.fd != NO_FD)
		core_call(__NR_close, how.fd);
	return r;
}

long
process_execve(struct call *c, struct guest_ptr path, struct guest_ptr argv, struct guest_ptr envp)
{
	char name[4096];
	long n = copy_in_string(name, path, sizeof name);

	if (n <= 0)
		return n < 0 ? n : -ENOENT;
	path_of_program(c, path_names_program(c, path), name, sizeof name);
	return exec_found(c, name, NO_FD, argv, envp);
}

long
process_fexecve(struct call *c, int fd, struct guest_ptr argv, struct guest_ptr envp)
{
	char name[32];
	long n, flags = host_call(__NR_fcntl, fd, 1 /* F_GETFD */);

	if (flags < 0)
		return flags;
	/* One that closes on exec is needed until the new core has read it, which then closes it. */
	if (flags & 1)
		core_call(__NR_fcntl, fd, 2 /* F_SETFD */, 0);
	format(name, sizeof name, "/proc/self/fd/%d", fd);
	n = exec_found(c, name, flags & 1 ? fd : NO_FD, argv, envp);
	if (flags & 1)
		core_call(__NR_fcntl, fd, 2, flags);
	return n;
}
