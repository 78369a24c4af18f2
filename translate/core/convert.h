/*
 * Structs of a guest of the host's own kernel that has other word sizes (i386, x32),
 * field by field as a generated struct_map says. Values are what both call the same;
 * addresses in a struct stay guest addresses, which are the host's too.
 */
#ifndef DRAGOMAN_CORE_CONVERT_H
#define DRAGOMAN_CORE_CONVERT_H

#include "call.h"

/* Fields that the guest lacks are 0 for the host. */
void struct_to_host(const struct struct_map *map, void *host, const void *from_guest);
/* Fields that the host lacks are 0. -EOVERFLOW where a field that must fit does not. */
long struct_to_guest(const struct struct_map *map, void *to_guest, const void *host);
/* The same with guest memory; -EFAULT. */
long copy_in_struct(const struct struct_map *map, void *host, struct guest_ptr from);
long copy_out_struct(const struct struct_map *map, struct guest_ptr to, const void *host);

/*
 * One pointer argument of a host call whose target must be converted. All of a call's
 * are begun in turn; then convert_end() copies out what the call filled, frees, and
 * answers the call's answer or -EFAULT, -EOVERFLOW.
 */
enum {
	CONVERT_IN = 1,
	CONVERT_OUT = 2,	/* copied out if the call succeeds */
	CONVERT_INOUT = 3,	/* copied out too if a signal ends it (nanosleep's rest, select's timeout) */
	CONVERT_NULL = 4,	/* NULL stays NULL */
	CONVERT_ANSWERED = 8,	/* as many elements as the call answers */
};

struct converted {
	const struct struct_map *map;
	void *host;		/* what the host call is given */
	struct guest_ptr at;
	uint64_t n;
	unsigned how;
	void *large;		/* core_alloc'ed: `small` was not enough */
	uint64_t small[24];
};

/* For those whose turn does not come; convert_end() leaves them alone. (`small` is not cleared for nothing.) */
static inline struct converted *
convert_none(struct converted *v)
{
	v->host = v->large = NULL;
	return v;
}

/*
 * An error of one leaves the others for convert_end() to free. Guest memory that cannot be read is no
 * error here: UNREADABLE, and so the kernel finds it.
 */
long convert_begin(struct converted *v, const struct struct_map *map, struct guest_ptr at, uint64_t n, unsigned how);
long convert_end(struct converted *v, unsigned n, long answer);
/* More elements than the kernel takes, which says so before it reads any: 0, and the host call says it in its turn. */
long convert_too_many(struct converted *v);

/*
 * Structs of the host's own layout that the host reads, with addresses in them. As long as none of these is in the core's
 * memory a host call is given the guest's structs, else copies: convert_memory() does, and
 * points_into_core() tells.
 */
bool points_into_core(const struct struct_map *map, struct guest_ptr at, uint64_t n);
long convert_memory(struct converted *v, const struct struct_map *map, struct guest_ptr at, uint64_t n);

/* 16-bit ids (include/linux/highuid.h): -1 means none; what does not fit is 65534 to the guest. */
uint32_t wide_id(uint16_t id);
long narrow_id(long id);

#endif
