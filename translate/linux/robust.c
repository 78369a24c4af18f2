/*
 * A thread's robust list of 32-bit words when the thread ends: the host's kernel would walk one of
 * 64-bit words only (compat_exit_robust_list(), kernel/futex/core.c). What is locked there is marked,
 * and one who waits for it is woken. A thread that SIGKILL or a fault ends leaves its locks as they are.
 */
#include "linux.h"

#include <linux/futex.h>

#include "core/copy.h"
#include "core/host.h"

struct narrow_head {		/* struct compat_robust_list_head */
	uint32_t next;
	int32_t offset;		/* of the futex from an entry */
	uint32_t pending;	/* being locked or unlocked; not in the list, or not yet out of it */
};

#define IS_PI 1u		/* in an entry's address */

/* handle_futex_death(); false: the list cannot be followed further. */
static bool
owner_died(uint32_t entry, int32_t offset, int tid, bool is_pending)
{
	struct guest_ptr word = guest((uint32_t)((entry & ~IS_PI) + (uint32_t)offset));
	uint32_t value, seen;

	if (word.addr % sizeof value || load_u32(&value, word) < 0)
		return false;
	if (is_pending && !(entry & IS_PI) && value == 0)	/* unlocked, but nobody woken yet */
		return core_call(__NR_futex, word.addr, FUTEX_WAKE, 1) >= 0;
	while ((value & FUTEX_TID_MASK) == (uint32_t)tid) {
		if (cas_u32(word, value, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen) < 0)
			return false;
		if (seen == value) {
			if (!(entry & IS_PI) && (value & FUTEX_WAITERS))
				core_call(__NR_futex, word.addr, FUTEX_WAKE, 1);
			break;
		}
		value = seen;
	}
	return true;
}

void
linux_robust_list_ends(uint64_t at, int tid)
{
	struct narrow_head head;
	uint32_t entry, next;

	if (!at || copy_in(&head, guest(at), sizeof head) < 0)
		return;
	entry = head.next;
	for (unsigned n = 0; n < ROBUST_LIST_LIMIT && (entry & ~IS_PI) != at; n++) {
		bool more = load_u32(&next, guest(entry & ~IS_PI)) == 0;

		if (entry != head.pending && !owner_died(entry, head.offset, tid, false))
			return;
		if (!more)
			break;
		entry = next;
	}
	if (head.pending)
		owner_died(head.pending, head.offset, tid, true);
}
