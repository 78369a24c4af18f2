/* No calls at all: what an in-process layer leaves alone, and an emulator cannot. */
#include "micro.h"

static volatile uint32_t integer_result;
static volatile double double_result;

/* Arithmetic, branches that cannot be foreseen, and a table in the first cache. */
static void
integers(long count)
{
	static uint32_t table[1024];
	uint32_t x = 2463534242u;

	while (count-- > 0)
		for (int i = 0; i < 10000; i++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			if (x & 1)
				table[x >> 22] += x;
			else
				x += table[x >> 22] >> 3;
		}
	integer_result = x;
}

static void
doubles(long count)
{
	double a = 1.0, b = 0.5, c = 0.25;

	while (count-- > 0)
		for (int i = 0; i < 10000; i++) {
			a = a * 0.999 + b;
			b = b * 0.998 + c;
			c = c * 0.997 + a * 1e-6;
		}
	double_result = a + b + c;
}

const struct benchmark compute_family[] = {
	{"integers", NULL, integers},
	{"doubles", NULL, doubles},
	{NULL, NULL, NULL},
};
