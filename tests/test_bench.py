#!/usr/bin/env python3
"""The bench's parts: statistics, table, JSON, chart, and one quick run. Nothing here looks at how long anything took.

usage: test_bench.py BUILD
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
BENCH = pathlib.Path(__file__).resolve().parent.parent / "bench"
sys.path.insert(0, str(BENCH))
import benchmarks  # noqa: E402
import chart  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import sides  # noqa: E402

NATIVE = sides.native("linux-x86_64")
GUEST = sides.Side("freebsd sud", "freebsd", ("dragoman", "--"), "sud")
PEER = sides.Side("qemu-i386", "linux-i386", ("qemu-i386",), peer=True)
ONE = benchmarks.micro("one <thing>", "null", aims={"sud": 1.5})
MORE = benchmarks.Benchmark("more", "start", "start", unit="ms", read_as=benchmarks.MORE)
NUMBERED = {"native linux-x86_64": [100, 200, 100, 100, 100], "freebsd sud": [200, 400, 100, 200, 300]}


def everything(*summaries):
	return {"host": {"system": "Linux", "release": "6.1", "machine": "x86_64", "processors": 2}, "rounds": 5, "load": 0.0,
		"guests": list(sides.GUESTS), "benchmarks": list(summaries), "skipped": [("qemu-i386", "not installed")]}


class Statistics(unittest.TestCase):
	def test_ratios_are_taken_round_by_round(self):
		result = report.summary(ONE, [NATIVE, GUEST], NUMBERED, {})["results"][1]
		self.assertEqual(result["against"], {"median": 2, "quartiles": [2, 2], "least": 1, "most": 3})

	def test_what_is_more_is_a_difference(self):
		result = report.summary(MORE, [NATIVE, GUEST], NUMBERED, {})["results"][1]
		self.assertEqual(result["against"]["median"], 100)

	def test_an_aim_is_the_traps_own_and_the_rewritten_sides(self):
		result = report.summary(ONE, [NATIVE, GUEST], NUMBERED, {})["results"][1]
		self.assertEqual((result["aim"], result["within"]), (1.5, False))
		plain = sides.Side("freebsd sud, trap only", "freebsd", (), "sud", rewriting=False)
		result = report.summary(ONE, [NATIVE, plain], NUMBERED | {plain.name: [1] * 5}, {})["results"][1]
		self.assertNotIn("aim", result)

	def test_one_round_has_quartiles(self):
		self.assertEqual(report.quartiles([7]), [7, 7, 7])

	def test_a_side_in_trouble_has_no_figures(self):
		result = report.summary(ONE, [NATIVE, GUEST], {"native linux-x86_64": [1]}, {GUEST.name: "status 1"})["results"][1]
		self.assertEqual(result["trouble"], "status 1")
		self.assertNotIn("against", result)


class Table(unittest.TestCase):
	def lines(self, *summaries):
		return list(report.lines(everything(*summaries)))

	def test_a_guest_has_a_column_a_side_and_a_row_a_benchmark(self):
		lines = self.lines(report.summary(ONE, [NATIVE, GUEST], NUMBERED, {}))
		head = next(n for n, line in enumerate(lines) if line.startswith("freebsd"))
		self.assertEqual(lines[head].split(), ["freebsd", "native", "sud"])
		self.assertRegex(lines[head + 1], r"^one <thing> +100 ns +2\.00! \(2\.00\.\.2\.00\)$")

	def test_what_is_missing_is_said(self):
		text = "\n".join(self.lines(report.summary(ONE, [NATIVE, GUEST], {NATIVE.name: [1]}, {GUEST.name: "no end"})))
		self.assertIn("failed: one <thing>, freebsd sud: no end", text)
		self.assertIn("skipped: qemu-i386: not installed", text)

	def test_over_an_aim_is_said(self):
		self.assertIn("over its aim: one <thing>, freebsd sud: 2.00, aim 1.50",
			      self.lines(report.summary(ONE, [NATIVE, GUEST], NUMBERED, {})))


class Chart(unittest.TestCase):
	def elements(self, *summaries):
		root = xml.etree.ElementTree.fromstring(chart.svg(everything(*summaries)))
		self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
		return [element.tag.partition("}")[2] for element in root.iter()], "".join(root.itertext())

	def test_a_mark_a_side_and_one_in_the_legend(self):
		tags, text = self.elements(report.summary(ONE, [NATIVE, GUEST], NUMBERED, {}))
		self.assertEqual(tags.count("circle"), 2)
		self.assertIn("one <thing>", text)

	def test_every_series_has_its_look(self):
		for guest_sides in (sides.layered("/bin/true", sides.GUESTS, sides.TRAPS, ("on", "off")), [PEER]):
			for side in guest_sides:
				self.assertIn((side.trap, side.rewriting, side.peer), chart.SERIES)

	def test_what_is_no_ratio_is_left_out(self):
		_, text = self.elements(report.summary(ONE, [NATIVE, GUEST], NUMBERED, {}),
					report.summary(MORE, [NATIVE, GUEST], NUMBERED, {}))
		self.assertNotIn("more", text)

	def test_values_off_the_scale_stay_on_the_chart(self):
		scale = chart.Scale([1e-6, 1e6])
		self.assertEqual(scale.at(1e-9), chart.LEFT)
		self.assertAlmostEqual(scale.at(1e9), chart.LEFT + chart.PLOT)


class Rows(unittest.TestCase):
	def test_every_kind_is_there(self):
		for one in benchmarks.BENCHMARKS:
			self.assertIn(one.kind, measure.KINDS, one.name)

	def test_a_floor_is_a_program_of_the_twin(self):
		program = BUILD / "bench/micro-linux-x86_64"
		said = subprocess.run([program, "list"], capture_output=True, text=True, timeout=60, check=True).stdout
		floors = {name for one in benchmarks.BENCHMARKS for name in one.floor.values()}
		self.assertIn("stat-with-birth", floors)
		self.assertEqual(floors - set(said.split()), set())

	def test_names_are_given_once(self):
		names = [one.name for one in benchmarks.BENCHMARKS]
		self.assertEqual(len(names), len(set(names)))

	def test_every_abi_has_every_small_benchmark(self):
		wanted = {one.arguments[0] for one in benchmarks.BENCHMARKS if one.kind == "micro"}
		for guest in sides.GUESTS:
			program = BUILD / f"bench/micro-{guest}"
			words = [program, "list"] if guest != "freebsd" else [BUILD / "dragoman", program, "list"]
			try:
				said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
			except OSError:  # a kernel without 32-bit programs
				continue
			self.assertEqual(wanted - set(said.split()), set(), guest)


class Run(unittest.TestCase):
	def bench(self, *words):
		return subprocess.run([BENCH / "run", BUILD, *words], capture_output=True, text=True, timeout=100, check=False)

	def test_a_quick_run_leaves_table_json_and_chart(self):
		with tempfile.TemporaryDirectory() as folder:
			kept, drawn = pathlib.Path(folder, "b.json"), pathlib.Path(folder, "b.svg")
			done = self.bench("--quick", "--rounds=2", "--guests=freebsd", "--trap=sud", "--json", kept, "--chart", drawn,
					  "null call", "stat", "start-up")
			self.assertEqual(done.returncode, 0, done.stderr)
			left = json.loads(kept.read_text())
			xml.etree.ElementTree.fromstring(drawn.read_text())
			again = self.bench("--from", kept)
			self.assertEqual(again.stdout.splitlines(), done.stdout.splitlines()[:-1])
		names = [one["name"] for one in left["benchmarks"]]
		self.assertIn("null call", names)
		for one in left["benchmarks"]:
			native, *guests = one["results"]
			self.assertEqual(native["side"], "native linux-x86_64")
			self.assertTrue(guests)
			for result in one["results"]:
				self.assertNotIn("trouble", result)
				self.assertTrue(all(value > 0 for value in result["samples"]))
			# Start-up has no floor.
			self.assertEqual(sum(result["floor"] for result in one["results"]), one["name"] != "start-up")
		self.assertNotIn(os.uname().nodename, json.dumps(left["host"]))

	def test_a_bad_word_is_one_clear_line(self):
		for words, said in ((["--trap=ptrace"], "ptrace: not one of sud, seccomp"), (["no such benchmark"], "no benchmark")):
			done = self.bench(*words)
			self.assertNotEqual(done.returncode, 0)
			self.assertIn(said, done.stderr.splitlines()[-1])


if __name__ == "__main__":
	unittest.main()
