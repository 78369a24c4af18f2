/* translate/core/path.c: where a guest's path leads with a root in front of the host's files. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "call.h"
#include "core.h"
#include "path.h"

struct options options;
extern unsigned host_calls_made; /* gate_hosted.c */
static char root[64];
extern const struct personality guest_system; /* PATH_MAX is 1024 */
extern struct process guest_process; /* number 123, of /dir/sub/file */
static struct call the_call = {.abi = &guest_system, .p = &guest_process};

long
copy_in_string(char *to, struct guest_ptr from, size_t size)
{
	size_t n = strnlen((const char *)from.addr, size);

	if (n == size)
		return -ENAMETOOLONG;
	memcpy(to, (const char *)from.addr, n + 1);
	return (long)n;
}

long
load_u32(uint32_t *to, struct guest_ptr from)
{
	*to = 0;
	memcpy(to, (const char *)from.addr, strnlen((const char *)from.addr, sizeof *to));
	return 0;
}

/* It knows the files of others. */
_Bool
mm_map_file(long pid, char *to, size_t size)
{
	snprintf(to, size, "%s/etc/passwd", root);
	return pid != 0;
}

#if !__GLIBC_PREREQ(2, 38)
size_t
strlcpy(char *to, const char *from, size_t size)
{
	return (size_t)snprintf(to, size, "%s", from);
}
#endif

static const char *
under(const char *path)
{
	static char text[256];

	snprintf(text, sizeof text, "%s%s", root, path);
	return text;
}

static void
new_file(const char *path)
{
	close(open(under(path), O_WRONLY | O_CREAT, 0644));
}

static void
new_link(const char *target, const char *path)
{
	assert_int_equal(symlink(target, under(path)), 0);
}

static int
make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_path.XXXXXX");
	assert_non_null(mkdtemp(root));
	options.root = root;
	mkdir(under("/etc"), 0755);
	mkdir(under("/dev"), 0755);
	mkdir(under("/dir"), 0755);
	mkdir(under("/dir/sub"), 0755);
	new_file("/etc/passwd");
	new_file("/dir/sub/file");
	new_file("/dev/null");
	new_link("/dir/sub", "/absolute");
	new_link("sub/file", "/dir/relative");
	new_link("../../../../dir", "/dir/out");
	new_link("/usr", "/hosts");
	new_link("loop", "/loop");
	return 0;
}

static int
remove_root(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", root);
	return system(command);
}

/* The host path for `path`; NULL if the answer is an error, which errno then holds. */
static const char *
lead(const char *path, enum path_use use)
{
	static struct host_path out;
	long r = path_for(&the_call, (struct guest_ptr){(uint64_t)path}, use, &out);

	errno = (int)-r;
	return r < 0 ? NULL : out.name;
}

static void
files_of_the_root_come_first(void **state)
{
	(void)state;
	assert_string_equal(lead("/etc/passwd", PATH_FOLLOW), under("/etc/passwd"));
	assert_string_equal(lead("//etc/./passwd", PATH_FOLLOW), under("/etc/passwd"));
	assert_string_equal(lead("/dir/", PATH_FOLLOW), under("/dir/"));
	assert_string_equal(lead("/dir/sub", PATH_FOLLOW), under("/dir/sub"));
	assert_string_equal(lead("/dir/sub/", PATH_LINK), under("/dir/sub/"));
	assert_string_equal(lead("/dir/sub/file", PATH_FOLLOW), under("/dir/sub/file"));
	assert_string_equal(lead("/dir/sub/file", PATH_LINK), under("/dir/sub/file"));
	assert_string_equal(lead("/", PATH_FOLLOW), root);
}

static void
what_it_has_not_is_the_hosts(void **state)
{
	(void)state;
	assert_string_equal(lead("/usr/bin/env", PATH_FOLLOW), "/usr/bin/env");
	assert_string_equal(lead("/etc/no-such", PATH_FOLLOW), "/etc/no-such");
	assert_string_equal(lead("/no/such/file", PATH_FOLLOW), "/no/such/file");
	assert_string_equal(lead("/usr/bin/", PATH_FOLLOW), "/usr/bin/");
	assert_string_equal(lead("/usr/bin/env", PATH_LINK), "/usr/bin/env");
}

