/*
 * covers: freebsd semget semop __semctl msgget msgsnd msgrcv msgctl shmget shmat shmdt shmctl
 *
 * System V semaphores, messages and shared memory: svipc(3).
 */
#include "guest.h"

enum {
	SYS_semget = 221, SYS_semop = 222, SYS_msgget = 225, SYS_msgsnd = 226, SYS_msgrcv = 227, SYS_shmat = 228,
	SYS_shmdt = 230, SYS_shmget = 231, SYS___semctl = 510, SYS_msgctl = 511, SYS_shmctl = 512,
};
/* sys/sys/ipc.h, sem.h, msg.h, shm.h */
enum {
	IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_NOWAIT = 04000, IPC_PRIVATE = 0, IPC_RMID = 0, IPC_SET = 1,
	IPC_STAT = 2, GETNCNT = 3, GETPID = 4, GETVAL = 5, GETALL = 6, GETZCNT = 7, SETVAL = 8, SETALL = 9,
	SEM_UNDO = 010000, MSG_NOERROR = 010000, SHM_RDONLY = 010000, SHM_RND = 020000, EIDRM = 82, ENOMSG = 83,
	SIGSEGV = 11, PAGE = 4096,
};
struct ipc_perm {
	uint32_t cuid, cgid, uid, gid;
	uint16_t mode, seq;
	long key;
};
struct semid_ds {
	struct ipc_perm perm;
	void *base;
	unsigned short nsems;
	long otime, ctime;
};
struct msqid_ds {
	struct ipc_perm perm;
	void *first, *last;
	unsigned long cbytes, qnum, qbytes;
	int lspid, lrpid;
	long stime, rtime, ctime;
};
struct shmid_ds {
	struct ipc_perm perm;
	size_t segsz;
	int lpid, cpid, nattch;
	long atime, dtime, ctime;
};
union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};
struct sembuf {
	unsigned short num;
	short op, flags;
};

static long
sem_value(long id, int n)
{
	return call(SYS___semctl, id, n, GETVAL, NULL);
}

TEST(a_set_of_semaphores_is_made_set_and_removed)
{
	unsigned short values[3] = {7, 8, 9}, got[3] = {0};
	struct semid_ds ds = {0};
	union semun all = {.array = values}, into = {.array = got}, one = {.val = 5}, stat = {.buf = &ds};
	long id = call(SYS_semget, IPC_PRIVATE, 3, IPC_CREAT | 0600);

	CHECK(id >= 0);
	CHECK_IS(call(SYS___semctl, id, 0, SETALL, &all), 0);
	CHECK_IS(call(SYS___semctl, id, 1, SETVAL, &one), 0);
	CHECK_IS(call(SYS___semctl, id, 0, GETALL, &into), 0);
	CHECK_IS(got[0], 7);
	CHECK_IS(got[1], 5);
	CHECK_IS(got[2], 9);
	CHECK_IS(sem_value(id, 2), 9);
	CHECK_IS(call(SYS___semctl, id, 1, GETPID, NULL), call(SYS_getpid));
	CHECK_IS(call(SYS___semctl, id, 0, GETNCNT, NULL), 0);
	CHECK_IS(call(SYS___semctl, id, 0, GETZCNT, NULL), 0);
	CHECK_IS(call(SYS___semctl, id, 0, IPC_STAT, &stat), 0);
	CHECK_IS(ds.nsems, 3);
	CHECK_IS(ds.perm.mode & 0777, 0600);
	CHECK(ds.ctime > 1000000000);
	ds.perm.mode = 0640;
	CHECK_IS(call(SYS___semctl, id, 0, IPC_SET, &stat), 0);
	CHECK_IS(call(SYS___semctl, id, 0, IPC_STAT, &stat), 0);
	CHECK_IS(ds.perm.mode & 0777, 0640);
	CHECK_IS(call(SYS___semctl, id, 3, GETVAL, NULL), -EINVAL);
	CHECK_IS(call(SYS___semctl, id, 0, IPC_STAT, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS___semctl, id, 0, 77, NULL), -EINVAL);
	CHECK_IS(call(SYS___semctl, id, 0, IPC_RMID, NULL), 0);
	CHECK_IS(call(SYS___semctl, id, 0, GETVAL, NULL), -EINVAL);
}

