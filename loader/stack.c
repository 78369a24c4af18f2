#include "stack.h"

#include <asm/errno.h>
#include <linux/mman.h>

#include "internal.h"
#include "translate/core/host.h"
#include "translate/core/string.h"

/* Less than this is no stack for anybody. */
#define SMALLEST_STACK UINT64_C(0x100000)

void
stack_on_memory(struct stack *s, void *memory, uint64_t low, uint64_t size)
{
	*s = (struct stack){memory, low, low + size, low + size, sizeof(uint64_t), false};
}

/* A page of guard at `at`, and the stack behind it. */
static void
with_guard(struct stack *s, uint64_t at, uint64_t size, uint64_t above)
{
	core_call(__NR_mprotect, at, PAGE, PROT_NONE);
	/* One touched page must not become two mebibytes. */
	core_call(__NR_madvise, at + PAGE, size + above, MADV_NOHUGEPAGE);
	stack_on_memory(s, (unsigned char *)at + PAGE, at + PAGE, size);
}

long
stack_map(struct stack *s, uint64_t size, int prot, uint64_t above)
{
	long r;

	size = page_up(size);
	above = page_up(above);
	for (;; size = page_up(size / 2)) {
		r = core_call(__NR_mmap, 0, PAGE + size + above, prot,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
		if (r != -ENOMEM || size <= SMALLEST_STACK)
			break;
	}
	if (r < 0)
		return r;
	with_guard(s, (uint64_t)r, size, above);
	return 0;
}

long
stack_map_at(struct stack *s, uint64_t top, uint64_t size, int prot)
{
	uint64_t low = top - page_up(size) - PAGE;
	long r = core_call(__NR_mmap, low, top - low, prot,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_FIXED_NOREPLACE, -1, 0);

	if (r < 0)
		return r;
	if ((uint64_t)r != low) { /* a kernel that takes the flag for a hint */
		core_call(__NR_munmap, r, top - low);
		return -EEXIST;
	}
	with_guard(s, low, page_up(size), 0);
	return 0;
}

uint64_t
stack_take(struct stack *s, uint64_t n, uint64_t align)
{
	uint64_t room = s->next - s->low, at = (s->next - n) & ~(align - 1);

	if (s->full || n > room || at < s->low) {
		s->full = true;
		return s->low;
	}
	s->next = at;
	return at;
}

void
stack_write(struct stack *s, uint64_t at, const void *data, uint64_t n)
{
	if (s->full || at < s->low || n > s->top - s->low || at - s->low > s->top - s->low - n)
		s->full = true;
	else
		memcpy(s->memory + (at - s->low), data, n);
}

void
stack_write_word(struct stack *s, uint64_t at, uint64_t value)
{
	stack_write(s, at, &value, s->word);
}

uint64_t
stack_put(struct stack *s, const void *data, uint64_t n, uint64_t align)
{
	uint64_t at = stack_take(s, n, align);

	stack_write(s, at, data, n);
	return at;
}

unsigned
stack_count(char *const *strings, uint64_t *bytes)
{
	unsigned n = 0;

	for (; strings && strings[n]; n++)
		*bytes += strlen(strings[n]) + 1;
	return n;
}

void
stack_write_strings(struct stack *s, char *const *strings, uint64_t *strings_at,
		    uint64_t *vector_at)
{
	for (unsigned n = 0; strings && strings[n]; n++) {
		uint64_t len = strlen(strings[n]) + 1;

		stack_write(s, *strings_at, strings[n], len);
		stack_write_word(s, *vector_at, *strings_at);
		*strings_at += len;
		*vector_at += s->word;
	}
	stack_write_word(s, *vector_at, 0);
	*vector_at += s->word;
}

void
stack_write_aux(struct stack *s, uint64_t *at, uint64_t type, uint64_t value)
{
	stack_write_word(s, *at, type);
	stack_write_word(s, *at + s->word, value);
	*at += 2 * s->word;
}
