/*
 * FreeBSD's shared page (kern/kern_sharedpage.c): the vDSO with the signal
 * trampoline in it, and behind it the time for calls that need no kernel.
 */
#include "shared_page.h"
#include "sysctl.h"
#include "timekeep.h"

#include <linux/elf.h>

#include "core/host.h"
#include "core/layout.h"
#include "core/linux_abi.h"
#include "core/process.h"
#include "core/sites.h"
#include "core/string.h"

/* Made of vdso/ by the build. */
extern const unsigned char freebsd_vdso[];
extern const unsigned long freebsd_vdso_size;

#define FREEBSD_ELFOSABI 9

HOT long
freebsd_shared_page_fill(struct process *p, uint64_t page)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)freebsd_vdso;

	if (freebsd_vdso_size > FREEBSD_VDSO_PAGE)
		return -ENOEXEC;
	memcpy((void *)page, freebsd_vdso, freebsd_vdso_size);
	/* No linker but FreeBSD's sets it without being asked in its own way. */
	((unsigned char *)page)[EI_OSABI] = FREEBSD_ELFOSABI;
	p->shared_page = page;
	p->signal_trampoline = page + header->e_entry;
	p->timekeep = page + FREEBSD_VDSO_PAGE;
	freebsd_timekeep_start(p->timekeep);
	sites_mapped(page, FREEBSD_VDSO_PAGE, PROT_READ | PROT_EXEC, false);
	return core_call(__NR_mprotect, page, FREEBSD_VDSO_PAGE, PROT_READ | PROT_EXEC);
}

/* kern.proc.sigtramp.PID, for debuggers; of other processes it is not known here. */
long
sysctl_proc_sigtramp(struct sysctl_request *r)
{
	const struct process *p = r->call->p;
	const struct {			/* struct kinfo_sigtramp (sys/user.h) */
		uint64_t start, end, spare[4];
	} trampoline = {p->signal_trampoline, p->signal_trampoline + freebsd_vdso_size, {0}};

	if (r->nrest != 1)
		return -EINVAL;
	if (r->rest[0] > 0 && r->rest[0] != p->pid)
		return -EPERM;
	return sysctl_put(r, &trampoline, sizeof trampoline);
}
