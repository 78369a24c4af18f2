/*
 * covers: freebsd getuid geteuid getgid getegid setuid setgid seteuid setegid setreuid setregid
 * covers: freebsd setresuid setresgid getresuid getresgid freebsd14_getgroups freebsd14_setgroups
 * covers: freebsd issetugid getpgid getsid getgroups setgroups
 */
#include "guest.h"

enum {
	SYS_setuid = 23, SYS_getuid = 24, SYS_geteuid = 25, SYS_getegid = 43, SYS_getgid = 47,
	SYS_freebsd14_getgroups = 79, SYS_freebsd14_setgroups = 80, SYS_setpgid = 82, SYS_setreuid = 126,
	SYS_setregid = 127, SYS_setsid = 147, SYS_setgid = 181, SYS_setegid = 182, SYS_seteuid = 183,
	SYS_getpgid = 207, SYS_issetugid = 253, SYS_getsid = 310, SYS_setresuid = 311, SYS_setresgid = 312,
	SYS_getresuid = 360, SYS_getresgid = 361, SYS_thr_exit = 431, SYS_thr_new = 455, SYS___sysctlbyname = 570,
	SYS_getgroups = 595, SYS_setgroups = 596,
};

enum { NOBODY = 65534, SOMEBODY = 1234, OTHER = 4321 };

static bool
is_root(void)
{
	return call(SYS_geteuid) == 0;
}

/* Ids changed in a child are nobody else's. */
static long
in_child(void (*checks)(void))
{
	long pid = fork();

	if (pid == 0) {
		checks();
		leave_as_checked();
	}
	return wait_for(pid);
}

static void
check_users(uint32_t real, uint32_t effective, uint32_t saved)
{
	uint32_t r = 1, e = 1, s = 1;

	CHECK_IS(call(SYS_getresuid, &r, &e, &s), 0);
	CHECK_IS(r, real);
	CHECK_IS(e, effective);
	CHECK_IS(s, saved);
	CHECK_IS(call(SYS_getuid), real);
	CHECK_IS(call(SYS_geteuid), effective);
}

static void
check_groups(uint32_t real, uint32_t effective, uint32_t saved)
{
	uint32_t r = 1, e = 1, s = 1;

	CHECK_IS(call(SYS_getresgid, &r, &e, &s), 0);
	CHECK_IS(r, real);
	CHECK_IS(e, effective);
	CHECK_IS(s, saved);
	CHECK_IS(call(SYS_getgid), real);
	CHECK_IS(call(SYS_getegid), effective);
}

TEST(ids_are_asked_for_one_by_one)
{
	uint32_t id = 77;

	CHECK_IS(call(SYS_getresuid, NULL, &id, NULL), 0);
	CHECK_IS(id, call(SYS_geteuid));
	CHECK_IS(call(SYS_getresgid, NULL, NULL, NULL), 0);
	CHECK_IS(call(SYS_getresuid, NOWHERE, NULL, NULL), -EFAULT);
	CHECK_IS(call(SYS_getresgid, NULL, NULL, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_issetugid), 0);
}

static void
become_somebody(void)
{
	CHECK_IS(call(SYS_setgid, OTHER), 0);
	check_groups(OTHER, OTHER, OTHER);
	CHECK_IS(call(SYS_setuid, SOMEBODY), 0);
	check_users(SOMEBODY, SOMEBODY, SOMEBODY);
	CHECK_IS(call(SYS_setuid, SOMEBODY), 0);
	CHECK_IS(call(SYS_setuid, 0), -EPERM);
	CHECK_IS(call(SYS_setuid, -1), -EPERM);
	CHECK_IS(call(SYS_seteuid, 0), -EPERM);
	CHECK_IS(call(SYS_seteuid, -1), -EPERM);
	CHECK_IS(call(SYS_setreuid, 0, -1), -EPERM);
	CHECK_IS(call(SYS_setresuid, -1, -1, 0), -EPERM);
	CHECK_IS(call(SYS_setresuid, -1, -1, -1), 0);
	CHECK_IS(call(SYS_setgid, 0), -EPERM);
	CHECK_IS(call(SYS_setegid, -1), -EPERM);
	CHECK_IS(call(SYS_setregid, 0, 0), -EPERM);
	CHECK_IS(call(SYS_setresgid, 0, -1, -1), -EPERM);
}

