/* What test_linux.py builds for x86-64 and for x32: both must print the same, and return 5. */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int caught, on_stack;
static char stack[65536];

static void
handler(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	caught = sig * 1000 + (info->si_code == SI_TIMER ? info->si_value.sival_int : 0);
	on_stack = &here > stack && &here < stack + sizeof stack;
}

static void *
work(void *p)
{
	*(int *)p += 41;
	return p;
}

static void
signals(void)
{
	stack_t s = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 7};
	struct itimerspec soon = {.it_value.tv_nsec = 1000000};
	double kept = 3.25;
	timer_t timer;

	sigaltstack(&s, NULL);
	sigaction(SIGUSR1, &a, NULL);
	sigaction(SIGUSR2, &a, NULL);
	raise(SIGUSR1);
	printf("caught %d on its stack %d, %g\n", caught, on_stack, kept);
	timer_create(CLOCK_MONOTONIC, &e, &timer);
	timer_settime(timer, 0, &soon, NULL);
	while (caught != SIGUSR2 * 1000 + 7)
		usleep(1000);
	printf("timer %d\n", caught);
}

static void
processes(char **argv)
{
	siginfo_t info = {0};
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(3);
	printf("waitid %d", waitid(P_PID, (id_t)pid, &info, WEXITED));
	printf(" %d %d\n", info.si_pid == pid, info.si_status);
	pid = fork();
	if (pid == 0)
		execl(argv[0], argv[0], "again", (char *)NULL);
	printf("wait4 %d", wait4(pid, &status, 0, &usage) == pid);
	printf(" %d\n", WEXITSTATUS(status));
	fflush(stdout);
}

static void
sockets(void)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control;
	struct timeval tenth = {0, 100000}, got;
	char text[8] = "hello";
	struct iovec v = {text, 5};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	socklen_t size = sizeof got;
	int pair[2], n, passed;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &tenth, sizeof tenth);
	getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &got, &size);
	printf("timeout %d\n", (int)got.tv_usec);
	control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.head), &pair[1], sizeof(int));
	printf("sent %d\n", (int)sendmsg(pair[0], &m, 0));
	ioctl(pair[1], FIONREAD, &n);
	memset(&control, 0, sizeof control);
	printf("waiting %d, received %d", n, (int)recvmsg(pair[1], &m, 0));
	memcpy(&passed, CMSG_DATA(&control.head), sizeof passed);
	printf(" %d, same file %d\n", control.head.cmsg_type == SCM_RIGHTS, write(passed, "x", 1) == 1);
}

static void
memory_and_files(void)
{
	struct timeval none = {0, 0};
	struct stat st;
	DIR *folder = opendir("/proc/self");
	int found = 0, pipe_ends[2], id;
	fd_set set;
	char *p;

	for (struct dirent *d; folder && (d = readdir(folder)) != NULL;)
		found |= strcmp(d->d_name, "maps") == 0;
	printf("found %d, stat %d", found, stat("/", &st));
	printf(" folder %d\n", S_ISDIR(st.st_mode));
	if (pipe(pipe_ends) == 0 && write(pipe_ends[1], "x", 1) == 1) {
		FD_ZERO(&set);
		FD_SET(pipe_ends[0], &set);
		printf("select %d\n", select(pipe_ends[0] + 1, &set, NULL, NULL, &none));
	}
	p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p[1 << 19] = 1;
	p = mremap(p, 1 << 20, 4 << 20, MREMAP_MAYMOVE);
	printf("moved %d", p[1 << 19]);
	printf(", unmapped %d\n", munmap(p, 4 << 20));
	id = shmget(IPC_PRIVATE, 4096, 0600);
	p = shmat(id, NULL, 0);
	p[0] = 2;
	printf("shared %d", p[0]);
	printf(" %d", shmdt(p));
	printf(" %d\n", shmctl(id, IPC_RMID, NULL));
}

int
main(int argc, char **argv)
{
	pthread_t thread;
	int n = 1;

	if (argc > 1)
		return 9;
	pthread_create(&thread, NULL, work, &n);
	pthread_join(thread, NULL);
	printf("thread %d\n", n);
	signals();
	processes(argv);
	sockets();
	memory_and_files();
	fflush(stdout);
	return system("exit 5") >> 8;
}
