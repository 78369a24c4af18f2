/* What interrupted.c is on FreeBSD. */
#include "../conformance/freebsd/guest_signal.h"
#include "../conformance/guest_sites.h"

/* sys/sys/syscall.h */
enum { SYS_recvfrom = 29, SYS_dup2 = 90, SYS_sendto = 133, SYS_socketpair = 135 };
enum { AF_UNIX = 1, SOCK_STREAM = 1, MSG_DONTWAIT = 0x80, POLLIN = 1 };

enum { IN = 10, OUT };	/* the descriptors of the channel */

struct iovec {
	void *at;
	size_t n;
};
struct pollfd {
	int fd;
	short events, revents;
};
static struct iovec part;
static struct pollfd awaited;
static struct sigset window;

#define AT(object) (site_word)&(object)

/* The numbers are sys/sys/syscall.h's. The third getppid has no room for a jump but a short one. */
#define KINDS(K) \
	K(getppid, 39, USUAL, .wanted = PARENT) \
	K(getppid_by_the_move, 39, MOVE_IN_WORD, .wanted = PARENT) \
	K(getppid_by_a_hole, 39, SITE_SHORT, .wanted = PARENT) \
	K(read_fails, 3, USUAL, ARGUMENTS(-1, BUFFER, 1), .wanted = -EBADF) \
	K(read_ready, 3, USUAL, ARGUMENTS(IN, BUFFER, 1), .wanted = 1, .ready = true, .takes = true, .fills = true) \
	K(getrandom, 563, USUAL, ARGUMENTS(BUFFER, 64, 0), .wanted = 64, .fills = true) \
	K(getrlimit, 194, USUAL, ARGUMENTS(8, BUFFER), .fills = true) \
	K(sigprocmask_asks, 340, USUAL, ARGUMENTS(SIG_BLOCK, 0, BUFFER), .fills = true) \
	K(sigprocmask, 340, USUAL, ARGUMENTS(SIG_BLOCK, AT(window), BUFFER), .fills = true, .masks = true) \
	K(clock_gettime, 232, USUAL, ARGUMENTS(0, BUFFER), .fills = true) \
	K(getcontext, 421, USUAL, ARGUMENTS(BUFFER), .fills = true) \
	K(read_sleeps, 3, USUAL, ARGUMENTS(IN, BUFFER, 1), .wanted = 1, .takes = true, .interrupted = -EINTR) \
	K(read_restarts, 3, USUAL, ARGUMENTS(IN, BUFFER, 1), .wanted = 1, .takes = true, .interrupted = 1, \
	  .flags = SA_RESTART) \
	K(indirect_read_sleeps, 198, USUAL, ARGUMENTS(3, IN, BUFFER, 1), .wanted = 1, .takes = true, \
	  .interrupted = -EINTR) \
	K(indirect_read_restarts, 198, USUAL, ARGUMENTS(3, IN, BUFFER, 1), .wanted = 1, .takes = true, .interrupted = 1, \
	  .flags = SA_RESTART) \
	K(readv_sleeps, 120, USUAL, ARGUMENTS(IN, AT(part), 1), .wanted = 1, .takes = true, .interrupted = -EINTR) \
	K(readv_restarts, 120, USUAL, ARGUMENTS(IN, AT(part), 1), .wanted = 1, .takes = true, .interrupted = 1, \
	  .flags = SA_RESTART) \
	K(poll_sleeps, 209, USUAL, ARGUMENTS(AT(awaited), 1, -1), .wanted = 1, .interrupted = -EINTR, .flags = SA_RESTART)

static inline void
prepare(void *buffer)
{
	part = (struct iovec){buffer, 1};
	awaited = (struct pollfd){IN, POLLIN, 0};
	window = only(SIGWINCH);
}

/* rdi, rsi, rdx, r10, r8, r9 among the watched. */
static const uint8_t argument_registers[] = {4, 3, 2, 9, 10, 11};
#define RED_ZONE 8
#define HAS_COUNTER true
#define FOUND_REGISTERS 12

struct context {
	struct ucontext u;
};
/* What a handler finds. */
struct found {
	site_word ip, sp, answer, flags, counter, registers[FOUND_REGISTERS];
	bool masked, in_call;
};

static inline void
find(struct found *f, const struct context *c)
{
	const struct ucontext *u = &c->u;

	*f = (struct found){
		.ip = (site_word)u->rip, .sp = (site_word)u->rsp, .answer = (site_word)u->rax,
		.flags = (site_word)u->rflags, .counter = (site_word)u->rcx,
		.registers = {(site_word)u->rbx, (site_word)u->rbp, (site_word)u->rdx, (site_word)u->rsi, (site_word)u->rdi,
			      (site_word)u->r12, (site_word)u->r13, (site_word)u->r15, 0, (site_word)u->r10,
			      (site_word)u->r8, (site_word)u->r9},
		.masked = has(&u->mask, SIGWINCH),
		.in_call = u->err == 2,		/* the syscall's length */
	};
}

/*
 * Behind the call the kernel's short way out has cleared the last three, and left in rcx what sysret wants. It does not
 * go that way to a handler: then rcx has the fourth argument, and r10 is the last fault's, of which there was none
 * (amd64/amd64/exception.S, fast_syscall).
 */
static inline site_word
register_behind(const struct found *f, int n, site_word before)
{
	return n < SITE_REGISTERS || (n > SITE_REGISTERS && f->in_call) ? before : 0;
}

static inline site_word
counter_behind(const struct found *f, site_word fourth)
{
	return f->in_call ? fourth : f->ip;
}

/* Failures are told by the carry flag. */
static inline site_word
answer_of(site_word answer, site_word flags)
{
	return flags & 1 ? -answer : answer;
}

static inline void
print_end(void)
{
	print("\n");
}

static inline long
parent(void)
{
	return call(SYS_getppid);
}

static inline void
catches(int signal, void (*handler)(int, void *, struct context *), unsigned flags)
{
	on_signal(signal, (void *)handler, (int)flags | SA_SIGINFO);
}

static inline void
make_channel(void)
{
	int ends[2];

	call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends);
	call(SYS_dup2, ends[0], IN);
	call(SYS_dup2, ends[1], OUT);
}

static inline long
send_byte(void)
{
	return call(SYS_sendto, OUT, "x", 1, 0, NULL, 0);
}

/* How many bytes nobody has taken. */
static inline long
drain(void)
{
	char bytes[16];
	long r = call(SYS_recvfrom, IN, bytes, sizeof bytes, MSG_DONTWAIT, NULL, NULL);

	return r == -EAGAIN ? 0 : r;
}

/* Has the call left SIGWINCH blocked, and that alone? It is no more. */
static inline bool
unmask(void)
{
	struct sigset none = {{0}}, was;

	call(SYS_sigprocmask, SIG_SETMASK, &none, &was);
	return same(&was, &window, sizeof was);
}
