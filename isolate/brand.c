/* For which OS a program in the room is: how its /proc looks, and what the tree must have. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolate.h"
#include "loader/loader.h"

struct head {
	char bytes[ELF_HEAD];
	size_t len;
	uint64_t size;
};

/* What cannot be read the core refuses, in its own words. */
static bool
read_head(const char *file, struct head *h)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = pread(fd, h->bytes, sizeof(h->bytes), 0);
	close(fd);
	h->len = n > 0 ? (size_t)n : 0;
	h->size = (uint64_t)st.st_size;
	return n > 0;
}

static enum brand
named_brand(const char *abi)
{
	static const enum brand all[] = {BRAND_FREEBSD, BRAND_NETBSD, BRAND_OPENBSD,
					 BRAND_DRAGONFLY};

	for (size_t n = 0; abi != NULL && n < sizeof(all) / sizeof(*all); n++)
		if (strncasecmp(abi, brand_name(all[n]), strlen(brand_name(all[n]))) == 0)
			return all[n];
	return BRAND_LINUX;
}

enum program_kind
program_kind(const struct room *r, const char *file)
{
	static struct head h;
	static struct elf_info info;
	static struct script script;
	struct load_error e;
	enum brand brand;

	if (!read_head(file, &h))
		return PROGRAM_LINUX;
	if (script_parse(h.bytes, h.len, &script, &e) == 1 && !read_head(script.interpreter, &h))
		return PROGRAM_LINUX;
	if (elf_parse(h.bytes, h.len, h.size, &info, &e) < 0)
		return PROGRAM_LINUX;
	brand = info.brand == BRAND_UNKNOWN ? named_brand(r->settings.value[OPT_ABI]) : info.brand;
	if (info.has_interp && info.interp[0] == '/' && access(info.interp, F_OK) != 0) {
		static char what[PATH_MAX * 2];

		snprintf(what, sizeof(what), " is not a tree of %s: %s needs %s", brand_name(brand),
			 file, info.interp);
		fail(EXIT_NOT_EXECUTABLE, "", r->tree, what, 0);
	}
	return brand == BRAND_LINUX ? PROGRAM_LINUX : PROGRAM_BSD;
}
