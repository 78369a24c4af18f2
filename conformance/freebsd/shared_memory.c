/* covers: freebsd shm_open2 freebsd12_shm_open shm_unlink shm_rename */
/*
 * Shared memory by name, and without one.
 */
#include "guest.h"

enum {
	SYS_fcntl = 92,
	SYS_ftruncate = 480,
	SYS_shm_open = 482,
	SYS_shm_unlink = 483,
	SYS_fstat = 551,
	SYS_shm_open2 = 571,
	SYS_shm_rename = 572
};
enum {
	O_RDONLY = 0,
	O_WRONLY = 1,
	O_RDWR = 2,
	O_APPEND = 8,
	O_CREAT = 0x200,
	O_TRUNC = 0x400,
	O_EXCL = 0x800,
	O_CLOEXEC = 0x100000
};
enum {
	F_GETFD = 1,
	F_ADD_SEALS = 19,
	F_GET_SEALS = 20,
	F_SEAL_SEAL = 1,
	F_SEAL_SHRINK = 2,
	SHM_ALLOW_SEALING = 1,
	SHM_RENAME_NOREPLACE = 1,
	SHM_RENAME_EXCHANGE = 2,
	PROT_READ = 1,
	PROT_WRITE = 2,
	MAP_SHARED = 1,
	S_IFREG = 0100000
};
#define SHM_ANON ((char *)1)

struct stat {
	uint64_t dev, ino, nlink;
	uint16_t mode, pad0;
	char to_size[84];
	int64_t size;
	char rest[104];
};
_Static_assert(sizeof(struct stat) == 224, "struct stat");

static const char one[] = "/conformance.one", two[] = "/conformance/two";

TEST(an_object_is_shared_by_name)
{
	long a, b;
	char *p, *q;
	struct stat st;

	call(SYS_shm_unlink, one);
	CHECK_IS(call(SYS_shm_open, one, O_RDWR, 0600), -ENOENT);
	a = call(SYS_shm_open, one, O_RDWR | O_CREAT | O_EXCL, 0640);
	CHECK(a >= 0);
	CHECK_IS(call(SYS_fcntl, a, F_GETFD), 1);
	CHECK_IS(call(SYS_shm_open, one, O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	CHECK_IS(call(SYS_ftruncate, a, 4096L), 0);
	b = call(SYS_shm_open2, one, O_RDONLY, 0, 0, NULL);
	CHECK(b >= 0);
	CHECK_IS(call(SYS_fcntl, b, F_GETFD), 0);
	CHECK_IS(call(SYS_fstat, b, &st), 0);
	CHECK_IS(st.mode, S_IFREG | 0640);
	CHECK_IS(st.size, 4096);
	p = (char *)call(SYS_mmap, NULL, 4096L, PROT_READ | PROT_WRITE, MAP_SHARED, a, 0L);
	q = (char *)call(SYS_mmap, NULL, 4096L, PROT_READ, MAP_SHARED, b, 0L);
	p[5] = 'x';
	CHECK_IS(q[5], 'x');
	CHECK_IS(call(SYS_munmap, p, 4096L), 0);
	CHECK_IS(call(SYS_munmap, q, 4096L), 0);
	CHECK_IS(call(SYS_close, a), 0);
	CHECK_IS(call(SYS_close, b), 0);
	CHECK_IS(call(SYS_shm_unlink, one), 0);
	CHECK_IS(call(SYS_shm_unlink, one), -ENOENT);
}

TEST(names_begin_with_a_slash)
{
	CHECK_IS(call(SYS_shm_open, "name", O_RDWR | O_CREAT, 0600), -EINVAL);
	CHECK_IS(call(SYS_shm_unlink, "name"), -EINVAL);
	CHECK_IS(call(SYS_shm_open, NOWHERE, O_RDWR | O_CREAT, 0600), -EFAULT);
	CHECK_IS(call(SYS_shm_open, one, O_WRONLY | O_CREAT, 0600), -EINVAL);
	CHECK_IS(call(SYS_shm_open, one, O_RDWR | O_APPEND, 0600), -EINVAL);
	CHECK_IS(call(SYS_shm_open2, one, O_RDWR, 0600, 0x80, NULL), -EINVAL);
}

TEST(objects_are_renamed)
{
	long a = call(SYS_shm_open, one, O_RDWR | O_CREAT, 0600), b;

	CHECK(a >= 0);
	CHECK_IS(call(SYS_ftruncate, a, 100L), 0);
	CHECK_IS(call(SYS_shm_rename, one, two, 0), 0);
	CHECK_IS(call(SYS_shm_open, one, O_RDWR, 0600), -ENOENT);
	b = call(SYS_shm_open, one, O_RDWR | O_CREAT, 0600);
	CHECK(b >= 0);
	CHECK_IS(call(SYS_shm_rename, one, two, SHM_RENAME_NOREPLACE), -EEXIST);
	CHECK_IS(call(SYS_shm_rename, one, two, SHM_RENAME_EXCHANGE), 0);
	CHECK_IS(call(SYS_shm_rename, one, two, SHM_RENAME_EXCHANGE | SHM_RENAME_NOREPLACE),
		 -EINVAL);
	CHECK_IS(call(SYS_shm_rename, "/conformance.none", two, 0), -ENOENT);
	CHECK_IS(call(SYS_shm_unlink, one), 0);
	CHECK_IS(call(SYS_shm_unlink, two), 0);
	CHECK_IS(call(SYS_close, a), 0);
	CHECK_IS(call(SYS_close, b), 0);
}

TEST(an_object_needs_no_name)
{
	long fd = call(SYS_shm_open2, SHM_ANON, O_RDWR | O_CLOEXEC, 0600, SHM_ALLOW_SEALING, NULL);
	char *p;

	CHECK(fd >= 0);
	CHECK_IS(call(SYS_fcntl, fd, F_GETFD), 1);
	CHECK_IS(call(SYS_ftruncate, fd, 4096L), 0);
	p = (char *)call(SYS_mmap, NULL, 4096L, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
	p[0] = 1;
	CHECK_IS(call(SYS_munmap, p, 4096L), 0);
	CHECK_IS(call(SYS_fcntl, fd, F_GET_SEALS), 0);
	CHECK_IS(call(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	CHECK_IS(call(SYS_ftruncate, fd, 1L), -EPERM);
	CHECK_IS(call(SYS_ftruncate, fd, 8192L), 0);
	CHECK_IS(call(SYS_fcntl, fd, F_ADD_SEALS, 0x100), -EINVAL);
	CHECK_IS(call(SYS_close, fd), 0);
	fd = call(SYS_shm_open, SHM_ANON, O_RDWR, 0);
	CHECK(fd >= 0);
	CHECK_IS(call(SYS_fcntl, fd, F_GET_SEALS), F_SEAL_SEAL);
	CHECK_IS(call(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK), -EPERM);
	CHECK_IS(call(SYS_close, fd), 0);
	CHECK_IS(call(SYS_shm_open, SHM_ANON, O_RDONLY, 0), -EINVAL);
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(an_object_is_shared_by_name);
	RUN(names_begin_with_a_slash);
	RUN(objects_are_renamed);
	RUN(an_object_needs_no_name);
	return 0;
}
