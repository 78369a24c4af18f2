/* FreeBSD/amd64: sys/sys/syscall.h; the stubs are as libc's (lib/libc/amd64/SYS.h). */
#ifndef BENCH_FACE_H
#define BENCH_FACE_H

#define CALLS(X) \
	X(exit, 1) X(fork, 2) X(read, 3) X(write, 4) X(close, 6) X(wait4, 7) X(getpid, 20) X(accept, 30) \
	X(kill, 37) X(getppid, 39) X(dup, 41) X(ioctl, 54) X(execve, 59) X(munmap, 73) X(socket, 97) X(connect, 98) \
	X(bind, 104) X(setsockopt, 105) X(listen, 106) X(getsockname, 32) X(clock_gettime, 232) \
	X(kqueue, 362) X(sigaction, 416) X(thr_exit, 431) X(umtx_op, 454) X(thr_new, 455) X(pread, 475) \
	X(mmap, 477) X(openat, 499) X(pipe2, 542) X(fstatat, 552) X(kevent, 560)

#define DEFINE_CALL(name, nr) \
	__asm__(".text\n.globl sys_" #name "\n.p2align 4\n" \
		"sys_" #name ":\n" \
		"	mov $" #nr ", %eax\n" \
		"	mov %rcx, %r10\n" \
		"	syscall\n" \
		"	jb 1f\n" \
		"	ret\n" \
		"1:	neg %rax\n" \
		"	ret\n");

/* The brand (sys/sys/elf_common.h, NT_FREEBSD_ABI_TAG); the argument block is in rdi. */
#define START \
	__asm__(".section .note.tag,\"a\",@note\n.p2align 2\n.long 8,4,1\n.asciz \"FreeBSD\"\n.long 1302001\n" \
		".text\n.globl _start\n_start:\n\tand $-16, %rsp\n\tcall start\n");

enum {
	FACE_MONOTONIC = 4, FACE_O_WRONLY = 1, FACE_PRIVATE_ANON = 0x1002, FACE_SIGUSR1 = 30, FACE_FIONREAD = 0x4004667f,
};

struct sockaddr_in {
	uint8_t length, family;
	uint16_t port;
	uint8_t address[4], zero[8];
};
#define FACE_LOOPBACK {sizeof(struct sockaddr_in), 2, 0, {127, 0, 0, 1}, {0}}

#endif
