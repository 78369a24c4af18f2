/* Handlers with their third argument, alternate stacks, masks, values, faults; timers of all kinds. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int seen, value, code;
static volatile void *where;
static sigjmp_buf back;

static void
note(int signal, siginfo_t *info, void *context)
{
	(void)context;
	seen = signal;
	value = info->si_value.sival_int;
	code = info->si_code;
	where = info->si_addr;
}

static void
escape(int signal, siginfo_t *info, void *context)
{
	note(signal, info, context);
	siglongjmp(back, 1);
}

static void
when(int signal, void (*f)(int, siginfo_t *, void *), int flags)
{
	struct sigaction a = {.sa_sigaction = f, .sa_flags = SA_SIGINFO | flags};

	sigaction(signal, &a, NULL);
}

int
main(void)
{
	stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
	struct itimerval soon = {{0, 0}, {0, 5000}};
	struct itimerspec t = {{0, 0}, {0, 5000000}};
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value = {.sival_int = 55}};
	struct timespec second = {1, 0};
	unsigned long long times;
	double x = 1.5;
	sigset_t set, was;
	siginfo_t info;
	timer_t timer;

	printf("%d\n", sigaltstack(&stack, NULL));
	when(SIGUSR1, note, SA_ONSTACK);
	raise(SIGUSR1);
	printf("%d %.3f\n", seen, x * 3);
	sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 1234});
	printf("%d %d\n", value, code);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, &was);
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 77});
	printf("%d", sigwaitinfo(&set, &info) == SIGRTMIN + 3);
	printf(" %d\n", info.si_value.sival_int);
	printf("%d %d\n", sigtimedwait(&set, &info, &(struct timespec){0, 1000}), errno == EAGAIN);
	sigprocmask(SIG_SETMASK, &was, NULL);
	when(SIGSEGV, escape, SA_ONSTACK);
	if (sigsetjmp(back, 1) == 0)
		*(volatile int *)16 = 1;
	printf("%d %d %p\n", seen, code, (void *)where);
	when(SIGFPE, escape, 0);
	if (sigsetjmp(back, 1) == 0)
		printf("%d\n", 1 / (int)(seen - seen));
	printf("%d %d\n", seen, code);
	when(SIGALRM, note, 0);
	setitimer(ITIMER_REAL, &soon, NULL);
	pause();
	printf("%d\n", seen);
	when(SIGUSR2, note, 0);
	printf("%d\n", timer_create(CLOCK_MONOTONIC, &e, &timer));
	timer_settime(timer, 0, &t, NULL);
	printf("%d %d\n", nanosleep(&second, NULL), errno == EINTR);
	printf("%d %d\n", seen, value);
	int f = timerfd_create(CLOCK_MONOTONIC, 0);
	timerfd_settime(f, 0, &t, NULL);
	printf("%zd", read(f, &times, sizeof times));
	printf(" %llu\n", times);
	when(SIGCHLD, note, 0);
	if (fork() == 0)
		_exit(9);
	waitid(P_ALL, 0, &info, WEXITED);
	printf("%d %d\n", info.si_status, info.si_code);
	clock_gettime(CLOCK_REALTIME, &second);
	printf("%d %d\n", second.tv_sec > 1600000000, (int)sizeof(time_t));
	abort();
}
