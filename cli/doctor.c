/*
 * dragoman doctor: what this host offers, and what to do about what it lacks.
 *
 * Features are tried, not looked up by version: containers and hardened kernels
 * refuse what their version would have. What cannot be undone is tried in a child.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dragoman.h"

/* Newer than Debian 12's headers may be; the kernel's ABI. */
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif
#ifndef HWCAP2_FSGSBASE
#define HWCAP2_FSGSBASE 2
#endif

#define X32_GETPID (0x40000000L + SYS_getpid)
#define I386_GETPID 20

/* Syscall User Dispatch's selector: while it is 1, calls raise SIGSYS. */
static volatile char dispatch;

static void
caught(int sig)
{
	(void)sig;
	dispatch = 0;
	_exit(0);
}

static void
catch_sigsys(void)
{
	struct sigaction action = {.sa_handler = caught};

	sigaction(SIGSYS, &action, NULL);
}

/* Each try runs in a child, which answers by its exit status: 0 works. */

static int
try_seccomp(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = sizeof(code) / sizeof(*code), .filter = code};

	catch_sigsys();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		return 1;
	(void)getppid();
	return 1;
}

static int
try_sud(void)
{
	catch_sigsys();
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &dispatch) != 0)
		return 1;
	dispatch = 1;
	(void)getppid();
	return 1;
}

static int
try_user_namespace(void)
{
	return unshare(CLONE_NEWUSER) != 0;
}

static int
try_overlay(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || syscall(SYS_fsopen, "overlay", 0) < 0;
}

static int
try_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* which version? */) < 1;
}

static int
try_i386(void)
{
	long result = I386_GETPID;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return result != getpid();
}

static int
try_x32(void)
{
	return syscall(X32_GETPID) != getpid();
}

static bool
works_in_child(int (*try)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(try());
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
read_line(const char *file, char *buf, size_t size)
{
	FILE *f = fopen(file, "re");
	bool ok = f != NULL && fgets(buf, (int)size, f) != NULL;

	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	if (f != NULL)
		fclose(f);
	return ok;
}

static void
report(const char *what, bool ok, const char *meaning, const char *advice)
{
	printf("%-16s %-4s %s\n", what, ok ? "yes" : "no", ok ? meaning : advice);
}

static const struct {
	const char *what;
	int (*try)(void);
	const char *meaning, *advice;
} features[] = {
	{"user-namespaces", try_user_namespace, "isolation needs no root",
	 "isolation needs root; or sysctl kernel.unprivileged_userns_clone=1 (Debian), "
	 "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)"},
	{"overlay", try_overlay, "changes to a root can be kept apart from it",
	 "roots are used as they are; modprobe overlay, Linux 5.11 or newer"},
	{"landlock", try_landlock, "rooms have this wall, too",
	 "rooms do without this wall: Linux 5.13 or newer, with landlock in lsm="},
	{"i386-calls", try_i386, "this kernel runs i386 programs itself",
	 "this kernel has no 32-bit calls (CONFIG_IA32_EMULATION, or ia32_emulation=on)"},
	{"x32-calls", try_x32, "this kernel runs x32 programs itself",
	 "this kernel has no x32 calls (CONFIG_X86_X32_ABI), as most have not"},
};

static void
report_core(const struct settings *s, bool *ok)
{
	char buf[PATH_MAX];
	const char *core = core_path(s, buf);

	*ok = access(core, X_OK) == 0;
	printf("%-16s %-4s %s%s\n", "core", *ok ? "yes" : "no", core,
	       *ok ? ""
		   : ": not there or not executable; install it (./dev install PREFIX) or say "
		     "--core PATH");
}

static void
report_files(void)
{
	char line[64];
	bool binfmt = read_line("/proc/sys/fs/binfmt_misc/status", line, sizeof(line)) &&
		      strcmp(line, "enabled") == 0;

	report("binfmt_misc", binfmt,
	       "programs can be started without naming dragoman: dragoman binfmt register",
	       "start programs as `dragoman PROGRAM`; or mount -t binfmt_misc none "
	       "/proc/sys/fs/binfmt_misc");
	if (read_line("/proc/sys/vm/mmap_min_addr", line, sizeof(line)))
		printf("%-16s %-4s lowest address a program may map%s\n", "mmap_min_addr", line,
		       atol(line) > 65536
			       ? "; sysctl vm.mmap_min_addr=65536 for programs linked lower"
			       : "");
}

int
doctor(const struct settings *s)
{
	struct utsname host;
	bool core, seccomp, sud, fsgsbase;

	if (uname(&host) == 0)
		printf("%-16s %s %s, %s\n", "host", host.sysname, host.release, host.machine);
	report_core(s, &core);
	sud = works_in_child(try_sud);
	report("trap sud", sud, "the faster trap; --trap=auto takes it",
	       "Linux 5.11 or newer with CONFIG_GENERIC_ENTRY has it; some sandboxes refuse it");
	seccomp = works_in_child(try_seccomp);
	report("trap seccomp", seccomp, sud ? "the other trap" : "--trap=auto takes it",
	       "CONFIG_SECCOMP_FILTER is missing, or a sandbox refuses it");
	fsgsbase = (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE) != 0;
	report("fsgsbase", fsgsbase, "programs may set their thread pointer without a call",
	       "FreeBSD 13 and newer programs set it so and will die: Linux 5.9 and a processor "
	       "since 2012");
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++)
		report(features[i].what, works_in_child(features[i].try), features[i].meaning,
		       features[i].advice);
	report_files();

	if (core && (sud || seccomp))
		return puts("Programs can run here.") < 0;
	puts("Programs cannot run here: see the lines above that say no.");
	return 1;
}
