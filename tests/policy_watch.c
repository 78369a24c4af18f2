/*
 * usage: policy_watch usual|strict REPORT PROGRAM [ARG...]
 *
 * Runs the program under the policy of rooms; each call that the policy does not have is
 * answered ENOSYS, as there, and its number is a line in the file REPORT. The kernel asks us about
 * each one (seccomp_unotify(2)). The program's exit status.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolate/policy.h"

union descriptor_message {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

static void
send_descriptor(int to, int fd)
{
	union descriptor_message control = {.header = {CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec byte = {(char[]){0}, 1};
	struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control,
				 .msg_controllen = sizeof control};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	if (sendmsg(to, &message, 0) != 1)
		err(125, "sendmsg");
}

static int
receive_descriptor(int from)
{
	union descriptor_message control;
	char byte;
	struct iovec into = {&byte, 1};
	struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = &control,
				 .msg_controllen = sizeof control};
	int fd;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1 || message.msg_controllen == 0)
		errx(125, "the program could not be put under the policy");
	memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
	return fd;
}

static _Noreturn void
run(bool strict, int channel, char **argv)
{
	scmp_filter_ctx filter;

	/* A heap that shrinks behind the filter would call brk, which it does not have, and nobody answers yet. */
	mallopt(M_TRIM_THRESHOLD, -1);
	filter = policy_filter(strict, SCMP_ACT_NOTIFY);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!filter || seccomp_load(filter) < 0)
		errx(125, "the kernel refuses the filter");
	send_descriptor(channel, seccomp_notify_fd(filter));
	close(seccomp_notify_fd(filter));
	close(channel);
	execv(argv[0], argv);
	err(127, "%s", argv[0]);
}

/* Until the last process under the filter has gone: the kernel hangs up then. */
static void
answer(int listener, FILE *report)
{
	struct pollfd asked = {listener, POLLIN, 0};
	struct seccomp_notif *question;
	struct seccomp_notif_resp *reply;

	if (seccomp_notify_alloc(&question, &reply) < 0)
		err(125, "seccomp_notify_alloc");
	while (poll(&asked, 1, -1) == 1 && (asked.revents & POLLIN)) {
		memset(question, 0, sizeof *question);
		if (seccomp_notify_receive(listener, question) < 0)
			continue;
		fprintf(report, "%d %x\n", question->data.nr, question->data.arch);
		fflush(report);
		memset(reply, 0, sizeof *reply);
		reply->id = question->id;
		reply->error = -ENOSYS;
		seccomp_notify_respond(listener, reply);
	}
}

int
main(int argc, char **argv)
{
	int channel[2], status;
	FILE *report;
	pid_t child;

	if (argc < 4)
		errx(125, "usage: policy_watch usual|strict REPORT PROGRAM [ARG...]");
	report = fopen(argv[2], "ae");
	if (!report || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		err(125, "%s", argv[2]);
	child = fork();
	if (child == 0)
		run(strcmp(argv[1], "strict") == 0, channel[1], argv + 3);
	close(channel[1]);
	signal(SIGINT, SIG_IGN);
	answer(receive_descriptor(channel[0]), report);
	if (waitpid(child, &status, 0) != child)
		err(125, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
