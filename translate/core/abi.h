/*
 * The shape of what abigen.py makes from abi/: rows, flag words, number maps.
 *
 * Everything here is constant data; a personality points at it. Numbers with
 * no row, bits with no name and errnos with no twin must stay visible as such:
 * nothing in this file maps "unknown" to "harmless".
 */
#ifndef DRAGOMAN_CORE_ABI_H
#define DRAGOMAN_CORE_ABI_H

#include <stddef.h>
#include <stdint.h>

struct call;

/* An address in the guest's program. C cannot dereference it: see copy.h. */
struct guest_ptr {
	uint64_t addr;
};

enum row_status { ROW_TODO, ROW_FULL, ROW_PARTIAL, ROW_STUB, ROW_REFUSED, ROW_GONE };

/* What a guest argument or result is, for the trace decoder. */
enum arg_kind {
	ARG_INT,		/* signed, decimal */
	ARG_UINT,		/* unsigned, decimal */
	ARG_HEX,
	ARG_FD,			/* descriptor; AT_FDCWD by name */
	ARG_PTR,		/* an address we do not follow */
	ARG_PATH,		/* NUL-terminated string the call reads */
	ARG_STRINGS,		/* NULL-terminated vector of strings (argv, envp) */
	ARG_BYTES_IN,		/* buffer the call reads; length is argument `with` */
	ARG_BYTES_OUT,		/* buffer the call fills; length is the result */
	ARG_FLAGS,		/* flag word: `map` names it */
	ARG_MODE,		/* octal */
	ARG_SIGNAL,
	ARG_STRUCT_IN,		/* pointer to struct `name`, read by the call */
	ARG_STRUCT_OUT,
	ARG_STRUCT_INOUT,
	ARG_VOID,		/* result of a call that has none */
};

struct flag_map;
struct struct_layout;

struct arg {
	const char *name;
	const char *type;	/* the word in the table */
	uint8_t kind;		/* enum arg_kind */
	uint8_t size;		/* bytes that count: 1, 2, 4, 8 */
	int8_t with;		/* index of the argument that holds the length or points at it, or -1 */
	uint8_t nullable;
	uint8_t fixed;		/* so many elements, always; 0: as `with` says, or one */
	const struct flag_map *map;
	const struct struct_layout *layout;	/* NULL: not decoded, print the address */
};

/* How fields of a guest struct are printed by the trace. */
struct field {
	const char *name;
	uint16_t offset;
	uint8_t size;
	uint8_t kind;		/* enum arg_kind */
	const struct flag_map *map;
};

struct struct_layout {
	const char *name;
	uint16_t size;
	uint16_t nfields;
	const struct field *fields;
};

struct row {
	uint16_t nr;
	uint8_t status;		/* enum row_status */
	uint8_t nargs;
	/*
	 * Does the call. Returns a value, or a negative host errno (see errno.h).
	 * NULL for numbers that are answered as missing.
	 */
	long (*run)(struct call *c);
	const char *name;
	struct arg result;
	const struct arg *args;
	/*
	 * The signal that interrupts this call ends it with EINTR even when its
	 * action has SA_RESTART (select, kevent, nanosleep, …).
	 */
	uint8_t never_restarts;
	uint8_t classes;	/* %file, %network, …: enum call_class, for trace filters */
	/*
	 * Releases of the guest's kernel, major * 100 + minor; 0: no limit. The number
	 * is missing before `since` and from `until` on; a missing one sends SIGSYS, but
	 * not in releases below `silent_before`.
	 */
	uint16_t since, until, silent_before;
	/* Bit n: argument n is 64 bits wide where a word has 32, and comes as two, low first. */
	uint8_t pairs;
};

struct sigcontext;
struct thread;

/*
 * Calls that, by a rewritten site, need not go down to their rows (site_entry_x86_64.S), unless something
 * waits, is traced or goes wrong: then these are asked as ever.
 *  direct	nothing but a host call with the same arguments, made in assembly unless an argument is
 *		odd (an address near the core, a number of more than 32 bits)
 *  early	the answer is to be had without a host call
 */
struct direct {
	const uint32_t *calls;	/* by number: DIRECT_CALL or DIRECT_EARLY, and more (layout.h) */
	uint64_t n;
	uint64_t scratch;	/* what stays of r8, r9 and r10 after a call */
	uint64_t flags;		/* and of the flags */
	/*
	 * An early row's call is done; *answer, 0 when it comes, is its value. False: nothing was done. r has the
	 * number and the arguments only.
	 */
	_Bool (*answers)(struct thread *t, const struct sigcontext *r, long *answer);
};

/* How a field that the host has wider becomes the guest's. */
enum field_policy {
	FIELD_CUT,		/* its low bits */
	FIELD_FITS,		/* EOVERFLOW if that changes it */
	FIELD_SATURATES,	/* the largest value stands for all above, and back for the host's largest */
	FIELD_ID,		/* a 16-bit uid or gid: 65534 for one that does not fit, the largest is -1 */
	FIELD_MEMORY,		/* an address that the kernel reads or writes at: not in the core's memory */
};

/* A field of a guest's struct that is not the host's as it stands, for convert.h. */
struct map_field {
	uint16_t guest, host;	/* offsets */
	uint16_t count;		/* elements */
	uint8_t guest_size, host_size;	/* of one */
	uint8_t is_signed;
	uint8_t policy;		/* enum field_policy */
};

struct struct_map {
	uint16_t guest_size, host_size, nfields;
	uint8_t same_layout;	/* all but these fields is the host's, byte for byte */
	const struct map_field *fields;
};

/* Bits of row.classes. */
enum call_class {
	CLASS_FILE = 1,		/* takes a path */
	CLASS_DESC = 2,		/* takes or makes a descriptor */
	CLASS_MEMORY = 4,
	CLASS_PROCESS = 8,
	CLASS_SIGNAL = 16,
	CLASS_NETWORK = 32,
	CLASS_TIME = 64,
	CLASS_THREAD = 128,
};

enum flag_kind {
	FLAG_SAME,		/* `=`: the host has it, maybe as other bits */
	FLAG_HANDLER,		/* `!`: the handler does it */
	FLAG_HARMLESS,		/* `0`: nothing to do (the table says why) */
	FLAG_REFUSED,		/* `-` */
	FLAG_NUMBER,		/* `field MASK NAME !`: a number in these bits, the handler's */
};

/*
 * One meaning of a flag word. A single bit has mask == value; a value of a
 * field has mask == the field's mask.
 */
struct flag {
	uint64_t mask, value;
	uint64_t host;		/* host bits, for FLAG_SAME */
	const char *name;	/* as the guest's header spells it */
	uint8_t kind;		/* enum flag_kind */
};

struct flag_map {
	const char *name;
	uint16_t n;
	const struct flag *flags;
};

/* A number (errno, signal, socket option, …) with its twin on the other side. */
struct number_map {
	const char *name;
	uint16_t n_to_host, n_to_guest;		/* sizes of the arrays */
	const uint16_t *to_host;		/* indexed by guest number; 0xffff: none */
	const uint16_t *to_guest;		/* indexed by host number; 0xffff: none */
	const char *const *guest_names;		/* indexed by guest number; may hold NULL */
};
#define NO_TWIN 0xffff

#endif
