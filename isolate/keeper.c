/*
 * The process outside. It stands where the program would stand for whoever started
 * it: signals sent to it go in, its end is the program's end, and when it is killed
 * the room dies (init has PR_SET_PDEATHSIG, and with it goes its pid namespace).
 *
 * The room stays in the caller's session and process group, so the terminal's own
 * signals (Ctrl-C, Ctrl-Z, a hang-up) reach the program from the kernel, as they
 * would without a room; the keeper only has to leave those alone, and to stop when
 * the program stopped, for the caller's shell to see it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolate.h"

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC)

static bool
write_proc(pid_t pid, const char *name, const char *text)
{
	char path[64];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

/*
 * Every id of the caller's namespace is the same one in the room, so that the
 * tree's owners stay; only who may set any id may map so.
 */
static bool
map_all(pid_t pid, const char *name)
{
	char path[64], line[128], text[4096] = "";
	size_t len = 0;
	unsigned long inside, outside, count;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL && len < sizeof(text) - 80)
		if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%lu %lu %lu\n",
						inside, inside, count);
	fclose(f);
	return write_proc(pid, name, text);
}

/* Or only oneself; then groups must not be given up, which could open what they close. */
static void
map_ids(const struct room *r, pid_t pid)
{
	char uid[64], gid[64];

	if (map_all(pid, "uid_map") && map_all(pid, "gid_map"))
		return;
	snprintf(uid, sizeof(uid), "%u %u 1\n", r->uid, geteuid());
	snprintf(gid, sizeof(gid), "%u %u 1\n", r->gid, getegid());
	if (!write_proc(pid, "uid_map", uid) || !write_proc(pid, "setgroups", "deny") ||
	    !write_proc(pid, "gid_map", gid))
		fail(EXIT_OURS, "cannot give the room its user", "", "", errno);
}

static pid_t
start_init(struct room *r, int channel[2])
{
	unsigned long net = r->net == NET_HOST ? 0 : CLONE_NEWNET;
	pid_t pid = (pid_t)syscall(SYS_clone, NAMESPACES | net | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		close(channel[0]);
		room_init(r, channel[1]);
	}
	if (pid < 0)
		fail(EXIT_OURS,
		     "no namespaces for this user: run as root, or sysctl "
		     "kernel.unprivileged_userns_clone=1 (Debian), user.max_user_namespaces=10000, "
		     "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)",
		     "", "", errno);
	return pid;
}

/* As the program died; else exits as it exited. */
static int
end_as(int status)
{
	struct rlimit none = {0, 0};
	sigset_t all;

	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &none);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	return 128 + WTERMSIG(status);
}

/* A signal from the terminal has reached the program already; SIGCHLD is about init. */
static void
pass_signal(int signals, int channel)
{
	struct signalfd_siginfo info;
	int number;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return;
	number = (int)info.ssi_signo;
	if (number != SIGCHLD && info.ssi_code != SI_KERNEL)
		(void)send(channel, &number, sizeof(number), MSG_NOSIGNAL);
}

/* The program's last state: init says each, and hangs up after the end. */
static int
watch(int signals, int channel)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
			       {.fd = channel, .events = POLLIN}};
	int status = -1, news;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			fail(EXIT_OURS, "cannot watch the room", "", "", errno);
		if (fds[1].revents != 0) {
			ssize_t n = recv(channel, &news, sizeof(news), 0);

			if (n != sizeof(news))
				return status;
			if (WIFSTOPPED(news))
				raise(SIGSTOP);
			else
				status = news;
		} else if (fds[0].revents != 0) {
			pass_signal(signals, channel);
		}
	}
}

int
keep(struct room *r)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};
	int channel[2], signals, status, end;
	struct cgroup group;
	sigset_t all;
	pid_t init;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &r->mask) != 0 ||
	    sigaction(SIGCHLD, &plain, &r->old_child) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0)
		fail(EXIT_OURS, "cannot prepare the room", "", "", errno);
	program_options(r);
	r->umask = umask(022);
	group = cgroup_make();
	init = start_init(r, channel);
	close(channel[1]);
	map_ids(r, init);
	cgroup_enter(&group, init);
	signals = signalfd(-1, &all, SFD_CLOEXEC);
	if (signals < 0 || send(channel[0], &(int){0}, sizeof(int), MSG_NOSIGNAL) < 0)
		fail(EXIT_OURS, "cannot start the room", "", "", errno);
	status = watch(signals, channel[0]);
	/* Init's end is the room's: nothing of it runs or is mounted any more. */
	while (waitpid(init, &end, 0) < 0)
		if (errno != EINTR)
			fail(EXIT_OURS, "lost the room", "", "", errno);
	cgroup_end(&group);
	return end_as(status >= 0 ? status : end);
}
