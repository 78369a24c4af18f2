/* covers: freebsd sched_setparam sched_getparam sched_setscheduler sched_getscheduler sched_yield yield */
/* covers: freebsd sched_get_priority_max sched_get_priority_min sched_rr_get_interval rtprio rtprio_thread */
/* covers: freebsd cpuset cpuset_setid cpuset_getid cpuset_getaffinity cpuset_setaffinity sched_getcpu */
/* covers: freebsd cpuset_getdomain cpuset_setdomain membarrier */
#include "guest_thread.h"

enum {
	SYS_rtprio = 166, SYS_yield = 321, SYS_sched_setparam = 327, SYS_sched_getparam = 328,
	SYS_sched_setscheduler = 329, SYS_sched_getscheduler = 330, SYS_sched_get_priority_max = 332,
	SYS_sched_get_priority_min = 333, SYS_sched_rr_get_interval = 334, SYS_rtprio_thread = 466,
	SYS_cpuset = 484, SYS_cpuset_setid = 485, SYS_cpuset_getid = 486, SYS_cpuset_getaffinity = 487,
	SYS_cpuset_setaffinity = 488, SYS_cpuset_getdomain = 561, SYS_cpuset_setdomain = 562, SYS_sched_getcpu = 581,
	SCHED_FIFO = 1, SCHED_OTHER, SCHED_RR,
	RTP_LOOKUP = 0, RTP_SET, RTP_PRIO_REALTIME = 2, RTP_PRIO_NORMAL, RTP_PRIO_IDLE,
	CPU_LEVEL_ROOT = 1, CPU_LEVEL_CPUSET, CPU_LEVEL_WHICH, CPU_WHICH_TID = 1, CPU_WHICH_PID, CPU_WHICH_CPUSET,
};

struct rtprio {
	uint16_t type, prio;
};

TEST(priorities_have_freebsds_ranges)
{
	CHECK_IS(call(SYS_sched_get_priority_min, SCHED_FIFO), 0);
	CHECK_IS(call(SYS_sched_get_priority_max, SCHED_FIFO), 31);
	CHECK_IS(call(SYS_sched_get_priority_max, SCHED_RR), 31);
	CHECK_IS(call(SYS_sched_get_priority_min, SCHED_OTHER), 0);
	CHECK_IS(call(SYS_sched_get_priority_max, 0), -EINVAL);
	CHECK_IS(call(SYS_sched_get_priority_min, 4), -EINVAL);
}

TEST(the_scheduler_is_asked_and_set)
{
	int priority = -1;
	struct timespec t = {-1, -1};

	CHECK_IS(call(SYS_sched_getscheduler, 0), SCHED_OTHER);
	CHECK_IS(call(SYS_sched_getparam, 0, &priority), 0);
	CHECK(priority >= 0 && priority <= 103);
	CHECK_IS(call(SYS_sched_getparam, 0, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_sched_getscheduler, -5), -ESRCH);
	CHECK_IS(call(SYS_sched_setparam, 0, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_sched_setparam, 99999, &priority), -ESRCH);
	CHECK_IS(call(SYS_sched_rr_get_interval, 0, &t), 0);
	CHECK(t.sec == 0 && t.nsec > 0);
	CHECK_IS(call(SYS_sched_yield), 0);
	CHECK_IS(call(SYS_yield), 0);
	CHECK(call(SYS_sched_getcpu) >= 0);
}

TEST(rtprio_tells_and_lowers)
{
	struct rtprio p = {0, 0};
	long pid = fork();

	if (pid == 0) {
		CHECK_IS(call(SYS_rtprio, RTP_LOOKUP, 0, &p), 0);
		CHECK_IS(p.type, RTP_PRIO_NORMAL);
		CHECK_IS(call(SYS_rtprio_thread, RTP_LOOKUP, my_tid(), &p), 0);
		CHECK_IS(p.type, RTP_PRIO_NORMAL);
		CHECK_IS(call(SYS_rtprio_thread, RTP_LOOKUP, 0, NOWHERE), -EFAULT);
		CHECK_IS(call(SYS_rtprio, 7, 0, &p), -EINVAL);
		CHECK_IS(call(SYS_rtprio_thread, RTP_LOOKUP, 12, &p), -ESRCH);
		p = (struct rtprio){RTP_PRIO_NORMAL, 32};
		CHECK_IS(call(SYS_rtprio, RTP_SET, 0, &p), -EINVAL);
		p = (struct rtprio){RTP_PRIO_IDLE, 3};
		CHECK_IS(call(SYS_rtprio, RTP_SET, 0, &p), 0);
		CHECK_IS(call(SYS_rtprio, RTP_LOOKUP, 0, &p), 0);
		CHECK_IS(p.type, RTP_PRIO_IDLE);
		leave_as_checked();
	}
	CHECK_IS(wait_for(pid), EXITED(0));
}

static uint8_t set[128];

