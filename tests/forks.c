/*
 * A FreeBSD program that makes as many children, one after the other, as its first argument says, and prints how many
 * page faults the last one had. A child ends at once, by a site that its parent never comes to; with a second
 * argument it executes this program again, without arguments, which does nothing.
 */
#include "guest.h"

struct usage {
	long user[2], system[2], maxrss, ixrss, idrss, isrss, minflt, majflt, rest[8];
};

__asm__(".text\n"
	"	.p2align 4\n"
	"	.skip 64, 0xcc\n"
	"child_call:\n"
	"	movl %edi, %eax\n"
	"	movq %rsi, %rdi\n"
	"	movq %rdx, %rsi\n"
	"	movq %rcx, %rdx\n"
	"	movq %rcx, %r10\n"
	"	syscall\n"
	"	ret\n"
	"	.skip 64, 0xcc\n");
void child_call(int nr, const void *a, const void *b, const void *c);

static void
child(const char *program, char **envp)
{
	const char *const words[] = {program, NULL};

	if (program)
		child_call(SYS_execve, program, words, envp);
	child_call(SYS_exit, NULL, NULL, NULL);
}

int
main(int argc, char **argv, char **envp)
{
	struct usage usage = {.minflt = 0};
	int status = 0;
	long count = 0;

	for (const char *s = argc > 1 ? argv[1] : ""; *s; s++)
		count = count * 10 + (*s - '0');
	for (; count > 0 && status == 0; count--) {
		long pid = call(SYS_fork);

		if (pid == 0)
			child(argc > 2 ? argv[0] : NULL, envp);
		if (pid < 0 || call(SYS_wait4, pid, &status, 0, &usage) != pid)
			status = 1;
	}
	if (argc > 1)
		print_number(usage.minflt);
	call(SYS_exit, status != 0);	/* what main() answers is TAP's */
	return 1;
}
