/*
 * Rewritten sites. A guest's `syscall`, or a 32-bit guest's `int $0x80`, that has trapped
 * twice gets a jump to a stub before it, so that its next call comes without a trap.
 *
 * Only bytes before the call change, all by one store to one aligned word, and
 * only in private, executable, unwritable memory that the loader or the guest's mmap
 * made: so a jump to the call itself, or a thread already past the change, traps
 * as before, and what a program writes itself is left as it is. Who changes mappings
 * says so here first.
 */
#ifndef DRAGOMAN_CORE_SITES_H
#define DRAGOMAN_CORE_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct siginfo;
struct thread;
struct ucontext;

/* New memory of the guest's; `shared`: others may write it. */
void sites_mapped(uint64_t start, uint64_t len, int prot, bool shared);
/* Before memory goes away: munmap(2), which refuses only what is no range of pages. */
void sites_unmapped(struct thread *t, uint64_t start, uint64_t len);
/* Before protections change: what the guest can then write is its own again, as it was. */
void sites_protected(struct thread *t, uint64_t start, uint64_t len, int prot);
/* Before memory is moved or replaced, which the host may yet refuse: its code goes back to what it was. */
void sites_replaced(struct thread *t, uint64_t start, uint64_t len);

/*
 * A call has trapped, and is yet to be made; uc is the host's frame of it. The first visit of a site is kept in
 * t->new_site, for sites_note() once the call has been made, or is the thread's last while others go on. What ends the
 * process, as exit or execve, is not noted: a fork's child, which often makes no other, is spared the pages that it would
 * have to copy for that, and tells its family (site_family.h). What vfork's child does is noted at once, in the memory
 * that it shares.
 */
void sites_visit(struct thread *t, const struct ucontext *uc);
void sites_note(struct thread *t);

/* On both sides of a fork; before it without any lock. */
void sites_before_fork(struct thread *t);
void sites_after_fork(void);

/*
 * A host signal has come: if it found the thread in a stub, or on the way between stub and
 * core, uc becomes what the guest would have shown at that point. True: that is all
 * there was to the signal.
 */
bool sites_interrupted(struct thread *t, int host_signal, const struct siginfo *info, struct ucontext *uc);

/*
 * A host signal has found the thread where the host call of a site's call, direct or thread.last, has just been
 * made: uc becomes what the guest had at its call, and *answer what the host said. False: it was elsewhere.
 */
bool sites_host_call_made(struct thread *t, struct ucontext *uc, long *answer);

/* Whether a trap has shown yet what sites_save_fp() needs to know: no call may come without one before. */
extern unsigned char sites_fp_known;
/* Puts the processor's FP state, the guest's, beside uc, in the form of the host's signal frames. */
void sites_save_fp(struct ucontext *uc, void *area);
/* The same form, with no state in it yet. */
void sites_make_fp(struct ucontext *uc, void *area);

/* Is there anything of ours in this memory? */
bool sites_made(uint64_t start, uint64_t end);

/* For --stats: the text of what was done, into `to`; its length. It names those that go on trapping most. */
size_t sites_report(char *to, size_t size);
#define SITES_NAMED 16
#define SITES_REPORT_MAX (512 + SITES_NAMED * 96)

#endif
