/* covers: freebsd mkdir mkdirat rmdir rename renameat link linkat unlink unlinkat symlink */
/* covers: freebsd symlinkat */
/* covers: freebsd readlink readlinkat chdir fchdir __getcwd getdirentries */
/*
 * Names: making, linking, renaming and removing them, and reading directories.
 */
#include "guest.h"

enum {
	SYS_link = 9, SYS_unlink = 10, SYS_chdir = 12, SYS_fchdir = 13, SYS_symlink = 57,
	SYS_readlink = 58, SYS_rename = 128, SYS_mkdir = 136, SYS_rmdir = 137, SYS_getcwd = 326,
	SYS_lseek = 478, SYS_linkat = 495, SYS_mkdirat = 496, SYS_openat = 499,
	SYS_readlinkat = 500, SYS_renameat = 501, SYS_symlinkat = 502, SYS_unlinkat = 503,
	SYS_fstatat = 552, SYS_getdirentries = 554,
};
enum {
	O_RDONLY = 0, O_RDWR = 2, O_CREAT = 0x200, O_DIRECTORY = 0x20000, AT_FDCWD = -100,
	AT_SYMLINK_NOFOLLOW = 0x200, AT_SYMLINK_FOLLOW = 0x400, AT_REMOVEDIR = 0x800,
};

/* sys/sys/dirent.h, as of FreeBSD 12. */
struct dirent {
	uint64_t fileno;
	int64_t off;
	uint16_t reclen;
	uint8_t type, pad0;
	uint16_t namlen, pad1;
	char name[256];
};
enum { DT_DIR = 4, DT_REG = 8, DT_LNK = 10 };

static void
new_file(const char *name)
{
	long fd = call(SYS_open, name, O_RDWR | O_CREAT, 0644);

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_write, fd, name, length(name)), length(name));
	CHECK_IS(call(SYS_close, fd), 0);
}

/* Whether the file holds the name that it was made under. */
static bool
holds(const char *name, const char *text)
{
	char buf[64];
	long fd = call(SYS_open, name, O_RDONLY), n = call(SYS_read, fd, buf, sizeof buf);

	call(SYS_close, fd);
	return n == (long)length(text) && same(buf, text, length(text));
}

TEST(folders_are_made_and_removed)
{
	CHECK_IS(call(SYS_mkdir, "made", 0755), 0);
	CHECK_IS(call(SYS_mkdir, "made", 0755), -EEXIST);
	CHECK_IS(call(SYS_mkdir, "absent/made", 0755), -ENOENT);
	CHECK_IS(call(SYS_mkdirat, AT_FDCWD, "made/below", 0755), 0);
	CHECK_IS(call(SYS_rmdir, "made"), -ENOTEMPTY);
	CHECK_IS(call(SYS_rmdir, "made/below/."), -EINVAL);
	CHECK_IS(call(SYS_rmdir, "made/below"), 0);
	CHECK_IS(call(SYS_rmdir, "made"), 0);
	CHECK_IS(call(SYS_rmdir, "made"), -ENOENT);
	new_file("plain");
	CHECK_IS(call(SYS_rmdir, "plain"), -ENOTDIR);
	CHECK_IS(call(SYS_mkdir, "plain/below", 0755), -ENOTDIR);
	CHECK_IS(call(SYS_mkdir, NOWHERE, 0755), -EFAULT);
	CHECK_IS(call(SYS_unlink, "plain"), 0);
}

TEST(unlink_takes_files_only)
{
	new_file("file");
	CHECK_IS(call(SYS_mkdir, "folder", 0755), 0);
	CHECK_IS(call(SYS_unlink, "folder"), -EPERM);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "folder", 0), -EPERM);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "file", AT_REMOVEDIR), -ENOTDIR);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "file", 1), -EINVAL);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "folder", AT_REMOVEDIR), 0);
	CHECK_IS(call(SYS_unlinkat, AT_FDCWD, "file", 0), 0);
	CHECK_IS(call(SYS_unlink, "file"), -ENOENT);
	CHECK_IS(call(SYS_unlink, ""), -ENOENT);
}

TEST(an_open_file_lives_on_without_its_name)
{
	char buf[8];
	long fd;

	new_file("going");
	fd = call(SYS_open, "going", O_RDONLY);
	CHECK_IS(call(SYS_unlink, "going"), 0);
	CHECK_IS(call(SYS_read, fd, buf, sizeof buf), 5);
	CHECK_IS(call(SYS_close, fd), 0);
}

