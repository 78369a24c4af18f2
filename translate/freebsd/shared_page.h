/* The page that FreeBSD shares with every process. */
#ifndef DRAGOMAN_FREEBSD_SHARED_PAGE_H
#define DRAGOMAN_FREEBSD_SHARED_PAGE_H

#include <stdint.h>

#include "timekeep.h"

struct process;

/* Here two: the time is written by the core of each process, beside code that nobody writes. */
#define FREEBSD_VDSO_PAGE 4096
#define FREEBSD_SHARED_PAGE (FREEBSD_VDSO_PAGE + FREEBSD_TIMEKEEP_PAGE)

/* Fills the writable pages, tells p what lies where, and closes the code to writing; 0 or -errno. */
long freebsd_shared_page_fill(struct process *p, uint64_t page);

#endif
