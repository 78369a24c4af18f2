/*
 * Descriptors that the core itself needs (timerfd, eventfd, pidfd, inotify). They
 * stand high up, so that the guest goes on getting the lowest free numbers, and
 * a guest's close, closefrom, dup2 or fcntl must not reach them.
 */
#ifndef DRAGOMAN_CORE_FD_H
#define DRAGOMAN_CORE_FD_H

#include <stdbool.h>

/* Moves a new host descriptor up there, closed on exec: its new number, or -errno. */
int core_fd_move_high(int fd);
/* A second descriptor of the guest's file for the core's own use; its number, or -errno. */
int core_fd_duplicate(int fd);
/* One of the core's, the trace's output, or --core-fd? To close, replace or copy it is EBADF to the guest. */
bool core_fd_reserved(int fd);
/* The lowest of them that is not below `from`; ~0u: none. */
unsigned core_fd_next(unsigned from);
void core_fd_close(int fd);
/* close_range(2) for a guest: leaves the core's own out. */
long core_fd_close_range(unsigned low, unsigned high, long flags);

#endif
