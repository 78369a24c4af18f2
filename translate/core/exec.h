/*
 * Starting programs: the first one, and those that a guest's execve names.
 */
#ifndef DRAGOMAN_CORE_EXEC_H
#define DRAGOMAN_CORE_EXEC_H

#include <stdint.h>

#include "abi.h"

struct call;
struct thread;

/*
 * Loads the program and enters it; what cannot be started is one line and 126 or 127.
 * fd: the program's file, if the host's kernel has opened it; else -1.
 */
_Noreturn void exec_first(struct thread *t, const char *path, int fd, char **argv, char **envp);

/*
 * execve(2) and fexecve(2) of a guest: its own ABIs' programs and scripts go to the
 * core again, programs of the host straight to the kernel. Does not return if it
 * succeeds; otherwise -errno, nothing changed.
 */
long process_execve(struct call *c, struct guest_ptr path, struct guest_ptr argv, struct guest_ptr envp);
long process_fexecve(struct call *c, int fd, struct guest_ptr argv, struct guest_ptr envp);

/* An entry of the host's own auxv, 0 if it had none. */
uint64_t host_auxv(unsigned type);

#endif
