/*
 * What a program for one of Linux's own ABIs has in place of a libc. The same
 * source is built for each ABI; numbers and structs are those of the uapi
 * headers, which choose by the compiler's target, and never of abi/: the two
 * must not be able to be wrong together.
 *
 * A program makes calls and prints what came of them, nothing more: the measure
 * is what it prints when the host's kernel runs it itself (x32: its x86-64
 * twin). So it may print nothing that two runs of one kernel do not share
 * (numbers of processes, addresses, times, inodes), and no sizes of words. It
 * starts with the calls that it proves,
 *
 *	/ * covers: linux read readv * /
 *
 * and has TEST()s, which the runner compares one by one. It works in an empty
 * folder of its own, with descriptors 0, 1 and 2 and no others; what it leaves
 * there is compared as well.
 */
#ifndef CONFORMANCE_LINUX_GUEST_H
#define CONFORMANCE_LINUX_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/types.h>

#include "../guest_text.h"
#include "guest_calls.h"

/* A register of a call: x32's are wider than its long. */
typedef __kernel_long_t guest_word;

/* One call of the kernel: a value, or a negative errno. */
guest_word guest_syscall(guest_word nr, guest_word a, guest_word b, guest_word c, guest_word d, guest_word e,
			 guest_word f);

#ifdef __i386__
#define GUEST_ABI "i386"
/* 0: int 0x80; else AT_SYSINFO's entry (the argument `sysinfo` chooses it). */
extern uint32_t guest_entry;
__asm__(".text\n"
	"guest_syscall:\n"
	"	pushl %ebx\n"
	"	pushl %esi\n"
	"	pushl %edi\n"
	"	pushl %ebp\n"
	"	movl 20(%esp), %eax\n"
	"	movl 24(%esp), %ebx\n"
	"	movl 28(%esp), %ecx\n"
	"	movl 32(%esp), %edx\n"
	"	movl 36(%esp), %esi\n"
	"	movl 40(%esp), %edi\n"
	"	movl 44(%esp), %ebp\n"
	"	cmpl $0, guest_entry\n"
	"	jne 1f\n"
	"	.p2align 3, 0x90\n"
	"	.byte 0x8d, 0xb4, 0x26, 0, 0, 0, 0\n"	/* does nothing; a layer that rewrites sites can put a jump over it */
	"	int $0x80\n"
	"	jmp 2f\n"
	"1:	call *guest_entry\n"
	"2:	popl %ebp\n"
	"	popl %edi\n"
	"	popl %esi\n"
	"	popl %ebx\n"
	"	ret\n"
	".data\n"
	"guest_entry: .long 0\n"
	".text\n");
/* A 64-bit argument is two. */
#define WIDE(value) (long)(uint32_t)(uint64_t)(value), (long)(uint32_t)((uint64_t)(value) >> 32)
#else
#ifdef __ILP32__
#define GUEST_ABI "x32"
#else
#define GUEST_ABI "x86_64"
#endif
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
	"	syscall\n"
	"	ret\n");
#define WIDE(value) (guest_word)(value)
#endif

#define GUEST_WORD(argument) ((guest_word)(argument))
#define GUEST_PICK(_0, _1, _2, _3, _4, _5, _6, f, ...) f
#define GUEST_CALL_0(n) guest_syscall(n, 0, 0, 0, 0, 0, 0)
#define GUEST_CALL_1(n, a) guest_syscall(n, GUEST_WORD(a), 0, 0, 0, 0, 0)
#define GUEST_CALL_2(n, a, b) guest_syscall(n, GUEST_WORD(a), GUEST_WORD(b), 0, 0, 0, 0)
#define GUEST_CALL_3(n, a, b, c) guest_syscall(n, GUEST_WORD(a), GUEST_WORD(b), GUEST_WORD(c), 0, 0, 0)
#define GUEST_CALL_4(n, a, b, c, d) guest_syscall(n, GUEST_WORD(a), GUEST_WORD(b), GUEST_WORD(c), GUEST_WORD(d), 0, 0)
#define GUEST_CALL_5(n, a, b, c, d, e) \
	guest_syscall(n, GUEST_WORD(a), GUEST_WORD(b), GUEST_WORD(c), GUEST_WORD(d), GUEST_WORD(e), 0)
