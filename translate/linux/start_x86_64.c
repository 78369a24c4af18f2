/*
 * The first stack of a Linux program (fs/binfmt_elf.c, create_elf_tables()): argc
 * at rsp, then argv, envp and auxv; registers zero. The host's own entries are
 * handed on where they are not about the program.
 */
#include "linux.h"

#include <linux/auxvec.h>

#include "core/exec.h"
#include "core/host.h"
#include "core/mm_map.h"
#include "core/string.h"
#include "core/thread.h"
#include "loader/loader.h"
#include "loader/stack.h"

/* linux/auxvec.h, since 6.3 */
#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27
#define AT_RSEQ_ALIGN 28
#endif

#define STACK_SIZE (UINT64_C(8) << 20)

static const uint16_t handed_on[] = {
	AT_HWCAP, AT_PAGESZ, AT_CLKTCK, AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SECURE, AT_HWCAP2,
};
#define HANDED_ON (sizeof handed_on / sizeof *handed_on)
#define MORE 11			/* below, with the end */

struct strings {
	uint64_t random, platform, execfn;
};

/* The end of the vector. */
static uint64_t
write_aux(struct stack *s, uint64_t at, const struct image *image, const struct linux_aux *own,
	  const struct strings *put)
{
	for (; own->type != AT_NULL; own++)
		if (own->value)
			stack_write_aux(s, &at, own->type, own->value);
	for (size_t i = 0; i < HANDED_ON; i++)
		stack_write_aux(s, &at, handed_on[i], host_auxv(handed_on[i]));
	if (host_auxv(AT_MINSIGSTKSZ))	/* since Linux 5.14 */
		stack_write_aux(s, &at, AT_MINSIGSTKSZ, host_auxv(AT_MINSIGSTKSZ));
	stack_write_aux(s, &at, AT_PHDR, image->phdr);
	stack_write_aux(s, &at, AT_PHENT, image->phent);
	stack_write_aux(s, &at, AT_PHNUM, image->phnum);
	stack_write_aux(s, &at, AT_BASE, image->interp_base);
	stack_write_aux(s, &at, AT_FLAGS, 0);
	stack_write_aux(s, &at, AT_ENTRY, image->entry);
	stack_write_aux(s, &at, AT_RANDOM, put->random);
	stack_write_aux(s, &at, AT_PLATFORM, put->platform);
	stack_write_aux(s, &at, AT_EXECFN, put->execfn);
	stack_write_aux(s, &at, AT_NULL, 0);
	return at;
}

long
linux_stack_build(struct stack *s, const struct start_request *request, const char *platform,
		  const struct linux_aux *own, uint64_t *sp)
{
	uint8_t random[16];
	struct strings put;
	struct stack_words words;
	uint64_t bytes = 0, strings, vector, n;
	unsigned argc = stack_count(request->argv, &bytes), envc = stack_count(request->envp, &bytes), nown = 0;

	while (own[nown].type != AT_NULL)
		nown++;
	core_call(__NR_getrandom, random, sizeof random, 0);
	put.execfn = stack_put(s, request->path, strlen(request->path) + 1, 1);
	put.platform = stack_put(s, platform, strlen(platform) + 1, 1);
	put.random = stack_put(s, random, sizeof random, 16);
	strings = stack_take(s, bytes, 1);
	n = 1 + argc + 1 + envc + 1 + 2 * (HANDED_ON + MORE + nown);
	words.block = stack_take(s, n * s->word, 16);
	if (s->full)
		return -E2BIG;
	stack_write_word(s, words.block, argc);
	vector = words.block + s->word;
	words.args = strings;
	stack_write_strings(s, request->argv, &strings, &vector);
	words.env = strings;
	stack_write_strings(s, request->envp, &strings, &vector);
	words.env_end = strings;
	words.auxv = vector;
	words.auxv_size = (uint32_t)(write_aux(s, vector, request->image, own, &put) - vector);
	mm_map_program(request->image, &words);
	*sp = words.block;
	return 0;
}

long
linux_start(struct thread *t, struct ucontext *uc, const struct start_request *request)
{
	const struct linux_aux own[] = {
		{AT_SYSINFO_EHDR, host_auxv(AT_SYSINFO_EHDR)},
		{AT_RSEQ_FEATURE_SIZE, host_auxv(AT_RSEQ_FEATURE_SIZE)},
		{AT_RSEQ_ALIGN, host_auxv(AT_RSEQ_ALIGN)},
		{AT_NULL, 0},
	};
	struct stack s;
	uint64_t rsp = 0;
	long r = stack_map(&s, STACK_SIZE, PROT_READ | PROT_WRITE, 0);

	if (r == 0)
		r = linux_stack_build(&s, request, "x86_64", own, &rsp);
	if (r < 0)
		return r;
	t->p->stack_base = s.top;
	t->p->stack_size = s.top - s.low;
	uc->uc_mcontext.rsp = rsp;
	uc->uc_mcontext.rip = request->image->start;
	return 0;
}
