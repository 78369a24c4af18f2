/*
 * System V semaphores, messages and shared memory (kern/sysv_sem.c, sysv_msg.c,
 * sysv_shm.c). The host has them all; numbers of commands and the structs differ, and
 * bits that FreeBSD passes over mean something there.
 *
 * Keys are long on FreeBSD and int on the host; ftok(3) makes ints.
 */
#include "freebsd.h"

#include <asm/ipcbuf.h>
#include <asm/msgbuf.h>
#include <asm/sembuf.h>
#include <asm/shmbuf.h>

#include "core/copy.h"
#include "core/host.h"
#include "core/linux_numbers.h"
#include "core/sites.h"
#include "core/string.h"

#define GET_BITS (IPC_CREAT | IPC_EXCL | 0777)	/* shmget's others are huge pages on the host */
#define PAGE UINT64_C(4096)

/* sys/sys/ipc.h, sem.h, msg.h, shm.h */
struct freebsd_ipc_perm {
	uint32_t cuid, cgid, uid, gid;
	uint16_t mode, seq;
	int64_t key;
};
struct freebsd_semid_ds {
	struct freebsd_ipc_perm perm;
	uint64_t base;
	uint16_t nsems;
	int64_t otime, ctime;
};
struct freebsd_msqid_ds {
	struct freebsd_ipc_perm perm;
	uint64_t first, last, cbytes, qnum, qbytes;
	int32_t lspid, lrpid;
	int64_t stime, rtime, ctime;
};
struct freebsd_shmid_ds {
	struct freebsd_ipc_perm perm;
	uint64_t segsz;
	int32_t lpid, cpid, nattch;
	int64_t atime, dtime, ctime;
};
_Static_assert(sizeof(struct freebsd_ipc_perm) == 32, "sys/ipc.h");
_Static_assert(sizeof(struct freebsd_semid_ds) == 64, "sys/sem.h");
_Static_assert(sizeof(struct freebsd_msqid_ds) == 104, "sys/msg.h");
_Static_assert(sizeof(struct freebsd_shmid_ds) == 80, "sys/shm.h");

static void
perm_to_guest(struct freebsd_ipc_perm *to, const struct ipc64_perm *from)
{
	to->cuid = from->cuid;
	to->cgid = from->cgid;
	to->uid = from->uid;
	to->gid = from->gid;
	to->mode = (uint16_t)(from->mode & 0777);
	to->seq = from->seq;
	to->key = from->key;
}

/* What IPC_SET may change. */
static void
perm_to_host(struct ipc64_perm *to, const struct freebsd_ipc_perm *from)
{
	to->uid = from->uid;
	to->gid = from->gid;
	to->mode = from->mode & 0777;
}

/* A thing that is looked for and not there is ENOENT, whatever size was asked of it. */
static long
or_not_there(long r, struct host_nr nr, int64_t key, uint64_t flags)
{
	if (r != -EINVAL || key == IPC_PRIVATE || (flags & IPC_CREAT))
		return r;
	return host_call_nr(nr, key, 0, flags) == -ENOENT ? -ENOENT : r;
}

/* ---- semaphores ---- */

long
freebsd_semget(struct call *c, int64_t key, int32_t n, int32_t flags)
{
	(void)c;
	flags &= GET_BITS;
	return or_not_there(host_call(__NR_semget, key, n, flags), HOST_NR(__NR_semget), key, (uint32_t)flags);
}

long
freebsd_semop(struct call *c, int32_t id, struct guest_ptr ops, uint64_t n)
{
	struct semid64_ds ds;
	long r = host_call(__NR_semop, id, ops.addr, n > UINT32_MAX ? UINT32_MAX : n);

	(void)c;
	/* The set is looked for before the operations are counted. */
	if (r == -E2BIG && core_call(__NR_semctl, id, 0, IPC_STAT, &ds) < 0)
		return -EINVAL;
	return r;
}

/* linux/sem.h, which clashes with asm/sembuf.h's users */
enum { HOST_GETPID = 11, HOST_GETVAL, HOST_GETALL, HOST_GETNCNT, HOST_GETZCNT, HOST_SETVAL, HOST_SETALL };

