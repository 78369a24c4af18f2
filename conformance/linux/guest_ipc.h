/* System V IPC: the kernel's structs, and what linux/msg.h, linux/sem.h and linux/shm.h have, which bring a libc's headers. */
#ifndef CONFORMANCE_LINUX_GUEST_IPC_H
#define CONFORMANCE_LINUX_GUEST_IPC_H

#include "guest.h"

#include <linux/ipc.h>
#include <asm/ipcbuf.h>
#include <asm/msgbuf.h>
#include <asm/sembuf.h>
#include <asm/shmbuf.h>

#define MSG_NOERROR 010000
#define MSG_EXCEPT 020000
#define SEM_UNDO 0x1000
#define GETPID 11
#define GETVAL 12
#define GETALL 13
#define GETNCNT 14
#define SETVAL 16
#define SETALL 17
#define SHM_RDONLY 010000
#define SHM_RND 020000
struct sembuf {
	unsigned short sem_num;
	short sem_op, sem_flg;
};

/* i386 has the version in the command, and calls that want it. */
#ifdef __i386__
#define COMMAND(c) ((c) | IPC_64)
#else
#define COMMAND(c) (c)
#endif

#endif