#define GUEST_CALL_6(n, a, b, c, d, e, f) \
	guest_syscall(n, GUEST_WORD(a), GUEST_WORD(b), GUEST_WORD(c), GUEST_WORD(d), GUEST_WORD(e), GUEST_WORD(f))
#define GUEST_CALL(...) \
	GUEST_PICK(__VA_ARGS__, GUEST_CALL_6, GUEST_CALL_5, GUEST_CALL_4, GUEST_CALL_3, GUEST_CALL_2, \
		   GUEST_CALL_1, GUEST_CALL_0) \
	(__VA_ARGS__)

/* call(read, f, buf, n): missing arguments are 0, pointers need no cast. Prints nothing. */
#define call(name, ...) GUEST_CALL(__NR_##name __VA_OPT__(, ) __VA_ARGS__)
/*
 * SHOW makes the call and prints it with its result; SHOW_OK only whether it failed, and how, since
 * the value is this process's own. Both give the result.
 */
#define SHOW(name, ...) guest_show(#name "(" #__VA_ARGS__ ")", call(name __VA_OPT__(, ) __VA_ARGS__), true)
#define SHOW_OK(name, ...) guest_show(#name "(" #__VA_ARGS__ ")", call(name __VA_OPT__(, ) __VA_ARGS__), false)
/* A value that a call left somewhere. */
#define VALUE(what) guest_value(#what, (long long)(what))
#define TRUTH(what) guest_value(#what, !!(what))
#define BYTES(from, n) guest_bytes(#from, from, n)
#define TEXT(text) guest_text(#text, text)

#define TEST(sentence) static void sentence(void)
#define RUN(sentence) guest_run(#sentence, sentence)

#define AT_CWD (-100)

/* A line is put together here and written at once, so that lines of processes do not mix. */
static char guest_line[512];
static size_t guest_used;

static inline void
print(const char *text)
{
	for (size_t n = length(text); n > 0 && guest_used < sizeof guest_line; n--)
		guest_line[guest_used++] = *text++;
}

static inline void
print_end(void)
{
	print("\n");
	call(write, 1, guest_line, guest_used);
	guest_used = 0;
}

/* By hand: a 32-bit compiler would call a library for the division. */
static inline unsigned
digit_of(unsigned long long *value)
{
	unsigned long long quotient = 0;
	unsigned rest = 0;

	for (int bit = 63; bit >= 0; bit--) {
		rest = rest << 1 | (*value >> bit & 1);
		if (rest >= 10) {
			rest -= 10;
			quotient |= 1ULL << bit;
		}
	}
	*value = quotient;
	return rest;
}

static inline void
print_number(long long value)
{
	char digits[24], *p = digits + sizeof digits - 1;
	unsigned long long rest = value < 0 ? -(unsigned long long)value : (unsigned long long)value;

	*p = '\0';
	do
		*--p = (char)('0' + digit_of(&rest));
	while (rest != 0);
	if (value < 0)
		*--p = '-';
	print(p);
}

static const char *const guest_errors[] = {
#define E(name) [name] = #name
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN),
	E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR),
	E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK),
	E(EPIPE), E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK), E(ENOSYS), E(ENOTEMPTY), E(ELOOP),
	E(ENOMSG), E(EIDRM), E(ENODATA), E(ETIME), E(EOVERFLOW), E(EBADFD), E(EILSEQ), E(ENOTSOCK), E(EDESTADDRREQ),
	E(EMSGSIZE), E(EPROTOTYPE), E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EOPNOTSUPP),
	E(EPFNOSUPPORT), E(EAFNOSUPPORT), E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETDOWN), E(ENETUNREACH), E(ECONNABORTED),
	E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN), E(ETIMEDOUT), E(ECONNREFUSED), E(EALREADY), E(EINPROGRESS),
	E(ECANCELED), E(EOWNERDEAD), E(ENOTRECOVERABLE), E(ENOKEY),
