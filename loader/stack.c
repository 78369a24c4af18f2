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
	*s = (struct stack){memory, low, low + size, low + size, false};
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
	core_call(__NR_mprotect, r, PAGE, PROT_NONE);
	/* One touched page must not become two mebibytes. */
	core_call(__NR_madvise, (uint64_t)r + PAGE, size + above, MADV_NOHUGEPAGE);
	stack_on_memory(s, (unsigned char *)r + PAGE, (uint64_t)r + PAGE, size);
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
stack_write_u64(struct stack *s, uint64_t at, uint64_t value)
{
	stack_write(s, at, &value, sizeof value);
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
		stack_write_u64(s, *vector_at, *strings_at);
		*strings_at += len;
		*vector_at += sizeof(uint64_t);
	}
	stack_write_u64(s, *vector_at, 0);
	*vector_at += sizeof(uint64_t);
}

void
stack_write_aux(struct stack *s, uint64_t *at, uint64_t type, uint64_t value)
{
	stack_write_u64(s, *at, type);
	stack_write_u64(s, *at + 8, value);
	*at += 16;
}
