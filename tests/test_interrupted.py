#!/usr/bin/env python3
"""A signal that comes at any instruction of a call by a rewritten site finds the program at its own code.

usage: test_interrupted.py DRAGOMAN DRAGOMAN-CORE INTERRUPT PROGRAM...
"""
import bisect
import re
import subprocess
import sys
import unittest

DRAGOMAN, CORE, INTERRUPT, *PROGRAMS = sys.argv[1:]
del sys.argv[1:]
TRAPS = ("sud", "seccomp")
PLACE = re.compile(r"^(?:at ([0-9a-f]+)|asleep)$", re.M)
WRONG = re.compile(r"^signal (\d+): .*$", re.M)

# The ways between a site and the host, and what else is on them (site_entry_x86_64.S, gate_x86_64.S): the calls of the
# programs must come by them all.
WAYS = ("site_enter", "site_direct", "gate_direct", "site_direct_leaving", "site_call", "gate_check", "gate_last_check",
	"site_leaving", "gate_exit_check")


def words_for(program, *words):
	"""The host's own programs are translated only if that is asked for."""
	return [DRAGOMAN, *words, *["--abi=linux"] * program.endswith("-linux"), "--", program]


def run(words):
	"""What hangs is killed, as timeout(1) does it."""
	return subprocess.run(["timeout", "-s", "KILL", "30", *words], capture_output=True, text=True)


class Labels:
	"""What is where in the core."""

	def __init__(self):
		lines = run(["nm", "--defined-only", CORE]).stdout.splitlines()
		self.all = sorted((int(address, 16), name) for address, kind, name in map(str.split, lines) if kind in "tT")
		self.address = {name: address for address, name in self.all}

	def at(self, address):
		"""The label before it."""
		n = bisect.bisect(self.all, (address, "\x7f")) - 1
		return f"{self.all[n][1]}+{address - self.all[n][0]:#x}" if n >= 0 else "the guest or its stub"


class Interrupted(unittest.TestCase):
	def setUp(self):
		self.labels = Labels()

	def explained(self, text):
		"""The program's complaints, with where its signals came."""
		places = list(PLACE.finditer(text))
		for wrong in WRONG.finditer(text):
			place = places[int(wrong[1]) - 1] if 0 < int(wrong[1]) <= len(places) else None
			where = place and (self.labels.at(int(place[1], 16)) if place[1] else "asleep")
			yield f"{wrong[0]} ({where})"

	def interrupt(self, program, trap, kind):
		done = run([INTERRUPT, *words_for(program, f"--trap={trap}"), kind])
		if done.returncode == 77:
			self.skipTest("no ptrace(2) here")
		last = done.stdout.splitlines()[-1:]
		self.assertEqual(done.returncode, 0, "\n".join([*self.explained(done.stdout), done.stderr, *last]))
		places = PLACE.findall(done.stdout)
		self.assertRegex(done.stdout, rf"(?m)^{len(places)} signals$")
		return {int(place, 16) for place in places if place}

	def test_at_every_instruction(self):
		passed = set()
		for program in PROGRAMS:
			kinds = run(words_for(program)).stdout.split()
			self.assertGreater(len(kinds), 10)
			for trap in TRAPS:
				for kind in kinds:
					with self.subTest(program=program, trap=trap, kind=kind):
						passed |= self.interrupt(program, trap, kind)
		for way in WAYS if passed else ():
			self.assertIn(self.labels.address[way], passed, way)


if __name__ == "__main__":
	unittest.main()
