"""What is measured: rows, read by run. A row says what is done, in which unit, and what it may cost at most."""

from dataclasses import dataclass, field

# How a guest's value is read against its native twin's: as a factor, or as what it is more.
RATIO, MORE = "ratio", "more"


@dataclass(frozen=True)
class Benchmark:
	name: str
	group: str
	kind: str  # of measure.KINDS
	arguments: tuple = ()
	unit: str = "ns"
	read_as: str = RATIO
	# Times the rounds that were asked for.
	weight: float = 1.0
	# On one processor, or on all: two that wait for each other on two processors measure how these wake up.
	pinned: bool = True
	# The most that it may be with rewriting, by trap: docs/bench.md says whose aims these are.
	aims: dict = field(default_factory=dict)
	guests: tuple = ("freebsd", "linux-x86_64", "linux-i386")
	# Has a floor (sides.floors()): by guest the program that makes the same host calls natively; "" for all others.
	floor: dict = field(default_factory=dict)


def micro(name, program, group="calls", parameter=0, **more):
	return Benchmark(name, group, "micro", (program, parameter, more.pop("per", 1)), **more)


def one_call(name, program, *more, **how):
	"""A guest's call that is one of the host's, of the same kind unless `floor` names another for a guest."""
	return micro(name, program, *more, floor={"": program} | how.pop("floor", {}), **how)


def both(aim):
	return {"sud": aim, "seccomp": aim}


# A kevent says how many bytes there are, an epoll event does not.
COUNTED = {"freebsd": "event-wait-and-count"}

BENCHMARKS = (
	one_call("null call", "null", aims={"sud": 1.20, "seccomp": 1.48}),
	one_call("getpid", "getpid"),
	one_call("read 1 B", "read", aims=both(1.18)),
	one_call("write 1 B", "write", aims=both(1.18)),
	one_call("pread 4 KiB", "pread-4k"),
	one_call("pread 64 KiB", "pread-64k", aims=both(1.02)),
	one_call("stat", "stat", floor={"freebsd": "stat-with-birth"}, aims=both(1.12)),
	micro("open, close", "open-close"),
	micro("mmap, touch, munmap", "mmap-munmap"),
	micro("clock as libc reads it", "clock", aims=both(1.5)),
	micro("clock_gettime by call", "clock-call"),
	micro("signal to self", "signal", aims=both(1.6)),

	micro("wake, nobody there", "wake", "threads"),
	micro("hand-off and back", "hand-off", "threads"),
	micro("thread create, join", "create-join", "threads", aims=both(1.3)),

	micro("pipe ping-pong", "ping-pong", "processes"),
	micro("fork, exit, wait", "fork-exit", "processes"),
	micro("fork, exec, wait", "fork-exec", "processes", aims=both(1.6)),

	one_call("ready of 1", "event-wait", "events", 1, floor=COUNTED, aims=both(1.5)),
	one_call("ready of 100", "event-wait", "events", 100, floor=COUNTED, aims=both(1.5)),
	one_call("ready of 10,000", "event-wait", "events", 10_000, floor=COUNTED, aims=both(1.5)),
	micro("byte arrives, of 100", "event-arrives", "events", 100),
	micro("socket echo", "echo", "events"),

	micro("integers", "integers", "computing", aims=both(1.01)),
	micro("doubles", "doubles", "computing", aims=both(1.01)),

	*(micro(f"null call, {n} threads", "null-by-threads", "scale", n, per=n, pinned=False) for n in (1, 2, 4, 8, 16)),
	*(micro(f"fork and end {n:,}", "crowd", "scale", n, per=n, pinned=False, weight=min(1, 20 / n))
	  for n in (1, 10, 100, 1000)),

	Benchmark("start-up", "start", "start", (), "ms", MORE, weight=5, aims=both(0.7)),
	Benchmark("resident memory", "start", "memory", (), "MiB", MORE, weight=0.3, aims=both(2.0)),
	*(Benchmark(f"memory of each of {n:,}", "scale", "crowd_memory", (n,), "MiB", MORE, weight=0.1)
	  for n in (1, 100, 1000)),

	Benchmark("tsc", "programs", "program", ("tsc",), "s", weight=0.5, pinned=False, aims=both(1 / 0.97),
		  guests=("freebsd", "linux-x86_64")),
	Benchmark("esbuild", "programs", "program", ("esbuild",), "s", weight=1, pinned=False, aims=both(1 / 0.97)),
	Benchmark("7za b", "programs", "seven_zip", (), "ns", weight=0.5, aims=both(1.02), guests=("linux-i386",)),
	Benchmark("ffmpeg", "programs", "program", ("ffmpeg",), "s", weight=0.5, aims=both(1.02), guests=("linux-i386",)),
	Benchmark("make -j2", "programs", "program", ("make",), "s", weight=0.4, pinned=False, guests=("linux-i386",)),
	*(Benchmark(f"{server}, {what}", "programs", "load", (server, *how), "us", weight=0.5, pinned=False,
		    aims=aims, guests=("linux-i386",))
	  for server in ("redis", "nginx")
	  for what, how, aims in (("a request", (), both(1 / 0.95)), ("processor", (False, True), {}))),
	Benchmark("nginx, --root", "programs", "load", ("nginx", True), "us", weight=0.5, pinned=False,
		  guests=("linux-i386",)),
)