static void
a_file_hides_a_folder_of_the_hosts(void **state)
{
	(void)state;
	new_file("/usr");
	assert_string_equal(lead("/usr/bin", PATH_FOLLOW), under("/usr/bin"));
	assert_string_equal(lead("/usr/bin/env", PATH_FOLLOW), under("/usr/bin/env"));
	assert_string_equal(lead("/usr/./bin", PATH_FOLLOW), under("/usr/bin"));
	assert_string_equal(lead("/usr/new", PATH_MAKE), under("/usr/new"));
	assert_int_equal(unlink(under("/usr")), 0);
}

static void
relative_paths_stay(void **state)
{
	(void)state;
	assert_string_equal(lead("etc/passwd", PATH_FOLLOW), "etc/passwd");
	assert_string_equal(lead("", PATH_FOLLOW), "");
	assert_int_equal(chdir(under("/dir")), 0);
	assert_string_equal(lead("sub/file", PATH_FOLLOW), "sub/file");
	assert_string_equal(lead("./sub/./file", PATH_FOLLOW), "./sub/./file");
	assert_string_equal(lead("relative", PATH_LINK), "relative");
	assert_string_equal(lead("nothing/../file", PATH_FOLLOW), "nothing/../file");
	assert_int_equal(chdir("/"), 0);
	assert_string_equal(lead("usr/bin/env", PATH_FOLLOW), "usr/bin/env");
}

static void
relative_paths_do_not_lead_out(void **state)
{
	(void)state;
	assert_int_equal(chdir(under("/dir")), 0);
	assert_string_equal(lead("../etc/passwd", PATH_FOLLOW), under("/etc/passwd"));
	assert_string_equal(lead("../../../etc/passwd", PATH_FOLLOW), under("/etc/passwd"));
	assert_string_equal(lead("sub/../../..", PATH_FOLLOW), root);
	assert_string_equal(lead("relative", PATH_FOLLOW), under("/dir/sub/file"));
	assert_string_equal(lead("out/sub/new", PATH_MAKE), under("/dir/sub/new"));
	assert_int_equal(chdir(under("")), 0);
	assert_string_equal(lead("absolute/file", PATH_FOLLOW), under("/dir/sub/file"));
	assert_string_equal(lead("hosts/bin/env", PATH_FOLLOW), "/usr/bin/env");
	assert_string_equal(lead("dev/null", PATH_FOLLOW), "/dev/null");
	assert_null(lead("loop", PATH_FOLLOW));
	assert_int_equal(errno, ELOOP);
	assert_int_equal(chdir("/proc"), 0);
	assert_string_equal(lead("../etc/passwd", PATH_FOLLOW), under("/etc/passwd"));
	assert_int_equal(chdir("/"), 0);
}

static void
relative_paths_start_from_their_folder(void **state)
{
	int dir = open(under("/dir/sub"), O_RDONLY | O_DIRECTORY);
	struct host_path out;

	(void)state;
	assert_int_equal(path_for_at(&the_call, dir, (struct guest_ptr){(uint64_t) "../../etc"}, PATH_FOLLOW, &out), 0);
	assert_string_equal(out.name, under("/etc"));
	assert_int_equal(path_for_at(&the_call, dir, (struct guest_ptr){(uint64_t) "file"}, PATH_FOLLOW, &out), 0);
	assert_string_equal(out.name, "file");
	close(dir);
	assert_int_equal(path_for_at(&the_call, dir, (struct guest_ptr){(uint64_t) "../../etc"}, PATH_FOLLOW, &out), 0);
	assert_string_equal(out.name, "../../etc");
}

static void
names_that_are_dots_stay_so(void **state)
{
	(void)state;
	assert_string_equal(lead("/dir/sub/..", PATH_LINK), under("/dir/sub/.."));
	assert_string_equal(lead("/dir/.", PATH_MAKE), under("/dir/."));
	assert_string_equal(lead("/..", PATH_LINK), under("/."));
}

