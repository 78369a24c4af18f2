/*
 * What a conformance program has in place of a libc: calls by number, a few
 * string functions, and tests whose names are sentences.
 *
 * The programs run on a real FreeBSD/amd64 kernel as well as under Dragoman.
 * Numbers and structs stand here and in the programs once more, written from
 * FreeBSD's own headers and not from abi/: the two must not be able to be wrong
 * together. A program starts with the calls that it proves,
 *
 *	/ * covers: freebsd open read close * /
 *
 * includes this file, and has TEST()s and a main() that RUN()s them. It works in
 * an empty folder of its own, with descriptors 0, 1 and 2 and no others. Output
 * is TAP; the exit status is the number of tests that failed.
 */
#ifndef CONFORMANCE_FREEBSD_GUEST_H
#define CONFORMANCE_FREEBSD_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../guest_text.h"

/* The brand that crt1.o has: sys/sys/elf_common.h, NT_FREEBSD_ABI_TAG. */
__attribute__((section(".note.tag"), used, aligned(4))) static const struct {
	uint32_t namesz, descsz, type;
	char name[8];
	uint32_t osreldate;
} guest_brand = {8, 4, 1, "FreeBSD", 1302001};

/*
 * A value, or a negative errno. Eight arguments: the seventh and eighth are
 * read from above a return address, so the stub drops its own for the time
 * of the call; a signal's frame leaves it alone (it is in the red zone).
 */
long guest_syscall(long nr, long a, long b, long c, long d, long e, long f, long g, long h);
/* rdx after the last call: pipe's second descriptor, 1 in fork's child. */
extern long guest_second;

/* Aligned, so that a layer which rewrites sites can put a jump over the load of r9. */
__asm__(".text\n"
	"	.p2align 4\n"
	"guest_syscall:\n"
	"	movq %rdi, %rax\n"
	"	movq %rsi, %rdi\n"
	"	movq %rdx, %rsi\n"
	"	movq %rcx, %rdx\n"
	"	movq %r8, %r10\n"
	"	movq %r9, %r8\n"
	"	movq 8(%rsp), %r9\n"
	"	addq $8, %rsp\n"
	"	syscall\n"
	"	leaq -8(%rsp), %rsp\n"
	"	movq %rdx, guest_second(%rip)\n"
	"	jnc 1f\n"
	"	negq %rax\n"
	"1:	ret\n"
	".local guest_second\n"
	".comm guest_second,8,8\n");

#define GUEST_PICK(_0, _1, _2, _3, _4, _5, _6, _7, _8, f, ...) f
#define GUEST_CALL_0(n) guest_syscall(n, 0, 0, 0, 0, 0, 0, 0, 0)
#define GUEST_CALL_1(n, a) guest_syscall(n, (long)(a), 0, 0, 0, 0, 0, 0, 0)
#define GUEST_CALL_2(n, a, b) guest_syscall(n, (long)(a), (long)(b), 0, 0, 0, 0, 0, 0)
#define GUEST_CALL_3(n, a, b, c) guest_syscall(n, (long)(a), (long)(b), (long)(c), 0, 0, 0, 0, 0)
#define GUEST_CALL_4(n, a, b, c, d) \
	guest_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0, 0, 0)
#define GUEST_CALL_5(n, a, b, c, d, e) \
	guest_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0, 0, 0)
#define GUEST_CALL_6(n, a, b, c, d, e, f) \
	guest_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f), 0, 0)
#define GUEST_CALL_7(n, a, b, c, d, e, f, g) \
	guest_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f), \
		      (long)(g), 0)
#define GUEST_CALL_8(n, a, b, c, d, e, f, g, h) \
	guest_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f), \
		      (long)(g), (long)(h))
/* call(SYS_open, "name", O_RDONLY): missing arguments are 0, pointers need no cast. */
#define call(...) \
	GUEST_PICK(__VA_ARGS__, GUEST_CALL_8, GUEST_CALL_7, GUEST_CALL_6, GUEST_CALL_5, \
		   GUEST_CALL_4, GUEST_CALL_3, GUEST_CALL_2, GUEST_CALL_1, GUEST_CALL_0) \
	(__VA_ARGS__)

/* sys/sys/syscall.h */
enum {
	SYS_exit = 1, SYS_fork = 2, SYS_read = 3, SYS_write = 4, SYS_open = 5, SYS_close = 6,
	SYS_wait4 = 7, SYS_getpid = 20, SYS_kill = 37, SYS_getppid = 39, SYS_execve = 59,
	SYS_munmap = 73, SYS_nanosleep = 240, SYS_sched_yield = 331, SYS_sigaction = 416,
	SYS_mmap = 477,
};

