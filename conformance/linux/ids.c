/* covers: linux getuid geteuid getgid getegid setuid setgid setreuid setregid setresuid getresuid setresgid getresgid
   setfsuid setfsgid getgroups setgroups capget capset getpriority setpriority ioprio_get ioprio_set getcpu sched_yield
   sched_setparam sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max sched_get_priority_min
   sched_rr_get_interval sched_setaffinity sched_getaffinity sched_setattr sched_getattr getrlimit setrlimit prlimit64
   sysinfo uname sethostname setdomainname getrandom */
#include "guest.h"

#include <linux/capability.h>
#include <linux/resource.h>
#include <linux/utsname.h>

#define NOBODY 65534

/* What a step as root takes away stays away: each test in a child of its own. */
#define APART(body) \
	do { \
		long pid_ = fork(); \
		if (pid_ == 0) { \
			body; \
			leave(0); \
		} \
		VALUE(wait_for(pid_)); \
	} while (0)

static void
show_ids(void)
{
	unsigned id[3] = {77, 77, 77};

	SHOW(getuid);
	SHOW(geteuid);
	SHOW(getgid);
	SHOW(getegid);
	call(getresuid, &id[0], &id[1], &id[2]);
	VALUE(id[2]);
	call(getresgid, &id[0], &id[1], &id[2]);
	VALUE(id[2]);
	SHOW(setfsuid, -1);
	SHOW(setfsgid, -1);
}

TEST(users_and_groups)
{
	APART(SHOW(setuid, 1000); show_ids(); SHOW(setuid, 0));
	APART(SHOW(setgid, 1000); show_ids());
	APART(SHOW(setreuid, -1, 1000); show_ids(); SHOW(setreuid, 1000, 0));
	APART(SHOW(setregid, 5, 6); show_ids());
	APART(SHOW(setresuid, 1, 2, 3); show_ids(); SHOW(setresuid, 7, -1, -1); SHOW(setresuid, 3, 1, -1); show_ids());
	APART(SHOW(setresgid, 1, 2, 3); show_ids());
	APART(SHOW(setfsuid, 5); SHOW(setfsuid, 5); SHOW(setfsgid, 6); SHOW(setfsgid, 6));
	SHOW(setuid, -1);
	SHOW(setresuid, -1, -1, -1);
	SHOW(getresuid, NOWHERE, NOWHERE, NOWHERE);
	SHOW(getresgid, NOWHERE, NOWHERE, NOWHERE);
}

TEST(lists_of_groups)
{
#ifdef __i386__
	uint16_t groups[4] = {1, 2, 3, 4}, got[8];
#else
	uint32_t groups[4] = {1, 2, 3, 4}, got[8];
#endif
	memset(got, 0, sizeof got);
	APART(SHOW(setgroups, 3, groups); SHOW(getgroups, 8, got); BYTES(got, sizeof got); SHOW(getgroups, 0, NULL);
	      SHOW(getgroups, 2, got); SHOW(getgroups, 8, NOWHERE); SHOW(getgroups, -1, got));
	SHOW(setgroups, 3, NOWHERE);
	SHOW(setgroups, -1, groups);
	SHOW(setgroups, 100000, groups);
	APART(call(setuid, NOBODY); SHOW(setgroups, 1, groups));
}

TEST(capabilities)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof data);
	SHOW(capget, &header, data);
	TRUTH(data[0].effective != 0);
	SHOW(capget, &header, NULL);
	SHOW(capget, NOWHERE, data);
	SHOW(capget, &header, NOWHERE);
	header.pid = 0x7ffffff;
	SHOW(capget, &header, data);
	header.pid = 0;
	APART(data[0].effective = 0; SHOW(capset, &header, data); SHOW(chroot, "/"); SHOW(capset, &header, NOWHERE));
	header.version = 5;
	SHOW(capget, &header, data);
	VALUE(header.version);
	header.version = 5;
	SHOW(capset, &header, data);
	SHOW(capset, NOWHERE, data);
}

TEST(without_privilege)
{
	APART(call(setresuid, NOBODY, NOBODY, NOBODY); SHOW(setuid, 0); SHOW(setpriority, 0, 0, -5);
	      SHOW(sethostname, "name", 4); SHOW(chroot, "/"); SHOW(kill, 1, 15);
	      SHOW(setgid, 5); SHOW(open, "/etc/shadow", O_RDONLY); SHOW(setdomainname, "x", 1));
}

TEST(priorities)
{
	SHOW(getpriority, 0, 0);
	APART(SHOW(setpriority, 0, 0, 5); SHOW(getpriority, 0, 0); SHOW(setpriority, 0, 0, 100); SHOW(getpriority, 0, 0));
	SHOW(getpriority, 9, 0);
	SHOW(getpriority, 0, 0x7ffffff);
	SHOW(setpriority, 9, 0, 0);
	SHOW(setpriority, 0, 0x7ffffff, 0);
	SHOW(ioprio_get, 1, 0);
	SHOW(ioprio_get, 9, 0);
	APART(SHOW(ioprio_set, 1, 0, 0x4005); SHOW(ioprio_get, 1, 0); SHOW(ioprio_set, 1, 0, 0xf000));
}

