/* One mapping of a process, as the host's /proc/PID/maps has it (proc(5)). */
#ifndef DRAGOMAN_CORE_MAPPING_H
#define DRAGOMAN_CORE_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

struct mapping {
	uint64_t from, to, offset, major, minor, inode;
	bool shared;
	char name[4096];	/* the host's; empty: none */
};

/* The one that holds the address; pid 0: of the process itself. */
bool mapping_find(long pid, uint64_t address, struct mapping *m);

#endif
