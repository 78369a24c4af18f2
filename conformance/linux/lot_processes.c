/*
 * covers: linux fork clone exit exit_group wait4 waitid kill tkill tgkill rt_sigqueueinfo pidfd_open pidfd_send_signal
 * covers: linux setpgid getpgid getpgrp setsid getsid getppid getpriority setpriority getrlimit setrlimit prlimit64
 * covers: linux umask times getrusage
 */
/*
 * Children that end, stop and go on as the lot says, and are asked for in every way; and what they share with others:
 * groups, priorities, limits. What was ordered has happened (it is waited for with WNOWAIT) before the next
 * call, and no wait that is shown can last: where nobody would answer it has WNOHANG.
 */
#include "guest_lot.h"
#include "guest_signal.h"
#include "guest_socket.h"

#include <linux/resource.h>
#include <linux/wait.h>

#define CHILDREN 6
#define NO_PROCESS 0x7ffffff

enum state { EMPTY, RUNS, STOPPED, ENDED };
static struct child {
	int pid, socket;
	enum state state;
	bool is_doomed;	/* what will end it is pending while it is stopped */
} children[CHILDREN];
static int born[CALLS], nborn, own_pid;

/* ---- who is who ---- */

static void
say_who(const char *word, long pid)
{
	if (pid <= 0)
		return say(word, pid);
	print(" ");
	print(word);
	if (pid == own_pid)
		return print(" itself");
	for (int i = nborn - 1; i >= 0; i--)
		if (born[i] == pid)
			return say("child", i);
	print(pid == NO_PROCESS ? " nobody" : " somebody");
}

static long
answer_who(guest_word value)
{
	if (value <= 0)
		return (long)answer(value);
	say_who("=", (long)value);
	return (long)value;
}

static struct child *
draw_child(void)
{
	struct child *c = &children[draw(CHILDREN)];

	return c->state == EMPTY && draw(3) ? &children[draw(CHILDREN)] : c;
}

/* Nothing is to be asked of a number that was given back: it may be another's. */
static int
pid_of(const struct child *c)
{
	return c->state == EMPTY ? NO_PROCESS : c->pid;
}

static int
draw_group(void)
{
	long group = call(getpgid, pid_of(draw_child()));

	return group > 0 ? (int)group : NO_PROCESS;
}

static int
draw_who(void)
{
	switch (draw(12)) {
	case 0:
		return 0;
	case 1:
		return own_pid;
	case 2:
		return -1;
	default:
		return pid_of(draw_child());
	}
}

/* ---- children: what they do when they are told to ---- */

enum what { SAY_SOMETHING, END, END_THREAD, SEND_ITSELF, NEW_SESSION, NEW_GROUP, ASK_PARENT, ASK_GROUP, HAVE_CHILD };
struct order {
	int what, value;
};

static long
carry_out(const struct order *o)
{
	long pid;

	switch (o->what) {
	case END:
		leave(o->value);
	case END_THREAD:
		return call(exit, o->value);
	case SEND_ITSELF:
		return call(kill, call(getpid), o->value);
	case NEW_SESSION:
		return call(setsid);
	case NEW_GROUP:
		return call(setpgid, 0, o->value);
	case ASK_PARENT:
		return call(getppid) == own_pid;
	case ASK_GROUP:
		return call(getpgrp);
	case HAVE_CHILD:
		pid = fork();
		if (pid == 0)
			leave(o->value);
		return wait_for(pid);
	default:
		return 0;
	}
}

__attribute__((noreturn)) static void
obey(int f)
{
	struct order o;

	for (int i = 0; i < CHILDREN; i++)
		if (children[i].state != EMPTY)
			call(close, children[i].socket);
	while (call(read, f, &o, sizeof o) == sizeof o) {
		long r = carry_out(&o);

		if (o.what != SEND_ITSELF)
			call(write, f, &r, sizeof r);
	}
	leave(99);
}

static void
tell(const struct child *c, int what, int value)
{
	struct order o = {what, value};

	call(write, c->socket, &o, sizeof o);
}

static long
hear(const struct child *c)
{
	long r = -1;

	call(read, c->socket, &r, sizeof r);
	return r;
}

static void
settle(const struct child *c, unsigned how)
{
	call(waitid, P_PID, c->pid, NULL, how | WNOWAIT | __WALL, NULL);
}

