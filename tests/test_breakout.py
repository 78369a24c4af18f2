#!/usr/bin/env python3
"""Attempts to get out of a room (breakout.c): each is refused, whichever way the host calls are made.

usage: test_breakout.py DRAGOMAN BREAKOUT-FREEBSD BREAKOUT-LINUX DOC

The ways: a FreeBSD program that calls the core's gate with the host's numbers; a Linux program by its own syscall
instructions, which under one trap is translated and under the other is the host kernel's; one that calls the gate. As root
and as nobody, under both traps. DOC's table must have each attempt.
"""
import errno
import os
import pathlib
import pty
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

DRAGOMAN, FREEBSD, LINUX, DOC = (os.path.abspath(word) for word in sys.argv[1:5])
CORE = os.path.join(os.path.dirname(DRAGOMAN), "dragoman-core")
NOBODY = 65534
# Let through outside: these show that the attempts are attempts. None does any harm there.
OPEN_OUTSIDE = """open_secret open_secret_by_dots open_secret_by_own_root open_secret_by_root_of_init open_secret_by_cwd
	open_secret_by_root_outside read_extra_descriptor clone_user_namespace clone_mount_namespace clone_pid_namespace
	clone_net_namespace clone_ipc_namespace clone_uts_namespace clone_user_and_mount_namespaces ptrace_seize_outside
	signal_outside signal_thread_outside pidfd_of_outside limits_of_outside affinity_of_outside connect_abstract
	connect_loopback packet_socket raw_socket shared_memory_outside environment_of_init write_core_pattern have_capabilities
	bounding_set gain_by_exec become_somebody join_groups""".split()


def can_isolate():
	return subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode == 0


def gate():
	for line in subprocess.run(["nm", CORE], check=True, capture_output=True, text=True).stdout.splitlines():
		if line.endswith(" T gate_call"):
			return "0x" + line.split()[0]
	raise AssertionError("no gate_call in the core")


