/*
 * The vDSO that FreeBSD programs get: its shape, and libgcc's own unwinder going
 * from a handler through the signal trampoline's frame into what was interrupted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

#include "translate/freebsd/vdso/vdso_x86_64.h"

extern const unsigned char freebsd_vdso[];
extern const unsigned long freebsd_vdso_size;
void __register_frame(const void *eh_frame);
void __deregister_frame(const void *eh_frame);

static unsigned char *image; /* where a program can run it */

static const Elf64_Ehdr *
header(void)
{
	return (const Elf64_Ehdr *)image;
}

static const Elf64_Phdr *
segment(uint32_t type)
{
	const Elf64_Phdr *p = (const Elf64_Phdr *)(image + header()->e_phoff);

	for (unsigned n = 0; n < header()->e_phnum; n++)
		if (p[n].p_type == type)
			return &p[n];
	fail_msg("no segment of type %x", type);
	return NULL;
}

static int
map_image(void **state)
{
	(void)state;
	image = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image == MAP_FAILED || freebsd_vdso_size > 4096)
		return -1;
	memcpy(image, freebsd_vdso, freebsd_vdso_size);
	return mprotect(image, 4096, PROT_READ | PROT_EXEC);
}

static void
one_segment_holds_it_all(void **state)
{
	const Elf64_Phdr *load = segment(PT_LOAD);

	(void)state;
	assert_int_equal(load->p_offset, 0);
	assert_int_equal(load->p_vaddr, 0);
	assert_int_equal(load->p_filesz, load->p_memsz);
	assert_int_equal(load->p_flags, PF_R | PF_X);
	assert_in_range(segment(PT_DYNAMIC)->p_offset, sizeof(Elf64_Ehdr), load->p_filesz);
	assert_in_range(header()->e_entry, sizeof(Elf64_Ehdr), load->p_filesz - 1);
	/* The page has room for the time as well. */
	assert_in_range(freebsd_vdso_size, load->p_filesz, 0xd00);
}

/* Nobody could apply one: the page is shared. */
static void
it_has_no_relocations(void **state)
{
	const Elf64_Dyn *d = (const Elf64_Dyn *)(image + segment(PT_DYNAMIC)->p_offset);

	(void)state;
	for (; d->d_tag != DT_NULL; d++) {
		assert_int_not_equal(d->d_tag, DT_RELA);
		assert_int_not_equal(d->d_tag, DT_JMPREL);
		assert_int_not_equal(d->d_tag, DT_NEEDED);
		assert_int_not_equal(d->d_tag, DT_TEXTREL);
	}
}

/* .eh_frame_hdr: version, three encodings (pcrel sdata4, udata4, datarel sdata4), then words. */
static const void *
rules(void)
{
	static const unsigned char encodings[] = {1, 0x1b, 0x03, 0x3b};
	const unsigned char *at = image + segment(PT_GNU_EH_FRAME)->p_offset;
	int32_t words[4];

	assert_memory_equal(at, encodings, sizeof encodings);
	memcpy(words, at + 4, sizeof words);
	assert_int_equal(words[1], 1);
	assert_ptr_equal(at + words[2], image + header()->e_entry);
	return at + 4 + words[0];
}

static void
the_index_names_the_trampoline(void **state)
{
	(void)state;
	assert_non_null(rules());
}

/* ---- unwinding ---- */

/*
 * Fills the frame as if `interrupted` had been, with marks in the registers, and goes
 * on in the trampoline; `resume` comes back to `interrupted`.
 */
void enter(void *frame, const void *trampoline);
void resume(void *frame);
extern const char interrupted[];

#define TEXT(x) #x
#define AT(offset) TEXT(offset)
#define REGISTER(name) AT(FRAME_REGISTERS) "+" AT(REGISTER_##name) "(%rdi)"
#define MARK(name, value) "	movq $" #value ", " REGISTER(name) "\n"

