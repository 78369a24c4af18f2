/* The words of a failure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dragoman.h"

void
report_failure(void)
{
	const struct failure *f = &failure;

	fprintf(stderr, "dragoman: %s%s%s%s%s\n", f->before, f->subject, f->after,
		f->error ? ": " : "", f->error ? strerror(f->error) : "");
	exit(f->status);
}