TEST(rename_replaces_what_it_may)
{
	new_file("a");
	new_file("b");
	CHECK_IS(call(SYS_rename, "a", "b"), 0);
	CHECK(holds("b", "a"));
	CHECK_IS(call(SYS_rename, "a", "c"), -ENOENT);
	CHECK_IS(call(SYS_mkdir, "d", 0755), 0);
	CHECK_IS(call(SYS_mkdir, "e", 0755), 0);
	CHECK_IS(call(SYS_rename, "b", "d"), -EISDIR);
	CHECK_IS(call(SYS_rename, "d", "b"), -ENOTDIR);
	CHECK_IS(call(SYS_rename, "d", "d/below"), -EINVAL);
	CHECK_IS(call(SYS_rename, "d", "e"), 0);
	CHECK_IS(call(SYS_renameat, AT_FDCWD, "b", AT_FDCWD, "e/b"), 0);
	CHECK_IS(call(SYS_mkdir, "d", 0755), 0);
	CHECK_IS(call(SYS_rename, "d", "e"), -ENOTEMPTY);
	CHECK_IS(call(SYS_rename, "e/b", "e/b"), 0);
	CHECK_IS(call(SYS_unlink, "e/b"), 0);
	CHECK_IS(call(SYS_rmdir, "e"), 0);
	CHECK_IS(call(SYS_rmdir, "d"), 0);
}

TEST(links_are_names_of_one_file)
{
	static const char *const names[] = {"one", "two", "soft", "hard"};

	new_file("one");
	CHECK_IS(call(SYS_link, "one", "two"), 0);
	CHECK_IS(call(SYS_link, "one", "two"), -EEXIST);
	CHECK_IS(call(SYS_link, "absent", "three"), -ENOENT);
	CHECK_IS(call(SYS_link, ".", "folder"), -EPERM);
	CHECK(holds("two", "one"));
	CHECK_IS(call(SYS_symlink, "one", "soft"), 0);
	CHECK_IS(call(SYS_linkat, AT_FDCWD, "soft", AT_FDCWD, "hard", AT_SYMLINK_FOLLOW), 0);
	CHECK_IS(call(SYS_readlink, "hard", NOWHERE, 0), -EINVAL);
	CHECK_IS(call(SYS_linkat, AT_FDCWD, "one", AT_FDCWD, "four", 1), -EINVAL);
	for (size_t n = 0; n < COUNT(names); n++)
		CHECK_IS(call(SYS_unlink, names[n]), 0);
}

TEST(readlink_gives_the_text_unended)
{
	char buf[16];

	memset(buf, '#', sizeof buf);
	CHECK_IS(call(SYS_symlink, "to/somewhere", "link"), 0);
	CHECK_IS(call(SYS_symlinkat, "other", AT_FDCWD, "link"), -EEXIST);
	CHECK_IS(call(SYS_readlink, "link", buf, sizeof buf), 12);
	CHECK(same(buf, "to/somewhere####", 16));
	CHECK_IS(call(SYS_readlinkat, AT_FDCWD, "link", buf, 2), 2);
	CHECK_IS(call(SYS_readlink, "link", NOWHERE, 16), -EFAULT);
	CHECK_IS(call(SYS_readlink, ".", buf, 16), -EINVAL);
	CHECK_IS(call(SYS_readlink, "absent", buf, 16), -ENOENT);
	CHECK_IS(call(SYS_unlink, "link"), 0);
}

TEST(the_working_folder_is_followed)
{
	char before[1024], after[1024], tiny[2];
	long home = call(SYS_open, ".", O_RDONLY | O_DIRECTORY);

	CHECK_IS(call(SYS_getcwd, before, sizeof before), 0);
	CHECK_IS(before[0], '/');
	CHECK_IS(call(SYS_mkdir, "sub", 0755), 0);
	CHECK_IS(call(SYS_chdir, "sub"), 0);
	CHECK_IS(call(SYS_getcwd, after, sizeof after), 0);
	CHECK_IS(length(after), length(before) + 4);
	CHECK(same_text(after + length(before), "/sub"));
	/* vfs_cache.c, vn_vptocnp(); getcwd(3) makes ERANGE of it. */
	CHECK_IS(call(SYS_getcwd, tiny, sizeof tiny), -ENOMEM);
	CHECK_IS(call(SYS_getcwd, NOWHERE, 1024), -EFAULT);
	CHECK_IS(call(SYS_fchdir, home), 0);
	CHECK_IS(call(SYS_chdir, "absent"), -ENOENT);
	new_file("plain");
	CHECK_IS(call(SYS_chdir, "plain"), -ENOTDIR);
	CHECK_IS(call(SYS_fchdir, 77), -EBADF);
	CHECK_IS(call(SYS_unlink, "plain"), 0);
	CHECK_IS(call(SYS_rmdir, "sub"), 0);
	CHECK_IS(call(SYS_close, home), 0);
}