static void
has_ended(struct child *c)
{
	settle(c, WEXITED);
	c->state = ENDED;
}

/* A group that nobody else of the session looks after is not stopped by a terminal's signals (POSIX, "orphaned"). */
static bool
is_stopped_by(const struct child *c, int signal)
{
	return signal == SIGSTOP || (call(getpgid, c->pid) != own_pid && call(getsid, c->pid) == own_pid);
}

static bool
ends(int signal)
{
	switch (signal) {
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGCONT:
	case SIGURG:
	case SIGCHLD:
		return false;
	default:
		return true;
	}
}

/* The child was sent a signal: waits for what comes of it. */
static void
was_sent(struct child *c, int signal)
{
	if (c->state == EMPTY || c->state == ENDED)
		return;
	if (signal == SIGKILL || (c->state == RUNS && ends(signal)) || (signal == SIGCONT && c->is_doomed))
		return has_ended(c);
	if (ends(signal)) {
		c->is_doomed = true;
	} else if (signal == SIGCONT) {
		c->state = RUNS;
	} else if (c->state == RUNS && signal != SIGURG && signal != SIGCHLD && is_stopped_by(c, signal)) {
		settle(c, WSTOPPED);
		c->state = STOPPED;
	}
	if (c->state == RUNS) {
		tell(c, SAY_SOMETHING, 0);
		hear(c);
	}
}

static void
new_child(void)
{
	static const int told[] = {SIGCHLD, SIGCHLD, SIGCHLD, SIGCHLD, SIGURG, 0};
	int signal = DRAW(told), ends[2] = {-1, -1};
	struct child *c = children;
	long pid;

	while (c < children + CHILDREN && c->state != EMPTY)
		c++;
	if (c == children + CHILDREN)
		return print("no room for a child");
	say("fork, told by", signal);
	call(socketpair, AF_UNIX, SOCK_STREAM, 0, ends);
	pid = signal == SIGCHLD ? fork() : (long)call(clone, signal, 0, 0, 0, 0);
	if (pid == 0) {
		call(close, ends[0]);
		obey(ends[1]);
	}
	call(close, ends[1]);
	born[nborn++] = (int)pid;
	*c = (struct child){(int)pid, ends[0], RUNS, false};
	answer_who(pid);
	tell(c, SAY_SOMETHING, 0);
	hear(c);
}

static const int signals[] = {SIGSTOP, SIGSTOP, SIGSTOP, SIGTSTP, SIGTTIN, SIGCONT, SIGCONT, SIGCONT, SIGTERM, SIGHUP,
			      SIGKILL, SIGUSR1, SIGALRM, SIGURG, SIGCHLD, 34, 64};

static void
order_child(void)
{
	static const int whats[] = {END, END_THREAD, SEND_ITSELF, SEND_ITSELF, NEW_SESSION, NEW_GROUP, NEW_GROUP,
				    ASK_PARENT, ASK_GROUP, HAVE_CHILD};
	struct child *c = draw_child();
	int what = DRAW(whats), value = (int)draw(300) - 20;

	if (c->state != RUNS)
		return print("nobody listens");
	if (what == SEND_ITSELF)
		value = DRAW(signals);
	say_who("tell", c->pid);
	say("what", what);
	if (what == NEW_GROUP)
		say_who("", value = draw_who());
	else
		say("", value);
	tell(c, what, value);
	if (what == END || what == END_THREAD)
		return has_ended(c);
	if (what == SEND_ITSELF)
		return was_sent(c, value);
	if (what == NEW_SESSION || what == ASK_GROUP)
		answer_who(hear(c));
	else
		answer(hear(c));
}

/* ---- signals ---- */

static long
send_by(unsigned way, int pid, int signal)
{
	struct siginfo info;
	long f, r;

	memset(&info, 0, sizeof info);
	info.si_code = SI_QUEUE;
	info.si_signo = signal;
	switch (way) {
	case 0:
		print(" kill");
		return call(kill, pid, signal);
	case 1:
		print(" tkill");
		return call(tkill, pid, signal);
	case 2:
		print(" tgkill");
		return call(tgkill, pid, pid, signal);
	case 3:
		print(" queue");
		return call(rt_sigqueueinfo, pid, signal, &info);
	default:
		print(" by descriptor");
		f = call(pidfd_open, pid, 0);
		r = call(pidfd_send_signal, f, signal, draw(2) ? &info : NULL, 0);
		call(close, f);
		return r;
	}
}

