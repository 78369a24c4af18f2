/*
 * The protocol of sysctl(3) (kern/kern_sysctl.c): a path of numbers in, a value
 * out; and the paths {0, n}, by which the tree describes itself.
 */
#include "sysctl.h"

#include "core/copy.h"
#include "core/host.h"
#include "core/string.h"
#include "freebsd.h"

#define FLAG_READ 0x80000000u		/* CTLFLAG_RD */
#define FIRST_GIVEN 0x100		/* CTL_AUTO_START: numbers below are fixed by headers */

long
sysctl_put(struct sysctl_request *r, const void *value, size_t n)
{
	uint64_t at = r->used, fits;

	r->used += n;
	if (is_null(r->old))
		return 0;
	fits = r->room <= at ? 0 : r->room - at < n ? r->room - at : n;
	if (fits && copy_out(guest_at(r->old, at), value, fits) < 0)
		return -EFAULT;
	return fits < n ? -ENOMEM : 0;
}

long
sysctl_put_string(struct sysctl_request *r, const char *text)
{
	return sysctl_put(r, text, strlen(text) + 1);
}

/* ---- names and numbers ---- */

static size_t
parent_length(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? (size_t)(dot - name) : 0;
}

/* Whether n's name is the first `length` letters of `name`. */
static bool
is_named(const struct sysctl_node *n, const char *name, size_t length)
{
	return strncmp(n->name, name, length) == 0 && !n->name[length];
}

static const struct sysctl_node *
node_by_name(const char *name, size_t n)
{
	for (unsigned i = 0; i < sysctl_node_count; i++)
		if (is_named(&sysctl_nodes[i], name, n))
			return &sysctl_nodes[i];
	return NULL;
}

static int32_t
number_of(const struct sysctl_node *n)
{
	if (n->number == SYSCTL_ZERO)
		return 0;
	return n->number ? n->number : FIRST_GIVEN + (int32_t)(n - sysctl_nodes);
}

/* The table has the tree's order: what stands below a node follows it, before anything else. */
static const struct sysctl_node *
parent_of(const struct sysctl_node *n)
{
	const size_t length = parent_length(n->name);
	const struct sysctl_node *parent = n;

	if (!length)
		return NULL;
	do
		parent--;
	while (!is_named(parent, n->name, length));
	return parent;
}

/* The node's path of numbers, top first; how many there are. */
static unsigned
path_of(const struct sysctl_node *n, int32_t path[SYSCTL_MAX_NAME])
{
	const struct sysctl_node *parent = parent_of(n);
	unsigned depth = parent ? path_of(parent, path) : 0;

	path[depth] = number_of(n);
	return depth + 1;
}

static const struct sysctl_node *
child_of(const struct sysctl_node *parent, int32_t number)
{
	const struct sysctl_node *end = sysctl_nodes + sysctl_node_count;
	const size_t length = parent ? strlen(parent->name) : 0;

	for (const struct sysctl_node *n = parent ? parent + 1 : sysctl_nodes; n < end; n++) {
		if (strncmp(n->name, parent ? parent->name : "", length) != 0)
			break;
		if (number_of(n) == number && parent_length(n->name) == length)
			return n;
	}
	return NULL;
}

/* The deepest node on the path; *used is how many numbers led there. NULL: not even the first. */
static const struct sysctl_node *
node_by_path(const int32_t *path, unsigned n, unsigned *used)
{
	const struct sysctl_node *found = NULL, *child;

	for (*used = 0; *used < n && (child = child_of(found, path[*used])) != NULL; ++*used)
		found = child;
	return found;
}

/* ---- values ---- */

static long
put_number(struct sysctl_request *r, const struct sysctl_node *n)
{
	static const uint8_t size[] = {
		[SYSCTL_INT] = 4, [SYSCTL_UINT] = 4, [SYSCTL_LONG] = 8, [SYSCTL_ULONG] = 8,
		[SYSCTL_S64] = 8, [SYSCTL_U64] = 8, [SYSCTL_U8] = 1,
	};

	return sysctl_put(r, &n->number_value, size[n->type]);
}

static long
put_value(struct sysctl_request *r, const struct sysctl_node *n)
{
	if (n->get)
		return n->get(r);
	if (n->type == SYSCTL_NODE)
		return -EISDIR;
	return n->type == SYSCTL_STRING ? sysctl_put_string(r, n->text) : put_number(r, n);
}

/* ---- {0, n}: the tree about itself ---- */

enum { META_NAME = 1, META_NEXT = 2, META_NAME2OID = 3, META_FORMAT = 4, META_DESCRIPTION = 5, META_NEXT_NOSKIP = 7 };

