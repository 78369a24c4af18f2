/*
 * System V IPC (ipc/sem.c, ipc/msg.c, ipc/shm.c; ipc/syscall.c, compat_ksys_ipc()): the
 * status structs in the form with IPC_64 and in the one before it, message types of 32
 * bits, and segments that must lie below 4 GiB.
 */
#include "linux_i386.h"

#include <linux/msg.h>
#include <linux/sem.h>

#include "core/convert.h"
#include "core/copy.h"
#include "core/host.h"
#include "core/low.h"
#include "core/memory.h"

/* linux/shm.h and asm/shmbuf.h, which would bring libc in */
#define SHM_STAT 13
#define SHM_INFO 14
#define SHM_STAT_ANY 15

struct host_shmid_ds {
	struct ipc64_perm perm;
	uint64_t size;
	int64_t times[3];
	int32_t pids[2];
	uint64_t attached, unused[2];
};
struct host_shminfo { uint64_t shmmax, shmmin, shmmni, shmseg, shmall, unused[4]; };
struct host_shm_info { int32_t used_ids; uint64_t rest[5]; };

/* The two forms of status structs. ipc(2) has the new one's bit in the command. */
enum form { FORM_OLD, FORM_64 };

static enum form
form_of(uint32_t *command)
{
	enum form v = *command & IPC_64 ? FORM_64 : FORM_OLD;

	*command &= ~(uint32_t)IPC_64;
	return v;
}

static long
semaphores(int32_t id, int32_t n, uint32_t command, enum form v, uint32_t data)
{
	const struct struct_map *map = v == FORM_64 ? &linux_i386_semid64_ds_map : &linux_i386_semid_ds_map;
	struct semid64_ds ds;
	long r;

	switch (command) {
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		r = host_call(__NR_semctl, id, n, command, &ds);
		return r < 0 || copy_out_struct(map, guest(data), &ds) == 0 ? r : -EFAULT;
	case IPC_SET:
		r = copy_in_struct(map, &ds, guest(data));
		return r < 0 ? r : host_call(__NR_semctl, id, n, command, &ds);
	case SETVAL:
		return host_call(__NR_semctl, id, n, command, (int32_t)data);
	default:
		return host_call(__NR_semctl, id, n, command, data);
	}
}

static long
queues(int32_t id, uint32_t command, enum form v, struct guest_ptr buf)
{
	const struct struct_map *map = v == FORM_64 ? &linux_i386_msqid64_ds_map : &linux_i386_msqid_ds_map;
	struct msqid64_ds ds;
	long r;

	switch (command) {
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		r = host_call(__NR_msgctl, id, command, &ds);
		return r < 0 || copy_out_struct(map, buf, &ds) == 0 ? r : -EFAULT;
	case IPC_SET:
		r = copy_in_struct(map, &ds, buf);
		return r < 0 ? r : host_call(__NR_msgctl, id, command, &ds);
	default:
		return host_call(__NR_msgctl, id, command, buf.addr);
	}
}

/* copy_compat_shminfo_to_user(): the limit of a size is an int's. */
static long
segment_limits(const struct struct_map *map, struct guest_ptr buf)
{
	struct host_shminfo info;
	long r = host_call(__NR_shmctl, 0, IPC_INFO, &info);

	if (r < 0)
		return r;
	if (info.shmmax > INT32_MAX)
		info.shmmax = INT32_MAX;
	return copy_out_struct(map, buf, &info) < 0 ? -EFAULT : r;
}

