/*
 * dragoman binfmt: the kernel starts guest programs by themselves.
 *
 * binfmt_misc compares a file's first bytes, under a mask, with what is registered
 * (Documentation/admin-guide/binfmt-misc.rst). What these bytes are is asked of the
 * core, `dragoman-core --abis`: it knows which files are whose. Flags: P keeps argv[0],
 * O hands over the file already opened (unreadable ones, fexecve), F opens the core at
 * registration, so that it is found from inside chroots and containers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dragoman.h"

#define FOLDER "/proc/sys/fs/binfmt_misc"
#define NAMES "dragoman-"
#define FLAGS "POF"

/* Through e_machine; e_type is ET_EXEC or ET_DYN, which are 2 and 3. */
#define HEADER 20
enum { AT_CLASS = 4, AT_DATA = 5, AT_VERSION = 6, AT_OSABI = 7, AT_TYPE = 16, AT_MACHINE = 18 };

struct entry {
	char abi[32], brand[32];
	unsigned elf_class, machine;
	int osabi; /* -1: the header does not tell */
	char name[48];
	bool on_request; /* the host may run these itself */
};

static struct entry entries[64];
static size_t nentries;

static void stop(const char *form, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void
stop(const char *form, ...)
{
	va_list list;

	va_start(list, form);
	fflush(stdout);
	fputs("dragoman: ", stderr);
	vfprintf(stderr, form, list);
	fputc('\n', stderr);
	va_end(list);
	exit(EXIT_OURS);
}

/* ---- what there is to register ---- */

/* `core --abis`, to be read and, with its pid, waited for. */
static FILE *
ask_core(const char *core, pid_t *pid)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		stop("cannot ask the core: %s", strerror(errno));
	fflush(NULL);
	*pid = fork();
	if (*pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(core, core, "--abis", (char *)NULL);
		_exit(EXIT_NOT_FOUND);
	}
	close(ends[1]);
	return *pid > 0 ? fdopen(ends[0], "r") : NULL;
}

/* An ABI whose files say one of two things has two entries. */
static void
add_entry(struct entry e)
{
	bool another = nentries > 0 && strcmp(entries[nentries - 1].abi, e.abi) == 0;

	snprintf(e.name, sizeof(e.name), NAMES "%s", e.abi);
	if (another)
		snprintf(e.name, sizeof(e.name), NAMES "%s-%d", e.abi, e.osabi);
	e.on_request = strcmp(e.brand, "Linux") == 0;
	entries[nentries++] = e;
}

static void
read_entries(const char *core)
{
	pid_t pid;
	int status = -1;
	FILE *answer = ask_core(core, &pid);
	struct entry e = {0};

	while (answer != NULL && nentries < sizeof(entries) / sizeof(*entries) &&
	       fscanf(answer, "%31s %31s %u %u %d", e.abi, e.brand, &e.elf_class, &e.machine,
		      &e.osabi) == 5)
		add_entry(e);
	if (answer != NULL)
		fclose(answer);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 || nentries == 0)
		stop("%s: does not tell its ABIs; install it (./dev install PREFIX) or say --core PATH",
		     core);
}

/* Would every program of this host be taken over? Never: its own shell among them. */
static bool
is_hosts(const struct entry *e)
{
	return strcmp(e->abi, "linux") == 0;
}

/* Is this entry one that the command is about? `abi`: --abi, or NULL. */
static bool
is_chosen(const struct entry *e, const char *abi)
{
	if (e->osabi < 0)
		return false;
	return abi != NULL ? strcmp(e->abi, abi) == 0 : !e->on_request;
}

static void
check_choice(const char *abi)
{
	const struct entry *found = NULL;

	for (size_t i = 0; abi != NULL && i < nentries; i++)
		if (strcmp(entries[i].abi, abi) == 0)
			found = &entries[i];
	if (abi == NULL)
		return;
	if (found == NULL)
		stop("--abi %s: not an ABI that this build has (%s)", abi, PERSONALITIES);
	if (is_hosts(found))
		stop("--abi %s: these are the host's own programs; the kernel runs them", abi);
	if (found->osabi < 0)
		stop("--abi %s: nothing in these files' headers tells them; start them as `dragoman "
		     "--abi=%s PROGRAM`", abi, abi);
}

