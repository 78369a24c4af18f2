/*
 * A program to be interrupted, of FreeBSD, Linux x86-64 or i386: it makes the call that its argument names over and
 * over, until SIGUSR2, by a site of the call's own. Behind an int3, for who traces it (interrupt.c), a SIGUSR1 may
 * come any time until the call has returned. Its handler looks where the program was: at an instruction of the site,
 * with what the program has there. Exit status 0: so it was each time, and the call answered as it should.
 * Without an argument it prints the names of the calls.
 */
#ifdef __FreeBSD__
#include "interrupted_freebsd.h"
#else
#include "interrupted_linux.h"
#endif

/* What is in the answer's register before the call's number is. */
#define NO_NUMBER 0x5eed
#define FILLED 0x5a

/* Skews of sites, as site_page_fill() has them; and SITE_SHORT. */
#define USUAL 0
#define MOVE_IN_WORD 5
/* Where the instructions of a site begin, and where it is behind the call. */
enum { BEGIN, SECOND, CALL, BEHIND, PLACES };
static const uint8_t usual_places[PLACES] = {0, 5, 8, 10}, short_places[PLACES] = {0, 2, 3, 5};

/* Enough for what any of the calls leaves. */
static union {
	site_word words[128];
	uint8_t bytes[1024];
} buffer __attribute__((aligned(16)));

struct kind {
	const char *name;
	const uint8_t *site;	/* its int3 */
	site_word number;
	int skew;
	int n;			/* how many arguments */
	site_word arguments[6];
	site_word wanted;	/* what it answers */
	unsigned flags;		/* the handler's action's */
	site_word interrupted;	/* not 0: it sleeps till a byte comes, and answers this if the signal finds it so */
	bool ready;		/* there is a byte for it */
	bool takes;		/* and it takes it */
	bool fills;		/* buffer */
	bool masks;		/* SIGWINCH */
};
#define PARENT (-5000)		/* as wanted answer: getppid's */

#define TEXT_OF(...) #__VA_ARGS__
#define TEXT_BYTES(...) TEXT_OF(__VA_ARGS__)
#define SITE(name, number, skew, ...) \
	__asm__(".text\n" \
		"	.p2align 5, 0xcc\n" \
		"	.skip 15 + " TEXT_BYTES(skew) " % 16, 0xcc\n" \
		"site_" #name ":\n" \
		"	int3\n" \
		"	.if " TEXT_BYTES(skew) " < 16\n" \
		"	.byte 0xb8\n	.long " TEXT_BYTES(number) "\n	.byte " TEXT_BYTES(SITE_REST) "\n" \
		"	.else\n" \
		"	.byte 0x6a, " TEXT_BYTES(number) " & 0x7f, 0x58, " TEXT_BYTES(SITE_CALL) ", 0xc3\n" \
		"	.endif\n" \
		"	.skip 16, 0xcc\n"); \
	extern const uint8_t site_##name[];
#define KIND(name, number, skew, ...) {#name, site_##name, number, skew, __VA_ARGS__},
#define ARGUMENTS(...) \
	.n = COUNT(((site_word[]){__VA_ARGS__})), .arguments = {__VA_ARGS__}
#define BUFFER (site_word)(uintptr_t)&buffer

KINDS(SITE)
static struct kind kinds[] = {KINDS(KIND)};

static const struct kind *kind;
static site_word registers[12];
static volatile bool finished, wrong, here, was_behind;
static volatile int handled, bytes_put;
static volatile site_word answer_then;

static void
is_wrong(const char *what, long got, long wanted)
{
	if (got == wanted)
		return;
	wrong = true;
	print("signal ");
	print_number(handled);
	print(": ");
	print(what);
	print(" is ");
	print_number(got);
	print(", not ");
	print_number(wanted);
	print_end();
}

/* The flags behind a call: of those that are watched, a kernel may say failure by the carry. */
static site_word
flags_behind(site_word answer)
{
	return SITE_FLAGS_LEFT | (answer < 0 ? SITE_FLAGS & 1 : 0);
}

/* ---- what the handler sees ---- */

static int
place_of(site_word ip)
{
	const uint8_t *places = kind->skew < SITE_SHORT ? usual_places : short_places;
	int place = 0;

	while (place < PLACES && (site_word)(uintptr_t)(kind->site + 1 + places[place]) != ip)
		place++;
	return place;
}

static void
look_at_stack(const struct found *f, int place)
{
	/* Between push and pop. */
	int above = kind->skew == SITE_SHORT && place == SECOND;

	is_wrong("the return address", *((site_word *)(uintptr_t)f->sp + above), (site_word)(uintptr_t)site_returned);
}