static long
segments(int32_t id, uint32_t command, enum form v, struct guest_ptr buf)
{
	const struct struct_map *map = v == FORM_64 ? &linux_i386_shmid64_ds_map : &linux_i386_shmid_ds_map;
	struct host_shm_info info;
	struct host_shmid_ds ds;
	long r;

	switch (command) {
	case IPC_INFO:
		return segment_limits(v == FORM_64 ? &linux_i386_shminfo64_map : &linux_i386_shminfo_map, buf);
	case SHM_INFO:
		r = host_call(__NR_shmctl, id, command, &info);
		return r < 0 || copy_out_struct(&linux_i386_shm_info_map, buf, &info) == 0 ? r : -EFAULT;
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		r = host_call(__NR_shmctl, id, command, &ds);
		return r < 0 || copy_out_struct(map, buf, &ds) == 0 ? r : -EFAULT;
	case IPC_SET:
		r = copy_in_struct(map, &ds, buf);
		return r < 0 ? r : host_call(__NR_shmctl, id, command, &ds);
	default:
		return host_call(__NR_shmctl, id, command, buf.addr);
	}
}

/*
 * The calls of their own came late and know one form only. The bit is no part of their
 * commands, but where compat_ksys_semctl() and compat_ksys_msgctl() happen to ignore it.
 */
static uint32_t
ignoring_bit(uint32_t command, const uint32_t *ignored, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (command == (ignored[i] | IPC_64))
			return ignored[i];
	return command;
}

long
linux_i386_semctl(struct call *c, int32_t id, int32_t n, uint32_t command, uint64_t data)
{
	static const uint32_t ignored[] = {IPC_STAT, SEM_STAT, SEM_STAT_ANY, IPC_INFO, SEM_INFO, SETVAL};
	const uint32_t plain = ignoring_bit(command, ignored, sizeof ignored / sizeof *ignored);
	long r = semaphores(id, n, plain, FORM_64, (uint32_t)data);

	(void)c;
	/* With the bit semctl_stat() takes it for SEM_STAT at the end, and answers the set's number. */
	return r == 0 && command == (IPC_STAT | IPC_64) ? id : r;
}

long
linux_i386_msgctl(struct call *c, int32_t id, uint32_t command, struct guest_ptr buf)
{
	static const uint32_t ignored[] = {IPC_STAT, MSG_STAT, MSG_STAT_ANY, IPC_INFO, MSG_INFO};
	long r = queues(id, ignoring_bit(command, ignored, sizeof ignored / sizeof *ignored), FORM_64, buf);

	(void)c;
	/* As above. */
	return r == 0 && command == (IPC_STAT | IPC_64) ? id : r;
}

long
linux_i386_shmctl(struct call *c, int32_t id, uint32_t command, struct guest_ptr buf)
{
	(void)c;
	return segments(id, command, FORM_64, buf);
}

/* ---- messages: the host's type is a long ---- */

#define TEXT_MAX (1 << 20)	/* far above any kernel.msgmax in use */

long
linux_i386_msgsnd(struct call *c, int32_t id, struct guest_ptr message, uint64_t n, uint32_t how)
{
	int64_t *host;
	uint32_t type;
	long r;

	(void)c;
	if (n > TEXT_MAX)
		return -EINVAL;
	if (load_u32(&type, message) < 0)
		return -EFAULT;
	host = core_alloc(sizeof *host + n);
	if (!host)
		return -ENOMEM;
	*host = (int32_t)type;
	r = copy_in(host + 1, guest_at(message, sizeof type), n);
	if (r == 0)
		r = host_call(__NR_msgsnd, id, host, n, how);
	core_free(host);
	return r;
}

long
linux_i386_msgrcv(struct call *c, int32_t id, struct guest_ptr message, uint64_t n, int64_t type, uint32_t how)
{
	int64_t *host;
	long r;

	(void)c;
	if ((int32_t)n < 0)
		return -EINVAL;
	if (n > TEXT_MAX)
		n = TEXT_MAX;
	host = core_alloc(sizeof *host + n);
	if (!host)
		return -ENOMEM;
	r = host_call(__NR_msgrcv, id, host, n, type, how);
	if (r >= 0 && (store_u32(message, (uint32_t)*host) < 0 ||
		       copy_out(guest_at(message, sizeof(uint32_t)), host + 1, (size_t)r) < 0))
		r = -EFAULT;
	core_free(host);
	return r;
}

/* ---- attaching ---- */

