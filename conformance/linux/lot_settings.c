/*
 * covers: linux prctl sched_getscheduler sched_setscheduler sched_getparam sched_setparam sched_get_priority_max
 * covers: linux sched_get_priority_min sched_rr_get_interval sched_setaffinity sched_getaffinity sched_setattr
 * covers: linux sched_getattr setuid setgid setreuid setregid setresuid setresgid getresuid getresgid setfsuid
 * covers: linux setfsgid getgroups setgroups getcpu
 */
/* What a process says of itself and may change: names and flags, how it is scheduled, whose it is. */
#include "guest_lot.h"
#include "guest_signal.h"

#include <linux/prctl.h>

#define NO_PROCESS 0x7ffffff
#define OVERFLOWS 0x20000000	/* times 8, in 32 bits */

#ifndef __i386__	/* which has each twice, the older one with ids of 16 bits */
#define __NR_getresuid32 __NR_getresuid
#define __NR_getresgid32 __NR_getresgid
#define __NR_setresuid32 __NR_setresuid
#define __NR_setresgid32 __NR_setresgid
#define __NR_setreuid32 __NR_setreuid
#define __NR_setregid32 __NR_setregid
#define __NR_setuid32 __NR_setuid
#define __NR_setgid32 __NR_setgid
#define __NR_setfsuid32 __NR_setfsuid
#define __NR_setfsgid32 __NR_setfsgid
#define __NR_getgroups32 __NR_getgroups
#define __NR_setgroups32 __NR_setgroups
#endif
#ifndef PR_GET_AUXV
#define PR_GET_AUXV 0x41555856
#endif

static char data[1024];
static int own_pid;

/* Itself mostly, by its number or without. */
static int
draw_who(void)
{
	switch (draw(8)) {
	case 0:
		return -1;
	case 1:
		return NO_PROCESS;
	case 2:
	case 3:
		return own_pid;
	default:
		return 0;
	}
}

static void
say_who(const char *word, long pid)
{
	if (pid <= 0)
		return say(word, pid);
	print(" ");
	print(word);
	print(pid == NO_PROCESS ? " nobody" : " itself");
}

/* ---- prctl ---- */

static void
names(void)
{
	static const char *const drawn[] = {"", "short", "fifteen letters", "more than fifteen letters"};
	char name[20];

	memset(name, '-', sizeof name);
	print("name");
	if (draw(2))
		answer(call(prctl, PR_SET_NAME, draw(10) ? DRAW(drawn) : NOWHERE));
	answer(call(prctl, PR_GET_NAME, draw(10) ? name : NOWHERE));
	name[sizeof name - 1] = '\0';
	print(" ");
	print(name);
	say("length", (long long)length(name));
}

/* What answers by its value; but for PR_GET_NO_NEW_PRIVS, which a layer that filters calls must have set. */
static void
flags_of_process(void)
{
	static const int gets[] = {PR_GET_DUMPABLE, PR_GET_KEEPCAPS, PR_GET_TIMERSLACK,
				   PR_GET_SECUREBITS, PR_GET_TIMING, PR_MCE_KILL_GET, PR_GET_THP_DISABLE,
				   PR_CAPBSET_READ, PR_GET_UNALIGN, PR_GET_FPEMU, PR_GET_ENDIAN,
				   57 /* PR_GET_IO_FLUSHER */, 52 /* PR_GET_SPECULATION_CTRL */,
				   66 /* PR_GET_MDWE */, 56 /* PR_GET_TAGGED_ADDR_CTRL */, 54321, -1};
	static const int sets[] = {PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_TIMERSLACK, PR_SET_TIMING};
	static const unsigned values[] = {0, 1, 1, 2, 3, 50000, 100000};
	int option = DRAW(gets);
	unsigned value = draw(3) ? 0 : DRAW(values), rest = draw(8) ? 0 : 1;

	if (draw(3) == 0) {
		option = DRAW(sets);
		value = DRAW(values);
	}
	say("prctl", option);
	say("", value);
	say("", rest);
	answer(call(prctl, option, value, 0, rest, 0));
}