static void
names_keep_their_slashes(void **state)
{
	(void)state;
	assert_string_equal(lead("/absolute/", PATH_LINK), under("/dir/sub/"));
	assert_string_equal(lead("/absolute/", PATH_NAME), under("/absolute/"));
	assert_string_equal(lead("/absolute/", PATH_MAKE), under("/absolute/"));
	assert_string_equal(lead("/absolute/", PATH_FOLLOW_OR_MAKE), under("/absolute/"));
	assert_string_equal(lead("/dir/sub/", PATH_NAME), under("/dir/sub/"));
	assert_string_equal(lead("/etc/.", PATH_FOLLOW_OR_MAKE), under("/etc/."));
	assert_string_equal(lead("/etc/passwd/.", PATH_FOLLOW), under("/etc/passwd/."));
}

/* The host's kernel refuses them as the guest's would, and finds no file by them. */
static void
names_above_the_root_are_refused(void **state)
{
	(void)state;
	assert_string_equal(lead("/", PATH_NAME), "/");
	assert_string_equal(lead("/..", PATH_NAME), "/..");
	assert_string_equal(lead("/dir/../../", PATH_MAKE), "/../");
	assert_string_equal(lead("/dir/..", PATH_NAME), under("/dir/.."));
}

static void
symlinks_lead_within_the_root(void **state)
{
	(void)state;
	assert_string_equal(lead("/absolute/file", PATH_FOLLOW), under("/dir/sub/file"));
	assert_string_equal(lead("/dir/relative", PATH_FOLLOW), under("/dir/sub/file"));
	assert_string_equal(lead("/absolute", PATH_FOLLOW), under("/dir/sub"));
	assert_string_equal(lead("/absolute", PATH_LINK), under("/absolute"));
	assert_string_equal(lead("/absolute/", PATH_LINK), under("/dir/sub/"));
	assert_string_equal(lead("/dir/out/sub/file", PATH_FOLLOW), under("/dir/sub/file"));
	assert_null(lead("/loop", PATH_FOLLOW));
	assert_int_equal(errno, ELOOP);
	assert_string_equal(lead("/loop", PATH_LINK), under("/loop"));
}

static void
a_symlinks_target_may_be_on_the_host(void **state)
{
	(void)state;
	assert_string_equal(lead("/hosts/bin/env", PATH_FOLLOW), "/usr/bin/env");
}

static void
dots_do_not_lead_out(void **state)
{
	(void)state;
	assert_string_equal(lead("/../../etc/passwd", PATH_FOLLOW), under("/etc/passwd"));
	assert_string_equal(lead("/dir/sub/../..", PATH_FOLLOW), root);
	assert_string_equal(lead("/absolute/../relative", PATH_LINK), under("/dir/relative"));
	assert_string_equal(lead("/proc/self/./fd/../../../etc/passwd", PATH_LINK), under("/etc/passwd"));
	assert_string_equal(lead("/dev/..", PATH_FOLLOW), root);
	assert_string_equal(lead("/proc/self/../version", PATH_FOLLOW), "/proc/self/../version");
	assert_string_equal(lead("/etc/passwd/../passwd", PATH_FOLLOW), under("/etc/passwd/.."));
}

static void
new_names_go_where_their_folder_is(void **state)
{
	(void)state;
	assert_string_equal(lead("/dir/new", PATH_MAKE), under("/dir/new"));
	assert_string_equal(lead("/new", PATH_FOLLOW_OR_MAKE), under("/new"));
	assert_string_equal(lead("/dir/new/", PATH_MAKE), under("/dir/new/"));
	assert_string_equal(lead("/usr/new", PATH_MAKE), "/usr/new");
	assert_string_equal(lead("/absolute", PATH_MAKE), under("/absolute"));
	assert_string_equal(lead("/absolute/new", PATH_FOLLOW_OR_MAKE), under("/dir/sub/new"));
}

/* vn_open_cred() (kern/vfs_vnops.c), do_open() (fs/namei.c). */
static void
open_follows_no_symlink_that_it_is_told_not_to(void **state)
{
	(void)state;
	assert_int_equal(path_use_of_open(O_RDONLY), PATH_FOLLOW);
	assert_int_equal(path_use_of_open(O_RDONLY | O_NOFOLLOW), PATH_LINK);
	assert_int_equal(path_use_of_open(O_WRONLY | O_CREAT), PATH_FOLLOW_OR_MAKE);
	assert_int_equal(path_use_of_open(O_WRONLY | O_CREAT | O_EXCL), PATH_MAKE);
	assert_int_equal(path_use_of_open(O_WRONLY | O_CREAT | O_NOFOLLOW), PATH_MAKE);
}