static void
send_one(void)
{
	struct child *c = draw_child();
	int signal = DRAW(signals);

	say_who("to", pid_of(c));
	say("signal", signal);
	answer(send_by(draw(5), pid_of(c), signal));
	was_sent(c, signal);
}

/* Never to its own group. */
static void
send_group(void)
{
	int group = draw_group(), signal = DRAW(signals);
	bool is_in[CHILDREN];

	if (group == own_pid)
		return print("no group to send to");
	for (int i = 0; i < CHILDREN; i++)
		is_in[i] = children[i].state != EMPTY && call(getpgid, children[i].pid) == group;
	say_who("to group of", group);
	say("signal", signal);
	answer(call(kill, -group, signal));
	for (int i = 0; i < CHILDREN; i++)
		if (is_in[i])
			was_sent(&children[i], signal);
}

/* Whether they are there, and what is no signal. */
static void
ask_signals(void)
{
	static const int numbers[] = {0, 0, 0, 65, -1, 1000};
	int who = draw_who(), other = draw(3) ? who : draw_who(), signal = DRAW(numbers);

	say_who("ask", who);
	say_who("and", other);
	say("signal", signal);
	if (who != -1) {
		answer(call(kill, who, signal));
		answer(call(kill, who == own_pid || who == 0 ? (int)0x80000000 : -who, signal));
	}
	answer(call(tkill, who, signal));
	answer(call(tgkill, who, other, signal));
}

/* ---- waiting ---- */

/* Who was taken by a wait is there no more, whatever the wait answered. */
static void
look_who_went(void)
{
	for (struct child *c = children; c < children + CHILDREN; c++)
		if (c->state != EMPTY && call(kill, c->pid, 0) == -ESRCH) {
			say_who("; went", c->pid);
			call(close, c->socket);
			c->state = EMPTY;
		}
}

static bool
is_answered(int kind, int id, unsigned how)
{
	struct siginfo info;

	memset(&info, 0, sizeof info);
	return call(waitid, kind, id, &info, how | WNOHANG | WNOWAIT, NULL) != 0 || info.si_pid != 0;
}

static unsigned
draw_how(void)
{
	static const unsigned flags[] = {WNOHANG, WUNTRACED, WCONTINUED, WEXITED, WEXITED, WNOWAIT, __WALL, __WALL,
					 __WNOTHREAD}, odd[] = {__WCLONE, 0x10, 0x8000};
	unsigned how = draw_flags(flags, COUNT(flags));

	return draw(12) ? how : how | DRAW(odd);
}

/* A struct, and what shows whether the kernel wrote to it: fields that it never sets to -1, and what it leaves. */
static __kernel_long_t usage[18];

static void *
draw_usage(void)
{
	memset(usage, 0xff, sizeof usage);
	switch (draw(8)) {
	case 0:
		return NOWHERE;
	case 1:
	case 2:
		return NULL;
	default:
		return usage;
	}
}

static void
say_usage(void)
{
	say("usage", usage[0] >= 0 && usage[1] < 1000000);
	say("", usage[13]);
	say("", usage[17] >= 0);
}

static void
wait_by_status(void)
{
	int target = draw_who(), status = -77, kind = P_PID, id;
	unsigned how = draw_how();
	void *where = draw(12) ? &status : draw(2) ? NOWHERE : NULL, *into;

	if (draw(3) == 0)
		target = -1;
	else if (draw(4) == 0)
		target = draw(3) ? -draw_group() : (int)0x80000000;
	if (draw(10))
		how &= ~(unsigned)(WEXITED | WNOWAIT);
	id = target;
	if (target == -1)
		kind = P_ALL;
	else if (target <= 0)
		kind = P_PGID, id = -target;
	if (target != (int)0x80000000 && !is_answered(kind, id, (how & ~(unsigned)WNOWAIT) | WEXITED))
		how |= WNOHANG;
	say_who("wait4 for", target < -1 ? -target : target);
	say("negative", target < 0);
	say("how", how);
	into = draw_usage();
#ifdef __i386__
	if (draw(4) == 0)
		answer_who(call(waitpid, target, where, how));
	else
		answer_who(call(wait4, target, where, how, into));
#else
	if (draw(4) == 0)
		into = NULL;
	answer_who(call(wait4, target, where, how, into));
#endif
	say("status", status);
	say_usage();
}

