/*
 * crt1.o and libc.a of a FreeBSD sysroot that holds next to nothing, so that build systems find what they
 * look for without FreeBSD's own files: a program's start, and the few functions in the headers beside this file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* sys/sys/elf_common.h: the brand that FreeBSD's own crt1.o has. */
__attribute__((section(".note.tag"), used, aligned(4))) static const struct {
	int namesz, descsz, type;
	char name[8];
	int osreldate;
} brand = {8, 4, 1, "FreeBSD", 1302001};

enum { SYS_exit = 1, SYS_write = 4, SYS_open = 5, SYS_close = 6, O_WRONLY_CREAT_TRUNC = 0x601 };

int main(int argc, char **argv, char **envp);
void start(long *stack);

static long
call(long nr, long a, long b, long c)
{
	unsigned char failed;

	__asm__ volatile("syscall"
			 : "+a"(nr), "=@ccc"(failed), "+d"(c)
			 : "D"(a), "S"(b)
			 : "rcx", "r8", "r9", "r10", "r11", "memory");
	return failed ? -1 : nr;
}

void
exit(int status)
{
	call(SYS_exit, status, 0, 0);
	__builtin_trap();
}

long
write(int fd, const void *data, unsigned long size)
{
	return call(SYS_write, fd, (long)data, (long)size);
}

struct file {
	int fd;
};

/* For writing, one at a time. */
FILE *
fopen(const char *path, const char *mode)
{
	static struct file only;

	only.fd = mode[0] == 'w' ? (int)call(SYS_open, (long)path, O_WRONLY_CREAT_TRUNC, 0666) : -1;
	return only.fd < 0 ? 0 : &only;
}

int
ferror(FILE *f)
{
	return f->fd < 0;
}

int
fclose(FILE *f)
{
	return (int)call(SYS_close, f->fd, 0, 0);
}

/* rdi is the block of arguments (amd64's exec_setregs()). */
__asm__(".globl _start\n"
	"_start:\n"
	"	xorl %ebp, %ebp\n"
	"	andq $-16, %rsp\n"
	"	call start\n");

void
start(long *stack)
{
	char **argv = (char **)(stack + 1);

	exit(main((int)stack[0], argv, argv + stack[0] + 1));
}
