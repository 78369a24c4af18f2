/* covers: freebsd kevent */
/*
 * EVFILT_VNODE: the inode behind a descriptor, whatever its name.
 */
#include "guest_kqueue.h"

enum {
	SYS_link = 9, SYS_unlink = 10, SYS_fchmod = 124, SYS_rename = 128, SYS_mkdir = 136,
	SYS_rmdir = 137,
	SYS_ftruncate = 480, SYS_pwrite = 476,
};
enum { O_RDONLY = 0, O_RDWR = 2, O_CREAT = 0x200, O_DIRECTORY = 0x20000 };
#define ALL (NOTE_DELETE | NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_LINK | NOTE_RENAME)

static int kq, f;

static void
begin(uint32_t wanted)
{
	kq = (int)call(SYS_kqueue);
	f = (int)call(SYS_open, "vnode-file", O_RDWR | O_CREAT, 0600);
	CHECK(f >= 0);
	CHECK_IS(call(SYS_write, f, "12345678", 8), 8);
	CHECK_IS(change(kq, (uint64_t)f, EVFILT_VNODE, EV_ADD | EV_CLEAR, wanted, 0), 0);
}

static void
end(void)
{
	call(SYS_unlink, "vnode-file");
	CHECK_IS(call(SYS_close, f), 0);
	CHECK_IS(call(SYS_close, kq), 0);
}

static void
expect(uint32_t notes)
{
	struct kevent e = {.fflags = 0};

	CHECK_IS(take(kq, &e, 1, 1000), 1);
	CHECK_IS(e.ident, f);
	CHECK_IS(e.filter, EVFILT_VNODE);
	CHECK_IS(e.fflags, notes);
	CHECK_IS(take(kq, &e, 1, 0), 0);
}

TEST(writes_and_growth)
{
	begin(ALL);
	CHECK_IS(call(SYS_pwrite, f, "x", 1, 0), 1);
	expect(NOTE_WRITE);
	CHECK_IS(call(SYS_pwrite, f, "x", 1, 20), 1);
	expect(NOTE_WRITE | NOTE_EXTEND);
	CHECK_IS(call(SYS_ftruncate, f, 3), 0);
	expect(NOTE_ATTRIB);
	end();
}

TEST(attributes_and_names)
{
	begin(ALL);
	CHECK_IS(call(SYS_fchmod, f, 0640), 0);
	expect(NOTE_ATTRIB);
	CHECK_IS(call(SYS_link, "vnode-file", "vnode-other"), 0);
	expect(NOTE_LINK);
	CHECK_IS(call(SYS_rename, "vnode-other", "vnode-third"), 0);
	expect(NOTE_RENAME);
	CHECK_IS(call(SYS_unlink, "vnode-third"), 0);
	expect(NOTE_DELETE);
	CHECK_IS(call(SYS_unlink, "vnode-file"), 0);
	expect(NOTE_DELETE);
	end();
}

TEST(only_what_is_wanted)
{
	struct kevent e;

	begin(NOTE_DELETE);
	CHECK_IS(call(SYS_pwrite, f, "x", 1, 0), 1);
	CHECK_IS(call(SYS_fchmod, f, 0640), 0);
	CHECK_IS(take(kq, &e, 1, 30), 0);
	CHECK_IS(change(kq, (uint64_t)f, EVFILT_VNODE, EV_ADD, NOTE_WRITE, 0), 0);
	CHECK_IS(call(SYS_pwrite, f, "x", 1, 0), 1);
	expect(NOTE_WRITE);
	end();
}

TEST(entries_of_a_directory)
{
	int dir, file;

	kq = (int)call(SYS_kqueue);
	CHECK_IS(call(SYS_mkdir, "vnode-dir", 0700), 0);
	f = dir = (int)call(SYS_open, "vnode-dir", O_RDONLY | O_DIRECTORY);
	CHECK_IS(change(kq, (uint64_t)dir, EVFILT_VNODE, EV_ADD | EV_CLEAR, ALL, 0), 0);
	file = (int)call(SYS_open, "vnode-dir/a", O_RDWR | O_CREAT, 0600);
	CHECK_IS(call(SYS_close, file), 0);
	expect(NOTE_WRITE);
	CHECK_IS(call(SYS_mkdir, "vnode-dir/b", 0700), 0);
	expect(NOTE_WRITE | NOTE_LINK);
	CHECK_IS(call(SYS_rmdir, "vnode-dir/b"), 0);
	expect(NOTE_WRITE | NOTE_LINK);
	CHECK_IS(call(SYS_unlink, "vnode-dir/a"), 0);
	expect(NOTE_WRITE);
	CHECK_IS(call(SYS_rmdir, "vnode-dir"), 0);
	expect(NOTE_DELETE);
	CHECK_IS(call(SYS_close, dir), 0);
	CHECK_IS(call(SYS_close, kq), 0);
}

TEST(two_descriptors_of_one_file_are_told_each)
{
	struct kevent e[2];
	int g;

	begin(NOTE_WRITE);
	g = (int)call(SYS_open, "vnode-file", O_RDONLY);
	CHECK_IS(change(kq, (uint64_t)g, EVFILT_VNODE, EV_ADD | EV_CLEAR, NOTE_WRITE, 0), 0);
	CHECK_IS(call(SYS_pwrite, f, "x", 1, 0), 1);
	CHECK_IS(take(kq, e, 2, 1000), 2);
	CHECK_IS(call(SYS_close, g), 0);
	CHECK_IS(call(SYS_pwrite, f, "x", 1, 0), 1);
	expect(NOTE_WRITE);
	end();
}

TEST(pipes_have_no_vnode)
{
	int p[2];

	kq = (int)call(SYS_kqueue);
	CHECK_IS(call(SYS_pipe2, p, 0), 0);
	CHECK_IS(change(kq, (uint64_t)p[0], EVFILT_VNODE, EV_ADD, NOTE_WRITE, 0), -EINVAL);
	CHECK_IS(call(SYS_close, p[0]), 0);
	CHECK_IS(call(SYS_close, p[1]), 0);
	CHECK_IS(call(SYS_close, kq), 0);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(writes_and_growth);
	RUN(attributes_and_names);
	RUN(only_what_is_wanted);
	RUN(entries_of_a_directory);
	RUN(two_descriptors_of_one_file_are_told_each);
	RUN(pipes_have_no_vnode);
	return 0;
}
