/*
 * What processes of one family tell each other about call sites. Most children of a fork make one or two calls of their
 * own, exit or execve, which their parent never makes: each child would trap there anew. So a child leaves on a page that
 * fork shares where it trapped first, and who forks next rewrites the site
 * before its child is born. Exec leaves the family.
 */
#ifndef DRAGOMAN_CORE_SITE_FAMILY_H
#define DRAGOMAN_CORE_SITE_FAMILY_H

#include <stdint.h>

/* From a process that fork has made; from any other it does nothing. */
void site_family_tell(uint64_t address);
/* The next address told, at which this process has the same code; 0: no more. */
uint64_t site_family_told(void);
/* A child is about to be made: of those after the first one each may learn from the one before. */
void site_family_begins(void);
void site_family_child(void);

#endif