class Breakout(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		if not can_isolate():
			raise unittest.SkipTest("no user namespaces here")
		folder = tempfile.TemporaryDirectory(prefix="dragoman-breakout-")
		cls.addClassCleanup(folder.cleanup)
		cls.dir = os.path.realpath(folder.name)
		os.chmod(cls.dir, 0o755)
		for name in ("dragoman", "dragoman-core", "dragoman-isolate"):
			shutil.copy(os.path.join(os.path.dirname(DRAGOMAN), name), cls.dir)
		cls.tree = cls.dir + "/tree"
		os.mkdir(cls.tree)
		os.mkdir(cls.tree + "/proc")
		shutil.copy(FREEBSD, cls.tree + "/freebsd")
		shutil.copy(LINUX, cls.tree + "/linux")
		cls.secret = cls.dir + "/secret"
		pathlib.Path(cls.secret).write_text("secret")
		cls.make_outside()

	@classmethod
	def make_outside(cls):
		"""What the attempts are after: a process, listeners, a shared memory, a terminal, a descriptor."""
		cls.outside = subprocess.Popen(["sleep", "600"])
		cls.addClassCleanup(cls.outside.wait)
		cls.addClassCleanup(cls.outside.kill)
		cls.abstract_name = "dragoman-breakout-%d" % os.getpid()
		cls.abstract = socket.socket(socket.AF_UNIX)
		cls.abstract.bind("\0" + cls.abstract_name)
		cls.abstract.listen(64)
		cls.addClassCleanup(cls.abstract.close)
		cls.inet = socket.create_server(("127.0.0.1", 0), backlog=64)
		cls.addClassCleanup(cls.inet.close)
		cls.shm_key = 0x44000000 + os.getpid()
		made = subprocess.run(["ipcmk", "-M", "64", "-p", "0666"], capture_output=True, text=True)
		cls.shm_id = re.search(r"\d+", made.stdout)[0]
		cls.addClassCleanup(subprocess.run, ["ipcrm", "-m", cls.shm_id], check=True)
		listed = subprocess.run(["ipcs", "-m"], capture_output=True, text=True).stdout
		cls.shm_key = int(re.search(rf"^(0x\w+)\s+{cls.shm_id}\s", listed, re.M)[1], 16)
		cls.extra = os.open(cls.secret, os.O_RDONLY)
		cls.addClassCleanup(os.close, cls.extra)
		cls.master, cls.terminal = pty.openpty()
		cls.addClassCleanup(os.close, cls.master)
		cls.addClassCleanup(os.close, cls.terminal)

	def arguments(self, way, attempts=()):
		return [way, str(self.outside.pid), self.secret, str(self.extra), self.abstract_name,
			str(self.inet.getsockname()[1]), str(self.shm_key), *attempts]

	def answers(self, words):
		done = subprocess.run(words, stdin=self.terminal, capture_output=True, text=True, pass_fds=[self.extra], timeout=60)
		self.assertEqual((done.returncode, done.stderr), (0, ""), done)
		return {name: int(answer) for name, answer in (line.split() for line in done.stdout.splitlines())}

	def in_room(self, user, trap, strict, file, way, options=()):
		drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"] if user else []
		return self.answers([*drop, self.dir + "/dragoman", "run", f"--trap={trap}", "--isolate=strict" if strict else "--isolate",
				     "--root", self.tree, *options, "--", file, *self.arguments(way)])

	def check(self, answers, names):
		let_through = {name: answer for name, answer in answers.items() if answer >= 0}
		self.assertEqual(let_through, {})
		self.assertEqual(set(answers), names)

	def variants(self):
		for user in ((0, NOBODY) if os.getuid() == 0 else (0,)):
			for trap in ("sud", "seccomp"):
				yield user, trap

	def names(self):
		"""As the source has them."""
		text = (pathlib.Path(__file__).parent / "breakout.c").read_text()
		table = text[text.index("attempts[] = {"):]
		return set(re.findall(r"(?:NAMED|MISSING)\((\w+)\)", table))

	def test_every_attempt_is_refused(self):
		names = self.names()
		self.assertGreater(len(names), 90)
		for user, trap in self.variants():
			for file, way in (("/freebsd", gate()), ("/linux", "own"), ("/linux", gate())):
				if (file, way) == ("/linux", gate()) and trap == "sud":
					continue	# native there: no core is in its memory
				with self.subTest(user=user, trap=trap, file=file, way=way):
					self.check(self.in_room(user, trap, False, file, way), names)
		self.assertIsNone(self.outside.poll())

	def test_under_strict_as_well(self):
		for user, trap in self.variants():
			with self.subTest(user=user, trap=trap):
				answers = self.in_room(user, trap, True, "/freebsd", gate())
				self.check(answers, self.names())
				for name in ("ptrace_seize_init", "memory_of_init", "shared_memory_outside", "take_capabilities"):
					self.assertEqual(answers[name], -errno.ENOSYS, name)

	def test_with_a_writable_tree_and_the_host_s_network(self):
		names = self.names()
		for user, trap in self.variants():
			with self.subTest(user=user, trap=trap):
				answers = self.in_room(user, trap, False, "/freebsd", gate(), ["--ephemeral", "--net", "host"])
				# What the option gives.
				self.assertGreaterEqual(answers.pop("connect_loopback"), 0)
				self.check(answers, names - {"connect_loopback"})

	def test_calls_that_no_room_has_are_missing_ones(self):
		text = (pathlib.Path(__file__).parent / "breakout.c").read_text()
		answers = self.in_room(0, "sud", False, "/freebsd", gate())
		missing = re.findall(r"MISSING\((\w+)\)", text[text.index("attempts[] = {"):])
		self.assertEqual({name: answers[name] for name in missing}, dict.fromkeys(missing, -errno.ENOSYS))

	@unittest.skipIf(os.getuid(), "root's rights are what is looked at")
	def test_outside_the_attempts_succeed(self):
		answers = self.answers([self.tree + "/linux", *self.arguments("own", OPEN_OUTSIDE)])
		refused = {name: answer for name, answer in answers.items() if answer < 0}
		# What the machine that runs the tests may itself be denied.
		for name in ("packet_socket", "raw_socket", "write_core_pattern", "environment_of_init",
			     "open_secret_by_root_of_init"):
			refused.pop(name, None)
		self.assertEqual(refused, {})
		self.assertEqual(set(answers), set(OPEN_OUTSIDE))

	def test_strict_refuses_linux_programs(self):
		for _, trap in self.variants():
			done = subprocess.run([DRAGOMAN, "run", f"--trap={trap}", "--isolate=strict", "--root", self.tree, "--", "/linux",
					       *self.arguments("own")], capture_output=True, text=True)
			self.assertEqual((done.returncode, done.stdout), (126, ""), done)

	def test_the_table_has_each_attempt(self):
		listed = re.findall(r"`(\w+)`", "\n".join(line for line in pathlib.Path(DOC).read_text().splitlines()
							  if line.startswith("| `")))
		self.assertEqual(sorted(self.names() - set(listed)), [])


if __name__ == "__main__":
	unittest.main(argv=sys.argv[:1])
