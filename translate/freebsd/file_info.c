/*
 * F_KINFO of fcntl(2): what the kernel knows of a descriptor (sys/user.h, struct
 * kinfo_file; kern/kern_descrip.c: kern_fcntl_freebsd()).
 */
#include "files.h"

#include "core/linux_abi.h"
#include "core/string.h"

#include <linux/stat.h>

struct freebsd_kinfo_file {
	int32_t structsize, type, fd, ref_count, flags, pad0;
	int64_t offset;
	struct { /* a file's part of the union */
		uint32_t spareint[4];
		uint64_t spareint64[31];
		int32_t file_type;
		uint32_t fsid11, fileid_pad, mode_pad;
		uint8_t rest[24];
	} file;
	uint16_t status, pad1;
	int32_t ispare0;
	uint64_t cap_rights[2], cap_spare;
	char path[1024];
};
_Static_assert(sizeof(struct freebsd_kinfo_file) == 1392, "sys/user.h, KINFO_FILE_SIZE");
_Static_assert(offsetof(struct freebsd_kinfo_file, path) == 368, "sys/user.h");

/* sys/user.h */
enum { KF_TYPE_VNODE = 1, KF_TYPE_SOCKET = 2, KF_TYPE_PIPE = 3, KF_TYPE_KQUEUE = 5 };
enum { KF_FLAG_READ = 1, KF_FLAG_WRITE = 2, KF_FLAG_APPEND = 4, KF_FLAG_NONBLOCK = 0x20 };
enum {
	KF_VTYPE_VREG = 1,
	KF_VTYPE_VDIR = 2,
	KF_VTYPE_VBLK = 3,
	KF_VTYPE_VCHR = 4,
	KF_VTYPE_VLNK = 5
};

static int32_t
type_of(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFSOCK:
		return KF_TYPE_SOCKET;
	case S_IFIFO:
		return KF_TYPE_PIPE;
	case 0:
		return KF_TYPE_KQUEUE;
	}
	return KF_TYPE_VNODE;
}

static int32_t
vnode_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return KF_VTYPE_VREG;
	case S_IFDIR:
		return KF_VTYPE_VDIR;
	case S_IFBLK:
		return KF_VTYPE_VBLK;
	case S_IFCHR:
		return KF_VTYPE_VCHR;
	case S_IFLNK:
		return KF_VTYPE_VLNK;
	}
	return 0;
}

static int32_t
flags_of(long host)
{
	int32_t flags = 0;

	if ((host & O_ACCMODE) != O_WRONLY)
		flags |= KF_FLAG_READ;
	if ((host & O_ACCMODE) != O_RDONLY)
		flags |= KF_FLAG_WRITE;
	if (host & O_APPEND)
		flags |= KF_FLAG_APPEND;
	if (host & O_NONBLOCK)
		flags |= KF_FLAG_NONBLOCK;
	return flags;
}

static void
name_of(int fd, char to[1024])
{
	char link[DESCRIPTOR_PATH], name[4096];
	long n;

	descriptor_path(link, fd);
	n = core_call(__NR_readlink, link, name, sizeof name - 1);
	if (n <= 0 || name[0] != '/')
		return;
	name[n] = 0;
	path_to_guest(name);
	strlcpy(to, name, 1024);
}

/* The caller says in the first word which struct it expects. */
long
freebsd_file_info(int fd, struct guest_ptr where)
{
	struct freebsd_kinfo_file info = {0};
	long host, mode, offset;
	uint32_t size;

	if (load_u32(&size, where) < 0)
		return -EFAULT;
	if (size != sizeof info)
		return -EINVAL;
	host = core_call(__NR_fcntl, fd, F_GETFL, 0);
	mode = host < 0 ? host : host_mode(fd, "", AT_EMPTY_PATH);
	if (mode < 0)
		return mode;
	offset = core_call(__NR_lseek, fd, 0, SEEK_CUR);
	info.structsize = sizeof info;
	info.fd = fd;
	info.type = type_of((uint32_t)mode);
	info.file.file_type = vnode_type((uint32_t)mode);
	info.ref_count = 1;
	info.flags = flags_of(host);
	info.offset = offset < 0 ? 0 : offset;
	if (info.type == KF_TYPE_VNODE)
		name_of(fd, info.path);
	return copy_out(where, &info, sizeof info);
}
