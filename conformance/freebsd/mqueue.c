/* covers: freebsd kmq_open kmq_setattr kmq_timedreceive kmq_timedsend kmq_unlink */
/* POSIX message queues: mq_open(2) and its kin. */
#include "guest.h"

enum {
	SYS_kmq_open = 457, SYS_kmq_setattr = 458, SYS_kmq_timedreceive = 459, SYS_kmq_timedsend = 460,
	SYS_kmq_notify = 461, SYS_kmq_unlink = 462,
};
enum { O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_NONBLOCK = 4, O_CREAT = 0x200, O_EXCL = 0x800, SIGUSR1 = 30,
       SIGEV_SIGNAL = 1 };
struct mq_attr {
	long flags, maxmsg, msgsize, curmsgs, reserved[4];
};
static const char name[] = "/dragoman-test";

static long
open_queue(int flags)
{
	struct mq_attr a = {.maxmsg = 2, .msgsize = 16};

	return call(SYS_kmq_open, name, flags, 0600, &a);
}

static bool
no_queues(void)
{
	long q = open_queue(O_RDWR | O_CREAT);

	if (q >= 0)
		call(SYS_close, q);
	return q == -ENOSYS;
}

TEST(messages_come_by_priority)
{
	struct mq_attr a = {0};
	unsigned priority = 99;
	char text[16];
	long q;

	if (no_queues())
		SKIP("the kernel has no queues");
	q = open_queue(O_RDWR | O_CREAT);
	CHECK(q > 2);
	CHECK_IS(call(SYS_kmq_setattr, q, NULL, &a), 0);
	CHECK_IS(a.maxmsg, 2);
	CHECK_IS(a.msgsize, 16);
	CHECK_IS(a.flags, 0);
	CHECK_IS(call(SYS_kmq_timedsend, q, "low", 4, 1, NULL), 0);
	CHECK_IS(call(SYS_kmq_timedsend, q, "high", 5, 7, NULL), 0);
	CHECK_IS(call(SYS_kmq_timedreceive, q, text, sizeof text, &priority, NULL), 5);
	CHECK(same_text(text, "high"));
	CHECK_IS(priority, 7);
	CHECK_IS(call(SYS_kmq_timedreceive, q, text, 8, NULL, NULL), -EMSGSIZE);
	CHECK_IS(call(SYS_kmq_timedsend, q, "x", 2, 64, NULL), -EINVAL);
	CHECK_IS(call(SYS_kmq_timedreceive, q, text, sizeof text, NULL, NULL), 4);
	CHECK_IS(call(SYS_close, q), 0);
	CHECK_IS(call(SYS_kmq_unlink, name), 0);
	CHECK_IS(call(SYS_kmq_unlink, name), -ENOENT);
}

TEST(full_and_empty_queues_wait_or_say_so)
{
	struct mq_attr a = {.flags = O_NONBLOCK}, old = {0};
	struct timespec past = {1, 0};
	char text[16];
	long q;

	if (no_queues())
		SKIP("the kernel has no queues");
	q = open_queue(O_RDWR | O_CREAT);
	CHECK_IS(call(SYS_kmq_timedreceive, q, text, sizeof text, NULL, &past), -ETIMEDOUT);
	CHECK_IS(call(SYS_kmq_setattr, q, &a, &old), 0);
	CHECK_IS(old.flags, 0);
	CHECK_IS(call(SYS_kmq_setattr, q, NULL, &old), 0);
	CHECK_IS(old.flags, O_NONBLOCK);
	CHECK_IS(call(SYS_kmq_timedreceive, q, text, sizeof text, NULL, NULL), -EAGAIN);
	CHECK_IS(call(SYS_kmq_timedsend, q, "1", 2, 0, NULL), 0);
	CHECK_IS(call(SYS_kmq_timedsend, q, "2", 2, 0, NULL), 0);
	CHECK_IS(call(SYS_kmq_timedsend, q, "3", 2, 0, NULL), -EAGAIN);
	a.flags = 2;
	CHECK_IS(call(SYS_kmq_setattr, q, &a, NULL), -EINVAL);
	CHECK_IS(call(SYS_kmq_setattr, q, NOWHERE, NULL), -EFAULT);
	CHECK_IS(call(SYS_kmq_timedsend, q, "1", 2, 0, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_close, q), 0);
	CHECK_IS(call(SYS_kmq_unlink, name), 0);
}

TEST(names_begin_with_a_slash_and_have_no_other)
{
	if (no_queues())
		SKIP("the kernel has no queues");
	CHECK_IS(call(SYS_kmq_unlink, name), 0);
	CHECK_IS(open_queue(O_RDWR), -ENOENT);
	CHECK_IS(call(SYS_kmq_open, "noslash", O_RDWR | O_CREAT, 0600, NULL), -EINVAL);
	CHECK_IS(call(SYS_kmq_open, "/a/b", O_RDWR | O_CREAT, 0600, NULL), -EINVAL);
	CHECK_IS(call(SYS_kmq_open, "/", O_RDWR | O_CREAT, 0600, NULL), -EINVAL);
	CHECK_IS(call(SYS_kmq_open, NOWHERE, O_RDWR, 0600, NULL), -EFAULT);
	CHECK_IS(call(SYS_kmq_open, name, 3, 0600, NULL), -EINVAL);
	CHECK_IS(call(SYS_kmq_open, name, O_RDWR | O_CREAT, 0600, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_kmq_unlink, NOWHERE), -EFAULT);
	CHECK_IS(call(SYS_kmq_timedsend, 77, "1", 2, 0, NULL), -EBADF);
	CHECK_IS(call(SYS_kmq_timedsend, 1, "1", 2, 0, NULL), -EBADF);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(messages_come_by_priority);
	RUN(full_and_empty_queues_wait_or_say_so);
	RUN(names_begin_with_a_slash_and_have_no_other);
	return 0;
}