/* A place is reserved first, and taken over: the host would choose one above 4 GiB. */
static long
attach_anywhere(int32_t id, uint32_t how)
{
	struct host_shmid_ds ds;
	long r = host_call(__NR_shmctl, id, IPC_STAT, &ds), at;

	if (r < 0)
		return r;
	at = low_reserve(ds.size);
	if (at < 0)
		return at;
	r = host_call(__NR_shmat, id, at, how | SHM_REMAP);
	if (r < 0)
		low_munmap((uint64_t)at, ds.size);
	return r;
}

long
linux_i386_shmat(struct call *c, int32_t id, struct guest_ptr where, uint32_t how)
{
	if (is_null(where) && !(how & SHM_REMAP))
		return attach_anywhere(id, how);
	return linux_attach_at(c, id, where, how);
}

/* ---- ipc(2) ---- */

/* linux/ipc.h; the high half of the number is the caller's version of MSGRCV and SHMAT. */
#define VERSION(what) ((what) >> 16)

static long
receive(struct call *c, uint32_t version, const uint32_t word[3], struct guest_ptr where, uint32_t fifth)
{
	uint32_t kludge[2];	/* struct compat_ipc_kludge */

	if ((int32_t)word[0] < 0 || (int32_t)word[1] < 0)
		return -EINVAL;
	if (version != 0)
		return linux_i386_msgrcv(c, (int32_t)word[0], where, word[1], (int32_t)fifth, word[2]);
	if (copy_in(kludge, where, sizeof kludge) < 0)
		return is_null(where) ? -EINVAL : -EFAULT;
	return linux_i386_msgrcv(c, (int32_t)word[0], guest(kludge[0]), word[1], (int32_t)kludge[1], word[2]);
}

static long
attach(struct call *c, const uint32_t word[3], struct guest_ptr where)
{
	long r = linux_i386_shmat(c, (int32_t)word[0], where, word[1]);

	if (r < 0)
		return r;
	return store_u32(guest(word[2]), (uint32_t)r) < 0 ? -EFAULT : 0;
}

static long
operate(int32_t id, struct guest_ptr ops, uint32_t n, struct guest_ptr timeout)
{
	struct timespec t;

	if (!is_null(timeout) && copy_in_struct(&linux_i386_timespec_map, &t, timeout) < 0)
		return -EFAULT;
	return host_call(__NR_semtimedop, id, ops.addr, n, is_null(timeout) ? NULL : &t);
}

long
linux_i386_ipc(struct call *c, uint32_t what, uint64_t one, uint64_t two, uint64_t three, struct guest_ptr where,
	       uint64_t five)
{
	uint32_t word[3] = {(uint32_t)one, (uint32_t)two, (uint32_t)three};
	int32_t id = (int32_t)one;
	enum form v;
	uint32_t data;

	switch (what & 0xffff) {
	case SEMOP:
		return operate(id, where, word[1], guest(0));
	case SEMTIMEDOP:
		return operate(id, where, word[1], guest(five));
	case SEMGET:
		return host_call(__NR_semget, id, (int32_t)two, (int32_t)three);
	case SEMCTL:
		if (is_null(where))
			return -EINVAL;
		v = form_of(&word[2]);
		return load_u32(&data, where) < 0 ? -EFAULT : semaphores(id, (int32_t)two, word[2], v, data);
	case MSGSND:
		return linux_i386_msgsnd(c, id, where, two, word[2]);
	case MSGRCV:
		return receive(c, VERSION(what), word, where, (uint32_t)five);
	case MSGGET:
		return host_call(__NR_msgget, id, (int32_t)two);
	case MSGCTL:
		v = form_of(&word[1]);
		return queues(id, word[1], v, where);
	case SHMAT:
		return VERSION(what) == 1 ? -EINVAL : attach(c, word, where);
	case SHMDT:
		return host_call(__NR_shmdt, where.addr);
	case SHMGET:
		return host_call(__NR_shmget, id, two, (int32_t)three);
	case SHMCTL:
		v = form_of(&word[1]);
		return segments(id, word[1], v, where);
	default:
		return -ENOSYS;
	}
}
