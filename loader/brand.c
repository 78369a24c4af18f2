/*
 * Which ABI a file is for. As FreeBSD's get_brandinfo() (kern/imgact_elf.c) ranks
 * what a file says: a note, EI_OSABI, the interpreter's name.
 */
#include "internal.h"

#include <linux/elf.h>

#include "translate/core/string.h"

/* sys/sys/elf_common.h of FreeBSD; the generic ELF ABI's registry. */
#define OSABI_NETBSD 2
#define OSABI_LINUX 3
#define OSABI_FREEBSD 9
#define OSABI_OPENBSD 12

#define NT_ABI_TAG 1 /* the same number under every name here */
#define NT_FREEBSD_FEATURE_CTL 4

/* First word of GNU's ABI tag (glibc's abi-tags). */
#define GNU_ABI_LINUX 0
#define GNU_ABI_KFREEBSD 3

const char *
brand_name(enum brand brand)
{
	static const char *const names[] = {
		[BRAND_UNKNOWN] = "unknown",	 [BRAND_FREEBSD] = "FreeBSD",
		[BRAND_NETBSD] = "NetBSD",	 [BRAND_OPENBSD] = "OpenBSD",
		[BRAND_DRAGONFLY] = "DragonFly", [BRAND_LINUX] = "Linux",
	};

	return (unsigned)brand < sizeof names / sizeof *names ? names[brand] : names[BRAND_UNKNOWN];
}

struct note {
	uint32_t namesz, descsz, type;
	const char *name;
	const unsigned char *desc;
};

static uint32_t
read_u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static bool
note_is(const struct note *n, const char *name, uint32_t type, uint32_t min_desc)
{
	size_t len = strlen(name) + 1;

	return n->type == type && n->descsz >= min_desc && n->namesz == len &&
	       memcmp(n->name, name, len) == 0;
}

static void
set_note_brand(struct elf_info *info, enum brand brand, uint32_t osrel)
{
	if (info->note_brand != BRAND_UNKNOWN)
		return; /* the first one holds */
	info->note_brand = brand;
	info->osrel = osrel;
}

static void
apply_gnu_note(struct elf_info *info, const unsigned char *desc)
{
	uint32_t major = read_u32(desc + 4), minor = read_u32(desc + 8), rest = read_u32(desc + 12);

	if (read_u32(desc) == GNU_ABI_LINUX)
		set_note_brand(info, BRAND_LINUX,
			       (major << 16) | (minor & 0xff) << 8 | (rest & 0xff));
	else if (read_u32(desc) == GNU_ABI_KFREEBSD)
		set_note_brand(info, BRAND_FREEBSD, major * 100000 + minor * 1000 + rest);
}

static void
apply_note(struct elf_info *info, const struct note *n)
{
	static const struct {
		const char *name;
		enum brand brand;
	} tags[] = {
		{"FreeBSD", BRAND_FREEBSD},
		{"NetBSD", BRAND_NETBSD},
		{"OpenBSD", BRAND_OPENBSD},
		{"DragonFly", BRAND_DRAGONFLY},
	};

	for (size_t k = 0; k < sizeof tags / sizeof *tags; k++)
		if (note_is(n, tags[k].name, NT_ABI_TAG, 4))
			set_note_brand(info, tags[k].brand, read_u32(n->desc));
	if (note_is(n, "FreeBSD", NT_FREEBSD_FEATURE_CTL, 4))
		info->features = read_u32(n->desc);
	if (note_is(n, "GNU", NT_ABI_TAG, 16))
		apply_gnu_note(info, n->desc);
}

static uint64_t
round_4(uint64_t n)
{
	return (n + 3) & ~UINT64_C(3);
}

void
elf_read_notes(struct elf_info *info, const void *notes, size_t len)
{
	const unsigned char *p = notes;
	uint64_t left = len;

	while (left >= 12) {
		struct note n = {read_u32(p), read_u32(p + 4), read_u32(p + 8), NULL, NULL};
		uint64_t name_end = 12 + round_4(n.namesz), end = name_end + round_4(n.descsz);

		if (name_end + n.descsz > left)
			return;
		n.name = (const char *)p + 12;
		n.desc = p + name_end;
		apply_note(info, &n);
		if (end >= left) /* the last one's padding may be missing */
			return;
		p += end;
		left -= end;
	}
}

static const struct {
	uint8_t osabi;
	enum brand brand;
} osabis[] = {
	{OSABI_NETBSD, BRAND_NETBSD},
	{OSABI_LINUX, BRAND_LINUX},
	{OSABI_FREEBSD, BRAND_FREEBSD},
	{OSABI_OPENBSD, BRAND_OPENBSD},
};

static enum brand
brand_of_osabi(uint8_t osabi)
{
	for (size_t n = 0; n < sizeof osabis / sizeof *osabis; n++)
		if (osabis[n].osabi == osabi)
			return osabis[n].brand;
	return BRAND_UNKNOWN;
}

int
brand_osabi(enum brand brand)
{
	for (size_t n = 0; n < sizeof osabis / sizeof *osabis; n++)
		if (osabis[n].brand == brand)
			return osabis[n].osabi;
	return -1;
}

static enum brand
brand_of_interp(const char *path)
{
	static const struct {
		const char *path;
		enum brand brand;
	} known[] = {
		{"/libexec/ld-elf.so.1", BRAND_FREEBSD},
		{"/usr/libexec/ld-elf.so.1", BRAND_FREEBSD},
		{"/libexec/ld.elf_so", BRAND_NETBSD},
		{"/usr/libexec/ld.elf_so", BRAND_NETBSD},
		{"/usr/libexec/ld.so", BRAND_OPENBSD},
		{"/libexec/ld-elf.so.2", BRAND_DRAGONFLY},
		{"/usr/libexec/ld-elf.so.2", BRAND_DRAGONFLY},
	};
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (size_t n = 0; n < sizeof known / sizeof *known; n++)
		if (strcmp(path, known[n].path) == 0)
			return known[n].brand;
	/* Any directory: distributions and stores put it where they like. */
	if (strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld-musl", 7) == 0)
		return BRAND_LINUX;
	return BRAND_UNKNOWN;
}

void
brand_decide(struct elf_info *info)
{
	info->brand = info->note_brand;
	if (info->brand == BRAND_UNKNOWN)
		info->brand = brand_of_osabi(info->osabi);
	if (info->brand == BRAND_UNKNOWN && info->has_interp)
		info->brand = brand_of_interp(info->interp);
}
