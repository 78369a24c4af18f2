/* Values that depend on the host, the release asked for, or the process. */
#include "freebsd.h"
#include "sysctl.h"

#include "core/core.h"
#include "core/host.h"
#include "core/layout.h"
#include "core/linux_abi.h"
#include "core/print.h"
#include "core/process.h"
#include "core/string.h"

static long
put_int(struct sysctl_request *r, int32_t v)
{
	return sysctl_put(r, &v, sizeof v);
}

static long
put_long(struct sysctl_request *r, uint64_t v)
{
	return sysctl_put(r, &v, sizeof v);
}

long
sysctl_osrelease(struct sysctl_request *r)
{
	char text[32];

	format(text, sizeof text, "%u.%u-RELEASE", options.release / 100u, options.release % 100u);
	return sysctl_put_string(r, text);
}

long
sysctl_version(struct sysctl_request *r)
{
	char text[64];

	format(text, sizeof text, "FreeBSD %u.%u-RELEASE DRAGOMAN\n", options.release / 100u, options.release % 100u);
	return sysctl_put_string(r, text);
}

HOT uint32_t
freebsd_osreldate(void)
{
	return options.release * UINT32_C(1000) + (options.release == 1302);
}

long
sysctl_osreldate(struct sysctl_request *r)
{
	return put_int(r, (int32_t)freebsd_osreldate());
}

long
sysctl_hostname(struct sysctl_request *r)
{
	char uts[6][65];	/* struct new_utsname */

	core_call(__NR_uname, uts);
	return sysctl_put_string(r, uts[1]);
}

struct host_sysinfo {	/* struct sysinfo (linux/sysinfo.h) */
	int64_t uptime;
	uint64_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, rest[7];
};

static uint64_t
memory_size(void)
{
	struct host_sysinfo si = {0};

	core_call(__NR_sysinfo, &si);
	return si.totalram;
}

long
sysctl_physmem(struct sysctl_request *r)
{
	return put_long(r, memory_size());
}

long
sysctl_loadavg(struct sysctl_request *r)
{
	struct { uint32_t load[3], pad; int64_t scale; } avg = {.scale = 2048};	/* FSCALE */
	struct host_sysinfo si = {0};

	core_call(__NR_sysinfo, &si);
	for (int i = 0; i < 3; i++)
		avg.load[i] = (uint32_t)(si.loads[i] >> (16 - 11));	/* SI_LOAD_SHIFT 16, FSHIFT 11 */
	return sysctl_put(r, &avg, sizeof avg);
}

long
sysctl_boottime(struct sysctl_request *r)
{
	struct timespec real, since;
	int64_t tv[2];

	core_call(__NR_clock_gettime, CLOCK_REALTIME, &real);
	core_call(__NR_clock_gettime, CLOCK_BOOTTIME, &since);
	tv[0] = real.tv_sec - since.tv_sec;
	tv[1] = (real.tv_nsec - since.tv_nsec) / 1000;
	if (tv[1] < 0) {
		tv[0]--;
		tv[1] += 1000000;
	}
	return sysctl_put(r, tv, sizeof tv);
}

long
sysctl_clockrate(struct sysctl_request *r)
{
	const int32_t info[] = {100, 10000, 0, 127, 8128};	/* hz, tick, spare, stathz, profhz */

	return sysctl_put(r, info, sizeof info);
}

/* As many bytes as there is room for, at most 256 at a time (kern_mib.c, sysctl_kern_arnd()). */
long
sysctl_arandom(struct sysctl_request *r)
{
	uint8_t bytes[256];
	size_t n = r->room < sizeof bytes ? r->room : sizeof bytes;

	core_call(__NR_getrandom, bytes, n, 0);
	return sysctl_put(r, bytes, n);
}

/* Processors in the affinity mask, as what a program can use. */
HOT uint32_t
freebsd_processors(void)
{
	uint64_t mask[128];
	long n = core_call(__NR_sched_getaffinity, 0, sizeof mask, mask);
	uint32_t count = 0;

	for (long i = 0; i < n / 8; i++)
		for (uint64_t bits = mask[i]; bits; bits &= bits - 1)
			count++;
	return count ? count : 1;
}

long
sysctl_ncpu(struct sysctl_request *r)
{
	return put_int(r, (int32_t)freebsd_processors());
}

long
sysctl_maxid(struct sysctl_request *r)
{
	return put_int(r, (int32_t)freebsd_processors() - 1);
}

long
sysctl_usrstack(struct sysctl_request *r)
{
	return put_long(r, r->call->p->stack_base);
}

