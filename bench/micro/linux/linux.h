/* What the Linux ABIs have in common. */
#ifndef BENCH_LINUX_H
#define BENCH_LINUX_H

enum {
	FACE_MONOTONIC = 1, FACE_O_WRONLY = 1, FACE_PRIVATE_ANON = 0x22, FACE_SIGUSR1 = 10, FACE_FIONREAD = 0x541b,
};

struct sockaddr_in {
	uint16_t family, port;
	uint8_t address[4], zero[8];
};
#define FACE_LOOPBACK {2, 0, {127, 0, 0, 1}, {0}}

/* sched.h */
enum {
	CLONE_THREAD_FLAGS = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000,	/* as a libc's threads */
	CLONE_PARENT_SETTID = 0x100000, CLONE_CHILD_CLEARTID = 0x200000,
};

/* clone(2) with a stack that clone_frame() has been at; returns only in the parent. */
long clone_call(long flags, void *stack, void *parent_tid, void *child_tid);

#endif
