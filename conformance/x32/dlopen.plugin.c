/* What dlopen.c loads. */
#include <stdio.h>

static __thread int calls;
extern int from_program(int);

__attribute__((constructor)) static void
begin(void)
{
	puts("plug-in begins");
}

__attribute__((destructor)) static void
end(void)
{
	puts("plug-in ends");
}

int
answer(int n)
{
	return from_program(n) + ++calls;
}
