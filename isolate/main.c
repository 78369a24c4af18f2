/* dragoman-isolate: the front door execs it, with its own arguments, for --isolate. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolate.h"

/* 0 to 2 must be taken, or what we open goes there and to the program. */
static void
check_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		static const char *const names[] = {"standard input", "standard output",
						    "standard error"};

		if (fstat(fd, &st) != 0) {
			if (open("/dev/null", O_RDWR) != fd)
				fail(EXIT_OURS, "no descriptor for ", names[fd], "", 0);
		} else if (S_ISDIR(st.st_mode)) {
			/* CVE-2024-21626's kind: ".." from it is outside. */
			fail(EXIT_OURS, names[fd], "", " is a folder: a way out of the room", 0);
		}
	}
}

int
main(int argc, char **argv, char **envp)
{
	static struct room r;
	int tree;

	(void)argc;
	check_standard_descriptors();
	room_options(&r, argv, envp);
	tree = open(r.tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree < 0)
		fail(EXIT_OURS, "--root ", r.tree, "", errno);
	room_user(&r, tree);
	close(tree);
	return keep(&r);
}
