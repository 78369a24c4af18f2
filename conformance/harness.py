"""What all suites share: starting a program with a time limit so that nothing of it is left, and counting.

A suite is a list of cases. Each passes, fails or is skipped; the last line a suite prints is
`N passed, N failed, N skipped`, and its exit status is 0 only if none failed.
"""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
DRAGOMAN = REPOSITORY / "build" / "dragoman"
TRAPS = ("seccomp", "sud")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CLONE_NEWIPC = 0x08000000
LIBC = ctypes.CDLL(None)


@dataclass
class Outcome:
	status: int  # as subprocess has it: negative is the signal that ended it
	out: bytes
	err: bytes
	seconds: float
	timed_out: bool = False
	where: str = ""  # what each thread was doing when the time was up
	left: int = 0  # processes that outlived the program, now killed

	def ending(self):
		if self.timed_out:
			return f"no end after {self.seconds:.0f} s"
		if self.status < 0:
			return f"killed by signal {-self.status} ({signal.Signals(-self.status).name})"
		return f"exit status {self.status}"


def adopt_orphans():
	"""
	Processes whose parent is gone become ours, so that we can find and end them by pid; also when we are asked
	to end ourselves.
	"""
	LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def children(pid):
	found = []
	for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
		try:
			found += [int(child) for child in task.read_text().split()]
		except OSError:
			pass
	return found


def descendants(pid):
	found = []
	for child in children(pid):
		found += [child, *descendants(child)]
	return found


def runs(pid):
	"""Whether the process is there and not only waiting to be reaped."""
	try:
		return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
	except OSError:
		return False


def reap(process):
	"""Those that became ours and have ended; `process` itself is left to subprocess."""
	for pid in children(os.getpid()):
		if pid != process.pid and not runs(pid):
			with contextlib.suppress(ChildProcessError):
				os.waitpid(pid, os.WNOHANG)


def end_tree(process, grace=0.3):
	"""
	Kills what `process` started and what it left behind; returns how many outlived it. What is about to end by
	itself is given time to.
	"""
	until = time.monotonic() + (grace if process.poll() is not None else 0)
	while time.monotonic() < until and any(map(runs, descendants(os.getpid()))):
		time.sleep(0.01)
	left = sum(pid != process.pid and runs(pid) for pid in descendants(os.getpid()))
	while True:
		doomed = [pid for pid in descendants(os.getpid()) if runs(pid)]
		for pid in doomed:
			with contextlib.suppress(ProcessLookupError):
				os.kill(pid, signal.SIGKILL)
		reap(process)
		if not doomed and process.poll() is not None:
			return left
		time.sleep(0.01)


def activity(pid):
	"""One line a thread: state, the host call it is in, its registers as the kernel shows them."""
	lines = []
	for one in [pid, *descendants(pid)]:
		for task in sorted(pathlib.Path(f"/proc/{one}/task").glob("*")):
			try:
				state = re.search(r"^State:\s*(.*)", (task / "status").read_text(), re.M)[1]
				lines.append(f"  {one}/{task.name} {state} wchan {(task / 'wchan').read_text()} "
					     f"syscall {(task / 'syscall').read_text().strip()}")
			except OSError:
				pass
	return "\n".join(lines)


def start(argv, *, terminal=None, own_ipc=False, **how):
	"""
	In a session of its own: a signal for the suite's group does not reach it, nor the other way round. It dies with
	us, even if we are killed. `own_ipc` (as root): message queues and the like are not the machine's.
	"""
	def prepare():
		LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
		if terminal is not None:
			fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
		if own_ipc and LIBC.unshare(CLONE_NEWIPC) == 0:
			LIBC.msgctl(LIBC.msgget(0, 0o600), 0, None)  # number 0, which no BSD gives

	return subprocess.Popen([str(word) for word in argv], start_new_session=True, preexec_fn=prepare, **how)


@contextlib.contextmanager
def standard_input(data):
	if not data:
		with open(os.devnull, "rb") as null:
			yield null
		return
	with tempfile.TemporaryFile() as given:
		given.write(data)
		given.seek(0)
		yield given


@contextlib.contextmanager
def pseudo_terminal(wanted):
	"""A pseudo-terminal's lower end, or None."""
	if not wanted:
		yield None
		return
	upper, lower = os.openpty()
	try:
		yield lower
	finally:
		os.close(lower)
		os.close(upper)


def run(argv, *, timeout, cwd=None, env=None, stdin=b"", tty=False, own_ipc=False, forgive_left=False):
	"""
	Runs to the end. Output goes through files, so that a forgotten grandchild cannot hold us up. `tty` gives the
	program a controlling terminal of its own (as /dev/tty, not as standard input).
	"""
	with standard_input(stdin) as given, pseudo_terminal(tty) as lower, \
			tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
		began = time.monotonic()
		process = start(argv, terminal=lower, own_ipc=own_ipc, cwd=cwd, env=env,
				stdin=given, stdout=out, stderr=err)
		timed_out, where = False, ""
		try:
			process.wait(timeout)
		except subprocess.TimeoutExpired:
			timed_out, where = True, activity(process.pid)
		finally:
			seconds = time.monotonic() - began
			left = end_tree(process)
		out.seek(0)
		err.seek(0)
		return Outcome(process.returncode, out.read(), err.read(), seconds, timed_out, where,
			       0 if timed_out or forgive_left else left)


class Tally:
	def __init__(self):
		self.passed = self.failed = self.skipped = 0

	def passes(self, what, note=""):
		self.passed += 1
		print(f"ok      {what}{'  # ' + note if note else ''}", flush=True)

	def fails(self, what, why):
		self.failed += 1
		lines = ["        " + line for line in why.rstrip().splitlines()]
		print(f"FAILED  {what}", *lines, sep="\n", flush=True)

	def skips(self, what, why):
		self.skipped += 1
		print(f"skipped {what}: {why}", flush=True)

	def finish(self):
		print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
		return 1 if self.failed else 0


def option_dragoman(parser):
	parser.add_argument("--dragoman", metavar="PATH", default=str(DRAGOMAN),
			    help="the program to test (default: the build's)")
	parser.add_argument("--trap", metavar="LIST", default=",".join(TRAPS), help="seccomp, sud or both (default)")


def traps(options):
	chosen = options.trap.split(",")
	for trap in chosen:
		if trap not in (*TRAPS, "auto"):
			sys.exit(f"--trap: no such trap: {trap}")
	return chosen


def need_dragoman(options):
	if not os.access(options.dragoman, os.X_OK):
		sys.exit(f"{options.dragoman}: not there; build first, or say --dragoman PATH")
	options.dragoman = os.path.abspath(options.dragoman)


def under(options, trap, *more):
	"""The words before a guest program's own."""
	return [options.dragoman, f"--trap={trap}", *more, "--"]


@contextlib.contextmanager
def sole_user(place):
	"""Holds what two suites cannot use at a time, by a lock beside it; says so if that means to wait."""
	with open(f"{place}.lock", "a+") as lock:
		try:
			fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
		except BlockingIOError:
			lock.seek(0)
			print(f"{place} is in use by process {lock.read() or '?'}: waiting for its end", file=sys.stderr, flush=True)
			fcntl.flock(lock, fcntl.LOCK_EX)
		lock.truncate(0)
		print(os.getpid(), end="", file=lock, flush=True)
		yield


def tail(data, lines=12):
	return "\n".join(data.decode(errors="replace").splitlines()[-lines:])
