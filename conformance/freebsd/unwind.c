/* covers: freebsd sigaction sigreturn */
/*
 * From a handler back to what it interrupted, by nothing but what the kernel says of
 * its signal trampoline: the vDSO at AT_KPRELOAD and the call frame rules in it (DWARF 4,
 * 6.4). This is what C++ exceptions, Go's and Rust's backtraces and debuggers do.
 */
#include "guest.h"

enum { AT_KPRELOAD = 34, SIGUSR1 = 30, SA_ONSTACK = 1, SA_SIGINFO = 0x40 };
enum { SYS_sigaltstack = 53, SYS_sysctl = 202 };

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_GNU_EH_FRAME = 0x6474e550, PF_X = 1, PF_W = 2, PF_R = 4 };

static const uint8_t *image;		/* AT_KPRELOAD */

static const struct segment *
segment(uint32_t type)
{
	const struct elf_header *h = (const struct elf_header *)image;
	const struct segment *s = (const struct segment *)(image + h->phoff);

	for (unsigned n = 0; n < h->phnum; n++)
		if (s[n].type == type)
			return &s[n];
	return NULL;
}

/* ---- call frame rules ---- */

#define COLUMNS 17			/* rax rdx rcx rbx rsi rdi rbp rsp r8-r15, and the return address */
enum { RBX = 3, RBP = 6, RSP = 7, R12 = 12, R15 = 15, RETURN = 16 };

struct rules {
	uint64_t location, cfa_register;
	int64_t cfa_offset, code_factor, data_factor;
	bool is_signal, has[COLUMNS], unknown;
	int64_t offset[COLUMNS];
};

