/* covers: linux mount umount2 swapon swapoff reboot pivot_root acct quotactl init_module delete_module finit_module
   kexec_load iopl ioperm syslog vhangup open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr setns unshare
   bpf perf_event_open userfaultfd keyctl add_key request_key name_to_handle_at open_by_handle_at
   landlock_create_ruleset landlock_add_rule landlock_restrict_self quotactl_fd sysfs
   setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr
   fremovexattr io_setup io_destroy io_submit io_getevents io_cancel */
#include "guest.h"

#include <linux/aio_abi.h>

static char buf[256];

/* What a program without privilege is told: nothing here may change the machine. */
TEST(what_needs_privilege)
{
	long pid = fork();

	if (pid == 0) {
		call(setresuid, 65534, 65534, 65534);
		SHOW(mount, "none", "/", "tmpfs", 0, NULL);
		SHOW(mount, NOWHERE, NOWHERE, NOWHERE, 0, NULL);
		SHOW(umount2, "/nothing", 0);
		SHOW(umount2, "/", 0);
		SHOW(umount2, "/", 0x7777);
		SHOW(swapon, "/", 0);
		SHOW(swapoff, "/");
		SHOW(reboot, 1, 2, 3, NULL);
		SHOW(pivot_root, "/", "/");
		SHOW(acct, "/nothing");
		SHOW(init_module, NOWHERE, 1, NOWHERE);
		SHOW(delete_module, "none", 0);
		SHOW(finit_module, 1, "", 0);
		SHOW(kexec_load, 0, 1, NOWHERE, 0);
		SHOW(iopl, 3);
		SHOW(iopl, 9);
		SHOW(ioperm, 0, 1, 1);
		SHOW(ioperm, 70000, 1, 1);
		SHOW(syslog, 3, buf, 16);
		SHOW(syslog, 99, buf, 16);
		SHOW(vhangup);
		SHOW(open_tree, AT_CWD, "/", 1);
		SHOW(move_mount, 1, "", 1, "", 0);
		SHOW(fsopen, "tmpfs", 0);
		SHOW(fsopen, NOWHERE, 0);
		SHOW(fsconfig, 1, 0, NULL, NULL, 0);
		SHOW(fsmount, 1, 0, 0);
		SHOW(fspick, AT_CWD, "/", 0);
		SHOW(mount_setattr, AT_CWD, "/", 0, NOWHERE, 32);
		SHOW(quotactl, 0, NULL, 0, NULL);
		SHOW(quotactl_fd, 99, 0, 0, NULL);
		SHOW(setns, 1, 0);
		SHOW(setns, 99, 0);
		SHOW(unshare, 0x04000000);
		SHOW(unshare, 0x7);
		SHOW(unshare, 0x200);
		SHOW(unshare, 0x400);
		SHOW(bpf, 0, NOWHERE, 16);
		SHOW(bpf, 999, buf, 16);
		SHOW(perf_event_open, NOWHERE, 0, -1, -1, 0);
		SHOW(userfaultfd, 0x7000);
		SHOW(open_by_handle_at, AT_CWD, NOWHERE, 0);
		leave(0);
	}
	VALUE(wait_for(pid));
}

TEST(names_of_file_systems)
{
	SHOW(sysfs, 1, "proc");
	SHOW(sysfs, 1, NOWHERE);
	SHOW(sysfs, 99, 0);
	TRUTH(call(sysfs, 3) > 0);
}

TEST(keys_of_the_kernel)
{
	SHOW(keyctl, 9999);
	SHOW(add_key, "nothing", "name", NULL, 0, -2);
	SHOW(add_key, NOWHERE, "name", NULL, 0, -2);
	SHOW(request_key, NOWHERE, "name", NULL, 0);
}

TEST(handles)
{
	struct { unsigned bytes; int type; char data[128]; } h = {0, 0, ""};
	int mount = -1;

	make_file("file", "");
	SHOW(name_to_handle_at, AT_CWD, "file", &h, &mount, 0);
	SHOW(name_to_handle_at, AT_CWD, "nothing", &h, &mount, 0);
	SHOW(name_to_handle_at, AT_CWD, "file", NOWHERE, &mount, 0);
	SHOW(name_to_handle_at, AT_CWD, "file", &h, &mount, 0x8000000);
	h.bytes = 1000;
	SHOW(name_to_handle_at, AT_CWD, "file", &h, &mount, 0);
	SHOW(open_by_handle_at, 99, &h, 0);
}

