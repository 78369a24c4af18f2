/* The floor: what a translated call cannot go below. The traps by themselves, and host calls that others' are made of. */
#include "micro.h"

enum { PR_SET_NO_NEW_PRIVS = 38, PR_SET_SYSCALL_USER_DISPATCH = 59, SET_MODE_FILTER = 1 };
enum { AT_FDCWD = -100, STATX_BASIC_STATS_AND_BIRTH = 0xfff };

/* Syscall User Dispatch with all the program's addresses exempt. */
static void
arm_sud(void)
{
	static volatile char selector;

	must("PR_SET_SYSCALL_USER_DISPATCH",
	     call(prctl, PR_SET_SYSCALL_USER_DISPATCH, 1, 4096, ~0UL / 2 + ~0UL / 4, &selector));
}

/* The core's filter (translate/core/trap.c), by instruction pointer, for a gate that is all of the program. */
static void
arm_seccomp(void)
{
	enum { LOAD = 0x20, EQUAL = 0x15, AT_LEAST = 0x35, RETURN = 0x06, POINTER = 8 };
	enum { ALLOW = 0x7fff0000, TRAP = 0x00030000 };
	static const struct { uint16_t code; uint8_t yes, no; uint32_t k; } filter[] = {
		{LOAD, 0, 0, POINTER + 4}, {EQUAL, 0, 4, 0}, {LOAD, 0, 0, POINTER}, {AT_LEAST, 0, 2, 4096},
		{AT_LEAST, 1, 0, 0xffffffff}, {RETURN, 0, 0, ALLOW}, {RETURN, 0, 0, TRAP},
	};
	const struct { uint16_t n; const void *filter; } program = {COUNT(filter), filter};

	must("PR_SET_NO_NEW_PRIVS", call(prctl, PR_SET_NO_NEW_PRIVS, 1));
	must("seccomp", call(seccomp, SET_MODE_FILTER, 0, &program));
}

void
face_arm(const char *trap)
{
	if (same(trap, "sud"))
		arm_sud();
	else if (same(trap, "seccomp"))
		arm_seccomp();
	else
		must("sud or seccomp", -22 /* EINVAL */);
}

/* Of stat(2): the birth time is told by statx(2) only. */
static void
stat_with_birth(long count)
{
	static char buffer[256];

	while (count-- > 0)
		must("statx", call(statx, AT_FDCWD, "/dev/null", 0, STATX_BASIC_STATS_AND_BIRTH, buffer));
}

const struct benchmark floor_family[] = {
	{"stat-with-birth", NULL, stat_with_birth},
	{NULL, NULL, NULL},
};
