/* covers: linux shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink
   mq_timedsend mq_timedreceive mq_notify mq_getsetattr */
#include "guest_ipc.h"
#include "guest_signal.h"

#include <linux/mqueue.h>

TEST(shared_memory)
{
	struct shmid64_ds d;
	long id = SHOW_OK(shmget, IPC_PRIVATE, 8192, 0600);
	char *at = (char *)call(shmat, id, NULL, 0), *again;

	TRUTH((unsigned long)at < -4096ul);
	at[0] = 'x';
	again = (char *)call(shmat, id, NULL, 010000);
	VALUE(again[0]);
	memset(&d, 0xaa, sizeof d);
	SHOW(shmctl, id, COMMAND(IPC_STAT), &d);
	VALUE(d.shm_segsz);
	VALUE(d.shm_nattch);
	VALUE(d.shm_perm.mode);
	TRUTH(d.shm_cpid == call(getpid));
	SHOW(shmdt, again);
	SHOW(shmdt, again);
	SHOW(shmctl, id, COMMAND(IPC_STAT), NOWHERE);
	SHOW(shmctl, id, COMMAND(99), NULL);
	SHOW(shmctl, 99999, COMMAND(IPC_STAT), &d);
	SHOW(shmat, 99999, NULL, 0);
	SHOW(shmat, id, 1, 0);
	SHOW(shmget, IPC_PRIVATE, 0, 0600);
	SHOW(shmget, 0x7654321, 1, 0);
	SHOW(shmctl, id, COMMAND(IPC_RMID), NULL);
	call(shmctl, id, COMMAND(IPC_STAT), &d);
	VALUE(d.shm_perm.mode & 01000);
	long pid = fork();
	if (pid == 0) {
		at[1] = 'y';
		leave(0);
	}
	wait_for(pid);
	VALUE(at[1]);
	SHOW(shmdt, at);
	SHOW(shmctl, id, COMMAND(IPC_STAT), &d);
}

TEST(semaphores)
{
	struct sembuf up = {0, 2, 0}, down = {0, -1, IPC_NOWAIT}, zero = {0, 0, IPC_NOWAIT}, wait = {1, -1, 0};
	struct guest_timespec soon = {0, 1000000};
	struct semid64_ds d;
	unsigned short all[2] = {7, 8};
	long id = SHOW_OK(semget, IPC_PRIVATE, 2, 0600);

	SHOW(semop, id, &up, 1);
	SHOW(semctl, id, 0, COMMAND(GETVAL), 0);
	SHOW(semop, id, &zero, 1);
	SHOW(semop, id, &down, 1);
	SHOW(semop, id, &down, 1);
	SHOW(semop, id, &down, 1);
	SHOW(semctl, id, 1, COMMAND(SETVAL), 5);
	SHOW(semctl, id, 0, COMMAND(GETALL), all);
	VALUE(all[1]);
	all[0] = 3;
	all[1] = 0;
	SHOW(semctl, id, 0, COMMAND(SETALL), all);
	SHOW(semctl, id, 0, COMMAND(GETVAL), 0);
	memset(&d, 0xaa, sizeof d);
	SHOW(semctl, id, 0, COMMAND(IPC_STAT), &d);
	VALUE(d.sem_nsems);
	VALUE(d.sem_perm.mode);
#ifdef __NR_semtimedop
	SHOW(semtimedop, id, &wait, 1, &soon);
#else
	struct { int64_t sec, nsec; } wide = {0, soon.nsec};
	SHOW(semtimedop_time64, id, &wait, 1, &wide);
#endif
	SHOW(semop, id, NOWHERE, 1);
	SHOW(semop, id, &down, 0);
	SHOW(semop, id, &down, 100000);
	SHOW(semop, 99999, &down, 1);
	SHOW(semctl, id, 9, COMMAND(GETVAL), 0);
	SHOW(semctl, id, 0, COMMAND(SETVAL), -1);
	SHOW(semctl, id, 0, COMMAND(IPC_STAT), NOWHERE);
	SHOW(semctl, id, 0, COMMAND(99), 0);
	TRUTH(call(semctl, id, 0, COMMAND(GETPID), 0) == call(getpid));
	SHOW(semctl, id, 0, COMMAND(IPC_RMID), 0);
	SHOW(semctl, id, 0, COMMAND(GETVAL), 0);
	SHOW(semget, IPC_PRIVATE, -1, 0600);
	SHOW(semget, 0x7654321, 1, 0);
}

struct message {
	__kernel_long_t type;
	char text[32];
};

