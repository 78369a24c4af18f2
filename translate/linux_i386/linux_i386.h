/*
 * The Linux i386 personality, as a 64-bit kernel gives it to 32-bit programs (arch/x86's
 * IA32 emulation), but with nothing of that from the host's kernel: the program runs in
 * this 64-bit process by far jumps to a 32-bit code segment. What is the same for all
 * Linux ABIs is in translate/linux.
 */
#ifndef DRAGOMAN_LINUX_I386_H
#define DRAGOMAN_LINUX_I386_H

#include "linux_i386_abi.h"

#include "core/linux_numbers.h"
#include "core/personality.h"
#include "linux/linux.h"

/* entry_x86_64.c */
long linux_i386_fetch(struct call *c, const struct sigcontext *r);
void linux_i386_answer(struct call *c, struct ucontext *uc, long answer);
/* clocks.c */
bool linux_i386_answers(struct thread *t, const struct sigcontext *r, long *answer);
bool linux_i386_faults_to_call(struct ucontext *uc, int host_signal, const struct siginfo *info);

/* signal_frame_x86_64.c */
bool linux_i386_enter_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
			      const struct signal_action *a, const struct sigset *old_mask);

/* signals.c */
int linux_i386_fault_signal(struct thread *t, struct ucontext *uc, int host_signal, const struct siginfo *info);

/* siginfo.c: struct siginfo as i386 has it, 128 bytes (copy_siginfo_to_external32()), and back. */
#define LINUX_I386_SIGINFO 128
void linux_i386_siginfo(void *to, const struct siginfo *from);
void linux_i386_siginfo_to_host(struct siginfo *to, const void *from);

/* wait.c: 0 or -EFAULT. */
long linux_i386_put_waited(struct guest_ptr to, const struct siginfo *s);

/* memory.c: mmap(2), with the host's flags. */
long linux_i386_map(struct call *c, uint64_t at, uint64_t len, uint32_t prot, uint32_t flags, int f, uint64_t offset);

/* start_x86_64.c */
long linux_i386_start(struct thread *t, struct ucontext *uc, const struct start_request *request);

/* small_files.c: fcntl(2) of descriptors and flags, where a file opened without O_LARGEFILE shows. */
long linux_i386_fcntl_of_files(struct call *c, int32_t f, int32_t command, uint64_t data);
/* Others will have all such descriptors, or this one, and shall know them. */
void linux_i386_mark_small_files(const struct process *p);
void linux_i386_mark_small_file(int32_t f);

/* vdso.c: the guest's addresses of what is in it, once it is mapped. */
struct linux_i386_vdso {
	uint64_t base, syscall, sigreturn, rt_sigreturn;
};
extern struct linux_i386_vdso linux_i386_vdso;
long linux_i386_vdso_map(void);

/*
 * segments_x86_64.c: thread areas. The host's GDT has none for 64-bit processes, so that
 * loading their selectors (0x63, 0x6b, 0x73) faults; the guest is given a selector of the
 * LDT instead, and goes on behind the instruction. True: done.
 */
bool linux_i386_load_segment(struct thread *t, struct ucontext *uc);
/* At the process's start: until they fault. */
void linux_i386_wait_for_empty_gdt(void);
/* personality.child_pointer: areas of the child's own, with clone's descriptor in place of one. */
long linux_i386_child_pointer(struct thread *t, struct thread *child, bool given, uint64_t pointer);
void linux_i386_thread_begins(struct thread *t);
void linux_i386_thread_ends(struct thread *t);
void linux_i386_after_fork(struct thread *t);
/* Loads a guest's selector, or none if the guest has no such segment. */
enum segment { SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS };
void linux_i386_set_segment(struct thread *t, enum segment which, uint16_t selector);
uint16_t linux_i386_segment(enum segment which);

#endif
