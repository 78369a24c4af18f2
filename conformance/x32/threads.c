/* Threads, locks, condition variables, thread-local storage, cancellation, barriers, once. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static pthread_key_t key;
static sem_t semaphore;
static _Thread_local long own = 7;
static int turn, total, begun, ended;

static void
destroy(void *value)
{
	(void)value;
	__atomic_fetch_add(&ended, 1, __ATOMIC_RELAXED);
}

static void
begin(void)
{
	begun++;
}

static void *
work(void *number)
{
	int n = (int)(long)number;

	pthread_once(&once, begin);
	pthread_setspecific(key, number);
	own += n;
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&lock);
		total++;
		pthread_mutex_unlock(&lock);
	}
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&lock);
	while (turn != n)
		pthread_cond_wait(&turned, &lock);
	printf("thread %d, own %ld\n", n, own);
	turn++;
	pthread_cond_broadcast(&turned);
	pthread_mutex_unlock(&lock);
	sem_post(&semaphore);
	return (void *)(long)(n * n);
}

static void *
wait_for_ever(void *nothing)
{
	for (;;)
		sem_wait(nothing);
}

int
main(void)
{
	pthread_t t[6], waiting;
	sem_t never;
	void *result;

	pthread_key_create(&key, destroy);
	sem_init(&semaphore, 0, 0);
	sem_init(&never, 0, 0);
	pthread_barrier_init(&barrier, NULL, 6);
	for (long n = 1; n < 6; n++)
		pthread_create(&t[n], NULL, work, (void *)n);
	work((void *)0);
	long squares = 0;
	for (int n = 1; n < 6; n++) {
		pthread_join(t[n], &result);
		squares += (long)result;
	}
	printf("they gave %ld\n", squares);
	for (int n = 0; n < 6; n++)
		sem_wait(&semaphore);
	pthread_create(&waiting, NULL, wait_for_ever, &never);
	printf("cancel %d\n", pthread_cancel(waiting));
	pthread_join(waiting, &result);
	printf("cancelled %d, total %d, begun %d, ended %d\n", result == PTHREAD_CANCELED, total, begun, ended);
	return 3;
}
