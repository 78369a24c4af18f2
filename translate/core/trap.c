#include "trap.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "core.h"
#include "host.h"
#include "layout.h"
#include "linux_abi.h"

extern const char gate_begin[], gate_end[];

static long
sud_arm(void)
{
	return core_call(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, gate_begin,
			 gate_end - gate_begin, 0);
}

/*
 * The address the kernel compares is the one behind the instruction. CORE_TEXT is
 * the same in every process, so is the gate: the filter holds over exec. Whatever
 * the architecture of the call: foreign ones trap as well.
 */
static long
seccomp_install(void)
{
	const uint32_t high = CORE_TEXT >> 32;
	const uint32_t low = (uint32_t)(uintptr_t)gate_begin, end = (uint32_t)(uintptr_t)gate_end;
	const unsigned ip = offsetof(struct seccomp_data, instruction_pointer);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, low, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, end, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};
	long r = core_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);

	if (r != -EACCES)
		return r;
	/* Only a process that gives up gaining privileges by exec may, without CAP_SYS_ADMIN. */
	core_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return core_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

void
trap_install(void)
{
	long r;

	if (options.trap_installed) {
		options.trap = TRAP_SECCOMP;
		return;
	}
	if (options.trap != TRAP_SECCOMP) {
		r = sud_arm();
		if (r == 0) {
			options.trap = TRAP_SUD;
			return;
		}
		if (options.trap == TRAP_SUD)
			die(125, "--trap=sud: this kernel has no Syscall User Dispatch (error %d); try --trap=seccomp",
			    (int)-r);
	}
	options.trap = TRAP_SECCOMP;
	r = seccomp_install();
	if (r < 0)
		die(125, "--trap=seccomp: the kernel refuses a filter (error %d)", (int)-r);
	options.trap_installed = true;
}

void
trap_arm_thread(void)
{
	if (options.trap == TRAP_SUD && sud_arm() < 0)
		die(70, "Syscall User Dispatch could not be armed again");
}
