/* Where things are: the core beside our own binary, programs on the guest's PATH. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dragoman.h"
#include "plain.h"

const char *
own_file(const char *name, char buf[PATH_MAX])
{
	struct text t = {.buf = buf, .size = PATH_MAX};
	long len;

	len = kernel(SYS_readlink, (long)"/proc/self/exe", (long)buf, PATH_MAX - 1, 0, 0);
	if (len < 0)
		fail(EXIT_OURS, "cannot tell where I am without /proc (--core PATH says it): ",
		     "/proc/self/exe", "", (int)-len);
	while (len > 0 && buf[len - 1] != '/')
		len--;

	/* Installed first: a build tree has no libexec beside it. */
	t.len = (size_t)len;
	add(&t, LIBEXEC_FROM_BIN);
	add(&t, name);
	if (!t.too_long && kernel(SYS_access, (long)buf, F_OK, 0, 0, 0) == 0)
		return buf;
	t.len = (size_t)len - (len > 0);
	add(&t, name);
	return buf;
}

const char *
core_path(const struct settings *s, char buf[PATH_MAX])
{
	return s->value[OPT_CORE] != NULL ? s->value[OPT_CORE] : own_file("/dragoman-core", buf);
}

/* 0 if `path` can be executed, or -errno as execve(2) would give it. */
static long
try_execute(long root, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC};
	struct stat st = {0};
	long fd, error;

	/* Absolute links inside the root stay inside, as the core follows them. */
	if (root != AT_FDCWD)
		how.resolve = RESOLVE_IN_ROOT;
	fd = kernel(SYS_openat2, root, (long)path, (long)&how, sizeof(how), 0);
	if (fd < 0)
		return fd;
	error = kernel(SYS_fstat, fd, (long)&st, 0, 0, 0);
	if (error == 0)
		error = kernel(SYS_faccessat2, fd, (long)"", X_OK, AT_EMPTY_PATH, 0);
	if (error == 0 && !S_ISREG(st.st_mode))
		error = -EACCES;
	kernel(SYS_close, fd, 0, 0, 0, 0);
	return error;
}

static long
try_under_root(long root, const char *path)
{
	if (root != AT_FDCWD && path[0] == '/') {
		long error = try_execute(root, path);

		if (error != -ENOENT)
			return error;
	}
	return try_execute(AT_FDCWD, path);
}

static const char *
search_path(char **envp)
{
	for (; *envp != NULL; envp++) {
		const char *value = after(*envp, "PATH=");

		if (value != NULL)
			return value;
	}
	return "/usr/bin:/bin"; /* _PATH_DEFPATH */
}

/* The next element of a search path with `name` behind it; NULL after the last. */
static const char *
next_candidate(const char *element, const char *name, struct text *t)
{
	size_t len = 0;

	while (element[len] != '\0' && element[len] != ':')
		len++;
	t->len = 0;
	t->too_long = false;
	add_bytes(t, len > 0 ? element : ".", len > 0 ? len : 1);
	add(t, "/");
	add(t, name);
	return element[len] == ':' ? element + len + 1 : NULL;
}

/*
 * execvp(3), FreeBSD: an empty element is the current folder, a file that may
 * not be executed is passed over and reported only if nothing better follows,
 * and with PATH unset _PATH_DEFPATH counts.
 */
const char *
find_program(const char *name, const char *root, char **envp, char buf[PATH_MAX])
{
	struct text t = {.buf = buf, .size = PATH_MAX};
	const char *element = search_path(envp);
	long root_fd = AT_FDCWD;
	bool denied = false;

	for (const char *c = name; *c != '\0'; c++)
		if (*c == '/')
			return name;
	if (root != NULL)
		root_fd = kernel(SYS_openat, AT_FDCWD, (long)root, O_PATH | O_CLOEXEC, 0, 0);

	while (*name != '\0' && element != NULL) {
		long error;

		element = next_candidate(element, name, &t);
		error = t.too_long ? -ENAMETOOLONG : try_under_root(root_fd, buf);
		if (error == 0)
			return buf;
		denied |= error == -EACCES;
	}
	if (denied)
		fail(EXIT_NOT_EXECUTABLE, "", name, ": found in PATH, but may not be executed", 0);
	fail(EXIT_NOT_FOUND, "", name, ": not found in PATH", 0);
}
