#!/usr/bin/env python3
"""From the command line through a FreeBSD program (tell.c) and back, under each trap.

usage: test_run.py DRAGOMAN TELL
"""
import ctypes
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

DRAGOMAN, TELL = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
# FreeBSD's numbers, where they differ: sys/sys/signal.h.
FREEBSD_SIGBUS, FREEBSD_SIGSYS, FREEBSD_SIGUSR1 = 10, 12, 30
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def refuse_call(number):
	"""From now on the host answers this call with EPERM, to us and to whom we start."""
	code = b"".join(struct.pack("HBBI", *line) for line in (
		(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)))
	program = struct.pack("HxxxxxxP", 4, ctypes.addressof(filter_code := ctypes.create_string_buffer(code)))
	libc = ctypes.CDLL(None, use_errno=True)
	libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
		raise OSError(ctypes.get_errno(), "seccomp")
	del filter_code


class Run:
	trap = None

	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.dir = os.path.realpath(folder.name)

	def guest(self, *words, options=(), **how):
		how = dict(capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60) | how
		return subprocess.run([DRAGOMAN, f"--trap={self.trap}", *options, "--", *words], **how)

	def write(self, name, data, mode=0o755):
		path = f"{self.dir}/{name}"
		with open(path, "wb") as f:
			f.write(data)
		os.chmod(path, mode)
		return path

	def test_arguments_environment_and_folder_pass(self):
		done = self.guest(TELL, "all", "", "two words", env={"A": "1", "EMPTY": ""}, cwd=self.dir)
		lines = done.stdout.splitlines()
		self.assertEqual(lines[:6], [f"arg {TELL}", "arg all", "arg ", "arg two words", "env A=1",
					     "env EMPTY="])
		self.assertEqual(lines[6], f"cwd {self.dir}")
		self.assertEqual((done.returncode, done.stderr), (0, ""))

	def test_a_program_sees_its_descriptors_and_no_others(self):
		for options in ((), ("--trace", "-o", self.dir + "/trace"), ("--root", self.dir)):
			with open(TELL, "rb") as f:
				done = self.guest(TELL, "all", options=options, pass_fds=[f.fileno()])
				seen = [line for line in done.stdout.splitlines() if line.startswith("fd")]
				self.assertEqual(seen, ["fd 0", "fd 1", "fd 2", f"fd {f.fileno()}"], options)

	def test_a_relative_name_is_taken_from_the_folder(self):
		shutil.copy(TELL, self.dir + "/copy")
		done = self.guest("./copy", "all", cwd=self.dir)
		self.assertEqual(done.stdout.splitlines()[:2], ["arg ./copy", "arg all"])

	def test_a_name_on_path_keeps_its_argv0(self):
		shutil.copy(TELL, self.dir + "/copy")
		done = self.guest("copy", "all", env={"PATH": self.dir})
		self.assertEqual(done.stdout.splitlines()[0], "arg copy")

	def test_exit_status_passes(self):
		for status in (0, 1, 42, 125, 126, 127, 128, 255):
			done = self.guest(TELL, "exit", str(status))
			self.assertEqual((done.returncode, done.stdout, done.stderr), (status, "", ""))

	def test_death_by_a_signal_has_the_guests_number(self):
		for number in (signal.SIGHUP, signal.SIGKILL, signal.SIGTERM, FREEBSD_SIGUSR1):
			done = self.guest(TELL, "kill", str(int(number)))
			self.assertEqual(done.returncode, -number)

	def test_a_shell_sees_the_same_as_on_freebsd(self):
		done = subprocess.run(["sh", "-c", f'"$@" kill {FREEBSD_SIGUSR1}; echo $?', "sh", DRAGOMAN,
				       f"--trap={self.trap}", TELL], capture_output=True, text=True, timeout=60)
		self.assertEqual(done.stdout, f"{128 + FREEBSD_SIGUSR1}\n")

	def test_a_crash_is_a_segmentation_fault(self):
		done = self.guest(TELL, "crash")
		self.assertEqual(done.returncode, -signal.SIGSEGV)

	def test_a_call_that_no_kernel_has_ends_in_sigsys(self):
		done = self.guest(TELL, "missing")
		self.assertEqual((done.returncode, done.stderr), (-FREEBSD_SIGSYS, ""))

	def test_the_time_is_read_without_a_call_of_the_hosts(self):
		source = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
		with open(source, encoding="ascii") as f:
			if f.read().strip() not in ("tsc", "kvm-clock", "hyperv_clocksource_tsc_page"):
				self.skipTest("the host's own clock is not read without a call")
		done = self.guest(TELL, "time", preexec_fn=lambda: refuse_call(228))
		self.assertEqual((done.returncode, done.stderr), (0, ""))
		self.assertAlmostEqual(int(done.stdout), time.time(), delta=60)

	def test_a_guest_execs_a_guest(self):
		done = self.guest(TELL, "exec", TELL, "exit", "7")
		self.assertEqual(done.returncode, 7)

	def test_a_guest_execs_a_guest_when_the_core_has_no_name_here(self):
		core = self.dir + "/core"
		shutil.copy(os.path.dirname(DRAGOMAN) + "/dragoman-core", core)
		done = self.guest(TELL, "exec", TELL, "exit", "7", options=["--core", "./core"], cwd=self.dir)
		self.assertEqual(done.returncode, 7)
		if self.trap == "seccomp":
			done = self.guest("/bin/sh", "-c", f"rm {core}; {TELL} exit 7", options=["--core", core])
			self.assertEqual((done.returncode, done.stderr), (7, ""))

	def test_a_guest_execs_a_linux_program(self):
		done = self.guest(TELL, "exec", "/bin/echo", "native")
		self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "native\n", ""))

	def test_a_linux_shell_that_a_guest_execs_runs_programs(self):
		script = f"cd {self.dir} && echo $(ls -a | wc -l) | cat; /bin/false; echo $?; kill -KILL $$"
		done = self.guest(TELL, "exec", "/bin/sh", "-c", script)
		self.assertEqual((done.returncode, done.stdout, done.stderr), (-signal.SIGKILL, "2\n1\n", ""))

	def test_a_linux_shell_under_the_filter_runs_guests(self):
		if self.trap != "seccomp":
			self.skipTest("started by the host's kernel, which knows no guests without binfmt_misc")
		done = self.guest(TELL, "exec", "/bin/sh", "-c", f"{TELL} exit 7; echo $?")
		self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "7\n", ""))

	def test_a_linux_program_is_simply_run(self):
		done = self.guest("/bin/echo", "native")
		self.assertEqual((done.returncode, done.stdout), (0, "native\n"))

	def test_a_script_runs_under_its_interpreter(self):
		script = self.write("script", f"#!{TELL} all\n".encode())
		done = self.guest(script, "more")
		self.assertEqual(done.stdout.splitlines()[:4],
				 [f"arg {TELL}", "arg all", f"arg {script}", "arg more"])

	def refused(self, status, path, reason):
		done = self.guest(path)
		self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
		self.assertRegex(done.stderr, rf"\A[^\n]*{os.path.basename(path)}[^\n]*{reason}[^\n]*\n\Z")

	def test_what_cannot_be_run_gets_one_clear_line(self):
		with open(TELL, "rb") as f:
			good = f.read()
		self.refused(127, self.dir + "/none", "[Nn]o such file")
		self.refused(126, self.dir, "")
		self.refused(126, self.write("text", b"just words\n" * 9), "")
		self.refused(126, self.write("empty", b""), "")
		self.refused(126, self.write("half", good[:len(good) // 2]), "")
		self.refused(126, self.write("header", good[:40]), "")
		self.refused(126, self.write("foreign", good[:18] + b"\xb7" + good[19:]), "")
		if os.getuid() != 0:
			self.refused(126, self.write("secret", good, 0o111), "")
		self.refused(126, self.write("plain", good, 0o644), "[Pp]ermission")

	def test_trace_shows_calls_and_results(self):
		done = self.guest(TELL, "exec", self.dir + "/none", options=["--trace"])
		self.assertRegex(done.stderr, r'execve\("[^"]*/none", .*\) = -1 ENOENT')
		self.assertRegex(done.stderr, r"exit\(2\)")

	def test_trace_filters_by_name(self):
		done = self.guest(TELL, "all", options=["--trace=fcntl"])
		self.assertIn("fcntl(0, ", done.stderr)
		self.assertNotIn("write(", done.stderr)

	def test_trace_goes_to_a_file(self):
		file = self.dir + "/trace"
		done = self.guest(TELL, "exit", "3", options=["--trace", "-o", file])
		self.assertEqual((done.returncode, done.stderr), (3, ""))
		with open(file) as f:
			self.assertRegex(f.read(), r"exit\(3\)")

	def test_stats_count_calls_and_errors(self):
		done = self.guest(TELL, "all", options=["--stats"])
		self.assertRegex(done.stderr, r"(?m)\bfcntl\b")

	def test_warn_names_a_missing_call_once(self):
		done = self.guest(TELL, "missing", options=["--warn"])
		self.assertEqual(done.stderr.count("9999"), 1, done.stderr)

	def test_an_unknown_abi_or_release_is_refused(self):
		for option in ("--abi=plan9", "--release=nonsense"):
			done = self.guest(TELL, "exit", "0", options=[option])
			self.assertEqual(done.returncode, 125)
			self.assertRegex(done.stderr, r"\Adragoman[^\n]*\n\Z")


class UnderSeccomp(Run, unittest.TestCase):
	trap = "seccomp"


class UnderSud(Run, unittest.TestCase):
	trap = "sud"


if __name__ == "__main__":
	unittest.main()
