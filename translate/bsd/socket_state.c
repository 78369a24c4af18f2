/*
 * State by the socket's inode, which every copy of its descriptor shares. Entries
 * are never taken out: a closed socket's is found again only if the host's counter
 * of 32 bits comes round to its number. No lock, so that fork finds none held.
 */
#include "socket.h"

#include "core/host.h"
#include "core/layout.h"
#include "linux_numbers.h"

#define SLOTS 256

static uint64_t slots[SLOTS] BULKY; /* inode << 8 | state; 0: free */
static bool any;

/* struct stat of arch/x86/include/uapi/asm/stat.h: st_ino is its second word, of 18. */
static uint64_t
inode_of(int fd)
{
	uint64_t st[18];

	return core_call(__NR_fstat, fd, st) < 0 ? 0 : st[1] & 0xffffffff;
}

static uint64_t *
slot_of(uint64_t inode)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t *slot = &slots[(inode + i) % SLOTS];
		uint64_t seen = __atomic_load_n(slot, __ATOMIC_RELAXED);

		if (!seen || seen >> 8 == inode)
			return slot;
	}
	return &slots[inode % SLOTS]; /* full: the oldest at this place is forgotten */
}

unsigned
socket_state(int fd)
{
	uint64_t inode, seen;

	if (!any)
		return 0;
	inode = inode_of(fd);
	seen = __atomic_load_n(slot_of(inode), __ATOMIC_RELAXED);
	return inode && seen >> 8 == inode ? seen & 0xff : 0;
}

void
socket_state_change(int fd, unsigned clear, unsigned set)
{
	uint64_t inode = inode_of(fd), *slot = slot_of(inode), seen, next;

	if (!inode || (!any && !set))
		return;
	seen = __atomic_load_n(slot, __ATOMIC_RELAXED);
	do {
		next = seen >> 8 == inode ? seen : inode << 8;
		next = (next & ~(uint64_t)clear) | set;
	} while (!__atomic_compare_exchange_n(slot, &seen, next, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	any = true;
}
