#include "convert.h"

#include "copy.h"
#include "memory.h"
#include "string.h"

#define OVERFLOW_ID 65534
/* More than any call takes at once; the kernel's own limits are below. */
#define BYTES_MAX (UINT64_C(1) << 24)

static uint64_t
ones(unsigned size)
{
	return size >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
}

/* The largest value of a field. */
static uint64_t
largest(const struct map_field *f, unsigned size)
{
	return ones(size) >> f->is_signed;
}

static uint64_t
sign_extend(uint64_t value, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

/* A number of 1, 2, 4 or 8 bytes, at any address: what memcpy() of a size that only the table knows takes 10 ns for. */
static uint64_t
load_number(const char *at, unsigned size)
{
	uint64_t eight;
	uint32_t four;
	uint16_t two;

	switch (size) {
	case 8:
		memcpy(&eight, at, sizeof eight);
		return eight;
	case 4:
		memcpy(&four, at, sizeof four);
		return four;
	case 2:
		memcpy(&two, at, sizeof two);
		return two;
	default:
		return (uint8_t)*at;
	}
}

/* Its low bytes, cut to the size. */
static void
store_number(char *at, uint64_t value, unsigned size)
{
	switch (size) {
	case 8:
		memcpy(at, &value, 8);
		break;
	case 4:
		memcpy(at, &value, 4);
		break;
	case 2:
		memcpy(at, &value, 2);
		break;
	default:
		*at = (char)value;
	}
}

static uint64_t
load(const struct map_field *f, const char *at, unsigned size)
{
	uint64_t value = load_number(at, size);

	return f->is_signed ? sign_extend(value, size) : value;
}

static uint64_t
value_to_host(const struct map_field *f, uint64_t value)
{
	if (f->policy == FIELD_MEMORY)
		return outside_core(value);
	if ((f->policy == FIELD_SATURATES || f->policy == FIELD_ID) && value == largest(f, f->guest_size))
		return largest(f, f->host_size);
	return value;
}

static long
value_to_guest(const struct map_field *f, uint64_t *value)
{
	uint64_t kept;

	if (f->policy == FIELD_CUT || f->policy == FIELD_MEMORY || f->guest_size >= f->host_size)
		return 0;
	kept = *value & ones(f->guest_size);
	if ((f->is_signed ? sign_extend(kept, f->guest_size) : kept) == *value)
		return 0;
	if (f->policy == FIELD_FITS)
		return -EOVERFLOW;
	*value = f->policy == FIELD_ID ? OVERFLOW_ID : largest(f, f->guest_size);
	return 0;
}

void
struct_to_host(const struct struct_map *map, void *host, const void *from_guest)
{
	if (map->same_layout)
		memcpy(host, from_guest, map->host_size);
	else
		memset(host, 0, map->host_size);
	for (const struct map_field *f = map->fields; f < map->fields + map->nfields; f++)
		for (unsigned i = 0; i < f->count; i++) {
			const char *from = (const char *)from_guest + f->guest + i * f->guest_size;
			uint64_t value = value_to_host(f, load(f, from, f->guest_size));

			store_number((char *)host + f->host + i * f->host_size, value, f->host_size);
		}
}

long
struct_to_guest(const struct struct_map *map, void *to_guest, const void *host)
{
	if (map->same_layout)
		memcpy(to_guest, host, map->guest_size);
	else
		memset(to_guest, 0, map->guest_size);
	for (const struct map_field *f = map->fields; f < map->fields + map->nfields; f++)
		for (unsigned i = 0; i < f->count; i++) {
			const char *from = (const char *)host + f->host + i * f->host_size;
			uint64_t value = load(f, from, f->host_size);
			long r = value_to_guest(f, &value);

			if (r < 0)
				return r;
			store_number((char *)to_guest + f->guest + i * f->guest_size, value, f->guest_size);
		}
	return 0;
}

#define STRUCT_MAX 1024

long
copy_in_struct(const struct struct_map *map, void *host, struct guest_ptr from)
{
	char raw[STRUCT_MAX];

	if (map->guest_size > sizeof raw || copy_in(raw, from, map->guest_size) < 0)
		return -EFAULT;
	struct_to_host(map, host, raw);
	return 0;
}

long
copy_out_struct(const struct struct_map *map, struct guest_ptr to, const void *host)
{
	char raw[STRUCT_MAX];
	long r;

	if (map->guest_size > sizeof raw)
		return -EFAULT;
	r = struct_to_guest(map, raw, host);
	return r < 0 ? r : copy_out(to, raw, map->guest_size);
}

/* ---- arguments of host calls ---- */

static long
fill(struct converted *v)
{
	for (uint64_t i = 0; i < v->n; i++) {
		long r = copy_in_struct(v->map, (char *)v->host + i * v->map->host_size,
					guest_at(v->at, i * v->map->guest_size));

		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * What was read and is as it was is not written: it may be memory that cannot be, and the kernel writes nothing
 * there either (the rest of a sleep that came to its end).
 */
static long
hand_back(const struct converted *v, uint64_t n)
{
	char raw[STRUCT_MAX], was[STRUCT_MAX];
	size_t size = v->map->guest_size;

	for (uint64_t i = 0; i < n; i++) {
		struct guest_ptr to = guest_at(v->at, i * size);
		long r = size > sizeof raw ? -EFAULT :
			 struct_to_guest(v->map, raw, (const char *)v->host + i * v->map->host_size);

		if (r == 0 && (!(v->how & CONVERT_IN) || copy_in(was, to, size) < 0 || memcmp(was, raw, size) != 0))
			r = copy_out(to, raw, size);
		if (r < 0)
			return r;
	}
	return 0;
}

long
convert_begin(struct converted *v, const struct struct_map *map, struct guest_ptr at, uint64_t n, unsigned how)
{
	convert_none(v);
	v->map = map;
	v->at = at;
	v->n = n;
	v->how = how;
	if (is_null(at) && (how & CONVERT_NULL))
		return 0;
	if (n > BYTES_MAX / map->host_size)
		return -EINVAL;
	v->host = v->small;
	if (n * map->host_size > sizeof v->small) {
		v->host = v->large = core_alloc(n * map->host_size);
		if (!v->large)
			return -ENOMEM;
	}
	if (!(how & CONVERT_IN))	/* what the host does not fill is not to be what was here before */
		memset(v->small, 0, v->large ? 0 : n * map->host_size);
	else if (fill(v) < 0)
		v->host = UNREADABLE;
	return 0;
}

bool
points_into_core(const struct struct_map *map, struct guest_ptr at, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++, at.addr += map->guest_size)
		for (const struct map_field *f = map->fields; f < map->fields + map->nfields; f++) {
			uint64_t place;

			if (load_u64(&place, guest_at(at, f->guest)) < 0)
				return false;	/* so says the host's kernel */
			if (place != outside_core(place))
				return true;
		}
	return false;
}

long
convert_memory(struct converted *v, const struct struct_map *map, struct guest_ptr at, uint64_t n)
{
	if (points_into_core(map, at, n))
		return convert_begin(v, map, at, n, CONVERT_IN);
	convert_none(v)->host = (void *)(uintptr_t)at.addr;
	v->how = 0;
	return 0;
}

long
convert_too_many(struct converted *v)
{
	v->host = UNREADABLE;
	v->large = NULL;
	v->how = CONVERT_IN;
	return 0;
}

long
convert_end(struct converted *v, unsigned n, long answer)
{
	for (unsigned i = 0; i < n; i++, v++) {
		bool out = v->host && v->host != UNREADABLE && (v->how & CONVERT_OUT) &&
			   (answer >= 0 || (answer == -EINTR && (v->how & CONVERT_IN)));
		bool fewer = out && (v->how & CONVERT_ANSWERED) && (uint64_t)answer < v->n;
		long r = out ? hand_back(v, fewer ? (uint64_t)answer : v->n) : 0;

		if (r < 0)
			answer = r;
		core_free(v->large);
	}
	return answer;
}

uint32_t
wide_id(uint16_t id)
{
	return id == UINT16_MAX ? UINT32_MAX : id;
}

long
narrow_id(long id)
{
	return id >= 0 && id > UINT16_MAX ? OVERFLOW_ID : id;
}