static long
meta_name2oid(struct sysctl_request *r, struct guest_ptr new, uint64_t newlen)
{
	char name[256];
	const struct sysctl_node *n;
	int32_t path[SYSCTL_MAX_NAME];

	if (newlen == 0)
		return -ENOENT;
	if (newlen >= sizeof name)
		return -ENAMETOOLONG;
	if (copy_in(name, new, newlen) < 0)
		return -EFAULT;
	name[newlen] = 0;
	n = node_by_name(name, strlen(name));
	return n ? sysctl_put(r, path, path_of(n, path) * sizeof *path) : -ENOENT;
}

static long
meta_format(struct sysctl_request *r, const struct sysctl_node *n)
{
	uint32_t kind = FLAG_READ | n->type;
	long e = sysctl_put(r, &kind, sizeof kind);

	return e < 0 ? e : sysctl_put_string(r, n->format);
}

/* The leaf after the path in the table's order, which is the tree's. */
static long
meta_next(struct sysctl_request *r, const struct sysctl_node *after)
{
	const struct sysctl_node *n = after ? after + 1 : sysctl_nodes;
	int32_t path[SYSCTL_MAX_NAME];

	while (n < sysctl_nodes + sysctl_node_count && n->type == SYSCTL_NODE && !n->get)
		n++;
	if (n == sysctl_nodes + sysctl_node_count)
		return -ENOENT;
	return sysctl_put(r, path, path_of(n, path) * sizeof *path);
}

static long
meta(struct sysctl_request *r, const int32_t *path, unsigned n, struct guest_ptr new, uint64_t newlen)
{
	unsigned used;
	const struct sysctl_node *node = node_by_path(path + 2, n - 2, &used);

	if (path[1] == META_NAME2OID)
		return meta_name2oid(r, new, newlen);
	if (path[1] == META_NEXT || path[1] == META_NEXT_NOSKIP)
		return meta_next(r, node);
	if (!node || used != n - 2)
		return -ENOENT;
	switch (path[1]) {
	case META_NAME:
		return sysctl_put_string(r, node->name);
	case META_FORMAT:
		return meta_format(r, node);
	case META_DESCRIPTION:
		return sysctl_put_string(r, "");
	default:
		return -ENOENT;
	}
}

/* ---- the calls ---- */

static long
answer(struct sysctl_request *r, const int32_t *path, unsigned n, struct guest_ptr new, uint64_t newlen)
{
	const struct sysctl_node *node;
	unsigned used;
	long e;

	if (path[0] == 0)
		return meta(r, path, n, new, newlen);
	node = node_by_path(path, n, &used);
	if (!node || (node->type == SYSCTL_NODE && !node->get && used < n))
		return -ENOENT;
	/* Numbers may follow a name only where a function wants them. */
	if (node->type != SYSCTL_NODE && used < n)
		return -ENOTDIR;
	if (!is_null(new) && !node->set)
		return -EPERM;
	r->rest = path + used;
	r->nrest = n - used;
	e = put_value(r, node);
	return e < 0 || is_null(new) ? e : node->set(r, new, newlen);
}

static long
run(struct call *c, const int32_t *path, unsigned n, struct guest_ptr old, struct guest_ptr oldlen,
    struct guest_ptr new, uint64_t newlen)
{
	struct sysctl_request r = {.call = c, .old = old};
	long e, stored;

	if (!is_null(oldlen) && load_u64(&r.room, oldlen) < 0)
		return -EFAULT;
	e = answer(&r, path, n, new, newlen);
	if ((e < 0 && e != -ENOMEM) || is_null(oldlen))
		return e;
	stored = store_u64(oldlen, !is_null(old) && r.used > r.room ? r.room : r.used);
	return stored < 0 ? stored : e;
}

long
freebsd___sysctl(struct call *c, struct guest_ptr name, uint32_t namelen, struct guest_ptr old,
		 struct guest_ptr oldlen, struct guest_ptr new, uint64_t newlen)
{
	int32_t path[SYSCTL_MAX_NAME];

	if (namelen < 2 || namelen > SYSCTL_MAX_NAME)
		return -EINVAL;
	if (copy_in(path, name, namelen * sizeof *path) < 0)
		return -EFAULT;
	return run(c, path, namelen, old, oldlen, new, newlen);
}

#define MAX_TEXT 1024			/* MAXPATHLEN, the kernel's limit for it */

long
freebsd___sysctlbyname(struct call *c, struct guest_ptr name, uint64_t namelen, struct guest_ptr old,
		       struct guest_ptr oldlen, struct guest_ptr new, uint64_t newlen)
{
	char text[MAX_TEXT];
	const struct sysctl_node *n;
	int32_t path[SYSCTL_MAX_NAME];

	if (namelen == 0 || namelen > MAX_TEXT - 1)
		return -EINVAL;
	if (copy_in(text, name, namelen) < 0)
		return -EFAULT;
	text[namelen] = 0;
	n = node_by_name(text, strlen(text));
	return n ? run(c, path, path_of(n, path), old, oldlen, new, newlen) : -ENOENT;
}
