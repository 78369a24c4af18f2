/* covers: linux mkdir mkdirat rmdir rename renameat renameat2 link linkat unlink unlinkat symlink symlinkat readlink
   readlinkat chdir fchdir getcwd mknod mknodat getdents getdents64 umask chroot */
#include "guest.h"

static char buf[4096];

TEST(folders)
{
	SHOW(umask, 022);
	SHOW(umask, 07777);
	SHOW(umask, 022);
	SHOW(mkdir, "d", 0755);
	SHOW(mkdir, "d", 0755);
	SHOW(mkdir, "d/e", 0700);
	SHOW(mkdir, "x/e", 0700);
	SHOW(mkdir, NOWHERE, 0700);
	SHOW(mkdir, "", 0700);
	SHOW(mkdirat, AT_CWD, "d/f", 01777);
	SHOW(mkdirat, 0, "d/f", 0700);
	SHOW(mkdirat, -1, "d/g", 0700);
	SHOW(rmdir, "d");
	SHOW(rmdir, "d/f");
	SHOW(rmdir, "d/f");
	SHOW(rmdir, "d/.");
	SHOW(rmdir, "d/..");
	SHOW(rmdir, NULL);
	make_file("plain", "text");
	SHOW(rmdir, "plain");
	SHOW(unlink, "d");
	SHOW(unlinkat, AT_CWD, "d/e", 0x200);
	SHOW(unlinkat, AT_CWD, "d/e", 0x200);
	SHOW(unlinkat, AT_CWD, "plain", 0x200);
	SHOW(unlinkat, AT_CWD, "plain", 0x400);
	SHOW(unlinkat, AT_CWD, "plain", 0);
	SHOW(unlink, NOWHERE);
}

TEST(renaming)
{
	make_file("a", "a");
	make_file("b", "bb");
	SHOW(rename, "a", "c");
	SHOW(rename, "a", "c");
	SHOW(rename, "c", "b");
	SHOW(rename, "b", "d");
	SHOW(rename, "d", "b");
	SHOW(rename, "d", "d/below");
	SHOW(rename, NOWHERE, "d");
	SHOW(rename, "b", NULL);
	SHOW(renameat, AT_CWD, "b", AT_CWD, "b2");
	SHOW(renameat, 99, "b2", AT_CWD, "b3");
	SHOW(renameat, AT_CWD, "b2", 0, "b3");
	make_file("a", "aa");
	SHOW(renameat2, AT_CWD, "b2", AT_CWD, "a", 1);
	SHOW(renameat2, AT_CWD, "b2", AT_CWD, "a", 2);
	SHOW(renameat2, AT_CWD, "b2", AT_CWD, "a", 3);
	SHOW(renameat2, AT_CWD, "b2", AT_CWD, "a", 0x100);
	SHOW(renameat2, AT_CWD, "b2", AT_CWD, "b3", 1);
}

TEST(links)
{
	make_file("one", "1");
	SHOW(link, "one", "two");
	SHOW(link, "one", "two");
	SHOW(link, "d", "e");
	SHOW(link, "nothing", "e");
	SHOW(link, NOWHERE, "e");
	SHOW(linkat, AT_CWD, "one", AT_CWD, "three", 0);
	SHOW(linkat, AT_CWD, "one", AT_CWD, "four", 0x100);
	SHOW(linkat, 98, "one", AT_CWD, "four", 0);
	SHOW(linkat, AT_CWD, "one", AT_CWD, "four", 0x400);
	SHOW(symlink, "one", "sym");
	SHOW(symlink, "one", "sym");
	SHOW(symlink, "", "empty");
	SHOW(symlink, NOWHERE, "empty");
	SHOW(symlinkat, "sym", AT_CWD, "sym2");
	SHOW(symlinkat, "sym", 97, "sym3");
	SHOW(readlink, "sym", buf, sizeof buf);
	BYTES(buf, 4);
	SHOW(readlink, "sym", buf, 2);
	SHOW(readlink, "sym", buf, 0);
	SHOW(readlink, "sym", buf, -1);
	SHOW(readlink, "sym", NOWHERE, 9);
	SHOW(readlink, "one", buf, 9);
	SHOW(readlink, "nothing", buf, 9);
	SHOW(readlinkat, AT_CWD, "sym2", buf, sizeof buf);
	SHOW(readlinkat, AT_CWD, "", buf, sizeof buf);
	SHOW(readlinkat, 99, "sym2", buf, sizeof buf);
	SHOW(readlinkat, 99, NULL, buf, sizeof buf);
	long f = call(open, "sym2", O_PATH | O_NOFOLLOW);
	SHOW(readlinkat, f, "", buf, sizeof buf);
	BYTES(buf, 4);
	call(close, f);
	SHOW(linkat, AT_CWD, "sym", AT_CWD, "sym-linked", 0);
	SHOW(linkat, AT_CWD, "sym", AT_CWD, "sym-followed", 0x400);
}