#undef E
};

static inline void
print_result(long value, bool shown)
{
	if (value >= 0 || value < -4095) {
		if (shown)
			print_number(value);
		else
			print("ok");
	} else if ((size_t)-value < COUNT(guest_errors) && guest_errors[-value] != NULL) {
		print(guest_errors[-value]);
	} else {
		print("error ");
		print_number(-value);
	}
}

static inline long
guest_show(const char *what, long value, bool shown)
{
	print(what);
	print(" = ");
	print_result(value, shown);
	print_end();
	return value;
}

static inline void
guest_value(const char *what, long long value)
{
	print("  ");
	print(what);
	print(": ");
	print_number(value);
	print_end();
}

static inline void
guest_text(const char *what, const char *text)
{
	print("  ");
	print(what);
	print(": ");
	print(text);
	print_end();
}

static inline void
guest_bytes(const char *what, const void *from, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	print("  ");
	print(what);
	print(":");
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = ((const unsigned char *)from)[i];
		char pair[] = {i % 4 ? '\0' : ' ', hex[byte >> 4], hex[byte & 15], '\0'};

		print(i % 4 ? pair + 1 : pair);
	}
	print_end();
}

static inline void
guest_run(const char *name, void (*test)(void))
{
	print("== ");
	print(name);
	print_end();
	test();
}

__attribute__((noreturn)) static inline void
leave(int status)
{
	call(exit_group, status);
	__builtin_trap();
}

static inline long
fork(void)
{
	return call(fork);
}

/* The status word of child `pid`, or a negative errno. */
static inline long
wait_for(long pid)
{
	int status = -1;
	long r;

	do
		r = call(wait4, pid, &status, 0, NULL);
	while (r == -EINTR);
	return r < 0 ? r : status;
}

struct guest_timespec {	/* nanosleep's, of this ABI */
	__kernel_long_t sec, nsec;
};

static inline void
sleep_ms(long ms)
{
	struct guest_timespec left = {ms / 1000, ms % 1000 * 1000000};

	while (call(nanosleep, &left, &left) == -EINTR)
		;
}

/* A file of the working folder with this text in it; its descriptor is closed. */
static inline void
make_file(const char *name, const char *text)
{
	long f = call(open, name, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	call(write, f, text, length(text));
	call(close, f);
}

/* argv, envp and auxv, as the kernel laid them out. */
static char **guest_argv, **guest_envp;
static const unsigned long *guest_auxv;

static inline unsigned long
auxiliary(unsigned long type)
{
	for (const unsigned long *a = guest_auxv; a[0] != 0; a += 2)
		if (a[0] == type)
			return a[1];
	return 0;
}

int main(int argc, char **argv, char **envp);

__attribute__((used, noreturn)) static void
guest_start(unsigned long *block)
{
	guest_argv = (char **)(block + 1);
	guest_envp = guest_argv + block[0] + 1;
	char **end = guest_envp;

	while (*end != NULL)
		end++;
	guest_auxv = (const unsigned long *)(end + 1);
#ifdef __i386__
	if (block[0] == 2 && same_text(guest_argv[1], "sysinfo"))
		guest_entry = auxiliary(32 /* AT_SYSINFO */);
#endif
	leave(main((int)block[0], guest_argv, guest_envp));
}

#ifdef __i386__
__asm__(".globl _start\n"
	"_start:\n"
	"	movl %esp, %eax\n"
	"	andl $-16, %esp\n"
	"	subl $12, %esp\n"
	"	pushl %eax\n"
	"	call guest_start\n"
	"	hlt\n");
#else	/* x32 as well: a pointer to words that are as wide as its long */
__asm__(".globl _start\n"
	"_start:\n"
	"	movq %rsp, %rdi\n"
	"	andq $-16, %rsp\n"
	"	call guest_start\n"
	"	hlt\n");
#endif

#endif