/* The kernel writes no more of it than these fields: the rest is left alone, and may be where there is no memory. */
#define INFO_SIZE (offsetof(struct siginfo, si_status) + sizeof(int))

static struct siginfo *
draw_info(struct siginfo *info)
{
	static char *end;

	if (end == NULL) {
		end = (char *)call(mmap, NULL, 8192, 3, 0x22, -1, 0) + 4096;
		call(munmap, end, 4096);
	}
	memset(info, 0x55, sizeof *info);
	memset(end - INFO_SIZE, 0x55, INFO_SIZE);
	switch (draw(16)) {
	case 0:
		return NOWHERE;
	case 1:
		return NULL;
	case 2:
		print(" at an end");
		return (struct siginfo *)(void *)(end - INFO_SIZE);
	default:
		return info;
	}
}

static void
wait_by_info(void)
{
	static const int kinds[] = {P_ALL, P_ALL, P_PID, P_PID, P_PID, P_PGID, 3 /* P_PIDFD */, 4, -1};
	int kind = DRAW(kinds), id = draw_who(), whose = id;
	unsigned how = draw_how();
	struct siginfo info, *where = draw_info(&info);
	void *into = draw_usage();
	long r;

	if (kind == P_PGID && draw(2))
		whose = id = draw_group();
	if (kind == 3)
		id = (int)call(pidfd_open, id, draw(3) ? 0 : O_NONBLOCK);
	if (!is_answered(kind, id, how))
		how |= WNOHANG;
	say("waitid by", kind);
	say_who("for", whose);
	say("how", how);
	r = answer(call(waitid, kind, id, where, how, into));
	if (where == NOWHERE || where == NULL)
		where = &info;
	if (where != &info)
		memcpy(&info, where, INFO_SIZE);
	if (r == 0 && info.si_pid == 0)
		print(" nobody");
	say("signal", info.si_signo);
	say("error", info.si_errno);
	say("code", info.si_code);
	say("status", info.si_status);
	say_who("of", info.si_pid);
	say("user is own", (guest_word)info.si_uid == call(getuid));
	say("behind", ((const char *)&info)[sizeof info - 1]);
	say_usage();
	if (kind == 3 && id >= 0)
		call(close, id);
}

/* ---- groups and sessions, priorities, limits ---- */

static void
groups(void)
{
	int who = draw_who(), group = draw_who();

	say_who("process", who);
	switch (draw(6)) {
	case 0:
	case 1:
	case 2:
		say_who("setpgid", group);
		answer(call(setpgid, who, group));
		return;
	case 3:
		print(" getpgid");
		answer_who(call(getpgid, who));
		return;
	case 4:
		print(" getsid");
		answer_who(call(getsid, who));
		return;
	default:
		print(" setsid, getpgrp");
		answer(call(setsid));
		answer_who(call(getpgrp));
	}
}

/* PRIO_USER is everybody's. */
static void
priorities(void)
{
	static const int whiches[] = {PRIO_PROCESS, PRIO_PROCESS, PRIO_PGRP, 3, -1};
	int which = DRAW(whiches), who = draw_who(), nice = (int)draw(24) - 1;
	bool is_own = who == 0 || who == own_pid;

	say("priority by", which);
	if (draw(12) == 0) {
		print(" of no user");
		answer(call(getpriority, PRIO_USER, NO_PROCESS));
		return;
	}
	say_who("of", who);
	if (draw(2) && !(which == PRIO_PGRP && is_own)) {
		if (is_own)
			nice = 0;
		say("set", nice);
		answer(call(setpriority, which, who, nice));
	}
	answer(call(getpriority, which, who));
}

struct limit {
	__kernel_ulong_t now, most;
};
struct wide_limit {
	uint64_t now, most;
};

static const int limited[] = {RLIMIT_CORE, RLIMIT_NOFILE, RLIMIT_NOFILE, RLIMIT_MSGQUEUE, RLIMIT_SIGPENDING,
			      RLIMIT_LOCKS, RLIMIT_RTTIME};

static uint64_t
draw_limit(int resource)
{
	if (resource != RLIMIT_CORE && resource != RLIMIT_NOFILE && draw(10) == 0)
		return draw(2) ? ~0ull : 0xffffffff;
	return resource == RLIMIT_CORE ? draw(4000) : 1000 + draw(4000);
}

