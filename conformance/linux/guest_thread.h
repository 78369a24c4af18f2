/* Threads and other children for the programs: raw clone, on stacks that the program brings. */
#ifndef CONFORMANCE_LINUX_GUEST_THREAD_H
#define CONFORMANCE_LINUX_GUEST_THREAD_H

#include "guest.h"

#include <linux/futex.h>
#include <linux/sched.h>

/*
 * clone(2). A child with a stack of its own calls start(argument) and exits, as a thread, with what that
 * returns; one without returns 0 here.
 */
long guest_clone(unsigned long flags, void *stack, int *parent_tid, int *child_tid, void *tls, int (*start)(void *),
		 void *argument);
/* vfork(2); the address to return to is in a register, out of the child's way. */
long guest_vfork(void) __attribute__((returns_twice));

#ifdef __i386__
__asm__(".text\n"
	"guest_clone:\n"
	"	pushl %ebx\n"
	"	pushl %esi\n"
	"	pushl %edi\n"
	"	movl 16(%esp), %ebx\n"
	"	movl 20(%esp), %ecx\n"
	"	movl 24(%esp), %edx\n"
	"	movl 28(%esp), %edi\n"
	"	movl 32(%esp), %esi\n"
	"	testl %ecx, %ecx\n"
	"	jz 1f\n"
	"	subl $16, %ecx\n"
	"	movl 36(%esp), %eax\n"
	"	movl %eax, (%ecx)\n"
	"	movl 40(%esp), %eax\n"
	"	movl %eax, 4(%ecx)\n"
	"1:	movl $120, %eax\n"
	"	int $0x80\n"
	"	testl %eax, %eax\n"
	"	jnz 2f\n"
	"	testl %ecx, %ecx\n"
	"	jz 2f\n"
	"	popl %eax\n"
	"	call *%eax\n"
	"	movl %eax, %ebx\n"
	"	movl $1, %eax\n"
	"	int $0x80\n"
	"	hlt\n"
	"2:	popl %edi\n"
	"	popl %esi\n"
	"	popl %ebx\n"
	"	ret\n"
	"guest_vfork:\n"
	"	popl %ecx\n"
	"	movl $190, %eax\n"
	"	int $0x80\n"
	"	pushl %ecx\n"
	"	ret\n");
#else
#ifdef __ILP32__
#define GUEST_X32_BIT "0x40000000 + "
#else
#define GUEST_X32_BIT ""
#endif
__asm__(".text\n"
	"guest_clone:\n"
	"	movq %rcx, %r10\n"
	"	testq %rsi, %rsi\n"
	"	jz 1f\n"
	"	subq $16, %rsi\n"
	"	movq %r9, (%rsi)\n"
	"	movq 8(%rsp), %rax\n"
	"	movq %rax, 8(%rsi)\n"
	"1:	movl $" GUEST_X32_BIT "56, %eax\n"
	"	syscall\n"
	"	testq %rax, %rax\n"
	"	jnz 2f\n"
	"	testq %rsi, %rsi\n"
	"	jz 2f\n"
	"	popq %rax\n"
	"	popq %rdi\n"
	"	call *%rax\n"
	"	movl %eax, %edi\n"
	"	movl $" GUEST_X32_BIT "60, %eax\n"
	"	syscall\n"
	"	hlt\n"
	"2:	ret\n"
	"guest_vfork:\n"
	"	popq %rdx\n"
	"	movl $" GUEST_X32_BIT "58, %eax\n"
	"	syscall\n"
	"	pushq %rdx\n"
	"	ret\n");
#endif

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

#define GUEST_STACK 65536
static char guest_stacks[4][GUEST_STACK] __attribute__((aligned(64)));
static int guest_running[4];	/* the kernel's word for each: its tid until it has ended */

/* Thread number n (of 4), or a negative errno. */
static inline long
thread_start(int n, int (*start)(void *), void *argument)
{
	return guest_clone(THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID, guest_stacks[n] + GUEST_STACK,
			   &guest_running[n], &guest_running[n], NULL, start, argument);
}

static inline void
thread_join(int n)
{
	int tid;

	while ((tid = __atomic_load_n(&guest_running[n], __ATOMIC_ACQUIRE)) != 0)
		call(futex, &guest_running[n], FUTEX_WAIT, tid, NULL);
}

#endif
