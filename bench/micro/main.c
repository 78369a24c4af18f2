/*
 * The small benchmarks as one program without libc:
 *	micro NAME PARAMETER MILLISECONDS
 * runs one for about so long, in a few batches, and prints how often a batch does it and the
 * nanoseconds that the middle one took, in hexadecimal (a 32-bit program has no 64-bit division).
 *	micro under TRAP NAME PARAMETER MILLISECONDS
 * does so with that trap armed, which catches nothing. And
 *	micro exit		ends at once
 *	micro wait		waits for its standard input to end, so that it can be looked at
 *	micro list		prints the names
 */
#include "micro.h"

/* As in a libc, none of the calls is the program's first code: a layer would see what is before that, and it is data. */
__asm__(".text\n.skip 64, 0xcc\n");
CALLS(DEFINE_CALL)

const char *own_path;
struct worker workers[MAX_THREADS];

static const struct benchmark *const families[] = {
	calls_family, threads_family, processes_family, events_family, compute_family, floor_family,
};

static size_t
length(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0')
		n++;
	return n;
}

int
same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

static void
print(int fd, const char *text)
{
	call(write, fd, text, length(text));
}

static void
print_hex(int fd, uint64_t value, const char *after)
{
	char digits[17];

	for (int i = 0; i < 16; i++)
		digits[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
	digits[16] = '\0';
	print(fd, digits);
	print(fd, after);
}

void
leave(int status)
{
	for (;;)
		call(exit, status);
}

long
must(const char *what, long result)
{
	if (result >= 0)
		return result;
	print(2, "micro: ");
	print(2, what);
	print(2, ": errno 0x");
	print_hex(2, (uint64_t)-result, "\n");
	leave(1);
}

long
must_be(const char *what, long result, long wanted)
{
	if (must(what, result) != wanted) {
		print(2, "micro: ");
		print(2, what);
		print(2, ": an answer that is not the right one\n");
		leave(1);
	}
	return result;
}

/* The compiler calls these. */
__attribute__((used)) void *
memset(void *to, int byte, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = (char)byte;
	return to;
}

__attribute__((used)) void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}

static long
number(const char *text)
{
	long value = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (*text - '0');
	return value;
}

static uint64_t
took(const struct benchmark *b, long count)
{
	struct time from, to;

	call(clock_gettime, FACE_MONOTONIC, &from);
	b->run(count);
	call(clock_gettime, FACE_MONOTONIC, &to);
	return (uint64_t)(to.sec - from.sec) * 1000000000 + (uint64_t)(to.nsec - from.nsec);
}

/* As often as it takes about so long, *took_ns in the end; up to there it also warms up. */
static long
often_enough(const struct benchmark *b, unsigned long nanoseconds, uint64_t *took_ns)
{
	long count = 1;

	b->run(1);
	while ((*took_ns = took(b, count)) < nanoseconds / 2)
		count *= *took_ns < nanoseconds / 32 ? 8 : 2;
	return count;
}

/* The median of some batches: another program that took the processor in one of them does not count. */
static void
measure(const struct benchmark *b, long parameter, unsigned long nanoseconds)
{
	enum { BATCHES = 7 };
	uint64_t sorted[BATCHES];
	long count, batches = BATCHES;

	if (b->prepare != NULL)
		b->prepare(parameter);
	count = often_enough(b, nanoseconds / BATCHES, &sorted[0]);
	if (sorted[0] > nanoseconds)	/* a thousand processes: once is long enough */
		batches = 1;
	for (int n = batches == 1; n < batches; n++) {
		uint64_t ns = took(b, count);
		int at = n;

		for (; at > 0 && sorted[at - 1] > ns; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = ns;
	}
	print_hex(1, (uint64_t)count, " ");
	print_hex(1, sorted[batches / 2], "\n");
}

static const struct benchmark *
find(const char *name)
{
	for (size_t f = 0; f < COUNT(families); f++)
		for (const struct benchmark *b = families[f]; b->name != NULL; b++)
			if (same(b->name, name))
				return b;
	return NULL;
}

static void
list(void)
{
	for (size_t f = 0; f < COUNT(families); f++)
		for (const struct benchmark *b = families[f]; b->name != NULL; b++) {
			print(1, b->name);
			print(1, "\n");
		}
}

static void
wait_for_end_of_input(void)
{
	char byte;

	while (call(read, 0, &byte, 1) == 1)
		;
}

/* The block a program starts with: argc, argv, envp, auxv. */
__attribute__((used, noreturn)) void
start(const unsigned long *block)
{
	long argc = (long)block[0];
	const char *const *argv = (const char *const *)(block + 1);
	const unsigned long *p = block + 1 + argc + 1;
	const struct benchmark *b;

	while (*p++ != 0)
		;
	face_start(p);
	own_path = argv[0];
	if (argc == 6 && same(argv[1], "under")) {
		face_arm(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc == 4 && (b = find(argv[1])) != NULL)
		measure(b, number(argv[2]), (unsigned long)number(argv[3]) * 1000000);
	else if (argc == 2 && same(argv[1], "wait"))
		wait_for_end_of_input();
	else if (argc == 2 && same(argv[1], "list"))
		list();
	else if (argc != 2 || !same(argv[1], "exit")) {
		print(2, "usage: micro [under TRAP] NAME PARAMETER MILLISECONDS | list | exit | wait\n");
		leave(2);
	}
	leave(0);
}

START