long
sysctl_pagesizes(struct sysctl_request *r)
{
	const uint64_t sizes[3] = {4096, UINT64_C(2) << 20, UINT64_C(1) << 30};

	return sysctl_put(r, sizes, sizeof sizes);
}

long
sysctl_maxfiles(struct sysctl_request *r)
{
	uint64_t limit[2] = {1024, 1024};

	core_call(__NR_prlimit64, 0, 7 /* RLIMIT_NOFILE */, 0, limit);
	return put_int(r, limit[0] > INT32_MAX ? INT32_MAX : (int32_t)limit[0]);
}

/* The brand string of cpuid leaves 0x80000002 to 4. */
long
sysctl_model(struct sysctl_request *r)
{
	uint32_t text[13] = {0};

	for (uint32_t i = 0; i < 3; i++)
		__asm__("cpuid"
			: "=a"(text[i * 4]), "=b"(text[i * 4 + 1]), "=c"(text[i * 4 + 2]), "=d"(text[i * 4 + 3])
			: "0"(0x80000002 + i), "2"(0));
	return sysctl_put_string(r, (const char *)text);
}

/* From cpuid 0x15 where it says; 0 otherwise, as on machines that do not know. */
long
sysctl_tsc_freq(struct sysctl_request *r)
{
	uint32_t a, b, hz, d;

	__asm__("cpuid" : "=a"(a), "=b"(b), "=c"(hz), "=d"(d) : "0"(0x15), "2"(0));
	return put_long(r, a && b ? (uint64_t)hz * b / a : 0);
}

long
sysctl_posix_version(struct sysctl_request *r)
{
	return put_int(r, options.release >= 1500 ? 200809 : 200112);
}

/* As many as may be at once; the host's for the caller, where it has one. */
long
sysctl_max_processes(struct sysctl_request *r)
{
	uint64_t limit[2] = {99999, 99999};

	core_call(__NR_prlimit64, 0, 6 /* RLIMIT_NPROC */, 0, limit);
	return put_int(r, limit[0] > 99999 ? 99999 : (int32_t)limit[0]);
}

long
sysctl_pages(struct sysctl_request *r)
{
	return put_int(r, (int32_t)(memory_size() / 4096));
}

long
sysctl_free_pages(struct sysctl_request *r)
{
	struct host_sysinfo si = {0};

	core_call(__NR_sysinfo, &si);
	return put_int(r, (int32_t)(si.freeram / 4096));
}

long
sysctl_swap_total(struct sysctl_request *r)
{
	struct host_sysinfo si = {0};

	core_call(__NR_sysinfo, &si);
	return put_long(r, si.totalswap);
}

/* ---- processor times ---- */

/* CP_USER, NICE, SYS, INTR, IDLE (sys/resource.h), in ticks of 1/128 s; the host counts in 1/100. */
struct cpu_times {
	int64_t user, nice, system, interrupt, idle;
};

static const char *
next_number(const char *s, uint64_t *to)
{
	while (*s == ' ')
		s++;
	for (*to = 0; *s >= '0' && *s <= '9'; s++)
		*to = *to * 10 + (uint64_t)(*s - '0');
	return s;
}

/* user nice system idle iowait irq softirq (proc(5)) */
static struct cpu_times
times_of_line(const char *s)
{
	uint64_t v[7];

	for (int i = 0; i < 7; i++) {
		s = next_number(s, &v[i]);
		v[i] = v[i] * 128 / 100;
	}
	return (struct cpu_times){(int64_t)v[0], (int64_t)v[1], (int64_t)v[2], (int64_t)(v[5] + v[6]),
				  (int64_t)(v[3] + v[4])};
}

/* /proc/stat's first lines: "cpu  …" of all, then "cpu0 …" and so on. */
static long
put_times(struct sysctl_request *r, bool each)
{
	char text[16384], *line = text;
	long fd = core_call(__NR_openat, AT_FDCWD, "/proc/stat", O_RDONLY | O_CLOEXEC), n, e = 0;

	n = fd < 0 ? 0 : core_call(__NR_read, fd, text, sizeof text - 1);
	if (fd >= 0)
		core_call(__NR_close, fd);
	text[n > 0 ? n : 0] = 0;
	for (; line && strncmp(line, "cpu", 3) == 0; line = strchr(line, '\n'), line += line != NULL) {
		char *numbers = strchr(line, ' ');

		if (!numbers || (line[3] != ' ') != each)
			continue;
		struct cpu_times times = times_of_line(numbers);

		e = sysctl_put(r, &times, sizeof times);
	}
	return e;
}

long
sysctl_cp_time(struct sysctl_request *r)
{
	return put_times(r, false);
}

long
sysctl_cp_times(struct sysctl_request *r)
{
	return put_times(r, true);
}