/* sys/sys/errno.h: those whose numbers differ from Linux's among them. */
enum {
	EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, ENOEXEC = 8,
	EBADF = 9, ECHILD = 10, EDEADLK = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, EBUSY = 16,
	EEXIST = 17, EXDEV = 18, ENODEV = 19, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23,
	EMFILE = 24, ENOTTY = 25, ETXTBSY = 26, EFBIG = 27, ENOSPC = 28, ESPIPE = 29, EROFS = 30,
	EMLINK = 31, EPIPE = 32, EDOM = 33, ERANGE = 34, EAGAIN = 35, EINPROGRESS = 36,
	EALREADY = 37, ENOTSOCK = 38, EDESTADDRREQ = 39, EMSGSIZE = 40, EPROTOTYPE = 41,
	ENOPROTOOPT = 42, EPROTONOSUPPORT = 43, EOPNOTSUPP = 45, EAFNOSUPPORT = 47,
	EADDRINUSE = 48, EADDRNOTAVAIL = 49, ECONNRESET = 54, EISCONN = 56, ENOTCONN = 57,
	ETIMEDOUT = 60, ECONNREFUSED = 61, ELOOP = 62, ENAMETOOLONG = 63, ENOTEMPTY = 66,
	ENOLCK = 77, ENOSYS = 78, EOVERFLOW = 84, ENOATTR = 87, ENOTCAPABLE = 93,
};

struct timespec {
	int64_t sec, nsec;
};
struct timeval {
	int64_t sec, usec;
};

static inline void
print(const char *text)
{
	call(SYS_write, 1, text, length(text));
}

static inline void
print_number(long value)
{
	char digits[24], *p = digits + sizeof digits - 1;
	unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;

	*p = '\0';
	do
		*--p = (char)('0' + rest % 10);
	while ((rest /= 10) != 0);
	if (value < 0)
		*--p = '-';
	print(p);
}

static int guest_tests, guest_failed;
static bool guest_ok;
static const char *guest_skipped;

static inline void
guest_fails(const char *file, int line, const char *what, bool has_value, long got, long wanted)
{
	guest_ok = false;
	print("# ");
	print(file);
	print(":");
	print_number(line);
	print(": ");
	print(what);
	if (has_value) {
		print(": got ");
		print_number(got);
		print(", wanted ");
		print_number(wanted);
	}
	print("\n");
}

/* Go on after a failure: the lines that follow often say why. */
#define CHECK(condition) \
	do { \
		if (!(condition)) \
			guest_fails(__FILE__, __LINE__, #condition, false, 0, 0); \
	} while (0)
#define CHECK_IS(value, expected) \
	do { \
		long got_ = (long)(value), wanted_ = (long)(expected); \
		if (got_ != wanted_) \
			guest_fails(__FILE__, __LINE__, #value, true, got_, wanted_); \
	} while (0)
/* For what cannot be asked here (not root, no such device): says so and leaves the test. */
#define SKIP(reason) \
	do { \
		guest_skipped = reason; \
		return; \
	} while (0)

#define TEST(sentence) static void sentence(void)
#define RUN(sentence) guest_run(#sentence, sentence)

static inline void
guest_run(const char *name, void (*test)(void))
{
	guest_ok = true;
	guest_skipped = NULL;
	test();
	print(guest_ok ? "ok " : "not ok ");
	print_number(++guest_tests);
	print(" - ");
	print(name);
	if (guest_skipped != NULL) {
		print(" # SKIP ");
		print(guest_skipped);
	}
	print("\n");
	guest_failed += !guest_ok;
}

__attribute__((noreturn)) static inline void
leave(int status)
{
	call(SYS_exit, status);
	__builtin_trap();
}

/* In a child: how its checks went, as an exit status. */
__attribute__((noreturn)) static inline void
leave_as_checked(void)
{
	leave(guest_ok ? 0 : 1);
}

static inline long
fork(void)
{
	long pid = call(SYS_fork);

	return pid;
}

/* The status word of child `pid`, or a negative errno. */
static inline long
wait_for(long pid)
{
	int status = -1;
	long r;

	do
		r = call(SYS_wait4, pid, &status, 0, NULL);
	while (r == -EINTR);
	return r < 0 ? r : status;
}

#define EXITED(status) ((long)(status) << 8)
#define KILLED(signal) ((long)(signal))

static inline void
sleep_ms(long ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000};

	while (call(SYS_nanosleep, &left, &left) == -EINTR)
		;
}

int main(int argc, char **argv, char **envp);

__attribute__((used, noreturn)) static void
guest_start(long *block)
{
	char **argv = (char **)(block + 1);

	main((int)block[0], argv, argv + block[0] + 1);
	print("1..");
	print_number(guest_tests);
	print("\n");
	leave(guest_failed > 100 ? 100 : guest_failed);
}

/* rdi holds the block; 8 above a multiple of 16 is how C functions are entered. */
__asm__(".globl _start\n"
	"_start:\n"
	"	andq $-16, %rsp\n"
	"	call guest_start\n"
	"	hlt\n");

#endif