static void
header_of(const struct entry *e, unsigned char magic[HEADER], unsigned char mask[HEADER])
{
	memset(magic, 0, HEADER);
	memset(mask, 0, HEADER);
	memcpy(magic, (const unsigned char[]){0x7f, 'E', 'L', 'F'}, 4);
	magic[AT_CLASS] = (unsigned char)e->elf_class;
	magic[AT_DATA] = 1;    /* ELFDATA2LSB */
	magic[AT_VERSION] = 1; /* EV_CURRENT */
	magic[AT_OSABI] = (unsigned char)e->osabi;
	magic[AT_TYPE] = 2;
	magic[AT_MACHINE] = (unsigned char)e->machine;
	magic[AT_MACHINE + 1] = (unsigned char)(e->machine >> 8);
	memset(mask, 0xff, AT_OSABI + 1);
	mask[AT_TYPE] = 0xfe;
	memset(mask + AT_TYPE + 1, 0xff, HEADER - AT_TYPE - 1);
}

static void
put_escaped(char to[4 * HEADER + 1], const unsigned char bytes[HEADER])
{
	for (int i = 0; i < HEADER; i++)
		snprintf(to + 4 * i, 5, "\\x%02x", bytes[i]);
}

/* The line that registers e; false: the core's path does not fit one. */
static bool
line_of(const struct entry *e, const char *core, char *line, size_t size)
{
	unsigned char magic[HEADER], mask[HEADER];
	char magic_text[4 * HEADER + 1], mask_text[4 * HEADER + 1];

	header_of(e, magic, mask);
	put_escaped(magic_text, magic);
	put_escaped(mask_text, mask);
	return strchr(core, ':') == NULL && strchr(core, '\n') == NULL &&
	       snprintf(line, size, ":%s:M::%s:%s:%s:" FLAGS "\n", e->name, magic_text, mask_text,
			core) < (int)size;
}

/* ---- the kernel's side ---- */

static bool
is_mounted(void)
{
	return access(FOLDER "/status", F_OK) == 0;
}

static void
check_mounted(void)
{
	if (!is_mounted())
		stop("binfmt_misc is not mounted: mount -t binfmt_misc binfmt_misc " FOLDER
		     " (as root; in a user namespace of your own since Linux 6.7: docs/binfmt.md)");
}

/* Flag P is of use only since the kernel tells the interpreter of it: 5.12. */
static void
check_kernel(void)
{
	struct utsname host = {0};
	unsigned major = 0, minor = 0;

	uname(&host);
	if (sscanf(host.release, "%u.%u", &major, &minor) == 2 &&
	    (major < 5 || (major == 5 && minor < 12)))
		stop("Linux %s is too old to keep argv[0]: 5.12 or newer is needed; start programs as "
		     "`dragoman PROGRAM`", host.release);
}

static const char *
remedy(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "; be root, or use a user namespace of your own (docs/binfmt.md)";
	case EROFS:
		return "; it is read-only here, as in most containers: do it on the host";
	case EEXIST:
		return "; dragoman binfmt unregister first";
	default:
		return "";
	}
}

static int
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

static void
path_of(const struct entry *e, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, FOLDER "/%s", e->name);
}

static bool
is_registered(const struct entry *e)
{
	char path[PATH_MAX];

	path_of(e, path);
	return access(path, F_OK) == 0;
}

static int
remove_entry(const struct entry *e)
{
	char path[PATH_MAX];

	path_of(e, path);
	return write_file(path, "-1");
}

/* ---- the commands ---- */

static int
register_all(const char *abi, const char *core)
{
	char line[2048];
	int error;

	check_kernel();
	check_mounted();
	for (size_t i = 0; i < nentries; i++)
		if (is_chosen(&entries[i], abi) && is_registered(&entries[i]))
			stop("%s is registered already%s", entries[i].name, remedy(EEXIST));
	for (size_t i = 0; i < nentries; i++) {
		if (!is_chosen(&entries[i], abi))
			continue;
		if (!line_of(&entries[i], core, line, sizeof(line)))
			stop("%s: a path that cannot be registered (a colon in it, or too long)", core);
		error = write_file(FOLDER "/register", line);
		if (error == 0)
			continue;
		while (i-- > 0)
			if (is_chosen(&entries[i], abi))
				remove_entry(&entries[i]);
		stop("cannot register %s: %s%s", core, strerror(error), remedy(error));
	}
	return 0;
}

