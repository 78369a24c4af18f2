/* printf's forms for the core: %s %c %d %u %x %o %ld %lu %lx %lo %p %%, width and 0 flag, %.*s. */
#ifndef DRAGOMAN_CORE_PRINT_H
#define DRAGOMAN_CORE_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/* As snprintf: what would have been written; always ended if size is not 0. */
size_t format(char *to, size_t size, const char *form, ...) __attribute__((format(printf, 3, 4)));
size_t format_list(char *to, size_t size, const char *form, va_list list);

#endif