static uint64_t
unsigned_leb(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static int64_t
signed_leb(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (byte & 0x40)
		value |= ~UINT64_C(0) << shift;
	return (int64_t)value;
}

static uint32_t
word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

/* A pointer of encoding 0x1b: a signed word that counts from where it stands. */
static const uint8_t *
relative(const uint8_t *at)
{
	return at + (int32_t)word(at);
}

static void
rule(struct rules *r, uint64_t column, int64_t offset)
{
	if (column >= COLUMNS) {
		r->unknown = true;
		return;
	}
	r->has[column] = true;
	r->offset[column] = offset * r->data_factor;
}

/* Instructions of [at, end) up to those for code behind `pc`. */
static void
follow(struct rules *r, const uint8_t *at, const uint8_t *end, uint64_t pc)
{
	uint64_t column;

	while (at < end && r->location <= pc && !r->unknown) {
		uint8_t op = *at++;

		switch (op >> 6 ? op & 0xc0 : op) {
		case 0x00:				/* nop */
			break;
		case 0x40:				/* advance_loc */
			r->location += (op & 0x3f) * (uint64_t)r->code_factor;
			break;
		case 0x02:				/* advance_loc1 */
			r->location += *at++ * (uint64_t)r->code_factor;
			break;
		case 0x80:				/* offset */
			rule(r, op & 0x3f, (int64_t)unsigned_leb(&at));
			break;
		case 0x05:				/* offset_extended */
			column = unsigned_leb(&at);
			rule(r, column, (int64_t)unsigned_leb(&at));
			break;
		case 0x11:				/* offset_extended_sf */
			column = unsigned_leb(&at);
			rule(r, column, signed_leb(&at));
			break;
		case 0x0c:				/* def_cfa */
			r->cfa_register = unsigned_leb(&at);
			r->cfa_offset = (int64_t)unsigned_leb(&at);
			break;
		case 0x12:				/* def_cfa_sf */
			r->cfa_register = unsigned_leb(&at);
			r->cfa_offset = signed_leb(&at) * r->data_factor;
			break;
		case 0x0d:				/* def_cfa_register */
			r->cfa_register = unsigned_leb(&at);
			break;
		case 0x0e:				/* def_cfa_offset */
			r->cfa_offset = (int64_t)unsigned_leb(&at);
			break;
		default:
			r->unknown = true;
		}
	}
}

/* The description (FDE) of the function that holds pc, by the index in PT_GNU_EH_FRAME. */
static const uint8_t *
find_description(uint64_t pc)
{
	const struct segment *s = segment(PT_GNU_EH_FRAME);
	const uint8_t *index = s ? image + s->vaddr : NULL, *entry;

	/* Version 1; pcrel sdata4, udata4, datarel sdata4: what linkers write. */
	if (!index || index[0] != 1 || index[1] != 0x1b || index[2] != 0x03 || index[3] != 0x3b)
		return NULL;
	for (uint32_t n = 0; n < word(index + 8); n++) {
		entry = index + (int32_t)word(index + 12 + n * 8 + 4);
		if (pc - (uint64_t)relative(entry + 8) < word(entry + 12))
			return entry;
	}
	return NULL;
}

static bool
find_rules(struct rules *r, uint64_t pc)
{
	const uint8_t *fde = find_description(pc), *cie, *at, *text, *instructions;

	memset(r, 0, sizeof *r);
	if (!fde)
		return false;
	cie = fde + 4 - word(fde + 4);
	text = cie + 9;					/* behind length, id, version */
	at = text + length((const char *)text) + 1;
	r->code_factor = (int64_t)unsigned_leb(&at);
	r->data_factor = signed_leb(&at);
	CHECK_IS(unsigned_leb(&at), RETURN);
	CHECK(text[0] == 'z' && text[1] == 'R');
	r->is_signal = text[2] == 'S';
	instructions = at + 1 + *at;			/* behind the augmentation and its length */
	r->location = (uint64_t)relative(fde + 8);
	follow(r, instructions, cie + 4 + word(cie), pc);
	at = fde + 16;
	at += 1 + *at;
	follow(r, at, fde + 4 + word(fde), pc);
	return !r->unknown;
}

/* ---- a signal ---- */

static struct {
	uint64_t sp, return_address;
	uint64_t column[COLUMNS];		/* as the rules find them */
	bool found, is_signal;
} seen;

static uint64_t
at_address(uint64_t address)
{
	return *(const uint64_t *)address;
}

/* sp: that of the trampoline, behind the handler's return address. */
__attribute__((used)) static void
look(uint64_t sp)
{
	struct rules r;
	uint64_t cfa;

	seen.sp = sp;
	seen.return_address = at_address(sp - 8);
	/* A return address may lie behind its function: unwinders look up the call. */
	seen.found = find_rules(&r, seen.return_address - 1);
	seen.is_signal = r.is_signal;
	if (!seen.found || r.cfa_register != RSP)
		return;
	cfa = sp + (uint64_t)r.cfa_offset;
	for (int n = 0; n < COLUMNS; n++)
		seen.column[n] = r.has[n] ? at_address(cfa + (uint64_t)r.offset[n]) : 0;
}

void handler(void);
__asm__("handler:\n"
	"	leaq 8(%rsp), %rdi\n"
	"	jmp look\n");

/* Sends SIGUSR1 to itself with marks in the registers; returns rsp at that time. */
uint64_t raise_marked(long pid);
extern const char raised[];
__asm__("raise_marked:\n"
	"	pushq %rbx\n	pushq %rbp\n	pushq %r12\n	pushq %r13\n	pushq %r14\n	pushq %r15\n"
	"	movl $0x53, %ebx\n	movl $0x56, %ebp\n	movl $0x5c, %r12d\n"
	"	movl $0x5d, %r13d\n	movl $0x5e, %r14d\n	movl $0x5f, %r15d\n"
	"	movl $30, %esi\n"
	"	movl $37, %eax\n"
	"	syscall\n"
	"raised:\n"
	"	movq %rsp, %rax\n"
	"	popq %r15\n	popq %r14\n	popq %r13\n	popq %r12\n	popq %rbp\n	popq %rbx\n"
	"	ret\n");

static void
check_signal(int flags)
{
	struct { void *handler; int flags; uint32_t mask[4]; } action = {(void *)handler, SA_SIGINFO | flags, {0}};
	uint64_t rsp;

	memset(&seen, 0, sizeof seen);
	CHECK_IS(call(SYS_sigaction, SIGUSR1, &action, NULL), 0);
	rsp = raise_marked(call(SYS_getpid));
	CHECK(seen.found);
	CHECK(seen.is_signal);
	CHECK_IS(seen.column[RETURN], (long)raised);
	CHECK_IS(seen.column[RSP], rsp);
	CHECK_IS(seen.column[RBX], 0x53);
	CHECK_IS(seen.column[RBP], 0x56);
	for (int n = R12; n <= R15; n++)
		CHECK_IS(seen.column[n], 0x50 + n);
}

TEST(the_vdso_is_one_segment_to_execute)
{
	const struct segment *load;

	CHECK(image && same(image, "\177ELF\2\1\1\11", 8));
	CHECK_IS(((const struct elf_header *)image)->type, 3 /* ET_DYN */);
	load = segment(PT_LOAD);
	CHECK(load && load->vaddr == 0 && load->offset == 0 && load->flags == (PF_R | PF_X));
	CHECK(segment(PT_DYNAMIC));
}

TEST(a_handler_returns_into_it)
{
	check_signal(0);
	CHECK(seen.return_address - (uint64_t)image < segment(PT_LOAD)->memsz);
}

TEST(kern_proc_sigtramp_says_where)
{
	const int name[] = {1, 14, 41, (int)call(SYS_getpid)};	/* CTL_KERN, KERN_PROC, KERN_PROC_SIGTRAMP */
	struct { uint64_t start, end, spare[4]; } tramp = {0};
	size_t size = sizeof tramp;

	CHECK_IS(call(SYS_sysctl, name, COUNT(name), &tramp, &size, NULL, 0), 0);
	CHECK_IS(size, sizeof tramp);
	check_signal(0);
	CHECK(seen.return_address >= tramp.start && seen.return_address < tramp.end);
}

TEST(its_rules_lead_back_to_what_was_interrupted)
{
	check_signal(0);
}

TEST(they_do_from_the_alternate_stack)
{
	static char alternate[32768];
	struct { void *sp; uint64_t size; int flags; } stack = {alternate, sizeof alternate, 0};

	CHECK_IS(call(SYS_sigaltstack, &stack, NULL), 0);
	check_signal(SA_ONSTACK);
	CHECK(seen.sp - (uint64_t)alternate < sizeof alternate);
}

int
main(int argc, char **argv, char **envp)
{
	uint64_t *aux;

	(void)argc;
	(void)argv;
	while (*envp)
		envp++;
	for (aux = (uint64_t *)(envp + 1); aux[0]; aux += 2)
		if (aux[0] == AT_KPRELOAD)
			image = (const uint8_t *)aux[1];
	RUN(the_vdso_is_one_segment_to_execute);
	if (!image)
		return 1;
	RUN(a_handler_returns_into_it);
	RUN(kern_proc_sigtramp_says_where);
	RUN(its_rules_lead_back_to_what_was_interrupted);
	RUN(they_do_from_the_alternate_stack);
	return 0;
}
