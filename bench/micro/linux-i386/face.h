/*
 * Linux i386: arch/x86/entry/syscalls/syscall_32.tbl. Calls go where AT_SYSINFO says,
 * as libcs do it; clone is `int $0x80`, since the child has no return address there.
 */
#ifndef BENCH_FACE_H
#define BENCH_FACE_H

#include "../linux/linux.h"

#define CALLS(X) \
	X(exit_thread, 1) X(fork, 2) X(read, 3) X(write, 4) X(close, 6) X(execve, 11) X(getpid, 20) X(kill, 37) \
	X(dup, 41) X(ioctl, 54) X(getppid, 64) X(munmap, 91) X(wait4, 114) X(sigaction, 174) X(prctl, 172) X(pread, 180) X(mmap, 192) \
	X(futex, 240) X(exit, 252) X(epoll_ctl, 255) X(epoll_wait, 256) X(openat, 295) X(fstatat, 300) \
	X(epoll_create1, 329) X(pipe2, 331) X(socket, 359) X(bind, 361) X(connect, 362) X(listen, 363) \
	X(seccomp, 354) X(statx, 383) X(accept, 364) X(setsockopt, 366) X(getsockname, 367) X(clock_gettime, 403)

#define DEFINE_CALL(name, nr) \
	__asm__(".text\n.globl sys_" #name "\n.p2align 4\n" \
		"sys_" #name ":\n" \
		"	push %ebp\n\tpush %ebx\n\tpush %esi\n\tpush %edi\n" \
		"	mov 20(%esp), %ebx\n\tmov 24(%esp), %ecx\n\tmov 28(%esp), %edx\n" \
		"	mov 32(%esp), %esi\n\tmov 36(%esp), %edi\n\tmov 40(%esp), %ebp\n" \
		"	mov $" #nr ", %eax\n" \
		"	call *face_entry\n" \
		"	pop %edi\n\tpop %esi\n\tpop %ebx\n\tpop %ebp\n" \
		"	ret\n");

#define START \
	__asm__(".data\nface_entry:\n\t.long face_int80\n" \
		".text\n.globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n" \
		"	sub $12, %esp\n\tpush %eax\n\tcall start\n" \
		"face_int80:\n\tint $0x80\n\tret\n" \
		".globl face_sysinfo\nface_sysinfo:\n\tmov 4(%esp), %eax\n\tmov %eax, face_entry\n\tret\n" \
		".globl face_restorer\nface_restorer:\n\tmov $173, %eax\n\tint $0x80\n" \
		".globl clone_call\nclone_call:\n\tpush %ebx\n\tpush %esi\n\tpush %edi\n" \
		"	mov 16(%esp), %ebx\n\tmov 20(%esp), %ecx\n\tmov 24(%esp), %edx\n" \
		"	xor %esi, %esi\n\tmov 28(%esp), %edi\n\tmov $120, %eax\n\tint $0x80\n" \
		"	test %eax, %eax\n\tjz 1f\n\tpop %edi\n\tpop %esi\n\tpop %ebx\n\tret\n" \
		"1:	pop %eax\n\tpop %edx\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %edx\n\tcall *%eax\n");

/* include/uapi/asm/signal.h: SA_RESTORER | SA_SIGINFO, since the frame is rt_sigreturn's */
enum { FACE_SA_FLAGS = 0x04000004 };
void face_restorer(void);
struct sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#define FACE_VDSO_CLOCK "__vdso_clock_gettime64"
void face_sysinfo(unsigned long address);

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum;
};
struct elf_segment {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};
struct elf_symbol {
	uint32_t name, value, size;
	uint8_t info, other;
	uint16_t section;
};

#endif
