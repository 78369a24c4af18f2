/*
 * struct kinfo_proc for kern.proc's lists of processes (kern/kern_proc.c), as ps(1)
 * reads them, from the host's /proc.
 */
#include "sysctl.h"

#include <asm/stat.h>

#include "core/core.h"
#include "core/host.h"
#include "core/linux_abi.h"
#include "core/print.h"
#include "core/process.h"
#include "core/string.h"
#include "freebsd.h"

#define TICKS 100			/* the host's USER_HZ */

/* sys/sys/user.h, the parts that are known here. */
struct freebsd_kinfo_proc {
	int32_t structsize, layout;
	uint64_t pointers[8];
	int32_t pid, ppid, pgid, tpgid, sid, tsid;
	int16_t jobc, spare_short1;
	uint32_t tdev11;
	struct sigset siglist, sigmask, sigignore, sigcatch;
	uint32_t uid, ruid, svuid, rgid, svgid;
	int16_t ngroups, spare_short2;
	uint32_t groups[16];
	uint64_t size;
	int64_t rssize, swrss, tsize, dsize, ssize;
	uint16_t xstat, acflag;
	uint32_t pctcpu, estcpu, slptime, swtime, cow;
	uint64_t runtime;
	int64_t start[2], childtime[2], flag, kiflag;
	int32_t traceflag;
	char stat;
	int8_t nice;
	char lock, rqindex;
	uint8_t oncpu_old, lastcpu_old;
	char tdname[17], wmesg[9], login[18], lockname[9], comm[20], emul[17], loginclass[18], moretdname[4];
	char rest[1088 - 506];
} __attribute__((packed));
_Static_assert(sizeof(struct freebsd_kinfo_proc) == 1088, "sys/sys/user.h");
_Static_assert(offsetof(struct freebsd_kinfo_proc, comm) == 447, "sys/sys/user.h");

#define STATE_RUNNING 2
#define STATE_SLEEPING 3
#define STATE_STOPPED 4
#define STATE_ZOMBIE 5

static char
state_to_guest(char host)
{
	switch (host) {
	case 'R':
		return STATE_RUNNING;
	case 'T':
	case 't':
		return STATE_STOPPED;
	case 'Z':
		return STATE_ZOMBIE;
	default:
		return STATE_SLEEPING;
	}
}

/* The numbers of /proc/PID/stat behind the name in parentheses: state, ppid, pgrp, session, … (proc(5)). */
static unsigned
stat_numbers(const char *s, uint64_t *to, unsigned n)
{
	unsigned k = 0;

	while (*s && k < n) {
		uint64_t v = 0;

		for (; *s == ' ' || *s == '-'; s++)
			;
		for (; *s >= '0' && *s <= '9'; s++)
			v = v * 10 + (uint64_t)(*s - '0');
		to[k++] = v;
		while (*s && *s != ' ')
			s++;
	}
	return k;
}

/* What is behind the name in /proc/PID/stat, by its place there. */
enum { PPID = 0, GROUP = 1, SESSION = 2, TTY_GROUP = 4, USER_TIME = 10, SYSTEM_TIME = 11, NICE = 15,
       START = 18, SIZE = 19, RESIDENT = 20, STAT_NUMBERS = 21 };

/* Whose it is: the folder's owner is the effective user. */
static void
fill_ids(struct freebsd_kinfo_proc *kp, long pid, long self)
{
	char name[32];
	struct stat st;

	format(name, sizeof name, "/proc/%ld", pid);
	if (core_call(__NR_stat, name, &st) == 0) {
		kp->uid = kp->ruid = kp->svuid = st.st_uid;
		kp->rgid = kp->svgid = kp->groups[0] = st.st_gid;
	}
	if (pid == self) {
		core_call(__NR_getresuid, &kp->ruid, &kp->uid, &kp->svuid);
		core_call(__NR_getresgid, &kp->rgid, &kp->groups[0], &kp->svgid);
	}
	kp->ngroups = 1;
}

/* stat counts its start from the boot, in ticks. */
static void
fill_times(struct freebsd_kinfo_proc *kp, const uint64_t *v)
{
	struct timespec real, since;
	uint64_t ran = v[USER_TIME] + v[SYSTEM_TIME];

	core_call(__NR_clock_gettime, CLOCK_REALTIME, &real);
	core_call(__NR_clock_gettime, CLOCK_BOOTTIME, &since);
	kp->start[0] = real.tv_sec - since.tv_sec + (int64_t)(v[START] / TICKS);
	kp->start[1] = (int64_t)(v[START] % TICKS) * (1000000 / TICKS);
	kp->runtime = ran * (1000000 / TICKS);
}