static long
sem_stat(int32_t id, struct guest_ptr to)
{
	struct freebsd_semid_ds out = {0};
	struct semid64_ds ds;
	long r = host_call(__NR_semctl, id, 0, IPC_STAT, &ds);

	if (r < 0)
		return r;
	perm_to_guest(&out.perm, &ds.sem_perm);
	out.nsems = (uint16_t)ds.sem_nsems;
	out.otime = (int64_t)ds.sem_otime;
	out.ctime = (int64_t)ds.sem_ctime;
	return copy_out(to, &out, sizeof out);
}

static long
sem_set(int32_t id, struct guest_ptr from)
{
	struct freebsd_semid_ds in;
	struct semid64_ds ds = {0};

	if (copy_in(&in, from, sizeof in) < 0)
		return -EFAULT;
	perm_to_host(&ds.sem_perm, &in.perm);
	return host_call(__NR_semctl, id, 0, IPC_SET, &ds);
}

/* semctl(2): the fourth argument points at a union semun, where a command needs one. */
long
freebsd___semctl(struct call *c, int32_t id, int32_t index, int32_t command, struct guest_ptr arg)
{
	uint64_t value = 0;

	(void)c;
	switch (command) {
	case FREEBSD_IPC_SET:
	case FREEBSD_IPC_STAT:
	case FREEBSD_GETALL:
	case FREEBSD_SETVAL:
	case FREEBSD_SETALL:
		if (load_u64(&value, arg) < 0)
			return -EFAULT;
	}
	value = outside_core(value);	/* or a number, of which the lower half counts */
	switch (command) {
	case FREEBSD_IPC_RMID:
		return host_call(__NR_semctl, id, 0, IPC_RMID, 0);
	case FREEBSD_IPC_SET:
		return sem_set(id, guest(value));
	case FREEBSD_IPC_STAT:
		return sem_stat(id, guest(value));
	case FREEBSD_GETNCNT:
		return host_call(__NR_semctl, id, index, HOST_GETNCNT, 0);
	case FREEBSD_GETPID:
		return host_call(__NR_semctl, id, index, HOST_GETPID, 0);
	case FREEBSD_GETVAL:
		return host_call(__NR_semctl, id, index, HOST_GETVAL, 0);
	case FREEBSD_GETALL:
		return host_call(__NR_semctl, id, 0, HOST_GETALL, value);
	case FREEBSD_GETZCNT:
		return host_call(__NR_semctl, id, index, HOST_GETZCNT, 0);
	case FREEBSD_SETVAL:
		return host_call(__NR_semctl, id, index, HOST_SETVAL, (int32_t)value);
	case FREEBSD_SETALL:
		return host_call(__NR_semctl, id, 0, HOST_SETALL, value);
	default:
		return -EINVAL;
	}
}

/* ---- messages ---- */

long
freebsd_msgget(struct call *c, int64_t key, int32_t flags)
{
	(void)c;
	return host_call(__NR_msgget, key, flags & GET_BITS);
}

long
freebsd_msgsnd(struct call *c, int32_t id, struct guest_ptr message, uint64_t n, int32_t flags)
{
	(void)c;
	return host_call(__NR_msgsnd, id, message.addr, n, flags & IPC_NOWAIT);
}

long
freebsd_msgrcv(struct call *c, int32_t id, struct guest_ptr message, uint64_t n, int64_t type, int32_t flags)
{
	(void)c;
	return host_call(__NR_msgrcv, id, message.addr, n, type, flags & (IPC_NOWAIT | FREEBSD_MSG_NOERROR));
}

static long
message_stat(int32_t id, struct guest_ptr to)
{
	struct freebsd_msqid_ds out = {0};
	struct msqid64_ds ds;
	long r = host_call(__NR_msgctl, id, IPC_STAT, &ds);

	if (r < 0)
		return r;
	perm_to_guest(&out.perm, &ds.msg_perm);
	out.cbytes = ds.msg_cbytes;
	out.qnum = ds.msg_qnum;
	out.qbytes = ds.msg_qbytes;
	out.lspid = ds.msg_lspid;
	out.lrpid = ds.msg_lrpid;
	out.stime = ds.msg_stime;
	out.rtime = ds.msg_rtime;
	out.ctime = ds.msg_ctime;
	return copy_out(to, &out, sizeof out);
}

