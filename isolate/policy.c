#include "policy.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "host_calls.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static int
set_attributes(scmp_filter_ctx filter, uint32_t otherwise)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, otherwise);

	/* Set already where it is needed; an isolated run by root need not have it. */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	/* Before Linux 5.16 a filter also turned speculation mitigations on, for each branch of the guest. */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	/* Numbers as a tree, for what the kernel's bitmap does not serve. */
	return r == 0 ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) : r;
}

scmp_filter_ctx
policy_filter(bool strict, uint32_t otherwise)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int r = filter ? set_attributes(filter, otherwise) : -ENOMEM;

	for (size_t i = 0; i < COUNT(host_calls) && r == 0; i++)
		if (host_calls[i].strict || !strict)
			r = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, host_calls[i].number, 0);
	if (r == 0)
		return filter;
	if (filter)
		seccomp_release(filter);
	return NULL;
}

int
policy_load(bool strict)
{
	scmp_filter_ctx filter = policy_filter(strict, SCMP_ACT_ERRNO(ENOSYS));
	int r = filter ? seccomp_load(filter) : -ENOMEM;

	if (filter)
		seccomp_release(filter);
	return r;
}
