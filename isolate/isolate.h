/*
 * A room for a guest: what its files share. `dragoman run --isolate` execs
 * dragoman-isolate, which becomes three processes:
 *
 *  keeper  outside; stands where the program would: takes its signals, gives its status
 *  init    inside, pid 1: builds the room, reaps, dies with the keeper, and the room with it
 *  program inside, pid 2: gives up what is left of rights, execs the core
 *
 * docs/isolation.md has the order of the steps and why. Hosted, single-threaded;
 * what fails says one line (cli/dragoman.h, fail()) and exits.
 */
#ifndef DRAGOMAN_ISOLATE_H
#define DRAGOMAN_ISOLATE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/dragoman.h"

enum changes { CHANGES_REFUSED, CHANGES_DROPPED, CHANGES_KEPT };
enum net { NET_NONE, NET_HOST, NET_PRIVATE };

/* --bind and --tmpfs, in the order given. */
struct room_mount {
	const char *source; /* NULL: a tmpfs */
	const char *target;
	bool read_only;
	int fd; /* the mount, before it has its place (root.c) */
	bool folder;
};

#define ROOM_MOUNTS 64
#define ROOM_KEPT 16

/* For which kind of OS the program is: how its /proc looks. */
enum program_kind { PROGRAM_LINUX, PROGRAM_BSD };

struct room {
	struct settings settings; /* the command line; root is taken out of it */
	char **argv;		  /* as it was given to us */
	char **envp;		  /* the program's, --env applied */

	const char *tree;
	enum changes changes;
	const char *overlay; /* CHANGES_KEPT: the folder */
	struct room_mount mounts[ROOM_MOUNTS];
	size_t mount_count;
	enum net net;
	bool strict;
	enum program_kind kind;
	uid_t uid; /* as the room shows them */
	gid_t gid;

	int kept[ROOM_KEPT]; /* descriptors above 2 that the program gets */
	size_t kept_count;
	int queues; /* the filesystem of the room's POSIX message queues, mounted nowhere */
	int core; /* the core's file on a read-only mount of its own, a high number */

	sigset_t mask;		    /* the caller's, for the program */
	struct sigaction old_child; /* and what it did with SIGCHLD */
	mode_t umask;
};

/* options.c: the command line into *r. */
void room_options(struct room *r, char **argv, char **envp);
/* user.c: --user, or who the caller is. */
void room_user(struct room *r, int tree);

/* keeper.c: runs the room; answers with the exit status, or dies as the program died. */
int keep(struct room *r);
/* init.c: pid 1 from its first step on; `channel` leads to the keeper. */
_Noreturn void room_init(struct room *r, int channel);
/*
 * program.c: the core's options, before anything is changed (files are opened); its file, while
 * the host's are in sight; and pid 2 itself, whose file is named in the room's terms.
 */
void program_options(struct room *r);
void room_core(struct room *r);
_Noreturn void room_program(struct room *r, const char *file);

/* root.c: leaves the caller in the room's file system; the procfs for it is not yet mounted. */
void room_root(struct room *r);
/* dev.c */
void room_dev(int root);
/*
 * In the room: a standard descriptor of the host's /dev/null and the like becomes the room's, on
 * which fchmod(2) fails. The host's own would be changed for everybody by the room's root.
 */
void dev_standard_descriptors(void);
/* proc.c: a procfs that is mounted nowhere; at its place, with what is not the room's hidden. */
int proc_make(void);
void proc_mount(int proc);

/* mount.c: thin wrappers of the kernel's mount calls by descriptor; all end in fail(). */
int mount_new(const char *type, const char *const settings[][2], unsigned attributes);
/* As mount_new(), but -1 with errno set; the kernel's words in why[size]. */
int mount_try(const char *type, const char *const settings[][2], unsigned attributes, char *why,
	      size_t size);
int mount_copy(int dir, const char *path, unsigned attributes, bool recursive);
void mount_limit(int mount, unsigned attributes, bool recursive);
void mount_at(int mount, int target, const char *name);
/* `path` inside root, whatever links are on the way: an O_PATH descriptor, or -1. */
int open_in_root(int root, const char *path);
/* The same; made if it is not there: a folder, or an empty file. */
int make_in_root(int root, const char *path, bool folder);

/* privilege.c */
void privileges_drop(const struct room *r);
/* landlock.c: nothing outside the room's files, by whatever way. */
void landlock_apply(const struct room *r);
/* Does it keep the room from signalling others of its process group outside (Linux 6.12)? */
bool landlock_scopes_signals(void);
/* terminal.c: no typing on the caller's terminal. */
void terminal_guard(void);
/* limits.c */
void limits_apply(void);
void limit_option(const char *text);
/* cgroup.c: takes an option that is about the room's cgroup. */
bool cgroup_option(enum option_id id, const char *value);
struct cgroup {
	int group, lifeline; /* -1: no limit was asked for */
	char name[32];
	pid_t janitor;
};
/* The group, its limits set; removed when the lifeline's copies are all closed, or by cgroup_end(). */
struct cgroup cgroup_make(void);
void cgroup_enter(const struct cgroup *g, pid_t pid);
void cgroup_end(struct cgroup *g);
/* net.c: the loopback interface of the room's own network. */
void loopback_up(void);

/* brand.c */
/* What OS `file` is for; fails if the tree lacks what such a program needs. */
enum program_kind program_kind(const struct room *r, const char *file);

#endif
