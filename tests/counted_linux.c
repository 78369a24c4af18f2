/* counted.c, as a Linux program, of i386 and of x86-64. */
#ifdef __i386__
__asm__(".text\n"
	"	.p2align 4\n"
	"	.skip 64, 0xcc\n"
	"counted_call:\n"
	"	movl $64, %eax\n"	/* getppid */
	"	int $0x80\n"
	"	ret\n"
	"counted_exit:\n"
	"	movl $1, %eax\n"
	"	xorl %ebx, %ebx\n"
	"	int $0x80\n"
	"	.globl _start\n"
	"_start:\n"
	"	movl 8(%esp), %edi\n");	/* argv[1] */
#else
__asm__(".text\n"
	"	.p2align 4\n"
	"	.skip 64, 0xcc\n"
	"counted_call:\n"
	"	movl $110, %eax\n"
	"	syscall\n"
	"	ret\n"
	"counted_exit:\n"
	"	movl $60, %eax\n"
	"	xorl %edi, %edi\n"
	"	syscall\n"
	"	.globl _start\n"
	"_start:\n"
	"	movq 16(%rsp), %rdi\n");
#endif
__asm__("	xorl %esi, %esi\n"
#ifdef __i386__
	"1:	movzbl (%edi), %eax\n"
#else
	"1:	movzbl (%rdi), %eax\n"
#endif
	"	testl %eax, %eax\n"
	"	jz 2f\n"
	"	imull $10, %esi\n"
	"	subl $48, %esi\n"
	"	addl %eax, %esi\n"
#ifdef __i386__
	"	incl %edi\n"
#else
	"	incq %rdi\n"
#endif
	"	jmp 1b\n"
	"2:	call counted_call\n"
	"	decl %esi\n"
	"	jnz 2b\n"
	"	jmp counted_exit\n");
