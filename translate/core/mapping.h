/* What the host's /proc (proc(5)) says of a process by its number; 0: of this one. */
#ifndef DRAGOMAN_CORE_MAPPING_H
#define DRAGOMAN_CORE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens the file of this name there for reading: a descriptor or -errno. */
long proc_open(long pid, const char *name);

/* A line of maps. */
struct mapping {
	uint64_t from, to, offset, major, minor, inode;
	bool shared;
	char name[4096];	/* the host's; empty: none */
};

/* The one that holds the address. */
bool mapping_find(long pid, uint64_t address, struct mapping *m);

#endif
