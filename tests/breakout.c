/*
 * What a program may try that wants out of its room (tests/test_breakout.py). Built for FreeBSD and for
 * Linux; its calls are the host's in both:
 *
 *	breakout WAY OUTSIDE-PID SECRET EXTRA-FD ABSTRACT-NAME PORT SHM-KEY [ATTEMPT...]
 *
 * WAY is the address of the core's gate_call(), which it simply calls, or `own`: by its own syscall
 * instruction. A line for each attempt, or each named one: what the host answered. Nothing here does harm
 * if it is let through: arguments are wrong where the call alone would be dangerous.
 */
#include <asm/unistd_64.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define AT_FDCWD (-100)
#define NOTHING (-1)
enum { O_WRONLY = 1, O_RDWR = 2, O_PATH = 010000000, O_DIRECTORY = 0200000 };

/* asm-generic/errno-base.h: what an attempt answers that found nothing to try. */
enum { ENOENT = 2, EBADF = 9, EPERM = 1 };

static long (*host)(long nr, long a, long b, long c, long d, long e, long f);
static long outside, extra_fd, port, shm_key;
static const char *secret, *abstract_name;

#define CALL_7(nr, a, b, c, d, e, f, ...) \
	host(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define call(...) CALL_7(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

static long
own_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) :
			 "rcx", "r11", "memory");
	return nr;
}

/* ---- text ---- */

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);