TEST(landlock)
{
	uint64_t attribute[3] = {1, 0, 0};

	SHOW_OK(landlock_create_ruleset, NULL, 0, 1);
	SHOW(landlock_create_ruleset, NULL, 0, 77);
	SHOW(landlock_create_ruleset, attribute, 2, 0);
	SHOW(landlock_create_ruleset, NOWHERE, 8, 0);
	SHOW(landlock_add_rule, 99, 1, NOWHERE, 0);
	SHOW(landlock_restrict_self, 99, 0);
}

TEST(attributes_of_files)
{
	long f;

	make_file("with", "");
	call(symlink, "with", "link");
	f = call(open, "with", O_RDWR);
	SHOW(setxattr, "with", "user.one", "1", 1, 0);
	SHOW(setxattr, "with", "user.one", "11", 2, 1);
	SHOW(setxattr, "with", "user.two", "22", 2, 2);
	SHOW(setxattr, "with", "user.two", "22", 2, 9);
	SHOW(fsetxattr, f, "user.two", "two", 3, 0);
	SHOW(lsetxattr, "link", "user.x", "x", 1, 0);
	SHOW(getxattr, "link", "user.one", buf, sizeof buf);
	SHOW(getxattr, "with", "user.two", buf, 1);
	SHOW(getxattr, "with", "user.two", NULL, 0);
	SHOW(getxattr, "with", "user.three", buf, sizeof buf);
	SHOW(getxattr, "with", "nothing", buf, sizeof buf);
	SHOW(getxattr, "with", NOWHERE, buf, sizeof buf);
	SHOW(getxattr, NOWHERE, "user.one", buf, sizeof buf);
	SHOW(getxattr, "with", "user.one", NOWHERE, 5);
	SHOW(lgetxattr, "link", "user.one", buf, sizeof buf);
	SHOW(fgetxattr, f, "user.two", buf, sizeof buf);
	SHOW(fgetxattr, 99, "user.two", buf, sizeof buf);
	SHOW(listxattr, "with", NULL, 0);
	SHOW(listxattr, "with", buf, 3);
	SHOW(listxattr, "with", NOWHERE, 100);
	SHOW(llistxattr, "link", buf, sizeof buf);
	SHOW(flistxattr, f, buf, sizeof buf);
	SHOW(flistxattr, 99, buf, sizeof buf);
	SHOW(removexattr, "with", "user.one");
	SHOW(removexattr, "with", "user.one");
	SHOW(lremovexattr, "link", "user.one");
	SHOW(fremovexattr, f, "user.two");
	SHOW(fremovexattr, 99, "user.two");
	SHOW(setxattr, "with", "user.big", buf, 100000, 0);
	SHOW(setxattr, "with", "user.bad", NOWHERE, 5, 0);
	SHOW(setxattr, "with", "", buf, 5, 0);
	call(close, f);
}

TEST(reads_behind_the_back)
{
	aio_context_t context = 0;
	struct iocb read = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_nbytes = 4, .aio_data = 4711}, *list[1] = {&read};
	struct io_event event = {0};

	make_file("aio", "data");
	read.aio_fildes = (uint32_t)call(open, "aio", O_RDONLY);
	read.aio_buf = (uintptr_t)buf;
	memset(buf, 0, sizeof buf);
	SHOW(io_setup, 4, &context);
	SHOW(io_setup, 4, &context);
	SHOW(io_setup, 4, NOWHERE);
	SHOW(io_submit, context, 1, list);
	SHOW(io_getevents, context, 1, 1, &event, NULL);
	VALUE(event.data);
	VALUE(event.res);
	BYTES(buf, 4);
	read.aio_lio_opcode = 77;
	SHOW(io_submit, context, 1, list);
	SHOW(io_submit, context, 0, list);
	SHOW(io_submit, context, -1, list);
	SHOW(io_submit, context, 1, NOWHERE);
	SHOW(io_getevents, context, 1, 0, &event, NULL);
	SHOW(io_cancel, context, &read, &event);
	SHOW(io_cancel, context, NOWHERE, &event);
	SHOW(io_destroy, context);
	SHOW(io_destroy, context);
	SHOW(io_submit, 77, 1, list);
	call(close, read.aio_fildes);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(what_needs_privilege);
	RUN(names_of_file_systems);
	RUN(keys_of_the_kernel);
	RUN(handles);
	RUN(landlock);
	RUN(attributes_of_files);
	RUN(reads_behind_the_back);
	return 0;
}
