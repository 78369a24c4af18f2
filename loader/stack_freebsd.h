/*
 * FreeBSD/amd64's first stack: exec_copyout_strings() (kern/kern_exec.c) and the
 * auxiliary vector of __elfN(freebsd_copyout_auxargs)() (kern/imgact_elf.c).
 */
#ifndef DRAGOMAN_LOADER_STACK_FREEBSD_H
#define DRAGOMAN_LOADER_STACK_FREEBSD_H

#include "loader.h"
#include "stack.h"

#define FREEBSD_CANARY 64

/* What only the caller knows. An address that is 0 is left out of the vector. */
struct freebsd_start {
	const struct image *image;
	const char *exec_path; /* absolute; NULL: not known */
	char *const *argv, *const *envp;
	uint32_t osreldate; /* 1302001, 1501000, … */
	uint32_t ncpus;
	uint64_t stack_limit; /* RLIMIT_STACK, soft */
	uint64_t timekeep;    /* struct vdso_timekeep in the shared page */
	uint64_t kpreload;    /* the vDSO's ELF header */
	uint64_t fxrng;	      /* the kernel's random seed generation */
	uint64_t hwcap, hwcap2;
	unsigned char canary[FREEBSD_CANARY]; /* random */
};

struct freebsd_stack {
	uint64_t block; /* argc: what rdi points at */
	uint64_t rsp;	/* as after a call (exec_setregs(), amd64/exec_machdep.c) */
	uint64_t argv, envp, auxv;
	uint32_t argc, envc;
	uint64_t ps_strings;
	uint64_t exec_path, canary, page_sizes;
	uint64_t args, args_size, env, env_size; /* the strings themselves */
};

/* The protection that PT_GNU_STACK asks for, or all: AT_STACKPROT and the stack's own. */
int freebsd_stack_protection(const struct elf_info *info);

/* 0, or -E2BIG: the stack has no room for the strings. */
long freebsd_stack_build(struct stack *s, const struct freebsd_start *in,
			 struct freebsd_stack *out);

#endif