TEST(privilege_once_given_up_is_gone)
{
	if (!is_root())
		SKIP("needs root");
	CHECK_IS(in_child(become_somebody), EXITED(0));
}

static void
go_and_come_back(void)
{
	CHECK_IS(call(SYS_setegid, OTHER), 0);
	check_groups(0, OTHER, 0);
	CHECK_IS(call(SYS_seteuid, SOMEBODY), 0);
	check_users(0, SOMEBODY, 0);
	CHECK_IS(call(SYS_seteuid, OTHER), -EPERM);
	CHECK_IS(call(SYS_seteuid, 0), 0);
	check_users(0, 0, 0);
	CHECK_IS(call(SYS_setreuid, SOMEBODY, OTHER), 0);
	check_users(SOMEBODY, OTHER, OTHER);
	CHECK_IS(call(SYS_setreuid, -1, SOMEBODY), 0);
	CHECK_IS(call(SYS_geteuid), SOMEBODY);
}

TEST(the_saved_id_leads_back)
{
	if (!is_root())
		SKIP("needs root");
	CHECK_IS(in_child(go_and_come_back), EXITED(0));
}

/* kern_prot.c: setuid looks at the real and the effective id, and not at the saved one. */
static void
saved_is_not_enough(void)
{
	CHECK_IS(call(SYS_setresuid, SOMEBODY, NOBODY, OTHER), 0);
	check_users(SOMEBODY, NOBODY, OTHER);
	CHECK_IS(call(SYS_setuid, OTHER), -EPERM);
	CHECK_IS(call(SYS_setuid, NOBODY), 0);
	check_users(NOBODY, NOBODY, NOBODY);
}

TEST(setuid_to_the_saved_id_is_refused)
{
	if (!is_root())
		SKIP("needs root");
	CHECK_IS(in_child(saved_is_not_enough), EXITED(0));
}

static void
set_three(void)
{
	CHECK_IS(call(SYS_setresgid, SOMEBODY, OTHER, NOBODY), 0);
	check_groups(SOMEBODY, OTHER, NOBODY);
	CHECK_IS(call(SYS_setresgid, -1, SOMEBODY, -1), 0);
	check_groups(SOMEBODY, SOMEBODY, NOBODY);
	CHECK_IS(call(SYS_setregid, OTHER, -1), 0);
	CHECK_IS(call(SYS_getgid), OTHER);
	CHECK_IS(call(SYS_setresuid, SOMEBODY, SOMEBODY, 0), 0);
	check_users(SOMEBODY, SOMEBODY, 0);
}

TEST(three_ids_are_set_at_once)
{
	if (!is_root())
		SKIP("needs root");
	CHECK_IS(in_child(set_three), EXITED(0));
}

static void
change_groups(void)
{
	uint32_t groups[4] = {5, 6, 7, 8}, got[8] = {0};

	CHECK_IS(call(SYS_freebsd14_setgroups, 3, groups), 0);
	CHECK_IS(call(SYS_freebsd14_getgroups, 0, NULL), 3);
	CHECK_IS(call(SYS_freebsd14_getgroups, 8, got), 3);
	CHECK_IS(got[0], 5);
	CHECK_IS(got[1], 6);
	CHECK_IS(got[2], 7);
	CHECK_IS(call(SYS_getegid), 5);
	CHECK_IS(call(SYS_freebsd14_getgroups, 2, got), -EINVAL);
	CHECK_IS(call(SYS_freebsd14_getgroups, 8, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_freebsd14_setgroups, 4, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_freebsd14_setgroups, 4000, groups), -EINVAL);
	CHECK_IS(call(SYS_freebsd14_setgroups, -1, groups), -EINVAL);
	CHECK_IS(call(SYS_setuid, SOMEBODY), 0);
	CHECK_IS(call(SYS_freebsd14_setgroups, 1, groups), -EPERM);
	CHECK_IS(call(SYS_freebsd14_setgroups, 4, NOWHERE), -EFAULT);
}

TEST(the_effective_group_is_the_first_of_the_groups)
{
	if (!is_root())
		SKIP("needs root");
	CHECK_IS(in_child(change_groups), EXITED(0));
}

