/* counted.c, as an i386 Linux program: from one `int $0x80`. */
__asm__(".text\n"
	"	.p2align 4\n"
	"	.skip 64, 0xcc\n"
	"counted_call:\n"
	"	movl $64, %eax\n"	/* getppid */
	"	int $0x80\n"
	"	ret\n"
	"	.globl _start\n"
	"_start:\n"
	"	movl 8(%esp), %ebx\n"	/* argv[1] */
	"	xorl %esi, %esi\n"
	"1:	movzbl (%ebx), %eax\n"
	"	testl %eax, %eax\n"
	"	jz 2f\n"
	"	imull $10, %esi\n"
	"	leal -48(%esi, %eax), %esi\n"
	"	incl %ebx\n"
	"	jmp 1b\n"
	"2:	call counted_call\n"
	"	decl %esi\n"
	"	jnz 2b\n"
	"	movl $1, %eax\n"	/* exit */
	"	xorl %ebx, %ebx\n"
	"	int $0x80\n");
