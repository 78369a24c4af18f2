/* covers: linux clock_gettime clock_getres gettimeofday time getcpu */
/* noted: x32 functions: no vDSO: the host's is of the other ELF class (docs/design.md) */
/* noted: x32 every_clock: the same */
/* noted: x32 the_time_of_day: the same */
/* noted: x32 agree_with_the_calls: the same */
/* What the kernel's vDSO can do without a call: who it is found by, what it answers, and that the calls say the same. */
#include "guest.h"

#include <linux/auxvec.h>
#include <linux/elf.h>
#include <linux/time_types.h>

#ifdef __i386__
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
typedef Elf32_Dyn elf_dynamic;
typedef Elf32_Sym elf_symbol;
#else
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
typedef Elf64_Dyn elf_dynamic;
typedef Elf64_Sym elf_symbol;
#endif

#define VERSYM 0x6ffffff0
#define VERDEF 0x6ffffffc

struct version {	/* Elf32_Verdef, Elf64_Verdef */
	uint16_t version, flags, index, count;
	uint32_t hash, aux, next;
};

typedef long (*vdso_function)();

/* NULL: there is none. */
static const unsigned char *vdso;

static const void *
dynamic(long tag)
{
	const elf_header *header = (const void *)vdso;
	const elf_segment *s = (const void *)(vdso + header->e_phoff);

	while (s->p_type != PT_DYNAMIC)
		s++;
	for (const elf_dynamic *d = (const void *)(vdso + s->p_offset); d->d_tag != DT_NULL; d++)
		if ((uint32_t)d->d_tag == (uint32_t)tag)
			return vdso + d->d_un.d_ptr;
	return NULL;
}

static const elf_symbol *
find(const char *name)
{
	const char *strings = vdso ? dynamic(DT_STRTAB) : NULL;

	for (const elf_symbol *s = strings ? dynamic(DT_SYMTAB) : NULL; s && (const char *)s < strings; s++)
		if (s->st_value && same_text(strings + s->st_name, name))
			return s;
	return NULL;
}

static const char *
version_of(const elf_symbol *symbol)
{
	uint16_t index = ((const uint16_t *)dynamic(VERSYM))[symbol - (const elf_symbol *)dynamic(DT_SYMTAB)] & 0x7fff;
	const unsigned char *at = dynamic(VERDEF);

	for (;;) {
		const struct version *v = (const void *)at;

		if (v->index == index)
			return (const char *)dynamic(DT_STRTAB) + *(const uint32_t *)(at + v->aux);
		if (!v->next)
			return "none";
		at += v->next;
	}
}

static vdso_function
function(const char *name)
{
	const elf_symbol *s = find(name);

	return s ? (vdso_function)(uintptr_t)(vdso + s->st_value) : NULL;
}

TEST(functions)
{
	static const char *const names[] = {
		"__vdso_clock_gettime", "__vdso_clock_getres", "__vdso_gettimeofday", "__vdso_time", "__vdso_getcpu",
#ifdef __i386__
		"__vdso_clock_gettime64", "__kernel_vsyscall", "__kernel_sigreturn", "__kernel_rt_sigreturn",
#endif
	};

	TRUTH(vdso != NULL);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		const elf_symbol *s = find(names[i]);

		guest_text(names[i], s ? version_of(s) : "is not there");
	}
}

static void
each_clock(const char *name)
{
	vdso_function f = function(name);
	long t[4];

	for (int clock = -3; f && clock < 14; clock++) {
		memset(t, 0xff, sizeof t);
		guest_show(name, f(clock, t), true);
		TRUTH(t[0] >= 0);
	}
	if (f)
		guest_show(name, f(0x7fffffff, t), true);
}

TEST(every_clock)
{
	each_clock("__vdso_clock_gettime");
	each_clock("__vdso_clock_getres");
	if (function("__vdso_clock_getres"))
		guest_show("no place", function("__vdso_clock_getres")(1, NULL), true);
#ifdef __i386__
	each_clock("__vdso_clock_gettime64");
#endif
}

TEST(the_time_of_day)
{
	vdso_function seconds = function("__vdso_time"), day = function("__vdso_gettimeofday"),
		      processor = function("__vdso_getcpu");
	__kernel_long_t place = 0, v[2];
	int zone[2] = {77, 77};
	unsigned cpu = 77777, node = 77777;
	long now = call(time, NULL);

	if (!seconds || !day || !processor)
		return;
	TRUTH(seconds(NULL) - now <= 1);
	TRUTH(seconds(&place) == place && place - now <= 1);
	guest_show("both", day(v, zone), true);
	VALUE(zone[0]);
	TRUTH(v[0] - now <= 1 && v[1] >= 0 && v[1] < 1000000);
	guest_show("neither", day(NULL, NULL), true);
	zone[0] = 77;
	guest_show("the zone", day(NULL, zone), true);
	VALUE(zone[0]);
	guest_show("a processor", processor(&cpu, &node, NULL), true);
	TRUTH(cpu < 77777 && node < 77777);
	guest_show("no processor", processor(NULL, NULL, NULL), true);
}

static int64_t
nanoseconds(const __kernel_long_t t[2])
{
	return (int64_t)t[0] * 1000000000 + t[1];
}

/* Neither comes to be before the other; both look at the same clock. */
TEST(agree_with_the_calls)
{
	static const int clocks[] = {0, 1, 4, 7, 11};
	vdso_function f = function("__vdso_clock_gettime");

	for (unsigned i = 0; f && i < sizeof clocks / sizeof *clocks; i++) {
		int64_t last = 0;
		int backwards = 0;

		for (unsigned n = 0; n < 200; n++) {
			__kernel_long_t t[2];
			int64_t now;

			if (n % 2)
				f(clocks[i], t);
			else
				call(clock_gettime, clocks[i], t);
			now = nanoseconds(t);
			backwards += now < last;
			last = now;
		}
		VALUE(backwards);
	}
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	vdso = (const unsigned char *)(uintptr_t)auxiliary(AT_SYSINFO_EHDR);
	RUN(functions);
	RUN(every_clock);
	RUN(the_time_of_day);
	RUN(agree_with_the_calls);
	return 0;
}