/* 15.0: the effective group is no longer one of them. */
static void
change_groups15(void)
{
	uint32_t groups[3] = {5, 6, 7}, got[8] = {0};
	long effective = call(SYS_getegid);

	CHECK_IS(call(SYS_setgroups, 3, groups), 0);
	CHECK_IS(call(SYS_getgroups, 0, NULL), 3);
	CHECK_IS(call(SYS_getgroups, 8, got), 3);
	CHECK_IS(got[0], 5);
	CHECK_IS(got[2], 7);
	CHECK_IS(call(SYS_getegid), effective);
	CHECK_IS(call(SYS_getgroups, 2, got), -EINVAL);
	CHECK_IS(call(SYS_getgroups, 8, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_setgroups, 3, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_setgroups, 4000, groups), -EINVAL);
	CHECK_IS(call(SYS_setgroups, -1, groups), -EINVAL);
	CHECK_IS(call(SYS_setgroups, 0, NULL), 0);
	CHECK_IS(call(SYS_getgroups, 0, NULL), 0);
	CHECK_IS(call(SYS_setuid, SOMEBODY), 0);
	CHECK_IS(call(SYS_setgroups, 3, groups), -EPERM);
}

TEST(groups_are_apart_from_the_effective_one)
{
	int release = 0;
	size_t size = sizeof release;

	CHECK_IS(call(SYS___sysctlbyname, "kern.osreldate", 14, &release, &size, NULL, 0), 0);
	if (release < 1500000 || !is_root())
		SKIP("needs 15.0 and root");
	CHECK_IS(in_child(change_groups15), EXITED(0));
}

/* ---- threads ---- */

struct thr_param {
	void (*start)(void *);
	void *argument;
	char *stack_base;
	size_t stack_size;
	char *tls_base;
	size_t tls_size;
	long *child_tid, *parent_tid;
	int flags;
	void *rtp, *spare[3];
};
_Static_assert(sizeof(struct thr_param) == 104, "sys/thr.h");

static char stacks[2][16384];
static volatile int asleep, awake, go;

/* Waits in a call or in its own code, then says who it is. */
static void
say_who(void *in_call)
{
	__atomic_fetch_add(&asleep, 1, __ATOMIC_SEQ_CST);
	while (!go)
		if (in_call)
			sleep_ms(20);
	CHECK_IS(call(SYS_geteuid), SOMEBODY);
	CHECK_IS(call(SYS_getegid), OTHER);
	__atomic_fetch_add(&awake, 1, __ATOMIC_SEQ_CST);
	call(SYS_thr_exit, NULL);
}

static void
change_with_threads(void)
{
	long tid;

	for (int i = 0; i < 2; i++) {
		struct thr_param p = {.start = say_who, .argument = (void *)(long)i, .stack_base = stacks[i],
				      .stack_size = sizeof stacks[i], .child_tid = &tid, .parent_tid = &tid};

		CHECK_IS(call(SYS_thr_new, &p, sizeof p), 0);
	}
	while (asleep != 2)
		sleep_ms(1);
	CHECK_IS(call(SYS_setresgid, OTHER, OTHER, OTHER), 0);
	CHECK_IS(call(SYS_setuid, SOMEBODY), 0);
	go = 1;
	while (awake != 2)
		sleep_ms(1);
}

TEST(ids_are_those_of_all_threads)
{
	if (!is_root())
		SKIP("needs root");
	CHECK_IS(in_child(change_with_threads), EXITED(0));
}

TEST(a_process_is_in_a_group_and_a_session)
{
	long me = call(SYS_getpid);

	CHECK_IS(call(SYS_getpgid, me), call(SYS_getpgid, 0));
	CHECK_IS(call(SYS_getsid, me), call(SYS_getsid, 0));
	CHECK_IS(call(SYS_getpgid, -1), -ESRCH);
	CHECK_IS(call(SYS_getsid, -1), -ESRCH);
	CHECK_IS(call(SYS_getpgid, 99998), -ESRCH);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(ids_are_asked_for_one_by_one);
	RUN(privilege_once_given_up_is_gone);
	RUN(the_saved_id_leads_back);
	RUN(setuid_to_the_saved_id_is_refused);
	RUN(three_ids_are_set_at_once);
	RUN(the_effective_group_is_the_first_of_the_groups);
	RUN(groups_are_apart_from_the_effective_one);
	RUN(ids_are_those_of_all_threads);
	RUN(a_process_is_in_a_group_and_a_session);
	return 0;
}
