/* The room's first program: the last rights go, then the core is executed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/plain.h"
#include "isolate.h"
#include "policy.h"

/*
 * The core on a mount that nothing else is on, and that nobody can write to: the
 * program could else overwrite the host's file by /proc/self/exe (CVE-2019-5736).
 * No name in the room leads to it; guests' execs use the descriptor again.
 */
void
room_core(struct room *r)
{
	static char path[PATH_MAX];
	const char *core = core_path(&r->settings, path);
	int mount;

	if (access(core, X_OK) != 0)
		fail(EXIT_OURS, "cannot run the core ", core, "", errno);
	mount = mount_copy(AT_FDCWD, core,
			   MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false);
	r->core = (int)move_up(mount);
	if (r->core < 0)
		fail(EXIT_OURS, "no descriptor for the core", "", "", -r->core);
	close(mount);
}

static struct text words = {.buf = (char[65536]){0}, .size = 65536};
static char **command;
static size_t command_len;

static void
add_word(const char *word)
{
	command[command_len++] = (char *)word;
}

/* The host's clock source: the room has no /sys to say it. */
static void
add_clock(void)
{
	FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
	char name[32];

	if (f != NULL && fscanf(f, "%31s", name) == 1)
		add_word(core_option(&words, "host-clock", name));
	if (f != NULL)
		fclose(f);
}

void
program_options(struct room *r)
{
	size_t argc = 0;

	while (r->settings.program[argc] != NULL)
		argc++;
	command = calloc(argc + OPTION_COUNT + 9, sizeof(*command));
	if (command == NULL)
		fail(EXIT_OURS, "no memory for the program's arguments", "", "", errno);
	add_word("dragoman-core");
	command_len += core_options(&r->settings, command + command_len, &words);
	if (r->settings.value[OPT_FAST_CLOCK] != NULL)
		add_clock();
}

static void
finish_command(const struct room *r, const char *file)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", r->core);
	add_word(core_option(&words, "core-fd", number));
	if (r->strict)
		add_word(core_option(&words, "no-native", ""));
	if (r->kind == PROGRAM_BSD)
		add_word(core_option(&words, "no-proc", ""));
	add_word("--");
	add_word(file);
	for (size_t n = 0; r->settings.program[n] != NULL; n++)
		add_word(r->settings.program[n]);
}

static bool
is_kept(const struct room *r, int fd)
{
	bool kept = fd == r->core;

	for (size_t n = 0; n < r->settings.opened_count; n++)
		kept |= r->settings.opened[n] == fd;
	for (size_t n = 0; n < r->kept_count; n++)
		kept |= r->kept[n] == fd;
	return kept;
}

static void
close_others(const struct room *r)
{
	unsigned from = 3;

	for (unsigned fd = 3; fd < 65536; fd++)
		if (is_kept(r, (int)fd)) {
			if (fd > from)
				(void)syscall(SYS_close_range, from, fd - 1, 0);
			from = fd + 1;
		}
	(void)syscall(SYS_close_range, from, ~0U, 0);
}

/* A working directory from outside would be a door (CVE-2024-21626): getcwd tells. */
static void
enter_folder(const char *folder)
{
	char at[PATH_MAX];

	if (folder != NULL && chdir(folder) != 0)
		fail(EXIT_OURS, "--workdir ", folder, "", errno);
	if (getcwd(at, sizeof(at)) == NULL || at[0] != '/')
		fail(EXIT_OURS, "the working directory is not in the room", "", "", 0);
}

/*
 * kill(2) of pid 0 knows no pid namespace: it reaches all of the process group. Where
 * Landlock does not hold that, a group of its own does; not on a terminal, whose signals and reads
 * go by the group.
 */
static void
leave_group(void)
{
	int terminal = landlock_scopes_signals() ? -1 : open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (terminal >= 0)
		close(terminal);
	else if (!landlock_scopes_signals() && setpgid(0, 0) != 0)
		fail(EXIT_OURS, "cannot leave the caller's process group", "", "", errno);
}

void
room_program(struct room *r, const char *file)
{
	int error;

	enter_folder(r->settings.value[OPT_WORKDIR]);
	dev_standard_descriptors();
	finish_command(r, file);
	leave_group();
	umask(r->umask);
	limits_apply();
	landlock_apply(r);
	close_others(r);
	sigaction(SIGCHLD, &r->old_child, NULL);
	sigprocmask(SIG_SETMASK, &r->mask, NULL);
	terminal_guard();
	error = policy_load(r->strict);
	if (error != 0)
		fail(EXIT_OURS, "the kernel takes no policy of host calls", "", "", -error);
	syscall(SYS_execveat, r->core, "", command, r->envp, AT_EMPTY_PATH);
	fail(EXIT_OURS, "cannot run the core", "", "", errno);
}
