/*
 * The room shares the caller's terminal, so that job control is the caller's. Two
 * requests would let it type there (TIOCSTI, and TIOCLINUX's paste): CVE-2017-5226.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "isolate.h"

/* ioctl's number: x86-64's, x32's own, i386's. One too many refused for the others is harmless. */
#define X32_IOCTL (0x40000000 + 514)
#define I386_IOCTL 54

void
terminal_guard(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, X32_IOCTL, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, I386_IOCTL, 0, 4),
		/* The kernel takes the low half of the request only. */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = sizeof(code) / sizeof(*code), .filter = code};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		fail(EXIT_OURS, "the kernel takes no seccomp filter", "", "", errno);
}
