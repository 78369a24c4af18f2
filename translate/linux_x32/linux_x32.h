/*
 * The Linux x32 personality: 64-bit code with addresses of 32 bits. Its calls are x86-64's,
 * marked by a bit in the number; those with pointers in structs have numbers of their own
 * and i386's layouts (arch/x86/entry/syscalls/syscall_64.tbl), and so i386's handlers.
 */
#ifndef DRAGOMAN_LINUX_X32_H
#define DRAGOMAN_LINUX_X32_H

#include "linux_x32_abi.h"

#include "linux_i386/linux_i386.h"

/* process_x86_64.c */
long linux_x32_fetch(struct call *c, const struct sigcontext *r);
long linux_x32_start(struct thread *t, struct ucontext *uc, const struct start_request *request);

/* signal_frame_x86_64.c */
bool linux_x32_enter_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
			     const struct signal_action *a, const struct sigset *old_mask);
/* struct siginfo as x32 has it: i386's, but for the times of children. */
void linux_x32_siginfo(void *to, const struct siginfo *from);

#endif
