/* A signal finds a thread somewhere between a rewritten site and the core: where is it, for the guest? */
#include "sites.h"

#include <linux/elf.h>

#include "call.h"
#include "copy.h"
#include "layout.h"
#include "linux_abi.h"
#include "personality.h"
#include "process.h"
#include "signal.h"
#include "site_kind_x86_64.h"
#include "string.h"
#include "stub_pages.h"
#include "thread.h"

/* site_entry_x86_64.S */
extern const char site_enter[], site_entered[], site_leaving[], site_left[];
extern const char site_reads_fs[], site_read_fs[];
extern const char site_trap_32[], site_enter_32[], site_saved_32[], site_entered_32[];

/* site_direct_x86_64.S, gate_x86_64.S */
extern const char site_direct[], site_direct_end[], site_direct_leaving[], site_direct_left[];
extern const char site_direct_32[], site_direct_32_end[], site_direct_32_leaving[], site_direct_32_left[];
extern const char gate_direct[], gate_direct_made[], gate_direct_32[], gate_direct_32_made[];
extern const char gate_last_made[];

#define TRAP_FLAG UINT64_C(0x100)

const struct site_kind *
site_kind(uint16_t machine)
{
	static const struct site_kind kinds[] = {
		{EM_X86_64, USER_CS, CODE_64, {0x0f, 0x05}, site_enter},
		{EM_386, USER32_CS, CODE_32, {0xcd, 0x80}, site_enter_32},
	};
	const struct site_kind *k = kinds;

	while (k->machine != machine)
		k++;
	return k;
}

static bool
in_range(uint64_t ip, const char *begin, const char *end)
{
	return ip >= (uintptr_t)begin && ip < (uintptr_t)end;
}

/* By one step of a guest that steps itself, to a stub's first instruction: the next ones are the guest's own. */
static bool
is_first_step(int host_signal, const struct sigcontext *r, uint64_t offset)
{
	return host_signal == SIGTRAP && offset == 0 && r->eflags & TRAP_FLAG;
}

/* A fault, and not what kill(2) has sent. */
static bool
is_bad_memory(int host_signal, const struct siginfo *info)
{
	return host_signal == SIGSEGV && info->si_code > 0;
}

static bool
in_stub(const struct site_kind *k, int host_signal, const struct siginfo *info, struct sigcontext *r, const struct stub *s,
	uint64_t offset)
{
	if (is_first_step(host_signal, r, offset))
		return true;
	r->rip = stub_original(s, offset);
	r->cs = k->segment;
	return is_bad_memory(host_signal, info) && stub_tries_gs(s, offset);
}

/* Where a jump of ours at `ip` leads to, if it is one. The thread is there: it can be read as far as it goes. */
static const struct stub *
jump_at(const struct site_kind *k, uint64_t ip)
{
	uint8_t opcode;
	int32_t distance;
	uint64_t target, offset = 0;
	const struct stub *s;

	if (copy_in(&opcode, guest(ip), sizeof opcode) < 0 || opcode != 0xe9 ||
	    copy_in(&distance, guest(ip + sizeof opcode), sizeof distance) < 0)
		return NULL;
	target = ip + sizeof opcode + sizeof distance + (uint64_t)(int64_t)distance;
	s = stub_at(k->mode == CODE_32 ? (uint32_t)target : target, &offset);
	return s && offset == 0 ? s : NULL;
}

/*
 * At the hole of a site of form C: still where the site's own instruction is. Faults and traps have their own
 * addresses, where perhaps nothing can be read; SIGFPE also brings threads out of holes (every_thread.h).
 */
static void
in_hole(const struct site_kind *k, int host_signal, struct sigcontext *r)
{
	const struct stub *s;

	if (signal_is_always_open(host_signal) && host_signal != SIGFPE)
		return;
	s = jump_at(k, r->rip);
	if (s && s->from != r->rip)
		r->rip = s->from;
}

static void
entering_32(struct sigcontext *r, const struct sigcontext *frame)
{
	if (r->rip != (uintptr_t)site_enter_32)
		r->rcx = r->r8;
	if (r->rip >= (uintptr_t)site_saved_32)
		r->rsp = frame->rsp;
	r->rip = r->r10;
	r->cs = USER32_CS;
}

