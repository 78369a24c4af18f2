/* Sockets of three kinds, descriptors sent, poll, select, epoll. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static void
send_descriptor(int to, int fd)
{
	char room[CMSG_SPACE(sizeof fd)];
	struct iovec part = {"d", 1};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	printf("sent %zd\n", sendmsg(to, &m, 0));
}

static int
receive_descriptor(int from)
{
	char room[64], byte;
	struct iovec part = {&byte, 1};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
	int fd = -1;

	printf("received %zd\n", recvmsg(from, &m, 0));
	if (CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}

int
main(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}, got;
	struct timeval time = {0, 20000};
	struct epoll_event event = {EPOLLIN, {.u64 = 0x1122334455667788}}, out;
	socklen_t n = sizeof a;
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), peer, pair[2], e;
	char buf[64];
	fd_set set;

	bind(server, (void *)&a, sizeof a);
	listen(server, 4);
	getsockname(server, (void *)&a, &n);
	printf("%d\n", connect(client, (void *)&a, sizeof a));
	peer = accept(server, (void *)&got, &n);
	printf("%s %d\n", inet_ntoa(got.sin_addr), (int)n);
	printf("%zd\n", send(peer, "hello", 5, 0));
	printf("%zd\n", recv(client, buf, sizeof buf, 0));
	printf("%.5s\n", buf);
	printf("%d\n", setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
	printf("%zd\n", recv(client, buf, sizeof buf, 0));
	memset(&time, 0, sizeof time);
	n = sizeof time;
	getsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &time, &n);
	printf("%lld %lld\n", (long long)time.tv_sec, (long long)time.tv_usec);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	send_descriptor(pair[0], client);
	int copy = receive_descriptor(pair[1]);
	send(peer, "again", 5, 0);
	printf("%zd %.5s\n", recv(copy, buf, sizeof buf, 0), buf);
	struct pollfd p = {pair[1], POLLIN | POLLOUT, 0};
	printf("%d %d\n", poll(&p, 1, 10), p.revents);
	FD_ZERO(&set);
	FD_SET(pair[1], &set);
	time.tv_usec = 1000;
	printf("%d\n", select(pair[1] + 1, &set, NULL, NULL, &time));
	e = epoll_create1(0);
	epoll_ctl(e, EPOLL_CTL_ADD, pair[1], &event);
	write(pair[0], "x", 1);
	printf("%d\n", epoll_wait(e, &out, 1, 100));
	printf("%llx\n", (unsigned long long)out.data.u64);
	return 0;
}