static void
look_at_registers(const struct found *f, int place)
{
	for (int n = 0; n < FOUND_REGISTERS; n++)
		if (n != RED_ZONE)
			is_wrong("a register", f->registers[n],
				 place == BEHIND ? register_behind(f, n, registers[n]) : registers[n]);
	if (HAS_COUNTER && place < CALL)
		is_wrong("rcx", f->counter, registers[9]);
	if (HAS_COUNTER && place == BEHIND)
		is_wrong("rcx behind", f->counter, counter_behind(f, registers[9]));
}

static void
look_before(const struct found *f, int place)
{
	bool has_number = place == CALL || (place == SECOND && kind->skew != SITE_SHORT);

	is_wrong("the number", f->answer, has_number ? kind->number : NO_NUMBER);
	is_wrong("the flags", f->flags & SITE_FLAGS, SITE_FLAGS);
}

static void
look_behind(const struct found *f)
{
	answer_then = answer_of(f->answer, f->flags);
	is_wrong("the answer then", answer_then, kind->interrupted ? -EINTR : kind->wanted);
	if (kind->interrupted)
		is_wrong("the answer of a call that sleeps", answer_then, kind->interrupted);
	is_wrong("the flags behind", f->flags & SITE_FLAGS, flags_behind(answer_then));
}

static void
look(const struct found *f)
{
	int place = place_of(f->ip);

	if (place == PLACES) {
		is_wrong("the address", f->ip, (site_word)(uintptr_t)kind->site + 1);
		return;
	}
	look_at_stack(f, place);
	look_at_registers(f, place);
	if (place == BEHIND)
		look_behind(f);
	else
		look_before(f, place);
	is_wrong("the mask", f->masked, kind->masks && place == BEHIND);
	was_behind = place == BEHIND;
}

static void
put(void)
{
	bytes_put++;
	is_wrong("a byte", send_byte(), 1);
}

static void
handler(int signal, void *info, struct context *c)
{
	struct found f;

	(void)info;
	if (signal == SIGUSR2)
		finished = true;
	else
		handled++;
	is_wrong("the signals of one call", here, false);
	here = true;
	find(&f, c);
	look(&f);
	if (kind->interrupted)
		put();
	/* Other vectors than those that are watched. */
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n pcmpeqd %%xmm7, %%xmm7\n" : : : "xmm0", "xmm7");
}

/* ---- the call ---- */

static void
look_at_answer(const struct site_seen *s, site_word answer)
{
	is_wrong("the answer", answer, here && was_behind ? answer_then : kind->wanted);
	is_wrong("the flags left", s->flags & SITE_FLAGS, flags_behind(answer));
	if (kind->fills)
		is_wrong("the buffer", buffer.bytes[0] == FILLED && buffer.bytes[1] == FILLED &&
			 buffer.bytes[2] == FILLED && buffer.bytes[3] == FILLED, false);
	if (kind->masks)
		is_wrong("the mask left", unmask(), true);
	is_wrong("the bytes left", drain(), bytes_put - (kind->takes && answer > 0));
}

/* Whether a byte is there before: the site's first two visits get no signal. */
static site_word
call_watched(bool ready)
{
	struct site_seen s = {.answer = NO_NUMBER};
	site_word answer;

	here = was_behind = false;
	bytes_put = 0;
	memset(&buffer, FILLED, sizeof buffer);
	prepare(&buffer);
	if (ready)
		put();
	is_wrong("the number of what it has spoilt",
		 site_spoilt((site_code)(uintptr_t)kind->site, registers, &s), 0);
	answer = answer_of(s.answer, s.flags);
	look_at_answer(&s, answer);
	return answer;
}

static void
make_calls(void)
{
	site_word answer = 0, last = 0;

	for (int n = 0; !finished; n++) {
		last = answer;
		answer = call_watched(kind->ready || (kind->interrupted && n < 2));
	}
	if (kind->interrupted)
		is_wrong("the last answer", last, kind->interrupted);
	print_number(handled);
	print(" signals");
	print_end();
}

static void
choose(struct kind *k)
{
	kind = k;
	if (k->wanted == PARENT)
		k->wanted = parent();
	for (int i = 0; i < (int)COUNT(registers); i++)
		registers[i] = i + 1;
	for (int i = 0; i < k->n; i++)
		registers[argument_registers[i]] = k->arguments[i];
	make_channel();
	catches(SIGUSR1, handler, k->flags);
	catches(SIGUSR2, handler, k->flags);
}

int
main(int argc, char **argv, char **envp)
{
	(void)envp;
	for (struct kind *k = kinds; k < kinds + COUNT(kinds); k++) {
		if (argc > 1 && same_text(argv[1], k->name)) {
			choose(k);
			make_calls();
			leave(wrong);
		} else if (argc == 1) {
			print(k->name);
			print_end();
		}
	}
	leave(argc > 1 ? 2 : 0);
}
