/*
 * Call sites for the programs: pages of stubs in the shape of libc's, that a program maps
 * and calls, and a call that is watched: all it may change is its result.
 */
#ifndef CONFORMANCE_GUEST_SITES_H
#define CONFORMANCE_GUEST_SITES_H

#include <stddef.h>
#include <stdint.h>

#define SITE_PAGE 4096
#define SITE_SLOT 32
#define SITE_FIRST 2		/* the slots before it are padding */
#define SITES (SITE_PAGE / SITE_SLOT - SITE_FIRST)
#define SITE_JUMP_IN 8		/* from a slot's beginning to the call */

typedef long (*site_code)(void);

#ifdef __i386__
#define SITE_REST 0x8d, 0x76, 0, 0xcd, 0x80, 0xc3	/* lea 0(%esi), %esi; int $0x80; ret */
#define SITE_CALL 0xcd, 0x80
#define SITE_FOUR_BYTES 0x8d, 0x74, 0x26, 0	/* lea 0(%esi,%eiz), %esi */
#else
#define SITE_REST 0x49, 0x89, 0xca, 0x0f, 0x05, 0xc3	/* mov %rcx, %r10; syscall; ret */
#define SITE_CALL 0x0f, 0x05
#define SITE_FOUR_BYTES 0x48, 0x8d, 0x40, 0	/* lea 0(%rax), %rax */
#endif

/* Instead of a skew: code in which nothing is as long as a jump, or but for one byte, in one aligned word. */
#define SITE_SHORT 16
#define SITE_FOUR (32 + 1)

/*
 * mov $nr, %eax and the rest, in each slot, `skew` bytes (less than 16) behind its beginning: by
 * that, the mov lies in one aligned word (0 to 3), the mov behind it does (5), or both cross one.
 */
static inline void
site_page_fill(uint8_t *page, uint32_t nr, unsigned skew)
{
	const uint8_t usual[] = {0xb8, (uint8_t)nr, (uint8_t)(nr >> 8), (uint8_t)(nr >> 16), (uint8_t)(nr >> 24), SITE_REST};
	const uint8_t small[] = {0x6a, (uint8_t)nr, 0x58, SITE_CALL, 0xc3};	/* push $nr; pop %eax; … */
	const uint8_t four[] = {0x6a, (uint8_t)nr, 0x58, SITE_FOUR_BYTES, SITE_CALL, 0xc3};
	const uint8_t *const codes[] = {usual, small, four};
	const unsigned sizes[] = {sizeof usual, sizeof small, sizeof four};

	for (int i = 0; i < SITE_PAGE; i++)
		page[i] = 0xcc;
	for (int s = SITE_FIRST; s < SITE_PAGE / SITE_SLOT; s++)
		for (unsigned i = 0; i < sizes[skew / SITE_SHORT]; i++)
			page[s * SITE_SLOT + skew % SITE_SHORT + i] = codes[skew / SITE_SHORT][i];
}

static inline site_code
site_of(const uint8_t *page, int n, unsigned skew)
{
	return (site_code)(uintptr_t)(page + (SITE_FIRST + n) * SITE_SLOT + skew % SITE_SHORT);
}

#ifdef __i386__
typedef int32_t site_word;
#else
typedef int64_t site_word;	/* x32's long is narrower than its registers */
#endif

/* What a watched call is made with, and what it left: register n has n + 1, if nothing else is asked for. */
struct site_seen {
	uint64_t vector[4];		/* two vector registers */
	site_word answer, flags, registers[12];
};

/*
 * Calls `code` with these registers and vectors, its answer's register among them; flags are a pattern. The registers
 * are those that the assembly names, where r14 stands for a word of the red zone, and rcx has what r10 has. Last stand
 * those that BSDs' kernels clear.
 */
void site_watched_call(site_code code, struct site_seen *seen);
/* Where `code` returns to. */
extern const uint8_t site_returned[];