__asm__(".text\n"
	"enter:\n"
	"	.cfi_startproc\n"
	"	pushq %rbx\n	.cfi_adjust_cfa_offset 8\n	.cfi_offset %rbx, -16\n"
	"	pushq %rbp\n	.cfi_adjust_cfa_offset 8\n	.cfi_offset %rbp, -24\n"
	"	pushq %r12\n	.cfi_adjust_cfa_offset 8\n	.cfi_offset %r12, -32\n"
	"	pushq %r13\n	.cfi_adjust_cfa_offset 8\n	.cfi_offset %r13, -40\n"
	"	pushq %r14\n	.cfi_adjust_cfa_offset 8\n	.cfi_offset %r14, -48\n"
	"	pushq %r15\n	.cfi_adjust_cfa_offset 8\n	.cfi_offset %r15, -56\n"
	MARK(RAX, 0x50) MARK(RDX, 0x51) MARK(RCX, 0x52) MARK(RBX, 0x53) MARK(RSI, 0x54) MARK(RDI, 0x55)
	MARK(RBP, 0x56) MARK(R8, 0x58) MARK(R9, 0x59) MARK(R10, 0x5a) MARK(R11, 0x5b) MARK(R12, 0x5c)
	MARK(R13, 0x5d) MARK(R14, 0x5e) MARK(R15, 0x5f)
	"	leaq interrupted(%rip), %rax\n"
	"	movq %rax, " REGISTER(RIP) "\n"
	"	movq %rsp, " REGISTER(RSP) "\n"
	"	movq %rdi, %rsp\n"
	"	jmp *%rsi\n"
	"interrupted:\n"
	"	popq %r15\n	popq %r14\n	popq %r13\n	popq %r12\n	popq %rbp\n	popq %rbx\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"resume:\n"
	"	movq " REGISTER(RSP) ", %rsp\n"
	"	jmp interrupted\n");

static unsigned char stack[65536] __attribute__((aligned(16)));
static unsigned char *frame = stack + sizeof stack - 0x400;

struct seen {
	unsigned frames;
	uintptr_t ip[4], cfa[4];
	int before[4];
	uintptr_t registers[16]; /* of the interrupted frame, by DWARF's numbers */
};
static struct seen seen;

static _Unwind_Reason_Code
look(struct _Unwind_Context *context, void *argument)
{
	unsigned n = seen.frames++;

	(void)argument;
	seen.ip[n] = _Unwind_GetIPInfo(context, &seen.before[n]);
	seen.cfa[n] = _Unwind_GetCFA(context);
	for (int r = 0; n == 2 && r < 16; r++)
		seen.registers[r] = _Unwind_GetGR(context, r);
	return seen.frames == 4 ? _URC_NORMAL_STOP : _URC_NO_REASON;
}

static void
handler(void)
{
	_Unwind_Backtrace(look, NULL);
	resume(frame);
}

__attribute__((noinline)) static void
interrupt(void)
{
	void (*f)(void) = handler;

	memcpy(frame + FRAME_HANDLER, &f, sizeof f);
	enter(frame, image + header()->e_entry);
	__asm__ volatile("");	/* no tail call: this frame is looked for */
}

static void
an_unwinder_finds_what_was_interrupted(void **state)
{
	const void *eh_frame = rules();
	uintptr_t trampoline = (uintptr_t)image + header()->e_entry;

	(void)state;
	__register_frame(eh_frame);
	interrupt();
	__deregister_frame(eh_frame);
	assert_int_equal(seen.frames, 4);
	assert_in_range(seen.ip[1], trampoline + 1, trampoline + 16);
	assert_int_equal(seen.ip[2], (uintptr_t)interrupted);
	/* The instruction itself, not one behind a call. */
	assert_int_equal(seen.before[1], 0);
	assert_int_equal(seen.before[2], 1);
	for (unsigned r = 0; r < 16; r++)
		if (r != 7) /* rsp */
			assert_int_equal(seen.registers[r], 0x50 + r);
	assert_ptr_equal(_Unwind_FindEnclosingFunction((void *)seen.ip[3]), interrupt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_segment_holds_it_all),
		cmocka_unit_test(it_has_no_relocations),
		cmocka_unit_test(the_index_names_the_trampoline),
		cmocka_unit_test(an_unwinder_finds_what_was_interrupted),
	};

	return cmocka_run_group_tests(tests, map_image, NULL);
}
