#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The host calls of an isolated run, as C for policy.c.

usage: host_calls.py CORE POLICY-TBL OUTPUT COMPILER...
       host_calls.py --list CORE COMPILER...        # each call the core can make, and which files make it

What the core can call it says itself: section .host_calls of the linked file has "number file" for
each place that makes a host call (HOST_NR in translate/core/host.h).
"""
import pathlib
import re
import subprocess
import sys
import tempfile

WORDS = ("never", "strict", "native", "kernel")
HEADER = """/* Made by isolate/host_calls.py from dragoman-core and policy.tbl. */
static const struct host_call {{
	uint16_t number;
	bool strict;	/* allowed under --isolate=strict too */
	const char *name;
}} host_calls[] = {{
{rows}
}};

/* What Linux guests are promised elsewhere, and no room has. */
static const struct host_call never_calls[] = {{
{never}
}};
"""


def calls_of_host(compiler):
	text = subprocess.run([*compiler, "-E", "-dM", "-x", "c", "-"], input="#include <asm/unistd_64.h>\n", check=True,
			      capture_output=True, text=True).stdout
	return {name: int(number) for name, number in re.findall(r"^#define __NR_(\w+) (\d+)$", text, re.MULTILINE)}


def calls_of_core(core):
	"""{number: files}"""
	with tempfile.NamedTemporaryFile() as section:
		subprocess.run(["objcopy", "-O", "binary", "--only-section=.host_calls",
				"--set-section-flags", ".host_calls=alloc", core, section.name], check=True)
		notes = pathlib.Path(section.name).read_bytes().decode().split("\0")
	found = {}
	for note in filter(None, notes):
		number, file = note.split(" ", 1)
		found.setdefault(int(number), set()).add(re.sub(r"^.*?(?=(abi|loader|translate)/)", "", file))
	if not found:
		raise SystemExit(f"{core}: no section .host_calls: this is no core, or a stripped one")
	return found


def read_table(path, numbers):
	"""{word: names}; every mistake is a line on stderr, and the end."""
	table, seen, wrong = {word: [] for word in WORDS}, {}, []
	for place, line in enumerate(path.read_text().splitlines(), 1):
		word, *names = line.split("#")[0].split() or [None]
		if word is None:
			continue
		if word not in WORDS:
			wrong.append(f"{path}:{place}: `{word}`: one of {', '.join(WORDS)} is wanted")
			continue
		if not line.partition("#")[2].strip():
			wrong.append(f"{path}:{place}: says no reason")
		for name in names:
			if name not in numbers:
				wrong.append(f"{path}:{place}: {name}: no call of the host")
			elif name in seen:
				wrong.append(f"{path}:{place}: {name}: stands in line {seen[name]} already")
			seen[name] = place
		table[word] += names
	if wrong:
		raise SystemExit("\n".join(wrong))
	return table


def superfluous(table, core, numbers):
	"""Words that change nothing: refused calls that the core cannot make, and allowed ones that it can."""
	made = {name for name, number in numbers.items() if number in core}
	for word in ("never", "strict"):
		yield from (f"{word} {name}: the core cannot make it anyway" for name in table[word] if name not in made)
	yield from (f"native {name}: the core makes it" for name in table["native"] if name in made)


def rows(table, core, numbers):
	names = {number: name for name, number in numbers.items()}
	always = {numbers[name] for name in table["kernel"]}
	usual = set(core) | always | {numbers[name] for name in table["native"]}
	usual -= {numbers[name] for name in table["never"]}
	strict = (set(core) | always) - {numbers[name] for word in ("never", "strict") for name in table[word]}
	# The tables may name calls that are newer than the compiler's headers.
	return [(number, number in strict, names.get(number, str(number))) for number in sorted(usual)]


def c_rows(listed):
	return "\n".join(f'\t{{{number}, {str(strict).lower()}, "{name}"}},' for number, strict, name in listed)


def main():
	if sys.argv[1] == "--list":
		numbers = {number: name for name, number in calls_of_host(sys.argv[3:]).items()}
		for number, files in sorted(calls_of_core(sys.argv[2]).items()):
			print(f"{number:4} {numbers.get(number, '-'):24} {' '.join(sorted(files))}")
		return
	core, table, output, *compiler = sys.argv[1:]
	numbers = calls_of_host(compiler)
	policy = read_table(pathlib.Path(table), numbers)
	made = calls_of_core(core)
	never = sorted((numbers[name], False, name) for name in policy["never"])
	pathlib.Path(output).write_text(HEADER.format(rows=c_rows(rows(policy, made, numbers)), never=c_rows(never)))


if __name__ == "__main__":
	main()
