/* Processes: i386's clone has its arguments in another order (CONFIG_CLONE_BACKWARDS). */
#include "linux_i386.h"

long
linux_i386_clone(struct call *c, uint64_t flags, struct guest_ptr stack, struct guest_ptr parent_tid,
		 struct guest_ptr tls, struct guest_ptr child_tid)
{
	return linux_clone(c, flags, stack, parent_tid, child_tid, tls);
}
