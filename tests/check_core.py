#!/usr/bin/env python3
"""Proves of dragoman-core what its rules promise, from the linked file.

It runs with the guest's %fs, inside signal handlers, on stacks of its own: so it may need nothing from outside
itself, touch no thread-local storage, and make host calls from the gate only.

usage: check_core.py CORE LAYOUT-H
"""
import re
import subprocess
import sys

# Functions that use memory at %fs on purpose, each with its reason (to save and load the register is no use of it).
FS_ALLOWED = {"site_reads_fs": "looks whether a 32-bit program has loaded %fs itself, as stubs do with %gs"}
CALLS = re.compile(r"\t(syscall|sysenter|int\s+\$0x80)\b")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t")


def tool(*words):
	return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def undefined(core):
	return [f"undefined symbol {name}" for name in
		re.findall(r"\b[Uw] (\S+)", tool("nm", "--undefined-only", core))]


def shape(core, base, end):
	"""An executable at its fixed address: no loader, no relocation, no page both written and executed."""
	header = tool("readelf", "--file-header", "--wide", core)
	if not re.search(r"Type:\s+EXEC", header):
		yield "not an ET_EXEC file: it would be moved"
	segments = re.findall(r"^  (\w+)\s+0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+) ([RWE ]{3})",
			      tool("readelf", "--program-headers", "--wide", core), re.MULTILINE)
	if not any(kind == "LOAD" for kind, *_ in segments):
		yield "no LOAD segment found"
	for kind, address, size, flags in segments:
		if kind in ("INTERP", "DYNAMIC", "TLS"):
			yield f"has a {kind} segment"
		if "W" in flags and "E" in flags:
			yield f"{kind} segment at 0x{address} is writable and executable"
		if kind == "LOAD" and not base <= int(address, 16) < int(address, 16) + int(size, 16) <= end:
			yield f"LOAD segment at 0x{address} is outside its place {base:#x}..{end:#x}"
	if base not in (int(address, 16) for kind, address, *_ in segments if kind == "LOAD"):
		yield f"does not begin at CORE_TEXT, {base:#x}"


def code(core):
	"""Stray instructions: %fs and host calls."""
	symbols = dict(reversed(line.split()[::2]) for line in tool("nm", core).splitlines() if len(line.split()) == 3)
	begin, end = (int(symbols.get(name, "0"), 16) for name in ("gate_begin", "gate_end"))
	if not begin < end:
		yield "no gate: symbols gate_begin and gate_end"
	function, gated = "?", 0
	for line in tool("objdump", "--disassemble", "--no-show-raw-insn", core).splitlines():
		if match := FUNCTION.match(line):
			function = match[1]
		elif match := INSTRUCTION.match(line):
			if "%fs:" in line and function not in FS_ALLOWED:
				yield f"{function} uses %fs: {line.strip()}"
			if CALLS.search(line):
				if begin <= int(match[1], 16) < end:
					gated += 1
				else:
					yield f"{function} calls the host outside the gate: {line.strip()}"
	if gated == 0:
		yield "no syscall in the gate: this test looks at the wrong file"


def main():
	core = sys.argv[1]
	with open(sys.argv[2], encoding="utf-8") as header:
		place = dict(re.findall(r"#define (CORE_TEXT|CORE_ARENA)\s+(0x[0-9a-f]+)", header.read()))
	base, end = (int(place[name], 16) for name in ("CORE_TEXT", "CORE_ARENA"))
	faults = [*undefined(core), *shape(core, base, end), *code(core)]
	for fault in faults:
		print(f"{core}: {fault}")
	return bool(faults)


if __name__ == "__main__":
	sys.exit(main())
