/* Between a guest's bits and numbers and the host's: the maps that abi/ is made into. */
#include "call.h"

long
flags_to_host(const struct flag_map *map, uint64_t bits)
{
	uint64_t known = 0, host = 0;

	for (const struct flag *f = map->flags; f < map->flags + map->n; f++) {
		if ((bits & f->mask) != f->value && f->kind != FLAG_NUMBER)
			continue;
		if (f->kind == FLAG_REFUSED)
			return -EINVAL;
		if (f->kind == FLAG_SAME)
			host |= f->host;
		known |= f->mask;
	}
	return bits & ~known ? -EINVAL : (long)host;
}

long
choice_to_host(const struct flag_map *map, uint64_t value, long *host)
{
	for (const struct flag *f = map->flags; f < map->flags + map->n; f++)
		if (f->value == value) {
			*host = f->kind == FLAG_SAME ? (long)f->host : 0;
			return f->kind == FLAG_REFUSED ? -EINVAL : 0;
		}
	return -EINVAL;
}

uint64_t
flags_to_guest(const struct flag_map *map, uint64_t host_bits)
{
	uint64_t bits = 0;

	for (const struct flag *f = map->flags; f < map->flags + map->n; f++)
		if (f->kind == FLAG_SAME && f->host && (host_bits & f->host) == f->host)
			bits |= f->value;
	return bits;
}

int
number_to_host(const struct number_map *map, unsigned number)
{
	return number < map->n_to_host && map->to_host[number] != NO_TWIN ? map->to_host[number] : -1;
}

int
number_to_guest(const struct number_map *map, unsigned number)
{
	return number < map->n_to_guest && map->to_guest[number] != NO_TWIN ? map->to_guest[number] : -1;
}
