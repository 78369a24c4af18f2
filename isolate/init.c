/*
 * The room's pid 1: builds it from inside, gives up every right, starts the program,
 * then only reaps and passes signals on. The order is bubblewrap's and runc's; docs/isolation.md
 * has a reason for each step.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolate.h"

/* Death of the keeper is death of the room; it may have died before we asked. */
static void
follow_keeper(int channel)
{
	struct pollfd fd = {.fd = channel};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || poll(&fd, 1, 0) < 0 ||
	    (fd.revents & (POLLHUP | POLLERR)) != 0)
		_exit(EXIT_OURS);
}

/* The keeper maps the ids, then says so. */
static void
await_keeper(int channel)
{
	int word;

	if (recv(channel, &word, sizeof(word), 0) != sizeof(word))
		_exit(EXIT_OURS);
}

/*
 * No namespace below this one: a new user namespace would give its maker every
 * capability there, and with it the kernel's whole mount and network code to try.
 */
static void
forbid_namespaces(int proc)
{
	int fd = openat(proc, "sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		fail(EXIT_OURS, "cannot forbid namespaces in the room", "", "", errno);
	close(fd);
}

static void
set_hostname(const char *name)
{
	if (name != NULL && sethostname(name, strlen(name)) != 0)
		fail(EXIT_OURS, "--hostname ", name, "", errno);
}

/* /proc/1/cmdline: paths outside and --env's secrets are none of the room's business. */
static void
forget_arguments(const struct room *r)
{
	for (char **word = r->argv; *word != NULL; word++)
		memset(*word, 0, strlen(*word));
	prctl(PR_SET_NAME, "dragoman-init");
}

static void
say(int channel, int status)
{
	(void)send(channel, &status, sizeof(status), MSG_NOSIGNAL);
}

/* Everything that is over; true: the program was among it. */
static bool
reap(pid_t program, int channel)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != program)
			continue;
		say(channel, status);
		if (!WIFSTOPPED(status))
			return true;
	}
	return false;
}

static void
serve(pid_t program, int channel)
{
	struct pollfd fds[2] = {{.events = POLLIN}, {.fd = channel, .events = POLLIN}};
	struct signalfd_siginfo info;
	sigset_t child;
	int number;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	fds[0].fd = signalfd(-1, &child, SFD_CLOEXEC);
	while (!reap(program, channel)) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents != 0)
			(void)!read(fds[0].fd, &info, sizeof(info));
		if (fds[1].revents == 0)
			continue;
		if (recv(channel, &number, sizeof(number), 0) != sizeof(number))
			return; /* the keeper is gone */
		kill(program, number);
	}
}

void
room_init(struct room *r, int channel)
{
	static char file[PATH_MAX];
	const char *name;
	pid_t program;
	int proc;

	follow_keeper(channel);
	await_keeper(channel);
	if (unshare(CLONE_NEWCGROUP) != 0)
		fail(EXIT_OURS, "no cgroup namespace for the room", "", "", errno);
	set_hostname(r->settings.value[OPT_HOSTNAME]);
	if (r->net == NET_PRIVATE)
		loopback_up();
	room_core(r);
	/* While the host's is in sight: the kernel shows no namespace more of /proc than it had. */
	proc = proc_make();
	forbid_namespaces(proc);
	r->queues = mount_new("mqueue", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	room_root(r);
	name = find_program(r->settings.program[0], NULL, r->envp, file);
	r->kind = program_kind(r, name);
	proc_mount(proc);
	close(proc);
	privileges_drop(r);
	/* Cleared by the change of user. */
	follow_keeper(channel);
	prctl(PR_SET_DUMPABLE, 0);
	program = fork();
	if (program == 0)
		room_program(r, name);
	if (program < 0)
		fail(EXIT_OURS, "cannot start the program", "", "", errno);
	forget_arguments(r);
	serve(program, channel);
	_exit(0);
}