static void
limits(void)
{
	bool sets = draw(3) == 0;
	int resource = sets && draw(8) ? DRAW(limited) : (int)draw(19) - 1;
	bool is_safe = resource < 0 || resource >= RLIM_NLIMITS;
	struct limit l = {77, 77};
	long r;

	for (unsigned i = 0; i < COUNT(limited); i++)
		is_safe |= resource == limited[i];
	say("limit", resource);
	if (sets && is_safe) {
		l.now = (__kernel_ulong_t)draw_limit(resource);
		l.most = draw(3) ? l.now + 5000 : (__kernel_ulong_t)draw_limit(resource);
		say("set", (long long)l.now);
		say("", (long long)l.most);
		answer(call(setrlimit, resource, draw(12) ? &l : NOWHERE));
		l = (struct limit){77, 77};
	}
	r = answer(call(getrlimit, resource, draw(12) ? &l : NOWHERE));
	if (r == 0) {
		say("now", (long long)l.now);
		say("most", (long long)l.most);
	}
}

static void
limits_of_others(void)
{
	int who = draw_who(), resource = draw(8) ? DRAW(limited) : (int)draw(19) - 1;
	struct wide_limit new = {draw_limit(resource), draw_limit(resource) + 3000 * draw(2)}, old = {77, 77};
	bool is_safe = false;
	void *from = draw(12) ? &new : NOWHERE, *into = draw(4) ? &old : draw(2) ? NOWHERE : NULL;

	for (unsigned i = 0; i < COUNT(limited); i++)
		is_safe |= resource == limited[i];
	if (!is_safe || draw(2))
		from = NULL;
	say_who("limit of", who);
	say("", resource);
	if (from != NULL) {
		say("set", (long long)new.now);
		say("", (long long)new.most);
	}
	answer(call(prlimit64, who, resource, from, into));
	say("was", (long long)old.now);
	say("", (long long)old.most);
}

static void
times_and_masks(void)
{
	static const int whose[] = {0, -1, 1, 2, -2};
	__kernel_long_t spent[4] = {-77, -77, -77, -77};
	int who = DRAW(whose);
	void *into;
	long r;

	switch (draw(3)) {
	case 0:
		r = draw(01000);
		say("umask", r);
		answer(call(umask, draw(8) ? r : r | 07000));
		return;
	case 1:
		print("times");
		r = call(times, draw(4) ? spent : draw(2) ? NOWHERE : NULL);
		answer(r == -EFAULT ? r : 0);
		for (int i = 0; i < 4; i++)
			say("", spent[i] >= 0);
		return;
	default:
		say("rusage", who);
		into = draw_usage();
		answer(call(getrusage, who, into == NULL ? usage : into));
		say_usage();
	}
}

/* ---- all of it ---- */

static void
with_children(void)
{
	switch (draw(16)) {
	case 0:
	case 1:
	case 2:
		return new_child();
	case 3:
	case 4:
		return order_child();
	case 5:
	case 6:
	case 7:
		return send_one();
	case 8:
		return send_group();
	case 9:
		return ask_signals();
	case 10:
	case 11:
	case 12:
		wait_by_status();
		return look_who_went();
	default:
		wait_by_info();
		return look_who_went();
	}
}

static void
with_itself(void)
{
	static void (*const what[])(void) = {
		groups, groups, groups, priorities, priorities, limits, limits_of_others, limits_of_others, times_and_masks,
	};

	DRAW(what)();
}

TEST(processes_are_the_kernels)
{
	own_pid = (int)call(getpid);
	for (int i = 0; i < CALLS; i++) {
		if (draw(2))
			with_children();
		else
			with_itself();
		print_end();
	}
	for (struct child *c = children; c < children + CHILDREN; c++)
		if (c->state != EMPTY) {
			call(kill, c->pid, SIGKILL);
			call(wait4, c->pid, NULL, __WALL, NULL);
		}
	SHOW(wait4, -1, NULL, __WALL, NULL);
}

/* In a session of its own, whoever started it. */
int
main(int argc, char **argv, char **envp)
{
	long pid = fork();

	(void)argc;
	(void)argv;
	(void)envp;
	if (pid == 0) {
		call(setsid);
		RUN(processes_are_the_kernels);
		return 0;
	}
	VALUE(wait_for(pid));
	return 0;
}