TEST(affinity_is_asked_and_set)
{
	uint8_t one[128] = {0};
	int cpu = 0;

	CHECK_IS(call(SYS_cpuset_getaffinity, CPU_LEVEL_WHICH, CPU_WHICH_PID, -1L, sizeof set, set), 0);
	while (cpu < 1024 && !(set[cpu / 8] >> cpu % 8 & 1))
		cpu++;
	CHECK(cpu < 1024);
	CHECK_IS(call(SYS_cpuset_getaffinity, CPU_LEVEL_WHICH, CPU_WHICH_TID, my_tid(), sizeof set, set), 0);
	CHECK_IS(call(SYS_cpuset_getaffinity, CPU_LEVEL_ROOT, CPU_WHICH_PID, -1L, sizeof set, set), 0);
	CHECK_IS(call(SYS_cpuset_getaffinity, CPU_LEVEL_WHICH, CPU_WHICH_PID, -1L, 4096, set), -ERANGE);
	CHECK_IS(call(SYS_cpuset_getaffinity, CPU_LEVEL_WHICH, CPU_WHICH_PID, -1L, sizeof set, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_cpuset_getaffinity, 9, CPU_WHICH_PID, -1L, sizeof set, set), -EINVAL);
	one[cpu / 8] = (uint8_t)(1 << cpu % 8);
	CHECK_IS(call(SYS_cpuset_setaffinity, CPU_LEVEL_WHICH, CPU_WHICH_TID, -1L, sizeof one, one), 0);
	CHECK_IS(call(SYS_sched_getcpu), cpu);
	CHECK_IS(call(SYS_cpuset_setaffinity, CPU_LEVEL_WHICH, CPU_WHICH_TID, -1L, sizeof set, set), 0);
	CHECK_IS(call(SYS_cpuset_setaffinity, CPU_LEVEL_WHICH, CPU_WHICH_TID, -1L, sizeof set, NOWHERE), -EFAULT);
}

TEST(a_process_is_in_a_set)
{
	int id = -1;

	CHECK_IS(call(SYS_cpuset_getid, CPU_LEVEL_CPUSET, CPU_WHICH_PID, -1L, &id), 0);
	CHECK(id >= 0);
	CHECK_IS(call(SYS_cpuset_setid, CPU_WHICH_PID, -1L, id), 0);
	CHECK_IS(call(SYS_cpuset_setid, CPU_WHICH_PID, -1L, 12345), -ESRCH);
	CHECK_IS(call(SYS_cpuset, NOWHERE), -EFAULT);
}

TEST(memory_has_a_domain)
{
	uint64_t domains[4] = {0};
	int policy = 0;

	CHECK_IS(call(SYS_cpuset_getdomain, CPU_LEVEL_WHICH, CPU_WHICH_PID, -1L, sizeof domains, domains, &policy), 0);
	CHECK_IS(domains[0] & 1, 1);
	CHECK(policy >= 1 && policy <= 4);
	CHECK_IS(call(SYS_cpuset_setdomain, CPU_LEVEL_WHICH, CPU_WHICH_PID, -1L, sizeof domains, domains, policy), 0);
	CHECK_IS(call(SYS_cpuset_getdomain, CPU_LEVEL_WHICH, CPU_WHICH_PID, -1L, 4, domains, &policy), -ERANGE);
}

enum { SYS_membarrier = 584, SIGSYS = 12, CMD_QUERY = 0, CMD_GLOBAL = 1, CMD_PRIVATE = 8, CMD_REGISTER_PRIVATE = 16 };

TEST(barriers_are_asked_for_and_made)
{
	long pid = fork(), status;

	if (pid == 0) {
		long known = call(SYS_membarrier, CMD_QUERY, 0, 0);

		CHECK(known > 0 && (known & ~0x27f) == 0);
		CHECK_IS(call(SYS_membarrier, CMD_QUERY, 1, 0), -EINVAL);
		CHECK_IS(call(SYS_membarrier, 3, 0, 0), -EINVAL);
		CHECK_IS(call(SYS_membarrier, 0x80, 0, 0), -EINVAL);
		CHECK_IS(call(SYS_membarrier, CMD_PRIVATE, 0, 0), -EPERM);
		CHECK_IS(call(SYS_membarrier, CMD_REGISTER_PRIVATE, 0, 0), 0);
		CHECK_IS(call(SYS_membarrier, CMD_PRIVATE, 0, 0), 0);
		CHECK_IS(call(SYS_membarrier, CMD_GLOBAL, 0, 0), 0);
		leave_as_checked();
	}
	status = wait_for(pid);
	if (status == SIGSYS)
		SKIP("FreeBSD 14 has it, this release does not");
	CHECK_IS(status, EXITED(0));
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(priorities_have_freebsds_ranges);
	RUN(the_scheduler_is_asked_and_set);
	RUN(rtprio_tells_and_lowers);
	RUN(affinity_is_asked_and_set);
	RUN(a_process_is_in_a_set);
	RUN(memory_has_a_domain);
	RUN(barriers_are_asked_for_and_made);
	return 0;
}
