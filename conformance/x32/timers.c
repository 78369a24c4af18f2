/* Timers of every kind that libc and the kernel have, by what they do and never by how long it takes. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id	/* not every glibc has a name for it */
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile sig_atomic_t seen, last, code;
static sem_t called;
static int given;

static void
note(int signal, siginfo_t *info, void *context)
{
	(void)context;
	seen++;
	last = info->si_value.sival_int;
	code = info->si_code;
}

static void
when(int signal)
{
	struct sigaction a = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

	sigaction(signal, &a, NULL);
	seen = last = code = 0;
}

/* A signal that came before the pause would be waited for in vain: it is let in by the wait itself. */
static void
until_seen(int n)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &all, NULL);
	while (seen < n)
		sigsuspend(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
in_thread(union sigval value)
{
	given = value.sival_int;
	sem_post(&called);
}

static void
by_signal(clockid_t clock)
{
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2, .sigev_value = {.sival_int = 41}};
	struct itimerspec soon = {{0, 2000000}, {0, 1000000}}, off = {{0, 0}, {0, 0}}, left;
	timer_t t;

	when(SIGRTMIN + 2);
	printf("create %d", timer_create(clock, &e, &t));
	printf(" set %d", timer_settime(t, 0, &soon, NULL));
	until_seen(3);
	printf(" value %d timer's %d\n", (int)last, code == SI_TIMER);
	printf("off %d", timer_settime(t, 0, &off, &left));
	printf(" interval %ld.%09ld", (long)left.it_interval.tv_sec, (long)left.it_interval.tv_nsec);
	printf(" get %d", timer_gettime(t, &left));
	printf(" left %ld %ld overruns %d", (long)left.it_value.tv_sec, (long)left.it_value.tv_nsec, timer_getoverrun(t) >= 0);
	printf(" delete %d", timer_delete(t));
	printf(" again %d", timer_settime((timer_t)(long)77, 0, &soon, NULL));
	printf(" %d\n", errno);
}

static void
absolute(void)
{
	struct sigevent e = {.sigev_notify = SIGEV_NONE};
	struct itimerspec late = {{0, 0}, {0, 0}}, left;
	struct timespec past = {1, 0};
	timer_t t;

	timer_create(CLOCK_REALTIME, &e, &t);
	clock_gettime(CLOCK_REALTIME, &late.it_value);
	late.it_value.tv_sec += 5000;
	timer_settime(t, TIMER_ABSTIME, &late, NULL);
	timer_gettime(t, &left);
	printf("left %d\n", left.it_value.tv_sec > 4000 && left.it_value.tv_sec <= 5000);
	timer_delete(t);
	printf("sleep until the past %d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL));
	past.tv_nsec = 1000000000;
	printf("no such time %d\n", clock_nanosleep(CLOCK_MONOTONIC, 0, &past, NULL));
}

static void
by_thread(void)
{
	struct sigevent e = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_thread, .sigev_value = {.sival_int = 7}};
	struct sigevent to_me = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1, .sigev_value = {.sival_int = 99}};
	struct itimerspec soon = {{0, 0}, {0, 1000000}};
	timer_t t;

	sem_init(&called, 0, 0);
	printf("%d", timer_create(CLOCK_MONOTONIC, &e, &t));
	timer_settime(t, 0, &soon, NULL);
	while (sem_wait(&called) != 0)
		;
	printf(" called with %d\n", given);
	timer_delete(t);
	when(SIGUSR1);
	to_me.sigev_notify_thread_id = (int)syscall(SYS_gettid);
	printf("%d", timer_create(CLOCK_MONOTONIC, &to_me, &t));
	timer_settime(t, 0, &soon, NULL);
	until_seen(1);
	printf(" value %d\n", (int)last);
	timer_delete(t);
}

static void
interval_timers(void)
{
	static const int kinds[][2] = {{ITIMER_REAL, SIGALRM}, {ITIMER_VIRTUAL, SIGVTALRM}, {ITIMER_PROF, SIGPROF}};
	struct itimerval soon = {{0, 3000}, {0, 1000}}, off = {{0, 0}, {0, 0}}, was;

	for (int i = 0; i < 3; i++) {
		when(kinds[i][1]);
		printf("%d", setitimer(kinds[i][0], &soon, NULL));
		while (seen < 2)	/* the two that count what is used need it used */
			;
		printf(" %d", setitimer(kinds[i][0], &off, &was));
		printf(" interval %ld.%06ld\n", (long)was.it_interval.tv_sec, (long)was.it_interval.tv_usec);
		signal(kinds[i][1], SIG_DFL);
	}
	printf("alarm %u", alarm(1000));
	printf(" %d", alarm(0) > 900);
	printf(" %u\n", alarm(0));
}

/* How often since it was last asked. */
static unsigned long long
expired(int f)
{
	unsigned long long times = 0;

	return read(f, &times, sizeof times) == sizeof times ? times : 0;
}

static void
descriptors(void)
{
	struct itimerspec soon = {{0, 1000000}, {0, 1000000}}, left;
	struct timespec now;
	int f = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	printf("%llu", expired(f));
	printf(" %d\n", errno == EAGAIN);
	close(f);
	f = timerfd_create(CLOCK_MONOTONIC, 0);
	printf("%d", timerfd_settime(f, 0, &soon, NULL));
	for (int i = 0; i < 3; i++)
		printf(" %d", expired(f) >= 1);
	timerfd_gettime(f, &left);
	printf(" interval %ld\n", (long)left.it_interval.tv_nsec);
	clock_gettime(CLOCK_MONOTONIC, &now);
	soon = (struct itimerspec){{0, 0}, {now.tv_sec > 0 ? now.tv_sec - 1 : 0, 1}};
	printf("%d", timerfd_settime(f, TFD_TIMER_ABSTIME, &soon, NULL));
	printf(" %llu\n", expired(f));
	printf("%d", timerfd_settime(0, 0, &soon, NULL));
	printf(" %d\n", errno);
}

int
main(void)
{
	by_signal(CLOCK_MONOTONIC);
	by_signal(CLOCK_REALTIME);
	absolute();
	by_thread();
	interval_timers();
	descriptors();
	return 6;
}
