#!/usr/bin/env python3
"""Programs of the host, translated (--abi linux): the identity case. They must not notice.

usage: test_linux.py DRAGOMAN
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

DRAGOMAN = os.path.abspath(sys.argv.pop(1))
PYTHON = os.path.realpath(sys.executable)

THREADS = """
import threading
total, lock = 0, threading.Lock()
def add():
	global total
	for _ in range(2000):
		with lock:
			total += 1
threads = [threading.Thread(target=add) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(total)
"""
SIGNALS = """
import os, signal, time
seen = []
for s in (signal.SIGUSR1, signal.SIGALRM, signal.SIGRTMIN + 2):
	signal.signal(s, lambda n, f: seen.append(n))
os.kill(os.getpid(), signal.SIGUSR1)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGUSR1)
print(signal.sigpending() == {signal.SIGUSR1}, len(seen))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGRTMIN + 2)
signal.setitimer(signal.ITIMER_REAL, 0.01)
time.sleep(0.2)
print([int(n) for n in seen] == [signal.SIGUSR1] * 2 + [signal.SIGRTMIN + 2, signal.SIGALRM])
"""
PROCESSES = """
import os, subprocess
print(subprocess.run(["/bin/sh", "-c", "echo one; exit 3"], capture_output=True).returncode)
r, w = os.pipe()
pid = os.fork()
if pid == 0:
	os.write(w, b"child")
	os._exit(5)
print(os.read(r, 9), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(os.path.basename(os.readlink("/proc/self/exe")).startswith("python"))
print(os.posix_spawn("/bin/echo", ["echo", "spawned"], {}) > 0, os.wait()[1])
"""
FLOATS = """
import signal, os
x = 1.0
def handler(n, f):
	global y
	y = sum(i * 0.5 for i in range(100))
signal.signal(signal.SIGUSR1, handler)
for i in range(1, 2000):
	x = x * 1.0001 + i / 3.0
	if i % 10 == 0:
		os.kill(os.getpid(), signal.SIGUSR1)
print(repr(x), y)
"""
FAULTS = """
import faulthandler, ctypes, signal, os
signal.signal(signal.SIGUSR2, signal.SIG_IGN)
os.kill(os.getpid(), signal.SIGUSR2)
print("before", flush=True)
ctypes.string_at(8)
"""
CLOCK = """
import ctypes, time
getauxval = ctypes.CDLL(None).getauxval
getauxval.restype = ctypes.c_ulong
print(getauxval(33) != 0)	# AT_SYSINFO_EHDR
for _ in range(1000): time.time()
"""
CLOCK_SOURCE = pathlib.Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
# In a child's child.
DEEP = "sh -c 'sh -c uname; true'; true"


class Linux:
	trap = None

	def both(self, *words, **how):
		how = dict(capture_output=True, stdin=subprocess.DEVNULL, timeout=60) | how
		native = subprocess.run(words, **how)
		done = subprocess.run([DRAGOMAN, f"--trap={self.trap}", "--abi=linux", "--", *words], **how)
		self.assertEqual((done.returncode, done.stdout, done.stderr),
				 (native.returncode, native.stdout, native.stderr))
		return done

	def test_a_pipeline_of_a_shell(self):
		self.both("/bin/sh", "-c", "ls / | sort -r | head -3; false || exit 9")

	def test_a_missing_program_is_the_shells_to_tell(self):
		self.both("/bin/sh", "-c", "/no/such/program")

	def test_threads_and_locks(self):
		self.assertEqual(self.both(PYTHON, "-c", THREADS).stdout, b"16000\n")

	def test_signals_masks_and_timers(self):
		self.assertEqual(self.both(PYTHON, "-c", SIGNALS).stdout, b"True 1\nTrue\n")

	def test_processes(self):
		self.both(PYTHON, "-c", PROCESSES)

	def test_floating_point_survives_signals(self):
		self.both(PYTHON, "-c", FLOATS)

	def test_a_fault_kills_with_its_signal(self):
		self.both(PYTHON, "-c", FAULTS)

	def traced(self, call, *words):
		done = subprocess.run([DRAGOMAN, f"--trap={self.trap}", "--abi=linux", f"--trace={call}", "--", *words],
				      capture_output=True, timeout=60)
		return done.stderr.count(b"\n" + call.encode() + b"(") + done.stderr.startswith(call.encode() + b"(")

	def test_what_programs_start_is_translated_too(self):
		self.both("/bin/sh", "-c", DEEP)
		self.assertEqual(self.traced("uname", "/bin/sh", "-c", DEEP), 1)

	def test_mappings_are_the_programs_by_any_name_under_a_root(self):
		read = ("import os; os.chdir('/proc/self')\n"
			"print('dragoman-core' in open('maps').read() + open('/proc/self/maps').read())")
		with tempfile.TemporaryDirectory() as root:
			for options in ([], [f"--root={root}"]):
				done = subprocess.run([DRAGOMAN, f"--trap={self.trap}", "--abi=linux", *options, "--", PYTHON, "-c", read],
						      capture_output=True, timeout=60)
				self.assertEqual((done.stdout, done.stderr), (b"False\n", b""))

	def test_the_vdso_is_there(self):
		self.both(PYTHON, "-c", CLOCK)
		if not CLOCK_SOURCE.exists() or CLOCK_SOURCE.read_text().strip() != "tsc":
			self.skipTest("this host's vDSO makes calls")
		self.assertLess(self.traced("clock_gettime", PYTHON, "-c", CLOCK), 500)


class X32(unittest.TestCase):
	"""64-bit code with 32-bit addresses (gcc-multilib, libc6-dev-x32): as its twin that the host runs itself."""

	def test_a_program_is_as_its_64_bit_twin(self):
		source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "x32.c")
		with tempfile.TemporaryDirectory() as folder:
			def build(name, *words):
				program = os.path.join(folder, name)
				done = subprocess.run(["gcc", "-O1", "-pthread", *words, source, "-o", program],
						      capture_output=True, text=True)
				return program if done.returncode == 0 else self.skipTest(done.stderr.splitlines()[0])

			native = subprocess.run([build("twin", "-m64")], capture_output=True, timeout=60)
			self.assertEqual(native.returncode, 5)
			for program in build("dynamic", "-mx32"), build("static", "-mx32", "-static"):
				for trap in "seccomp", "sud":
					done = subprocess.run([DRAGOMAN, f"--trap={trap}", "--", program],
							      capture_output=True, timeout=60)
					self.assertEqual((done.returncode, done.stdout, done.stderr),
							 (native.returncode, native.stdout, native.stderr))


class Seccomp(Linux, unittest.TestCase):
	trap = "seccomp"


class Sud(Linux, unittest.TestCase):
	trap = "sud"


if __name__ == "__main__":
	unittest.main()
