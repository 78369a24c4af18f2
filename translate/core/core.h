/*
 * What the core was told at its start (options), and the few things everybody
 * needs. Written once, before the guest runs.
 */
#ifndef DRAGOMAN_CORE_CORE_H
#define DRAGOMAN_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trap_kind { TRAP_AUTO, TRAP_SECCOMP, TRAP_SUD };

struct options {
	const char *root;	/* --root: guest files are looked up here first; NULL: none */
	const char *abi;	/* --abi: personality by name; NULL: by the file's brand */
	const char *trace;	/* --trace: filter, "" for all; NULL: off */
	const char *core_path;	/* to be executed again for the guest's execve */
	int core_fd;		/* --core-fd: the same by a descriptor, in a room; 0: none */
	int exec_fd;		/* --exec-fd: the program's file, not the guest's to see; -1: none */
	enum trap_kind trap;
	uint16_t release;	/* guest's OS release, major * 100 + minor; until exec 0 if not given */
	uint64_t ignored;	/* host signals that the guest ignores, bit n-1, … */
	uint64_t ignored_told;	/* … as far as we were told; for the rest the host is asked */
	const char *event_rules;	/* --event-rules: their file's name, and its lines; NULL: the usual ones */
	int trace_fd;
	int events_fd;		/* --events-fd: a line of JSON for each chosen call; -1: none */
	bool stats, warn;
	bool int80_faults;	/* --int80=fault: play a host without IA32 emulation */
	bool no_rewrite;	/* --no-rewrite: every call traps */
	bool fast_clock;	/* --fast-clock: the guest may read the time without a call */
	bool trap_installed;	/* seccomp: an ancestor's filter is there already */
	bool registered;	/* binfmt_misc started us or an ancestor: it also starts what we exec */
	const char *host_clock;	/* --host-clock: the host's clock source, where no /sys tells; NULL: it does */
	bool no_native;		/* --no-native: programs of the host's own ABI are refused */
	bool no_proc;		/* --no-proc: the guest's OS shows no /proc, which is there for the core */
	bool trace_labels;	/* an ancestor had labels on its lines: this is not the only process */
};

/* Ourselves, whatever our file is called here: binfmt_misc's flag F starts us where it has another name, or none. */
#define CORE_LINK "/proc/self/exe"

extern struct options options;
/* The option words themselves, for the next core; trap_installed is added by exec. */
extern const char *const *option_words;
extern int option_count;

/* A fault of the core itself, or of what it was given to start: one line, then exit. */
_Noreturn void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One line on stderr: "dragoman: …". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
