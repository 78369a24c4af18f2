/*
 * --trace=WORD,…: which calls are shown. A word is a call's name or %class; with
 * `!` in front it takes away, from all if the first word is such a one. A name
 * also means its older versions (`stat`: freebsd11_stat) and the call under a
 * library's name (`sysctl`: __sysctl).
 */
#ifndef DRAGOMAN_CORE_TRACE_FILTER_H
#define DRAGOMAN_CORE_TRACE_FILTER_H

#include "personality.h"

/* A word that names nothing ends the process with one line. */
void trace_filter_start(const struct personality *abi, const char *words);
bool trace_filter_has(unsigned nr);
/* The call of this name, or of an older version or library name of it. */
bool row_is_named(const struct personality *abi, const struct row *row, const char *word, size_t n);
/* The enum call_class of a class without its %; 0: none. */
uint8_t class_named(const char *word, size_t n);
/* Signal deliveries: shown with everything, and with %signal. */
bool trace_filter_has_signals(void);

#endif
