#!/usr/bin/env python3
"""What the conformance suites share: two that want the same tree take turns."""
import pathlib
import select
import subprocess
import sys
import tempfile
import unittest

CONFORMANCE = pathlib.Path(__file__).resolve().parent.parent / "conformance"
# Says when it has the place, and keeps it until its standard input ends.
USER = """
import sys
sys.path.insert(0, sys.argv[1])
import harness
with harness.sole_user(sys.argv[2]):
	print("has it", flush=True)
	sys.stdin.read()
"""


class SoleUser(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.place = pathlib.Path(folder.name) / "tree"

	def user(self, place=None):
		process = subprocess.Popen([sys.executable, "-c", USER, CONFORMANCE, place or self.place], text=True,
					   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
		self.addCleanup(process.__exit__, None, None, None)
		self.addCleanup(process.kill)
		return process

	def has_it(self, process):
		self.assertEqual(process.stdout.readline(), "has it\n")

	def test_the_second_says_whom_it_waits_for_and_goes_on_when_that_has_ended(self):
		for end in (lambda process: process.stdin.close(), subprocess.Popen.kill):
			first = self.user()
			self.has_it(first)
			second = self.user()
			self.assertEqual(second.stderr.readline(),
					 f"{self.place} is in use by process {first.pid}: waiting for its end\n")
			self.assertEqual(select.select([second.stdout], [], [], 0), ([], [], []))
			end(first)
			self.has_it(second)
			second.kill()

	def test_another_place_is_another_lock(self):
		self.has_it(self.user())
		other = self.user(self.place.with_name("other"))
		self.has_it(other)
		other.stdin.close()
		self.assertEqual(other.stderr.read(), "")


if __name__ == "__main__":
	unittest.main()
