/*
 * A personality: everything that makes one guest ABI, as data and a few
 * functions. The core never asks which one it is.
 */
#ifndef DRAGOMAN_CORE_PERSONALITY_H
#define DRAGOMAN_CORE_PERSONALITY_H

#include "abi.h"
#include "call.h"
#include "linux_abi.h"
#include "process.h"
#include "sigset.h"

struct bsd_sockets;
struct image;
struct queued_signal;
struct text;
struct thread;

enum default_action { DEFAULT_TERMINATE, DEFAULT_IGNORE, DEFAULT_STOP, DEFAULT_CONTINUE };

struct start_request {
	const char *path;		/* as the guest will see it */
	const struct image *image;
	char *const *argv, *const *envp;	/* host addresses, NULL-terminated */
};

struct personality {
	const char *name;
	uint8_t brand;			/* enum brand (loader/loader.h) */
	uint8_t elf_class;		/* ELFCLASS64, ELFCLASS32: with brand and machine, which files are its */
	uint16_t machine;		/* EM_X86_64, EM_386 */
	/* As options.release has them, the usual one first; ends with 0. NULL: --release is not about it. */
	const uint16_t *releases;
	const struct row *const *rows;	/* indexed by number; NULL: no such number */
	unsigned nrows;
	struct direct direct;		/* .n = 0: no call is, nor early */
	const struct number_map *errnos, *signals;
	const struct bsd_sockets *sockets;	/* bsd/socket.h; NULL: not a BSD */
	unsigned signal_max;		/* highest signal number */
	unsigned path_max;		/* PATH_MAX, with the NUL; 0: as the host's */
	enum default_action (*default_action)(int signal);
	/*
	 * Which interrupted calls are made again is the host's own rule (a Linux guest): its EINTR
	 * stands. False: SA_RESTART restarts every call whose row does not say `eintr`.
	 */
	bool host_restarts;

	/* Registers → the call's number, arguments and second result; an answer other than 0 is the call's. */
	long (*fetch)(struct call *c, const struct sigcontext *r);
	/* Answer → registers. */
	void (*answer)(struct call *c, struct ucontext *uc, long answer);
	/* A number without a row, or whose row is todo or gone. */
	long (*missing)(struct call *c);
	/*
	 * Changes uc so that the guest goes on in its handler, with its frame on
	 * its stack and `old_mask` in it. False: the stack cannot take it.
	 */
	bool (*enter_handler)(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
			      const struct signal_action *a, const struct sigset *old_mask);
	/* A trap or fault raised by guest code as the guest's signal number and code; 0: not a signal. */
	int (*fault_signal)(struct thread *t, struct ucontext *uc, int host_signal,
			    const struct siginfo *info);
	/*
	 * May be NULL: is this fault how a call of the ABI looks where the host's kernel does
	 * not know it? uc is then as the call's own trap would have it.
	 */
	bool (*faults_to_call)(struct ucontext *uc, int host_signal, const struct siginfo *info);
	/* May be NULL: does a word of the guest's hold its signals back just now? */
	bool (*holds_signals)(struct thread *t);

	/* Builds the first stack and sets uc's registers for the first instruction; 0 or -errno. */
	long (*start)(struct thread *t, struct ucontext *uc, const struct start_request *request);
	/*
	 * May be NULL: the thread pointer that clone(2) gives is the host's fs base. Else makes it
	 * so for the child (which is t itself in fork's child), if it is given, or inherits t's;
	 * the host's fs base is the core's: the child's block. 0 or -errno.
	 */
	long (*child_pointer)(struct thread *t, struct thread *child, bool given, uint64_t pointer);
	/*
	 * May be NULL: the descriptors will be somebody's who does not have what is known of them here: a new
	 * program's, by exec, or a child's that shares the memory.
	 */
	void (*hands_on_descriptors)(const struct process *p);
	/* May be NULL: on a new thread before its first guest instruction; in fork's child. */
	void (*thread_begins)(struct thread *t);
	void (*after_fork)(struct thread *t);
	/* May be NULL: the thread has run its last guest instruction. */
	void (*thread_ends)(struct thread *t);

	/*
	 * May be NULL: shows n elements (bytes, where the row counts so) of the named struct
	 * at `at` in the trace, where fields alone would not do. False: show its fields.
	 */
	bool (*decode)(struct text *to, const struct call *c, const char *type, struct guest_ptr at, uint64_t n);
	/* May be NULL: what the guest is told of a signal beside its number. */
	void (*decode_signal)(struct text *to, struct thread *t, const struct queued_signal *s);
};

extern const struct personality *const personalities[];	/* NULL-terminated; made by meson */

#endif