static void
devices_are_the_hosts(void **state)
{
	(void)state;
	assert_string_equal(lead("/dev/null", PATH_FOLLOW), "/dev/null");
	assert_string_equal(lead("/dev/null", PATH_FOLLOW_OR_MAKE), "/dev/null");
	assert_string_equal(lead("/dev/pts/0", PATH_FOLLOW), "/dev/pts/0");
	assert_string_equal(lead("/proc/self/maps", PATH_FOLLOW), "/proc/self/maps");
	assert_string_equal(lead("/dev", PATH_FOLLOW), "/dev");
}

static void
the_guests_limit_holds(void **state)
{
	char name[1100];

	(void)state;
	memset(name, 'a', sizeof name);
	name[0] = '/';
	for (int i = 100; i < 1100; i += 100)
		name[i] = '/';
	name[1023] = 0;
	assert_non_null(lead(name, PATH_FOLLOW));
	name[1023] = 'a';
	name[1024] = 0;
	assert_null(lead(name, PATH_FOLLOW));
	assert_int_equal(errno, ENAMETOOLONG);
}

static void
names_come_back_without_the_root(void **state)
{
	char name[256];

	(void)state;
	strcpy(name, under("/etc/passwd"));
	path_to_guest(name);
	assert_string_equal(name, "/etc/passwd");
	strcpy(name, root);
	path_to_guest(name);
	assert_string_equal(name, "/");
	snprintf(name, sizeof name, "%sx/file", root);
	path_to_guest(name);
	assert_string_equal(name + strlen(root), "x/file");
}

static void
the_programs_own_file_is_not_the_cores(void **state)
{
	static const char *const names[] = {"/proc/self/exe", "/proc/thread-self/exe", "/proc/123/exe"};

	(void)state;
	for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
		assert_string_equal(lead(names[n], PATH_FOLLOW), under("/dir/sub/file"));
		assert_string_equal(lead(names[n], PATH_FOLLOW_OR_MAKE), under("/dir/sub/file"));
		assert_string_equal(lead(names[n], PATH_LINK), names[n]);
	}
	assert_string_equal(lead("/proc/self/exec", PATH_FOLLOW), "/proc/self/exec");
	assert_string_equal(lead("/proc/12x/exe", PATH_FOLLOW), "/proc/12x/exe");
	options.root = NULL;
	assert_string_equal(lead("/proc/self/exe", PATH_FOLLOW), "/dir/sub/file");
	options.root = root;
}

static void
nor_is_that_of_a_process_that_runs_the_core(void **state)
{
	char name[32];

	(void)state;
	snprintf(name, sizeof name, "/proc/%d/exe", getpid());
	assert_string_equal(lead(name, PATH_FOLLOW), under("/etc/passwd"));
	assert_string_equal(lead(name, PATH_LINK), name);
	snprintf(name, sizeof name, "/proc/%d/exe", getppid()); /* which runs something else */
	assert_string_equal(lead(name, PATH_FOLLOW), name);
}

/* What a file opened by one host call is called; NULL: its name is to be looked up. */
static const char *
straight(int dir, const char *path, uint32_t how)
{
	static char is[256];
	char link[32];
	ssize_t n;
	long fd;

	if (!path_open_straight(&the_call, dir, (struct guest_ptr){(uint64_t)path}, how, 0170640, &fd))
		return NULL;
	snprintf(link, sizeof link, "/proc/self/fd/%ld", fd);
	n = readlink(link, is, sizeof is - 1);
	close((int)fd);
	assert_true(n > 0);
	is[n] = 0;
	return is;
}