TEST(where_we_are)
{
	long n = call(getcwd, buf, sizeof buf), f;

	TEXT(buf);
	TRUTH(n == (long)length(buf) + 1);
	SHOW(getcwd, buf, 2);
	SHOW(getcwd, buf, 0);
	SHOW(getcwd, NOWHERE, 4096);
	SHOW(getcwd, NOWHERE, 2);
	SHOW(chdir, "d");
	SHOW_OK(getcwd, buf, sizeof buf);
	TEXT(buf);
	SHOW(chdir, "nothing");
	SHOW(chdir, NOWHERE);
	SHOW(chdir, "../one");
	f = call(open, "..", O_RDONLY | O_DIRECTORY);
	SHOW(fchdir, f);
	call(close, f);
	SHOW(fchdir, f);
	SHOW(fchdir, 1);
	call(mkdir, "gone", 0700);
	call(chdir, "gone");
	call(rmdir, "../gone");
	SHOW(getcwd, buf, sizeof buf);
	SHOW(open, "x", O_CREAT | O_RDWR, 0600);
	SHOW(chdir, "..");
	SHOW(chroot, "nothing");
	SHOW(chroot, "one");
	SHOW(chroot, NOWHERE);
}

TEST(nodes)
{
	SHOW(mknod, "fifo", 0010644, 0);
	SHOW(mknod, "fifo", 0010644, 0);
	SHOW(mknod, "regular", 0100600, 0);
	SHOW(mknod, "regular2", 0600, 0);
	SHOW(mknod, "folder", 0040600, 0);
	SHOW(mknod, "odd", 0170600, 0);
	SHOW(mknod, "socket", 0140600, 0);
	SHOW(mknod, NOWHERE, 0010644, 0);
	SHOW(mknodat, AT_CWD, "fifo2", 0010600, 0);
	SHOW(mknodat, 99, "fifo3", 0010600, 0);
	SHOW(open, "fifo", O_WRONLY | O_NONBLOCK);
	SHOW(open, "socket", O_RDONLY);
	SHOW(open, "fifo", O_RDWR);
	SHOW(close, 3);
}

struct entry64 {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
} __attribute__((packed));
struct entry {
	__kernel_ulong_t ino, off;
	uint16_t reclen;
	char name[];
};

/* Entries come in no order: their count, and how many bytes they would need. */
static void
count_entries(long n, bool wide)
{
	long entries = 0, types = 0, names = 0;

	for (long at = 0; at < n;) {
		const struct entry64 *w = (const void *)(buf + at);
		const struct entry *o = (const void *)(buf + at);
		long size = wide ? w->reclen : o->reclen;

		entries++;
		types += wide ? w->type : buf[at + size - 1];
		names += (long)length(wide ? w->name : o->name);
		at += size;
	}
	VALUE(entries);
	VALUE(types);
	VALUE(names);
}

TEST(listing)
{
	long f, n;

	call(mkdir, "list", 0755);
	call(chdir, "list");
	make_file("a", "");
	make_file("a longer name than the other", "");
	call(symlink, "a", "link");
	call(mkdir, "below", 0755);
	f = call(open, ".", O_RDONLY | O_DIRECTORY);
	n = SHOW(getdents64, f, buf, sizeof buf);
	count_entries(n, true);
	SHOW(getdents64, f, buf, sizeof buf);
	SHOW_OK(lseek, f, 0, 0);
	n = SHOW(getdents, f, buf, sizeof buf);
	count_entries(n, false);
	SHOW(getdents, f, buf, sizeof buf);
	SHOW_OK(lseek, f, 0, 0);
	SHOW(getdents64, f, buf, 10);
	SHOW(getdents, f, buf, 10);
	SHOW(getdents64, f, NOWHERE, sizeof buf);
	SHOW(getdents, f, NOWHERE, sizeof buf);
	SHOW(getdents64, 99, buf, sizeof buf);
	SHOW(getdents64, 1, buf, sizeof buf);
	SHOW(getdents, 99, buf, sizeof buf);
	call(close, f);
	call(chdir, "..");
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(folders);
	RUN(renaming);
	RUN(links);
	RUN(where_we_are);
	RUN(nodes);
	RUN(listing);
	return 0;
}
