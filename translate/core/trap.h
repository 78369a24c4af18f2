/*
 * Catching the guest's system calls. Two mechanisms of the host raise the same
 * SIGSYS for every `syscall` outside the gate; nothing else in the core knows
 * which one it is.
 *
 *  seccomp  a filter by instruction pointer. Inherited by fork, clone and exec and
 *           never undone, so it is installed once per process tree.
 *  SUD      Syscall User Dispatch with the gate exempt. Cheaper for the core's own
 *           calls; lost over clone, fork and exec: armed again each time.
 */
#ifndef DRAGOMAN_CORE_TRAP_H
#define DRAGOMAN_CORE_TRAP_H

/* At process start: settles options.trap (auto) and installs it. Dies with one line if it cannot. */
void trap_install(void);
/* For a thread or child that was just made, before its first guest instruction. */
void trap_arm_thread(void);

#endif