/* Reads the whole folder by `size` bytes at a time and ticks off `names`. */
static long
list(long dir, size_t size, const char *const *names, uint64_t *seen)
{
	static char buf[4096] __attribute__((aligned(8)));
	long n, entries = 0, base;

	while ((n = call(SYS_getdirentries, dir, buf, size, &base)) > 0) {
		for (long at = 0; at < n; entries++) {
			const struct dirent *d = (const struct dirent *)(buf + at);

			CHECK_IS(d->reclen % 8, 0);
			CHECK(d->reclen >= 24 + d->namlen + 1 && at + d->reclen <= n);
			CHECK_IS(length(d->name), d->namlen);
			CHECK(d->fileno != 0);
			for (int i = 0; names[i] != NULL; i++)
				if (same_text(d->name, names[i]))
					*seen |= 1ul << i;
			if (same_text(d->name, "."))
				CHECK_IS(d->type, DT_DIR);
			if (same_text(d->name, "entry1"))
				CHECK_IS(d->type, DT_REG);
			if (same_text(d->name, "soft"))
				CHECK_IS(d->type, DT_LNK);
			at += d->reclen;
		}
	}
	CHECK_IS(n, 0);
	return entries;
}

TEST(a_folder_is_read_entry_by_entry)
{
	static const char *const names[] = {".",      "..",     "entry1", "entry2", "entry3",
					    "entry4", "entry5", "soft",   NULL};
	uint64_t seen = 0;
	long dir, base = -1, got;
	char byte;

	CHECK_IS(call(SYS_mkdir, "listed", 0755), 0);
	CHECK_IS(call(SYS_chdir, "listed"), 0);
	for (int n = 2; n < 7; n++)
		new_file(names[n]);
	CHECK_IS(call(SYS_symlink, "entry1", "soft"), 0);
	dir = call(SYS_open, ".", O_RDONLY | O_DIRECTORY);
	CHECK_IS(list(dir, 4096, names, &seen), 8);
	CHECK_IS(seen, 0xff);
	CHECK_IS(call(SYS_lseek, dir, 0, 0), 0);
	seen = 0;
	CHECK_IS(list(dir, 1024, names, &seen), 8);
	CHECK_IS(seen, 0xff);
	CHECK_IS(call(SYS_lseek, dir, 0, 0), 0);
	CHECK_IS(call(SYS_getdirentries, dir, NOWHERE, 4096, &base), -EFAULT);
	CHECK(call(SYS_getdirentries, dir, &(char[1024]){0}, 1024, NULL) > 0);
	CHECK_IS(call(SYS_getdirentries, 77, &byte, 1, &base), -EBADF);
	CHECK_IS(call(SYS_close, dir), 0);
	dir = call(SYS_open, "entry1", O_RDONLY);
	/* ENOTDIR since 15.0 */
	got = call(SYS_getdirentries, dir, &(char[1024]){0}, 1024, &base);
	CHECK(got == -EINVAL || got == -ENOTDIR);
	CHECK_IS(call(SYS_close, dir), 0);
	for (int n = 2; n < 8; n++)
		CHECK_IS(call(SYS_unlink, names[n]), 0);
	CHECK_IS(call(SYS_chdir, ".."), 0);
	CHECK_IS(call(SYS_rmdir, "listed"), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	RUN(folders_are_made_and_removed);
	RUN(unlink_takes_files_only);
	RUN(an_open_file_lives_on_without_its_name);
	RUN(rename_replaces_what_it_may);
	RUN(links_are_names_of_one_file);
	RUN(readlink_gives_the_text_unended);
	RUN(the_working_folder_is_followed);
	RUN(a_folder_is_read_entry_by_entry);
	return 0;
}