void *
memcpy(void *to, const void *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

void *
memset(void *to, int c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((char *)to)[i] = (char)c;
	return to;
}

static size_t
length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static bool
same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* Decimal, or hexadecimal behind 0x. */
static long
number(const char *s)
{
	long base = s[0] == '0' && s[1] == 'x' ? 16 : 10, n = 0;

	for (s += base == 16 ? 2 : 0; *s; s++)
		n = n * base + (*s >= 'a' ? *s - 'a' + 10 : *s - '0');
	return n;
}

static void
add_text(char *to, const char *s)
{
	to += length(to);
	memcpy(to, s, length(s) + 1);
}

static void
add_number(char *to, long n)
{
	char text[24], *p = text + sizeof text - 1;
	unsigned long rest = n < 0 ? -(unsigned long)n : (unsigned long)n;

	*p = 0;
	do
		*--p = (char)('0' + rest % 10);
	while (rest /= 10);
	if (n < 0)
		*--p = '-';
	add_text(to, p);
}

/* ---- attempts: what the host answered; 0 and more: it was let through ---- */

static long
opened(const char *path, long flags)
{
	long fd = call(__NR_openat, AT_FDCWD, path, flags);

	if (fd >= 0)
		call(__NR_close, fd);
	return fd;
}

static long
written(const char *path, const char *text)
{
	long fd = call(__NR_openat, AT_FDCWD, path, O_WRONLY), r;

	if (fd < 0)
		return fd;
	r = call(__NR_write, fd, text, length(text));
	call(__NR_close, fd);
	return r;
}

/* The worst of two answers. */
static long
worse(long a, long b)
{
	return a >= 0 ? a : b;
}

static long
secret_behind(const char *before)
{
	char path[4096] = "";

	add_text(path, before);
	add_text(path, secret);
	return opened(path, 0);
}

/* Out of any folder that the tests may be run in. */
#define FAR_UP "/../../../../../../../../../../../../../../../../../../../../../../../.."

static long open_secret(void) { return secret_behind(""); }
static long open_secret_by_dots(void) { return secret_behind("." FAR_UP); }
static long open_secret_by_own_root(void) { return secret_behind("/proc/self/root" FAR_UP); }
static long open_secret_by_root_of_init(void) { return secret_behind("/proc/1/root"); }
static long open_secret_by_cwd(void) { return secret_behind("/proc/self/cwd" FAR_UP); }

static long
open_secret_by_root_outside(void)
{
	char path[64] = "/proc/";

	add_number(path, outside);
	add_text(path, "/root");
	return secret_behind(path);
}

static long
read_extra_descriptor(void)
{
	char byte;

	return call(__NR_read, extra_fd, &byte, 1);
}

/* A folder that was left open leads out by openat(2) and fchdir(2). */
static long
enter_any_open_folder(void)
{
	long r = -EBADF;

	for (long fd = 0; fd < 4096; fd++)
		r = worse(r, call(__NR_openat, fd, "." FAR_UP, O_PATH | O_DIRECTORY));
	return r;
}

/* Above the standard ones nothing is open for writing; the core's own file may be open, to be read. */
static long
write_any_descriptor(void)
{
	for (long fd = 3; fd < 4096; fd++) {
		long flags = call(__NR_fcntl, fd, 3 /* F_GETFL */);

		if (flags >= 0 && !(flags & O_PATH) && (flags & 3))
			return fd;
	}
	return -EBADF;
}

static long
write_core_by_descriptor(void)
{
	long r = -ENOENT;

	for (long fd = 3; fd < 4096; fd++) {
		char path[64] = "/proc/self/fd/";

		add_number(path, fd);
		r = worse(r, opened(path, O_WRONLY));
	}
	return r;
}

static long write_core_by_exe(void) { return opened("/proc/self/exe", O_RDWR); }

static long
clone_with(unsigned long flags)
{
	long r = call(__NR_clone, flags | 17 /* SIGCHLD */, 0, 0, 0, 0);

	if (r == 0)
		call(__NR_exit_group, 0);
	return r;
}

static long clone_user_namespace(void) { return clone_with(0x10000000); }
static long clone_mount_namespace(void) { return clone_with(0x00020000); }
static long clone_pid_namespace(void) { return clone_with(0x20000000); }
static long clone_net_namespace(void) { return clone_with(0x40000000); }
static long clone_ipc_namespace(void) { return clone_with(0x08000000); }
static long clone_uts_namespace(void) { return clone_with(0x04000000); }
static long clone_cgroup_namespace(void) { return clone_with(0x02000000); }
static long clone_user_and_mount_namespaces(void) { return clone_with(0x10020000); }

static long ptrace_attach_outside(void) { return call(__NR_ptrace, 16, outside); }
static long ptrace_seize_outside(void) { return call(__NR_ptrace, 0x4206, outside); }
static long ptrace_seize_init(void) { return call(__NR_ptrace, 0x4206, 1); }
static long signal_outside(void) { return call(__NR_kill, outside, 0); }
static long signal_thread_outside(void) { return call(__NR_tgkill, outside, outside, 0); }
static long pidfd_of_outside(void) { return call(__NR_pidfd_open, outside, 0); }
static long priority_of_outside(void) { return call(__NR_setpriority, 0, outside, 19); }
static long affinity_of_outside(void) { return call(__NR_sched_getaffinity, outside, 8, &(long[1]){0}); }
static long limits_of_outside(void) { return call(__NR_prlimit64, outside, 7, 0, &(long[2]){0}); }

static long
queue_signal_outside(void)
{
	int info[32] = {0, 0, -1};

	return call(__NR_rt_sigqueueinfo, outside, 10, info);
}

static long
memory_of(long pid)
{
	long byte = 0, local[2] = {(long)&byte, 1}, remote[2] = {(long)&byte, 1};

	return call(__NR_process_vm_readv, pid, local, 1, remote, 1, 0);
}

static long memory_of_outside(void) { return memory_of(outside); }
static long memory_of_init(void) { return memory_of(1); }
static long proc_mem_of_init(void) { return opened("/proc/1/mem", O_RDWR); }
static long environment_of_init(void) { return opened("/proc/1/environ", 0); }

static long
descriptor_of_init(void)
{
	long pidfd = call(__NR_pidfd_open, 1, 0), r = pidfd;

	for (long fd = 0; pidfd >= 0 && fd < 64 && (r < 0 || fd == 0); fd++)
		r = call(__NR_pidfd_getfd, pidfd, fd, 0);
	return r;
}

/* The kernel takes 32 bits of the request, whatever stands above (CVE-2019-10063). */
static long type_on_terminal(void) { return call(__NR_ioctl, 0, 0x5412, "x"); }
static long type_on_terminal_high_bits(void) { return call(__NR_ioctl, 0, 0x100005412, "x"); }
static long paste_on_console(void) { return call(__NR_ioctl, 0, 0x541c, "\3"); }

static long
connect_to(const void *address, long n, int family, int type)
{
	long s = call(__NR_socket, family, type, 0), r;

	if (s < 0)
		return s;
	r = call(__NR_connect, s, address, n);
	call(__NR_close, s);
	return r;
}

static long
connect_abstract(void)
{
	char address[110] = {1, 0, 0};

	memcpy(address + 3, abstract_name, length(abstract_name));
	return connect_to(address, 3 + (long)length(abstract_name), 1, 1);
}

static long
connect_loopback(void)
{
	unsigned char address[16] = {2, 0, (unsigned char)(port >> 8), (unsigned char)port, 127, 0, 0, 1};

	return connect_to(address, sizeof address, 2, 1);
}

static long packet_socket(void) { return call(__NR_socket, 17, 3, 0x0300); }
static long raw_socket(void) { return call(__NR_socket, 2, 3, 1); }
static long shared_memory_outside(void) { return call(__NR_shmget, shm_key, 0, 0); }

static long make_disk_node(void) { return call(__NR_mknodat, AT_FDCWD, "/made-node", 0060600, 0x800); }
static long make_memory_node(void) { return call(__NR_mknodat, AT_FDCWD, "/made-node", 0020600, 0x101); }

static long
open_devices(void)
{
	static const char *const names[] = {"/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/console", "/dev/kvm",
		"/dev/fuse", "/dev/loop-control", "/dev/net/tun", "/dev/userfaultfd", "/dev/tty0", "/dev/mapper/control"};
	long r = -ENOENT;

	for (size_t i = 0; i < COUNT(names); i++)
		r = worse(r, opened(names[i], 0));
	return r;
}

static long write_core_pattern(void) { return opened("/proc/sys/kernel/core_pattern", O_WRONLY); }
static long write_modprobe(void) { return opened("/proc/sys/kernel/modprobe", O_WRONLY); }
static long write_sysrq(void) { return opened("/proc/sysrq-trigger", O_WRONLY); }
static long write_binfmt(void) { return opened("/proc/sys/fs/binfmt_misc/register", O_WRONLY); }
static long write_uevent_helper(void) { return opened("/sys/kernel/uevent_helper", O_WRONLY); }
static long write_cgroup(void) { return opened("/sys/fs/cgroup/cgroup.procs", O_WRONLY); }
static long read_kcore(void) { return opened("/proc/kcore", 0); }
static long allow_user_namespaces(void) { return written("/proc/sys/user/max_user_namespaces", "100\n"); }
static long map_more_ids(void) { return written("/proc/self/uid_map", "0 0 4294967295\n"); }
static long allow_setgroups(void) { return written("/proc/self/setgroups", "allow"); }

static long
take_capabilities(void)
{
	unsigned header[2] = {0x20080522, 0}, data[6] = {~0u, ~0u, 0, 0x1ff, 0x1ff, 0};

	return call(__NR_capset, header, data);
}

/* Positive: some capability is there to be used, or comes back by exec. */
static long
have_capabilities(void)
{
	unsigned header[2] = {0x20080522, 0}, data[6] = {0};
	long r = call(__NR_capget, header, data);

	if (r < 0)
		return r;
	return data[0] | data[1] | data[3] | data[4] ? 1 : -EPERM;
}

static long
bounding_set(void)
{
	for (long capability = 0; capability < 64; capability++)
		if (call(__NR_prctl, 23 /* PR_CAPBSET_READ */, capability) == 1)
			return capability;
	return -EPERM;
}

static long gain_by_exec(void) { return call(__NR_prctl, 39 /* PR_GET_NO_NEW_PRIVS */) == 1 ? -EPERM : 0; }
static long become_somebody(void) { return call(__NR_setresuid, 54321, 54321, 54321); }
static long join_groups(void) { return call(__NR_setgroups, 1, &(int[1]){54321}); }
static long x32_mount(void) { return call(0x40000000 | __NR_mount, NOTHING, NOTHING, NOTHING, 0, 0); }

#define NAMED(function) {#function, function, 0}
/* Calls that no room has, whatever their arguments: these are wrong. */
#define MISSING(name) {#name, NULL, __NR_##name}

static const struct attempt {
	const char *name;
	long (*try)(void);
	int nr;
} attempts[] = {
	NAMED(open_secret), NAMED(open_secret_by_dots), NAMED(open_secret_by_own_root),
	NAMED(open_secret_by_root_of_init), NAMED(open_secret_by_cwd), NAMED(open_secret_by_root_outside),
	NAMED(read_extra_descriptor), NAMED(enter_any_open_folder), NAMED(write_any_descriptor),
	NAMED(write_core_by_descriptor), NAMED(write_core_by_exe),
	NAMED(clone_user_namespace), NAMED(clone_mount_namespace), NAMED(clone_pid_namespace),
	NAMED(clone_net_namespace), NAMED(clone_ipc_namespace), NAMED(clone_uts_namespace),
	NAMED(clone_cgroup_namespace), NAMED(clone_user_and_mount_namespaces),
	NAMED(ptrace_attach_outside), NAMED(ptrace_seize_outside), NAMED(ptrace_seize_init), NAMED(signal_outside),
	NAMED(signal_thread_outside), NAMED(queue_signal_outside), NAMED(pidfd_of_outside), NAMED(priority_of_outside),
	NAMED(affinity_of_outside), NAMED(limits_of_outside), NAMED(memory_of_outside), NAMED(memory_of_init),
	NAMED(proc_mem_of_init), NAMED(environment_of_init), NAMED(descriptor_of_init),
	NAMED(type_on_terminal), NAMED(type_on_terminal_high_bits), NAMED(paste_on_console),
	NAMED(connect_abstract), NAMED(connect_loopback), NAMED(packet_socket), NAMED(raw_socket),
	NAMED(shared_memory_outside),
	NAMED(make_disk_node), NAMED(make_memory_node), NAMED(open_devices),
	NAMED(write_core_pattern), NAMED(write_modprobe), NAMED(write_sysrq), NAMED(write_binfmt),
	NAMED(write_uevent_helper), NAMED(write_cgroup), NAMED(read_kcore), NAMED(allow_user_namespaces),
	NAMED(map_more_ids), NAMED(allow_setgroups),
	NAMED(take_capabilities), NAMED(have_capabilities), NAMED(bounding_set), NAMED(gain_by_exec),
	NAMED(join_groups), NAMED(become_somebody), NAMED(x32_mount),
	MISSING(mount), MISSING(umount2), MISSING(pivot_root), MISSING(open_tree), MISSING(move_mount),
	MISSING(fsopen), MISSING(fsconfig), MISSING(fsmount), MISSING(fspick), MISSING(mount_setattr),
	MISSING(unshare), MISSING(setns), MISSING(chroot), MISSING(clone3),
	MISSING(open_by_handle_at), MISSING(name_to_handle_at),
	MISSING(kexec_load), MISSING(kexec_file_load), MISSING(reboot), MISSING(init_module),
	MISSING(finit_module), MISSING(delete_module), MISSING(bpf), MISSING(perf_event_open),
	MISSING(userfaultfd), MISSING(io_uring_setup), MISSING(io_uring_enter), MISSING(io_uring_register),
	MISSING(keyctl), MISSING(add_key), MISSING(request_key), MISSING(swapon), MISSING(swapoff),
	MISSING(acct), MISSING(quotactl), MISSING(quotactl_fd), MISSING(syslog), MISSING(fanotify_init),
	MISSING(settimeofday), MISSING(clock_settime), MISSING(clock_adjtime), MISSING(sethostname),
	MISSING(setdomainname), MISSING(iopl), MISSING(ioperm), MISSING(lookup_dcookie),
};

static bool
is_wanted(const char *name, int n, char **names)
{
	for (int i = 0; i < n; i++)
		if (same(names[i], name))
			return true;
	return n == 0;
}

__attribute__((noreturn, used)) void start(long *block);

void
start(long *block)
{
	char **argv = (char **)(block + 1);
	int argc = (int)block[0];

	if (argc < 8)
		__builtin_trap();
	host = same(argv[1], "own") ? own_syscall : (long (*)(long, long, long, long, long, long, long))number(argv[1]);
	outside = number(argv[2]);
	secret = argv[3];
	extra_fd = number(argv[4]);
	abstract_name = argv[5];
	port = number(argv[6]);
	shm_key = number(argv[7]);
	for (size_t i = 0; i < COUNT(attempts); i++) {
		const struct attempt *a = &attempts[i];
		char line[128] = "";

		if (!is_wanted(a->name, argc - 8, argv + 8))
			continue;
		add_text(line, a->name);
		add_text(line, " ");
		add_number(line, a->try ? a->try() : call(a->nr, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING));
		add_text(line, "\n");
		call(__NR_write, 1, line, length(line));
	}
	for (;;)
		call(__NR_exit_group, 0);
}

/* FreeBSD hands the stack block over in rdi, Linux in rsp. */
__asm__(".globl _start\n_start:\n"
#ifndef FOR_FREEBSD
	"movq %rsp, %rdi\n"
#endif
	"andq $-16, %rsp\ncall start\n");

#ifdef FOR_FREEBSD
__asm__(".section .note.tag, \"a\", @note\n.balign 4\n.long 8, 4, 1\n.asciz \"FreeBSD\"\n.long 1302001\n.text\n");
#endif
