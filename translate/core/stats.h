/* --stats: calls, errors and time of this process, printed when it ends. */
#ifndef DRAGOMAN_CORE_STATS_H
#define DRAGOMAN_CORE_STATS_H

#include "personality.h"

/* False: no memory for it. */
bool stats_start(const struct personality *abi);
/* Nanoseconds of the host's monotonic clock. */
uint64_t stats_clock(void);
void stats_count(const struct call *c, bool failed, uint64_t nanoseconds);
/* Writes the table, once; pid 0: without a label. */
void stats_print(int pid);
/* fork's child begins from nothing. */
void stats_reset(void);

#endif