static int
unregister_all(const char *abi)
{
	int error, found = 0;

	check_mounted();
	for (size_t i = 0; i < nentries; i++) {
		if ((abi != NULL && strcmp(entries[i].abi, abi) != 0) || !is_registered(&entries[i]))
			continue;
		found++;
		error = remove_entry(&entries[i]);
		if (error != 0)
			stop("cannot unregister %s: %s%s", entries[i].name, strerror(error),
			     remedy(error));
	}
	if (found == 0)
		stop("nothing of ours is registered (dragoman binfmt status)");
	return 0;
}

/* What the kernel says of an entry that is there: "enabled /path/of/core POF". */
static bool
print_registered(const struct entry *e)
{
	char path[PATH_MAX], line[2 * PATH_MAX], interpreter[PATH_MAX] = "?", flags[16] = "?";
	bool enabled = false;
	FILE *f;

	path_of(e, path);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		enabled |= strcmp(line, "enabled") == 0;
		if (strncmp(line, "interpreter ", 12) == 0)
			snprintf(interpreter, sizeof(interpreter), "%.*s", PATH_MAX - 1, line + 12);
		sscanf(line, "flags: %15s", flags);
	}
	fclose(f);
	printf("%-24s %-4s by %s, flags %s%s\n", e->name, enabled ? "yes" : "no", interpreter, flags,
	       enabled ? "" : "; disabled: write 1 to " FOLDER "/ and this name");
	return enabled;
}

/* One line an entry; true: it is as it should be. */
static bool
print_entry(const struct entry *e)
{
	if (e->osabi < 0) {
		printf("%-24s %-4s nothing in the header tells these: dragoman --abi=%s PROGRAM\n",
		       e->name, "no", e->abi);
		return true;
	}
	if (is_registered(e))
		return print_registered(e);
	printf("%-24s %-4s %s%s\n", e->name, "no", e->on_request ? "only by " : "",
	       e->on_request ? "dragoman binfmt register --abi=NAME" : "dragoman binfmt register");
	return e->on_request;
}

static int
print_status(void)
{
	char line[16] = "";
	bool ok = true;
	FILE *f;

	check_mounted();
	f = fopen(FOLDER "/status", "re");
	if (f == NULL || fgets(line, sizeof(line), f) == NULL || strncmp(line, "enabled", 7) != 0) {
		puts("binfmt_misc is disabled: echo 1 > " FOLDER "/status");
		ok = false;
	}
	if (f != NULL)
		fclose(f);
	for (size_t i = 0; i < nentries; i++)
		if (!is_hosts(&entries[i]))
			ok &= print_entry(&entries[i]);
	puts("The kernel compares EI_OSABI and the machine. A file that names its system only in a note\n"
	     "(C programs of NetBSD, OpenBSD and DragonFly) looks like Linux's to it: start it as\n"
	     "`dragoman PROGRAM`.");
	return !ok;
}

/* For systemd-binfmt: what register would write. */
static int
print_configuration(const char *abi, const char *core)
{
	char line[2048];

	puts("# Made by `dragoman binfmt configuration`; see binfmt.d(5).");
	for (size_t i = 0; i < nentries; i++) {
		if (!is_chosen(&entries[i], abi))
			continue;
		if (!line_of(&entries[i], core, line, sizeof(line)))
			stop("%s: a path that cannot be registered (a colon in it, or too long)", core);
		fputs(line, stdout);
	}
	return 0;
}

int
binfmt(const struct settings *s)
{
	char buf[PATH_MAX], core[PATH_MAX];
	const char *verb = s->verb, *abi = s->value[OPT_ABI];
	const char *file = core_path(s, buf);

	if (verb == NULL)
		stop("binfmt: register, unregister, status or configuration?");
	if (realpath(file, core) == NULL)
		stop("%s: %s; install it (./dev install PREFIX) or say --core PATH", file,
		     strerror(errno));
	read_entries(core);
	check_choice(abi);
	if (strcmp(verb, "configuration") == 0)
		return print_configuration(abi, s->program[0] != NULL ? s->program[0] : core);
	if (s->program[0] != NULL)
		stop("binfmt %s: superfluous argument %s", verb, s->program[0]);
	if (strcmp(verb, "register") == 0)
		return register_all(abi, core);
	if (strcmp(verb, "unregister") == 0)
		return unregister_all(abi);
	if (strcmp(verb, "status") == 0)
		return print_status();
	stop("binfmt %s: must be register, unregister, status or configuration", verb);
}
