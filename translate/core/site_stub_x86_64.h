/*
 * A stub: what a rewritten site's jump leads to. Pure: makes bytes. In 64-bit code:
 *
 *	the instructions it took over
 *	mov	%gs:THREAD_SELF, %r11	is %gs the core's? Flags stay as they are.
 *	mov	%gs:THREAD_SEAL, %rcx
 *	lea	SEAL(%rcx,%r11), %rcx	(rdgsbase would take 6 ns)
 *	jrcxz	1f
 *	jmp	the syscall itself
 * 1:	lea	behind the syscall, %rcx
 *	jmp	*site_enter		with the thread in r11
 *
 * rcx and r11 are the kernel's to clobber. In 32-bit code, which has nothing to spare, but
 * no r8 to r15 either (whether %fs is the core's is seen to where there is room):
 *
 *	the instructions it took over
 *	ljmp	$USER_CS, 1f
 * 1:	mov	$the int $0x80, %r10d	from here on it is 64-bit code
 *	lea	2f, %r9
 *	jmp	*site_enter_32
 * 2:	.long	the int $0x80
 *	.word	USER32_CS
 *
 * A signal that finds a thread in here sees it where the site has the same instruction, or
 * at its call.
 */
#ifndef DRAGOMAN_CORE_SITE_STUB_X86_64_H
#define DRAGOMAN_CORE_SITE_STUB_X86_64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site_decode.h"

/* A page of stubs: the address of site_enter or site_enter_32, then the slots. */
#define STUB_PAGE	4096
#define STUB_FIRST	64
#define STUB_SLOT	104
#define STUBS_IN_PAGE	((STUB_PAGE - STUB_FIRST) / STUB_SLOT)

struct stub {
	uint8_t code[STUB_SLOT - 16];
	uint64_t from;		/* where the jump is */
	uint64_t site;		/* the call */
};
_Static_assert(sizeof(struct stub) == STUB_SLOT, "slots");

/* The stub that will stand at `address`, in its page, for the plan->moved bytes before `site`. */
void stub_encode(struct stub *s, uint64_t address, const uint8_t *moved_code, const struct site_plan *plan,
		 uint64_t site);

/* The jump's displacement from the site to the stub at `address`: can the form express it? */
bool stub_in_reach(const struct site_plan *plan, uint64_t site, uint64_t address);
/* The least and the greatest address that a stub of this form can have. */
void stub_reach(const struct site_plan *plan, uint64_t site, uint64_t *low, uint64_t *high);

/* The bytes that change, from plan->moved before the site on; how many. */
unsigned stub_jump(uint8_t jump[5], const struct site_plan *plan, uint64_t site, uint64_t address);

/* Form C: the jump in the hole. */
void stub_hole_jump(uint8_t jump[5], const struct site_plan *plan, uint64_t site, uint64_t address);

/* What the guest would see of a thread at `offset` in the stub's code. */
uint64_t stub_original(const struct stub *s, uint64_t offset);
/* Is that, in 64-bit code, an instruction that faults where the guest's gs base is no memory? */
bool stub_tries_gs(const struct stub *s, uint64_t offset);

#endif
