/* The dynamic loader at run time: a plug-in with thread-local storage, versions, what is not there. */
#include <dlfcn.h>
#include <link.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int
from_program(int n)
{
	return n * 2;
}

static int
count(struct dl_phdr_info *info, size_t size, void *n)
{
	(void)info;
	(void)size;
	++*(int *)n;
	return 0;
}

int
main(int argc, char **argv)
{
	int (*answer)(int), n = 0;
	void *plugin = dlopen(argc > 1 ? argv[1] : "./plugin.so", RTLD_NOW);

	if (!plugin) {
		puts("no plug-in");
		return 1;
	}
	*(void **)&answer = dlsym(plugin, "answer");
	printf("%d %d\n", answer(20), answer(21));
	printf("%d\n", dlsym(plugin, "nothing") == NULL);
	double (*cosine)(double);
	*(void **)&cosine = dlsym(dlopen("libm.so.6", RTLD_LAZY), "cos");
	printf("%.12f\n", cosine(1.0));
	dl_iterate_phdr(count, &n);	/* with the vDSO, where there is one */
	printf("%d\n", n >= 4);
	printf("%d\n", dlclose(plugin));
	return 0;
}
