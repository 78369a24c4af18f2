/*
 * Where --trace and --events write: lines, each by one write(2), so that those of many
 * threads and processes stay whole. The descriptors are the core's (fd.h).
 */
#ifndef DRAGOMAN_CORE_OUTPUT_H
#define DRAGOMAN_CORE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct output {
	int fd;
	bool is_pipe;	/* or a socket: may break */
};

/* Looks what fd is, and has exec close it. */
void output_start(struct output *o, int fd);
/* How many bytes, or -errno; a reader that has gone sends the guest no SIGPIPE. */
long output_write(const struct output *o, const char *text, size_t n);
/* All outputs go into the next program, which is a core; otherwise exec closes them. */
void outputs_keep(bool keep);

#endif
