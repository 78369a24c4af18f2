#!/usr/bin/env python3
"""FreeBSD programs that the kernel starts, once dragoman is registered with binfmt_misc.

usage: test_binfmt.py DRAGOMAN TELL

Everything happens in a user and mount namespace with a binfmt_misc of its own (Linux 6.7 or newer), which needs no
root and goes away with the test, whatever becomes of it: the machine's own is never touched.
"""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

BINFMT = "/proc/sys/fs/binfmt_misc"
INSIDE = "DRAGOMAN_TEST_BINFMT_INSIDE"
DRAGOMAN, TELL = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
CORE = os.path.join(os.path.dirname(DRAGOMAN), "dragoman-core")
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
POWERLESS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
SKIPPED = 77


def run(*words, **how):
	how = dict(capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60) | how
	return subprocess.run(words, **how)


def ours():
	return glob.glob(BINFMT + "/dragoman-*")


class Base(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.dir = os.path.realpath(folder.name)
		self.addCleanup(self.unregister)

	def unregister(self):
		for entry in ours():
			with open(entry, "w") as f:
				f.write("-1")

	def binfmt(self, *words, status=0, before=()):
		done = run(*before, DRAGOMAN, "binfmt", *words)
		self.assertEqual((done.returncode, done.stderr), (status, ""), done)
		return done.stdout

	def refused(self, words, reason, before=(), options=()):
		done = run(*before, DRAGOMAN, *options, "binfmt", *words)
		self.assertEqual((done.returncode, done.stdout), (125, ""))
		self.assertRegex(done.stderr, rf"\Adragoman: [^\n]*{reason}[^\n]*\n\Z")

	def tree(self, *, proc=False):
		"""A folder to chroot into, with the program and nothing else."""
		root = self.dir + "/root"
		os.mkdir(root)
		shutil.copy(TELL, root + "/tell")
		if proc:
			os.mkdir(root + "/proc")
			subprocess.run(["mount", "--rbind", "/proc", root + "/proc"], check=True)
			self.addCleanup(subprocess.run, ["umount", "-l", root + "/proc"], check=True)
		return root


class Registration(Base):
	def test_an_entry_comes_and_goes(self):
		self.assertEqual(self.binfmt("register"), "")
		self.assertEqual([os.path.basename(entry) for entry in ours()], ["dragoman-freebsd"])
		self.assertEqual(self.binfmt("unregister"), "")
		self.assertEqual(ours(), [])

	def test_an_entry_matches_programs_of_its_brand_and_nothing_else(self):
		self.binfmt("register")
		with open(BINFMT + "/dragoman-freebsd") as f:
			text = f.read()
		self.assertRegex(text, rf"(?m)^interpreter {re.escape(CORE)}$")
		self.assertRegex(text, r"(?m)^flags: POF$")
		magic, mask = (bytes.fromhex(re.search(rf"(?m)^{name} (\w+)$", text)[1]) for name in ("magic", "mask"))
		with open(TELL, "rb") as f:
			head = bytearray(f.read(len(magic)))

		def matches(header):
			return all(m == h & k for m, h, k in zip(magic, header, mask))
		self.assertTrue(matches(head))
		for offset, value, expected in ((4, 1, False), (7, 0, False), (7, 3, False), (8, 1, True), (16, 3, True),
						(16, 4, False), (17, 1, False), (18, 3, False), (19, 1, False)):
			changed = bytearray(head)
			changed[offset] = value
			self.assertEqual(matches(changed), expected, (offset, value))

	def test_registering_twice_is_refused(self):
		self.binfmt("register")
		self.refused(["register"], "dragoman-freebsd is registered already; dragoman binfmt unregister")

	def test_unregistering_nothing_is_refused(self):
		self.refused(["unregister"], "nothing of ours is registered")

	def test_status_tells_what_is_registered(self):
		self.assertRegex(self.binfmt("status", status=1), r"(?m)^dragoman-freebsd +no +dragoman binfmt register$")
		self.binfmt("register")
		self.assertRegex(self.binfmt("status"), rf"(?m)^dragoman-freebsd +yes +by {re.escape(CORE)}, flags POF$")
		with open(BINFMT + "/dragoman-freebsd", "w") as f:
			f.write("0")
		self.assertRegex(self.binfmt("status", status=1), r"(?m)^dragoman-freebsd +no .*disabled")
		self.assertIn("only in a note", self.binfmt("status", status=1))

	def test_the_hosts_own_programs_are_not_taken_over(self):
		self.refused(["register", "--abi=linux"], "the host's own programs")
		self.binfmt("register")
		self.assertEqual([entry for entry in ours() if "linux" in entry], [])

	def test_unknown_words_are_refused(self):
		self.refused(["register", "--abi", "plan9"], "--abi plan9: not an ABI")
		self.refused(["regster"], "binfmt regster: must be register")
		self.refused([], "register, unregister, status or")
		self.refused(["register", "x"], "superfluous argument x")

	def test_a_missing_core_is_refused(self):
		self.refused(["register"], "none: No such file.*install", options=["--core", self.dir + "/none"])
		self.refused(["register"], "/true: does not tell its ABIs", options=["--core", "/bin/true"])

	def test_a_path_that_cannot_be_registered_is_refused(self):
		os.mkdir(self.dir + "/a:b")
		shutil.copy(CORE, self.dir + "/a:b/core")
		self.refused(["register"], "colon", options=["--core", self.dir + "/a:b/core"])

	def test_an_old_kernel_is_refused(self):
		self.refused(["register"], "Linux 2.6[^ ]* is too old", before=["setarch", "--uname-2.6"])

	def test_no_binfmt_misc_is_told(self):
		for verb in ("register", "unregister", "status"):
			done = run("unshare", "--mount", "sh", "-c", f'umount {BINFMT} && "$@"', "sh", DRAGOMAN, "binfmt", verb)
			self.assertEqual((done.returncode, done.stdout), (125, ""))
			self.assertRegex(done.stderr, r"\Adragoman: binfmt_misc is not mounted: mount -t [^\n]*\n\Z")

	def test_no_permission_is_told(self):
		os.chmod(BINFMT + "/register", 0)
		self.addCleanup(os.chmod, BINFMT + "/register", 0o200)
		self.refused(["register"], "Permission denied; be root, or use a user namespace", before=POWERLESS)
		self.assertEqual(ours(), [])

	def test_a_read_only_mount_is_told(self):
		done = run("unshare", "--mount", "sh", "-c", f'mount -o remount,bind,ro {BINFMT} && "$@"', "sh", DRAGOMAN,
			   "binfmt", "register")
		self.assertEqual(done.returncode, 125)
		self.assertRegex(done.stderr, r"\Adragoman: [^\n]*do it on the host\n\Z")

	def test_the_configuration_is_what_register_writes(self):
		self.binfmt("register")
		with open(BINFMT + "/dragoman-freebsd") as f:
			registered = f.read()
		self.binfmt("unregister")
		lines = self.binfmt("configuration").splitlines()
		self.assertTrue(lines[0].startswith("# "))
		for line in lines[1:]:
			with open(BINFMT + "/register", "w") as f:
				f.write(line)
		with open(BINFMT + "/dragoman-freebsd") as f:
			self.assertEqual(f.read(), registered)
		self.assertIn(":/elsewhere/core:POF", self.binfmt("configuration", "/elsewhere/core"))


class OnRequest(Base):
	"""Linux i386, where this build has it: two entries, for the two things that EI_OSABI says in such files."""
	def setUp(self):
		super().setUp()
		if "linux_i386" not in run(CORE, "--abis").stdout:
			self.skipTest("this build has no linux_i386")
		with open(self.dir + "/pause.S", "w") as f:
			f.write(".globl _start\n_start: mov $29, %eax\n int $0x80\n")  # pause(2)
		subprocess.run(["clang", "--target=i386-linux-gnu", "-nostdlib", "-static", "-fuse-ld=lld", "-o", self.dir + "/pause",
				self.dir + "/pause.S"], check=True)

	def runs_under(self):
		with subprocess.Popen([self.dir + "/pause"]) as child:
			try:
				return os.path.basename(os.readlink(f"/proc/{child.pid}/exe"))
			finally:
				child.kill()

	def test_hosts_that_run_them_themselves_are_not_taken_over(self):
		self.binfmt("register")
		self.assertRegex(self.binfmt("status"), r"(?m)^dragoman-linux_i386 +no +only by dragoman binfmt register --abi")
		self.assertEqual([os.path.basename(entry) for entry in ours()], ["dragoman-freebsd"])

	def test_they_are_taken_over_on_request(self):
		self.binfmt("register", "--abi", "linux_i386")
		self.assertEqual(sorted(os.path.basename(entry) for entry in ours()),
				 ["dragoman-linux_i386", "dragoman-linux_i386-0"])
		self.assertEqual(self.runs_under(), "dragoman-core")
		self.binfmt("unregister", "--abi=linux_i386")
		self.assertEqual(ours(), [])

	def test_nothing_is_left_of_a_registration_that_failed(self):
		with open(BINFMT + "/register", "w") as f:
			f.write(f":dragoman-linux_i386-0:M::nothing::{CORE}:")
		self.refused(["register", "--abi=linux_i386"], "dragoman-linux_i386-0 is registered already")
		self.assertEqual([os.path.basename(entry) for entry in ours()], ["dragoman-linux_i386-0"])


class Programs(Base):
	def setUp(self):
		super().setUp()
		self.binfmt("register")

	def test_a_program_gets_its_words_environment_and_descriptors(self):
		with open(TELL, "rb") as f:
			done = subprocess.run(["another name", "all", "", "two words"], executable=TELL, env={"A": "1"}, cwd="/",
					      pass_fds=[f.fileno()], stdin=subprocess.DEVNULL, capture_output=True, text=True)
			self.assertEqual(done.stdout.splitlines(), ["arg another name", "arg all", "arg ", "arg two words", "env A=1",
								    "cwd /", "fd 0", "fd 1", "fd 2", f"fd {f.fileno()}"])
		self.assertEqual((done.returncode, done.stderr), (0, ""))

	def test_closed_standard_input_stays_closed(self):
		done = run("sh", "-c", '"$@" <&-', "sh", TELL, "all")
		self.assertNotIn("fd 0", done.stdout)
		self.assertIn("fd 1", done.stdout)

	def test_exit_status_and_signals_pass(self):
		self.assertEqual(run(TELL, "exit", "42").returncode, 42)
		self.assertEqual(run(TELL, "kill", "15").returncode, -signal.SIGTERM)
		self.assertEqual(run(TELL, "crash").returncode, -signal.SIGSEGV)

	def test_a_shell_finds_it(self):
		os.mkdir(self.dir + "/bin")
		shutil.copy(TELL, self.dir + "/bin/--tell")
		shell = f"cd {self.dir}/bin; PATH=.; --tell exit 3; echo $?; ./--tell all | while read w; do echo $w; done"
		done = run("/bin/sh", "-c", shell)
		self.assertEqual(done.stdout.splitlines()[:3], ["3", "arg ./--tell", "arg all"])

	def test_a_script_has_it_as_its_interpreter(self):
		script = self.dir + "/script"
		with open(script, "w") as f:
			f.write(f"#!{TELL} all\n")
		os.chmod(script, 0o755)
		self.assertEqual(run(script, "more").stdout.splitlines()[:4],
				 [f"arg {TELL}", "arg all", f"arg {script}", "arg more"])

	def test_fexecve_starts_it(self):
		child = "import os, sys; fd = os.open(sys.argv[1], os.O_RDONLY); os.set_inheritable(fd, True); " \
			"os.execve(fd, ['argv0', *sys.argv[2:]], {})"
		done = run(sys.executable, "-c", child, TELL, "all")
		self.assertEqual(done.stdout.splitlines()[:2], ["arg argv0", "arg all"], done)

	def test_a_program_that_may_not_be_read_runs(self):
		shutil.copy(TELL, self.dir + "/secret")
		os.chmod(self.dir + "/secret", 0o111)
		self.assertNotEqual(run(*POWERLESS, "cat", self.dir + "/secret").returncode, 0)
		self.assertEqual(run(*POWERLESS, self.dir + "/secret", "exit", "4").returncode, 4)

	def test_a_guest_execs_guests_and_linux_programs(self):
		self.assertEqual(run(TELL, "exec", TELL, "exec", TELL, "exit", "7").returncode, 7)
		self.assertEqual(run(TELL, "exec", "/bin/sh", "-c", f"{TELL} exit 5; exit $?").returncode, 5)

	def test_a_chroot_without_the_core_runs_it(self):
		root = self.tree()
		done = run("chroot", root, "/tell", "all")
		self.assertEqual(done.stdout.splitlines()[:2], ["arg /tell", "arg all"], done)
		self.assertIn("cwd /\n", done.stdout)

	def test_a_guest_in_a_chroot_execs_guests(self):
		for proc in (False, True):
			with self.subTest(proc=proc):
				self.doCleanups()
				self.setUp()
				root = self.tree(proc=proc)
				for words in (["/tell", "exit", "7"], ["tell", "exec", "./tell", "exec", "/tell", "exit", "7"]):
					done = run("chroot", root, "/tell", "exec", *words)
					self.assertEqual((done.returncode, done.stderr), (7, ""))

	def test_a_container_of_pid_and_mount_namespaces_runs_it(self):
		root = self.tree()
		os.mkdir(root + "/proc")
		done = run("unshare", "--mount", "--pid", "--fork", "sh", "-c",
			   f"mount -t proc proc {root}/proc && exec chroot {root} /tell exec /tell exit 9")
		self.assertEqual((done.returncode, done.stderr), (9, ""))

	def test_what_is_left_is_nothing(self):
		self.binfmt("unregister")
		self.assertEqual(ours(), [])


def main():
	if INSIDE in os.environ:
		return unittest.main()
	mount = f"mount -t binfmt_misc binfmt_misc {BINFMT}"
	tried = run(*NAMESPACE, "sh", "-c", mount)
	if tried.returncode != 0:
		print(f"skipped: no binfmt_misc of our own here (Linux 6.7 and user namespaces): {tried.stderr.strip()}")
		return sys.exit(SKIPPED)
	words = [sys.executable, os.path.abspath(__file__), DRAGOMAN, TELL, *sys.argv[1:]]
	os.execvpe("unshare", [*NAMESPACE, "sh", "-c", mount + ' && exec "$@"', "sh", *words], dict(os.environ, **{INSIDE: "1"}))


if __name__ == "__main__":
	main()
