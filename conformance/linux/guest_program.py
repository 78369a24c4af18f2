"""The programs of this folder: how they are built for each ABI of Linux, and what their heads say."""

import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
ABI_TABLES = HERE.parent.parent / "abi"
POINTER_ROWS = "pointer_rows.h"

# The uapi headers are those of the machine's own architecture: they choose by the compiler's target.
COMPILE = ("clang", "-std=c2x", "-O1", "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-mno-red-zone", "-Wall",
	   "-Wextra", "-Werror", "-isystem", "/usr/include/x86_64-linux-gnu", "-nostdlib", "-static", "-fuse-ld=lld")


@dataclass(frozen=True)
class Abi:
	target: str
	table: str  # as abi/abigen.py calls it
	measure: str  # the ABI whose build of the same program the host's kernel runs
	front: tuple = ()  # what dragoman must be told
	ways: tuple = (("", [], []),)  # (name of the way in, the program's argument, dragoman's options)


ABIS = {
	# The host's own programs are translated only if that is asked for.
	"x86_64": Abi("x86_64-linux-gnu", "linux", measure="x86_64", front=("--abi=linux",)),
	# The second by AT_SYSINFO's entry; the third as if the host's kernel had no int 0x80.
	"i386": Abi("i386-linux-gnu", "linux_i386", measure="i386",
		    ways=(("", [], []), ("sysinfo", ["sysinfo"], []), ("int80=fault", [], ["--int80=fault"]))),
	# No kernel that distributions ship runs x32.
	"x32": Abi("x86_64-linux-gnux32", "linux_x32", measure="x86_64"),
}


@dataclass
class Program:
	source: pathlib.Path
	abi: str
	built: pathlib.Path
	lot: int = 0  # another draw than the program's own

	def measure(self):
		"""Whom it is compared with: itself, or its twin of another ABI."""
		abi = ABIS[self.abi].measure
		return Program(self.source, abi, self.built.parent.parent / abi / self.built.name, self.lot)

	def tag(self, name):
		"""What stands behind `name:` in the comments at the program's head, as words."""
		return " ".join(re.findall(rf"^(?:/\*| \*)\s+{name}: ([^*;]*)", self.source.read_text(), re.M)).split()

	def told(self):
		"""What its twin of another ABI, if that is the measure, is given as arguments."""
		return self.tag("twin") if ABIS[self.abi].measure != self.abi else []

	def draws_by_lot(self):
		return '#include "guest_lot.h"' in self.source.read_text()

	def name(self):
		return self.source.stem + (f" {self.lot}" if self.lot else "")

	def in_tree(self):
		return self.tag("in") == ["tree"]

	def noted(self):
		"""{test: why it differs}, from `/* noted: ABI TEST: why */`: a gap that a row's note tells users of."""
		return dict(re.findall(rf"^/\* noted: {self.abi} ([\w ]+): (.*) \*/$", self.source.read_text(), re.M))


def pointer_rows(program):
	"""What a program that includes pointer_rows.h wants made from the tables."""
	subprocess.run([sys.executable, "-B", ABI_TABLES / "abigen.py", "--os", ABIS[program.abi].table, "--coverage", HERE,
			"--pointers", program.built.parent / POINTER_ROWS], check=True)


def build(program):
	wants_rows = POINTER_ROWS in program.source.read_text()
	read = [program.source, *HERE.glob("guest*.h"), *HERE.parent.glob("guest*.h"),
		*(ABI_TABLES.rglob("*.*") if wants_rows else ())]
	if program.built.exists() and program.built.stat().st_mtime >= max(file.stat().st_mtime for file in read):
		return
	program.built.parent.mkdir(parents=True, exist_ok=True)
	if wants_rows:
		pointer_rows(program)
	lot = [f"-DLOT={program.lot}"] if program.lot else []
	words = [*COMPILE, *lot, f"--target={ABIS[program.abi].target}", f"-I{program.built.parent}", program.source,
		 "-o", program.built]
	if subprocess.run(words, check=False).returncode != 0:
		sys.exit(f"{program.source} does not compile for {program.abi}")


def runs_natively(abi, folder):
	"""Whether the host's kernel runs programs of that ABI."""
	source = folder / "nothing.c"
	source.write_text(f'#include "{HERE}/guest.h"\nint main(int n, char **v, char **e)'
			  "{ (void)v; (void)e; return n - 1; }\n")
	program = Program(source, abi, folder / abi / "nothing")
	build(program)
	try:
		return subprocess.run([program.built], check=False).returncode == 0
	except OSError:
		return False
