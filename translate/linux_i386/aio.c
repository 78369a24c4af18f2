/*
 * Asynchronous I/O (fs/aio.c). A context's number is the address of its ring of events,
 * which the host maps above 4 GiB: it is moved below, and the number with it
 * (aio_ring_mremap()).
 */
#include "linux_i386.h"

#include <linux/aio_abi.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/low.h"
#include "core/memory.h"

#define PAGE UINT64_C(4096)
#define SUBMIT_MAX 4096		/* at once; the kernel too takes fewer than asked */

struct ring {			/* struct aio_ring; events follow */
	uint32_t id, nr, head, tail, magic, features[2], header;
};

/* The bytes of the mapping at `context`; 0: there is no ring. */
static uint64_t
ring_size(uint64_t context)
{
	struct ring ring;

	if (context & (PAGE - 1) || copy_in(&ring, guest(context), sizeof ring) < 0)
		return 0;
	return (sizeof ring + ring.nr * sizeof(struct io_event) + PAGE - 1) & ~(PAGE - 1);
}

static long
move_ring(uint64_t context)
{
	uint64_t size = ring_size(context);
	long at = low_reserve(size), r;

	if (at < 0)
		return at;
	r = core_call(__NR_mremap, context, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, at);
	if (r < 0)
		low_munmap((uint64_t)at, size);
	return r < 0 ? r : at;
}

long
linux_i386_io_setup(struct call *c, uint32_t n, struct guest_ptr context)
{
	uint64_t host = 0;
	uint32_t word;
	long r;

	(void)c;
	if (load_u32(&word, context) < 0)
		return -EFAULT;
	if (word != 0 || n == 0)
		return -EINVAL;
	r = host_call(__NR_io_setup, n, &host);
	if (r < 0)
		return r;
	r = move_ring(host);
	if (r < 0) {
		core_call(__NR_io_destroy, host);
		return r;
	}
	if (store_u32(context, (uint32_t)r) == 0)
		return 0;
	core_call(__NR_io_destroy, r);
	return -EFAULT;
}

long
linux_i386_io_destroy(struct call *c, uint64_t context)
{
	uint64_t size = ring_size(context);
	long r = host_call(__NR_io_destroy, context);

	(void)c;
	if (r == 0)
		low_mark(context, context + size, false);
	return r;
}

/* The vector of these would have to be converted, and what they are known by is where they lie. */
static bool
has_vector(struct guest_ptr iocb)
{
	uint32_t word;	/* the operation and the priority */

	if (load_u32(&word, guest_at(iocb, offsetof(struct iocb, aio_lio_opcode))) < 0)
		return false;
	return (uint16_t)word == IOCB_CMD_PREADV || (uint16_t)word == IOCB_CMD_PWRITEV;
}

/* How many of the list can be handed on: up to a bad address or one with a vector. */
static long
take_list(uint64_t *to, struct guest_ptr list, long n, long *why)
{
	uint32_t word;

	for (long i = 0; i < n; i++) {
		*why = -EFAULT;
		if (load_u32(&word, guest_at(list, (uint64_t)i * sizeof word)) < 0)
			return i;
		*why = -EINVAL;
		if (has_vector(guest(word)))
			return i;
		to[i] = word;
	}
	*why = 0;
	return n;
}

long
linux_i386_io_submit(struct call *c, uint64_t context, int64_t n, struct guest_ptr list)
{
	uint64_t *host;
	long r, why;

	(void)c;
	if (n <= 0)
		return host_call(__NR_io_submit, context, n, 0);
	if (n > SUBMIT_MAX)
		n = SUBMIT_MAX;
	host = core_alloc((size_t)n * sizeof *host);
	if (!host)
		return -EAGAIN;
	n = take_list(host, list, n, &why);
	r = host_call(__NR_io_submit, context, n, host);
	core_free(host);
	return r == 0 && n == 0 ? why : r;
}

/* ---- waiting with a mask: a pair of its address and size, as pselect6's ---- */

static long
wait_for_events(struct call *c, uint64_t context, int64_t least, int64_t n, struct guest_ptr events,
		const struct timespec *timeout, struct guest_ptr mask)
{
	struct { uint64_t set, size; } pair = {0, sizeof(host_sigset)};
	uint32_t word[2] = {0, 0};
	host_sigset host;

	if (!is_null(mask) && copy_in(word, mask, sizeof word) < 0)
		return -EFAULT;
	if (word[0] && word[1] != sizeof host)
		return -EINVAL;
	pair.set = (uintptr_t)linux_mask_for_call(c, guest(word[0]), &host);
	return host_call(__NR_io_pgetevents, context, least, n, events.addr, timeout, &pair);
}

long
linux_i386_io_pgetevents(struct call *c, uint64_t context, int64_t least, int64_t n, struct guest_ptr events,
			 struct guest_ptr timeout, struct guest_ptr mask)
{
	struct timespec t;

	if (!is_null(timeout) && copy_in_struct(&linux_i386_timespec_map, &t, timeout) < 0)
		return -EFAULT;
	return wait_for_events(c, context, least, n, events, is_null(timeout) ? NULL : &t, mask);
}

long
linux_i386_io_pgetevents_time64(struct call *c, uint64_t context, int64_t least, int64_t n, struct guest_ptr events,
				struct guest_ptr timeout, struct guest_ptr mask)
{
	struct timespec t;

	if (!is_null(timeout) && copy_in_struct(&linux_i386_timespec64_map, &t, timeout) < 0)
		return -EFAULT;
	return wait_for_events(c, context, least, n, events, is_null(timeout) ? NULL : &t, mask);
}
