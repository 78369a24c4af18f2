/* Linux x86-64: arch/x86/entry/syscalls/syscall_64.tbl; the stubs are as glibc's. */
#ifndef BENCH_FACE_H
#define BENCH_FACE_H

#include "../linux/linux.h"

#define CALLS(X) \
	X(read, 0) X(write, 1) X(close, 3) X(mmap, 9) X(munmap, 11) X(sigaction, 13) X(pread, 17) X(dup, 32) \
	X(getpid, 39) X(socket, 41) X(connect, 42) X(accept, 43) X(bind, 49) X(listen, 50) X(getsockname, 51) \
	X(setsockopt, 54) X(fork, 57) X(execve, 59) X(exit_thread, 60) X(wait4, 61) X(kill, 62) \
	X(ioctl, 16) X(getppid, 110) X(prctl, 157) X(futex, 202) X(clock_gettime, 228) X(exit, 231) X(epoll_wait, 232) \
	X(epoll_ctl, 233) X(openat, 257) X(fstatat, 262) X(epoll_create1, 291) X(pipe2, 293) X(seccomp, 317) X(statx, 332)

#define DEFINE_CALL(name, nr) \
	__asm__(".text\n.globl sys_" #name "\n.p2align 4\n" \
		"sys_" #name ":\n" \
		"	mov %rcx, %r10\n" \
		"	mov $" #nr ", %eax\n" \
		"	syscall\n" \
		"	ret\n");

#define START \
	__asm__(".text\n.globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n" \
		"	nop\n	.p2align 4\n.globl face_restorer\nface_restorer:\n\tmov $15, %rax\n\tsyscall\n" \
		".globl clone_call\nclone_call:\n\tmov %rcx, %r10\n\txor %r8d, %r8d\n\tmov $56, %eax\n\tsyscall\n" \
		"	test %eax, %eax\n\tjz 1f\n\tret\n" \
		"1:	xor %ebp, %ebp\n\tpop %rax\n\tpop %rdi\n\tand $-16, %rsp\n\tcall *%rax\n");

/* include/uapi/asm/signal.h: SA_RESTORER */
enum { FACE_SA_FLAGS = 0x04000000 };
void face_restorer(void);
struct sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#define FACE_VDSO_CLOCK "__vdso_clock_gettime"
#define face_sysinfo(address) ((void)(address))

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum;
};
struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
struct elf_symbol {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};

#endif
