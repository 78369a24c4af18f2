/* covers: linux open openat openat2 */
/* noted: x32 mappings_of_the_program: no vDSO: the host's is of the other ELF class (docs/design.md) */
#include "guest.h"

#include <linux/mman.h>
#include <linux/openat2.h>

#define PAGE 4096UL

static char text[1 << 16];

static size_t
contents(const char *name)
{
	long f = call(openat, AT_CWD, name, O_RDONLY), r;
	size_t n = 0;

	while ((r = call(read, f, text + n, sizeof text - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	call(close, f);
	return n;
}

static uint64_t
number_at(const char **s)
{
	uint64_t n = 0;

	for (;; ++*s) {
		if (**s >= '0' && **s <= '9')
			n = n << 4 | (uint64_t)(**s - '0');
		else if (**s >= 'a' && **s <= 'f')
			n = n << 4 | (uint64_t)(**s - 'a' + 10);
		else
			return n;
	}
}

/* The line of the mapping that holds the address; NULL: none. */
static char *
line_of(const void *address)
{
	for (char *line = text; *line; line++) {
		const char *s = line;
		uint64_t start = number_at(&s), end = 0;

		if (s > line && *s == '-') {
			s++;
			end = number_at(&s);
		}
		if ((uintptr_t)address >= start && (uintptr_t)address < end)
			return line;
		while (*line != '\n')
			line++;
	}
	return NULL;
}

/* What a line says behind its addresses: all of it without a file, else the permissions and the file's own name. */
static void
show_line(const char *what, const void *address)
{
	char *line = line_of(address), *end, *name;
	char said[128] = "";

	if (line == NULL) {
		guest_text(what, "nothing");
		return;
	}
	while (*line != ' ')
		line++;
	end = ++line;
	while (*end != '\n')
		end++;
	name = end;
	while (name > line && name[-1] != ' ' && name[-1] != '/')
		name--;
	memcpy(said, line, 5);
	memcpy(said + 5, name, (size_t)(end - name) < 80 ? (size_t)(end - name) : 80);
	guest_text(what, said);
}

static size_t
size_of(const void *address)
{
	const char *s = line_of(address);
	uint64_t start = number_at(&s);

	s++;
	return (size_t)(number_at(&s) - start);
}

/* How many lines have `word`. */
static unsigned
lines_with(const char *word)
{
	unsigned n = 0;

	for (const char *line = text; *line; line++) {
		bool found = false;

		for (; *line != '\n'; line++)
			found = found || same(line, word, length(word));
		n += found;
	}
	return n;
}

static long
mapping(size_t n, int prot, int flags)
{
#ifdef __i386__
	return call(mmap2, NULL, n, prot, flags, -1, 0);
#else
	return call(mmap, NULL, n, prot, flags, -1, 0);
#endif
}

TEST(mappings_of_the_program)
{
	int on_stack = 0;

	TRUTH(contents("/proc/self/maps") > 0);
	show_line("code", (const void *)(uintptr_t)mappings_of_the_program);
	show_line("stack", &on_stack);
	show_line("page zero", NOWHERE);
	VALUE(lines_with("[stack]"));
	VALUE(lines_with("[heap]"));
	VALUE(lines_with("[vdso]"));
	VALUE(lines_with("dragoman"));
	TRUTH(lines_with("/proc_maps") >= 2);
}

TEST(the_break_is_the_heap)
{
	uintptr_t start = (uintptr_t)call(brk, 0);

	call(brk, start + 5 * PAGE);
	contents("/proc/self/maps");
	show_line("heap", (const void *)start);
	show_line("its end", (const void *)(start + 5 * PAGE - 1));
	VALUE(lines_with("[heap]"));
	call(brk, start);
	contents("/proc/self/maps");
	VALUE(lines_with("[heap]"));
}

TEST(mappings_that_come_and_go)
{
	char *at = (char *)mapping(32 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);

	contents("/proc/self/maps");
	TRUTH(line_of(at) != NULL);
	VALUE(size_of(at) / PAGE);
	call(mprotect, at + 8 * PAGE, 8 * PAGE, PROT_READ);
	contents("/proc/self/maps");
	VALUE(size_of(at) / PAGE);
	VALUE(size_of(at + 8 * PAGE) / PAGE);
	VALUE(size_of(at + 16 * PAGE) / PAGE);
	call(munmap, at, 32 * PAGE);
	contents("/proc/self/maps");
	show_line("gone", at);
}

/* Rewritten call sites, if there are such, do not show. */
TEST(code_that_has_run_stays_one_mapping)
{
	size_t before;

	contents("/proc/self/maps");
	before = size_of((const void *)(uintptr_t)mapping);
	for (int i = 0; i < 50; i++)
		call(getpid);
	contents("/proc/self/maps");
	TRUTH(size_of((const void *)(uintptr_t)mapping) == before);
}

TEST(all_the_names_of_the_file)
{
	static const char *const names[] = {"/proc/self/maps", "/proc/thread-self/maps", "/proc/self/smaps",
					    "/proc/self/../self/maps", "/proc/self/task/../maps"};
	struct open_how how = {.flags = O_RDONLY};
	long dir, f;

	for (unsigned i = 0; i < COUNT(names); i++) {
		TEXT(names[i]);
		TRUTH(contents(names[i]) > 0);
		show_line("code", (const void *)(uintptr_t)mapping);
		VALUE(lines_with("[stack]"));
		VALUE(lines_with("dragoman"));
	}
	dir = call(openat, AT_CWD, "/proc/self", O_RDONLY | O_DIRECTORY);
	f = SHOW(openat, dir, "maps", O_RDONLY | O_CLOEXEC);
	SHOW(fcntl, f, F_GETFD);
	memset(text, 0, sizeof text);
	TRUTH(call(read, f, text, 2048) > 0);
	TRUTH(call(read, f, text, 2048) >= 0);
	SHOW(lseek, f, 0, 0);
	TRUTH(call(read, f, text, 2048) > 0);
	SHOW(write, f, text, 1);
	call(close, f);
	f = SHOW(openat2, dir, "maps", &how, sizeof how);
	VALUE(lines_with("dragoman"));
	SHOW(fcntl, f, F_GETFD);
	call(close, f);
	call(close, dir);
	f = SHOW(openat, AT_CWD, "/proc/self/maps", O_WRONLY);
	call(close, f);
	SHOW(openat, AT_CWD, "/proc/self/maps", O_RDONLY | O_DIRECTORY);
	SHOW(openat, AT_CWD, "/proc/self/fdinfo/maps", O_RDONLY);
	make_file("maps", "not of the kernel\n");
	contents("maps");
	TEXT(text);
}

TEST(in_a_child)
{
	if (fork() == 0) {
		TRUTH(contents("/proc/self/maps") > 0);
		show_line("code of the child", (const void *)(uintptr_t)mapping);
		VALUE(lines_with("[stack]"));
		VALUE(lines_with("dragoman"));
		leave(0);
	}
	VALUE(wait_for(-1));
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(mappings_of_the_program);
	RUN(the_break_is_the_heap);
	RUN(mappings_that_come_and_go);
	RUN(code_that_has_run_stays_one_mapping);
	RUN(all_the_names_of_the_file);
	RUN(in_a_child);
	return 0;
}
