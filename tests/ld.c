/*
 * The least a run-time linker can be, for tests/test_load.py: says what the kernel
 * told it, and enters the program.
 */
typedef unsigned long u64;

enum {
	SYS_write = 4,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_BASE = 7,
	AT_ENTRY = 9,
	AT_EXECPATH = 15
};

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
u64 ld_main(const u64 *block);

static void
say(const char *text)
{
	long n = 0, r;

	while (text[n])
		n++;
	__asm__ volatile("syscall"
			 : "=a"(r), "+d"(n)
			 : "0"((long)SYS_write), "D"(1L), "S"(text)
			 : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
}

/* The program's headers begin, as all programs' do, with PT_PHDR, which says where they were
 * linked. */
static int
is_entry_of(u64 entry, const unsigned *phdr)
{
	const u64 *fields = (const u64 *)phdr;
	u64 bias = (u64)phdr - fields[2];

	return phdr[0] == 6 /* PT_PHDR */ && entry > bias;
}

__attribute__((used)) u64
ld_main(const u64 *block)
{
	static u64 aux[64];
	const u64 *p = block + 1;

	while (*p++)
		;
	while (*p++)
		;
	for (; p[0]; p += 2)
		if (p[0] < 64)
			aux[p[0]] = p[1];
	say(aux[AT_BASE] == (u64)__ehdr_start ? "ld: base\n" : "ld: wrong base\n");
	say(aux[AT_PHENT] == 56 && aux[AT_PHNUM] > 2 &&
			    is_entry_of(aux[AT_ENTRY], (const unsigned *)aux[AT_PHDR])
		    ? "ld: headers\n"
		    : "ld: wrong headers\n");
	say("ld: ");
	say((const char *)aux[AT_EXECPATH]);
	say("\n");
	return aux[AT_ENTRY];
}

__attribute__((naked)) void
_start(void)
{
	__asm__("movq %rdi, %rbx\n"
		"movq %rsp, %rbp\n"
		"andq $-16, %rsp\n"
		"call ld_main\n"
		"movq %rbp, %rsp\n"
		"movq %rbx, %rdi\n"
		"jmp *%rax\n");
}
