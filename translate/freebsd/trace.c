/*
 * What the trace shows of structs whose fields alone would not say it: sets, addresses, messages,
 * siginfo.
 */
#include "freebsd.h"

#include "bsd/socket.h"
#include "core/copy.h"
#include "core/string.h"
#include "core/thread.h"
#include "core/trace_decode.h"

/* ---- signal sets ---- */

/* The smaller half: {SIGINT SIGTERM}, or ~{…} of what is not in it. */
static bool
decode_set(struct text *t, const struct call *c, struct guest_ptr at)
{
	struct sigset s;
	unsigned in = 0;
	bool inverted, any = false;

	if (copy_in(&s, at, sizeof s) < 0)
		return false;
	for (unsigned n = 1; n <= c->abi->signal_max; n++)
		in += sigset_has(&s, (int)n);
	inverted = in > c->abi->signal_max / 2;
	text_add(t, inverted ? "~{" : "{");
	for (unsigned n = 1; n <= c->abi->signal_max; n++) {
		if (sigset_has(&s, (int)n) == inverted)
			continue;
		if (any)
			text_add(t, " ");
		decode_signal(t, c->abi, (int)n);
		any = true;
	}
	text_add(t, "}");
	return true;
}

/* ---- addresses ---- */

static void
decode_internet6(struct text *t, const uint8_t *a)
{
	const uint8_t *group = a + 8;
	uint32_t scope;

	text_add(t, "[");
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;

		/* The first run of zeros, if it is longer than one, is left out. */
		while (n + i < 8 && !group[2 * (i + n)] && !group[2 * (i + n) + 1])
			n++;
		if (n > 1) {
			text_add(t, "::");
			i += n - 1;
			for (unsigned k = i + 1; k < 8; k++)
				text_add(t, k > i + 1 ? ":%x" : "%x",
					 (unsigned)(group[2 * k] << 8 | group[2 * k + 1]));
			break;
		}
		text_add(t, i ? ":%x" : "%x", (unsigned)(group[2 * i] << 8 | group[2 * i + 1]));
	}
	memcpy(&scope, a + 24, sizeof scope);
	if (scope)
		text_add(t, "%%%u", scope);
	text_add(t, "]:%u", (unsigned)(a[2] << 8 | a[3]));
}

static bool
decode_address(struct text *t, struct guest_ptr at, uint64_t n)
{
	const struct flag *family;
	uint8_t a[256] = {0};

	if (n < 2 || n > 255 || copy_in(a, at, n) < 0)
		return false;
	family = value_of_guest(&freebsd_family, a[1]);
	if (family)
		text_add(t, "{%s", family->name);
	else
		text_add(t, "{family=%u", (unsigned)a[1]);
	if (a[1] == FREEBSD_AF_INET && n >= 8) {
		text_add(t, ", %u.%u.%u.%u:%u", a[4], a[5], a[6], a[7],
			 (unsigned)(a[2] << 8 | a[3]));
	} else if (a[1] == FREEBSD_AF_INET6 && n >= 28) {
		text_add(t, ", ");
		decode_internet6(t, a);
	} else if (n > 2) {
		text_add(t, ", ");
		text_add_bytes(t, guest_at(at, 2),
			       a[1] == FREEBSD_AF_LOCAL ? strlen((char *)a + 2) : n - 2, 106);
	}
	text_add(t, "}");
	return true;
}

/* ---- messages ---- */

#define PARTS_SHOWN 4
#define CONTROL_SHOWN 256
#define DATA_SHOWN 32

static void
decode_parts(struct text *t, const struct bsd_msghdr *m, bool with_data)
{
	text_add(t, "[");
	for (int i = 0; i < m->iovlen; i++) {
		uint64_t part[2];

		if (i)
			text_add(t, ", ");
		if (i == PARTS_SHOWN ||
		    copy_in(part, guest_at(guest(m->iov), (uint64_t)i * sizeof part), sizeof part) <
			    0) {
			text_add(t, "...");
			break;
		}
		text_add(t, "{");
		if (with_data)
			text_add_bytes(t, guest(part[0]), part[1], DATA_SHOWN);
		else
			text_add(t, "0x%lx", (unsigned long)part[0]);
		text_add(t, ", %lu}", (unsigned long)part[1]);
	}
	text_add(t, "]");
}