#ifdef __i386__
#define SITE_REGISTERS 6
__asm__(".text\n"
	"site_watched_call:\n"
	"	pushl %ebp\n	pushl %ebx\n	pushl %esi\n	pushl %edi\n"
	"	movl 24(%esp), %eax\n"
	"	movdqu (%eax), %xmm0\n	movdqu 16(%eax), %xmm7\n"
	"	pushl 20(%esp)\n"
	"	movl $5, %ebx\n	cmpl $0x80000000, %ebx\n"	/* sign, overflow, carry */
	"	movl 40(%eax), %ebx\n	movl 44(%eax), %ecx\n	movl 48(%eax), %edx\n"
	"	movl 52(%eax), %esi\n	movl 56(%eax), %edi\n	movl 60(%eax), %ebp\n"
	"	movl 32(%eax), %eax\n"
	"	call *(%esp)\n"
	"site_returned:\n"
	"	pushl %ebp\n	pushl %edi\n	pushl %esi\n	pushl %edx\n	pushl %ecx\n	pushl %ebx\n"
	"	pushfl\n	pushl %eax\n"
	"	movl 60(%esp), %eax\n"
	"	movdqu %xmm0, (%eax)\n	movdqu %xmm7, 16(%eax)\n"
	"	addl $32, %eax\n	movl $8, %ecx\n"
	"1:	popl (%eax)\n	addl $4, %eax\n	loop 1b\n"
	"	addl $4, %esp\n"
	"	popl %edi\n	popl %esi\n	popl %ebx\n	popl %ebp\n"
	"	ret\n");
#else
#ifdef __FreeBSD__
#define SITE_REGISTERS 9
#else
#define SITE_REGISTERS 12
#endif
__asm__(".text\n"
	"site_watched_call:\n"
	"	pushq %rbp\n	pushq %rbx\n	pushq %r12\n	pushq %r13\n	pushq %r14\n	pushq %r15\n"
	"	movdqu (%rsi), %xmm0\n	movdqu 16(%rsi), %xmm15\n"
	"	pushq %rsi\n	pushq %rdi\n"
	"	movl $5, %eax\n	cmpl $0x80000000, %eax\n"	/* sign, overflow, carry */
	"	movq 32(%rsi), %rax\n"
	"	movq 48(%rsi), %rbx\n	movq 56(%rsi), %rbp\n	movq 64(%rsi), %rdx\n	movq 80(%rsi), %rdi\n"
	"	movq 88(%rsi), %r12\n	movq 96(%rsi), %r13\n	movq 104(%rsi), %r15\n	movq 112(%rsi), %r14\n"
	"	movq 120(%rsi), %r10\n	movq 128(%rsi), %r8\n	movq 136(%rsi), %r9\n	movq 72(%rsi), %rsi\n"
	"	movq %r10, %rcx\n"
	"	movq %r14, -64(%rsp)\n"		/* the red zone: what a call's return address does not reach */
	"	call *(%rsp)\n"
	"site_returned:\n"
	"	movq -64(%rsp), %r14\n"
	"	pushq %r9\n	pushq %r8\n	pushq %r10\n	pushq %r14\n	pushq %r15\n	pushq %r13\n	pushq %r12\n"
	"	pushq %rdi\n	pushq %rsi\n	pushq %rdx\n	pushq %rbp\n	pushq %rbx\n"
	"	pushfq\n	pushq %rax\n"
	"	movq 120(%rsp), %rax\n"
	"	movdqu %xmm0, (%rax)\n	movdqu %xmm15, 16(%rax)\n"
	"	addq $32, %rax\n	movl $14, %ecx\n"
	"1:	popq (%rax)\n	addq $8, %rax\n	loop 1b\n"
	"	addq $16, %rsp\n"
	"	popq %r15\n	popq %r14\n	popq %r13\n	popq %r12\n	popq %rbx\n	popq %rbp\n"
	"	ret\n");
#endif

/* Sign and overflow, and carry but where the kernel clears it. */
#define SITE_FLAGS 0x881
#ifdef __FreeBSD__
#define SITE_FLAGS_LEFT 0x880
#else
#define SITE_FLAGS_LEFT SITE_FLAGS
#endif

/* Calls `code` with these registers, and says how many came back otherwise; `seen` has answer and flags. */
static inline long
site_spoilt(site_code code, const site_word registers[12], struct site_seen *seen)
{
	static const uint64_t vector[4] = {0x1122334455667788, 0x99aabbccddeeff00, 0x0123456789abcdef, 0xfedcba9876543210};
	long wrong = 0;

	for (int i = 0; i < 4; i++)
		seen->vector[i] = vector[i];
	for (int n = 0; n < 12; n++)
		seen->registers[n] = registers[n];
	site_watched_call(code, seen);
	for (int i = 0; i < 4; i++)
		wrong += seen->vector[i] != vector[i];
	for (int n = 0; n < SITE_REGISTERS; n++)
		wrong += seen->registers[n] != registers[n];
	return wrong;
}

/* How much of it came back wrong from a call that should answer `wanted`. */
static inline long
site_wrong(site_code code, long wanted)
{
	static const site_word registers[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	struct site_seen seen = {.answer = 0};
	long wrong = site_spoilt(code, registers, &seen);

	return wrong + (seen.answer != wanted) + ((seen.flags & SITE_FLAGS) != SITE_FLAGS_LEFT);
}

#endif
