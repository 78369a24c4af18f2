/* covers: freebsd freebsd4_getdomainname freebsd4_uname setfib uuidgen abort2 getloginclass */
/* The system's names, its identifiers, and small calls about itself. */
#include "guest.h"

enum {
	SYS_freebsd4_getdomainname = 162, SYS_freebsd4_uname = 164, SYS_setfib = 175, SYS_utrace = 335,
	SYS_kenv = 390, SYS_uuidgen = 392, SYS_abort2 = 463, SYS_getloginclass = 523, SYS_setrlimit = 195,
};
enum { KENV_GET = 0, KENV_SET = 1, RLIMIT_CORE = 4, SIGABRT = 6, SIGKILL = 9 };

TEST(the_old_names_are_there)
{
	char names[5][32], domain[8] = "xxxxxxx";

	CHECK_IS(call(SYS_freebsd4_uname, names), 0);
	CHECK(same_text(names[0], "FreeBSD"));
	CHECK(same_text(names[4], "amd64"));
	CHECK(names[2][0] >= '1' && names[2][0] <= '9');
	CHECK_IS(call(SYS_freebsd4_uname, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_freebsd4_getdomainname, domain, 4), 0);
	CHECK_IS(domain[0], 0);
	CHECK_IS(domain[4], 'x');
	CHECK_IS(call(SYS_freebsd4_getdomainname, NOWHERE, 4), -EFAULT);
}

struct uuid {
	uint32_t low;
	uint16_t mid, high_version;
	uint8_t sequence_high, sequence_low, node[6];
};
static struct uuid uuids[200];

TEST(identifiers_are_of_version_one_and_none_twice)
{
	CHECK_IS(call(SYS_uuidgen, uuids, 200), 0);
	for (size_t i = 0; i < 200; i++) {
		CHECK_IS(uuids[i].high_version >> 12, 1);
		CHECK_IS(uuids[i].sequence_high >> 6, 2);
		for (size_t k = 0; k < i; k++)
			CHECK(!same(&uuids[i], &uuids[k], sizeof *uuids));
	}
	CHECK_IS(call(SYS_uuidgen, uuids, 0), -EINVAL);
	CHECK_IS(call(SYS_uuidgen, uuids, 2049), -EINVAL);
	CHECK_IS(call(SYS_uuidgen, NOWHERE, 2), -EFAULT);
}

TEST(the_login_class_fits_or_is_too_long)
{
	char name[32] = "";

	CHECK_IS(call(SYS_getloginclass, name, sizeof name), 0);
	CHECK(length(name) > 0);
	CHECK_IS(call(SYS_getloginclass, name, length(name)), -ERANGE);
	CHECK_IS(call(SYS_getloginclass, NOWHERE, sizeof name), -EFAULT);
}

TEST(there_is_one_routing_table)
{
	CHECK_IS(call(SYS_setfib, 0), 0);
	CHECK_IS(call(SYS_setfib, -1), -EINVAL);
	CHECK_IS(call(SYS_setfib, 100000), -EINVAL);
}

TEST(records_for_ktrace_are_taken)
{
	CHECK_IS(call(SYS_utrace, "record", 6), 0);
}

TEST(the_kernel_has_an_environment)
{
	char value[16];

	CHECK_IS(call(SYS_kenv, KENV_GET, "no.such.name.here", value, sizeof value), -ENOENT);
	CHECK_IS(call(SYS_kenv, KENV_GET, NOWHERE, value, sizeof value), -EFAULT);
	CHECK_IS(call(SYS_kenv, 77, "name", value, sizeof value), -EINVAL);
}

/* How a child ends that says why. */
static long
aborted(const char *why, int n, void *args)
{
	long none[2] = {0, 0}, pid = fork();

	if (pid == 0) {
		call(SYS_setrlimit, RLIMIT_CORE, none);
		call(SYS_abort2, why, n, args);
		leave(0);
	}
	return wait_for(pid) & 0x7f;
}

TEST(abort2_ends_with_abort_or_with_kill)
{
	void *args[2] = {NULL, args};

	CHECK_IS(aborted("it was time", 2, args), SIGABRT);
	CHECK_IS(aborted(NULL, 0, NULL), SIGABRT);
	CHECK_IS(aborted(NOWHERE, 0, NULL), SIGKILL);
	CHECK_IS(aborted("why", 2, NOWHERE), SIGKILL);
	CHECK_IS(aborted("why", 17, args), SIGKILL);
	CHECK_IS(aborted("why", -1, args), SIGKILL);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(the_old_names_are_there);
	RUN(identifiers_are_of_version_one_and_none_twice);
	RUN(the_login_class_fits_or_is_too_long);
	RUN(there_is_one_routing_table);
	RUN(records_for_ktrace_are_taken);
	RUN(the_kernel_has_an_environment);
	RUN(abort2_ends_with_abort_or_with_kill);
	return 0;
}
