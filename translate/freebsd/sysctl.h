/*
 * sysctl(3): a tree of named values, each with a path of numbers. sysctl.c has the
 * protocol, sysctl_nodes.c the table, sysctl_values.c the values that must be
 * asked for, sysctl_proc.c what kern.proc says of processes.
 */
#ifndef DRAGOMAN_FREEBSD_SYSCTL_H
#define DRAGOMAN_FREEBSD_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/call.h"

/* CTLTYPE_* (sys/sys/sysctl.h) */
enum sysctl_type {
	SYSCTL_NODE = 1, SYSCTL_INT, SYSCTL_STRING, SYSCTL_S64, SYSCTL_OPAQUE, SYSCTL_UINT, SYSCTL_LONG,
	SYSCTL_ULONG, SYSCTL_U64, SYSCTL_U8,
};

#define SYSCTL_MAX_NAME 24		/* CTL_MAXNAME */

/*
 * A value on its way out. Handlers append with sysctl_put(); what does not fit
 * is counted, as the kernel does, so that the guest learns the size.
 */
struct sysctl_request {
	struct call *call;
	const int32_t *rest;		/* numbers behind the node's own (a pid, …) */
	unsigned nrest;
	struct guest_ptr old;
	uint64_t room, used;
};

long sysctl_put(struct sysctl_request *r, const void *value, size_t n);
long sysctl_put_string(struct sysctl_request *r, const char *text);	/* with its NUL */

struct sysctl_node {
	const char *name;		/* full: "kern.proc.pathname" */
	int32_t number;			/* the last of its path, or SYSCTL_ZERO; 0: given out by position */
	uint8_t type;			/* enum sysctl_type */
	const char *format;
	/* One of the three: a text, a number, or a function. */
	const char *text;
	int64_t number_value;
	long (*get)(struct sysctl_request *r);
	long (*set)(struct sysctl_request *r, struct guest_ptr new, uint64_t n);	/* NULL: nobody may */
};

#define SYSCTL_ZERO (-1)

extern const struct sysctl_node sysctl_nodes[];
extern const unsigned sysctl_node_count;

/* sysctl_values.c */
long sysctl_osrelease(struct sysctl_request *r);
long sysctl_version(struct sysctl_request *r);
long sysctl_osreldate(struct sysctl_request *r);
long sysctl_hostname(struct sysctl_request *r);
long sysctl_boottime(struct sysctl_request *r);
long sysctl_arandom(struct sysctl_request *r);
long sysctl_ncpu(struct sysctl_request *r);
long sysctl_maxid(struct sysctl_request *r);
long sysctl_physmem(struct sysctl_request *r);
long sysctl_usrstack(struct sysctl_request *r);
long sysctl_loadavg(struct sysctl_request *r);
long sysctl_clockrate(struct sysctl_request *r);
long sysctl_pagesizes(struct sysctl_request *r);
long sysctl_model(struct sysctl_request *r);
long sysctl_maxfiles(struct sysctl_request *r);
long sysctl_tsc_freq(struct sysctl_request *r);
long sysctl_posix_version(struct sysctl_request *r);
long sysctl_max_processes(struct sysctl_request *r);
long sysctl_swap_total(struct sysctl_request *r);
long sysctl_pages(struct sysctl_request *r);
long sysctl_free_pages(struct sysctl_request *r);
long sysctl_cp_time(struct sysctl_request *r);
long sysctl_cp_times(struct sysctl_request *r);
/* sysctl_route.c */
long sysctl_route(struct sysctl_request *r);
/* sysctl_kinfo.c: what ps(1) shows */
long sysctl_proc_pid(struct sysctl_request *r);
long sysctl_proc_all(struct sysctl_request *r);
long sysctl_proc_pgrp(struct sysctl_request *r);
long sysctl_proc_sid(struct sysctl_request *r);
long sysctl_proc_uid(struct sysctl_request *r);
long sysctl_proc_ruid(struct sysctl_request *r);
/* sysctl_proc.c */
long sysctl_proc_target(const struct sysctl_request *r);	/* the process asked for, or -errno */
long sysctl_read_proc(long pid, const char *file, char *to, size_t size);
long sysctl_proc_groups(struct sysctl_request *r);
long sysctl_proc_rlimit(struct sysctl_request *r);
long sysctl_proc_args(struct sysctl_request *r);
long sysctl_proc_set_args(struct sysctl_request *r, struct guest_ptr new, uint64_t n);
long sysctl_proc_env(struct sysctl_request *r);
long sysctl_proc_pathname(struct sysctl_request *r);
long sysctl_proc_osrel(struct sysctl_request *r);
long sysctl_proc_umask(struct sysctl_request *r);
long sysctl_proc_cwd(struct sysctl_request *r);
long sysctl_proc_nfds(struct sysctl_request *r);
/* shared_page.c */
long sysctl_proc_sigtramp(struct sysctl_request *r);

#endif
