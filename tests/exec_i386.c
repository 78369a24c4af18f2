/* An i386 Linux program for tests/test_events.py: execs what is not there, and exits with 7. */
enum { NR_EXIT = 1, NR_EXECVE = 11 };

static int
call(int nr, const void *a, const void *b, const void *c)
{
	__asm__ volatile("int $0x80" : "+a"(nr) : "b"(a), "c"(b), "d"(c) : "memory");
	return nr;
}

__attribute__((noreturn, used)) void _start(void);

void
_start(void)
{
	static const char *const words[] = {"one", "two words", 0}, *const environment[] = {"A=1", 0};

	call(NR_EXECVE, "/no/such/program", words, environment);
	for (;;)
		call(NR_EXIT, (const void *)7, 0, 0);
}