TEST(operations_wait_or_say_that_they_would)
{
	struct sembuf take = {0, -1, 0}, try = {0, -1, IPC_NOWAIT}, give = {0, 1, 0}, both[2] = {{0, 2, 0}, {1, -1, IPC_NOWAIT}};
	long id = call(SYS_semget, IPC_PRIVATE, 2, 0600), pid;

	CHECK_IS(call(SYS_semop, id, &try, 1), -EAGAIN);
	CHECK_IS(call(SYS_semop, id, both, 2), -EAGAIN);
	CHECK_IS(sem_value(id, 0), 0);
	pid = fork();
	if (pid == 0)
		leave(call(SYS_semop, id, &take, 1) == 0 ? 0 : 1);
	sleep_ms(20);
	CHECK_IS(call(SYS_semop, id, &give, 1), 0);
	CHECK_IS(wait_for(pid), EXITED(0));
	CHECK_IS(call(SYS_semop, id, NOWHERE, 1), -EFAULT);
	CHECK_IS(call(SYS_semop, id, &give, 0), 0 - EINVAL);
	CHECK_IS(call(SYS___semctl, id, 0, IPC_RMID, NULL), 0);
	CHECK_IS(call(SYS_semop, id, &give, 1), -EINVAL);
}

TEST(undo_gives_back_what_a_dead_process_took)
{
	struct sembuf take = {0, -1, SEM_UNDO};
	union semun one = {.val = 1};
	long id = call(SYS_semget, IPC_PRIVATE, 1, 0600), pid;

	CHECK_IS(call(SYS___semctl, id, 0, SETVAL, &one), 0);
	pid = fork();
	if (pid == 0)
		leave(call(SYS_semop, id, &take, 1) == 0 && sem_value(id, 0) == 0 ? 0 : 1);
	CHECK_IS(wait_for(pid), EXITED(0));
	CHECK_IS(sem_value(id, 0), 1);
	CHECK_IS(call(SYS___semctl, id, 0, IPC_RMID, NULL), 0);
}

TEST(keys_find_what_others_made)
{
	long key = 0x44000000 | (call(SYS_getpid) & 0xffffff);
	long id = call(SYS_semget, key, 2, IPC_CREAT | IPC_EXCL | 0600);

	CHECK(id >= 0);
	CHECK_IS(call(SYS_semget, key, 2, 0), id);
	CHECK_IS(call(SYS_semget, key, 0, 0), id);
	CHECK_IS(call(SYS_semget, key, 3, 0), -EINVAL);
	CHECK_IS(call(SYS_semget, key, 2, IPC_CREAT | IPC_EXCL | 0600), -EEXIST);
	CHECK_IS(call(SYS___semctl, id, 0, IPC_RMID, NULL), 0);
	CHECK_IS(call(SYS_semget, key, 2, 0), -ENOENT);
	CHECK_IS(call(SYS_shmget, key, 1L << 60, 0), -ENOENT);
	CHECK_IS(call(SYS_msgget, key, 0), -ENOENT);
}

struct message {
	long type;
	char text[16];
};