/* -ESRCH: it is gone. */
static long
fill(struct freebsd_kinfo_proc *kp, long pid, long self)
{
	char text[1024], *name, *end;
	uint64_t v[STAT_NUMBERS] = {0};
	long n = sysctl_read_proc(pid, "stat", text, sizeof text - 1);

	if (n < 0)
		return n;
	text[n] = 0;
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end || end + 4 > text + n)
		return -ESRCH;
	*end = 0;
	memset(kp, 0, sizeof *kp);
	stat_numbers(end + 4, v, STAT_NUMBERS);
	kp->structsize = sizeof *kp;
	kp->pid = (int32_t)pid;
	kp->ppid = (int32_t)v[PPID];
	kp->pgid = (int32_t)v[GROUP];
	kp->sid = kp->tsid = (int32_t)v[SESSION];
	kp->tpgid = (int32_t)v[TTY_GROUP];
	kp->stat = state_to_guest(end[2]);
	kp->size = v[SIZE];
	kp->rssize = (int64_t)v[RESIDENT];
	fill_ids(kp, pid, self);
	fill_times(kp, v);
	strlcpy(kp->comm, name + 1, sizeof kp->comm);
	strlcpy(kp->tdname, name + 1, sizeof kp->tdname);
	strlcpy(kp->emul, "FreeBSD ELF64", sizeof kp->emul);
	return 0;
}

long
sysctl_proc_pid(struct sysctl_request *r)
{
	struct freebsd_kinfo_proc kp;
	long pid = sysctl_proc_target(r), e = pid < 0 ? pid : fill(&kp, pid, r->call->p->pid);

	return e < 0 ? e : sysctl_put(r, &kp, sizeof kp);
}

/* ---- lists ---- */

/* Is it one of those that the last number chooses? */
typedef bool chosen(const struct freebsd_kinfo_proc *kp, int32_t by);

static bool
by_group(const struct freebsd_kinfo_proc *kp, int32_t by)
{
	return kp->pgid == by;
}

static bool
by_session(const struct freebsd_kinfo_proc *kp, int32_t by)
{
	return kp->sid == by;
}

static bool
by_user(const struct freebsd_kinfo_proc *kp, int32_t by)
{
	return kp->uid == (uint32_t)by;
}

static bool
by_real_user(const struct freebsd_kinfo_proc *kp, int32_t by)
{
	return kp->ruid == (uint32_t)by;
}

static long
put_one(struct sysctl_request *r, const char *name, chosen *is_chosen)
{
	struct freebsd_kinfo_proc kp;
	long pid = 0;

	for (const char *s = name; *s; s++) {
		if (*s < '0' || *s > '9')
			return 0;
		pid = pid * 10 + (*s - '0');
	}
	if (fill(&kp, pid, r->call->p->pid) < 0 || (is_chosen && !is_chosen(&kp, r->rest[0])))
		return 0;
	return sysctl_put(r, &kp, sizeof kp);
}

struct host_dirent {	/* struct linux_dirent64 */
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* All chosen ones are counted even when there is no more room: the size is the answer too. */
static long
put_list(struct sysctl_request *r, unsigned nrest, chosen *is_chosen)
{
	char buf[4096];
	long fd, n, e = 0, one;

	if (r->nrest != nrest)
		return -EINVAL;
	fd = core_call(__NR_openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	while ((n = core_call(__NR_getdents64, fd, buf, sizeof buf)) > 0)
		for (long at = 0; at < n; at += ((struct host_dirent *)(buf + at))->reclen) {
			one = put_one(r, ((struct host_dirent *)(buf + at))->name, is_chosen);
			e = one < 0 ? one : e;
		}
	core_call(__NR_close, fd);
	return e;
}

long
sysctl_proc_all(struct sysctl_request *r)
{
	return put_list(r, r->nrest, NULL);
}

long
sysctl_proc_pgrp(struct sysctl_request *r)
{
	return put_list(r, 1, by_group);
}

long
sysctl_proc_sid(struct sysctl_request *r)
{
	return put_list(r, 1, by_session);
}

long
sysctl_proc_uid(struct sysctl_request *r)
{
	return put_list(r, 1, by_user);
}

long
sysctl_proc_ruid(struct sysctl_request *r)
{
	return put_list(r, 1, by_real_user);
}