static void
leaving(struct sigcontext *r, const struct sigcontext *frame)
{
	memcpy(r, frame, offsetof(struct sigcontext, eflags) + sizeof r->eflags);
	r->cs = frame->cs;
}

static void
in_direct(struct sigcontext *r, const struct sigcontext *frame)
{
	r->rax = frame->rax;
	r->rsp = frame->rsp;
	r->rip = frame->rip - SITE_CALL;
	r->eflags = frame->eflags;
}

/* frame->r11 is where the answer waits. */
static void
leaving_direct(struct sigcontext *r, const struct sigcontext *frame, const struct direct *d)
{
	r->rax = frame->r11;
	r->r8 &= d->scratch;
	r->r9 &= d->scratch;
	r->r10 &= d->scratch;
	r->rsp = frame->rsp;
	r->rcx = r->rip = frame->rip;
	r->r11 = r->eflags = frame->eflags & d->flags;
}

static void
in_direct_32(struct sigcontext *r, const struct sigcontext *frame)
{
	in_direct(r, frame);
	r->rcx = frame->rcx;
	r->rsi = frame->rsi;
	r->rdi = frame->rdi;
	r->cs = USER32_CS;
}

static void
leaving_direct_32(struct sigcontext *r, const struct sigcontext *frame)
{
	in_direct_32(r, frame);
	r->rax = frame->r11;
	r->rip = frame->rip;
}

bool
sites_host_call_made(struct thread *t, struct ucontext *uc, long *answer)
{
	struct sigcontext *r = &uc->uc_mcontext;
	const struct sigcontext *frame = &thread_frame(t)->uc_mcontext;

	*answer = (long)r->rax;
	if (r->rip == (uintptr_t)gate_direct_made)
		in_direct(r, frame);
	else if (r->rip == (uintptr_t)gate_direct_32_made)
		in_direct_32(r, frame);
	else if (r->rip == (uintptr_t)gate_last_made)
		leaving(r, frame);
	else
		return false;
	r->rcx = r->cs == USER32_CS ? frame->rcx : frame->rip;
	r->r11 = frame->eflags;
	r->rip = frame->rip;
	return true;
}

/* Whether `r` was on the way of a direct call; now it is in the guest's code. */
static bool
direct_interrupted(struct sigcontext *r, const struct sigcontext *frame, const struct direct *d)
{
	if (in_range(r->rip, site_direct, site_direct_end) || in_range(r->rip, gate_direct, gate_direct_made))
		in_direct(r, frame);
	else if (in_range(r->rip, site_direct_leaving, site_direct_left))
		leaving_direct(r, frame, d);
	else if (in_range(r->rip, site_direct_32, site_direct_32_end) ||
		 in_range(r->rip, gate_direct_32, gate_direct_32_made))
		in_direct_32(r, frame);
	else if (in_range(r->rip, site_direct_32_leaving, site_direct_32_left))
		leaving_direct_32(r, frame);
	else
		return false;
	return true;
}

bool
sites_interrupted(struct thread *t, int host_signal, const struct siginfo *info, struct ucontext *uc)
{
	struct sigcontext *r = &uc->uc_mcontext;
	const struct sigcontext *frame = &thread_frame(t)->uc_mcontext;
	const struct stub *stub;
	uint64_t offset = 0;

	if (in_range(r->rip, site_enter, site_entered)) {
		if (r->rip != (uintptr_t)site_enter)
			r->rsp = frame->rsp;
		r->rip = r->rcx - SITE_CALL;
		return false;
	}
	if (in_range(r->rip, site_trap_32, site_entered_32)) {
		/* The guest has loaded %fs itself, and there is no memory. */
		bool ours = is_bad_memory(host_signal, info) && in_range(r->rip, site_reads_fs, site_read_fs);

		entering_32(r, frame);
		return ours;
	}
	if (direct_interrupted(r, frame, &t->direct))
		return false;
	if (in_range(r->rip, site_leaving, site_left)) {
		leaving(r, frame);
		return false;
	}
	if (r->rip >= CORE_BASE && r->rip < CORE_END)
		return false;
	stub = stub_at(r->rip, &offset);
	if (stub)
		return in_stub(site_kind(t->p->abi->machine), host_signal, info, r, stub, offset);
	in_hole(site_kind(t->p->abi->machine), host_signal, r);
	return false;
}