/* What answers behind a pointer. */
static void
numbers_of_process(void)
{
	static const int gets[] = {PR_GET_PDEATHSIG, PR_GET_CHILD_SUBREAPER, PR_GET_TSC};
	static const int signals_at_death[] = {0, SIGURG, SIGUSR1, 64, 65, -1};
	int value = -77;

	if (draw(3) == 0) {
		value = DRAW(signals_at_death);
		say("pdeathsig", value);
		answer(call(prctl, PR_SET_PDEATHSIG, value));
	} else if (draw(3) == 0) {
		value = (int)draw(3);
		say("subreaper", value);
		answer(call(prctl, PR_SET_CHILD_SUBREAPER, value));
	}
	value = DRAW(gets);
	say("get", value);
	answer(call(prctl, value, draw(8) ? &value : NOWHERE));
	say("got", value);
}

static void
auxiliary_vector(void)
{
	static const unsigned sizes[] = {0, 8, 16, 64, 1024};
	unsigned n = DRAW(sizes);
	long r;

	memset(data, 0x55, sizeof data);
	say("auxv", n);
	r = answer(call(prctl, PR_GET_AUXV, draw(8) ? data : NOWHERE, n, 0, draw(8) ? 0 : 1));
	if (r > 0)
		say("as at the start", same(data, guest_auxv, n < 64 ? n : 64));
}

/* ---- scheduling ---- */

static void
policies(void)
{
	static const int drawn[] = {0, 0, 3, 3, 0x40000000, 1, 2, 4, 6, 7, 99, -1};
	int who = draw_who(), policy = DRAW(drawn), priority = draw(6) ? 0 : (int)draw(3) - 1;

	/* What only root may is not to last. */
	if (policy == 1 || policy == 2)
		priority = 0;
	if (who == 0 || who == own_pid)
		policy = policy == 3 || policy == 0x40000000 ? 0 : policy;
	say_who("scheduler of", who);
	say("policy", policy);
	say("priority", priority);
	answer(call(sched_setscheduler, who, policy, draw(12) ? &priority : NOWHERE));
	answer(call(sched_getscheduler, who));
	answer(call(sched_setparam, who, draw(12) ? &priority : NULL));
	priority = 77;
	answer(call(sched_getparam, who, draw(12) ? &priority : draw(2) ? NOWHERE : NULL));
	say("has", priority);
	answer(call(sched_get_priority_max, policy));
	answer(call(sched_get_priority_min, policy));
}

static void
intervals(void)
{
	struct guest_timespec t = {-1, -1};
	int who = draw_who();

	say_who("interval of", who);
	answer(call(sched_rr_get_interval, who, draw(8) ? &t : NOWHERE));
	say("known", t.sec == 0 && t.nsec >= 0);
}

/* To where it may run already. */
static void
processors(void)
{
	static const unsigned sizes[] = {0, 1, 4, 7, 8, 12, 16, 128, 1024, OVERFLOWS};
	static unsigned long set[32];
	unsigned n = DRAW(sizes), m = DRAW(sizes), cpu = 99999, node = 99999;
	int who = draw_who();
	long r;

	say_who("processors of", who);
	say("bytes", n);
	say("", m);
	memset(data, 0, sizeof data);
	r = answer(call(sched_getaffinity, who, n, draw(12) ? data : NOWHERE));
	if (r > 0)
		say("some", data[0] != 0);
	memset(set, 0, sizeof set);
	if (draw(4))
		call(sched_getaffinity, 0, sizeof set, set);
	answer(call(sched_setaffinity, who, m <= sizeof set ? m : sizeof set, draw(12) ? (void *)set : NOWHERE));
	answer(call(getcpu, draw(6) ? &cpu : NULL, draw(6) ? &node : NOWHERE, draw(3) ? NULL : NOWHERE));
	say("known", cpu < 9999);
	say("", node < 9999);
}

/* struct sched_attr, of the first version and longer (kernel/sched/syscalls.c, sched_copy_attr()). */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t rest[3];
	uint32_t clamps[2];
	uint64_t more[505];	/* a page in all: newer kernels clear what is behind theirs */
};
_Static_assert(sizeof(struct attributes) == 4096, "");