TEST(messages_are_taken_by_type)
{
	struct message one = {1, "one"}, two = {2, "two"}, got = {0};
	struct msqid_ds ds = {0};
	long id = call(SYS_msgget, IPC_PRIVATE, IPC_CREAT | 0600);

	CHECK(id >= 0);
	CHECK_IS(call(SYS_msgrcv, id, &got, 16, 0, IPC_NOWAIT), -ENOMSG);
	CHECK_IS(call(SYS_msgsnd, id, &one, 4, 0), 0);
	CHECK_IS(call(SYS_msgsnd, id, &two, 4, 0), 0);
	CHECK_IS(call(SYS_msgctl, id, IPC_STAT, &ds), 0);
	CHECK_IS(ds.qnum, 2);
	CHECK_IS(ds.cbytes, 8);
	CHECK_IS(ds.lspid, call(SYS_getpid));
	CHECK_IS(call(SYS_msgrcv, id, &got, 16, 2, 0), 4);
	CHECK(same_text(got.text, "two"));
	CHECK_IS(call(SYS_msgrcv, id, &got, 2, 0, 0), -E2BIG);
	CHECK_IS(call(SYS_msgrcv, id, &got, 2, 0, MSG_NOERROR), 2);
	CHECK_IS(call(SYS_msgsnd, id, NOWHERE, 4, 0), -EFAULT);
	ds.perm.mode = 0644;
	CHECK_IS(call(SYS_msgctl, id, IPC_SET, &ds), 0);
	CHECK_IS(call(SYS_msgctl, id, IPC_SET, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_msgctl, id, IPC_STAT, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_msgctl, id, IPC_RMID, NULL), 0);
	CHECK_IS(call(SYS_msgctl, id, IPC_STAT, &ds), -EINVAL);
}

TEST(a_removed_queue_ends_its_waiters)
{
	struct message got;
	long id = call(SYS_msgget, IPC_PRIVATE, 0600), pid = fork();

	if (pid == 0)
		leave(call(SYS_msgrcv, id, &got, 16, 0, 0) == -EIDRM ? 0 : 1);
	sleep_ms(300);	/* nothing says that it waits */
	CHECK_IS(call(SYS_msgctl, id, IPC_RMID, NULL), 0);
	CHECK_IS(wait_for(pid), EXITED(0));
}

TEST(memory_is_shared_until_it_is_detached)
{
	struct shmid_ds ds = {0};
	long id = call(SYS_shmget, IPC_PRIVATE, 5000, IPC_CREAT | 0600), pid;
	char *p = (char *)call(SYS_shmat, id, NULL, 0);
	char *again;

	CHECK((long)p > 0);
	p[0] = 1;
	pid = fork();
	if (pid == 0) {
		p[0]++;
		leave(0);
	}
	CHECK_IS(wait_for(pid), EXITED(0));
	CHECK_IS(p[0], 2);
	CHECK_IS(call(SYS_shmctl, id, IPC_STAT, &ds), 0);
	CHECK_IS(ds.segsz, 5000);
	CHECK_IS(ds.nattch, 1);
	CHECK_IS(ds.cpid, call(SYS_getpid));
	again = (char *)call(SYS_mmap, NULL, 4 * PAGE, 0, 0x1002, -1, 0);
	CHECK_IS(call(SYS_munmap, again, 4 * PAGE), 0);
	CHECK_IS(call(SYS_shmat, id, again + 5, SHM_RND | SHM_RDONLY), again);
	CHECK_IS(again[0], 2);
	CHECK_IS(call(SYS_shmat, id, again + 5, 0), -EINVAL);
	pid = fork();
	if (pid == 0) {
		*(volatile char *)again = 3;
		leave(0);
	}
	CHECK_IS(wait_for(pid) & 0x7f, SIGSEGV);
	ds.perm.mode = 0640;
	CHECK_IS(call(SYS_shmctl, id, IPC_SET, &ds), 0);
	CHECK_IS(call(SYS_shmctl, id, IPC_SET, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_shmctl, id, IPC_STAT, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_shmdt, again), 0);
	CHECK_IS(call(SYS_shmctl, id, IPC_RMID, NULL), 0);
	p[0] = 4;
	CHECK_IS(call(SYS_shmdt, p), 0);
	CHECK_IS(call(SYS_shmdt, p), -EINVAL);
	CHECK_IS(call(SYS_shmat, id, NULL, 0), -EINVAL);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(a_set_of_semaphores_is_made_set_and_removed);
	RUN(operations_wait_or_say_that_they_would);
	RUN(undo_gives_back_what_a_dead_process_took);
	RUN(keys_find_what_others_made);
	RUN(messages_are_taken_by_type);
	RUN(a_removed_queue_ends_its_waiters);
	RUN(memory_is_shared_until_it_is_detached);
	return 0;
}