static void
without_symlinks_one_host_call_opens(void **state)
{
	struct stat st;

	(void)state;
	assert_string_equal(straight(AT_FDCWD, "/etc/passwd", O_RDONLY), under("/etc/passwd"));
	assert_string_equal(straight(-1, "/dir/sub/", O_PATH), under("/dir/sub"));
	assert_string_equal(straight(AT_FDCWD, "/", O_RDONLY), root);
	assert_string_equal(straight(AT_FDCWD, "/dir/relative", O_PATH | O_NOFOLLOW), under("/dir/relative"));
	assert_string_equal(straight(AT_FDCWD, "/dir/made", O_RDWR | O_CREAT), under("/dir/made"));
	assert_int_equal(stat(under("/dir/made"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(chdir(under("/dir")), 0);
	assert_string_equal(straight(AT_FDCWD, "sub/file", O_RDONLY), under("/dir/sub/file"));
	assert_string_equal(straight(AT_FDCWD, "made", O_RDONLY), under("/dir/made"));
	assert_int_equal(unlink("made"), 0);
}

static unsigned
host_calls_of(const char *path, enum path_use use)
{
	unsigned before = host_calls_made;

	assert_non_null(lead(path, use));
	return host_calls_made - before;
}

static void
nor_does_looking_one_up_take_more(void **state)
{
	(void)state;
	assert_int_equal(host_calls_of("/dir/sub/file", PATH_FOLLOW), 1);
	assert_int_equal(host_calls_of("/dir/sub/", PATH_LINK), 1);
	assert_int_equal(host_calls_of("/dir/sub/file", PATH_LINK), 2); /* the last may be a symlink itself */
	assert_int_equal(host_calls_of("/dir", PATH_FOLLOW), 1);
	assert_int_equal(host_calls_of("/dev/null", PATH_FOLLOW), 0);
	assert_int_equal(chdir(under("")), 0);
	assert_int_equal(host_calls_of("dir/sub/file", PATH_FOLLOW), 1);
	assert_int_equal(host_calls_of("dir", PATH_LINK), 0);
	assert_int_equal(chdir("/"), 0);
}

static void
other_names_are_looked_up_first(void **state)
{
	static const char *const names[] = {
		"", "/dir/relative", "/absolute/file", "/loop", "/dev/null", "//./dev/null", "/proc/self/status",
		"/dir/..", "/..", "/usr/bin/env", "/no/such", "/etc/passwd/", "relative", "../etc/passwd", "dev",
		"./proc", "//etc/passwd",
	};

	(void)state;
	assert_int_equal(chdir(under("/dir")), 0);
	for (size_t n = 0; n < sizeof names / sizeof *names; n++)
		assert_null(straight(AT_FDCWD, names[n], O_RDONLY));
	assert_null(straight(AT_FDCWD, "/dir/relative", O_WRONLY | O_CREAT));
	assert_int_equal(chdir("/"), 0);
	options.root = NULL;
	assert_null(straight(AT_FDCWD, "/etc/passwd", O_RDONLY));
	options.root = root;
}

static void
without_a_root_all_paths_are_the_hosts(void **state)
{
	(void)state;
	options.root = NULL;
	assert_string_equal(lead("/absolute", PATH_FOLLOW), "/absolute");
	assert_string_equal(lead("/../x", PATH_MAKE), "/../x");
	options.root = root;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_the_root_come_first),
		cmocka_unit_test(what_it_has_not_is_the_hosts),
		cmocka_unit_test(a_file_hides_a_folder_of_the_hosts),
		cmocka_unit_test(relative_paths_stay),
		cmocka_unit_test(relative_paths_do_not_lead_out),
		cmocka_unit_test(relative_paths_start_from_their_folder),
		cmocka_unit_test(names_that_are_dots_stay_so),
		cmocka_unit_test(names_keep_their_slashes),
		cmocka_unit_test(names_above_the_root_are_refused),
		cmocka_unit_test(symlinks_lead_within_the_root),
		cmocka_unit_test(a_symlinks_target_may_be_on_the_host),
		cmocka_unit_test(dots_do_not_lead_out),
		cmocka_unit_test(new_names_go_where_their_folder_is),
		cmocka_unit_test(open_follows_no_symlink_that_it_is_told_not_to),
		cmocka_unit_test(devices_are_the_hosts),
		cmocka_unit_test(the_guests_limit_holds),
		cmocka_unit_test(names_come_back_without_the_root),
		cmocka_unit_test(the_programs_own_file_is_not_the_cores),
		cmocka_unit_test(nor_is_that_of_a_process_that_runs_the_core),
		cmocka_unit_test(without_symlinks_one_host_call_opens),
		cmocka_unit_test(nor_does_looking_one_up_take_more),
		cmocka_unit_test(other_names_are_looked_up_first),
		cmocka_unit_test(without_a_root_all_paths_are_the_hosts),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
