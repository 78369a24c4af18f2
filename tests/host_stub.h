/*
 * Host calls for core code in a hosted test: made through libc's syscall(), but
 * watched. Address space that the code under test takes is accounted for; to map
 * over anything else aborts, as does anything in the core's own range. A call can
 * be made to fail.
 */
#ifndef DRAGOMAN_TESTS_HOST_STUB_H
#define DRAGOMAN_TESTS_HOST_STUB_H

#include <stddef.h>
#include <stdint.h>

/* The n-th call from now with number nr answers -error instead; n counts from 1. */
void stub_fail_call(long nr, unsigned n, int error);
/* Whether that has happened. */
int stub_failed(void);
/* The next mmap that does not say where answers this address, and maps nothing. */
void stub_fake_map(uint64_t address);
/* Bytes of address space taken and not given back. */
uint64_t stub_mapped(void);
/* Gives all of it back. */
void stub_unmap_all(void);

#endif
