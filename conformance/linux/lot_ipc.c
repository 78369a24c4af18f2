/* covers: linux msgget msgsnd msgrcv msgctl semget semop semctl shmget shmat shmdt shmctl */
/* only: x86_64 i386 */
/* System V's queues, semaphores and memory, drawn by lot, in a namespace of the program's own; no call waits. */
#include "guest_ipc.h"
#include "guest_lot.h"

#define NUMBERS 3
#define KEY 0x5eed
#define SEMAPHORES 4
#define PLACE 0x38000000ul

static int queues[NUMBERS], sets[NUMBERS], pieces[NUMBERS];
static struct { long type; char text[64]; } message;

/* An identifier, most often one of those that were given. */
static int
draw_id(const int *ids)
{
	return draw(12) ? ids[draw(NUMBERS)] : (int)draw(4) - 1;
}

static int
draw_how(void)
{
	static const unsigned flags[] = {IPC_CREAT, IPC_CREAT, IPC_EXCL};

	return (int)draw_flags(flags, COUNT(flags)) | 0600;
}

static void
say_perm(const struct ipc64_perm *p)
{
	say("mode", p->mode);
	say("key", p->key);
	say("owner", p->uid);
	say("", p->cgid);
}

static void
queue(void)
{
	struct msqid64_ds about;
	int id = draw_id(queues);
	unsigned n = draw(70);
	long r;

	switch (draw(8)) {
	case 0:
	case 1:
		print("msgget");
		r = answer(call(msgget, draw(3) ? KEY + draw(2) : IPC_PRIVATE, draw_how()));
		if (r >= 0)
			queues[draw(NUMBERS)] = (int)r;
		return;
	case 2:
	case 3:
		message.type = (long)draw(5);
		say("msgsnd to", id);
		say("type", message.type);
		say("bytes", n);
		answer(call(msgsnd, id, &message, n, IPC_NOWAIT));
		return;
	case 4:
	case 5:
		say("msgrcv of", id);
		say("room", n);
		r = answer(call(msgrcv, id, &message, n, (long)draw(7) - 3, IPC_NOWAIT | (draw(3) ? 0 : MSG_NOERROR) | (draw(6) ? 0 : MSG_EXCEPT)));
		if (r >= 0)
			say("type", message.type);
		return;
	case 6:
		say("msgctl of", id);
		memset(&about, 0, sizeof about);
		if (answer(call(msgctl, id, COMMAND(IPC_STAT), &about)) == 0) {
			say_perm(&about.msg_perm);
			say("messages", (long long)about.msg_qnum);
			say("bytes", (long long)about.msg_cbytes);
			say("most", (long long)about.msg_qbytes);
			about.msg_perm.mode = 0600 + draw(64);
			about.msg_qbytes = draw(3) * 100 + 50;
			print(" set");
			answer(call(msgctl, id, COMMAND(IPC_SET), &about));
		}
		return;
	default:
		say("remove queue", id);
		answer(call(msgctl, id, COMMAND(IPC_RMID), NULL));
	}
}

static void
semaphores(void)
{
	struct sembuf ops[3];
	unsigned short all[SEMAPHORES + 1] = {0};
	struct semid64_ds about;
	int id = draw_id(sets);
	unsigned n = 1 + draw(3);
	long r;

	switch (draw(10)) {
	case 0:
	case 1:
		print("semget");
		r = answer(call(semget, draw(3) ? KEY + draw(2) : IPC_PRIVATE, draw(SEMAPHORES + 1), draw_how()));
		if (r >= 0)
			sets[draw(NUMBERS)] = (int)r;
		return;
	case 2:
	case 3:
	case 4:
		say("semop of", id);
		for (unsigned i = 0; i < n; i++) {
			ops[i] = (struct sembuf){(unsigned short)draw(SEMAPHORES + 1), (short)((int)draw(7) - 3),
						 (short)(IPC_NOWAIT | (draw(3) ? 0 : SEM_UNDO))};
			say("", ops[i].sem_num);
			say("by", ops[i].sem_op);
		}
		answer(call(semop, id, ops, n, NULL));
		return;
	case 5:
		say("all of", id);
		r = answer(call(semctl, id, 0, COMMAND(GETALL), all));
		for (unsigned i = 0; r == 0 && i < COUNT(all); i++)
			say("", all[i]);
		return;
	case 6:
		for (unsigned i = 0; i < COUNT(all); i++)
			all[i] = (unsigned short)(draw(8) ? draw(10) : 40000);
		say("set all of", id);
		answer(call(semctl, id, 0, COMMAND(SETALL), all));
		return;
	case 7:
		say("one of", id);
		answer(call(semctl, id, draw(SEMAPHORES + 1), COMMAND(GETVAL), 0));
		answer(call(semctl, id, draw(SEMAPHORES + 1), COMMAND(SETVAL), draw(12)));
		answer(call(semctl, id, draw(SEMAPHORES + 1), COMMAND(GETNCNT), 0));
		return;
	case 8:
		say("semctl of", id);
		memset(&about, 0, sizeof about);
		if (answer(call(semctl, id, 0, COMMAND(IPC_STAT), &about)) == 0) {
			say_perm(&about.sem_perm);
			say("semaphores", (long long)about.sem_nsems);
		}
		return;
	default:
		say("remove set", id);
		answer(call(semctl, id, 0, COMMAND(IPC_RMID), 0));
	}
}

static void
memory(void)
{
	struct shmid64_ds about;
	int id = draw_id(pieces);
	unsigned long at = PLACE + draw(4) * 0x10000;
	long r;

	switch (draw(8)) {
	case 0:
	case 1:
		print("shmget");
		r = answer(call(shmget, draw(3) ? KEY + draw(2) : IPC_PRIVATE, draw(5) * 3000, draw_how()));
		if (r >= 0)
			pieces[draw(NUMBERS)] = (int)r;
		return;
	case 2:
	case 3:
		say("shmat of", id);
		r = call(shmat, id, at + (draw(6) ? 0 : 100), draw(3) ? 0 : SHM_RDONLY | SHM_RND);
		if ((unsigned long)r >= PLACE && (unsigned long)r < PLACE + 0x100000) {
			say("= at", r - (long)PLACE);
			say("first", *(volatile int *)r);
		} else {
			answer(r);
		}
		return;
	case 4:
		say("shmdt of", (long)(at - PLACE));
		answer(call(shmdt, at));
		return;
	case 5:
	case 6:
		say("shmctl of", id);
		memset(&about, 0, sizeof about);
		if (answer(call(shmctl, id, COMMAND(IPC_STAT), &about)) == 0) {
			say_perm(&about.shm_perm);
			say("bytes", (long long)about.shm_segsz);
			say("attached", (long long)about.shm_nattch);
		}
		return;
	default:
		say("remove memory", id);
		answer(call(shmctl, id, COMMAND(IPC_RMID), NULL));
	}
}

TEST(objects_are_the_kernels)
{
	for (unsigned i = 0; i < NUMBERS; i++)
		queues[i] = sets[i] = pieces[i] = -1;
	for (int i = 0; i < CALLS; i++) {
		switch (draw(3)) {
		case 0:
			queue();
			break;
		case 1:
			semaphores();
			break;
		default:
			memory();
		}
		print_end();
	}
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(objects_are_the_kernels);
	return 0;
}
