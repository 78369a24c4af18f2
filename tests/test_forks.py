#!/usr/bin/env python3
"""What a fork, an exec and a start cost, by count: page faults, host calls and traps.

usage: test_forks.py DRAGOMAN FORKS
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

DRAGOMAN, FORKS = sys.argv[1:]
del sys.argv[1:]
# From fork to exit, two of them the program's own; 8 when this was written. A page more is one that the core writes, or a
# stretch of code that lies apart (translate/core/core.lds.S). Without rewritten sites: 3 for the trap.
MOST_FAULTS = 12
# The thread's word, the trap, the exit.
CALLS_OF_A_CHILD = 3
# From fork to execve, and from there to the exit; 7 and 65 when this was written, of the latter 40 signals' actions.
MOST_CALLS_TO_EXEC, MOST_CALLS_OF_A_START = 9, 70


class Forks(unittest.TestCase):
	def run_forks(self, *words, before=(), options=()):
		done = subprocess.run([*before, DRAGOMAN, *options, "--", FORKS, *words], capture_output=True, text=True,
				      timeout=120)
		self.assertEqual((done.returncode, done.stderr), (0, ""))
		return done.stdout

	def last_child(self, *words, options=("--trap=sud",)):
		"""What strace saw of it, line by line."""
		if not shutil.which("strace"):
			self.skipTest("no strace here")
		with tempfile.TemporaryDirectory() as folder:
			out = pathlib.Path(folder) / "trace"
			self.run_forks(*words, before=("strace", "-ff", "-q", "-o", out), options=options)
			files = sorted(pathlib.Path(folder).iterdir(), key=lambda file: int(file.suffix[1:]))
			return files[-1].read_text().splitlines()

	def test_a_child_meets_few_pages(self):
		for trap in ("sud", "seccomp"):
			with self.subTest(trap=trap):
				self.assertLessEqual(int(self.run_forks("20", options=(f"--trap={trap}",))), MOST_FAULTS)

	def test_what_earlier_children_did_does_not_trap(self):
		traps = [line for line in self.last_child("4") if line.startswith("--- SIGSYS")]
		self.assertEqual(traps, [])

	def test_a_child_without_rewriting_traps(self):
		lines = self.last_child("4", options=("--trap=sud", "--no-rewrite"))
		self.assertEqual(len([line for line in lines if line.startswith("--- SIGSYS")]), 1, lines)

	def test_a_child_makes_few_host_calls(self):
		lines = [line for line in self.last_child("4") if re.match(r"\w+\(", line)]
		self.assertEqual(len(lines), CALLS_OF_A_CHILD, lines)

	def test_an_exec_makes_few_host_calls(self):
		lines = [line for line in self.last_child("4", "exec") if re.match(r"\w+\(", line)]
		execs = [n for n, line in enumerate(lines) if line.startswith("execve(")]
		self.assertEqual(len(execs), 1, lines)
		self.assertLessEqual(execs[0], MOST_CALLS_TO_EXEC, lines)
		self.assertLessEqual(len(lines) - execs[0] - 1, MOST_CALLS_OF_A_START, lines)


if __name__ == "__main__":
	unittest.main()
