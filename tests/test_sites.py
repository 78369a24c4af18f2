#!/usr/bin/env python3
"""How often a call traps, and how many calls of the host it makes: the guard of speed, by count.

usage: test_sites.py DRAGOMAN STEPS COUNTED... MICRO...
"""
import re
import subprocess
import sys
import unittest

DRAGOMAN, STEPS, *PROGRAMS = sys.argv[1:]
COUNTED = [program for program in PROGRAMS if "/micro-" not in program]
MICRO = [program for program in PROGRAMS if "/micro-" in program]	# bench/micro
del sys.argv[1:]
REPORT = re.compile(r"^sites: (?P<visited>\d+) visited, (?P<traps>\d+) traps; (?P<rewritten>\d+) rewritten ", re.M)


# What is counted: a guest's call that is one host call, by its rewritten site, from the function's begin to its
# next. When this was written: FreeBSD 57, x86-64 55, i386 70, and no C among them (a third are the program's own).
MOST_STEPS = 100


def words_for(program, *words):
	"""The host's own programs are translated only if that is asked for."""
	return [DRAGOMAN, *words, *["--abi=linux"] * program.endswith(("-linux", "-linux-x86_64")), "--", program]


def symbols(program):
	lines = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout.splitlines()
	return {name: int(address, 16) for address, _, name in map(str.split, lines)}


class Sites(unittest.TestCase):
	def run_counted(self, program, *words, count=1000):
		done = subprocess.run([*words_for(program, *words), str(count)], capture_output=True, text=True, timeout=60)
		self.assertEqual(done.returncode, 0, done.stderr)
		return done.stderr

	def each(self, *words, count=1000):
		"""What is said on stderr, of each program under each trap."""
		for program in COUNTED:
			for trap in ("sud", "seccomp"):
				with self.subTest(program=program, trap=trap):
					yield self.run_counted(program, f"--trap={trap}", *words, count=count)

	def assert_no_more_than_two_traps(self, text):
		report = REPORT.search(text)
		# And once where the program ends.
		self.assertLessEqual(int(report["traps"]), 2 * int(report["visited"]) + 1, text)
		self.assertGreaterEqual(int(report["rewritten"]), 1, text)

	def test_a_site_traps_twice_and_no_more(self):
		for text in self.each("--stats"):
			self.assertRegex(text, r"\b1000 +getppid\n")
			self.assert_no_more_than_two_traps(text)

	def test_the_calls_by_which_threads_end_do_not_trap_either(self):
		self.assertEqual(len(MICRO), 3)
		for program in MICRO:
			for trap in ("sud", "seccomp"):
				with self.subTest(program=program, trap=trap):
					words = [*words_for(program, f"--trap={trap}", "--stats"), "create-join", "0", "20"]
					done = subprocess.run(words, capture_output=True, text=True, timeout=60)
					self.assertEqual(done.returncode, 0, done.stderr)
					self.assert_no_more_than_two_traps(done.stderr)

	def test_as_a_fault_too(self):
		for program in COUNTED:
			if not program.endswith("-linux_i386"):
				continue
			self.assert_no_more_than_two_traps(self.run_counted(program, "--stats", "--int80=fault"))

	def test_a_call_takes_so_many_instructions(self):
		for program in COUNTED:
			begin = symbols(program)["counted_call"]
			for trap in ("sud", "seccomp"):
				with self.subTest(program=program, trap=trap):
					words = [STEPS, f"{begin:x}", f"{begin + 16:x}", *words_for(program, f"--trap={trap}"), "100"]
					done = subprocess.run(words, capture_output=True, text=True, timeout=60)
					if done.returncode == 77:
						self.skipTest("no ptrace(2) here")
					self.assertEqual(done.returncode, 0, done.stderr)
					steps = {int(line) for line in done.stdout.split()}
					self.assertEqual(len(steps), 1, steps)
					self.assertLess(max(steps), MOST_STEPS)

	def test_without_rewriting_every_call_traps(self):
		for text in self.each("--stats", "--no-rewrite"):
			self.assertRegex(text, r"\b1000 +getppid\n")
			self.assertIn("sites: not rewritten\n", text)

	def test_every_visit_is_traced_and_makes_one_host_call(self):
		for text in self.each("--trace=getppid", count=20):
			lines = text.splitlines()
			self.assertEqual(len(lines), 20, text)
			for line in lines:
				self.assertRegex(line, r"^getppid\(\) = \d+   <- getppid\(\) = \d+$")


if __name__ == "__main__":
	unittest.main()