TEST(scheduling)
{
	int priority = 0;
	struct guest_timespec interval;
	struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t rest[3]; } a = {.size = 48};

	SHOW(sched_yield);
	SHOW(sched_getscheduler, 0);
	SHOW(sched_getscheduler, -1);
	SHOW(sched_getparam, 0, &priority);
	VALUE(priority);
	SHOW(sched_getparam, 0, NOWHERE);
	SHOW(sched_get_priority_max, 1);
	SHOW(sched_get_priority_min, 2);
	SHOW(sched_get_priority_max, 99);
	APART(SHOW(sched_setscheduler, 0, 3, &priority); SHOW(sched_getscheduler, 0));
	SHOW(sched_setscheduler, 0, 99, &priority);
	SHOW(sched_setscheduler, 0, 1, &priority);
	SHOW(sched_setscheduler, 0, 3, NOWHERE);
	SHOW(sched_setparam, 0, &priority);
	SHOW(sched_setparam, -1, &priority);
	SHOW(sched_rr_get_interval, 0, &interval);
	SHOW(sched_rr_get_interval, -1, &interval);
	SHOW(sched_rr_get_interval, 0, NOWHERE);
	SHOW(sched_getattr, 0, &a, 48, 0);
	VALUE(a.size);
	VALUE(a.policy);
	SHOW(sched_getattr, 0, &a, 8, 0);
	SHOW(sched_getattr, 0, NOWHERE, 48, 0);
	SHOW(sched_setattr, 0, &a, 0);
	a.policy = 77;
	SHOW(sched_setattr, 0, &a, 0);
	SHOW(sched_setattr, 0, NULL, 0);
	SHOW(sched_setattr, 0, &a, 7);
}

TEST(processors)
{
	unsigned long set[16] = {0}, was[16] = {0};
	unsigned cpu = 99, node = 99;

	SHOW_OK(sched_getaffinity, 0, sizeof set, was);
	SHOW(sched_getaffinity, 0, 1, set);
	SHOW(sched_getaffinity, 0, sizeof set, NOWHERE);
	SHOW(sched_getaffinity, 0x7ffffff, sizeof set, set);
	SHOW(sched_setaffinity, 0, sizeof set, set);
	SHOW(sched_setaffinity, 0, sizeof set, NOWHERE);
	SHOW(sched_setaffinity, 0, sizeof was, was);
	SHOW(getcpu, &cpu, &node, NULL);
	TRUTH(cpu < 99 && node < 99);
	SHOW(getcpu, NULL, NULL, NULL);
	SHOW(getcpu, NOWHERE, NULL, NULL);
}

struct limit {
	__kernel_ulong_t now, most;
};
struct wide_limit {
	uint64_t now, most;
};

TEST(limits)
{
	struct limit l = {0, 0};
	struct wide_limit w = {0, 0}, set = {100, 200};

	SHOW(getrlimit, RLIMIT_CORE, &l);
	for (int i = 0; i < 17; i++)
		VALUE(call(getrlimit, i, &l));
	SHOW(getrlimit, 7, NOWHERE);
	SHOW(setrlimit, 7, NOWHERE);
	SHOW(setrlimit, 77, &l);
	SHOW(prlimit64, 0, RLIMIT_NOFILE, NULL, &w);
	TRUTH(w.now > 100);
	APART(SHOW(prlimit64, 0, RLIMIT_NOFILE, &set, &w); SHOW(getrlimit, RLIMIT_NOFILE, &l); VALUE(l.now);
	      VALUE(l.most); SHOW(fcntl, 0, 0, 150); l.now = 300; SHOW(setrlimit, RLIMIT_NOFILE, &l); l.now = 10;
	      SHOW(setrlimit, RLIMIT_NOFILE, &l); SHOW(fcntl, 0, 0, 50); SHOW(dup2, 0, 9); SHOW(dup2, 0, 10));
	SHOW(prlimit64, 0, 99, NULL, &w);
	SHOW(prlimit64, 0x7ffffff, 7, NULL, &w);
	SHOW(prlimit64, 0, 7, NOWHERE, NULL);
	SHOW(prlimit64, 0, 7, NULL, NOWHERE);
	w = (struct wide_limit){~0ull, ~0ull};
	SHOW(prlimit64, 0, RLIMIT_AS, &w, NULL);
	SHOW(getrlimit, RLIMIT_AS, &l);
	TRUTH(l.now == ~(__kernel_ulong_t)0);
}

TEST(the_machine)
{
	static char info[256];
	struct new_utsname name;

	SHOW(uname, &name);
	TEXT(name.sysname);
	TEXT(name.machine);
	SHOW(uname, NOWHERE);
	SHOW(sysinfo, info);
	SHOW(sysinfo, NOWHERE);
	SHOW(sethostname, NOWHERE, 5);
	SHOW(sethostname, "x", -1);
	SHOW(sethostname, "x", 100);
	SHOW(setdomainname, NOWHERE, 5);
	SHOW(getrandom, info, 16, 0);
	SHOW(getrandom, NOWHERE, 16, 0);
	SHOW(getrandom, info, 16, 0x77);
	SHOW(getrandom, info, 0, 1);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(users_and_groups);
	RUN(lists_of_groups);
	RUN(capabilities);
	RUN(without_privilege);
	RUN(priorities);
	RUN(scheduling);
	RUN(processors);
	RUN(limits);
	RUN(the_machine);
	return 0;
}
