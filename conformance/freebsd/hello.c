/*
 * What `./dev run` shows: a FreeBSD program made by the host's compiler, with no
 * libc. It says which release it believes to be on (sysctl(3), KERN_OSRELEASE).
 * It runs as well on a real FreeBSD.
 */
#include <stddef.h>
#include <stdint.h>

/* sys/sys/elf_common.h: the brand, in the note that FreeBSD's own crt1.o has. */
__attribute__((section(".note.tag"), used, aligned(4))) static const struct {
	uint32_t namesz, descsz, type;
	char name[8];
	uint32_t osreldate;
} brand = {8, 4, 1, "FreeBSD", 1302001};

enum { SYS_exit = 1, SYS_write = 4, SYS_sysctl = 202, CTL_KERN = 1, KERN_OSRELEASE = 2 };

static long
call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	unsigned char failed;

	__asm__ volatile("syscall"
			 : "+a"(nr), "=@ccc"(failed), "+d"(c), "+r"(r10), "+r"(r8), "+r"(r9)
			 : "D"(a), "S"(b)
			 : "rcx", "r11", "memory");
	return failed ? -nr : nr;
}

static void
print(const char *text)
{
	size_t len = 0;

	while (text[len] != '\0')
		len++;
	call(SYS_write, 1, (long)text, (long)len, 0, 0, 0);
}

__attribute__((force_align_arg_pointer)) void
_start(void)
{
	int name[2] = {CTL_KERN, KERN_OSRELEASE};
	char release[64] = "?";
	size_t size = sizeof(release) - 1;

	if (call(SYS_sysctl, (long)name, 2, (long)release, (long)&size, 0, 0) < 0)
		release[0] = '?';
	print("Hello from a FreeBSD program, on FreeBSD ");
	print(release);
	print(".\n");
	call(SYS_exit, 0, 0, 0, 0, 0, 0);
}
