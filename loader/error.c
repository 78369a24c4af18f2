#include "internal.h"

#include <asm/errno.h>

int
load_fail(struct load_error *e, int host_errno, const char *reason)
{
	e->code = host_errno == ENOENT || host_errno == ENOTDIR ? 127 : 126;
	e->host_errno = host_errno;
	e->reason = reason;
	e->detail[0] = 0;
	return -1;
}

int
load_fail_errno(struct load_error *e, long r)
{
	return load_fail(e, (int)-r, load_errno_text((int)-r));
}

int
load_fail_interpreter(struct load_error *e, const char *interpreter)
{
	struct load_error why = *e;

	load_fail(e, why.host_errno, "its interpreter ");
	detail_text(e, interpreter);
	detail_text(e, ": ");
	detail_text(e, why.reason);
	detail_text(e, why.detail);
	return -1;
}

void
detail_text(struct load_error *e, const char *text)
{
	size_t n = 0;

	while (e->detail[n])
		n++;
	for (; *text && n < sizeof e->detail - 1; text++)
		/* A file's bytes may get here: keep the line a line. */
		e->detail[n++] = (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text;
	e->detail[n] = 0;
}

static void
detail_in_base(struct load_error *e, uint64_t n, unsigned base)
{
	char text[24], *p = text + sizeof text - 1;

	*p = 0;
	do
		*--p = "0123456789abcdef"[n % base];
	while (n /= base);
	detail_text(e, p);
}

void
detail_number(struct load_error *e, uint64_t n)
{
	detail_in_base(e, n, 10);
}

void
detail_hex(struct load_error *e, uint64_t n)
{
	detail_text(e, "0x");
	detail_in_base(e, n, 16);
}

const char *
load_errno_text(int host_errno)
{
	static const struct {
		int number;
		const char *text;
	} texts[] = {
		{EPERM, "not permitted"},
		{ENOENT, "no such file or directory"},
		{EIO, "input/output error"},
		{E2BIG, "arguments and environment are too long"},
		{ENOEXEC, "not an executable file"},
		{EAGAIN, "the host is short of a resource"},
		{ENOMEM, "not enough memory or address space"},
		{EACCES, "permission denied"},
		{EFAULT, "bad address"},
		{EBUSY, "busy"},
		{EEXIST, "the addresses are in use"},
		{ENODEV, "its file system cannot map files"},
		{ENOTDIR, "a part of the path is not a directory"},
		{EISDIR, "is a directory"},
		{EINVAL, "invalid argument"},
		{ENFILE, "too many open files on the host"},
		{EMFILE, "too many open files"},
		{ETXTBSY, "open for writing elsewhere"},
		{ENAMETOOLONG, "its name is too long"},
		{ENOSYS, "not available on this host"},
		{ELOOP, "too many symbolic links"},
		{EOVERFLOW, "too large"},
		{ESTALE, "gone from its file server"},
	};

	for (size_t n = 0; n < sizeof texts / sizeof *texts; n++)
		if (texts[n].number == host_errno)
			return texts[n].text;
	return "the host refused it";
}
