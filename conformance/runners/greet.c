/* What the cmake, meson and autoconf projects build and test: greets, and exits with the number it is given. */
#include <unistd.h>

#ifndef __FreeBSD__
#error "this is to be compiled for FreeBSD"
#endif

int
main(int argc, char **argv)
{
	static const char text[] = "hello from FreeBSD\n";

	write(1, text, sizeof text - 1);
	return argc > 1 ? argv[1][0] - '0' : 0;
}