static long
message_set(int32_t id, struct guest_ptr from)
{
	struct freebsd_msqid_ds in;
	struct msqid64_ds ds = {0};

	if (copy_in(&in, from, sizeof in) < 0)
		return -EFAULT;
	perm_to_host(&ds.msg_perm, &in.perm);
	ds.msg_qbytes = in.qbytes;
	return host_call(__NR_msgctl, id, IPC_SET, &ds);
}

long
freebsd_msgctl(struct call *c, int32_t id, int32_t command, struct guest_ptr buf)
{
	(void)c;
	switch (command) {
	case FREEBSD_IPC_RMID:
		return host_call(__NR_msgctl, id, IPC_RMID, 0);
	case FREEBSD_IPC_SET:
		return message_set(id, buf);
	case FREEBSD_IPC_STAT:
		return message_stat(id, buf);
	default:
		return -EINVAL;
	}
}

/* ---- shared memory ---- */

long
freebsd_shmget(struct call *c, int64_t key, uint64_t len, int32_t flags)
{
	(void)c;
	flags &= GET_BITS;
	return or_not_there(host_call(__NR_shmget, key, len, flags), HOST_NR(__NR_shmget), key, (uint32_t)flags);
}

/* A place of the guest's choosing must not reach into the core; `replaces`: nor keep what is known of code there. */
static long
prepare_place(struct call *c, int32_t id, uint64_t where, bool replaces)
{
	struct shmid64_ds ds;

	if (core_call(__NR_shmctl, id, IPC_STAT, &ds) < 0)
		return 0;		/* the host says why */
	if (!guest_range_ok(guest(where), (ds.shm_segsz + PAGE - 1) & ~(PAGE - 1)))
		return -EINVAL;
	if (replaces)
		sites_replaced(c->t, where, ds.shm_segsz);
	return 0;
}

long
freebsd_shmat(struct call *c, int32_t id, struct guest_ptr where, int32_t flags)
{
	const int32_t known = FREEBSD_SHM_RDONLY | FREEBSD_SHM_RND | FREEBSD_SHM_REMAP;	/* the same on both */
	long r = 0;

	if (flags & FREEBSD_SHM_RND)
		where.addr &= ~(PAGE - 1);
	if (!is_null(where))
		r = prepare_place(c, id, where.addr, flags & FREEBSD_SHM_REMAP);
	if (r < 0)
		return r;
	return host_call(__NR_shmat, id, where.addr, flags & known);
}

long
freebsd_shmdt(struct call *c, struct guest_ptr where)
{
	(void)c;
	return host_call(__NR_shmdt, where.addr);
}

static long
memory_stat(int32_t id, struct guest_ptr to)
{
	struct freebsd_shmid_ds out = {0};
	struct shmid64_ds ds;
	long r = host_call(__NR_shmctl, id, IPC_STAT, &ds);

	if (r < 0)
		return r;
	perm_to_guest(&out.perm, &ds.shm_perm);
	out.segsz = ds.shm_segsz;
	out.lpid = ds.shm_lpid;
	out.cpid = ds.shm_cpid;
	out.nattch = (int32_t)ds.shm_nattch;
	out.atime = ds.shm_atime;
	out.dtime = ds.shm_dtime;
	out.ctime = ds.shm_ctime;
	return copy_out(to, &out, sizeof out);
}

static long
memory_set(int32_t id, struct guest_ptr from)
{
	struct freebsd_shmid_ds in;
	struct shmid64_ds ds = {0};

	if (copy_in(&in, from, sizeof in) < 0)
		return -EFAULT;
	perm_to_host(&ds.shm_perm, &in.perm);
	return host_call(__NR_shmctl, id, IPC_SET, &ds);
}

long
freebsd_shmctl(struct call *c, int32_t id, int32_t command, struct guest_ptr buf)
{
	(void)c;
	switch (command) {
	case FREEBSD_IPC_RMID:
		return host_call(__NR_shmctl, id, IPC_RMID, 0);
	case FREEBSD_IPC_SET:
		return memory_set(id, buf);
	case FREEBSD_IPC_STAT:
		return memory_stat(id, buf);
	default:
		return -EINVAL;
	}
}
