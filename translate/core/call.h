/*
 * One guest call on its way through the core, and what a handler may answer.
 *
 * A handler is a function `long name(struct call *c, typed arguments…)`. It
 * answers a value, or a negative *host* errno (-ENOENT, host numbers, from
 * errno.h below); dispatch translates it once. Errors that Linux does not have
 * are GUEST_ERROR(FREEBSD_E…), in the guest's own numbers.
 */
#ifndef DRAGOMAN_CORE_CALL_H
#define DRAGOMAN_CORE_CALL_H

#include <asm/errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

struct thread;
struct process;
struct personality;
struct regs;

/* More arguments than any ABI's longest call has (FreeBSD: 8). */
#define CALL_ARGS 8

struct call {
	struct thread *t;
	struct process *p;
	const struct personality *abi;
	const struct row *row;
	uint64_t nr;		/* after syscall()/__syscall() have been unwrapped */
	uint64_t arg[CALL_ARGS];
	uint64_t second;	/* second result register; preset by the personality */
};

/* Answers beside values and -errno. Chosen outside what a host call returns. */
#define GUEST_ERROR(guest_errno) (-(0x1000L + (guest_errno)))
#define IS_GUEST_ERROR(r) ((r) <= -0x1000L && (r) > -0x2000L)
/* Make the call again (after a signal handler with SA_RESTART, or none). */
#define CALL_RESTART (-0x2001L)
/* The registers are as they should be (sigreturn, setcontext): touch nothing. */
#define CALL_REGS_SET (-0x2002L)

/* The host call in thread.last is to be made, and its answer is the call's (last.h). */
#define CALL_LAST (-0x2003L)

#define IS_ERROR(r) ((unsigned long)(r) >= (unsigned long)-0x2fffL)

static inline struct guest_ptr
guest(uint64_t addr)
{
	return (struct guest_ptr){addr};
}

static inline bool
is_null(struct guest_ptr p)
{
	return p.addr == 0;
}

static inline struct guest_ptr
guest_at(struct guest_ptr p, uint64_t offset)
{
	return (struct guest_ptr){p.addr + offset};
}

/*
 * A guest's flag word in the host's bits. -EINVAL if a bit has no row in the
 * map, or a row that refuses it; bits that the handler does are left out.
 */
long flags_to_host(const struct flag_map *map, uint64_t guest_bits);
/*
 * The same for an argument that is one of some values (`values`), of which the host's may be
 * negative: 0 and *host, or -EINVAL.
 */
long choice_to_host(const struct flag_map *map, uint64_t value, long *host);
/* The other way; host bits that have no twin are dropped. */
uint64_t flags_to_guest(const struct flag_map *map, uint64_t host_bits);
/* -1 if there is no twin. */
int number_to_host(const struct number_map *map, unsigned number);
int number_to_guest(const struct number_map *map, unsigned number);

/* Word n of a guest's vector of pointers, as wide as they are there: 0 or -EFAULT. */
long load_pointer(const struct call *c, struct guest_ptr vector, uint64_t n, uint64_t *to);

/* What rows run that are todo or gone. */
long call_missing(struct call *c);
/* Whether the release that we play has this number (rows with `since` or `until` ask). */
bool row_exists(const struct row *row);

/* Where a row by `host` takes a path: the place it stands for under --root. */
struct host_path {
	const char *name;	/* what to hand to the host kernel */
	char text[4096];
};
/*
 * Which host path a guest's path means (core/path.h has the rules); 0 or
 * -errno. With no --root the guest's own string is passed on unread, so that
 * the kernel checks it.
 */
long path_to_host(struct call *c, struct guest_ptr path, struct host_path *out);

#endif
