/*
 * Which calls --events writes: a rule a line (docs/events.md), each for some calls and some of
 * their outcomes. Later lines add to earlier ones, or with `!` take away.
 */
#ifndef DRAGOMAN_CORE_EVENT_RULES_H
#define DRAGOMAN_CORE_EVENT_RULES_H

#include "personality.h"

/* Of each call: which of these are written. */
enum event_cell {
	EVENT_WRITES_OK = 1,	/* it opens a file for writing, and succeeds */
	EVENT_WRITES_FAILED = 2,
	EVENT_OTHER_OK = 4,
	EVENT_OTHER_FAILED = 8,
	EVENT_WRITES = EVENT_WRITES_OK | EVENT_WRITES_FAILED,
	EVENT_OTHER = EVENT_OTHER_OK | EVENT_OTHER_FAILED,
	EVENT_OK = EVENT_WRITES_OK | EVENT_OTHER_OK,
	EVENT_FAILED = EVENT_WRITES_FAILED | EVENT_OTHER_FAILED,
};

/*
 * Fills cells[abi->nrows] from `rules`: the file's name, then its lines; NULL: the usual ones. A
 * line that means nothing ends the process with one that names it.
 */
void event_rules_read(const struct personality *abi, const char *rules, uint8_t *cells);
/* The argument that is open(2)'s flags; -1: it has none. */
int event_open_flags(const struct row *row);

#endif
