/* A FreeBSD program that makes getppid(2) as often as its argument says, from one site in the shape of libc's. */
#include "guest.h"

__asm__(".text\n"
	"	.p2align 4\n"
	"	.skip 64, 0xcc\n"
	"counted_call:\n"
	"	movl $39, %eax\n"
	"	movq %rcx, %r10\n"
	"	syscall\n"
	"	ret\n");
long counted_call(void);

int
main(int argc, char **argv, char **envp)
{
	long count = 0;

	(void)envp;
	for (const char *s = argc > 1 ? argv[1] : ""; *s; s++)
		count = count * 10 + (*s - '0');
	while (count-- > 0)
		__asm__ volatile("call counted_call" : : : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	return 0;
}
