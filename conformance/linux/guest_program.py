"""The programs of this folder: how they are built for each ABI of Linux, and what their heads say."""

import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent

# The uapi headers are those of the machine's own architecture: they choose by the compiler's target.
COMPILE = ("clang", "-std=c2x", "-O1", "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-mno-red-zone", "-Wall",
	   "-Wextra", "-Werror", "-isystem", "/usr/include/x86_64-linux-gnu", "-nostdlib", "-static", "-fuse-ld=lld")


@dataclass(frozen=True)
class Abi:
	target: str
	measure: str  # the ABI whose build of the same program the host's kernel runs
	front: tuple = ()  # what dragoman must be told
	ways: tuple = (("", [], []),)  # (name of the way in, the program's argument, dragoman's options)


ABIS = {
	# The host's own programs are translated only if that is asked for.
	"x86_64": Abi("x86_64-linux-gnu", measure="x86_64", front=("--abi=linux",)),
	# The second by AT_SYSINFO's entry; the third as if the host's kernel had no int 0x80.
	"i386": Abi("i386-linux-gnu", measure="i386",
		    ways=(("", [], []), ("sysinfo", ["sysinfo"], []), ("int80=fault", [], ["--int80=fault"]))),
	# No kernel that distributions ship runs x32.
	"x32": Abi("x86_64-linux-gnux32", measure="x86_64"),
}


@dataclass
class Program:
	source: pathlib.Path
	abi: str
	built: pathlib.Path

	def measure(self):
		"""Whom it is compared with: itself, or its twin of another ABI."""
		abi = ABIS[self.abi].measure
		return Program(self.source, abi, self.built.parent.parent / abi / self.built.name)

	def tag(self, name):
		"""What stands behind `name:` in the comments at the program's head, as words."""
		return " ".join(re.findall(rf"^(?:/\*| \*)\s+{name}: ([^*;]*)", self.source.read_text(), re.M)).split()

	def in_tree(self):
		return self.tag("in") == ["tree"]

	def noted(self):
		"""{test: why it differs}, from `/* noted: ABI TEST: why */`: a gap that a row's note tells users of."""
		return dict(re.findall(rf"^/\* noted: {self.abi} ([\w ]+): (.*) \*/$", self.source.read_text(), re.M))


def build(program):
	newest = max(file.stat().st_mtime for file in [program.source, *HERE.glob("guest*.h")])
	if program.built.exists() and program.built.stat().st_mtime >= newest:
		return
	program.built.parent.mkdir(parents=True, exist_ok=True)
	words = [*COMPILE, f"--target={ABIS[program.abi].target}", program.source, "-o", program.built]
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
