/* What interrupted.c is on Linux, of x86-64 and i386. */
#include "../conformance/linux/guest_signal.h"
#include "../conformance/guest_sites.h"

#include <asm/poll.h>
#include <asm/sigcontext.h>
#include <linux/uio.h>

enum { AF_UNIX = 1, SOCK_STREAM = 1, MSG_DONTWAIT = 0x40, RLIMIT_NOFILE = 7 };

enum { IN = 10, OUT };	/* the descriptors of the channel */

static struct iovec part;
static struct pollfd awaited;
static struct guest_mask window;

#define AT(object) (site_word)(uintptr_t)&(object)

/* The second getppid has no room for a jump but a short one. */
#define KINDS(K) \
	K(getppid, __NR_getppid, USUAL, .wanted = PARENT) \
	K(getppid_by_the_move, __NR_getppid, MOVE_IN_WORD, .wanted = PARENT) \
	K(getppid_by_a_hole, __NR_getppid, SITE_SHORT, .wanted = PARENT) \
	K(read_fails, __NR_read, USUAL, ARGUMENTS(-1, BUFFER, 1), .wanted = -EBADF) \
	K(read_ready, __NR_read, USUAL, ARGUMENTS(IN, BUFFER, 1), .wanted = 1, .ready = true, .takes = true, .fills = true) \
	K(recvfrom_ready, __NR_recvfrom, USUAL, ARGUMENTS(IN, BUFFER, 1, 0, 0, 0), .wanted = 1, .ready = true, \
	  .takes = true, .fills = true) \
	K(getrlimit, __NR_getrlimit, USUAL, ARGUMENTS(RLIMIT_NOFILE, BUFFER), .fills = true) \
	K(sigprocmask_asks, __NR_rt_sigprocmask, USUAL, ARGUMENTS(SIG_BLOCK, 0, BUFFER, MASK_SIZE), .fills = true) \
	K(sigprocmask, __NR_rt_sigprocmask, USUAL, ARGUMENTS(SIG_BLOCK, AT(window), BUFFER, MASK_SIZE), .fills = true, \
	  .masks = true) \
	K(clock_gettime, __NR_clock_gettime, USUAL, ARGUMENTS(0, BUFFER), .fills = true) \
	K(read_sleeps, __NR_read, USUAL, ARGUMENTS(IN, BUFFER, 1), .wanted = 1, .takes = true, .interrupted = -EINTR) \
	K(read_restarts, __NR_read, USUAL, ARGUMENTS(IN, BUFFER, 1), .wanted = 1, .takes = true, .interrupted = 1, \
	  .flags = SA_RESTART) \
	K(recvfrom_sleeps, __NR_recvfrom, USUAL, ARGUMENTS(IN, BUFFER, 1, 0, 0, 0), .wanted = 1, .takes = true, \
	  .interrupted = -EINTR) \
	K(recvfrom_restarts, __NR_recvfrom, USUAL, ARGUMENTS(IN, BUFFER, 1, 0, 0, 0), .wanted = 1, .takes = true, \
	  .interrupted = 1, .flags = SA_RESTART) \
	K(readv_sleeps, __NR_readv, USUAL, ARGUMENTS(IN, AT(part), 1), .wanted = 1, .takes = true, .interrupted = -EINTR) \
	K(readv_restarts, __NR_readv, USUAL, ARGUMENTS(IN, AT(part), 1), .wanted = 1, .takes = true, .interrupted = 1, \
	  .flags = SA_RESTART) \
	K(poll_sleeps, __NR_poll, USUAL, ARGUMENTS(AT(awaited), 1, -1), .wanted = 1, .interrupted = -EINTR, \
	  .flags = SA_RESTART)

static inline void
prepare(void *buffer)
{
	part = (struct iovec){buffer, 1};
	awaited = (struct pollfd){IN, POLLIN, 0};
	window = MASK_OF(SIGWINCH);
}

/* asm/ucontext.h, asm-generic/ucontext.h: what a handler is given as its third argument. */
struct context {
	unsigned long flags;
	struct context *link;
	stack_t stack;
	struct sigcontext registers;
	struct guest_mask mask;
};

/* What a handler finds. */
#ifdef __i386__
static const uint8_t argument_registers[] = {0, 1, 2, 3, 4, 5};
#define RED_ZONE (-1)		/* none */
#define HAS_COUNTER false	/* is among the watched */
#define FOUND_REGISTERS 6
#else
static const uint8_t argument_registers[] = {4, 3, 2, 9, 10, 11};
#define RED_ZONE 8
#define HAS_COUNTER true
#define FOUND_REGISTERS 12
#endif
struct found {
	site_word ip, sp, answer, flags, counter, registers[FOUND_REGISTERS];
	bool masked;
};

static inline void
find(struct found *f, const struct context *c)
{
	const struct sigcontext *r = &c->registers;

	*f = (struct found){
#ifdef __i386__
		.ip = (site_word)r->eip, .sp = (site_word)r->esp, .answer = (site_word)r->eax,
		.flags = (site_word)r->eflags,
		.registers = {(site_word)r->ebx, (site_word)r->ecx, (site_word)r->edx, (site_word)r->esi,
			      (site_word)r->edi, (site_word)r->ebp},
#else
		.ip = (site_word)r->rip, .sp = (site_word)r->rsp, .answer = (site_word)r->rax,
		.flags = (site_word)r->eflags, .counter = (site_word)r->rcx,
		.registers = {(site_word)r->rbx, (site_word)r->rbp, (site_word)r->rdx, (site_word)r->rsi, (site_word)r->rdi,
			      (site_word)r->r12, (site_word)r->r13, (site_word)r->r15, 0, (site_word)r->r10,
			      (site_word)r->r8, (site_word)r->r9},
#endif
		.masked = c->mask.word[0] & BIT_OF(SIGWINCH),
	};
}

static inline site_word
register_behind(const struct found *f, int n, site_word before)
{
	(void)f;
	(void)n;
	return before;
}

/* What `syscall` left there. */
static inline site_word
counter_behind(const struct found *f, site_word fourth)
{
	(void)fourth;
	return f->ip;
}

/* Failures are told by the answer. */
static inline site_word
answer_of(site_word answer, site_word flags)
{
	(void)flags;
	return answer;
}

static inline long
parent(void)
{
	return call(getppid);
}

static inline void
catches(int signal, void (*handler)(int, void *, struct context *), unsigned flags)
{
	catch_with(signal, (void *)handler, flags);
}

static inline void
make_channel(void)
{
	int ends[2];

	call(socketpair, AF_UNIX, SOCK_STREAM, 0, ends);
	call(dup2, ends[0], IN);
	call(dup2, ends[1], OUT);
}

static inline long
send_byte(void)
{
	return call(sendto, OUT, "x", 1, 0, NULL, 0);
}

/* How many bytes nobody has taken. */
static inline long
drain(void)
{
	char bytes[16];
	long r = call(recvfrom, IN, bytes, sizeof bytes, MSG_DONTWAIT, NULL, NULL);

	return r == -EAGAIN ? 0 : r;
}

/* Has the call left SIGWINCH blocked, and that alone? It is no more. */
static inline bool
unmask(void)
{
	struct guest_mask none = {{0, 0}}, was;

	call(rt_sigprocmask, SIG_SETMASK, &none, &was, MASK_SIZE);
	return same(&was, &window, sizeof was);
}
