/*
 * The Linux x86-64 personality: the host's own ABI. In the identity case only what
 * the layer owns is different from the kernel's: signals, threads, exec, the break.
 */
#ifndef DRAGOMAN_LINUX_H
#define DRAGOMAN_LINUX_H

/* By its folder: core/linux_abi.h is the host's structs. */
#include "abi/linux_abi.h"

#include "core/linux_numbers.h"
#include "core/personality.h"
#include "core/socket_name.h"

/* entry_x86_64.c */
long linux_fetch(struct call *c, const struct sigcontext *r);
void linux_answer(struct call *c, struct ucontext *uc, long answer);
long linux_missing(struct call *c);

/* processes.c: set_robust_list(2) and get_robust_list(2) of the ABIs with 32-bit words. */
long linux_set_narrow_robust_list(struct call *c, struct guest_ptr head, uint64_t n);
long linux_get_narrow_robust_list(struct call *c, int32_t who, struct guest_ptr head, struct guest_ptr n);

/* robust.c: the list of 32-bit words at `at` (0: none), of a thread that will not unlock anything any more. */
void linux_robust_list_ends(uint64_t at, int tid);

/*
 * signal_frame_x86_64.c. Frames of 64-bit code: FP state goes to the handler's stack and the
 * registers to `saved`; the frame goes below the answer (0: the stack cannot take it), and the
 * handler is entered. Back: registers and FP state from a frame; false: it cannot be read.
 */
struct linux_frame {
	uint64_t sp, handler;
	const void *bytes;
	size_t size, info, context;	/* where in it the handler's arguments point */
	int signal;
};
uint64_t linux_frame_begin(struct thread *t, struct ucontext *uc, const struct signal_action *a,
			   struct sigcontext *saved);
bool linux_frame_end(struct thread *t, struct ucontext *uc, const struct linux_frame *f);
bool linux_frame_restore(struct ucontext *uc, const struct sigcontext *from);
bool linux_enter_handler(struct thread *t, struct ucontext *uc, const struct queued_signal *s,
			 const struct signal_action *a, const struct sigset *old_mask);

/* signals.c */
/* rt_sigtimedwait(2): one of the set that the core holds for the thread, which no wait of the host's would see. */
bool linux_take_held(struct thread *t, struct guest_ptr set, uint64_t setsize, struct queued_signal *out);
/*
 * A mask for the length of a call, as the host call is given it: *host, NULL for none, or UNREADABLE. The core's idea
 * of the mask changes with the host's.
 */
const void *linux_mask_for_call(struct call *c, struct guest_ptr mask, host_sigset *host);
#define LINUX_NEVER_BLOCKED (UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1))
enum default_action linux_default_action(int signal);
bool linux_on_altstack(const struct thread *t, uint64_t sp);
stack_t linux_altstack(const struct thread *t);
void linux_disarm_altstack(struct thread *t);
long linux_set_altstack(struct thread *t, const stack_t *s, uint64_t sp);
/* What rt_sigaction(2) does with a new action's flags and mask; -EINVAL: not one that can be caught. */
long linux_set_action(struct process *p, int sig, struct signal_action *a);
int linux_fault_signal(struct thread *t, struct ucontext *uc, int host_signal, const struct siginfo *info);

/*
 * sockets.c. What the host's call is given for a guest's address: the guest's own memory, or, for a local
 * socket's path under --root, `own`, which host_address_done() is to be called for in any case. 0 or -errno.
 */
struct linux_address {
	uint64_t at;
	uint32_t len;
	struct host_address own;
};
long linux_address_in(struct linux_address *a, struct guest_ptr name, uint32_t len, enum path_use use);
/* What the host answered, to the `room` bytes at `name`; a->len is then its length for the guest. 0 or -errno. */
long linux_address_out(struct host_address *a, struct guest_ptr name, uint32_t room);

/* messages.c. A message's header in the host's form, its name the guest's; the answer is the host's call's. */
struct linux_msghdr {	/* struct user_msghdr (include/linux/socket.h) */
	uint64_t name;
	int32_t namelen;
	uint64_t iov, iovlen;
	uint64_t control, controllen;
	uint32_t flags;
};
_Static_assert(sizeof(struct linux_msghdr) == 56, "struct user_msghdr");
long linux_send_message(int32_t f, struct linux_msghdr *head, uint32_t how);
/* `error`: what is wrong with the message; the kernel looks at the descriptor first (net/socket.c, __sys_sendmsg()). */
long linux_refuse_message(int32_t f, uint32_t how, long error);
long linux_receive_message(int32_t f, struct linux_msghdr *head, uint32_t how);

/* sendmmsg(2) and recvmmsg(2) by an ABI's own calls for one message, whose struct mmsghdr is this. */
struct linux_messages {
	uint32_t size, length_at, flags_at;
	long (*send)(struct call *c, int32_t f, struct guest_ptr message, uint32_t how);
	long (*receive)(struct call *c, int32_t f, struct guest_ptr message, uint32_t how);
};
long linux_send_many(struct call *c, const struct linux_messages *kind, int32_t f, struct guest_ptr messages,
		     uint32_t n, uint32_t how);
/* *timeout (NULL: none) is then what is left of it, if there is an answer. */
long linux_receive_many(struct call *c, const struct linux_messages *kind, int32_t f, struct guest_ptr messages,
			uint32_t n, uint32_t how, struct timespec *timeout);

/* memory.c: shmat(2) to a place of the guest's choosing. */
long linux_attach_at(struct call *c, int32_t id, struct guest_ptr where, uint32_t how);

/* open.c: openat(2), whose answer the caller looks at (core/last.h). */
long linux_open_file(struct call *c, int32_t dir, struct guest_ptr file, uint32_t how, uint16_t mode);

/* proc_maps.c: is the path's last name that of a file of /proc that shows a process's mappings? */
bool linux_names_maps(struct guest_ptr file);
/* Such a name was opened: what the descriptor shows is the guest's, if it was of the process itself. */
long linux_maps_as_seen(struct call *c, long fd, uint32_t how);

/* start_x86_64.c */
struct stack;
struct linux_aux {
	uint16_t type;
	uint64_t value;		/* 0: no entry */
};
/* The first stack of any Linux ABI; `own` is what this one has beside the usual, up to AT_NULL. 0 or -E2BIG. */
long linux_stack_build(struct stack *s, const struct start_request *request, const char *platform,
		       const struct linux_aux *own, uint64_t *sp);
long linux_start(struct thread *t, struct ucontext *uc, const struct start_request *request);

#endif
