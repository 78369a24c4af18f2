/* What is left for libc when nothing was run: help, version, doctor, and failures. */
#include <stdio.h>

#include "dragoman.h"

static int
print_help(void)
{
	puts("usage: dragoman [run] [OPTION...] [--] PROGRAM [ARG...]\n"
	     "       dragoman binfmt register|unregister|status [--abi NAME]\n"
	     "       dragoman doctor\n"
	     "\n"
	     "Runs PROGRAM, built for " PERSONALITIES ", on this Linux.\n");
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option *o = &options[i];
		const char *arg = o->arg != NULL ? o->arg : "";
		char left[64];

		if (arg[0] == '[')
			snprintf(left, sizeof(left), "--%s[=%s", o->name, arg + 1);
		else if (o->letter != '\0')
			snprintf(left, sizeof(left), "-%c, --%s %s", o->letter, o->name, arg);
		else
			snprintf(left, sizeof(left), "--%s %s", o->name, arg);
		printf("  %-28s %s\n", left, o->help);
	}
	puts("\n"
	     "The exit status is PROGRAM's; a signal that kills it kills dragoman. Else\n"
	     "125: dragoman itself failed, 126: PROGRAM cannot be executed, 127: not found.");
	return 0;
}

int
main(int argc, char **argv, char **envp)
{
	static struct settings s;

	(void)argc;
	if (failure.status != 0)
		report_failure();
#ifndef BEFORE_LIBC
	run(argv, envp);
#else
	(void)envp;
#endif
	parse(&s, argv);
	if (s.value[OPT_HELP] != NULL)
		return print_help();
	if (s.value[OPT_VERSION] != NULL)
		return puts("dragoman " VERSION) < 0;
	return s.command == COMMAND_BINFMT ? binfmt(&s) : doctor(&s);
}