static void
decode_rights(struct text *t, const char *data, size_t n)
{
	text_add(t, "SCM_RIGHTS, [");
	for (size_t i = 0; i + 4 <= n; i += 4) {
		int32_t fd;

		memcpy(&fd, data + i, sizeof fd);
		text_add(t, i ? ", %d" : "%d", fd);
	}
	text_add(t, "]");
}

static void
decode_control(struct text *t, const struct bsd_msghdr *m)
{
	char control[CONTROL_SHOWN];
	size_t n = m->controllen < sizeof control ? m->controllen : sizeof control, at = 0;
	struct bsd_cmsghdr h;

	if (copy_in(control, guest(m->control), n) < 0) {
		text_add(t, "0x%lx", (unsigned long)m->control);
		return;
	}
	text_add(t, "[");
	while (at + sizeof h <= n) {
		memcpy(&h, control + at, sizeof h);
		if (h.len < BSD_CMSG_DATA || h.len > n - at)
			break;
		text_add(t, at ? ", {" : "{");
		if (h.level == FREEBSD_SOL_SOCKET && h.type == FREEBSD_SCM_RIGHTS)
			decode_rights(t, control + at + BSD_CMSG_DATA, h.len - BSD_CMSG_DATA);
		else
			text_add(t, "level=%d, type=%d, len=%u", h.level, h.type, h.len);
		text_add(t, "}");
		at += BSD_CMSG_ALIGN(h.len);
	}
	text_add(t, "]");
}

/*
 * Data only of a message that is sent: what a received one holds, nobody here knows the length of.
 */
static bool
decode_message(struct text *t, const struct call *c, struct guest_ptr at)
{
	struct bsd_msghdr m;

	if (copy_in(&m, at, sizeof m) < 0)
		return false;
	text_add(t, "{");
	if (m.name) {
		text_add(t, "name=");
		if (!decode_address(t, guest(m.name), m.namelen))
			text_add(t, "0x%lx[%u]", (unsigned long)m.name, m.namelen);
		text_add(t, ", ");
	}
	text_add(t, "iov=");
	decode_parts(t, &m, c->row->args[1].kind == ARG_STRUCT_IN);
	if (m.control && m.controllen) {
		text_add(t, ", control=");
		decode_control(t, &m);
	}
	text_add(t, ", flags=");
	decode_number(t, c, ARG_FLAGS, 4, &freebsd_msgflags, (uint32_t)m.flags);
	text_add(t, "}");
	return true;
}

bool
freebsd_decode(struct text *to, const struct call *c, const char *type, struct guest_ptr at,
	       uint64_t n)
{
	if (strcmp(type, "sigset") == 0)
		return decode_set(to, c, at);
	if (strcmp(type, "sockaddr") == 0)
		return decode_address(to, at, n);
	if (strcmp(type, "msghdr") == 0)
		return decode_message(to, c, at);
	return false;
}

/* ---- signals ---- */

static const struct flag_map *
codes_of(int number)
{
	switch (number) {
	case FREEBSD_SIGILL:
		return &freebsd_ill_code;
	case FREEBSD_SIGBUS:
		return &freebsd_bus_code;
	case FREEBSD_SIGSEGV:
		return &freebsd_segv_code;
	case FREEBSD_SIGFPE:
		return &freebsd_fpe_code;
	case FREEBSD_SIGTRAP:
		return &freebsd_trap_code;
	case FREEBSD_SIGCHLD:
		return &freebsd_cld_code;
	default:
		return &freebsd_si_code;
	}
}

void
freebsd_decode_signal(struct text *to, struct thread *t, const struct queued_signal *s)
{
	struct freebsd_siginfo info;
	const struct flag *code;
	bool is_fault, is_child;

	freebsd_siginfo_from_host(t, &info, s);
	code = value_of_guest(info.code < FREEBSD_SI_USER ? codes_of(info.signo) : &freebsd_si_code,
			      (uint32_t)info.code);
	is_child = info.signo == FREEBSD_SIGCHLD && info.code < FREEBSD_SI_USER;
	is_fault = !is_child && info.code < FREEBSD_SI_USER &&
		   codes_of(info.signo) != &freebsd_si_code;
	if (code)
		text_add(to, " {si_code=%s", code->name);
	else
		text_add(to, " {si_code=%d", info.code);
	if (is_fault)
		text_add(to, ", si_addr=0x%lx", (unsigned long)info.addr);
	else if (info.pid)
		text_add(to, ", si_pid=%d, si_uid=%u", info.pid, info.uid);
	if (is_child)
		text_add(to, ", si_status=%d", info.status);
	text_add(to, "}");
}