TEST(queues_of_messages)
{
	struct message m = {2, "second kind"}, got;
	struct msqid64_ds d;
	long id = SHOW_OK(msgget, IPC_PRIVATE, 0600);

	SHOW(msgsnd, id, &m, 12, 0);
	m = (struct message){1, "first kind"};
	SHOW(msgsnd, id, &m, 11, 0);
	memset(&d, 0xaa, sizeof d);
	SHOW(msgctl, id, COMMAND(IPC_STAT), &d);
	VALUE(d.msg_qnum);
	VALUE(d.msg_cbytes);
	memset(&got, 0, sizeof got);
	SHOW(msgrcv, id, &got, 32, 1, 0);
	TEXT(got.text);
	SHOW(msgrcv, id, &got, 4, 0, 0);
	SHOW(msgrcv, id, &got, 4, 0, 010000);
	VALUE(got.type);
	SHOW(msgrcv, id, &got, 32, 0, IPC_NOWAIT);
	SHOW(msgrcv, id, NOWHERE, 32, 0, IPC_NOWAIT);
	SHOW(msgrcv, id, &got, -1, 0, IPC_NOWAIT);
	m.type = 0;
	SHOW(msgsnd, id, &m, 1, 0);
	SHOW(msgsnd, id, NOWHERE, 1, 0);
	SHOW(msgsnd, id, &m, -1, 0);
	SHOW(msgsnd, 99999, &m, 1, 0);
	SHOW(msgctl, id, COMMAND(IPC_STAT), NOWHERE);
	SHOW(msgctl, id, COMMAND(99), NULL);
	SHOW(msgctl, id, COMMAND(IPC_RMID), NULL);
	SHOW(msgctl, id, COMMAND(IPC_RMID), NULL);
	SHOW(msgget, 0x7654321, 0);
}

TEST(posix_queues)
{
	struct mq_attr a = {.mq_maxmsg = 4, .mq_msgsize = 16}, got;
	struct guest_timespec past = {1, 0}, bad = {0, -1};
	struct sigevent { union { int number; void *pointer; } value; int signal, notify; char rest[64]; } e;
	char buf[32];
	unsigned priority = 99;
	long q = SHOW(mq_open, "guest-queue", O_CREAT | O_RDWR | O_NONBLOCK, 0600, &a);

	SHOW(mq_open, "guest-queue", O_CREAT | O_EXCL | O_RDWR, 0600, &a);
	SHOW(mq_open, "none", O_RDWR);
	SHOW(mq_open, NOWHERE, O_RDWR);
	SHOW(mq_open, "other", O_CREAT | O_RDWR, 0600, NOWHERE);
	SHOW(mq_timedsend, q, "low", 4, 1, NULL);
	SHOW(mq_timedsend, q, "high", 5, 9, NULL);
	SHOW(mq_timedsend, q, buf, 32, 0, NULL);
	SHOW(mq_timedsend, q, NOWHERE, 4, 0, NULL);
	SHOW(mq_timedsend, q, buf, 4, 99999, NULL);
	SHOW(mq_getsetattr, q, NULL, &got);
	VALUE(got.mq_flags);
	VALUE(got.mq_maxmsg);
	VALUE(got.mq_curmsgs);
	SHOW(mq_timedreceive, q, buf, sizeof buf, &priority, NULL);
	TEXT(buf);
	VALUE(priority);
	SHOW(mq_timedreceive, q, buf, 2, &priority, NULL);
	SHOW(mq_timedreceive, q, NOWHERE, 32, &priority, NULL);
	SHOW(mq_timedreceive, q, buf, sizeof buf, &priority, NULL);
	got.mq_flags = 0;
	SHOW(mq_getsetattr, q, &got, NULL);
	SHOW(mq_timedreceive, q, buf, sizeof buf, &priority, &past);
	SHOW(mq_timedreceive, q, buf, sizeof buf, &priority, &bad);
	SHOW(mq_timedreceive, q, buf, sizeof buf, &priority, NOWHERE);
	got.mq_flags = 0777;
	SHOW(mq_getsetattr, q, &got, NULL);
	SHOW(mq_getsetattr, q, NOWHERE, NULL);
	memset(&e, 0, sizeof e);
	e.signal = SIGUSR1;
	e.value.number = 88;
	catch(SIGUSR1, 0);
	SHOW(mq_notify, q, &e);
	SHOW(mq_notify, q, &e);
	SHOW(mq_timedsend, q, "x", 2, 0, NULL);
	SHOW_SEEN();
	VALUE(seen_value);
	SHOW(mq_notify, q, NULL);
	SHOW(mq_notify, q, NOWHERE);
	SHOW(mq_unlink, "guest-queue");
	SHOW(mq_unlink, "guest-queue");
	SHOW(mq_unlink, NOWHERE);
	SHOW(close, q);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(shared_memory);
	RUN(semaphores);
	RUN(queues_of_messages);
	RUN(posix_queues);
	return 0;
}
