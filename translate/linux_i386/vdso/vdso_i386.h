/*
 * What the vDSO and vdso.c agree on: where in a function the five bytes are that may become a jump.
 */
#ifndef DRAGOMAN_LINUX_I386_VDSO_H
#define DRAGOMAN_LINUX_I386_VDSO_H

#define FORWARD		0
#define FORWARD_CHECKED	20	/* behind a look at which clock it is */

/*
 * The clocks that the host's vDSO reads (lib/vdso/gettimeofday.c): REALTIME, MONOTONIC, MONOTONIC_RAW, both COARSE
 * ones, BOOTTIME, TAI. For others it would make a call itself, from a place that is not rewritten.
 */
#define READABLE_LAST	11
#define READABLE_CLOCKS	0x8f3

#endif
