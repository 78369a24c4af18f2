#!/usr/bin/env python3
"""The list of host calls that a room may make: nothing missing, nothing superfluous.

usage: test_policy.py DRAGOMAN POLICY-WATCH SOURCE-ROOT COMPILER...

The list comes from the linked core by construction (HOST_NR in translate/core/host.h); here from the other side:
no source has a way round HOST_NR, no `syscall` stands in the gate whose number is not noted, each word of policy.tbl
changes something, and all conformance programs, run under the policy, are refused nothing but what it names.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

DRAGOMAN, WATCH, ROOT = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
COMPILER = sys.argv[4:]
CORE = DRAGOMAN.parent / "dragoman-core"
sys.path.insert(0, str(ROOT / "isolate"))
import host_calls  # noqa: E402

# One of each kind, under both traps.
QUICK = ("hello", "exec", "process", "signal_wait")


def sources(*folders):
	for folder in folders:
		for path in (ROOT / folder).rglob("*.[chS]"):
			yield path.relative_to(ROOT), path.read_text()


class Lists(unittest.TestCase):
	numbers = host_calls.calls_of_host(COMPILER)
	core = host_calls.calls_of_core(str(CORE))
	table = host_calls.read_table(ROOT / "isolate/policy.tbl", numbers)

	def test_every_word_changes_something(self):
		self.assertEqual(list(host_calls.superfluous(self.table, self.core, self.numbers)), [])

	def test_the_gate_is_used_by_host_h_only(self):
		users = {str(path) for path, text in sources("translate", "loader") if re.search(r"\bgate_call\w*\s*\(", text)}
		self.assertEqual(users - {"translate/core/gate_x86_64.S"}, {"translate/core/host.h"})

	def test_a_number_is_made_by_host_nr_only(self):
		makers = {str(path) for path, text in sources("translate", "loader")
			  if re.search(r"\(struct host_nr\)|struct host_nr\s+\w+\s*=\s*\{|\.value\s*=\s*__NR_", text)}
		self.assertEqual(makers, {"translate/core/host.h"})

	def test_the_gate_s_own_numbers_are_noted(self):
		text = subprocess.run(["objdump", "--disassemble", "--no-show-raw-insn", str(CORE)], check=True,
				      capture_output=True, text=True).stdout
		gate = re.search(r"<gate_begin>:(.*?)<gate_end>:", text, re.S)
		body = gate[1] if gate else text[text.index("<gate_call>:"):]
		# `mov $nr,%eax` straight before its syscall; gate_call and gate_call_interruptible take theirs from %rdi.
		own = {int(nr, 16) for nr in re.findall(r"mov\s+\$0x([0-9a-f]+),%eax\n[^\n]*\tsyscall", body)}
		self.assertLessEqual({15, 56}, own)
		self.assertLessEqual(own, set(self.core))

	def test_mistakes_in_the_table_are_named(self):
		with tempfile.TemporaryDirectory() as folder:
			path = pathlib.Path(folder) / "policy.tbl"
			path.write_text("never mount # why\nnever nonsuch # why\nalways read # why\nstrict mount # why\nnever bpf\n")
			with self.assertRaises(SystemExit) as end:
				host_calls.read_table(path, self.numbers)
		self.assertEqual(str(end.exception).replace(f"{path}:", ""),
				 "2: nonsuch: no call of the host\n3: `always`: one of never, strict, native, kernel is wanted\n"
				 "4: mount: stands in line 1 already\n5: says no reason")


class Runs(unittest.TestCase):
	"""The names of the calls that the policy refused to the core while it ran programs."""

	def refused(self, kind, *words):
		with tempfile.TemporaryDirectory() as folder:
			report, core, front = (pathlib.Path(folder) / name for name in ("report", "core", "dragoman"))
			core.write_text(f'#!/bin/sh\nexec {WATCH} {kind} {report} {CORE} "$@"\n')
			front.write_text(f'#!/bin/sh\nexec {DRAGOMAN} --core={core} "$@"\n')
			for script in (core, front):
				script.chmod(0o755)
			done = subprocess.run([ROOT / "conformance/runner", "--dragoman", front, "--build",
					       DRAGOMAN.parent / "guests", *words], capture_output=True, text=True)
			self.assertRegex(done.stdout, r"\d+ passed")
			numbers = {int(line.split()[0]) for line in report.read_text().splitlines()}
		names = {number: name for name, number in Lists.numbers.items()}
		return {names.get(number, str(number)) for number in numbers}, done

	def test_strict_refuses_what_it_names_only(self):
		refused, _ = self.refused("strict", "--trap=sud")
		self.assertLessEqual(refused, set(Lists.table["strict"]))
		# Else this test looks at nothing.
		self.assertLessEqual({"mq_open", "semget"}, refused)

	def test_usual_refuses_nothing_and_all_passes(self):
		refused, done = self.refused("usual", *QUICK, "sysvipc")
		self.assertEqual(refused, set())
		self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
	unittest.main(argv=sys.argv[:1])
