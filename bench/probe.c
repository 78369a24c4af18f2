/*
 * What the bench measures, as one program without libc, built for the guest and
 * for Linux from the same lines, so that only the kernel's face differs:
 *	probe e		ends at once
 *	probe n COUNT	makes COUNT null calls (getppid)
 *	probe w		waits for its standard input to end, so that it can be looked at
 */
#ifdef __FreeBSD__
enum { SYS_read = 3, SYS_exit = 1, SYS_getppid = 39 };
__asm__(".section .note.tag,\"a\",@note\n.p2align 2\n.long 8,4,1\n.asciz \"FreeBSD\"\n.long 1302001\n.text\n");
#else
enum { SYS_read = 0, SYS_exit = 60, SYS_getppid = 110 };
#endif

static long
call(long nr, long a, long b, long c)
{
	__asm__ volatile("syscall"
			 : "+a"(nr), "+d"(c)
			 : "D"(a), "S"(b)
			 : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
	return nr;
}

__attribute__((used)) static void
start(const long *stack)
{
	const char *const *argv = (const char *const *)(stack + 1);
	char byte;

	if (*stack == 3 && argv[1][0] == 'n') {
		long count = 0;

		for (const char *s = argv[2]; *s != '\0'; s++)
			count = count * 10 + (*s - '0');
		while (count-- > 0)
			call(SYS_getppid, 0, 0, 0);
	} else if (*stack == 2 && argv[1][0] == 'w') {
		while (call(SYS_read, 0, (long)&byte, 1) == 1)
			;
	}
	call(SYS_exit, 0, 0, 0);
}

/* The argument block: FreeBSD has it in rdi, Linux at rsp with rdi 0. */
__asm__(".globl _start\n"
	"_start:\n\ttest %rdi, %rdi\n\tcmovz %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
