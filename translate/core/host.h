/*
 * Host system calls. The `syscall` instructions stand in gate_x86_64.S only:
 * everything outside that range of text traps.
 *
 * Two ways in, both give the kernel's raw answer (a value or -errno):
 *  host_call   for what a guest asked for: if a signal for the guest is waiting,
 *              or arrives before the kernel is entered, the call is not made and
 *              the answer is CALL_RESTART (call.h): a handler hands that back like an
 *              error, and the guest's call is made again after the signal. Only a
 *              call that the host's kernel interrupted answers -EINTR: no guest sees
 *              EINTR from a call that does not sleep.
 *  core_call   for the core's own bookkeeping: made whatever is pending.
 */
#ifndef DRAGOMAN_CORE_HOST_H
#define DRAGOMAN_CORE_HOST_H

#include <asm/unistd_64.h>

/*
 * A host call's number. HOST_NR() is the only way to one: it also notes number and file in a
 * section of the object file that is never loaded, so that the linked core carries the list of
 * exactly the calls that it can make (host_calls.py reads it for the policy of isolated runs).
 * "Impossible constraint in asm": the number is no constant there. A function that makes one of
 * several calls takes a struct host_nr, and its callers give it HOST_NR(__NR_x).
 */
struct host_nr {
	long value;
};

#define HOST_NR(nr) \
	(__extension__({ \
		__asm__ inline volatile(".pushsection .host_calls,\"MS\",@progbits,1\n\t" \
					".string \"%c0 " __FILE__ "\"\n\t" \
					".popsection" : : "i"(nr)); \
		(struct host_nr){nr}; \
	}))
#define HOST_NR_GIVEN(nr) nr

/* gate_x86_64.S; use the wrappers below. */
long gate_call(long nr, long a, long b, long c, long d, long e, long f);
long gate_call_interruptible(long nr, long a, long b, long c, long d, long e, long f);
/* The same, by host_call_traced() if calls are shown: here is no function between a handler and its host call. */
long gate_call_for_guest(long nr, long a, long b, long c, long d, long e, long f, long nargs);

/* Set once at start: calls are shown on the trace (trace.h). */
extern unsigned char host_calls_traced;
/* nargs: how many arguments are the call's. */
long host_call_traced(long nr, long a, long b, long c, long d, long e, long f, long nargs);

static inline long
host_call_untraced(long nr, long a, long b, long c, long d, long e, long f)
{
	return gate_call_interruptible(nr, a, b, c, d, e, f);
}

static inline long
host_call_n(unsigned nargs, struct host_nr nr, long a, long b, long c, long d, long e, long f)
{
	return gate_call_for_guest(nr.value, a, b, c, d, e, f, nargs);
}

static inline long
core_call_n(unsigned nargs, struct host_nr nr, long a, long b, long c, long d, long e, long f)
{
	(void)nargs;
	return gate_call(nr.value, a, b, c, d, e, f);
}

/* Missing arguments are 0; pointers need no cast. */
#define HOST_PICK(_1, _2, _3, _4, _5, _6, _7, f, ...) f
#define HOST_CALL_0(to, number, n) to(0, number(n), 0, 0, 0, 0, 0, 0)
#define HOST_CALL_1(to, number, n, a) to(1, number(n), (long)(a), 0, 0, 0, 0, 0)
#define HOST_CALL_2(to, number, n, a, b) to(2, number(n), (long)(a), (long)(b), 0, 0, 0, 0)
#define HOST_CALL_3(to, number, n, a, b, c) \
	to(3, number(n), (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define HOST_CALL_4(to, number, n, a, b, c, d) \
	to(4, number(n), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define HOST_CALL_5(to, number, n, a, b, c, d, e) \
	to(5, number(n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define HOST_CALL_6(to, number, n, a, b, c, d, e, f) \
	to(6, number(n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define HOST_CALLS(to, number, ...) \
	HOST_PICK(__VA_ARGS__, HOST_CALL_6, HOST_CALL_5, HOST_CALL_4, HOST_CALL_3, HOST_CALL_2, HOST_CALL_1, \
		  HOST_CALL_0, none)(to, number, __VA_ARGS__)

#define host_call(...) HOST_CALLS(host_call_n, HOST_NR, __VA_ARGS__)
#define core_call(...) HOST_CALLS(core_call_n, HOST_NR, __VA_ARGS__)
/* The same with a struct host_nr. */
#define host_call_nr(...) HOST_CALLS(host_call_n, HOST_NR_GIVEN, __VA_ARGS__)
#define core_call_nr(...) HOST_CALLS(core_call_n, HOST_NR_GIVEN, __VA_ARGS__)

#endif