static void
attributes(void)
{
	static const unsigned sizes[] = {0, 1, 47, 48, 48, 48, 56, 64, 80, 88, 4096, 4097};
	static const unsigned flags[] = {0, 0, 1, 0x08, 0x100}, policies[] = {0, 0, 3, 7, 99};
	static struct attributes a;
	int who = draw_who();
	unsigned n = DRAW(sizes), how = draw(10) ? 0 : 1;

	memset(&a, 0, sizeof a);
	a.size = DRAW(sizes);
	a.policy = DRAW(policies);
	a.flags = DRAW(flags);
	if (who == 0 || who == own_pid)
		a.flags &= ~1ull, a.policy = a.policy == 3 ? 0 : a.policy;
	if (draw(6) == 0)
		a.more[draw(4)] = draw(2);
	say_who("attributes of", who);
	say("bytes", a.size);
	say("policy", a.policy);
	say("flags", (long long)a.flags);
	answer(call(sched_setattr, who, draw(12) ? &a : draw(2) ? NULL : NOWHERE, how));
	say("wants", a.size);
	memset(&a, 0x55, sizeof a);
	say("get", n);
	answer(call(sched_getattr, who, draw(12) ? &a : draw(2) ? NULL : NOWHERE, n, how));
	say("bytes", a.size);
	say("policy", a.policy);
	say("flags", (long long)a.flags);
	say("nice", a.nice);
	say("", (long long)a.clamps[0]);
	say("", (long long)a.more[0]);
}

/* ---- ids: what changes nothing, and what is none ---- */

static void
users(void)
{
	guest_word id = draw(3) ? -1 : (guest_word)call(getuid);

	say("user is none", id == -1);
	switch (draw(6)) {
	case 0:
		print(" setuid");
		answer(draw(2) ? call(setuid, id) : call(setuid32, id));
		return;
	case 1:
		print(" setreuid");
		answer(draw(2) ? call(setreuid, id, -1) : call(setreuid32, -1, id));
		return;
	case 2:
		print(" setresuid");
		answer(draw(2) ? call(setresuid, id, -1, id) : call(setresuid32, -1, id, -1));
		return;
	case 3:
		print(" setgid");
		answer(draw(2) ? call(setgid, -1) : call(setgid32, -1));
		return;
	case 4:
		print(" setregid");
		answer(draw(2) ? call(setregid, -1, -1) : call(setregid32, -1, -1));
		answer(draw(2) ? call(setresgid, -1, -1, -1) : call(setresgid32, -1, -1, -1));
		return;
	default:
		print(" setfsuid");
		answer(draw(2) ? call(setfsuid, id) : call(setfsuid32, id));
		answer(draw(2) ? call(setfsgid, -1) : call(setfsgid32, -1));
	}
}

static void
ids(void)
{
	uint32_t id[3] = {0, 0, 0};
	unsigned bad = draw(12);
	void *at[3];

	for (unsigned i = 0; i < 3; i++)
		at[i] = i == bad ? NOWHERE : &id[i];
	print("ids");
	switch (draw(4)) {
	case 0:
		answer(call(getresuid, at[0], at[1], at[2]));
		break;
	case 1:
		answer(call(getresuid32, at[0], at[1], at[2]));
		break;
	case 2:
		answer(call(getresgid, at[0], at[1], at[2]));
		break;
	default:
		answer(call(getresgid32, at[0], at[1], at[2]));
	}
	for (unsigned i = 0; i < 3; i++)
		say("", id[i]);
}

static void
supplementary_groups(void)
{
	static const int sizes[] = {0, 0, -1, 1, 2, 64, 255, 65536, 65537};
	int n = DRAW(sizes);

	memset(data, 0x55, sizeof data);
	say("groups", n);
	switch (draw(4)) {
	case 0:
		print(" old set");
		answer(call(setgroups, n == 0 ? -1 : n, NOWHERE));
		return;
	case 1:
		print(" set");
		answer(call(setgroups32, n == 0 ? -1 : n, NOWHERE));
		return;
	case 2:
		print(" old");
		answer(call(getgroups, n, draw(6) ? data : NOWHERE));
		break;
	default:
		answer(call(getgroups32, n, draw(6) ? data : NOWHERE));
	}
	say("first", data[0]);
	say("", data[2]);
}

TEST(settings_are_the_kernels)
{
	static void (*const what[])(void) = {
		names, flags_of_process, flags_of_process, numbers_of_process, auxiliary_vector, policies, intervals,
		processors, attributes, users, ids, supplementary_groups,
	};

	own_pid = (int)call(getpid);
	for (int i = 0; i < CALLS; i++) {
		DRAW(what)();
		print_end();
	}
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(settings_are_the_kernels);
	return 0;
}
